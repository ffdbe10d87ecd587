"""What is in the way between two places of a network: data, in words that can be shown."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from itertools import chain

from spawn.aws.ec2 import Instance
from spawn.network.admission import Verdict


class Problem(enum.StrEnum):
    """What is in the way."""

    NO_PUBLIC_ADDRESS = "it has no public address"
    NO_GATEWAY_ROUTE = "no route to an internet gateway"
    NO_WAY_OUT = "no way out of its VPC"
    BLACKHOLE = "a route that leads nowhere"
    ENDPOINT_CLOSED = "an endpoint that does not admit it"
    INGRESS_CLOSED = "its security groups don't admit it"
    EGRESS_CLOSED = "its security groups let nothing out"
    NOT_TOLD = "what can't be told from here"

    @property
    def verdict(self) -> Verdict:
        """What follows for the connection."""
        return Verdict.UNKNOWN if self is Problem.NOT_TOLD else Verdict.CLOSED


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing in the way: a sentence without a final stop, and what to type next."""

    problem: Problem
    what: str
    next_command: str


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """All that was found; `way` says by what it would go, "" where there is no way."""

    way: str
    findings: tuple[Finding, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether the way is open."""
        verdicts = {finding.problem.verdict for finding in self.findings}
        if Verdict.CLOSED in verdicts:
            return Verdict.CLOSED
        return Verdict.UNKNOWN if verdicts else Verdict.OPEN

    @property
    def summary(self) -> str:
        """All of it in one sentence without a final stop."""
        return "; ".join(finding.what for finding in self.findings) or self.way


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an instance stands; an address that it does not have is ""."""

    instance_id: str
    vpc_id: str
    subnet_id: str
    private_address: str
    public_address: str
    group_ids: tuple[str, ...]


def place_of(instance: Instance) -> Place:
    """Return where an instance stands, with the groups of all its interfaces."""
    interfaces = chain.from_iterable(each.groups for each in instance.network_interfaces)
    groups = {group.group_id for group in (*instance.security_groups, *interfaces)}
    return Place(
        instance_id=instance.instance_id,
        vpc_id=instance.vpc_id,
        subnet_id=instance.subnet_id,
        private_address=instance.private_ip_address,
        public_address=instance.public_ip_address,
        group_ids=tuple(sorted(groups)),
    )
