"""What an agent calls AWS for, it does with the right that its launch gave it, and no other."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from tests.e2e.boxes import REGION, Box, client, launched, wait_for
from tests.e2e.conftest import Launch
from tests.tools.clouds import Cloud
from tests.tools.loaded import loaded_spawn
from tests.tools.programs import Program

pytestmark = pytest.mark.e2e

GROUP = "/spawn/spored"
# From the end date on: a machine takes its leave, and a busy test machine its time.
GRACE_SECONDS = 50.0
STOPPED_BY_CALL = {
    "stop": "Client.UserInitiatedShutdown",
    "hibernate": "Client.UserInitiatedHibernate",
}


class Zone(NamedTuple):
    """A hosted zone of the tests' own."""

    zone_id: str
    domain: str
    route53: Any

    def records(self, name: str) -> list[dict[str, Any]]:
        """Return the address records of a name."""
        found = self.route53.list_resource_record_sets(HostedZoneId=self.zone_id)
        sets = found["ResourceRecordSets"]
        return [one for one in sets if one["Name"] == f"{name}." and one["Type"] in ("A", "AAAA")]

    def value(self, name: str) -> str | None:
        """Return where a name leads, None for nowhere."""
        found = self.records(name)
        return str(found[0]["ResourceRecords"][0]["Value"]) if found else None


class Ending(NamedTuple):
    """Two machines of the shortest life: one with the rights to do its duties, one without any."""

    able: Box
    denied: Box
    zone: Zone


