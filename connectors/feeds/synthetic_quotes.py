"""The quotes of the synthetic market, a second at a time.

Owns the pricing function and both kinds of quotes. A quoted price holds for a quarter of a second
(its slot), so that most prints meet a quote which has stood for a while. Call and put of a strike
carry the same time value: parity holds inside the spread. Refuses anything but + - * / sqrt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from connectors.feeds.synthetic_calendar import PREOPEN_S, SECOND_NS
from connectors.feeds.synthetic_stream import (
    I64,
    Flags,
    Words,
    below,
    lane,
    mix_words,
    moment_ns,
    pick,
    weighted,
)
from connectors.feeds.synthetic_world import CENT, NAMES, TICKERS, USD, World

F64 = npt.NDArray[np.float64]

SLOT_NS: Final = 250_000_000
PHASE_NS: Final = 19_000_000  # slots of one underlying begin this much after those of the one before
WHEEL_S: Final = 16  # every series is quoted at least once in this many seconds
TIME_BITS: Final = 45
YEAR_NS: Final = 365 * 86_400 * SECOND_NS
SHARES: Final = 1_000_000  # equity sizes are in 1e-6 shares

OPTION_QUOTE, OPTION_SLOT, EQUITY_QUOTE, EQUITY_SLOT = 10, 11, 12, 13
VOLS: Final = np.array([t.vol for t in TICKERS], np.float64) / 1000.0
SPREAD_TICKS: Final = np.array([t.spread_ticks for t in TICKERS], np.int64)
PER_VALUE: Final = (2 + 3 * SPREAD_TICKS) / 2000.0
EQUITY_TABLE: Final = weighted([t.equity_weight for t in TICKERS])
ROUND_LOT: Final = np.array([t.round_lot for t in TICKERS], np.int64)


@dataclass(frozen=True, slots=True)
class Quotes:
    """Quotes of one second, sorted by time (ns after the start of the day).

    `carried` holds the bid and ask of every key that stood before the second; -1 where none did.
    """

    key: I64
    time: I64
    bid: I64
    ask: I64
    bid_size: I64
    ask_size: I64
    carried: tuple[I64, I64]
    order: I64
    composite: I64

    def __len__(self) -> int:
        return len(self.key)

    def last(self) -> tuple[I64, I64]:
        """Bid and ask of every key at the end of the second."""
        bid, ask = self.carried[0].copy(), self.carried[1].copy()
        key = self.key[self.order]
        is_last = np.append(key[1:] != key[:-1], True)
        rows = self.order[is_last]
        bid[key[is_last]], ask[key[is_last]] = self.bid[rows], self.ask[rows]
        return bid, ask

    def standing(self, key: I64, time: I64) -> tuple[I64, I64]:
        """Bid and ask strictly before `time`, which lies in this second."""
        found = np.searchsorted(self.composite, (key << TIME_BITS) | time, side="left") - 1
        row = self.order[np.maximum(found, 0)]
        is_here = (found >= 0) & (self.key[row] == key)
        bid = np.where(is_here, self.bid[row], self.carried[0][key])
        return bid, np.where(is_here, self.ask[row], self.carried[1][key])


def nothing_before(keys: int) -> tuple[I64, I64]:
    """What stands before the first quote of a day."""
    return np.full(keys, -1, np.int64), np.full(keys, -1, np.int64)


def _sorted(key: I64, time: I64, sides: tuple[I64, I64, I64, I64], carried: tuple[I64, I64]) -> Quotes:
    order = np.argsort(time, kind="stable")
    key, time = key[order], time[order]
    composite = (key << TIME_BITS) | time
    by_key = np.argsort(composite, kind="stable")
    bid, ask, bid_size, ask_size = (side[order] for side in sides)
    return Quotes(key, time, bid, ask, bid_size, ask_size, carried, by_key, composite[by_key])


def slot_of(symbol: I64, time: I64) -> I64:
    """Number the quarter second in which a price of this underlying holds."""
    return (time + symbol * PHASE_NS) // SLOT_NS


def spot(world: World, symbol: I64, slot: I64) -> I64:
    """Price of the underlying at the start of a slot, between the two seconds around it."""
    ms = np.maximum(slot * SLOT_NS - symbol * PHASE_NS, 0) // 1_000_000
    second = ms // 1000
    here: I64 = world.path[symbol, second]
    step: I64 = world.path[symbol, second + 1] - here
    part: I64 = step * (ms - second * 1000) // 1000
    return here + part


def expected_move(world: World, block: int) -> F64:
    """Standard deviation of the underlying until expiry, in USD, of every series."""
    series = world.series
    left_ns = series.expiry_ts - (world.day.start_ts + block * SECOND_NS)
    years = np.maximum(left_ns, 60 * SECOND_NS) / YEAR_NS
    opens = world.path[:, 0] / USD
    return np.asarray((VOLS * opens)[series.symbol] * np.sqrt(years))


def time_value(distance: F64, move: F64) -> F64:
    """Value above parity: 0.4 of the move at the money, falling with distance in moves."""
    base = 1.0 + distance * 0.3125 + distance * distance / 6.0
    square = base * base
    return 0.4 * move / (square * square)


def option_quotes(world: World, block: int, rate: int, carried: tuple[I64, I64]) -> Quotes:
    """Quotes of the series in one second; `rate` of them, the wheel's included."""
    key, words = _option_keys(world, block, rate)
    time = block * SECOND_NS + moment_ns(words)
    bid, ask = _option_prices(world, block, key, time)
    bid, ask = _dirt(bid, ask, words, option_tick(world, key, ask))
    bid_size = np.where(bid > 0, 1 + below(words, 0, 60) * below(words, 1, 12), 0)
    ask_size = 1 + below(words, 1, 60) * below(words, 0, 12)
    return _sorted(key, time, (bid, ask, bid_size, ask_size), carried)


