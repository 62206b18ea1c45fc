"""One pass over the merged order of a release: quotes stand, prints are placed and join parents.

Owns the step that each kind of row takes; legs of packages are placed and left to the stage of packages.
Refuses to allocate: it stops before a print for which no slot is free, and the caller makes room and goes on
from there.
"""

from typing import NamedTuple

from dataflows.analytics import options_layout as at
from dataflows.analytics.options_book import (
    STATUS_OK,
    apply_quote,
    drop_quotes,
    drop_quotes_of,
    has_package_family,
    place_print,
)
from dataflows.analytics.options_layout import (
    Book,
    Limits,
    Parents,
    Placed,
    Prints,
    Quotes,
    Trade,
    Walk,
    kernel,
)
from dataflows.analytics.options_parents import end_session, join_print
from dataflows.analytics.release import ROW_NOTE, ROW_PRINT, ROW_QUOTE


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


@kernel
def trade_of(prints: Prints, placed: Placed, row: int, ts: int) -> Trade:
    """Gather one print and what was found for it."""
    quote = placed.quote
    return Trade(
        int(ts),
        int(prints.contract[row]),
        int(prints.seq[row]),
        int(prints.price[row]),
        int(prints.size[row]),
        int(prints.premium[row]),
        int(prints.family[row]),
        int(prints.venue[row]),
        int(placed.state[row]),
        int(placed.placement[row]),
        bool(placed.is_stable[row]),
        int(placed.side[row]),
        int(quote[row, at.Q_TS]),
        int(quote[row, at.Q_SEQ]),
        int(quote[row, at.Q_BID]),
        int(quote[row, at.Q_ASK]),
        int(quote[row, at.Q_BID_SIZE]),
        int(quote[row, at.Q_ASK_SIZE]),
        int(prints.open_interest[row]),
        int(prints.volume_before[row]),
        int(prints.opened[row]),
        int(prints.basis[row]),
        int(prints.block_contracts[row]),
    )


@kernel
def walk_rows(state: State, limits: Limits, columns: Columns, start: int) -> int:
    """Apply rows from `start` on; return the row to go on from, the number of rows when done."""
    book, parents = state.book, state.parents
    walk, prints, quotes, placed = columns.walk, columns.prints, columns.quotes, columns.placed
    kinds, rows, times = walk.kind, walk.row, walk.effective
    for step in range(start, len(kinds)):
        kind, row, ts = kinds[step], rows[step], times[step]
        if kind == ROW_QUOTE:
            if not apply_quote(book, quotes, row):
                parents.counts[at.C_PASSED_OVER] += 1
        elif kind == ROW_PRINT:
            if parents.counts[at.C_FREE] == 0:
                return step
            place_print(book, prints, placed, row)
            if prints.status[row] == STATUS_OK and not has_package_family(prints.family[row]):
                join_print(parents, limits, trade_of(prints, placed, row, ts))
        elif kind == ROW_NOTE:
            if walk.halted[row] >= 0:
                drop_quotes_of(book, walk.underlying, walk.halted[row])
        else:
            end_session(parents, limits, ts)
            drop_quotes(book)
            parents.counts[at.C_OPEN_TS] = walk.session_open[row]
    return len(kinds)
