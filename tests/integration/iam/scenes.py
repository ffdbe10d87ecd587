"""For each command of the table: where it is run, and by which words, so that each row has cause.

A `State` is an account with what a command finds there; a `Scene` is a command's words in a state.
Both are tables. The program answers the requests of `test_one_action_removed`, each from a copy of
the state's process (`tests.tools.forks`), so that no try leaves a trace for the next.

    python -m tests.integration.iam.scenes HOME
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from spawn.iam.documents import Effect, PolicyDocument, Statement, allow
from tests.integration.iam.printing import printed, without
from tests.integration.iam.world import REGION, Visit, World, be_alone
from tests.tools.forks import Copy, serve

BUCKET = "s3:ReadOnly@my-bucket"
DAY = timedelta(days=1)
RICH = (
    *("--iam-policy", BUCKET, "--iam-managed-policies", "AmazonSQSReadOnlyAccess", "--ship-logs"),
    *("--dns-name", "box.example.com", "--dns-zone", "example.com"),
)
STRICT = (
    *("--security", "strict", "--ttl", "1h", "--subnet", "{private}", "--kms-key-id", "{key}"),
    *("--tag", "project=a", "--tag", "classification=internal"),
)
SECRETS = ("--secret", "DB=secretsmanager:db", "--secret", "TOKEN=ssm:/token")
HERE = ("--region", REGION)
NOISE = random.Random(5)
# Longer than user-data, however well it is packed.
SCRIPT = "#!/bin/sh\n" + "".join(f": {NOISE.getrandbits(240):x}\n" for _ in range(700))
BOUNDARY = "arn:aws:iam::123456789012:policy/spawn/boundary"
NO_DELETION = PolicyDocument(
    statements=(
        Statement(
            effect=Effect.DENY, sid="", actions=("scheduler:DeleteSchedule",), resources=("*",)
        ),
    )
)
NOTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
)
EVERYTHING = (PolicyDocument(statements=(allow(("*",), ("*",)),)),)

Names = dict[str, str]


@dataclass(frozen=True)
class Scene:
    """A command's words, in a state. `{name}` in a word is filled in by what the state made.

    `lacking` are actions that are denied in addition, without which a row would have no cause: an
    undoing, say. Then the command fails even with all of its rows. It is told to look in one
    region, which saves it 34 calls, unless it looks `everywhere`.
    """

    command: str
    words: tuple[str, ...] = ()
    _: KW_ONLY
    state: str = "fresh"
    lacking: tuple[str, ...] = ()
    code: int = 0
    everywhere: bool = False


def fresh(visit: Visit) -> Names:
    """An account where spawn has never been, with a key, a zone and a role of the company's own."""
    kms = visit.administrator("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    zone = visit.administrator("route53").create_hosted_zone(
        Name="example.com", CallerReference="once"
    )
    script = visit.world.home / "script"
    script.write_text(SCRIPT)
    ec2 = visit.administrator("ec2")
    offices = ec2.create_managed_prefix_list(
        PrefixListName="offices",
        MaxEntries=1,
        AddressFamily="IPv4",
        Entries=[{"Cidr": "192.0.2.0/24"}],
    )
    return {
        "offices": offices["PrefixList"]["PrefixListId"],
        "private": _private_subnet(ec2),
        "key": key,
        "script": str(script),
        "zone": zone["HostedZone"]["Id"].rpartition("/")[2],
    }


def launched(visit: Visit) -> Names:
    """Instances of the person's: a plain one, one with all that a launch can have, a sleeper."""
    names = fresh(visit)
    names["plain"] = _launch(visit)
    names["rich"] = _launch(visit, *RICH, "--kms-key-id", names["key"])
    names["sleeper"] = _launch(visit, "--hibernation")
    names["awake"] = _launch(visit, "--hibernation")
    names["profile"] = _profile_of(visit, names["rich"])
    _run(visit, "stop", names["sleeper"], "--yes", *HERE)
    return names


