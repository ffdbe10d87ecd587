"""What the boothook promises. The script that is tested is the one that travels, run by sh."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spawn.lifecycle.boothook import (
    FORCE_AFTER_SECONDS,
    LONGEST_SLEEP_SECONDS,
    end_date_boothook,
)

# The script is judged by each shell that is here: dash, busybox and bash read it differently.
SHELLS = [
    shell for shell in (["dash"], ["bash", "--posix"], ["busybox", "sh"]) if shutil.which(shell[0])
]
REAL_SLEEP = shutil.which("sleep") or ""
END = datetime(2026, 1, 27, 18, 0, tzinfo=UTC)
# Stands in for each program: notes who was called, when by the machine's clock, and with what.
NOTE = '#!/bin/sh\nread clock <"$MACHINE/clock"\necho "$clock ${0##*/} $*" >>"$MACHINE/calls"\n'
# Moves the clock once the guard has no other child left (what runs aside has had its time), or
# a moment later where one of them hangs.
SLEEP = (
    '#!/bin/sh\nread clock <"$MACHINE/clock"\npolls=0\n'
    'while [ "$(cat /proc/$PPID/task/*/children)" != "$$ " ] && [ "$polls" -lt 20 ]; do\n'
    '    "$REAL_SLEEP" 0.01\n    polls=$((polls + 1))\ndone\n'
    'read step <"$MACHINE/step" && rm "$MACHINE/step" || step=$1\n'
    'echo "$1" >>"$MACHINE/sleeps"\n'
    'clock=$((clock + step))\necho "$clock" >"$MACHINE/clock"\n'
    'read stop <"$MACHINE/stop"\n[ "$clock" -lt "$stop" ] || kill "$PPID"\n'
)
DATE = '#!/bin/sh\ncat "$MACHINE/clock"\n'


@dataclass(frozen=True)
class Machine:
    """A directory of programs around a clock that only `sleep` moves."""

    path: Path
    shell: list[str]

    def program(self, name: str, text: str) -> None:
        """Put a program on the machine."""
        file = self.path / "bin" / name
        file.write_text(text, encoding="ascii")
        file.chmod(0o755)

    def run_guard(self, *, at: datetime, until: datetime) -> None:
        """Let the guard run from one time to another."""
        self._write("clock", int(at.timestamp()))
        self._write("stop", int(until.timestamp()))
        script = self.path / "boothook"
        script.write_bytes(end_date_boothook(END))
        guard = subprocess.Popen(
            [*self.shell, str(script), "guard"],
            env={
                "PATH": f"{self.path / 'bin'}:{os.environ['PATH']}",
                "MACHINE": str(self.path),
                "REAL_SLEEP": REAL_SLEEP,
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            guard.wait(timeout=30)
        finally:
            # What hangs aside must not outlive the test.
            with suppress(ProcessLookupError):
                os.killpg(guard.pid, signal.SIGKILL)

    def step_clock_at_next_sleep(self, step: timedelta) -> None:
        """Have the clock jump while the guard sleeps."""
        self._write("step", int(step.total_seconds()))

    def calls(self, name: str) -> list[datetime]:
        """Return when a program was called."""
        found = [words for words in self._lines("calls") if words[1] == name]
        return [datetime.fromtimestamp(int(words[0]), UTC) for words in found]

    @property
    def sleeps(self) -> list[int]:
        """For how many seconds the guard slept each time."""
        return [int(words[0]) for words in self._lines("sleeps")]

    def _write(self, name: str, number: int) -> None:
        (self.path / name).write_text(f"{number}\n", encoding="ascii")

    def _lines(self, name: str) -> list[list[str]]:
        file = self.path / name
        return [line.split() for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture(params=SHELLS, ids=lambda shell: shell[0])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    """A machine with systemd's programs, on which nothing really happens."""
    (tmp_path / "bin").mkdir()
    found = Machine(tmp_path, request.param)
    for name in ("systemctl", "poweroff", "shutdown", "wall", "sync"):
        found.program(name, NOTE)
    found.program("sleep", SLEEP)
    found.program("date", DATE)
    return found


