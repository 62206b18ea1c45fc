"""The made-up world of a trading day: its underlyings, option series and price paths.

Owns what a session is made of before anything trades. Real tickers stand for familiar sizes and
spreads only; no price here was ever quoted. Refuses dependence on the session before: each day opens
near the reference price, so that any day can be made without the ones before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from connectors.feeds.synthetic_calendar import PREOPEN_S, Day
from connectors.feeds.synthetic_stream import (
    I64,
    Flags,
    Stream,
    Words,
    below,
    day_curve,
    lane,
    weighted,
)
from schemas.symbology import format_osi

USD: Final = 1_000_000_000  # prices are in 1e-9 USD
CENT: Final = USD // 100
CALM_S: Final = 33  # how long the quote stays after an absorbed block
STRIKES: Final = 11
SERIES: Final = 2 * STRIKES  # of one expiry
STEPS_PER_YEAR_ROOT: Final = 2_428_300  # 1000 * sqrt(252 * 23400)
UNIT_STEP: Final = 37_837  # standard deviation of the sum of four lanes

DAY_STREAM, PATH_STREAM, MARKET_STREAM, ABSORB_STREAM = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Ticker:
    """An underlying: price in cents, yearly volatility in 1/1000, weights of its activity."""

    name: str
    tape: str
    price_cents: int
    vol: int
    equity_weight: int
    option_weight: int
    step_cents: int
    spread_ticks: int
    is_penny: bool = False

    @property
    def round_lot(self) -> int:
        """Shares of a round lot by the price tiers in force since November 2025."""
        return 100 if self.price_cents <= 25_000 else 40


TICKERS: Final = (
    Ticker("SPY", "B", 68_900, 140, 160, 270, 200, 1, True),
    Ticker("QQQ", "C", 61_800, 190, 130, 170, 200, 1, True),
    Ticker("NVDA", "C", 18_900, 400, 150, 130, 250, 1),
    Ticker("TSLA", "C", 43_800, 520, 120, 130, 500, 3),
    Ticker("AAPL", "C", 27_100, 250, 90, 70, 250, 1),
    Ticker("AMZN", "C", 22_600, 310, 70, 50, 250, 1),
    Ticker("MSFT", "C", 47_300, 240, 60, 40, 500, 3),
    Ticker("META", "C", 65_000, 360, 50, 45, 750, 6),
    Ticker("AMD", "C", 22_300, 480, 70, 45, 250, 2),
    Ticker("GOOG", "C", 31_500, 300, 50, 30, 500, 2),
    Ticker("IBM", "A", 29_100, 260, 20, 10, 500, 4),
    Ticker("XOM", "A", 12_200, 230, 30, 10, 100, 1),
)
NAMES: Final = tuple(t.name for t in TICKERS)


@dataclass(frozen=True, slots=True)
class Series:
    """The option series of a day as columns: a series is its index, 22 to an expiry."""

    symbol: I64
    strike: I64
    is_call: Flags
    expiry_ts: I64
    is_penny: Flags  # whether every price moves in cents
    contract: pa.StringArray
    hot: I64  # tables of 65536 slots
    near: I64
    favourite: I64

    def __len__(self) -> int:
        return len(self.symbol)


@dataclass(frozen=True, slots=True)
class World:
    """Everything fixed at the start of a day. `path` is the price at each second, by symbol."""

    day: Day
    stream: Stream
    path: I64
    is_absorbing: Flags  # symbol x second: an absorbed block is reported in this second
    is_calm: Flags  # symbol x second: the quote stays after one
    curve: tuple[int, ...]
    series: Series

    def words(self, stream: int, block: int, count: int) -> Words:
        """Return random words of one second of this day."""
        return self.stream.words(stream, (self.day.number << 20) | block, count)

    def word(self, stream: int, block: int) -> int:
        """Return the one random word of a second of this day."""
        return self.stream.word(stream, (self.day.number << 20) | block)

    def activity(self, block: int) -> int:
        """Return the activity of a block (second of the day) in 1/1000; 0 before the open."""
        if block < PREOPEN_S:
            return 0
        return self.curve[min((block - PREOPEN_S) // 60, len(self.curve) - 1)]


def build(day: Day, seed: int, activity: int) -> World:
    """Make the world of a day; `activity` (1/1000) scales how often blocks are absorbed."""
    stream = Stream(seed)
    curve = tuple(day_curve(day.minutes))
    is_absorbing = _absorbing(day, stream, curve, activity)
    is_calm = _calm(is_absorbing)
    path = _path(day, stream, is_calm, curve)
    return World(day, stream, path, is_absorbing, is_calm, curve, _series(day, path[:, 0]))


def _per_second(day: Day, curve: tuple[int, ...]) -> I64:
    """Activity of each second of the day and two more, in 1/1000; 0 before the open."""
    seconds = np.repeat(np.asarray(curve, np.int64), 60)
    ends = np.zeros(PREOPEN_S, np.int64), np.full(2, curve[-1], np.int64)
    return np.concatenate([ends[0], seconds, ends[1]])


def _grid(day: Day, stream: Stream, name: int, rows: int) -> Words:
    count = day.seconds + 2
    return stream.words(name, day.number, rows * count).reshape(rows, count)


def _absorbing(day: Day, stream: Stream, curve: tuple[int, ...], activity: int) -> Flags:
    """Draw the seconds of absorbed blocks: about one a symbol in 160 s at normal activity."""
    chance = _per_second(day, curve) * min(activity, 2000) * 400 // 1_000_000
    drawn = lane(_grid(day, stream, ABSORB_STREAM, len(TICKERS)), 0) < chance
    # A block inside the calm of another one would lengthen it without end under stress.
    return drawn & ~_calm_before(drawn)


def _calm_before(drawn: Flags) -> Flags:
    counts = np.cumsum(drawn, axis=1)
    earlier = np.zeros_like(counts)
    earlier[:, CALM_S:] = counts[:, :-CALM_S]
    return np.asarray(counts - drawn > earlier)


def _calm(is_absorbing: Flags) -> Flags:
    counts = np.cumsum(is_absorbing, axis=1)
    earlier = np.zeros_like(counts)
    earlier[:, CALM_S + 1 :] = counts[:, : -CALM_S - 1]
    return np.asarray(counts > earlier)


def _path(day: Day, stream: Stream, is_calm: Flags, curve: tuple[int, ...]) -> I64:
    """Walk each symbol by the second: half of a step is the market's, none happens in a calm."""
    steps = 7 * (_unit(_grid(day, stream, PATH_STREAM, len(TICKERS))))
    steps += 7 * _unit(_grid(day, stream, MARKET_STREAM, 1))
    prices = np.array([t.price_cents * CENT for t in TICKERS], np.int64)
    scales = prices * np.array([t.vol for t in TICKERS], np.int64) // STEPS_PER_YEAR_ROOT
    pace = 600 + _per_second(day, curve) * 4 // 10
    steps = steps * scales[:, None] // (10 * UNIT_STEP) * pace // 1000
    steps[:, : PREOPEN_S - 1] = 0
    steps[is_calm] = 0
    gaps = below(stream.words(DAY_STREAM, day.number, len(TICKERS)), 0, 401) - 200
    opens = prices // 10_000 * (10_000 + gaps) // CENT * CENT
    walk = np.cumsum(steps, axis=1)
    # A second's step ends it: the price at second s knows the steps before s only.
    return np.concatenate([opens[:, None], opens[:, None] + walk], axis=1)


