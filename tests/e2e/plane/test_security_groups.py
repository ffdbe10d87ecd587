"""Security groups judge every packet, with AWS's rules of what is tracked."""

import socket

import pytest

from spawn.local.world import Instance, Rule, SecurityGroup
from tests.e2e.plane.harness import NO_ANSWER_SECONDS, Plane, wait_for
from tests.e2e.plane.worlds import (
    CLOSED,
    HOME_ADDRESS,
    OPEN,
    STRANGER_ADDRESS,
    group,
    instance,
    interface,
    ports,
)

pytestmark = pytest.mark.e2e

HOME = (f"{HOME_ADDRESS}/32",)


def is_alive(connection: socket.socket) -> bool:
    """Whether the SSH server at the other end takes a line and answers by hanging up."""
    connection.settimeout(NO_ANSWER_SECONDS)
    try:
        connection.sendall(b"not the SSH protocol\r\n")
        while connection.recv(4096):
            pass
    except TimeoutError:
        return False
    return True


def test_only_named_addresses_get_an_answer(plane: Plane) -> None:
    """A port is open to the addresses of its rule; others hear nothing, not even a refusal."""
    box = instance(5, group([ports(22, peers=HOME)]))
    plane.boot(box)
    assert plane.answers(box, 22)
    assert not plane.answers(box, 22, STRANGER_ADDRESS)
    assert not plane.answers(box, 8080)
    plane.apply(instance(5, group([ports(22, peers=[f"{STRANGER_ADDRESS}/32"])])))
    wait_for(lambda: plane.answers(box, 22, STRANGER_ADDRESS), "the group's new rule")
    assert not plane.answers(box, 22)


def test_a_closed_port_that_the_group_opens_refuses(plane: Plane) -> None:
    """Where the group lets packets in and nothing listens, the instance itself refuses."""
    box = instance(5, group([ports(8080)]))
    plane.boot(box)
    assert plane.answers(box, 8080)


@pytest.mark.parametrize(
    ("before", "lives"),
    [
        pytest.param(group([ports(22, peers=HOME)]), True, id="tracked"),
        pytest.param(group([ports(22)]), False, id="untracked"),
        pytest.param(group([ports(22)], egress=[ports(443)]), True, id="one-way-open"),
        pytest.param(OPEN, False, id="all-open"),
    ],
)
def test_what_becomes_of_a_flow_when_its_rule_goes(
    plane: Plane, before: SecurityGroup, lives: bool
) -> None:
    """A tracked flow outlives its rule; one that all may start, both ways open, ends at once."""
    box = instance(5, before)
    plane.boot(box)
    with plane.connect(box, 22) as connection:
        assert connection.recv(4) == b"SSH-"
        plane.apply(instance(5, CLOSED))
        wait_for(lambda: not plane.answers(box, 22), "the group's rules to go")
        assert is_alive(connection) is lives


def test_isolation_by_way_of_an_open_group_cuts_tracked_flows(plane: Plane) -> None:
    """A tracked flow that is made untracked first ends with the empty group, even an idle one."""
    box = instance(5, group([ports(22, peers=HOME)]))
    plane.boot(box)
    with plane.connect(box, 22) as connection:
        assert connection.recv(4) == b"SSH-"
        plane.apply(instance(5, OPEN))
        plane.apply(instance(5, CLOSED))
        wait_for(lambda: not plane.answers(box, 22), "the group's rules to go")
        assert not is_alive(connection)


def test_a_caller_who_moves_is_shut_out_until_named(plane: Plane) -> None:
    """With another address the caller gets no answer; a new group that names it mends that."""
    box = instance(5, group([ports(22, peers=HOME)]))
    plane.boot(box)
    assert plane.answers(box, 22)
    plane.apply(box, caller_address=STRANGER_ADDRESS)
    wait_for(lambda: not plane.answers(box, 22), "the caller to be shut out")
    named = group([ports(22, peers=[f"{STRANGER_ADDRESS}/32"])])
    plane.apply(instance(5, named), caller_address=STRANGER_ADDRESS)
    wait_for(lambda: plane.answers(box, 22), "the caller to be let in")


