"""What does not want to stop does not keep a machine on."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.vm.conftest import Boot

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1500)]

# systemd waits for it for ever, and would not power off.
STUCK_SERVICE = b"""\
#!/bin/sh
cat >/etc/systemd/system/stuck.service <<END
[Service]
ExecStart=/bin/sleep infinity
ExecStop=/bin/sleep infinity
TimeoutStopSec=infinity
END
systemctl start stuck
echo "stuck is $(systemctl is-active stuck)"
"""
# The agent's `step.LASTS`: ten seconds for processes to end, then two minutes for the rest.
PATIENCE, PUNCTUAL = timedelta(seconds=130), timedelta(seconds=30)


def test_force_ends_what_will_not_stop(boot: Boot) -> None:
    """With a service that hangs while it is stopped, the machine is off 130 s past its end date."""
    machine = boot(STUCK_SERVICE)
    machine.await_console("stuck is active")
    left = machine.due - datetime.now(UTC) + PATIENCE + 2 * PUNCTUAL
    ended = machine.await_end(left.total_seconds())
    shown = machine.console()
    assert "spored: powering off" in shown
    # What is forced is neither announced nor done by systemd: the deed comes before the words.
    assert "systemd-shutdown" not in shown
    assert machine.due + PATIENCE - PUNCTUAL <= ended <= machine.due + PATIENCE + PUNCTUAL
