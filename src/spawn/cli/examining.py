"""What `spawn doctor` looks at, put together: the settings, this machine, the account."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from spawn.aws.session import CredentialSource
from spawn.cli.assembly import address_service
from spawn.cli.options import Account, AccountWords, NoRegion, account_of
from spawn.cli.rendering.whose import is_aws
from spawn.cli.settings import sources_of
from spawn.cli.wiring import Wiring
from spawn.connect.plugin import this_system
from spawn.connect.programs import LocalPrograms, without_aws
from spawn.core.errors import AccessDenied, AwsRefusal, CredentialsRefused, InputError, SpawnError
from spawn.core.levels import Level
from spawn.launch.doctor.account import Look, look_at_account
from spawn.launch.doctor.facts import AccountFacts, DoctorFacts, MachineFacts, Problem, Wanted
from spawn.launch.doctor.machine import Workshop, look_at_aws_cli, look_at_machine, problem
from spawn.launch.doctor.place import has_tunnel
from spawn.launch.spec import DEFAULT_INSTANCE_TYPE
from spawn.network.caller import DEFAULT_ADDRESS_URL, fetch_over_https, find_caller
from spawn.network.subnets import SubnetRequest
from spawn.settings.resolve import Resolved, resolve
from spawn.settings.values import as_text

# Where no region is set, who is calling can be asked all the same.
_ANY_REGION = "us-east-1"
_NO_CREDENTIALS = Problem(what="there are no AWS credentials", command="aws configure")


@dataclass(frozen=True, kw_only=True)
class Patient:
    """What a command was told of the launch that is to be; None is left to the settings."""

    asked: AccountWords
    security: str | None
    spot: bool | None


@dataclass(frozen=True, kw_only=True)
class _Reached:
    """How far the way to AWS leads: the account, or why there is none."""

    account: Account | None = None
    has_region: bool = False
    refusal: Problem | None = None
    refused_credentials: bool = False


def look(wiring: Wiring, patient: Patient) -> DoctorFacts:
    """Look at everything, both sides at once. What can't be had is part of what is found."""
    try:
        resolved, unsettled = resolve(sources_of(wiring)), None
    except InputError as error:
        resolved, unsettled = {}, problem(error)
    reached = _reach(wiring, patient.asked, unsettled)
    wanted = _wanted(wiring, patient, resolved, reached)
    workshop = _workshop(wiring, wanted, unsettled)
    with ThreadPoolExecutor(max_workers=1) as pool:
        machine = pool.submit(look_at_machine, workshop)
        source, reached = _credentials(reached)
        found, reached = _ask(wiring, reached, wanted)
        return _joined(wiring, reached, wanted, source, found=found, machine=machine.result())


def _reach(wiring: Wiring, asked: AccountWords, unsettled: Problem | None) -> _Reached:
    if unsettled is not None:
        why = "the settings can't be read, and they say which account is meant"
        return _Reached(refusal=Problem(what=why, command=unsettled.command))
    try:
        return _Reached(account=account_of(wiring, asked), has_region=True)
    except NoRegion:
        return _Reached(account=account_of(wiring, replace(asked, region=_ANY_REGION)))
    except (InputError, AwsRefusal) as error:
        is_credentials = isinstance(error, CredentialsRefused | AccessDenied)
        return _Reached(refusal=problem(error), refused_credentials=is_credentials)


def _wanted(
    wiring: Wiring, patient: Patient, resolved: Mapping[str, Resolved], reached: _Reached
) -> Wanted:
    said = {key: as_text(one.value) for key, one in resolved.items()}
    level = Level(patient.security or said.get("security") or Level.STANDARD)
    account = reached.account
    region = account.region if account is not None and reached.has_region else ""
    spot = said.get("spot") == "true" if patient.spot is None else patient.spot
    place = SubnetRequest(
        region=region,
        instance_type=said.get("instance-type", DEFAULT_INSTANCE_TYPE).split(",")[0],
        level=level,
        no_public_ip=said.get("public-ip") == "false",
        vpc_id=said.get("vpc"),
        subnet_id=said.get("subnet"),
        zones=tuple(filter(None, said.get("az", "").split(","))),
    )
    return Wanted(
        region=region,
        region_source=_region_source(wiring, patient.asked, resolved, account),
        level=level,
        spot=spot,
        place=place,
        kms_key=said.get("kms-key-id", ""),
    )


