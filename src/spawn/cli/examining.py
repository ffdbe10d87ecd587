"""What `spawn doctor` looks at, put together: the settings, this machine, the account."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from spawn.cli.assembly import address_service
from spawn.cli.options import Account, AccountWords, NoRegion, account_of
from spawn.cli.rendering.whose import is_aws
from spawn.cli.settings import sources_of
from spawn.cli.wiring import Wiring
from spawn.connect.plugin import this_system
from spawn.connect.programs import LocalPrograms, without_aws
from spawn.core.errors import AwsRefusal, InputError
from spawn.core.levels import Level
from spawn.launch.doctor.facts import DoctorFacts, Problem, Wanted
from spawn.launch.doctor.machine import Workshop, look_at_aws_cli, look_at_machine, problem
from spawn.launch.doctor.way import ANY_REGION, Way, follow, no_way, no_way_without_settings
from spawn.launch.spec import DEFAULT_INSTANCE_TYPE
from spawn.network.caller import DEFAULT_ADDRESS_URL, fetch_over_https, find_caller
from spawn.network.subnets import SubnetRequest
from spawn.settings.resolve import Resolved, resolve
from spawn.settings.values import as_text


@dataclass(frozen=True, kw_only=True)
class Patient:
    """What a command was told of the launch that is to be; None is left to the settings."""

    asked: AccountWords
    security: str | None
    spot: bool | None


def look(wiring: Wiring, patient: Patient) -> DoctorFacts:
    """Look at everything, both sides at once. What can't be had is part of what is found."""
    try:
        resolved, unsettled = resolve(sources_of(wiring)), None
    except InputError as error:
        resolved, unsettled = {}, problem(error)
    way = _way(wiring, patient.asked, unsettled)
    wanted = _wanted(wiring, patient, resolved, way)
    workshop = _workshop(wiring, wanted, unsettled)
    with ThreadPoolExecutor(max_workers=1) as pool:
        machine = pool.submit(look_at_machine, workshop)
        found = follow(way, wanted, now=wiring.clock.now)
        return DoctorFacts(
            wanted=wanted,
            profile=way.profile,
            source=found.source,
            assumes_role=way.assumes_role,
            refusal=found.refusal,
            refused_credentials=found.refused_credentials,
            machine=machine.result(),
            account=found.account,
            endpoint="" if is_aws(way.endpoint) else way.endpoint,
            needs_aws_cli=found.needs_aws_cli,
            aws_cli=_aws_cli(wiring) if found.needs_aws_cli else None,
        )


def _aws_cli(wiring: Wiring) -> Problem | None:
    return look_at_aws_cli(LocalPrograms(wiring.environment))


def _way(wiring: Wiring, asked: AccountWords, unsettled: Problem | None) -> Way:
    if unsettled is not None:
        return no_way_without_settings(unsettled)
    try:
        return _to(account_of(wiring, asked), has_region=True)
    except NoRegion:
        return _to(account_of(wiring, replace(asked, region=ANY_REGION)), has_region=False)
    except (InputError, AwsRefusal) as error:
        return no_way(error)


def _to(account: Account, *, has_region: bool) -> Way:
    return Way(
        session=account.session,
        region=account.region if has_region else "",
        assumes_role=bool(account.assume_role),
    )


def _wanted(wiring: Wiring, patient: Patient, resolved: Mapping[str, Resolved], way: Way) -> Wanted:
    said = {key: as_text(one.value) for key, one in resolved.items()}
    level = Level(patient.security or said.get("security") or Level.STANDARD)
    spot = said.get("spot") == "true" if patient.spot is None else patient.spot
    place = SubnetRequest(
        region=way.region,
        instance_type=said.get("instance-type", DEFAULT_INSTANCE_TYPE).split(",")[0],
        level=level,
        no_public_ip=said.get("public-ip") == "false",
        vpc_id=said.get("vpc"),
        subnet_id=said.get("subnet"),
        zones=tuple(filter(None, said.get("az", "").split(","))),
    )
    return Wanted(
        region=way.region,
        region_source=_region_source(wiring, patient.asked, resolved, way),
        level=level,
        spot=spot,
        place=place,
        kms_key=said.get("kms-key-id", ""),
    )


def _region_source(
    wiring: Wiring,
    asked: AccountWords,
    resolved: Mapping[str, Resolved],
    way: Way,
) -> str:
    """Say where the region stands, in the order in which `account_of` looks for it."""
    if asked.region is not None:
        return "--region"
    if "region" in resolved:
        return resolved["region"].place
    variables = ("AWS_REGION", "AWS_DEFAULT_REGION")
    named = next((name for name in variables if wiring.environment.get(name)), None)
    return named or (f"the profile {way.profile}" if way.profile else "the AWS configuration")


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
