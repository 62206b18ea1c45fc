"""The venue books of equities: what market makers show, what customers rest, and the best of it.

Owns quoting: makers at each venue look at the efficient price a little late, keep or move their price, and
never lock the market but by rare accident; and the best bid and offer, written whenever it changed.
Refuses to trade: matching is `equity_match`.
"""

from math import floor
from typing import Any, Final

from numba import njit

from synthetic.equity_layout import (
    ABSENT,
    B_ASK,
    B_ASK_SIZE,
    B_ASK_VENUE,
    B_BID,
    B_BID_SIZE,
    B_BID_VENUE,
    BEST_COLUMNS,
    C_CANCEL,
    C_KIND,
    C_LEVEL,
    C_NEXT,
    C_ROW,
    C_SIDE,
    C_SIZE,
    C_VENUE,
    CENTS,
    LEVELS,
    SHOWN,
    VENUES,
    Book,
)
from synthetic.layout import (
    D_END,
    Q_ASK,
    Q_ASK_SIZE,
    Q_ASK_VENUE,
    Q_BID,
    Q_BID_SIZE,
    Q_BID_VENUE,
    Q_CONTRACT,
    Q_SYMBOL,
    Q_TS,
    SHARE,
    TICK,
)
from synthetic.rng import Stream, below, exponential, normal, uniform
from synthetic.universe import Floats

LOCK_CHANCE: Final = 0.0015
ROUNDING: Final = 0.5  # cents that rounding away from the price adds to a side, on average
LEAN_LIFE_NS: Final = 8e9
HOLD_REACH: Final = 4.0  # half spreads beyond which hidden inventory no longer holds the price
REACT: Final = 0.94  # chance that a maker moves a stale price when makers look
COME_BACK: Final = 0.25  # chance that a distant one comes nearer
RESIZE: Final = 0.7  # chance that one of them also changes a size
AT_BEST: Final = 0.6  # and that it is the one that leads
KEEP: Final = 0.45  # a price is kept while it is at least this part of the half spread away
STEP_BACK: Final = 1.8  # and at most this


@njit(cache=True)
def value(path: Floats, desk: Any, ts: int) -> float:
    """Return the efficient price in cents at a time inside the block."""
    at = (ts - desk.start_ns) / desk.step_ns
    last = len(path) - 1
    at = 0.0 if at < 0.0 else (float(last) if at > last else at)
    step = int(at)
    step = step if step < last else last - 1
    low = path[step]
    return float(CENTS * (low + (path[step + 1] - low) * (at - step)))


@njit(cache=True)
def shown_size(s: Stream, mean_lots: float, lot: int) -> int:
    """Return the size that a maker shows, in shares: whole round lots, at least one, with a long tail."""
    lots = 1 + int(mean_lots * exponential(s) * (0.4 if uniform(s) < 0.7 else 2.4))
    return lot * lots


@njit(cache=True)
def forget_expired(book: Book, cell: Any, ts: int) -> None:
    """Drop resting orders that are filled or whose time is over."""
    before, slot = -1, cell.head
    while slot >= 0:
        after = book.rest[slot, C_NEXT]
        if book.rest[slot, C_SIZE] <= 0 or book.rest[slot, C_CANCEL] <= ts:
            if before < 0:
                cell.head = after
            else:
                book.rest[before, C_NEXT] = after
            row = book.rest[slot, C_ROW]
            if row >= 0:
                end = book.rest[slot, C_CANCEL]
                book.hidden[row, D_END] = ts if ts < end else end
        else:
            before = slot
        slot = after


@njit(cache=True)
def best_of(book: Book, cell: Any, side: int) -> tuple[int, int, int]:
    """Return level, size and venue index of the best of a side; the venue with most size leads."""
    level, size, venue = ABSENT, 0, -1
    for v in range(VENUES):
        here = cell.level[side, v]
        much = cell.depth[side, v, 0]
        if here > level or (here == level and much > size):
            level, size, venue = here, much, v
    slot = cell.head
    while slot >= 0:
        row = book.rest[slot]
        if row[C_KIND] == SHOWN and row[C_SIDE] == side and row[C_SIZE] > 0:
            if row[C_LEVEL] > level:
                level, size, venue = row[C_LEVEL], row[C_SIZE], row[C_VENUE]
            elif row[C_LEVEL] == level and row[C_VENUE] == venue:
                size += row[C_SIZE]
        slot = row[C_NEXT]
    return level, size, venue


@njit(cache=True)
def write_best(book: Book, cell: Any, desk: Any, ts: int) -> None:
    """Write the best bid and offer if it is not what was written last; sizes are whole round lots."""
    bid, bid_size, bid_venue = best_of(book, cell, 0)
    ask, ask_size, ask_venue = best_of(book, cell, 1)
    lot = cell.lot
    bid_size = max(bid_size - bid_size % lot, lot)
    ask_size = max(ask_size - ask_size % lot, lot)
    best = cell.best
    same_price = best[B_BID] == bid and best[B_ASK] == ask
    same_size = best[B_BID_SIZE] == bid_size and best[B_ASK_SIZE] == ask_size
    if same_price and same_size and best[B_BID_VENUE] == bid_venue and best[B_ASK_VENUE] == ask_venue:
        return
    best[B_BID], best[B_BID_SIZE], best[B_BID_VENUE] = bid, bid_size, bid_venue
    best[B_ASK], best[B_ASK_SIZE], best[B_ASK_VENUE] = ask, ask_size, ask_venue
    end = desk.second_end - 1
    row = book.quotes[desk.quotes]
    desk.quotes += 1
    row[Q_TS], row[Q_SYMBOL], row[Q_CONTRACT] = (ts if ts < end else end), cell.symbol, -1
    row[Q_BID], row[Q_ASK] = bid * TICK, -ask * TICK
    row[Q_BID_SIZE], row[Q_ASK_SIZE] = bid_size * SHARE, ask_size * SHARE
    row[Q_BID_VENUE], row[Q_ASK_VENUE] = cell.letters[bid_venue], cell.letters[ask_venue]


