"""References to secrets: what is called how on an instance, and where its value is kept. Pure.

    NAME=secretsmanager:ID             the secret's whole text; ID is its name or its ARN
    NAME=secretsmanager:ID#json-key    one member of the JSON object that it holds
    NAME=ssm:/path                     a parameter, also /path:3 and /path:label

What does not begin like a reference is never repeated in an error: it may be a secret itself.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from typing import NoReturn

import msgspec

from spawn.core.errors import InputError
from spawn.core.nearest import did_you_mean
from spawn.secrets.variables import file_variable, why_no_name

# A role's policy and user-data have room for as many, whatever they are called.
MOST_SECRETS = 20
LONGEST_KEY = 256
_FORMS = "NAME=secretsmanager:ID, NAME=secretsmanager:ID#json-key or NAME=ssm:/path"
# Secrets Manager API Reference, CreateSecret, Name; `!` stands in those that services manage.
_SECRET_NAME = re.compile(r"[A-Za-z0-9/_+=.@!-]{1,512}", re.ASCII)
_SECRET_ARN = re.compile(
    r"arn:(?P<partition>[a-z0-9-]++):secretsmanager:(?P<region>[a-z0-9-]++):(?P<account>\d{12})"
    r":secret:(?P<name>[A-Za-z0-9/_+=.@!-]{1,519})",
    re.ASCII,
)
# Systems Manager user guide, "About requirements and constraints for parameter names".
_PARAMETER = re.compile(
    r"(?P<name>[A-Za-z0-9_.-]++|(?:/[A-Za-z0-9_.-]++){1,15}+)(?::(?P<selector>[A-Za-z0-9_.-]{1,100}))?",
    re.ASCII,
)
_LONGEST_PARAMETER = 1011
_SECRETS_AS_PARAMETERS = "/aws/reference/secretsmanager/"


class SecretService(enum.StrEnum):
    """Where values are kept, by AWS's own name of the service."""

    SECRETS_MANAGER = "secretsmanager"
    SSM = "ssm"


class SecretArn(msgspec.Struct, frozen=True, kw_only=True):
    """What a secret's ARN says of where it is."""

    partition: str
    region: str
    account: str


class SecretReference(msgspec.Struct, frozen=True, kw_only=True):
    """One secret of a launch.

    name            what it is called on the instance: $NAME_FILE tells where it lies
    id              its name or ARN, or the parameter's name with its version or label
    key             the member of the JSON object that is meant, "" for the whole text
    in_environment  whether $NAME holds the value itself as well
    """

    name: str
    service: SecretService
    id: str
    key: str = ""
    in_environment: bool = False

    @property
    def source(self) -> str:
        """Where its value is, as it is typed."""
        key = f"#{self.key}" if self.key else ""
        return f"{self.service}:{self.id}{key}"

    @property
    def words(self) -> str:
        """The reference as it is typed."""
        return f"{self.name}={self.source}"

    @property
    def arn(self) -> SecretArn | None:
        """What its ARN says, None where it goes by its name."""
        match = _SECRET_ARN.fullmatch(self.id)
        if match is None or self.service is not SecretService.SECRETS_MANAGER:
            return None
        return SecretArn(
            partition=match["partition"], region=match["region"], account=match["account"]
        )

    @property
    def parameter_name(self) -> str:
        """The parameter's name without version and label."""
        return self.id.partition(":")[0]

    @property
    def selector(self) -> str:
        """The parameter's version or label, "" for the newest."""
        return self.id.partition(":")[2]


def parse_references(
    texts: Iterable[str], *, flag: str, in_environment: bool
) -> tuple[SecretReference, ...]:
    """Read references. Raises InputError, naming `flag`, for what is none."""
    return tuple(_reference(text, flag, in_environment=in_environment) for text in texts)


def check_together(references: Iterable[SecretReference]) -> None:
    """Raise InputError for references that can't be had together."""
    found = tuple(references)
    if len(found) > MOST_SECRETS:
        raise InputError(
            f"--secret names {len(found)} secrets",
            why=f"{MOST_SECRETS} at the most; one in Secrets Manager may hold many, as JSON",
        )
    holders: dict[str, str] = {}
    for one in found:
        for variable in _variables(one):
            if variable in holders:
                other = "" if holders[variable] == one.name else f" and {holders[variable]}"
                raise InputError(
                    f"--secret {one.name}{other} would be told by the same variable",
                    why=f"${variable} can be one thing: give each secret once, and a name of its "
                    "own; --secret-env gives its file as well",
                )
            holders[variable] = one.name


