"""What an event of CloudTrail's says of permissions: which action was used, and on what. Pure.

An event is named after the API's operation, not after IAM's action, and it says what it was about
in up to three places:

1. `resources`, where the service tells ARNs: kept where the action knows resources of that kind;
2. an ARN among the request's parameters;
3. names among them, put into the ARN of a type that the action knows: `tableName` into
   `table/${TableName}`.

Where none of them says it, the resource is None: not known, which is not the same as "*".
Source: CloudTrail user guide, "CloudTrail record contents"; Service Authorization Reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import msgspec

from spawn.iam import reference
from spawn.iam.event_names import actions_of_event
from spawn.iam.grants import details_of, is_of_type

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_PLACES = frozenset({"Partition", "Region", "Account"})
# AWS's refusals, however a service spells them: EC2 puts "Client." before its codes.
_DENIALS = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "UnauthorizedOperation",
        "AuthorizationError",
        "AuthorizationErrorException",
        "KMSAccessDeniedException",
        "403",
    }
)
# A name that the tables call otherwise than the requests do, by service.
_SPELLINGS: Mapping[str, Mapping[str, str]] = {
    "logs": {"LogGroupName": "logGroupName", "LogStreamName": "logStreamName"},
    "s3": {"ObjectName": "key"},
    "ssm": {"ParameterNameWithoutLeadingSlash": "name"},
    "secretsmanager": {"SecretId": "secretId"},
}


class Resource(msgspec.Struct, frozen=True, kw_only=True, rename={"arn": "ARN", "kind": "type"}):
    """One of an event's resources; it may tell a prefix of ARNs in place of one."""

    arn: str = ""
    kind: str = ""


class Issuer(msgspec.Struct, frozen=True, kw_only=True):
    """The role of a session."""

    arn: str = ""


