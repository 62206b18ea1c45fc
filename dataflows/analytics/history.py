"""The recent price changes of each underlying's quote, to look back in.

Owns a ring of the last `RING` changes an underlying and the questions asked of it: which prices stood
strictly before a time, and whether a placement held over a window. Refuses to answer beyond the ring:
what it no longer holds is unknown, never "unchanged". Changes of size alone are not entries.

Times in ns, prices in 1e-9 USD. Entries of one underlying never go back in time.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit

from dataflows.analytics.quotes import placement, quote_state
from dataflows.analytics.release import Longs

RING: Final = 256
TS, BID, ASK, SEQ = range(4)
FIELDS: Final = 4
LAGS_NS: Final = (1_000_000, 10_000_000, 50_000_000)


class History(NamedTuple):
    """Rings of shape (underlyings, RING, FIELDS) and how many changes each has seen."""

    entries: Longs
    seen: Longs


def new_history(size: int) -> History:
    """Return empty rings for `size` underlyings."""
    return History(np.zeros((size, RING, FIELDS), np.int64), np.zeros(size, np.int64))


@njit(cache=True)
def record(history: History, uid: int, change: tuple[int, int, int, int]) -> None:
    """Add a change (ts, bid, ask, seq); the oldest entry makes room."""
    ts, bid, ask, seq = change
    slot = history.seen[uid] % RING
    history.entries[uid, slot, TS], history.entries[uid, slot, SEQ] = ts, seq
    history.entries[uid, slot, BID], history.entries[uid, slot, ASK] = bid, ask
    history.seen[uid] += 1


@njit(cache=True)
def find_before(history: History, uid: int, ts: int) -> int:
    """Return the slot of the prices that stood strictly before `ts`, or -1 where that is unknown."""
    entries, seen = history.entries, history.seen[uid]
    for back in range(1, min(seen, RING) + 1):
        slot = (seen - back) % RING
        if entries[uid, slot, TS] < ts:
            return int(slot)
    return -1


@njit(cache=True)
def is_same_before(history: History, uid: int, ts: int, placed: tuple[int, np.int8]) -> bool:
    """Tell whether (price, placement) also holds against the quotes 1, 10 and 50 ms before `ts`."""
    entries, seen = history.entries, history.seen[uid]
    price, code = placed
    lag = 0
    for back in range(1, min(seen, RING) + 1):
        slot = (seen - back) % RING
        stood_from, bid, ask = (
            entries[uid, slot, TS],
            entries[uid, slot, BID],
            entries[uid, slot, ASK],
        )
        if stood_from >= ts - LAGS_NS[lag]:
            continue
        if placement(price, bid, ask, quote_state(bid, ask, False)) != code:
            return False
        while lag < len(LAGS_NS) and stood_from < ts - LAGS_NS[lag]:
            lag += 1
        if lag == len(LAGS_NS):
            return True
    return False


@njit(cache=True)
def is_same_over(history: History, uid: int, window: tuple[int, int], placed: tuple[int, np.int8]) -> bool:
    """Tell whether (price, placement) holds against every quote that stood in [start, end).

    The quote standing strictly before the window began is one of them; where the ring lost it the answer
    is no.
    """
    entries, seen = history.entries, history.seen[uid]
    start, end = window
    price, code = placed
    for back in range(1, min(seen, RING) + 1):
        slot = (seen - back) % RING
        ts, bid, ask = entries[uid, slot, TS], entries[uid, slot, BID], entries[uid, slot, ASK]
        if ts >= end:
            continue
        if placement(price, bid, ask, quote_state(bid, ask, False)) != code:
            return False
        if ts < start:
            return True
    return False
