"""The rules: what each is called, how bad it is, why it matters, and what to do.

Words and severities stand in these tables, apart from the code that finds; ids are stable, since
people suppress by them. A finding may say a remedy of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from spawn.iam.lint import rules_of_access, rules_of_form, rules_of_grants
from spawn.iam.lint.rule import Rule

RULES: Final[Mapping[str, Rule]] = {
    rule.id: rule for rule in (*rules_of_form.RULES, *rules_of_grants.RULES, *rules_of_access.RULES)
}
