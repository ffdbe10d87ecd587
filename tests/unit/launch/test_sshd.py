"""Nothing that an sshd is told can stand for something else in its files, or in a shell."""

from __future__ import annotations

import pytest

from spawn.core.errors import Defect
from spawn.launch.sshd import SshdOrders, root_note, sshd_part, sshd_update

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHVQ ca"


@pytest.mark.parametrize(
    ("user", "key", "names"),
    [
        pytest.param("ec2-user", KEY, ("ana\nroot",), id="two names for one"),
        pytest.param("ec2-user", KEY, ('command="id" ana',), id="an option"),
        pytest.param("ec2-user", KEY, ("#ana",), id="a comment"),
        pytest.param("ec2-user", KEY, ("ana,root",), id="a list"),
        pytest.param("ec2-user", KEY, ("",), id="an empty name"),
        pytest.param("ec2-user", KEY, (), id="no name, and so nobody"),
        pytest.param("ec2-user", f"{KEY}\n{KEY}", ("ana",), id="two keys for one"),
        pytest.param("ec2-user", f"cert-authority,{KEY}", ("ana",), id="a key with options"),
        pytest.param("ec2-user", "EOF", ("ana",), id="the end of a file"),
        pytest.param("../../x", KEY, ("ana",), id="a path"),
        pytest.param("$(reboot)", KEY, ("ana",), id="a command"),
        pytest.param("", KEY, ("ana",), id="a name with a line's end\n"),
    ],
)
def test_what_could_mean_something_else_is_refused(
    user: str, key: str, names: tuple[str, ...]
) -> None:
    """A name, a key or a user that is not just that never reaches an instance."""
    orders = SshdOrders(login_user=user or "ana\n", ca_keys=(key,), principals=names)
    for write in (sshd_part, sshd_update):
        with pytest.raises(Defect):
            write(orders)


@pytest.mark.parametrize(("user", "is_root_said"), [("root", True), (None, True), ("admin", False)])
def test_it_is_said_where_root_may_log_in(user: str | None, is_root_said: bool) -> None:
    """The words and the setting go together."""
    assert bool(root_note(user)) == is_root_said
    settings = sshd_part(SshdOrders(login_user=user))
    assert ("PermitRootLogin prohibit-password\n" in settings) == is_root_said
    assert ("PermitRootLogin no\n" in settings) != is_root_said
