"""What counts as work, read from the texts in which Linux tells of it."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core.durations import format_duration, parse_duration
from spored import idle
from spored.voice import read

STAT = "cpu  1000 50 300 90000 400 30 20 70 10 5\ncpu0 500 25 150 45000 200 15 10 35 5 2\n"
DEV = """Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop
    lo: 9000 10 0 0 0 0 0 0 9000 10 0 0 0 0 0 0
  ens5:  100 10 0 0 0 0 0 0  20 10 0 0 0 0 0 0
enp39s0:7 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0
"""
TCP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   1: 0A00000A:1F90 0B00000A:C350 01 00000000:00000000 02:000A7D3B 00000000     0
   2: 0A00000A:0019 0B00000A:C351 06 00000000:00000000 02:000A7D3B 00000000     0
"""
TCP6 = """  sl  local_address                         remote_address                        st
   0: 0000000000000000FFFF00000A00000A:0016 0000000000000000FFFF00000B00000A:C352 01 00000000
"""
LENGTHS = st.timedeltas(
    min_value=parse_duration("1s", flag=""), max_value=parse_duration("99d", flag="")
)


def test_processor_time_is_what_programs_used() -> None:
    """User, nice, system and interrupts count; idle, waiting and stolen time do not."""
    ticks = os.sysconf("SC_CLK_TCK")
    assert idle.cpu_seconds(STAT) == (1000 + 50 + 300 + 30 + 20) / ticks


def test_traffic_is_that_of_every_interface_but_the_loopback() -> None:
    """Whatever an interface is called, and wherever its numbers begin, its bytes count."""
    assert idle.network_bytes(DEV) == 100 + 20 + 7 + 5


def test_only_established_connections_count() -> None:
    """A listening port and one that is closing are nobody's session; IPv6 is read alike."""
    assert idle.established(TCP + TCP6) == {8080, 22}


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("UID=1000\nCLASS=user\nSTATE=active\nTTY=pts/0\n", True),
        ("UID=1000\nCLASS=user\nSTATE=online\nREMOTE=1\n", True),
        ("UID=1000\nCLASS=user\nSTATE=closing\n", False),
        ("UID=1000\nCLASS=manager\nSTATE=active\n", False),
        ("", False),
    ],
)
def test_sessions_are_those_of_people_logged_in(text: str, *, counts: bool) -> None:
    """logind's closing sessions, and its managers of users, are nobody."""
    assert idle.is_session(text) is counts


@given(LENGTHS.map(format_duration))
def test_lengths_are_read_as_spawn_writes_them(text: str) -> None:
    """What a launch writes into the tag is what the agent counts."""
    assert idle.parse_duration(text) == parse_duration(text, flag="").total_seconds()


@pytest.mark.parametrize("text", ["", "soon", "5", "m", "-5m", "5m 3s", "3s5m", "٣m"])
def test_what_is_no_length_is_told(text: str) -> None:
    """A tag with anything else is refused, and the last good order stands."""
    with pytest.raises(ValueError):  # noqa: PT011  its text is the text's own
        idle.parse_duration(text)


def test_this_machine_can_be_read() -> None:
    """The kernel's own files are understood, whatever is in them now."""
    assert idle.cpu_seconds(read("/proc/stat")) > 0
    assert idle.network_bytes(read("/proc/net/dev")) >= 0
    idle.established(read("/proc/net/tcp") + read("/proc/net/tcp6"))
