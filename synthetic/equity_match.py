"""How an equity order meets resting orders at the lit venues: prints, one for each contra party.

Owns takers (the best price over all venues first, shown before hidden at a price, a better hidden price
before any), resting orders that come in, and what trades do to the makers. Refuses off-exchange matches:
these are `equity_dark`.
"""

from typing import Any, Final

from numba import njit

from synthetic.equity_book import best_of, forget_expired, lean_at, pick_venue, shown_size, write_best
from synthetic.equity_layout import (
    ABSENT,
    B_ASK,
    B_BID,
    C_CANCEL,
    C_KIND,
    C_LEVEL,
    C_NEXT,
    C_ORDER,
    C_PARENT,
    C_PURPOSE,
    C_ROW,
    C_SIDE,
    C_SIZE,
    C_VENUE,
    DARK,
    HIDDEN,
    LEVELS,
    SHOWN,
    VENUES,
    Book,
)
from synthetic.layout import (
    D_CONTRACT,
    D_END,
    D_PARENT,
    D_PRICE,
    D_SIDE,
    D_SIZE,
    D_START,
    D_SYMBOL,
    D_VENUE,
    EQUITY_CODE,
    FLAG_HIDDEN,
    FLAG_MIDPOINT,
    O_CANCEL_TS,
    O_CUSTOMER,
    O_LIMIT,
    O_ORDER,
    O_PACKAGE,
    O_PARENT,
    O_PURPOSE,
    O_SIDE,
    O_SIZE,
    O_STYLE,
    O_SYMBOL,
    O_TS,
    O_VENUE,
    P_AGGRESSOR,
    P_CODE,
    P_CONTRACT,
    P_CUSTOMER,
    P_DELAY,
    P_FLAGS,
    P_OPEN_BUY,
    P_OPEN_SELL,
    P_ORDER,
    P_PACKAGE,
    P_PARENT,
    P_PRICE,
    P_PURPOSE,
    P_RESTING,
    P_RESTING_PARENT,
    P_SIZE,
    P_SYMBOL,
    P_TS,
    P_VENUE,
    SHARE,
    STYLE,
    TICK,
    Matrix,
)
from synthetic.rng import below, uniform

ISO: Final = EQUITY_CODE["iso"]
ODD_LOT: Final = EQUITY_CODE["odd_lot"]
EXTENDED: Final = EQUITY_CODE["extended_hours"]
STYLE_SWEEP: Final = STYLE["sweep"]
STYLE_HIDDEN: Final = STYLE["hidden"]
STYLE_DARK: Final = STYLE["dark"]
FILLS_MAX: Final = 40  # of one taker; what is left of a greater order is cancelled
WALK: Final = 0.2  # share of sweeps that go through prices
WALK_MAX: Final = 3  # and through how many
SAME_VENUE_NS: Final = 900
NEXT_VENUE_NS: Final = 60_000
IMPACT: Final = 0.25  # of the half spread, for as much as one venue usually shows
LEAN_MAX: Final = 2.0  # half spreads
MET_FIRST: Final = 0.35  # chance that a hidden order trades before all that is shown at its price
INSIDE: Final = 0.27  # chance that somebody hides inside the spread
INSIDE_AT_MIDDLE: Final = 0.12
INSIDE_OF_TICK: Final = 0.03  # the same where it is a tick, at the midpoint
HOLD_LOTS: Final = 40  # hidden inventory of this many lots holds the price


@njit(cache=True)
def write_print(book: Book, cell: Any, desk: Any, order: Matrix, ts: int, price: int, size: int) -> Any:
    """Write a print of an order with nothing known of the other party; return its row to complete.

    `price` is 1e-9 USD and `size` 1e-6 shares.
    """
    row = book.prints[desk.prints]
    desk.prints += 1
    end = desk.second_end - 1
    row[P_TS], row[P_SYMBOL], row[P_CONTRACT] = (ts if ts < end else end), order[O_SYMBOL], -1
    row[P_PRICE], row[P_SIZE] = price, size
    code = 0 if desk.is_regular else EXTENDED
    if size < cell.lot * SHARE:
        code |= ODD_LOT
    row[P_CODE] = code
    row[P_AGGRESSOR] = order[O_SIDE]
    row[P_CUSTOMER] = order[O_SIDE] if order[O_CUSTOMER] else 0
    row[P_OPEN_BUY], row[P_OPEN_SELL] = 0, 0
    row[P_ORDER], row[P_PARENT], row[P_PACKAGE] = order[O_ORDER], order[O_PARENT], order[O_PACKAGE]
    row[P_RESTING], row[P_RESTING_PARENT] = -1, -1
    row[P_PURPOSE], row[P_FLAGS], row[P_DELAY] = order[O_PURPOSE], 0, 0
    return row


