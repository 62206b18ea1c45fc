"""The equity prints of the synthetic market, a second at a time.

Owns lit and off-exchange prints: where they lie against the quote, their sale conditions, sizes and
reporting delays, and the absorbed blocks among them. Refuses prices that the quote does not explain:
each print starts from the quote standing strictly before its event time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pyarrow as pa

from connectors.feeds.synthetic_calendar import PREOPEN_S, SECOND_NS
from connectors.feeds.synthetic_options import REPEATED
from connectors.feeds.synthetic_quotes import EQUITY_TABLE, ROUND_LOT, SHARES, Quotes
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
from connectors.feeds.synthetic_world import CENT, TICKERS, USD, World
from schemas.conditions import sip_bits

# Venues of tape A and B; on tape C the listing market writes Q instead of T.
VENUES: Final = ("D", "N", "T", "P", "Z", "K", "Y", "J", "V", "U", "H", "X", "B", "Q")
TRF: Final = 0
LIT_VENUE: Final = weighted([0, 14, 26, 12, 12, 10, 4, 4, 5, 7, 3, 1, 2, 0])
IS_TAPE_C: Final = np.array([t.tape == "C" for t in TICKERS])
TRF_SHARE: Final = 18_350  # of 65536 prints: 28 %

# Sale conditions in their four positions: settlement, trade-through exemption, late, detail.
REGULAR, ISO, DERIVED, AVERAGE, CONTINGENT, SOLD = range(6)
LIT_CONDITION: Final = weighted([590, 400, 0, 0, 0, 10])
TRF_CONDITION: Final = weighted([930, 0, 20, 15, 25, 10])
TAPES: Final[tuple[Literal["UTP"], Literal["CTA"]]] = ("UTP", "CTA")
STEMS: Final = {  # condition: (tape C, tapes A and B), before the odd-lot letter
    REGULAR: ("@   ", "    "),
    ISO: ("@F  ", " F  "),
    DERIVED: ("@4  ", " 4  "),
    AVERAGE: ("@  W", "   B"),
    CONTINGENT: ("@7 V", " 7 V"),
    SOLD: ("@ Z ", "  Z "),
}

LIT_PLACE: Final = weighted([84, 6, 7, 3])  # at the quote, middle, inside, outside
TRF_PLACE: Final = weighted([40, 18, 38, 4])
LIT_SIZES: Final = np.array([1, 1, 2, 3, 5, 5, 10, 10, 20, 25, 40, 50, 50, 100, 100, 100], np.int64)
TRF_SIZES: Final = np.array([1, 1, 2, 3, 5, 10, 10, 20, 30, 50, 50, 100, 100, 100, 200, 250], np.int64)
LARGE: Final = 512  # one TRF print in 65536 / 512 = 128 is ten times its size
DELAY_MS: Final = np.array([5, 6, 8, 9, 10, 12, 15, 20, 25, 40, 60, 90, 150, 300, 700, 1500], np.int64)
HISTORY: Final = 2  # seconds of quotes a delayed report may reach back into

PRINT, ABSORB, LATENCY = 30, 31, 32


@dataclass(frozen=True, slots=True)
class EquityPrints:
    """Equity prints of one second, sorted by time of publication."""

    key: I64
    source: I64
    event: I64
    price: I64
    size: I64
    venue: I64
    condition: I64

    def take(self, rows: I64) -> EquityPrints:
        """Return the prints at `rows`."""
        return EquityPrints(*(getattr(self, name)[rows] for name in self.__slots__))


def condition_texts() -> list[str]:
    """Return the sale conditions as written: tape C, C odd lot, A and B, A and B odd lot, each."""
    return [text for stems in STEMS.values() for stem in stems for text in _both(stem)]


def condition_bits() -> I64:
    """Return the bits of each text of `condition_texts`."""
    texts = condition_texts()
    tapes = [texts[row : row + 2] for row in range(0, len(texts), 2)]
    spelled = (sip_bits(pa.array(t, pa.string()), TAPES[n % 2]) for n, t in enumerate(tapes))
    return np.concatenate(list(spelled))


def _both(stem: str) -> tuple[str, str]:
    return stem.rstrip(), (stem if stem[3] != " " else stem[:3] + "I").rstrip()


def prints(world: World, block: int, rate: int, quotes: Sequence[Quotes]) -> EquityPrints:
    """Prints of one second; `quotes` are those of this second and of the ones before, newest first."""
    if block < PREOPEN_S or rate == 0:
        return EquityPrints(*(np.empty(0, np.int64) for _ in EquityPrints.__slots__))
    words = world.words(PRINT, block, rate)
    key = pick(EQUITY_TABLE, mix_words(words.copy()), 0)
    is_trf = lane(words, 0) < TRF_SHARE
    source, event = _times(world, block, words, is_trf)
    price = _prices(_standing(quotes, key, event, block), words, is_trf)
    size = _sizes(words, is_trf)
    lit = pick(LIT_VENUE, mix_words(words ^ np.uint64(1)), 1)
    lit = np.where((lit == VENUES.index("T")) & IS_TAPE_C[key], VENUES.index("Q"), lit)
    code = _conditions(key, size, is_trf, words)
    drawn = EquityPrints(key, source, event, price, size, np.where(is_trf, TRF, lit), code)
    return _finish(drawn, _absorbed(world, block, quotes[0]), words)


def _sizes(words: Words, is_trf: Flags) -> I64:
    """Draw shares: off-exchange prints are about twice as large, a few of them far larger."""
    drawn = mix_words(words ^ np.uint64(6))
    large = TRF_SIZES[below(drawn, 0, 16)] * np.where(lane(drawn, 1) < LARGE, 10, 1)
    sizes: I64 = np.where(is_trf, large, LIT_SIZES[below(drawn, 0, 16)])
    return sizes


def _times(world: World, block: int, words: Words, is_trf: Flags) -> tuple[I64, I64]:
    """Times of publication and execution, the latter not before the open."""
    source = block * SECOND_NS + moment_ns(words)
    drawn = mix_words(words ^ np.uint64(2))
    delay = DELAY_MS[below(drawn, 0, 16)] * (900_000 + 4 * lane(drawn, 1))
    event = source - np.where(is_trf, delay, 20_000 + 4 * lane(drawn, 2))
    event = np.where(is_trf, event, np.maximum(event, block * SECOND_NS))
    return source, np.minimum(np.maximum(event, PREOPEN_S * SECOND_NS), source)


def _standing(quotes: Sequence[Quotes], key: I64, event: I64, block: int) -> tuple[I64, I64]:
    bid, ask = quotes[0].standing(key, event)
    for age, older in enumerate(quotes[1:], 1):
        rows = np.flatnonzero(event // SECOND_NS == block - age)
        bid[rows], ask[rows] = older.standing(key[rows], event[rows])
    return bid, ask


def _prices(sides: tuple[I64, I64], words: Words, is_trf: Flags) -> I64:
    """Place each print: lit ones on whole cents but for midpoints, TRF ones on 1/100 of a cent."""
    bid, ask = sides
    drawn = mix_words(words ^ np.uint64(3))
    is_buy = (lane(drawn, 0) % 2 == 0) | (bid <= 0)
    near = np.where(is_buy, ask, bid)
    sign = np.where(is_buy, 1, -1)
    spread = np.maximum(ask - bid, 0)
    is_open = (spread > 0) & (bid > 0)
    middle = np.where(is_open, bid + spread // 2, near)
    part = below(drawn, 1, 40) + 1  # of an improvement of up to 0.4 cent, or up to the middle
    improved_trf = near - sign * np.minimum(part * (CENT // 100), spread // 2)
    improved_lit = near - sign * np.minimum(spread // 2 // CENT * CENT, (part % 3 + 1) * CENT)
    improved = np.where(is_open, np.where(is_trf, improved_trf, improved_lit), near)
    beyond = near + sign * CENT
    place = np.where(is_trf, pick(TRF_PLACE, drawn, 2), pick(LIT_PLACE, drawn, 2))
    price: I64 = np.choose(place, [near, middle, improved, beyond])
    return price


def _conditions(key: I64, size: I64, is_trf: Flags, words: Words) -> I64:
    drawn = mix_words(words ^ np.uint64(4))
    code = np.where(is_trf, pick(TRF_CONDITION, drawn, 0), pick(LIT_CONDITION, drawn, 0))
    return code * 4 + np.where(IS_TAPE_C[key], 0, 2) + (size < ROUND_LOT[key])


def _absorbed(world: World, block: int, quotes: Quotes) -> EquityPrints:
    """Off-exchange blocks at the middle; the path of their underlying rests afterwards."""
    key = np.flatnonzero(world.is_absorbing[:, block]).astype(np.int64)
    words = world.words(ABSORB, block, len(key))
    event = block * SECOND_NS + 500_000_000 + moment_ns(words) * 2 // 5
    bid, ask = quotes.standing(key, event)
    middle = np.where(bid > 0, bid + np.maximum(ask - bid, 0) // 2, ask)
    usd = middle // USD + 1
    size = 10_000 + 100 * below(words, 0, 300) + 400_000 // usd // 100 * 100
    return EquityPrints(
        key,
        event + 6_000_000 + 500 * lane(words, 1),
        event,
        middle,
        size,
        np.full(len(key), TRF),
        REGULAR * 4 + np.where(IS_TAPE_C[key], 0, 2),
    )


def _finish(drawn: EquityPrints, blocks: EquityPrints, words: Words) -> EquityPrints:
    """Repeat a few prints, add the blocks, sort by publication and turn sizes into 1e-6 shares."""
    repeats = 1 + (lane(mix_words(words ^ np.uint64(5)), 0) < REPEATED)
    rows = np.repeat(np.arange(len(words), dtype=np.int64), repeats)
    every = drawn.take(rows)
    both = EquityPrints(
        *(np.concatenate([getattr(every, n), getattr(blocks, n)]) for n in EquityPrints.__slots__)
    )
    found = both.take(np.argsort(both.source, kind="stable"))
    found.size[:] *= SHARES
    return found
