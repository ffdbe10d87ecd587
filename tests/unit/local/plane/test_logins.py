"""Records of logins are where the C library's programs look for them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from spawn.local.plane.logins import DEAD_PROCESS, RECORD, USER_PROCESS, layout, place_of, record

NOW = 1769500000.25


def test_a_record_is_read_by_the_machine_s_programs(tmp_path: Path) -> None:
    """`who` shows the user, the terminal and the client of each login, and none that has ended."""
    file = tmp_path / "utmp"
    file.write_bytes(
        record(USER_PROCESS, "pts/0", user="ec2-user", host="203.0.113.10", now=NOW)
        + record(DEAD_PROCESS, "pts/1", now=NOW)
        + record(USER_PROCESS, "pts/12", user="ubuntu", host="2001:db8::1", now=NOW)
    )
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    done = subprocess.run(
        ["who", str(file)], env=environment, capture_output=True, text=True, check=True
    )
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [(row[0], row[1], row[-1]) for row in rows] == [
        ("ec2-user", "pts/0", "(203.0.113.10)"),
        ("ubuntu", "pts/12", "(2001:db8::1)"),
    ]
    assert "Jan 27 07:46" in done.stdout


def test_a_terminal_has_one_record() -> None:
    """A login takes the place of the terminal's last one; another terminal's comes behind."""
    first = record(USER_PROCESS, "pts/0", user="a", now=NOW)
    second = record(USER_PROCESS, "pts/1", user="b", now=NOW)
    identifier = slice(40, 44)
    assert place_of(first[identifier], b"") == 0
    assert place_of(second[identifier], first) == RECORD.size
    assert place_of(second[identifier], first + second) == RECORD.size
    assert place_of(b"ts/7", first + second[:-9]) == RECORD.size


def test_the_size_is_glibc_s() -> None:
    """384 bytes where 32-bit programs share the file, 400 elsewhere."""
    assert (layout("x86_64").size, layout("aarch64").size) == (384, 400)
