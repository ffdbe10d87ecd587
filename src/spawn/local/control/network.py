"""Addresses and the default network, as a new account has them."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from typing import Any

from spawn.local.control import account
from spawn.local.control.messages import AwsError

# Documentation ranges (RFC 5737), apart from the callers' own 203.0.113.0/24.
PUBLIC_NETWORKS = (
    ipaddress.ip_network("198.51.100.0/24"),
    ipaddress.ip_network("192.0.2.0/24"),
)
RESERVED_HOSTS = 4  # the first four of a subnet and its last are AWS's own


class PublicAddresses:
    """Hands out public addresses, the longest unused first: a freed one is not met again soon."""

    def __init__(self) -> None:
        self._pool = [str(host) for network in PUBLIC_NETWORKS for host in network.hosts()]
        self._next = 0

    def take(self) -> str:
        """A free address. Raises AwsError when there is none."""
        used: set[str | None] = set()
        for _, backend in account.ec2_regions_in_use():
            used |= {interface.public_ip for interface in backend.enis.values()}
            used |= {address.public_ip for address in backend.addresses}
        for _ in self._pool:
            candidate = self._pool[self._next]
            self._next = (self._next + 1) % len(self._pool)
            if candidate not in used:
                return candidate
        raise AwsError("InsufficientAddressCapacity", "No public address is free.", status=500)


def free_private_address(subnet: Any, taken: Collection[str] = ()) -> str:
    """The first free address of a subnet that no interface of the whole cloud has, nor `taken`.

    On EC2 private addresses of different networks may be equal; the data plane tells instances
    apart by them, so here they may not. Raises AwsError when the subnet is full.
    """
    used = {
        interface.private_ip_address
        for _, backend in account.ec2_regions_in_use()
        for interface in backend.enis.values()
    }
    network = ipaddress.ip_network(subnet.cidr_block)
    for offset in range(RESERVED_HOSTS, network.num_addresses - 1):
        candidate = str(network[offset])
        if candidate not in used and candidate not in taken:
            return candidate
    raise AwsError(
        "InsufficientFreeAddressesInSubnet",
        f"There are not enough free addresses in subnet '{subnet.id}'.",
    )


def complete_default_network(region: str) -> None:
    """Give the default VPC the internet gateway and route that every account's has."""
    backend: Any = account.ec2(region)
    vpc = backend.get_default_vpc()
    gateways = backend.internet_gateways.values()
    if vpc is None or any(g.vpc is not None and g.vpc.id == vpc.id for g in gateways):
        return
    gateway = backend.create_internet_gateway()
    backend.attach_internet_gateway(gateway.id, vpc.id)
    main = next(
        table
        for table in backend.route_tables.values()
        if table.vpc_id == vpc.id and table.main_association_id
    )
    backend.create_route(main.id, "0.0.0.0/0", None, gateway_id=gateway.id)
