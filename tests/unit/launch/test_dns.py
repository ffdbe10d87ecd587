"""A name is kept for one instance, in a zone that is there, and by no more than it needs."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.aws import ec2, route53
from spawn.aws.operation import Answer, Operation
from spawn.aws.questions import Asker
from spawn.aws.route53 import RecordSet, ZoneConfig
from spawn.core.errors import AccountError, AwsRefusal, InputError, NamedThingNotFound
from spawn.core.steps import Parameters
from spawn.launch.dns import DnsFacts, ask_dns, check_dns, dns_name
from spawn.launch.plan import LaunchPlan
from spawn.launch.spec import LaunchSpec
from tests.unit.launch.accounts import ZONE, fresh_account, plan_of, spec
from tests.unit.launch.mime import boothook_in, orders_in
from tests.unit.launch.requests import launches_of, own_policy, tags_of, user_data_of

NAME = "box.example.com"
HOLDER = "i-0123456789abcdef0"
NAMED = spec(dns_name="Box.Example.com.", dns_zone="example.com")


def plan_with(asked: LaunchSpec = NAMED, **found: Any) -> LaunchPlan:
    """Return the plan where this is found of the name."""
    account = fresh_account(asked)
    assert account.dns is not None
    return plan_of(asked, replace(account, dns=replace(account.dns, **found)))


def private_zone() -> route53.HostedZone:
    return route53.HostedZone(id=ZONE.id, name=ZONE.name, config=ZoneConfig(private_zone=True))


# What can be asked


@given(st.from_regex(r"([a-z0-9]{1,63}\.){1,3}[a-z]{2,63}", fullmatch=True))
def test_a_name_is_written_in_one_way(name: str) -> None:
    """Capitals and a final dot are the same name; DNS and IAM's conditions have it without."""
    for written in (name, name.upper(), f"{name}.", f" {name} "):
        assert dns_name(spec(dns_name=written)) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "box", "*.example.com", "a..example.com", "-a.example.com", "a-.example.com"),
        *(
            "é.com",
            "a_b.example.com",
            "a.example.com/",
            "a" * 64 + ".com",
            ".".join(["a" * 60] * 5),
        ),
        *("a.example.com\nb", '"a.example.com', "a.example.com<"),
    ],
)
def test_what_is_no_host_is_no_name(name: str) -> None:
    """Wildcards, empty parts and what could break out of a document are refused, with the flag."""
    with pytest.raises(InputError, match="--dns-name"):
        check_dns(spec(dns_name=name, dns_zone="example.com"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"dns_name": NAME}, "--dns-name needs --dns-zone"),
        ({"dns_zone": "Z1"}, "--dns-zone needs --dns-name"),
        ({"dns_name": NAME, "dns_zone": "Z1", "count": 2}, "--dns-name and --count"),
    ],
)
def test_what_can_not_be_meant_is_refused(fields: dict[str, Any], words: str) -> None:
    """A name needs a zone, a zone a name, and both are one instance's."""
    with pytest.raises(InputError, match=f"^{words}"):
        check_dns(spec(**fields))


# What is looked at


@dataclass
class Shown:
    """A Route 53 with these zones and records, and what was asked of it."""

    zones: list[dict[str, Any]]
    records: list[dict[str, Any]] = field(default_factory=list)
    instances: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, Parameters]] = field(default_factory=list)

    def ask(self, operation: Operation, parameters: Parameters, *, region: str) -> Answer:
        """Answer as AWS does."""
        self.asked.append((operation.key, parameters))
        match operation:
            case route53.LIST_HOSTED_ZONES_BY_NAME:
                return {"HostedZones": self.zones}
            case route53.GET_HOSTED_ZONE:
                for zone in self.zones:
                    if zone["Id"].endswith(f"/{parameters['Id']}"):
                        return {"HostedZone": zone}
                raise AwsRefusal("there is none", code="NoSuchHostedZone")
            case route53.LIST_RECORD_SETS:
                return {"ResourceRecordSets": self.records}
            case _:
                return {"Reservations": [{"Instances": self.instances}]}


