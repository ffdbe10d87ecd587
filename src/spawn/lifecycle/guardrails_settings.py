"""Settings of a region as guardrails: one table of how each is asked for and set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from spawn.aws import ec2, ec2_settings
from spawn.aws.operation import Answer, Operation
from spawn.aws.questions import Asker, Fact, Question, Unseen, as_far_as_seen
from spawn.core.steps import Parameters, Stage, Step
from spawn.iam.guardrails.model import Guardrail
from spawn.lifecycle.guardrails_model import Standing, State, differs, known, standing, unknown

Present = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Way:
    """How a setting is asked for and set.

    understand  the answer in the words of the guardrail's document
    unset       what of it says that nothing is set
    write       what sets it, a call after the other; of what is there already, none
    """

    ask: Operation
    understand: Callable[[Answer], Present]
    unset: Present
    write: Callable[[Present, Present], tuple[tuple[Operation, Parameters, str], ...]]


def _as_it_is(answer: Answer) -> Present:
    return answer


def _imds(answer: Answer) -> Present:
    found: Present = answer.get("AccountLevel") or {}
    return found


def _images(answer: Answer) -> Present:
    """Order says nothing in criteria, and empty members say nothing."""
    criteria = [
        {
            key: sorted(value) if isinstance(value, list) else value
            for key, value in one.items()
            if value
        }
        for one in answer.get("ImageCriteria") or ()
    ]
    return {**answer, "ImageCriteria": criteria}


def _allow_images(
    present: Present, wanted: Present
) -> tuple[tuple[Operation, Parameters, str], ...]:
    """The makers first: enabled without them it would let through everybody, or nobody."""
    criteria, state = {"ImageCriteria": wanted["ImageCriteria"]}, {"State": wanted["State"]}
    makers = ", ".join(wanted["ImageCriteria"][0]["ImageProviders"])
    naming = (ec2_settings.REPLACE_IMAGE_CRITERIA, criteria, f"allow images of {makers}")
    enabling = (
        ec2_settings.ENABLE_ALLOWED_IMAGES,
        {"AllowedImagesSettingsState": wanted["State"]},
        "hide and refuse images of all others but the account's own",
    )
    return (
        *((naming,) if differs(present, criteria) else ()),
        *((enabling,) if differs(present, state) else ()),
    )


_WAYS: Final[Mapping[str, _Way]] = {
    "ebs-encryption": _Way(
        ask=ec2.GET_EBS_ENCRYPTION_BY_DEFAULT,
        understand=_as_it_is,
        unset={"EbsEncryptionByDefault": False},
        write=lambda _present, _wanted: (
            (ec2_settings.ENABLE_EBS_ENCRYPTION_BY_DEFAULT, {}, "encrypt new volumes by default"),
        ),
    ),
    "imds-defaults": _Way(
        ask=ec2_settings.GET_INSTANCE_METADATA_DEFAULTS,
        understand=_imds,
        unset={},
        write=lambda _, wanted: (
            (
                ec2_settings.MODIFY_INSTANCE_METADATA_DEFAULTS,
                {**wanted},
                "require metadata tokens, one hop away, where a launch says nothing",
            ),
        ),
    ),
    "snapshot-block": _Way(
        ask=ec2_settings.GET_SNAPSHOT_BLOCK,
        understand=_as_it_is,
        unset={"State": "unblocked"},
        write=lambda _, wanted: (
            (ec2_settings.ENABLE_SNAPSHOT_BLOCK, {**wanted}, "block all public snapshots"),
        ),
    ),
    "image-block": _Way(
        ask=ec2_settings.GET_IMAGE_BLOCK,
        understand=_as_it_is,
        unset={"ImageBlockPublicAccessState": "unblocked"},
        write=lambda _, wanted: (
            (ec2_settings.ENABLE_IMAGE_BLOCK, {**wanted}, "block new public images"),
        ),
    ),
    "allowed-images": _Way(
        ask=ec2_settings.GET_ALLOWED_IMAGES,
        understand=_images,
        unset={"State": "disabled"},
        write=_allow_images,
    ),
}


def ask_setting(asker: Asker, guardrail: Guardrail, region: str) -> Callable[[], Fact[Present]]:
    """Ask a region now; what is returned waits, and raises nothing."""
    way = _WAYS[guardrail.name]
    question = Question(operation=way.ask, parameters={}, region=region, understand=way.understand)
    pending = asker.ask(question)
    return lambda: as_far_as_seen(pending)


def judge_setting(guardrail: Guardrail, fact: Fact[Present], region: str) -> Standing:
    """Return how a setting stands in a region, and what sets it."""
    if isinstance(fact, Unseen):
        return unknown(guardrail, region, fact)
    present, wanted = known(fact, default={}), guardrail.document
    if not differs(present, wanted):
        return standing(guardrail, region, State.PRESENT)
    before = {key: present.get(key) for key in wanted}
    state = State.MISSING if _is_unset(guardrail, present) else State.DIFFERS
    if present.get("ManagedBy") == "declarative-policy":
        why = "a declarative policy of the organisation decides, not the account"
        return standing(guardrail, region, state, why=why, before=before)
    return standing(
        guardrail,
        region,
        state,
        why="it is not set" if state is State.MISSING else "it is set otherwise",
        before=before,
        stages=_stages(guardrail, present, region),
    )


def _is_unset(guardrail: Guardrail, present: Present) -> bool:
    unset = _WAYS[guardrail.name].unset
    return not differs(present, unset) if unset else not present


def _stages(guardrail: Guardrail, present: Present, region: str) -> tuple[Stage, ...]:
    calls = _WAYS[guardrail.name].write(present, guardrail.document)
    return tuple(
        (
            Step(
                operation=operation.key,
                region=region,
                parameters=parameters,
                sentence=f"{region}: {sentence}",
            ),
        )
        for operation, parameters, sentence in calls
    )
