"""Managed policies and permissions boundaries that are named: as ARNs, and whether they exist."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from spawn.aws.iam import ManagedPolicy
from spawn.aws.questions import Absent, Fact, Known, Unseen
from spawn.core.errors import AccessDenied, InputError, NamedThingNotFound
from spawn.iam.arns import parse_arn

# Where an administrator puts the boundary that every role of spawn's then carries.
DEFAULT_BOUNDARY: Final = "spawn/boundary"
# IAM and STS quotas: managed policies attached to one role, as far as it can be raised.
MOST_ATTACHED: Final = 25

# IAM API Reference: the characters of names and paths.
_NAME = re.compile(r"(?:[\w+=,.@-]+/){0,8}[\w+=,.@-]{1,128}", re.ASCII)
_OWNER = re.compile(r"aws|\d{12}", re.ASCII)


def managed_policy_arns(
    texts: Iterable[str], *, partition: str, flag: str = "--iam-managed-policies"
) -> tuple[str, ...]:
    """Return the ARNs of policies given as ARNs or as names of AWS's own, commas between.

    Raises InputError, naming `flag`, for what is neither, and for too many of them.
    """
    words = [word.strip() for text in texts for word in text.split(",")]
    arns = tuple(
        dict.fromkeys(
            _policy_arn(word, owner="aws", partition=partition, flag=flag) for word in words
        )
    )
    if len(arns) > MOST_ATTACHED:
        raise InputError(
            f"{flag} names {len(arns)} policies", why=f"a role takes {MOST_ATTACHED} at most"
        )
    return arns


def boundary_arn(
    text: str, *, partition: str, account: str, flag: str = "--permissions-boundary"
) -> str:
    """Return the ARN of a boundary given as an ARN or as the name of a policy of this account.

    Raises InputError, naming `flag`, for what is neither.
    """
    return _policy_arn(text, owner=account, partition=partition, flag=flag)


def default_boundary_arn(*, partition: str, account: str) -> str:
    """Return the ARN that the account's own boundary for spawn has, where there is one."""
    return f"arn:{partition}:iam::{account}:policy/{DEFAULT_BOUNDARY}"


def check_managed_policy(
    arn: str, fact: Fact[ManagedPolicy], *, flag: str = "--iam-managed-policies"
) -> None:
    """Raise NamedThingNotFound, naming `flag`, for a policy that is not there.

    One that may not be looked at passes: IAM itself refuses to attach what does not exist.
    """
    match fact:
        case Absent():
            name = arn.rpartition("/")[2]
            raise NamedThingNotFound(
                f"{flag}: there is no policy {arn}",
                why="policies of the account's own are given by ARN, and some of AWS's stand in a"
                f" path: service-role/{name}, job-function/{name}",
                next_command="aws iam list-policies --query"
                f" \"Policies[?contains(PolicyName, '{name}')].Arn\"",
            )
        case Known(value=policy) if not policy.is_attachable:
            raise InputError(f"{flag}: {arn} can't be attached to a role", why="IAM says so")
        case Known() | Unseen():
            return


def choose_boundary(
    asked: str | None,
    fact: Fact[ManagedPolicy],
    *,
    default: str,
    flag: str = "--permissions-boundary",
) -> str | None:
    """Return the ARN of the boundary to use: the one asked for, else the account's, else None.

    `asked` and `default` are ARNs, `fact` is about the one of them that counts. Raises
    NamedThingNotFound for one that was asked for and is not there, and AccessDenied where it
    can't be seen whether the account has one: a role without it may be more than was meant.
    """
    match fact:
        case Known():
            return asked or default
        case Absent() if asked is None:
            return None
        case Absent():
            raise NamedThingNotFound(
                f"{flag}: there is no policy {asked}",
                next_command="aws iam list-policies --scope Local --query Policies[].Arn",
            )
        case Unseen(operation=operation, why=why):
            raise AccessDenied(
                f"AWS denied {operation} of the permissions boundary {asked or default}",
                why=why,
                operation=operation,
            )


def _policy_arn(text: str, *, owner: str, partition: str, flag: str) -> str:
    if not text.startswith("arn:"):
        if not _NAME.fullmatch(text):
            raise InputError(
                f"{flag} {text!r} is not the name of a policy", why="write a name or an ARN"
            )
        return f"arn:{partition}:iam::{owner}:policy/{text}"
    try:
        arn = parse_arn(text)
    except ValueError as error:
        raise InputError(f"{flag} {text!r} is not an ARN", why="write a name or an ARN") from error
    path, slash, name = arn.resource.partition("/")
    is_policy = arn.service == "iam" and not arn.region and _OWNER.fullmatch(arn.account)
    if not is_policy or path != "policy" or not slash or not _NAME.fullmatch(name):
        raise InputError(
            f"{flag} {text!r} is not the ARN of a managed policy",
            why=f"those are arn:{partition}:iam::ACCOUNT:policy/NAME, with aws for AWS's own",
        )
    if arn.partition != partition:
        raise InputError(
            f"{flag} {text!r} is in the partition {arn.partition!r}",
            why=f"this region is in {partition!r}",
        )
    return text
