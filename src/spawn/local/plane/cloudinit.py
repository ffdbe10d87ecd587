"""Runs an instance's user-data as cloud-init does; this is a process of its own on the instance.

Public keys and the SSH host key were seen to by `init`. Then, in cloud-init's four stages:

1. init-local: nothing is left to do.
2. init: boothooks and `bootcmd` at each boot; `write_files` once per instance. The host key's
   fingerprints go to the console. cloud-init prints them after the user's scripts; here they come
   before, so that a script that never ends doesn't hold them up.
3. modules-config: `runcmd` becomes a script beside the user's own.
4. modules-final: scripts of each boot, then once per instance the user's, in the order of their
   names. A script that fails is recorded, and the next one runs.

What the user's parts print goes to the console and to /var/log/cloud-init-output.log, as do
warnings; how a script failed stands in /var/log/cloud-init.log alone, as with cloud-init.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from spawn.local.plane.cloudinit_config import merge_configuration, shell_script, write_files
from spawn.local.plane.cloudinit_records import ProcessExecutionError, Records, rfc_2822_now
from spawn.local.plane.cloudinit_release import Release
from spawn.local.plane.messages import Boot
from spawn.local.plane.userdata import (
    Part,
    PartKind,
    UserDataError,
    boothook_program,
    split_user_data,
)

_STATE = Path("/var/lib/cloud")
_INSTANCE = _STATE / "instance"  # a link to the directory of this very instance
_SCRIPTS = _INSTANCE / "scripts"
_OUTPUT_LOG = Path("/var/log/cloud-init-output.log")
_FOLDERS = {
    PartKind.SCRIPT: _SCRIPTS,
    PartKind.SCRIPT_PER_BOOT: _STATE / "scripts/per-boot",
    PartKind.SCRIPT_PER_INSTANCE: _STATE / "scripts/per-instance",
    PartKind.SCRIPT_PER_ONCE: _STATE / "scripts/per-once",
}


def run_user_data(
    order: Boot,
    environment: Mapping[str, str],
    *,
    booted_at: float,
    print_host_keys: Callable[[], None],
) -> None:
    """Do all of the above; failures of the user's parts are told and passed over."""
    _tee_output()
    _link_instance(order.instance_id)
    # Without metadata cloud-init finds no source of anything, and says so.
    datasource = "DataSourceNone" if order.user_data is None else "DataSourceEc2Local"
    release = Release(order.software.cloud_init_version)
    records = Records(release, datasource, booted_at=booted_at)
    boot = _CloudInit(records, environment, order.instance_id)
    with records.stage("init-local"):
        pass
    with records.stage("init"):
        parts = boot.read_parts(order.user_data)
        configuration = boot.read_configuration(parts)
        boot.initialize(parts, configuration)
        print_host_keys()
    with records.stage("modules-config"):
        boot.configure(configuration)
    with records.stage("modules-final"):
        boot.finish()


