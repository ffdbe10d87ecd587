"""Who has policies in AWS, by the word that a command was given: a role, a user, an instance."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from spawn.aws.questions import Asker
from spawn.cli.finding import SIDE_BY_SIDE, everything
from spawn.cli.options import Account
from spawn.cli.wiring import Wiring
from spawn.lifecycle.listed import ListedInstance
from spawn.lifecycle.policies_of import Holder, policies_of
from spawn.lifecycle.resolve import resolve_one


def find_holder(
    wiring: Wiring, account: Account, word: str, *, region: str | None
) -> tuple[Holder, str]:
    """Return who the word means, and the region of an instance; else the account's.

    Instances are looked for in `region`, None for all. Raises what `policies_of` raises.
    """
    regions = [account.region]

    def find_instance(name: str) -> ListedInstance:
        _, listing = everything(wiring, account, region=region)
        row = resolve_one(name, listing)
        regions.append(row.region)
        return row

    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        asker = Asker(account.reader, pool)
        holder = policies_of(asker, word, region=account.region, find_instance=find_instance)
    return holder, regions[-1]
