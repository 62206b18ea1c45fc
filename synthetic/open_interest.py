"""Open interest: what is open in each series at the start of a day, and who may close.

Owns the positions at the start of the world, the flags that orders open or close with (nobody closes more
than is open), and the next day's open interest, which is exactly what the day's orders leave: every market
order is filled in full, so the orders alone decide it. Refuses the books.

For one fill: buyers open b and sellers open s of q contracts, and open interest moves by b + s - q.
"""

from typing import Final

import numpy as np
from numba import njit

from synthetic.contracts import Contracts
from synthetic.layout import (
    DOLLAR,
    MILLISECOND_NS,
    O_CONTRACT,
    O_OPEN,
    O_SIDE,
    O_SIZE,
    O_STYLE,
    O_TS,
    PURPOSE,
    STYLE,
)
from synthetic.option_layout import X_CODE, X_CONTRA_OPEN, X_DELAY, X_PLACE, Floats, Matrix
from synthetic.rng import stream, uniform
from synthetic.universe import Universe

KEY_OPEN: Final = 621
DAY_CONTRACTS: Final = 5.85e7  # that trade in all on a usual day
DAYS_OPEN: Final = 4.0  # open interest in days of volume, of an average series
S_POST: Final = STYLE["post"]
S_AUCTION: Final = STYLE["auction"]
P_DIVIDEND: Final = PURPOSE["dividend_play"]
CODE_AUCTION: Final = ord("a")
RECENT_SHARE: Final = 0.09  # of series listed so lately that little is open
RECENT_MOST: Final = 60.0  # contracts open in such a series at most
LITTLE_OPEN: Final = 100  # contracts, below which a series has hardly any open interest
SETTLED_NS: Final = 200 * MILLISECOND_NS  # until an order has surely traded, and others may close
EXERCISED: Final = 0.9  # of deep calls, the evening before the stock goes without its dividend
DEEP: Final = 0.9  # strike over stock below which such a call is exercised


@njit(cache=True)
def _first_day(
    seed: int, symbol: Matrix, expiry: Matrix, mills: Matrix, right: Matrix, mean: Floats
) -> Matrix:
    """Return positions that depend on a series' own name alone: many small ones, a few great."""
    found = np.empty(len(symbol), np.int64)
    for k in range(len(symbol)):
        s = stream(seed, KEY_OPEN, symbol[k], expiry[k], 2 * mills[k] + right[k])
        u = uniform(s)
        found[k] = np.int64(mean[k] * (0.05 + 0.42 * u * u / (1.04 - u)))
        if uniform(s) < RECENT_SHARE:
            found[k] = min(found[k], np.int64(RECENT_MOST * u * u))
    return found


def at_start(seed: int, table: Contracts, universe: Universe, spot: Floats) -> Matrix:
    """Return the open interest that series of a world's first day start with; new ones have none."""
    first = table.chain_first[table.symbol_first]
    count = np.maximum(np.diff(first), 1)
    mean = DAYS_OPEN * DAY_CONTRACTS * universe.option_weight / count
    here = spot[table.symbol]
    away = (table.strike / DOLLAR / here - 1.0) / 0.15
    wanted = mean[table.symbol] / (0.6 + away * away)
    mills = table.strike // (DOLLAR // 1000)
    found = _first_day(seed, table.symbol, table.expiry, mills, table.right, wanted)
    return np.where(table.is_new == 1, 0, found)


def share_of_block(open_interest: Matrix, before: float, after: float) -> Matrix:
    """Return how many of a day's open contracts may be closed while activity goes from one share to another.

    The parts of a day's blocks add up to no more than what was open, so that blocks need not know each other.
    """
    passed, left = np.floor(open_interest * before), np.floor(open_interest * after)
    parts: Matrix = (left - passed).astype(np.int64)
    return parts


@njit(cache=True)
def settle(orders: Matrix, long_left: Matrix, short_left: Matrix, net: Matrix) -> None:
    """Set what opens and what closes on orders in order of time, and add what they do to open interest.

    Holders sell out of `long_left` and cover out of `short_left`; who opens adds to them once the order has
    surely traded, and not at all where it is reported late: what closes is never seen before what it closes.
    A waiting customer
    and the market maker that meets it pass a position on: exactly one of them closes. Where nobody can, the
    order does not wait but goes to an auction.
    """
    coming = np.zeros((len(net), 3), np.int64)  # by contract: long, short, and when something was added
    for row in range(len(orders)):
        order = orders[row]
        contract, side, size = order[O_CONTRACT], order[O_SIDE], order[O_SIZE]
        wait = coming[contract]
        if order[O_TS] - wait[2] > SETTLED_NS:
            long_left[contract] += wait[0]
            short_left[contract] += wait[1]
            wait[0] = wait[1] = 0
        own, other = (short_left, long_left) if side > 0 else (long_left, short_left)
        if order[O_STYLE] == S_POST:
            may_close, may_other = own[contract] >= size, other[contract] >= size
            if may_close or may_other:
                order[O_OPEN] = 1 if may_other and (order[O_OPEN] == 1 or not may_close) else 0
                order[X_CONTRA_OPEN] = 1 - order[O_OPEN]
                closer = other if order[O_OPEN] == 1 else own
                closer[contract] -= size
                continue
            order[O_STYLE], order[X_CODE], order[X_PLACE] = S_AUCTION, CODE_AUCTION, 1000
            order[O_OPEN] = order[X_CONTRA_OPEN] = 1
        if order[O_OPEN] == 0 and own[contract] < size:
            order[O_OPEN] = 1
        if order[X_CONTRA_OPEN] == 0 and other[contract] < size:
            order[X_CONTRA_OPEN] = 1
        # Who buys to open holds what can be sold; who buys to close gives back a short position.
        mine, theirs = (0, 1) if side > 0 else (1, 0)
        added = size if order[X_DELAY] == 0 else 0
        if order[O_OPEN] == 1:
            wait[mine] += added
            wait[2] = order[O_TS]
        else:
            own[contract] -= size
        if order[X_CONTRA_OPEN] == 1:
            wait[theirs] += added
            wait[2] = order[O_TS]
        else:
            other[contract] -= size
        net[contract] += size * (order[O_OPEN] + order[X_CONTRA_OPEN] - 1)


def next_day(today: Contracts, left: Matrix, tomorrow: Contracts, fresh: Matrix, exercised: Matrix) -> Matrix:
    """Return tomorrow's open interest: `left` of today by name, less what was exercised.

    `fresh` are positions of series that are no news but changed their name (a split); new series have none.
    """
    known = {name: k for k, name in enumerate(today.names)}
    rows = np.array([known.get(name, -1) for name in tomorrow.names], np.int64)
    kept = np.where(rows >= 0, (left - exercised)[rows], np.where(tomorrow.is_new == 1, 0, fresh))
    return np.asarray(np.maximum(kept, 0), np.int64)


def exercise(table: Contracts, left: Matrix, spot: Floats, symbols: Matrix) -> Matrix:
    """Return what holders exercise in the evening: deep calls of stocks without a dividend tomorrow."""
    is_due = np.isin(table.symbol, symbols) & (table.right == 0)
    is_deep = table.strike < DEEP * DOLLAR * spot[table.symbol]
    return np.where(is_due & is_deep, np.floor(left * EXERCISED).astype(np.int64), 0)
