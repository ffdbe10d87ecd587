"""The settings: one table from which files, environment, command line and `spawn config` are read.

A setting's key is its flag's own name; its environment variable is SPAWN_ and the key. A
`spawn.toml` comes with whatever directory one stands in: it may set what a machine is like, and
neither what runs programs here or there, nor whom one trusts, nor what weakens protection.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from spawn.core.durations import parse_duration
from spawn.core.endings import End
from spawn.core.errors import InputError
from spawn.core.ids import LOGIN_NAME
from spawn.core.levels import Level
from spawn.core.nearest import did_you_mean
from spawn.core.tags import Tag, check_tags
from spawn.network.rules import parse_ssh_from
from spawn.settings import strictness
from spawn.settings.strictness import Floor, metadata_rank
from spawn.settings.values import Kind, Value


class Origin(enum.IntEnum):
    """Where a value can come from; of two, the smaller one holds."""

    FLAG = 0
    LAUNCH_FILE = 1
    ENVIRONMENT = 2
    PROJECT = 3
    USER = 4
    ORGANISATION = 5
    BUILT_IN = 6


# Raises InputError, beginning with the place, for a value that can't be meant.
Check = Callable[[Value, str], None]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting.

    origins           who may set it
    only_in_project   the values that a `spawn.toml` may give, None for any that it may give at all
    not_in_project    names that may not be among its pairs
    check             what a value must hold besides its kind
    floor             what an organisation's value demands; None for a mere default
    built_in          what holds where nobody says anything, None where that is decided otherwise
    yields_to         variables of AWS's own that mean the same: nearer than any file
    needs             the setting without which it says nothing, "" for none
    """

    key: str
    kind: Kind
    origins: frozenset[Origin]
    only_in_project: frozenset[Value] | None = None
    not_in_project: frozenset[str] = frozenset()
    check: Check | None = None
    floor: Floor | None = None
    built_in: Value | None = None
    yields_to: tuple[str, ...] = ()
    needs: str = ""

    @property
    def flag(self) -> str:
        """The flag as it is typed."""
        return f"--{self.key}"

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"SPAWN_{self.key.upper().replace('-', '_')}"


_HAND = frozenset({Origin.FLAG, Origin.LAUNCH_FILE})
_OWN = _HAND | {Origin.ENVIRONMENT, Origin.USER}  # what the person wrote, or named
_SHARED = _OWN | {Origin.ORGANISATION}
_EVERYWHERE = _SHARED | {Origin.PROJECT}
_NOT_ORGANISATION = _OWN | {Origin.PROJECT}
# Who one is and how one gets out: nothing that a launch file, handed round, should say.
_PERSONAL = frozenset({Origin.FLAG, Origin.ENVIRONMENT, Origin.USER})
_OF_PLACE = _PERSONAL | {Origin.PROJECT}

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# Systems Manager API Reference, GetParameter, Name; an ARN names one that is shared.
_PARAMETER_NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,1011}", re.ASCII)


def _one_of(*choices: str) -> Check:
    def check(value: Value, place: str) -> None:
        if value not in choices:
            near = did_you_mean(str(value), choices)
            raise InputError(
                f"{place} can't be {str(value)!r}",
                why=f"write one of {', '.join(choices)}{near and f'; {near}'}",
            )

    return check


def _shaped(shape: re.Pattern[str], what: str) -> Check:
    def check(value: Value, place: str) -> None:
        if not shape.fullmatch(str(value)):
            raise InputError(f"{place} {str(value)!r} is no {what}")

    return check


def _check_ttl(value: Value, place: str) -> None:
    parse_duration(str(value), flag=place)


def _check_tags(value: Value, place: str) -> None:
    check_tags(value if isinstance(value, Mapping) else {}, flag=place)


def _check_sources(value: Value, place: str) -> None:
    parse_ssh_from(value if isinstance(value, tuple) else (), flag=place)


def _check_metadata(value: Value, place: str) -> None:
    for option, one in (value if isinstance(value, Mapping) else {}).items():
        try:
            metadata_rank(option, one)
        except InputError as error:
            raise InputError(f"{place}: {error.what}", why=error.why) from error


