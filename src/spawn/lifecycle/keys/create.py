"""`spawn key create`: the person's key, and its pair in a region.

One region: a launch imports the pair wherever it is missing, and what lies in all of them would
have to be looked after in all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from spawn.aws.door import Reader
from spawn.aws.perform import Performer
from spawn.aws.questions import answer_of, value_of
from spawn.aws.sts import Identity, caller_question
from spawn.connect.kept_keys import note_use
from spawn.connect.key_pairs import key_pair_question, plan_key_pair
from spawn.connect.keys import PersonalKey, existing_key, personal_key
from spawn.connect.programs import Programs
from spawn.core.errors import AccountError
from spawn.core.instants import format_instant
from spawn.core.tags import Tag

# What someone else made meanwhile is read again; three times, as for a launch.
_TRIES = 3


@dataclass(frozen=True, kw_only=True)
class KeyWork:
    """Where keys are made and imported, and with what."""

    state_directory: Path
    programs: Programs
    reader: Reader
    performer: Performer
    region: str
    now: datetime


class CreatedKey(msgspec.Struct, frozen=True, kw_only=True):
    """The key, and what was done for it: nothing, where it was there in both places."""

    account: str
    region: str
    owner: str
    name: str
    fingerprint: str
    private_key: str
    made: bool
    imported: bool


def create_key(work: KeyWork) -> CreatedKey:
    """Make the key where there is none, and import its pair where the region has none.

    Raises RefusedByControl where another key stands under its name, AccountError, AwsRefusal.
    """
    caller = value_of(answer_of(work.reader, caller_question(work.region)))
    is_there = existing_key(work.state_directory) is not None
    key = personal_key(work.state_directory, work.programs)
    imported = import_key(work, key, caller)
    return CreatedKey(
        account=caller.account,
        region=work.region,
        owner=caller.owner,
        name=key.pair_name,
        fingerprint=key.public_key.fingerprint,
        private_key=str(key.private_path),
        made=not is_there,
        imported=imported,
    )


def import_key(work: KeyWork, key: PersonalKey, caller: Identity) -> bool:
    """Import a key's pair unless the region has it; say whether it was imported now.

    Raises as `create_key` does.
    """
    tags = {
        Tag.SPAWN.value: "true",
        Tag.OWNER.value: caller.owner,
        Tag.CREATED_AT.value: format_instant(work.now),
    }
    note_use(work.state_directory, key.pair_name, caller.account)
    question = key_pair_question(key.pair_name, region=work.region)
    for _ in range(_TRIES):
        found = answer_of(work.reader, question)
        step = plan_key_pair(key.public_key, found, region=work.region, tags=tags)
        if step is None:
            return False
        done = work.performer.perform(((step,),))
        if done.failures and done.failures[0].refusal is not None:
            raise done.failures[0].refusal
        if not done.collided:
            return True
    raise AccountError(
        f"the key pair {key.pair_name} comes and goes in {work.region}",
        why="something else makes it and removes it",
        next_command="spawn key list",
    )