def alone(_visit: Visit) -> Names:
    """An account without instances, and the id of none."""
    return {"plain": "i-0123456789abcdef0"}


def held(visit: Visit) -> Names:
    """An instance on hold, whose schedules are gone, and with them all that a schedule needs."""
    names = {"plain": _launch(visit)}
    _run(visit, "hold", names["plain"], "--reason", "odd", *HERE)
    return names | _disarmed(visit)


def unarmed(visit: Visit) -> Names:
    """An instance behind which no schedule stands, in an account that has nothing to make one."""
    names = {"plain": _launch(visit)}
    return names | _disarmed(visit)


def keeping(visit: Visit) -> Names:
    """A secret under a customer key, and a parameter."""
    names = fresh(visit)
    visit.administrator("secretsmanager").create_secret(
        Name="db", SecretString="x", KmsKeyId=names["key"]
    )
    visit.administrator("ssm").put_parameter(Name="/token", Value="x", Type="SecureString")
    return names


def rotated(visit: Visit) -> Names:
    """A former key that no instance trusts any more."""
    names = {"plain": _launch(visit)}
    _run(visit, "key", "rotate", "--yes", *HERE)
    visit.administrator("ec2").terminate_instances(InstanceIds=[names["plain"]])
    return names


def trusting(visit: Visit) -> Names:
    """An authority whose key is in KMS, and an instance that trusts it."""
    _run(visit, "ssh-ca", "init", "--kms", "--yes", *HERE)
    return {"plain": _launch(visit, "--ssh-ca")}


def planned(visit: Visit) -> Names:
    """A plan that was saved, and not yet applied."""
    names = fresh(visit)
    plans = {"plan": (), "rich_plan": RICH, "staged_plan": ("--user-data-file", names["script"])}
    for name, words in plans.items():
        file = visit.world.home / f"{name}.json"
        file.write_text(_run(visit, "launch", *words, "--dry-run", "-o", "json"))
        names[name] = file.name
    return names


def left_over(visit: Visit) -> Names:
    """What launches of two days ago left: all that cleanup removes, a stranger's schedule too."""
    names = launched(visit)
    ends = [names[name] for name in ("plain", "rich", "sleeper", "awake")]
    visit.administrator("ec2").terminate_instances(InstanceIds=ends)
    visit.world.grow_older(2 * DAY)
    return names


def overdue(visit: Visit) -> Names:
    """An instance that should have ended yesterday."""
    names = {"plain": _launch(visit)}
    yesterday = f"{datetime.now(UTC) - DAY:%Y-%m-%dT%H:%M:%SZ}"
    visit.administrator("ec2").create_tags(
        Resources=[names["plain"]], Tags=[{"Key": "spawn:expires-at", "Value": yesterday}]
    )
    return names


def half_held(visit: Visit) -> Names:
    """An instance on hold whose schedule could not be deleted."""
    names = {"plain": _launch(visit)}
    visit.world.may((*EVERYTHING, NO_DELETION))
    visit.spawn("hold", names["plain"], "--reason", "odd", *HERE)
    _move_schedule(visit, names["plain"])
    return names


def crowded(visit: Visit) -> Names:
    """An instance behind which a schedule too many stands, and one at a wrong time."""
    names = {"plain": _launch(visit, "--on-expiry", "stop")}
    ec2 = visit.administrator("ec2")
    ec2.delete_tags(Resources=[names["plain"]], Tags=[{"Key": "spawn:on-expiry"}])
    _move_schedule(visit, names["plain"])
    return names


def crowded_and_held(visit: Visit) -> Names:
    """The same, on hold."""
    names = crowded(visit)
    visit.world.may((*EVERYTHING, NO_DELETION))
    visit.spawn("hold", names["plain"], "--reason", "odd", *HERE)
    return names


