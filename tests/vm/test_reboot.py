"""A reboot disarms nothing, whatever metadata say afterwards."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.vm.conftest import Boot
from tests.vm.machine import Machine

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1500)]

REBOOT = b"#!/bin/sh\necho the script ran\n"
PUNCTUAL = timedelta(minutes=1)


@pytest.fixture(scope="module")
def machine(boot: Boot) -> Machine:
    """A machine that was rebooted, and has no metadata since."""
    machine = boot(REBOOT)
    machine.await_console("the script ran")
    machine.await_login()
    machine.switch_metadata_off()
    machine.run("sudo systemctl reboot")
    machine.await_console("reboot: machine restart")
    return machine


def second_boot(machine: Machine) -> str:
    """What the console has shown since the reboot."""
    return machine.console().partition("reboot: machine restart")[2]


def test_the_unit_comes_up_by_itself_and_early(machine: Machine) -> None:
    """Before cloud-init has looked for metadata, which are not to be had, the agent is there."""
    machine.await_console("IMDS's HTTP endpoint is probably disabled")
    shown = second_boot(machine)
    started = shown.index("Started \x1b[0;1;39mspored.service")
    assert started < shown.index("running 'init-local'")


def test_the_end_date_is_known_without_metadata(machine: Machine) -> None:
    """The first heartbeat of the second boot bears the end date that was kept."""
    machine.await_console("spored: 1 ")
    beats = machine.beats()
    firsts = [beat for beat in beats if beat.number == 1]
    assert [beat.until for beat in firsts] == [machine.due, machine.due]


def test_the_end_date_holds(machine: Machine) -> None:
    """The machine powers off at the date that its launch gave it."""
    ended = machine.await_end((machine.due - datetime.now(UTC) + 2 * PUNCTUAL).total_seconds())
    assert machine.due <= ended <= machine.due + PUNCTUAL
