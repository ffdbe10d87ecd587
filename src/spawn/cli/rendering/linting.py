"""Findings of lint: as lines, as JSON, as SARIF for code scanners."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import assert_never
from urllib.parse import quote

import msgspec

from spawn import __version__
from spawn.cli.rendering.documents import as_json
from spawn.cli.rendering.terminal import escape
from spawn.cli.rendering.validating import alone_in_sarif, comparison_lines, sarif_location
from spawn.iam.lint import RULES, Finding, Linted, Rule, Severity
from spawn.lifecycle.lint_online import Compared

_SARIF_VERSION = "2.1.0"
# SARIF 2.1.0, section 3.27.10: what it calls the three severities.
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PLURALS = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.INFO: "remarks"}
_SINGULARS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "remark"}


class Report(enum.StrEnum):
    """How findings are written."""

    TABLE = "table"
    JSON = "json"
    SARIF = "sarif"


class LintDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The one document that `spawn policy lint -o json` writes.

    `unseen` says what of a role could not be read. `fixed` counts the findings that `--fix` mended.
    """

    policies: tuple[Linted, ...]
    unseen: tuple[str, ...] = ()
    fixed: int = 0

    @property
    def is_refused_by_aws(self) -> bool:
        """Whether AWS was asked, and says more than suggestions."""
        return False


class OnlineLintDocument(LintDocument, frozen=True, kw_only=True):
    """The same with `--online`: `online` holds each policy that AWS has looked at as well."""

    online: tuple[Compared, ...]

    @property
    def is_refused_by_aws(self) -> bool:
        """Whether AWS says more than suggestions."""
        return any(each.is_refused for each in self.online)


def lint_report(found: LintDocument, report: Report) -> str:
    """Return the findings as they were asked for."""
    match report:
        case Report.TABLE:
            return lint_text(found)
        case Report.JSON:
            return as_json(found)
        case Report.SARIF:
            return lint_sarif(found)
        case _:
            assert_never(report)


def lint_text(found: LintDocument) -> str:
    """Return a line a finding with its place, what to write below it, and a count at the end."""
    findings = _findings(found)
    lines = [line for finding in findings for line in _lines(finding)]
    lines += (line for each in _compared(found) for line in comparison_lines(each))
    lines += (f"not read: {escape(sentence)}" for sentence in found.unseen)
    if found.fixed:
        lines.append(f"mended {found.fixed}")
    return "\n".join((*lines, _summary(found.policies, findings)))


def lint_sarif(found: LintDocument) -> str:
    """Return the findings as a SARIF log."""
    findings = _findings(found)
    ids = list(dict.fromkeys(finding.rule for finding in findings))
    results, rules = alone_in_sarif(_compared(found), first=len(ids))
    driver = {
        "name": "spawn",
        "version": __version__,
        "rules": [*(_sarif_rule(RULES[id_]) for id_ in ids), *rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [*(_sarif_result(finding, ids) for finding in findings), *results],
    }
    return as_json({"version": _SARIF_VERSION, "runs": [run]})


def _findings(found: LintDocument) -> list[Finding]:
    return [finding for policy in found.policies for finding in policy.findings]


def _compared(found: LintDocument) -> tuple[Compared, ...]:
    return found.online if isinstance(found, OnlineLintDocument) else ()


def _lines(finding: Finding) -> Iterable[str]:
    place = finding.place
    where = f"{place.policy}:{place.line}:{place.column}"
    yield escape(f"{where}: {finding.severity}: {finding.message} [{finding.rule}]")
    statement = ""
    if place.statement:
        sid = f" ({place.sid[:64]})" if place.sid else ""
        statement = f"statement {place.statement}{sid}: "
    fix = " (--fix does it)" if finding.is_fixable else ""
    yield f"    {escape(f'{statement}{finding.remedy}{fix}')}"


def _summary(policies: Sequence[Linted], findings: Sequence[Finding]) -> str:
    counted = Counter(finding.severity for finding in findings)
    parts = [
        f"{counted[severity]} {(_SINGULARS if counted[severity] == 1 else _PLURALS)[severity]}"
        for severity in Severity
        if counted[severity]
    ]
    many = f"{len(policies)} policies" if len(policies) != 1 else "1 policy"
    return f"{many} looked at: {', '.join(parts) or 'nothing is wrong'}"


def _sarif_rule(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": f"{rule.title}: {rule.why}"},
        "help": {"text": rule.remedy},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _sarif_result(finding: Finding, ids: list[str]) -> dict[str, object]:
    return {
        "ruleId": finding.rule,
        "ruleIndex": ids.index(finding.rule),
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}: {finding.remedy}"},
        "locations": [sarif_location(finding.place)],
        **({"fixes": [_sarif_fix(finding)]} if finding.is_fixable else {}),
    }


def _sarif_fix(finding: Finding) -> dict[str, object]:
    """Return what `--fix` would write (SARIF 2.1.0, section 3.55)."""
    replacements = [
        {
            "deletedRegion": {
                "startLine": each.line,
                "startColumn": each.column,
                "endLine": each.end_line,
                "endColumn": each.end_column,
            },
            "insertedContent": {"text": each.text},
        }
        for each in finding.fix
    ]
    file = {"uri": quote(finding.place.policy)}
    return {
        "description": {"text": finding.remedy},
        "artifactChanges": [{"artifactLocation": file, "replacements": replacements}],
    }
