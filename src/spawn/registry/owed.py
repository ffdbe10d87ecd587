"""Records that could not be written when their instance was launched."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from spawn.aws import dynamodb
from spawn.core.journal import JournalledLaunch
from spawn.core.steps import Output, Stage, resolve
from spawn.registry.records import LaunchRecord, plan_record

_WRITES = (dynamodb.TRANSACT_WRITE_ITEMS.key, dynamodb.PUT_ITEM.key)


def owed_records(launches: Iterable[JournalledLaunch], *, account: str) -> Stage:
    """Return the steps that write what launches of this account have not yet recorded.

    A launch owes its record when its journal shows an instance and no write to the table. The
    step is optional like the first one, and writes the same items again if that did arrive.
    """
    records = (_owed(launch) for launch in launches if launch.planned.account == account)
    return tuple(plan_record(record) for record in records if record is not None)


def _owed(launch: JournalledLaunch) -> LaunchRecord | None:
    outputs = launch.outputs
    if launch.is_being_written or Output.INSTANCE_ID not in outputs or launch.has_done(_WRITES):
        return None
    try:
        record = msgspec.json.decode(launch.planned.record, type=LaunchRecord)
    except msgspec.MsgspecError:
        return None
    if record.launch_id != launch.planned.launch_id or record.account != launch.planned.account:
        return None
    return _with_outputs(record, outputs)


def _with_outputs(record: LaunchRecord, outputs: dict[Output, str]) -> LaunchRecord:
    return msgspec.structs.replace(
        record,
        instance_id=resolve(record.instance_id, outputs),
        instance_type=resolve(record.instance_type, outputs),
        subnet_id=resolve(record.subnet_id, outputs),
        security_group_ids=tuple(resolve(record.security_group_ids, outputs)),
    )
