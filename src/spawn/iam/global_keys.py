"""Condition keys that every service has, or that a service gives to all others.

Source: IAM user guide, "AWS global condition context keys". The service tables of `reference`
leave out what is the same for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from spawn.iam.reference import ConditionKey

_TYPES: Mapping[str, tuple[str, ...]] = {
    "String": (
        "aws:AssumedRoot",
        "aws:CalledViaFirst",
        "aws:CalledViaLast",
        "aws:Ec2InstanceSourceVpc",
        "aws:FederatedProvider",
        "aws:PrincipalAccount",
        "aws:PrincipalOrgID",
        "aws:PrincipalServiceName",
        "aws:PrincipalTag/${TagKey}",
        "aws:PrincipalType",
        "aws:RequestedRegion",
        "aws:RequestTag/${TagKey}",
        "aws:ResourceAccount",
        "aws:ResourceOrgID",
        "aws:ResourceTag/${TagKey}",
        "aws:SourceAccount",
        "aws:SourceIdentity",
        "aws:SourceOrgID",
        "aws:SourceVpc",
        "aws:SourceVpce",
        "aws:UserAgent",
        "aws:VpceAccount",
        "aws:VpceOrgID",
        "aws:referer",
        "aws:userid",
        "aws:username",
        "ec2:RoleDelivery",
        "glue:CredentialIssuingService",
        "glue:RoleAssumedBy",
        "identitystore:UserId",
    ),
    "ArrayOfString": (
        "aws:CalledVia",
        "aws:PrincipalOrgPaths",
        "aws:PrincipalServiceNamesList",
        "aws:ResourceOrgPaths",
        "aws:SourceOrgPaths",
        "aws:TagKeys",
        "aws:VpceOrgPaths",
    ),
    "ARN": (
        "aws:ChatbotSourceArn",
        "aws:PrincipalArn",
        "aws:SignInSessionArn",
        "aws:SourceArn",
        "aws:SourceVpcArn",
        "codebuild:BuildArn",
        "codebuild:ProjectArn",
        "ec2:SourceInstanceArn",
        "lambda:SourceFunctionArn",
        "ssm:SourceInstanceArn",
    ),
    "Bool": (
        "aws:IsMcpServiceAction",
        "aws:MultiFactorAuthPresent",
        "aws:PrincipalIsAWSService",
        "aws:SecureTransport",
        "aws:ViaAWSMCPService",
        "aws:ViaAWSService",
    ),
    "IPAddress": ("aws:Ec2InstanceSourcePrivateIPv4", "aws:SourceIp", "aws:VpcSourceIp"),
    "Date": ("aws:CurrentTime", "aws:EpochTime", "aws:TokenIssueTime"),
    "Numeric": ("aws:MultiFactorAuthAge",),
}

GLOBAL_KEYS: Final[Mapping[str, ConditionKey]] = {
    key.lower(): ConditionKey(key=key, type=type_) for type_, keys in _TYPES.items() for key in keys
}
