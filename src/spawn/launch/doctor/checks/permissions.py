"""Whether the caller may do what a launch does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from spawn.aws.iam_simulation import SIMULATE_PRINCIPAL_POLICY, Simulated
from spawn.aws.operation import Operation
from spawn.aws.questions import Known, Unseen
from spawn.aws.table import operation as operation_of
from spawn.launch.doctor.checks.seen import PERMISSIONS, not_asked, unseen
from spawn.launch.doctor.facts import AccountFacts, DoctorFacts, Rehearsed, Simulation
from spawn.launch.doctor.model import Area, Check, Judgement, missing, ok, unknown, warn
from spawn.launch.doctor.needs import (
    REHEARSED,
    action_list,
    backstop_operations,
    launch_operations,
    record_operations,
)

# Without these answers a launch stops: what they say decides what is made, and where.
_DECIDING = frozenset(
    {
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypeOfferings",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "iam:GetPolicy",
        "iam:GetRole",
    }
)
# Only the doctor asks these.
_NO_LAUNCH_ASKS = frozenset(
    {
        "ec2:DescribeInstanceConnectEndpoints",
        "ec2:DescribeRegions",
        "ec2:DescribeVpcEndpoints",
        "iam:SimulatePrincipalPolicy",
        "service-quotas:GetServiceQuota",
    }
)


@dataclass
class _Rights:
    """Actions that the caller lacks, and those of which it is not known, with the reason."""

    denied: set[str] = field(default_factory=set)
    undecided: dict[str, str] = field(default_factory=dict)


def _reads(facts: DoctorFacts) -> Judgement:
    account = facts.account
    if account is None:
        return not_asked(facts)
    denied = account.denied.keys() - _NO_LAUNCH_ASKS
    if denied & _DECIDING:
        return missing(f"AWS denies you {_actions_of(denied)}", PERMISSIONS)
    if denied:
        return warn(f"AWS denies you {_actions_of(denied)}", PERMISSIONS)
    match account.region.vpcs:
        case Unseen() as fact:
            return unseen(fact, facts)
    return ok("nothing that was asked was denied")


def _actions_of(keys: Iterable[str]) -> str:
    return action_list(action for key in keys for action in operation_of(key).actions)


def _launch(facts: DoctorFacts) -> Judgement:
    operations = launch_operations(facts.wanted.level)
    return _writes(facts, operations, done="you may launch and end instances")


def _backstop(facts: DoctorFacts) -> Judgement:
    operations = () if facts.account is None else backstop_operations(facts.account)
    return _writes(facts, operations, done="you may make what ends an instance from outside")


def _record(facts: DoctorFacts) -> Judgement:
    operations = () if facts.account is None else record_operations(facts.account)
    judged = _writes(facts, operations, done="you may record launches")
    return warn(judged.found, judged.command) if judged.verdict == "missing" else judged


def _writes(facts: DoctorFacts, operations: Iterable[Operation], *, done: str) -> Judgement:
    account = facts.account
    if account is None:
        return not_asked(facts)
    if isinstance(account.region.vpcs, Unseen) and not account.region.vpcs.operation:
        return unseen(account.region.vpcs, facts)
    rights = _rights(account, operations)
    if rights.denied:
        return missing(f"you lack {action_list(rights.denied)}", PERMISSIONS)
    if rights.undecided:
        reasons = "; ".join(sorted(set(rights.undecided.values())))
        may_not_ask = SIMULATE_PRINCIPAL_POLICY.key in account.denied
        command = PERMISSIONS if may_not_ask else ""
        return unknown(f"{action_list(rights.undecided)}: {reasons}", command)
    return ok(done)


def _rights(account: AccountFacts, operations: Iterable[Operation]) -> _Rights:
    rights = _Rights()
    dry_runs = {one.operation: one for one in account.rehearsed}
    for operation in operations:
        if operation in REHEARSED:
            _add_dry_run(rights, operation, dry_runs)
            continue
        simulations = [one for one in account.simulated if operation.key in one.operations]
        for simulation in simulations:
            _add_simulation(rights, operation, simulation)
        if not simulations and not _is_root(account):
            reason = "IAM's simulator knows users and roles only"
            rights.undecided.update(dict.fromkeys(operation.actions, reason))
    return rights


def _is_root(account: AccountFacts) -> bool:
    """Whether policies don't bear on the caller: the simulator knows nothing of the root user."""
    caller = account.caller
    return isinstance(caller, Known) and caller.value.identity.arn.endswith(":root")


def _add_dry_run(rights: _Rights, operation: Operation, dry_runs: Mapping[str, Rehearsed]) -> None:
    said = dry_runs.get(operation.key)
    if said is None:
        reason = "a dry run needs a VPC, a subnet and an image to be seen"
        rights.undecided[operation.actions[0]] = reason
    elif said.allowed is None:
        rights.undecided[operation.actions[0]] = f"{operation.key} answered: {said.why}"
    elif not said.allowed:
        rights.denied.add(said.action)


def _add_simulation(rights: _Rights, operation: Operation, simulation: Simulation) -> None:
    own = [action for action in simulation.actions if action in operation.actions]
    match simulation.answer:
        case Known(value=results):
            for result in results:
                if result.eval_action_name in own:
                    _add_result(rights, result)
            return
        case Unseen(operation=call):
            reason = f"AWS does not answer {call}"
        case _:
            reason = "IAM's simulator does not know you"
    rights.undecided.update(dict.fromkeys(own, reason))


def _add_result(rights: _Rights, result: Simulated) -> None:
    """A denial that may hang on what the question did not say is none yet."""
    if result.eval_decision == "allowed":
        return
    if result.missing_context_values:
        keys = ", ".join(sorted(result.missing_context_values))
        rights.undecided[result.eval_action_name] = f"it hangs on {keys}"
    else:
        rights.denied.add(result.eval_action_name)


CHECKS = (
    Check(
        id="may-look",
        area=Area.PERMISSIONS,
        why="a launch looks before it makes anything, and stops where it can't see",
        judge=_reads,
    ),
    Check(
        id="may-launch",
        area=Area.PERMISSIONS,
        why="these make the instance and what it stands on, and take it back",
        judge=_launch,
    ),
    Check(
        id="may-end",
        area=Area.PERMISSIONS,
        why="a schedule outside the instance ends it when nothing on it does",
        judge=_backstop,
    ),
    Check(
        id="may-record",
        area=Area.PERMISSIONS,
        why="the table spawn-instances remembers launches; without it they work all the same",
        judge=_record,
    ),
)
