"""AWS Config: its recorder and its rules. Shapes follow the AWS Config API Reference."""

from __future__ import annotations

from typing import Any

import msgspec

from spawn.aws.operation import Answer, Permission, read, write
from spawn.aws.questions import Question
from spawn.aws.shapes import Shape, many

DESCRIBE_RECORDER_STATUS = read("config", "DescribeConfigurationRecorderStatus")
DESCRIBE_CONFIG_RULES = read("config", "DescribeConfigRules")
PUT_CONFIG_RULE = write(
    "config",
    "PutConfigRule",
    Permission("config:PutConfigRule", "arn:{partition}:config:{region}:{account}:config-rule/*"),
)

OPERATIONS = (DESCRIBE_RECORDER_STATUS, DESCRIBE_CONFIG_RULES, PUT_CONFIG_RULE)


class _Source(Shape, frozen=True, kw_only=True):
    source_identifier: str = ""


class _Scope(Shape, frozen=True, kw_only=True):
    compliance_resource_types: tuple[str, ...] = ()


class ConfigRule(Shape, frozen=True, kw_only=True):
    """A rule, as far as it decides what is looked at."""

    config_rule_name: str
    source: _Source = _Source()
    scope: _Scope = _Scope()
    input_parameters: str = ""


class _RecorderStatus(msgspec.Struct, frozen=True):
    recording: bool = False


def is_recording(answer: Answer) -> bool:
    """Understand DescribeConfigurationRecorderStatus: whether any recorder records."""
    found: Any = answer.get("ConfigurationRecordersStatus") or ()
    return any(one.recording for one in msgspec.convert(found, tuple[_RecorderStatus, ...]))


def config_rules(answer: Answer) -> dict[str, ConfigRule]:
    """Understand DescribeConfigRules: rules by name."""
    return {one.config_rule_name: one for one in many(answer, "ConfigRules", ConfigRule)}


def config_rule(parameters: Any) -> ConfigRule:
    """Read a rule as it is put."""
    return msgspec.convert(parameters, ConfigRule)


def recorder_question(region: str) -> Question[bool]:
    """Ask whether a region's configuration is recorded."""
    return Question(
        operation=DESCRIBE_RECORDER_STATUS, parameters={}, region=region, understand=is_recording
    )


def rules_question(region: str) -> Question[dict[str, ConfigRule]]:
    """Ask for a region's rules."""
    return Question(
        operation=DESCRIBE_CONFIG_RULES, parameters={}, region=region, understand=config_rules
    )
