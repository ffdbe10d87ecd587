import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.aws.questions import Absent, Known, Unseen
from spawn.core.errors import AccountError, InputError, NamedThingNotFound, RefusedByControl
from spawn.core.levels import Level
from spawn.lifecycle.allow import AllowPlan, plan_allow, require_changeable
from spawn.lifecycle.allow_facts import AllowFacts
from spawn.network.rules import EGRESS_ALL, EGRESS_HTTPS, canonical, tcp
from tests.unit.lifecycle.admissions import (
    HOME,
    HOTEL,
    NEW,
    OWN,
    WEB,
    Scene,
    foreign,
    launched,
    own,
    request,
)
from tests.unit.lifecycle.builders import NOW, row

WORLD = tcp(22, "0.0.0.0/0")
LIST = "pl-0123456789abcdef0"


def planned(facts: AllowFacts, *sources: str) -> AllowPlan:
    return plan_allow(request(*sources), facts, now=NOW)


blocks = st.sampled_from(["203.0.113.99/32", "10.0.0.0/8", "198.51.100.0/24", "2001:db8::/48"])
groups = {
    "sg-00000000000000011": own(HOME),
    "sg-00000000000000012": own(tcp(22, "198.51.100.0/24"), egress=EGRESS_HTTPS),
    "sg-00000000000000013": foreign(tcp(443, "0.0.0.0/0"), egress=EGRESS_ALL),
    "sg-00000000000000014": foreign(tcp(22, "10.0.0.0/8")),
}
foreign_ids = {one for one, group in groups.items() if group.name == "web"}
memberships = st.lists(st.sampled_from(sorted(groups)), min_size=1, max_size=4, unique=True)
scenes = st.lists(memberships.map(tuple), min_size=1, max_size=3).map(
    lambda interfaces: Scene(groups=groups, interfaces=tuple(interfaces))
)


@given(scenes, st.lists(blocks, min_size=1, max_size=3, unique=True))
def test_planning_twice_plans_nothing(scene: Scene, sources: list[str]) -> None:
    """Whatever groups an instance is in, a plan that was carried out leaves nothing to do."""
    after = scene.after(planned(scene.facts(), *sources))
    again = planned(after.facts(), *sources)
    assert again.is_done
    assert again.no_longer == ()


@given(scenes, st.lists(blocks, min_size=1, max_size=3, unique=True))
def test_groups_of_others_and_interfaces_stay(scene: Scene, sources: list[str]) -> None:
    """No interface leaves a group that is not spawn's, and one of spawn's is all it comes into."""
    after = scene.after(planned(scene.facts(), *sources))
    for before, now in zip(scene.interfaces, after.interfaces, strict=True):
        assert foreign_ids & {*before} == foreign_ids & {*now}
        assert len({*now} - foreign_ids) <= 1


@given(scenes, st.lists(blocks, min_size=1, max_size=3, unique=True))
def test_no_more_may_leave_than_did(scene: Scene, sources: list[str]) -> None:
    """Letting somebody in lets nothing out that the instance's groups had not let out."""

    def leaving(found: Scene) -> set[object]:
        used = {one for ids in found.interfaces for one in ids}
        return {rule for one in used for rule in found.groups[one].rules.egress}

    assert leaving(scene.after(planned(scene.facts(), *sources))) <= leaving(scene)


def test_the_callers_address_takes_the_old_ones_place() -> None:
    """From a hotel the hotel's address gets in, and that of home does not any more."""
    plan = planned(launched().facts())
    assert plan.lets_in == (HOTEL,)
    assert plan.no_longer == (HOME,)
    assert plan.sources == ("203.0.113.99/32",)
    (step,) = plan.attach
    assert OWN in step.sentence
    assert launched().after(plan).interfaces == ((NEW,),)


def test_what_is_as_wanted_is_left_alone() -> None:
    """At home nothing is to be done: the group of the launch lets it in."""
    plan = planned(launched().facts(callers=Known(("203.0.113.10",))))
    assert plan.is_done
    assert (plan.attach, plan.prepare) == ((), ((), ()))