def _region_source(
    wiring: Wiring,
    asked: AccountWords,
    resolved: Mapping[str, Resolved],
    account: Account | None,
) -> str:
    """Say where the region stands, in the order in which `account_of` looks for it."""
    if asked.region is not None:
        return "--region"
    if "region" in resolved:
        return resolved["region"].place
    variables = ("AWS_REGION", "AWS_DEFAULT_REGION")
    named = next((name for name in variables if wiring.environment.get(name)), None)
    profile = None if account is None else account.session.profile
    return named or (f"the profile {profile}" if profile else "the AWS configuration")


def _workshop(wiring: Wiring, wanted: Wanted, unsettled: Problem | None) -> Workshop:
    url = DEFAULT_ADDRESS_URL
    if unsettled is None:
        try:
            url = address_service(wiring)
        except InputError as error:
            unsettled = problem(error)
    needs_address = wanted.place.level is Level.STANDARD and unsettled is None
    return Workshop(
        state_directory=wiring.paths.state,
        programs=LocalPrograms(without_aws(wiring.environment)),
        aws_programs=LocalPrograms(wiring.environment),
        system=this_system(),
        settings=unsettled,
        address_url=url,
        find_caller=(lambda: find_caller(url, fetch_over_https)) if needs_address else None,
        now=wiring.clock.now,
    )


def _credentials(reached: _Reached) -> tuple[CredentialSource | None, _Reached]:
    if reached.account is None:
        return None, reached
    try:
        source = reached.account.session.credential_source()
    except SpawnError as error:
        return None, replace(reached, refusal=problem(error), refused_credentials=True)
    if source is None:
        return None, replace(reached, refusal=_NO_CREDENTIALS, refused_credentials=True)
    return source, reached


def _ask(wiring: Wiring, reached: _Reached, wanted: Wanted) -> tuple[AccountFacts | None, _Reached]:
    account = reached.account
    if account is None or reached.refusal is not None:
        return None, reached
    try:
        partition = account.session.partition(account.region)
    except AwsRefusal:
        partition = "aws"  # a region of no known form: that it does not exist is found out
    around = Look(
        cloud=account.reader,
        partition=partition,
        knows_region=wanted.region in account.session.known_regions(),
        now=wiring.clock.now,
    )
    try:
        return look_at_account(wanted, around), reached
    except CredentialsRefused as error:
        return None, replace(reached, refusal=problem(error), refused_credentials=True)


def _joined(
    wiring: Wiring,
    reached: _Reached,
    wanted: Wanted,
    source: CredentialSource | None,
    *,
    found: AccountFacts | None,
    machine: MachineFacts,
) -> DoctorFacts:
    account = reached.account
    endpoint = "" if account is None else account.session.endpoint("ec2", account.region)
    needs_cli = found is not None and has_tunnel(wanted, found.region)
    programs = LocalPrograms(wiring.environment)
    return DoctorFacts(
        wanted=wanted,
        profile="" if account is None else account.session.profile or "",
        source=source,
        assumes_role=account is not None and bool(account.assume_role),
        refusal=reached.refusal,
        refused_credentials=reached.refused_credentials,
        machine=machine,
        account=found,
        endpoint="" if not endpoint or is_aws(endpoint) else endpoint,
        needs_aws_cli=needs_cli,
        aws_cli=look_at_aws_cli(programs) if needs_cli else None,
    )
