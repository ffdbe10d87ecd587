"""What the word after "@" names, and the resources that this makes for each kind of action.

    s3:ReadOnly@my-bucket/data/*       a bucket, or a bucket and keys
    dynamodb:WriteOnly@my-table        a name
    ssm:ReadOnly@/myapp/*              a name with wildcards
    sqs:ReadOnly@arn:aws:sqs:…         an ARN, for what is in another region or account

Each action acts on its own type of resource: a bucket is listed, its objects are read; a table
and its indexes are queried, and only the table is written. So a scope is not one ARN but a
function for each type: those below, from a `Scope` and a `Place` to a `Reach`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from spawn.core.errors import InputError
from spawn.iam.arns import Arn, parse_arn
from spawn.iam.documents import Conditions


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What a template is narrowed to. `name` is "" for a template without a scope.

    `home` is set where an ARN was given: the thing's own partition, region and account.
    """

    name: str = ""
    home: Arn | None = None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where the instance will be, and so where its resources are unless an ARN says otherwise."""

    partition: str
    region: str
    account: str


@dataclass(frozen=True, kw_only=True)
class Reach:
    """The resources, and the conditions under which they are meant. No ARNs: nothing is."""

    arns: tuple[str, ...]
    conditions: Conditions = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Naming:
    """How a service names things: what stands before the name in an ARN, and what a name is."""

    prefix: str
    shape: str
    example: str


# The services' own naming rules, with IAM's wildcards let in.
_NAMINGS: Mapping[str, _Naming] = {
    "s3": _Naming(prefix="", shape=r"[a-z0-9.*?-]{1,63}(/[!-~]*)?", example="my-bucket/data/*"),
    "dynamodb": _Naming(prefix="table/", shape=r"[A-Za-z0-9_.*?-]{1,255}", example="my-table"),
    "logs": _Naming(prefix="log-group:", shape=r"[A-Za-z0-9_/.#*?-]{1,512}", example="/myapp/web"),
    "ecr": _Naming(prefix="repository/", shape=r"[a-z0-9._/*?-]{1,256}", example="my-repository"),
    "sqs": _Naming(prefix="", shape=r"[A-Za-z0-9_.*?-]{1,80}", example="my-queue"),
    "secretsmanager": _Naming(
        prefix="secret:", shape=r"[A-Za-z0-9/_+=.@*?-]{1,512}", example="myapp/*"
    ),
    "ssm": _Naming(prefix="parameter/", shape=r"[A-Za-z0-9_./*?-]{1,1011}", example="/myapp/*"),
}
EXAMPLES: Mapping[str, str] = {service: naming.example for service, naming in _NAMINGS.items()}
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_PLAIN = re.compile(r"[a-z0-9-]*", re.ASCII)


def parse_scope(text: str, *, service: str, flag: str) -> Scope:
    """Read what stands after "@" in a template of the service.

    Raises InputError, naming `flag`, for a name that the service can't have, an ARN of another
    service, and for a wildcard alone.
    """
    naming = _NAMINGS[service]
    name, home = text, None
    if text.startswith("arn:"):
        home = _home(text, service=service, flag=flag)
        if not home.resource.startswith(naming.prefix):
            raise InputError(
                f"{flag} @{text} is not one of the things that this template is about",
                why=f"such ARNs end in {naming.prefix}NAME",
            )
        name = home.resource.removeprefix(naming.prefix).removesuffix(":*")
    if not re.fullmatch(naming.shape, name, re.ASCII) or "${" in name:
        raise InputError(
            f"{flag}: {text!r} is not a name that {service} can have",
            why=f"write for example @{naming.example}, or an ARN",
        )
    named = name.partition("/")[0] if service == "s3" else name.replace("/", "")
    if not named.strip("*?"):
        raise InputError(
            f"{flag}: @{text} names nothing",
            why=f"write for example @{naming.example}, or leave out @ for the template's default",
        )
    return Scope(name=name, home=home)


def _home(text: str, *, service: str, flag: str) -> Arn:
    try:
        arn = parse_arn(text)
    except ValueError as error:
        raise InputError(
            f"{flag} @{text} is not an ARN", why="write arn:partition:service:region:account:name"
        ) from error
    # S3 names are global: an ARN of a bucket has neither region nor account.
    is_placed = arn.region and _ACCOUNT.fullmatch(arn.account)
    is_right = not (arn.region or arn.account) if service == "s3" else is_placed
    is_plain = _PLAIN.fullmatch(arn.partition) and _PLAIN.fullmatch(arn.region)
    if arn.service != service or not (is_right and is_plain):
        raise InputError(
            f"{flag} @{text} is not the whole ARN of something in {service}",
            why="it has the service's name, and region and account without wildcards but for S3",
        )
    return arn


def check_partition(scope: Scope, place: Place, *, flag: str) -> None:
    """Raise InputError, naming `flag`, where an ARN is of a partition that this place is not in."""
    if scope.home is not None and scope.home.partition != place.partition:
        raise InputError(
            f"{flag} @{scope.home} is in the partition {scope.home.partition!r}",
            why=f"{place.region} is in {place.partition!r}",
        )


def _arn(service: str, resource: str, scope: Scope, place: Place) -> str:
    region, account = place.region, place.account
    if scope.home is not None:
        region, account = scope.home.region, scope.home.account
    return f"arn:{place.partition}:{service}:{region}:{account}:{resource}"


def anything(scope: Scope, place: Place) -> Reach:
    """Every resource: for actions that know no type."""
    return Reach(arns=("*",))


# Buckets. Their names are global, so spawn's own ones and wildcards may be met by a stranger's
# bucket: the condition keeps them to this account.


def own_buckets(scope: Scope, place: Place) -> Reach:
    """The bucket to be listed; unscoped those that spawn keeps programs and results in."""
    return _buckets(scope, place, unscoped=("spawn-binaries", "spawn-results"))


def own_objects(scope: Scope, place: Place) -> Reach:
    """The objects to be read; unscoped those of spawn's two buckets."""
    return _objects(scope, place, unscoped=("spawn-binaries", "spawn-results"))


