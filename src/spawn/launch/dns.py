"""The name that an instance keeps in Route 53: what is asked, looked at, allowed and told. Pure.

One name is one instance's. Whatever stands at that name already refuses the launch: a record of
somebody's, one that another instance keeps, and one that an ended instance has left behind. With
that one half of all answers would be an address that may be a stranger's by now.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from spawn.aws import ec2, route53
from spawn.aws.questions import Absent, Asker, Fact, Question, value_of
from spawn.core.errors import AccountError, InputError, NamedThingNotFound
from spawn.core.ids import HOSTED_ZONE_ID, is_host_name, is_resource_id
from spawn.core.tags import Tag
from spawn.iam.documents import Statement, allow
from spawn.launch import endpoints
from spawn.launch.agent import Duty
from spawn.launch.spec import LaunchSpec

# Other types at the name are no answer to who asks for its address.
_KINDS = frozenset({"A", "AAAA", "CNAME"})
_LIVING = ("pending", "running", "stopping", "stopped")
_RIGHT = "route53:ChangeResourceRecordSets"


@dataclass(frozen=True, kw_only=True)
class DnsFacts:
    """What is known of the name.

    zone     the hosted zone that was asked for
    records  those of the name, of whichever type
    holders  living instances of this region that were launched with the name in that zone
    """

    zone: route53.HostedZone
    records: tuple[route53.RecordSet, ...]
    holders: tuple[str, ...]


# What is asked


def check_dns(spec: LaunchSpec) -> None:
    """Raise InputError for a name that can't be meant."""
    if spec.dns_name is None and spec.dns_zone is None:
        return
    why = "a record is kept under a name, in a hosted zone of Route 53"
    if spec.dns_zone is None:
        raise InputError("--dns-name needs --dns-zone", why=why)
    if spec.dns_name is None:
        raise InputError("--dns-zone needs --dns-name", why=why)
    dns_name(spec)
    if spec.count > 1:
        raise InputError(
            "--dns-name and --count exclude each other", why="a name leads to one instance"
        )


def dns_name(spec: LaunchSpec) -> str:
    """Return the name as DNS has it, in lower case and without a final dot; "" for none.

    Raises InputError for what is no host's name.
    """
    if spec.dns_name is None:
        return ""
    name = _plain(spec.dns_name)
    if not is_host_name(name):
        raise InputError(
            f"--dns-name {spec.dns_name!r} is not the name of a host",
            why="write letters, digits and hyphens, with dots between: box.example.com",
        )
    return name


def _plain(text: str) -> str:
    return text.strip().removesuffix(".").lower()


def given_zone_id(spec: LaunchSpec) -> str | None:
    """Return the id of the hosted zone, None where it was named otherwise: names are lower case."""
    text = (spec.dns_zone or "").removeprefix("/hostedzone/")
    return text if HOSTED_ZONE_ID.fullmatch(text) else None


def ask_dns(
    spec: LaunchSpec, asker: Asker
) -> Callable[[], tuple[str | None, Callable[[], DnsFacts | None]]]:
    """Ask about the name; None is returned, at the end of it, where there is none.

    What is returned goes on: it knows the zone's id (and waits for it where the zone was given by
    its name), asks what is in the zone, and returns the id and what waits for the facts. Either
    raises NamedThingNotFound where there is no such zone, InputError where there are several and
    for a name outside of it, and AccessDenied.
    """
    if spec.dns_name is None or spec.dns_zone is None:
        return lambda: (None, lambda: None)
    zone, living = asker.ask(_zone_question(spec)), asker.ask(_holders_question(spec))

    def go_on() -> tuple[str, Callable[[], DnsFacts]]:
        zone_id = given_zone_id(spec) or _chosen_zone(spec, zone()).zone_id
        name = dns_name(spec)
        records = asker.ask(route53.record_sets_question(zone_id, name, region=spec.region))
        return zone_id, lambda: DnsFacts(
            zone=_chosen_zone(spec, zone()),
            records=value_of(records()),
            holders=_holders(value_of(living()), zone_id),
        )

    return go_on


def ask_zone(spec: LaunchSpec, asker: Asker) -> Callable[[], str | None]:
    """Ask for the zone of the name alone; what is returned waits for its id, None for no name.

    That raises NamedThingNotFound, InputError and AccessDenied as `ask_dns` tells.
    """
    given = given_zone_id(spec)
    if spec.dns_name is None or spec.dns_zone is None or given is not None:
        return lambda: given
    zone = asker.ask(_zone_question(spec))
    return lambda: _chosen_zone(spec, zone()).zone_id


def _zone_question(spec: LaunchSpec) -> Question[tuple[route53.HostedZone, ...]]:
    zone_id = given_zone_id(spec)
    if zone_id is not None:
        return route53.zone_by_id_question(zone_id, region=spec.region)
    return route53.zones_by_name_question(_plain(spec.dns_zone or ""), region=spec.region)


