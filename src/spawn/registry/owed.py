"""Records that could not be written when their instance was launched."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from spawn.aws import dynamodb
from spawn.core.journal import JournalledLaunch
from spawn.core.steps import Output, Stage, for_each, resolve
from spawn.registry.records import LaunchRecord, plan_record

_WRITES = (dynamodb.TRANSACT_WRITE_ITEMS.key, dynamodb.PUT_ITEM.key)


def owed_records(launches: Iterable[JournalledLaunch], *, account: str) -> Stage:
    """Return the steps that write what launches of this account have not yet recorded.

    A launch owes its records when its journal shows more instances than writes to the table. The
    steps are optional like the first ones, and write the same items again if those did arrive.
    """
    ours = (launch for launch in launches if launch.planned.account == account)
    return tuple(step for launch in ours for step in _owed(launch))


def _owed(launch: JournalledLaunch) -> Stage:
    instances = len(launch.outputs.get(Output.INSTANCE_ID, ()))
    if launch.is_being_written or launch.times_done(_WRITES) >= instances:
        return ()
    try:
        record = msgspec.json.decode(launch.planned.record, type=LaunchRecord)
    except msgspec.MsgspecError:
        return ()
    if record.launch_id != launch.planned.launch_id or record.account != launch.planned.account:
        return ()
    return tuple(
        msgspec.structs.replace(step, parameters=resolve(step.parameters, launch.outputs))
        for step in for_each(plan_record(record), launch.outputs)
    )
