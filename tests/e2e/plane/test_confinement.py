"""Nothing of the machine shows on an instance, and nothing of a plane stays when it is killed."""

import os
import signal
import sys
import tempfile
from pathlib import Path

import pytest

from tests.e2e.plane.harness import running_plane, wait_for
from tests.e2e.plane.worlds import OPEN, instance

pytestmark = pytest.mark.e2e

CANARY = "canary-5ac1f0"
ORDINARY_ID = 1_900_701_000  # a user without a name, a group or a file


def processes_in(namespace_holder: int) -> set[int]:
    """All processes whose ancestors include one of the plane's."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, waiting = set(), [namespace_holder]
    while waiting:
        process = waiting.pop()
        found.add(process)
        waiting += children.get(process, [])
    return found


@pytest.mark.parametrize("generation", [0, 1, 2, 3], ids=["outer", "waiting", "first", "hyper"])
def test_killing_any_process_of_the_plane_ends_all(tmp_path: Path, generation: int) -> None:
    """Whichever of the plane's own processes is killed, none remains, and no mount."""
    mounts = Path("/proc/self/mounts").read_text()
    with running_plane(tmp_path) as plane:
        plane.boot(instance(5))
        outermost = victim = plane.process.pid
        wait_for(lambda: len(processes_in(outermost)) >= 6, "the processes of plane and instance")
        everyone = processes_in(outermost)
        for _ in range(generation):
            victim = min(processes_in(victim) - {victim})
        os.kill(victim, signal.SIGKILL)
        wait_for(
            lambda: (
                plane.process.poll() is not None
                and not [each for each in everyone if Path(f"/proc/{each}").exists()]
            ),
            f"the end of {everyone}",
        )
    assert Path("/proc/self/mounts").read_text() == mounts


def test_the_machine_does_not_show(tmp_path: Path) -> None:
    """No home, environment, process, temporary file or network of the machine can be seen."""
    secret = tmp_path / f"file-{CANARY}"
    secret.write_text(CANARY)
    environment = {**os.environ, "AWS_SECRET_ACCESS_KEY": CANARY}
    with running_plane(tmp_path, environment=environment) as plane:
        box = instance(5, OPEN, public_keys=(plane.public_key,))
        plane.boot(box)
        look = plane.ssh(
            box,
            "bash -s",
            f"env; cat /proc/*/environ /proc/*/cmdline /proc/*/maps /proc/mounts; ls / /home /root"
            f"; ls {tmp_path} {Path.home()} {sys.prefix}; ls -l /proc/1/fd /proc/1/cwd /proc/1/exe",
        )
        assert CANARY not in look.output
        assert str(tmp_path) not in look.output
        assert sys.base_prefix not in look.output or sys.base_prefix == "/usr"
        assert look.errors.count("No such file") >= 2, look.errors
        assert plane.ssh(box, "ls /proc | grep -c '^[0-9]'").output in {"5\n", "6\n", "7\n"}
        assert plane.ssh(box, "ls /sys/class/net").output.split() == ["eth0", "lo"]
        assert plane.ssh(box, "touch /usr/bin/x; mount -o remount,rw /usr").code != 0
        assert plane.ssh(box, "echo 1 > /proc/sys/kernel/panic").code != 0
        assert plane.ssh(box, "echo h > /proc/sysrq-trigger").code != 0


def test_an_ordinary_user_can_run_it() -> None:
    """No privilege is needed: the same instance boots and answers for any user."""
    user_id = os.getuid() or ORDINARY_ID
    if os.getuid() != user_id and not Path("/usr/bin/python3.11").exists():
        pytest.fail("as root this test needs /usr/bin/python3.11: the user can't see root's")
    with tempfile.TemporaryDirectory(prefix="spawn-test-") as directory:
        _run_as(user_id, Path(directory))


def _run_as(user_id: int, directory: Path) -> None:
    command = [sys.executable]
    if os.getuid() != user_id:
        directory.chmod(0o755)
        command = ["setpriv", f"--reuid={user_id}", f"--regid={user_id}", "--clear-groups", "--"]
        packages = next(path for path in sys.path if path.endswith("site-packages"))
        source = str(Path(__file__).parents[3] / "src")
        command += ["env", f"PYTHONPATH={source}:{packages}", "/usr/bin/python3.11"]
    with running_plane(directory, command, owner=user_id) as plane:
        box = instance(5, public_keys=(plane.public_key,))
        plane.boot(box)
        assert plane.ssh(box, "id -u; hostname").output == "0\nip-10-0-0-5\n"