def own_role(cloud: Cloud, name: str, *statements: dict[str, Any]) -> str:
    """Make an instance profile with a role that may do this."""
    iam = client(cloud, "iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}
    document = {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
    if statements:
        policy = {"Version": "2012-10-17", "Statement": [*statements]}
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    return name


@pytest.fixture(scope="module")
def zone(cloud: Cloud) -> Zone:
    """A public hosted zone."""
    route53 = client(cloud, "route53")
    domain = f"{uuid.uuid4().hex[:8]}.example"
    made = route53.create_hosted_zone(Name=domain, CallerReference=domain)["HostedZone"]
    return Zone(made["Id"].rpartition("/")[2], domain, route53)


@pytest.fixture(scope="module", autouse=True)
def ending(cloud: Cloud, zone: Zone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ending]:
    """Both are launched before the other tests, and met at last."""
    home = tmp_path_factory.mktemp("ending") / "home"
    spawn = loaded_spawn(cloud.environment(home), home)
    role = own_role(cloud, f"may-nothing-{uuid.uuid4().hex[:8]}")
    words = (
        *("--ttl", "1m", "--dns-zone", zone.domain, "--ship-logs"),
        *("--on-complete", "stop", "--completion-delay", "1s"),
    )
    with (
        launched(spawn, cloud, *words, "--dns-name", f"able.{zone.domain}") as able,
        launched(
            spawn, cloud, *words, "--dns-name", f"denied.{zone.domain}", "--iam-role", role
        ) as denied,
    ):
        assert denied.run("spored", "complete").code == 0
        yield Ending(able, denied, zone)


def logged(cloud: Cloud, box: Box) -> list[dict[str, Any]]:
    """Return the lines of a box's agent that CloudWatch Logs has."""
    logs = client(cloud, "logs")
    try:
        found = logs.filter_log_events(logGroupName=GROUP, logStreamNames=[box.id])
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [json.loads(one["message"]) for one in found["events"]]


def test_a_name_leads_to_its_instance(ending: Ending) -> None:
    """Soon after boot the name leads to the public address, by a record that is this instance's."""
    able, _, zone = ending
    name = f"able.{zone.domain}"
    wait_for(lambda: zone.value(name), "the record")
    assert zone.records(name) == [
        {
            "Name": f"{name}.",
            "Type": "A",
            "SetIdentifier": able.id,
            "Weight": 1,
            "TTL": 60,
            "ResourceRecords": [{"Value": able.address}],
        }
    ]
    able.await_console(f"spored: dns: {name} A {able.address}")
    over_ssh = able.spawn("logs", able.id, "--region", REGION, "--of", "agent", "--source", "ssh")
    assert over_ssh.code == 0, over_ssh.stderr
    assert {json.loads(line)["event"] for line in over_ssh.stdout.splitlines()} >= {"warning"}


def test_a_name_is_not_given_twice(ending: Ending, spawn: Program) -> None:
    """While the instance lives, no other is launched with its name."""
    zone = ending.zone
    words = ("--dns-name", f"able.{zone.domain}", "--dns-zone", zone.zone_id)
    refused = spawn("launch", *words)
    assert refused.code == 1
    assert ending.able.id in refused.stderr


def test_the_right_reaches_no_other_name(ending: Ending, cloud: Cloud) -> None:
    """With the role of the instance, another name of the zone, and another type, can't be set."""
    able, _, zone = ending
    for name, kind, value in (
        (f"www.{zone.domain}", "A", "192.0.2.1"),
        (f"able.{zone.domain}", "TXT", '\\"x\\"'),
    ):
        record = {
            "Name": name,
            "Type": kind,
            "TTL": 60,
            "ResourceRecords": [{"Value": value.replace("\\", "")}],
        }
        batch = json.dumps({"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]})
        words = ("--hosted-zone-id", zone.zone_id, "--change-batch", batch)
        denied = able.run("aws", "route53", "change-resource-record-sets", *words)
        assert denied.code != 0
        assert "AccessDenied" in denied.stderr
    assert zone.value(f"www.{zone.domain}") is None


@pytest.mark.parametrize("action", ["stop", "hibernate"])
def test_an_instance_stops_itself_and_no_other(launch: Launch, action: str) -> None:
    """When its work is done EC2 stops or hibernates the instance that asks; no other one."""
    box = launch("--ttl", "30m", "--on-complete", action, "--completion-delay", "1s")
    other = launch("--ttl", "30m")
    denied = box.run("aws", "ec2", "stop-instances", "--instance-ids", other.id)
    assert "UnauthorizedOperation" in denied.stderr
    assert box.run("spored", "complete").code == 0
    stopped = box.await_state("stopped", seconds=GRACE_SECONDS)
    assert stopped["StateReason"]["Code"] == STOPPED_BY_CALL[action]
    assert other.described()["State"]["Name"] == "running"


def test_its_log_is_in_cloudwatch_logs(ending: Ending, cloud: Cloud) -> None:
    """Each line once, in its order, to the last words before the power goes."""
    able = ending.able
    await_end(able)
    lines = wait_for(
        lambda: (
            [one for one in logged(cloud, able) if one["event"] == "preparing"]
            and logged(cloud, able)
        ),
        "the last lines",
    )
    events = [one["event"] for one in lines]
    assert events.count("warning") == len(
        {one["words"] for one in lines if one["event"] == "warning"}
    )
    assert events.index("warning") < events.index("preparing")
    assert len({json.dumps(one) for one in lines}) == len(lines)


def test_a_log_outlives_its_instance(ending: Ending, spawn: Program, cloud: Cloud) -> None:
    """`spawn logs` reads what was shipped of an instance that has ended, and its console."""
    able = ending.able
    await_end(able)
    here = ("--region", REGION)
    agents = spawn("logs", able.id, *here, "--of", "agent")
    assert agents.code == 0, agents.stderr
    shown = [json.loads(line) for line in agents.stdout.splitlines()]
    assert shown == logged(cloud, able)
    both = spawn("logs", able.id, *here, "-n", "1")
    assert both.stdout.splitlines()[-1] == agents.stdout.splitlines()[-1]
    assert len(both.stdout.splitlines()) == 2
    never = spawn("logs", able.id, *here, "--of", "boot", "--source", "cloudwatch")
    assert never.code == 2


def test_the_name_is_gone_with_its_instance(ending: Ending) -> None:
    """Whatever gets the address next, no name of ours leads there."""
    await_end(ending.able)
    assert ending.zone.records(f"able.{ending.zone.domain}") == []


def test_without_its_rights_a_duty_is_skipped_and_the_end_comes(
    ending: Ending, cloud: Cloud
) -> None:
    """A role that may do nothing: it says what it was denied, once each, and ends on time."""
    _, denied, zone = ending
    await_end(denied)
    console = denied.console()
    for duty, why in (
        ("dns", "route53:ChangeResourceRecordSets"),
        ("ship", "logs:CreateLogGroup"),
        ("asking", "403 UnauthorizedOperation"),
    ):
        lines = [line for line in console.splitlines() if f"spored: skipped: {duty}: " in line]
        assert len(lines) == 1, console
        assert why in lines[0]
    assert zone.records(f"denied.{zone.domain}") == []
    assert logged(cloud, denied) == []


def await_end(box: Box) -> None:
    """Wait until an instance has ended by itself, at its end date."""
    due = datetime.fromisoformat(box.document["expires_at"])
    left = (due - datetime.now(UTC)).total_seconds()
    ended = box.await_state("terminated", seconds=max(left, 0) + GRACE_SECONDS)
    assert ended["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
    assert datetime.now(UTC) >= due
