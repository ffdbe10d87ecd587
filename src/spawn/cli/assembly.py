"""What workflows need, put together from the wiring: for the commands and for `spawn.api`."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from spawn.aws.questions import Known
from spawn.cli.options import Account
from spawn.cli.wiring import Wiring
from spawn.connect.destination import find_instance, find_login_user
from spawn.connect.keys import personal_key
from spawn.connect.patience import Patience, Progress
from spawn.connect.programs import LocalPrograms, without_aws
from spawn.connect.way import Machine, Way, boot_seconds_left, find_way
from spawn.core.errors import AccountError, InputError
from spawn.core.journal import FileJournal, journal_path
from spawn.launch import apply
from spawn.launch.facts import Surroundings
from spawn.launch.memory import IdentityMemory
from spawn.launch.plan import LaunchPlan
from spawn.launch.propose import propose
from spawn.launch.spec import LaunchSpec
from spawn.network.caller import fetch_over_https, find_caller

Replan = Callable[[], LaunchPlan]
PROXY_SETTING = "SPAWN_SSH_PROXY_COMMAND"


def own_public_key(wiring: Wiring) -> str:
    """Return the person's own key for instances, made here where it is missing."""
    programs = LocalPrograms(without_aws(wiring.environment))
    return personal_key(wiring.paths.state, programs).public_key.line


def planner(
    wiring: Wiring, account: Account, spec: LaunchSpec, *, launch_id: str, now: datetime
) -> Replan:
    """Return what makes the plan, from fresh facts each time it is called."""
    url = wiring.address_url
    around = Surroundings(
        partition=account.session.partition(spec.region),
        memory=IdentityMemory(
            wiring.paths.cache,
            account.session.access_key_id() or "",
            account.session.endpoint("sts", spec.region),
        ),
        find_caller=lambda: find_caller(url, fetch_over_https),
    )
    return lambda: propose(spec, account.reader, around, now=now, launch_id=launch_id)


def perform_launch(
    wiring: Wiring,
    account: Account,
    plan: LaunchPlan,
    *,
    replan: Replan,
    progress: apply.Progress,
) -> apply.Launched:
    """Perform a plan, with a journal of its own. Raises what `Launch.apply` raises."""
    with _new_journal(wiring.paths.journal, plan.launch_id) as journal:
        launch = apply.Launch(
            writer=account.writer,
            clock=wiring.clock,
            journal=journal,
            progress=progress,
            endpoint=account.session.endpoint("ec2", plan.region),
        )
        return launch.apply(plan, replan=replan)


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


def way_to(
    wiring: Wiring,
    account: Account,
    instance_id: str,
    *,
    region: str,
    user: str | None,
    progress: Progress,
) -> tuple[Way, Patience]:
    """Return how to reach an instance, and how long to try. Raises what `find_way` raises."""
    instance = find_instance(account.reader, instance_id, region=region)
    partition = account.session.partition(region)
    # A proxy command may be one of AWS's own, Session Manager say: it needs what we have.
    proxy = wiring.environment.get(PROXY_SETTING, "")
    patience = Patience(
        limit_seconds=boot_seconds_left(instance, wiring.clock.now()),
        clock=wiring.clock.monotonic,
        sleep=wiring.clock.sleep,
    )
    way = find_way(
        instance,
        account.reader,
        Machine(
            state_directory=wiring.paths.state,
            ssh_directory=wiring.paths.home / ".ssh",
            programs=LocalPrograms(
                wiring.environment if proxy else without_aws(wiring.environment)
            ),
            proxy_command=proxy,
        ),
        region=region,
        user=user or find_login_user(account.reader, instance, region=region, partition=partition),
        caller_addresses=lambda: _addresses(wiring),
        patience=patience,
        progress=progress,
    )
    return way, patience


def _addresses(wiring: Wiring) -> tuple[str, ...]:
    found = find_caller(wiring.address_url, fetch_over_https)
    return found.value if isinstance(found, Known) else ()
