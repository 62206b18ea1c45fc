"""How prints lie against the quote that stood some time before them, as that time grows.

Owns the lookup of a standing quote by instrument and time, and the join-lag curve: on a real tape
lit prints are placed best against the quote standing just before them, off-exchange ones against a
quote some 200 ms old. Refuses to judge a print against a locked, crossed or one-sided quote.

Times are int64 ns, prices int64 in 1e-9 USD, an absent side is -1.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Longs: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Mask: TypeAlias = npt.NDArray[np.bool_]

LAGS_MS: Final = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
NS_PER_MS: Final = 1_000_000
PLACES: Final = ("at_bid", "at_ask", "mid", "inside", "outside")
AT_BID, AT_ASK, MID, INSIDE, OUTSIDE = range(5)
UNPLACED: Final = -1


class Quotes(NamedTuple):
    """Quotes of several instruments: a number for the instrument, time, prices and sizes."""

    group: Longs
    ts: Longs
    bid: Longs
    ask: Longs
    bid_size: Longs
    ask_size: Longs


class Standing:
    """Finds the quote of an instrument that stood strictly before a time.

    Of quotes with the same time the last given one stands. The quotes may come in any order.
    """

    def __init__(self, quotes: Quotes) -> None:
        order = np.lexsort((np.arange(len(quotes.ts)), quotes.ts, quotes.group))
        self.quotes = Quotes(*(column[order] for column in quotes))
        self._groups, firsts = np.unique(self.quotes.group, return_index=True)
        self._firsts = firsts
        # Instrument and rank in time share one sorted key: one binary search serves all instruments.
        self._times = np.sort(quotes.ts)
        self._keys = self._key(np.searchsorted(self._groups, self.quotes.group), self.quotes.ts)

    def _key(self, dense: Longs, ts: Longs) -> Longs:
        """Return a number that grows with instrument and time; a rank counts the quotes before a time."""
        rank = np.searchsorted(self._times, ts, side="left")
        return np.asarray(dense * (len(self._times) + 1) + rank, np.int64)

    def before(self, group: Longs, ts: Longs) -> Longs:
        """Return the row in `self.quotes` that stood strictly before `ts`, -1 where there is none."""
        if len(self._groups) == 0:
            return np.full(len(ts), -1, np.int64)
        dense = np.minimum(np.searchsorted(self._groups, group), len(self._groups) - 1)
        is_known = self._groups[dense] == group
        row = np.searchsorted(self._keys, self._key(dense, ts), side="left") - 1
        found = is_known & (row >= self._firsts[dense])
        return np.where(found, row, -1).astype(np.int64)


def places(price: Longs, bid: Longs, ask: Longs) -> Longs:
    """Return where each price lies against a quote, as an index of PLACES; -1 where it cannot be said."""
    found = np.full(len(price), INSIDE, np.int64)
    found[price - bid == ask - price] = MID
    found[price == bid] = AT_BID
    found[price == ask] = AT_ASK
    found[(price < bid) | (price > ask)] = OUTSIDE
    found[(bid <= 0) | (ask <= bid)] = UNPLACED
    return found


def placed(standing: Standing, group: Longs, ts: Longs, price: Longs) -> Longs:
    """Return where each price lies against the quote standing strictly before `ts`, see `places`."""
    row, quotes = standing.before(group, ts), standing.quotes
    if len(quotes.ts) == 0:
        return np.full(len(ts), UNPLACED, np.int64)
    return np.where(row < 0, UNPLACED, places(price, quotes.bid[row], quotes.ask[row]))


def shares(where: Longs, weights: Longs | None = None) -> Floats:
    """Return the share of each of PLACES among the prints that could be placed; zeros where none could."""
    good = where != UNPLACED
    counts = np.bincount(where[good], None if weights is None else weights[good], len(PLACES))
    total = counts.sum()
    return counts / total if total > 0 else np.zeros(len(PLACES))


def curve(standing: Standing, group: Longs, ts: Longs, price: Longs) -> Floats:
    """Return the shares of PLACES (columns) at each of LAGS_MS (rows), strictly before print minus lag."""
    rows = [shares(placed(standing, group, ts - lag * NS_PER_MS, price)) for lag in LAGS_MS]
    return np.array(rows, np.float64)


def best_at_quote_ms(found: Floats) -> int:
    """Return the lag of a curve at which most prints lie at the bid or the ask."""
    return LAGS_MS[int(np.argmax(found[:, AT_BID] + found[:, AT_ASK]))]


def least_outside_ms(found: Floats) -> int:
    """Return the lag of a curve at which the fewest prints lie outside the quote."""
    return LAGS_MS[int(np.argmin(found[:, OUTSIDE]))]
