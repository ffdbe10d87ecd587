import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.aws.ec2 import (
    AUTHORIZE_EGRESS,
    AUTHORIZE_INGRESS,
    CREATE_SECURITY_GROUP,
    REVOKE_EGRESS,
    SecurityGroup,
)
from spawn.core.errors import RefusedByControl
from spawn.core.levels import Level
from spawn.core.steps import Output, OutputReference, Stage, unmet_references
from spawn.network.groups import GroupPlan, group_name, own_groups_question, plan_group
from spawn.network.rules import (
    EGRESS_ALL,
    EGRESS_HTTPS,
    Rule,
    RuleSet,
    everything,
    flatten,
    ip_permissions,
    tcp,
    wanted_rules,
)
from tests.unit.network.builders import OTHER_VPC, REGION, TAGS, VPC, group, read_back

CALLER = tcp(22, "203.0.113.10/32")
STANDARD = wanted_rules(Level.STANDARD, callers=("203.0.113.10",), ssh_from=(), ipv6=False)
STRICT = wanted_rules(Level.STRICT, callers=(), ssh_from=(), ipv6=False)
ALL_IPV4 = everything("0.0.0.0/0")
ALL_IPV6 = everything("::/0")


def plan(wanted: RuleSet, *found: SecurityGroup, vpc_id: str = VPC) -> GroupPlan:
    """Plan for alice's launch."""
    return plan_group(wanted, found, vpc_id=vpc_id, region=REGION, tags=TAGS)


def changes(stage: Stage) -> list[tuple[str, object]]:
    """Return what the steps do to the rules, whatever their order."""
    return sorted(((step.operation, step.parameters["IpPermissions"]) for step in stage), key=str)


def exact(
    wanted: RuleSet, *, vpc_id: str = VPC, tags: dict[str, str] | None = None
) -> SecurityGroup:
    """Return the group as a finished launch leaves it."""
    return group(
        group_name("alice", wanted),
        ingress=wanted.ingress,
        egress=wanted.egress,
        vpc_id=vpc_id,
        tags=tags,
    )


def test_a_missing_group_is_made_and_filled() -> None:
    """A new group gets name, tags and rules; its id is yielded, and it is nobody's to undo."""
    made = plan(STANDARD)
    (create,) = made.create
    assert create.operation == CREATE_SECURITY_GROUP.key
    assert create.region == REGION
    assert create.parameters["GroupName"] == group_name("alice", STANDARD)
    assert create.parameters["VpcId"] == VPC
    (specification,) = create.parameters["TagSpecifications"]
    assert specification["ResourceType"] == "security-group"
    assert {tag["Key"]: tag["Value"] for tag in specification["Tags"]} == TAGS
    assert create.collides == ("InvalidGroup.Duplicate",)
    assert create.undo is None
    assert made.group_id == OutputReference(Output.SECURITY_GROUP_ID)
    assert changes(made.fill) == [
        (AUTHORIZE_EGRESS.key, ip_permissions([ALL_IPV6])),
        (AUTHORIZE_INGRESS.key, ip_permissions([CALLER])),
    ]
    assert unmet_references((made.create, made.fill)) == ()
    assert not made.is_reused


def test_a_strict_group_loses_what_it_was_born_with() -> None:
    """HTTPS is let out before everything else is shut, over IPv4 and IPv6 each by itself."""
    made = plan(STRICT)
    assert changes(made.fill) == [
        (AUTHORIZE_EGRESS.key, ip_permissions(EGRESS_HTTPS)),
        (REVOKE_EGRESS.key, ip_permissions([ALL_IPV4])),
        (REVOKE_EGRESS.key, ip_permissions([ALL_IPV6])),
    ]
    accepted = {step.operation: step.accepts for step in made.fill}
    assert accepted[REVOKE_EGRESS.key] == ("InvalidPermission.NotFound",)
    assert accepted[AUTHORIZE_EGRESS.key] == ("InvalidPermission.Duplicate",)
    assert all(step.retries[0].code == "InvalidGroup.NotFound" for step in made.fill)


@pytest.mark.parametrize("wanted", [STANDARD, STRICT], ids=["standard", "strict"])
def test_a_group_that_is_as_wanted_is_reused(wanted: RuleSet) -> None:
    """The second launch plans no write, and names the group that it found."""
    reused = plan(wanted, exact(wanted))
    assert reused.is_reused
    assert reused.group_id == "sg-00000000000000009"
    assert "use the security group" in reused.sentence


def test_a_group_of_another_vpc_is_not_the_one() -> None:
    """Group names are unique within a VPC only: the same name elsewhere means nothing."""
    assert plan(STANDARD, exact(STANDARD, vpc_id=OTHER_VPC)).create


