"""What a rule is: an id, a severity, and words."""

from __future__ import annotations

import msgspec

from spawn.iam.lint.finding import Severity


class Rule(msgspec.Struct, frozen=True):
    """One rule: `title` names what is wrong, `why` what comes of it, `remedy` the way out."""

    id: str
    severity: Severity
    title: str
    why: str
    remedy: str
