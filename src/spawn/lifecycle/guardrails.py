"""Guardrails looked for, and put where they are missing.

1. All that is asked for is looked for side by side; what may not be seen is UNKNOWN.
2. Each is judged by itself, with the steps that put it there: only the difference is done.
3. Each is performed by itself: one that fails keeps none of the others from being put.

Nothing is ever taken away: others may rely on it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

import msgspec

from spawn.aws.denials import denials_in, with_denials
from spawn.aws.door import Reader
from spawn.aws.perform import Performer
from spawn.aws.questions import Asker
from spawn.core.errors import AccessDenied, Interrupted, PartlyDone, SpawnError
from spawn.iam.guardrails.model import Guardrail, Kind
from spawn.images.catalog import PUBLISHERS
from spawn.lifecycle.guardrails_model import Place, Standing, State
from spawn.lifecycle.guardrails_organisation import ScpFacts, ask_scps, judge_scp
from spawn.lifecycle.guardrails_policies import ask_policy, judge_policy
from spawn.lifecycle.guardrails_rules import RuleFacts, ask_rules, judge_rule
from spawn.lifecycle.guardrails_settings import ask_setting, judge_setting

_SIDE_BY_SIDE = 16
_AGAIN = "spawn guardrails apply"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one guardrail in one place; `why` it was not put there."""

    name: str
    place: str
    done: bool
    why: str = ""
    is_denied: bool = False


def usual_image_owners(partition: str) -> tuple[str, ...]:
    """Return whose images spawn chooses from, as EC2 names owners in a partition."""
    owners = (
        each.alias or next((one[partition] for one in each.accounts if partition in one), "")
        for each in PUBLISHERS
    )
    return tuple(owner for owner in owners if owner)


def look(reader: Reader, guardrails: Iterable[Guardrail], place: Place) -> tuple[Standing, ...]:
    """Return how each guardrail stands in each of its places, in their order."""
    wanted = tuple(guardrails)
    with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool:
        asker = Asker(reader, pool)
        scps = [one for one in wanted if one.kind is Kind.SCP]
        scp_facts = functools.cache(ask_scps(asker, scps, place))
        rules = {
            region: ask_rules(asker, region)
            for region in place.regions
            if any(one.kind is Kind.RULE for one in wanted)
        }
        pending = [
            wait
            for one in wanted
            for wait in _ask(asker, one, place, scp_facts=scp_facts, rules=rules)
        ]
        return tuple(wait() for wait in pending)


def _ask(
    asker: Asker,
    one: Guardrail,
    place: Place,
    *,
    scp_facts: Callable[[], dict[str, ScpFacts]],
    rules: Mapping[str, Callable[[], RuleFacts]],
) -> list[Callable[[], Standing]]:
    """Ask now for one guardrail in its places; what is returned waits and judges."""
    match one.kind:
        case Kind.BOUNDARY | Kind.IDENTITY:
            policy = ask_policy(asker, one, place)
            return [lambda: judge_policy(one, policy(), place)]
        case Kind.SCP:
            return [lambda: judge_scp(one, scp_facts()[one.name], place)]
        case Kind.SETTING:
            return [_ask_setting(asker, one, region) for region in place.regions]
        case Kind.RULE:
            return [_judging_rule(one, rules[region], region) for region in place.regions]


def _ask_setting(asker: Asker, one: Guardrail, region: str) -> Callable[[], Standing]:
    fact = ask_setting(asker, one, region)
    return lambda: judge_setting(one, fact(), region)


def _judging_rule(
    one: Guardrail, facts: Callable[[], RuleFacts], region: str
) -> Callable[[], Standing]:
    return lambda: judge_rule(one, facts(), region)


def put(standings: Iterable[Standing], performer: Performer) -> tuple[Outcome, ...]:
    """Perform the steps of each guardrail that has some, one guardrail after the other.

    Raises Interrupted for Ctrl-C: what was put until then stands.
    """
    try:
        return tuple(_put(one, performer) for one in standings if one.stages)
    except KeyboardInterrupt as stop:
        raise Interrupted("putting guardrails was stopped half-way", next_command=_AGAIN) from stop


def _put(standing: Standing, performer: Performer) -> Outcome:
    performance = performer.perform(standing.stages)
    refusal = next((one.refusal for one in performance.failures), None)
    return Outcome(
        name=standing.name,
        place=standing.place,
        done=refusal is None,
        why="" if refusal is None else (refusal.why or refusal.what),
        is_denied=isinstance(refusal, AccessDenied),
    )


def error_of(standings: Iterable[Standing], outcomes: tuple[Outcome, ...]) -> SpawnError | None:
    """Return what is left undone as an error, None where all that can be put is there."""
    failed = [one for one in outcomes if not one.done]
    unseen = [one for one in standings if one.state is State.UNKNOWN]
    if not failed and not unseen:
        return None
    left: tuple[Outcome | Standing, ...] = (*failed, *unseen)
    whys = [f"{one.name} ({one.place}): {one.why}" for one in left]
    done = any(one.done for one in outcomes)
    if not done and all(one.is_denied for one in failed):
        what = "AWS denied what it needs to put guardrails"
        denials = dict.fromkeys(one for text in whys for one in denials_in(text))
        return AccessDenied(what, why="\n".join(whys), denials=tuple(denials))
    what = "not every guardrail could be put"
    return with_denials(PartlyDone(what, why="\n".join(whys), next_command=_AGAIN), whys)