def zone(zone_id: str, name: str = "example.com.", *, private: bool = False) -> dict[str, Any]:
    return {"Id": f"/hostedzone/{zone_id}", "Name": name, "Config": {"PrivateZone": private}}


def found(shown: Shown, **fields: str) -> DnsFacts | None:
    """Return the facts that are read of it."""
    asked = spec(**{"dns_name": NAME, "dns_zone": "example.com"} | fields)
    with ThreadPoolExecutor() as pool:
        _, facts = ask_dns(asked, Asker(shown, pool))()
        return facts()


@pytest.mark.parametrize("asked", ["Z1", "/hostedzone/Z1", "example.com", "Example.COM."])
def test_a_zone_is_found_by_its_id_and_its_name(asked: str) -> None:
    """However it is written; of the list of all zones only those of that very name count."""
    shown = Shown(zones=[zone("Z1"), zone("Z2", "example.org.")])
    facts = found(shown, dns_zone=asked)
    assert facts is not None
    assert facts.zone.zone_id == "Z1"
    records = dict(shown.asked)[route53.LIST_RECORD_SETS.key]
    assert (records["HostedZoneId"], records["StartRecordName"]) == ("Z1", NAME)


def test_a_zone_that_is_given_by_id_is_not_waited_for() -> None:
    """Its id is known at once, so that nothing has to be asked in another round."""

    class Never(Shown):
        def ask(self, operation: Operation, parameters: Parameters, *, region: str) -> Answer:
            raise AwsRefusal("nothing is answered")

    with ThreadPoolExecutor() as pool:
        asked = spec(dns_name=NAME, dns_zone="Z1")
        zone_id, _ = ask_dns(asked, Asker(Never(zones=[]), pool))()
    assert zone_id == "Z1"


@pytest.mark.parametrize(
    ("zones", "fields", "kind", "words"),
    [
        ([], {}, NamedThingNotFound, "--dns-zone example.com: there is no such"),
        ([], {"dns_zone": "Z1"}, NamedThingNotFound, "--dns-zone Z1: there is no such"),
        ([zone("Z1"), zone("Z2", private=True)], {}, InputError, "Z1 (public), Z2 (private)"),
        ([zone("Z1")], {"dns_name": "box.example.org"}, InputError, "not in example.com"),
        ([zone("Z1")], {"dns_name": "boxexample.com"}, InputError, "not in example.com"),
    ],
)
def test_a_zone_that_will_not_do_is_refused(
    zones: list[dict[str, Any]], fields: dict[str, str], kind: type[InputError], words: str
) -> None:
    """None, several, or one that the name is not in: each is told apart, and what to write."""
    with pytest.raises(kind) as refused:
        found(Shown(zones=zones), **fields)
    assert words in f"{refused.value.what} {refused.value.why}"


def test_only_what_is_at_the_name_counts() -> None:
    """The list goes on behind the name; others' instances may have it in other zones."""
    tags = [{"Key": "spawn:dns-zone", "Value": "Z9"}]
    other = {
        "InstanceId": "i-1",
        "LaunchTime": "2026-01-27T12:00:00Z",
        "State": {"Name": "running"},
    }
    shown = Shown(
        zones=[zone("Z1")],
        records=[{"Name": f"{NAME}.", "Type": "TXT"}, {"Name": "z.example.com.", "Type": "A"}],
        instances=[other | {"Tags": tags}],
    )
    facts = found(shown)
    assert facts is not None
    assert [one.type for one in facts.records] == ["TXT"]
    assert facts.holders == ()
    shown.instances[0]["Tags"] = [{"Key": "spawn:dns-zone", "Value": "Z1"}]
    again = found(shown)
    assert again is not None
    assert again.holders == ("i-1",)