def governed(visit: Visit) -> Names:
    """The management account of an organisation, with AWS Config, and nothing put yet."""
    organizations = visit.administrator("organizations")
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    config = visit.administrator("config")
    role = "arn:aws:iam::123456789012:role/config"
    config.put_configuration_recorder(ConfigurationRecorder={"name": "all", "roleARN": role})
    visit.administrator("s3").create_bucket(Bucket="recorded")
    config.put_delivery_channel(DeliveryChannel={"name": "all", "s3BucketName": "recorded"})
    config.start_configuration_recorder(ConfigurationRecorderName="all")
    visit.world.forget_boundary()
    return {"root": root}


def outdated(visit: Visit) -> Names:
    """The same, with guardrails that somebody has rewritten, as often as IAM lets them."""
    names = governed(visit)
    _run(visit, "guardrails", "apply", "--target", names["root"], "--yes")
    iam = visit.administrator("iam")
    for _ in range(4):
        iam.create_policy_version(PolicyArn=BOUNDARY, PolicyDocument=NOTHING, SetAsDefault=True)
    organizations = visit.administrator("organizations")
    for policy in organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]:
        if not policy["AwsManaged"]:
            organizations.update_policy(PolicyId=policy["Id"], Content=NOTHING)
    return names


def _move_schedule(visit: Visit, instance_id: str) -> None:
    scheduler = visit.administrator("scheduler")
    named = {"GroupName": "spawn", "Name": f"spawn-{instance_id}"}
    found = scheduler.get_schedule(**named)
    kept = {
        key: found[key] for key in ("FlexibleTimeWindow", "Target", "ScheduleExpressionTimezone")
    }
    scheduler.update_schedule(**named, **kept, ScheduleExpression="at(2030-01-01T00:00:00)")


def _private_subnet(ec2: Any) -> str:
    """A subnet that reaches the world through a NAT gateway, as `strict` wants it."""
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0][
        "VpcId"
    ]
    public = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"][0]
    made = ec2.create_subnet(
        VpcId=vpc, CidrBlock="172.31.240.0/24", AvailabilityZone=public["AvailabilityZone"]
    )["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    gateway = ec2.create_nat_gateway(SubnetId=public["SubnetId"], AllocationId=address)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(
        RouteTableId=table,
        DestinationCidrBlock="0.0.0.0/0",
        NatGatewayId=gateway["NatGateway"]["NatGatewayId"],
    )
    ec2.associate_route_table(SubnetId=made, RouteTableId=table)
    return str(made)


def _launch(visit: Visit, *words: str) -> str:
    return _run(visit, "launch", *words, "-o", "ids")


def _run(visit: Visit, *words: str) -> str:
    done = visit.spawn(*words)
    assert done.code == 0, done.stderr
    return done.stdout.strip()


def _profile_of(visit: Visit, instance_id: str) -> str:
    found = visit.administrator("ec2").describe_instances(InstanceIds=[instance_id])
    arn = found["Reservations"][0]["Instances"][0]["IamInstanceProfile"]["Arn"]
    return str(arn.rpartition("/")[2])


def _disarmed(visit: Visit) -> Names:
    scheduler = visit.administrator("scheduler")
    for schedule in scheduler.list_schedules()["Schedules"]:
        scheduler.delete_schedule(GroupName=schedule["GroupName"], Name=schedule["Name"])
    scheduler.delete_schedule_group(Name="spawn")
    visit.world.forget_backstop_roles()
    return {}


LIST = ("ec2:DescribeInstances",)
# Words that name an instance anywhere: all regions are asked for it.
LOOKING: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("status", "logs", "ssh-config"), ("{plain}",)),
    **dict.fromkeys(("policy show", "policy lint", "policy rightsize"), ("{plain}",)),
    **dict.fromkeys(("stop", "start", "hibernate", "cancel"), ("{plain}", "--yes")),
    **dict.fromkeys(("hold",), ("{plain}", "--reason", "odd")),
    **dict.fromkeys(("unhold",), ("{plain}", "--reason", "odd", "--yes")),
    "connect": ("{plain}", "--", "true"),
    "cp": ("script", "{plain}:"),
    "extend": ("{plain}", "1h", "--yes"),
    "network allow": ("{plain}", "--yes"),
    "policy can": ("{plain}", "s3:GetObject", "arn:aws:s3:::b/k"),
    "policy diff": ("{plain}", BUCKET),
}
STATES: Final[Mapping[str, Callable[[Visit], Names]]] = {
    state.__name__: state
    for state in (
        *(fresh, alone, launched, held, half_held, unarmed, planned, left_over, overdue),
        *(crowded, crowded_and_held, keeping, rotated, trusting),
        *(governed, outdated),
    )
}

