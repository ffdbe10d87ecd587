"""Findings as a SARIF log, which code scanners read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from spawn import __version__
from spawn.cli.rendering.documents import as_json

_SARIF_VERSION = "2.1.0"


@dataclass(frozen=True, kw_only=True)
class SarifRule:
    """What findings of one kind have in common; `level` is "error", "warning" or "note"."""

    id: str
    title: str
    why: str
    remedy: str
    level: str


@dataclass(frozen=True, kw_only=True)
class SarifResult:
    """One finding; line and column count from 1."""

    rule: str
    level: str
    message: str
    path: str
    line: int
    column: int


def sarif_log(rules: Iterable[SarifRule], results: Iterable[SarifResult]) -> str:
    """Return the log of one run. Each result's rule must be among the rules."""
    told = list(rules)
    places = {rule.id: number for number, rule in enumerate(told)}
    driver = {"name": "spawn", "version": __version__, "rules": [_rule(rule) for rule in told]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(result, places[result.rule]) for result in results],
    }
    return as_json({"version": _SARIF_VERSION, "runs": [run]})


def _rule(rule: SarifRule) -> dict[str, object]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": f"{rule.title}: {rule.why}"},
        "help": {"text": rule.remedy},
        "defaultConfiguration": {"level": rule.level},
    }


def _result(result: SarifResult, index: int) -> dict[str, object]:
    location = {
        "artifactLocation": {"uri": quote(result.path)},
        "region": {"startLine": result.line, "startColumn": result.column},
    }
    return {
        "ruleId": result.rule,
        "ruleIndex": index,
        "level": result.level,
        "message": {"text": result.message},
        "locations": [{"physicalLocation": location}],
    }
