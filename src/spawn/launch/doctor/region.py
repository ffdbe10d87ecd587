"""Asks what one region holds, all of it at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from spawn.aws import ec2, scheduler
from spawn.aws.ec2_endpoints import (
    DESCRIBE_INSTANCE_CONNECT_ENDPOINTS,
    DESCRIBE_VPC_ENDPOINTS,
    connect_endpoints,
    vpc_endpoints,
)
from spawn.aws.operation import Answer, Operation
from spawn.aws.questions import Fact, Question, T
from spawn.aws.service_quotas import VcpuQuota, vcpu_quota_question
from spawn.launch.doctor.facts import RegionFacts, Wanted
from spawn.network import subnets
from spawn.registry.table import table_question

# What counts towards EC2's quotas of vCPUs (EC2 user guide, "Amazon EC2 instance type quotas").
_COUNTED_STATES = ("pending", "running")


class Ask(Protocol):
    """Sends a question; what is returned waits for the fact, and raises nothing."""

    def __call__(self, question: Question[T], /) -> Callable[[], Fact[T]]:
        """Send it now."""


@dataclass(frozen=True)
class _Questions:
    """Puts questions to one region."""

    ask: Ask
    region: str

    def __call__(
        self,
        operation: Operation,
        understand: Callable[[Answer], T],
        **filters: tuple[str, ...],
    ) -> Callable[[], Fact[T]]:
        """Send one. A filter's name has `_` for `-`."""
        parameters: dict[str, Any] = {
            "Filters": [
                {"Name": name.replace("_", "-"), "Values": list(values)}
                for name, values in filters.items()
            ]
        }
        return self.ask(
            Question(
                operation=operation,
                parameters=parameters if filters else {},
                region=self.region,
                understand=understand,
            )
        )


def ask_region(wanted: Wanted, ask: Ask) -> Callable[[], RegionFacts]:
    """Send all questions about the region; what is returned waits for the facts."""
    region, types = wanted.region, (wanted.instance_type,)
    put = _Questions(ask, region)
    quota = VcpuQuota.SPOT_STANDARD if wanted.spot else VcpuQuota.ON_DEMAND_STANDARD
    vpcs = ask(subnets.vpcs_question(region=region))
    nets = ask(subnets.subnets_question(region=region))
    tables = ask(subnets.route_tables_question(region=region))
    offered = ask(subnets.offerings_question(types, region=region))
    described = put(ec2.DESCRIBE_INSTANCE_TYPES, ec2.instance_types, instance_type=types)
    running = put(ec2.DESCRIBE_INSTANCES, ec2.instances, instance_state_name=_COUNTED_STATES)
    endpoints = put(DESCRIBE_VPC_ENDPOINTS, vpc_endpoints)
    tunnels = put(DESCRIBE_INSTANCE_CONNECT_ENDPOINTS, connect_endpoints)
    by_default = put(ec2.GET_EBS_ENCRYPTION_BY_DEFAULT, _encrypts_by_default)
    default_key = put(ec2.GET_EBS_DEFAULT_KMS_KEY_ID, lambda answer: str(answer["KmsKeyId"]))
    vcpus = ask(vcpu_quota_question(quota, region=region))
    group = ask(scheduler.group_question(region))
    table = ask(table_question(region))
    return lambda: RegionFacts(
        vpcs=vpcs(),
        subnets=nets(),
        route_tables=tables(),
        offerings=offered(),
        instance_types=described(),
        instances=running(),
        endpoints=endpoints(),
        connect_endpoints=tunnels(),
        encrypts_by_default=by_default(),
        default_key=default_key(),
        key=None,
        vcpu_quota=vcpus(),
        schedule_group=group(),
        table=table(),
    )


def _encrypts_by_default(answer: Answer) -> bool:
    return bool(answer["EbsEncryptionByDefault"])
