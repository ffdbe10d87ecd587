"""What the commands for keys are done with."""

from __future__ import annotations

from spawn.aws.perform import Performer
from spawn.cli.options import Account
from spawn.cli.progress import Lines, Silence
from spawn.cli.wiring import Wiring
from spawn.connect.programs import LocalPrograms, without_aws
from spawn.lifecycle.keys.create import KeyWork


def key_work(wiring: Wiring, account: Account) -> KeyWork:
    """Return this machine's directory and programs, and the account's doors."""
    progress = Lines(wiring.stderr) if wiring.is_terminal else Silence()
    return KeyWork(
        state_directory=wiring.paths.state,
        programs=LocalPrograms(without_aws(wiring.environment)),
        reader=account.reader,
        performer=Performer(writer=account.writer, clock=wiring.clock, observers=(progress,)),
        region=account.region,
        now=wiring.clock.now(),
    )
