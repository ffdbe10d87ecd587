"""All guardrails, in the order in which they are shown and applied."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from spawn.core.errors import InputError
from spawn.core.nearest import did_you_mean
from spawn.iam.documents import PolicyDocument, size
from spawn.iam.guardrails import organisation, rules, settings
from spawn.iam.guardrails.backstops import backstops
from spawn.iam.guardrails.boundary import boundary
from spawn.iam.guardrails.model import Document, Guardrail, Kind, Need, Row, Wishes
from spawn.iam.guardrails.owners import owners
from spawn.iam.managed import DEFAULT_BOUNDARY
from spawn.iam.quotas import MOST_MANAGED_CHARACTERS, MOST_SCP_CHARACTERS

_POLICY_APPLIED = "made as a managed policy of the account, or as a new version of it"
_PEOPLE_APPLIED = f"{_POLICY_APPLIED}; you attach it to the people's group, role or permission set"
_PEOPLE_JUDGED = "the account has it with this content, attached to somebody"
_SCP_APPLIED = "made in the organisation, and attached to --target; only its management account may"
_SCP_JUDGED = "the organisation has it with this content, attached to --target where one is named"
_SETTING_APPLIED = "set in each of the regions"
_SETTING_JUDGED = "what the region answers"
_RULE_APPLIED = "put into each of the regions where a configuration recorder runs"
_RULE_JUDGED = "the region has the rule as it is here, and a recorder that records"


def _scp(
    name: str,
    purpose: str,
    write: Callable[[Wishes], Document],
    *,
    needs: frozenset[Need] = frozenset(),
) -> Row:
    return Row(
        name=name,
        kind=Kind.SCP,
        purpose=purpose,
        applied=_SCP_APPLIED,
        judged=_SCP_JUDGED,
        write=write,
        aws_name=lambda _: f"spawn-{name.removeprefix('scp-')}",
        needs=needs,
    )


def _setting(
    name: str, purpose: str, write: Callable[[Wishes], Document], *, optional: bool = False
) -> Row:
    return Row(
        name=name,
        kind=Kind.SETTING,
        purpose=purpose,
        applied=_SETTING_APPLIED,
        judged=_SETTING_JUDGED,
        write=write,
        aws_name=lambda _: "",
        optional=optional,
    )


def _rule(
    name: str, purpose: str, write: Callable[[Wishes], Document], *, optional: bool = False
) -> Row:
    return Row(
        name=f"config-{name}",
        kind=Kind.RULE,
        purpose=purpose,
        applied=_RULE_APPLIED,
        judged=_RULE_JUDGED,
        write=write,
        aws_name=lambda _: f"spawn-{name}",
        optional=optional,
    )


CATALOG: Final = (
    Row(
        name="boundary",
        kind=Kind.BOUNDARY,
        purpose="what roles that spawn makes may do at the most",
        applied=f"{_POLICY_APPLIED}; from then on every role that spawn makes carries it",
        judged="the account has it with this content",
        write=boundary,
        aws_name=lambda _: DEFAULT_BOUNDARY,
        needs=frozenset({Need.ACCOUNT}),
    ),
    Row(
        name="owners",
        kind=Kind.IDENTITY,
        purpose="people end, change, enter and tag only instances of their own",
        applied=_PEOPLE_APPLIED,
        judged=_PEOPLE_JUDGED,
        write=owners,
        aws_name=lambda wishes: f"spawn/owners-{wishes.who}",
        needs=frozenset({Need.ACCOUNT, Need.CALLER}),
    ),
    Row(
        name="backstops",
        kind=Kind.IDENTITY,
        purpose="people schedule the end of instances of their own alone",
        applied=_PEOPLE_APPLIED,
        judged=_PEOPLE_JUDGED,
        write=backstops,
        aws_name=lambda wishes: f"spawn/backstops-{wishes.who}",
        needs=frozenset({Need.ACCOUNT, Need.CALLER, Need.OWNERS}),
    ),
    _scp(
        "scp-launches",
        "instances are spawn's, want metadata tokens, and have encrypted disks",
        organisation.launches,
    ),
    _scp(
        "scp-images",
        "images are of known makers; snapshots don't become public",
        organisation.images,
    ),
    _scp(
        "scp-regions",
        "nothing is done outside of --regions, but for global services",
        organisation.regions,
        needs=frozenset({Need.REGIONS}),
    ),
    _scp(
        "scp-tags",
        "nobody changes the tags that decide over another's instance",
        organisation.tags,
    ),
    _setting("ebs-encryption", "new volumes are encrypted", settings.ebs_encryption),
    _setting(
        "imds-defaults",
        "launches that say nothing of metadata get it with tokens, one hop away",
        settings.imds_defaults,
    ),
    _setting("snapshot-block", "no snapshot is public", settings.snapshot_block),
    _setting("image-block", "no image is made public", settings.image_block),
    _setting(
        "allowed-images",
        "only images of --image-owners, and the account's own, are found and launched",
        settings.allowed_images,
        # It takes others' images from everybody in the region, shared ones of the company's too.
        optional=True,
    ),
    _rule("imdsv2", "reports instances that answer without a token", rules.imdsv2),
    _rule("ebs-encryption", "reports that EBS encryption is off", rules.encryption_by_default),
    _rule("encrypted-volumes", "reports volumes in clear", rules.encrypted_volumes),
    _rule("restricted-ssh", "reports groups that admit everybody to SSH", rules.restricted_ssh),
    _rule("public-snapshots", "reports public snapshots", rules.public_snapshots),
    _rule("required-tags", "reports what lacks spawn's tag or an owner", rules.required_tags),
    _rule(
        "no-public-ip",
        "reports instances with a public address (of spawn's, all but strict ones)",
        rules.no_public_ip,
        optional=True,
    ),
)
_BY_NAME: Final = {row.name: row for row in CATALOG}


def named(names: Iterable[str]) -> tuple[Row, ...]:
    """Return the rows of these names, in the catalog's order.

    Raises InputError for a name that is none, with the nearest one.
    """
    wanted = set(names)
    for name in wanted - _BY_NAME.keys():
        hint = did_you_mean(name, _BY_NAME)
        raise InputError(
            f"there is no guardrail {name!r}",
            why=hint or f"there are {', '.join(_BY_NAME)}",
            next_command="spawn guardrails show",
        )
    return tuple(row for row in CATALOG if row.name in wanted)


def usual(wishes: Wishes) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Return the rows that are meant where none is named, and a note for each left out."""
    reasons = {row.name: _left_out(row, wishes) for row in CATALOG}
    notes = tuple(f"{name} is left out: {why}" for name, why in reasons.items() if why)
    return tuple(row for row in CATALOG if not reasons[row.name]), notes


