"""Route 53: zones are found, records change as on AWS, and a role may do just its part."""

from __future__ import annotations

from tests.integration.local.conftest import ADMIN_TRUST, Account, Keys, refusal

OWN = {
    "ForAllValues:StringEquals": {
        "route53:ChangeResourceRecordSetsNormalizedRecordNames": ["box.example.com"],
        "route53:ChangeResourceRecordSetsRecordTypes": ["A", "AAAA"],
        "route53:ChangeResourceRecordSetsActions": ["UPSERT", "DELETE"],
    },
    "Null": {
        "route53:ChangeResourceRecordSetsNormalizedRecordNames": "false",
        "route53:ChangeResourceRecordSetsRecordTypes": "false",
        "route53:ChangeResourceRecordSetsActions": "false",
    },
}


def _zone(account: Account, name: str = "example.com", reference: str = "r") -> str:
    made = account.client("route53").create_hosted_zone(Name=name, CallerReference=reference)
    return str(made["HostedZone"]["Id"]).removeprefix("/hostedzone/")


def _change(
    account: Account,
    zone: str,
    *changes: tuple[str, str],
    keys: Keys | None = None,
    kind: str = "A",
) -> str:
    """Make changes of (action, name) to records of one value; the change's id."""
    value = "192.0.2.1" if kind == "A" else "2001:db8::1"
    batch = [
        {
            "Action": action,
            "ResourceRecordSet": {
                "Name": name,
                "Type": kind,
                "TTL": 60,
                "ResourceRecords": [{"Value": value}],
            },
        }
        for action, name in changes
    ]
    answer = account.client("route53", keys).change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": batch}
    )
    assert answer["ChangeInfo"]["Status"] == "PENDING"
    return str(answer["ChangeInfo"]["Id"])


def _names(account: Account, zone: str) -> list[tuple[str, str]]:
    listed = account.client("route53").list_resource_record_sets(HostedZoneId=zone)
    return [(each["Name"], each["Type"]) for each in listed["ResourceRecordSets"]]


def test_a_record_comes_and_goes(account: Account) -> None:
    """It is listed as it was put, its change arrives, and a deletion that differs is refused."""
    zone, route53 = _zone(account), account.client("route53")
    change = _change(account, zone, ("UPSERT", "Box.Example.com"), ("CREATE", "*.example.com."))
    assert route53.get_change(Id=change)["ChangeInfo"]["Status"] == "INSYNC"
    assert _names(account, zone) == [
        ("example.com.", "NS"),
        ("example.com.", "SOA"),
        (r"\052.example.com.", "A"),
        ("box.example.com.", "A"),
    ]
    code, message = refusal(_change, account, zone, ("CREATE", "box.example.com"))
    record = "resource record set [name='box.example.com.', type='A']"
    words = f"[Tried to create {record} but it already exists]"
    assert (code, message) == ("InvalidChangeBatch", words)
    assert route53.get_hosted_zone(Id=zone)["HostedZone"]["ResourceRecordSetCount"] == 4
    assert refusal(route53.delete_hosted_zone, Id=zone)[0] == "HostedZoneNotEmpty"
    _change(account, zone, ("DELETE", "box.example.com"), ("DELETE", r"\052.example.com"))
    route53.delete_hosted_zone(Id=zone)
    code, _ = refusal(_change, account, zone, ("UPSERT", "box.example.com"))
    assert code == "NoSuchHostedZone"


def test_every_kind_of_record_is_shown_as_it_was_put(account: Account) -> None:
    """Weighted and alias records, and the zone's own NS and SOA, come back member for member."""
    zone, route53 = _zone(account), account.client("route53")
    weighted = {
        "Name": "w.example.com.",
        "Type": "TXT",
        "SetIdentifier": "i-1",
        "Weight": 7,
        "TTL": 5,
        "ResourceRecords": [{"Value": '"one"'}, {"Value": '"two"'}],
    }
    target = {"HostedZoneId": zone, "DNSName": "w.example.com.", "EvaluateTargetHealth": False}
    alias = {"Name": "z.example.com.", "Type": "A", "AliasTarget": target}
    changes = [{"Action": "CREATE", "ResourceRecordSet": each} for each in (weighted, alias)]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    shown = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert shown[2:] == [weighted, alias]
    assert all(isinstance(each["TTL"], int) for each in shown[:2])
    assert shown[1]["ResourceRecords"][0]["Value"].endswith("86400")


