"""What the boothook does to sshd, with a real one: who gets in before, and who does after."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from spawn.connect.publickey import parse_public_key
from spawn.connect.ssh_ca.building import certificate_line, unsigned
from spawn.connect.ssh_ca.kms_forms import public_key_from_kms, signature_from_kms
from spawn.connect.ssh_ca.signing import wanted_certificate
from spawn.launch.sshd import SshdOrders, sshd_part, sshd_update
from tests.tools.programs import Finished
from tests.tools.sshd import SshdMachine, lacks

pytestmark = pytest.mark.skipif(bool(lacks()), reason=lacks())

PLAIN = SshdOrders(login_user="admin")
SETTINGS = "etc/ssh/sshd_config.d/00-spawn.conf"
CA_SETTINGS = "etc/ssh/sshd_config.d/00-spawn-ca.conf"
VALID = ("-I", "ana@laptop", "-n", "ana", "-V", "-1m:+5m")


@pytest.fixture
def machine(tmp_path: Path) -> SshdMachine:
    """A machine that admits ana's key, and every account by its password, root included."""
    machine = SshdMachine(tmp_path)
    key = machine.make_key("ana")
    for user in ("admin", "root"):
        machine.authorize(user, key)
    return machine


@pytest.fixture
def running(machine: SshdMachine) -> Iterator[SshdMachine]:
    """The same, up, and its sshd not started yet: a boothook comes before it."""
    with machine.up():
        yield machine


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshdMachine]:
    """A machine whose sshd admits ana's certificates by the CA, and has no other way in."""
    machine = SshdMachine(tmp_path_factory.mktemp("guarded"))
    machine.authorize("admin", machine.make_key("ana"))
    with machine.up():
        machine.boot(sshd_part(with_ca(machine)))
        machine.start_sshd()
        yield machine


def with_ca(machine: SshdMachine, *, revoked: bytes = b"") -> SshdOrders:
    """Orders to admit ana's certificates by the machine's authority."""
    return replace(PLAIN, ca_keys=(machine.make_key("ca"),), principals=("ana",), revoked=revoked)


def methods(finished: Finished) -> set[str]:
    """The ways in that the server offered."""
    offers = re.findall(r"Authentications that can continue: (\S+)", finished.stderr)
    return {method for offer in offers for method in offer.split(",")}


def is_refused(finished: Finished) -> bool:
    """Whether it was sshd that refused, and nothing that broke on the way."""
    return finished.code == 255 and "Permission denied (publickey)" in finished.stderr


def test_an_image_that_admits_by_password_is_one(running: SshdMachine) -> None:
    """Before: whatever is refused below is let in by the image as it comes."""
    running.start_sshd()
    for user in ("admin", "root"):
        assert running.log_in(user, "ana").stdout == f"{user}\n"
        assert running.log_in_with_password(user).stdout == f"{user}\n"


def test_only_keys_admit_and_never_root(running: SshdMachine) -> None:
    """No password, no root: the key of the launch alone, though the image says otherwise."""
    running.boot(sshd_part(PLAIN))
    running.start_sshd()
    assert running.log_in("admin", "ana").stdout == "admin\n"
    assert is_refused(running.log_in("root", "ana"))
    refused = running.log_in_with_password("admin")
    assert is_refused(refused)
    assert methods(refused) == {"publickey"}
    assert running.console == ""


@pytest.mark.parametrize("user", ["root", None])
def test_root_gets_in_with_a_key_where_it_may_be_who_logs_in(
    running: SshdMachine, user: str | None
) -> None:
    """Nobody is locked out of an image whose user is root, or not known; passwords are refused."""
    running.boot(sshd_part(replace(PLAIN, login_user=user)))
    running.start_sshd()
    assert running.log_in("root", "ana").stdout == "root\n"
    assert is_refused(running.log_in_with_password("root"))


def test_a_match_of_the_image_does_not_bring_passwords_back(running: SshdMachine) -> None:
    """A block for one user, which comes before all that is said for everybody, changes nothing."""
    with (running.ssh / "sshd_config").open("a", encoding="ascii") as file:
        file.write("Match User admin\nPasswordAuthentication yes\n")
        file.write("AuthenticationMethods password publickey\n")
    running.boot(sshd_part(PLAIN))
    running.start_sshd()
    assert is_refused(running.log_in_with_password("admin"))


