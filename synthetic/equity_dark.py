"""What trades away from the lit venues: wholesalers, dark pools, negotiated trades and crosses.

Owns the price of each kind of off-exchange trade against the best bid and offer of its instant, and how
late it is reported. A dark pool matches at the midpoint or at a side; wholesalers improve on the quote by
fractions of a cent; some prices were made elsewhere and say so in their code. Refuses lit books.
"""

from math import floor
from typing import Any, Final

from numba import njit

from synthetic.equity_book import value
from synthetic.equity_layout import (
    B_ASK,
    B_BID,
    C_KIND,
    C_NEXT,
    C_SIDE,
    C_SIZE,
    DARK,
    Book,
)
from synthetic.equity_match import name_resting, write_print
from synthetic.layout import (
    EQUITY_CODE,
    FLAG_CROSS,
    FLAG_LATE,
    FLAG_MIDPOINT,
    FLAG_OFF_EXCHANGE,
    O_CUSTOMER,
    O_LIMIT,
    O_SIDE,
    O_SIZE,
    O_STYLE,
    OFF_EXCHANGE,
    P_AGGRESSOR,
    P_CODE,
    P_CUSTOMER,
    P_DELAY,
    P_FLAGS,
    P_VENUE,
    SHARE,
    STYLE,
    TICK,
    Matrix,
)
from synthetic.rng import Stream, below, exponential, normal, uniform
from synthetic.tables import exp
from synthetic.universe import Floats

TENTH_MIL: Final = 100_000  # 0.0001 USD
AT_QUOTE: Final = 0.34  # of retail fills, no improvement
AT_MIDPOINT: Final = 0.12
ANONYMOUS: Final = 0.6  # chance that a midpoint order finds another party in the pool
LATE_CHANCE: Final = 0.0015
AVERAGE_PRICE: Final = EQUITY_CODE["average_price"]
DERIVED: Final = EQUITY_CODE["derivatively_priced"]
PRIOR: Final = EQUITY_CODE["prior_reference"]
QCT: Final = EQUITY_CODE["qualified_contingent"]
CONTINGENT: Final = EQUITY_CODE["contingent"]
OUT_OF_SEQUENCE: Final = EQUITY_CODE["out_of_sequence"]
OPENING: Final = EQUITY_CODE["opening"]
CLOSING: Final = EQUITY_CODE["closing"]
STYLE_AVERAGE: Final = STYLE["average_price"]
STYLE_DERIVED: Final = STYLE["derivatively_priced"]
STYLE_PRIOR: Final = STYLE["prior_reference"]
STYLE_OPEN: Final = STYLE["open_cross"]

PROMPT_SHARE = 0.14  # of reports that come from machines beside the facility
PROMPT_SCALE = 0.1  # of the usual delay


@njit(cache=True)
def report_delay(desk: Any, s: Stream) -> int:
    """Return how late a trade facility's report is, ns: most often near the mode, rarely seconds."""
    u = uniform(s)
    scale = PROMPT_SCALE if u < PROMPT_SHARE else (1.0 if u < 0.97 else 6.0)
    delay = desk.trf_delay_ns * scale * exp(0.45 * normal(s))
    return int(min(max(delay, 0.05 * desk.trf_delay_ns), 9.5e9))


@njit(cache=True)
def report(book: Book, cell: Any, desk: Any, order: Matrix, ts: int, price: int, size: int) -> Any:
    """Write an off-exchange print; return its row."""
    row = write_print(book, cell, desk, order, ts, price, size)
    s = book.stream
    row[P_VENUE], row[P_FLAGS] = OFF_EXCHANGE, FLAG_OFF_EXCHANGE
    row[P_DELAY] = report_delay(desk, s)
    if uniform(s) < LATE_CHANCE:
        row[P_DELAY] = int(1e10 + 6e10 * uniform(s))
        row[P_CODE] |= OUT_OF_SEQUENCE
        row[P_FLAGS] |= FLAG_LATE
    return row


@njit(cache=True)
def side_price(cell: Any, side: int) -> tuple[int, int]:
    """Return the price a taker of a side would pay and half the spread, 1e-9 USD; the quote as written."""
    bid, ask = cell.best[B_BID], -cell.best[B_ASK]
    return (ask if side > 0 else bid) * TICK, max(ask - bid, 0) * TICK // 2


@njit(cache=True)
def wholesale(book: Book, cell: Any, desk: Any, order: Matrix, ts: int) -> None:
    """Fill a retail order at the quote or better; sub-penny improvements are whole hundredths of a cent."""
    side = order[O_SIDE]
    s = book.stream
    price, half = side_price(cell, side)
    u, flags = uniform(s), 0
    if u >= AT_QUOTE + AT_MIDPOINT:
        share = 0.02 + 0.45 * uniform(s) * uniform(s) * 2.0 * desk.improvement
        better = int(min(share, 0.95) * half) // TENTH_MIL * TENTH_MIL
        price -= side * max(better, TENTH_MIL)
    elif u >= AT_QUOTE:
        price -= side * half
        flags = FLAG_MIDPOINT
    row = report(book, cell, desk, order, ts, price, order[O_SIZE])
    row[P_FLAGS] |= flags


