"""Network interfaces given another security group of spawn's, in place of the one they have.

The groups of interfaces are changed one interface at a time: ModifyInstanceAttribute refuses an
instance that has several. Groups that are not spawn's stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from spawn.aws.instance_details import MODIFY_NETWORK_INTERFACE, NetworkInterface
from spawn.core.errors import AccountError
from spawn.core.steps import OutputReference, Retry, Step, Undo
from spawn.network.given import MOST_GROUPS_PER_INTERFACE
from spawn.network.groups import GroupPlan, is_group_name

# A group just made may not be found for a moment (EC2 API Reference, "Eventual consistency").
_NOT_YET_THERE = Retry(code="InvalidGroup.NotFound", limit_seconds=20)


class Swap(msgspec.Struct, frozen=True, kw_only=True):
    """The groups of one interface, as they are and as they are going to be."""

    interface_id: str
    before: tuple[str, ...]
    after: tuple[str | OutputReference, ...]

    @property
    def is_needed(self) -> bool:
        """Whether anything changes."""
        return set(self.before) != set(self.after)

    @property
    def replaced(self) -> tuple[str, ...]:
        """The groups that go."""
        return tuple(one for one in self.before if one not in self.after)


def own_group_ids(interface: NetworkInterface) -> tuple[str, ...]:
    """Return the groups of the interface that bear a name as spawn gives it, anybody's."""
    return tuple(one.group_id for one in interface.groups if is_group_name(one.group_name))


def interfaces_to_change(
    interfaces: Iterable[NetworkInterface], *, vpc_id: str
) -> tuple[NetworkInterface, ...]:
    """Return the interfaces that are in a group of spawn's; where none is, the primary one.

    An interface may be in another VPC than its instance, where the instance's group can't serve.
    """
    here = [one for one in interfaces if one.vpc_id == vpc_id]
    in_own_group = tuple(one for one in here if own_group_ids(one))
    return in_own_group or tuple(one for one in here if _is_primary(one))


def _is_primary(interface: NetworkInterface) -> bool:
    return interface.attachment is not None and interface.attachment.device_index == 0


def plan_swap(interface: NetworkInterface, group: GroupPlan) -> Swap:
    """Return the interface's groups with `group` for spawn's, all others kept.

    Raises AccountError where that would be more groups than AWS admits.
    """
    own = own_group_ids(interface)
    before = tuple(one.group_id for one in interface.groups)
    kept = tuple(one for one in before if one not in own)
    if len(kept) >= MOST_GROUPS_PER_INTERFACE:
        raise AccountError(
            f"{interface.network_interface_id} is in {len(kept)} security groups already",
            why=f"a network interface is in at most {MOST_GROUPS_PER_INTERFACE}",
        )
    return Swap(
        interface_id=interface.network_interface_id,
        before=before,
        after=(*kept, group.group_id),
    )


def swap_step(swap: Swap, *, group_name: str, region: str) -> Step:
    """Return the step that changes an interface's groups, with the one that puts them back."""
    instead = f" in place of {', '.join(swap.replaced)}" if swap.replaced else ""
    return Step(
        operation=MODIFY_NETWORK_INTERFACE.key,
        region=region,
        parameters={"NetworkInterfaceId": swap.interface_id, "Groups": list(swap.after)},
        sentence=f"put {swap.interface_id} into {group_name}{instead}",
        undo=Undo(
            operation=MODIFY_NETWORK_INTERFACE.key,
            parameters={"NetworkInterfaceId": swap.interface_id, "Groups": list(swap.before)},
            sentence=f"put {swap.interface_id} back into {', '.join(swap.before)}",
        ),
        retries=(_NOT_YET_THERE,),
    )
