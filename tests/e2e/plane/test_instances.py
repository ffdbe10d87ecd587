"""Instances boot, end, restart and keep their disks as on EC2."""

import base64

import pytest

from spawn.local.world import Booted, DesiredState, Ended, Ending, Trouble
from tests.e2e.plane.harness import Plane, wait_for
from tests.e2e.plane.worlds import instance, interface, metadata_options

pytestmark = pytest.mark.e2e


def encoded(user_data: str) -> str:
    return base64.b64encode(user_data.encode()).decode()


MULTIPART = """\
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=="

--==
Content-Type: text/cloud-boothook

#!/bin/sh
echo "hook of $INSTANCE_ID, boot $(cat /var/boots 2>/dev/null)"
echo x >> /var/boots
setsid sleep 1000 &
--==
Content-Type: text/x-shellscript

#!/bin/sh
echo "script by $(id -un) in $AWS_DEFAULT_REGION"
--==--
"""


def test_boothooks_run_each_boot_and_scripts_once(plane: Plane) -> None:
    """User-data is done as by cloud-init; a boothook's background process stays alive."""
    box = instance(5, user_data=encoded(MULTIPART), public_keys=(plane.public_key,))
    plane.boot(box)
    console = plane.await_console(box, "Cloud-init .* finished")
    assert f"hook of {box.instance_id}, boot \n" in console
    assert "script by root in us-west-2\n" in console
    assert "sleep 1000" in plane.ssh(box, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '").output
    plane.ssh(box, "sudo reboot")
    plane.await_event(Ended(instance_id=box.instance_id, boot=1, ending=Ending.REBOOT))
    console = plane.await_console(box, "Cloud-init .* finished", times=2)
    assert f"hook of {box.instance_id}, boot x\n" in console
    assert console.count("script by") == 1


def test_a_script_that_never_ends_holds_nothing_up(plane: Plane) -> None:
    """The SSH server and the host key on the console don't wait for user scripts."""
    script = encoded("#!/bin/sh\necho started\nwhile :; do sleep 100; done\n")
    box = instance(5, user_data=script, public_keys=(plane.public_key,))
    plane.boot(box)
    console = plane.await_console(box, "started")
    assert "-----END SSH HOST KEY KEYS-----" in console
    assert plane.ssh(box, "echo $((6 * 7))").output == "42\n"


def test_user_data_without_a_known_header_is_not_run(plane: Plane) -> None:
    """Text that doesn't say what it is stays text, and the console says so."""
    box = instance(5, user_data=encoded("\necho ran > /tmp/ran\n"))
    plane.boot(box)
    console = plane.await_console(box, "Cloud-init .* finished")
    assert "Unhandled non-multipart (text/x-not-multipart) userdata" in console


@pytest.mark.parametrize("command", ["poweroff", "shutdown -h now", "halt", "/sbin/shutdown now"])
def test_power_off_from_inside_is_final(plane: Plane, command: str) -> None:
    """An instance that powers itself off stays off until it is started again."""
    box = instance(5, public_keys=(plane.public_key,))
    plane.boot(box)
    plane.ssh(box, f"sudo {command}")
    plane.await_event(Ended(instance_id=box.instance_id, boot=1, ending=Ending.POWER_OFF))
    plane.apply(box)
    again = instance(5, boot=2, public_keys=(plane.public_key,))
    plane.boot(again)
    assert [type(event) for event in plane.events[1:]] == [Booted, Ended, Booted]


def test_power_off_by_the_system_call_alone(plane: Plane) -> None:
    """reboot(2) without any program, as an agent would call it, ends the instance."""
    box = instance(5, public_keys=(plane.public_key,))
    plane.boot(box)
    plane.python(box, "import ctypes; ctypes.CDLL(None).reboot(0x4321FEDC)")
    plane.await_event(Ended(instance_id=box.instance_id, boot=1, ending=Ending.POWER_OFF))


def test_the_disk_outlives_stop_and_start_but_not_termination(plane: Plane) -> None:
    """Files stay over a stop, /run and /tmp don't, and so does the host key; then all is gone."""
    keys = (plane.public_key,)
    box = instance(5, public_keys=keys)
    plane.boot(box)
    plane.ssh(box, "for d in ~ /etc /opt /var/lib /usr/local/bin /run /tmp; do echo 1 > $d/x; done")
    first_key = plane.ssh(box, "cat /etc/ssh/ssh_host_ed25519_key.pub").output
    stopped = instance(5, state=DesiredState.STOPPED)
    plane.apply(stopped)
    plane.await_event(Ended(instance_id=box.instance_id, boot=1, ending=Ending.ORDERED))
    plane.boot(instance(5, boot=2))
    listing = plane.ssh(box, "ls ~/x /etc/x /opt/x /var/lib/x /usr/local/bin/x /run/x /tmp/x")
    assert listing.output.split() == [
        "/etc/x",
        "/home/ec2-user/x",
        "/opt/x",
        "/usr/local/bin/x",
        "/var/lib/x",
    ]
    assert plane.ssh(box, "cat /etc/ssh/ssh_host_ed25519_key.pub").output == first_key
    plane.apply(instance(5, state=DesiredState.TERMINATED, boot=2))
    plane.await_event(Ended(instance_id=box.instance_id, boot=2, ending=Ending.ORDERED))
    assert "SSH HOST KEY" in plane.console(box)
    plane.apply()
    wait_for(lambda: not plane.console(box), "the console to be forgotten")
    plane.forget_host_key(box)
    plane.boot(instance(5, boot=3, public_keys=keys))
    assert plane.ssh(box, "ls /etc/x").code == 2


def test_a_reboot_by_order_keeps_the_instance(plane: Plane) -> None:
    """A greater boot number ends the running boot, gently, and starts the next."""
    hook = (
        "#cloud-boothook\n#!/bin/sh\n"
        "(trap 'echo told to end > /dev/console; exit' TERM; sleep 100 & wait) &\n"
    )
    box = instance(5, user_data=encoded(hook))
    plane.boot(box)
    plane.await_console(box, "Cloud-init .* finished")
    plane.boot(instance(5, boot=2))
    plane.await_event(Ended(instance_id=box.instance_id, boot=1, ending=Ending.ORDERED))
    assert "told to end" in plane.console(box)


def test_what_is_written_to_the_console_device_is_kept(plane: Plane) -> None:
    """Both names of the console lead to the console's file, of which the last 64 KiB are kept."""
    box = instance(5, public_keys=(plane.public_key,))
    plane.boot(box)
    plane.ssh(box, "yes filler | head -n 20000 > /dev/console")
    device = plane.ssh(box, "cat /sys/class/tty/console/active").output.strip()
    plane.ssh(box, f"echo last words > /dev/{device}")
    plane.await_console(box, "last words")
    path = plane.state / "console" / f"{box.instance_id}.log"
    assert path.stat().st_size == 64 * 1024
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_console_outlives_its_instance(plane: Plane) -> None:
    """The last words are kept for as long as the world tells of the ended instance."""
    hook = encoded("#cloud-boothook\n#!/bin/sh\necho last words\npoweroff -f\n")
    box, other = instance(5, user_data=hook), instance(6)
    plane.boot(box, other)
    assert plane.await_ended(box).ending is Ending.POWER_OFF
    plane.apply(other, ended=(box,))
    plane.apply(ended=(box, other))
    plane.await_ended(other)
    assert "last words" in plane.console(box)
    plane.apply(ended=(other,))
    wait_for(lambda: not plane.console(box), "the console to be forgotten")
    assert plane.console(other)


def test_a_disk_can_be_full(plane: Plane) -> None:
    """It ends at a gibibyte, not with this machine's memory, and the neighbour's has room."""
    full, other = (instance(number, public_keys=(plane.public_key,)) for number in (5, 6))
    plane.boot(full, other)
    fill = "dd if=/dev/zero of=/var/fill bs=1M count=2000; echo x > /var/more"
    assert plane.ssh(full, fill).errors.count("No space left on device") == 2
    assert 2**29 < int(plane.ssh(full, "stat -c %s /var/fill").output) < 2**30
    assert plane.ssh(other, "echo x > /var/more").code == 0
    assert plane.ssh(full, "rm /var/fill; echo x > /var/more").code == 0


# Writes without waiting, until there is no more room.
FILL_CONSOLE = """\
import os, time
console = os.open("/dev/console", os.O_WRONLY | os.O_NONBLOCK)
try:
    for _ in range(10_000):
        os.write(console, b"nobody reads this\\n" * 10)
except BlockingIOError:
    print("full")
"""


def test_a_console_can_stall(plane: Plane) -> None:
    """Once it is full, writers wait or are turned away; when it is read again, they go on."""
    keys = (plane.public_key,)
    stalled, reading = (instance(5, console_stalls=s, public_keys=keys) for s in (True, False))
    plane.boot(reading)
    plane.host_key(reading)
    plane.apply(stalled)
    assert plane.python(stalled, FILL_CONSOLE).output == "full\n"
    assert "nobody reads this" not in plane.console(stalled)
    write = "echo last words > /dev/console; echo done > /tmp/done"
    plane.ssh(stalled, f"setsid sh -c '{write}' > /dev/null 2>&1 &")
    assert plane.ssh(stalled, "timeout 1 sh -c 'echo > /dev/console'").code == 124
    assert plane.ssh(stalled, "cat /tmp/done").code == 1
    plane.apply(reading)
    assert "nobody reads this" in plane.await_console(reading, "last words")
    wait_for(lambda: plane.ssh(reading, "cat /tmp/done").output == "done\n", "the writer to end")


def test_a_taken_address_is_refused(plane: Plane) -> None:
    """A second instance with the same private address does not boot, and it is said why."""
    box = instance(5)
    twin = instance(6, interfaces=(interface(5, vpc_id="vpc-2"),))
    plane.boot(box)
    plane.apply(box, twin)
    plane.await_event(Ended(instance_id=twin.instance_id, boot=1, ending=Ending.CRASHED))
    assert any(isinstance(each, Trouble) and "10.0.0.5" in each.message for each in plane.events)


def test_an_instance_without_metadata_gets_neither_keys_nor_user_data(plane: Plane) -> None:
    """With metadata off at launch nobody can log in and nothing of the user's runs, as on EC2."""
    box = instance(
        5,
        metadata=metadata_options(http_endpoint="disabled"),
        user_data=encoded("#!/bin/sh\necho ran\n"),
        public_keys=(plane.public_key,),
    )
    plane.boot(box)
    console = plane.await_console(box, "Cloud-init .* finished")
    assert "ran\n" not in console.splitlines(keepends=True)
    assert plane.ssh(box, "true").code == 255
