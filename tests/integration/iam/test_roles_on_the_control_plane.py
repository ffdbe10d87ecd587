"""Roles asked about, made and read back through the door, against a control plane over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from spawn.aws import iam
from spawn.aws.door import WritingDoor
from spawn.aws.operation import write
from spawn.aws.perform import Performer
from spawn.aws.questions import Asker, Known, answer_of
from spawn.cli.wiring import SystemClock
from spawn.core.errors import AccountError, NamedThingNotFound, RefusedByControl
from spawn.iam.backstop_role import wanted_backstop_role
from spawn.iam.documents import PolicyDocument, allow, canonical_json
from spawn.iam.existing import choose_profile, identity_questions, parse_identity
from spawn.iam.managed import check_managed_policy, managed_policy_arns
from spawn.iam.role_plan import RolePlan, plan_role
from spawn.iam.roles import WantedRole, role_questions, wanted_role
from spawn.iam.templates import TEMPLATES, parse_templates, statements
from tests.tools.sessions import session_at

REGION = "eu-west-1"
# The account that the control plane puts everybody into.
ACCOUNT = "123456789012"
EVERYTHING = canonical_json(PolicyDocument(statements=(allow(("*",), ("*",)),)))
TAGS = {"spawn": "true", "spawn:launch-id": "l-0123456789abcdef", "owner": "ana"}


class _Account:
    """An account of the control plane, looked at and changed as spawn does it."""

    def __init__(self, url: str, home: Path) -> None:
        session = session_at(url, home / "config", region=REGION)
        self.door = WritingDoor(session)

    def plan(self, wanted: WantedRole) -> RolePlan:
        with ThreadPoolExecutor(max_workers=5) as pool:
            facts = role_questions(wanted, REGION).ask(Asker(self.door, pool))()
        return plan_role(wanted, facts, region=REGION, tags=TAGS)

    def perform(self, plan: RolePlan) -> bool:
        """Perform a plan; say whether it collided with somebody else's."""
        performer = Performer(writer=self.door, clock=SystemClock())
        performance = performer.perform((plan.create, plan.fill))
        assert performance.failures == ()
        return performance.collided

    def make_policy(self, name: str) -> str:
        """Make a managed policy of the account's own, and return its ARN."""
        self.tell("CreatePolicy", PolicyName=name, PolicyDocument=EVERYTHING)
        return f"arn:aws:iam::{ACCOUNT}:policy/{name}"

    def tell(self, name: str, **parameters: object) -> None:
        """Change something with a call that spawn itself never makes."""
        self.door.do(write("iam", name), parameters, region=REGION)


