"""Whether an instance's network leads to AWS's services: by a route out, or by VPC endpoints.

Only routes are looked at, not groups: on EC2 a closed egress shows in the agent's log alone.
"""

from __future__ import annotations

from typing import Any


def reaches_service(instance: Any, service: str) -> bool:
    """Whether `ssm`, say, can be reached from the instance's first interface."""
    interface = instance.nics[min(instance.nics)]
    if _has_route_out(interface):
        return True
    name = f".{instance.region_name}.{service}"
    return any(
        endpoint.vpc_id == interface.vpc_id
        and str(endpoint.service_name).endswith(name)
        and endpoint.state == "available"
        for endpoint in instance.ec2_backend.vpc_end_points.values()
    )


def _has_route_out(interface: Any) -> bool:
    """An internet gateway serves public addresses only; all else serves any."""
    table = route_table_of(interface.subnet_id, interface.vpc_id, interface.ec2_backend)
    for route in table.routes if table else []:
        if route.destination_cidr_block != "0.0.0.0/0":
            continue
        if route.gateway is not None and str(route.gateway.id).startswith("igw-"):
            return bool(interface.public_ip)
        if route.nat_gateway is not None or route.transit_gateway is not None:
            return True
        return route.instance is not None or route.interface is not None
    return False


def route_table_of(subnet_id: str, vpc_id: str, backend: Any) -> Any | None:
    """The table that a subnet is associated with, or the VPC's main one."""
    tables = [table for table in backend.route_tables.values() if table.vpc_id == vpc_id]
    for table in tables:
        if any(a.get("SubnetId") == subnet_id for a in table.associations):
            return table
    return next((table for table in tables if table.main_association_id), None)
