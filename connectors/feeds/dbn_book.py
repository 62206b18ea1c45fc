"""Top of book from order by order records, and the best of several venues' quotes: the state of both.

Owns the arrays and their limits. Refuses more than BOOKS_MAX books, ORDERS_MAX resting orders or
CELLS_MAX quotes at a time, in one sentence: such a file is read symbol by symbol.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from connectors.errors import UserError
from connectors.feeds.dbn_kernels import (
    EMPTY,
    LEVELS_MAX,
    NONE,
    Best,
    Events,
    Ints,
    Levels,
    Orders,
    Quotes,
    Tops,
    move_orders,
    run_best,
    run_books,
)

BOOKS_MAX: Final = 20_000
ORDERS_MAX: Final = 1 << 24
ORDERS_FIRST: Final = 1 << 16
BOOKS_FIRST: Final = 64
CELLS_MAX: Final = 1 << 23
UNSEEN: Final = -2  # no top of book was given out yet


class Books:
    """The books of one file, one for each venue and instrument."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._slots: dict[int, int] = {}
        self._orders = _orders(ORDERS_FIRST)
        self._levels = _levels(BOOKS_FIRST)
        self._last = np.full((BOOKS_FIRST, 4), UNSEEN, np.int64)

    def slots(self, keys: Ints) -> Ints:
        """Return the book of each key (a number for venue and instrument), new ones where needed."""
        distinct, places = np.unique(keys, return_inverse=True)
        found = np.array([self._slots.setdefault(k, len(self._slots)) for k in distinct.tolist()], np.int64)
        if len(self._slots) > BOOKS_MAX:
            raise UserError(f"{self._name}: more than {BOOKS_MAX:,} order books; choose symbols")
        while len(self._last) < len(self._slots):
            self._levels = _doubled_levels(self._levels)
            more = np.full_like(self._last, UNSEEN)
            self._last = np.concatenate([self._last, more])
        slots: Ints = found[places]
        return slots

    def apply(self, events: Events) -> Tops:
        """Apply the records of a piece and return the top of book after each."""
        count = len(events.book)
        while (int(self._orders.held[0]) + count) * 2 > len(self._orders.order):
            if len(self._orders.order) >= 2 * ORDERS_MAX:
                raise UserError(f"{self._name}: more than {ORDERS_MAX:,} resting orders; choose symbols")
            larger = _orders(2 * len(self._orders.order))
            move_orders(self._orders, larger)
            self._orders = larger
        bid, ask, bid_size, ask_size = np.full((4, count), NONE, np.int64)
        tops = Tops(bid, ask, bid_size, ask_size, np.zeros(count, np.bool_), self._last)
        run_books(self._orders, self._levels, events, tops)
        return tops


def _orders(places: int) -> Orders:
    side, book = np.zeros(places, np.int32), np.full(places, EMPTY, np.int32)
    price, size = np.zeros(places, np.int64), np.zeros(places, np.int64)
    return Orders(np.zeros(places, np.uint64), book, side, price, size, np.zeros(1, np.int64))


def _levels(books: int) -> Levels:
    shape = (2 * books, LEVELS_MAX)
    count, is_cut = np.zeros(2 * books, np.int64), np.zeros(2 * books, np.bool_)
    return Levels(np.zeros(shape, np.int64), np.zeros(shape, np.int64), count, is_cut)


def _doubled_levels(levels: Levels) -> Levels:
    return Levels(*(np.concatenate([a, np.zeros_like(a)]) for a in levels))


class Venues:
    """The last quote of each venue of each instrument of one file."""

    def __init__(self, venue_count: int, name: str) -> None:
        self._name, self._venues = name, venue_count
        self._state = np.full((0, venue_count, 4), NONE, np.int64)
        self._has_whole = np.zeros(0, np.bool_)

    def apply(self, quotes: Quotes, is_always_whole: bool) -> Best:
        """Turn quotes into the best of all venues, in place; say which rows stand and whose they are."""
        self._reserve(int(quotes.instrument.max(initial=-1)) + 1, is_always_whole)
        count = len(quotes.instrument)
        venues = np.full(count, NONE, np.int64), np.full(count, NONE, np.int64)
        best = Best(self._state, self._has_whole, *venues, np.zeros(count, np.bool_))
        run_best(quotes, best)
        return best

    def _reserve(self, instruments: int, is_always_whole: bool) -> None:
        have = len(self._state)
        if instruments <= have:
            return
        instruments = max(instruments, 2 * have)
        if instruments * self._venues > CELLS_MAX:
            raise UserError(f"{self._name}: more than {CELLS_MAX:,} quotes of single venues; choose symbols")
        more = np.full((instruments - have, self._venues, 4), NONE, np.int64)
        self._state = np.concatenate([self._state, more])
        whole = np.full(instruments - have, is_always_whole, np.bool_)
        self._has_whole = np.concatenate([self._has_whole, whole])
