"""All checks on data, in order: pure."""

from __future__ import annotations

from spawn.launch.doctor.data.buckets import bucket_rows
from spawn.launch.doctor.data.disks import disk_rows
from spawn.launch.doctor.data.facts import DataFacts
from spawn.launch.doctor.data.keys import key_rows
from spawn.launch.doctor.data.model import DataExamination


def examine_data(facts: DataFacts) -> DataExamination:
    """Return a row for each check of the disks, of each bucket and of each key."""
    return DataExamination(
        account=facts.caller.account,
        region=facts.region,
        rows=(
            *disk_rows(facts.encrypts_by_default, facts.default_key, region=facts.region),
            *(row for bucket in facts.buckets for row in bucket_rows(bucket)),
            *(row for key in facts.keys for row in key_rows(key)),
        ),
    )
