"""`spawn guardrails` against a control plane: put, seen, and put no second time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.launch.account import ACCOUNT, REGION, Account
from tests.integration.lifecycle.lives import user_keys
from tests.tools.programs import Program

OTHER_REGION = "eu-west-1"
REGIONS = f"{REGION},{OTHER_REGION}"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/spawn/boundary"
NOTHING = {"Sid": "Nothing", "Effect": "Deny", "Action": "*", "Resource": "*"}
NOBODY = json.dumps({"Version": "2012-10-17", "Statement": [NOTHING]})


def organised(account: Account) -> str:
    """Make the account the manager of an organisation; its root."""
    organizations = account.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    root = str(organizations.list_roots()["Roots"][0]["Id"])
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    return root


def record(account: Account, region: str) -> None:
    """Start recording the configuration of a region."""
    config = account.client("config", region)
    role = f"arn:aws:iam::{ACCOUNT}:role/config"
    config.put_configuration_recorder(ConfigurationRecorder={"name": "all", "roleARN": role})
    account.client("s3").create_bucket(Bucket=f"recorded-{region}")
    config.put_delivery_channel(
        DeliveryChannel={"name": "all", "s3BucketName": f"recorded-{region}"}
    )
    config.start_configuration_recorder(ConfigurationRecorderName="all")


def states(document: dict[str, Any]) -> dict[str, set[str]]:
    """The states by guardrail, those of all its places together."""
    found: dict[str, set[str]] = {}
    for one in document.get("guardrails") or document["found"]:
        found.setdefault(one["name"], set()).add(one["state"])
    return found


def test_what_is_put_is_there_and_is_put_no_second_time(account: Account, spawn: Program) -> None:
    """All is missing, is put in every region and on the target, and then there is nothing to do."""
    root = organised(account)
    for region in (REGION, OTHER_REGION):
        record(account, region)
    where = ("--regions", REGIONS, "--target", root)
    put = spawn("guardrails", "apply", *where, "--yes", "-o", "json")
    assert put.code == 0, put.stderr
    assert {state for found in states(put.document()).values() for state in found} == {"MISSING"}
    assert all(one["done"] for one in put.document()["put"])
    seen = spawn("guardrails", "status", *where, "-o", "json")
    assert seen.code == 0, seen.stdout
    assert seen.document()["present"]
    assert set(states(seen.document())) == set(states(put.document()))
    again = spawn("guardrails", "apply", *where, "-o", "json")
    assert again.code == 0, again.stderr
    assert (again.document()["planned"], again.document()["put"]) == ([], [])
    for region in (REGION, OTHER_REGION):
        ec2 = account.client("ec2", region)
        assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"]
        rules = account.client("config", region).describe_config_rules()["ConfigRules"]
        assert len(rules) == len([name for name in states(put.document()) if "config-" in name])
    policies = account.client("organizations").list_policies_for_target(
        TargetId=root, Filter="SERVICE_CONTROL_POLICY"
    )["Policies"]
    assert len(policies) == 5  # as many as AWS takes, with its own
    assert len([one for one in policies if one["Name"].startswith("spawn-")]) == 4


def test_the_settings_hold(account: Account, spawn: Program) -> None:
    """No snapshot becomes public, and a launch that says nothing of metadata needs a token."""
    names = ("snapshot-block", "imds-defaults", "allowed-images")
    assert spawn("guardrails", "apply", *names, "--yes").code == 0
    ec2 = account.client("ec2")
    allowed = ec2.get_allowed_images_settings()
    assert (allowed["State"], "amazon" in str(allowed["ImageCriteria"])) == ("enabled", True)
    volume = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1)["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    share = {
        "SnapshotId": snapshot,
        "Attribute": "createVolumePermission",
        "OperationType": "add",
    }
    with pytest.raises(ClientError, match="block public access"):
        ec2.modify_snapshot_attribute(**share, GroupNames=["all"])
    ec2.modify_snapshot_attribute(**share, UserIds=["210987654321"])
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    launched = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    options = launched["Instances"][0]["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 1)


def test_who_may_not_look_learns_what_was_denied(account: Account, spawn: Program) -> None:
    """Nothing is taken for there: each is UNKNOWN, names the call, and the exit code is 3."""
    keys = user_keys(account, "nobody", "iam:*", "ec2:*", "organizations:*", "config:*")
    seen = spawn("guardrails", "status", "-o", "json", **keys)
    assert seen.code == 3, seen.stderr
    assert {state for found in states(seen.document()).values() for state in found} == {"UNKNOWN"}
    assert not seen.document()["present"]
    calls = {one["why"].partition(" ")[0] for one in seen.document()["guardrails"]}
    assert {"iam:GetPolicy", "organizations:ListPolicies", "ec2:GetEbsEncryptionByDefault"} <= calls
    denied = spawn("guardrails", "apply", "boundary", "--yes", **keys)
    assert denied.code == 4, denied.stderr
    assert "iam:GetPolicy" in denied.stderr


def test_another_boundary_is_shown_and_replaced_when_confirmed(
    account: Account, spawn: Program
) -> None:
    """Nothing without a word; then a new version is in force, and the oldest made room for it."""
    iam = account.client("iam")
    iam.create_policy(PolicyName="boundary", Path="/spawn/", PolicyDocument=NOBODY)
    for _ in range(4):
        iam.create_policy_version(PolicyArn=BOUNDARY, PolicyDocument=NOBODY, SetAsDefault=True)
    asked = spawn("guardrails", "apply", "boundary")
    assert asked.code == 2, asked.stderr
    assert "delete v1" in asked.stdout
    changed = [line for line in asked.stdout.splitlines() if '"Sid"' in line]
    assert '-      "Sid": "Nothing"' in changed
    assert '+      "Sid": "Work"' in changed
    assert spawn("guardrails", "apply", "boundary", "--yes").code == 0
    versions = iam.list_policy_versions(PolicyArn=BOUNDARY)["Versions"]
    assert {one["VersionId"] for one in versions} == {"v2", "v3", "v4", "v5", "v6"}
    (in_force,) = [one["VersionId"] for one in versions if one["IsDefaultVersion"]]
    assert in_force == "v6"


def test_the_words_need_neither_credentials_nor_an_account(bare_spawn: Program) -> None:
    """What is printed is pasted as it is, for an account that was named."""
    shown = bare_spawn("guardrails", "show", "boundary", "--account", ACCOUNT)
    assert shown.code == 0, shown.stderr
    assert ACCOUNT in json.dumps(shown.document()["Statement"])
    assert "permissions boundary" in shown.stderr
