"""What the account holds that bears on a launch, read in one parallel round.

No question needs another's answer, but for those about things that are named after the caller:
who that is, is asked in the same round, and guessed meanwhile. A wrong guess costs a second round,
and so does a hosted zone that is given by its name: what is in it is asked for by its id. So do
secrets, since the role is named by what it may, and a customer key of theirs costs one more.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from spawn.aws import ec2, iam, kms, scheduler
from spawn.aws.door import Reader
from spawn.aws.ec2_images import Image
from spawn.aws.questions import Absent, Asker, Fact, Known, Question, value_of
from spawn.aws.ssm import Parameter
from spawn.aws.sts import Identity, caller_question
from spawn.connect.key_pairs import key_pair_question
from spawn.connect.keys import pair_name
from spawn.connect.publickey import parse_public_key
from spawn.iam.documents import Statement
from spawn.iam.existing import IdentityFacts, identity_questions, parse_identity
from spawn.iam.roles import RoleFacts, role_questions
from spawn.images.accelerators import looks_accelerated
from spawn.images.catalog import OperatingSystem
from spawn.images.choose import given_image_question, image_question, parse_image_id
from spawn.launch.agent import AgentSource, read_agent_source
from spawn.launch.aws_duties import AwsDutyFacts, bucket_for, duty_statements, script_to_stage
from spawn.launch.bucket import BucketFacts, ask_bucket
from spawn.launch.dns import DnsFacts, ask_dns
from spawn.launch.rights import (
    Extra,
    attached_arns,
    decisive_boundary,
    owner_of,
    possible_backstop_roles,
    possible_roles,
)
from spawn.launch.script import StagedScript
from spawn.launch.secret_facts import SecretFacts, ask_secrets
from spawn.launch.secrets import check_secrets
from spawn.launch.spec import LaunchSpec
from spawn.network import given, groups, subnets
from spawn.network.caller import CallerAddresses
from spawn.network.rules import needs_caller, parse_ssh_from
from spawn.prices.facts import PriceCache, PriceFacts, ask_prices
from spawn.prices.lookups import WantedPrices
from spawn.prices.rates import Platform
from spawn.registry.table import TableFacts, ask_table
from spawn.settings.organisation import organisation_question

# Thirty questions and more: each goes out at once, on a connection of its own.
SIDE_BY_SIDE = 48


@dataclass(frozen=True, kw_only=True)
class CallerRights:
    """What bears on the roles of a caller's launch. `roles` are by name, `policies` by ARN."""

    identity: Identity
    roles: dict[str, RoleFacts]
    policies: dict[str, Fact[iam.ManagedPolicy]]
    named_role: IdentityFacts | None


@dataclass(frozen=True, kw_only=True)
class CallerFacts(CallerRights):
    """All that is named after the caller.

    bucket  where a script is put that user-data has no room for; None where there is none
    """

    own_groups: tuple[ec2.SecurityGroup, ...]
    bucket: BucketFacts | None = None


@dataclass(frozen=True, kw_only=True)
class DiskFacts:
    """How disks are encrypted: by the named key (None where none is), and by default."""

    kms_key: Fact[kms.Key] | None
    encrypts_by_default: Fact[bool]
    default_key: Fact[str]


@dataclass(frozen=True, kw_only=True)
class AccountFacts:
    """All that a plan is made from, besides what was asked.

    caller_addresses  None where nothing depends on them
    key_pair          the named one, or the one that holds the person's own key; None for neither
    agent             the source of what an instance is sent to end itself
    dns               what there is of the name that the instance is to keep
    script            the person's script, where user-data has no room for it
    secrets           what there is of those that the instance is given
    """

    caller: CallerFacts
    caller_addresses: CallerAddresses | None
    network: subnets.NetworkFacts
    given_groups: tuple[ec2.SecurityGroup, ...]
    prefix_lists: tuple[ec2.ManagedPrefixList, ...]
    images: Fact[tuple[Image, ...]]
    instance_types: Fact[tuple[ec2.InstanceType, ...]]
    key_pair: Fact[tuple[ec2.KeyPair, ...]] | None
    disks: DiskFacts
    schedule_group: Fact[scheduler.ScheduleGroup]
    table: TableFacts
    prices: PriceFacts
    organisation: Fact[Parameter]
    agent: AgentSource
    dns: DnsFacts | None = None
    script: StagedScript | None = None
    secrets: SecretFacts | None = None

    @property
    def aws_duties(self) -> AwsDutyFacts:
        """What is known for those duties of the agent that call AWS."""
        return AwsDutyFacts(dns=self.dns, script=self.script, bucket=self.caller.bucket)

    def duty_statements(self, spec: LaunchSpec) -> tuple[Statement, ...]:
        """Return what the role needs for them."""
        zone_id = None if self.dns is None else self.dns.zone.zone_id
        return duty_statements(
            spec,
            self.caller.identity,
            zone_id=zone_id,
            staged=self.script,
            secrets=self.secrets,
        )


