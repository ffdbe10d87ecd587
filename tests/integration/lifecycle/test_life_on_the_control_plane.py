"""From the launch to the end through the real door, against a control plane over HTTP."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from spawn.aws import ec2, scheduler, sts
from spawn.aws.door import WritingDoor
from spawn.aws.perform import Performance, Performer
from spawn.aws.questions import Absent, Asker, Known, answer_of
from spawn.cli.wiring import SystemClock
from spawn.core.endings import End, alarms
from spawn.core.errors import NamedThingNotFound
from spawn.core.ids import LAUNCH_ID_BYTES, launch_id, launch_token
from spawn.core.instants import format_instant
from spawn.core.steps import Output, OutputReference, Stage, Step, Yield
from spawn.core.tags import tag_list
from spawn.iam.backstop_role import wanted_backstop_role
from spawn.iam.documents import PolicyDocument, allow
from spawn.iam.role_plan import plan_role
from spawn.iam.roles import WantedRole, role_questions, wanted_role
from spawn.lifecycle.account_facts import read_account
from spawn.lifecycle.backstop import plan_backstop, plan_group
from spawn.lifecycle.cancel import cancel, plan_cancel
from spawn.lifecycle.cleanup import cleanup, plan_cleanup
from spawn.lifecycle.leftover import CleanupScope, Kind
from spawn.lifecycle.list import EVERYTHING, Listing, list_instances
from spawn.lifecycle.listed import BackstopState, Ending, ListedInstance
from spawn.lifecycle.mend import mend_backstops
from spawn.lifecycle.outcomes import Outcome
from spawn.lifecycle.resolve import resolve_words
from spawn.lifecycle.status import InstanceStatus, status
from spawn.posture.controls.control import Outcome as Judged
from spawn.registry.records import LaunchRecord, plan_record
from spawn.registry.table import ask_table, plan_table
from tests.tools.programs import PROGRAMS, clean_environment, run
from tests.tools.sessions import session_at
from tests.unit.lifecycle.builders import row

REGION = "eu-west-1"


@dataclass(frozen=True)
class Account:
    """An account of the control plane, looked at and changed as spawn does it."""

    url: str
    home: Path
    door: WritingDoor
    asker: Asker
    caller: sts.Identity

    def perform(self, *stages: Stage) -> Performance:
        """Carry out stages; all of them must succeed."""
        done = Performer(writer=self.door, clock=SystemClock()).perform(stages)
        assert not done.failures
        assert not done.warnings
        return done

    def listed(self, **arguments: Any) -> Listing:
        """List the home region."""
        return list_instances(
            self.asker,
            caller=lambda: self.caller,
            now=datetime.now(UTC),
            home_region=REGION,
            region=REGION,
            **arguments,
        )

    def status(self, row: ListedInstance) -> InstanceStatus:
        """Look at an instance closely."""
        return status(self.asker, row, caller=self.caller, now=datetime.now(UTC))

    def aws(self, *words: str) -> Any:
        """Ask the plain AWS command line, as anybody might."""
        environment = clean_environment(self.home) | {
            "AWS_CONFIG_FILE": str(self.home / "config"),
            "AWS_DEFAULT_REGION": REGION,
        }
        command = (str(PROGRAMS / "aws"), *words)
        done = run(command, environment=environment, directory=self.home)
        return json.loads(done.stdout) if done.stdout.strip() else None


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    control_plane = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    control_plane.start()
    host, port = control_plane.get_host_and_port()
    yield f"http://{host}:{port}"
    control_plane.stop()


@pytest.fixture
def account(server: str, tmp_path: Path) -> Iterator[Account]:
    session = session_at(server, tmp_path / "config", region=REGION)
    door = WritingDoor(session)
    caller = answer_of(door, sts.caller_question(REGION))
    assert isinstance(caller, Known)
    with ThreadPoolExecutor(16) as pool:
        yield Account(server, tmp_path, door, Asker(door, pool), caller.value)


def run_step(account: Account, *, ends_at: datetime, **tags: str) -> Step:
    carried = {"spawn": "true", "owner": account.caller.owner} | tags
    launch = launch_id(secrets.token_bytes(LAUNCH_ID_BYTES))
    carried |= {"spawn:expires-at": format_instant(ends_at), "spawn:launch-id": launch}
    return Step(
        operation=ec2.RUN_INSTANCES.key,
        region=REGION,
        parameters={
            "ImageId": "ami-12c6146b",
            "InstanceType": "t3.micro",
            "MinCount": 1,
            "MaxCount": 1,
            "ClientToken": launch_token(launch, "here"),
            "InstanceInitiatedShutdownBehavior": "terminate",
            "TagSpecifications": [{"ResourceType": "instance", "Tags": tag_list(carried)}],
        },
        sentence="launch",
        yields=(Yield(Output.INSTANCE_ID, ("Instances", 0, "InstanceId")),),
    )


def backstop_stage(account: Account, ends_at: datetime) -> Stage:
    caller = account.caller
    role = wanted_backstop_role(
        caller.owner, partition="aws", account=caller.account, boundary=None
    )
    return plan_backstop(
        OutputReference(Output.INSTANCE_ID),
        alarms(ends_at, {}),
        region=REGION,
        partition="aws",
        role_arn=role.arn(partition="aws", account=caller.account),
        client_token="token",
    )


def group_stage(account: Account) -> Stage:
    fact = answer_of(account.door, scheduler.group_question(REGION))
    return plan_group(fact, region=REGION, tags={"spawn": "true"})


def in_two_hours() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)


def test_an_instance_lives_and_ends(account: Account) -> None:
    """Launched with its backstop, listed, looked at, cancelled: each step sees the one before."""
    ends_at = in_two_hours()
    done = account.perform(
        group_stage(account),
        (run_step(account, ends_at=ends_at, Name="lives"),),
        backstop_stage(account, ends_at),
    )
    (instance_id,) = done.outputs[Output.INSTANCE_ID]
    (row,) = [one for one in account.listed().instances if one.id == instance_id]
    assert (row.name, row.is_mine, row.backstop) == ("lives", True, BackstopState.ARMED)
    assert (row.ending, row.expires_at) == (Ending.DUE, ends_at)
    seen = account.status(row)
    assert seen.backstop.state is BackstopState.ARMED
    assert seen.backstop.fires_at == ends_at + timedelta(minutes=5)
    assert [one.outcome for one in seen.findings if one.control == "END-BACKSTOP"] == [Judged.PASS]
    assert "terminates it" in seen.endings[0]
    resolution = resolve_words(["lives"], account.listed(selection=EVERYTHING))
    plan = plan_cancel(resolution, by=account.caller.owner, now=datetime.now(UTC))
    report = cancel(plan, Performer(writer=account.door, clock=SystemClock()))
    assert [(one.id, one.outcome) for one in report.results] == [(instance_id, Outcome.ENDED)]
    question = scheduler.schedule_question(instance_id, End.TERMINATE, REGION)
    assert answer_of(account.door, question) == Absent()
    ended = account.status(row)
    assert ended.instance.ending is Ending.ENDED
    assert ended.posture is None


def test_an_instance_that_is_not_there_is_not_found(account: Account) -> None:
    """An id that AWS does not know is an error of the person's, not of AWS."""
    with pytest.raises(NamedThingNotFound):
        account.status(row("i-00000000000000009", region=REGION))