class SessionContext(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a session came of."""

    session_issuer: Issuer = Issuer()


class UserIdentity(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who called."""

    arn: str = ""
    session_context: SessionContext = SessionContext()


class Event(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One recorded call; only what bears on permissions."""

    event_id: str = msgspec.field(default="", name="eventID")
    event_source: str
    event_name: str
    event_time: datetime
    aws_region: str
    recipient_account_id: str = ""
    user_identity: UserIdentity = UserIdentity()
    error_code: str = ""
    request_parameters: dict[str, Any] | None = None
    resources: tuple[Resource, ...] | None = None

    @property
    def role_arn(self) -> str:
        """The role whose session called, "" for any other caller."""
        return self.user_identity.session_context.session_issuer.arn

    @property
    def was_denied(self) -> bool:
        """Whether it was refused for want of a permission."""
        return self.error_code.removeprefix("Client.") in _DENIALS


class Use(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """An action that was used. `resource` is an ARN, "*" for an action that knows none.

    It is None where the event does not say what it was about.
    """

    action: str
    resource: str | None


def uses_of(event: Event) -> tuple[Use, ...]:
    """Return what must be allowed for an event; nothing where IAM has no such action."""
    return tuple(
        Use(action=action, resource=resource)
        for named in actions_of_event(event.event_source, event.event_name)
        for action in [_of_a_version(event, named)]
        for resource in _resources(event, action)
    )


def _of_a_version(event: Event, action: str) -> str:
    """Return the action that S3 asks for where a version is named: GetObjectVersion."""
    if not action.startswith("s3:") or not (event.request_parameters or {}).get("versionId"):
        return action
    versioned = action.replace("Object", "ObjectVersion", 1)
    return versioned if details_of(versioned) is not None else action


def _resources(event: Event, action: str) -> tuple[str | None, ...]:
    details = details_of(action)
    if details is None:
        return (None,)
    if not details.resource_types:
        return ("*",)
    patterns = reference.arn_patterns(action.partition(":")[0])
    types = [
        patterns[kind.name.lower()]
        for kind in details.resource_types
        if kind.name.lower() in patterns
    ]
    parameters = event.request_parameters or {}
    copied = parameters.get("x-amz-copy-source")
    if action.startswith("s3:GetObject") and isinstance(copied, str):
        source = unquote(copied).partition("?")[0].lstrip("/")
        return (_literal(f"arn:{event_partition(event)}:s3:::{source}"),)
    told = [] if copied else [each.arn for each in event.resources or () if each.arn]
    for found in (
        [_literal(_with_index(arn, parameters)) for arn in told],
        [_literal(text) for text in _texts(parameters) if text.startswith("arn:")],
        [arn for each in types for arn in _filled(each, event, action)],
    ):
        fitting = dict.fromkeys(arn for arn in found if any(is_of_type(t, arn) for t in types))
        if fitting:
            return tuple(fitting)
    return (None,)


def _literal(text: str) -> str:
    """Write a name so that a policy takes it as it is: object keys may hold wildcards."""
    return re.sub(r"[*?$]", lambda found: f"${{{found[0]}}}", text)


def _with_index(arn: str, parameters: Mapping[str, Any]) -> str:
    """DynamoDB tells the table, and asks for the right to its index."""
    index = parameters.get("indexName")
    is_table = ":dynamodb:" in arn and "/index/" not in arn
    return f"{arn}/index/{index}" if index and is_table else arn


def _texts(value: object) -> Iterator[str]:
    """Yield all texts within a request, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _filled(arn: str, event: Event, action: str) -> Iterator[str]:
    """Yield the ARN of a type with names from the request; nothing where one is missing."""
    service = action.partition(":")[0]
    named = _named(event.request_parameters or {}, service)
    wanted = [name for name in _VARIABLE.findall(arn) if name not in _PLACES]
    spelled = {
        name: _SPELLINGS.get(service, {}).get(name, name[:1].lower() + name[1:]) for name in wanted
    }
    if not wanted or any(spelling not in named for spelling in spelled.values()):
        return
    places = {
        "Partition": event_partition(event),
        "Region": event.aws_region,
        "Account": event.recipient_account_id,
    }
    count = max(len(named[spelling]) for spelling in spelled.values())
    for index in range(count):
        names = {
            name: named[spelling][min(index, len(named[spelling]) - 1)]
            for name, spelling in spelled.items()
        }
        yield _with_names(arn, places | names)


def _with_names(arn: str, names: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: names[found[1]], arn)


def event_partition(event: Event) -> str:
    """Return the partition that an event is of, by the ARN of its caller."""
    return event.role_arn.split(":")[1] if event.role_arn.startswith("arn:") else "aws"


def _named(parameters: Mapping[str, Any], service: str) -> dict[str, list[str]]:
    """Return names by the parameter that holds them; the members of EC2's sets among them."""
    found: dict[str, list[str]] = {}
    for name, value in parameters.items():
        if isinstance(value, str):
            found.setdefault(name, []).append(_as_in_arn(service, name, value))
        elif isinstance(value, list):
            texts = [each for each in value if isinstance(each, str)]
            if texts:
                found[name.removesuffix("s")] = [_as_in_arn(service, name, t) for t in texts]
        elif isinstance(value, Mapping):
            for item in value.get("items") or ():
                for inner, text in item.items() if isinstance(item, Mapping) else ():
                    if isinstance(text, str):
                        found.setdefault(inner, []).append(_literal(text))
    url = parameters.get("queueUrl")
    if isinstance(url, str):
        found["queueName"] = [_literal(url.rstrip("/").rpartition("/")[2])]
    return found


def _as_in_arn(service: str, name: str, value: str) -> str:
    if service == "ssm" and name in {"name", "names", "path"}:
        return value.removeprefix("/").partition(":")[0]
    if service == "secretsmanager" and name == "secretId":
        # Secrets Manager user guide: the ARN ends in six characters that it adds to the name.
        return f"{_literal(value)}-??????"
    return _literal(value)