def test_it_powers_off_at_the_end_date_and_not_before(machine: Machine) -> None:
    """From a launch on, nothing is called until the second of the end date."""
    machine.run_guard(at=END - timedelta(minutes=20), until=END + timedelta(seconds=60))
    assert machine.calls("systemctl") == [END]
    assert machine.calls("poweroff") == []
    assert machine.calls("wall") == [END]


def test_it_does_nothing_before(machine: Machine) -> None:
    """A second before the end date the machine is untouched."""
    machine.run_guard(at=END - timedelta(minutes=10), until=END - timedelta(seconds=1))
    assert machine.calls("systemctl") == []
    assert machine.sleeps
    assert max(machine.sleeps) <= LONGEST_SLEEP_SECONDS


def test_an_end_date_in_the_past_ends_at_once(machine: Machine) -> None:
    """An instance that was stopped past its end date powers off when it boots again."""
    boot = END + timedelta(days=3)
    machine.run_guard(at=boot, until=boot + timedelta(seconds=60))
    assert machine.calls("systemctl") == [boot]


def test_a_clock_that_jumps_is_noticed(machine: Machine) -> None:
    """Hours that pass while the guard sleeps (a suspended machine) are not slept again."""
    machine.step_clock_at_next_sleep(timedelta(hours=5))
    boot = END - timedelta(hours=4)
    machine.run_guard(at=boot, until=boot + timedelta(hours=5, minutes=1))
    assert machine.calls("systemctl") == [boot + timedelta(hours=5)]


def test_a_shutdown_that_hangs_is_forced(machine: Machine) -> None:
    """Two minutes later the power goes off without asking any service, again and again."""
    machine.run_guard(at=END, until=END + timedelta(minutes=5))
    forced = machine.calls("poweroff")
    assert forced[0] - END == timedelta(seconds=FORCE_AFTER_SECONDS + 5)
    assert len(forced) >= 3


def test_without_systemd_the_plain_program_is_used(machine: Machine) -> None:
    """Where systemctl fails or is missing, poweroff is called, and else shutdown."""
    machine.program("systemctl", "#!/bin/sh\nexit 1\n")
    machine.run_guard(at=END, until=END + timedelta(seconds=60))
    assert machine.calls("poweroff") == [END]
    machine.program("poweroff", "#!/bin/sh\nexit 1\n")
    machine.run_guard(at=END, until=END + timedelta(seconds=60))
    assert machine.calls("shutdown") == [END]


def test_a_program_that_hangs_does_not_stop_the_end(machine: Machine) -> None:
    """Neither a stuck systemctl nor a stuck wall keeps the force from coming."""
    for name in ("systemctl", "wall", "sync"):
        machine.program(name, f"#!/bin/sh\nexec {REAL_SLEEP} 60\n")
    machine.run_guard(at=END, until=END + timedelta(minutes=2, seconds=30))
    assert machine.calls("poweroff")


def test_a_clock_that_fails_is_asked_again(machine: Machine) -> None:
    """No answer from `date` neither ends the machine nor the guard."""
    machine.program(
        "date",
        f'#!/bin/sh\nread c <"$MACHINE/clock"\n[ "$c" -ge {int(END.timestamp())} ] && echo "$c"\n',
    )
    machine.run_guard(at=END - timedelta(minutes=1), until=END + timedelta(minutes=1))
    assert machine.calls("systemctl") == [END]


def test_it_is_plain_text_with_an_integer() -> None:
    """The part begins as cloud-init wants it, and a fraction of a second is not lost."""
    text = end_date_boothook(END + timedelta(microseconds=1)).decode("ascii")
    assert text.startswith("#cloud-boothook\n#!/bin/sh\n")
    assert f"\nend={int(END.timestamp()) + 1}\n" in text
    assert "@" not in text.replace('"$@"', "")


def test_a_time_without_a_zone_is_refused() -> None:
    """A naive time would end the instance hours too early or too late."""
    with pytest.raises(ValueError, match="zone"):
        end_date_boothook(END.replace(tzinfo=None))
