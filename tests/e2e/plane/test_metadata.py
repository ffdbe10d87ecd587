"""Metadata answers on its real address, to the instance that asks, with a real hop limit."""

import time

import pytest

from spawn.local.world import RoleCredentials
from tests.e2e.plane.harness import PATIENCE_SECONDS, Plane
from tests.e2e.plane.worlds import instance, metadata_options

pytestmark = pytest.mark.e2e

CLIENT = """\
import sys, urllib.error, urllib.request
def ask(path, method="GET", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(
        "http://169.254.169.254" + path, method=method, headers=headers)
    try:
        return urllib.request.urlopen(request, timeout=2).read().decode()
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return "no answer"
def token():
    return ask("/latest/api/token", "PUT", X_aws_ec2_metadata_token_ttl_seconds="60")
"""
# A container as Docker makes them: a network of its own behind the instance's, with its address
# translated. The router's packets must pass one more hop to it.
CONTAINER = """\
set -e
ip netns add box
ip link add inner type veth peer name eth0 netns box
ip address add 172.30.0.1/24 dev inner
ip link set inner up
ip -n box address add 172.30.0.2/24 dev eth0
ip -n box link set eth0 up
ip -n box route add default via 172.30.0.1
echo 1 > /proc/sys/net/ipv4/ip_forward
nft add table ip docker
nft add chain ip docker out '{ type nat hook postrouting priority srcnat; }'
nft add rule ip docker out oifname eth0 masquerade
"""


def test_version_2_is_answered_and_version_1_refused(plane: Plane) -> None:
    """Each instance reads its own identity with a token, and nothing without one."""
    boxes = [instance(number, public_keys=(plane.public_key,)) for number in (5, 6)]
    plane.boot(*boxes)
    program = CLIENT + (
        "path = '/latest/meta-data/instance-id'\n"
        "print(ask(path), ask(path, X_aws_ec2_metadata_token=token()))\n"
        "print(ask('/latest/api/token', 'PUT', X_Forwarded_For='1.2.3.4',"
        " X_aws_ec2_metadata_token_ttl_seconds='60'))\n"
    )
    for box in boxes:
        assert plane.python(box, program).output == f"401 {box.instance_id}\n403\n"


def test_options_change_under_way(plane: Plane) -> None:
    """Making tokens optional, turning metadata off and on, takes effect on a running instance."""
    keys = (plane.public_key,)
    box = instance(5, public_keys=keys)
    plane.boot(box)
    program = CLIENT + "print(ask('/latest/meta-data/instance-id'))\n"
    for options, expected in (
        (metadata_options(http_tokens="optional"), box.instance_id),
        (metadata_options(http_endpoint="disabled"), "403"),
        (metadata_options(), "401"),
    ):
        plane.apply(instance(5, metadata=options, public_keys=keys))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while plane.python(box, program).output != f"{expected}\n":
            assert time.monotonic() < deadline, expected


def test_metadata_can_tell_a_wrong_time(plane: Plane) -> None:
    """Its Date is as far off as the switch says, and its tokens are good all the same."""
    box = instance(5, metadata_seconds_ahead=86_400, public_keys=(plane.public_key,))
    plane.boot(box)
    program = CLIENT + (
        "import email.utils, time\n"
        "request = urllib.request.Request('http://169.254.169.254/latest/meta-data/instance-id',"
        " headers={'X-aws-ec2-metadata-token': token()})\n"
        "date = urllib.request.urlopen(request, timeout=2).headers['Date']\n"
        "print(round((email.utils.parsedate_to_datetime(date).timestamp() - time.time()) / 3600))\n"
    )
    assert plane.python(box, program).output == "24\n"


@pytest.mark.parametrize(("hop_limit", "gets_token"), [(1, False), (2, True)])
def test_the_hop_limit_is_a_ttl(plane: Plane, hop_limit: int, gets_token: bool) -> None:
    """A container one hop behind the instance gets a token with 2 hops, with 1 no answer."""
    box = instance(
        5,
        metadata=metadata_options(http_put_response_hop_limit=hop_limit),
        public_keys=(plane.public_key,),
    )
    plane.boot(box)
    made = plane.ssh(box, CONTAINER)
    assert made.code == 0, made.errors
    python = "/opt/spawn/environment/bin/python3 -I -"
    program = CLIENT + "print(len(token()), token() == 'no answer')\n"
    assert plane.ssh(box, python, program).output == "56 False\n"
    answer = plane.ssh(box, f"ip netns exec box {python}", program)
    assert (answer.output == "56 False\n") is gets_token, answer


def test_programs_find_region_endpoint_and_role(plane: Plane) -> None:
    """A signed call of the real `aws` comes out at the API, with the role's credentials."""
    credentials = RoleCredentials(
        role_name="reader",
        instance_profile_arn="arn:aws:iam::123456789012:instance-profile/reader",
        instance_profile_id="AIPA1",
        access_key_id="ASIAEXAMPLEKEY",
        secret_access_key="secret",
        token="token",
        last_updated="2026-01-27T09:30:00Z",
        expiration="2036-01-27T15:30:00Z",
    )
    box = instance(5, credentials=credentials, public_keys=(plane.public_key,))
    plane.boot(box)
    # The API of these tests sends the request itself back: what was sent shows in the error.
    answer = plane.ssh(box, "AWS_MAX_ATTEMPTS=1 aws sts get-caller-identity --debug 2>&1; true")
    assert "ASIAEXAMPLEKEY/" in answer.output
    assert "us-west-2/sts/aws4_request" in answer.output
    assert "http://169.254.170.254" in answer.output


def test_the_api_is_reached_whatever_the_groups_say(plane: Plane) -> None:
    """Bytes to the API's address come out at the control plane's socket and go back."""
    box = instance(5, public_keys=(plane.public_key,))
    plane.boot(box)
    program = (
        "import socket\n"
        "with socket.create_connection(('169.254.170.254', 80), timeout=5) as api:\n"
        "    api.sendall(b'x' * 300000)\n"
        "    api.shutdown(socket.SHUT_WR)\n"
        "    print(sum(map(len, iter(lambda: api.recv(65536), b''))))\n"
    )
    assert plane.python(box, program).output == "300000\n"