def test_a_running_sshd_follows_without_a_restart(running: SshdMachine) -> None:
    """It is the same process that lets passwords in before, and not after."""
    running.start_sshd()
    before = running.sh("cat /run/sshd.pid").stdout
    assert running.log_in_with_password("admin").code == 0
    running.boot(sshd_part(PLAIN))
    assert is_refused(running.log_in_with_password("admin"))
    assert running.sh("cat /run/sshd.pid").stdout == before


# With an authority


def test_a_certificate_admits_and_a_key_does_not(guarded: SshdMachine) -> None:
    """With a CA the launch's key is nothing without a certificate, for the login user alone."""
    guarded.make_key("bare")
    guarded.authorize("admin", guarded.make_key("ana"), guarded.make_key("bare"))
    assert is_refused(guarded.log_in("admin", "bare"))
    guarded.certify("ca", "ana", *VALID)
    assert guarded.log_in("admin", "ana").stdout == "admin\n"
    assert is_refused(guarded.log_in("bob", "ana"))
    assert is_refused(guarded.log_in("root", "ana"))
    assert is_refused(guarded.log_in_with_password("admin"))
    assert guarded.console == ""


@pytest.mark.parametrize(
    ("authority", "options"),
    [
        pytest.param("ca", ("-I", "x", "-n", "ana", "-V", "-10m:-5m"), id="expired"),
        pytest.param("ca", ("-I", "x", "-n", "ana", "-V", "+5m:+10m"), id="not yet valid"),
        pytest.param("ca", ("-I", "x", "-n", "bob", "-V", "-1m:+5m"), id="of somebody else"),
        pytest.param("ca", ("-I", "x", "-n", "admin", "-V", "-1m:+5m"), id="by the user's name"),
        pytest.param("ca", ("-I", "x", "-V", "-1m:+5m"), id="for nobody"),
        pytest.param("ca", ("-h", *VALID), id="of a host"),
        pytest.param("foreign", VALID, id="by a foreign CA"),
        pytest.param("ca", (*VALID, "-O", "source-address=192.0.2.0/24"), id="for another address"),
    ],
)
def test_other_certificates_are_refused(
    guarded: SshdMachine, authority: str, options: tuple[str, ...]
) -> None:
    """What is not signed by the CA, for its owner, for now and from here, admits nobody."""
    guarded.make_key("foreign")
    guarded.certify(authority, "ana", *options)
    assert is_refused(guarded.log_in("admin", "ana"))


def test_what_is_revoked_is_refused(running: SshdMachine) -> None:
    """Of two certificates by one CA the revoked one is refused, and the other one admits."""
    orders = with_ca(running)
    running.make_key("lost")
    for number, key in enumerate(("lost", "ana"), start=1):
        running.certify("ca", key, "-z", str(number), *VALID)
    revoked = revoking(running, "serial: 1\n")
    running.boot(sshd_part(replace(orders, revoked=revoked)))
    running.start_sshd()
    assert is_refused(running.log_in("admin", "lost"))
    assert running.log_in("admin", "ana").stdout == "admin\n"


def revoking(machine: SshdMachine, specification: str) -> bytes:
    """A revocation list of the machine's authority."""
    (machine.keys / "specification").write_text(specification, encoding="ascii")
    words = f"cd {machine.keys} && ssh-keygen -q -k -f revoked -s ca.pub specification"
    assert machine.sh(words).code == 0
    return (machine.keys / "revoked").read_bytes()


def test_a_command_for_keys_does_not_go_past_the_ca(running: SshdMachine) -> None:
    """EC2 Instance Connect's, which Ubuntu has on sshd's own command line, is not asked."""
    command = f"-o 'AuthorizedKeysCommand /bin/cat {running.keys}/bare.pub'"
    orders = with_ca(running)
    running.make_key("bare")
    running.boot(sshd_part(PLAIN))
    running.start_sshd(command, "-o AuthorizedKeysCommandUser=root")
    assert running.log_in("admin", "bare").stdout == "admin\n"
    running.be_instance("i-2")
    running.boot(sshd_part(orders))
    assert is_refused(running.log_in("admin", "bare"))


