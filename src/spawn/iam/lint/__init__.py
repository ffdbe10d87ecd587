"""Lint: whether a policy is right, as far as that can be told without AWS.

In come a policy's bytes and what it is attached to; out come findings with line and column, and
the text with the edits that need no judgement. Pure: nothing is read but IAM's tables.

    reading     JSON with places, whatever the bytes are
    grammar     what is a policy, and which of IAM's members stand where
    shape, sizes, actions, resources, conditions, variables, principals, reach, escalation
                the rules, each yielding spots: an offset, a message, an edit where there is one
    rules       the words and the severity of each rule
    linting     all of it in order; spots become findings
"""

from spawn.iam.lint.finding import Finding, Place, Replacement, Severity
from spawn.iam.lint.linting import Linted, Mended, Source, is_refused, lint, mend
from spawn.iam.lint.rule import Rule
from spawn.iam.lint.rules import RULES
from spawn.iam.lint.view import PolicyKind

__all__ = [
    "RULES",
    "Finding",
    "Linted",
    "Mended",
    "Place",
    "PolicyKind",
    "Replacement",
    "Rule",
    "Severity",
    "Source",
    "is_refused",
    "lint",
    "mend",
]
