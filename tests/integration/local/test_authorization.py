"""Role sessions and users may do what their policies say, and are told what they may not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local.conftest import ADMIN_TRUST, Account, document

ACCOUNT_ID = "123456789012"


def _denied(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    error = refused.value.response["Error"]
    assert error["Code"] in {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
    return str(error["Message"])


def test_a_role_reaches_its_own_bucket_only(account: Account) -> None:
    """Objects of the allowed prefix can be read; the neighbour's, and the list, can't."""
    s3 = account.client("s3")
    for bucket in ("mine", "other"):
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="data/1", Body=b"hello")
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::mine/data/*"}
    session = account.assume(account.role("r", trusts=ADMIN_TRUST, allows=[allow]))
    theirs = account.client("s3", session)
    assert theirs.get_object(Bucket="mine", Key="data/1")["Body"].read() == b"hello"
    message = _denied(lambda: theirs.get_object(Bucket="other", Key="data/1"))
    assert message == (
        f"User: arn:aws:sts::{ACCOUNT_ID}:assumed-role/r/session is not authorized to perform: "
        's3:GetObject on resource: "arn:aws:s3:::other/data/1" because no identity-based policy '
        "allows the s3:GetObject action"
    )
    _denied(lambda: theirs.list_objects_v2(Bucket="mine"))
    _denied(lambda: theirs.put_object(Bucket="mine", Key="data/2", Body=b""))


def test_a_denied_call_does_nothing(account: Account) -> None:
    """What is refused has no effect."""
    s3 = account.client("s3")
    s3.create_bucket(Bucket="bucket")
    session = account.assume(account.role("r", trusts=ADMIN_TRUST, allows=[]))
    _denied(lambda: account.client("s3", session).put_object(Bucket="bucket", Key="k", Body=b"x"))
    assert s3.list_objects_v2(Bucket="bucket")["KeyCount"] == 0


def test_tags_decide_who_may_end_what(account: Account) -> None:
    """ec2:ResourceTag lets an owner end their own instance, and a hold forbids even that."""
    allow = {
        "Effect": "Allow",
        "Action": "ec2:TerminateInstances",
        "Resource": f"arn:aws:ec2:*:{ACCOUNT_ID}:instance/*",
        "Condition": {
            "StringEquals": {"ec2:ResourceTag/owner": "me"},
            "Null": {"ec2:ResourceTag/spawn:hold": "true"},
        },
    }
    session = account.assume(account.role("r", trusts=ADMIN_TRUST, allows=[allow]))
    ec2 = account.client("ec2", session)
    mine = _owned(account, "me")
    not_mine = _owned(account, "you")
    message = _denied(lambda: ec2.terminate_instances(InstanceIds=[mine, not_mine]))
    assert f"instance/{not_mine}" in message
    assert account.describe(mine)["State"]["Name"] != "shutting-down"
    hold = [{"Key": "spawn:hold", "Value": "case-1"}]
    account.client("ec2").create_tags(Resources=[mine], Tags=hold)
    _denied(lambda: ec2.terminate_instances(InstanceIds=[mine]))
    account.client("ec2").delete_tags(Resources=[mine], Tags=[{"Key": "spawn:hold"}])
    ec2.terminate_instances(InstanceIds=[mine])


def _owned(account: Account, owner: str) -> str:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "owner", "Value": owner}]}]
    return str(account.launch(TagSpecifications=tags)["InstanceId"])


def test_a_session_named_like_an_instance_is_none(account: Account) -> None:
    """Only what metadata vended carries an instance: a session's name proves nothing."""
    box = str(account.launch()["InstanceId"])
    itself = {"ec2:SourceInstanceARN": "arn:aws:ec2:*:*:instance/${ec2:InstanceId}"}
    allow = {
        "Effect": "Allow",
        "Action": "ec2:StopInstances",
        "Resource": "*",
        "Condition": {"ArnLike": itself},
    }
    role = account.role("r", trusts=ADMIN_TRUST, allows=[allow])
    answer = account.client("sts").assume_role(RoleArn=role, RoleSessionName=box)
    assert answer["AssumedRoleUser"]["AssumedRoleId"].endswith(f":{box}")
    credentials = answer["Credentials"]
    keys = type(account.admin)(
        access_key_id=credentials["AccessKeyId"],
        secret=credentials["SecretAccessKey"],
        token=credentials["SessionToken"],
    )
    _denied(lambda: account.client("ec2", keys).stop_instances(InstanceIds=[box]))