def test_a_killed_launch_is_mended(account: Account) -> None:
    """Killed before its schedule was made: the next command makes it, with its role, once."""
    ends_at = in_two_hours()
    done = account.perform((run_step(account, ends_at=ends_at, Name="killed"),))
    (instance_id,) = done.outputs[Output.INSTANCE_ID]

    def killed() -> ListedInstance:
        return next(one for one in account.listed().instances if one.id == instance_id)

    def mended() -> tuple[str, ...]:
        performer = Performer(writer=account.door, clock=SystemClock())
        rows, now = (killed(),), datetime.now(UTC)
        return mend_backstops(account.asker, performer, rows, caller=account.caller, now=now)

    (done_once,) = mended()
    assert instance_id in done_once
    assert account.status(killed()).backstop.state is BackstopState.ARMED
    assert mended() == ()


def test_the_registry_answers_the_plain_query(account: Account) -> None:
    """The table is made whole at once, and anybody finds launches in it by a tag."""

    def plan() -> tuple[Stage, Stage]:
        facts = ask_table(account.asker, REGION)()
        found = plan_table(facts, region=REGION, tags={"spawn": "true"})
        return found.create, found.complete

    account.perform(*plan())
    assert plan() == ((), ())
    ends_at = in_two_hours()
    record = LaunchRecord(
        instance_id="i-0123456789abcdef0",
        launch_id="l-1",
        account=account.caller.account,
        region=REGION,
        owner="alice",
        name="web",
        launched_at=datetime.now(UTC),
        expires_at=ends_at,
        instance_type="t3.micro",
        image_id="ami-1",
        subnet_id="subnet-1",
        security_group_ids=("sg-1",),
        role="",
        security_level="standard",
        user_data_sha256="ab" * 32,
        plan_digest="cd" * 32,
        tags={"owner": "alice", "project": "ml"},
    )
    account.perform((plan_record(record, table_is_new=True),))
    found = account.aws(
        "dynamodb",
        "query",
        "--table-name",
        "spawn-instances",
        "--index-name",
        "tag-index",
        "--key-condition-expression",
        "tag_key = :key AND tag_value = :value",
        "--expression-attribute-values",
        '{":key": {"S": "owner"}, ":value": {"S": "alice"}}',
    )
    assert [item["instance_id"]["S"] for item in found["Items"]] == ["i-0123456789abcdef0"]


