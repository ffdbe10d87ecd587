"""Whose account it is, and whether AWS answers for it."""

from __future__ import annotations

from urllib.parse import urlsplit

from spawn.aws.sts import Identity
from spawn.cli.rendering.terminal import escape

# The domains of AWS's partitions, as botocore's endpoint data lists them.
_AWS_DOMAINS = (
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "api.aws",
    "api.amazonwebservices.com.cn",
    "api.amazonwebservices.eu",
    "c2s.ic.gov",
    "cloud.adc-e.uk",
    "csp.hci.ic.gov",
    "sc2s.sgov.gov",
)


def is_aws(endpoint: str) -> bool:
    """Say whether a URL leads to AWS itself, encrypted."""
    url = urlsplit(endpoint)
    host = (url.hostname or "").rstrip(".")
    return url.scheme == "https" and any(host.endswith(f".{domain}") for domain in _AWS_DOMAINS)


def endpoint_words(endpoint: str) -> str:
    """Name an endpoint; loudly where something else answers in AWS's place."""
    return endpoint if is_aws(endpoint) else f"NOT AWS: {endpoint} answers in its place"


def account_line(caller: Identity, endpoint: str) -> str:
    """Say in which account a command was carried out, and as whom."""
    elsewhere = "" if is_aws(endpoint) else f"; {endpoint_words(endpoint)}"
    return escape(f"account {caller.account}, as {caller.arn}{elsewhere}")
