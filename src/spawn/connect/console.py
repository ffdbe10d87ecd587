"""The serial console of an instance, as GetConsoleOutput shows it."""

from __future__ import annotations

from spawn.aws.door import Reader
from spawn.aws.ec2 import GET_CONSOLE_OUTPUT
from spawn.connect.hostkeys import ConsoleKeys, read_console
from spawn.core.errors import AwsRefusal

# Nitro types answer what the console shows now; all types what it showed soon after the last
# start, stop or reboot (EC2 API Reference, GetConsoleOutput, `Latest`).
_NO_LATEST = "UnsupportedOperation"
# A replaced character at an end of the console is one that the 64 KB cut through.
_CUT = "\N{REPLACEMENT CHARACTER}"
# Describe-calls lag behind RunInstances.
_NOT_YET = "InvalidInstanceID.NotFound"


def console_keys(reader: Reader, instance_id: str, *, region: str) -> ConsoleKeys:
    """Return the host keys that the console shows, none where it does not show them (yet).

    The console keeps 64 KB: where the keys have been pushed out of it since, those that it
    showed at boot are still asked for. Raises AwsRefusal and its branches.
    """
    now = read_console(_output(reader, instance_id, region=region, latest=True))
    if now.keys:
        return now
    at_boot = read_console(_output(reader, instance_id, region=region, latest=False))
    return (
        at_boot
        if at_boot.keys
        else ConsoleKeys(fingerprints=now.fingerprints or at_boot.fingerprints)
    )


def console_output(reader: Reader, instance_id: str, *, region: str) -> str:
    """Return the last 64 KB of what the console shows, or showed while there was an instance.

    "" where there is nothing (yet). Raises AwsRefusal and its branches.
    """
    now = _output(reader, instance_id, region=region, latest=True)
    shown = now or _output(reader, instance_id, region=region, latest=False)
    return shown.strip(_CUT)


def _output(reader: Reader, instance_id: str, *, region: str, latest: bool) -> str:
    parameters = {"InstanceId": instance_id} | ({"Latest": True} if latest else {})
    try:
        answer = reader.ask(GET_CONSOLE_OUTPUT, parameters, region=region)
    except AwsRefusal as refusal:
        if refusal.code == _NOT_YET or (latest and refusal.code == _NO_LATEST):
            return ""
        raise
    return str(answer.get("Output") or "")
