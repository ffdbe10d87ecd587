"""Which forwardings are taken, and that nothing else gets to ssh by their flags."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.connect.forwarding import Direction, parse_forward, parse_forwarding
from spawn.core.errors import InputError

# What ssh, its tokens and its environment would take for more than a forwarding.
SPECIAL = re.compile(r"[\s%$`'\"\\;&|<>(){}!#~?]|^-|:-")


@pytest.mark.parametrize(
    "text",
    [
        "8080:localhost:80",
        "127.0.0.1:8080:10.0.0.9:80",
        "[::1]:8080:[2001:db8::1]:80",
        "8080:/run/app.sock",
        "/srv/here.sock:/run/there.sock",
        "/srv/here.sock:db_1.internal:5432",
    ],
)
def test_each_documented_form_of_a_local_forward_is_taken(text: str) -> None:
    """ssh(1), -L: with and without a bind address, with sockets on either side; as it is given."""
    assert parse_forwarding((text,), (), (), only=True).flags == ("-L", text, "-N")


@pytest.mark.parametrize("text", ["9000:localhost:3000", "0:localhost:3000", "9000", "[::]:9000"])
def test_each_documented_form_of_a_remote_forward_is_taken(text: str) -> None:
    """ssh(1), -R: a port of 0 is chosen there, and without a target it is a SOCKS proxy."""
    assert parse_forwarding((), (text,), (), only=False).flags == ("-R", text)


@pytest.mark.parametrize(
    ("direction", "text"),
    [
        (Direction.LOCAL, "8080"),
        (Direction.LOCAL, "0:localhost:80"),
        (Direction.LOCAL, "8080:localhost:0"),
        (Direction.LOCAL, "8080:localhost:65536"),
        (Direction.LOCAL, "8080:-oProxyCommand=x:80"),
        (Direction.LOCAL, "8080:localhost:80:"),
        (Direction.LOCAL, "8080:a b:80"),
        (Direction.LOCAL, "8080:%h:80"),
        (Direction.LOCAL, "8080:/srv/${HOME}"),
        (Direction.LOCAL, "8080:[::1:80"),
        (Direction.LOCAL, "1:2:3:4:5"),
        (Direction.LOCAL, "٨٠:localhost:80"),
        (Direction.LOCAL, ""),
        (Direction.REMOTE, "/srv/only.sock"),
        (Direction.DYNAMIC, "0"),
        (Direction.DYNAMIC, "/srv/only.sock"),
        (Direction.DYNAMIC, "a:b:1080"),
    ],
)
def test_anything_else_is_refused_with_what_to_write(direction: Direction, text: str) -> None:
    """The error names the flag and shows a form that would do."""
    with pytest.raises(InputError, match=f"{direction.value} .* is not a forwarding") as caught:
        parse_forward(direction, text)
    assert f"{direction.value} " in caught.value.why


@given(st.sampled_from(Direction), st.text(st.sampled_from("8:a-[]/%$ .*\n;'"), max_size=14))
def test_what_is_taken_holds_nothing_special(direction: Direction, text: str) -> None:
    """Whatever gets through is neither an option, nor a token, nor a word of a shell."""
    try:
        forward = parse_forward(direction, text)
    except InputError:
        return
    assert not SPECIAL.search(forward.text)


@pytest.mark.parametrize(
    ("text", "widely"),
    [("80:a:80", False), ("localhost:80:a:80", False), ("*:80:a:80", True), (":80:a:80", True)],
)
def test_a_port_that_is_open_to_others_is_known(text: str, widely: bool) -> None:
    """ssh(1): an empty bind address and `*` mean every interface of this machine."""
    assert parse_forward(Direction.LOCAL, text).listens_widely is widely


def test_nothing_to_forward_is_not_forwarding_only() -> None:
    """-N alone would be a connection that does nothing."""
    with pytest.raises(InputError, match="-N"):
        parse_forwarding((), (), (), only=True)
