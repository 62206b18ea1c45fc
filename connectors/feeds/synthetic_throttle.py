"""Fewer records for a weak machine: print and quote stay together.

Owns the choice: of each series and stock the first print in every interval, with the quote that stood before
it, which the print carries as well. Refuses to part a cancelled or corrected trade from what is said of it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from synthetic.layout import (
    P_CONTRACT,
    P_SYMBOL,
    Q_ASK,
    Q_ASK_SIZE,
    Q_BID,
    Q_BID_SIZE,
    Q_CONTRACT,
    Q_SYMBOL,
    Matrix,
)
from synthetic.tape_layout import (
    CANCELLED,
    CANCELS,
    CORRECTED,
    CORRECTS,
    S_EVENT,
    S_SOURCE,
    S_STATE,
    Z_SOURCE,
)

Vector = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

TOLD_OF: Final = (CANCELLED, CANCELS, CORRECTED, CORRECTS)
QUOTE_SIDES: Final = [Q_BID, Q_ASK, Q_BID_SIZE, Q_ASK_SIZE]
SHIFT: Final = 31  # a second has fewer ns than 2**31
NO_QUOTE: Final = -1


class Throttle:
    """What was kept of one market so far: intervals of this block, quotes of this one and the one before."""

    def __init__(self, series: int, interval_ns: int, *, is_option: bool) -> None:
        self._interval_ns = interval_ns
        self._print_key = P_CONTRACT if is_option else P_SYMBOL
        self._quote_key = Q_CONTRACT if is_option else Q_SYMBOL
        self._last_print = np.full(series, -1, np.int64)
        self._last_quote = np.full(series, -1, np.int64)
        self._standing = np.full((series, len(QUOTE_SIDES)), NO_QUOTE, np.int64)
        self._is_recent = np.zeros(series, np.bool_)  # quoted in this block

    def open_block(self) -> None:
        """Begin a block: what is known in it is the same wherever before that block reading began."""
        self._last_print[:] = -1
        self._last_quote[:] = -1
        self._standing[~self._is_recent] = NO_QUOTE
        self._is_recent[:] = False

    def keep(
        self, prints: Matrix, quotes: Matrix, start_ts: int, block_ts: int
    ) -> tuple[Matrix, Matrix, Matrix]:
        """Return the kept prints of a second, what each carries (bid, ask and sizes), and the kept quotes."""
        key = prints[:, self._print_key]
        slot = (prints[:, S_SOURCE] - block_ts) // self._interval_ns
        has_quote = prints[:, S_EVENT] >= start_ts  # the quote before an older print has gone out already
        chosen = _first_in_slot(key, np.where(has_quote, slot, -1), self._last_print)
        chosen |= np.isin(prints[:, S_STATE], TOLD_OF)
        kept = prints[chosen]
        before = self._before(kept, quotes, start_ts)
        carried = self._standing[kept[:, self._print_key]]
        carried[before >= 0] = quotes[before[before >= 0]][:, QUOTE_SIDES]
        carried[kept[:, S_EVENT] < start_ts] = NO_QUOTE
        quote_slot = (quotes[:, Z_SOURCE] - block_ts) // self._interval_ns
        wanted = _first_in_slot(quotes[:, self._quote_key], quote_slot, self._last_quote)
        wanted[before[before >= 0]] = True
        self._standing[quotes[:, self._quote_key]] = quotes[:, QUOTE_SIDES]
        self._is_recent[quotes[:, self._quote_key]] = True
        return kept, carried, quotes[wanted]

    def _before(self, prints: Matrix, quotes: Matrix, start_ts: int) -> Vector:
        """Return the row of the quote of this second that stood strictly before each print, -1 where none."""
        order = np.argsort(quotes[:, self._quote_key], kind="stable")
        sorted_keys = quotes[order, self._quote_key]
        at = (sorted_keys << SHIFT) | (quotes[order, Z_SOURCE] - start_ts)
        key = prints[:, self._print_key]
        wanted = (key << SHIFT) | np.maximum(prints[:, S_EVENT] - start_ts, 0)
        place = np.searchsorted(at, wanted) - 1
        is_mine = (place >= 0) & (sorted_keys[np.maximum(place, 0)] == key) if len(at) else place >= 0
        return np.where(is_mine, order[np.maximum(place, 0)], -1) if len(at) else np.full(len(key), -1)


def _first_in_slot(key: Vector, slot: Vector, last: Vector) -> Flags:
    """Tell which rows are the first of their key in an interval, and remember the intervals.

    Rows of interval -1 are none. Rows are in the order of time.
    """
    found = np.zeros(len(key), np.bool_)
    rows = np.flatnonzero(slot > last[key])
    if len(rows):
        pairs = key[rows] * (int(slot.max()) + 1) + slot[rows]
        found[rows[np.unique(pairs, return_index=True)[1]]] = True
        np.maximum.at(last, key[rows], slot[rows])
    return found
