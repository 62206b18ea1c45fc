"""The closest different price before and after each print, per instrument, for the tick rules.

Owns one pass over prints in the order they were applied, with a state that carries over batches. Refuses
to look back over a forgotten instrument: what was never seen has no last price. The pass that looks forward
has no state: it is for replays of a whole tape.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from dataflows.analytics.side import NOTHING, Longs

_CURRENT, _BEFORE = 0, 1


class Ticks(NamedTuple):
    """State, a row per instrument: its current price and the different price before it; -1 for none."""

    prices: Longs


def new_ticks(instruments: int) -> Ticks:
    """Return the state of instruments without a print."""
    return Ticks(np.full((instruments, 2), NOTHING, np.int64))


@njit(cache=True)
def last_different(ticks: Ticks, instrument: Longs, price: Longs, out: Longs) -> None:
    """Write for each print the last different price before it, and move the state on.

    `instrument` holds row numbers of the state; prints come in the order in which they were applied.
    """
    prices = ticks.prices
    for i in range(len(price)):
        k, now = instrument[i], price[i]
        if now != prices[k, _CURRENT]:
            prices[k, _BEFORE] = prices[k, _CURRENT]
            prices[k, _CURRENT] = now
        out[i] = prices[k, _BEFORE]


def ticks(instrument: Longs, price: Longs) -> tuple[Longs, Longs]:
    """Return the last and the next different price of every print of a whole tape, -1 where none.

    `instrument` are numbers from 0; the second of the two reads the future.
    """
    count = int(instrument.max()) + 1 if len(instrument) else 0
    before, after = np.empty(len(price), np.int64), np.empty(len(price), np.int64)
    last_different(new_ticks(count), instrument, price, before)
    last_different(
        new_ticks(count),
        np.ascontiguousarray(instrument[::-1]),
        np.ascontiguousarray(price[::-1]),
        after,
    )
    return before, np.ascontiguousarray(after[::-1])
