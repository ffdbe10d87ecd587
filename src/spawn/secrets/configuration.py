"""Secrets by the place that a file's own format gives them: configuration, SQL, cmdlets. Pure.

What is plainly NAME=value is found as an assignment; here is what is not.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from spawn.secrets.finding import Candidate, Rule
from spawn.secrets.literals import is_literal
from spawn.secrets.reading import Text


@dataclass(frozen=True, kw_only=True)
class Place:
    """A form in which a secret stands at the group `value`.

    form   it is looked for in the text in lower case
    hints  texts, all of which the whole text holds where this is worth a look;
           `a|b` is either
    coded  the value is base64 of `user:secret`
    """

    kind: str
    name: str
    hints: tuple[tuple[str, ...], ...]
    form: str
    rule: Rule = Rule.CONFIGURATION
    coded: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The form, compiled when it is needed."""
        return re.compile(self.form, re.ASCII | re.MULTILINE)


def _place(kind: str, name: str, pattern: str, *hints: str, **more: object) -> Place:
    either = tuple(tuple(hint.split("|")) for hint in hints)
    return Place(kind=kind, name=name, hints=either, form=pattern, **more)  # type: ignore[arg-type]


_QUOTED = r"n?(?:'(?P<value>[^'\n]{1,200}+)'|\"(?P<value2>[^\"\n]{1,200}+)\")"
_B = r"[ \t]{1,20}+"

PLACES: tuple[Place, ...] = (
    _place(
        "password in .netrc",
        "PASSWORD",
        rf"\blogin\s{{1,9}}+\S{{1,99}}+\s{{1,9}}+password{_B}(?P<value>[^\s'\"]{{1,200}}+)",
        "machine",
        "login",
        "password",
    ),
    _place(
        "password in .pgpass",
        "PGPASSWORD",
        r":(?:[0-9]{1,5}|\*):[^\s:]{1,99}+:[^\s:]{1,99}+:(?P<value>[^\s'\"]{1,200}+)",
        ":",
        "pgpass",
    ),
    _place(
        "password of a server",
        "PASSWORD",
        rf"^[ \t]*+(?:requirepass|masterauth|bindpw|rootbindpw|rootpw|wpa-psk"
        rf"|wifi-sec\.psk){_B}[\"']?(?P<value>[^\s\"']{{1,200}}+)",
        "requirepass|masterauth|bindpw|rootpw|psk",
    ),
    _place(
        "password of HAProxy",
        "PASSWORD",
        rf"\bstats{_B}auth{_B}[^\s:]{{1,99}}+:(?P<value>\S{{1,200}}+)",
        "stats",
    ),
    _place(
        "password of HAProxy",
        "PASSWORD",
        rf"\binsecure-password{_B}(?P<value>\S{{1,200}}+)",
        "insecure-password",
    ),
    _place(
        "pre-shared key",
        "IPSEC_PSK",
        rf":[ \t]{{0,9}}+(?:psk|xauth|eap){_B}\"(?P<value>[^\"\n]{{1,200}}+)\"",
        'psk "|xauth "|eap "',
    ),
    _place(
        "password of a mail relay",
        "SMTP_PASSWORD",
        rf"^\[?[\w.-]{{1,99}}+\]?:[0-9]{{2,5}}{_B}[^\s:]{{1,99}}+:(?P<value>[^\s]{{1,200}}+)",
        ":25|:465|:587",
    ),
    _place(
        "password in chap-secrets",
        "PASSWORD",
        rf"^[\"']?[^\s\"']{{1,99}}+[\"']?{_B}\*{_B}\"(?P<value>[^\"\n]{{1,200}}+)\"{_B}\S",
        '* "',
    ),
    _place(
        "registry login",
        "REGISTRY_AUTH",
        r"\"auth\"[ \t]{0,9}+:[ \t]{0,9}+\"(?P<value>[A-Za-z0-9+/]{4,400}+={0,2})\"",
        '"auth"',
        coded=True,
    ),
    _place(
        "registry login",
        "NPM_TOKEN",
        r"_auth[ \t]{0,9}+=[ \t]{0,9}+\"?(?P<value>[A-Za-z0-9+/]{4,400}+={0,2})",
        "_auth",
        coded=True,
    ),
    _place(
        "authorization header",
        "TOKEN",
        rf"authorization[\"']?[ \t]{{0,9}}+[:=][ \t]{{0,9}}+[\"']?basic{_B}"
        r"(?P<value>[A-Za-z0-9+/]{4,400}+={0,2})",
        "basic",
        coded=True,
    ),
    _place(
        "password in SQL",
        "DB_PASSWORD",
        rf"\bidentified{_B}(?:with{_B}\S{{1,60}}+{_B})?by{_B}(?:password{_B})?{_QUOTED}",
        "identified",
        rule=Rule.STATEMENT,
    ),
    _place(
        "password in SQL",
        "DB_PASSWORD",
        rf"\b(?:role|user|login|alter|create|encrypted|with){_B}"
        rf"(?:(?!password)[^\n;]){{0,200}}+password[ \t]{{0,9}}+=?[ \t]{{0,9}}+{_QUOTED}",
        "password '|password n'|password \"|password = |password='|password=n'",
        rule=Rule.STATEMENT,
    ),
    _place(
        "password in SQL",
        "DB_PASSWORD",
        rf"\bset{_B}password\b[^\n;=]{{0,200}}+=[ \t]{{0,9}}+(?:password)?\(?{_QUOTED}",
        "set password",
        rule=Rule.STATEMENT,
    ),
    _place(
        "plain text made a SecureString",
        "PASSWORD",
        rf"convertto-securestring\b(?=[^\n]{{0,300}}-asplaintext)[^\n'\"$|]{{0,99}}+{_QUOTED}",
        "convertto-securestring",
        rule=Rule.ARGUMENT,
    ),
    _place(
        "plain text made a SecureString",
        "PASSWORD",
        rf"{_QUOTED}[ \t]{{0,9}}+\|[ \t]{{0,9}}+convertto-securestring\b",
        "convertto-securestring",
        rule=Rule.ARGUMENT,
    ),
    _place(
        "answer to a password prompt",
        "PASSWORD",
        rf"\bsend(?:_user)?{_B}(?:--{_B})?\"(?P<value>[^\s\"\\$\[]{{1,200}}+)\\[rn]\"",
        "assword",
        "send",
        rule=Rule.STDIN,
    ),
)