def test_an_interrupted_group_is_completed() -> None:
    """A group that was made and not filled is filled, and not made again."""
    scene = launched()
    cut_off = scene.after(planned(scene.facts())).groups[NEW]
    empty = msgspec.structs.replace(cut_off.rules, ingress=frozenset())
    found = Scene(
        groups=scene.groups | {NEW: type(cut_off)(cut_off.name, empty)},
        interfaces=scene.interfaces,
    )
    create, fill = planned(found.facts()).prepare
    assert create == ()
    assert [step.operation for step in fill] == ["ec2:AuthorizeSecurityGroupIngress"]


def test_a_block_that_holds_the_old_one_closes_nothing() -> None:
    """Whoever is still let in by a wider block is not said to be shut out."""
    assert planned(launched().facts(), "203.0.113.0/24").no_longer == ()


def test_what_another_group_lets_in_is_not_said_to_be_closed() -> None:
    """Home stays open where a group of the person's own lets it in as well."""
    scene = Scene(groups={OWN: own(HOME), WEB: foreign(HOME)}, interfaces=((OWN, WEB),))
    plan = planned(scene.facts())
    assert plan.no_longer == ()
    assert plan.kept == (WEB,)


def test_beside_groups_of_others_nothing_more_gets_out() -> None:
    """An instance confined by a person's own group gets a group that lets nothing out."""
    scene = Scene(groups={WEB: foreign(egress=EGRESS_HTTPS)}, interfaces=((WEB,), (WEB,)))
    after = scene.after(planned(scene.facts()))
    assert after.interfaces == ((WEB, NEW), (WEB,))
    assert after.groups[NEW].rules.egress == frozenset()
    assert after.groups[NEW].rules.ingress == {HOTEL}


@pytest.mark.parametrize("source", ["0.0.0.0/0", "::/0", "0.0.0.0/1,128.0.0.0/1"])
def test_the_world_is_refused(source: str) -> None:
    """Nobody opens a standard instance to the world by this door, not even in halves."""
    with pytest.raises(RefusedByControl) as caught:
        planned(launched().facts(), *source.split(","))
    assert caught.value.controls == ("NET-SSH-WORLD",)
    assert caught.value.exit_code == 3
    assert caught.value.next_command.startswith("spawn network allow i-")


def test_a_prefix_list_that_holds_the_world_is_refused() -> None:
    """A list is judged by its blocks, not by its name."""
    facts = launched().facts(prefix_lists={LIST: Known(("0.0.0.0/0",))})
    with pytest.raises(RefusedByControl, match="NET-SSH-WORLD"):
        planned(facts, LIST)


def test_a_prefix_list_of_a_few_is_let_in() -> None:
    """A list of some blocks goes into the group as itself."""
    facts = launched().facts(prefix_lists={LIST: Known(("198.51.100.0/24",))})
    assert planned(facts, LIST).lets_in == (tcp(22, LIST),)


def test_a_prefix_list_must_exist() -> None:
    """A list that is not there is named, before anything is made for it."""
    with pytest.raises(NamedThingNotFound, match=LIST):
        planned(launched().facts(prefix_lists={LIST: Absent()}), LIST)


@pytest.mark.parametrize("sources", [(), ("10.0.0.5/32",)])
def test_strict_lets_nobody_in(sources: tuple[str, ...]) -> None:
    """A strict instance is reached by Session Manager; the error says so."""
    scene = Scene(groups={OWN: own(egress=EGRESS_HTTPS)}, interfaces=((OWN,),), level=Level.STRICT)
    with pytest.raises(RefusedByControl) as caught:
        planned(scene.facts(), *sources)
    assert caught.value.controls == ("NET-SSH-CLOSED",)
    assert caught.value.next_command.endswith("--ssm")


@pytest.mark.parametrize(
    ("sources", "named"), [((), "your address"), (("198.51.100.0/24",), "--from")]
)
def test_the_organisations_floor_holds_after_the_launch(
    sources: tuple[str, ...], named: str
) -> None:
    """Whom no launch may let in is let in by nothing afterwards; others are, as ever."""
    with pytest.raises(RefusedByControl, match="organisation") as refused:
        planned(launched().facts(organisation='ssh-from = "203.0.113.10/32"'), *sources)
    assert refused.value.why.startswith(f"{named}: ssh-from: it demands")
    within = 'ssh-from = ["203.0.113.0/24", "198.51.0.0/16"]\nttl = "1h"'
    facts = launched().facts(organisation=within)
    assert planned(facts, *sources).attach


