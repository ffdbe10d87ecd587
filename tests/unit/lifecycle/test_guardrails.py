"""How a guardrail stands follows from what AWS answered: UNKNOWN is never there."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from spawn.aws import managed_policies, organizations
from spawn.aws.config import config_rule
from spawn.aws.iam import ManagedPolicy
from spawn.aws.managed_policies import PolicyVersion
from spawn.aws.questions import Absent, Known, Unseen
from spawn.iam.documents import canonical_json
from spawn.iam.guardrails.catalog import named, written
from spawn.iam.guardrails.model import Caller, Guardrail, Wishes
from spawn.lifecycle.guardrails import Outcome, error_of
from spawn.lifecycle.guardrails_model import Place, Standing, State
from spawn.lifecycle.guardrails_organisation import ScpFacts, judge_scp
from spawn.lifecycle.guardrails_policies import PolicyFacts, judge_policy, policy_arn
from spawn.lifecycle.guardrails_rules import RuleFacts, judge_rule
from spawn.lifecycle.guardrails_settings import judge_setting

WISHES = Wishes(account="123456789012", image_owners=("amazon", "1"), caller=Caller.USER)
PLACE = Place(
    partition="aws", account="123456789012", home_region="eu-west-1", regions=("eu-west-1",)
)
AIMED = msgspec.structs.replace(PLACE, target="ou-1")
DENIED = Unseen("iam:GetPolicy", "not you")


def guardrail(name: str) -> Guardrail:
    (row,) = named([name])
    return written(row, WISHES)


def operations(standing: Standing) -> list[list[str]]:
    return [[step.operation for step in stage] for stage in standing.stages]


def policy_facts(
    name: str, *, content: Any = None, versions: int = 1, attached: int = 0
) -> PolicyFacts:
    """Return what an account with the policy has; the newest version is in force."""
    one = guardrail(name)
    document = json.loads(canonical_json(one.document)) if content is None else content
    newest = f"v{versions}"
    policy = ManagedPolicy(
        policy_name=name,
        arn=policy_arn(one, PLACE),
        attachment_count=attached,
        default_version_id=newest,
    )
    return PolicyFacts(
        policy=Known(policy),
        versions=Known(
            tuple(
                PolicyVersion(version_id=f"v{number}", is_default_version=number == versions)
                for number in range(versions, max(0, versions - 5), -1)
            )
        ),
        in_force=Known(
            PolicyVersion(version_id=newest, is_default_version=True, document=document)
        ),
    )


def test_a_policy_that_is_not_there_is_made_and_one_that_is_needs_nothing() -> None:
    """Only the difference is planned."""
    one = guardrail("boundary")
    absent = PolicyFacts(policy=Absent(), versions=Absent(), in_force=None)
    missing = judge_policy(one, absent, PLACE)
    assert (missing.state, operations(missing)) == (
        State.MISSING,
        [[managed_policies.CREATE_POLICY.key]],
    )
    (step,) = missing.stages[0]
    assert (step.parameters["Path"], step.parameters["PolicyName"]) == ("/spawn/", "boundary")
    there = judge_policy(one, policy_facts("boundary"), PLACE)
    assert (there.state, there.stages) == (State.PRESENT, ())


@pytest.mark.parametrize("content", [{"Version": "2012-10-17", "Statement": []}, "{", None])
def test_another_content_becomes_a_new_version(content: Any) -> None:
    """Whatever is there instead, and readable or not; both are shown."""
    differing = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "a:b", "Resource": "*"}],
    }
    facts = policy_facts("boundary", content=differing if content is None else content)
    standing = judge_policy(guardrail("boundary"), facts, PLACE)
    assert standing.state is State.DIFFERS
    assert operations(standing) == [[managed_policies.CREATE_POLICY_VERSION.key]]
    assert standing.stages[0][0].parameters["SetAsDefault"] is True
    assert standing.before is not None
    assert standing.after == guardrail("boundary").document


def test_of_five_versions_the_oldest_makes_room() -> None:
    """IAM keeps five; the one in force is never deleted."""
    other = {"Version": "2012-10-17", "Statement": []}
    facts = policy_facts("boundary", content=other, versions=11)
    standing = judge_policy(guardrail("boundary"), facts, PLACE)
    assert operations(standing) == [
        [managed_policies.DELETE_POLICY_VERSION.key],
        [managed_policies.CREATE_POLICY_VERSION.key],
    ]
    assert standing.stages[0][0].parameters["VersionId"] == "v7"
    # Whoever went back to the first version keeps it.
    versions = tuple(
        PolicyVersion(version_id=f"v{number}", is_default_version=number == 1)
        for number in (5, 4, 3, 2, 1)
    )
    back = PolicyFacts(policy=facts.policy, versions=Known(versions), in_force=facts.in_force)
    standing = judge_policy(guardrail("boundary"), back, PLACE)
    assert standing.stages[0][0].parameters["VersionId"] == "v2"


def test_an_owners_policy_that_binds_nobody_is_missing() -> None:
    """A policy does nothing until somebody has it: whom is not spawn's to say."""
    alone = judge_policy(guardrail("owners"), policy_facts("owners"), PLACE)
    assert (alone.state, alone.stages) == (State.MISSING, ())
    assert "policy/spawn/owners-user" in alone.why
    given = judge_policy(guardrail("owners"), policy_facts("owners", attached=1), PLACE)
    assert given.state is State.PRESENT