# cloud-init's own list of passwords, a `user:password` a line; in YAML a mapping has a blank there.
_CHPASSWD = re.compile(
    r"^chpasswd:[ \t]*+\n(?:[ \t]++(?!list:)[^\n]*+\n){0,9}+[ \t]++list:[^\n]*+\n"
    r"(?P<list>(?:[ \t]++[^\n]*+(?:\n|\Z)){1,200}+)",
    re.MULTILINE,
)
_LOGIN = re.compile(
    r"^[ \t]++(?:-[ \t]++)?[\"']?[\w.-]{1,32}+:(?P<value>[^\s\"']{1,200}+)", re.ASCII | re.MULTILINE
)


def _cloud_init_logins(text: str) -> Iterator[Candidate]:
    for match in _CHPASSWD.finditer(text):
        for login in _LOGIN.finditer(text, match.start("list"), match.end("list")):
            if is_literal(login["value"]):
                yield Candidate(
                    start=login.start("value"),
                    end=login.end("value"),
                    rule=Rule.CONFIGURATION,
                    kind="password in chpasswd's list",
                    name="PASSWORD",
                )


def placed(text: Text) -> Iterator[Candidate]:
    """Yield what stands where a format has its secret."""
    if "chpasswd:" in text.text:
        yield from _cloud_init_logins(text.text)
    for place in PLACES:
        if not all(any(one in text.lowered for one in hint) for hint in place.hints):
            continue
        for match in place.pattern.finditer(text.lowered):
            group = "value" if match["value"] is not None else "value2"
            value = text.text[match.start(group) : match.end(group)]
            if place.coded and not _is_login(value):
                continue
            if is_literal(value):
                yield Candidate(
                    start=match.start(group),
                    end=match.end(group),
                    rule=place.rule,
                    kind=place.kind,
                    name=place.name,
                )


def _is_login(coded: str) -> bool:
    """Say whether it is base64 of a name, a colon and something that is no placeholder."""
    try:
        plain = base64.b64decode(coded, validate=True).decode()
    except (binascii.Error, ValueError):
        return False
    user, colon, secret = plain.partition(":")
    return bool(colon) and user.isprintable() and is_literal(secret)
