"""A day of the synthetic market as columns of the raw topics, a second at a time.

Owns how many records a second holds and what reaches from one second into the next. Refuses to know
chunks and sessions: the feed cuts and names them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from connectors.feeds import synthetic_equities as equities
from connectors.feeds import synthetic_options as options
from connectors.feeds import synthetic_quotes as quoting
from connectors.feeds.synthetic_calendar import PREOPEN_S, Day
from connectors.feeds.synthetic_stream import I64
from connectors.feeds.synthetic_world import NAMES, World
from schemas.columns import Batch, Column
from schemas.topics import TOPIC

RATE_STREAM: Final = 40
CONDITION_TEXTS: Final = equities.condition_texts()
CONDITION_BITS: Final = equities.condition_bits()
PREOPEN_ACTIVITY: Final = 500
RATES: Final = {
    "options.prints": 250,
    "options.nbbo": 2500,
    "equities.prints": 1000,
    "equities.quotes": 4000,
}
BURST_PRINTS: Final = 5  # a second at normal activity, part of the rate of option prints


@dataclass(frozen=True, slots=True)
class Profile:
    """Activity in 1/1000 of normal, in ordinary seconds and in one of eight; chunks to a second."""

    ordinary: int
    burst: int
    slices: int


class Maker:
    """Makes the seconds of one day in turn, holding what still reaches into the next of them."""

    def __init__(self, world: World, profile: Profile) -> None:
        self._world = world
        self._profile = profile
        self._option_sides = quoting.nothing_before(len(world.series))
        self._equity_sides = quoting.nothing_before(len(NAMES))
        self._equity_quotes: deque[quoting.Quotes] = deque(maxlen=1 + equities.HISTORY)
        self._spilled: options.Orders | None = None

    def warm(self, block: int) -> None:
        """Make what must be known to begin at a block: some seconds of quotes, no prints."""
        full = PREOPEN_S + quoting.WHEEL_S  # before that, a lookback would miss some series
        first = block - quoting.WHEEL_S if block >= full else 0
        for earlier in range(first, block):
            self._quotes(earlier)
        if block:
            self._spilled = self._bursts(block - 1)

    def make(self, block: int) -> dict[str, Batch]:
        """Return the records of the next second, by topic."""
        option_quotes = self._quotes(block)
        begun = self._bursts(block)
        spilled = begun if self._spilled is None else options.join([self._spilled, begun])
        self._spilled = begun
        orders = options.singles(self._world, block, self._rate("options.prints", block))
        orders = options.join([orders, spilled.within(block)])
        option_prints = options.execute(self._world, block, orders, option_quotes)
        rate = self._rate("equities.prints", block)
        newest_first = tuple(reversed(self._equity_quotes))
        equity_prints = equities.prints(self._world, block, rate, newest_first)
        return {
            "options.prints": _option_prints(self._world, option_prints),
            "options.nbbo": _quotes(self._world, option_quotes, is_option=True),
            "equities.prints": _equity_prints(self._world.day, equity_prints),
            "equities.quotes": _quotes(self._world, newest_first[0], is_option=False),
        }

    def _quotes(self, block: int) -> quoting.Quotes:
        """Make both kinds of quotes of a second and move on what stands; return the options'."""
        world = self._world
        stocks = quoting.equity_quotes(world, block, self._rate("equities.quotes", block), self._equity_sides)
        self._equity_sides = stocks.last()
        self._equity_quotes.append(stocks)
        rate = self._rate("options.nbbo", block)
        series = quoting.option_quotes(world, block, rate, self._option_sides)
        self._option_sides = series.last()
        return series

    def _bursts(self, block: int) -> options.Orders:
        return options.bursts(self._world, block, self._activity(block))

    def _activity(self, block: int) -> int:
        """Activity of a second in 1/1000 of normal; 0 before the open."""
        is_burst = self._world.word(RATE_STREAM, block) % 8 == 0
        scale = self._profile.burst if is_burst else self._profile.ordinary
        return self._world.activity(block) * scale // 1000

    def _rate(self, topic: str, block: int) -> int:
        """Draw the records of a topic in a second: a quarter more or less around the mean."""
        rate = RATES[topic] - (BURST_PRINTS if topic == "options.prints" else 0)
        is_quote = topic in ("options.nbbo", "equities.quotes")
        early = PREOPEN_ACTIVITY * self._profile.ordinary // 1000 if is_quote else 0
        activity = self._activity(block) if block >= PREOPEN_S else early
        swing = 768 + (self._world.word(RATE_STREAM, block) >> 55)  # 768..1279 of 1024
        return rate * activity * swing // 1_024_000


def _head(day: Day, topic: str, times: tuple[I64, I64], names: Column) -> dict[str, Column]:
    assert topic in TOPIC, topic
    return {
        "kind": np.zeros(len(times[0]), np.int32),
        "seq": np.zeros(len(times[0]), np.int64),
        "source_ts": times[0] + day.start_ts,
        "event_ts": times[1] + day.start_ts,
        "underlying": names,
    }


def _texts(values: Sequence[str] | pa.StringArray, index: I64) -> pa.StringArray:
    found = values if isinstance(values, pa.Array) else pa.array(values, pa.string())
    return found.take(pa.array(index))


def _quotes(world: World, quotes: quoting.Quotes, *, is_option: bool) -> Batch:
    name = "options.nbbo" if is_option else "equities.quotes"
    symbol = world.series.symbol[quotes.key] if is_option else quotes.key
    event = np.maximum(quotes.time - 20_000 - quotes.time % 9973 * 17, 0)
    columns = _head(world.day, name, (quotes.time, event), _texts(NAMES, symbol))
    if is_option:
        columns["contract"] = _texts(world.series.contract, quotes.key)
    columns |= {"bid": quotes.bid, "ask": quotes.ask}
    columns |= {"bid_size": quotes.bid_size, "ask_size": quotes.ask_size}
    return Batch(TOPIC[name], columns)


def _option_prints(world: World, prints: options.OptionPrints) -> Batch:
    names = _texts(NAMES, world.series.symbol[prints.key])
    columns = _head(world.day, "options.prints", (prints.source, prints.event), names)
    none = np.full(len(prints.key), -1, np.int64)
    columns |= {
        "contract": _texts(world.series.contract, prints.key),
        "price": prints.price,
        "price_low": none,
        "price_high": none,
        "size": prints.size,
        "multiplier": np.full(len(none), options.MULTIPLIER, np.int32),
        "venue": _texts(options.VENUES, prints.venue),
        "condition": _texts(options.CODES, prints.code),
        "is_bar": np.zeros(len(none), np.bool_),
    }
    return Batch(TOPIC["options.prints"], columns)


def _equity_prints(day: Day, prints: equities.EquityPrints) -> Batch:
    times = prints.source, prints.event
    columns = _head(day, "equities.prints", times, _texts(NAMES, prints.key))
    columns |= {
        "price": prints.price,
        "size": prints.size,
        "venue": _texts(equities.VENUES, prints.venue),
        "off_exchange": prints.venue == equities.TRF,
        "conditions": _texts(CONDITION_TEXTS, prints.condition),
        "condition_bits": CONDITION_BITS[prints.condition],
        "has_event_ts": np.ones(len(prints.key), np.bool_),
    }
    return Batch(TOPIC["equities.prints"], columns)
