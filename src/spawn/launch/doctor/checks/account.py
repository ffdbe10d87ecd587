"""What the account has, or lets the first launch make."""

from __future__ import annotations

import re

from spawn.aws.ec2 import Instance
from spawn.aws.questions import Absent, Known, Unseen
from spawn.aws.service_quotas import VcpuQuota
from spawn.core.levels import Level
from spawn.iam.managed import DEFAULT_BOUNDARY
from spawn.launch.doctor.checks.seen import not_asked, unseen
from spawn.launch.doctor.facts import AccountFacts, DoctorFacts
from spawn.launch.doctor.model import Area, Check, Judgement, missing, ok, unknown, warn
from spawn.registry.table import TABLE, TableFacts, plan_table

_FAMILY = re.compile(r"[a-z]+", re.ASCII)
# EC2 user guide, "Amazon EC2 instance type quotas": A, C, D, H, I, M, R, T, Z share one quota;
# these begin with the same letters, and have others.
_STANDARD_LETTERS = frozenset("acdhimrtz")
_OTHER_FAMILIES = frozenset({"dl", "hpc", "inf", "mac", "trn"})
_BY_FIRST_LAUNCH = "the first launch makes"
_AWS_KEY = "AWS's own key for EBS"


def _boundary(facts: DoctorFacts) -> Judgement:
    if facts.account is None:
        return not_asked(facts)
    match facts.account.boundary:
        case Known(value=policy):
            return ok(policy.arn)
        case Absent():
            return warn(f"there is no policy/{DEFAULT_BOUNDARY}", "spawn guardrails apply")
        case Unseen() as fact:
            return unseen(fact, facts)


def _backstop(facts: DoctorFacts) -> Judgement:
    if facts.account is None:
        return not_asked(facts)
    group, roles = facts.account.region.schedule_group, facts.account.backstop_roles
    match group:
        case Unseen() as fact:
            return unseen(fact, facts)
        case Known(value=found) if found.state != "ACTIVE":
            return missing(f"the schedule group {found.name} is being deleted: try again later")
    if not any(isinstance(role, Known) for role in roles):
        hidden = next((role for role in roles if isinstance(role, Unseen)), None)
        if hidden is not None:
            return unseen(hidden, facts)
        return ok(f"{_BY_FIRST_LAUNCH} its role{'' if isinstance(group, Known) else ' and group'}")
    has_group = isinstance(group, Known)
    return ok("its role and group are there" if has_group else f"{_BY_FIRST_LAUNCH} its group")


def _table(facts: DoctorFacts) -> Judgement:
    if facts.account is None:
        return not_asked(facts)
    table = facts.account.region.table
    match table:
        case Unseen() as fact:
            return unseen(fact, facts)
        case Absent():
            return ok(f"{_BY_FIRST_LAUNCH} {TABLE}")
    not_looked = Unseen("", "")
    whole = TableFacts(table=table, expires=not_looked, can_be_restored=not_looked)
    warning = plan_table(whole, region=facts.wanted.region, tags={}).warning
    return warn(warning) if warning else ok(f"{TABLE} is there")


def _disks(facts: DoctorFacts) -> Judgement:
    account = facts.account
    if account is None:
        return not_asked(facts)
    match account.region.default_key:
        case Unseen() as fact:
            return unseen(fact, facts)
        case Known(value=name) if account.region.key is not None:
            return _customer_key(facts, account, name)
    if facts.wanted.level is Level.STRICT and not facts.wanted.kms_key:
        return missing(
            "the account's default key is AWS's, and strict asks for a customer's",
            "spawn config set kms-key-id KEY-ID",
        )
    by_default = account.region.encrypts_by_default
    is_default = isinstance(by_default, Known) and by_default.value
    extra = ", as all new ones are" if is_default else ""
    if facts.wanted.level is Level.OPEN and not extra:
        return ok("not encrypted, unless you ask for it")
    return ok(f"encrypted with {facts.wanted.kms_key or _AWS_KEY}{extra}")


