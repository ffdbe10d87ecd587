"""Sources of settings for tests, and a value for each setting."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from spawn.settings.sources import Given, Source
from spawn.settings.table import SETTINGS, Origin, Setting
from spawn.settings.values import Kind, Value

# Two different values for each setting, both allowed wherever the setting is.
_OF_KIND: Mapping[Kind, tuple[Value, Value]] = {
    Kind.TEXT: ("one", "two"),
    Kind.PATH: ("one.json", "two.json"),
    Kind.CONTENT: ("echo one", "@two.sh"),
    Kind.TEXTS: (("one", "two"), ("three",)),
    Kind.INTEGER: (3, 7),
    Kind.AMOUNT: (Decimal("0.05"), Decimal(12)),
    Kind.BOOLEAN: (True, False),
    Kind.PAIRS: ({"team": "one"}, {"team": "two"}),
}
_OF_KEY: Mapping[str, tuple[Value, Value]] = {
    "ttl": ("4h", "1d12h"),
    "security": ("strict", "standard"),
    "ssh-from": (("192.0.2.0/24", "pl-0123456789abcdef0"), ("198.51.100.7/32",)),
    "metadata-options": ({"HttpPutResponseHopLimit": "2"}, {"HttpPutResponseHopLimit": "1"}),
    "wait": ("no", "ready"),
    "output": ("json", "yaml"),
    "pre-stop-timeout": ("1m", "10m"),
    "idle-timeout": ("30m", "1h"),
    "active-ports": (("80", "443"), ("8888",)),
    "on-idle": ("stop", "hibernate"),
    "on-complete": ("terminate", "stop"),
    "completion-delay": ("1m", "10m"),
    "organisation-parameter": ("/one", "/two"),
}


def two_values(setting: Setting) -> tuple[Value, Value]:
    """Return two values of a setting, neither of them forbidden to a project's file."""
    if setting.only_in_project is not None and len(setting.only_in_project) == 1:
        [allowed] = setting.only_in_project
        return (allowed, allowed)
    return _OF_KEY.get(setting.key, _OF_KIND[setting.kind])


def source(origin: Origin, values: Mapping[str, Value]) -> Source:
    """Return a source that says these; each place is the origin's name and the key."""
    return Source(
        origin=origin,
        given={key: Given(value, f"{origin.name} {key}") for key, value in values.items()},
    )


_OF_IDLENESS = ("idle-cpu", "idle-network", "active-processes", "active-ports", "on-idle")
# What a setting needs beside it to have an effect at all.
COMPANIONS: Mapping[str, Mapping[str, Value]] = {
    "permissions-boundary": {"iam-policy": ("s3:ReadOnly",)},
    "spot-max-price": {"spot": True},
    "pre-stop-timeout": {"pre-stop": "sync"},
    **{key: {"idle-timeout": "45m"} for key in _OF_IDLENESS},
    "completion-file": {"on-complete": "hibernate"},
    "completion-delay": {"on-complete": "hibernate"},
    "dns-zone": {"dns-name": "box.example.com"},
}
EVERY_SETTING = list(SETTINGS.values())
