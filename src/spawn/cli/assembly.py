"""What workflows need, put together from the wiring: for the commands and for `spawn.api`."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from spawn.aws.questions import Fact
from spawn.aws.ssm import Parameter
from spawn.cli.options import Account, setting
from spawn.cli.wiring import Wiring
from spawn.connect.key_locks import launching_with
from spawn.connect.keys import personal_key
from spawn.connect.programs import LocalPrograms, without_aws
from spawn.connect.ssh_ca.authority import require_authority
from spawn.connect.ssh_ca.revocations import read_revocations
from spawn.connect.ssh_ca.trust import SshTrust, trust_in
from spawn.core.errors import AccountError, InputError
from spawn.core.journal import FileJournal, journal_path
from spawn.launch import apply
from spawn.launch.facts import Surroundings
from spawn.launch.floor import hold_to_floor
from spawn.launch.memory import IdentityMemory
from spawn.launch.plan import LaunchPlan
from spawn.launch.propose import SpecFor, propose
from spawn.launch.spec import LaunchSpec
from spawn.network.caller import (
    DEFAULT_ADDRESS_URL,
    address_url,
    fetch_over_https,
    find_caller,
)
from spawn.prices.cache import FilePriceCache
from spawn.prices.lookups import pricing_region
from spawn.settings.memory import OrganisationMemory
from spawn.settings.organisation import organisation_of

Replan = Callable[[], LaunchPlan]


def address_service(wiring: Wiring) -> str:
    """Return the URL of the address service. Raises InputError for one that can't be trusted."""
    return address_url(setting(wiring, "address-url") or DEFAULT_ADDRESS_URL)


def own_public_key(wiring: Wiring) -> str:
    """Return the person's own key for instances, made here where it is missing."""
    programs = LocalPrograms(without_aws(wiring.environment))
    return personal_key(wiring.paths.state, programs).public_key.line


def own_trust(wiring: Wiring) -> SshTrust:
    """Return what an instance is told to trust. Raises InputError where there is no authority."""
    authority = require_authority(wiring.paths.state, why="--ssh-ca makes an instance trust it")
    return trust_in(authority, read_revocations(wiring.paths.state))


def planner(
    wiring: Wiring,
    account: Account,
    spec_for: SpecFor,
    *,
    parameter: str,
    launch_id: str,
    now: datetime,
) -> Replan:
    """Return what makes the plan, from fresh facts each time it is called.

    `parameter` is the name of the one that holds the organisation's defaults.
    """
    url, region = address_service(wiring), account.region
    partition = account.session.partition(region)
    credentials_id = account.session.credentials_id()
    around = Surroundings(
        partition=partition,
        now=now,
        prices=_price_cache(wiring, account, region, partition=partition),
        memory=IdentityMemory(
            wiring.paths.cache, credentials_id, account.session.endpoint("sts", region)
        ),
        organisation=OrganisationMemory(
            directory=wiring.paths.cache,
            credentials_id=credentials_id,
            endpoint=account.session.endpoint("ssm", region),
            parameter=parameter,
        ),
        find_caller=lambda: find_caller(url, fetch_over_https),
    )
    return lambda: propose(spec_for, account.reader, around, region=region, launch_id=launch_id)


def held_to_floor(spec: LaunchSpec, *, place: str, parameter: str) -> SpecFor:
    """Return the launch as it stands, where the organisation's defaults allow it."""

    def spec_for(defaults: Fact[Parameter]) -> LaunchSpec:
        hold_to_floor(spec, organisation_of(defaults, name=parameter), place=place)
        return spec

    return spec_for


def _price_cache(
    wiring: Wiring, account: Account, region: str, *, partition: str
) -> FilePriceCache:
    asked = pricing_region(partition)
    endpoint = "" if asked is None else account.session.endpoint("pricing", asked)
    return FilePriceCache(directory=wiring.paths.cache, endpoint=endpoint, region=region)


def perform_launch(
    wiring: Wiring,
    account: Account,
    plan: LaunchPlan,
    *,
    replan: Replan,
    progress: apply.Progress,
    until_running: bool = True,
) -> apply.Launched:
    """Perform a plan, with a journal of its own. Raises what `Launch.apply` raises."""
    key = launching_with(
        plan.run.parameters.get("KeyName", ""),
        account=plan.account,
        state_directory=wiring.paths.state,
        clock=wiring.clock,
        by_name=plan.spec.key_pair is not None,
    )
    with key, _new_journal(wiring.paths.journal, plan.launch_id) as journal:
        launch = apply.Launch(
            writer=account.writer,
            clock=wiring.clock,
            journal=journal,
            progress=progress,
            endpoint=account.session.endpoint("ec2", plan.region),
        )
        return launch.apply(plan, replan=replan, until_running=until_running)


def _new_journal(directory: Path, launch_id: str) -> FileJournal:
    try:
        return FileJournal(journal_path(directory, launch_id))
    except FileExistsError as error:
        raise InputError(
            f"the launch {launch_id} was begun before",
            why="a saved plan is carried out once",
            next_command="spawn list --mine",
        ) from error
    except OSError as error:
        raise AccountError(
            f"no journal can be kept in {directory}, so nothing was begun",
            why=error.strerror or str(error),
            next_command=shlex.join(("ls", "-ld", str(directory.parent))),
        ) from error