def test_what_is_built_here_and_signed_as_kms_does_is_admitted(running: SshdMachine) -> None:
    """sshd takes our own bytes with a signature in KMS's form, by its name and by no other."""
    signer = ec.generate_private_key(ec.SECP256R1())
    spki = signer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    authority = public_key_from_kms(spki)
    orders = replace(PLAIN, ca_keys=(f"{authority.line} ca",), principals=("owner:b=2Cob",))
    running.boot(sshd_part(orders))
    running.start_sshd()
    for name, is_admitted in (("owner:alice", False), ("owner:b=2Cob", True)):
        wanted = wanted_certificate(
            parse_public_key(running.make_key("ana")),
            (name,),
            now=datetime.now(UTC),
            serial=os.urandom(8),
        )
        message = unsigned(wanted, authority=authority, nonce=os.urandom(32))
        signature = signature_from_kms(signer.sign(message, ec.ECDSA(hashes.SHA256())), authority)
        line = certificate_line(wanted, message, signature)
        (running.keys / "ana-cert.pub").write_text(f"{line}\n", encoding="ascii")
        assert (running.log_in("admin", "ana").code == 0) == is_admitted


# What goes wrong


def test_a_broken_drop_in_locks_nobody_out(running: SshdMachine) -> None:
    """Settings that sshd does not take are never in its place, and the console says which."""
    broken = sshd_part(PLAIN).replace("PermitRootLogin no", "PermitRootLogin perhaps")
    assert broken != sshd_part(PLAIN)
    running.start_sshd()
    running.boot(broken)
    assert running.log_in("admin", "ana").stdout == "admin\n"
    assert not (running.directory / SETTINGS).exists()
    assert "spored: sshd does not take 00-spawn: " in running.console
    assert 'unsupported option "perhaps"' in running.console


def test_settings_that_the_image_contradicts_are_taken_away(running: SshdMachine) -> None:
    """What sshd takes by itself, and not together with the image's own, is taken away as well."""
    contrary = running.ssh / "sshd_config.d/60-image.conf"
    contrary.write_text("AuthenticationMethods any\n", encoding="ascii")
    running.boot(sshd_part(PLAIN))
    running.start_sshd()
    assert running.log_in("admin", "ana").stdout == "admin\n"
    assert '"any" must appear alone' in running.console


def test_settings_without_effect_are_told(running: SshdMachine) -> None:
    """Where the image gets in first, it is not claimed that passwords are out; nothing is left."""
    first = running.ssh / "sshd_config.d/00-image.conf"
    first.write_text("Match User admin\nAuthenticationMethods password publickey\n", "ascii")
    before = (running.ssh / "sshd_config").read_text(encoding="ascii")
    running.boot(sshd_part(PLAIN))
    assert "sshd does not take 00-spawn: it has no effect" in running.console
    assert (running.ssh / "sshd_config").read_text(encoding="ascii") == before
    assert not (running.directory / SETTINGS).exists()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"ca_keys": ("ssh-ed25519 AAAAnotakey",)}, id="CA"),
        pytest.param({"revoked": b"SSHKRL\n\0cut"}, id="revocation list"),
    ],
)
def test_a_broken_authority_leaves_the_rest(
    running: SshdMachine, change: dict[str, tuple[str, ...] | bytes]
) -> None:
    """A CA by which nobody could log in is not in force: keys admit, and passwords don't."""
    running.boot(sshd_part(replace(with_ca(running), **change)))  # type: ignore[arg-type]
    running.start_sshd()
    assert running.log_in("admin", "ana").stdout == "admin\n"
    assert is_refused(running.log_in_with_password("admin"))
    assert "spored: sshd does not take 00-spawn-ca: " in running.console


def test_an_upgrade_that_breaks_the_settings_locks_nobody_out(running: SshdMachine) -> None:
    """At a later boot what sshd does not take any more goes, and that is said."""
    running.boot(sshd_part(with_ca(running)))
    with (running.directory / SETTINGS).open("a", encoding="ascii") as file:
        file.write("WasASetting once\n")
    running.boot(sshd_part(with_ca(running)))
    running.start_sshd()
    assert running.log_in("admin", "ana").stdout == "admin\n"
    assert "sshd does not take what spawn told it any more" in running.console


def test_what_is_broken_without_it_keeps_the_settings(running: SshdMachine) -> None:
    """Where the image's own configuration is at fault, the settings wait until it is mended."""
    mended = (running.ssh / "sshd_config").read_text(encoding="ascii")
    (running.ssh / "sshd_config").write_text(f"{mended}Nonsense\n", encoding="ascii")
    for _ in range(2):
        running.boot(sshd_part(PLAIN))
    (running.ssh / "sshd_config").write_text(mended, encoding="ascii")
    running.start_sshd()
    assert is_refused(running.log_in_with_password("admin"))


# Images, boots, and what comes later


