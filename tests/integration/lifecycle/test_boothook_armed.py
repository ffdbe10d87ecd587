"""The boothook as an instance runs it: in a process namespace of its own, on the real clock."""

from __future__ import annotations

import shutil
import subprocess
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spawn.lifecycle.boothook import end_date_boothook

ENCLOSURE = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc"]
NOTE = '#!/bin/sh\necho "$(date +%s) ${0##*/} $*" >>"$MACHINE/calls"\n'
# As root of a namespace that ends with its first process: nothing outlives the test.
BOOT = """
    set -e
    mount -t tmpfs tmpfs /run
    [ -z "$WITH_SYSTEMD" ] || mkdir -p /run/systemd/system
    began=$(date +%s%N)
    sh "$MACHINE/boothook"
    echo $(($(date +%s%N) - began)) >"$MACHINE/took"
    waited=0
    while [ ! -e "$MACHINE/calls" ] && [ "$waited" -lt 100 ]; do
        sleep 0.1
        waited=$((waited + 1))
    done
    sleep 0.3
"""


def enclosed() -> bool:
    """Whether this machine lets its users make namespaces."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*ENCLOSURE, "true"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not enclosed(), reason="user namespaces are closed here")


def boot(tmp_path: Path, ends_at: datetime, *, systemd: bool) -> list[list[str]]:
    """Boot with programs that take notes; return what was called, each with its second."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("poweroff", "shutdown", "systemctl", "systemd-run", "wall"):
        text = "#!/bin/sh\nexit 1\n" if name == "systemctl" and not systemd else NOTE
        (programs / name).write_text(text, encoding="ascii")
        (programs / name).chmod(0o755)
    (tmp_path / "boothook").write_bytes(end_date_boothook(ends_at))
    subprocess.run(
        [*ENCLOSURE, "sh", "-c", textwrap.dedent(BOOT)],
        env={
            "PATH": f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin",
            "MACHINE": str(tmp_path),
            "WITH_SYSTEMD": "yes" if systemd else "",
        },
        timeout=60,
        check=True,
    )
    return [line.split() for line in (tmp_path / "calls").read_text().splitlines()]


def test_without_systemd_it_leaves_a_guard_behind(tmp_path: Path) -> None:
    """The boothook returns within a second, and its guard powers off at the time on the clock."""
    ends_at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=3)
    calls = boot(tmp_path, ends_at, systemd=False)
    assert int((tmp_path / "took").read_text()) < 1_000_000_000
    (powered_off,) = [call for call in calls if call[1] == "poweroff"]
    assert 0 <= int(powered_off[0]) - ends_at.timestamp() <= 2


def test_with_systemd_it_is_a_unit(tmp_path: Path) -> None:
    """systemd is asked for a unit that starts at once and is always restarted; no guard besides."""
    calls = boot(tmp_path, datetime.now(UTC) - timedelta(hours=1), systemd=True)
    ((_, name, *words),) = calls
    assert name == "systemd-run"
    assert {"--no-block", "--property=Restart=always", "--property=DefaultDependencies=no"} <= {
        *words
    }
    assert words[-3:] == ["/bin/sh", str(tmp_path / "boothook"), "guard"]
