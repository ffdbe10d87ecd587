"""Secrets on a machine with several users: whom the kernel, systemd and logins let at them.

One machine for all tests, which follow each other: the last ones are after a reboot.
"""

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest

from spawn.core.instants import format_instant
from spawn.launch.agent import agent_boothook, read_agent_source
from spawn.launch.secret_delivery import guarded
from spawn.launch.userdata import assemble
from spawn.local.world import RoleCredentials
from tests.e2e.boxes import wait_for
from tests.vm.conftest import Boot
from tests.vm.machine import SECRETS_ADDRESS, Machine

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1800)]

VALUE, NEW = "canary-5b1e of a machine\n", "canary-9c2f rotated"
FILE = "/run/spored/secrets/API_KEY"
SCRIPT = b"""\
#!/bin/sh
echo "the script has $(wc -c <"$API_KEY_FILE") characters"
systemctl is-active spored-imds spored-secrets
"""
ORDERS = {
    "user": "debian",
    "services": {"secretsmanager": f"us-west-2/secretsmanager http://{SECRETS_ADDRESS}"},
    "secrets": [
        {"name": "API_KEY", "service": "secretsmanager", "id": "app", "key": "", "env": False}
    ],
}
ROLE = RoleCredentials(
    role_name="reads",
    instance_profile_arn="arn:aws:iam::123456789012:instance-profile/reads",
    instance_profile_id="AIPAEXAMPLE",
    access_key_id="ASIAEXAMPLE",
    secret_access_key="example",
    token="example",
    last_updated="2026-01-27T09:30:00Z",
    expiration="2099-01-27T09:30:00Z",
)
# What `Metadata` does, by whoever runs it: the name of the error, or that it was answered.
ASK = (
    "import socket\n"
    "try: socket.create_connection(('169.254.169.254', 80), 5); print('answered')\n"
    "except OSError as error: print(type(error).__name__)\n"
)


@pytest.fixture(scope="module")
def machine(boot: Boot) -> Machine:
    """A machine that is told of a secret; it has time for two boots."""
    now = datetime.now(UTC)
    ends = now + timedelta(minutes=50)
    tags = {"spawn:expires-at": format_instant(ends)}
    boothook = agent_boothook(read_agent_source(), tags, now=now, expires_at=ends, secrets=ORDERS)
    sent = b64encode(assemble(boothook, guarded(SCRIPT, flag="-"), flag="-")).decode()
    machine = boot(SCRIPT, user_data=sent, tags=tags, credentials=ROLE)
    machine.keep_secret(VALUE)
    return machine


@pytest.fixture(scope="module")
def visited(machine: Machine) -> Machine:
    """The machine, once its script ran and it admits logins; it has another user besides."""
    machine.await_console("the script has ")
    machine.await_login()
    machine.sh("sudo useradd --create-home other")
    return machine


def asked_by(machine: Machine, *users: str) -> list[str]:
    """What comes of it when these users ask for metadata."""
    script = f"cat >/tmp/ask.py <<'EOF'\n{ASK}EOF\n"
    script += "".join(f"sudo -u {user} python3 /tmp/ask.py\n" for user in users)
    return machine.sh(script).split()


def test_the_script_starts_with_its_secret(machine: Machine) -> None:
    """It runs once both units have done their work, and not before."""
    shown = machine.await_console("the script has ")
    assert f"the script has {len(VALUE)} characters" in shown
    machine.await_console("spored: secrets: ready")
    assert shown.index("spored: 1 ") < shown.index("the script has ")


def test_a_login_finds_it_by_its_variable(visited: Machine) -> None:
    """A single command over SSH has the path in its environment, and its user reads the file."""
    assert visited.sh("cat $API_KEY_FILE") == VALUE
    assert visited.sh("spored secrets exec -- sh -c 'cat $API_KEY_FILE'") == VALUE
    assert visited.sh(f"stat -c '%a %U' {FILE}") == "400 debian\n"


def test_no_other_user_reads_it(visited: Machine) -> None:
    """Another user can neither read the file, nor list where it is, nor see how long it is."""
    for words in (f"cat {FILE}", f"ls {FILE.rpartition('/')[0]}", f"stat {FILE}"):
        refused = visited.run(f"sudo -u other {words}")
        assert refused.code != 0
        assert "Permission denied" in refused.stderr
    refused = visited.run("sudo -u other spored secrets refresh")
    assert "root alone" in refused.stderr


