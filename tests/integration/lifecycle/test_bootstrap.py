"""The boothook as an instance runs it: in namespaces, with a systemd that takes notes."""

from __future__ import annotations

import json
import shutil
import subprocess
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spawn.core.instants import format_instant
from spawn.launch.agent import agent_boothook, read_agent_source

ENCLOSURE = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc"]
# As systemd does, it makes the unit's directory when it starts it.
NOTE = """#!/bin/sh
echo "${0##*/} $*" >>"$MACHINE/calls"
[ "$1" != start ] || mkdir -p /run/spored
"""
# As root of a namespace that ends with its first process: nothing outlives the test. A directory
# of the test's own lies over each place that the boothook writes to.
BOOT = """
    set -e
    mount -t tmpfs tmpfs /run
    [ -z "$WITH_SYSTEMD" ] || mkdir -p /run/systemd/system
    for place in opt var/lib usr/local/bin etc/systemd/system; do
        mkdir -p "$MACHINE/$place"
        mount --bind "$MACHINE/$place" "/$place"
    done
    for boot in 1 2; do
        began=$(date +%s%N)
        sh "$MACHINE/boothook" >"$MACHINE/said" 2>&1
        echo $(($(date +%s%N) - began)) >>"$MACHINE/took"
    done
    [ -n "$WITH_SYSTEMD" ] || until [ -e /run/spored/status ]; do sleep 0.1; done
    spored status >"$MACHINE/status" 2>&1 || true
    ps -A -o args >"$MACHINE/processes"
"""


def enclosed() -> bool:
    """Whether this machine lets its users make namespaces, and has the places to lie over."""
    if shutil.which("unshare") is None or not Path("/etc/systemd/system").is_dir():
        return False
    return subprocess.run([*ENCLOSURE, "true"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not enclosed(), reason="user namespaces are closed here")


def boot(tmp_path: Path, ends_at: datetime, *, systemd: bool) -> list[str]:
    """Boot twice with a systemctl that takes notes; return how it was called."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "systemctl").write_text(NOTE, encoding="ascii")
    (programs / "systemctl").chmod(0o755)
    tags = {"spawn:expires-at": format_instant(ends_at), "owner": "ana"}
    now = datetime.now(UTC)
    (tmp_path / "boothook").write_bytes(
        agent_boothook(read_agent_source(), tags, now=now, expires_at=ends_at)
    )
    subprocess.run(
        [*ENCLOSURE, "sh", "-c", textwrap.dedent(BOOT)],
        env={
            "PATH": f"{programs}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "MACHINE": str(tmp_path),
            "WITH_SYSTEMD": "yes" if systemd else "",
        },
        timeout=60,
        check=True,
    )
    calls = tmp_path / "calls"
    return calls.read_text().splitlines() if calls.exists() else []


def test_without_systemd_the_agent_runs_and_is_kept_running(tmp_path: Path) -> None:
    """The boothook returns within a second, twice, and leaves one agent behind that has begun."""
    ends_at = datetime.now(UTC) + timedelta(hours=1)
    assert boot(tmp_path, ends_at, systemd=False) == []
    assert all(int(took) < 1_000_000_000 for took in (tmp_path / "took").read_text().split())
    assert f"until {format_instant(ends_at)}" in (tmp_path / "status").read_text()
    processes = (tmp_path / "processes").read_text().splitlines()
    assert sum("/opt/spored agent" in line for line in processes) == 1


def test_with_systemd_it_is_a_unit_that_later_boots_start_too(tmp_path: Path) -> None:
    """systemd is asked to start the unit, without waiting, and reloads what it already runs."""
    calls = boot(tmp_path, datetime.now(UTC) + timedelta(hours=1), systemd=True)
    start = "systemctl start --no-block spored"
    assert calls == [start, "systemctl daemon-reload", start]
    unit = tmp_path / "etc/systemd/system/spored.service"
    assert "-ISB /opt/spored agent" in unit.read_text()
    link = tmp_path / "etc/systemd/system/sysinit.target.wants/spored.service"
    assert str(link.readlink()) == "/etc/systemd/system/spored.service"


def test_what_it_writes_is_what_was_asked_for(tmp_path: Path) -> None:
    """The orders are those of the launch, and of its tags those that are orders."""
    ends_at = datetime.now(UTC) + timedelta(days=60)
    boot(tmp_path, ends_at, systemd=True)
    orders = json.loads((tmp_path / "opt/spored/orders.json").read_text())
    assert orders["tags"] == {"spawn:expires-at": format_instant(ends_at)}
    assert orders["limits"]["longest"] >= timedelta(days=59).total_seconds()
    assert not [*tmp_path.glob("opt/spored/**/*.new")]


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    """systemd itself finds no fault with the unit, and rates its exposure as a low one."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    boot(tmp_path, datetime.now(UTC) + timedelta(hours=1), systemd=True)
    unit = str(tmp_path / "etc/systemd/system/spored.service")
    verified = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, check=False)
    assert (verified.returncode, verified.stderr.decode()) == (0, "")
    judged = ("systemd-analyze", "security", "--offline=true", "--threshold=40", unit)
    rating = subprocess.run(judged, capture_output=True, check=False)
    assert rating.returncode == 0, rating.stdout.decode()
