"""A program in the place of AWS's session-manager-plugin: it writes down how it was started."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

CURRENT_VERSION = "1.2.764.0"
RESPONSE_VARIABLE = "AWS_SSM_START_SESSION_RESPONSE"
# What the agent on an instance needs (Systems Manager user guide, "Minimum Session Manager
# permissions").
AGENT_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "ssm:UpdateInstanceInformation",
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
            ],
            "Resource": "*",
        }
    ],
}
# Says its version as the plugin does; else keeps what it was given, and whether the token that it
# was given stands on the command line of any process of the machine; then echoes its input.
_SCRIPT = """\
#!{python}
import json, pathlib, sys
if sys.argv[1:] == ["--version"]:
    print({version!r})
    sys.exit({version_code})
import os
response = os.environ.get("AWS_SSM_START_SESSION_RESPONSE", "")
token = json.loads(response)["TokenValue"] if response else ""
shown = []
for place in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    try:
        words = place.read_bytes().split(b"\\0")
    except OSError:
        continue
    if token and any(token.encode() in word for word in words):
        shown.append(str(place))
given = sys.stdin.read() if {echoes} else ""
record = dict(words=sys.argv[1:], response=response, shown=shown, stdin=given, pid=os.getpid())
pathlib.Path({record!r}).write_text(json.dumps(record))
sys.stdout.write(given)
sys.exit({code})
"""


@dataclass(frozen=True)
class RecordingPlugin:
    """The program's directory, to stand on a search path, and what it wrote down."""

    directory: Path

    @property
    def was_started(self) -> bool:
        """Whether it was started for a session."""
        return self._record.exists()

    @property
    def record(self) -> dict[str, Any]:
        """What it was started with. Raises FileNotFoundError where it was not."""
        found: dict[str, Any] = msgspec.json.decode(self._record.read_bytes())
        return found

    @property
    def _record(self) -> Path:
        return self.directory / "record.json"

    def install(
        self,
        *,
        version: str = CURRENT_VERSION,
        version_code: int = 0,
        code: int = 0,
        echoes: bool = False,
    ) -> None:
        """Put it there; it tells this version, and ends a session with this exit code."""
        self.directory.mkdir(exist_ok=True)
        program = self.directory / "session-manager-plugin"
        text = _SCRIPT.format(
            python=sys.executable,
            version=version,
            version_code=version_code,
            code=code,
            echoes=echoes,
            record=str(self._record),
        )
        program.write_text(text, encoding="utf-8")
        program.chmod(0o700)


def install_relay(directory: Path, address: str, port: int = 22) -> None:
    """Put a plugin there that carries its bytes to an instance's port, as the real one does.

    By the embedded cloud's own way: what of a session is AWS's to show can't be shown here.
    """
    directory.mkdir(exist_ok=True)
    program = directory / "session-manager-plugin"
    relay = shlex.join((sys.executable, "-m", "spawn.local.proxy", address, str(port)))
    program.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && exec echo {CURRENT_VERSION}\nexec {relay}\n'
    )
    program.chmod(0o755)
