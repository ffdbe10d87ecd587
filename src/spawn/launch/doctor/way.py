"""How far the way to AWS leads, and what is found at its end.

1. Settings, flags and environment name an account: else there is no way, and it is said why.
2. The chain gives credentials; their source is told even where AWS then refuses them.
3. AWS takes them and is asked. Without a region, who is calling can be asked all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from spawn.aws.door import ReadingDoor
from spawn.aws.session import CredentialSource, Session
from spawn.core.errors import AccessDenied, AwsRefusal, CredentialsRefused, SpawnError
from spawn.launch.doctor.account import Look, look_at_account
from spawn.launch.doctor.facts import AccountFacts, Problem, Wanted
from spawn.launch.doctor.machine import problem
from spawn.launch.doctor.place import has_tunnel

ANY_REGION: Final = "us-east-1"
_NO_CREDENTIALS: Final = Problem(what="there are no AWS credentials", command="aws configure")


@dataclass(frozen=True, kw_only=True)
class Way:
    """The way that flags, settings and environment name.

    session  None where they name none, and `refusal` then says why
    region   "" where none is set anywhere
    """

    session: Session | None = None
    region: str = ""
    assumes_role: bool = False
    refusal: Problem | None = None
    refused_credentials: bool = False

    @property
    def profile(self) -> str:
        """The AWS profile, "" for none."""
        return "" if self.session is None else self.session.profile or ""

    @property
    def endpoint(self) -> str:
        """Where EC2 is asked, "" where nobody is."""
        return "" if self.session is None else self.session.endpoint("ec2", self.reach)

    @property
    def reach(self) -> str:
        """The region that is asked."""
        return self.region or ANY_REGION


@dataclass(frozen=True, kw_only=True)
class Followed:
    """What was found: where the credentials are from, the account, or why there is nothing."""

    source: CredentialSource | None = None
    account: AccountFacts | None = None
    refusal: Problem | None = None
    refused_credentials: bool = False
    needs_aws_cli: bool = False


def no_way(error: SpawnError) -> Way:
    """Return that there is none, and whether that is for want of credentials."""
    is_credentials = isinstance(error, CredentialsRefused | AccessDenied)
    return Way(refusal=problem(error), refused_credentials=is_credentials)


def no_way_without_settings(unsettled: Problem) -> Way:
    """Return that there is none, since the settings can't be read."""
    why = "the settings can't be read, and they say which account is meant"
    return Way(refusal=Problem(what=why, command=unsettled.command))


def follow(way: Way, wanted: Wanted, *, now: Callable[[], datetime]) -> Followed:
    """Go as far as it leads. Nothing that AWS refuses is raised: it is part of what is found."""
    if way.session is None:
        return Followed(refusal=way.refusal, refused_credentials=way.refused_credentials)
    try:
        source = way.session.credential_source()
    except SpawnError as error:
        return Followed(refusal=problem(error), refused_credentials=True)
    if source is None:
        return Followed(refusal=_NO_CREDENTIALS, refused_credentials=True)
    try:
        account = look_at_account(wanted, _look(way.session, way.reach, wanted, now))
    except CredentialsRefused as error:
        return Followed(source=source, refusal=problem(error), refused_credentials=True)
    return Followed(
        source=source, account=account, needs_aws_cli=has_tunnel(wanted, account.region)
    )


def _look(session: Session, region: str, wanted: Wanted, now: Callable[[], datetime]) -> Look:
    try:
        partition = session.partition(region)
    except AwsRefusal:
        partition = "aws"  # a region of no known form: that it does not exist is found out
    return Look(
        cloud=ReadingDoor(session),
        partition=partition,
        knows_region=wanted.region in session.known_regions(),
        now=now,
    )
