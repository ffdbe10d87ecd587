"""Looks at this machine: programs, the person's key, and what lies on its disk. Makes nothing."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from spawn.connect.endpoint_tunnel import check_aws_cli
from spawn.connect.kept_keys import made_at
from spawn.connect.keys import existing_key
from spawn.connect.plugin import System, check_plugin
from spawn.connect.programs import Programs
from spawn.core.errors import SpawnError
from spawn.launch.doctor.facts import MachineFacts, Problem, StateDirectory
from spawn.network.caller import CallerAddresses

_VERSION_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """This machine, as it is looked at.

    settings      what is wrong with the settings files, None for nothing
    find_caller   asks the address service; None where nobody's address is needed
    now           tells the time by this machine's clock
    """

    state_directory: Path
    programs: Programs
    aws_programs: Programs
    system: System
    settings: Problem | None
    address_url: str
    find_caller: Callable[[], CallerAddresses] | None
    now: Callable[[], datetime]


def look_at_machine(workshop: Workshop) -> MachineFacts:
    """Look at all of it, side by side where programs are started."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        addresses = None if workshop.find_caller is None else pool.submit(workshop.find_caller)
        ssh = pool.submit(_ssh_version, workshop.programs)
        keygen = pool.submit(_has_keygen, workshop.programs)
        plugin = pool.submit(
            _problem_of, lambda: check_plugin(workshop.aws_programs, workshop.system)
        )
        key, age_days, key_problem = _key(workshop)
        return MachineFacts(
            settings=workshop.settings,
            state=_state(workshop.state_directory),
            key=key,
            key_age_days=age_days,
            key_problem=key_problem,
            ssh=ssh.result(),
            has_keygen=keygen.result(),
            plugin=plugin.result(),
            addresses=None if addresses is None else addresses.result(),
            address_url=workshop.address_url,
        )


def look_at_aws_cli(programs: Programs) -> Problem | None:
    """Say what is wrong with the AWS CLI here, None for nothing. It takes a second to start."""
    return _problem_of(lambda: check_aws_cli(programs))


def problem(error: SpawnError) -> Problem:
    """Return an error as what is wrong, and what to type."""
    return Problem(what=f"{error.what}{error.why and f': {error.why}'}", command=error.next_command)


def _problem_of(check: Callable[[], None]) -> Problem | None:
    try:
        check()
    except SpawnError as error:
        return Problem(what=error.what, command=error.next_command)
    return None


def _key(workshop: Workshop) -> tuple[str, int | None, Problem | None]:
    try:
        key = existing_key(workshop.state_directory)
        age = None if key is None else workshop.now() - made_at(key)
    except SpawnError as error:
        return "", None, problem(error)
    if key is None or age is None:
        return "", None, None
    return key.pair_name, age.days, None


def _ssh_version(programs: Programs) -> str:
    """Return what `ssh -V` says, to its standard error; "" where there is no ssh."""
    try:
        said = programs.run(("ssh", "-V"), timeout_seconds=_VERSION_TIMEOUT_SECONDS)
    except (SpawnError, TimeoutError):
        return ""
    return (said.stderr or said.stdout).decode("utf-8", "replace").strip()


def _has_keygen(programs: Programs) -> bool:
    """Whether there is an ssh-keygen: it has no word to ask its version by, and refuses this."""
    try:
        programs.run(("ssh-keygen", "-?"), timeout_seconds=_VERSION_TIMEOUT_SECONDS)
    except (SpawnError, TimeoutError):
        return False
    return True


def _state(directory: Path) -> StateDirectory:
    try:
        status = directory.stat()
    except FileNotFoundError:
        return StateDirectory(path=str(directory))
    except OSError as error:
        return StateDirectory(path=str(directory), unreadable=error.strerror or str(error))
    return StateDirectory(
        path=str(directory),
        mode=stat.S_IMODE(status.st_mode),
        is_own=status.st_uid == os.geteuid(),
    )