def _check_at_least_one(value: Value, place: str) -> None:
    if isinstance(value, int) and value < 1:
        raise InputError(f"{place} is {value}", why="write 1 or more")


def _check_percent(value: Value, place: str) -> None:
    if not isinstance(value, int) or not 1 <= value <= 100:
        raise InputError(f"{place} is {value}", why="write 1 to 100")


def _length(key: str, origins: frozenset[Origin], *, needs: str = "") -> Setting:
    return Setting(key=key, kind=Kind.TEXT, origins=origins, check=_check_ttl, needs=needs)


def _text(
    key: str, origins: frozenset[Origin], *, kind: Kind = Kind.TEXT, needs: str = ""
) -> Setting:
    return Setting(key=key, kind=kind, origins=origins, needs=needs)


def _of_idleness(
    key: str, kind: Kind, origins: frozenset[Origin], check: Check | None = None
) -> Setting:
    return Setting(key=key, kind=kind, origins=origins, check=check, needs="idle-timeout")


_END_ACTIONS = _one_of("terminate", "stop", "hibernate")

_LAUNCH = (
    Setting(key="instance-type", kind=Kind.TEXTS, origins=_EVERYWHERE, built_in=("t3.micro",)),
    _text("ami", _SHARED),
    _text("os", _EVERYWHERE),
    _text("az", _EVERYWHERE, kind=Kind.TEXTS),
    _text("name", _NOT_ORGANISATION),
    Setting(
        key="ttl",
        kind=Kind.TEXT,
        origins=_EVERYWHERE,
        check=_check_ttl,
        floor=strictness.TTL,
        built_in=strictness.DEFAULT_TTL,
    ),
    Setting(
        key="security",
        kind=Kind.TEXT,
        origins=_EVERYWHERE,
        only_in_project=frozenset({Level.STANDARD.value, Level.STRICT.value}),
        check=_one_of(*(level.value for level in Level)),
        floor=strictness.SECURITY,
        built_in=Level.STANDARD.value,
    ),
    _text("key-pair", _OWN),
    _text("security-groups", _SHARED, kind=Kind.TEXTS),
    Setting(
        key="ssh-from",
        kind=Kind.TEXTS,
        origins=_SHARED,
        check=_check_sources,
        floor=strictness.SSH_FROM,
    ),
    _text("vpc", _EVERYWHERE),
    _text("subnet", _EVERYWHERE),
    Setting(
        key="public-ip",
        kind=Kind.BOOLEAN,
        origins=_EVERYWHERE,
        only_in_project=frozenset({False}),
        floor=strictness.PUBLIC_IP,
    ),
    _text("private-ip", _HAND),
    Setting(
        key="encrypt-volumes",
        kind=Kind.BOOLEAN,
        origins=_EVERYWHERE,
        only_in_project=frozenset({True}),
        floor=strictness.ENCRYPT_VOLUMES,
    ),
    Setting(key="kms-key-id", kind=Kind.TEXT, origins=_SHARED, floor=strictness.KMS_KEY_ID),
    Setting(key="volume-size", kind=Kind.INTEGER, origins=_EVERYWHERE, check=_check_at_least_one),
    _text("volume-type", _EVERYWHERE),
    Setting(
        key="metadata-options",
        kind=Kind.PAIRS,
        origins=_SHARED,
        check=_check_metadata,
        floor=strictness.METADATA_OPTIONS,
    ),
    Setting(
        key="tags",
        kind=Kind.PAIRS,
        origins=_EVERYWHERE,
        # Whose an instance is decides whose `spawn list` shows it, and who may end it.
        not_in_project=frozenset({Tag.OWNER.value}),
        check=_check_tags,
        floor=strictness.TAGS,
    ),
    _text("user-data", _OWN, kind=Kind.CONTENT),
    _text("user-data-file", _OWN, kind=Kind.PATH),
    _text("iam-policy", _SHARED, kind=Kind.TEXTS),
    _text("iam-policy-file", _OWN, kind=Kind.PATH),
    _text("iam-managed-policies", _SHARED, kind=Kind.TEXTS),
    _text("iam-role", _SHARED),
    Setting(
        key="permissions-boundary",
        kind=Kind.TEXT,
        origins=_SHARED,
        floor=strictness.PERMISSIONS_BOUNDARY,
    ),
    Setting(key="spot", kind=Kind.BOOLEAN, origins=_EVERYWHERE, built_in=False),
    Setting(key="spot-max-price", kind=Kind.AMOUNT, origins=_SHARED, needs="spot"),
    Setting(key="count", kind=Kind.INTEGER, origins=_HAND, check=_check_at_least_one, built_in=1),
    Setting(key="min-count", kind=Kind.INTEGER, origins=_HAND, check=_check_at_least_one),
    Setting(key="max-cost", kind=Kind.AMOUNT, origins=_SHARED, floor=strictness.MAX_COST),
    Setting(
        key="wait",
        kind=Kind.TEXT,
        origins=_NOT_ORGANISATION,
        check=_one_of("running", "ssh", "ready", "no"),
    ),
    # What runs before the end, and what keeps disks or memory, is nothing for a stranger to say.
    _text("pre-stop", _OWN),
    _length("pre-stop-timeout", _OWN, needs="pre-stop"),
    _length("idle-timeout", _EVERYWHERE),
    _of_idleness("idle-cpu", Kind.INTEGER, _EVERYWHERE, _check_percent),
    _of_idleness("idle-network", Kind.INTEGER, _EVERYWHERE),
    _of_idleness("active-processes", Kind.TEXTS, _EVERYWHERE),
    _of_idleness("active-ports", Kind.TEXTS, _EVERYWHERE),
    _of_idleness("on-idle", Kind.TEXT, _SHARED, _END_ACTIONS),
    Setting(key="on-complete", kind=Kind.TEXT, origins=_SHARED, check=_END_ACTIONS),
    _text("completion-file", _SHARED, needs="on-complete"),
    _length("completion-delay", _SHARED, needs="on-complete"),
    Setting(key="hibernation", kind=Kind.BOOLEAN, origins=_SHARED, built_in=False),
    # A stranger's directory could take over a name, and say what an instance may do.
    _text("dns-name", _HAND),
    _text("dns-zone", _SHARED, needs="dns-name"),
    # So could it hand a secret to whatever it runs.
    _text("secret", _HAND, kind=Kind.TEXTS),
    _text("secret-env", _HAND, kind=Kind.TEXTS),
    _text("secret-user", _HAND),
    Setting(
        key="ship-logs",
        kind=Kind.BOOLEAN,
        origins=_SHARED,
        floor=strictness.SHIP_LOGS,
        built_in=False,
    ),
    Setting(
        key="ssh-ca",
        kind=Kind.BOOLEAN,
        origins=_EVERYWHERE,
        only_in_project=frozenset({True}),
        floor=strictness.SSH_CA,
        built_in=False,
    ),
    Setting(
        key="agent",
        kind=Kind.BOOLEAN,
        origins=_EVERYWHERE,
        only_in_project=frozenset({True}),
        floor=strictness.AGENT,
        built_in=True,
    ),
    Setting(
        key="on-expiry",
        kind=Kind.TEXT,
        origins=_EVERYWHERE,
        # Who wants the disks kept must not lose them to a file that came with a directory.
        only_in_project=frozenset({End.STOP.value}),
        check=_one_of(*End),
        built_in=End.TERMINATE.value,
    ),
)

