"""`spawn network allow` against a control plane: what it changes, leaves, refuses and puts back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.launch.account import REGION, Account
from tests.tools.faults import Effect, Fault, Moment
from tests.tools.programs import Finished, Program
from tests.tools.proxy import Proxy

HOME, HOTEL = "203.0.113.10/32", "203.0.113.99/32"
MODIFY = "ec2:ModifyNetworkInterfaceAttribute"
FOR_EVER = 99
WRITES = ("ec2:CreateSecurityGroup", "ec2:AuthorizeSecurityGroupIngress", MODIFY)


class Box:
    """An instance that was launched from home, looked at by the account's administrator."""

    def __init__(self, spawn: Program, account: Account, *words: str) -> None:
        launched = spawn("launch", *words, "-o", "ids")
        assert launched.code == 0, launched.stderr
        self.id = launched.stdout.strip()
        self.spawn = spawn
        self.ec2 = account.client("ec2")

    def allow(self, *words: str) -> Finished:
        """Let somebody in."""
        return self.spawn("network", "allow", self.id, "--region", REGION, *words)

    def interfaces(self) -> list[dict[str, Any]]:
        """Return its interfaces, the primary one first."""
        filters = [{"Name": "attachment.instance-id", "Values": [self.id]}]
        found = self.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
        return sorted(found, key=lambda one: int(one["Attachment"]["DeviceIndex"]))

    def groups(self) -> list[list[str]]:
        """Return the groups of each of its interfaces."""
        return [sorted(one["GroupId"] for one in face["Groups"]) for face in self.interfaces()]

    def let_in(self) -> set[str]:
        """Return the blocks that any group of the instance lets in over SSH."""
        ids = sorted({one for ids in self.groups() for one in ids})
        return {
            block["CidrIp"]
            for group in self.ec2.describe_security_groups(GroupIds=ids)["SecurityGroups"]
            for rule in group["IpPermissions"]
            if rule.get("FromPort") == 22
            for block in rule["IpRanges"]
        }

    def add_interface(self) -> None:
        """Give it a second interface, in the groups of the first."""
        first = self.interfaces()[0]
        made = self.ec2.create_network_interface(
            SubnetId=first["SubnetId"], Groups=self.groups()[0]
        )
        self.ec2.attach_network_interface(
            NetworkInterfaceId=made["NetworkInterface"]["NetworkInterfaceId"],
            InstanceId=self.id,
            DeviceIndex=1,
        )

    def make_group(self, name: str) -> str:
        """Make a group of the person's own in its VPC."""
        vpc_id = self.interfaces()[0]["VpcId"]
        made = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc_id)
        return str(made["GroupId"])


def test_another_address_takes_the_first_ones_place(
    account: Account, spawn: Program, proxy: Proxy
) -> None:
    """The new address is in, the old one out; the second time nothing is written."""
    box = Box(spawn, account)
    assert box.let_in() == {HOME}
    done = box.allow("--from", HOTEL, "--yes", "-o", "json")
    assert done.code == 0, done.stderr
    document = done.document()
    assert (document["changed"], document["id"]) == (True, box.id)
    assert [rule["peer"] for rule in document["lets_in"]] == [HOTEL]
    assert [rule["peer"] for rule in document["no_longer"]] == [HOME]
    assert box.let_in() == {HOTEL}
    proxy.forget()
    again = box.allow("--from", HOTEL)
    assert (again.code, "nothing to do" in again.stdout) == (0, True)
    assert not [one for one in proxy.records if not one.call.is_read]


def test_the_callers_address_is_what_the_address_service_says(
    account: Account, spawn: Program
) -> None:
    """Without --from, whoever has moved is let in from where they are now."""
    box = Box(spawn, account)
    account.set_switches(caller_address="203.0.113.99")
    assert box.allow("--yes").code == 0
    assert box.let_in() == {HOTEL}


def test_a_preview_writes_nothing(account: Account, spawn: Program, proxy: Proxy) -> None:
    """--dry-run shows the steps, as words or as a document, and performs none."""
    box = Box(spawn, account)
    proxy.forget()
    words = box.allow("--from", HOTEL, "--dry-run")
    plan = box.allow("--from", HOTEL, "--dry-run", "-o", "json").document()
    assert "nothing was done" in words.stdout
    assert "connections that are open already stay open" in words.stdout
    assert [step["operation"] for step in plan["attach"]] == [MODIFY]
    assert not [one for one in proxy.records if not one.call.is_read]
    assert box.let_in() == {HOME}


def test_groups_of_the_persons_own_are_kept(account: Account, spawn: Program) -> None:
    """An interface stays in the groups that somebody else gave it."""
    box = Box(spawn, account)
    web = box.make_group("web")
    (interface,) = box.interfaces()
    box.ec2.modify_network_interface_attribute(
        NetworkInterfaceId=interface["NetworkInterfaceId"], Groups=[*box.groups()[0], web]
    )
    assert box.allow("--from", HOTEL, "--yes").code == 0
    (groups,) = box.groups()
    assert web in groups
    assert (len(groups), box.let_in()) == (2, {HOTEL})


def test_every_interface_is_changed(account: Account, spawn: Program) -> None:
    """An instance with two interfaces is changed at both, which no call for the instance could."""
    box = Box(spawn, account)
    box.add_interface()
    before = box.groups()
    assert before[0] == before[1]
    assert box.allow("--from", HOTEL, "--yes").code == 0
    first, second = box.groups()
    assert first == second != before[0]