def _left_out(row: Row, wishes: Wishes) -> str:
    """Say why a guardrail is not meant where none is named, "" for one that is."""
    if row.optional:
        return "it is meant only where it is named"
    needs = wishes.lacks(row.needs)
    return f"it needs {' and '.join(needs)}" if needs else ""


def written(row: Row, wishes: Wishes) -> Guardrail:
    """Return a guardrail in its exact words.

    Raises InputError where something is needed that was not said, and for a policy that is longer
    than AWS takes.
    """
    for need in wishes.lacks(row.needs):
        raise InputError(f"{row.name} needs {need}", why=_WHY[need])
    guardrail = row.written(wishes)
    longest = MOST_SCP_CHARACTERS if row.kind is Kind.SCP else MOST_MANAGED_CHARACTERS
    document = guardrail.document
    if isinstance(document, PolicyDocument) and size(document) > longest:
        raise InputError(
            f"{row.name} would have {size(document)} characters, and AWS takes {longest}",
            why="name fewer owners, regions or images in one policy",
        )
    return guardrail


_WHY: Final = {
    Need.ACCOUNT: "ARNs hold the account's number",
    Need.REGIONS: "it says in which regions work may go on",
    Need.CALLER: "what tells people apart depends on how they sign: user, role or sso",
    Need.OWNERS: "a backstop's role is named after a digest of whose it is: name the people",
}
