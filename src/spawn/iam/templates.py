"""The policies that have a name, such as `s3:ReadOnly` and `dynamodb:WriteOnly@my-table`.

A template is a few rows: actions, and the type of resource that they act on. Without a scope it
reaches this account and region, for S3 spawn's own buckets; `FullAccess` without a scope means
what it says, and is found to be broad by `breadth`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import msgspec

from spawn.core.errors import InputError
from spawn.core.nearest import did_you_mean
from spawn.iam import scopes
from spawn.iam.documents import PolicyDocument, Statement, allow
from spawn.iam.scopes import Place, Reach, Scope, parse_scope


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """A template that was asked for; `name` is its key in the table, "s3:ReadOnly"."""

    name: str
    scope: Scope = Scope()

    @property
    def words(self) -> str:
        """The template as it is typed."""
        scope = str(self.scope.home) if self.scope.home is not None else self.scope.name
        return f"{self.name}@{scope}" if scope else self.name


@dataclass(frozen=True)
class Grant:
    """One row: the actions, and what they act on."""

    actions: tuple[str, ...]
    on: Callable[[Scope, Place], Reach]


_CONSUME = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")
_FIND_QUEUE = ("sqs:GetQueueUrl", "sqs:GetQueueAttributes")
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_DECRYPT = ("kms:Decrypt",)

TEMPLATES: Mapping[str, tuple[Grant, ...]] = {
    "s3:ReadOnly": (
        Grant(("s3:ListBucket",), scopes.own_buckets),
        Grant(("s3:GetObject",), scopes.own_objects),
    ),
    "s3:WriteOnly": (Grant(("s3:PutObject",), scopes.result_objects),),
    "s3:FullAccess": (
        Grant(("s3:*",), scopes.any_bucket),
        Grant(("s3:*",), scopes.any_object),
    ),
    "dynamodb:ReadOnly": (
        Grant(("dynamodb:GetItem", "dynamodb:BatchGetItem"), scopes.table),
        Grant(("dynamodb:Query", "dynamodb:Scan"), scopes.table_and_indexes),
    ),
    "dynamodb:WriteOnly": (Grant(("dynamodb:PutItem", "dynamodb:UpdateItem"), scopes.table),),
    "dynamodb:FullAccess": (Grant(("dynamodb:*",), scopes.table_and_all_below),),
    "logs:WriteOnly": (
        Grant(("logs:CreateLogGroup",), scopes.log_group),
        Grant(("logs:CreateLogStream", "logs:PutLogEvents"), scopes.log_streams),
    ),
    "ecr:ReadOnly": (
        Grant(("ecr:GetAuthorizationToken",), scopes.anything),
        Grant(_PULL, scopes.repository),
    ),
    # A consumer that can't delete what it has worked on is handed it again and again.
    "sqs:ReadOnly": (Grant((*_CONSUME, *_FIND_QUEUE), scopes.queue),),
    "sqs:WriteOnly": (Grant(("sqs:SendMessage", *_FIND_QUEUE), scopes.queue),),
    "sqs:FullAccess": (Grant(("sqs:*",), scopes.queue),),
    "secretsmanager:ReadOnly": (
        Grant(("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"), scopes.secret),
        Grant(_DECRYPT, scopes.secret_key),
    ),
    "ssm:ReadOnly": (
        Grant(("ssm:GetParameter", "ssm:GetParameters"), scopes.parameter),
        Grant(("ssm:GetParametersByPath",), scopes.parameter_path),
        Grant(_DECRYPT, scopes.parameter_key),
    ),
}


class Phrase(msgspec.Struct, frozen=True, kw_only=True):
    """A template for people: `brief` in two or three words, `allows` in a few more.

    `unscoped` are the resources that it is about where no scope is given.
    """

    brief: str
    allows: str
    unscoped: str = "this account and region"


_OWN_BUCKETS = "spawn's own buckets"

PHRASES: Mapping[str, Phrase] = {
    "s3:ReadOnly": Phrase(
        brief="read s3", allows="list the bucket, get objects", unscoped=_OWN_BUCKETS
    ),
    "s3:WriteOnly": Phrase(
        brief="write s3", allows="put objects", unscoped="spawn's own results bucket"
    ),
    "s3:FullAccess": Phrase(
        brief="do everything in s3", allows="everything of S3", unscoped="this account"
    ),
    "dynamodb:ReadOnly": Phrase(brief="read dynamodb", allows="get, query, scan"),
    "dynamodb:WriteOnly": Phrase(brief="write dynamodb", allows="put, update"),
    "dynamodb:FullAccess": Phrase(
        brief="do everything in dynamodb", allows="everything of DynamoDB"
    ),
    "logs:WriteOnly": Phrase(brief="write logs", allows="make groups and streams, put events"),
    "ecr:ReadOnly": Phrase(brief="pull from ecr", allows="pull images"),
    "sqs:ReadOnly": Phrase(brief="receive from sqs", allows="receive, hide, delete messages"),
    "sqs:WriteOnly": Phrase(brief="send to sqs", allows="send messages"),
    "sqs:FullAccess": Phrase(brief="do everything in sqs", allows="everything of SQS"),
    "secretsmanager:ReadOnly": Phrase(brief="read secrets", allows="get secret values"),
    "ssm:ReadOnly": Phrase(brief="read parameters", allows="get parameters"),
}


def brief_words(template: Template) -> str:
    """Say in a few words what a template lets an instance do: "read s3 my-bucket"."""
    phrase = PHRASES[template.name]
    home = template.scope.home
    scope = template.scope.name if home is None else home.resource
    return f"{phrase.brief} {scope or f'of {phrase.unscoped}'}"


# Systems Manager user guide, "Setting up Session Manager", minimal permissions: none of these
# knows a resource but the first, whose resource is the instance, which is yet to be made.
SESSION_MANAGER = PolicyDocument(
    statements=(
        allow(
            (
                "ssm:UpdateInstanceInformation",
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
            ),
            ("*",),
        ),
    )
)


def parse_templates(texts: Iterable[str], *, flag: str = "--iam-policy") -> tuple[Template, ...]:
    """Read templates, several to a text with commas between; each is returned once.

    Raises InputError, naming `flag`, for an unknown service or level (with the nearest one) and
    for a scope that the service can't have.
    """
    words = [word.strip() for text in texts for word in text.split(",")]
    return tuple(dict.fromkeys(_template(word, flag) for word in words))


def _template(word: str, flag: str) -> Template:
    name, at, scope = word.partition("@")
    if name not in TEMPLATES:
        raise InputError(f"{flag} {name!r} is not a template", why=_what_instead(name))
    if not at:
        return Template(name=name)
    return Template(name=name, scope=parse_scope(scope, service=name.partition(":")[0], flag=flag))


def _what_instead(name: str) -> str:
    service, _, _ = name.partition(":")
    of_service = [known for known in TEMPLATES if known.startswith(f"{service}:")]
    hint = did_you_mean(name, of_service or TEMPLATES)
    there_are = f"there are {', '.join(of_service or TEMPLATES)}"
    return f"{hint and f'{hint} '}{there_are}; other actions go into --iam-policy-file"


def statements(
    template: Template, *, partition: str, region: str, account: str, flag: str = "--iam-policy"
) -> tuple[Statement, ...]:
    """Return the statements that the template means in this account and region.

    Raises InputError, naming `flag`, for an ARN of another partition.
    """
    place = Place(partition=partition, region=region, account=account)
    scopes.check_partition(template.scope, place, flag=flag)
    reaches = ((grant, grant.on(template.scope, place)) for grant in TEMPLATES[template.name])
    return tuple(
        allow(grant.actions, reach.arns, reach.conditions) for grant, reach in reaches if reach.arns
    )