@pytest.mark.parametrize("effect", [Effect.DENY, Effect.CUT])
def test_a_fault_at_the_second_interface_puts_the_first_back(
    effect: Effect, account: Account, spawn: Program, proxy: Proxy
) -> None:
    """Where the second can't be changed, both are as they were, and it is said."""
    box = Box(spawn, account)
    box.add_interface()
    before = box.groups()
    # Five in all: botocore asks again what was cut off. Putting back comes after that.
    times = 1 if effect is Effect.DENY else 5
    proxy.place(Fault(effect=effect, operation=MODIFY, nth=2, times=times))
    failed = box.allow("--from", HOTEL, "--yes")
    assert failed.code == (4 if effect is Effect.DENY else 1), failed.stderr
    assert box.groups() == before
    assert "put eni-" in failed.stderr
    assert "back into" in failed.stderr


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("operation", WRITES)
def test_a_fault_at_any_write_leaves_nothing_half_done(
    *, operation: str, moment: Moment, account: Account, spawn: Program, proxy: Proxy
) -> None:
    """Whatever write is denied or its answer lost for good, the same command again succeeds."""
    box = Box(spawn, account)
    effect = Effect.DENY if moment is Moment.BEFORE else Effect.CUT
    proxy.place(Fault(effect=effect, moment=moment, operation=operation, times=FOR_EVER))
    assert box.allow("--from", HOTEL, "--yes").code in {1, 4}
    assert box.let_in() in ({HOME}, {HOTEL})
    proxy.forget()
    assert box.allow("--from", HOTEL, "--yes").code == 0
    assert box.let_in() == {HOTEL}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "home"), "--from 'home' is neither"),
        (("--from", ""), "--from '' is neither"),
        (("--from", "203.0.113.99/24"), "bits set beyond its prefix"),
        (("--from", "::ffff:203.0.113.99"), "write the IPv4 block"),
        (("--from", HOTEL, "-o", "ids"), "ids"),
    ],
    ids=str,
)
def test_a_wrong_word_is_named(
    words: tuple[str, ...], said: str, spawn: Program, proxy: Proxy
) -> None:
    """What can't be understood is said with what to write instead, before AWS is asked."""
    refused = spawn("network", "allow", "web", *words)
    assert refused.code == 2, refused.stderr
    assert said in refused.stderr
    assert not proxy.records


def test_what_can_not_be_allowed_is_said(account: Account, spawn: Program, proxy: Proxy) -> None:
    """The world, in one block or two, a list that is not there, no word of assent: all refused.

    Nothing is made or changed by any of them.
    """
    box = Box(spawn, account)
    proxy.forget()
    for words, code, said in (
        (("--from", "0.0.0.0/0", "--yes"), 3, "NET-SSH-WORLD"),
        (("--from", "0.0.0.0/1,128.0.0.0/1", "--yes"), 3, "NET-SSH-WORLD"),
        (("--from", "pl-0123456789abcdef0", "--yes"), 5, "there is no such prefix list"),
        (("--from", HOTEL), 2, "--yes confirms it"),
    ):
        refused = box.allow(*words)
        assert refused.code == code, refused.stderr
        assert said in refused.stderr
    assert not [one for one in proxy.records if not one.call.is_read]


def test_a_strict_instance_lets_nobody_in(account: Account, spawn: Program) -> None:
    """What may not be reached over SSH at its level is not opened later either."""
    box = Box(spawn, account)
    tag = [{"Key": "spawn:security", "Value": "strict"}]
    group = box.make_group("shut")
    (interface,) = box.interfaces()
    box.ec2.modify_network_interface_attribute(
        NetworkInterfaceId=interface["NetworkInterfaceId"], Groups=[group]
    )
    box.ec2.create_tags(Resources=[box.id], Tags=tag)
    refused = box.allow("--from", HOTEL, "--yes")
    assert refused.code == 3, refused.stderr
    assert "NET-SSH-CLOSED" in refused.stderr
    assert box.groups() == [[group]]


def test_an_instance_that_is_not_there_is_named(account: Account, spawn: Program) -> None:
    """A word that names none of the person's instances is said to, before anything is planned."""
    missing = spawn("network", "allow", "i-0123456789abcdef0", "--region", REGION, "--yes")
    assert missing.code == 5
    assert "i-0123456789abcdef0" in missing.stderr


def test_an_address_that_is_not_known_opens_nothing(account: Account, spawn: Program) -> None:
    """Where the address service does not answer, the error says to name an address."""
    box = Box(spawn, account)
    silent = spawn("network", "allow", box.id, "--yes", SPAWN_ADDRESS_URL="http://127.0.0.1:9/")
    assert silent.code == 1
    assert "--from CIDR" in silent.stderr
    assert box.let_in() == {HOME}


def test_without_the_permission_it_fails_naming_it(account: Account, spawn: Program) -> None:
    """A caller who may not change interfaces is told which action is missing, and on what."""
    box = Box(spawn, account)
    iam = account.client("iam")
    iam.create_user(UserName="bob")
    iam.put_user_policy(UserName="bob", PolicyName="all-but-one", PolicyDocument=ALL_BUT_MODIFY)
    keys = iam.create_access_key(UserName="bob")["AccessKey"]
    denied = spawn(
        *("network", "allow", box.id, "--region", REGION, "--from", HOTEL, "--yes"),
        AWS_ACCESS_KEY_ID=keys["AccessKeyId"],
        AWS_SECRET_ACCESS_KEY=keys["SecretAccessKey"],
    )
    assert denied.code == 4, denied.stderr
    assert MODIFY in denied.stderr
    assert "BELONGS TO" in denied.stdout
    assert box.let_in() == {HOME}


ALL_BUT_MODIFY = """\
{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "*", "Resource": "*"},
  {"Effect": "Deny", "Action": "ec2:ModifyNetworkInterfaceAttribute",
   "Resource": "arn:aws:ec2:*:*:security-group/*"}
]}
"""