@pytest.fixture(scope="module")
def control_plane() -> Iterator[str]:
    """The URL of a control plane that knows AWS's own policies, on loopback."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def account(control_plane: str, tmp_path: Path) -> _Account:
    """The account."""
    return _Account(control_plane, tmp_path)


def role_for(name: str, *templates: str) -> WantedRole:
    """Return a role that no other test wants: it reads a bucket of the given name."""
    words = parse_templates([f"s3:ReadOnly@{name}", *templates])
    document = PolicyDocument(
        statements=tuple(
            statement
            for word in words
            for statement in statements(word, partition="aws", region=REGION, account=ACCOUNT)
        )
    )
    wanted = wanted_role([document], partition="aws", boundary=None)
    assert wanted is not None
    return wanted


def test_every_template_is_accepted_and_read_back(account: _Account) -> None:
    """What the steps make of all templates is, read back, what was wanted: the next reuses it."""
    wanted = role_for("all-templates", *TEMPLATES)
    plan = account.plan(wanted)
    assert not plan.reused
    account.perform(plan)
    assert account.plan(wanted).reused


def test_the_backstops_role_is_made_once(account: _Account) -> None:
    """Trust and conditions survive the way to IAM and back."""
    wanted = wanted_backstop_role("ana", partition="aws", account=ACCOUNT, boundary=None)
    account.perform(account.plan(wanted))
    assert account.plan(wanted).reused


def test_two_launches_at_once_collide_and_then_agree(account: _Account) -> None:
    """The second one's creation collides, and its plan made anew uses or completes the first's."""
    wanted = role_for("at-once")
    first, second = account.plan(wanted), account.plan(wanted)
    assert not account.perform(first)
    assert account.perform(second)
    assert account.plan(wanted).reused


@pytest.mark.parametrize("done", [1, 2])
def test_an_interrupted_launch_is_completed(account: _Account, done: int) -> None:
    """Whichever of the first two creations was the last thing done, the next launch goes on."""
    wanted = role_for(f"interrupted-{done}")
    plan = account.plan(wanted)
    account.perform(RolePlan(create=plan.create[:done], fill=(), sentences=()))
    completing = account.plan(wanted)
    assert len(completing.create) == 2 - done
    account.perform(completing)
    assert account.plan(wanted).reused


def test_a_role_edited_behind_spawns_back_is_refused(account: _Account) -> None:
    """One policy attached with a plain call, and no launch uses the role again."""
    wanted = role_for("edited")
    account.perform(account.plan(wanted))
    arn = account.make_policy("everything")
    account.tell("AttachRolePolicy", RoleName=wanted.name, PolicyArn=arn)
    with pytest.raises(RefusedByControl) as refusal:
        account.plan(wanted)
    assert arn in refusal.value.why
    account.tell("DetachRolePolicy", RoleName=wanted.name, PolicyArn=arn)
    assert account.plan(wanted).reused
    account.tell(
        "PutRolePolicy",
        RoleName=wanted.name,
        PolicyName="spawn-revoke-1",
        PolicyDocument=EVERYTHING,
    )
    with pytest.raises(RefusedByControl) as revoked:
        account.plan(wanted)
    assert "incident" in revoked.value.why


def test_a_role_of_the_persons_own_leads_to_its_profile(account: _Account) -> None:
    """The role is refused while it has no profile, and chosen by name and ARN once it has."""
    trust = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
    }

    def chosen(text: str) -> str:
        named = parse_identity(text, partition="aws", account=ACCOUNT, flag="--iam-role")
        with ThreadPoolExecutor(max_workers=3) as pool:
            facts = identity_questions(named, REGION).ask(Asker(account.door, pool))()
        return choose_profile(named, facts, flag="--iam-role").arn

    with pytest.raises(NamedThingNotFound, match="own-role"):
        chosen("own-role")
    account.tell(
        "CreateRole", RoleName="own-role", AssumeRolePolicyDocument=json.dumps(trust), Path="/a/"
    )
    with pytest.raises(AccountError, match="in no instance profile"):
        chosen("own-role")
    account.tell("CreateInstanceProfile", InstanceProfileName="its-profile")
    account.tell("AddRoleToInstanceProfile", InstanceProfileName="its-profile", RoleName="own-role")
    profile = f"arn:aws:iam::{ACCOUNT}:instance-profile/its-profile"
    for text in ("own-role", "its-profile", profile, f"arn:aws:iam::{ACCOUNT}:role/a/own-role"):
        assert chosen(text) == profile


def test_a_managed_policy_is_looked_up_and_attached(account: _Account) -> None:
    """A policy that is there becomes a part of the role; one that is not is named."""
    arn = account.make_policy("own-policy")
    found, missing = (
        answer_of(account.door, iam.managed_policy_question(each, REGION))
        for each in managed_policy_arns([arn, f"{arn}-not"], partition="aws")
    )
    check_managed_policy(arn, found)
    with pytest.raises(NamedThingNotFound, match="own-policy-not"):
        check_managed_policy(f"{arn}-not", missing)
    wanted = wanted_role([], [arn], partition="aws", boundary=None)
    assert wanted is not None
    account.perform(account.plan(wanted))
    assert account.plan(wanted).reused


def test_the_boundary_is_on_the_role(account: _Account) -> None:
    """A role asked for with a boundary has it, and is another one than without."""
    boundary = account.make_policy("the-boundary")
    bare = role_for("bounded")
    assert bare.inline is not None
    wanted = wanted_role([bare.inline], partition="aws", boundary=boundary)
    assert wanted is not None
    assert wanted.name != bare.name
    account.perform(account.plan(wanted))
    fact = answer_of(account.door, iam.role_question(wanted.name, REGION))
    assert isinstance(fact, Known)
    assert fact.value.boundary_arn == boundary
    assert account.plan(wanted).reused
