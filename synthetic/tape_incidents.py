"""When trading halts and when quotes are lost: the plan of a day, known from its seed.

Owns halts of symbols (their options with them) and outages of a quote channel. Refuses two halts of one
symbol on a day, so that a kernel finds its halt by one look.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from synthetic.layout import BLOCK_SECONDS, SECOND_NS
from synthetic.sessions import Day
from synthetic.tape_noise import Vector, key_of, share_of
from synthetic.tape_params import TapeParams

HALT_S: Final = 300  # the length of a volatility pause
INCIDENTS_MAX: Final = 64
SALT: Final = 71
OPTIONS, EQUITIES = 0, 1
# In the first minute of a showcase: seconds after the open, and how long.
SHOWN_HALT_S: Final = (20, 15)
SHOWN_OUTAGES_S: Final = ((42, 2), (50, 2))


@dataclass(frozen=True, slots=True)
class Outage:
    """Quotes of one market (OPTIONS or EQUITIES) published from start to stop never arrive."""

    market: int
    start_ts: int
    stop_ts: int


@dataclass(frozen=True, slots=True)
class Incidents:
    """Halts by symbol (start and stop, -1 without one), and outages in the order of time."""

    halt_start: Vector
    halt_stop: Vector
    outages: tuple[Outage, ...]

    @property
    def halted(self) -> list[int]:
        """Symbols that are halted some time of the day."""
        found: list[int] = np.flatnonzero(self.halt_start >= 0).tolist()
        return found


def plan(seed: int, day: Day, symbols: int, shown: int, params: TapeParams) -> Incidents:
    """Return the incidents of a day; `shown` is the symbol of the showcase, which belongs to day 0 alone."""
    hours = day.block_ts(day.open_block), day.block_ts(day.close_block)
    start, stop = np.full(symbols, -1, np.int64), np.full(symbols, -1, np.int64)
    outages: list[Outage] = []
    if params.showcase and day.index == 0:
        begin, length = SHOWN_HALT_S
        start[shown] = hours[0] + begin * SECOND_NS
        stop[shown] = start[shown] + length * SECOND_NS
        outages = [_outage(n % 2, hours[0], *at) for n, at in enumerate(SHOWN_OUTAGES_S)]
    key = key_of(seed, day.index, SALT)
    length_s = (hours[1] - hours[0]) // SECOND_NS
    room = length_s - HALT_S - 120  # the first minute belongs to the showcase
    for n in range(_count(params.halts, share_of(key, 0))):
        symbol = int(share_of(key, 10 + 2 * n) * symbols)
        if start[symbol] < 0:
            at = 60 + int(share_of(key, 11 + 2 * n) * room)
            start[symbol] = hours[0] + _clear_of_edges(at) * SECOND_NS
            stop[symbol] = start[symbol] + HALT_S * SECOND_NS
    for n in range(_count(params.outages, share_of(key, 1))):
        at = 90 + int(share_of(key, 1000 + 3 * n) * (length_s - 180))
        lasting = 2 + int(share_of(key, 1001 + 3 * n) * 20)
        outages.append(_outage(int(share_of(key, 1002 + 3 * n) * 2), hours[0], at, lasting))
    return Incidents(start, stop, tuple(sorted(outages, key=lambda o: (o.start_ts, o.market))))


def _clear_of_edges(second: int) -> int:
    """Move a second away from the end of its block, so that what it brings is published in that block."""
    return second - 10 if second % BLOCK_SECONDS >= BLOCK_SECONDS - 5 else second


def _count(mean: float, share: float) -> int:
    """Return a whole number whose mean is `mean`, between none and twice as many."""
    return min(int(2.0 * mean * share + 0.5), INCIDENTS_MAX)


def _outage(market: int, open_ts: int, at_s: int, length_s: int) -> Outage:
    return Outage(market, open_ts + at_s * SECOND_NS, open_ts + (at_s + length_s) * SECOND_NS)
