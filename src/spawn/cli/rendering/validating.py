"""What Access Analyzer finds, beside what spawn finds: as lines and as SARIF."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from spawn.cli.rendering.terminal import escape
from spawn.iam.lint import Place
from spawn.lifecycle.lint_online import AwsFinding, Compared

# SARIF 2.1.0, section 3.27.10, for Access Analyzer's four types; one to come is a warning.
_LEVELS = {"ERROR": "error", "SUGGESTION": "note"}
_OF_AWS = "access-analyzer"


def comparison_lines(compared: Compared) -> Iterable[str]:
    """Yield what both find, what AWS alone does, and how many are spawn's alone, a line each."""
    for agreed in compared.both:
        rules = ", ".join(dict.fromkeys(finding.rule for finding in agreed.own))
        yield _line(agreed.aws, f"AWS as well as {rules}")
    for finding in compared.only_aws:
        yield _line(finding, "AWS alone")
    alone = ", ".join(
        f"{finding.rule} ({finding.place.line}:{finding.place.column})"
        for finding in compared.only_own
    )
    if alone:
        yield escape(f"{compared.name}: spawn alone: {alone}")
    elif not compared.both and not compared.only_aws:
        yield escape(f"{compared.name}: AWS finds nothing either")


def _line(finding: AwsFinding, whose: str) -> str:
    place = finding.place
    where = f"{place.policy}:{place.line}:{place.column}"
    return escape(f"{where}: {whose}: {finding.type}: {finding.message} [{finding.code}]")


def alone_in_sarif(
    compared: Iterable[Compared], *, first: int
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Return as SARIF's results what AWS alone finds, and their rules, counted from `first`.

    What both find is spawn's result already, and would else be shown twice.
    """
    findings = [finding for each in compared for finding in each.only_aws]
    rules = {finding.code: finding for finding in findings}
    ids = list(rules)
    results: list[dict[str, object]] = [
        {
            "ruleId": f"{_OF_AWS}/{finding.code}",
            "ruleIndex": first + ids.index(finding.code),
            "level": _LEVELS.get(finding.type, "warning"),
            "message": {"text": finding.message},
            "locations": [sarif_location(finding.place)],
        }
        for finding in findings
    ]
    return results, [_rule(finding) for finding in rules.values()]


def _rule(finding: AwsFinding) -> dict[str, object]:
    return {
        "id": f"{_OF_AWS}/{finding.code}",
        "shortDescription": {"text": finding.code},
        "helpUri": finding.link,
        "defaultConfiguration": {"level": _LEVELS.get(finding.type, "warning")},
    }


def sarif_location(place: Place) -> dict[str, object]:
    """Return a place as SARIF has it."""
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(place.policy)},
            "region": {"startLine": place.line, "startColumn": place.column},
        }
    }
