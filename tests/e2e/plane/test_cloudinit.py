"""An instance tells of its boot in cloud-init's words, in the places where cloud-init does."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from spawn.local.world import Ended, Ending, Instance
from tests.e2e.plane.harness import Plane, wait_for
from tests.e2e.plane.worlds import instance, metadata_options

pytestmark = pytest.mark.e2e

AMAZON, CANONICAL, DEBIAN = "137112412989", "099720109477", "136693071363"
FINISHED = r"Cloud-init v\. \S+ finished at"


def multipart(*scripts: str) -> str:
    """User-data of several scripts, as EC2 keeps it."""
    parts = "".join(f"--x\nContent-Type: text/x-shellscript\n\n{script}\n" for script in scripts)
    text = f"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n{parts}--x--\n"
    return base64.b64encode(text.encode()).decode()


def booted(plane: Plane, *scripts: str, owner: str = AMAZON) -> Instance:
    """An instance of an image of Amazon's, or another publisher's, that runs scripts."""
    box = instance(
        5, user_data=multipart(*scripts), image_owner=owner, public_keys=(plane.public_key,)
    )
    plane.boot(box)
    return box


def said(plane: Plane, on: Instance, command: str, *, code: int = 0, user: str) -> str:
    """What a command prints; it must end with a code."""
    words, target = plane.ssh_command(on)[:-1], f"{user}@{on.interfaces[0].public_ip}"
    answer = plane.run_ssh([*words, target, command])
    assert answer.code == code, answer
    return answer.output


def document(plane: Plane, on: Instance, name: str) -> Any:
    """One of the two files below /run/cloud-init."""
    return json.loads(said(plane, on, f"cat /run/cloud-init/{name}", user="ec2-user"))["v1"]


def test_a_boot_that_went_well(plane: Plane) -> None:
    """All stages are announced in order, all scripts run by name, the files say so."""
    box = booted(plane, "#!/bin/sh\necho one; echo two >&2", "#!/bin/sh\necho three")
    console = plane.await_console(box, FINISHED)
    stages = re.findall(
        r"Cloud-init v\. 22\.2\.2 running '(\S+)' at .*\. Up \d+\.\d\d sec", console
    )
    assert stages == ["init-local", "init", "modules:config", "modules:final"]
    last = (
        r"Cloud-init v\. 22\.2\.2 finished at \w{3}, .* \+0000\. Datasource DataSourceEc2Local\.  "
    )
    assert re.search(last + r"Up \d+\.\d\d seconds\n", console)
    log = said(plane, box, "cat /var/log/cloud-init-output.log", user="ec2-user")
    assert "one\ntwo\nthree\nCloud-init" in log
    assert "WARNING" not in log
    assert said(plane, box, "cloud-init status --wait", user="ec2-user") == "\nstatus: done\n"
    status = document(plane, box, "status.json")
    assert status["stage"] is None
    assert all(status[stage]["finished"] for stage in ("init-local", "init", "modules-final"))
    assert document(plane, box, "result.json") == {"datasource": "DataSourceEc2Local", "errors": []}
    said(plane, box, "test -e /var/lib/cloud/instance/boot-finished", user="ec2-user")


def test_scripts_that_fail(plane: Plane) -> None:
    """Each runs; exit codes and signals stand in the log, and the rest names the module."""
    scripts = ("#!/bin/sh\nexit 7", "#!/bin/sh\nkill -9 $$", "echo no header", "#!/bin/sh\necho ok")
    box = booted(plane, *scripts)
    console = plane.await_console(box, FINISHED)
    folder = "/var/lib/cloud/instance/scripts"
    warned = f"cc_scripts_user.py[WARNING]: Failed to run module scripts-user (scripts in {folder})"
    assert warned in console
    assert re.search(
        r"util\.py\[WARNING\]: Running module scripts-user \(<module.*>\) failed", console
    )
    assert "ok\n" in console
    count = "3 failures (part-001,part-002,part-003) in 4 attempted commands"
    errors = [f"('scripts-user', RuntimeError('Runparts: {count}'))"]
    assert said(plane, box, "cloud-init status --wait", code=1, user="ec2-user").endswith("error\n")
    assert document(plane, box, "result.json")["errors"] == errors
    log = said(plane, box, "sudo cat /var/log/cloud-init.log", user="ec2-user")
    assert re.findall(r"Command: \['(\S+)'\]\nExit code: (\S+)\n", log) == [
        (f"{folder}/part-001", "7"),
        (f"{folder}/part-002", "-9"),
        (f"{folder}/part-003", "-"),
    ]
    assert "Exec format error. Missing #! in script?" in log


def test_a_script_that_never_ends(plane: Plane) -> None:
    """The boot is running, in its last stage, and there is no result."""
    box = booted(plane, "#!/bin/sh\necho begun; while :; do sleep 100; done")
    plane.await_console(box, "begun")
    assert said(plane, box, "cloud-init status", user="ec2-user") == "status: running\n"
    assert document(plane, box, "status.json")["stage"] == "modules-final"
    said(plane, box, "test ! -e /run/cloud-init/result.json", user="ec2-user")
    said(plane, box, "test ! -e /var/lib/cloud/instance/boot-finished", user="ec2-user")


def test_a_reboot_is_a_new_boot(plane: Plane) -> None:
    """Scripts don't run again, and what the last boot came to is forgotten."""
    box = booted(plane, "#!/bin/sh\necho x >> /var/count; exit 1")
    plane.await_console(box, FINISHED)
    said(plane, box, "cloud-init status --wait", code=1, user="ec2-user")
    plane.ssh(box, "sudo reboot")
    plane.await_event(Ended(instance_id=box.instance_id, boot=1, ending=Ending.REBOOT))
    plane.await_console(box, FINISHED, times=2)
    waited = said(plane, box, "cloud-init status --wait; cat /var/count", user="ec2-user")
    assert waited.endswith("status: done\nx\n")


