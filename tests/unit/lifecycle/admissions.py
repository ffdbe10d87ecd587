"""An instance with its interfaces and groups, as `spawn network allow` sees and changes them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from spawn.aws.ec2 import GroupIdentifier
from spawn.aws.instance_details import InterfaceAttachment, NetworkInterface
from spawn.aws.questions import Absent, Fact, Known
from spawn.aws.ssm import Parameter
from spawn.aws.sts import Identity
from spawn.core.levels import Level
from spawn.core.steps import Output, Parameters, resolve
from spawn.lifecycle.allow import AllowPlan
from spawn.lifecycle.allow_facts import AllowFacts, AllowRequest
from spawn.lifecycle.listed import ListedInstance
from spawn.network.caller import CallerAddresses
from spawn.network.groups import group_name
from spawn.network.rules import EGRESS_ALL, WORLD_IPV6, Rule, RuleSet, everything, flatten, tcp
from spawn.posture.model import Interface, Network
from spawn.posture.network import group_rules
from tests.unit.lifecycle.builders import ME, row
from tests.unit.network.builders import VPC, read_back
from tests.unit.network.builders import group as security_group
from tests.unit.posture.builders import CONTENT

ALICE = Identity(
    account="123456789012",
    arn=f"arn:aws:iam::123456789012:user/{ME}",
    user_id="AIDAEXAMPLE",
    partition="aws",
    owner=ME,
)
HOME, HOTEL = tcp(22, "203.0.113.10/32"), tcp(22, "203.0.113.99/32")
OWN, WEB, NEW = (f"sg-{number:017x}" for number in (1, 2, 3))
IN_HOTEL: CallerAddresses = Known(("203.0.113.99",))
ROW = row()


@dataclass(frozen=True)
class Group:
    """A group of the account."""

    name: str
    rules: RuleSet


def own(*ingress: Rule, egress: frozenset[Rule] = EGRESS_ALL) -> Group:
    """A group as spawn makes it for alice."""
    rules = RuleSet(ingress=frozenset(ingress), egress=egress)
    return Group(group_name(ME, rules), rules)


def foreign(*ingress: Rule, egress: frozenset[Rule] = frozenset()) -> Group:
    """A group that a person made."""
    return Group("web", RuleSet(ingress=frozenset(ingress), egress=egress))


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What there is: groups by id, and the ids of the groups of each interface."""

    groups: dict[str, Group]
    interfaces: tuple[tuple[str, ...], ...]
    level: Level = Level.STANDARD

    def facts(
        self,
        *,
        callers: CallerAddresses = IN_HOTEL,
        prefix_lists: dict[str, Fact[tuple[str, ...]]] | None = None,
        ipv6: bool = False,
        organisation: str | None = None,
    ) -> AllowFacts:
        """Return what alice is told of it."""
        return AllowFacts(
            vpc_id=VPC,
            vpc_has_ipv6=ipv6,
            interfaces=tuple(
                NetworkInterface(
                    network_interface_id=f"eni-{index}",
                    vpc_id=VPC,
                    groups=tuple(
                        GroupIdentifier(group_id=one, group_name=self.groups[one].name)
                        for one in ids
                    ),
                    attachment=InterfaceAttachment(device_index=index),
                )
                for index, ids in enumerate(self.interfaces)
            ),
            own_groups=tuple(
                security_group(
                    one.name, ingress=one.rules.ingress, egress=one.rules.egress, group_id=group_id
                )
                for group_id, one in self.groups.items()
                if one.name.startswith("spawn-")
            ),
            callers=callers,
            prefix_lists=prefix_lists or {},
            posture=msgspec.structs.replace(CONTENT, level=self.level, network=self._network()),
            organisation=(
                Absent()
                if organisation is None
                else Known(Parameter(name="/spawn/defaults", type="String", value=organisation))
            ),
        )

    def _network(self) -> Network:
        used = sorted({one for ids in self.interfaces for one in ids})
        rules = {one: self.groups[one].rules for one in used}
        return Network(
            interfaces=tuple(
                Interface(
                    interface_id=f"eni-{index}",
                    private_subnet=True,
                    public_address=False,
                    groups=tuple(sorted(ids)),
                )
                for index, ids in enumerate(self.interfaces)
            ),
            ingress=tuple(each for one in used for each in group_rules(one, rules[one].ingress)),
            egress=tuple(each for one in used for each in group_rules(one, rules[one].egress)),
        )

    def after(self, plan: AllowPlan) -> Scene:
        """Return what there is once all steps of the plan were performed."""
        scene = self
        for step in (*(one for stage in plan.prepare for one in stage), *plan.attach):
            given = resolve(step.parameters, {Output.SECURITY_GROUP_ID: (NEW,)})
            scene = scene.after_call(step.operation, given)
        return scene

    def after_call(self, operation: str, given: Parameters) -> Scene:
        """Return what there is once AWS has done what it was asked."""
        match operation.removeprefix("ec2:"):
            case "CreateSecurityGroup":
                at_birth = EGRESS_ALL - {everything(WORLD_IPV6)}
                made = Group(given["GroupName"], RuleSet(ingress=frozenset(), egress=at_birth))
                return replace(self, groups=self.groups | {NEW: made})
            case "ModifyNetworkInterfaceAttribute":
                changed = list(self.interfaces)
                changed[int(given["NetworkInterfaceId"].removeprefix("eni-"))] = tuple(
                    given["Groups"]
                )
                return replace(self, interfaces=tuple(changed))
        group = self.groups[given["GroupId"]]
        named = flatten(read_back(given["IpPermissions"]))
        match operation.removeprefix("ec2:"):
            case "AuthorizeSecurityGroupIngress":
                rules = msgspec.structs.replace(group.rules, ingress=group.rules.ingress | named)
            case "AuthorizeSecurityGroupEgress":
                rules = msgspec.structs.replace(group.rules, egress=group.rules.egress | named)
            case "RevokeSecurityGroupEgress":
                rules = msgspec.structs.replace(group.rules, egress=group.rules.egress - named)
            case other:
                raise AssertionError(f"nothing plays {other}")
        return replace(self, groups=self.groups | {given["GroupId"]: Group(group.name, rules)})


def launched(level: Level = Level.STANDARD) -> Scene:
    """An instance as a launch from home leaves it."""
    return Scene(groups={OWN: own(HOME)}, interfaces=((OWN,),), level=level)


def request(*sources: str, instance: ListedInstance = ROW) -> AllowRequest:
    """What alice asks for."""
    return AllowRequest(row=instance, caller=ALICE, sources=sources)