def _option_keys(world: World, block: int, rate: int) -> tuple[I64, Words]:
    every = np.arange(len(world.series), dtype=np.int64)
    wheel = every[every % PREOPEN_S == block] if block < PREOPEN_S else every[(every + block) % WHEEL_S == 0]
    extra = max(rate - len(wheel), 0) if block >= PREOPEN_S else 0
    words = world.words(OPTION_QUOTE, block, len(wheel) + extra)
    drawn = pick(world.series.hot, mix_words(words[len(wheel) :].copy()), 0)
    return np.concatenate([wheel, drawn]), words


def option_tick(world: World, key: I64, price: I64) -> I64:
    """Least price step: cents below 3 USD and in the penny classes, else nickels."""
    return np.where(world.series.is_penny[key] | (price < 3 * USD), CENT, 5 * CENT)


def _option_prices(world: World, block: int, key: I64, time: I64) -> tuple[I64, I64]:
    series = world.series
    symbol, strike = series.symbol[key], series.strike[key]
    slot = slot_of(symbol, time)
    price = spot(world, symbol, slot)
    move = expected_move(world, block)[key]
    gain = np.where(series.is_call[key], price - strike, strike - price)
    distance = np.abs(price - strike) / USD / move
    value = np.maximum(gain, 0) / USD + time_value(distance, move)
    tick = option_tick(world, key, (value * USD).astype(np.int64))
    ticks_per_usd = USD / tick
    half = (0.3 + 0.15 * SPREAD_TICKS[symbol]) / ticks_per_usd + value * PER_VALUE[symbol] * (1.0 + distance)
    bid = np.floor((value - half) * ticks_per_usd).astype(np.int64)
    ask = np.maximum(np.ceil((value + half) * ticks_per_usd).astype(np.int64), 1)
    wobble = lane(_slot_words(world, OPTION_SLOT, key, slot), 0)
    bid = np.maximum(bid - (wobble < 4000), 0)
    return bid * tick, (ask + (wobble > 61_000)) * tick


def _slot_words(world: World, name: int, key: I64, slot: I64) -> Words:
    return world.stream.at(name, world.day.number, (slot << 12) | key)


def _dirt(bid: I64, ask: I64, words: Words, tick: I64) -> tuple[I64, I64]:
    """Lock, cross or drop a side of about one quote in 700."""
    fate = below(words, 2, 6000)
    has_bid = bid > 0
    dirty = np.where((fate < 3) & has_bid, bid, ask)
    dirty = np.where((fate >= 3) & (fate < 6) & (bid > 2 * tick), bid - tick, dirty)
    return np.where((fate >= 6) & (fate < 8), -1, bid), dirty


def equity_quotes(world: World, block: int, rate: int, carried: tuple[I64, I64]) -> Quotes:
    """Quotes of the underlyings in one second, each at least once."""
    each = np.arange(len(NAMES), dtype=np.int64)
    words = world.words(EQUITY_QUOTE, block, max(rate, len(each)))
    key = np.concatenate([each, pick(EQUITY_TABLE, mix_words(words[len(each) :].copy()), 0)])
    time = block * SECOND_NS + moment_ns(words)
    bid, ask = _equity_prices(world, key, time)
    bid, ask = _dirt(bid, ask, words, np.full(len(key), CENT))
    lot = ROUND_LOT[key] * SHARES
    bid_size = np.where(bid > 0, (1 + below(words, 0, 30)) * lot, 0)
    return _sorted(key, time, (bid, ask, bid_size, (1 + below(words, 1, 30)) * lot), carried)


def _equity_prices(world: World, key: I64, time: I64) -> tuple[I64, I64]:
    slot = slot_of(key, time)
    centre = spot(world, key, slot)
    ticks = SPREAD_TICKS[key]
    wobble = lane(_slot_words(world, EQUITY_SLOT, key, slot), 0)
    is_wide: Flags = (wobble < 9000) & ~world.is_calm[key, time // SECOND_NS]
    bid = (centre - (ticks - 1) * CENT // 2) // CENT - (is_wide & (wobble % 2 == 0))
    ask = bid + ticks + is_wide
    return bid * CENT, ask * CENT