def test_a_denial_of_ec2_can_be_decoded(account: Account) -> None:
    """The encoded message becomes action and resource again."""
    session = account.assume(account.role("r", trusts=ADMIN_TRUST, allows=[]))
    message = _denied(lambda: account.client("ec2", session).create_vpc(CidrBlock="10.0.0.0/16"))
    encoded = message.partition("failure message: ")[2]
    decoded = account.client("sts").decode_authorization_message(EncodedMessage=encoded)
    assert '"ec2:CreateVpc"' in decoded["DecodedMessage"]


def test_a_boundary_narrows_and_groups_widen(account: Account) -> None:
    """A user has the groups' policies; a role no more than its boundary allows."""
    iam = account.client("iam")
    everything = document({"Effect": "Allow", "Action": "*", "Resource": "*"})
    only_lists = document({"Effect": "Allow", "Action": "iam:ListRoles", "Resource": "*"})
    arn = iam.create_policy(PolicyName="lists", PolicyDocument=only_lists)["Policy"]["Arn"]
    role = account.role(
        "r", trusts=ADMIN_TRUST, allows=[{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    )
    iam.put_role_permissions_boundary(RoleName="r", PermissionsBoundary=arn)
    bounded = account.client("iam", account.assume(role))
    bounded.list_roles()
    assert "no permissions boundary allows" in _denied(bounded.list_users)
    iam.create_group(GroupName="g")
    iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=everything)
    iam.create_user(UserName="u")
    key = iam.create_access_key(UserName="u")["AccessKey"]
    keys = type(account.admin)(access_key_id=key["AccessKeyId"], secret=key["SecretAccessKey"])
    _denied(account.client("iam", keys).list_users)
    iam.add_user_to_group(GroupName="g", UserName="u")
    account.client("iam", keys).list_users()


def test_a_role_is_taken_by_whom_it_trusts(account: Account) -> None:
    """Without trust there is no session, whoever asks; nor is there for a role that is not."""
    role = account.role("r", trusts={"Principal": {"Service": "ec2.amazonaws.com"}}, allows=[])
    _denied(lambda: account.assume(role))
    _denied(lambda: account.assume(f"arn:aws:iam::{ACCOUNT_ID}:role/nobody"))


def test_passing_a_role_is_a_permission(account: Account) -> None:
    """Who may launch may not give the instance just any role."""
    iam = account.client("iam")
    account.role("box", trusts={"Principal": {"Service": "ec2.amazonaws.com"}}, allows=[])
    iam.create_instance_profile(InstanceProfileName="box")
    iam.add_role_to_instance_profile(InstanceProfileName="box", RoleName="box")
    launch = {"Effect": "Allow", "Action": ["ec2:*"], "Resource": "*"}
    session = account.assume(account.role("launcher", trusts=ADMIN_TRUST, allows=[launch]))
    image = account.image_id()

    def run() -> Any:
        return account.client("ec2", session).run_instances(
            ImageId=image,
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            IamInstanceProfile={"Name": "box"},
        )

    assert "iam:PassRole" in _denied(run)
    passing = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*/box"}
    iam.put_role_policy(
        RoleName="launcher",
        PolicyName="pass",
        PolicyDocument=document({**passing, "Resource": f"arn:aws:iam::{ACCOUNT_ID}:role/box"}),
    )
    assert run()["Instances"]


def test_a_secret_under_a_customer_key_needs_the_key(account: Account) -> None:
    """Reading the secret is denied until the key may be used through Secrets Manager."""
    key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    account.client("secretsmanager").create_secret(Name="app", SecretString="x", KmsKeyId=key)
    read = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    role = account.role("r", trusts=ADMIN_TRUST, allows=[read])
    secrets = account.client("secretsmanager", account.assume(role))
    assert "kms:Decrypt" in _denied(lambda: secrets.get_secret_value(SecretId="app"))
    via = {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}
    decrypt = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key, "Condition": via}
    account.client("iam").put_role_policy(
        RoleName="r", PolicyName="key", PolicyDocument=document(decrypt)
    )
    assert secrets.get_secret_value(SecretId="app")["SecretString"] == "x"
