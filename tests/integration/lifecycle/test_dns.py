"""Records that instances leave behind, on a control plane with Route 53."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.launch.account import REGION, Account
from tests.integration.lifecycle.lives import Life, user_keys
from tests.tools.programs import Program

NAME = "box.example.com"


class Zone:
    """A hosted zone of the account."""

    def __init__(self, account: Account) -> None:
        self.client = account.client("route53")
        made = self.client.create_hosted_zone(Name="example.com", CallerReference="once")
        self.id = str(made["HostedZone"]["Id"]).rpartition("/")[2]

    def put(self, owner: str, *, kind: str = "A", value: str = "203.0.113.9") -> None:
        """Put a record of the name, weighted as those of several instances are."""
        record = {
            "Name": NAME,
            "Type": kind,
            "SetIdentifier": owner,
            "Weight": 1,
            "TTL": 60,
            "ResourceRecords": [{"Value": value}],
        }
        changes = [{"Action": "CREATE", "ResourceRecordSet": record}]
        self.client.change_resource_record_sets(
            HostedZoneId=self.id, ChangeBatch={"Changes": changes}
        )

    def owners(self) -> list[tuple[str, str]]:
        """Whose records of the name there are, and of which type."""
        answer = self.client.list_resource_record_sets(HostedZoneId=self.id)
        found: list[dict[str, Any]] = answer["ResourceRecordSets"]
        return sorted(
            (one["SetIdentifier"], one["Type"]) for one in found if one["Name"] == f"{NAME}."
        )


@pytest.fixture
def zone(account: Account) -> Zone:
    return Zone(account)


def named(life: Life, zone: Zone) -> Life:
    """Give an instance its name in the zone, as its launch does."""
    life.tag(spawn__dns_zone=zone.id, spawn__dns_name=NAME)
    zone.put(life.id)
    zone.put(life.id, kind="AAAA", value="2001:db8::9")
    return life


def test_cancel_takes_its_own_records_out(account: Account, spawn: Program, zone: Zone) -> None:
    """Both addresses of the ended instance go, and another's under the same name stays."""
    life, other = named(Life(spawn, account), zone), named(Life(spawn, account), zone)
    done = life("cancel", "--yes")
    assert done.code == 0, done.stderr
    assert "warning" not in done.stdout
    assert zone.owners() == [(other.id, "A"), (other.id, "AAAA")]


@pytest.mark.parametrize("command", ["list", "status"])
def test_what_an_ended_instance_left_is_cleared(
    command: str, account: Account, spawn: Program, zone: Zone
) -> None:
    """One that was ended by other means is cleared by its owner's next look, and it is said."""
    life = named(Life(spawn, account), zone)
    account.client("ec2").terminate_instances(InstanceIds=[life.id])
    theirs = Life(spawn, account, **user_keys(account, "bob"))
    named(theirs, zone)
    account.client("ec2").terminate_instances(InstanceIds=[theirs.id])
    words = (life.id,) if command == "status" else ()
    seen = spawn(command, *words, "--region", REGION)
    assert f"take {life.id} out of DNS" in seen.stderr
    assert zone.owners() == [(theirs.id, "A"), (theirs.id, "AAAA")]


def test_what_stops_is_taken_out(account: Account, spawn: Program, zone: Zone) -> None:
    """A stopped instance has no address: its name must not lead to who gets it next."""
    life = named(Life(spawn, account), zone)
    assert life("stop", "--yes").code == 0
    assert zone.owners() == []


def test_without_the_permission_it_is_a_warning(
    account: Account, spawn: Program, zone: Zone
) -> None:
    """The instance ends all the same, and it is said that its record may be there."""
    life = named(Life(spawn, account), zone)
    carl = user_keys(account, "carl", "route53:ChangeResourceRecordSets")
    done = life("cancel", "--yes", **carl)
    assert done.code == 0, done.stderr
    assert f"may still be in DNS ({NAME})" in done.stdout
    assert len(zone.owners()) == 2
