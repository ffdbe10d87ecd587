"""What is known of prices, and of what is not, why: asked beside everything else of a launch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import msgspec

from spawn.aws.questions import Absent, Asker, Fact, Known, Unseen
from spawn.core.errors import AwsRefusal
from spawn.prices.lookups import LIST_GOOD_FOR, Lookup, WantedPrices, price_questions
from spawn.prices.rates import Rates


class Unpriced(msgspec.Struct, frozen=True):
    """There is no price. `why` is a clause for people, without a final stop."""

    why: str


class CachedRates(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of AWS's own, and when it was given."""

    seen_at: datetime
    rates: dict[str, Decimal]

    def is_fresh(self, lookup: Lookup, now: datetime) -> bool:
        """Whether it still serves. One from the future shows that a clock is wrong."""
        return self.seen_at <= now < self.seen_at + lookup.good_for


class PriceCache(Protocol):
    """Keeps answers from one launch to the next, by the lookup's key; it never fails."""

    def recall(self) -> Mapping[str, CachedRates]:
        """Return what is kept."""

    def keep(self, answers: Mapping[str, CachedRates]) -> None:
        """Keep these and nothing else."""


@dataclass(frozen=True, kw_only=True)
class PriceFacts:
    """The answers, by the lookup's subject. `nobody` says why none was asked, where so."""

    told: Mapping[str, Rates | Unpriced]
    nobody: Unpriced | None = None

    def price(self, subject: str, rate: str) -> Decimal | Unpriced:
        """Return the rate in US dollars."""
        if self.nobody is not None:
            return self.nobody
        told = self.told.get(subject, Unpriced(f"{subject} was not looked up"))
        if isinstance(told, Unpriced):
            return told
        return told.get(rate, Unpriced(f"AWS lists no single price of {rate}"))


def ask_prices(asker: Asker, wanted: WantedPrices, cache: PriceCache) -> Callable[[], PriceFacts]:
    """Send the questions that the cache can't answer, all at once.

    What is returned waits for the answers and keeps them. It raises no error of AWS's: what can't
    be had is unpriced, and a launch goes on without.
    """
    lookups = price_questions(wanted)
    if not lookups:
        nobody = Unpriced(f"AWS has no price list in US dollars for {wanted.region}")
        return lambda: PriceFacts(told={}, nobody=nobody)
    kept = cache.recall()
    fresh = {
        one.subject: kept[one.cache_key].rates
        for one in lookups
        if one.cache_key in kept and kept[one.cache_key].is_fresh(one, wanted.now)
    }
    waits = [(one, asker.ask(one.question)) for one in lookups if one.subject not in fresh]

    def wait() -> PriceFacts:
        told = [(one, _told(answered)) for one, answered in waits]
        news = {
            one.cache_key: CachedRates(seen_at=wanted.now, rates=dict(rates))
            for one, rates in told
            if not isinstance(rates, Unpriced) and rates
        }
        if news:
            cache.keep(_still_useful(kept, wanted.now) | news)
        return PriceFacts(told=fresh | {one.subject: rates for one, rates in told})

    return wait


def _told(wait: Callable[[], Fact[Rates]]) -> Rates | Unpriced:
    try:
        fact = wait()
    except AwsRefusal as refusal:
        return Unpriced(f"{refusal.what} ({refusal.code})" if refusal.code else refusal.what)
    match fact:
        case Known(value=rates):
            return rates
        case Unseen(operation=operation):
            return Unpriced(f"AWS denied {operation}")
        case Absent():
            return Unpriced("AWS lists no such thing")


def _still_useful(kept: Mapping[str, CachedRates], now: datetime) -> dict[str, CachedRates]:
    eldest = now - LIST_GOOD_FOR
    return {key: one for key, one in kept.items() if eldest < one.seen_at <= now}