# What is refused


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"records": (RecordSet(name=NAME, type="A"),)}, "is taken"),
        ({"records": (RecordSet(name=NAME, type="CNAME"),)}, "is taken"),
        (
            {"records": (RecordSet(name=NAME, type="A", set_identifier="blue", weight=1),)},
            "is taken",
        ),
        ({"records": (RecordSet(name=NAME, type="A", set_identifier=HOLDER),)}, "is taken"),
        (
            {"records": (RecordSet(name=NAME, type="AAAA", set_identifier=HOLDER, weight=1),)},
            f"leads to {HOLDER}",
        ),
        ({"holders": (HOLDER,)}, f"is the name of {HOLDER}"),
    ],
)
def test_a_name_that_leads_somewhere_is_refused(facts: Mapping[str, Any], words: str) -> None:
    """Somebody's record, another instance's, and one that was left behind: each is named."""
    with pytest.raises(AccountError, match=words) as refused:
        plan_with(**facts)
    assert refused.value.next_command


def test_other_records_of_the_name_are_no_hindrance() -> None:
    """A zone's own name has SOA and NS, mail has MX: none of them is an address."""
    records = tuple(RecordSet(name=NAME, type=kind) for kind in ("SOA", "NS", "MX", "TXT"))
    assert plan_with(records=records) == plan_with()


# What comes of it


def test_the_role_may_change_this_record_alone() -> None:
    """One statement: this zone, this name, addresses, to be set and deleted; keys must be there."""
    key = "route53:ChangeResourceRecordSets"
    assert own_policy(plan_with())["Statement"] == [
        {
            "Effect": "Allow",
            "Action": [key],
            "Resource": ["arn:aws:route53:::hostedzone/Z0123456789EXAMPLE"],
            "Condition": {
                "ForAllValues:StringEquals": {
                    f"{key}NormalizedRecordNames": [NAME],
                    f"{key}RecordTypes": ["A", "AAAA"],
                    f"{key}Actions": ["DELETE", "UPSERT"],
                },
                "Null": {
                    f"{key}{name}": ["false"]
                    for name in ("NormalizedRecordNames", "RecordTypes", "Actions")
                },
            },
        }
    ]


def test_the_instance_says_which_record_it_keeps() -> None:
    """Its tags name record and zone, so that the record can be taken out from outside."""
    for parameters in launches_of(plan_with()):
        tags = tags_of(parameters)
        assert (tags["spawn:dns-name"], tags["spawn:dns-zone"]) == (NAME, ZONE.zone_id)


def test_the_agent_is_told_what_to_keep() -> None:
    """The duty travels with zone, name and endpoint, and time to take the record out again."""
    sent = user_data_of(plan_with())
    orders = orders_in(sent)
    endpoint = "us-east-1/route53 https://route53.amazonaws.com"
    assert orders["duties"]["dns"] == [endpoint, ZONE.zone_id, NAME, "public-ipv4 local-ipv4"]
    assert orders["limits"]["pre_stop"] == 10
    assert "put opt/spored/spored/signing.py" in boothook_in(sent)
    private = orders_in(user_data_of(plan_with(zone=private_zone())))
    assert private["duties"]["dns"][-1] == "local-ipv4"
    assert "signing" not in boothook_in(user_data_of(plan_of(spec())))


def test_what_others_will_see_is_noted() -> None:
    """A private address in a public zone, and a name that only some can ask for, are told."""
    hidden = spec(dns_name=NAME, dns_zone="example.com", public_ip=False)
    assert any("private address" in note for note in plan_with(hidden).notes)
    assert any("private zone" in note for note in plan_with(zone=private_zone()).notes)
    assert not any(NAME in note for note in plan_with().notes)


def test_a_role_of_ones_own_is_left_as_it_is() -> None:
    """No statement is added to it; that it may lack one is noted."""
    own = spec(dns_name=NAME, dns_zone="example.com", iam_role="batch-worker")
    plan = plan_with(own)
    assert not [step for step in plan.steps if "policy" in step.sentence and NAME in step.sentence]
    assert any("your own role" in note for note in plan.notes)
    assert ec2.RUN_INSTANCES.key in {step.operation for step in plan.steps}
