"""What secrets look like: tables that the scanner walks, a row a kind.

Every repetition has an upper bound, so that a text of n characters costs time in the order of n.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class TokenShape:
    """A secret that is known by its own form. A group `value` is what may be a placeholder."""

    kind: str
    pattern: re.Pattern[str]


def _shape(kind: str, pattern: str) -> TokenShape:
    return TokenShape(kind, re.compile(pattern, re.ASCII))


# Forms as their issuers document them; the lengths are lower bounds of what has been issued.
TOKEN_SHAPES = (
    # IAM user guide, "IAM identifiers": AKIA is a long-term access key, ASIA a temporary one.
    _shape("AWS access key", r"(?<![A-Z0-9])(?P<value>(?:AKIA|ASIA)[A-Z0-9]{16})(?![A-Z0-9])"),
    _shape(
        "AWS secret access key",
        r"(?i:secret_?access_?key)[\"']?\s{0,9}[=:]\s{0,9}[\"']?(?P<value>[A-Za-z0-9/+]{40})"
        r"(?![A-Za-z0-9/+])",
    ),
    _shape("private key", r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"),
    _shape("GitHub token", r"\b(?P<value>gh[pousr]_[A-Za-z0-9]{36,255})"),
    _shape("GitHub token", r"\b(?P<value>github_pat_[A-Za-z0-9_]{22,255})"),
    _shape("GitLab token", r"\b(?P<value>glpat-[A-Za-z0-9_-]{20,255})"),
    _shape("Slack token", r"\b(?P<value>xox[abeoprs]-[A-Za-z0-9-]{10,255})"),
    _shape("Slack webhook", r"hooks\.slack\.com/services/T\w{6,14}/B\w{6,14}/(?P<value>\w{16,40})"),
    _shape("Stripe key", r"\b(?P<value>[rs]k_(?:live|test)_[A-Za-z0-9]{16,255})"),
    _shape("API key", r"\b(?P<value>sk-(?=[A-Za-z_-]{0,60}\d)[A-Za-z0-9_-]{16,255})"),
    _shape("Google API key", r"\b(?P<value>AIza[A-Za-z0-9_-]{35})(?![A-Za-z0-9_-])"),
    _shape("Google client secret", r"\b(?P<value>GOCSPX-[A-Za-z0-9_-]{28})"),
    _shape("npm token", r"\b(?P<value>npm_[A-Za-z0-9]{36})"),
    _shape("PyPI token", r"\b(?P<value>pypi-AgE[A-Za-z0-9_-]{50,255})"),
    _shape("Hugging Face token", r"\b(?P<value>hf_[A-Za-z0-9]{30,255})"),
    _shape("SendGrid key", r"\b(?P<value>SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})"),
    # RFC 7519: header and claims are JSON objects in base64url, which begin with `eyJ`.
    _shape(
        "JSON web token",
        r"\b(?P<value>eyJ[\w-]{10,999}\.eyJ[\w-]{10,999}\.[\w-]{10,999})",
    ),
    # RFC 3986, 3.2.1: a password in the user information of a URL.
    _shape(
        "password in a URL",
        r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@\"']{0,99}:(?P<value>[^\s/@\"']{1,199})@",
    ),
    _shape(
        "authorization header",
        r"(?i:authorization)[\"']?\s{0,9}:\s{0,9}[\"']?(?i:bearer|basic|token)\s{1,9}"
        r"(?P<value>[^\s\"']{8,999})",
    ),
    _shape(
        "password for chpasswd",
        r"\b[\w.-]{1,32}:(?P<value>[^\s\"':]{1,199})[\"']?\s{0,9}\|\s{0,9}(?:sudo\s{1,9})?chpasswd",
    ),
)

# Names whose value is a secret, whatever it looks like.
_ALWAYS = r"(?:password|passwd|passphrase|secret|token|credentials?|(?<![a-z])pwd)"
# Names whose value often is one: many a KEY is a name, a path or a column.
_KEY_NAME = r"(?:key)"
_VALUE = (
    r"(?:\"(?P<double>[^\"]{1,499})\"|'(?P<single>[^']{1,499})'"
    r"|(?P<bare>[^\s\"'`;&|<>=~][^\s\"'`;&|<>]{0,499}))"
)
# NAME=value, name: value, "name": "value", as in shells, JSON, YAML, INI and unit files.
ASSIGNMENT = re.compile(
    rf"(?P<name>(?<![\w${{.-])[\w.-]{{0,64}}(?i:{_ALWAYS}|{_KEY_NAME}))"
    rf"[\"']?\s{{0,9}}(?::=|=|:)\s{{0,9}}(?!=|~){_VALUE}",
    re.ASCII,
)
# --password value, as arguments of a program.
ARGUMENT = re.compile(
    rf"(?<!\S)--(?P<name>[a-z-]{{0,40}}(?:{_ALWAYS}|api-key|secret-key|access-key))"
    rf"\s{{1,9}}(?!-){_VALUE}",
    re.ASCII,
)
IS_KEY_NAME = re.compile(rf"(?i:{_KEY_NAME})$", re.ASCII)

# What points at a secret instead of holding it. In single quotes a shell expands nothing, but
# other programs replace what is a reference as a whole.
EXPANSION = re.compile(r"\$[A-Za-z_0-9{(@*]|`", re.ASCII)
WHOLE_REFERENCE = re.compile(r"\$\{?\w{1,99}\}?|\$\(.{0,490}\)|%\w{1,40}%?", re.ASCII)
REFERENCE_PREFIXES = (
    "arn:",
    "secretsmanager:",
    "ssm:",
    "env:",
    "vault:",
    "file:",
    "@",
    "./",
    "~/",
    "{{",
    "<",
    "os.environ",
    "process.env",
)
PLACEHOLDER = re.compile(
    r"<.{0,490}>|\[.{0,490}\]|\{.{0,490}\}|[x*._#-]{1,499}|your[-_ ].{0,490}"
    r"|.{0,99}change[-_ ]?me.{0,99}|.{0,250}example.{0,249}|placeholder|redacted|dummy|todo"
    r"|null|none|nil|true|false|yes|no|on|off|enabled|disabled|required|optional|string|prompt",
    re.ASCII | re.IGNORECASE,
)
URL_OR_PATH = re.compile(r"(?:[a-z][a-z0-9+.-]{1,20}:/)?/[^\s@]{0,498}", re.ASCII)