_OTHERS = (
    Setting(
        key="region",
        kind=Kind.TEXT,
        origins=_OF_PLACE | {Origin.LAUNCH_FILE},
        yields_to=("AWS_REGION", "AWS_DEFAULT_REGION"),
    ),
    Setting(
        key="profile",
        kind=Kind.TEXT,
        origins=_PERSONAL,
        yields_to=("AWS_PROFILE", "AWS_ACCESS_KEY_ID"),
    ),
    _text("assume-role", _PERSONAL),
    _text("bastion", _PERSONAL),
    Setting(
        key="user",
        kind=Kind.TEXT,
        origins=_PERSONAL,
        check=_shaped(LOGIN_NAME, "name of a user"),
    ),
    _text("address-url", _PERSONAL - {Origin.FLAG}),
    _text("ssh-proxy-command", _PERSONAL - {Origin.FLAG}),
    Setting(
        key="output",
        kind=Kind.TEXT,
        origins=_OF_PLACE | {Origin.LAUNCH_FILE},
        check=_one_of("table", "json", "yaml"),
        built_in="table",
    ),
    Setting(
        key="organisation-parameter",
        kind=Kind.TEXT,
        origins=frozenset({Origin.USER}),
        check=_shaped(_PARAMETER_NAME, "name of a parameter"),
        built_in="/spawn/defaults",
    ),
)

