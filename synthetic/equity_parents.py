"""Institutions with a plan for stock: parents over milliseconds to hours, and their children in a block.

Owns the schedule of a day's parents, known in advance from the seed, so that any block finds its children
without the blocks before it. A parent sweeps, posts, rests in dark pools (accumulates, distributes) or
rests hidden at a lit venue. Children that rest end with their block. Refuses to know how they are filled.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numba import njit

from synthetic.layout import (
    BLOCK_NS,
    MAKER_EQUITY,
    O_CANCEL_TS,
    O_CONTRACT,
    O_CUSTOMER,
    O_ORDER,
    O_PACKAGE,
    O_PARENT,
    O_PURPOSE,
    O_SIDE,
    O_SIZE,
    O_STYLE,
    O_SYMBOL,
    O_TS,
    ORDER_COLUMNS,
    PARENT_COLUMNS,
    PURPOSE,
    SECOND_NS,
    SHARE,
    STYLE,
    T_END,
    T_ID,
    T_PACKAGE,
    T_PURPOSE,
    T_SIDE,
    T_SIZE,
    T_START,
    T_STYLE,
    T_SYMBOL,
    WHOLE_DAY,
    Matrix,
    first_id,
)
from synthetic.params import Params, Profile
from synthetic.paths import coarse_prices
from synthetic.rng import Stream, below, exponential, stream, uniform
from synthetic.sessions import Day
from synthetic.tables import day_curve, exp
from synthetic.universe import Floats, Universe

# Columns of a day's parents beyond those of the truth.
X_CHILDREN: Final = PARENT_COLUMNS
X_CHILD: Final = PARENT_COLUMNS + 1  # shares of a child, before jitter
SCHEDULE_COLUMNS: Final = PARENT_COLUMNS + 2

KEY_PARENT: Final = 301
KEY_CHILD: Final = 302
PARENTS_OF_NORMAL: Final = 42_000.0  # a day, at the middle of the share of institutions
RATE_OF_NORMAL: Final = 1000.0
SHARE_OF_MIDDLE: Final = 0.35
CHILDREN_MAX: Final = 400
GAP_SHORTEST_NS: Final = 2e7
GAP_RANGE: Final = 7.3  # of the logarithm of the wait between children: 20 ms to half a minute
CHILDREN_RANGE: Final = 5.2  # of the logarithm of how many there are
JITTER: Final = 0.3
SWEEPS: Final = 0.55
POSTS: Final = 0.20
DARKS: Final = 0.17
DAYS_CACHED_MAX: Final = 2
STYLE_SWEEP: Final = STYLE["sweep"]
STYLE_POST: Final = STYLE["post"]
STYLE_DARK: Final = STYLE["dark"]
STYLE_HIDDEN: Final = STYLE["hidden"]
INSTITUTION: Final = PURPOSE["institution"]
ACCUMULATE: Final = PURPOSE["accumulate"]
DISTRIBUTE: Final = PURPOSE["distribute"]
HIDDEN_LIQUIDITY: Final = PURPOSE["hidden_liquidity"]


@njit(cache=True)
def _pick(s: Stream, running: Floats) -> int:
    return int(np.searchsorted(running, uniform(s)))


@njit(cache=True)
def _style(s: Stream, row: Matrix) -> None:
    u = uniform(s)
    row[T_PURPOSE], row[T_STYLE] = INSTITUTION, STYLE_SWEEP
    if u > SWEEPS + POSTS + DARKS:
        row[T_STYLE], row[T_PURPOSE] = STYLE_HIDDEN, HIDDEN_LIQUIDITY
    elif u > SWEEPS + POSTS:
        row[T_STYLE] = STYLE_DARK
        row[T_PURPOSE] = ACCUMULATE if row[T_SIDE] > 0 else DISTRIBUTE
    elif u > SWEEPS:
        row[T_STYLE] = STYLE_POST


@njit(cache=True)
def _children(s: Stream, row: Matrix, gap_scale: float, scale: float, lot: int) -> None:
    """Set how many children there are, how large, and until when; resting ones are larger and slower."""
    is_resting = row[T_STYLE] != STYLE_SWEEP
    gap = GAP_SHORTEST_NS * exp(GAP_RANGE * uniform(s)) * gap_scale * (20.0 if is_resting else 1.0)
    # An even number, so that the jitter of neighbours cancels and the sizes sum to the order.
    count = 2 * (1 + int(exp(CHILDREN_RANGE * uniform(s) * (0.7 if is_resting else 1.0)) - 0.5))
    count = min(count, CHILDREN_MAX)
    lots = 1 + int(1.6 * scale * exponential(s) * 100.0 / lot)
    if is_resting:
        lots = 2 + 5 * lots
    if row[T_STYLE] == STYLE_HIDDEN:
        lots *= 3
    row[X_CHILDREN], row[X_CHILD] = count, lots * lot
    row[T_SIZE] = count * lots * lot * SHARE
    row[T_END] = row[T_START] + int(gap * count)


@njit(cache=True)
def _draw(key: Matrix, means: Floats, symbols: Floats, blocks: Floats, scale: Floats, lots: Matrix) -> Matrix:
    """Return a day's parents; `key` is [seed, day, count, start, close, first identity].

    `means` is [gap scale]; `symbols` and `blocks` are running shares of activity.
    """
    rows = np.zeros((key[2], SCHEDULE_COLUMNS), np.int64)
    for index in range(key[2]):
        s = stream(key[0], KEY_PARENT, key[1], index)
        row = rows[index]
        symbol = _pick(s, symbols)
        row[T_ID], row[T_SYMBOL], row[T_PACKAGE] = key[5] + index, symbol, -1
        row[T_SIDE] = 1 if uniform(s) < 0.5 else -1
        row[T_START] = key[3] + _pick(s, blocks) * BLOCK_NS + int(uniform(s) * BLOCK_NS)
        _style(s, row)
        _children(s, row, means[0], scale[symbol], lots[symbol])
        if row[T_END] > key[4]:  # what would end after the close goes faster
            row[T_END] = key[4] - int(uniform(s) * SECOND_NS)
            row[T_START] = min(row[T_START], row[T_END] - SECOND_NS)
    return rows


@njit(cache=True)
def _inform(rows: Matrix, seed: int, day: int, share: float, start_ts: int, coarse: Floats) -> None:
    """Give the sides of some parents to the direction in which the price will go while they work."""
    last = coarse.shape[1] - 1
    for index in range(len(rows)):
        s = stream(seed, KEY_PARENT, day, index, 1)
        row = rows[index]
        if uniform(s) > share:
            continue
        first = (row[T_START] - start_ts) // BLOCK_NS
        after = min((row[T_END] - start_ts) // BLOCK_NS + 1, last)
        row[T_SIDE] = 1 if coarse[row[T_SYMBOL], after] > coarse[row[T_SYMBOL], first] else -1
        if row[T_STYLE] == STYLE_DARK:
            row[T_PURPOSE] = ACCUMULATE if row[T_SIDE] > 0 else DISTRIBUTE


class Schedule:
    """The parents of a day, made once and kept for the blocks that ask."""

    def __init__(self, profile: Profile, seed: int, params: Params, universe: Universe) -> None:
        self.profile, self.seed, self.params, self.universe = profile, seed, params, universe
        self.of_day = lru_cache(maxsize=DAYS_CACHED_MAX)(self._of_day)

    def _of_day(self, day: Day) -> Matrix:
        coarse = coarse_prices(self.seed, day.index, self.universe, self.params)
        scale = np.clip(np.sqrt(60.0 / coarse[:, 0]), 0.3, 4.0)
        busy = self.profile.equity_prints / RATE_OF_NORMAL * self.params.institution_share / SHARE_OF_MIDDLE
        count = int(PARENTS_OF_NORMAL * busy)
        close_ts = day.block_ts(day.close_block)
        first = first_id(day.index, WHOLE_DAY, MAKER_EQUITY)
        key = np.array([self.seed, day.index, count, day.start_ts, close_ts, first], np.int64)
        gaps = np.array([self.params.gap_scale])
        running = _running(self.universe.equity_weight)
        rows = _draw(key, gaps, running, _regular_blocks(day), scale, self.universe.round_lot)
        _inform(rows, self.seed, day.index, self.params.informed_share, day.start_ts, coarse)
        return rows

    def children(self, day: Day, block: int, first_order: int) -> Matrix:
        """Return the orders of all parents that fall into a block, in order of parent and time."""
        start = day.block_ts(block)
        rows = self.of_day(day)
        rows = rows[(rows[:, T_START] < start + BLOCK_NS) & (rows[:, T_END] >= start)]
        capacity = int(rows[:, X_CHILDREN].sum())
        out = np.zeros((capacity, ORDER_COLUMNS), np.int64)
        count = _children_of(rows, self.seed, start, first_order, out)
        return out[:count]

    def parents(self, day: Day, block: int) -> Matrix:
        """Return the parents that start in a block, columns as in the layout's truth."""
        start = day.block_ts(block)
        rows = self.of_day(day)
        return rows[(rows[:, T_START] >= start) & (rows[:, T_START] < start + BLOCK_NS), :PARENT_COLUMNS]