def test_what_failed_before_does_not_stand_in_the_way() -> None:
    """An instance that the world may reach by another group can be given the caller's address."""
    scene = Scene(groups={OWN: own(HOME), WEB: foreign(WORLD)}, interfaces=((OWN, WEB),))
    assert planned(scene.facts()).lets_in == (HOTEL,)


def test_open_lets_the_world_in_when_asked() -> None:
    """At `open` the world is warned of and not refused; without --from it is closed."""
    scene = Scene(groups={OWN: own(WORLD)}, interfaces=((OWN,),), level=Level.OPEN)
    assert planned(scene.facts(), "0.0.0.0/0").is_done
    assert planned(scene.facts()).no_longer == (WORLD,)


@pytest.mark.parametrize(
    "callers", [Unseen("https://address.example", "no answer"), Known(("2001:db8::7",))]
)
def test_without_an_address_nothing_is_opened(callers: Known[tuple[str, ...]] | Unseen) -> None:
    """A caller whose usable address is not known is told to name one, and lets nobody in."""
    with pytest.raises(AccountError, match="your public address is not known") as caught:
        planned(launched().facts(callers=callers))
    assert caught.value.next_command.endswith("--from CIDR")


def test_an_ipv6_address_counts_where_the_vpc_has_ipv6() -> None:
    """Both addresses of the caller get in where packets of both kinds can."""
    plan = planned(launched().facts(callers=Known(("203.0.113.99", "2001:db8::7")), ipv6=True))
    assert plan.lets_in == canonical((HOTEL, tcp(22, "2001:db8::7/128")))


def test_rules_that_are_not_seen_are_not_changed() -> None:
    """Where the present rules can't be seen, what follows can't be judged: nothing is changed."""
    facts = launched().facts()
    network = msgspec.structs.replace(
        facts.posture.network, ingress=Unseen("ec2:DescribeSecurityGroups", "denied")
    )
    blind = msgspec.structs.replace(facts.posture, network=network)
    with pytest.raises(AccountError, match="can't be seen"):
        planned(AllowFacts(**{**vars(facts), "posture": blind}))


def test_a_group_that_someone_has_widened_is_refused() -> None:
    """The group of the wanted rules is used as spawn would have left it, or not at all."""
    widened = own(HOTEL)
    widened = type(widened)(
        widened.name, msgspec.structs.replace(widened.rules, ingress=frozenset({HOTEL, HOME}))
    )
    scene = Scene(groups={OWN: own(HOME), NEW: widened}, interfaces=((OWN,),))
    with pytest.raises(RefusedByControl, match="is not as spawn made it"):
        planned(scene.facts())


def test_evidence_lets_nobody_in() -> None:
    """An instance on hold stays shut, whatever its case is called."""
    for case in ("case-7", ""):
        with pytest.raises(RefusedByControl, match="held as evidence"):
            require_changeable(row(tags={"spawn:hold": case}))


def test_what_has_ended_lets_nobody_in() -> None:
    """There is no reaching an instance that is no more."""
    with pytest.raises(InputError, match="is terminated"):
        require_changeable(row(state="terminated"))


@pytest.mark.parametrize(("tag", "kept"), [("l-0123456789abcdef", True), ("../x\x1b[0m", False)])
def test_a_launch_id_is_carried_on_if_it_is_one(tag: str, kept: bool) -> None:
    """Text that somebody has put into the instance's tag does not get into the group's."""
    plan = plan_allow(
        request(instance=row(tags={"spawn:launch-id": tag})), launched().facts(), now=NOW
    )
    (create,) = plan.prepare[0]
    tags = {one["Key"]: one["Value"] for one in create.parameters["TagSpecifications"][0]["Tags"]}
    assert tags.get("spawn:launch-id") == (tag if kept else None)
    assert (tags["spawn"], tags["owner"]) == ("true", "alice")
