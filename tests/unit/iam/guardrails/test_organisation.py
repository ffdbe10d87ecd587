"""Policies of the organisation let spawn's launches pass, and nothing that they forbid."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spawn.iam.evaluation import Outcome
from spawn.iam.guardrails.model import Caller
from tests.unit.iam.guardrails.requests import (
    ACCOUNT,
    INSTANCE,
    NEW_INSTANCE,
    WISHES,
    Keys,
    asks,
    tagged,
    under_scp,
)

ALL = ("scp-launches", "scp-images", "scp-regions", "scp-tags")
IMAGE = "arn:aws:ec2:eu-west-1::image/ami-0123456789abcdef0"
NEW_VOLUME = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:volume/*"
SNAPSHOT = "arn:aws:ec2:eu-west-1::snapshot/snap-0123456789abcdef0"
LAUNCH: Keys = {
    "aws:requesttag/spawn": "true",
    "aws:requesttag/owner": "ana",
    "ec2:metadatahttptokens": "required",
    "ec2:metadatahttpputresponsehoplimit": "1",
}
# What RunInstances is judged by, a resource after the other (`launch.request`).
PARTS: dict[str, Keys] = {
    NEW_INSTANCE: LAUNCH,
    NEW_VOLUME: LAUNCH | {"ec2:encrypted": "true"},
    IMAGE: {"ec2:owner": "amazon", "ec2:public": "true"},
    f"arn:aws:ec2:eu-west-1:{ACCOUNT}:network-interface/*": LAUNCH,
    f"arn:aws:ec2:eu-west-1:{ACCOUNT}:subnet/subnet-1": {},
    f"arn:aws:ec2:eu-west-1:{ACCOUNT}:security-group/sg-1": {},
}


@pytest.mark.parametrize("caller", Caller)
def test_a_launch_as_spawn_makes_it_passes_all_of_them(caller: Caller) -> None:
    """Each resource of RunInstances, and the tags at birth, get through all four at once."""
    birth: Keys = {
        "ec2:createaction": "RunInstances",
        "aws:tagkeys": ("spawn", "owner", "spawn:expires-at"),
    }
    requests = [
        asks("ec2:RunInstances", resource, context, caller=caller)
        for resource, context in PARTS.items()
    ]
    requests.append(asks("ec2:CreateTags", NEW_INSTANCE, LAUNCH | birth, caller=caller))
    requests.append(asks("ec2:RunInstances", IMAGE, {"ec2:owner": ACCOUNT}, caller=caller))
    for request in requests:
        decision = under_scp(request, *ALL)
        assert decision.is_allowed, (request, decision.why)


@pytest.mark.parametrize(
    ("resource", "changed"),
    [
        (NEW_INSTANCE, {"aws:requesttag/spawn": "false"}),
        (NEW_INSTANCE, {"aws:requesttag/spawn": None}),
        (NEW_INSTANCE, {"ec2:metadatahttptokens": "optional"}),
        (NEW_INSTANCE, {"ec2:metadatahttptokens": None}),
        (NEW_VOLUME, {"ec2:encrypted": "false"}),
        (IMAGE, {"ec2:owner": "210987654321"}),
        (IMAGE, {"ec2:owner": None}),
        (NEW_INSTANCE, {"aws:requestedregion": "us-east-1"}),
    ],
)
def test_each_violation_of_a_launch_is_denied(
    resource: str, changed: dict[str, str | None]
) -> None:
    """One thing otherwise, and the launch is denied, for whoever may do everything."""
    context = {key: value for key, value in (PARTS[resource] | changed).items() if value}
    decision = under_scp(asks("ec2:RunInstances", resource, context), *ALL)
    assert decision.outcome is Outcome.EXPLICIT_DENY


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("ec2:ModifyInstanceMetadataOptions", INSTANCE, {"ec2:attribute/httptokens": "optional"}),
        ("s3:GetObject", "arn:aws:s3:::b/k", {"ec2:roledelivery": "1.0"}),
        ("ec2:CreateVolume", NEW_VOLUME, {"ec2:encrypted": "false"}),
        ("ec2:DisableEbsEncryptionByDefault", "*", {}),
        ("ec2:ModifySnapshotAttribute", SNAPSHOT, {"ec2:add/group": "all"}),
        ("ec2:DisableSnapshotBlockPublicAccess", "*", {}),
        ("ec2:DisableImageBlockPublicAccess", "*", {}),
        ("ec2:DisableAllowedImagesSettings", "*", {}),
    ],
)
def test_what_undoes_it_later_is_denied(action: str, resource: str, context: Keys) -> None:
    """Nobody gets there afterwards, or by credentials that were got without a token."""
    decision = under_scp(asks(action, resource, context), *ALL)
    assert decision.outcome is Outcome.EXPLICIT_DENY


@pytest.mark.parametrize(
    ("action", "context"),
    [
        ("ec2:ModifyInstanceMetadataOptions", {"ec2:attribute/httptokens": "required"}),
        ("ec2:ModifySnapshotAttribute", {"ec2:add/userid": "210987654321"}),
        ("s3:GetObject", {"ec2:roledelivery": "2.0"}),
        ("ec2:ModifyInstanceMetadataDefaults", {}),
        ("ec2:EnableSnapshotBlockPublicAccess", {}),
    ],
)
def test_what_is_right_stays_possible(action: str, context: Keys) -> None:
    """Sharing with an account, tokens, and putting the guardrails themselves are not in the way."""
    resource = SNAPSHOT if "Snapshot" in action else INSTANCE
    assert under_scp(asks(action, resource, context), *ALL).is_allowed


@pytest.mark.parametrize(
    ("action", "is_allowed"),
    [
        ("iam:CreateRole", True),
        ("sts:GetCallerIdentity", True),
        ("route53:ChangeResourceRecordSets", True),
        ("support:CreateCase", True),
        ("organizations:DescribeOrganization", True),
        ("cloudfront:CreateInvalidation", True),
        ("budgets:ViewBudget", True),
        ("pricing:GetProducts", True),
        ("globalaccelerator:ListAccelerators", True),
        ("waf:ListWebACLs", True),
        ("health:DescribeEvents", True),
        ("ec2:DescribeInstances", True),
        ("ec2:TerminateInstances", True),
        ("scheduler:DeleteSchedule", True),
        ("ec2:RunInstances", False),
        ("ec2:CreateVolume", False),
        ("s3:CreateBucket", False),
        ("lambda:CreateFunction", False),
        ("ec2:StartInstances", False),
    ],
)
def test_other_regions_are_closed_but_for_what_has_no_region(
    action: str, *, is_allowed: bool
) -> None:
    """Global services work from anywhere, what is left is seen and ended, nothing is begun."""
    elsewhere: Keys = {"aws:requestedregion": "us-east-1"}
    decision = under_scp(asks(action, "*", elsewhere), "scp-regions")
    assert decision.is_allowed is is_allowed


@pytest.mark.parametrize("caller", Caller)
@pytest.mark.parametrize("key", ["spawn", "owner", "spawn:expires-at", "spawn:hold"])
def test_tags_that_decide_are_changed_by_the_owner_alone(caller: Caller, key: str) -> None:
    """Neither users nor sessions tag another's instance with them, or take them off."""
    for owner, is_own in (("ana", True), ("ben", False), (None, False)):
        keys: Keys = {"aws:tagkeys": ("Name", key)}
        context = tagged(owner, spawn="true") | keys
        for action in ("ec2:CreateTags", "ec2:DeleteTags"):
            decision = under_scp(asks(action, INSTANCE, context, caller=caller), "scp-tags")
            assert decision.is_allowed is is_own
        # DeleteTags without a list of tags deletes them all.
        every = asks("ec2:DeleteTags", INSTANCE, tagged(owner), caller=caller)
        assert under_scp(every, "scp-tags").is_allowed is is_own
    other = asks("ec2:CreateTags", INSTANCE, tagged("ben") | {"aws:tagkeys": "team"}, caller=caller)
    assert under_scp(other, "scp-tags").is_allowed


def test_responders_are_let_through() -> None:
    """Who is excepted may hold another's instance, and without exceptions nobody may."""
    hold = tagged("ben", spawn="true") | {"aws:tagkeys": "spawn:hold"}
    responder: Keys = {"aws:principalarn": f"arn:aws:iam::{ACCOUNT}:role/responder"}
    request = asks("ec2:CreateTags", INSTANCE, hold | responder, caller=Caller.ROLE)
    assert under_scp(request, "scp-tags").is_allowed
    strict = replace(WISHES, exempt=())
    assert not under_scp(request, "scp-tags", wishes=strict).is_allowed