def _customer_key(facts: DoctorFacts, account: AccountFacts, name: str) -> Judgement:
    match account.region.key:
        case Unseen() as fact:
            return unseen(fact, facts)
        case Known(value=key) if key.key_state == "Enabled":
            return ok(f"encrypted with the account's default key, {key.arn}")
        case Known(value=key):
            state = f"is {key.key_state or 'in an unknown state'}"
        case _:
            state = "does not exist"
    return missing(
        f"the account's default key for EBS, {name}, {state}: no disk can be made with it",
        f"aws ec2 reset-ebs-default-kms-key-id --region {facts.wanted.region}",
    )


def _vcpus(facts: DoctorFacts) -> Judgement | None:
    if not _is_standard(facts.wanted.instance_type):
        return None
    if facts.account is None:
        return not_asked(facts)
    region = facts.account.region
    match region.vcpu_quota, region.instances, region.instance_types:
        case Known(value=quota), Known(value=instances), Known(value=(wanted, *_)):
            in_use = _counted(instances, spot=facts.wanted.spot)
            return _room(facts, int(quota), in_use, wanted.v_cpu_info.default_vcpus)
        case parts:
            hidden = next((part for part in parts if isinstance(part, Unseen)), None)
    if hidden is not None:
        return unseen(hidden, facts)
    return unknown("AWS does not say how many there may be")


def _is_standard(instance_type: str) -> bool:
    family = _FAMILY.match(instance_type)
    name = "" if family is None else family[0]
    return name[:1] in _STANDARD_LETTERS and name not in _OTHER_FAMILIES


def _counted(instances: tuple[Instance, ...], *, spot: bool) -> int:
    return sum(
        each.cpu_options.vcpus
        for each in instances
        if _is_standard(each.instance_type) and (each.instance_lifecycle == "spot") is spot
    )


def _room(facts: DoctorFacts, quota: int, in_use: int, needed: int) -> Judgement:
    kind = "spot vCPUs" if facts.wanted.spot else "vCPUs"
    if in_use + needed <= quota:
        return ok(f"{in_use} of {quota} {kind} in use")
    code = VcpuQuota.SPOT_STANDARD if facts.wanted.spot else VcpuQuota.ON_DEMAND_STANDARD
    return missing(
        f"{in_use} of {quota} {kind} in use, and a {facts.wanted.instance_type} has {needed}",
        "aws service-quotas request-service-quota-increase --service-code ec2 "
        f"--quota-code {code.value} --desired-value {max(in_use + needed, 2 * quota)} "
        f"--region {facts.wanted.region}",
    )


def _spot_role(facts: DoctorFacts) -> Judgement | None:
    if not facts.wanted.spot:
        return None
    if facts.account is None or facts.account.spot_role is None:
        return not_asked(facts)
    match facts.account.spot_role:
        case Known():
            return ok("it is there")
        case Unseen() as fact:
            return unseen(fact, facts)
        case Absent():
            return warn(
                "it is not there: who may, makes it by asking for spot",
                "aws iam create-service-linked-role --aws-service-name spot.amazonaws.com",
            )


CHECKS = (
    Check(
        id="boundary",
        area=Area.ACCOUNT,
        why="without it, whoever may make roles for instances can become administrator",
        judge=_boundary,
    ),
    Check(
        id="backstop",
        area=Area.ACCOUNT,
        why="a schedule ends the instance when nothing on it does",
        judge=_backstop,
    ),
    Check(
        id="table",
        area=Area.ACCOUNT,
        why="launches are recorded there",
        judge=_table,
    ),
    Check(
        id="disks",
        area=Area.ACCOUNT,
        why="an instance whose disk can't be encrypted ends as soon as it begins",
        judge=_disks,
    ),
    Check(
        id="quota",
        area=Area.ACCOUNT,
        why="beyond its quota AWS launches nothing",
        judge=_vcpus,
    ),
    Check(
        id="spot-role",
        area=Area.ACCOUNT,
        why="EC2 acts on spot requests with its role AWSServiceRoleForEC2Spot",
        judge=_spot_role,
    ),
)
