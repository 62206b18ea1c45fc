"""The seeded synthetic market: the same seed gives the same records, on any machine and from any start.

Owns the profiles, the sequence of trading days and the cut into chunks. The chunks of a profile are
always the same and each can be made without the ones before it, but for the quotes of a few seconds.
Refuses to pass for a market: `is_synthetic` is true, and no record carries the truth behind it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from connectors.errors import UserError
from connectors.feed import Chunk, SessionStart
from connectors.feeds import synthetic_equities as equities
from connectors.feeds import synthetic_options as options
from connectors.feeds import synthetic_quotes as quoting
from connectors.feeds.synthetic_stream import I64
from connectors.feeds.synthetic_world import (
    NAMES,
    PREOPEN_S,
    SECOND_NS,
    Day,
    World,
    build,
    days,
)
from schemas.columns import Batch, Column
from schemas.topics import TOPIC

VERSION: Final = 1
HEARTBEAT_NS: Final = 200_000_000
TRF_WINDOW_NS: Final = 10 * SECOND_NS
MAX_SEED: Final = (1 << 63) - 1
MAX_MINUTES: Final = 1_000_000
RATE_STREAM: Final = 40
PREOPEN_ACTIVITY: Final = 500
INPUTS: Final = ("options.prints", "options.nbbo", "equities.prints", "equities.quotes")
RATES: Final = {"options.prints": 250, "options.nbbo": 2500, "equities.prints": 1000, "equities.quotes": 4000}
BURST_PRINTS: Final = 19  # a second at normal activity, part of the rate of option prints


@dataclass(frozen=True, slots=True)
class Profile:
    """Activity in 1/1000 of normal, in ordinary seconds and in one of eight; chunks to a second."""

    ordinary: int
    burst: int
    slices: int


PROFILES: Final = {
    "quiet": Profile(100, 100, 1),
    "normal": Profile(1000, 1000, 1),
    "stress": Profile(3200, 9600, 5),
}


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
        "conditions": _texts(equities.condition_texts(), prints.condition),
        "condition_bits": np.zeros(len(prints.key), np.int64),
        "has_event_ts": np.ones(len(prints.key), np.bool_),
    }
    return Batch(TOPIC["equities.prints"], columns)


class SyntheticFeed:
    """The synthetic market as a feed: `minutes` of trading (none means on and on, day after day).

    `symbols` keeps the records of some underlyings only; they are the same with and without it.
    Raises UserError for a profile, seed, length or symbol that does not exist.
    """

    name = "synthetic"
    is_synthetic = True
    is_paced_live = False
    inputs = INPUTS
    heartbeat_ns = HEARTBEAT_NS

    def __init__(
        self, profile: str, seed: int, minutes: int | None = None, symbols: Sequence[str] | None = None
    ) -> None:
        _check(profile, seed, minutes, symbols)
        self._profile = PROFILES[profile]
        self._profile_name = profile
        self._seed = seed
        self._minutes = minutes
        self.symbols = NAMES if not symbols else tuple(n for n in NAMES if n in symbols)

    @property
    def identity(self) -> Mapping[str, object]:
        """What the records depend on."""
        chosen = {} if self.symbols == NAMES else {"symbols": list(self.symbols)}
        return {
            "feed": self.name,
            "profile": self._profile_name,
            "seed": self._seed,
            "minutes": self._minutes,
            "version": VERSION,
            **chosen,
        }

    @property
    def capabilities(self) -> Mapping[str, object]:
        """What the records may be used for."""
        return {
            "participant_times": True,
            "price_rounded": False,
            "trade_ids": False,
            "clock_ns": 1,
            "option_bars": False,
            "option_volume_complete": True,
            "option_conditions": True,
        }

    def chunks(self, start: int = 0) -> Iterator[Chunk]:
        """Yield the chunks from number `start` on: seconds, or fifths of them under stress."""
        skipped = start
        for day, seconds in self._days():
            count = seconds * self._profile.slices
            if skipped < count:
                yield from self._day(day, seconds, skipped)
            skipped = max(skipped - count, 0)

    def _days(self) -> Iterator[tuple[Day, int]]:
        """Yield each day with its seconds, those before the open included."""
        left = self._minutes
        for day in days():
            minutes = day.minutes if left is None else min(day.minutes, left)
            yield day, PREOPEN_S + 60 * minutes
            left = None if left is None else left - minutes
            if left == 0:
                return

    def _day(self, day: Day, seconds: int, start: int) -> Iterator[Chunk]:
        maker = Maker(build(day, self._seed, self._profile.ordinary), self._profile)
        first, part = divmod(start, self._profile.slices)
        maker.warm(first)
        session = _session(day) if start == 0 else None
        for block in range(first, seconds):
            batches = self._chosen(maker.make(block))
            for number in range(part, self._profile.slices):
                yield self._chunk(batches, (day.start_ts + block * SECOND_NS, number), session)
                session = None
            part = 0

    def _chosen(self, batches: dict[str, Batch]) -> dict[str, Batch]:
        if self.symbols == NAMES:
            return batches
        wanted = pa.array(self.symbols, pa.string())
        kept = {t: _is_in(b["underlying"], wanted) for t, b in batches.items()}
        return {t: b.take(np.flatnonzero(kept[t]).astype(np.int64)) for t, b in batches.items()}

    def _chunk(
        self, batches: Mapping[str, Batch], place: tuple[int, int], session: SessionStart | None
    ) -> Chunk:
        second, number = place
        width = SECOND_NS // self._profile.slices
        begin, end = second + number * width, second + (number + 1) * width
        cut = {t: _between(b, begin, end) for t, b in batches.items()}
        return Chunk(session, cut, (), {t: len(b) for t, b in cut.items()}, end - 1)


def _between(batch: Batch, begin: int, end: int) -> Batch:
    first, last = np.searchsorted(batch["source_ts"], [begin, end])
    return batch.slice(int(first), int(last))


def _is_in(names: pa.StringArray, wanted: pa.StringArray) -> Column:
    import pyarrow.compute as pc

    return pc.is_in(names, value_set=wanted).to_numpy(zero_copy_only=False)


def _session(day: Day) -> SessionStart:
    return SessionStart(
        name=day.when.isoformat(),
        start_ts=day.start_ts,
        open_ts=day.open_ts,
        close_ts=day.close_ts,
        trf_window_ns=TRF_WINDOW_NS,
        detail={"expiries": [found.isoformat() for found, _ in day.expiries]},
    )


def _check(profile: str, seed: int, minutes: int | None, symbols: Sequence[str] | None) -> None:
    if profile not in PROFILES:
        raise UserError(f"synthetic profile {profile!r} is unknown; allowed are {', '.join(PROFILES)}")
    if not 0 <= seed <= MAX_SEED:
        raise UserError(f"seed {seed} of the synthetic market is not in 0..{MAX_SEED}")
    if minutes is not None and not 1 <= minutes <= MAX_MINUTES:
        raise UserError(f"{minutes} minutes of the synthetic market are not in 1..{MAX_MINUTES}")
    unknown = [s for s in symbols or () if s not in NAMES]
    if unknown:
        raise UserError(f"the synthetic market has no {', '.join(unknown)}; it has {', '.join(NAMES)}")
