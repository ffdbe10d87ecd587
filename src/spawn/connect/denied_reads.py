"""A secret that a script on an instance could not read: found in what it prints. Pure.

Whoever is root on the instance writes there what they like. So no more is offered than to read one
secret, by a name that is one, at another launch, and it is said whose word it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from spawn.aws.denials import denials_in
from spawn.secrets.offers import is_named_well, policy_flag, secret_flag
from spawn.secrets.references import SecretService

_READS = {
    "secretsmanager:GetSecretValue": SecretService.SECRETS_MANAGER,
    "ssm:GetParameter": SecretService.SSM,
    "ssm:GetParameters": SecretService.SSM,
}
# The AWS CLI's and botocore's own words, where the instance has no role.
_NO_CREDENTIALS = "Unable to locate credentials"
# As much as a console keeps.
MOST_BYTES = 64 * 1024


class Overheard:
    """Listens to what is shown, and keeps the last of it."""

    def __init__(self) -> None:
        self._last = b""

    def listen(self, piece: bytes) -> None:
        """Take a piece of what is shown."""
        self._last = (self._last + piece)[-MOST_BYTES:]

    def advice(self) -> tuple[str, ...]:
        """Return what would let the scripts read what they could not, each once."""
        text = self._last.decode("utf-8", "replace")
        return tuple(dict.fromkeys(_advice(text)))


def _advice(text: str) -> Iterator[str]:
    for denial in denials_in(text):
        service = _READS.get(denial.action)
        name = _name_of(denial.resource)
        if service is None or not denial.can_be_allowed or not is_named_well(service, name):
            continue
        yield (
            f"it prints that AWS denied its role {denial.action} on {name}. At the next launch"
            f" {policy_flag(service, name)} lets its script read that, and"
            f" {secret_flag(service, name)} gives it the value in a file"
        )
    if _NO_CREDENTIALS in text:
        yield (
            "it prints that a program found no credentials: it has no role, which --iam-policy and"
            " --secret give it at a launch"
        )


def _name_of(resource: str) -> str:
    """Return a parameter by its name: an ARN has it without the slash that it begins with."""
    _, found, parameter = resource.partition(":parameter/")
    return f"/{parameter}" if found else resource