def test_an_image_without_the_directory_has_the_settings_in_its_file(running: SshdMachine) -> None:
    """As on Amazon Linux 2: they come first in sshd_config, once, and all else stands behind."""
    (running.ssh / "sshd_config").write_text("PasswordAuthentication yes\n", encoding="ascii")
    (running.ssh / "sshd_config").chmod(0o600)
    for instance in ("i-1", "i-1", "i-2"):
        running.be_instance(instance)
        running.boot(sshd_part(with_ca(running)) if instance == "i-1" else sshd_part(PLAIN))
    text = (running.ssh / "sshd_config").read_text(encoding="ascii")
    assert text.count("PasswordAuthentication no\n") == 1
    assert text.endswith("# end of 00-spawn\nPasswordAuthentication yes\n")
    assert (running.ssh / "sshd_config").stat().st_mode & 0o777 == 0o600
    running.start_sshd()
    assert running.log_in("admin", "ana").stdout == "admin\n"
    assert is_refused(running.log_in_with_password("admin"))
    assert running.console == ""


def test_an_image_made_of_an_instance_obeys_its_new_launch(running: SshdMachine) -> None:
    """What the disk's first life trusted is not trusted in its second one."""
    running.boot(sshd_part(with_ca(running)))
    running.be_instance("i-2")
    running.boot(sshd_part(PLAIN))
    running.start_sshd()
    assert running.log_in("admin", "ana").stdout == "admin\n"
    assert not (running.ssh / "spawn/ca").exists()


def test_a_reboot_changes_nothing(running: SshdMachine) -> None:
    """What a person took away after the launch stays away."""
    running.boot(sshd_part(PLAIN))
    (running.directory / SETTINGS).unlink()
    running.boot(sshd_part(PLAIN))
    assert not (running.directory / SETTINGS).exists()
    assert running.console == ""


def test_new_keys_reach_a_running_instance_and_stay(running: SshdMachine) -> None:
    """After an update the new CA admits and the old one does not, at once and after a reboot."""
    old = with_ca(running)
    running.boot(sshd_part(old))
    running.start_sshd()
    new = replace(old, ca_keys=(running.make_key("new"),))
    assert running.sh(sshd_update(new)).code == 0
    running.boot(sshd_part(old))
    running.certify("ca", "ana", *VALID)
    assert is_refused(running.log_in("admin", "ana"))
    running.certify("new", "ana", *VALID)
    assert running.log_in("admin", "ana").stdout == "admin\n"


def test_an_update_brings_a_first_ca(running: SshdMachine) -> None:
    """An instance that was launched without one accepts nothing but certificates from then on."""
    running.boot(sshd_part(PLAIN))
    running.start_sshd()
    assert running.sh(sshd_update(with_ca(running))).code == 0
    assert is_refused(running.log_in("admin", "ana"))
    running.certify("ca", "ana", *VALID)
    assert running.log_in("admin", "ana").stdout == "admin\n"


def test_a_broken_update_leaves_what_was_there(running: SshdMachine) -> None:
    """It is refused with a reason, and the CA of before goes on being the only way in."""
    good = with_ca(running)
    running.boot(sshd_part(good))
    refused = running.sh(sshd_update(replace(good, revoked=b"SSHKRL\n\0cut")))
    assert refused.code == 1
    assert "sshd does not take 00-spawn-ca" in refused.stderr
    running.start_sshd()
    assert is_refused(running.log_in("admin", "ana"))
    running.certify("ca", "ana", *VALID)
    assert running.log_in("admin", "ana").stdout == "admin\n"


def test_a_first_boot_needs_neither_host_keys_nor_a_directory(running: SshdMachine) -> None:
    """The settings are judged before there is anything that an sshd needs, and nothing is left."""
    assert not [*running.ssh.glob("ssh_host_*")]
    running.boot(sshd_part(PLAIN))
    assert (running.directory / SETTINGS).exists()
    assert not [*running.ssh.glob("ssh_host_*")]
    assert running.sh("ls -A /run").stdout == "mount\nsshd\n"


def test_without_sshd_the_settings_lie_ready(running: SshdMachine) -> None:
    """Where sshd comes later, by a script of the person's, it finds them."""
    hidden = "mount -t tmpfs tmpfs /usr/sbin && "
    part = sshd_part(with_ca(running)).replace("c=etc/ssh", f"{hidden}c=etc/ssh", 1)
    running.boot(part)
    assert (running.directory / SETTINGS).exists()
    assert (running.directory / CA_SETTINGS).exists()
    assert running.console == ""