def scp_facts(*targets: str, content: str = "") -> ScpFacts:
    text = content or canonical_json(guardrail("scp-launches").document)
    return ScpFacts(id=Known("p-1"), content=Known(text), targets=Known(targets))


@pytest.mark.parametrize(
    ("facts", "place", "state", "planned"),
    [
        (ScpFacts(id=Absent()), AIMED, State.MISSING, []),
        (ScpFacts(id=Known("")), PLACE, State.MISSING, []),
        (ScpFacts(id=Known("")), AIMED, State.MISSING, ["CreatePolicy", "AttachPolicy"]),
        (scp_facts("r-1"), PLACE, State.PRESENT, []),
        (scp_facts(), PLACE, State.MISSING, []),
        (scp_facts("r-1"), AIMED, State.MISSING, ["AttachPolicy"]),
        (scp_facts("r-1", "ou-1"), AIMED, State.PRESENT, []),
        (scp_facts("ou-1", content="{}"), AIMED, State.DIFFERS, ["UpdatePolicy"]),
        (scp_facts(content="no JSON"), AIMED, State.DIFFERS, ["UpdatePolicy", "AttachPolicy"]),
    ],
)
def test_a_policy_of_the_organisation_is_made_changed_and_attached(
    facts: ScpFacts, place: Place, state: State, planned: list[str]
) -> None:
    """What is missing of it is planned, and only where a target is named."""
    standing = judge_scp(guardrail("scp-launches"), facts, place)
    assert standing.state is state
    keys = [step.operation for stage in standing.stages for step in stage]
    assert keys == [f"{organizations.CREATE_POLICY.service}:{name}" for name in planned]


MAKERS = [{"ImageProviders": ["1", "amazon"]}]
WANTED: dict[str, dict[str, Any]] = {
    "ebs-encryption": {"EbsEncryptionByDefault": True},
    "imds-defaults": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1, "HttpEndpoint": "x"},
    "snapshot-block": {"State": "block-all-sharing"},
    "image-block": {"ImageBlockPublicAccessState": "block-new-sharing"},
    "allowed-images": {"State": "enabled", "ImageCriteria": MAKERS},
}
UNSET: dict[str, dict[str, Any]] = {
    "ebs-encryption": {"EbsEncryptionByDefault": False},
    "imds-defaults": {},
    "snapshot-block": {"State": "unblocked"},
    "image-block": {"ImageBlockPublicAccessState": "unblocked"},
    "allowed-images": {"State": "disabled", "ImageCriteria": []},
}
OTHERWISE: dict[str, dict[str, Any]] = {
    "imds-defaults": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2},
    "snapshot-block": {"State": "block-new-sharing"},
    "allowed-images": {
        "State": "audit-mode",
        "ImageCriteria": WANTED["allowed-images"]["ImageCriteria"],
    },
}


