"""Questions asked and plans performed through the door, against a control plane over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from spawn.aws.door import WritingDoor
from spawn.aws.ec2 import DESCRIBE_INSTANCE_TYPES, InstanceType, instance_types
from spawn.aws.ec2_images import Image
from spawn.aws.perform import Performer
from spawn.aws.questions import Known, Question, T, answer_of
from spawn.cli.wiring import SystemClock
from spawn.core.errors import AccountError, RefusedByControl
from spawn.core.levels import Level
from spawn.core.steps import Output
from spawn.images.catalog import OperatingSystem
from spawn.images.choose import (
    given_image,
    given_image_question,
    image_question,
    newest_image,
)
from spawn.images.chosen import Onlooker
from spawn.network.given import (
    check_given_groups,
    given_groups_question,
    prefix_lists_question,
)
from spawn.network.groups import GroupPlan, own_groups_question, plan_group
from spawn.network.reach import Reach, reach_of
from spawn.network.rules import RuleSet, wanted_rules
from spawn.network.subnets import (
    NetworkFacts,
    SubnetRequest,
    choose_subnets,
    offerings_question,
    route_tables_question,
    subnets_question,
    vpcs_question,
)
from tests.tools.clouds import Cloud, running_cloud
from tests.tools.programs import PROGRAMS, clean_environment, run
from tests.tools.sessions import session_at

REGION = "eu-west-1"
TYPE = "t3.micro"
RULES = {
    level: wanted_rules(level, callers=("203.0.113.10",), ssh_from=(), ipv6=False)
    for level in Level
}


class _Account:
    """An account of the control plane, looked at and changed as spawn does it."""

    def __init__(self, cloud: Cloud, home: Path, owner: str) -> None:
        self.config = home / "config"
        access = cloud.access.variables
        keys = (access["AWS_ACCESS_KEY_ID"], access["AWS_SECRET_ACCESS_KEY"])
        session = session_at(cloud.endpoint_url, self.config, region=REGION, keys=keys)
        self.door = WritingDoor(session)
        self.tags = {"spawn": "true", "spawn:launch-id": "l-0123456789abcdef", "owner": owner}

    def known(self, question: Question[T]) -> T:
        fact = answer_of(self.door, question)
        assert isinstance(fact, Known)
        return fact.value

    def network(self) -> NetworkFacts:
        return NetworkFacts(
            vpcs=self.known(vpcs_question(region=REGION)),
            subnets=self.known(subnets_question(region=REGION)),
            route_tables=self.known(route_tables_question(region=REGION)),
            offerings=self.known(offerings_question((TYPE,), region=REGION)),
        )

    def plan(self, wanted: RuleSet) -> GroupPlan:
        found = self.known(own_groups_question(self.tags["owner"], region=REGION))
        (vpc,) = self.network().vpcs
        return plan_group(wanted, found, vpc_id=vpc.vpc_id, region=REGION, tags=self.tags)

    def perform(self, plan: GroupPlan) -> str:
        performer = Performer(writer=self.door, clock=SystemClock())
        performance = performer.perform((plan.create, plan.fill))
        assert performance.failures == ()
        assert not performance.collided
        return performance.outputs.get(Output.SECURITY_GROUP_ID, (str(plan.group_id),))[0]


@pytest.fixture(scope="module")
def control_plane() -> Iterator[Cloud]:
    """The calls of an embedded cloud, without instances."""
    with running_cloud(control_plane_only=True) as running:
        yield running


@pytest.fixture
def account(control_plane: Cloud, tmp_path: Path) -> _Account:
    """The account, with an owner of the test's own."""
    return _Account(control_plane, tmp_path, owner=tmp_path.name)


@pytest.mark.parametrize("level", Level)
def test_a_group_is_made_once_and_read_back(account: _Account, level: Level) -> None:
    """What the steps make is, read back, exactly what was wanted: the next launch reuses it."""
    made = account.perform(account.plan(RULES[level]))
    again = account.plan(RULES[level])
    assert again.is_reused
    assert again.group_id == made


def test_an_interrupted_group_is_completed(account: _Account) -> None:
    """A launch that died between making and filling leaves a group that the next one fills."""
    plan = account.plan(RULES[Level.STRICT])
    performer = Performer(writer=account.door, clock=SystemClock())
    performer.perform((plan.create,))
    completing = account.plan(RULES[Level.STRICT])
    assert completing.create == ()
    account.perform(completing)
    assert account.plan(RULES[Level.STRICT]).is_reused


def test_two_launches_at_once_do_each_other_no_harm(account: _Account) -> None:
    """The second to make the group collides; filling it a second time is accepted as done."""
    wanted = RULES[Level.STRICT]
    first, second = account.plan(wanted), account.plan(wanted)
    group_id = account.perform(first)
    performer = Performer(writer=account.door, clock=SystemClock())
    assert performer.perform((second.create,)).collided
    filled = performer.perform((second.fill,), {Output.SECURITY_GROUP_ID: (group_id,)})
    assert filled.failures == ()
    assert account.plan(wanted).is_reused


