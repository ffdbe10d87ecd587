"""What termination and stop protection keep from happening, and what not."""

from __future__ import annotations

from typing import Any

from tests.integration.local.conftest import Account, refusal

SPOT = {"InstanceMarketOptions": {"MarketType": "spot"}}


def _running(account: Account, **parameters: Any) -> str:
    instance = str(account.launch(**parameters)["InstanceId"])
    account.wait_for_state(instance, "running")
    return instance


def _shown(account: Account, instance: str, attribute: str) -> Any:
    answer = account.client("ec2").describe_instance_attribute(
        InstanceId=instance, Attribute=attribute
    )
    return answer[attribute[0].upper() + attribute[1:]]["Value"]


def test_protection_protects_until_it_is_taken_off(account: Account) -> None:
    """Each attribute is set, shown, obeyed in EC2's words, and taken off again."""
    ec2 = account.client("ec2")
    instance = _running(account)
    for attribute, order, verb in (
        ("disableApiTermination", ec2.terminate_instances, "terminated"),
        ("disableApiStop", ec2.stop_instances, "stopped"),
    ):
        name = attribute[0].upper() + attribute[1:]
        assert _shown(account, instance, attribute) is False
        ec2.modify_instance_attribute(InstanceId=instance, **{name: {"Value": True}})
        assert _shown(account, instance, attribute) is True
        words = f"may not be {verb}. Modify its '{attribute}' instance attribute and try again."
        expected = ("OperationNotPermitted", f"The instance '{instance}' {words}")
        assert refusal(order, InstanceIds=[instance]) == expected
        ec2.modify_instance_attribute(InstanceId=instance, Attribute=attribute, Value="false")
        assert _shown(account, instance, attribute) is False
    ec2.terminate_instances(InstanceIds=[instance])
    account.wait_for_state(instance, "terminated")


def test_stop_protection_protects_from_termination_too(account: Account) -> None:
    """TerminateInstances names the attribute that is in its way."""
    ec2 = account.client("ec2")
    instance = _running(account, DisableApiStop=True)
    code, message = refusal(ec2.terminate_instances, InstanceIds=[instance])
    assert (code, "'disableApiStop'" in message) == ("OperationNotPermitted", True)


def test_a_protected_instance_keeps_its_zone(account: Account) -> None:
    """Of several, those of the protected one's zone stay; those of another zone are ended."""
    ec2 = account.client("ec2")
    subnets = {s["AvailabilityZone"]: s["SubnetId"] for s in ec2.describe_subnets()["Subnets"]}
    protected = _running(account, SubnetId=subnets["us-east-1b"], DisableApiTermination=True)
    neighbour = _running(account, SubnetId=subnets["us-east-1b"])
    elsewhere = _running(account, SubnetId=subnets["us-east-1a"])
    everything = [neighbour, elsewhere, protected]
    code, message = refusal(ec2.terminate_instances, InstanceIds=everything)
    assert (code, protected in message) == ("OperationNotPermitted", True)
    account.wait_for_state(elsewhere, "terminated")
    for kept in (protected, neighbour):
        assert account.describe(kept)["State"]["Name"] == "running"


def test_spot_instances_have_no_protection(account: Account) -> None:
    """Neither attribute can be set, or taken off, and a launch that asks for it is refused."""
    ec2 = account.client("ec2")
    instance = _running(account, **SPOT)
    for attribute in ("disableApiTermination", "disableApiStop"):
        name = attribute[0].upper() + attribute[1:]
        for value in (True, False):
            change = {"InstanceId": instance, name: {"Value": value}}
            expected = f"Modifying '{attribute}' is not supported for spot instances."
            found = refusal(ec2.modify_instance_attribute, **change)
            assert found == ("UnsupportedOperation", expected)
        code, _ = refusal(account.launch, **SPOT, **{name: True})
        assert code == "InvalidParameterCombination"
    ec2.terminate_instances(InstanceIds=[instance])


def test_a_dry_run_changes_nothing(account: Account) -> None:
    """DryRun of a change says that it would succeed, and leaves the attribute as it is."""
    ec2 = account.client("ec2")
    instance = _running(account)
    change = {"InstanceId": instance, "DisableApiStop": {"Value": True}, "DryRun": True}
    assert refusal(ec2.modify_instance_attribute, **change)[0] == "DryRunOperation"
    assert _shown(account, instance, "disableApiStop") is False
