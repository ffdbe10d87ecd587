"""The command lines of poweroff, halt, reboot and shutdown."""

import pytest

from spawn.local.plane.kernel import RB_AUTOBOOT, RB_HALT, RB_POWER_OFF
from spawn.local.plane.power import PowerOrder, UsageError, parse_order


@pytest.mark.parametrize(
    ("line", "order"),
    [
        ("poweroff", PowerOrder(RB_POWER_OFF)),
        ("poweroff -f", PowerOrder(RB_POWER_OFF, at_once=True)),
        ("poweroff --reboot", PowerOrder(RB_AUTOBOOT)),
        ("halt", PowerOrder(RB_HALT)),
        ("halt -p", PowerOrder(RB_POWER_OFF)),
        ("reboot", PowerOrder(RB_AUTOBOOT)),
        ("shutdown now", PowerOrder(RB_POWER_OFF)),
        ("shutdown -h now the end is near", PowerOrder(RB_POWER_OFF)),
        ("shutdown -r +0", PowerOrder(RB_AUTOBOOT)),
        ("shutdown -P +5", PowerOrder(RB_POWER_OFF, delay_seconds=300.0)),
        ("shutdown", PowerOrder(RB_POWER_OFF, delay_seconds=60.0)),
        ("shutdown -c", PowerOrder(None)),
    ],
)
def test_command_lines(line: str, order: PowerOrder) -> None:
    """Each means what its manual page says."""
    program, *arguments = line.split(" ")
    assert parse_order(program, arguments) == order


@pytest.mark.parametrize("line", ["shutdown 23:00", "shutdown +x", "systemctl poweroff"])
def test_what_is_not_understood_is_refused(line: str) -> None:
    """A time of day and systemd's own commands are refused, never taken for something else."""
    program, *arguments = line.split(" ")
    with pytest.raises(UsageError):
        parse_order(program, arguments)