@njit(cache=True)
def name_resting(row: Matrix, rest: Matrix, is_customer: int) -> None:
    """Say in a print that its passive party was a resting customer."""
    row[P_RESTING], row[P_RESTING_PARENT] = rest[C_ORDER], rest[C_PARENT]
    row[P_CUSTOMER] = 0 if is_customer else (1 if rest[C_SIDE] == 0 else -1)


@njit(cache=True)
def best_rest(book: Book, cell: Any, side: int, kind: int) -> int:
    """Return the best resting order of a kind and side, the earliest at its price; -1 none."""
    found, slot = -1, cell.head
    while slot >= 0:
        row = book.rest[slot]
        is_kind = row[C_SIDE] == side and row[C_KIND] == kind and row[C_SIZE] > 0
        # The list runs from the youngest to the oldest, so an equal price is earlier.
        if is_kind and (found < 0 or row[C_LEVEL] >= book.rest[found, C_LEVEL]):
            found = slot
        slot = row[C_NEXT]
    return found


@njit(cache=True)
def best_maker(cell: Any, side: int) -> int:
    """Return the venue whose maker shows the best price, the one with most size among equals."""
    found = 0
    for venue in range(1, VENUES):
        here, there = cell.level[side, venue], cell.level[side, found]
        much, most = cell.depth[side, venue, 0], cell.depth[side, found, 0]
        if here > there or (here == there and much > most):
            found = venue
    return found


@njit(cache=True)
def fill_rest(book: Book, cell: Any, desk: Any, order: Matrix, slot: int, ts: int, left: int) -> int:
    """Trade against a resting order at a lit venue; return the shares that traded."""
    rest = book.rest[slot]
    size = left if left < rest[C_SIZE] else rest[C_SIZE]
    sign = 1 if rest[C_SIDE] == 0 else -1
    row = write_print(book, cell, desk, order, ts, sign * rest[C_LEVEL] * TICK, size * SHARE)
    row[P_VENUE] = cell.letters[rest[C_VENUE]]
    name_resting(row, rest, order[O_CUSTOMER])
    row[P_FLAGS] = FLAG_HIDDEN if rest[C_KIND] == HIDDEN else 0
    rest[C_SIZE] -= size
    return int(size)


@njit(cache=True)
def fill_maker(book: Book, cell: Any, desk: Any, order: Matrix, venue: int, ts: int, left: int) -> int:
    """Trade against one market maker's order at a venue; return the shares that traded."""
    side = 1 if order[O_SIDE] > 0 else 0
    s, lot = book.stream, cell.lot
    depth = cell.depth[side, venue]
    chunk = lot * (1 + below(s, 4)) if uniform(s) < 0.8 else depth[0]
    size = min(left, depth[0], chunk)
    sign = 1 if side == 0 else -1
    row = write_print(book, cell, desk, order, ts, sign * cell.level[side, venue] * TICK, size * SHARE)
    row[P_VENUE] = cell.letters[venue]
    depth[0] -= size
    if depth[0] <= 0:
        cell.level[side, venue] -= 1
        for k in range(LEVELS - 1):
            depth[k] = depth[k + 1]
        depth[LEVELS - 1] = shown_size(s, cell.usual, lot)
    return int(size)