def reach(plane: Plane, sender: Instance, receiver: Instance, port: int = 22) -> bool:
    """Whether a connection from one instance to another's private address is made."""
    address = receiver.interfaces[0].private_ip
    program = f"import socket; socket.create_connection(('{address}', {port}), timeout=1.0)"
    return plane.python(sender, program).code == 0


def test_instances_reach_each_other_as_both_groups_allow(plane: Plane) -> None:
    """Between two instances the sender's egress and the receiver's ingress both count."""
    keys = (plane.public_key,)
    answers_ssh = ports(22, peers=HOME)
    sender = instance(5, group([answers_ssh]), public_keys=keys)
    receiver = instance(6, group([ports(22, peers=["10.0.0.5/32"])]), public_keys=keys)
    other = instance(7, group([answers_ssh]), public_keys=keys)
    plane.boot(sender, receiver, other)
    assert reach(plane, sender, receiver)
    assert not reach(plane, other, receiver)
    mute = instance(5, group([answers_ssh], egress=[]), public_keys=keys)
    plane.apply(mute, receiver, other)
    wait_for(lambda: not reach(plane, sender, receiver), "the group's egress rule to go")


def test_vpcs_are_apart(plane: Plane) -> None:
    """Private addresses of another VPC can't be reached, however open the groups are."""
    keys = (plane.public_key,)
    sender = instance(5, OPEN, public_keys=keys)
    receiver = instance(6, interfaces=(interface(6, OPEN, vpc_id="vpc-2"),))
    neighbour = instance(7, OPEN)
    plane.boot(sender, receiver, neighbour)
    assert reach(plane, sender, neighbour)
    assert not reach(plane, sender, receiver)


def test_public_addresses_are_reached_from_within(plane: Plane) -> None:
    """An instance reaches another's public address, and is known there by its own."""
    sender = instance(5, OPEN, public_keys=(plane.public_key,))
    receiver = instance(6, group([ports(22, peers=["54.0.0.5/32"])]))
    plane.boot(sender, receiver)
    program = "import socket; socket.create_connection(('{}', 22), timeout=1.0)"
    assert plane.python(sender, program.format("54.0.0.6")).code == 0
    assert plane.python(sender, program.format("10.0.0.6")).code != 0


def test_nothing_but_metadata_and_the_api_is_open_on_the_router(plane: Plane) -> None:
    """The router's own addresses answer on two ports, whatever the instance's groups say."""
    box = instance(5, group([ports(22, peers=HOME)], egress=[]), public_keys=(plane.public_key,))
    plane.boot(box)
    program = (
        "import socket\n"
        "for address in ('169.254.169.254', '169.254.170.254', '169.254.1.1', '169.254.0.2'):\n"
        "    for port in (22, 80):\n"
        "        try:\n"
        "            socket.create_connection((address, port), timeout=0.5)\n"
        "            print(address, port)\n"
        "        except OSError:\n"
        "            pass\n"
    )
    assert plane.python(box, program).output.split("\n") == [
        "169.254.169.254 80",
        "169.254.170.254 80",
        "",
    ]


def test_icmp_is_judged_by_type(plane: Plane) -> None:
    """A rule for echo requests lets a ping through, and its reply with it."""
    ping = Rule(protocol="icmp", from_port=8, to_port=-1, peers=("10.0.0.0/24",))
    sender = instance(5, OPEN, public_keys=(plane.public_key,))
    plane.boot(sender, instance(6, group([ping], egress=[])), instance(7, group()))
    # ICMP without ping(8): a datagram socket that the kernel lets every group use if told to.
    program = (
        "import socket, sys\n"
        "probe = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)\n"
        "probe.settimeout(1.0)\n"
        "probe.sendto(bytes.fromhex('0800f7ff00000000'), (sys.argv[1], 0))\n"
        "print(probe.recvfrom(100)[1][0])\n"
    )
    command = "/opt/spawn/environment/bin/python3 -I - "
    assert plane.ssh(sender, command + "10.0.0.6", program).output == "10.0.0.6\n"
    assert plane.ssh(sender, command + "10.0.0.7", program).code != 0
