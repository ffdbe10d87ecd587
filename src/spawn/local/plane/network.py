"""The network as commands to iproute2: a router, the outside, and a link for each interface.

Nothing is bridged. Each interface has a link of its own to the router and a host route, so that
every packet between two instances is forwarded, and judged, by the router; private addresses
must therefore be unique in the world, also between VPCs.

The router is the plane's own network namespace. `internet` is a second one: connections from
outside start there with any source address. It has no link to the machine.
"""

from __future__ import annotations

from spawn.local.world import Interface

INTERNET = "internet"
INTERNET_LINK = "internet"
_GATEWAY = "169.254.1.1"  # every instance's next hop; the router answers for it on every link
_ROUTER_SIDE = "169.254.0.1"
_INTERNET_SIDE = "169.254.0.2"
# Packets to these that no interface owns get no answer, as in a VPC.
_PRIVATE_BLOCKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")
_ARRIVALS_TABLE = 100  # of the internet namespace: whatever arrives there is for it
_SECONDARY_TABLES = 100  # of an instance: answers leave by the interface they are asked on

ROUTER_SETTINGS = {
    "net/ipv4/ip_forward": "1",
    "net/ipv4/conf/all/send_redirects": "0",
    "net/ipv4/conf/default/send_redirects": "0",
    "net/ipv6/conf/all/disable_ipv6": "1",
    "net/ipv6/conf/default/disable_ipv6": "1",
}
INTERNET_SETTINGS = ROUTER_SETTINGS | {
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
}


def link_name(interface_id: str) -> str:
    """The router's name for an interface: the most of its id that Linux's 15 characters hold."""
    return "e" + interface_id.removeprefix("eni-")[-14:]


def router_commands(local_addresses: tuple[str, ...]) -> list[str]:
    """Make the outside and the router's own addresses; to be run once, in the router."""
    return [
        f"netns add {INTERNET}",
        "link set lo up",
        *(f"address add {address}/32 dev lo" for address in (_GATEWAY, *local_addresses)),
        f"link add {INTERNET_LINK} type veth peer name router netns {INTERNET}",
        f"address add {_ROUTER_SIDE}/30 dev {INTERNET_LINK}",
        f"link set {INTERNET_LINK} up",
        *(f"route add blackhole {block}" for block in _PRIVATE_BLOCKS),
    ]


def internet_commands() -> list[str]:
    """Make every address local to the outside; to be run once, in the internet namespace."""
    return [
        "link set lo up",
        f"address add {_INTERNET_SIDE}/30 dev router",
        "link set router up",
        f"route add default via {_ROUTER_SIDE}",
        f"rule add iif router lookup {_ARRIVALS_TABLE}",
        f"route add local default dev lo table {_ARRIVALS_TABLE}",
    ]


def default_route_commands() -> list[str]:
    """Let the router send the rest outside; to be run once both ends are up."""
    return [f"route add default via {_INTERNET_SIDE}"]


def namespace_commands(instance_id: str) -> list[str]:
    """Make an instance's network namespace; to be run in the router."""
    return [f"netns add {instance_id}"]


def attach_commands(instance_id: str, interface: Interface, *, index: int) -> list[str]:
    """Link one interface to the router; to be run in the router."""
    link, mac = link_name(interface.interface_id), interface.mac
    return [
        f"link add {link} type veth peer name eth{index} address {mac} netns {instance_id}",
        f"link set {link} up",
        f"route add {interface.private_ip}/32 dev {link}",
    ]


def configure_commands(interface: Interface, *, index: int) -> list[str]:
    """Give one interface its address and routes; to be run in the instance's namespace."""
    device = f"eth{index}"
    default = f"default via {_GATEWAY} dev {device} onlink"
    commands = [
        "link set lo up",
        f"address add {interface.private_ip}/32 dev {device}",
        f"link set {device} up",
    ]
    if index == 0:
        return [*commands, f"route add {default}"]
    table = _SECONDARY_TABLES + index
    return [
        *commands,
        f"route add {default} table {table}",
        f"rule add from {interface.private_ip} lookup {table}",
    ]


def detach_commands(interface: Interface) -> list[str]:
    """Take one interface away; to be run in the router."""
    return [f"link delete {link_name(interface.interface_id)}"]


def public_route_commands(old: frozenset[str], new: frozenset[str]) -> list[str]:
    """Send instances' public addresses back in; to be run in the internet namespace."""
    table = f"table {_ARRIVALS_TABLE}"
    # The device is named, since in this table even the router's address would be local.
    way = f"via {_ROUTER_SIDE} dev router onlink {table}"
    return [
        *(f"route delete {address}/32 {table}" for address in sorted(old - new)),
        *(f"route add {address}/32 {way}" for address in sorted(new - old)),
    ]
