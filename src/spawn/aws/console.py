"""The serial console of an instance: what is asked of it, beside what `connect` reads there.

EC2 API Reference, GetConsoleOutput. With `Latest` types of the Nitro system answer what the
console shows now; the others refuse. Without it all answer what it showed soon after the last
start, stop, reboot or termination, for an hour at the least.
"""

from __future__ import annotations

from spawn.aws.ec2 import GET_CONSOLE_OUTPUT
from spawn.aws.operation import Answer
from spawn.aws.questions import Question
from spawn.core.steps import Parameters

# What EC2 answers where a type's console can't be seen as it is now.
_NO_LATEST = "UnsupportedOperation"


def console_text(answer: Answer) -> str:
    """Understand GetConsoleOutput: the last 64 KB, "" where there is nothing yet."""
    return str(answer.get("Output") or "")


def console_question(instance_id: str, region: str, *, latest: bool) -> Question[str]:
    """Ask what the console shows now, or what it showed last; Absent where "now" can't be had."""
    parameters: Parameters = {"InstanceId": instance_id} | ({"Latest": True} if latest else {})
    return Question(
        operation=GET_CONSOLE_OUTPUT,
        parameters=parameters,
        region=region,
        understand=console_text,
        absent_codes=(_NO_LATEST,),
    )