class OrganisationGuess(Protocol):
    """Remembers from one launch to the next what the organisation's defaults were."""

    @property
    def parameter(self) -> str:
        """Return the name of the parameter that holds them."""

    def guess(self) -> Known[Parameter] | Absent | None:
        """Return what there was last time, None for no idea."""

    def keep(self, fact: Fact[Parameter]) -> None:
        """Remember an answer."""


class Memory(Protocol):
    """Remembers from one launch to the next who the caller is."""

    def guess(self) -> Identity | None:
        """Return who the caller probably is, None for no idea."""

    def keep(self, identity: Identity) -> None:
        """Remember who the caller is."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a launch knows before it asks.

    memory        who the caller was last time
    organisation  what the organisation's defaults were last time
    prices        what was asked of the price list before
    find_caller   asks the address service for the caller's own addresses
    """

    partition: str
    now: datetime
    memory: Memory
    organisation: OrganisationGuess
    prices: PriceCache
    find_caller: Callable[[], CallerAddresses]


def gather(spec: LaunchSpec, reader: Reader, around: Surroundings) -> AccountFacts:
    """Ask everything at once, and return what is known.

    Raises InputError for a spec that can't be understood, AwsRefusal for what can't be asked,
    AccountError for a secret that nobody can read, and AccessDenied for what must be seen and may
    not.
    """
    # A secret of another region would be asked for in this one, and said not to be there.
    check_secrets(spec)
    source = read_agent_source()
    script = script_to_stage(spec, source, partition=around.partition, now=around.now)
    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        asker = Asker(reader, pool)
        identity = asker.ask(caller_question(spec.region))
        go_on, of_secrets = ask_dns(spec, asker), ask_secrets(spec, asker)
        addresses = pool.submit(around.find_caller).result if _needs_caller(spec) else None
        of_region = _ask_of_region(spec, asker, around, source)
        (zone_id, dns), secrets = go_on(), of_secrets()

        def ask_of(caller: Identity) -> Callable[[], CallerFacts]:
            extra = duty_statements(spec, caller, zone_id=zone_id, staged=script, secrets=secrets)
            return _ask_of_caller(spec, caller, asker, extra=extra, needs_bucket=script is not None)

        guess = around.memory.guess()
        of_caller = None if guess is None else ask_of(guess)
        caller = value_of(identity())
        if of_caller is None or caller != guess:
            of_caller = ask_of(caller)
            around.memory.keep(caller)
        found = of_region(of_caller(), None if addresses is None else addresses())
        return replace(found, dns=dns(), script=script, secrets=secrets)


def _needs_caller(spec: LaunchSpec) -> bool:
    return not spec.security_groups and needs_caller(spec.security, spec.ssh_from)


def _ask_of_caller(
    spec: LaunchSpec, caller: Identity, asker: Asker, *, extra: Extra, needs_bucket: bool
) -> Callable[[], CallerFacts]:
    owner = owner_of(spec, caller)
    own_groups = asker.ask(groups.own_groups_question(owner, region=spec.region))
    rights = ask_rights(spec, caller, asker, extra=extra)
    bucket = ask_bucket(bucket_for(spec, caller), asker) if needs_bucket else None

    def answered() -> CallerFacts:
        known = rights()
        return CallerFacts(
            identity=known.identity,
            own_groups=value_of(own_groups()),
            roles=known.roles,
            policies=known.policies,
            named_role=known.named_role,
            bucket=None if bucket is None else bucket(),
        )

    return answered


def ask_rights(
    spec: LaunchSpec, caller: Identity, asker: Asker, *, extra: Extra
) -> Callable[[], CallerRights]:
    """Ask about the roles that the launch may turn out to want, and about what they are made of.

    `extra` is what the agent's duties need. What is returned waits for the facts. Raises
    InputError for words that can't be understood.
    """
    region = spec.region
    wanted = (
        *possible_roles(spec, caller, extra).values(),
        *possible_backstop_roles(spec, caller).values(),
    )
    roles = {role.name: role_questions(role, region).ask(asker) for role in wanted}
    arns = (*attached_arns(spec, caller), decisive_boundary(spec, caller))
    policies = {arn: asker.ask(iam.managed_policy_question(arn, region)) for arn in arns}
    named_role = _ask_named_role(spec, caller, asker)
    return lambda: CallerRights(
        identity=caller,
        roles={name: answered() for name, answered in roles.items()},
        policies={arn: answered() for arn, answered in policies.items()},
        named_role=named_role(),
    )


def _ask_named_role(
    spec: LaunchSpec, caller: Identity, asker: Asker
) -> Callable[[], IdentityFacts | None]:
    if spec.iam_role is None:
        return lambda: None
    named = parse_identity(
        spec.iam_role, partition=caller.partition, account=caller.account, flag="--iam-role"
    )
    return identity_questions(named, spec.region).ask(asker)


