"""The option prints of the synthetic market, a second at a time.

Owns single prints and the bursts among them: sweeps, splits, blocks, verticals and large prints in
busy series. Every print is priced against the quote standing strictly before it. Refuses to say in
a record which burst it came from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from connectors.feeds.synthetic_calendar import PREOPEN_S, SECOND_NS
from connectors.feeds.synthetic_quotes import Quotes, option_tick
from connectors.feeds.synthetic_stream import (
    I64,
    Words,
    below,
    lane,
    mix_words,
    moment_ns,
    pick,
    weighted,
)
from connectors.feeds.synthetic_world import SERIES, USD, World

AT_ASK, AT_BID, INSIDE, MID, ABOVE, BELOW = range(6)
PLACES: Final = weighted([36, 34, 15, 10, 2, 3])

VENUES: Final = (
    "A",
    "B",
    "C",
    "D",
    "E",
    "H",
    "I",
    "J",
    "M",
    "N",
    "P",
    "Q",
    "S",
    "T",
    "U",
    "W",
    "X",
    "Z",
)
VENUE: Final = weighted([5, 6, 16, 4, 7, 3, 6, 4, 7, 10, 6, 8, 2, 2, 4, 3, 8, 7])
STRIDES: Final = np.array([1, 5, 7, 11], np.int64)  # prime to the number of venues

CODES: Final = ("I", "", "S", "a", "f", "c", "e", "D", "j")
ELECTRONIC, BLANK, ISO, AUCTION, MULTI_LEG, CROSS, FLOOR, LATE, LEG = range(len(CODES))
CODE: Final = weighted([600, 70, 60, 170, 35, 15, 15, 5, 30])
BLOCK_CODE: Final = weighted([60, 0, 0, 15, 0, 15, 10, 0, 0])
SIZES: Final = np.array([1, 1, 1, 1, 1, 2, 2, 3, 4, 5, 5, 8, 10, 10, 20, 40], np.int64)

SINGLE, SWEEP, SPLIT, BLOCK, VERTICAL, SPIKE, EVENT_LATENCY = 20, 21, 22, 23, 24, 25, 26
MAX_CHILDREN: Final = 6
BLOCK_CONTRACTS: Final = 500
BLOCK_USD: Final = 60_000
SPIKE_USD: Final = 250_000
MULTIPLIER: Final = 100
REPEATED: Final = 131  # one print in 65536 / 131 = 500 is reported twice, legitimately


@dataclass(frozen=True, slots=True)
class Orders:
    """Executions before they have a price; `time` in ns after the start of the day."""

    key: I64
    time: I64
    venue: I64
    code: I64
    place: I64
    size: I64
    least_usd: I64

    def take(self, rows: I64) -> Orders:
        """Return the executions at `rows`."""
        return Orders(*(getattr(self, name)[rows] for name in self.__slots__))

    def within(self, block: int) -> Orders:
        """Return those of one second."""
        return self.take(np.flatnonzero(self.time // SECOND_NS == block))


@dataclass(frozen=True, slots=True)
class OptionPrints:
    """Option prints of one second, sorted by time of publication."""

    key: I64
    source: I64
    event: I64
    price: I64
    size: I64
    venue: I64
    code: I64


def join(parts: list[Orders]) -> Orders:
    """Put executions behind each other."""
    return Orders(*(np.concatenate([getattr(p, n) for p in parts]) for n in Orders.__slots__))


def count(word: int, rate_milli: int) -> int:
    """Draw a whole number whose mean is rate_milli / 1000."""
    return (rate_milli * 65_536 // 1000 + (word & 0xFFFF)) >> 16


def bursts(world: World, block: int, rate_milli: int) -> Orders:
    """All bursts that begin in a second; `rate_milli` is the activity. Some end in the next one."""
    if block < PREOPEN_S or rate_milli == 0:
        none = np.empty(0, np.int64)
        return Orders(none, none, none, none, none, none, none)
    return join(
        [
            _sweeps(world, block, rate_milli * 2 // 5),
            _splits(world, block, rate_milli // 4),
            _blocks(world, block, rate_milli * 3 // 20),
            _verticals(world, block, rate_milli),
            _spikes(world, block, rate_milli // 10),
        ]
    )


def _parents(world: World, kind: int, block: int, rate_milli: int) -> tuple[Words, I64]:
    words = world.words(kind, block, count(world.word(kind, block), rate_milli))
    return words, block * SECOND_NS + moment_ns(words)


def _children(words: Words, counts: I64) -> tuple[I64, I64, Words]:
    """Return parent, number inside the parent and a word of its own for every child."""
    parent = np.repeat(np.arange(len(words), dtype=np.int64), counts)
    number = np.arange(len(parent), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    own = words[parent] + (number.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E37_79B9_7F4A_7C15)
    return parent, number, mix_words(own)


def _aggressor(words: Words) -> I64:
    return np.where(lane(words, 1) < 34_000, AT_ASK, AT_BID)


def _sweeps(world: World, block: int, rate_milli: int) -> Orders:
    """One series and side over 2 to 6 venues within 16 to 120 ms."""
    words, time = _parents(world, SWEEP, block, rate_milli)
    counts = 2 + below(words, 1, MAX_CHILDREN - 1)
    parent, number, own = _children(words, counts)
    drawn = mix_words(words.copy())
    first, stride = below(drawn, 1, len(VENUES)), STRIDES[below(drawn, 2, len(STRIDES))]
    return Orders(
        key=pick(world.series.near, drawn, 0)[parent],
        time=time[parent] + number * 22_000_000 + below(own, 0, 6_000_000 >> 8) * 256,
        venue=(first[parent] + number * stride[parent]) % len(VENUES),
        code=np.full(len(parent), ISO),
        place=_aggressor(drawn)[parent],
        size=5 + below(own, 1, 60) * below(own, 2, 3),
        least_usd=np.zeros(len(parent), np.int64),
    )


def _splits(world: World, block: int, rate_milli: int) -> Orders:
    """One series, side and venue, 3 or 4 executions 180 to 320 ms apart; over by the next second."""
    words, time = _parents(world, SPLIT, block, rate_milli)
    counts = 3 + below(words, 1, 2)
    parent, number, own = _children(words, counts)
    drawn = mix_words(words.copy())
    return Orders(
        key=pick(world.series.near, drawn, 0)[parent],
        time=time[parent] + number * 250_000_000 + (below(own, 0, 35_000) << 11),
        venue=pick(VENUE, drawn, 2)[parent],
        code=np.full(len(parent), ELECTRONIC),
        place=_aggressor(drawn)[parent],
        size=5 + below(own, 1, 20),
        least_usd=np.zeros(len(parent), np.int64),
    )


def _blocks(world: World, block: int, rate_milli: int) -> Orders:
    """Single prints of at least 500 contracts and 50,000 USD."""
    words, time = _parents(world, BLOCK, block, rate_milli)
    drawn = mix_words(words.copy())
    return Orders(
        key=pick(world.series.near, drawn, 0),
        time=time,
        venue=pick(VENUE, words, 0),
        code=pick(BLOCK_CODE, drawn, 2),
        place=pick(PLACES, drawn, 3),
        size=BLOCK_CONTRACTS + 50 * below(words, 1, 30),
        least_usd=np.full(len(words), BLOCK_USD),
    )


def _verticals(world: World, block: int, rate_milli: int) -> Orders:
    """Two strikes of one expiry and right, equal sizes, one venue, within 2 ms."""
    words, time = _parents(world, VERTICAL, block, rate_milli)
    parent, number, own = _children(words, np.full(len(words), 2, np.int64))
    drawn = mix_words(words.copy())
    key = pick(world.series.near, drawn, 0)
    other = np.where(key % SERIES < SERIES // 2, key + 2, key - 2)
    is_bought = (number == 0) == (lane(drawn, 1) < 32_768)[parent]
    return Orders(
        key=np.where(number == 0, key[parent], other[parent]),
        time=time[parent] + number * 300_000 + below(own, 0, 1500) * 1000,
        venue=pick(VENUE, drawn, 2)[parent],
        code=np.full(len(parent), MULTI_LEG),
        place=np.where(lane(own, 1) < 26_000, INSIDE, np.where(is_bought, AT_ASK, AT_BID)),
        size=(1 + below(words, 0, 10) * below(words, 1, 12))[parent],
        least_usd=np.zeros(len(parent), np.int64),
    )


def _spikes(world: World, block: int, rate_milli: int) -> Orders:
    """Prints of unusual premium in the busiest series, bought over two or three venues."""
    words, time = _parents(world, SPIKE, block, rate_milli)
    parent, number, own = _children(words, 2 + below(words, 1, 2))
    drawn = mix_words(words.copy())
    return Orders(
        key=pick(world.series.favourite, drawn, 0)[parent],
        time=time[parent] + number * 15_000_000 + below(own, 0, 5000) * 1000,
        venue=(below(drawn, 1, len(VENUES))[parent] + number * 5) % len(VENUES),
        code=np.full(len(parent), ISO),
        place=np.full(len(parent), AT_ASK),
        size=50 + 10 * below(own, 1, 30),
        least_usd=SPIKE_USD + 1000 * below(own, 2, 400),
    )


def singles(world: World, block: int, rate: int) -> Orders:
    """Draw `rate` prints that belong to nothing."""
    words = world.words(SINGLE, block, rate)
    drawn = mix_words(words.copy())
    code = pick(CODE, drawn, 3)
    size = SIZES[below(words, 0, len(SIZES))] * (1 + (below(words, 1, 12) == 0) * 4)
    return Orders(
        key=pick(world.series.hot, drawn, 0),
        time=block * SECOND_NS + moment_ns(words),
        venue=pick(VENUE, drawn, 1),
        code=code,
        place=np.where((code == LATE) & (lane(words, 1) % 2 == 0), BELOW, pick(PLACES, drawn, 2)),
        size=size,
        least_usd=np.zeros(rate, np.int64),
    )


def execute(world: World, block: int, orders: Orders, quotes: Quotes) -> OptionPrints:
    """Price the executions of one second against its quotes and sort them by publication."""
    words = world.words(EVENT_LATENCY, block, len(orders.key))
    price = _prices(world, orders, quotes, words)
    unit = price * MULTIPLIER // 1000  # 1e-6 USD, so that the product below stays far from 2**63
    needed = -(-orders.least_usd * 1_000_000 // unit)
    size = np.maximum(orders.size, -(-needed // 50) * 50)
    published = orders.time + 50_000 + 5 * lane(words, 0)
    source = np.minimum(published, (block + 1) * SECOND_NS - 1)
    rows = np.repeat(np.arange(len(size), dtype=np.int64), 1 + (lane(words, 1) < REPEATED))
    rows = rows[np.argsort(source[rows], kind="stable")]
    return OptionPrints(
        orders.key[rows],
        source[rows],
        orders.time[rows],
        price[rows],
        size[rows],
        orders.venue[rows],
        orders.code[rows],
    )


def _prices(world: World, orders: Orders, quotes: Quotes, words: Words) -> I64:
    bid, ask = quotes.standing(orders.key, orders.time)
    is_sale = (bid > 0) & ((orders.place == AT_BID) | (lane(words, 2) % 2 == 0))
    near = np.where((orders.place != AT_ASK) & is_sale, bid, ask)
    tick = option_tick(world, orders.key, near)
    room = (ask - bid) // tick  # ticks between the sides; at most one leaves nothing inside
    is_open = (room > 1) & (bid >= 0)
    inner = bid + tick * (1 + below(words, 3, np.clip(room - 1, 1, 65_535)))
    middle = bid + tick * (room // 2)
    choices = [near, near, np.where(is_open, inner, near)]
    choices.append(np.where(is_open & (room % 2 == 0), middle, choices[2]))
    choices += [ask + tick, np.where(bid > tick, bid - tick, near)]
    price: I64 = np.choose(orders.place, choices)
    return np.minimum(np.maximum(price, USD // 100), 100_000 * USD)
