"""Every way in, with real packets: through a bastion, with a key for a minute, carrying a page."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spawn.local.client import ControlClient
from spawn.local.files import read_cloud_file
from tests.e2e.boxes import HOME_ADDRESS, REGION, Box, wait_for
from tests.e2e.conftest import Launch
from tests.tools.clouds import Cloud
from tests.tools.programs import Finished, Program

pytestmark = pytest.mark.e2e

ELSEWHERE = "198.51.100.78"
PAGE = "a page of the instance's own"
SERVE = f"""\
mkdir -p site && cd site && echo "{PAGE}" > index.html
nohup /opt/spawn/environment/bin/python3 -m http.server 8080 --bind 127.0.0.1 >/dev/null 2>&1 &
"""


def connect(box: Box, *words: str, stdin: str = "") -> Finished:
    """Run `spawn connect` with these words."""
    return box.spawn("connect", "--region", REGION, *words, stdin=stdin)


def test_a_private_instance_is_reached_through_a_bastion(launch: Launch, inner: Box) -> None:
    """By the bastion's id; words, input and exit code are those of a direct connection."""
    bastion = launch("--ttl", "30m")
    done = connect(
        inner, "--bastion", bastion.id, inner.id, "--", "sh", "-c", "cat; exit 9", stdin="in"
    )
    assert (done.code, done.stdout) == (9, "in")
    assert done.stderr == ""
    where = connect(inner, "--bastion", bastion.id, inner.id, "--", "hostname").stdout
    assert where.strip() == f"ip-{inner.described()['PrivateIpAddress'].replace('.', '-')}"
    refused = connect(inner, "--bastion", bastion.id, bastion.id, "--", "true")
    assert (refused.code, "its own bastion" in refused.stderr) == (2, True)


def test_where_no_way_leads_it_is_said(inner: Box) -> None:
    """Without a bastion, an endpoint or Session Manager, each of them is named; nothing waits."""
    refused = connect(inner, inner.id, "--", "true")
    assert refused.code == 1
    for looked_at in ("no EC2 Instance Connect Endpoint", "Session Manager", "spawn connect --bas"):
        assert looked_at in refused.stderr


def test_a_key_for_a_minute_lets_in_whoever_may_send_it(
    box: Box, cloud: Cloud, tmp_path: Path
) -> None:
    """From a machine that has not the launch's key, EC2 Instance Connect's key lets in alone."""
    home = tmp_path / "another"
    stranger = Program(
        path=box.spawn.path, environment=cloud.environment(home), directory=box.spawn.directory
    )
    done = stranger(*box.connect_words("echo", "in"))
    assert (done.code, done.stdout) == (0, "in\n"), done.stderr
    assert not list(home.rglob("spawn-ed25519"))
    assert not list(home.rglob("instance-connect*"))


def test_a_changed_address_is_noticed_and_mended(launch: Launch, cloud: Cloud, ec2: Any) -> None:
    """From another address the first knock tells why there is no answer; a new rule lets it in."""
    box = launch("--ssh-from", f"{HOME_ADDRESS}/32")
    assert box.run("true").code == 0
    file = read_cloud_file(cloud.directory)
    assert file is not None
    control = ControlClient(file)
    control.set_switches({"caller_address": ELSEWHERE})
    try:
        refused = box.run("true", source=ELSEWHERE)
        assert refused.code == 1
        assert f"your address {ELSEWHERE} is not among" in refused.stderr
        assert f"{HOME_ADDRESS}/32" in refused.stderr
        assert f"spawn network allow {box.id}" in refused.stderr
        rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
        rule |= {"IpRanges": [{"CidrIp": f"{ELSEWHERE}/32"}]}
        group = box.described()["SecurityGroups"][0]["GroupId"]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
        try:
            assert box.run("true", source=ELSEWHERE).code == 0
        finally:
            ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[rule])
    finally:
        control.set_switches({"caller_address": HOME_ADDRESS})


@contextlib.contextmanager
def forwarding(box: Box, *words: str) -> Iterator[int]:
    """Keep a `spawn connect -N` that forwards a free port of loopback; lend the port."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    spec = f"127.0.0.1:{port}:127.0.0.1:8080"
    program = [str(box.spawn.path), "connect", "--region", REGION, "-L", spec, "-N", *words]
    process = subprocess.Popen(program, env=dict(box.spawn.environment), start_new_session=True)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(10)


def page(port: int) -> str | None:
    """Return the page behind a port of loopback, None while there is none."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}/index.html", timeout=5) as answer:
            return str(answer.read().decode())
    except OSError:
        return None


def test_a_forwarded_port_carries_a_web_page(launch: Launch, inner: Box) -> None:
    """What listens on an instance's own loopback is read here, directly and behind a bastion."""
    bastion = launch("--ttl", "30m")
    bastion.sh(SERVE)
    with forwarding(bastion, bastion.id) as port:
        assert wait_for(lambda: page(port), "the page of the bastion") == f"{PAGE}\n"
    through = ("--bastion", bastion.id, inner.id)
    assert connect(inner, *through, "--", "sh", "-c", SERVE).code == 0
    with forwarding(inner, *through) as port:
        assert wait_for(lambda: page(port), "the page behind the bastion") == f"{PAGE}\n"
    # ssh ends with the program that started it.
    wait_for(lambda: page(port) is None, "the port to be closed")