def _ask_of_region(
    spec: LaunchSpec, asker: Asker, around: Surroundings, source: AgentSource
) -> Callable[[CallerFacts, CallerAddresses | None], AccountFacts]:
    region = spec.region
    vpcs = asker.ask(subnets.vpcs_question(region=region))
    nets = asker.ask(subnets.subnets_question(region=region))
    tables = asker.ask(subnets.route_tables_question(region=region))
    offered = asker.ask(subnets.offerings_question(spec.instance_types, region=region))
    ids, lists = spec.security_groups, _prefix_lists(spec)
    named = asker.ask(given.given_groups_question(ids, region=region)) if ids else None
    prefixes = asker.ask(given.prefix_lists_question(lists, region=region)) if lists else None
    images = asker.ask(_image_question(spec, around.partition))
    prices = ask_prices(asker, _wanted_prices(spec, around), around.prices)
    types = asker.ask(_type_question(spec))
    key_pair = _ask_key_pair(spec, asker)
    disks = _ask_disks(spec, asker)
    group = asker.ask(scheduler.group_question(region))
    table = ask_table(asker, region)
    organisation = asker.ask(organisation_question(around.organisation.parameter, region))
    return lambda caller, addresses: AccountFacts(
        caller=caller,
        caller_addresses=addresses,
        network=subnets.NetworkFacts(
            vpcs=value_of(vpcs()),
            subnets=value_of(nets()),
            route_tables=value_of(tables()),
            offerings=value_of(offered()),
        ),
        given_groups=() if named is None else value_of(named()),
        prefix_lists=() if prefixes is None else value_of(prefixes()),
        images=images(),
        instance_types=types(),
        key_pair=None if key_pair is None else key_pair(),
        disks=disks(),
        schedule_group=group(),
        table=table(),
        prices=prices(),
        organisation=organisation(),
        agent=source,
    )


def _wanted_prices(spec: LaunchSpec, around: Surroundings) -> WantedPrices:
    """Only an image that the person names can be one that is billed as Windows."""
    is_open = spec.ami is not None and not spec.agent
    return WantedPrices(
        partition=around.partition,
        region=spec.region,
        instance_types=spec.instance_types,
        now=around.now,
        platforms=tuple(Platform) if is_open else (Platform.LINUX,),
        spot=spec.spot,
    )


def _prefix_lists(spec: LaunchSpec) -> tuple[str, ...]:
    sources = parse_ssh_from(spec.ssh_from) if spec.ssh_from else ()
    return tuple(source for source in sources if source.startswith("pl-"))


def _image_question(spec: LaunchSpec, partition: str) -> Question[tuple[Image, ...]]:
    if spec.ami is not None:
        return given_image_question(parse_image_id(spec.ami), region=spec.region)
    return image_question(
        spec.os or OperatingSystem.AL2023,
        may_be_accelerated=any(map(looks_accelerated, spec.instance_types)),
        region=spec.region,
        partition=partition,
    )


def _type_question(spec: LaunchSpec) -> Question[tuple[ec2.InstanceType, ...]]:
    """Ask by a filter: named outright, one type that does not exist would hide the others."""
    return Question(
        operation=ec2.DESCRIBE_INSTANCE_TYPES,
        parameters={"Filters": [{"Name": "instance-type", "Values": list(spec.instance_types)}]},
        region=spec.region,
        understand=ec2.instance_types,
    )


def _ask_key_pair(
    spec: LaunchSpec, asker: Asker
) -> Callable[[], Fact[tuple[ec2.KeyPair, ...]]] | None:
    if spec.key_pair is None and not spec.public_key:
        return None
    name = spec.key_pair or pair_name(parse_public_key(spec.public_key))
    return asker.ask(key_pair_question(name, region=spec.region))


def _ask_disks(spec: LaunchSpec, asker: Asker) -> Callable[[], DiskFacts]:
    region = spec.region
    named = (
        None if spec.kms_key_id is None else asker.ask(kms.key_question(spec.kms_key_id, region))
    )
    by_default = asker.ask(
        Question(
            operation=ec2.GET_EBS_ENCRYPTION_BY_DEFAULT,
            parameters={},
            region=region,
            understand=lambda answer: bool(answer["EbsEncryptionByDefault"]),
        )
    )
    default_key = asker.ask(
        Question(
            operation=ec2.GET_EBS_DEFAULT_KMS_KEY_ID,
            parameters={},
            region=region,
            understand=lambda answer: str(answer["KmsKeyId"]),
        )
    )
    return lambda: DiskFacts(
        kms_key=None if named is None else named(),
        encrypts_by_default=by_default(),
        default_key=default_key(),
    )
