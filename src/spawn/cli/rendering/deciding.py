"""Whether somebody may do something, and by which statement of which policy."""

from __future__ import annotations

from spawn.cli.rendering.tables import fields
from spawn.lifecycle.can import Verdict

_WORDS = {"allowed": "ALLOWED", "explicitDeny": "DENIED", "implicitDeny": "DENIED"}


def verdict_text(verdict: Verdict) -> str:
    """Return the decision on top, what decided, why, and what was not looked at."""
    decided = verdict.policy or ""
    if verdict.statement is not None:
        sid = f" ({verdict.sid})" if verdict.sid else ""
        decided = f"{verdict.policy}, statement {verdict.statement}{sid}"
    return fields(
        (
            ("decision", f"{_WORDS.get(verdict.decision, 'UNKNOWN')} ({verdict.decision})"),
            ("who", " ".join(filter(None, (verdict.who, verdict.principal)))),
            ("action", verdict.action),
            ("resource", verdict.resource),
            ("decided by", decided),
            ("why", verdict.why),
            ("nearly", verdict.nearly),
            ("but", verdict.notes),
        )
    )
