"""The shell that travels to instances is shell as shellcheck would have it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from spawn.launch.agent import read_agent_source
from spawn.launch.bootstrap import boothook
from spored import agent, gpu, hook, power

SHELLCHECK = Path(sys.executable).with_name("shellcheck")
# What cloud-init makes a program of: all behind the line that tells it what part it is.
BOOTHOOK = boothook(read_agent_source(), {}).decode("ascii").partition("\n")[2]
SCRIPTS = {
    "the boothook": BOOTHOOK,
    "the end of processes": power.END_PROCESSES,
    "powering off": power.POWER_OFF,
    "the pre-stop hook": hook.RUN,
    "the probe of a GPU": gpu.ASK,
    "the host key": agent.ASK_FOR_KEY,
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_shellcheck_has_nothing_to_say(name: str) -> None:
    """No warning, as POSIX's shell."""
    words = (SHELLCHECK, "--norc", "--shell=sh", "-")
    done = subprocess.run(words, input=SCRIPTS[name], capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert done.returncode == 0
