"""What completes the names and ids of instances: for click's `shell_complete`.

Each may fail in any way: `completion.answer` then offers nothing. What is slow to import is
imported here only when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from spawn.cli.completing import Items
from spawn.cli.wiring import LOCAL_SWITCH, Wiring

if TYPE_CHECKING:
    from spawn.cli.offers import Offer
    from spawn.cli.options import Account


def complete_instances(context: click.Context, flag: click.Parameter, incomplete: str) -> Items:
    """Offer the caller's living instances, names before ids, but for those already written."""
    written = context.params.get(flag.name or "")
    already = written if isinstance(written, tuple) else ()
    return [
        CompletionItem(offer.word, help=offer.says)
        for offer in living_instances(context)
        if offer.word.startswith(incomplete) and offer.word not in already
    ]


def complete_places(context: click.Context, flag: click.Parameter, incomplete: str) -> Items:
    """Offer `NAME:` and `ID:` of instances, and files of this machine."""
    if ":" in incomplete:
        return []  # the rest is a path over there
    items = complete_instances(context, flag, incomplete)
    places = [CompletionItem(f"{item.value}:", help=item.help) for item in items]
    return [*places, CompletionItem(incomplete, type="file")]


def living_instances(context: click.Context) -> tuple[Offer, ...]:
    """Return what to offer of one region: that of the words written so far, or the usual one."""
    from spawn.cli.offers import OfferCache

    wiring = context.find_object(Wiring)
    if wiring is None:
        return ()
    account = _account(wiring, context)
    cache = OfferCache(
        directory=wiring.paths.cache,
        access_key_id=account.session.credentials_id(),
        endpoint=account.session.endpoint("ec2", account.region),
        region=account.region,
    )
    now = wiring.clock.now()
    offers = cache.recall(now)
    if offers is None:
        offers = _ask(wiring, account)
        cache.keep(offers, now)
    return offers


def _account(wiring: Wiring, context: click.Context) -> Account:
    """Return the way to AWS that the words lead to. A TAB starts no embedded cloud."""
    from spawn.cli.options import AccountWords, account_of

    words = context.params
    if words.get("local") or wiring.environment.get(LOCAL_SWITCH, "") not in {"", "0"}:
        from spawn.cli.clouds import require_running

        require_running(wiring)
    asked = AccountWords(
        region=words.get("region"),
        profile=words.get("profile"),
        assume_role=words.get("assume_role"),
        local=bool(words.get("local")),
    )
    return account_of(wiring, asked)


def _ask(wiring: Wiring, account: Account) -> tuple[Offer, ...]:
    """Ask for the instances and for who calls, side by side."""
    from concurrent.futures import ThreadPoolExecutor

    from spawn.aws.questions import Absent, Asker, value_of
    from spawn.aws.sts import caller_question
    from spawn.cli.offers import offers_of
    from spawn.lifecycle.list import LIVING_STATES, rows_of
    from spawn.lifecycle.regions import RegionReading, instances_question

    with ThreadPoolExecutor(max_workers=2) as pool:
        asker = Asker(account.reader, pool)
        caller = asker.ask(caller_question(account.region))
        instances = asker.ask(instances_question(account.region, LIVING_STATES))
        reading = RegionReading(
            region=account.region, instances=value_of(instances()), schedules=Absent()
        )
        owner = value_of(caller()).owner
    return offers_of(rows_of([reading], owner=owner, now=wiring.clock.now()))
