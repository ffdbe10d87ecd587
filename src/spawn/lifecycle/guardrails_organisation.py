"""Service control policies as guardrails.

1. The names and ids of the organisation's policies.
2. Of those that are ours, the content and what they are attached to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from spawn.aws import organizations
from spawn.aws.questions import Absent, Asker, Fact, Known, as_far_as_seen
from spawn.core.steps import Output, OutputReference, Retry, Stage, Step, Text, Yield
from spawn.core.tags import Tag, plain_tag_list
from spawn.iam.documents import PolicyDocument, canonical_json
from spawn.iam.guardrails.model import Guardrail
from spawn.iam.parsing import document_of
from spawn.lifecycle.guardrails_model import (
    ORGANISATION,
    Place,
    Standing,
    State,
    first_unseen,
    known,
    standing,
    unknown,
)

# Organizations makes one change after the other, and a new policy is not known everywhere at once.
_SETTLING = tuple(
    Retry(code=code, limit_seconds=20)
    for code in (
        "ConcurrentModificationException",
        "PolicyChangesInProgressException",
        "PolicyNotFoundException",
    )
)


@dataclass(frozen=True, kw_only=True)
class ScpFacts:
    """What is known of one policy.

    id       that of the policy of this name; "" where the organisation has none
    content  and `targets`: None where there is no policy
    """

    id: Fact[str]
    content: Fact[str] | None = None
    targets: Fact[tuple[str, ...]] | None = None


def ask_scps(
    asker: Asker, guardrails: Iterable[Guardrail], place: Place
) -> Callable[[], dict[str, ScpFacts]]:
    """Ask now; what is returned asks the second round, and answers by guardrail."""
    wanted = tuple(guardrails)
    if not wanted:
        return dict
    region = place.home_region
    policies = asker.ask(organizations.policies_question(region))

    def wait() -> dict[str, ScpFacts]:
        found = as_far_as_seen(policies)
        if not isinstance(found, Known):
            return {one.name: ScpFacts(id=found) for one in wanted}
        pending = {
            one.name: _ask(asker, found.value.get(one.aws_name, ""), region) for one in wanted
        }
        return {name: one() for name, one in pending.items()}

    return wait


def _ask(asker: Asker, policy_id: str, region: str) -> Callable[[], ScpFacts]:
    if not policy_id:
        return lambda: ScpFacts(id=Known(""))
    content = asker.ask(organizations.content_question(policy_id, region))
    targets = asker.ask(organizations.targets_question(policy_id, region))
    return lambda: ScpFacts(
        id=Known(policy_id), content=as_far_as_seen(content), targets=as_far_as_seen(targets)
    )


def judge_scp(guardrail: Guardrail, facts: ScpFacts, place: Place) -> Standing:
    """Return how the policy stands, and what puts it there where a target is named."""
    unseen = first_unseen(facts.id, facts.content, facts.targets)
    if unseen is not None:
        return unknown(guardrail, ORGANISATION, unseen)
    if isinstance(facts.id, Absent):
        return standing(guardrail, ORGANISATION, State.MISSING, "the account is in no organisation")
    policy_id, targets = known(facts.id, default=""), known(facts.targets, default=())
    if not policy_id:
        stages = _creation(guardrail, place) if place.target else ()
        return standing(guardrail, ORGANISATION, State.MISSING, _no_policy(place), stages=stages)
    text = known(facts.content, default="")
    before = _document(text)
    attaching = () if _is_attached(targets, place) else _attachment(guardrail, policy_id, place)
    if before is None or canonical_json(before) != canonical_json(guardrail.document):
        return standing(
            guardrail,
            ORGANISATION,
            State.DIFFERS,
            "its content is another",
            before=text if before is None else before,
            stages=(_update(guardrail, policy_id, place), *attaching),
        )
    if not _is_attached(targets, place):
        why = f"it is not attached to {place.target or 'anything'}"
        return standing(guardrail, ORGANISATION, State.MISSING, why, stages=attaching)
    return standing(guardrail, ORGANISATION, State.PRESENT, f"attached to {', '.join(targets)}")


def _no_policy(place: Place) -> str:
    hint = "" if place.target else "; --target says for which root, unit or account to make it"
    return f"the organisation has no such policy{hint}"


def _document(text: str) -> PolicyDocument | None:
    try:
        return document_of(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _is_attached(targets: tuple[str, ...], place: Place) -> bool:
    return place.target in targets if place.target else bool(targets)


def _creation(guardrail: Guardrail, place: Place) -> tuple[Stage, ...]:
    step = Step(
        operation=organizations.CREATE_POLICY.key,
        region=place.home_region,
        parameters={
            "Name": guardrail.aws_name,
            "Type": organizations.SCP,
            "Description": f"spawn guardrails: {guardrail.purpose}",
            "Content": canonical_json(guardrail.document),
            "Tags": plain_tag_list({Tag.SPAWN: "true"}),
        },
        sentence=f"make the service control policy {guardrail.aws_name}",
        yields=(Yield(Output.POLICY_ID, ("Policy", "PolicySummary", "Id")),),
        retries=_SETTLING,
    )
    return ((step,), *_attachment(guardrail, OutputReference(Output.POLICY_ID), place))


def _attachment(guardrail: Guardrail, policy_id: Text, place: Place) -> tuple[Stage, ...]:
    if not place.target:
        return ()
    step = Step(
        operation=organizations.ATTACH_POLICY.key,
        region=place.home_region,
        parameters={"PolicyId": policy_id, "TargetId": place.target},
        sentence=f"attach {guardrail.aws_name} to {place.target}",
        retries=_SETTLING,
        accepts=("DuplicatePolicyAttachmentException",),
    )
    return ((step,),)


def _update(guardrail: Guardrail, policy_id: str, place: Place) -> Stage:
    step = Step(
        operation=organizations.UPDATE_POLICY.key,
        region=place.home_region,
        parameters={"PolicyId": policy_id, "Content": canonical_json(guardrail.document)},
        sentence=f"change the service control policy {guardrail.aws_name},"
        " for all that it is attached to",
        retries=_SETTLING,
    )
    return (step,)