def result_objects(scope: Scope, place: Place) -> Reach:
    """The objects to be written; unscoped results only.

    Who could write the programs could change what other instances run.
    """
    return _objects(scope, place, unscoped=("spawn-results",))


def any_bucket(scope: Scope, place: Place) -> Reach:
    """The bucket; unscoped every one of the account."""
    return _buckets(scope, place, unscoped=())


def any_object(scope: Scope, place: Place) -> Reach:
    """The objects; unscoped every one of the account."""
    return _objects(scope, place, unscoped=())


def _buckets(scope: Scope, place: Place, *, unscoped: tuple[str, ...]) -> Reach:
    arns = tuple(f"arn:{place.partition}:s3:::{name}" for name in _names(scope, place, unscoped))
    conditions = _account_condition(scope, place)
    keys = _keys(scope)
    if keys != "*":
        # Listing is asked of the bucket: which keys may be listed, only this key can tell.
        conditions = {**conditions, "StringLike": {"s3:prefix": (keys,)}}
    return Reach(arns=arns, conditions=conditions)


def _objects(scope: Scope, place: Place, *, unscoped: tuple[str, ...]) -> Reach:
    return Reach(
        arns=tuple(
            f"arn:{place.partition}:s3:::{name}/{_keys(scope)}"
            for name in _names(scope, place, unscoped)
        ),
        conditions=_account_condition(scope, place),
    )


def _names(scope: Scope, place: Place, unscoped: tuple[str, ...]) -> tuple[str, ...]:
    if scope.name:
        return (scope.name.partition("/")[0],)
    return tuple(f"{each}-{place.account}-{place.region}" for each in unscoped) or ("*",)


def _keys(scope: Scope) -> str:
    """Return the pattern of keys: all without one, all below for one that ends in a slash."""
    keys = scope.name.partition("/")[2]
    return f"{keys}*" if not keys or keys.endswith("/") else keys


def _account_condition(scope: Scope, place: Place) -> Conditions:
    bucket = scope.name.partition("/")[0]
    is_exact = bucket and not re.search(r"[*?]", bucket)
    return {} if is_exact else {"StringEquals": {"aws:ResourceAccount": (place.account,)}}


# Tables, log groups, repositories, queues: a name, and at times what is below it.


def table(scope: Scope, place: Place) -> Reach:
    """The table itself."""
    return Reach(arns=(_arn("dynamodb", f"table/{scope.name or '*'}", scope, place),))


