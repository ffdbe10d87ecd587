"""After a command: what an earlier launch of the person's was cut off from is made good."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime

from spawn.aws.perform import Performer
from spawn.aws.questions import Asker
from spawn.aws.sts import Identity
from spawn.cli.finding import SIDE_BY_SIDE, everything
from spawn.cli.options import Account
from spawn.cli.wiring import Wiring
from spawn.core.errors import SpawnError
from spawn.core.journal import Finished, JournalledLaunch, add_entries, journalled_launches, prune
from spawn.core.tags import Tag
from spawn.lifecycle.closely import Closely
from spawn.lifecycle.dns import clear_records, has_no_use_for_records
from spawn.lifecycle.heard import Heard
from spawn.lifecycle.listed import ListedInstance
from spawn.lifecycle.listening import ask_agents
from spawn.lifecycle.mend import (
    MOST_LOOKED_AT,
    mend_backstops,
    mend_completions,
    mend_records,
)


def mend_after(
    wiring: Wiring,
    account: Account,
    rows: Iterable[ListedInstance],
    caller: Identity,
    *,
    seen: Closely | None = None,
    ended: Iterable[ListedInstance] = (),
) -> bool:
    """Put right what stands behind the caller's instances in `rows`; write what is owed.

    `seen` is what was looked at already, `ended` what the command itself has just ended. The
    command has done its work: what was mended, or could not be, is said on stderr, and fails
    nothing. Returns whether all of it was done.
    """
    performer = Performer(writer=account.writer, clock=wiring.clock)
    now = wiring.clock.now()
    listed = tuple(rows)
    done: tuple[str, ...] = ()
    try:
        with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
            asker = Asker(account.reader, pool)
            gone = [row for row in listed if has_no_use_for_records(row)]
            cleared = clear_records(asker, performer, gone[:MOST_LOOKED_AT])
            everything_listed = (*listed, *ended)
            agents = _heard(asker, everything_listed, seen, now=now)
            done += (*cleared.done, *mend_completions(performer, everything_listed, agents))
            behind = seen.behind if seen else {}
            done += mend_backstops(asker, performer, listed, caller=caller, now=now, behind=behind)
        done += mend_records(performer, _journalled_here(wiring, account), caller=caller)
    except SpawnError as error:
        wiring.tell(f"an instance still has no backstop: {error.what}")
        return False
    finally:
        for sentence in done:
            wiring.tell(f"made good: {sentence}")
    for instance_id, why in cleared.left.items():
        wiring.tell(f"{instance_id}: {why}")
    with suppress(OSError):
        prune(wiring.paths.journal, now=now)
    return True


def _heard(
    asker: Asker, rows: Iterable[ListedInstance], seen: Closely | None, *, now: datetime
) -> Mapping[str, Heard]:
    """Return what was heard, or listen to those of the caller's whose work may be done."""
    if seen is not None:
        return seen.agents
    own = [row for row in rows if row.is_mine and Tag.ON_COMPLETE in row.tags]
    return ask_agents(asker, own[:MOST_LOOKED_AT], now=now)()


def mend_after_launch(wiring: Wiring, account: Account) -> None:
    """Do the same after a launch, where a journal tells of one that was cut off.

    A launch lists nothing, so it looks around only then. Once all is made good the journal says
    so, and the next launch does not look again.
    """
    cut_off = [launch for launch in _journalled_here(wiring, account) if launch.is_cut_off]
    for region in sorted({launch.planned.region for launch in cut_off}):
        try:
            caller, listing = everything(wiring, account, region=region)
        except SpawnError:
            return
        if not mend_after(wiring, account, listing.instances, caller):
            return
    for launch in cut_off:
        with suppress(OSError):
            add_entries(launch.path, (Finished(at=wiring.clock.now(), succeeded=False),))


def _journalled_here(wiring: Wiring, account: Account) -> tuple[JournalledLaunch, ...]:
    """Return the launches that went to the AWS that the account leads to, and to no other."""
    return tuple(
        launch
        for launch in journalled_launches(wiring.paths.journal)
        if launch.planned.endpoint == account.session.endpoint("ec2", launch.planned.region)
    )