class _CloudInit:
    def __init__(self, records: Records, environment: Mapping[str, str], instance_id: str) -> None:
        self._records = records
        self._environment = environment
        self._hook_environment = {**environment, "INSTANCE_ID": instance_id}

    def read_parts(self, user_data: bytes | None) -> tuple[Part, ...]:
        """Take the user-data apart; what no part of cloud-init handles is told."""
        try:
            parts = split_user_data(user_data or b"")
        except UserDataError as error:
            self._records.warning("util.py", f"Failed to read user-data: {error}")
            return ()
        for part in _of_kind(parts, PartKind.UNHANDLED):
            # cloud-init's own words; the text is shown cut, as there.
            start = f"{part.content[:24]!r}..."
            self._records.warning(
                "__init__.py",
                f"Unhandled non-multipart ({part.declared_type}) userdata: '{start}'",
            )
        return parts

    def read_configuration(self, parts: tuple[Part, ...]) -> Mapping[str, object]:
        """All `#cloud-config` parts in one."""
        configuration, complaints = merge_configuration(_of_kind(parts, PartKind.CLOUD_CONFIG))
        for complaint in complaints:
            self._records.warning("util.py", complaint)
        return configuration

    def initialize(self, parts: tuple[Part, ...], configuration: Mapping[str, object]) -> None:
        """Run boothooks, store scripts, and do what comes early of the configuration."""
        for kind, folder in _FOLDERS.items():
            for part in _of_kind(parts, kind):
                _store(folder / part.name, part.content)
        for part in _of_kind(parts, PartKind.BOOTHOOK):
            self._run_boothook(part)
        self._records.module("bootcmd", lambda: self._run_bootcmd(configuration))
        if _is_first_time("config_write_files"):
            self._records.module(
                "write_files", lambda: write_files(configuration.get("write_files"))
            )

    def _run_boothook(self, part: Part) -> None:
        program = _store(_INSTANCE / "boothooks" / part.name, boothook_program(part.content))
        try:
            self._run(program, self._hook_environment)
        except ProcessExecutionError as error:
            message = f"Boothooks script {program} execution error."
            self._records.warning("util.py", message)
            self._records.debug("util.py", f"{message}\n{error}")

    def _run_bootcmd(self, configuration: Mapping[str, object]) -> None:
        script = shell_script(configuration.get("bootcmd"))
        if script is None:
            return
        try:
            self._run(_store(_STATE / "data/bootcmd.sh", script), self._hook_environment)
        except ProcessExecutionError:
            name = self._records.release.module("bootcmd")
            self._records.warning("util.py", f"Failed to run bootcmd module {name}")
            raise

    def configure(self, configuration: Mapping[str, object]) -> None:
        """Make `runcmd` a script that runs with the user's."""
        script = shell_script(configuration.get("runcmd"))
        if script is not None and _is_first_time("config_runcmd"):
            _store(_SCRIPTS / "runcmd", script)

    def finish(self) -> None:
        """Run the scripts, and say that the boot is over."""
        if _is_first_time("scripts_per_once.once", _STATE / "sem"):
            self._run_folder("scripts_per_once", PartKind.SCRIPT_PER_ONCE)
        self._run_folder("scripts_per_boot", PartKind.SCRIPT_PER_BOOT)
        if _is_first_time("config_scripts_per_instance"):
            self._run_folder("scripts_per_instance", PartKind.SCRIPT_PER_INSTANCE)
        if _is_first_time("config_scripts_user"):
            self._run_folder("scripts_user", PartKind.SCRIPT)
        version, now = self._records.release.version, rfc_2822_now()
        uptime = self._records.uptime()
        self._records.say(
            f"Cloud-init v. {version} finished at {now}."
            f" Datasource {self._records.datasource}.  Up {uptime} seconds"
        )
        (_INSTANCE / "boot-finished").write_text(f"{uptime} - {now} - v. {version}\n")

    def _run_folder(self, module: str, kind: PartKind) -> None:
        self._records.module(module, lambda: self._run_parts(module, _FOLDERS[kind]))

    def _run_parts(self, module: str, folder: Path) -> None:
        programs = sorted(folder.iterdir()) if folder.is_dir() else []
        failed = []
        for program in programs:
            try:
                self._run(program, self._environment)
            except ProcessExecutionError as error:
                # Releases before 20.4 warned of this, with the exit code.
                self._records.debug("subp.py", str(error))
                failed.append(program.name)
        if failed:
            name = self._records.release.module(module)
            place = f"{folder.name} in {folder}"
            source = f"cc_{module}.py"
            self._records.warning(source, f"Failed to run module {name} ({place})")
            raise RuntimeError(
                f"Runparts: {len(failed)} failures ({','.join(failed)})"
                f" in {len(programs)} attempted commands"
            )

    def _run(self, program: Path, environment: Mapping[str, str]) -> None:
        command = [str(program)]
        self._records.debug(
            "subp.py",
            f"Running command {command} with allowed return codes [0] (shell=False, capture=False)",
        )
        try:
            result = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False)
        except OSError as error:
            raise ProcessExecutionError(command, exit_code=None, reason=error) from error
        if result.returncode != 0:
            raise ProcessExecutionError(command, exit_code=result.returncode)


def _tee_output() -> None:
    """Send what this process and its children print to the console and to the log file."""
    _OUTPUT_LOG.parent.mkdir(parents=True, exist_ok=True)
    reading, writing = os.pipe()
    subprocess.Popen(["tee", "-a", str(_OUTPUT_LOG)], stdin=reading)
    os.dup2(writing, sys.stdout.fileno())
    os.dup2(writing, sys.stderr.fileno())
    os.close(reading)
    os.close(writing)


def _link_instance(instance_id: str) -> None:
    (_STATE / "instances" / instance_id).mkdir(parents=True, exist_ok=True)
    if not _INSTANCE.is_symlink():
        _INSTANCE.symlink_to(f"instances/{instance_id}")


def _of_kind(parts: Iterable[Part], kind: PartKind) -> list[Part]:
    return [part for part in parts if part.kind is kind]


def _is_first_time(name: str, folder: Path = _INSTANCE / "sem") -> bool:
    """Whether a deed is due that is done once; it counts as done from here on, as there."""
    marker = folder / name
    if marker.exists():
        return False
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()
    return True


def _store(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o700)
    return path
