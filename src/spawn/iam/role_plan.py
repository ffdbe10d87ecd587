"""What is to be done about a wanted role: nothing, the missing pieces, all of it, or a refusal.

    absent                              made
    a part of what is wanted            completed: a launch was interrupted
    exactly what is wanted              used
    anything else, or can't be read     refused, control IAM-ROLE-TAMPERED

A role is used again only after it was read back: whoever could edit it could otherwise give
every later instance rights that its launcher never saw. No role is edited in place, and no launch
takes one back, since others may be using it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from spawn.aws import iam
from spawn.aws.questions import Absent, Fact, Known, Unseen, denial_of
from spawn.core.errors import AccessDenied, RefusedByControl
from spawn.core.steps import Parameters, Retry, Stage, Step
from spawn.core.tags import plain_tag_list
from spawn.iam.documents import PolicyDocument, canonical_json
from spawn.iam.parsing import document_of
from spawn.iam.roles import INLINE_NAME, RoleFacts, WantedRole

CONTROL: Final = "IAM-ROLE-TAMPERED"
# The only policy that spawn ever adds to a role: a denial, put there in an incident.
REVOKE_PREFIX: Final = "spawn-revoke-"
# IAM user guide, "Troubleshoot IAM": changes are eventually consistent; a role that was just
# made is unknown elsewhere for seconds, and several writes to one role get into each other's way.
_SETTLING = tuple(
    Retry(code=code, limit_seconds=20) for code in ("NoSuchEntity", "ConcurrentModification")
)
_ALREADY_THERE = ("EntityAlreadyExists",)


@dataclass(frozen=True, kw_only=True)
class RolePlan:
    """The steps of the role: `create` first, `fill` when that is done. Both empty: reused."""

    create: Stage
    fill: Stage
    sentences: tuple[str, ...]

    @property
    def reused(self) -> bool:
        """Whether the role is there whole, and nothing is to be done."""
        return not self.create and not self.fill


def plan_role(
    wanted: WantedRole, facts: RoleFacts, *, region: str, tags: Mapping[str, str]
) -> RolePlan:
    """Return the steps that are missing.

    Raises RefusedByControl (IAM-ROLE-TAMPERED) for a role or profile of this name that is not a
    part of what is wanted, or that can't be read back.
    """
    differences = tuple(_differences(wanted, facts))
    if differences:
        raise RefusedByControl(
            f"the role {wanted.name} is not as spawn makes it",
            why="; ".join(differences),
            next_command=f"aws iam get-role --role-name {wanted.name}",
            controls=(CONTROL,),
        ) from _denial(facts)
    create = tuple(_creations(wanted, facts, region, tags=tags))
    fill = tuple(_fillings(wanted, facts, region))
    if not create and not fill:
        return RolePlan(
            create=(), fill=(), sentences=(f"use {wanted.purpose} {wanted.name}, read back",)
        )
    return RolePlan(
        create=create, fill=fill, sentences=tuple(step.sentence for step in (*create, *fill))
    )


# What must not be


def _denial(facts: RoleFacts) -> AccessDenied | None:
    """Return what kept the role from being read back, None where it could be."""
    answers = (facts.role, facts.inline_names, facts.inline, facts.attached, facts.profile)
    return next((denial_of(one) for one in answers if isinstance(one, Unseen)), None)


def _differences(wanted: WantedRole, facts: RoleFacts) -> Iterator[str]:
    """Yield what is there and not wanted; what is wanted and not there is no difference."""
    if facts.profile is not None:
        yield from _profile_differences(wanted, facts.profile)
    match facts.role:
        case Unseen(operation=operation, why=why):
            yield f"it could not be read back with {operation}: {why}"
        case Known(value=role):
            yield from _role_differences(wanted, role)
            yield from _inline_differences(wanted, facts)
            yield from _attached_differences(wanted, facts.attached)
        case Absent():
            return


def _role_differences(wanted: WantedRole, role: iam.Role) -> Iterator[str]:
    if role.path != iam.PATH:
        yield f"its path is {role.path}, not {iam.PATH}"
    if role.boundary_arn != wanted.boundary:
        yield (
            f"its permissions boundary is {role.boundary_arn or 'none'},"
            f" not {wanted.boundary or 'none'}"
        )
    if not _says(role.assume_role_policy_document, wanted.trust):
        yield "its trust policy lets others assume it, or under other conditions"


def _inline_differences(wanted: WantedRole, facts: RoleFacts) -> Iterator[str]:
    match facts.inline_names:
        case Unseen(operation=operation, why=why):
            yield f"its inline policies could not be listed with {operation}: {why}"
        case Known(value=names):
            expected = () if wanted.inline is None else (INLINE_NAME,)
            yield from (_foreign_inline(name) for name in names if name not in expected)
        case Absent():
            pass
    match facts.inline:
        case Unseen(operation=operation, why=why):
            yield f"its inline policy could not be read with {operation}: {why}"
        case Known(value=policy) if wanted.inline is not None:
            if not _says(policy.policy_document, wanted.inline):
                yield f"its inline policy {INLINE_NAME!r} says something else"
        case _:
            pass


def _foreign_inline(name: str) -> str:
    if name.startswith(REVOKE_PREFIX):
        return f"its sessions were revoked in an incident (policy {name!r}), not yet released"
    return f"it has an inline policy {name!r} that spawn did not give it"


def _attached_differences(wanted: WantedRole, attached: Fact[tuple[str, ...]]) -> Iterator[str]:
    match attached:
        case Unseen(operation=operation, why=why):
            yield f"its attached policies could not be listed with {operation}: {why}"
        case Known(value=arns):
            yield from (
                f"the policy {arn} is attached to it" for arn in arns if arn not in wanted.managed
            )
        case Absent():
            return


def _profile_differences(wanted: WantedRole, profile: Fact[iam.InstanceProfile]) -> Iterator[str]:
    match profile:
        case Unseen(operation=operation, why=why):
            yield f"its instance profile could not be read back with {operation}: {why}"
        case Known(value=found):
            if found.path != iam.PATH:
                yield f"its instance profile has the path {found.path}, not {iam.PATH}"
            for role in found.roles:
                if role.role_name != wanted.name:
                    yield f"its instance profile holds the role {role.role_name}"
        case Absent():
            return


def _says(answer: object, wanted: PolicyDocument) -> bool:
    """Whether a document that AWS answered is the wanted one; an unreadable one is not."""
    try:
        return canonical_json(document_of(answer)) == canonical_json(wanted)
    except ValueError:
        return False


# What is missing


def _creations(
    wanted: WantedRole, facts: RoleFacts, region: str, *, tags: Mapping[str, str]
) -> Iterator[Step]:
    name = wanted.name
    if isinstance(facts.role, Absent):
        yield Step(
            operation=iam.CREATE_ROLE.key,
            region=region,
            parameters=_role_parameters(wanted, tags),
            sentence=f"make {wanted.purpose} {name}",
            collides=_ALREADY_THERE,
        )
    if isinstance(facts.profile, Absent):
        yield Step(
            operation=iam.CREATE_INSTANCE_PROFILE.key,
            region=region,
            parameters={
                "InstanceProfileName": name,
                "Path": iam.PATH,
                "Tags": plain_tag_list(tags),
            },
            sentence=f"make the instance profile {name}",
            collides=_ALREADY_THERE,
        )


def _role_parameters(wanted: WantedRole, tags: Mapping[str, str]) -> Parameters:
    boundary = {} if wanted.boundary is None else {"PermissionsBoundary": wanted.boundary}
    return {
        "RoleName": wanted.name,
        "Path": iam.PATH,
        "AssumeRolePolicyDocument": canonical_json(wanted.trust),
        "Description": "Made by spawn and named by its content; spawn refuses it once edited.",
        "Tags": plain_tag_list(tags),
        **boundary,
    }


def _fillings(wanted: WantedRole, facts: RoleFacts, region: str) -> Iterator[Step]:
    name = wanted.name
    if wanted.inline is not None and not isinstance(facts.inline, Known):
        yield Step(
            operation=iam.PUT_ROLE_POLICY.key,
            region=region,
            parameters={
                "RoleName": name,
                "PolicyName": INLINE_NAME,
                "PolicyDocument": canonical_json(wanted.inline),
            },
            sentence=f"give {name} its policy",
            retries=_SETTLING,
        )
    attached = facts.attached.value if isinstance(facts.attached, Known) else ()
    for arn in wanted.managed:
        if arn not in attached:
            yield Step(
                operation=iam.ATTACH_ROLE_POLICY.key,
                region=region,
                parameters={"RoleName": name, "PolicyArn": arn},
                sentence=f"attach {arn} to {name}",
                retries=_SETTLING,
            )
    if facts.profile is not None and not _holds_a_role(facts.profile):
        yield Step(
            operation=iam.ADD_ROLE_TO_INSTANCE_PROFILE.key,
            region=region,
            parameters={"InstanceProfileName": name, "RoleName": name},
            sentence=f"put the role {name} into its instance profile",
            retries=_SETTLING,
            # IAM says so of a profile that holds a role already: which one, is to be read anew.
            collides=("LimitExceeded",),
        )


def _holds_a_role(profile: Fact[iam.InstanceProfile]) -> bool:
    return isinstance(profile, Known) and bool(profile.value.roles)
