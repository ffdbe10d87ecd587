"""Whether a value is a secret written down, or stands for one: a reference, a placeholder. Pure."""

from __future__ import annotations

import re

# Shorter values are words of a language, and no password that a service would take.
SHORTEST = 4

# What a shell, or a template, replaces. In single quotes a shell expands nothing, but other
# programs replace what is a reference as a whole.
EXPANSION = re.compile(
    r"\$[A-Za-z_0-9{(@*]|`|\{\{|%\{|<%|\{[A-Za-z_][\w.]{0,60}+[^\s{}\"]{0,20}+\}", re.ASCII
)
_WHOLE_REFERENCE = re.compile(
    r"\$\{?\w{1,99}+\}?|\$\(.{0,490}\)|%\w{1,40}+%?|%[0-9.*-]{0,9}[sdqv](?:\\[nrt]){0,3}+|@\w{1,40}+@|__\w{1,40}+__"
    r"|!\w{1,40}+.{0,99}|\\[0-9A-Za-z].{0,40}",
    re.ASCII | re.DOTALL,
)
_REFERENCES = (
    "arn:",
    "secretsmanager:",
    "ssm:",
    "env:",
    "vault:",
    "file:",
    "fileb:",
    "op:",
    "awskms:",
    "projects/",
    "ENC[",
    "@",
    "./",
    "../",
    "~/",
    "{",
    "<",
    "os.environ",
    "process.env",
    "self.",
    "this.",
    "var.",
    "local.",
    "data.",
    "module.",
    "params.",
    "secrets.",
    "!!",
    "&",
    "*",
)
_NAMED = r"(?:pass(?:wor[dt]|wd|phrase)?|pwd?|secrets?|token|credentials?|(?:api)?[-_ ]?key)"
_PLACEHOLDER = re.compile(
    r"<.{0,490}+(?<=>)|\[.{0,490}+(?<=\])|\{.{0,490}+(?<=\})|[\Wx_]{1,499}+|your?"
    r"|value|null|none|nil|undefined|true|false|yes|no|on|off|enabled?|disabled?|required|optional"
    r"|string|str|text|varchar|bytes|bool|int|bearer|basic|prompt|empty|unset|default|auto|same"
    r"|random|files|await|new|lambda|function|yield"
    rf"|(?:(?:my|the|db|app|new|old|user|admin|some|github|auth|access)[-_ ]?){{0,2}}+{_NAMED}"
    r"[0-9]?[,;.:)\]}]{0,3}",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
# Words that a value says of itself; those with a hyphen also with an underscore, a blank, nothing.
_SAYS_SO = (
    *("example", "placeholder", "redacted", "dummy", "fixme", "masked", "omitted", "todo"),
    *("changeme", "changeit", "changethis", "yourown", "replaceme", "replacewith", "insertyour"),
    *("enteryour", "puthere", "yourpass", "yoursecret", "yourtoken", "yourkey", "yourapi"),
    *("yourpw", "goeshere", "keyhere", "tokenhere", "passwordhere", "secrethere", "xxxx"),
)
_JOINTS = str.maketrans("", "", "-_ <>[]{}.")
_URL_OR_PATH = re.compile(
    r"[a-z][a-z0-9+.-]{1,20}+://[^\s@]{0,498}+|/[\w.~-]{0,60}+(?:/[^\s@]{0,498}+)?"
    r"|[A-Za-z]:[\\/]\S{0,498}+|[\w./-]{1,99}+\.(?:pub|pem|key|crt|cer|json|ya?ml|txt|asc|gpg|toml"
    r"|ini|env|conf|cfg|jks|p12|pfx|sock|sh|py)",
    re.ASCII,
)
# A program's own names: `tokenizer.eos_token`, `Response.Token`.
_MEMBER = re.compile(r"[A-Za-z_]{1,60}+[0-9]?(?:\.[A-Za-z_]{1,60}+[0-9]?){1,6}+", re.ASCII)
_RESOURCE_NAME = re.compile(r"[a-z]{2,30}+(?:[-/][a-z]{1,30}+){1,9}+", re.ASCII)
# `iam:PassRole`
_IAM_ACTION = re.compile(r"[a-z][a-z0-9-]{1,30}+:[A-Z*][A-Za-z*]{1,60}+", re.ASCII)
# crypt(5): hashes that are slow on purpose. They are what cloud-init documents.
_SLOW_HASH = re.compile(r"\\?\$(?:y|gy|7|6|5|2[abxy]?|argon2\w{0,3}|scrypt|pbkdf2[\w-]{0,9})\\?\$")
_QUICK_HASH = re.compile(
    r"\\?\$(?:1|apr1|3|md5)\\?\$[^\s$]{1,32}+\\?\$[^\s]{4,99}+|\{S?(?:SHA|MD5)\}[A-Za-z0-9+/=]{16,99}+"
    r"|\*[0-9A-F]{40}",
    re.ASCII,
)
_FEW_LETTERS = 3
_OUTSIDE_TEXT = re.compile(r"[^A-Za-z0-9]++", re.ASCII)


def is_literal(value: str, *, is_single_quoted: bool = False, is_bare: bool = False) -> bool:
    """Say whether a value, where a secret goes, is one: no reference, no placeholder, no hash."""
    value = value.strip()
    if len(value) < SHORTEST or _PLACEHOLDER.fullmatch(value) or _says_so(value):
        return False
    if is_hash(value):
        return False
    if value.endswith(("...", "…")):
        return False
    # An option may take NAME=reference, as `--secret` does.
    if any(text.startswith(_REFERENCES) for text in (value, value.partition("=")[2])):
        return False
    if _WHOLE_REFERENCE.fullmatch(value) or (not is_single_quoted and EXPANSION.search(value)):
        return False
    if (
        _IAM_ACTION.fullmatch(value)
        or _URL_OR_PATH.fullmatch(value)
        or ".*" in value
        or is_filler(value)
    ):
        return False
    return not (is_bare and _is_expression(value))


def _says_so(value: str) -> bool:
    """Say whether a value says in words that it stands for another one."""
    plain = value.lower().translate(_JOINTS)
    return plain.startswith(("your", "ourpassword")) or any(word in plain for word in _SAYS_SO)


def _is_expression(value: str) -> bool:
    """Say whether a value without quotes is a program's: a call, an index, a member."""
    return any(mark in value for mark in ("(", "[", ").")) or _MEMBER.fullmatch(value) is not None


def is_hash(value: str) -> bool:
    """Say whether a value is a password's hash, slow or quick."""
    return bool(_SLOW_HASH.match(value) or is_quick_hash(value))


def is_quick_hash(value: str) -> bool:
    """Say whether a value is a hash that is tried by the billion a second."""
    return _QUICK_HASH.fullmatch(value) is not None


def is_resource_name(value: str) -> bool:
    """Say whether a value reads as the name of a thing: small words with hyphens or slashes."""
    return _RESOURCE_NAME.fullmatch(value) is not None


def is_filler(value: str) -> bool:
    """Say whether what should be random is a few letters, an alphabet, or a word that says so."""
    lowered = value.lower()
    if _says_so(value):
        return True
    tail = _OUTSIDE_TEXT.sub("", lowered)[-16:]
    return len(value) >= 16 and len(set(tail)) <= _FEW_LETTERS


def has_letter_and_digit(value: str) -> bool:
    """Say whether a value is more than a word or a number, and one piece."""
    return (
        any(character.isdigit() for character in value)
        and any(character.isalpha() for character in value)
        and not any(character.isspace() for character in value)
    )
