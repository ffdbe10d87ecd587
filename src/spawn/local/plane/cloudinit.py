"""Runs an instance's user-data as cloud-init does; this is a process of its own on the instance.

1. Once per instance: public keys, the SSH host key's place in known files (both by `init`).
2. Each boot: boothooks, then `bootcmd`.
3. Once per instance: `write_files`.
4. The host key's fingerprints go to the console. cloud-init prints them after the user's
   scripts; here they come before, so that a script that never ends doesn't hold them up.
5. Scripts: those of each boot, then once per instance those of `runcmd` and of the user.

Everything that these print goes to the console and to /var/log/cloud-init-output.log.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import yaml

from spawn.local.plane.userdata import (
    Part,
    PartKind,
    UserDataError,
    boothook_program,
    split_user_data,
)

_STATE = Path("/var/lib/cloud")
_LOG = Path("/var/log/cloud-init-output.log")
_SUPPORTED_KEYS = ("bootcmd", "runcmd", "write_files")
_ONCE_KINDS = (PartKind.SCRIPT_PER_INSTANCE, PartKind.SCRIPT_PER_ONCE, PartKind.SCRIPT)


def run_user_data(
    instance_id: str,
    user_data: bytes | None,
    environment: Mapping[str, str],
    *,
    print_host_keys: Callable[[], None],
) -> None:
    """Do all of the above, in order; failures of the user's parts are told and passed over."""
    _tee_output()
    _say(f"Cloud-init v. spawn running 'init' at {_now()}.")
    parts = _read_parts(user_data)
    configuration = _configuration(parts)
    once = _mark_first_run(instance_id)
    hook_environment = {**environment, "INSTANCE_ID": instance_id}
    for part in _of_kind(parts, PartKind.BOOTHOOK):
        _run(_store("handlers", part.name, boothook_program(part.content)), hook_environment)
    _run_commands("bootcmd", configuration.get("bootcmd"), hook_environment)
    if once:
        _write_files(configuration.get("write_files"))
    print_host_keys()
    for part in _of_kind(parts, PartKind.SCRIPT_PER_BOOT):
        _run(_store("scripts/per-boot", part.name, part.content), environment)
    if once:
        _run_once(parts, configuration, environment)
    _say(f"Cloud-init v. spawn finished at {_now()}. Datasource DataSourceEc2Local.")


def _run_once(
    parts: tuple[Part, ...], configuration: Mapping[str, object], environment: Mapping[str, str]
) -> None:
    _run_commands("runcmd", configuration.get("runcmd"), environment)
    for kind in _ONCE_KINDS:
        for part in _of_kind(parts, kind):
            _run(_store("instance/scripts", part.name, part.content), environment)


def _tee_output() -> None:
    """Send what this process and its children print to the console and to the log file."""
    _LOG.parent.mkdir(parents=True, exist_ok=True)
    reading, writing = os.pipe()
    subprocess.Popen(["tee", "-a", str(_LOG)], stdin=reading)
    os.dup2(writing, sys.stdout.fileno())
    os.dup2(writing, sys.stderr.fileno())
    os.close(reading)
    os.close(writing)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _now() -> str:
    return datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")


def _read_parts(user_data: bytes | None) -> tuple[Part, ...]:
    try:
        parts = split_user_data(user_data or b"")
    except UserDataError as error:
        _say(f"[WARNING]: Failed to read user-data: {error}")
        return ()
    for part in _of_kind(parts, PartKind.UNHANDLED):
        # cloud-init's own words; the text is shown cut, as there.
        start = repr(part.content[:24])
        _say(f"[WARNING]: Unhandled non-multipart ({part.declared_type}) userdata: '{start}...'")
    return parts


def _of_kind(parts: Iterable[Part], kind: PartKind) -> Iterable[Part]:
    return [part for part in parts if part.kind is kind]


def _configuration(parts: tuple[Part, ...]) -> Mapping[str, object]:
    """The `#cloud-config` parts as one mapping; of two that name a key, the later wins."""
    merged: dict[str, object] = {}
    for part in _of_kind(parts, PartKind.CLOUD_CONFIG):
        try:
            found = yaml.safe_load(part.content)
        except yaml.YAMLError as error:
            _say(f"[WARNING]: Failed at parsing {part.name} as cloud-config: {error}")
            continue
        if isinstance(found, dict):
            merged |= {str(key): value for key, value in found.items()}
    for key in sorted(set(merged) - set(_SUPPORTED_KEYS)):
        _say(f"[WARNING]: cloud-config '{key}' is not supported by the embedded cloud")
    return merged


def _mark_first_run(instance_id: str) -> bool:
    marker = _STATE / "instances" / instance_id / "boot-finished"
    if marker.exists():
        return False
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()
    return True


def _store(folder: str, name: str, content: bytes) -> Path:
    path = _STATE / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o700)
    return path


def _run(program: Path, environment: Mapping[str, str]) -> None:
    try:
        result = subprocess.run(
            [str(program)], env=environment, stdin=subprocess.DEVNULL, check=False
        )
    except OSError as error:
        hint = ". Missing #! in script?" if error.errno == 8 else ""  # ENOEXEC
        _say(f"[WARNING]: Failed running {program} [{error.strerror}{hint}]")
        return
    if result.returncode != 0:
        _say(f"[WARNING]: Failed running {program} [{result.returncode}]")


def _run_commands(name: str, commands: object, environment: Mapping[str, str]) -> None:
    """Run a list of commands as one shell script, as cloud-init does."""
    if not isinstance(commands, list):
        return
    lines = [command_line(command) for command in cast("list[object]", commands)]
    script = "#!/bin/sh\n" + "\n".join(lines) + "\n"
    _run(_store("instance/scripts", name, script.encode()), environment)


def command_line(command: object) -> str:
    """One entry of `runcmd`: a list is an argument vector, anything else a line for the shell."""
    if isinstance(command, list):
        return shlex.join(str(word) for word in cast("list[object]", command))
    return str(command)


def _write_files(entries: object) -> None:
    if not isinstance(entries, list):
        return
    for entry in cast("list[object]", entries):
        if isinstance(entry, dict) and "path" in entry:
            _write_file(cast("dict[str, object]", entry))


def _write_file(entry: Mapping[str, object]) -> None:
    path = Path(str(entry["path"]))
    try:
        content = file_content(str(entry.get("content", "")), str(entry.get("encoding", "")))
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab" if entry.get("append") else "wb") as file:
            file.write(content)
        path.chmod(int(str(entry.get("permissions", "0644")), 8))
    except (OSError, ValueError, EOFError) as error:
        _say(f"[WARNING]: Failed to write {path}: {error}")


def file_content(text: str, encoding: str) -> bytes:
    """What `write_files` puts into a file. Raises ValueError for content that can't be decoded."""
    kinds = encoding.lower().split("+")
    content = text.encode()
    if "b64" in kinds or "base64" in kinds:
        try:
            content = base64.b64decode(content)
        except binascii.Error as error:
            raise ValueError(f"not base64: {error}") from error
    return gzip.decompress(content) if {"gz", "gzip"} & set(kinds) else content
