"""Roles that are made ahead of a launch: planned, and done."""

from __future__ import annotations

from spawn.cli.rendering.planned import planned_text
from spawn.cli.rendering.terminal import escape
from spawn.cli.rendering.whose import endpoint_words
from spawn.launch.install import InstallPlan


def install_text(plan: InstallPlan, *, endpoint: str) -> str:
    """Return the summary of a plan, and its steps in the order in which they are performed."""
    pairs = (
        ("account", plan.account),
        ("endpoint", endpoint_words(endpoint)),
        ("as", plan.caller),
        ("owner", plan.owner),
        ("role", plan.role or "none: these words ask for nothing in AWS"),
        ("backstop", plan.backstop),
        ("boundary", plan.boundary or "none: the account has no boundary for spawn's roles"),
    )
    notes = () if plan.stages else ("all of it is there already",)
    return planned_text(pairs, plan.stages, notes=notes)


def installed_text(plan: InstallPlan) -> str:
    """Say what may be launched by now."""
    made = "the roles are there" if plan.stages else "nothing was to be made"
    return escape(f"{made}: {plan.owner} launches with the same words, and makes none")
