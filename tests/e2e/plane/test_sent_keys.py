"""Keys and certificates that no launch knew of open an instance as they do on EC2."""

from __future__ import annotations

import subprocess
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spawn.launch.sshd import SshdOrders, sshd_update
from spawn.local.world import EphemeralKey, Instance
from tests.e2e.plane.harness import PATIENCE_SECONDS, Plane, run_here, wait_for
from tests.e2e.plane.worlds import instance, metadata_options

pytestmark = pytest.mark.e2e

AMAZON, CANONICAL, DEBIAN = "137112412989", "099720109477", "136693071363"


def sent(plane: Plane, user: str, *, seconds: float = 60.0) -> tuple[EphemeralKey, ...]:
    """The plane's key, sent for a user just now, with so many seconds to live."""
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    key = plane.public_key[1].strip()
    return (EphemeralKey(user=user, key=key, until=f"{until:%Y-%m-%dT%H:%M:%SZ}"),)


def login_code(plane: Plane, to: Instance, user: str, *options: str) -> int:
    """The exit code of a login that runs `exit 7`; 255 is OpenSSH's own for a refusal."""
    *words, _ = plane.ssh_command(to, *options)
    command = [*words, f"{user}@{to.interfaces[0].public_ip}", "exit 7"]
    environment = plane.ssh_environment()
    done = subprocess.run(command, env=environment, timeout=PATIENCE_SECONDS, check=False)
    return done.returncode


def test_a_sent_key_opens_the_user_it_was_sent_for(plane: Plane) -> None:
    """It is admitted without a reboot, for its user alone, and no longer once it is withdrawn."""
    plain = instance(5, image_owner=AMAZON)
    plane.boot(plain)
    assert login_code(plane, plain, "ec2-user") == 255
    plane.apply(instance(5, image_owner=AMAZON, ssh_keys=sent(plane, "ec2-user")))
    wait_for(lambda: login_code(plane, plain, "ec2-user") == 7, "the sent key to open")
    assert login_code(plane, plain, "root") == 255
    plane.apply(plain)
    wait_for(lambda: login_code(plane, plain, "ec2-user") == 255, "the sent key to go")


def test_a_sent_key_dies_by_itself(plane: Plane) -> None:
    """Its time counts, even where the control plane is late to withdraw it."""
    box = instance(5, image_owner=CANONICAL, ssh_keys=sent(plane, "ubuntu", seconds=3))
    plane.boot(box)
    assert login_code(plane, box, "ubuntu") == 7
    wait_for(lambda: login_code(plane, box, "ubuntu") == 255, "the key's end")


@pytest.mark.parametrize(
    ("owner", "user", "endpoint"),
    [
        pytest.param(DEBIAN, "admin", "enabled", id="no-package"),
        pytest.param("210987654321", "ec2-user", "enabled", id="stranger"),
        pytest.param(AMAZON, "ec2-user", "disabled", id="no-metadata"),
    ],
)
def test_a_sent_key_needs_package_and_metadata(
    plane: Plane, owner: str, user: str, endpoint: str
) -> None:
    """Images without ec2-instance-connect, and instances without metadata, never hear of it."""
    options = metadata_options(http_endpoint=endpoint)
    box = instance(5, image_owner=owner, metadata=options, ssh_keys=sent(plane, user))
    plane.boot(box)
    assert login_code(plane, box, user) == 255


def test_a_sent_key_needs_the_packages_own_way_to_metadata(plane: Plane) -> None:
    """Where routes refuse metadata to all users but root, sshd's command hears of no key."""
    script = (
        "#!/bin/sh\n"
        "ip rule add pref 1 to 169.254.169.254 uidrange 0-0 lookup main\n"
        "ip rule add pref 2 to 169.254.169.254 prohibit\n"
        "echo closed\n"
    )
    box = instance(
        5,
        image_owner=AMAZON,
        ssh_keys=sent(plane, "ec2-user"),
        user_data=b64encode(script.encode()).decode(),
    )
    plane.boot(box)
    wait_for(lambda: "closed" in plane.console(box), "the rules")
    assert login_code(plane, box, "ec2-user") == 255


def test_only_the_image_s_own_user_can_log_in(plane: Plane) -> None:
    """The launch's key opens the login user of the image and no other's."""
    keys = (plane.public_key,)
    boxes = {
        "ec2-user": instance(5, image_owner=AMAZON, public_keys=keys),
        "ubuntu": instance(6, image_owner=CANONICAL, public_keys=keys),
        "admin": instance(7, image_owner=DEBIAN, public_keys=keys),
    }
    plane.boot(*boxes.values())
    codes = {
        (own, user): login_code(plane, box, user) for own, box in boxes.items() for user in boxes
    }
    assert {pair for pair, code in codes.items() if code == 7} == {(own, own) for own in boxes}


def test_a_certificate_of_a_trusted_authority_opens_its_principal(
    plane: Plane, tmp_path: Path
) -> None:
    """sshd's TrustedUserCAKeys is heeded: the named user may come in, others may not."""
    authority, key = tmp_path / "authority", tmp_path / "id"
    for path in (authority, key):
        run_here("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path))
    sign = ("ssh-keygen", "-q", "-s", str(authority), "-I", "someone", "-n", "ubuntu")
    run_here(*sign, "-V", "+5m", f"{key}.pub")
    box = instance(5, public_keys=(plane.public_key,))
    plane.boot(box)
    offer = ("-i", str(key), "-o", f"CertificateFile={key}-cert.pub")
    trust = "cat > /etc/ssh/ca.pub; echo TrustedUserCAKeys /etc/ssh/ca.pub >> /etc/ssh/sshd_config"
    plane.ssh(box, trust, authority.with_suffix(".pub").read_text())
    # The launch's key is taken away, so that only the certificate can open.
    plane.ssh(box, "rm /home/*/.ssh/authorized_keys")
    assert login_code(plane, box, "ubuntu", *offer) == 7
    assert login_code(plane, box, "admin", *offer) == 255


def test_a_launch_with_a_ca_has_no_other_way_in(plane: Plane, tmp_path: Path) -> None:
    """Its owner's certificates open; keys, sent keys, other names and what is revoked don't."""
    for name in ("authority", "id", "lost", "other"):
        run_here("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name))
    for name, principal in (("id", "ana"), ("lost", "ana"), ("other", "ubuntu")):
        words = ("-I", name, "-n", principal, "-V", "+5m", f"{tmp_path / name}.pub")
        run_here("ssh-keygen", "-q", "-s", str(tmp_path / "authority"), *words)
    run_here("ssh-keygen", "-qkf", str(tmp_path / "krl"), f"{tmp_path / 'lost'}-cert.pub")
    orders = SshdOrders(
        login_user="ubuntu",
        ca_keys=((tmp_path / "authority.pub").read_text().strip(),),
        principals=("ana",),
        revoked=(tmp_path / "krl").read_bytes(),
    )
    box = instance(
        5,
        image_owner=CANONICAL,
        public_keys=(plane.public_key,),
        ssh_keys=sent(plane, "ubuntu"),
        user_data=b64encode(f"#!/bin/sh\n{sshd_update(orders)}".encode()).decode(),
    )
    plane.boot(box)
    keys = {name: ("-i", str(tmp_path / name)) for name in ("id", "lost", "other")}
    wait_for(lambda: login_code(plane, box, "ubuntu", *keys["id"]) == 7, "the CA to be trusted")
    assert login_code(plane, box, "ubuntu") == 255
    assert login_code(plane, box, "ubuntu", *keys["lost"]) == 255
    assert login_code(plane, box, "ubuntu", *keys["other"]) == 255