def test_no_other_user_reaches_metadata(visited: Machine) -> None:
    """Root and the secrets' user are answered; whoever else is refused at once."""
    found = asked_by(visited, "root", "debian", "other", "nobody")
    assert found == ["answered", "answered", "PermissionError", "PermissionError"]


def test_networkd_leaves_the_rules_alone(visited: Machine) -> None:
    """A restart of systemd-networkd, which removes what others have made, removes none of them."""
    visited.sh("sudo ip rule add pref 9 to 198.51.100.1 lookup main")
    visited.sh("sudo systemctl restart systemd-networkd && sleep 2")
    assert asked_by(visited, "debian", "other") == ["answered", "PermissionError"]
    shown = visited.sh("systemctl is-active systemd-networkd; ip rule")
    assert shown.startswith("active")
    assert "198.51.100.1" not in shown


def test_a_unit_is_given_it_as_a_credential(visited: Machine) -> None:
    """systemd hands it to a service of a user who could not read the file."""
    unit = f"-q --wait --pipe --collect -p DynamicUser=yes -p LoadCredential=KEY:{FILE}"
    command = "'id -u; cat $CREDENTIALS_DIRECTORY/KEY'"
    user, _, value = visited.sh(f"sudo systemd-run {unit} sh -c {command}").partition("\n")
    assert int(user) > 60_000
    assert value == VALUE


def test_a_rotation_replaces_the_file(visited: Machine) -> None:
    """`spored secrets refresh`, outside of the unit, leaves the file as closed as it was."""
    visited.keep_secret(NEW)
    visited.sh("sudo spored secrets refresh")
    assert visited.sh("cat $API_KEY_FILE") == NEW
    assert visited.sh(f"stat -c '%a %U' {FILE}") == "400 debian\n"


def test_an_agent_that_starts_again_leaves_the_files_alone(visited: Machine) -> None:
    """systemd sets up the agent's directory anew, and neither opens nor takes what is in there."""
    visited.sh("sudo systemctl restart spored")
    wait_for(lambda: visited.sh("systemctl is-active spored") == "active\n", "it", seconds=60)
    assert visited.sh(f"sudo stat -c '%a %U' {FILE.rpartition('/')[0]} {FILE}").split() == [
        *("710", "root"),
        *("400", "debian"),
    ]


def test_the_units_are_confined(visited: Machine) -> None:
    """systemd has put their hardening in force, and nobody has anything to complain of."""
    for unit in ("spored-secrets", "spored-imds"):
        judged = visited.sh(f"systemd-analyze security --no-pager {unit}").splitlines()[-1]
        assert "OK" in judged
        assert not visited.sh(f"sudo journalctl -b -q -u {unit} -p warning")
    assert not visited.sh("sudo journalctl -b -q | grep -i 'ordering cycle' || true")
    assert not visited.sh("sudo grep -E 'WARNING|ERROR|Traceback' /var/log/cloud-init.log || true")
    assert visited.sh("sudo journalctl -b -q | grep -c 'canary-' || true") == "0\n"


def test_after_a_reboot_metadata_are_closed_before_users_start(visited: Machine) -> None:
    """The rules are there before the system is up; the secrets are fetched again, by the unit."""
    visited.sh("sudo systemctl --no-block reboot")
    visited.await_console("reboot: machine restart")
    visited.await_login()
    wait_for(
        lambda: visited.sh("systemctl is-active spored-secrets || true") == "active\n",
        "the secrets",
        seconds=visited.accelerator.boot_seconds,
    )
    assert visited.sh("cat $API_KEY_FILE") == NEW
    assert asked_by(visited, "root", "debian", "other") == [
        *("answered", "answered", "PermissionError")
    ]
    done, up = (
        int(visited.sh(f"systemctl show -P {name} {unit}"))
        for name, unit in (
            ("ExecMainExitTimestampMonotonic", "spored-imds"),
            ("ActiveEnterTimestampMonotonic", "sysinit.target"),
        )
    )
    assert 0 < done <= up