def test_records_are_listed_page_by_page(account: Account) -> None:
    """From a name on, and each page tells where the next begins."""
    zone, route53 = _zone(account), account.client("route53")
    _change(account, zone, *(("CREATE", f"{letter}.example.com") for letter in "cab"))
    first = route53.list_resource_record_sets(
        HostedZoneId=zone, StartRecordName="b.example.com", MaxItems="1"
    )
    assert [each["Name"] for each in first["ResourceRecordSets"]] == ["b.example.com."]
    assert (first["IsTruncated"], first["NextRecordName"]) == (True, "c.example.com.")
    pages = route53.get_paginator("list_resource_record_sets").paginate(
        HostedZoneId=zone, PaginationConfig={"PageSize": 2}
    )
    assert sum(len(page["ResourceRecordSets"]) for page in pages) == 5


def test_the_zone_that_is_asked_for_may_not_be_there(account: Account) -> None:
    """ListHostedZonesByName begins at the name: what it answers first may be the next one."""
    zones = {name: _zone(account, name, name) for name in ("b.test", "example.com", "a.test")}
    assert all(zone.startswith("Z") for zone in zones.values())
    route53 = account.client("route53")
    found = route53.list_hosted_zones_by_name(DNSName="a.test")["HostedZones"]
    assert [zone["Name"] for zone in found] == ["a.test.", "b.test."]
    missing = route53.list_hosted_zones_by_name(DNSName="aa.test", MaxItems="1")
    assert [zone["Name"] for zone in missing["HostedZones"]] == ["b.test."]
    code, _ = refusal(route53.create_hosted_zone, Name="a.test", CallerReference="a.test")
    assert code == "HostedZoneAlreadyExists"
    assert refusal(route53.get_change, Id="C0123")[0] == "NoSuchChange"


def test_a_role_changes_its_own_record_alone(account: Account) -> None:
    """One record of one zone, two types, two actions; a batch with anything more is denied."""
    zone, other = _zone(account), _zone(account, "example.net", "other")
    allow = {
        "Effect": "Allow",
        "Action": "route53:ChangeResourceRecordSets",
        "Resource": f"arn:aws:route53:::hostedzone/{zone}",
        "Condition": OWN,
    }
    keys = account.assume(account.role("r", trusts=ADMIN_TRUST, allows=[allow]))
    _change(account, zone, ("UPSERT", "BOX.example.com."), keys=keys)
    _change(account, zone, ("UPSERT", "box.example.com"), keys=keys, kind="AAAA")
    for changes in (
        [("UPSERT", "neighbour.example.com")],
        [("UPSERT", "*.example.com")],
        [("UPSERT", "box.example.com"), ("UPSERT", "neighbour.example.com")],
        [("CREATE", "box.example.com")],
    ):
        code, message = refusal(_change, account, zone, *changes, keys=keys)
        assert code == "AccessDenied"
        assert message == (
            "User: arn:aws:sts::123456789012:assumed-role/r/session is not authorized to perform: "
            f"route53:ChangeResourceRecordSets on resource: arn:aws:route53:::hostedzone/{zone} "
            "because no identity-based policy allows the route53:ChangeResourceRecordSets action"
        )
    code, _ = refusal(_change, account, other, ("UPSERT", "box.example.com"), keys=keys)
    assert code == "AccessDenied"
    route53 = account.client("route53", keys)
    assert refusal(route53.list_resource_record_sets, HostedZoneId=zone)[0] == "AccessDenied"
    _change(account, zone, ("DELETE", "box.example.com"), keys=keys)
    assert _names(account, zone)[2:] == [("box.example.com.", "AAAA")]
