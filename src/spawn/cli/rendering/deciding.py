"""Whether somebody may do something, and by which statement of which policy."""

from __future__ import annotations

from spawn.cli.rendering.tables import fields
from spawn.lifecycle.can import OnlineVerdict, Verdict

_WORDS = {"allowed": "ALLOWED", "explicitDeny": "DENIED", "implicitDeny": "DENIED"}


def verdict_text(verdict: Verdict) -> str:
    """Return the decision on top, what decided, why, and what was not looked at."""
    decided = verdict.policy or ""
    if verdict.statement is not None:
        sid = f" ({verdict.sid})" if verdict.sid else ""
        decided = f"{verdict.policy}, statement {verdict.statement}{sid}"
    return fields(
        (
            ("decision", _decision(verdict)),
            *_online(verdict),
            ("who", " ".join(filter(None, (verdict.who, verdict.principal)))),
            ("action", verdict.action),
            ("resource", verdict.resource),
            ("decided by", decided),
            ("why", verdict.why),
            ("nearly", verdict.nearly),
            ("but", verdict.notes),
        )
    )


def _decision(verdict: Verdict) -> str:
    said = f"{_WORDS.get(verdict.decision, 'UNKNOWN')} ({verdict.decision})"
    return f"{said}, says AWS" if isinstance(verdict, OnlineVerdict) else said


def _online(verdict: Verdict) -> tuple[tuple[str, str], ...]:
    """What follows AWS's decision; the rows below it are spawn's own judgement."""
    if not isinstance(verdict, OnlineVerdict):
        return ()
    return (
        ("AWS matched", " and ".join(verdict.online.matched)),
        ("AWS misses", ", ".join(verdict.online.missing)),
        ("spawn says", f"{_WORDS.get(verdict.own, 'UNKNOWN')} ({verdict.own})"),
        ("differs", verdict.difference),
    )
