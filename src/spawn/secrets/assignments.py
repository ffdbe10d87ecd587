"""Names and what they are set to: in shells, JSON, YAML, INI, unit files, XML, options. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from spawn.secrets import entropy, literals
from spawn.secrets.finding import Candidate, Certainty, Rule, variable_name

_VALUE = (
    r"(?:\"(?P<double>[^\"\n]{1,1000}+)\"|'(?P<single>[^'\n]{1,1000}+)'"
    r"|(?P<bare>[^\s\"'`;&|<>=~][^\s\"'`;&|<>]{0,399}+))"
)
# NAME=value, name: value, "name": "value", name => value. The value is looked at and not taken:
# what stands in quotes may hold further assignments.
# Each word is a match, so that none is begun in its middle; `operator` says that it is set.
_ASSIGNMENT = re.compile(
    r"(?P<name>[A-Za-z_][\w.-]*+)"
    rf"(?:(?:[\"']\]?)?[ \t]{{0,9}}+(?P<operator>:=|=>|=|:)[ \t]{{0,9}}+(?![=~])(?={_VALUE}))?+",
    re.ASCII,
)
# --password value, as arguments of a program; one hyphen is Java's and PowerShell's way.
_OPTION = re.compile(
    rf"(?<!\S)--?(?P<name>[A-Za-z][\w-]{{2,60}}+)[ \t]{{1,9}}+(?P<operator>)(?!-)(?={_VALUE})",
    re.ASCII,
)
# define('NAME', 'value'), SetEnvironmentVariable("NAME", "value").
_PAIR = re.compile(
    r"\w\([\"'](?P<name>[A-Za-z_][\w.-]{2,79}+)[\"'](?P<operator>)[ \t]{0,9}+,[ \t]{0,9}+"
    r"(?=\"(?P<double>[^\"\n]{1,1000}+)\"|'(?P<single>[^'\n]{1,1000}+)')",
    re.ASCII,
)
# ${NAME:-value}
_DEFAULT = re.compile(
    r"\$\{(?P<name>[A-Za-z_]\w{0,79}+):?(?P<operator>[-=])"
    r"(?=(?P<bare>[^\s{}$\"']{1,200}+)\})",
    re.ASCII,
)
# <password>value</password>, <Password><Value>value</Value>, key="name" value="value"
_ELEMENT = re.compile(
    r"<(?P<name>[A-Za-z][\w.:-]{2,79}+)(?P<operator>)>(?:\s{0,9}+<Value>)?"
    r"(?=(?P<bare>[^<>\s]{1,200}+)</)",
    re.ASCII,
)
_ATTRIBUTE = re.compile(
    r"(?:key|name)=\"(?P<name>[A-Za-z][\w.:-]{2,79}+)\"(?P<operator>)[ \t]{1,9}+value="
    r"(?=\"(?P<double>[^\"\n]{1,200}+)\")",
    re.ASCII,
)
# Each with a text that it can't do without.
_PATTERNS = (
    (_ASSIGNMENT, ""),
    (_OPTION, " -"),
    (_PAIR, ","),
    (_DEFAULT, "${"),
    (_ELEMENT, "</"),
    (_ATTRIBUTE, "value="),
)
# A value is the last group that a match has.
_VALUES = frozenset({"double", "single", "bare"})
_LONGEST_NAME = 80
_LONGEST_LINE = 4000

# Names whose value is a secret, whatever it looks like.
_SECRET_NAME = re.compile(
    r"(?i:password|passwd|passphrase|passwort|passcode|secret|token|credentials?|psk|authkey)$"
    r"|(?i:(?<![a-z])pwd?|(?<!by)(?<!com)(?<!over)(?<!under)pass|auth[_.-]?string)$"
    r"|(?:[a-z]Pwd?|[A-Z]_AUTH)$",
    re.ASCII,
)
# Names whose value is a secret where it is no mere word.
_KEY_NAME = re.compile(
    r"(?i:(?:api|access|secret|auth|private|encrypt(?:ion)?|signing|master|session|licen[cs]e"
    r"|account|service|app|application|shared|storage|ingest|write|admin|deploy|webhook|hmac"
    r"|jwt|cookie|crypt(?:o)?)[_.-]?key|secret[_.-]?string|sharedsecret)$",
    re.ASCII,
)
_ANY_KEY = re.compile(r"(?i:key|salt|seed|hmac|private)$", re.ASCII)
# What they are made distinct by: DB_PASSWORD_1, TOKEN_PROD, PASSWORD_VALUE.
_SUFFIX = re.compile(
    r"[_.-](?:[0-9]{1,2}|prod|production|dev|stage|staging|live|test|value|plain|text|new|old)$",
    re.ASCII | re.IGNORECASE,
)
# Names that end like secrets and are none: of models' vocabularies, of pages of answers.
_NO_SECRET = re.compile(
    r"(?:pad|eos|bos|unk|sep|mask|cls|stop|next|continuation|page|sync|start|client|request"
    r"|creation|idempotency|forward|backward)[_.-]?token$"
    r"|^(?:get|list|expired|invalid|missing|wrong|unrecognized)[_.-]?\w"
    r"|^(?:x-amz-)?credential$"
    r"|^(?:lock|no|max|min|ssh_|expire|change|disable|require|allow|forgot|reset)[_.-]?(?:pass|pw)"
    r"|^(?:existing|image[_.-]?pull)[_.-]?secret$|^x-aws-ec2-metadata-token$|^password[_.-]?auth"
    r"|^(?:load|import)credential",
    re.ASCII | re.IGNORECASE,
)
# What a random value may be without being a secret.
_PUBLIC_NAME = re.compile(
    r"(?i:hash|sha[0-9]{0,3}+|md5|digest|checksum|commit|revision|public[_.-]?key|fingerprint|integrity|etag|uuid|guid"
    r"|arn|version|image|public|pub|cert|certificate|crt|csr|signature|url|uri|path|bucket|host"
    r"|ref|ids?|nonce|challenge|message|data|iv|tag|name|file|dsn|mac|bundle|serial)(?:[_.-]|$)",
    re.ASCII,
)
# A name within an ARN: `arn:aws:secretsmanager:eu-west-1:123456789012:secret:app`.
_ARN = re.compile(r"arn:[\w:/{}*-]{0,99}$", re.ASCII)
_PROSE = re.compile(r"[A-Za-z]++[,;.]?[ \t]++[^\s#]", re.ASCII)
_OPERATION = re.compile(r"[A-Za-z_]++[ \t]++[/+*|%-][ \t]", re.ASCII)
# A variable of a program, or a type: `token=token,`, `secret: SecretFinding`.
_IDENTIFIER = re.compile(r"[A-Za-z_]++", re.ASCII)
_TYPE = re.compile(r"[A-Z][a-z]++(?:[A-Z][a-z]++)++", re.ASCII)
# Of these many a value is the name of what holds it, or a sentence about it.
_NAMES_THING = re.compile(r"(?i:secret|credentials?|token)$", re.ASCII)
_TEXT = re.compile(r"[^ ]++ [^ ]++ ", re.ASCII)


@lru_cache(maxsize=4096)
def strength(name: str) -> str:
    """Return "secret", "key" or "any key" for what a name says of its value, "" for nothing."""
    plain = _SUFFIX.sub("", name)
    if _NO_SECRET.search(plain):
        return ""
    for pattern, word in ((_SECRET_NAME, "secret"), (_KEY_NAME, "key"), (_ANY_KEY, "any key")):
        if pattern.search(plain):
            return word
    return ""


def assigned(text: str) -> Iterator[Candidate]:
    """Yield the secrets that names are set to."""
    for pattern, hint in _PATTERNS:
        if hint not in text:
            continue
        for match in pattern.finditer(text):
            group = match.lastgroup
            if group in _VALUES:
                yield from _candidate(text, match, str(group))


def name_of(text: str, at: int) -> str:
    """Return the name that what stands at that place in the text is set to, "" for none."""
    line_start = text.rfind("\n", 0, at) + 1
    line_end = text.find("\n", at)
    line = text[line_start : line_end if line_end >= 0 else len(text)]
    name = ""
    for match in _ASSIGNMENT.finditer(line[:_LONGEST_LINE]):
        if match.lastgroup not in _VALUES:
            continue
        start, end = match.span(match.lastgroup)
        if start <= at - line_start < end:
            name = match["name"]
    return name


def _candidate(text: str, match: re.Match[str], group: str) -> Iterator[Candidate]:
    name, value = match["name"], match[group]
    said = strength(name)
    if not said and len(value) < entropy.SHORTEST_RANDOM:
        return
    if len(name) > _LONGEST_NAME or (match.re is _ASSIGNMENT and not _begins_name(text, match)):
        return
    is_named = said in {"secret", "key"}
    if is_named and literals.is_quick_hash(value):
        yield _found(match, group, kind="quick hash of a password", rule=Rule.HASH)
    elif is_named and _is_secret(text, match, group, said=said):
        yield _found(match, group, kind=f"literal value of {name}", rule=Rule.ASSIGNMENT)
    elif (
        match.re in {_ASSIGNMENT, _OPTION}
        and _is_likely(name, value, said=said)
        and not _is_of_another_kind(text, match, group)
    ):
        yield _found(match, group, kind=f"random value of {name}", rule=Rule.ENTROPY)


def _found(match: re.Match[str], group: str, *, kind: str, rule: Rule) -> Candidate:
    name = variable_name(match["name"], secret=match[group])
    likely = rule in {Rule.HASH, Rule.ENTROPY}
    return Candidate(
        start=match.start(group),
        end=match.end(group),
        rule=rule,
        kind=kind if name else "literal value",
        name=name,
        certainty=Certainty.LIKELY if likely else Certainty.KNOWN,
    )


def _is_secret(text: str, match: re.Match[str], group: str, *, said: str) -> bool:
    value = match[group]
    is_bare = group == "bare"
    if is_bare:
        value = value.rstrip(",;)]}\\")
        if _is_code(text, match, value):
            return False
    if not literals.is_literal(value, is_single_quoted=group == "single", is_bare=is_bare):
        return False
    if said == "key" and not (len(value) >= 8 and literals.has_letter_and_digit(value)):
        return False
    if _is_another_thing(match["name"], value) or _is_of_another_kind(text, match, group):
        return False
    return not (is_bare and _goes_on(text, match))


def _is_code(text: str, match: re.Match[str], value: str) -> bool:
    """Say whether a value without quotes is a program's variable or a type, by what is round it."""
    if not _IDENTIFIER.fullmatch(value.rstrip("=")):
        return False
    between = text[match.end("name") : match.start("bare")]
    return (
        value != match["bare"]
        or value.endswith("=")
        or "]" in between
        or bool(_TYPE.fullmatch(value))
    )


