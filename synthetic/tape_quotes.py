"""From quotes to what the tape shows of them: delayed, lost in outages, withdrawn in halts, at times crossed.

Owns the kernel a quote goes through and the quotes that a halt takes away and brings back. A locked or
crossed quote shows one side before the other has followed; the true one comes behind it. Refuses to let that
one overtake the next.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit

from synthetic.layout import (
    Q_ASK,
    Q_ASK_SIZE,
    Q_ASK_VENUE,
    Q_BID,
    Q_BID_SIZE,
    Q_BID_VENUE,
    Q_CONTRACT,
    Q_SYMBOL,
    Q_TS,
    QUOTE_COLUMNS,
    SECOND_NS,
    TICK,
    Matrix,
)
from synthetic.tape_layout import TAPE_QUOTE_COLUMNS, Z_EVENT, Z_SOURCE
from synthetic.tape_noise import LINES, Keys, Vector, carried, clock_error, quantile, uniform_at
from synthetic.tape_params import GRID_NS

CELLS: Final = SECOND_NS // GRID_NS + 3  # of a second, of the way behind it, and one to draw to
LETTERS: Final = 128
NEVER: Final = np.int64(1) << 62
D_ODD, D_LIFE = 1, 2


class QuoteRule(NamedTuple):
    """What the tape does to the quotes of one market: delays of channel and flicker, shares of flickers."""

    is_option: bool
    points: Matrix
    flicker: Vector
    locked: float
    crossed: float
    skew_ns: int
    key: np.uint64
    ways: Keys


class Board(NamedTuple):
    """The quotes that stand in the market by series (rows of Q_*; Q_TS -1 before the first), halts by
    symbol, and room for one number by series."""

    standing: Matrix
    halt_start: Vector
    halt_stop: Vector
    next_ts: Vector


@njit(cache=True)
def _stamp(rule: QuoteRule, row: Vector) -> None:
    row[Z_SOURCE] = carried(rule.points, rule.ways, row[Q_SYMBOL] % LINES, row[Q_TS])
    venue = max(row[Q_BID_VENUE], row[Q_ASK_VENUE], 0)
    row[Z_EVENT] = min(row[Q_TS] + clock_error(rule.skew_ns, rule.ways[0], venue, row[Q_TS]), row[Z_SOURCE])


@njit(cache=True)
def _delays(rule: QuoteRule, first_cell: int) -> Matrix:
    """Return the delays of both ways by line [way * LINES + line] at grid times, from `first_cell` on."""
    table = np.empty((2 * LINES, CELLS), np.int64)
    for way in range(2):
        for line in range(LINES):
            for k in range(CELLS):
                share = uniform_at(rule.ways[way], first_cell + k, line)
                table[way * LINES + line, k] = quantile(rule.points[way], share)
    return table


@njit(cache=True)
def _errors(rule: QuoteRule, at_ts: int) -> Vector:
    """Return how far each venue's clock is off at a time."""
    table = np.empty(LETTERS, np.int64)
    for venue in range(LETTERS):
        table[venue] = clock_error(rule.skew_ns, rule.ways[0], venue, at_ts)
    return table


@njit(cache=True)
def _stamp_by_tables(row: Vector, delays: Matrix, errors: Vector, first_cell: int) -> None:
    """Fill the times of a row as _stamp does, with a clock's error that is one all second long."""
    line, at_ts = row[Q_SYMBOL] % LINES, row[Q_TS]
    for way in range(2):
        cell = at_ts // GRID_NS
        first = delays[way * LINES + line, cell - first_cell]
        second = delays[way * LINES + line, cell - first_cell + 1]
        at_ts += first + (second - first) * (at_ts - cell * GRID_NS) // GRID_NS
    row[Z_SOURCE] = at_ts
    venue = max(row[Q_BID_VENUE], row[Q_ASK_VENUE], 0)
    row[Z_EVENT] = min(row[Q_TS] + errors[venue], at_ts)