@njit(cache=True)
def fill_inside(book: Book, cell: Any, desk: Any, order: Matrix, ts: int, left: int) -> int:
    """Trade against a hidden order of somebody inside the spread, where there is one; return the shares."""
    side = 1 if order[O_SIDE] > 0 else 0
    s = book.stream
    width = -cell.best[B_ASK] - cell.best[B_BID]
    chance = INSIDE if width > 1 else INSIDE_OF_TICK
    if width <= 0 or uniform(s) > chance:
        return 0
    far = cell.best[B_ASK if side == 1 else B_BID] * (-1 if side == 1 else 1) * TICK
    is_mid = width == 1 or uniform(s) < INSIDE_AT_MIDDLE
    better = width * TICK // 2 if is_mid else (1 + below(s, width - 1)) * TICK
    size = min(left, cell.lot * (1 + below(s, 3)))
    row = write_print(book, cell, desk, order, ts, far - order[O_SIDE] * better, size * SHARE)
    row[P_VENUE] = cell.letters[pick_venue(cell, s)]
    row[P_FLAGS] = FLAG_HIDDEN | (FLAG_MIDPOINT if 2 * better == width * TICK else 0)
    return int(size)


@njit(cache=True)
def fill_next(
    book: Book, cell: Any, desk: Any, order: Matrix, ts: int, left: int, worst: int
) -> tuple[int, int]:
    """Make one fill no worse than a level; return shares (0: nobody is left) and the venue's index."""
    side = 1 if order[O_SIDE] > 0 else 0
    maker = best_maker(cell, side)
    at_maker = cell.level[side, maker]
    shown, hidden = best_rest(book, cell, side, SHOWN), best_rest(book, cell, side, HIDDEN)
    at_shown = book.rest[shown, C_LEVEL] if shown >= 0 else ABSENT
    at_hidden = book.rest[hidden, C_LEVEL] if hidden >= 0 else ABSENT
    best = max(at_maker, at_shown)
    # At its venue a hidden order waits behind what is shown, but a router may come to its venue first.
    is_met = at_hidden == best and uniform(book.stream) < MET_FIRST
    if at_hidden > best or is_met:
        if at_hidden < worst:
            return 0, -1
        return fill_rest(book, cell, desk, order, hidden, ts, left), int(book.rest[hidden, C_VENUE])
    if best < worst:
        return 0, -1
    is_shown = at_shown == best and (at_maker < best or uniform(book.stream) < 0.5)
    if is_shown:
        return fill_rest(book, cell, desk, order, shown, ts, left), int(book.rest[shown, C_VENUE])
    return fill_maker(book, cell, desk, order, maker, ts, left), maker


