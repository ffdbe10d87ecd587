"""sshd on a real boot: it has its settings before it starts, and cloud-init can not undo them."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from spawn.launch.sshd import SshdOrders, sshd_update
from tests.tools.programs import Finished, run
from tests.vm.conftest import Boot
from tests.vm.machine import Machine

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1500)]

PASSWORD = "not a secret"
# What cloud-init can be told against it: it writes 50-cloud-init.conf, and restarts sshd.
LAX = """#cloud-config
ssh_pwauth: true
disable_root: false
"""
DROP_INS = "/etc/ssh/sshd_config.d"


@pytest.fixture(scope="module")
def machine(boot: Boot) -> Machine:
    """A machine whose cloud-init is done, and which the launch's key opens."""
    machine = boot(LAX.encode())
    # A slow machine would come to its end date while it is asked.
    machine.move_end(timedelta(minutes=20))
    machine.await_console("finished at")
    machine.await_login()
    machine.sh(f"printf 'debian:{PASSWORD}\\nroot:{PASSWORD}\\n' | sudo chpasswd")
    return machine


def log_in(machine: Machine, user: str, *options: str) -> Finished:
    """Log in by ssh, which says how it went on standard error."""
    *words, _ = machine.ssh
    # Of an option that is given twice the first one counts.
    command = (
        words[0],
        "-o",
        "LogLevel=DEBUG",
        *options,
        *words[1:],
        f"{user}@127.0.0.1",
        "id -un",
    )
    asking = machine.directory / "ask"
    asking.write_text(f"#!/bin/sh\necho '{PASSWORD}'\n", encoding="ascii")
    asking.chmod(0o755)
    environment = {**machine.environment, "SSH_ASKPASS": str(asking)}
    environment["SSH_ASKPASS_REQUIRE"] = "force"
    return run(command, environment=environment, directory=machine.directory)


def methods(finished: Finished) -> set[str]:
    """The ways in that the server offered."""
    return set(re.findall(r"Authentications that can continue: (\S+)", finished.stderr))


def test_the_settings_are_there_before_sshd_is(machine: Machine) -> None:
    """sshd's first start is later than its settings, and no boot begins with passwords."""
    written = int(machine.sh(f"stat -c %Y {DROP_INS}/00-spawn.conf"))
    began = "journalctl -b -u ssh -o short-unix | grep -m 1 'Server listening' | cut -d. -f1"
    assert written <= int(machine.sh(f"sudo {began}"))
    assert "sshd does not take" not in machine.console()


def test_cloud_init_can_not_bring_passwords_back(machine: Machine) -> None:
    """Its drop-in says yes, and comes second: keys alone are offered, and passwords refused."""
    assert "PasswordAuthentication yes" in machine.sh(f"sudo cat {DROP_INS}/50-cloud-init.conf")
    for user in ("debian", "root"):
        refused = log_in(machine, user, "-o", "PubkeyAuthentication=no")
        assert refused.code == 255
        assert methods(refused) == {"publickey"}


def test_root_does_not_log_in(machine: Machine) -> None:
    """The launch's key is among root's, as was asked for, and is refused for root."""
    assert "ssh-ed25519" in machine.sh("sudo cat /root/.ssh/authorized_keys")
    assert log_in(machine, "debian").stdout == "debian\n"
    assert "Permission denied (publickey)" in log_in(machine, "root").stderr


def test_a_ca_that_comes_later_is_the_only_way_in(machine: Machine) -> None:
    """A running sshd admits certificates from then on, and no key; a broken CA changes nothing."""
    for name in ("ca", "foreign"):
        make = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", name)
        run(make, environment=machine.environment, directory=machine.directory)
    key = (machine.directory / "ca.pub").read_text(encoding="ascii").strip()
    orders = SshdOrders(login_user="debian", ca_keys=(key,), principals=("ana",))
    broken = update(machine, replace(orders, revoked=b"SSHKRL\n\0cut"))
    assert broken.code == 1
    assert log_in(machine, "debian").stdout == "debian\n"
    assert update(machine, orders).code == 0
    assert "Permission denied (publickey)" in log_in(machine, "debian").stderr
    for authority, life, code in (
        ("ca", "+1h", 0),
        ("foreign", "+1h", 255),
        ("ca", "-1h:-1m", 255),
    ):
        words = ("ssh-keygen", "-q", "-s", authority, "-I", "x", "-n", "ana", "-V", life, "key.pub")
        run(words, environment=machine.environment, directory=machine.directory)
        assert log_in(machine, "debian").code == code
    refused = log_in(machine, "debian", "-o", "PubkeyAuthentication=no")
    assert methods(refused) == {"publickey"}


def update(machine: Machine, orders: SshdOrders) -> Finished:
    """Bring a CA to the machine, as `spawn ssh-ca trust` does."""
    words = (*machine.ssh, "sudo sh -s")
    return run(
        words,
        environment=machine.environment,
        directory=machine.directory,
        stdin=sshd_update(orders),
    )
