"""Who reaches an instance: the caller, and whom its groups name; the moment they name them."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.e2e.boxes import HOME_ADDRESS, Box, wait_for
from tests.e2e.conftest import Launch
from tests.tools.programs import Program

pytestmark = pytest.mark.e2e

STRANGER = "198.51.100.77"
# Long enough for an answer on a busy machine, short enough to wait for one that never comes.
NO_ANSWER_SECONDS = 2.0


@contextmanager
def knocking(box: Box, source: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A connection to its SSH port from an address; its output is what the server says first."""
    process = subprocess.Popen(
        [sys.executable, "-m", "spawn.local.proxy", "--source", source, box.address, "22"],
        env=dict(box.spawn.environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def is_answered(box: Box, source: str) -> bool:
    """Whether the SSH server says who it is, soon."""
    with knocking(box, source) as process:
        assert process.stdout is not None
        try:
            process.wait(NO_ANSWER_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
        return process.stdout.read(8) == b"SSH-2.0-"


def test_an_address_is_let_in_by_the_aws_program(launch: Launch, aws: Program) -> None:
    """A stranger gets no answer until `aws ec2` names their address, and then at once."""
    box = launch("--ssh-from", f"{HOME_ADDRESS}/32")
    group = box.described()["SecurityGroups"][0]["GroupId"]
    assert is_answered(box, HOME_ADDRESS)
    assert not is_answered(box, STRANGER)
    words = ("--group-id", group, "--protocol", "tcp", "--port", "22", "--cidr", f"{STRANGER}/32")
    opened = aws("ec2", "authorize-security-group-ingress", *words)
    assert opened.code == 0, opened.stderr
    try:
        assert is_answered(box, STRANGER)
        assert box.run("true", source=STRANGER).code == 0
    finally:
        aws("ec2", "revoke-security-group-ingress", *words)
    wait_for(lambda: not is_answered(box, STRANGER), "the stranger to be shut out again")


def test_instances_reach_each_other_as_their_groups_allow(launch: Launch, ec2: Any) -> None:
    """One instance reaches another's port when a rule names its group, and not before."""
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]
    names = ("server", "client")
    groups = {
        name: ec2.create_security_group(
            GroupName=f"{name}-{uuid.uuid4()}", Description=name, VpcId=vpc["VpcId"]
        )["GroupId"]
        for name in names
    }
    for group in groups.values():
        ec2.authorize_security_group_ingress(
            GroupId=group, IpPermissions=[_ssh(f"{HOME_ADDRESS}/32")]
        )
    server, client = (launch("--security-groups", groups[name]) for name in names)
    server.sh("nohup /opt/spawn/environment/bin/python3 -m http.server 8080 >/dev/null 2>&1 &")
    ask = (
        "import urllib.request\n"
        f"url = 'http://{server.document['instances'][0]['private_ip']}:8080/'\n"
        "try:\n"
        "    print(urllib.request.urlopen(url, timeout=2).status)\n"
        "except OSError:\n"
        "    print('no answer')\n"
    )
    assert client.python(ask) == "no answer\n"
    members = {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080}
    members |= {"UserIdGroupPairs": [{"GroupId": groups["client"]}]}
    ec2.authorize_security_group_ingress(GroupId=groups["server"], IpPermissions=[members])
    assert wait_for(lambda: client.python(ask) == "200\n", "the server to answer")


def _ssh(cidr: str) -> dict[str, Any]:
    return {
        "IpProtocol": "tcp",
        "FromPort": 22,
        "ToPort": 22,
        "IpRanges": [{"CidrIp": cidr}],
    }
