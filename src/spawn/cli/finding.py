"""The instances that a command's words name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from spawn.aws.questions import Asker, value_of
from spawn.aws.sts import Identity, caller_question
from spawn.cli.options import Account
from spawn.cli.rendering.whose import account_line
from spawn.cli.wiring import Wiring
from spawn.lifecycle.list import EVERYTHING, Listing, list_instances

SIDE_BY_SIDE = 64


def say_account(wiring: Wiring, account: Account, caller: Identity) -> None:
    """Say whose account a command looked at; where something else answers for AWS, loudly."""
    wiring.say(account_line(caller, account.session.endpoint("ec2", account.region)))


def everything(wiring: Wiring, account: Account, *, region: str | None) -> tuple[Identity, Listing]:
    """Return the caller, and all spawn instances that they may see, in one region or in all."""
    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        asker = Asker(account.reader, pool)
        identity = asker.ask(caller_question(account.region))
        listing = list_instances(
            asker,
            caller=lambda: value_of(identity()),
            now=wiring.clock.now(),
            home_region=account.region,
            region=region,
            selection=EVERYTHING,
        )
        return value_of(identity()), listing
