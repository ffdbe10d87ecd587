"""An authority of one's own, and instances that admit its certificates and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.boxes import REGION, Box, launched
from tests.tools.clouds import Cloud
from tests.tools.loaded import loaded_spawn
from tests.tools.programs import Finished, Program, run

pytestmark = pytest.mark.e2e

HERE = ("--region", REGION)


@pytest.fixture(scope="module")
def person(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """`spawn` of somebody who has an authority with its key in a file."""
    home = tmp_path_factory.mktemp("authority") / "home"
    spawn = loaded_spawn(cloud.environment(home), home)
    assert spawn("ssh-ca", "init").code == 0
    return spawn


@pytest.fixture(scope="module")
def certified(cloud: Cloud, person: Program) -> Iterator[Box]:
    """An instance that admits the authority's certificates alone."""
    with launched(person, cloud, "--ttl", "30m", "--ssh-ca", "--name", "certified") as running:
        yield running


def ssh(box: Box, config: Path, *words: str) -> Finished:
    """Run plain ssh with a configuration of spawn's."""
    words = ("ssh", "-F", str(config), *words)
    return run(words, environment=box.spawn.environment, directory=box.spawn.directory)


def configuration(box: Box) -> Path:
    """Write what `spawn ssh-config` prints."""
    done = box.spawn("ssh-config", box.id, *HERE)
    assert done.code == 0, done.stderr
    place = box.spawn.directory / "config"
    place.write_text(done.stdout)
    return place


def showing(config: Path, certificate: str) -> Path:
    """Write the same configuration with another certificate in the place of one's own."""
    lines = config.read_text().splitlines(keepends=True)
    kept = [line for line in lines if "Match " not in line and "CertificateFile" not in line]
    place = config.with_name("config-of-another")
    place.write_text("".join((*kept, f"    CertificateFile {certificate}\n")))
    return place


def signed(box: Box, name: str, *words: str) -> str:
    """Have a certificate signed for one's own key; where it is."""
    place = str(box.spawn.directory / name)
    done = box.spawn("ssh-ca", "sign", "--to", place, *words, *HERE, "-o", "json")
    assert done.code == 0, done.stderr
    return place


def gets_in(box: Box, certificate: str) -> bool:
    """Whether plain ssh gets in with a certificate, and the person's own key behind it."""
    done = ssh(box, showing(configuration(box), certificate), box.id, "echo", "in")
    assert (done.stdout == "in\n") or "Permission denied" in done.stderr, done.stderr
    return done.code == 0


def owner_of(box: Box) -> str:
    """The owner that its tags name."""
    return next(str(tag["Value"]) for tag in box.described()["Tags"] if tag["Key"] == "owner")


def test_certificates_get_in_and_nothing_else(certified: Box) -> None:
    """`spawn connect` signs by itself; other owners' names, other keys and the bare key fail."""
    shown = certified.described()
    authority = certified.spawn("ssh-ca", "init", "-o", "json").document()["fingerprint"]
    assert "KeyName" not in shown
    assert {"Key": "spawn:ssh-ca", "Value": f"{authority} 0"} in shown["Tags"]
    reached = certified.run("echo", "in")
    assert (reached.code, reached.stdout) == (0, "in\n"), reached.stderr
    state = Path(certified.spawn.environment["XDG_STATE_HOME"]) / "spawn"
    assert not [*state.rglob("*-cert.pub")]

    owner = owner_of(certified)
    assert gets_in(certified, signed(certified, "own", "--principal", f"owner:{owner}"))
    assert not gets_in(certified, signed(certified, "other", "--principal", "owner:mallory"))
    assert not gets_in(certified, signed(certified, "login", "--principal", "ec2-user"))
    assert not gets_in(certified, "none")


def test_plain_ssh_signs_when_it_starts(certified: Box) -> None:
    """What `spawn ssh-config` writes has ssh sign, log in, forward, and sign once for both."""
    config = configuration(certified)
    for _ in range(2):
        done = ssh(certified, config, "certified", "echo", "in")
        assert (done.code, done.stdout) == (0, "in\n"), done.stderr
    led_on = ssh(certified, config, "-W", "127.0.0.1:22", certified.id)
    assert led_on.stdout.startswith("SSH-2.0-"), led_on.stderr
    state = Path(certified.spawn.environment["XDG_STATE_HOME"]) / "spawn"
    assert len([*state.rglob("*-cert.pub")]) == 1


def test_ports_are_forwarded_only_where_that_was_signed(certified: Box) -> None:
    """A certificate for a shell leads nowhere else; one with forwarding does."""
    owner = f"owner:{owner_of(certified)}"
    for words, leads in (((), False), (("--forwarding",), True)):
        place = signed(certified, f"c{leads}", "--principal", owner, *words)
        config = showing(configuration(certified), place)
        done = ssh(certified, config, "-W", "127.0.0.1:22", certified.id)
        assert done.stdout.startswith("SSH-2.0-") == leads, done.stderr


def test_what_is_revoked_is_out_once_it_was_brought_there(certified: Box) -> None:
    """Which instances lack the list is said; after `trust` the certificate admits no more."""
    spawn, owner = certified.spawn, f"owner:{owner_of(certified)}"
    gone = signed(certified, "gone", "--principal", owner, "--valid", "1h")
    revoked = spawn("ssh-ca", "revoke", gone, "--yes", *HERE)
    assert revoked.code == 0, revoked.stderr
    assert f"spawn ssh-ca trust {certified.id}" in revoked.stdout
    assert "older revocation list" in spawn("ssh-ca", "status", *HERE).stdout
    assert gets_in(certified, gone)
    trusted = spawn("ssh-ca", "trust", certified.id, "--yes", *HERE)
    assert trusted.code == 0, trusted.stderr
    assert not gets_in(certified, gone)
    assert certified.run("true").code == 0
    (row,) = spawn("ssh-ca", "status", *HERE, "-o", "json").document()["instances"]
    assert (row["admits"], row["number"]) == ("certificates", 1)


def test_an_instance_that_runs_learns_to_trust(box: Box) -> None:
    """A launch with a key admits certificates afterwards, and the key no more."""
    spawn = box.spawn
    nobody = spawn("ssh-ca", "trust", box.id, "--yes", *HERE)
    assert (nobody.code, "spawn ssh-ca init" in nobody.stderr) == (2, True)
    assert spawn("ssh-ca", "init").code == 0
    state = Path(spawn.environment["XDG_STATE_HOME"]) / "spawn"

    # An authority that can't sign must lock nobody out.
    key = state / "ssh-ca" / "key"
    key.rename(key.with_name("away"))
    failed = spawn("ssh-ca", "trust", box.id, "--yes", *HERE)
    assert failed.code == 1
    assert f"{box.id} admits what it admitted before" in failed.stderr
    assert box.sh("cat /etc/ssh/sshd_config.d/*").count("TrustedUserCAKeys") == 0
    assert box.run("true").code == 0
    key.with_name("away").rename(key)

    trusted = spawn("ssh-ca", "trust", box.id, "--yes", *HERE)
    assert trusted.code == 0, trusted.stderr
    assert box.run("true").code == 0
    assert not gets_in(box, "none")
    assert box.sh("ls /run | grep spawn-trust || true") == ""
