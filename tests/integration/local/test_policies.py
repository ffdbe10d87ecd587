"""Every kind of policy bears on a call as on AWS, and a refusal says which kind refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.local.conftest import ADMIN_TRUST, Account, Keys, document, refusal

ACCOUNT_ID = "123456789012"
ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/r"
SESSION = f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/r/session"
DENIALS = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


def _session(account: Account, *allows: dict[str, Any]) -> Keys:
    return account.assume(account.role("r", trusts=ADMIN_TRUST, allows=list(allows)))


def _denied(call: Callable[..., Any], **parameters: Any) -> str:
    code, message = refusal(call, **parameters)
    assert code in DENIALS, message
    return message


def _user(account: Account, name: str, **parameters: Any) -> Keys:
    """A new IAM user who may do everything, and their key."""
    iam = account.client("iam")
    iam.create_user(UserName=name, **parameters)
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=document(ALL))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Keys(access_key_id=key["AccessKeyId"], secret=key["SecretAccessKey"])


def test_a_bucket_s_policy_gives_and_takes(account: Account) -> None:
    """What it allows a role needs no more; what it denies nobody may, not even administrators."""
    s3 = account.client("s3")
    s3.create_bucket(Bucket="mine")
    s3.put_object(Bucket="mine", Key="open/1", Body=b"x")
    theirs = account.client("s3", _session(account))
    _denied(theirs.get_object, Bucket="mine", Key="open/1")
    s3.put_bucket_policy(
        Bucket="mine",
        Policy=document(
            {
                "Effect": "Allow",
                "Principal": {"AWS": ROLE},
                "Action": "s3:GetObject",
                "Resource": "arn:aws:s3:::mine/open/*",
            },
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:PutObject",
                "Resource": "arn:aws:s3:::mine/*",
            },
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": ["arn:aws:s3:::mine", "arn:aws:s3:::mine/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ),
    )
    assert theirs.get_object(Bucket="mine", Key="open/1")["Body"].read() == b"x"
    message = _denied(s3.put_object, Bucket="mine", Key="k", Body=b"")
    assert message == (
        f"User: arn:aws:iam::{ACCOUNT_ID}:user/admin is not authorized to perform: s3:PutObject on "
        'resource: "arn:aws:s3:::mine/k" with an explicit deny in a resource-based policy'
    )


def test_a_queue_s_policy_lets_a_role_in(account: Account) -> None:
    """SQS names actions in lower case in its refusals, and allows what a queue's policy does."""
    sqs = account.client("sqs")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT_ID}:jobs"
    theirs = account.client("sqs", _session(account))
    message = _denied(theirs.send_message, QueueUrl=url, MessageBody="m")
    assert message == (
        f"User: {SESSION} is not authorized to perform: sqs:sendmessage on resource: {arn} because "
        "no identity-based policy allows the sqs:sendmessage action"
    )
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": SESSION},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document(statement)})
    theirs.send_message(QueueUrl=url, MessageBody="m")
    _denied(theirs.receive_message, QueueUrl=url)


def test_secrets_and_repositories_have_policies(account: Account) -> None:
    """What their own policies allow needs no other; what they deny stays denied."""
    secrets, ecr = account.client("secretsmanager"), account.client("ecr")
    secrets.create_secret(Name="app", SecretString="x")
    ecr.create_repository(repositoryName="app")
    keys = _session(account, {**ALL, "Action": "ecr:*"})
    allow = {
        "Effect": "Allow",
        "Principal": {"AWS": ROLE},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    }
    secrets.put_resource_policy(SecretId="app", ResourcePolicy=document(allow))
    deny = {"Effect": "Deny", "Principal": {"AWS": ROLE}, "Action": "ecr:BatchGetImage"}
    ecr.set_repository_policy(repositoryName="app", policyText=document(deny))
    account.client("secretsmanager", keys).get_secret_value(SecretId="app")
    message = _denied(
        account.client("ecr", keys).batch_get_image,
        repositoryName="app",
        imageIds=[{"imageTag": "v"}],
    )
    assert "with an explicit deny in a resource-based policy" in message


def test_a_key_s_policy_must_let_the_account_in(account: Account) -> None:
    """A key that trusts one role alone is closed to others, but by a grant."""
    kms = account.client("kms")
    only = {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "kms:*", "Resource": "*"}
    keys = _session(account)
    arn = kms.create_key(Policy=document(only))["KeyMetadata"]["Arn"]
    theirs = account.client("kms", keys)
    sealed = theirs.encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]
    assert "no resource-based policy allows the kms:Decrypt" in _denied(
        kms.decrypt, CiphertextBlob=sealed
    )
    admin = account.client("sts").get_caller_identity()["Arn"]
    theirs.create_grant(KeyId=arn, GranteePrincipal=admin, Operations=["Decrypt"])
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    _denied(kms.encrypt, KeyId=arn, Plaintext=b"x")


