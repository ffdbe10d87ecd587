"""Secrets that were found in files: as lines, as JSON, as SARIF for code scanners."""

from __future__ import annotations

from typing import assert_never

from spawn.cli.rendering.documents import as_json
from spawn.cli.rendering.linting import Report
from spawn.cli.rendering.sarif import SarifResult, SarifRule, sarif_log
from spawn.cli.rendering.terminal import escape
from spawn.secrets.files import FoundSecret, Scanned
from spawn.secrets.finding import Certainty, Rule

_LEVELS = {Certainty.KNOWN: "error", Certainty.LIKELY: "warning"}
_TITLES = {
    Rule.TOKEN: "A token of an issuer's own form",
    Rule.PRIVATE_KEY: "A private key",
    Rule.URL: "A password in a URL",
    Rule.ASSIGNMENT: "A literal where a secret is named",
    Rule.ARGUMENT: "A secret handed to a command as an argument",
    Rule.STDIN: "A secret handed to a command on its input",
    Rule.CONFIGURATION: "A secret in a configuration file",
    Rule.STATEMENT: "A password in SQL",
    Rule.HASH: "A password's hash that is quick to try",
    Rule.ENTROPY: "A value as random as a key",
}
_WHY = "user-data, images and repositories are read by many; a secret that was in there is known"
_REMEDY = "keep it in Secrets Manager or Parameter Store, and hand it over with --secret"


def secrets_report(scanned: Scanned, report: Report) -> str:
    """Return the findings as they were asked for. The secrets themselves are in none of it."""
    match report:
        case Report.TABLE:
            return secrets_text(scanned)
        case Report.JSON:
            return as_json(scanned)
        case Report.SARIF:
            return secrets_sarif(scanned)
        case _:
            assert_never(report)


def secrets_text(scanned: Scanned) -> str:
    """Return a line a finding with its place, what to write instead, and a count at the end."""
    lines = [line for found in scanned.findings for line in _lines(found)]
    lines += (f"not read: {escape(sentence)}" for sentence in scanned.unread)
    return "\n".join((*lines, _summary(scanned)))


def secrets_sarif(scanned: Scanned) -> str:
    """Return the findings as a SARIF log."""
    rules = dict.fromkeys(found.secret.rule for found in scanned.findings)
    return sarif_log(map(_sarif_rule, rules), map(_sarif_result, scanned.findings))


def _lines(found: FoundSecret) -> tuple[str, str]:
    secret = found.secret
    inside = f" ({secret.part})" if secret.part else ""
    where = f"{found.path}{inside}:{secret.line}:{secret.column}"
    return (
        escape(f"{where}: {secret.certainty}: {secret.kind} [{secret.rule}]"),
        f"    {escape(f'instead: {found.instead}')}",
    )


def _summary(scanned: Scanned) -> str:
    certainties = [found.secret.certainty for found in scanned.findings]
    known, likely = (certainties.count(one) for one in (Certainty.KNOWN, Certainty.LIKELY))
    parts = [_many(known, "secret", "secrets")] if known else []
    parts += [f"{likely} that may be {'one' if likely == 1 else 'some'}"] if likely else []
    ends = [f"{scanned.allowed} allowed in the text"] if scanned.allowed else []
    ends += (f"left out: {count} {why}" for why, count in scanned.skipped.items())
    first = f"{_many(scanned.files, 'file', 'files')} looked at: {', '.join(parts) or 'no secret'}"
    return "; ".join((first, *ends))


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _sarif_rule(rule: Rule) -> SarifRule:
    likely = rule in {Rule.HASH, Rule.ENTROPY}
    return SarifRule(
        id=f"secret-{rule}",
        title=_TITLES[rule],
        why=_WHY,
        remedy=_REMEDY,
        level=_LEVELS[Certainty.LIKELY if likely else Certainty.KNOWN],
    )


def _sarif_result(found: FoundSecret) -> SarifResult:
    secret = found.secret
    return SarifResult(
        rule=f"secret-{secret.rule}",
        level=_LEVELS[secret.certainty],
        message=f"{secret.kind}: write {found.instead} instead",
        path=found.path,
        line=secret.line,
        column=secret.column,
    )