def _holders_question(spec: LaunchSpec) -> Question[tuple[ec2.Instance, ...]]:
    filters = {f"tag:{Tag.DNS_NAME.value}": (dns_name(spec),), "instance-state-name": _LIVING}
    return Question(
        operation=ec2.DESCRIBE_INSTANCES,
        parameters={
            "Filters": [{"Name": name, "Values": [*values]} for name, values in filters.items()]
        },
        region=spec.region,
        understand=ec2.instances,
    )


def _holders(living: tuple[ec2.Instance, ...], zone_id: str) -> tuple[str, ...]:
    return tuple(one.instance_id for one in living if one.tag_mapping.get(Tag.DNS_ZONE) == zone_id)


# What is found


def _chosen_zone(
    spec: LaunchSpec, fact: Fact[tuple[route53.HostedZone, ...]]
) -> route53.HostedZone:
    name, asked = dns_name(spec), spec.dns_zone
    zones = () if isinstance(fact, Absent) else value_of(fact)
    if not zones:
        raise NamedThingNotFound(
            f"--dns-zone {asked}: there is no such hosted zone in this account",
            next_command="aws route53 list-hosted-zones --query 'HostedZones[].[Id,Name]'"
            " --output text",
        )
    if len(zones) > 1:
        listed = ", ".join(
            f"{zone.zone_id} ({'private' if zone.is_private else 'public'})" for zone in zones
        )
        raise InputError(f"--dns-zone {asked} names several", why=f"write the id of one: {listed}")
    domain = zones[0].domain
    if name != domain and not name.endswith(f".{domain}"):
        raise InputError(
            f"--dns-name {name} is not in {domain}", why=f"write NAME.{domain}, or another zone"
        )
    return zones[0]


def check_name_is_free(spec: LaunchSpec, facts: DnsFacts) -> None:
    """Raise AccountError where the name leads somewhere, or is another instance's."""
    name, zone_id = dns_name(spec), facts.zone.zone_id
    for holder in facts.holders:
        raise AccountError(
            f"--dns-name {name} is the name of {holder}",
            why="a name leads to one instance",
            next_command=f"spawn cancel {holder}",
        )
    for record in facts.records:
        if record.type not in _KINDS:
            continue
        keeper = record.set_identifier
        if record.weight is not None and is_resource_id(keeper, "i"):
            raise AccountError(
                f"--dns-name {name} leads to {keeper}",
                why=f"it does not live in {spec.region}: it has ended and left its record behind, "
                "which `spawn list` takes out, or it lives in another region",
                next_command="spawn list",
            )
        raise AccountError(
            f"--dns-name {name} is taken",
            why=f"{facts.zone.domain} has a record of that name and type {record.type}, which no "
            "instance keeps",
            next_command=f"aws route53 list-resource-record-sets --hosted-zone-id {zone_id}"
            f" --start-record-name {name} --max-items 3",
        )


# What comes of it


def dns_tags(spec: LaunchSpec, facts: DnsFacts) -> dict[str, str]:
    """Return the tags by which the record can be found, and taken out, from outside."""
    return {Tag.DNS_NAME.value: dns_name(spec), Tag.DNS_ZONE.value: facts.zone.zone_id}


def dns_duty(spec: LaunchSpec, zone: route53.HostedZone, *, partition: str) -> Duty:
    """Return what the agent is told. Who asks a private zone is inside, as are its addresses."""
    paths = "local-ipv4" if zone.is_private else "public-ipv4 local-ipv4"
    words = (endpoints.route53(partition), zone.zone_id, dns_name(spec), paths)
    return Duty(words=words, needs=("errand", "calling", "signing"))


def dns_statement(zone_id: str, name: str, *, partition: str) -> Statement:
    """Return what keeps the record needs: to set and delete addresses of this one name.

    Route 53 Developer Guide, "Using IAM policy conditions for fine-grained access control": the
    keys have many values, and one that is missing would fit every condition but Null.
    """
    values = {"NormalizedRecordNames": (name,), "RecordTypes": ("A", "AAAA")} | {
        "Actions": ("DELETE", "UPSERT")
    }
    return allow(
        (_RIGHT,),
        (f"arn:{partition}:route53:::hostedzone/{zone_id}",),
        {
            "ForAllValues:StringEquals": {f"{_RIGHT}{key}": one for key, one in values.items()},
            "Null": {f"{_RIGHT}{key}": ("false",) for key in values},
        },
    )


def dns_notes(spec: LaunchSpec, facts: DnsFacts, *, has_public_address: bool) -> tuple[str, ...]:
    """Return what the person should know.

    A private address in a public zone is of use to whoever comes by a VPN or from a peered VPC,
    and tells others no more than what the network looks like inside: so it is no refusal.
    """
    name, zone = dns_name(spec), facts.zone
    if zone.is_private:
        return (f"{name} is known only to the VPCs of the private zone {zone.domain}",)
    if not has_public_address:
        return (f"{name} tells everybody its private address: it has no public one",)
    return ()
