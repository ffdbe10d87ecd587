"""Each template of a policy lets an instance's role do exactly what its name says, nowhere else.

The role's sessions are asked by botocore, one call for each action of the template: on the thing
that it names, and on its neighbour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from spawn.iam.documents import PolicyDocument, canonical_json
from spawn.iam.templates import TEMPLATES, parse_templates, statements
from tests.integration.local.conftest import ADMIN_TRUST, Account, Keys

ACCOUNT_ID = "123456789012"
REGION = "us-east-1"
DENIALS = frozenset({"AccessDenied", "AccessDeniedException", "403"})
ITEM = {"id": {"S": "1"}}


@dataclass(frozen=True)
class Trial:
    """A call that an action permits: on the thing of that name, made by whose clients."""

    service: str
    call: Callable[[Any, str], Any]


def _queue(name: str) -> str:
    return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT_ID}/{name}"


_STREAM = {"logStreamName": "s"}
_EVENTS = [{"timestamp": 0, "message": "m"}]

# One call for each action. What it answers when it is permitted doesn't matter here.
TRIALS: Mapping[str, Trial] = {
    "s3:ListBucket": Trial("s3", lambda c, n: c.list_objects_v2(Bucket=n)),
    "s3:GetObject": Trial("s3", lambda c, n: c.get_object(Bucket=n, Key="k")),
    "s3:PutObject": Trial("s3", lambda c, n: c.put_object(Bucket=n, Key="k", Body=b"x")),
    "s3:DeleteObject": Trial("s3", lambda c, n: c.delete_object(Bucket=n, Key="gone")),
    "s3:GetBucketLocation": Trial("s3", lambda c, n: c.get_bucket_location(Bucket=n)),
    "dynamodb:GetItem": Trial("dynamodb", lambda c, n: c.get_item(TableName=n, Key=ITEM)),
    "dynamodb:BatchGetItem": Trial(
        "dynamodb", lambda c, n: c.batch_get_item(RequestItems={n: {"Keys": [ITEM]}})
    ),
    "dynamodb:Query": Trial(
        "dynamodb",
        lambda c, n: c.query(
            TableName=n,
            KeyConditionExpression="id = :i",
            ExpressionAttributeValues={":i": {"S": "1"}},
        ),
    ),
    "dynamodb:Scan": Trial("dynamodb", lambda c, n: c.scan(TableName=n)),
    "dynamodb:PutItem": Trial("dynamodb", lambda c, n: c.put_item(TableName=n, Item=ITEM)),
    "dynamodb:UpdateItem": Trial("dynamodb", lambda c, n: c.update_item(TableName=n, Key=ITEM)),
    "dynamodb:DeleteItem": Trial("dynamodb", lambda c, n: c.delete_item(TableName=n, Key=ITEM)),
    "logs:CreateLogGroup": Trial("logs", lambda c, n: c.create_log_group(logGroupName=n)),
    "logs:CreateLogStream": Trial(
        "logs", lambda c, n: c.create_log_stream(logGroupName=n, logStreamName="new")
    ),
    "logs:PutLogEvents": Trial(
        "logs", lambda c, n: c.put_log_events(logGroupName=n, **_STREAM, logEvents=_EVENTS)
    ),
    "logs:GetLogEvents": Trial("logs", lambda c, n: c.get_log_events(logGroupName=n, **_STREAM)),
    "ecr:GetAuthorizationToken": Trial("ecr", lambda c, n: c.get_authorization_token()),
    "ecr:BatchCheckLayerAvailability": Trial(
        "ecr",
        lambda c, n: c.batch_check_layer_availability(
            repositoryName=n, layerDigests=["sha256:" + "0" * 64]
        ),
    ),
    "ecr:BatchGetImage": Trial(
        "ecr", lambda c, n: c.batch_get_image(repositoryName=n, imageIds=[{"imageTag": "v1"}])
    ),
    "ecr:GetDownloadUrlForLayer": Trial(
        "ecr",
        lambda c, n: c.get_download_url_for_layer(
            repositoryName=n, layerDigest="sha256:" + "0" * 64
        ),
    ),
    "ecr:DescribeImages": Trial("ecr", lambda c, n: c.describe_images(repositoryName=n)),
    "sqs:ReceiveMessage": Trial("sqs", lambda c, n: c.receive_message(QueueUrl=_queue(n))),
    "sqs:DeleteMessage": Trial(
        "sqs", lambda c, n: c.delete_message(QueueUrl=_queue(n), ReceiptHandle="none")
    ),
    "sqs:ChangeMessageVisibility": Trial(
        "sqs",
        lambda c, n: c.change_message_visibility(
            QueueUrl=_queue(n), ReceiptHandle="none", VisibilityTimeout=1
        ),
    ),
    "sqs:GetQueueUrl": Trial("sqs", lambda c, n: c.get_queue_url(QueueName=n)),
    "sqs:GetQueueAttributes": Trial("sqs", lambda c, n: c.get_queue_attributes(QueueUrl=_queue(n))),
    "sqs:SendMessage": Trial(
        "sqs", lambda c, n: c.send_message(QueueUrl=_queue(n), MessageBody="m")
    ),
    "sqs:PurgeQueue": Trial("sqs", lambda c, n: c.purge_queue(QueueUrl=_queue(n))),
    "secretsmanager:GetSecretValue": Trial(
        "secretsmanager", lambda c, n: c.get_secret_value(SecretId=n)
    ),
    "secretsmanager:DescribeSecret": Trial(
        "secretsmanager", lambda c, n: c.describe_secret(SecretId=n)
    ),
    "secretsmanager:PutSecretValue": Trial(
        "secretsmanager", lambda c, n: c.put_secret_value(SecretId=n, SecretString="y")
    ),
    "ssm:GetParameter": Trial("ssm", lambda c, n: c.get_parameter(Name=n, WithDecryption=True)),
    "ssm:GetParameters": Trial("ssm", lambda c, n: c.get_parameters(Names=[n])),
    "ssm:GetParametersByPath": Trial(
        "ssm", lambda c, n: c.get_parameters_by_path(Path=n.rpartition("/")[0])
    ),
    "ssm:PutParameter": Trial(
        "ssm", lambda c, n: c.put_parameter(Name=n, Value="y", Type="String", Overwrite=True)
    ),
    # A key is used through the service that keeps the secret, and never by itself.
    "kms:Decrypt": Trial("kms", lambda c, n: c.encrypt(KeyId="alias/mine", Plaintext=b"x")),
}


@dataclass(frozen=True)
class Case:
    """What a template is narrowed to, the thing beside it, and an action that it lacks."""

    mine: str
    other: str
    lacks: str
    sample: tuple[str, ...] = ()  # of the actions behind a "*"
    scope: str = ""  # where it is more than the thing's name


_S3_ALL = ("s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject")
_TABLE_ALL = ("dynamodb:GetItem", "dynamodb:Scan", "dynamodb:PutItem", "dynamodb:DeleteItem")
_QUEUE_ALL = ("sqs:ReceiveMessage", "sqs:SendMessage", "sqs:PurgeQueue", "sqs:GetQueueUrl")
CASES: Mapping[str, Case] = {
    "s3:ReadOnly": Case("mine", "other", "s3:PutObject"),
    "s3:WriteOnly": Case("mine", "other", "s3:GetObject"),
    "s3:FullAccess": Case("mine", "other", "dynamodb:Scan", _S3_ALL),
    "dynamodb:ReadOnly": Case("mine", "other", "dynamodb:PutItem"),
    "dynamodb:WriteOnly": Case("mine", "other", "dynamodb:GetItem"),
    "dynamodb:FullAccess": Case("mine", "other", "sqs:SendMessage", _TABLE_ALL),
    "logs:WriteOnly": Case("/app/mine", "/app/other", "logs:GetLogEvents"),
    "ecr:ReadOnly": Case("team/mine", "team/other", "ecr:DescribeImages"),
    "sqs:ReadOnly": Case("mine", "other", "sqs:SendMessage"),
    "sqs:WriteOnly": Case("mine", "other", "sqs:ReceiveMessage"),
    "sqs:FullAccess": Case("mine", "other", "s3:ListBucket", _QUEUE_ALL),
    "secretsmanager:ReadOnly": Case("app/mine", "app/other", "secretsmanager:PutSecretValue"),
    "ssm:ReadOnly": Case("/mine/key", "/other/key", "ssm:PutParameter", scope="/mine/*"),
}
_ON_NOTHING = frozenset({"ecr:GetAuthorizationToken"})  # these have no neighbour
_NEVER_BY_ITSELF = frozenset({"kms:Decrypt"})


def _furnish(account: Account, service: str, case: Case) -> None:
    """Two things of a service: the one that the template names, and the one beside it."""
    client = account.client(service)
    for name in (case.mine, case.other):
        _make(account, client, service, name)


def _make(account: Account, client: Any, service: str, name: str) -> None:
    match service:
        case "s3":
            client.create_bucket(Bucket=name)
            client.put_object(Bucket=name, Key="k", Body=b"x")
        case "dynamodb":
            client.create_table(
                TableName=name,
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        case "logs":
            client.create_log_group(logGroupName=name)
            client.create_log_stream(logGroupName=name, **_STREAM)
        case "ecr":
            client.create_repository(repositoryName=name)
        case "sqs":
            client.create_queue(QueueName=name)
        case "secretsmanager":
            client.create_secret(Name=name, SecretString="x", KmsKeyId=_key(account))
        case "ssm":
            client.put_parameter(Name=name, Value="x", Type="SecureString", KeyId=_key(account))


def _key(account: Account) -> str:
    """The customer key of the test, made once."""
    kms = account.client("kms")
    aliases = {alias["AliasName"]: alias for alias in kms.list_aliases()["Aliases"]}
    if "alias/mine" not in aliases:
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    return str(kms.describe_key(KeyId="alias/mine")["KeyMetadata"]["Arn"])


def _is_denied(account: Account, keys: Keys, action: str, name: str) -> bool:
    """Whether a call is refused for want of a permission: any other answer is a permitted one."""
    trial = TRIALS[action]
    try:
        trial.call(account.client(trial.service, keys), name)
    except ClientError as error:
        return str(error.response["Error"]["Code"]) in DENIALS
    return False


def _role_of(account: Account, template: str, case: Case) -> Keys:
    [parsed] = parse_templates([f"{template}@{case.scope or case.mine}"])
    document = PolicyDocument(
        statements=statements(parsed, partition="aws", region=REGION, account=ACCOUNT_ID)
    )
    arn = account.role("box", trusts=ADMIN_TRUST, allows=[])
    account.client("iam").put_role_policy(
        RoleName="box", PolicyName="spawn", PolicyDocument=canonical_json(document)
    )
    return account.assume(arn)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_gives_what_it_says_and_no_more(account: Account, template: str) -> None:
    """Each of its actions works on what it names; the neighbouring thing and action are denied."""
    case = CASES[template]
    for service in {template.partition(":")[0], TRIALS[case.lacks].service}:
        _furnish(account, service, case)
    keys = _role_of(account, template, case)
    granted = {action for grant in TEMPLATES[template] for action in grant.actions}
    actions = [each for each in granted if not each.endswith("*")] or list(case.sample)
    for action in actions:
        is_denied = _is_denied(account, keys, action, case.mine)
        assert is_denied == (action in _NEVER_BY_ITSELF), f"{action} on {case.mine}"
        if action not in _ON_NOTHING:
            assert _is_denied(account, keys, action, case.other), f"{action} on {case.other}"
    assert _is_denied(account, keys, case.lacks, case.mine), f"{case.lacks} on {case.mine}"