def _variables(one: SecretReference) -> tuple[str, ...]:
    """The secret's own name is kept free as well: two that share it are a slip of the hand."""
    return (one.name, file_variable(one.name))


def _reference(text: str, flag: str, *, in_environment: bool) -> SecretReference:
    name, equals, source = text.partition("=")
    prefix, colon, rest = source.partition(":")
    if not equals or not colon or prefix not in tuple(SecretService):
        _refuse_form(source if equals else "", prefix if colon else "", flag)
    reason = why_no_name(name)
    if reason:
        # What stands there may be a part of something else, so it is shown only as a name.
        shown = f" {name}" if name.isascii() and name.isidentifier() else ""
        raise InputError(f"{flag}{shown}: no secret can be called so", why=reason)
    service, here = SecretService(prefix), f"{flag} {name}"
    if not rest:
        raise InputError(f"{here} names no secret", why=f"write {_FORMS}")
    read = _secret if service is SecretService.SECRETS_MANAGER else _parameter
    identifier, key = read(rest, here)
    return SecretReference(
        name=name, service=service, id=identifier, key=key, in_environment=in_environment
    )


def _refuse_form(source: str, prefix: str, flag: str) -> NoReturn:
    """Say what is wrong without a word of what was written."""
    hint = did_you_mean(prefix, SecretService, likeness=0.7) if prefix else ""
    if source.startswith("arn:") and ":secretsmanager:" in source:
        hint = "an ARN stands behind `secretsmanager:`"
    raise InputError(
        f"{flag} holds no reference",
        why=f"{hint and f'{hint}; '}write {_FORMS}: where the secret is kept, never the secret."
        " What was written is not repeated here, should it be one",
    )


def _secret(rest: str, here: str) -> tuple[str, str]:
    identifier, hash_, key = rest.partition("#")
    if hash_ and not (key and key.isprintable() and len(key) <= LONGEST_KEY):
        raise InputError(
            f"{here}: no key stands behind the #",
            why=f"write the name of a member of the secret's JSON object, of {LONGEST_KEY} "
            "characters at the most, or leave out the #",
        )
    if identifier.startswith("arn:"):
        if not _SECRET_ARN.fullmatch(identifier):
            raise InputError(
                f"{here}: that is not the ARN of a secret", why=_why_no_arn(identifier)
            )
    elif not _SECRET_NAME.fullmatch(identifier):
        raise InputError(
            f"{here}: a secret can't be called so",
            why="letters, digits and / _ + = . @ - make the name of one secret, up to 512 of them;"
            " a member of its JSON stands behind a #",
        )
    return identifier, key


def _why_no_arn(identifier: str) -> str:
    parts = identifier.split(":")
    if len(parts) > 2 and parts[2] == "ssm":
        return "that is a parameter's: write NAME=ssm:/path"
    if len(parts) > 7:
        return "behind the secret's name nothing follows but #json-key"
    return "write arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME-XXXXXX"


def _parameter(rest: str, here: str) -> tuple[str, str]:
    if rest.startswith("arn:"):
        raise InputError(
            f"{here}: a parameter goes by its name",
            why="write NAME=ssm:/path, of this account and region: a parameter of another "
            "account is not read",
        )
    if "#" in rest:
        raise InputError(
            f"{here}: a parameter has no #json-key",
            why="its whole text is taken; keep the parts in parameters of their own, or the JSON "
            "in Secrets Manager",
        )
    if rest.startswith(_SECRETS_AS_PARAMETERS):
        raise InputError(
            f"{here}: that is a secret of Secrets Manager",
            why=f"write NAME=secretsmanager:{rest.removeprefix(_SECRETS_AS_PARAMETERS)}",
        )
    match = _PARAMETER.fullmatch(rest)
    if match is None or len(rest) > _LONGEST_PARAMETER:
        raise InputError(f"{here}: a parameter can't be called so", why=_why_no_parameter(rest))
    first = match["name"].lstrip("/").lower()
    if first.startswith(("aws", "ssm")):
        raise InputError(
            f"{here}: that is no parameter of yours",
            why="names that begin with aws or ssm are AWS's own, and public",
        )
    return rest, ""


def _why_no_parameter(rest: str) -> str:
    name = rest.partition(":")[0]
    if "/" in name and not name.startswith("/"):
        return f"a path begins with a slash: ssm:/{name}"
    if name.endswith("/"):
        return "a path that ends in a slash holds parameters, and is none: name one"
    return (
        "letters, digits and _ . - make its name, with slashes between up to 15 parts, and"
        " behind a colon its version or label"
    )