def test_a_group_opened_behind_spawns_back_is_refused(account: _Account) -> None:
    """One rule added with the plain AWS CLI, and the next launch does not go into the group."""
    group_id = account.perform(account.plan(RULES[Level.STANDARD]))
    _aws(
        account,
        f"aws ec2 authorize-security-group-ingress --region {REGION} --group-id {group_id} "
        "--protocol tcp --port 3389 --cidr 0.0.0.0/0",
    )
    with pytest.raises(RefusedByControl) as refusal:
        account.plan(RULES[Level.STANDARD])
    assert "tcp 3389 (0.0.0.0/0)" in refusal.value.why


def _aws(account: _Account, command: str) -> None:
    """Run a command as a person types it into a shell."""
    environment = clean_environment(account.config.parent) | {
        "AWS_CONFIG_FILE": str(account.config),
        "PATH": f"{PROGRAMS}:/usr/bin:/bin",
    }
    finished = run(
        ("sh", "-euc", command), environment=environment, directory=account.config.parent
    )
    assert finished.code == 0, finished.stderr


def test_the_printed_commands_make_a_private_subnet(account: _Account) -> None:
    """Strict finds no private subnet, prints commands, and after they are typed it finds one."""
    request = SubnetRequest(
        region=REGION, instance_type=TYPE, level=Level.STRICT, zones=(f"{REGION}a",)
    )
    before = account.network()
    # The control plane's default VPC has no internet gateway: give its main table one, as AWS does.
    (vpc,) = before.vpcs
    if reach_of(before.subnets[0], before.route_tables) is not Reach.PUBLIC:
        _aws(
            account,
            f"GATEWAY=$(aws ec2 create-internet-gateway --region {REGION} "
            "--query InternetGateway.InternetGatewayId --output text) && "
            f"aws ec2 attach-internet-gateway --region {REGION} --vpc-id {vpc.vpc_id} "
            '--internet-gateway-id "$GATEWAY" && '
            f"aws ec2 create-route --region {REGION} "
            f"--route-table-id {before.route_tables[0].route_table_id} "
            '--destination-cidr-block 0.0.0.0/0 --gateway-id "$GATEWAY"',
        )
    with pytest.raises(AccountError) as refusal:
        choose_subnets(request, account.network())
    _aws(account, refusal.value.next_command)
    choice = choose_subnets(request, account.network())
    (option,) = choice.options
    assert option.zone == f"{REGION}a"
    assert option.reach is Reach.ISOLATED
    assert option.subnet_id not in {subnet.subnet_id for subnet in before.subnets}


def test_what_does_not_exist_is_left_out_of_the_answer(account: _Account) -> None:
    """One missing id does not refuse the others: the answer holds those that exist."""
    group_id = account.perform(account.plan(RULES[Level.OPEN]))
    ids = (group_id, "sg-0000000000000dead")
    found = account.known(given_groups_question(ids, region=REGION))
    assert [group.group_id for group in found] == [group_id]
    (vpc,) = account.network().vpcs
    assert check_given_groups((group_id,), found, vpc_id=vpc.vpc_id, region=REGION) == found
    lists = prefix_lists_question(("pl-0000000000000dead",), region=REGION)
    assert account.known(lists) == ()


@pytest.mark.parametrize(
    ("os", "name", "user"),
    [
        (OperatingSystem.AL2023, "al2023-ami-2023.", "ec2-user"),
        (OperatingSystem.UBUNTU_24_04, "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-", "ubuntu"),
        (OperatingSystem.UBUNTU_22_04, "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-", "ubuntu"),
        (OperatingSystem.DEBIAN_12, "debian-12-", "admin"),
    ],
)
def test_a_systems_image_is_found_and_can_be_named(
    account: _Account, os: OperatingSystem, name: str, user: str
) -> None:
    """One question finds a system's newest image for the type; its id leads to the same image."""
    onlooker = Onlooker(
        account="123456789012", partition="aws", region=REGION, now=datetime.now(UTC)
    )
    question = image_question(os, may_be_accelerated=True, region=REGION, partition="aws")
    found: tuple[Image, ...] = account.known(question)
    (instance_type,) = account.known(_type_question())
    newest = newest_image(found, instance_type, onlooker, os)
    assert newest.name.startswith(name)
    assert newest.login_user == user
    named = account.known(given_image_question(newest.image_id, region=REGION))
    again = given_image(named, newest.image_id, instance_type, onlooker=onlooker, no_agent=False)
    assert again == newest


def _type_question() -> Question[tuple[InstanceType, ...]]:
    return Question(
        operation=DESCRIBE_INSTANCE_TYPES,
        parameters={"InstanceTypes": [TYPE]},
        region=REGION,
        understand=instance_types,
    )
