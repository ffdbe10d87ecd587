"""What the three security levels make of the same wish."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from spawn.aws import ec2, iam
from spawn.aws.questions import Known, Unseen
from spawn.core.errors import RefusedByControl
from spawn.core.levels import Level
from spawn.iam.templates import SESSION_MANAGER
from spawn.launch.plan import LaunchPlan
from spawn.launch.spec import LaunchSpec, MetadataOptions, Waiver
from spawn.posture.levels import Disposition
from tests.unit.launch.accounts import (
    BOUNDARY,
    KMS_KEY,
    PRIVATE_A,
    fresh_account,
    plan_of,
    spec,
)
from tests.unit.launch.requests import launches_of, operations_of, the


def strict(**fields: Any) -> LaunchSpec:
    """Return a launch that `strict` has nothing to say against."""
    told = {
        "ttl": timedelta(hours=1),
        "kms_key_id": KMS_KEY,
        "tags": {"project": "atlas", "classification": "internal"},
    }
    return spec(security=Level.STRICT, **told | fields)


def ingress_of(plan: LaunchPlan) -> set[tuple[int, str]]:
    """Return port and peer of each rule that a new group lets in."""
    step = the(plan, ec2.AUTHORIZE_INGRESS.key)
    return {
        (permission["FromPort"], peer[member])
        for permission in step.parameters["IpPermissions"]
        for ranges, member in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"))
        for peer in permission.get(ranges, ())
    }


def disposition_of(plan: LaunchPlan, control: str) -> Disposition:
    """Return what came of a control."""
    return next(one.disposition for one in plan.findings if one.control == control)


def test_standard_admits_the_caller_alone() -> None:
    """SSH is open to the caller's own address, disks are encrypted, and there is no role."""
    plan = plan_of(spec())
    assert ingress_of(plan) == {(22, "203.0.113.10/32")}
    for parameters in launches_of(plan):
        assert parameters["NetworkInterfaces"][0]["AssociatePublicIpAddress"] is True
        assert [one["Ebs"]["Encrypted"] for one in parameters["BlockDeviceMappings"]] == [True]
        assert parameters["MetadataOptions"]["HttpTokens"] == "required"
        assert parameters["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
        assert "IamInstanceProfile" not in parameters


def test_an_unknown_caller_opens_nothing() -> None:
    """Where the caller's address is not known no rule lets anybody in, and a note says so."""
    asked = spec()
    unknown = Unseen("https://checkip.example", "it took too long")
    plan = plan_of(asked, replace(fresh_account(asked), caller_addresses=unknown))
    assert ec2.AUTHORIZE_INGRESS.key not in operations_of(plan)
    assert any("--ssh-from" in note for note in plan.notes)


def test_open_is_open_and_says_so() -> None:
    """`open` admits the world to SSH, with a warning; disks are as the account says."""
    plan = plan_of(spec(security=Level.OPEN))
    assert (22, "0.0.0.0/0") in ingress_of(plan)
    assert disposition_of(plan, "NET-SSH-WORLD") is Disposition.WARNED
    (disk,) = plan.run.parameters["BlockDeviceMappings"]
    assert "Encrypted" not in disk["Ebs"]


def test_strict_is_reached_by_session_manager_alone() -> None:
    """No public address, no ingress, HTTPS out, a private subnet, and Session Manager's role."""
    plan = plan_of(strict())
    for parameters in launches_of(plan):
        (face,) = parameters["NetworkInterfaces"]
        assert (face["SubnetId"], face["AssociatePublicIpAddress"]) == (PRIVATE_A, False)
        assert "KeyName" not in parameters
    assert ec2.AUTHORIZE_INGRESS.key not in operations_of(plan)
    assert ec2.REVOKE_EGRESS.key in operations_of(plan)
    egress = the(plan, ec2.AUTHORIZE_EGRESS.key).parameters["IpPermissions"]
    assert {(one["IpProtocol"], one["FromPort"], one["ToPort"]) for one in egress} == {
        ("tcp", 443, 443)
    }
    profile = plan.run.parameters["IamInstanceProfile"]["Name"]
    allowed = [
        step.parameters["PolicyDocument"]
        for step in plan.steps
        if step.operation == iam.PUT_ROLE_POLICY.key and step.parameters["RoleName"] == profile
    ]
    (session_manager,) = SESSION_MANAGER.statements
    assert all(action in allowed[0] for action in session_manager.actions)


@pytest.mark.parametrize(
    ("fields", "control"),
    [
        ({"kms_key_id": None}, "EBS-CUSTOMER-KEY"),
        ({"tags": {"project": "atlas"}}, "TAG-REQUIRED"),
        ({"ssh_from": ("192.0.2.1",)}, "NET-SSH-CLOSED"),
        ({"metadata": MetadataOptions(http_tokens="optional")}, "IMDS-V2"),
        ({"metadata": MetadataOptions(http_put_response_hop_limit=2)}, "IMDS-HOP-LIMIT"),
        ({"ttl": timedelta(days=31)}, "END-WITHIN-30-DAYS"),
    ],
)
def test_strict_refuses_what_is_less(fields: dict[str, Any], control: str) -> None:
    """Whatever is short of `strict` is refused by the control that says so, waiver or not."""
    with pytest.raises(RefusedByControl) as refused:
        plan_of(strict(**fields))
    assert refused.value.controls == (control,)


@pytest.mark.parametrize(
    ("fields", "control"),
    [
        ({"ssh_from": ("0.0.0.0/0",)}, "NET-SSH-WORLD"),
        ({"ssh_from": ("0.0.0.0/1", "128.0.0.0/1")}, "NET-SSH-WORLD"),
        ({"encrypt_volumes": False}, "EBS-ENCRYPTED"),
        ({"metadata": MetadataOptions(http_tokens="optional")}, "IMDS-V2"),
        ({"user_data": b"export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPL2\n"}, "SECRET-IN-USER-DATA"),
    ],
)
def test_standard_refuses_until_it_is_waived(fields: dict[str, Any], control: str) -> None:
    """A refusal names its control; waived by name and with a reason, it is gone and recorded."""
    with pytest.raises(RefusedByControl) as refused:
        plan_of(spec(**fields))
    assert refused.value.controls == (control,)
    assert f"--allow {control}" in refused.value.why
    waiver = Waiver(control=control, reason="a demo on Friday")
    plan = plan_of(spec(**fields, waivers=(waiver,)))
    assert disposition_of(plan, control) is Disposition.WAIVED
    assert b"a demo on Friday" in bytes(plan.record)


def test_metadata_off_leaves_the_backstop_alone() -> None:
    """Without a metadata service there is no user-data and no key, and a note says what ends it."""
    plan = plan_of(spec(metadata=MetadataOptions(http_endpoint="disabled"), agent=False))
    assert not {"UserData", "KeyName"} & plan.run.parameters.keys()
    assert any("backstop" in note for note in plan.notes)


def test_roles_carry_the_accounts_boundary() -> None:
    """Where an administrator has put the boundary, both roles are made with it."""
    asked = spec(iam_policies=("s3:ReadOnly",))
    plan = plan_of(asked, fresh_account(asked, has_boundary=True))
    made = [step for step in plan.steps if step.operation == iam.CREATE_ROLE.key]
    assert [one.parameters["PermissionsBoundary"] for one in made] == [BOUNDARY, BOUNDARY]
    bare = [step for step in plan_of(asked).steps if step.operation == iam.CREATE_ROLE.key]
    assert not any("PermissionsBoundary" in one.parameters for one in bare)
    assert {one.parameters["RoleName"] for one in made}.isdisjoint(
        one.parameters["RoleName"] for one in bare
    )


def test_an_account_that_encrypts_is_not_told_otherwise() -> None:
    """`open` asks for nothing, and the posture says what the account's default makes of it."""
    asked = spec(security=Level.OPEN)
    facts = fresh_account(asked)
    encrypting = replace(facts, disks=replace(facts.disks, encrypts_by_default=Known(value=True)))
    assert disposition_of(plan_of(asked, facts), "EBS-ENCRYPTED") is Disposition.WARNED
    assert disposition_of(plan_of(asked, encrypting), "EBS-ENCRYPTED") is Disposition.PASSED