SETTINGS = {setting.key: setting for setting in (*_LAUNCH, *_OTHERS)}
# Said once and for one launch, or not at all: a file that said them would be forgotten.
FLAGS_ONLY = frozenset({"allow", "dry-run", "local", "reason", "show", "yes"})

# Of two that exclude each other the one that is said nearer takes the other's place.
RIVALS: dict[str, frozenset[str]] = {
    "ami": frozenset({"os"}),
    "user-data": frozenset({"user-data-file"}),
    "iam-role": frozenset({*strictness.ROLE_POLICIES, "permissions-boundary"}),
    "security-groups": frozenset({"ssh-from"}),
    "subnet": frozenset({"az", "vpc"}),
}


def setting_of(key: str, *, place: str = "") -> Setting:
    """Return the setting of that key. Raises InputError with the nearest key for an unknown one."""
    if key in SETTINGS:
        return SETTINGS[key]
    where = f"{place}: " if place else ""
    if key in FLAGS_ONLY:
        raise InputError(f"{where}{key} is no setting", why=f"--{key} is said with each command")
    near = did_you_mean(key.replace("_", "-"), SETTINGS)
    raise InputError(f"{where}there is no setting {key!r}", why=near)


def checked(setting: Setting, value: Value, *, place: str) -> Value:
    """Return the value. Raises InputError, beginning with `place`, for one that can't be meant."""
    is_script = setting.kind is Kind.CONTENT
    if isinstance(value, str) and not is_script and (not value or _CONTROL.search(value)):
        raise InputError(
            f"{place} is {'no line of text' if value else 'empty'}",
            why="write one line, or leave the key out",
        )
    if setting.check is not None:
        setting.check(value, place)
    return value


def check_origin(setting: Setting, value: Value, origin: Origin, *, place: str) -> None:
    """Raise InputError where this origin may not set it, or not so."""
    if origin not in setting.origins:
        raise InputError(f"{place} can't be set here", why=_who_may(setting, origin))
    names = value if isinstance(value, Mapping) else {}
    refused = sorted(setting.not_in_project & names.keys())
    if origin is Origin.PROJECT and refused:
        raise InputError(
            f"{place}: {refused[0]} can't be set here",
            why=f"whoever made the directory would decide it for you; {setting.flag} may set it",
        )
    allowed = setting.only_in_project
    if origin is Origin.PROJECT and allowed is not None and value not in allowed:
        raise InputError(
            f"{place} can't be weakened here",
            why="a file that comes with a directory may only make it stricter; "
            f"{setting.flag} may do otherwise",
        )


_WHERE = {
    Origin.FLAG: "its flag",
    Origin.LAUNCH_FILE: "a launch file",
    Origin.ENVIRONMENT: "the environment",
    Origin.PROJECT: "spawn.toml",
    Origin.USER: "your own config file",
    Origin.ORGANISATION: "the organisation",
}


def _who_may(setting: Setting, origin: Origin) -> str:
    may = [words for place, words in _WHERE.items() if place in setting.origins]
    listed = f"{', '.join(may[:-1])} or {may[-1]}" if len(may) > 1 else may[0]
    reason = "whoever made the directory would decide it for you; " * (origin is Origin.PROJECT)
    return f"{reason}{listed} may set it"