def test_an_interrupted_launch_is_completed() -> None:
    """A group left without its rules gets them, and a strict one loses the way out it kept."""
    fresh = group(group_name("alice", STRICT), egress=[ALL_IPV4, tcp(443, "0.0.0.0/0")])
    completed = plan(STRICT, fresh)
    assert completed.create == ()
    assert completed.group_id == fresh.group_id
    assert changes(completed.fill) == [
        (AUTHORIZE_EGRESS.key, ip_permissions([tcp(443, "::/0")])),
        (REVOKE_EGRESS.key, ip_permissions([ALL_IPV4])),
    ]
    assert all(step.parameters["GroupId"] == fresh.group_id for step in completed.fill)
    assert "complete the security group" in completed.sentence


@pytest.mark.parametrize(
    ("tampered", "why"),
    [
        (
            group(
                group_name("alice", STANDARD),
                ingress=[CALLER, tcp(22, "0.0.0.0/0")],
                egress=EGRESS_ALL,
            ),
            "it also lets in: SSH (0.0.0.0/0)",
        ),
        (
            group(
                group_name("alice", STANDARD),
                ingress=[CALLER, tcp(22, "sg-0123456789abcdef0")],
                egress=EGRESS_ALL,
            ),
            "it also lets in: SSH (sg-0123456789abcdef0)",
        ),
        (
            group(
                group_name("alice", STANDARD),
                ingress=[tcp(2222, "203.0.113.10/32"), CALLER],
                egress=EGRESS_ALL,
            ),
            "it also lets in: tcp 2222 (203.0.113.10/32)",
        ),
        (
            group(group_name("alice", STRICT), egress=[*EGRESS_HTTPS, tcp(25, "0.0.0.0/0")]),
            "it also lets out: tcp 25 (0.0.0.0/0)",
        ),
        (exact(STANDARD, tags={"owner": "alice"}), "the tag spawn=true"),
        (exact(STANDARD, tags={"spawn": "true", "owner": "mallory"}), "the tag owner=alice"),
    ],
)
def test_a_group_that_was_tampered_with_is_refused(tampered: SecurityGroup, why: str) -> None:
    """A launch is refused for whatever its group lets through beyond the plan, or lacks in tags."""
    wanted = STRICT if tampered.group_name == group_name("alice", STRICT) else STANDARD
    with pytest.raises(RefusedByControl) as refusal:
        plan(wanted, tampered)
    assert refusal.value.controls == ("NET-GROUP-TAMPERED",)
    assert why in refusal.value.why
    assert tampered.group_id in refusal.value.next_command
    assert REGION in refusal.value.next_command


pieces = st.sampled_from([CALLER, ALL_IPV4, ALL_IPV6, *EGRESS_HTTPS, tcp(25, "0.0.0.0/0")])


@given(
    st.sampled_from([STANDARD, STRICT]),
    st.frozensets(pieces),
    st.frozensets(pieces),
)
def test_whatever_is_found_ends_exact_or_refused(
    wanted: RuleSet, ingress: frozenset[Rule], egress: frozenset[Rule]
) -> None:
    """From any state, the planned changes lead exactly to the wanted rules, or none is planned."""
    found = group(group_name("alice", wanted), ingress=ingress, egress=egress)
    try:
        planned = plan(wanted, found)
    except RefusedByControl:
        assert ingress - wanted.ingress or egress - wanted.egress - EGRESS_ALL
        return
    for step in planned.fill:
        changed = flatten(read_back(step.parameters["IpPermissions"]))
        if step.operation == AUTHORIZE_INGRESS.key:
            ingress |= changed
        elif step.operation == AUTHORIZE_EGRESS.key:
            egress |= changed
        else:
            egress -= changed
    assert (ingress, egress) == (wanted.ingress, wanted.egress)


def test_owner_and_rules_make_the_name() -> None:
    """Another owner or another address is another group, and the name betrays neither."""
    name = group_name("alice", STANDARD)
    assert name.startswith("spawn-")
    assert len(name) == len("spawn-") + 8 + 1 + 16
    assert name != group_name("bob", STANDARD)
    assert name != group_name("alice", STRICT)
    assert "alice" not in name


def test_groups_are_looked_for_by_name_in_every_state() -> None:
    """The question finds each of the owner's groups, tagged or not, and no other's."""
    question = own_groups_question("alice", region=REGION)
    (by_name,) = question.parameters["Filters"]
    (pattern,) = by_name["Values"]
    assert by_name["Name"] == "group-name"
    assert group_name("alice", STRICT).startswith(pattern.removesuffix("*"))
    assert not group_name("bob", STRICT).startswith(pattern.removesuffix("*"))
    assert question.region == REGION
