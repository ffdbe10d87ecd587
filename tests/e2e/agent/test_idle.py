"""An instance ends once it was idle for as long as was said, and not while anything works on it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.e2e.boxes import HOME_ADDRESS, REGION, Box, launched, wait_for
from tests.tools.clouds import Cloud
from tests.tools.loaded import loaded_spawn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

IDLE = ("--ttl", "1h", "--idle-timeout", "30s")
# Some kilobytes a second to nobody: more than chatter, and next to no work for the processor.
TRAFFIC = """
nohup python3 -c '
import socket, time
to = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    for _ in range(10):
        to.sendto(bytes(1400), ("172.31.255.254", 9))
    time.sleep(0.4)
' >/dev/null 2>&1 &
"""
# The driver is asked when the agent begins, before the script is run, and then each minute.
BUSY_CARD = """#!/bin/sh
printf '#!/bin/sh\\necho 90\\n' >/usr/local/bin/nvidia-smi
chmod 755 /usr/local/bin/nvidia-smi
"""
WITH_CARD = ("--ttl", "1h", "--instance-type", "g4dn.xlarge", "--idle-timeout", "80s")
IDLE_WOULD_BE_OVER_SECONDS = 110.0
WORK = {
    "a processor": "nohup sh -c 'while :; do :; done' >/dev/null 2>&1 &",
    "the network": TRAFFIC,
    "a program": "nohup sleep 1000 >/dev/null 2>&1 &",
}


@contextmanager
def logged_in(box: Box) -> Iterator[None]:
    """Somebody is logged in, and does nothing."""
    words = [str(box.spawn.path), "connect", box.id, "--region", REGION, "--", "cat"]
    environment = {**box.spawn.environment, "SPAWN_CLOUD_SOURCE": HOME_ADDRESS}
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        words, env=environment, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet
    ) as session:
        try:
            yield
        finally:
            session.kill()


def test_it_ends_when_idle_and_not_before(
    cloud: Cloud, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Of those that were launched alike, the one where nothing happens ends; the others live."""
    home = tmp_path_factory.mktemp("idle") / "home"
    environment = cloud.environment(home)
    spawn = loaded_spawn(environment, home)
    with ExitStack() as running:
        began = time.monotonic()
        card = running.enter_context(launched(spawn, cloud, *WITH_CARD, "--user-data", BUSY_CARD))
        busy = {}
        for name, script in WORK.items():
            of_program = ("--active-processes", "sleep") if name == "a program" else ()
            busy[name] = running.enter_context(launched(spawn, cloud, *IDLE, *of_program))
            busy[name].root(script)
        busy["a login"] = running.enter_context(launched(spawn, cloud, *IDLE))
        running.enter_context(logged_in(busy["a login"]))
        idle = running.enter_context(launched(spawn, cloud, *IDLE))
        ended = idle.await_state("terminated", seconds=90)
        assert ended["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
        assert "preparing: power off idle for" in idle.console()
        states = {name: box.described()["State"]["Name"] for name, box in busy.items()}
        assert states == dict.fromkeys(busy, "running")
        busy["a processor"].root("pkill -f '[w]hile :; do :'")
        busy["a processor"].await_state("terminated", seconds=90)
        over = began + IDLE_WOULD_BE_OVER_SECONDS
        wait_for(lambda: time.monotonic() > over, "the time", seconds=IDLE_WOULD_BE_OVER_SECONDS)
        assert card.described()["State"]["Name"] == "running"