def made_role(account: Account, action: str) -> WantedRole:
    """Make a role and its instance profile, as a launch does."""
    document = PolicyDocument(statements=(allow((action,), ("*",)),))
    wanted = wanted_role([document], partition="aws", boundary=None)
    assert wanted is not None
    facts = role_questions(wanted, REGION).ask(account.asker)()
    tags = {"spawn": "true", "owner": account.caller.owner}
    plan = plan_role(wanted, facts, region=REGION, tags=tags)
    account.perform(plan.create, plan.fill)
    return wanted


def test_cleanup_takes_what_nothing_uses(account: Account) -> None:
    """A role that an instance has stays; once that is gone, the role and its profile go."""
    wanted = made_role(account, "ec2:DescribeRegions")
    step = run_step(account, ends_at=in_two_hours(), Name="user")
    step.parameters["IamInstanceProfile"] = {"Name": wanted.name}
    done = account.perform((step,))
    scope = CleanupScope(
        owner=account.caller.owner,
        now=datetime.now(UTC),
        home_region=REGION,
        old_enough=timedelta(),
    )

    def removable() -> set[tuple[Kind, str]]:
        facts = read_account(account.asker, [REGION, "us-east-1"], home_region=REGION)
        assert facts.failed_regions == ()
        plan = plan_cleanup(facts, scope)
        return {(one.kind, one.id) for one in plan.leftovers}

    assert (Kind.ROLE, wanted.name) not in removable()
    (instance_id,) = done.outputs[Output.INSTANCE_ID]
    account.door.do(ec2.TERMINATE_INSTANCES, {"InstanceIds": [instance_id]}, region=REGION)
    assert (Kind.ROLE, wanted.name) in removable()
    facts = read_account(account.asker, [REGION, "us-east-1"], home_region=REGION)
    plan = plan_cleanup(facts, scope)
    results = cleanup(plan, Performer(writer=account.door, clock=SystemClock()))
    assert all(one.removed for one in results), results
    assert (Kind.ROLE, wanted.name) not in removable()
    profiles = account.aws("iam", "list-instance-profiles", "--path-prefix", "/spawn/")
    assert wanted.name not in [one["InstanceProfileName"] for one in profiles["InstanceProfiles"]]