def table_and_indexes(scope: Scope, place: Place) -> Reach:
    """The table and its indexes, which have ARNs of their own."""
    one = _arn("dynamodb", f"table/{scope.name or '*'}", scope, place)
    return Reach(arns=(one, f"{one}/index/*"))


def table_and_all_below(scope: Scope, place: Place) -> Reach:
    """The table with its indexes, streams, backups, exports and imports."""
    one = _arn("dynamodb", f"table/{scope.name or '*'}", scope, place)
    return Reach(arns=(one, f"{one}/*"))


def log_group(scope: Scope, place: Place) -> Reach:
    """The log group, in both forms of its ARN.

    CloudWatch Logs user guide, "Log group ARN": actions take the form that ends in ":*", but for
    those about tags, which take the one without.
    """
    one = _arn("logs", f"log-group:{scope.name or '*'}", scope, place)
    return Reach(arns=(one, f"{one}:*"))


def log_streams(scope: Scope, place: Place) -> Reach:
    """The streams of the log group."""
    return Reach(arns=(_arn("logs", f"log-group:{scope.name or '*'}:log-stream:*", scope, place),))


def repository(scope: Scope, place: Place) -> Reach:
    """The repository of images."""
    return Reach(arns=(_arn("ecr", f"repository/{scope.name or '*'}", scope, place),))


def queue(scope: Scope, place: Place) -> Reach:
    """The queue."""
    return Reach(arns=(_arn("sqs", scope.name or "*", scope, place),))


# Secrets and parameters, and the key that one may be encrypted under.


def secret(scope: Scope, place: Place) -> Reach:
    """The secret. Its ARN ends in a hyphen and six characters that Secrets Manager adds."""
    one = _arn("secretsmanager", f"secret:{scope.name or '*'}", scope, place)
    as_written = (one,) if scope.home is not None else ()
    return Reach(arns=(*as_written, f"{one}-??????"))


def secret_key(scope: Scope, place: Place) -> Reach:
    """The customer key of a secret, for no other use than reading that secret.

    Secrets Manager user guide, "Secret encryption and decryption": the encryption context.
    """
    context = {"kms:EncryptionContext:SecretARN": secret(scope, place).arns}
    return _key("secretsmanager", context, scope, place)


def parameter(scope: Scope, place: Place) -> Reach:
    """The parameter; its leading slash is not in the ARN."""
    return Reach(arns=(_arn("ssm", _parameter(scope), scope, place),))


def parameter_path(scope: Scope, place: Place) -> Reach:
    """The path whose parameters are read together: only where all below it is in the scope.

    Systems Manager user guide, "Restricting access to parameters": who may read a path may read
    whatever is below it, so a scope of one parameter gives none.
    """
    resource = _parameter(scope)
    if not resource.endswith("*"):
        return Reach(arns=())
    one = _arn("ssm", resource, scope, place)
    above = (one.removesuffix("/*"),) if scope.name.endswith("/*") else ()
    return Reach(arns=(*above, one))


def parameter_key(scope: Scope, place: Place) -> Reach:
    """The customer key of a SecureString, for no other use than reading that parameter.

    Systems Manager user guide, "How AWS KMS protects SecureString parameters".
    """
    context = {"kms:EncryptionContext:PARAMETER_ARN": parameter(scope, place).arns}
    return _key("ssm", context, scope, place)


def _parameter(scope: Scope) -> str:
    return f"parameter/{(scope.name or '*').removeprefix('/')}"


def _key(service: str, context: Mapping[str, tuple[str, ...]], scope: Scope, place: Place) -> Reach:
    region = place.region if scope.home is None else scope.home.region
    via = via_service(service, region=region, partition=place.partition)
    return Reach(
        arns=(_arn("kms", "key/*", scope, place),),
        conditions={"StringEquals": {"kms:ViaService": via}, "StringLike": context},
    )


def via_service(service: str, *, region: str, partition: str) -> tuple[str, ...]:
    """Return what `kms:ViaService` is where a service uses a key for its caller."""
    name = f"{service}.{region}.amazonaws.com"
    # Which of its two names a service goes by in China is not documented for this key.
    return (name, f"{name}.cn") if partition == "aws-cn" else (name,)
