"""Asks AWS what a first launch needs, in two rounds.

1. Everything that hangs on nothing, at once: who is calling, which regions there are, the network,
   the images, quotas, what spawn may have made before.
2. What hangs on those answers: the roles that are named after the caller, the key that disks are
   encrypted with, whether the writes would be allowed. The session of a role costs one call more:
   its ARN does not say the role's path.

Nothing that AWS refuses ends it: it is unseen, and what was denied is remembered.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from spawn.aws import ec2, iam, kms
from spawn.aws.door import Reader, Rehearser
from spawn.aws.ec2_images import Image
from spawn.aws.operation import Answer, Operation
from spawn.aws.questions import Asker, Fact, Known, Question, T, Unseen, answer_of
from spawn.aws.sts import Identity, Introduction, introduction_question
from spawn.core.errors import AwsRefusal, CredentialsRefused, SpawnError
from spawn.core.steps import Parameters
from spawn.iam.backstop_role import wanted_backstop_role
from spawn.iam.managed import default_boundary_arn
from spawn.images.catalog import OperatingSystem
from spawn.images.choose import image_question, newest_image
from spawn.images.chosen import ChosenImage, Onlooker
from spawn.launch.doctor.facts import AccountFacts, Wanted
from spawn.launch.doctor.place import place_to_ask_about
from spawn.launch.doctor.region import ask_region
from spawn.launch.doctor.rehearsal import Rehearsal
from spawn.launch.facts import SIDE_BY_SIDE
from spawn.network.groups import own_groups_question

SPOT_ROLE = "AWSServiceRoleForEC2Spot"
# The region of a partition that is enabled in every account; elsewhere a region that is not
# enabled takes no credentials at all, which looks as if they were wrong.
_ALWAYS_ENABLED = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


class Cloud(Reader, Rehearser, Protocol):
    """AWS, to be looked at."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """Whom to ask, and what is known before.

    knows_region  whether the region is one that is known to exist; another is looked up first
    now           tells the time by this machine's clock
    """

    cloud: Cloud
    partition: str
    knows_region: bool
    now: Callable[[], datetime]


@dataclass(frozen=True)
class Seer:
    """Asks, takes whatever AWS refuses for unseen, and remembers what it denied."""

    asker: Asker
    denied: dict[str, str] = field(default_factory=dict)

    def ask(self, question: Question[T]) -> Callable[[], Fact[T]]:
        """Send the question now; what is returned waits for its fact, and raises nothing."""
        wait = self.asker.ask(question)
        return lambda: self._answer(wait)

    def _answer(self, wait: Callable[[], Fact[T]]) -> Fact[T]:
        try:
            fact = wait()
        except AwsRefusal as refusal:
            return Unseen(refusal.operation, refusal.why or refusal.what)
        if isinstance(fact, Unseen):
            self.denied[fact.operation] = fact.why
        return fact


def look_at_account(wanted: Wanted, look: Look) -> AccountFacts:
    """Ask all of it. Raises CredentialsRefused where AWS does not take the credentials."""
    home = _ALWAYS_ENABLED.get(look.partition, wanted.region)
    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        seer = Seer(Asker(look.cloud, pool))
        introduction = pool.submit(_introduced, look, home)
        regions = seer.ask(_regions_question(home))
        if not look.knows_region and not _has_region(regions(), wanted.region):
            nowhere = f"there is no region {wanted.region}" if wanted.region else "no region is set"
            seer = Seer(Asker(_Nowhere(nowhere), pool), seer.denied)
        region = ask_region(wanted, seer.ask)
        images = seer.ask(_image_question(wanted, look.partition))
        # No launch asks this: that it is denied is no right that a launch lacks.
        aside = Seer(seer.asker)
        spot_role = aside.ask(iam.role_question(SPOT_ROLE, home)) if wanted.spot else None
        caller, heard_at = introduction.result()
        facts = AccountFacts(
            caller=caller,
            now=heard_at,
            regions=regions(),
            region=region(),
            boundary=Unseen("sts:GetCallerIdentity", "who is calling is not known"),
            backstop_roles=(),
            spot_role=None if spot_role is None else spot_role(),
            denied=seer.denied,
        )
        if not isinstance(caller, Known):
            return facts
        identity = caller.value.identity
        second = _Second(wanted, identity, facts, image=_image(images(), facts, identity, wanted))
        return second.look(seer, look.cloud, pool)


def _introduced(look: Look, home: str) -> tuple[Fact[Introduction], datetime]:
    """Return who is calling, and when that was heard: AWS tells all whose credentials it takes."""
    try:
        return answer_of(look.cloud, introduction_question(home)), look.now()
    except CredentialsRefused:
        raise
    except AwsRefusal as refusal:
        return Unseen(refusal.operation, refusal.why or refusal.what), look.now()


@dataclass(frozen=True)
class _Second:
    """The second round."""

    wanted: Wanted
    caller: Identity
    facts: AccountFacts
    image: ChosenImage | None

    def look(self, seer: Seer, cloud: Cloud, pool: ThreadPoolExecutor) -> AccountFacts:
        region, caller = self.wanted.region, self.caller
        arn = default_boundary_arn(partition=caller.partition, account=caller.account)
        boundary = seer.ask(iam.managed_policy_question(arn, region))
        groups = seer.ask(own_groups_question(caller.owner, region=region))
        names = [self._backstop_role(each) for each in (arn, None)]
        roles = [seer.ask(iam.role_question(name, region)) for name in names]
        key = self._ask_key(seer)
        principal = self._principal(seer)
        found = boundary()
        bounded = isinstance(found, Known)
        rehearsal = Rehearsal(
            wanted=self.wanted,
            caller=caller,
            image=self.image,
            place=place_to_ask_about(self.wanted, self.facts.region),
            boundary=arn if bounded else "",
            backstop_role=names[0] if bounded else names[1],
        )
        dry_runs = rehearsal.rehearse(cloud, pool)
        simulations = rehearsal.simulate(seer.ask, principal()) if principal else ()
        groups()  # its answer is of no use here; that it is denied is
        return replace(
            self.facts,
            boundary=found,
            backstop_roles=tuple(role() for role in roles),
            region=replace(self.facts.region, key=None if key is None else key()),
            rehearsed=tuple(answer() for answer in dry_runs),
            simulated=tuple(answer() for answer in simulations),
        )

    def _backstop_role(self, boundary: str | None) -> str:
        role = wanted_backstop_role(
            self.caller.owner,
            partition=self.caller.partition,
            account=self.caller.account,
            boundary=boundary,
        )
        return role.name

    def _ask_key(self, seer: Seer) -> Callable[[], Fact[kms.Key]] | None:
        match self.facts.region.default_key:
            case Known(value=name) if not name.endswith("alias/aws/ebs"):
                return seer.ask(kms.key_question(name, self.wanted.region))
        return None

    def _principal(self, seer: Seer) -> Callable[[], str] | None:
        """Return what waits for the ARN that policies hang on; None for whom nothing is simulated.

        A session's ARN has the role's name and not its path, so that the role is asked for; where
        that is denied, most roles have none.
        """
        kind, _, rest = self.caller.arn.rpartition(":")[2].partition("/")
        if kind == "user":
            return lambda: self.caller.arn
        if kind != "assumed-role":
            return None
        name = rest.partition("/")[0]
        role = Seer(seer.asker).ask(iam.role_question(name, self.wanted.region))
        without_path = f"arn:{self.caller.partition}:iam::{self.caller.account}:role/{name}"

        def arn() -> str:
            found = role()
            return found.value.arn if isinstance(found, Known) else without_path

        return arn


class _Nowhere:
    """Answers for a region that does not exist: no call is sent there, to wait for no answer."""

    def __init__(self, why: str) -> None:
        self._why = why

    def ask(self, operation: Operation, parameters: Parameters, *, region: str) -> Answer:
        """Raise what says so."""
        del operation, parameters, region
        raise AwsRefusal(self._why)


def _has_region(regions: Fact[dict[str, str]], name: str) -> bool:
    return not isinstance(regions, Known) or name in regions.value


def _regions_question(home: str) -> Question[dict[str, str]]:
    return Question(
        operation=ec2.DESCRIBE_REGIONS,
        parameters={"AllRegions": True},
        region=home,
        understand=ec2.region_statuses,
    )


def _image_question(wanted: Wanted, partition: str) -> Question[tuple[Image, ...]]:
    return image_question(
        OperatingSystem.AL2023,
        may_be_accelerated=False,
        region=wanted.region,
        partition=partition,
    )


def _image(
    found: Fact[tuple[Image, ...]], facts: AccountFacts, caller: Identity, wanted: Wanted
) -> ChosenImage | None:
    """Return the image that EC2 is asked with, None where none was to be seen."""
    onlooker = Onlooker(
        account=caller.account, partition=caller.partition, region=wanted.region, now=facts.now
    )
    match found, facts.region.instance_types:
        case Known(value=images), Known(value=(instance_type, *_)):
            try:
                return newest_image(images, instance_type, onlooker)
            except SpawnError:
                return None
    return None
