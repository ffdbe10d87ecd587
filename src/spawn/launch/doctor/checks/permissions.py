"""Whether the caller may do what a launch does."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from spawn.aws import iam
from spawn.aws.iam_simulation import SIMULATE_PRINCIPAL_POLICY, Simulated
from spawn.aws.operation import Operation
from spawn.aws.questions import Known, Unseen
from spawn.aws.table import operation as operation_of
from spawn.iam.permissions.commands import NEEDS
from spawn.launch.doctor.checks.seen import PERMISSIONS, not_asked, unseen
from spawn.launch.doctor.facts import AccountFacts, DoctorFacts, Rehearsed, Simulation
from spawn.launch.doctor.model import Area, Check, Judgement, Verdict, missing, ok, unknown, warn
from spawn.launch.doctor.needs import (
    REHEARSED,
    action_list,
    backstop_operations,
    launch_operations,
    record_operations,
)

_MAKING_A_ROLE = frozenset((*iam.CREATE_ROLE.actions, *iam.PUT_ROLE_POLICY.actions))


@dataclass
class _Rights:
    """Actions that the caller lacks, and those of which it is not known, with the reason."""

    denied: set[str] = field(default_factory=set)
    undecided: dict[str, str] = field(default_factory=dict)


def _reads(facts: DoctorFacts) -> Judgement:
    account = facts.account
    if account is None:
        return not_asked(facts)
    # What only the doctor asks is no want of a launch.
    denied = {each.operation: each for each in NEEDS["launch"] if each.operation in account.denied}
    if any(not need.without for need in denied.values()):
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
    rights = _asked(facts, launch_operations(facts.wanted.level))
    return _told(rights, facts, done="you may launch and end instances")


def _backstop(facts: DoctorFacts) -> Judgement:
    rights = _asked(facts, () if facts.account is None else backstop_operations(facts.account))
    if isinstance(rights, _Rights) and rights.denied and rights.denied <= _MAKING_A_ROLE:
        # Who may only pass roles lacks no permission: an administrator makes the role, once.
        lacked = action_list(rights.denied)
        return missing(f"the role is not there, and you lack {lacked}", _install(facts))
    return _told(rights, facts, done="you may make what ends an instance from outside")


def _install(facts: DoctorFacts) -> str:
    words = ["spawn", "policy", "install", "--region", facts.wanted.region]
    if facts.account is not None and isinstance(facts.account.caller, Known):
        words += ["--owner", facts.account.caller.value.identity.owner]
    return shlex.join(words)


def _record(facts: DoctorFacts) -> Judgement:
    rights = _asked(facts, () if facts.account is None else record_operations(facts.account))
    judged = _told(rights, facts, done="you may record launches")
    return warn(judged.found, judged.command) if judged.verdict is Verdict.MISSING else judged


def _asked(facts: DoctorFacts, operations: Iterable[Operation]) -> _Rights | Judgement:
    """Return what is known of the rights, or why nothing was asked."""
    account = facts.account
    if account is None:
        return not_asked(facts)
    if isinstance(account.region.vpcs, Unseen) and not account.region.vpcs.operation:
        return unseen(account.region.vpcs, facts)
    return _rights(account, operations)


def _told(rights: _Rights | Judgement, facts: DoctorFacts, *, done: str) -> Judgement:
    if not isinstance(rights, _Rights):
        return rights
    if rights.denied:
        return missing(f"you lack {action_list(rights.denied)}", PERMISSIONS)
    if rights.undecided:
        reasons = "; ".join(sorted(set(rights.undecided.values())))
        denied = {} if facts.account is None else facts.account.denied
        command = PERMISSIONS if SIMULATE_PRINCIPAL_POLICY.key in denied else ""
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