@pytest.mark.parametrize(
    ("owner", "user", "has_formats", "code"),
    [
        (AMAZON, "ec2-user", False, 0),
        (DEBIAN, "admin", True, 0),
        (CANONICAL, "ubuntu", True, 2),
    ],
)
def test_releases_differ(
    plane: Plane, owner: str, user: str, *, has_formats: bool, code: int
) -> None:
    """A warning is nothing, or counts; --format is there, or not: as with each image's release."""
    config = base64.b64encode(b"#cloud-config\nno_such_key: 1\nruncmd: ['echo from runcmd']\n")
    box = instance(5, user_data=config.decode(), image_owner=owner, public_keys=(plane.public_key,))
    plane.boot(box)
    assert "from runcmd\n" in plane.await_console(box, FINISHED)
    said(plane, box, "cloud-init status --wait", code=code, user=user)
    command = "cloud-init status --format json"
    shown = said(plane, box, command, code=code if has_formats else 2, user=user)
    if has_formats:
        assert json.loads(shown)["status"] == "done"
        assert json.loads(shown)["errors"] == []


def test_boothooks_and_boot_commands_that_fail(plane: Plane) -> None:
    """A failed boothook is a warning, a failed `bootcmd` an error; the scripts still run."""
    text = (
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n"
        "--x\nContent-Type: text/cloud-boothook\n\n#!/bin/sh\nexit 3\n"
        "--x\nContent-Type: text/cloud-config\n\nbootcmd: ['exit 4']\nruncmd: ['echo ran']\n"
        "--x\nContent-Type: text/x-shellscript\n\n#!/bin/sh\necho first\n--x--\n"
    )
    data = base64.b64encode(text.encode()).decode()
    box = instance(5, user_data=data, image_owner=AMAZON, public_keys=(plane.public_key,))
    plane.boot(box)
    console = plane.await_console(box, FINISHED)
    assert "first\nran\n" in console
    hook = "/var/lib/cloud/instance/boothooks/part-001"
    assert f"util.py[WARNING]: Boothooks script {hook} execution error." in console
    wait_for(
        lambda: plane.ssh(box, "test -e /run/cloud-init/result.json").code == 0, "the boot's result"
    )
    (error,) = document(plane, box, "result.json")["errors"]
    assert error.startswith("('bootcmd', ProcessExecutionError(")
    assert "Exit code: 4" in error


def test_an_instance_without_metadata_has_no_datasource(plane: Plane) -> None:
    """With metadata off nothing is found, and the console says so."""
    box = instance(5, metadata=metadata_options(http_endpoint="disabled"))
    plane.boot(box)
    assert "Datasource DataSourceNone.  Up " in plane.await_console(box, FINISHED)