@njit(cache=True)
def find_dark(book: Book, cell: Any, side: int) -> int:
    """Return the earliest order of a side resting in a dark pool, -1 none."""
    found, slot = -1, cell.head
    while slot >= 0:
        row = book.rest[slot]
        if row[C_KIND] == DARK and row[C_SIDE] == side and row[C_SIZE] > 0:
            found = slot
        slot = row[C_NEXT]
    return found


@njit(cache=True)
def midpoint(book: Book, cell: Any, desk: Any, order: Matrix, ts: int) -> None:
    """Let an order that wants the midpoint meet resting dark orders, then others in the pool, or nobody."""
    side = order[O_SIDE]
    price, half = side_price(cell, side)
    if half <= 0:
        desk.unfilled += 1
        return
    left = order[O_SIZE] // SHARE
    for _ in range(4):
        slot = find_dark(book, cell, 1 if side > 0 else 0)
        if slot < 0 or left <= 0:
            break
        rest = book.rest[slot]
        size = min(left, rest[C_SIZE])
        row = report(book, cell, desk, order, ts, price - side * half, size * SHARE)
        row[P_FLAGS] |= FLAG_MIDPOINT
        name_resting(row, rest, order[O_CUSTOMER])
        rest[C_SIZE] -= size
        left -= size
    s = book.stream
    if left > 0 and uniform(s) < ANONYMOUS:
        row = report(book, cell, desk, order, ts, price - side * half, left * SHARE)
        row[P_FLAGS] |= FLAG_MIDPOINT
        row[P_CUSTOMER] = 0
        if uniform(s) < 0.4:  # both sides rested: nobody took
            row[P_AGGRESSOR] = 0
    elif left > 0:
        desk.unfilled += 1


@njit(cache=True)
def pegged(book: Book, cell: Any, desk: Any, order: Matrix, ts: int) -> None:
    """Let an order meet one in a dark pool that is pegged to the far side of the quote."""
    price, _ = side_price(cell, order[O_SIDE])
    report(book, cell, desk, order, ts, price, order[O_SIZE])


@njit(cache=True)
def negotiated(book: Book, cell: Any, desk: Any, order: Matrix, ts: int) -> None:
    """Print a trade agreed on the telephone or with a dealer: at a side, at the middle, between or beyond."""
    side = order[O_SIDE]
    s = book.stream
    price, half = side_price(cell, side)
    u = uniform(s)
    if u < 0.49:
        row = report(book, cell, desk, order, ts, price, order[O_SIZE])
    elif u < 0.67:
        row = report(book, cell, desk, order, ts, price - side * half, order[O_SIZE])
        row[P_FLAGS] |= FLAG_MIDPOINT
        row[P_AGGRESSOR] = 0
    else:
        reach = (2.0 if u < 0.94 else 2.6) * uniform(s) - (0.0 if u < 0.94 else 0.6)
        at = (price - side * int(reach * half)) // TENTH_MIL * TENTH_MIL
        row = report(book, cell, desk, order, ts, at, order[O_SIZE])
    row[P_FLAGS] |= FLAG_CROSS
    row[P_DELAY] += int(2e9 * exponential(s) * uniform(s))


@njit(cache=True)
def elsewhere(book: Book, cell: Any, desk: Any, path: Floats, order: Matrix, ts: int) -> None:
    """Print a trade whose price was made elsewhere or earlier: average, derived, prior, contingent."""
    style = order[O_STYLE]
    s = book.stream
    now = value(path, desk, ts)
    if style == STYLE_AVERAGE:
        cents, code = value(path, desk, desk.start_ns) * (1.0 + 0.0008 * normal(s)), AVERAGE_PRICE
    elif style == STYLE_DERIVED:
        cents, code = now * (1.0 + 0.0004 * normal(s)), DERIVED
    elif style == STYLE_PRIOR:
        back = int((ts - desk.start_ns) * uniform(s))
        cents, code = value(path, desk, ts - back), PRIOR
    else:
        cents, code = now, QCT if uniform(s) < 0.85 else CONTINGENT
    price = floor(cents * 100.0 + 0.5) * TENTH_MIL
    if order[O_LIMIT] > 0:
        price = order[O_LIMIT]
    row = report(book, cell, desk, order, ts, price, order[O_SIZE])
    row[P_CODE] |= code
    row[P_FLAGS] |= FLAG_CROSS
    row[P_AGGRESSOR] = 0
    row[P_DELAY] += int(1.5e9 * exponential(s))


@njit(cache=True)
def auction(book: Book, cell: Any, desk: Any, path: Floats, order: Matrix, ts: int) -> None:
    """Print an opening or closing auction at its listing venue, at the efficient price in whole cents."""
    price = floor(value(path, desk, ts) + 0.5) * TICK
    row = write_print(book, cell, desk, order, ts, price, order[O_SIZE])
    row[P_VENUE] = cell.letters[cell.listing]
    row[P_CODE] = OPENING if order[O_STYLE] == STYLE_OPEN else CLOSING
    row[P_FLAGS], row[P_AGGRESSOR], row[P_CUSTOMER] = FLAG_CROSS, 0, 0
    row[P_DELAY] = below(book.stream, 3_000_000)
