"""For each check of the doctor: what it is content with, what it is not, and what it can't see."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from spawn.aws import iam
from spawn.aws.ec2_endpoints import VpcEndpoint
from spawn.aws.questions import Absent, Known, Unseen
from spawn.aws.scheduler import ScheduleGroup
from spawn.aws.session import CredentialSource
from spawn.core.levels import Level
from spawn.launch.doctor.facts import (
    DoctorFacts,
    Problem,
    Rehearsed,
    Simulation,
    StateDirectory,
)
from spawn.launch.doctor.model import Verdict
from tests.unit.launch.doctor.builders import (
    KEY,
    NO_CREDENTIALS,
    NOW,
    ROOT,
    account,
    allowed,
    facts,
    introduced,
    key,
    machine,
    of_account,
    of_machine,
    of_region,
    of_type,
    region,
    running,
    simulation,
    table,
    unseen,
    wanted,
)
from tests.unit.network.builders import REGION, TO_INTERNET, VPC, main_table, subnet, table_of

MISSING, WARN = Verdict.MISSING, Verdict.WARN
STRICT = Level.STRICT
LACKING = Problem(what="it is not installed", command="install it")
DENIED_LOOK = {"ec2:DescribeVpcs": "not for you"}
NOBODY = facts(source=None, refusal=NO_CREDENTIALS, refused_credentials=True, account=None)
UNASKED = facts(source=None, refusal=Problem(what="the settings can't be read"), account=None)


@dataclass(frozen=True, kw_only=True)
class Examples:
    """`failing` has the verdict and a word that must be said; `unknown` the call that is named."""

    passing: tuple[DoctorFacts, ...]
    failing: tuple[tuple[Verdict, str, DoctorFacts], ...]
    unknown: dict[str, DoctorFacts] = field(default_factory=dict)


def session(ends_in: timedelta) -> CredentialSource:
    """Return credentials that end so long from now."""
    return CredentialSource(method="assume-role", is_temporary=True, expires_at=NOW + ends_in)


def simulated(*changed: Simulation, level: Level = Level.STANDARD) -> DoctorFacts:
    """Return all, with other answers of the simulator to some operations."""
    others = {each.operations for each in changed}
    kept = [each for each in allowed(level)["simulated"] if each.operations not in others]
    return of_account(level, simulated=(*kept, *changed))


def rehearsed(*changed: Rehearsed) -> DoctorFacts:
    """Return all, with other answers to some dry runs."""
    others = {each.operation for each in changed}
    kept = [each for each in allowed()["rehearsed"] if each.operation not in others]
    return of_account(rehearsed=(*kept, *changed))


def unanswered(operation: str, *actions: str) -> Simulation:
    """Return a question that the simulator was not allowed to answer."""
    answer = unseen("iam:SimulatePrincipalPolicy")
    return Simulation(operations=(operation,), actions=actions, answer=answer)


def endpoint(service: str) -> VpcEndpoint:
    """Return an endpoint that serves the VPC."""
    return VpcEndpoint(
        vpc_endpoint_id="vpce-1",
        vpc_id=VPC,
        service_name=f"com.amazonaws.{REGION}.{service}",
        state="available",
        private_dns_enabled=True,
    )


ISOLATED: dict[str, Any] = {
    "subnets": Known((subnet(1),)),
    "route_tables": Known((main_table(), table_of(1))),
}
ALL_PUBLIC: dict[str, Any] = {
    "subnets": Known((subnet(1),)),
    "route_tables": Known((main_table(TO_INTERNET),)),
}

EXAMPLES: dict[str, Examples] = {
    "credentials": Examples(
        passing=(
            facts(),
            facts(source=session(timedelta(hours=1))),
            facts(source=CredentialSource(method="env", is_temporary=False)),
            facts(source=session(timedelta(hours=1)), assumes_role=True),
        ),
        failing=(
            (MISSING, "no AWS credentials", NOBODY),
            (MISSING, "expired", facts(
                refusal=Problem(what="the AWS credentials have expired"),
                refused_credentials=True,
                account=None,
            )),
            (WARN, "soon", facts(source=session(timedelta(minutes=5)))),
        ),
        unknown={"settings": UNASKED},
    ),
    "caller": Examples(
        passing=(facts(),),
        failing=(
            (WARN, "root user", of_account(caller=introduced(ROOT))),
            (MISSING, "does not answer", of_account(caller=unseen("sts:GetCallerIdentity"))),
        ),
        unknown={"no AWS credentials": NOBODY},
    ),
    "region": Examples(
        passing=(facts(), of_account(regions=unseen("ec2:DescribeRegions"))),
        failing=(
            (MISSING, "no region is set", facts(wanted=wanted(region=""))),
            (MISSING, "not enabled", facts(wanted=wanted(region="ap-east-1"))),
            (MISSING, "no region us-eest-1", facts(wanted=wanted(region="us-eest-1"))),
        ),
        unknown={
            "ec2:DescribeRegions": of_account(
                regions=unseen("ec2:DescribeRegions"), region=region(vpcs=unseen("x"))
            ),
            "not asked": NOBODY,
        },
    ),
    "endpoint": Examples(
        passing=(),
        failing=((WARN, "http://127.0.0.1:1", facts(endpoint="http://127.0.0.1:1")),),
    ),
    "clock": Examples(
        passing=(facts(), of_account(caller=introduced(clock_ahead=timedelta(seconds=-30)))),
        failing=(
            (WARN, "2m ahead", of_account(caller=introduced(clock_ahead=timedelta(minutes=2)))),
            (MISSING, "6m behind", of_account(
                caller=introduced(clock_ahead=timedelta(minutes=-6))
            )),
            (MISSING, "earlier than", facts(
                refusal=Problem(what="Signature expired: 2026 is now earlier than 2027"),
                refused_credentials=True,
                account=None,
            )),
        ),
        unknown={
            "what time it is": of_account(caller=unseen("sts:GetCallerIdentity")),
            "no AWS credentials": NOBODY,
        },
    ),
    "may-look": Examples(
        passing=(facts(), of_account(denied={"service-quotas:GetServiceQuota": "no"})),
        failing=(
            (MISSING, "ec2:DescribeVpcs", of_account(denied=DENIED_LOOK)),
            (WARN, "dynamodb:DescribeTable", of_account(denied={"dynamodb:DescribeTable": "no"})),
        ),
        unknown={
            "ec2:DescribeVpcs": of_region(vpcs=unseen("ec2:DescribeVpcs")),
            "no AWS credentials": NOBODY,
        },
    ),
    "may-launch": Examples(
        passing=(facts(), facts(STRICT), of_account(caller=introduced(ROOT), simulated=())),
        failing=(
            (MISSING, "ec2:CreateTags", rehearsed(
                Rehearsed(operation="ec2:RunInstances", allowed=False, action="ec2:CreateTags")
            )),
            (MISSING, "ec2:ImportKeyPair", simulated(
                simulation("ec2:ImportKeyPair", "ec2:ImportKeyPair", decision="implicitDeny")
            )),
            (MISSING, "iam:CreateInstanceProfile", simulated(
                simulation(
                    "iam:CreateInstanceProfile",
                    "iam:CreateInstanceProfile",
                    decision="explicitDeny",
                ),
                level=STRICT,
            )),
        ),
        unknown={
            "iam:SimulatePrincipalPolicy": simulated(
                unanswered("ec2:ImportKeyPair", "ec2:ImportKeyPair")
            ),
            "aws:MultiFactorAuthPresent": simulated(
                simulation(
                    "ec2:ImportKeyPair",
                    "ec2:ImportKeyPair",
                    decision="explicitDeny",
                    lacks=("aws:MultiFactorAuthPresent",),
                )
            ),
            "VcpuLimitExceeded": rehearsed(
                Rehearsed(operation="ec2:RunInstances", allowed=None, why="VcpuLimitExceeded")
            ),
            "dry run": of_account(rehearsed=()),
            "users and roles": of_account(simulated=()),
        },
    ),
    "may-end": Examples(
        passing=(
            facts(),
            # Who may not make roles launches all the same, where an administrator has made them.
            facts(account=account(
                backstop_roles=(
                    Known(iam.Role(role_name="spawn-backstop-1", path="/spawn/", arn="arn:r")),
                ),
                simulated=(
                    *allowed()["simulated"],
                    simulation("iam:CreateRole", "iam:CreateRole", decision="implicitDeny"),
                ),
            )),
        ),
        failing=(
            (MISSING, "scheduler:CreateSchedule", simulated(
                simulation(
                    "scheduler:CreateSchedule", "scheduler:CreateSchedule", decision="implicitDeny"
                )
            )),
            (MISSING, "iam:CreateRole", simulated(
                simulation("iam:CreateRole", "iam:CreateRole", decision="implicitDeny")
            )),
        ),
        unknown={
            "iam:SimulatePrincipalPolicy": simulated(
                unanswered("scheduler:CreateSchedule", "scheduler:CreateSchedule")
            ),
            "no AWS credentials": NOBODY,
        },
    ),
    "may-record": Examples(
        passing=(facts(), of_region(table=table(own=True))),
        failing=(
            (WARN, "dynamodb:PutItem", simulated(
                simulation(
                    "dynamodb:TransactWriteItems", "dynamodb:PutItem", decision="implicitDeny"
                )
            )),
        ),
        unknown={
            "iam:SimulatePrincipalPolicy": simulated(
                unanswered("dynamodb:CreateTable", "dynamodb:CreateTable")
            )
        },
    ),
    "subnet": Examples(
        passing=(facts(), facts(STRICT)),
        failing=(
            (MISSING, "no default VPC", of_region(vpcs=Known(()))),
            (MISSING, "internet gateway", of_region(**ISOLATED)),
            (MISSING, "private", of_region(STRICT, **ALL_PUBLIC)),
        ),
        unknown={
            "ec2:DescribeRouteTables": of_region(route_tables=unseen("ec2:DescribeRouteTables")),
            "no AWS credentials": NOBODY,
        },
    ),
    "session-manager": Examples(
        passing=(
            facts(STRICT),
            of_region(
                STRICT, **ISOLATED, endpoints=Known((endpoint("ssm"), endpoint("ssmmessages")))
            ),
        ),
        failing=(
            (MISSING, "ssmmessages", of_region(
                STRICT, **ISOLATED, endpoints=Known((endpoint("ssm"),))
            )),
        ),
        unknown={
            "ec2:DescribeVpcEndpoints": of_region(
                STRICT, **ISOLATED, endpoints=unseen("ec2:DescribeVpcEndpoints")
            ),
            "not known": of_region(STRICT, **ALL_PUBLIC),
        },
    ),
    "your-address": Examples(
        passing=(facts(), of_machine(addresses=Known(("2001:db8::7", "203.0.113.7")))),
        failing=(
            (WARN, "timed out", of_machine(addresses=Unseen("", "timed out"))),
            (WARN, "IPv6 alone", of_machine(addresses=Known(("2001:db8::7",)))),
        ),
    ),
    "ssh": Examples(
        passing=(facts(),),
        failing=(
            (MISSING, "not installed", of_machine(ssh="")),
            (WARN, "8.7", of_machine(ssh="OpenSSH_8.4p1")),
        ),
        unknown={"Sun_SSH": of_machine(ssh="Sun_SSH_1.1")},
    ),
    "ssh-key": Examples(
        passing=(facts(), of_machine(key=""), of_machine(key_age_days=90)),
        failing=(
            (MISSING, "not installed", of_machine(key_problem=LACKING)),
            (MISSING, "ssh-keygen", of_machine(key="", has_keygen=False)),
            (WARN, "91 days old", of_machine(key_age_days=91)),
        ),
    ),
    "session-plugin": Examples(
        passing=(facts(),),
        failing=(
            (WARN, "not installed", of_machine(plugin=LACKING)),
            (MISSING, "not installed", of_machine(STRICT, plugin=LACKING)),
        ),
    ),
    "aws-cli": Examples(
        passing=(facts(needs_aws_cli=True),),
        failing=((WARN, "not installed", facts(needs_aws_cli=True, aws_cli=LACKING)),),
    ),
    "settings": Examples(
        passing=(facts(),),
        failing=((MISSING, "not installed", of_machine(settings=LACKING)),),
    ),
    "state": Examples(
        passing=(facts(), of_machine(state=StateDirectory(path="/s"))),
        failing=(
            (WARN, "open", of_machine(state=StateDirectory(path="/s", mode=0o755))),
            (MISSING, "another user", of_machine(
                state=StateDirectory(path="/s", mode=0o700, is_own=False)
            )),
        ),
        unknown={"Permission": of_machine(
            state=StateDirectory(path="/s", unreadable="Permission denied")
        )},
    ),
    "boundary": Examples(
        passing=(facts(),),
        failing=((WARN, "policy/spawn/boundary", of_account(boundary=Absent())),),
        unknown={
            "iam:GetPolicy": of_account(boundary=unseen("iam:GetPolicy")),
            "no AWS credentials": NOBODY,
        },
    ),
    "backstop": Examples(
        passing=(facts(), of_region(schedule_group=Absent())),
        failing=(
            (MISSING, "being deleted", of_region(
                schedule_group=Known(ScheduleGroup(name="spawn", state="DELETING"))
            )),
        ),
        unknown={
            "scheduler:GetScheduleGroup": of_region(
                schedule_group=unseen("scheduler:GetScheduleGroup")
            ),
            "iam:GetRole": of_account(backstop_roles=(unseen("iam:GetRole"), Absent())),
        },
    ),
    "table": Examples(
        passing=(facts(), of_region(table=table(own=True))),
        failing=((WARN, "other keys", of_region(table=table(own=False))),),
        unknown={"dynamodb:DescribeTable": of_region(table=unseen("dynamodb:DescribeTable"))},
    ),
    "disks": Examples(
        passing=(
            facts(),
            facts(Level.OPEN),
            of_region(default_key=Known(KEY), key=key("Enabled")),
            facts(STRICT, wanted=wanted(STRICT, kms_key="alias/mine")),
        ),
        failing=(
            (MISSING, "PendingDeletion", of_region(
                default_key=Known(KEY), key=key("PendingDeletion")
            )),
            (MISSING, "does not exist", of_region(default_key=Known(KEY), key=Absent())),
            (MISSING, "strict", facts(STRICT)),
        ),
        unknown={
            "ec2:GetEbsDefaultKmsKeyId": of_region(default_key=unseen("ec2:GetEbsDefaultKmsKeyId")),
            "kms:DescribeKey": of_region(default_key=Known(KEY), key=unseen("kms:DescribeKey")),
        },
    ),
    "quota": Examples(
        passing=(
            facts(),
            of_region(instances=running(31)),
            of_region(instances=running(99, "p4d.24xlarge")),
            of_region(instances=running(99, "inf2.xlarge")),
            of_region(instances=running(99, lifecycle="spot")),
        ),
        failing=(
            (MISSING, "64 of 64", of_region(instances=running(32))),
            (MISSING, "64 of 64 spot", facts(
                wanted=wanted(spot=True), account=account(
                    region=region(instances=running(32, lifecycle="spot"))
                )
            )),
        ),
        unknown={
            "service-quotas:GetServiceQuota": of_region(
                vcpu_quota=unseen("service-quotas:GetServiceQuota")
            ),
            "does not say": of_region(vcpu_quota=Absent()),
        },
    ),
    "spot-role": Examples(
        passing=(
            facts(wanted=wanted(spot=True), account=account(
                spot_role=Known(iam.Role(role_name="s", path="/", arn="arn:s"))
            )),
        ),
        failing=(
            (WARN, "not there", facts(
                wanted=wanted(spot=True), account=account(spot_role=Absent())
            )),
        ),
        unknown={
            "iam:GetRole": facts(
                wanted=wanted(spot=True), account=account(spot_role=unseen("iam:GetRole"))
            )
        },
    ),
}  # fmt: skip

# What these look at lies open, or tells nothing of itself: there is no third thing to find.
NEVER_UNKNOWN = frozenset(
    {"endpoint", "your-address", "ssh-key", "session-plugin", "aws-cli", "settings"}
)
# These bear on some launches only.
OMITTED = {
    "endpoint": facts(),
    "session-manager": facts(),
    "your-address": facts(machine=machine(addresses=None)),
    "aws-cli": facts(),
    "quota": facts(wanted=of_type("p5.48xlarge")),
    "spot-role": facts(),
}