@njit(cache=True)
def lean_at(cell: Any, ts: int) -> float:
    """Return by how many cents makers lean at a time, and let it fade."""
    passed = float(ts - cell.lean_ts)
    lean = cell.lean / (1.0 + passed / LEAN_LIFE_NS)
    cell.lean, cell.lean_ts = lean, ts
    return float(lean)


@njit(cache=True)
def seen_price(cell: Any, desk: Any, path: Floats, ts: int, s: Stream) -> float:
    """Return the price in cents that a maker goes by: seen late, moved by trades, held by hidden orders."""
    late = int(desk.latency_ns * exponential(s))
    price = value(path, desk, ts - late) + lean_at(cell, ts)
    for side in range(2):
        held = cell.floor[side]
        if held != ABSENT:
            sign = 1.0 if side == 0 else -1.0
            least = held + 0.6 * cell.half
            if least - HOLD_REACH * (cell.half + 1.0) < sign * price < least:
                price = sign * least
    return float(price)


@njit(cache=True)
def pick_venue(cell: Any, s: Stream) -> int:
    """Return the index of a venue, drawn by its share."""
    u = uniform(s)
    venue = 0
    while venue < VENUES - 1 and cell.venue_share[venue] < u:
        venue += 1
    return venue


@njit(cache=True)
def fill_depth(cell: Any, side: int, venue: int, s: Stream) -> None:
    """Draw anew what a maker shows at a venue's prices."""
    size = shown_size(s, cell.usual, cell.lot)
    for k in range(LEVELS):
        cell.depth[side, venue, k] = size
        size += cell.lot * (1 + int(0.5 * cell.usual))


@njit(cache=True)
def wanted_level(cell: Any, side: int, price: float, s: Stream) -> int:
    """Return the level a maker would show around a price in cents."""
    sign = 1.0 if side == 0 else -1.0
    away = max(cell.half * (0.75 + 0.9 * exponential(s)) - ROUNDING, 0.0)
    return int(floor(sign * price - away))  # noqa: RUF046


@njit(cache=True)
def requote(book: Book, cell: Any, side: int, price: float) -> None:
    """Let the makers of a side follow a price in cents: stale ones nearly all at once, distant ones later."""
    s = book.stream
    sign, half = (1.0 if side == 0 else -1.0), cell.half
    other = ABSENT
    for venue in range(VENUES):
        away = sign * price - cell.level[side, venue]
        is_stale, is_far = away < KEEP * half - ROUNDING, away > STEP_BACK * half + 1.0
        if not (is_stale or is_far) or uniform(s) > (REACT if is_stale else COME_BACK):
            continue
        if other == ABSENT:
            other, _, _ = best_of(book, cell, 1 - side)
        level = wanted_level(cell, side, price, s)
        if level >= -other and (level > -other or uniform(s) > LOCK_CHANCE):
            level = -other - 1
        if level != cell.level[side, venue]:
            cell.level[side, venue] = level
            fill_depth(cell, side, venue, s)


@njit(cache=True)
def look(book: Book, cell: Any, desk: Any, path: Floats, ts: int) -> float:
    """Let the makers look at the efficient price and follow it; return the price they saw."""
    s = book.stream
    price = seen_price(cell, desk, path, ts, s)
    first = below(s, 2)
    requote(book, cell, first, price)
    requote(book, cell, 1 - first, price)
    if uniform(s) < RESIZE:
        side, venue = below(s, 2), pick_venue(cell, s)
        if uniform(s) < AT_BEST and cell.best[B_BID_VENUE + side] >= 0:
            venue = cell.best[B_BID_VENUE + side]
        cell.depth[side, venue, 0] = shown_size(s, cell.usual, cell.lot)
    return float(price)


@njit(cache=True)
def schedule_look(cell: Any, desk: Any, ts: int, s: Stream) -> None:
    """Set when a maker looks next: soon after a trade, else at the symbol's own rate."""
    if cell.pulse > 0:
        cell.pulse -= 1
        gap = desk.latency_ns * (0.2 + exponential(s))
    else:
        gap = exponential(s) * 1e9 / (cell.rate * desk.pace)
    cell.next_ts = ts + int(gap if gap < 4e9 else 4e9) + 1


@njit(cache=True)
def open_books(book: Book, cells: Any, desk: Any, prices: Floats) -> None:
    """Seed every book from the efficient price at the block's start; the first event writes the quote."""
    s = book.stream
    for symbol in range(len(cells)):
        cell = cells[symbol]
        centre = value(prices[symbol], desk, desk.start_ns) + 0.2 * cell.half * normal(s)
        for side in range(2):
            for venue in range(VENUES):
                cell.level[side, venue] = wanted_level(cell, side, centre, s)
                fill_depth(cell, side, venue, s)
            cell.floor[side] = ABSENT
        for column in range(BEST_COLUMNS):
            cell.best[column] = ABSENT
        cell.clock, cell.lean_ts = desk.start_ns, desk.start_ns
        cell.head = -1
        schedule_look(cell, desk, desk.start_ns, s)
