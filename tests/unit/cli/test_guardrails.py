"""What `spawn guardrails` shows acts on no terminal, and is what differs."""

from __future__ import annotations

from spawn.cli.rendering.guardrails import nothing_text, plan_text, put_text, status_text
from spawn.core.steps import Step
from spawn.iam.guardrails.catalog import named, written
from spawn.iam.guardrails.model import Guardrail, Wishes
from spawn.lifecycle.guardrails import Outcome
from spawn.lifecycle.guardrails_model import State, standing

HOSTILE = "\x1b[2J\u202e"


def guardrail() -> Guardrail:
    (row,) = named(["scp-tags"])
    return written(row, Wishes())


def test_what_is_there_instead_is_shown_and_harmless() -> None:
    """A stranger's policy, readable or not, and AWS's words are escaped wherever they stand."""
    step = Step(operation="a:B", region="eu-west-1", parameters={}, sentence=HOSTILE)
    for before in (HOSTILE, {"Sid": HOSTILE}):
        differing = standing(
            guardrail(), HOSTILE, State.DIFFERS, HOSTILE, before=before, stages=((step,),)
        )
        planned = plan_text([differing], account="1", endpoint="https://x", notes=(HOSTILE,))
        assert "--- scp-tags" in planned
        outcome = Outcome(name="scp-tags", place=HOSTILE, done=False, why=HOSTILE)
        listed = status_text([differing], columns=None, colour=False)
        for text in (planned, listed, put_text([outcome])):
            assert "\\x1b[2J" in text
            assert not {"\x1b", "\u202e"} & set(text)


def test_only_what_differs_is_shown() -> None:
    """A policy whose statements stand in another order is no change, and one more is one more."""
    one = guardrail()
    document = one.document
    reordered = type(document)(statements=document.statements[1:][::-1])
    step = Step(operation="a:B", region="eu-west-1", parameters={}, sentence="change it")
    differing = standing(one, "account", State.DIFFERS, before=reordered, stages=((step,),))
    text = plan_text([differing], account="1", endpoint="https://x", notes=())
    changed = [line for line in text.splitlines() if line[:1] in "+-" and line[:3] not in "+++---"]
    assert changed
    assert all(line.startswith("+") for line in changed)


def test_nothing_to_do_is_told_apart_from_nothing_that_can_be_done() -> None:
    """All there, and something missing that can't be put from here, are two things."""
    there = standing(guardrail(), "account", State.PRESENT)
    missing = standing(guardrail(), "account", State.MISSING)
    assert "all of it is there" in nothing_text([there])
    assert "all of it is there" not in nothing_text([there, missing])
