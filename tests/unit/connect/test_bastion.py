"""A host in between: what is taken for one, and the command that leads through it."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.connect.bastion import BastionHost, parse_bastion
from spawn.core.errors import InputError


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("jump.example.org", BastionHost(host="jump.example.org")),
        ("jump", BastionHost(host="jump")),
        ("ada@jump:2222", BastionHost(host="jump", user="ada", port=2222)),
        ("ada@[2001:db8::1]:22", BastionHost(host="2001:db8::1", user="ada", port=22)),
        ("198.51.100.9", BastionHost(host="198.51.100.9")),
    ],
)
def test_a_host_is_read_as_ssh_users_write_it(text: str, host: BastionHost) -> None:
    """A name, an alias or an address, with a user and a port where wanted."""
    assert parse_bastion(text) == host


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@jump",
        "-oProxyCommand=id",
        "a@-oProxyCommand=id",
        "jump;id",
        "jump $(id)",
        "%h",
        "ada@jump:0",
        "ada@jump:65536",
        "ada@jump:22:22",
        "2001:db8::1",
        "[fe80::1%eth0]",
        "a b@jump",
        "jump\nHost *",
    ],
)
def test_what_is_no_host_is_refused(text: str) -> None:
    """Options, tokens, shell words and zones of addresses never get near ssh."""
    with pytest.raises(InputError):
        parse_bastion(text)


@given(st.text(st.sampled_from("aZ9.-_@:[]%$;' \n"), max_size=14))
def test_whatever_is_taken_stays_one_host(text: str) -> None:
    """Read by a shell, the proxy command is ssh, its options, -W and exactly the one host."""
    try:
        host = parse_bastion(text)
    except InputError:
        return
    words = shlex.split(host.proxy_command(""))
    assert words[-4:] == ["-W", "[%h]:%p", "--", host.host]
    assert words[0] == "ssh"
    assert set(words[1:-4:2]) <= {"-l", "-p"}
    assert not host.host.startswith("-")


def test_the_setting_goes_before_the_bastion() -> None:
    """A company's proxy command leads to the bastion; its tokens are for the inner ssh."""
    words = shlex.split(parse_bastion("jump").proxy_command("nc %h %p").replace("%%", "%"))
    assert words[:3] == ["ssh", "-o", "ProxyCommand=nc %h %p"]
    assert "%%h" in parse_bastion("jump").proxy_command("nc %h %p")
