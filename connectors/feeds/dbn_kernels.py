"""Loops over DBN records that no column expression can say: record starts, order books, best of venues.

Owns the compiled code alone; the arrays it works on belong to `dbn_book`. All of it is in one file, since
the cache of compiled code knows a change by the file. Refuses nothing: an order it does not know is left
out, and levels beyond LEVELS_MAX on a side are found again from the orders when they come into reach.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

Ints: TypeAlias = npt.NDArray[np.int64]
Words: TypeAlias = npt.NDArray[np.uint64]
Small: TypeAlias = npt.NDArray[np.int32]
Flags: TypeAlias = npt.NDArray[np.bool_]
Bytes: TypeAlias = npt.NDArray[np.uint8]

LEVELS_MAX: Final = 256
REFILL_BELOW: Final = 64
EMPTY: Final = -1
NONE: Final = -1  # no price
UNIT: Final = 4
HEAD_BYTES: Final = 16
ADD, CANCEL, MODIFY, CLEAR = 65, 67, 77, 82  # A C M R
BID = 66  # B
LAST_FLAG, BAD_BOOK_FLAG = 128, 4
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_DOWN = np.uint64(29)


class Orders(NamedTuple):
    """Resting orders by (id, book): open addressing, a power of two of places; book EMPTY is free."""

    order: Words
    book: Small
    side: Small  # 0 bid, 1 ask
    price: Ints
    size: Ints
    held: Ints  # how many there are, of length 1


class Levels(NamedTuple):
    """Price levels of each side of each book, row 2 x book + side, best last; an ask's rank is -price."""

    rank: Ints
    size: Ints
    depth: Ints
    is_cut: Flags


class Events(NamedTuple):
    """Records of a piece: book, action, side, order, price, size, flags."""

    book: Small
    action: Bytes
    side: Bytes
    order: Words
    price: Ints
    size: Ints
    flags: Bytes


class Tops(NamedTuple):
    """Top of book after each record, and whether it is to be given out; `last` holds what was, by book."""

    bid: Ints
    ask: Ints
    bid_size: Ints
    ask_size: Ints
    is_new: Flags
    last: Ints


class Quotes(NamedTuple):
    """Quotes of single venues: instrument, place of the venue, prices and sizes; consolidated or not."""

    instrument: Ints
    venue: Ints
    bid: Ints
    ask: Ints
    bid_size: Ints
    ask_size: Ints
    is_whole: Flags


class Best(NamedTuple):
    """Last quotes by (instrument, venue, bid ask bid_size ask_size), and what comes of each record."""

    state: Ints
    has_whole: Flags
    bid_venue: Ints
    ask_venue: Ints
    is_new: Flags


