"""What the doctor could have found out, all of it as it should be unless a test says otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from spawn.aws import dynamodb, ec2, iam, kms, scheduler
from spawn.aws.iam_simulation import Simulated
from spawn.aws.questions import Absent, Known, Unseen
from spawn.aws.session import CredentialSource
from spawn.aws.sts import Introduction, identity
from spawn.core.levels import Level
from spawn.launch.doctor.facts import (
    AccountFacts,
    DoctorFacts,
    MachineFacts,
    Problem,
    RegionFacts,
    Rehearsed,
    Simulation,
    StateDirectory,
    Wanted,
)
from spawn.launch.doctor.needs import REHEARSED, simulated_operations
from spawn.network.subnets import SubnetRequest
from tests.unit.network.builders import (
    REGION,
    TO_INTERNET,
    TO_NAT,
    main_table,
    offered,
    subnet,
    table_of,
    vpc,
)

NOW = datetime(2026, 1, 27, 12, 0, tzinfo=UTC)
ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/alice"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/spawn/boundary"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"
NO_CREDENTIALS = Problem(what="there are no AWS credentials", command="aws configure")


def unseen(call: str) -> Unseen:
    """Return a fact that could not be looked at."""
    return Unseen(call, "not for you")


def introduced(arn: str = USER, *, clock_ahead: timedelta = timedelta()) -> Known[Introduction]:
    """Return who is calling, with this machine's clock so far ahead of AWS's."""
    who = identity({"Account": ACCOUNT, "Arn": arn, "UserId": "AIDA"})
    return Known(Introduction(identity=who, answered_at=NOW - clock_ahead))


def wanted(level: Level = Level.STANDARD, **changes: Any) -> Wanted:
    """Return a launch of a t3.micro."""
    place = SubnetRequest(region=REGION, instance_type="t3.micro", level=level)
    whole = Wanted(region=REGION, region_source="AWS_REGION", level=level, spot=False, place=place)
    return replace(whole, **changes)


def of_type(instance_type: str) -> Wanted:
    """Return a launch of another type."""
    place = SubnetRequest(region=REGION, instance_type=instance_type, level=Level.STANDARD)
    return wanted(place=place)


def machine(**changes: Any) -> MachineFacts:
    """Return a machine that has everything."""
    whole = MachineFacts(
        settings=None,
        state=StateDirectory(path="/home/a/.local/state/spawn", mode=0o700),
        key="spawn-0123456789abcdef",
        key_problem=None,
        ssh="OpenSSH_9.2p1 Debian-2, OpenSSL 3.0.17",
        has_keygen=True,
        plugin=None,
        addresses=Known(("203.0.113.7",)),
        address_url="https://checkip.example",
    )
    return replace(whole, **changes)


def region(**changes: Any) -> RegionFacts:
    """Return a region with a public subnet and a private one that has a way out."""
    types = ({"InstanceType": "t3.micro", "VCpuInfo": {"DefaultVCpus": 2}},)
    whole = RegionFacts(
        vpcs=Known((vpc(),)),
        subnets=Known((subnet(1), subnet(2))),
        route_tables=Known((main_table(TO_INTERNET), table_of(2, TO_NAT))),
        offerings=Known(offered("a")),
        instance_types=Known(ec2.instance_types({"InstanceTypes": types})),
        instances=Known(()),
        endpoints=Known(()),
        connect_endpoints=Known(()),
        encrypts_by_default=Known(False),
        default_key=Known("alias/aws/ebs"),
        key=None,
        vcpu_quota=Known(64.0),
        schedule_group=Known(scheduler.ScheduleGroup(name="spawn")),
        table=Absent(),
    )
    return replace(whole, **changes)


def running(count: int, instance_type: str = "t3.micro", lifecycle: str = "") -> Known[Any]:
    """Return so many instances of two vCPUs each."""
    one = {
        "InstanceId": "i-0123456789abcdef0",
        "InstanceType": instance_type,
        "InstanceLifecycle": lifecycle,
        "LaunchTime": NOW,
        "State": {"Name": "running"},
        "CpuOptions": {"CoreCount": 1, "ThreadsPerCore": 2},
    }
    return Known(ec2.instances({"Reservations": [{"Instances": [one] * count}]}))


def allowed(level: Level = Level.STANDARD) -> dict[str, Any]:
    """Return what AWS says to somebody who may do everything."""
    return {
        "rehearsed": tuple(Rehearsed(operation=each.key, allowed=True) for each in REHEARSED),
        "simulated": tuple(
            simulation(each.key, *each.actions) for each in simulated_operations(level)
        ),
    }


def simulation(
    operation: str, *actions: str, decision: str = "allowed", lacks: tuple[str, ...] = ()
) -> Simulation:
    """Return what the simulator says of an operation's actions."""
    results = tuple(
        Simulated(eval_action_name=each, eval_decision=decision, missing_context_values=lacks)
        for each in actions
    )
    return Simulation(operations=(operation,), actions=actions, answer=Known(results))


def account(level: Level = Level.STANDARD, **changes: Any) -> AccountFacts:
    """Return an account of somebody who may do everything."""
    whole = AccountFacts(
        caller=introduced(),
        now=NOW,
        regions=Known({REGION: "opt-in-not-required", "ap-east-1": "not-opted-in"}),
        region=region(),
        boundary=Known(iam.ManagedPolicy(policy_name="boundary", arn=BOUNDARY)),
        backstop_roles=(Absent(), Absent()),
        spot_role=None,
        **allowed(level),
    )
    return replace(whole, **changes)


def facts(level: Level = Level.STANDARD, **changes: Any) -> DoctorFacts:
    """Return all of it, as it should be."""
    whole = DoctorFacts(
        wanted=wanted(level),
        profile="",
        source=CredentialSource(method="sso", is_temporary=True, expires_at=None),
        refusal=None,
        refused_credentials=False,
        machine=machine(),
        account=account(level),
    )
    return replace(whole, **changes)


def of_account(level: Level = Level.STANDARD, **changes: Any) -> DoctorFacts:
    """Return all of it, with something else in the account."""
    return facts(level, account=account(level, **changes))


def of_region(level: Level = Level.STANDARD, **changes: Any) -> DoctorFacts:
    """Return all of it, with something else in the region."""
    return of_account(level, region=region(**changes))


def of_machine(level: Level = Level.STANDARD, **changes: Any) -> DoctorFacts:
    """Return all of it, with something else on the machine."""
    return facts(level, machine=machine(**changes))


def key(state: str) -> Known[kms.Key]:
    """Return a customer's key in a state."""
    return Known(kms.Key(key_id="k", arn=KEY, key_state=state, key_manager="CUSTOMER"))


def table(*, own: bool) -> Known[dynamodb.Table]:
    """Return the table as spawn makes it, or one of the name with other keys."""
    name = "instance_id" if own else "id"
    keys = [
        {"AttributeName": name, "KeyType": "HASH"},
        {"AttributeName": "record", "KeyType": "RANGE"},
    ]
    by_tag = [
        {"AttributeName": "tag_key", "KeyType": "HASH"},
        {"AttributeName": "tag_value", "KeyType": "RANGE"},
    ]
    answer = {
        "TableName": "spawn-instances",
        "TableStatus": "ACTIVE",
        "KeySchema": keys,
        "GlobalSecondaryIndexes": [{"IndexName": "tag-index", "KeySchema": by_tag}],
    }
    return Known(msgspec.convert(answer, dynamodb.Table, strict=False))