def _is_another_thing(name: str, value: str) -> bool:
    """Say whether a value names what holds the secret, or is a sentence about it."""
    if name == "secret" and re.match(r"\w+=", value):
        return True  # --secret NAME=reference
    is_name = literals.is_resource_name(value) or _TEXT.match(value)
    return bool(is_name and _NAMES_THING.search(name))


def _is_of_another_kind(text: str, match: re.Match[str], group: str) -> bool:
    """Say whether it is a comparison of a variable, or a piece of an ARN."""
    start = match.start()
    if match.re is _ASSIGNMENT and text.endswith(("$", "$env:"), max(0, start - 5), start):
        return not _sets_variable(text, match, group)
    return match["operator"] == ":" and bool(_ARN.search(text, max(0, start - 99), start))


def _goes_on(text: str, match: re.Match[str]) -> bool:
    """Say whether a value without quotes is the beginning of a sentence, or of a formula."""
    goes_on = _PROSE if match["operator"] == ":" else _OPERATION
    return goes_on.match(text, match.start("bare")) is not None


def _begins_name(text: str, match: re.Match[str]) -> bool:
    """Say whether a name begins here, after an option's hyphens at the most."""
    before = text[max(0, match.start() - 3) : match.start()]
    if before.endswith("-"):
        return before.rstrip("-")[-1:].isspace() or before.strip("-") == ""
    return not before[-1:].isalnum() and not before.endswith((".", "{"))


def _sets_variable(text: str, match: re.Match[str], group: str) -> bool:
    """Say whether `$name = "value"` sets a variable, as in PowerShell, and compares nothing."""
    before = text[max(0, match.start() - 40) : match.start()].rpartition("\n")[2]
    before = before.rpartition("$")[0].strip()
    return group != "bare" and (not before or before.endswith((";", "{", "]")))


def _is_likely(name: str, value: str, *, said: str) -> bool:
    value = value.rstrip(",;)]}")
    if len(value) < entropy.SHORTEST_RANDOM or _PUBLIC_NAME.search(name):
        return False
    is_random = entropy.looks_random(value) or (said != "" and entropy.is_hex_key(value))
    return is_random and not literals.is_filler(value)