SCENES: Final = (
    Scene("launch"),
    Scene("launch", RICH),
    Scene("launch", ("--kms-key-id", "{key}", "--user-data-file", "{script}")),
    Scene("launch", ("--dns-name", "two.example.com", "--dns-zone", "{zone}")),
    Scene("launch", ("--spot", "--ssh-from", "{offices}")),
    Scene("launch", STRICT),
    Scene("launch", ("--iam-role", "{profile}"), state="launched"),
    Scene("launch", lacking=("scheduler:CreateSchedule",)),
    Scene("list", state="launched", everywhere=True),
    Scene("list", state="unarmed"),
    Scene("status", ("{rich}",), state="launched"),
    Scene("status", ("{plain}",), state="unarmed"),
    Scene("network allow", ("{plain}", "--from", "203.0.113.99/32", "--yes"), state="launched"),
    Scene("network allow", ("{plain}", "--from", "{offices}", "--yes"), state="launched"),
    Scene("run", ("--", "true"), lacking=("ec2:RunInstances",)),
    Scene("logs", ("{plain}", "--source", "console"), state="launched"),
    Scene("ssh-config", state="launched"),
    Scene("extend", ("{plain}", "1h", "--no-wait", "--yes"), state="launched"),
    Scene("extend", ("{plain}", "1h", "--no-wait", "--yes"), state="unarmed"),
    Scene("extend", ("{plain}", "1h", "--no-wait", "--yes"), state="crowded"),
    Scene("stop", ("{plain}", "--yes"), state="launched"),
    Scene("start", ("{sleeper}", "--yes"), state="launched"),
    Scene("hibernate", ("{awake}", "--yes"), state="launched"),
    Scene("hold", ("{rich}", "--reason", "odd"), state="launched"),
    Scene("hold", ("{plain}", "--reason", "odd"), state="unarmed"),
    Scene("unhold", ("{plain}", "--reason", "harmless", "--yes"), state="held"),
    Scene("unhold", ("{plain}", "--reason", "harmless", "--yes"), state="half_held"),
    Scene("unhold", ("{plain}", "--reason", "harmless", "--yes"), state="crowded_and_held"),
    Scene("cancel", ("{plain}", "{rich}", "--yes"), state="launched"),
    Scene("cancel", ("{plain}", "--yes"), state="unarmed"),
    Scene("cleanup", ("--yes",), state="left_over", everywhere=True),
    Scene("cleanup", ("--all", "--yes"), state="left_over", everywhere=True),
    Scene("cleanup", ("--yes",), state="overdue", everywhere=True),
    Scene("apply", ("plan.json",), state="planned", everywhere=True),
    Scene("apply", ("rich_plan.json",), state="planned", everywhere=True),
    Scene("apply", ("staged_plan.json",), state="planned", everywhere=True),
    Scene("doctor"),
    Scene("config", ("show", "--organisation"), everywhere=True),
    Scene("policy show", ("{rich}",), state="launched"),
    Scene("policy lint", ("{rich}", "--online"), state="launched"),
    Scene("policy can", ("{rich}", "s3:GetObject", "arn:aws:s3:::my-bucket/key"), state="launched"),
    Scene("policy diff", ("{rich}", BUCKET), state="launched"),
    Scene("policy rightsize", ("{rich}",), state="launched"),
    Scene("launch", SECRETS, state="keeping"),
    Scene("policy install", (*SECRETS, "--yes"), state="keeping"),
    Scene("key create"),
    Scene("key list", state="launched", everywhere=True),
    Scene("key rotate", ("--yes",), state="launched"),
    Scene("key prune", ("--yes",), state="rotated", everywhere=True),
    Scene("ssh-ca init", ("--kms", "--yes")),
    Scene("ssh-ca sign", state="trusting"),
    Scene("ssh-ca revoke", ("5", "--yes"), state="trusting", everywhere=True),
    Scene("ssh-ca status", state="trusting", everywhere=True),
    Scene("ssh-ca trust", ("{plain}", "--yes"), state="trusting", lacking=LIST, everywhere=True),
    Scene("policy install", (*RICH, "--owner", "bob", "--yes")),
    Scene("policy install", ("--dns-name", "a.example.com", "--dns-zone", "{zone}", "--yes")),
    Scene("guardrails status", state="governed", code=3),
    Scene("guardrails status", ("--target", "{root}"), state="outdated", code=3),
    Scene("guardrails apply", ("--target", "{root}", "--yes"), state="governed"),
    Scene(
        "guardrails apply",
        ("allowed-images", "--image-owners", "amazon", "--yes"),
        state="governed",
    ),
    Scene("guardrails apply", ("--target", "{root}", "--yes"), state="outdated"),
    *(
        Scene(command, words, state="alone", lacking=LIST, everywhere=True)
        for command, words in LOOKING.items()
    ),
)


