"""Results as documents: JSON and YAML, the same members in both."""

from __future__ import annotations

import enum
import unicodedata
from typing import Any

import msgspec


class Output(enum.StrEnum):
    """How a result is written to stdout."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    IDS = "ids"


def document(value: Any, output: Output) -> str:
    """Return the value as the one document that stdout gets: YAML if asked for, else JSON."""
    return as_yaml(value) if output is Output.YAML else as_json(value)


def as_json(value: Any) -> str:
    """Return the value as indented JSON, ASCII only where a character could act on a terminal."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    return "".join(_escaped(character) for character in text)


def as_yaml(value: Any) -> str:
    """Return the value as one YAML document."""
    import yaml

    return yaml.safe_dump(msgspec.to_builtins(value), sort_keys=False, allow_unicode=False)


def _escaped(character: str) -> str:
    """Write C1 controls and formatting characters as JSON's own escapes; JSON allows them raw."""
    if character == "\n" or unicodedata.category(character) not in {"Cc", "Cf", "Zl", "Zp"}:
        return character
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[i] << 8 | units[i + 1]:04x}" for i in range(0, len(units), 2))