@njit(cache=True)
def take(book: Book, cell: Any, desk: Any, order: Matrix, ts: int) -> None:
    """Let a taker trade through the books: a sweep over prices, any other order at the best price only."""
    side = 1 if order[O_SIDE] > 0 else 0
    is_sweep = order[O_STYLE] == STYLE_SWEEP
    best, _, _ = best_of(book, cell, side)
    worst = best - (WALK_MAX if is_sweep and uniform(book.stream) < WALK else 0)
    if order[O_LIMIT] > 0:
        limit = order[O_LIMIT] // TICK if side == 0 else -(order[O_LIMIT] // TICK)
        worst = max(worst, limit)
    left, at, last_venue = order[O_SIZE] // SHARE, ts, -1
    first_print = desk.prints
    inside = fill_inside(book, cell, desk, order, at, left) if order[O_LIMIT] == 0 else 0
    if inside > 0:
        left, at, last_venue = left - inside, at + 1 + below(book.stream, SAME_VENUE_NS), VENUES
    for _ in range(FILLS_MAX):
        size, venue = fill_next(book, cell, desk, order, at, left, worst) if left > 0 else (0, -1)
        if size == 0:
            break
        if last_venue >= 0 and venue != last_venue:
            at += 1000 + int(NEXT_VENUE_NS * uniform(book.stream))
            book.prints[desk.prints - 1, P_TS] = min(at, desk.second_end - 1)
        left, last_venue = left - size, venue
        at += 1 + below(book.stream, SAME_VENUE_NS)
    if is_sweep:
        for row in range(first_print, desk.prints):
            book.prints[row, P_CODE] |= ISO
    if last_venue < 0:
        desk.unfilled += 1
        return
    move_makers(book, cell, desk, order, at, order[O_SIZE] // SHARE - left)
    cell.clock = at
    forget_expired(book, cell, at)
    write_best(book, cell, desk, at + 500 + below(book.stream, 20_000))


@njit(cache=True)
def move_makers(book: Book, cell: Any, desk: Any, order: Matrix, ts: int, size: int) -> None:
    """Let makers lean with a trade's direction and look again soon."""
    half = cell.half
    usual = cell.usual * cell.lot
    share = min(size / usual, 3.0) if usual > 0 else 1.0
    lean = lean_at(cell, ts) + order[O_SIDE] * IMPACT * half * share
    most = LEAN_MAX * half
    cell.lean = min(max(lean, -most), most)
    cell.pulse = min(cell.pulse + 1 + int(share), 6)
    soon = ts + int(desk.latency_ns * (0.2 + uniform(book.stream)))
    cell.next_ts = min(cell.next_ts, soon)


@njit(cache=True)
def rest_order(book: Book, cell: Any, desk: Any, order: Matrix, ts: int) -> int:
    """Let an order rest: shown, hidden at a lit venue, or in a dark pool. Return its slot.

    Without a limit it joins its own side's best. A shown or hidden price never reaches the other side.
    """
    side = 0 if order[O_SIDE] > 0 else 1
    kind = DARK if order[O_STYLE] == STYLE_DARK else HIDDEN if order[O_STYLE] == STYLE_HIDDEN else SHOWN
    level, _, venue = best_of(book, cell, side)
    other, _, _ = best_of(book, cell, 1 - side)
    if order[O_LIMIT] > 0:
        level = order[O_LIMIT] // TICK * (1 if side == 0 else -1)
    level = min(level, -other - 1)
    slot = desk.rests
    desk.rests += 1
    row = book.rest[slot]
    row[C_NEXT], cell.head = cell.head, slot
    row[C_SIDE], row[C_LEVEL], row[C_SIZE] = side, level, order[O_SIZE] // SHARE
    row[C_VENUE], row[C_KIND] = (-1 if kind == DARK else venue), kind
    for v in range(VENUES):
        if kind != DARK and order[O_VENUE] == cell.letters[v]:
            row[C_VENUE] = v
    row[C_ORDER], row[C_PARENT], row[C_PURPOSE] = order[O_ORDER], order[O_PARENT], order[O_PURPOSE]
    row[C_CANCEL] = min(order[O_CANCEL_TS], desk.end_ns) if order[O_CANCEL_TS] > 0 else desk.end_ns
    row[C_ROW] = -1 if kind == SHOWN else write_hidden(book, cell, desk, row, order)
    if kind == HIDDEN and row[C_SIZE] >= HOLD_LOTS * cell.lot:
        cell.floor[side] = level
    if kind == SHOWN:
        write_best(book, cell, desk, ts)
    return int(slot)


@njit(cache=True)
def write_hidden(book: Book, cell: Any, desk: Any, rest: Matrix, order: Matrix) -> int:
    """Write hidden inventory as truth; a pegged dark order has no price (-1). Return its row."""
    at = desk.hidden
    desk.hidden += 1
    row = book.hidden[at]
    is_dark = rest[C_KIND] == DARK
    row[D_SYMBOL], row[D_CONTRACT], row[D_SIDE] = order[O_SYMBOL], -1, order[O_SIDE]
    row[D_VENUE] = ord("D") if is_dark else cell.letters[rest[C_VENUE]]
    row[D_PRICE] = -1 if is_dark else (rest[C_LEVEL] if rest[C_SIDE] == 0 else -rest[C_LEVEL]) * TICK
    row[D_SIZE], row[D_PARENT] = rest[C_SIZE] * SHARE, order[O_PARENT]
    row[D_START], row[D_END] = order[O_TS], rest[C_CANCEL]
    return int(at)


@njit(cache=True)
def release_floor(book: Book, cell: Any) -> None:
    """Let the price go where the hidden inventory that held it is gone."""
    for side in range(2):
        if cell.floor[side] != ABSENT:
            slot = best_rest(book, cell, side, HIDDEN)
            is_held = slot >= 0 and book.rest[slot, C_LEVEL] == cell.floor[side]
            if not is_held:
                cell.floor[side] = ABSENT
