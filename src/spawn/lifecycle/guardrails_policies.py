"""Managed policies of the account as guardrails: the boundary, and the owner-only policy.

1. Whether there is such a policy, whom it is attached to, and its versions.
2. The version that is in force.

A policy with another content gets a new version, which is in force at once. Of five versions the
oldest that is not in force makes room.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from spawn.aws import iam, managed_policies
from spawn.aws.managed_policies import MOST_VERSIONS, PolicyVersion
from spawn.aws.questions import Asker, Fact, Known, as_far_as_seen
from spawn.core.steps import Stage, Step
from spawn.core.tags import Tag, plain_tag_list
from spawn.iam.documents import PolicyDocument, canonical_json
from spawn.iam.guardrails.model import Guardrail, Kind
from spawn.iam.parsing import document_of
from spawn.lifecycle.guardrails_model import (
    ACCOUNT,
    Place,
    Standing,
    State,
    first_unseen,
    known,
    standing,
    unknown,
)


@dataclass(frozen=True, kw_only=True)
class PolicyFacts:
    """What the account has under the name. `in_force` is None where there is no policy."""

    policy: Fact[iam.ManagedPolicy]
    versions: Fact[tuple[PolicyVersion, ...]]
    in_force: Fact[PolicyVersion] | None


def policy_arn(guardrail: Guardrail, place: Place) -> str:
    """Return the ARN of the policy that a guardrail is."""
    return f"arn:{place.partition}:iam::{place.account}:policy/{guardrail.aws_name}"


def ask_policy(asker: Asker, guardrail: Guardrail, place: Place) -> Callable[[], PolicyFacts]:
    """Ask now; what is returned asks the second round, and waits. It raises nothing."""
    arn, region = policy_arn(guardrail, place), place.home_region
    policy = asker.ask(iam.managed_policy_question(arn, region))
    versions = asker.ask(managed_policies.policy_versions_question(arn, region))

    def wait() -> PolicyFacts:
        found = as_far_as_seen(policy)
        in_force = None
        if isinstance(found, Known):
            version = found.value.default_version_id
            question = managed_policies.policy_version_question(arn, version, region)
            in_force = as_far_as_seen(asker.ask(question))
        return PolicyFacts(policy=found, versions=as_far_as_seen(versions), in_force=in_force)

    return wait


def judge_policy(guardrail: Guardrail, facts: PolicyFacts, place: Place) -> Standing:
    """Return how the policy stands, and what puts it there."""
    unseen = first_unseen(facts.policy, facts.in_force)
    if unseen is not None:
        return unknown(guardrail, ACCOUNT, unseen)
    if not isinstance(facts.policy, Known):
        return standing(
            guardrail,
            ACCOUNT,
            State.MISSING,
            "there is no such policy",
            stages=_creation(guardrail, place),
        )
    version = facts.in_force.value if isinstance(facts.in_force, Known) else None
    before = _document(version)
    if before is None or canonical_json(before) != canonical_json(guardrail.document):
        shown = before or (version and version.document)
        return _differing(guardrail, facts, place, before=shown)
    if guardrail.kind is Kind.IDENTITY and not facts.policy.value.attachment_count:
        why = f"it is made, and attached to nobody: attach {policy_arn(guardrail, place)}"
        return standing(guardrail, ACCOUNT, State.MISSING, why)
    return standing(guardrail, ACCOUNT, State.PRESENT)


def _document(version: PolicyVersion | None) -> PolicyDocument | None:
    """Return the document in force; None for one that can't be read, which is not ours."""
    try:
        return None if version is None else document_of(version.document)
    except ValueError:
        return None


def _creation(guardrail: Guardrail, place: Place) -> tuple[Stage, ...]:
    path, _, name = guardrail.aws_name.rpartition("/")
    step = Step(
        operation=managed_policies.CREATE_POLICY.key,
        region=place.home_region,
        parameters={
            "PolicyName": name,
            "Path": f"/{path}/",
            "PolicyDocument": canonical_json(guardrail.document),
            "Description": f"spawn guardrails: {guardrail.purpose}",
            "Tags": plain_tag_list({Tag.SPAWN: "true"}),
        },
        sentence=f"make the policy {guardrail.aws_name}",
    )
    return ((step,),)


def _differing(
    guardrail: Guardrail, facts: PolicyFacts, place: Place, *, before: object
) -> Standing:
    """A new version; the oldest that is not in force goes where there are as many as IAM takes."""
    unseen = first_unseen(facts.versions)
    if unseen is not None:
        return unknown(guardrail, ACCOUNT, unseen)
    arn, region = policy_arn(guardrail, place), place.home_region
    versions = known(facts.versions, default=())
    spare = sorted(
        (one for one in versions if not one.is_default_version), key=lambda one: one.number
    )
    making_room: Stage = ()
    if len(versions) >= MOST_VERSIONS:
        making_room = (
            Step(
                operation=managed_policies.DELETE_POLICY_VERSION.key,
                region=region,
                parameters={"PolicyArn": arn, "VersionId": spare[0].version_id},
                sentence=f"delete {spare[0].version_id} of {guardrail.aws_name}, its oldest version"
                " that is not in force",
            ),
        )
    renewal = Step(
        operation=managed_policies.CREATE_POLICY_VERSION.key,
        region=region,
        parameters={
            "PolicyArn": arn,
            "PolicyDocument": canonical_json(guardrail.document),
            "SetAsDefault": True,
        },
        sentence=f"put a new version of {guardrail.aws_name} in force",
    )
    return standing(
        guardrail,
        ACCOUNT,
        State.DIFFERS,
        "its content is another",
        before=before,
        stages=tuple(stage for stage in (making_room, (renewal,)) if stage),
    )
