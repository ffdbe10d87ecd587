"""Rules of AWS Config as guardrails, in each region where configuration is recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from spawn.aws import config
from spawn.aws.config import ConfigRule
from spawn.aws.questions import Asker, Fact, as_far_as_seen
from spawn.core.steps import Step
from spawn.core.tags import Tag, plain_tag_list
from spawn.iam.guardrails.model import Guardrail
from spawn.lifecycle.guardrails_model import Standing, State, first_unseen, known, standing, unknown

_NO_RECORDER = "no configuration recorder runs here: set up AWS Config first"


@dataclass(frozen=True, kw_only=True)
class RuleFacts:
    """A region's recorder, and its rules by name."""

    is_recording: Fact[bool]
    rules: Fact[dict[str, ConfigRule]]


def ask_rules(asker: Asker, region: str) -> Callable[[], RuleFacts]:
    """Ask a region now; what is returned waits, and raises nothing."""
    recorder = asker.ask(config.recorder_question(region))
    rules = asker.ask(config.rules_question(region))
    return lambda: RuleFacts(is_recording=as_far_as_seen(recorder), rules=as_far_as_seen(rules))


def judge_rule(guardrail: Guardrail, facts: RuleFacts, region: str) -> Standing:
    """Return how a rule stands in a region, and what puts it there where it can be."""
    unseen = first_unseen(facts.is_recording, facts.rules)
    if unseen is not None:
        return unknown(guardrail, region, unseen)
    present = known(facts.rules, default={}).get(guardrail.aws_name)
    is_right = present is not None and _content(present) == _content(
        config.config_rule(guardrail.document)
    )
    is_recording = known(facts.is_recording, default=False)
    if is_right and is_recording:
        return standing(guardrail, region, State.PRESENT)
    why = "there is no such rule" if present is None else "" if is_right else "it is another rule"
    return standing(
        guardrail,
        region,
        State.MISSING if present is None or is_right else State.DIFFERS,
        why if is_recording else _NO_RECORDER,
        before=None if is_right else present,
        stages=((_step(guardrail, region),),) if is_recording else (),
    )


def _content(rule: ConfigRule) -> tuple[object, ...]:
    """Return what decides; AWS answers parameters as text, and `{}` for none."""
    try:
        parameters = json.loads(rule.input_parameters or "{}")
    except ValueError:
        parameters = rule.input_parameters
    types = sorted(rule.scope.compliance_resource_types)
    return rule.source.source_identifier, types, parameters


def _step(guardrail: Guardrail, region: str) -> Step:
    return Step(
        operation=config.PUT_CONFIG_RULE.key,
        region=region,
        parameters={
            "ConfigRule": {**guardrail.document, "Description": guardrail.purpose},
            "Tags": plain_tag_list({Tag.SPAWN: "true"}),
        },
        sentence=f"{region}: put the rule {guardrail.aws_name}",
    )