def _unit(words: Words) -> I64:
    """Sum four lanes around zero: a bell curve of integers, deviation UNIT_STEP."""
    total = lane(words, 0) + lane(words, 1) + lane(words, 2) + lane(words, 3)
    return total - 2 * 0xFFFF


def _series(day: Day, opens: I64) -> Series:
    expiry, offset, right = (a.ravel() for a in np.indices((len(day.expiries), STRIKES, 2), dtype=np.int64))
    symbol = np.repeat(np.arange(len(TICKERS), dtype=np.int64), len(expiry))
    expiry, offset, right = (np.tile(a, len(TICKERS)) for a in (expiry, offset, right))
    step = np.array([t.step_cents * CENT for t in TICKERS], np.int64)
    centre = (opens + step // 2) // step
    strike = (centre[symbol] + offset - STRIKES // 2) * step[symbol]
    away = np.abs(offset - STRIKES // 2)
    return Series(
        symbol=symbol,
        strike=strike,
        is_call=right == 0,
        expiry_ts=np.array([close for _, close in day.expiries], np.int64)[expiry],
        is_penny=np.array([t.is_penny for t in TICKERS])[symbol],
        contract=_contracts(day, symbol, expiry, (strike, right)),
        **_tables(symbol, expiry, away),
    )


def _tables(symbol: I64, expiry: I64, away: I64) -> dict[str, I64]:
    """Tables to draw a series from: any by activity, near the money, and the few busiest."""
    by_expiry = np.array([6, 8, 3, 3, 2], np.int64)[expiry]
    by_strike = np.array([30, 24, 14, 7, 4, 2], np.int64)[away]
    weights = np.array([t.option_weight for t in TICKERS], np.int64)[symbol] * by_expiry * by_strike
    return {
        "hot": weighted(weights),
        "near": weighted(np.where((away <= 2) & (expiry > 0), weights, 0)),
        "favourite": weighted(np.where((away <= 1) & (expiry == 1), weights, 0)),
    }


def _contracts(day: Day, symbol: I64, expiry: I64, rest: tuple[I64, I64]) -> pa.StringArray:
    dates = [found.year * 10_000 + found.month * 100 + found.day for found, _ in day.expiries]
    rows = zip(symbol.tolist(), expiry.tolist(), rest[0].tolist(), rest[1].tolist(), strict=True)
    return pa.array(
        [format_osi(NAMES[s], dates[e], right, strike) for s, e, strike, right in rows],
        pa.string(),
    )
