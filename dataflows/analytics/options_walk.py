"""One pass over the merged order of a release: quotes stand, prints are placed and join parents.

Owns the step that each kind of row takes. Refuses to allocate: it stops before a print for which no slot
is free, and the caller makes room and goes on from there.
"""

from typing import NamedTuple

from numba import njit

from dataflows.analytics import options_layout as at
from dataflows.analytics.options_book import STATUS_OK, apply_quote, drop_quotes, place_print
from dataflows.analytics.options_layout import Book, Limits, Parents, Placed, Prints, Quotes, Walk
from dataflows.analytics.options_parents import end_session, join_print
from dataflows.analytics.release import ROW_PRINT, ROW_QUOTE


class State(NamedTuple):
    """What outlives a release."""

    book: Book
    parents: Parents


class Columns(NamedTuple):
    """What one release brings, and what is found for its prints."""

    walk: Walk
    prints: Prints
    quotes: Quotes
    placed: Placed


@njit(cache=True)
def walk_rows(state: State, limits: Limits, columns: Columns, start: int) -> int:
    """Apply rows from `start` on; return the row to go on from, the number of rows when done."""
    walk, parents = columns.walk, state.parents
    for step in range(start, len(walk.kind)):
        kind, row, ts = walk.kind[step], walk.row[step], walk.effective[step]
        if kind == ROW_QUOTE:
            if not apply_quote(state.book, columns.quotes, row):
                parents.counts[at.C_PASSED_OVER] += 1
        elif kind == ROW_PRINT:
            if parents.counts[at.C_FREE] == 0:
                return step
            place_print(state.book, columns.prints, columns.placed, row)
            if columns.prints.status[row] == STATUS_OK:
                join_print(parents, limits, (columns.prints, columns.placed), (row, ts))
        else:
            end_session(parents, limits, ts)
            drop_quotes(state.book)
            parents.counts[at.C_OPEN_TS] = walk.session_open[row]
    return len(walk.kind)
