"""A role of the person's own, given by name or ARN: which instance profile to launch with.

EC2 takes a profile, people speak of roles. All is asked in one round under the name, and the
answers say which of the two it was. What the role may do is its owner's matter, not spawn's;
that EC2 can assume it is checked, since an instance would start and have no credentials.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from spawn.aws import iam
from spawn.aws.questions import Absent, Asker, Fact, Known, Question, Unseen
from spawn.core.errors import AccessDenied, AccountError, InputError, NamedThingNotFound
from spawn.iam.arns import Arn, parse_arn
from spawn.iam.documents import Effect, PolicyDocument, Statement
from spawn.iam.evaluation.wildcards import wildcard
from spawn.iam.parsing import document_of

# IAM API Reference: the characters of role and profile names.
_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)


class Kind(enum.StrEnum):
    """What the person named."""

    ROLE = "role"
    PROFILE = "instance-profile"
    EITHER = "either"


class NamedIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """A role or profile that was named; `arn` is "" where only a name was given."""

    kind: Kind
    name: str
    arn: str = ""


class ChosenProfile(msgspec.Struct, frozen=True, kw_only=True):
    """The profile to launch with, and the role that the instance then has."""

    arn: str
    role_arn: str


@dataclass(frozen=True, kw_only=True)
class IdentityFacts:
    """What the account has under the name."""

    role: Fact[iam.Role]
    profiles_of_role: Fact[tuple[iam.InstanceProfile, ...]]
    profile: Fact[iam.InstanceProfile]


@dataclass(frozen=True, kw_only=True)
class IdentityQuestions:
    """All that must be known about a named role, in one round."""

    role: Question[iam.Role]
    profiles_of_role: Question[tuple[iam.InstanceProfile, ...]]
    profile: Question[iam.InstanceProfile]

    def ask(self, asker: Asker) -> Callable[[], IdentityFacts]:
        """Send the questions now; what is returned waits for the facts, or raises AwsRefusal."""
        role, profile = asker.ask(self.role), asker.ask(self.profile)
        profiles_of_role = asker.ask(self.profiles_of_role)
        return lambda: IdentityFacts(
            role=role(), profiles_of_role=profiles_of_role(), profile=profile()
        )


def parse_identity(text: str, *, partition: str, account: str, flag: str) -> NamedIdentity:
    """Read the name or ARN of a role or instance profile.

    Raises InputError, naming `flag`, for anything else, and for one of another account: EC2
    takes profiles of its own account only.
    """
    if not text.startswith("arn:"):
        if not _NAME.fullmatch(text):
            raise InputError(f"{flag} {text!r} is not the name of a role", why="or give its ARN")
        return NamedIdentity(kind=Kind.EITHER, name=text)
    arn = _parse(text, flag)
    kind, _, path = arn.resource.partition("/")
    name = path.rpartition("/")[2]
    kinds = {Kind.ROLE.value, Kind.PROFILE.value}
    if arn.service != "iam" or kind not in kinds or not _NAME.fullmatch(name):
        raise InputError(
            f"{flag} {text!r} is neither a role nor an instance profile",
            why=f"those are arn:{partition}:iam::{account}:role/NAME and …:instance-profile/NAME",
        )
    if (arn.partition, arn.account) != (partition, account):
        raise InputError(
            f"{flag} {text!r} is in the account {arn.account} ({arn.partition})",
            why=f"an instance in {account} ({partition}) can only have a role of that account",
        )
    return NamedIdentity(kind=Kind(kind), name=name, arn=text)


def identity_questions(named: NamedIdentity, region: str) -> IdentityQuestions:
    """Return what to ask about a named role or profile."""
    return IdentityQuestions(
        role=iam.role_question(named.name, region),
        profiles_of_role=iam.profiles_of_role_question(named.name, region),
        profile=iam.instance_profile_question(named.name, region),
    )


def choose_profile(named: NamedIdentity, facts: IdentityFacts, *, flag: str) -> ChosenProfile:
    """Return the profile to launch with. A bare name is a role's before it is a profile's.

    Raises NamedThingNotFound where there is neither; AccountError for a role without a profile,
    a profile without a role, and a role that EC2 may not assume; AccessDenied for what can't be
    looked at.
    """
    if named.kind is not Kind.PROFILE and isinstance(facts.role, Known):
        _check_arn(named, facts.role.value.arn, flag=flag)
        return _profile_of_role(facts.role.value, facts, flag=flag)
    if named.kind is not Kind.ROLE and isinstance(facts.profile, Known):
        _check_arn(named, facts.profile.value.arn, flag=flag)
        return _from_profile(facts.profile.value, flag=flag)
    looked_for = (facts.profile,) if named.kind is Kind.PROFILE else (facts.role, facts.profile)
    for fact in looked_for:
        if isinstance(fact, Unseen):
            raise AccessDenied(
                f"{flag}: AWS denied {fact.operation} of {named.name}",
                why=fact.why,
                operation=fact.operation,
            )
    raise _not_found(named, flag)


def ec2_may_assume(trust: PolicyDocument) -> bool:
    """Say whether a trust policy has a statement that lets EC2 assume the role."""
    return any(_admits_ec2(statement) for statement in trust.statements)


def _admits_ec2(statement: Statement) -> bool:
    services = statement.principals.get("Service", ())
    is_named = any(service.startswith("ec2.") for service in services)
    assumes = any(wildcard(action.lower())("sts:assumerole") for action in statement.actions)
    return statement.effect is Effect.ALLOW and is_named and assumes


def _profile_of_role(role: iam.Role, facts: IdentityFacts, *, flag: str) -> ChosenProfile:
    match facts.profiles_of_role:
        case Unseen(operation=operation, why=why):
            raise AccessDenied(
                f"{flag}: AWS denied {operation} of {role.role_name}", why=why, operation=operation
            )
        case Known(value=profiles) if profiles:
            # Several may hold the role, and are alike; the one of its own name is expected.
            same_name = [p for p in profiles if p.instance_profile_name == role.role_name]
            by_name = sorted(profiles, key=lambda profile: profile.instance_profile_name)
            return _chosen((same_name or by_name)[0].arn, role, flag=flag)
        case Known() | Absent():
            name = role.role_name
            raise AccountError(
                f"{flag}: the role {name} is in no instance profile",
                why="EC2 gives an instance its role by a profile",
                next_command=f"aws iam create-instance-profile --instance-profile-name {name}"
                f" && aws iam add-role-to-instance-profile --instance-profile-name {name}"
                f" --role-name {name}",
            )


def _from_profile(profile: iam.InstanceProfile, *, flag: str) -> ChosenProfile:
    if not profile.roles:
        name = profile.instance_profile_name
        raise AccountError(
            f"{flag}: the instance profile {name} holds no role",
            next_command=f"aws iam add-role-to-instance-profile --instance-profile-name {name}"
            " --role-name ROLE",
        )
    return _chosen(profile.arn, profile.roles[0], flag=flag)


def _chosen(profile_arn: str, role: iam.Role, *, flag: str) -> ChosenProfile:
    try:
        trusted = ec2_may_assume(document_of(role.assume_role_policy_document))
    except ValueError:
        trusted = False
    if not trusted:
        raise AccountError(
            f"{flag}: EC2 may not assume the role {role.role_name}",
            why="its trust policy has no statement that allows ec2.amazonaws.com sts:AssumeRole",
            next_command=f"aws iam get-role --role-name {role.role_name}",
        )
    return ChosenProfile(arn=profile_arn, role_arn=role.arn)


def _check_arn(named: NamedIdentity, found: str, *, flag: str) -> None:
    # Names are unique without their path: another path is another thing that is not there.
    if named.arn and named.arn != found:
        raise NamedThingNotFound(
            f"{flag}: there is no {named.arn}", why=f"what has this name is {found}"
        )


def _not_found(named: NamedIdentity, flag: str) -> NamedThingNotFound:
    if named.kind is Kind.PROFILE:
        return NamedThingNotFound(
            f"{flag}: there is no instance profile {named.name}",
            next_command="aws iam list-instance-profiles",
        )
    return NamedThingNotFound(
        f"{flag}: there is no role or instance profile {named.name}",
        next_command="aws iam list-roles",
    )


def _parse(text: str, flag: str) -> Arn:
    try:
        return parse_arn(text)
    except ValueError as error:
        raise InputError(f"{flag} {text!r} is not an ARN", why="or give the role's name") from error