def _running(weights: Floats) -> Floats:
    total, running = 0.0, []
    for weight in weights.tolist():
        total += weight
        running.append(total)
    return np.array([value / total for value in running])


def _regular_blocks(day: Day) -> Floats:
    """Return running shares of activity by block, 0 outside the regular session."""
    minutes = day_curve(day.open_block * 5, day.close_block * 5, day.close_block * 5)
    weights = np.zeros(day.close_block)
    for block in range(day.open_block, day.close_block):
        weights[block] = minutes[block * 5 + 2]
    return _running(weights)


@njit(cache=True)
def _children_of(rows: Matrix, seed: int, start: int, first_order: int, out: Matrix) -> int:
    """Write the children of parents that fall into the block from `start`; return how many."""
    count = 0
    for index in range(len(rows)):
        parent = rows[index]
        gap = max((parent[T_END] - parent[T_START]) // parent[X_CHILDREN], 1)
        first = max((start - parent[T_START]) // gap - 1, 0)
        last = min((start + BLOCK_NS - parent[T_START]) // gap + 1, parent[X_CHILDREN])
        for k in range(first, last):
            s = stream(seed, KEY_CHILD, parent[T_ID], k)
            ts = parent[T_START] + k * gap + int(gap * uniform(s))
            if ts < start or ts >= start + BLOCK_NS:
                continue
            row = out[count]
            row[O_TS], row[O_SYMBOL], row[O_CONTRACT] = ts, parent[T_SYMBOL], -1
            row[O_SIDE], row[O_STYLE], row[O_PURPOSE] = parent[T_SIDE], parent[T_STYLE], parent[T_PURPOSE]
            pair = stream(seed, KEY_CHILD, parent[T_ID], k // 2, 1)
            shift = int(JITTER * (2.0 * uniform(pair) - 1.0) * parent[X_CHILD])
            row[O_SIZE] = (parent[X_CHILD] + (shift if k % 2 == 0 else -shift)) * SHARE
            row[O_ORDER], row[O_PARENT], row[O_PACKAGE] = first_order + count, parent[T_ID], -1
            row[O_CUSTOMER] = 1
            if parent[T_STYLE] != STYLE_SWEEP:
                row[O_CANCEL_TS] = ts + gap + below(s, max(gap, 1))
            count += 1
    return count