@pytest.mark.parametrize("name", WANTED)
def test_a_setting_is_set_where_it_is_not(name: str) -> None:
    """Unset or otherwise it is planned; set as wanted, it is not; denied, it is UNKNOWN."""
    one = guardrail(name)
    there = judge_setting(one, Known(WANTED[name]), "eu-west-1")
    assert (there.state, there.stages) == (State.PRESENT, ())
    missing = judge_setting(one, Known(UNSET[name]), "eu-west-1")
    assert missing.state is State.MISSING
    assert missing.stages
    assert all(step.region == "eu-west-1" for stage in missing.stages for step in stage)
    unseen = judge_setting(one, DENIED, "eu-west-1")
    assert (unseen.state, unseen.stages) == (State.UNKNOWN, ())
    assert "iam:GetPolicy" in unseen.why


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_setting_of_another_kind_is_shown_and_changed(name: str) -> None:
    """What is there is shown beside what shall be; of allowed images only what lacks is done."""
    standing = judge_setting(guardrail(name), Known(OTHERWISE[name]), "eu-west-1")
    assert standing.state is State.DIFFERS
    assert standing.before != standing.after
    assert len(standing.stages) == 1


def test_what_the_organisation_has_declared_is_not_tried() -> None:
    """An account can't change what a declarative policy decides: that is said."""
    present = {"State": "unblocked", "ManagedBy": "declarative-policy"}
    standing = judge_setting(guardrail("snapshot-block"), Known(present), "eu-west-1")
    assert (standing.state, standing.stages) == (State.MISSING, ())
    assert "declarative policy" in standing.why


def test_a_rule_needs_a_recorder() -> None:
    """Without one nothing is put, and a rule that is there reports nothing: it is missing."""
    one = guardrail("config-required-tags")
    present = {one.aws_name: config_rule(one.document)}
    for rules, state in ((present, State.PRESENT), ({}, State.MISSING)):
        facts = RuleFacts(is_recording=Known(value=True), rules=Known(rules))
        standing = judge_rule(one, facts, "eu-west-1")
        assert standing.state is state
        assert bool(standing.stages) is (state is State.MISSING)
        silent = judge_rule(
            one, RuleFacts(is_recording=Known(value=False), rules=Known(rules)), "eu-west-1"
        )
        assert (silent.state, silent.stages) == (State.MISSING, ())
    other = config_rule({**one.document, "InputParameters": '{"tag1Key": "x"}'})
    differing = RuleFacts(is_recording=Known(value=True), rules=Known({one.aws_name: other}))
    assert judge_rule(one, differing, "eu-west-1").state is State.DIFFERS


@pytest.mark.parametrize(
    ("states", "outcomes", "exit_code"),
    [
        ((State.PRESENT,), (), None),
        ((State.MISSING,), (True,), None),
        ((State.UNKNOWN,), (), 4),
        ((State.UNKNOWN, State.MISSING), (True,), 6),
        ((State.MISSING, State.MISSING), (True, False), 6),
        ((State.MISSING,), (False,), 4),
    ],
)
def test_what_is_left_undone_ends_in_an_error(
    states: tuple[State, ...], outcomes: tuple[bool, ...], exit_code: int | None
) -> None:
    """Denied altogether is 4, in part 6; what can't be seen is never taken for done."""
    kind = guardrail("boundary").kind
    standings = [Standing(name="x", kind=kind, place="account", state=one) for one in states]
    tried = tuple(
        Outcome(name="x", place="account", done=done, is_denied=not done) for done in outcomes
    )
    error = error_of(standings, tried)
    assert (error and error.exit_code) == exit_code
