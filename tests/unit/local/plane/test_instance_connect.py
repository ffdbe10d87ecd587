"""What metadata holds of sent keys, what an instance makes of it, and which images do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.local.plane.image import software_of
from spawn.local.plane.instance_connect import active_keys, admitted_keys
from spawn.local.world import EphemeralKey
from tests.e2e.plane.worlds import instance

NOW = datetime(2026, 1, 27, 9, 30, tzinfo=UTC)
USERS = ("ec2-user", "ubuntu", "root")


def sent(user: str, number: int, seconds: int) -> EphemeralKey:
    until = NOW + timedelta(seconds=seconds)
    return EphemeralKey(user=user, key=f"ssh-ed25519 AAAA{number} x", until=until.isoformat())


@given(
    st.lists(
        st.builds(
            sent, st.sampled_from(USERS), st.integers(0, 9), st.integers(-90, 90).filter(bool)
        )
    )
)
def test_an_instance_admits_exactly_its_user_s_live_keys(keys: list[EphemeralKey]) -> None:
    """Whatever was sent to whom and when, what comes through is what has not ended, in order."""
    box = instance(5, ssh_keys=tuple(keys))
    shown = active_keys(box, NOW)
    for user in USERS:
        live = [k.key for k in keys if k.user == user and datetime.fromisoformat(k.until) > NOW]
        assert (user in shown) is bool(live)
        text = shown.get(user, "")
        assert admitted_keys(text, instance_id=box.instance_id, now=NOW) == live
        assert admitted_keys(text, instance_id="i-0another", now=NOW) == []
        later = NOW + timedelta(seconds=91)
        assert admitted_keys(text, instance_id=box.instance_id, now=later) == []


def test_the_text_is_ec2_s() -> None:
    """A key stands below its end, in seconds, and its instance; an empty line closes it."""
    box = instance(5, ssh_keys=(sent("ec2-user", 1, 60),))
    assert active_keys(box, NOW)["ec2-user"] == (
        "#Timestamp=1769506260\n#Instance=i-00000000000000005\nssh-ed25519 AAAA1 x\n\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ssh-ed25519 AAAA x\n",
        "#Timestamp=x\n#Instance=i-1\nssh-rsa A\n",
        "<html>\n",
        "#\n\n#=\n",
    ],
)
def test_a_strange_text_admits_nobody(text: str) -> None:
    """A key without an end or an instance, or no key at all, is no key."""
    assert admitted_keys(text, instance_id="i-1", now=NOW) == []


@pytest.mark.parametrize(
    ("owner", "name", "users", "has_package"),
    [
        ("137112412989", "al2023-ami-2023.9", ("ec2-user",), True),
        ("099720109477", "ubuntu/images/hvm-ssd-gp3/x", ("ubuntu",), True),
        ("136693071363", "debian-12-amd64-x", ("admin",), False),
        ("898082745236", "Deep Learning Base (Ubuntu 22.04)", ("ubuntu",), True),
        ("898082745236", "Deep Learning Base (Amazon Linux 2023)", ("ec2-user",), True),
    ],
)
def test_images_are_known_by_their_publisher(
    owner: str, name: str, users: tuple[str, ...], has_package: bool
) -> None:
    """Each publisher's images have one login user, and the package or not."""
    software = software_of(owner, name)
    assert (software.login_users, software.has_instance_connect) == (users, has_package)


def test_a_stranger_s_name_proves_nothing() -> None:
    """An image that is only named like Amazon's is not taken for one."""
    software = software_of("210987654321", "al2023-ami-2023.9")
    assert not software.has_instance_connect
    assert len(software.login_users) > 1