class Stage:
    """The account that all states come from, and those that were asked for, each a process."""

    def __init__(self, home: Path) -> None:
        self._world = World(home)
        self._world.settle()
        self._states: dict[str, Copy] = {}
        self._warm_up()

    def _warm_up(self) -> None:
        """Have everything imported and remembered that a command uses for the first time."""
        self._world.may(EVERYTHING)
        with self._world.open() as visit:
            names = launched(visit)
            _run(visit, "status", names["rich"], *HERE)
            _run(visit, "cancel", names["plain"], "--yes", *HERE)
        be_alone()
        self._world.settle()
        be_alone()

    def answer(self, request: dict[str, Any]) -> Any:
        """Run a scene's command under its printed policies without the `removed` actions."""
        scene = SCENES[request["scene"]]
        if scene.state not in self._states:
            self._states[scene.state] = Copy(lambda: self._begin(STATES[scene.state]))
        return self._states[scene.state].ask((scene, request["removed"]))

    def close(self) -> None:
        """End the states' processes."""
        for state in self._states.values():
            state.close()

    def _begin(self, prepare: Callable[[Visit], Names]) -> Callable[[Any], Any]:
        """Make the state; return what runs a scene in it."""
        world = self._world
        self._move_home()
        world.may(EVERYTHING)
        with world.open() as visit:
            names = prepare(visit)
        be_alone()
        return lambda asked: self._run(*asked, names=names)

    def _run(self, scene: Scene, removed: list[str], *, names: Names) -> dict[str, Any]:
        world = self._world
        self._move_home()
        world.may(without(printed(scene.command), *removed, *scene.lacking))
        words = [word.format_map(names) for word in scene.words]
        where = () if scene.everywhere else ("--region", REGION)
        os.chdir(world.home)
        before = world.living
        with world.open() as visit:
            tried = visit.spawn(*scene.command.split(), *where, *words)
        shutil.rmtree(world.home)
        left = world.living - before
        return {**asdict(tried), "needed": sorted(tried.needed), "left": left}

    def _move_home(self) -> None:
        """Go on in a copy of the home: what is written there is the copy's own."""
        home = Path(tempfile.mkdtemp(prefix="home-", dir=self._world.home.parent))
        shutil.copytree(self._world.home, home, dirs_exist_ok=True)
        self._world.home = home


if __name__ == "__main__":
    stage = Stage(Path(sys.argv[1]))
    serve(stage.answer)
    stage.close()
