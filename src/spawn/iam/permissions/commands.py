"""The table of commands: which operations each of them may call, and which it can do without.

The tests hold it to what is really called: a call that is not in its command's row fails them, and
so does a row that nothing uses.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from spawn.core.errors import InputError
from spawn.iam.permissions.needs import Need, may, must, together

# What stands around many commands.

_WHO = together(
    must("sts:GetCallerIdentity"),
    may("what EC2's denials encode stays unread", "sts:DecodeAuthorizationMessage"),
)
_SCHEDULES = may(
    "whether a schedule stands behind an instance is UNKNOWN", "scheduler:ListSchedules"
)
_FIND = together(
    _WHO,
    # Where no --region is given: nothing that is said of all regions would be true without them.
    must("ec2:DescribeInstances", "ec2:DescribeRegions"),
    _SCHEDULES,
)
_ROLE_READ = must(
    "iam:GetPolicy",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
)
_ROLE_MADE = must("iam:CreateRole", "iam:PutRolePolicy")
_ARM = together(
    _ROLE_READ,
    _ROLE_MADE,
    must(
        "scheduler:CreateSchedule",
        "scheduler:CreateScheduleGroup",
        "scheduler:DeleteSchedule",
        "scheduler:GetSchedule",
        "scheduler:GetScheduleGroup",
    ),
)
_REARM = together(_ARM, must("scheduler:UpdateSchedule"))
_UNMENDED = "what an earlier command was cut off from is not made good"
# What commands do after their own work: `cli.mending`. It never fails them.
_MENDING = together(
    may(_UNMENDED, *(need.operation for need in _REARM)),
    may("what an agent says is UNKNOWN", "ec2:GetConsoleOutput"),
    may(
        "an ended instance's name stays in DNS",
        "route53:ChangeResourceRecordSets",
        "route53:ListResourceRecordSets",
    ),
    may("the registry forgets it", "dynamodb:PutItem", "dynamodb:TransactWriteItems"),
)
_MEND = together(_FIND, _MENDING)
_REGISTRY = may(
    "the registry forgets the launch",
    "dynamodb:CreateTable",
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
    "dynamodb:TransactWriteItems",
    "dynamodb:UpdateContinuousBackups",
    "dynamodb:UpdateTimeToLive",
)
_PRICES = may("the price is unknown", "ec2:DescribeSpotPriceHistory", "pricing:GetProducts")
_ORGANISATION = may("the organisation's defaults are not seen", "ssm:GetParameter")
# What an instance looks like: `posture.collect`. What can't be seen is UNKNOWN.
_POSTURE = may(
    "what it tells of an instance is UNKNOWN",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeManagedPrefixLists",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVolumes",
    "ec2:GetManagedPrefixListEntries",
    "iam:GetInstanceProfile",
    "iam:GetPolicy",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "kms:DescribeKey",
    "scheduler:GetSchedule",
)
_OWN_GROUP = must(
    "ec2:AuthorizeSecurityGroupEgress",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateSecurityGroup",
    "ec2:DescribeManagedPrefixLists",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeVpcs",
)
_NAMED = must(
    "route53:GetHostedZone", "route53:ListHostedZonesByName", "route53:ListResourceRecordSets"
)
_STAGED = must(
    "s3:CreateBucket",
    "s3:GetBucketLifecycleConfiguration",
    "s3:GetBucketLocation",
    "s3:GetBucketPolicy",
    "s3:GetPublicAccessBlock",
    "s3:PutBucketLifecycleConfiguration",
    "s3:PutBucketPolicy",
    "s3:PutBucketTagging",
    "s3:PutObject",
    "s3:PutPublicAccessBlock",
)
_SECRETS = together(
    may(
        "whether a secret is there is seen at boot alone, and its key is not known",
        "kms:DescribeKey",
        "secretsmanager:DescribeSecret",
        "ssm:DescribeParameters",
    ),
    may("whether a private subnet reaches its secrets is not seen", "ec2:DescribeVpcEndpoints"),
)
_LAUNCH = together(
    _WHO,
    _OWN_GROUP,
    _ARM,
    _NAMED,
    _STAGED,
    must(
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypeOfferings",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeInstances",
        "ec2:DescribeKeyPairs",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSubnets",
        "ec2:ImportKeyPair",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RunInstances",
        "ec2:TerminateInstances",
        "iam:AddRoleToInstanceProfile",
        "iam:AttachRolePolicy",
        "iam:CreateInstanceProfile",
        "iam:GetInstanceProfile",
        "iam:ListInstanceProfilesForRole",
    ),
    may(
        "how its disks are encrypted is UNKNOWN",
        "ec2:GetEbsDefaultKmsKeyId",
        "ec2:GetEbsEncryptionByDefault",
    ),
    _SECRETS,
    may(_UNMENDED, "scheduler:UpdateSchedule"),
    _POSTURE,
    _PRICES,
    _ORGANISATION,
    _REGISTRY,
)
_REACH = together(
    may(
        "a connection that fails is not explained",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceConnectEndpoints",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeVpcEndpoints",
        "ec2:GetConsoleOutput",
    ),
    may("your key gets in only where the launch put it", "ec2-instance-connect:SendSSHPublicKey"),
    may("certificates of an authority in KMS can't be signed", "kms:Sign"),
    may("there is no way through Session Manager", "ssm:DescribeInstanceInformation"),
    may("there is no way through Session Manager", "ssm:StartSession", "ssm:TerminateSession"),
)
_CONNECT = together(_FIND, _REACH)
# In the region that it launches in: it looks into no other.
_LAUNCH_AND_REACH = together(_LAUNCH, _REACH, _SCHEDULES)
_PROTECT = must("ec2:DescribeInstanceAttribute", "ec2:ModifyInstanceAttribute")
_HOLD = together(_MEND, _PROTECT, must("ec2:CreateTags", "scheduler:DeleteSchedule"))
_UNHOLD = together(_MEND, _REARM, _PROTECT, must("ec2:DeleteTags"))
_EXTEND = together(
    _MEND,
    _REARM,
    _ORGANISATION,
    must("ec2:CreateTags"),
    may("whether its agent follows is UNKNOWN", "ec2:DescribeInstanceAttribute"),
)
_END = together(
    must("ec2:TerminateInstances"),
    may("its schedule is left to cleanup", "scheduler:DeleteSchedule"),
)
_CANCEL = together(_MEND, _END)
_CLEANUP = together(
    _MEND,
    must(
        "ec2:DeleteKeyPair",
        "ec2:DeleteSecurityGroup",
        "ec2:DescribeKeyPairs",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:TerminateInstances",
        "iam:DeleteInstanceProfile",
        "iam:DeleteRole",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
        "iam:GetRole",
        "iam:ListAttachedRolePolicies",
        "iam:ListInstanceProfilesForRole",
        "iam:ListRolePolicies",
        "iam:ListRoles",
        "iam:RemoveRoleFromInstanceProfile",
        "scheduler:DeleteSchedule",
    ),
)
# Pairs and instances of all regions; one that can't be seen keeps a key.
_KEYS = together(_WHO, must("ec2:DescribeInstances", "ec2:DescribeKeyPairs", "ec2:DescribeRegions"))
_ALLOW = together(
    _MEND,
    _POSTURE,
    _OWN_GROUP,
    _ORGANISATION,
    must("ec2:DescribeNetworkInterfaces", "ec2:ModifyNetworkInterfaceAttribute"),
    may("what a prefix list holds is not seen", "ec2:GetManagedPrefixListEntries"),
)
# What an administrator does for those who may only pass roles.
_INSTALL = together(
    _WHO,
    _ROLE_READ,
    _ROLE_MADE,
    _ORGANISATION,
    _SECRETS,
    must(
        "iam:AddRoleToInstanceProfile",
        "iam:AttachRolePolicy",
        "iam:CreateInstanceProfile",
        "iam:GetInstanceProfile",
        "route53:ListHostedZonesByName",
    ),
)

_GUARDRAILS = together(
    _WHO,
    must("iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions"),
    may(
        "whether these stand is UNKNOWN",
        "config:DescribeConfigRules",
        "config:DescribeConfigurationRecorderStatus",
        "ec2:DescribeRegions",
        "ec2:GetAllowedImagesSettings",
        "ec2:GetEbsEncryptionByDefault",
        "ec2:GetImageBlockPublicAccessState",
        "ec2:GetInstanceMetadataDefaults",
        "ec2:GetSnapshotBlockPublicAccessState",
        "organizations:DescribePolicy",
        "organizations:ListPolicies",
        "organizations:ListTargetsForPolicy",
    ),
)
_GUARDRAILS_PUT = must(
    "config:PutConfigRule",
    "ec2:EnableAllowedImagesSettings",
    "ec2:EnableEbsEncryptionByDefault",
    "ec2:EnableImageBlockPublicAccess",
    "ec2:EnableSnapshotBlockPublicAccess",
    "ec2:ModifyInstanceMetadataDefaults",
    "ec2:ReplaceImageCriteriaInAllowedImagesSettings",
    "iam:CreatePolicy",
    "iam:CreatePolicyVersion",
    "iam:DeletePolicyVersion",
    "organizations:AttachPolicy",
    "organizations:CreatePolicy",
    "organizations:UpdatePolicy",
)

# It says what of a launch's needs is missing: with all of them it finds nothing to say.
_DOCTOR = together(
    _LAUNCH,
    may(
        "what these tell is UNKNOWN",
        "ec2:DescribeInstanceConnectEndpoints",
        "ec2:DescribeRegions",
        "ec2:DescribeVpcEndpoints",
        "iam:SimulatePrincipalPolicy",
        "kms:GetKeyPolicy",
        "kms:GetKeyRotationStatus",
        "kms:ListGrants",
        "s3:GetBucketEncryption",
        "s3:GetBucketVersioning",
        "service-quotas:GetServiceQuota",
    ),
)

# Whose policies can't be read is judged as far as they can.
_HOLDERS = together(
    _FIND,
    may(
        "what these tell is UNKNOWN",
        "iam:GetGroupPolicy",
        "iam:GetInstanceProfile",
        "iam:GetPolicy",
        "iam:GetPolicyVersion",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:GetUser",
        "iam:GetUserPolicy",
        "iam:ListAttachedGroupPolicies",
        "iam:ListAttachedRolePolicies",
        "iam:ListAttachedUserPolicies",
        "iam:ListGroupPolicies",
        "iam:ListGroupsForUser",
        "iam:ListRolePolicies",
        "iam:ListUserPolicies",
    ),
)
_OBSERVED = together(
    must("cloudtrail:LookupEvents"),
    may(
        "what trails keep is not seen",
        "cloudtrail:DescribeTrails",
        "cloudtrail:GetEventSelectors",
        "cloudtrail:GetTrailStatus",
        "s3:GetObject",
        "s3:ListObjectsV2",
    ),
    may(
        "instances whose sessions began before the time that is asked about are not seen",
        "iam:ListInstanceProfilesForRole",
    ),
)

NEEDS: Final[Mapping[str, tuple[Need, ...]]] = {
    "launch": _LAUNCH_AND_REACH,
    "list": _MEND,
    "status": together(
        _MEND, _POSTURE, may("what its work said at its end is UNKNOWN", "dynamodb:GetItem")
    ),
    "connect": _CONNECT,
    "network allow": _ALLOW,
    "run": together(_LAUNCH_AND_REACH, _MENDING, _END),
    "cp": _CONNECT,
    "logs": together(_CONNECT, may("what it shipped is not shown", "logs:FilterLogEvents")),
    "ssh-config": _CONNECT,
    "extend": _EXTEND,
    "stop": together(_MEND, must("ec2:StopInstances")),
    "start": together(_MEND, must("ec2:StartInstances")),
    "hibernate": together(_MEND, must("ec2:StopInstances")),
    "hold": _HOLD,
    "unhold": _UNHOLD,
    "cancel": _CANCEL,
    "key create": together(_WHO, must("ec2:DescribeKeyPairs", "ec2:ImportKeyPair")),
    "key list": _KEYS,
    "key rotate": together(_KEYS, must("ec2:ImportKeyPair")),
    "key prune": together(_KEYS, must("ec2:DeleteKeyPair")),
    "cleanup": _CLEANUP,
    "apply": _LAUNCH_AND_REACH,
    "doctor": _DOCTOR,
    "config": _ORGANISATION,
    "ssh-ca init": together(
        _WHO,
        may(
            "the authority's key lies in a file",
            "kms:CreateKey",
            "kms:GetPublicKey",
            "kms:ListResourceTags",
        ),
    ),
    "ssh-ca trust": together(_CONNECT, must("ec2:CreateTags")),
    "ssh-ca sign": together(
        _WHO, may("certificates of an authority in KMS can't be signed", "kms:Sign")
    ),
    "ssh-ca revoke": _FIND,
    "ssh-ca status": _FIND,
    "policy show": _HOLDERS,
    "policy lint": together(_HOLDERS, may("--online is refused", "accessanalyzer:ValidatePolicy")),
    "policy can": together(
        _HOLDERS,
        may(
            "--online is refused",
            "iam:SimulateCustomPolicy",
            "iam:SimulatePrincipalPolicy",
        ),
    ),
    "policy diff": _HOLDERS,
    "policy rightsize": together(_HOLDERS, _OBSERVED),
    "policy install": _INSTALL,
    "guardrails apply": together(_GUARDRAILS, _GUARDRAILS_PUT),
    "guardrails status": _GUARDRAILS,
}
# Who launches machines does not need these; they are printed when they are named.
ADMINISTRATION: Final = frozenset(
    {
        *(command for command in NEEDS if command.startswith(("guardrails ", "policy "))),
        "doctor",
    }
)


def needs_of(commands: Iterable[str]) -> tuple[Need, ...]:
    """Return what the commands need together."""
    return together(*(NEEDS[command] for command in commands))


def commands_of(words: Sequence[str]) -> tuple[str, ...]:
    """Return the commands that the words name; without words, all that a person needs.

    A group's name means all of its commands. Raises InputError for a word that names none.
    """
    if not words:
        return tuple(command for command in NEEDS if command not in ADMINISTRATION)
    found: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        whole = f"{word} {rest[0]}" if rest else ""
        if whole in NEEDS:
            rest.pop(0)
            found.append(whole)
            continue
        named = [one for one in NEEDS if one == word or one.startswith(f"{word} ")]
        if not named:
            raise _unknown(word)
        found.extend(named)
    return tuple(dict.fromkeys(found))


def _unknown(word: str) -> InputError:
    near = difflib.get_close_matches(word, NEEDS, n=1)
    why = f"did you mean {near[0]!r}?" if near else f"those that do: {', '.join(NEEDS)}"
    return InputError(f"there is no command {word!r} that asks AWS anything", why=why)
