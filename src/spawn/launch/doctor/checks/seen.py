"""What checks share: how to say that something was not seen."""

from __future__ import annotations

from spawn.aws.questions import Unseen
from spawn.launch.doctor.facts import DoctorFacts
from spawn.launch.doctor.model import Judgement, unknown

PERMISSIONS = "spawn permissions launch"


def not_asked(facts: DoctorFacts) -> Judgement:
    """AWS was not asked at all, and the check of credentials says why."""
    why = "" if facts.refusal is None else f": {facts.refusal.what}"
    return unknown(f"AWS was not asked{why}")


def unseen(fact: Unseen, facts: DoctorFacts) -> Judgement:
    """A call was denied, which a permission mends, or there was no answer to it.

    What was not even asked, for want of a region, names no call.
    """
    if not fact.operation:
        return unknown(f"not asked: {fact.why}")
    is_denied = facts.account is not None and fact.operation in facts.account.denied
    if is_denied:
        return unknown(f"AWS denied {fact.operation}", PERMISSIONS)
    return unknown(f"{fact.operation} was not answered: {fact.why}")
