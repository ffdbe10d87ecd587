"""After a command: what an earlier launch of the person's was cut off from is made good."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from spawn.aws.perform import Performer
from spawn.aws.questions import Asker
from spawn.aws.sts import Identity
from spawn.cli.finding import SIDE_BY_SIDE, everything
from spawn.cli.options import Account
from spawn.cli.wiring import Wiring
from spawn.core.errors import SpawnError
from spawn.core.journal import Finished, JournalledLaunch, add_entries, journalled_launches, prune
from spawn.lifecycle.listed import ListedInstance
from spawn.lifecycle.mend import mend_backstops, mend_records


def mend_after(
    wiring: Wiring, account: Account, rows: Iterable[ListedInstance], caller: Identity
) -> bool:
    """Give the caller's instances in `rows` their missing backstops, and write owed records.

    The command has done its work: what was mended, or could not be, is said on stderr, and fails
    nothing. Returns whether all of it was done.
    """
    performer = Performer(writer=account.writer, clock=wiring.clock)
    now = wiring.clock.now()
    try:
        with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
            asker = Asker(account.reader, pool)
            done = mend_backstops(asker, performer, rows, caller=caller, now=now)
        done += mend_records(performer, _journalled_here(wiring, account), caller=caller)
    except SpawnError as error:
        wiring.tell(f"an instance still has no backstop: {error.what}")
        return False
    for sentence in done:
        wiring.tell(f"made good for an earlier launch: {sentence}")
    with suppress(OSError):
        prune(wiring.paths.journal, now=now)
    return True


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