@njit(cache=True)
def _break_open(rule: QuoteRule, out: Matrix, at: int, following: int, end_ts: int, number: int) -> int:
    """Perhaps show row `at` locked or crossed, and as it is in the next row; return the rows it takes."""
    row = out[at]
    share = uniform_at(rule.key, number, D_ODD)
    if share >= rule.locked + rule.crossed or row[Q_BID] <= 0 or row[Q_ASK] <= row[Q_BID]:
        return 1
    repaired_ts = row[Z_SOURCE] + quantile(rule.flicker, uniform_at(rule.key, number, D_LIFE))
    end = carried(rule.points, rule.ways, row[Q_SYMBOL] % LINES, end_ts)
    repaired_ts = min(repaired_ts, following - 1, end - 1)
    if repaired_ts <= row[Z_SOURCE]:
        return 1
    second = out[at + 1]
    second[:] = row
    second[Z_SOURCE] = repaired_ts
    row[Q_BID] = row[Q_ASK] if share < rule.locked else row[Q_ASK] + TICK
    return 2


@njit(cache=True)
def show(rule: QuoteRule, first_row: int, end_ts: int, quotes: Matrix, board: Board, out: Matrix) -> int:
    """Write what the tape shows of a second's quotes, a series' rows in their order; return how many rows.

    `quotes` are in the order of time, the second ends at `end_ts`, and `out` holds two rows for each.
    """
    assert len(out) >= 2 * len(quotes)
    count = 0
    first_cell = (end_ts - SECOND_NS) // GRID_NS
    delays, errors = _delays(rule, first_cell), _errors(rule, end_ts - SECOND_NS)
    for i in range(len(quotes)):
        row = out[len(quotes) + i]
        row[:QUOTE_COLUMNS] = quotes[i]
        _stamp_by_tables(row, delays, errors, first_cell)
        key = row[Q_CONTRACT] if rule.is_option else row[Q_SYMBOL]
        board.standing[key] = quotes[i]
    for i in range(len(quotes) - 1, -1, -1):  # from the end, so that each row knows the next of its series
        row = out[len(quotes) + i]
        key = row[Q_CONTRACT] if rule.is_option else row[Q_SYMBOL]
        following = board.next_ts[key]
        board.next_ts[key] = row[Z_SOURCE]
        row[Q_TS] = following  # the exact time is not needed any more
    for i in range(len(quotes)):
        key = quotes[i, Q_CONTRACT] if rule.is_option else quotes[i, Q_SYMBOL]
        board.next_ts[key] = NEVER
    for i in range(len(quotes)):
        symbol, ts = quotes[i, Q_SYMBOL], quotes[i, Q_TS]
        if board.halt_start[symbol] <= ts < board.halt_stop[symbol]:
            continue
        following = out[len(quotes) + i, Q_TS]
        row = out[count]
        row[:] = out[len(quotes) + i]
        row[Q_TS] = ts
        count += _break_open(rule, out, count, following, end_ts, first_row + i)
    return count


@njit(cache=True)
def stamp_all(rule: QuoteRule, rows: Matrix) -> None:
    """Fill the times of rows whose Q_TS is known."""
    for i in range(len(rows)):
        _stamp(rule, rows[i])


def halted_quotes(board: Board, keys: Vector, at_ts: int, since_ts: int, *, is_over: bool) -> Matrix:
    """Return the quotes that a halt takes away (both sides absent) or, when it is over, brings back.

    Of `keys`, only series that were quoted at or after `since_ts`: others are not known to stand.
    """
    stands = board.standing[keys]
    rows = np.zeros((int((stands[:, Q_TS] >= since_ts).sum()), TAPE_QUOTE_COLUMNS), np.int64)
    rows[:, :QUOTE_COLUMNS] = stands[stands[:, Q_TS] >= since_ts]
    rows[:, Q_TS] = at_ts
    if not is_over:
        rows[:, [Q_BID, Q_ASK]] = -1
        rows[:, [Q_BID_SIZE, Q_ASK_SIZE, Q_BID_VENUE, Q_ASK_VENUE]] = 0
    return rows