@njit(cache=True)
def find_records(data: Bytes) -> tuple[Ints, int, bool]:
    """Return where each complete record starts, how many bytes they take, and whether a length is wrong."""
    starts = np.empty(len(data) // HEAD_BYTES + 1, np.int64)
    count, at = 0, 0
    while at < len(data):
        length = int(np.int64(data[at])) * UNIT
        if length < HEAD_BYTES:
            return starts[:count], at, True
        if at + length > len(data):
            break
        starts[count] = at
        count += 1
        at += length
    return starts[:count], at, False


@njit(cache=True)
def _home(orders: Orders, order: np.uint64, book: int) -> int:
    mixed = (order ^ (np.uint64(book) * _SPREAD)) * _MIX
    mixed = (mixed ^ (mixed >> _DOWN)) * _SPREAD
    return int(np.int64((mixed >> _DOWN) & np.uint64(len(orders.order) - 1)))


@njit(cache=True)
def _find(orders: Orders, order: np.uint64, book: int) -> int:
    """Return the place of an order, or the free place where it would stand."""
    last = len(orders.order) - 1
    at = _home(orders, order, book)
    while orders.book[at] != EMPTY and not (orders.order[at] == order and orders.book[at] == book):
        at = (at + 1) & last
    return at


@njit(cache=True)
def _forget(orders: Orders, at: int) -> None:
    """Free a place; orders that were pushed behind it move up."""
    last = len(orders.order) - 1
    hole, probe = at, at
    while True:
        probe = (probe + 1) & last
        if orders.book[probe] == EMPTY:
            break
        home = _home(orders, orders.order[probe], orders.book[probe])
        if (probe - home) & last >= (probe - hole) & last:
            orders.order[hole], orders.book[hole] = orders.order[probe], orders.book[probe]
            orders.side[hole], orders.price[hole] = orders.side[probe], orders.price[probe]
            orders.size[hole] = orders.size[probe]
            hole = probe
    orders.book[hole] = EMPTY
    orders.held[0] -= 1


@njit(cache=True)
def move_orders(old: Orders, new: Orders) -> None:
    """Put all orders of one table into a larger, empty one."""
    for at in range(len(old.order)):
        if old.book[at] != EMPTY:
            place = _find(new, old.order[at], old.book[at])
            new.order[place], new.book[place] = old.order[at], old.book[at]
            new.side[place], new.price[place], new.size[place] = old.side[at], old.price[at], old.size[at]
            new.held[0] += 1


@njit(cache=True)
def _more(levels: Levels, row: int, rank: int, size: int) -> None:
    """Add size to a level; where the side is full the worst level is given up."""
    ranks, sizes, count = levels.rank[row], levels.size[row], levels.depth[row]
    at = np.searchsorted(ranks[:count], rank)
    if at < count and ranks[at] == rank:
        sizes[at] += size
        return
    if count == LEVELS_MAX:
        levels.is_cut[row] = True
        if at == 0:
            return
        ranks[: at - 1], sizes[: at - 1] = ranks[1:at].copy(), sizes[1:at].copy()
        at -= 1
    else:
        if at == 0 and levels.is_cut[row]:
            return  # worse than what was given up is not known to be next
        for place in range(count, at, -1):
            ranks[place], sizes[place] = ranks[place - 1], sizes[place - 1]
        levels.depth[row] += 1
    ranks[at], sizes[at] = rank, size


@njit(cache=True)
def _less(levels: Levels, row: int, rank: int, size: int) -> None:
    ranks, sizes, count = levels.rank[row], levels.size[row], levels.depth[row]
    at = np.searchsorted(ranks[:count], rank)
    if at == count or ranks[at] != rank:
        return
    sizes[at] -= size
    if sizes[at] <= 0:
        for place in range(at, count - 1):
            ranks[place], sizes[place] = ranks[place + 1], sizes[place + 1]
        levels.depth[row] -= 1


@njit(cache=True)
def _refill(orders: Orders, levels: Levels, row: int) -> None:
    """Build the levels of a side anew from its orders."""
    levels.depth[row], levels.is_cut[row] = 0, False
    sign = 1 if row % 2 == 0 else -1
    was_cut = False
    for at in range(len(orders.order)):
        if orders.book[at] == row // 2 and orders.side[at] == row % 2:
            levels.is_cut[row] = False
            _more(levels, row, sign * orders.price[at], orders.size[at])
            was_cut = was_cut or levels.is_cut[row]
    levels.is_cut[row] = was_cut


@njit(cache=True)
def _clear(orders: Orders, levels: Levels, book: int) -> None:
    at = 0
    while at < len(orders.order):
        if orders.book[at] == book:
            _forget(orders, at)
        else:
            at += 1
    for row in (2 * book, 2 * book + 1):
        levels.depth[row], levels.is_cut[row] = 0, False


@njit(cache=True)
def _take_off(orders: Orders, levels: Levels, at: int, size: int) -> None:
    """Take size off a resting order, and the order off the book where nothing is left."""
    side = int(np.int64(orders.side[at]))
    row, sign = 2 * int(np.int64(orders.book[at])) + side, 1 - 2 * side
    size = min(size, orders.size[at])
    orders.size[at] -= size
    rank = sign * orders.price[at]
    if orders.size[at] <= 0:
        _forget(orders, at)
    _less(levels, row, rank, size)
    if levels.is_cut[row] and levels.depth[row] < REFILL_BELOW:
        _refill(orders, levels, row)


@njit(cache=True)
def _put_on(orders: Orders, levels: Levels, events: Events, i: int) -> None:
    book, order = int(np.int64(events.book[i])), events.order[i]
    at = _find(orders, order, book)
    if orders.book[at] != EMPTY:
        _take_off(orders, levels, at, orders.size[at])
        at = _find(orders, order, book)
    if events.size[i] <= 0:
        return
    side = 0 if events.side[i] == BID else 1
    orders.order[at], orders.book[at], orders.side[at] = order, book, side
    orders.price[at], orders.size[at] = events.price[i], events.size[i]
    orders.held[0] += 1
    _more(levels, 2 * book + side, (1 - 2 * side) * events.price[i], events.size[i])


@njit(cache=True)
def _top(levels: Levels, row: int) -> tuple[int, int]:
    count = levels.depth[row]
    if count == 0:
        return NONE, 0
    rank = levels.rank[row, count - 1]
    return (rank if row % 2 == 0 else -rank), levels.size[row, count - 1]


@njit(cache=True)
def run_books(orders: Orders, levels: Levels, events: Events, tops: Tops) -> None:
    """Apply records in order; a top is new where an event ends (flag LAST) and it differs from the last."""
    for i in range(len(events.book)):
        action, book = events.action[i], int(np.int64(events.book[i]))
        if action in (ADD, MODIFY):
            _put_on(orders, levels, events, i)
        elif action == CANCEL:
            at = _find(orders, events.order[i], book)
            if orders.book[at] != EMPTY:
                _take_off(orders, levels, at, events.size[i])
        elif action == CLEAR:
            _clear(orders, levels, book)
        if not events.flags[i] & LAST_FLAG:
            continue
        bid, bid_size = _top(levels, 2 * book)
        ask, ask_size = _top(levels, 2 * book + 1)
        if events.flags[i] & BAD_BOOK_FLAG:
            bid, bid_size, ask, ask_size = NONE, 0, NONE, 0
        tops.bid[i], tops.ask[i], tops.bid_size[i], tops.ask_size[i] = bid, ask, bid_size, ask_size
        now = (bid, ask, bid_size, ask_size)
        for place in range(4):
            if tops.last[book, place] != now[place]:
                tops.is_new[i] = True
            tops.last[book, place] = now[place]


@njit(cache=True)
def run_best(quotes: Quotes, best: Best) -> None:
    """Replace each quote of a venue by the best of all venues after it.

    A consolidated quote stands as it is, and from then on those of single venues are passed over. At equal
    prices the larger size is named, then the venue that comes first.
    """
    for i in range(len(quotes.instrument)):
        instrument = quotes.instrument[i]
        if quotes.is_whole[i]:
            best.has_whole[instrument] = True
            best.is_new[i] = True
            continue
        if best.has_whole[instrument]:
            continue
        state = best.state[instrument]
        venue = quotes.venue[i]
        state[venue, 0], state[venue, 1] = quotes.bid[i], quotes.ask[i]
        state[venue, 2], state[venue, 3] = quotes.bid_size[i], quotes.ask_size[i]
        bid_at, ask_at = -1, -1
        for at in range(len(state)):
            if state[at, 0] != NONE and (bid_at < 0 or _is_better(state, at, bid_at, 0)):
                bid_at = at
            if state[at, 1] != NONE and (ask_at < 0 or _is_better(state, at, ask_at, 1)):
                ask_at = at
        quotes.bid[i] = state[bid_at, 0] if bid_at >= 0 else NONE
        quotes.ask[i] = state[ask_at, 1] if ask_at >= 0 else NONE
        quotes.bid_size[i] = state[bid_at, 2] if bid_at >= 0 else 0
        quotes.ask_size[i] = state[ask_at, 3] if ask_at >= 0 else 0
        best.bid_venue[i], best.ask_venue[i] = bid_at, ask_at
        best.is_new[i] = True


@njit(cache=True)
def _is_better(state: Ints, at: int, than: int, side: int) -> bool:
    ahead = state[at, side] - state[than, side]
    if side == 1:
        ahead = -ahead
    is_larger = state[at, 2 + side] > state[than, 2 + side]
    return bool(ahead > 0 or (ahead == 0 and is_larger))