def test_a_user_s_boundary_limits_them(account: Account) -> None:
    """A boundary is kept, shown and applied for users as for roles, from the first."""
    iam = account.client("iam")
    only = {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}
    lists = iam.create_policy(PolicyName="lists", PolicyDocument=document(only))["Policy"]["Arn"]
    assert refusal(iam.create_user, UserName="x", PermissionsBoundary=f"{lists}x")[0] == (
        "NoSuchEntity"
    )
    bounded = account.client("iam", _user(account, "u", PermissionsBoundary=lists))
    shown = iam.get_user(UserName="u")["User"]["PermissionsBoundary"]
    assert shown["PermissionsBoundaryArn"] == lists
    bounded.list_users()
    assert "because no permissions boundary allows the iam:ListRoles action" in _denied(
        bounded.list_roles
    )
    iam.delete_user_permissions_boundary(UserName="u")
    bounded.list_roles()
    iam.put_user_permissions_boundary(UserName="u", PermissionsBoundary=lists)
    _denied(bounded.list_roles)


def test_each_level_of_an_organisation_must_allow(account: Account) -> None:
    """Service control policies bind everybody in a member account, its administrator included."""
    iam = account.client("iam")
    no_users = {"Effect": "Deny", "Action": "iam:CreateUser", "Resource": "*"}
    root = [{"Version": "2012-10-17", "Statement": [ALL, no_users]}]
    unit = [{"Version": "2012-10-17", "Statement": [{**ALL, "Action": ["iam:*", "s3:*"]}]}]
    account.set_switches(service_control_policies=[root, unit])
    assert "with an explicit deny in a service control policy" in _denied(
        iam.create_user, UserName="u"
    )
    message = _denied(account.client("ec2").describe_vpcs)
    assert "because no service control policy allows the ec2:DescribeVpcs action" in message
    iam.list_users()
    account.set_switches(service_control_policies=[])
    iam.create_user(UserName="u")


def test_a_policy_for_a_session_narrows_it(account: Account) -> None:
    """A session has what both its role and its own policy allow."""
    role = account.role("r", trusts=ADMIN_TRUST, allows=[ALL])
    only = document({"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"})
    answer = account.client("sts").assume_role(
        RoleArn=role, RoleSessionName="session", Policy=only
    )["Credentials"]
    keys = Keys(
        access_key_id=answer["AccessKeyId"],
        secret=answer["SecretAccessKey"],
        token=answer["SessionToken"],
    )
    account.client("iam", keys).list_users()
    assert "because no session policy allows the iam:ListRoles action" in _denied(
        account.client("iam", keys).list_roles
    )


def test_the_tags_of_a_session_are_its_principal_s(account: Account) -> None:
    """A session's tags stand above its role's, and need a right of their own."""
    own = {"StringEquals": {"aws:PrincipalTag/team": "blue"}}
    allow = {**ALL, "Action": "iam:ListUsers", "Condition": own}
    trust = {"Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    role = account.role("r", trusts=trust, allows=[allow])
    _denied(account.client("iam", account.assume(role)).list_users)
    tagged = {"Tags": [{"Key": "team", "Value": "blue"}]}
    answer = account.client("sts").assume_role(RoleArn=role, RoleSessionName="blue", **tagged)
    keys = Keys(
        access_key_id=answer["Credentials"]["AccessKeyId"],
        secret=answer["Credentials"]["SecretAccessKey"],
        token=answer["Credentials"]["SessionToken"],
    )
    account.client("iam", keys).list_users()


def test_an_encoded_denial_tells_the_statement_that_denied(account: Account) -> None:
    """It can be decoded by whoever may, and only where this cloud has encoded it."""
    deny = {"Sid": "NoVpcs", "Effect": "Deny", "Action": "ec2:CreateVpc", "Resource": "*"}
    keys = _session(account, {**ALL, "Action": "ec2:*"}, deny)
    message = _denied(account.client("ec2", keys).create_vpc, CidrBlock="10.0.0.0/16")
    assert "with an explicit deny in an identity-based policy" in message
    encoded = message.partition("failure message: ")[2]
    sts = account.client("sts")
    told = json.loads(sts.decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"])
    [statement] = told["matchedStatements"]["items"]
    assert (told["explicitDeny"], statement["statementId"]) == (True, "NoVpcs")
    assert told["context"]["principal"]["arn"] == SESSION
    _denied(account.client("sts", keys).decode_authorization_message, EncodedMessage=encoded)
    code, _ = refusal(sts.decode_authorization_message, EncodedMessage=encoded[:-8] + "AAAAAAAA")
    assert code == "InvalidAuthorizationMessageException"


def test_a_launch_can_be_held_to_types_and_encryption(account: Account) -> None:
    """Conditions hold on the resources of a launch that know them, as AWS documents them."""
    base = f"arn:aws:ec2:*:{ACCOUNT_ID}"
    image = account.image_id()
    others = [f"{base}:{kind}/*" for kind in ("subnet", "security-group", "network-interface")]
    keys = _session(
        account,
        {**ALL, "Action": "ec2:RunInstances", "Resource": [*others, "arn:aws:ec2:*::image/*"]},
        {
            **ALL,
            "Action": "ec2:RunInstances",
            "Resource": f"{base}:instance/*",
            "Condition": {
                "StringEquals": {
                    "ec2:InstanceType": "t3.micro",
                    "ec2:MetadataHttpTokens": "required",
                }
            },
        },
        {
            **ALL,
            "Action": "ec2:RunInstances",
            "Resource": f"{base}:volume/*",
            "Condition": {"Bool": {"ec2:Encrypted": "true"}},
        },
    )
    ec2 = account.client("ec2", keys)
    asked = {
        "ImageId": image,
        "InstanceType": "t3.micro",
        "MinCount": 1,
        "MaxCount": 1,
        "MetadataOptions": {"HttpTokens": "required"},
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True}}],
        "DryRun": True,
    }
    assert refusal(ec2.run_instances, **asked)[0] == "DryRunOperation"
    changes: tuple[dict[str, Any], ...] = (
        {"InstanceType": "t3.large"},
        {"MetadataOptions": {"HttpTokens": "optional"}},
        {"BlockDeviceMappings": []},
    )
    for change in changes:
        _denied(ec2.run_instances, **{**asked, **change})


def test_the_simulator_decides_as_the_cloud_does(account: Account) -> None:
    """Its words are IAM's, and a boundary and the organisation are told apart."""
    iam = account.client("iam")
    deny = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}
    mine = {"StringEquals": {"aws:PrincipalTag/team": "a"}}
    account.role(
        "r",
        trusts=ADMIN_TRUST,
        allows=[{**ALL, "Action": "s3:*", "Condition": mine}, deny],
    )
    actions = ["s3:GetObject", "s3:PutObject", "iam:ListUsers"]
    team = {
        "ContextKeyName": "aws:PrincipalTag/team",
        "ContextKeyType": "string",
        "ContextKeyValues": ["a"],
    }

    def decisions(**more: Any) -> list[str]:
        answer = iam.simulate_principal_policy(PolicySourceArn=ROLE, ActionNames=actions, **more)
        return [each["EvalDecision"] for each in answer["EvaluationResults"]]

    assert decisions(ContextEntries=[team]) == ["allowed", "explicitDeny", "implicitDeny"]
    answer = iam.simulate_principal_policy(PolicySourceArn=ROLE, ActionNames=actions[:1])
    [result] = answer["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny"
    assert result["MissingContextValues"] == ["aws:principaltag/team"]
    custom = iam.simulate_custom_policy(
        PolicyInputList=[document({**ALL, "Action": "s3:GetObject"})],
        ActionNames=actions[:2],
        ResourceArns=["arn:aws:s3:::b/k"],
    )
    assert [each["EvalDecision"] for each in custom["EvaluationResults"]] == [
        "allowed",
        "implicitDeny",
    ]
    assert custom["EvaluationResults"][0]["MatchedStatements"]
    assert refusal(iam.simulate_principal_policy, PolicySourceArn=f"{ROLE}x", ActionNames=actions)[
        0
    ] == ("NoSuchEntity")
    with pytest.raises(iam.exceptions.InvalidInputException):
        iam.simulate_custom_policy(PolicyInputList=["{"], ActionNames=actions)


def test_what_there_is_can_be_told_by_its_attributes(account: Account) -> None:
    """Condition keys of each kind of resource are the resource's own, of a key pair too."""
    ec2 = account.client("ec2")
    ec2.create_key_pair(KeyName="mine")
    box = account.launch(KeyName="mine")
    volume = box["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    interface = box["NetworkInterfaces"][0]["NetworkInterfaceId"]
    group = box["SecurityGroups"][0]["GroupId"]
    own: tuple[tuple[str, dict[str, Any], dict[str, str]], ...] = (
        ("delete_key_pair", {"KeyName": "mine"}, {"ec2:KeyPairName": "mine"}),
        (
            "terminate_instances",
            {"InstanceIds": [box["InstanceId"]]},
            {"ec2:InstanceType": "t3.micro"},
        ),
        ("delete_volume", {"VolumeId": volume}, {"ec2:VolumeID": volume}),
        ("delete_snapshot", {"SnapshotId": snapshot}, {"ec2:SnapshotID": snapshot}),
        (
            "delete_network_interface",
            {"NetworkInterfaceId": interface},
            {"ec2:NetworkInterfaceID": interface},
        ),
        ("delete_security_group", {"GroupId": group}, {"ec2:SecurityGroupID": group}),
        ("delete_subnet", {"SubnetId": box["SubnetId"]}, {"ec2:SubnetID": box["SubnetId"]}),
    )
    keys = _session(
        account,
        *(
            {**ALL, "Action": "ec2:*", "Condition": {"StringEquals": wanted}}
            for _, _, wanted in own
        ),
    )
    theirs = account.client("ec2", keys)
    for operation, asked, _ in own:
        code, message = refusal(getattr(theirs, operation), **asked, DryRun=True)
        assert code == "DryRunOperation", message
