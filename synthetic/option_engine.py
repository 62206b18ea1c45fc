"""The option market at work: one call for each second of event time, over all series.

Owns the order in which things happen (orders, looks before them, quotes by the clock, planned events) and the
buffers they are written to. Refuses nothing: a buffer that is nearly full stops the kernel between two
events, is made larger and the kernel goes on.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from synthetic.layout import (
    O_CONTRACT,
    O_SIDE,
    O_STYLE,
    O_TS,
    P_TS,
    PRINT_COLUMNS,
    Q_TS,
    QUOTE_COLUMNS,
    ROWS_MAX,
    SECOND_NS,
    STYLE,
)
from synthetic.option_book import leave, pop, push
from synthetic.option_complex import trade_package
from synthetic.option_layout import (
    ALL_VENUES,
    BEST_COLUMNS,
    CANCEL,
    COUNTERS,
    E_CLOCK_END,
    E_FREE,
    E_HEAP,
    E_IDENTITY,
    E_LOOK,
    E_NEXT_REFRESH,
    E_ORDER,
    E_PACKAGES,
    E_PRINTS,
    E_QUOTES,
    FAST_VENUES,
    GROUP_COLUMNS,
    H_TS,
    HEAP_COLUMNS,
    HIT,
    MAKER_COLUMNS,
    N_ASK,
    N_ASK_SIZE,
    N_HEAD,
    N_LAST,
    R_CONTRACT,
    R_ORDER,
    REST_COLUMNS,
    STATE_COLUMNS,
    VENUES,
    WAVE,
    X_LEGS,
    Book,
    Floats,
    Habits,
    Matrix,
    Series,
    Spots,
    Stream,
)
from synthetic.option_match import auction, cross, look_at, pick_off, post, take
from synthetic.option_quotes import publish, requote
from synthetic.rng import exponential, uniform

ROOM = 256  # rows that one event can write at most
FOREVER = 1 << 62
S_AUCTION = STYLE["auction"]
S_POST = STYLE["post"]
S_FLOOR = STYLE["floor"]
S_CROSS = STYLE["cross"]
S_QCC = STYLE["qcc"]
S_STOCK_TIED = STYLE["stock_tied"]
S_COMPLEX = STYLE["complex"]
S_COMPLEX_AUCTION = STYLE["complex_auction"]


class Work(NamedTuple):
    """What a block brings: its orders, the looks before them and how often series are quoted."""

    orders: Matrix  # sorted by time
    looks: Matrix  # [row, (time, contract)] sorted by time
    weight: Floats  # cumulated weights of series, the last is the sum
    refresh_ns: Floats  # mean time between quotes by the clock, by second of the block
    start_ns: int


@njit(cache=True)
def _quote(
    book: Book, series: Series, spots: Spots, habits: Habits, contract: int, ts: int, s: Stream
) -> None:
    """Let fast venues quote a contract and plan the slow ones; the first time all of them quote."""
    if book.state[contract, N_LAST] == 0:
        requote(book, series, spots, habits, contract, ts, ALL_VENUES, s)
    else:
        requote(book, series, spots, habits, contract, ts, FAST_VENUES, s)
        push(book, ts + int(habits.slow_ns * exponential(s)) + 30_000, WAVE, contract, 0)
    publish(book, series, contract, ts)
    pick_off(book, series, spots, habits, contract, ts + 200_000, s)


@njit(cache=True)
def _planned(book: Book, series: Series, spots: Spots, habits: Habits, s: Stream) -> None:
    """Let the earliest planned event happen."""
    ts, kind, a, b = pop(book)
    if kind == HIT:
        look_at(book, series, spots, habits, a, b, ts, s)
    elif kind == CANCEL:
        if book.rest[a, R_ORDER] == b:
            contract = book.rest[a, R_CONTRACT]
            leave(book, a)
            publish(book, series, contract, ts)
    else:
        mask = ALL_VENUES ^ FAST_VENUES if kind == WAVE else ALL_VENUES
        requote(book, series, spots, habits, a, ts, mask, s)
        publish(book, series, a, ts)
        pick_off(book, series, spots, habits, a, ts + 200_000, s)


@njit(cache=True)
def _have_market(
    book: Book, series: Series, spots: Spots, habits: Habits, contract: int, ts: int, s: Stream
) -> None:
    """Let market makers quote at once where nobody offers, so that every market order finds somebody."""
    if book.state[contract, N_ASK_SIZE] == 0 or book.state[contract, N_LAST] == 0:
        requote(book, series, spots, habits, contract, ts, ALL_VENUES, s)
        publish(book, series, contract, ts)


@njit(cache=True)
def _order(
    book: Book, series: Series, spots: Spots, habits: Habits, orders: Matrix, at: int, s: Stream
) -> int:
    """Execute the order in a row, or the package that begins there; returns how many rows that were."""
    order = orders[at]
    ts, style = order[O_TS], order[O_STYLE]
    for leg in range(at, at + max(order[X_LEGS], 1)):
        _have_market(book, series, spots, habits, orders[leg, O_CONTRACT], ts, s)
    if style in (S_COMPLEX, S_COMPLEX_AUCTION):
        trade_package(book, series, habits, orders[at : at + order[X_LEGS]], ts, s)
        return int(order[X_LEGS])
    if style == S_POST:
        post(book, series, habits, order, ts, s)
    elif style == S_AUCTION:
        auction(book, series, habits, order, ts, s)
    elif style == S_FLOOR:
        cross(book, series, order, ts, order[O_SIDE], s)
    elif style in (S_CROSS, S_QCC, S_STOCK_TIED):
        cross(book, series, order, ts, 0, s)
    else:
        take(book, series, habits, order, ts, s)
    return 1


@njit(cache=True)
def _pick(weight: Floats, s: Stream) -> int:
    """Return a contract by cumulated weights."""
    want = uniform(s) * weight[-1]
    low, high = 0, len(weight) - 1
    while low < high:
        middle = (low + high) >> 1
        if weight[middle] < want:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True)
def _has_room(book: Book) -> bool:
    """Say whether one more event surely fits."""
    counters = book.counters
    return bool(
        counters[E_PRINTS] + ROOM < len(book.prints)
        and counters[E_QUOTES] + ROOM < len(book.quotes)
        and counters[E_PACKAGES] + 1 < len(book.groups)
        and counters[E_HEAP] + ROOM < len(book.heap)
        and counters[E_FREE] > 1
    )


@njit(cache=True)
def run(book: Book, series: Series, spots: Spots, habits: Habits, work: Work, until: int, s: Stream) -> bool:
    """Let everything before `until` happen; False where a buffer must grow first."""
    counters, orders, looks = book.counters, work.orders, work.looks
    while True:
        at, look = counters[E_ORDER], counters[E_LOOK]
        order_ts = orders[at, O_TS] if at < len(orders) else FOREVER
        look_ts = looks[look, 0] if look < len(looks) else FOREVER
        heap_ts = book.heap[0, H_TS] if counters[E_HEAP] > 0 else FOREVER
        clock_ts = counters[E_NEXT_REFRESH]
        ts = min(min(order_ts, look_ts), min(heap_ts, clock_ts))
        if ts >= until:
            return True
        if not _has_room(book):
            return False
        if ts == look_ts:
            counters[E_LOOK] += 1
            _quote(book, series, spots, habits, looks[look, 1], ts, s)
        elif ts == order_ts:
            counters[E_ORDER] += _order(book, series, spots, habits, orders, at, s)
        elif ts == heap_ts:
            _planned(book, series, spots, habits, s)
        else:
            second = min((ts - work.start_ns) // SECOND_NS, len(work.refresh_ns) - 1)
            counters[E_NEXT_REFRESH] = ts + int(work.refresh_ns[second] * exponential(s)) + 1
            _quote(book, series, spots, habits, _pick(work.weight, s), ts, s)


def new_book(contracts: int, start_ns: int, identity: int) -> Book:
    """Return an empty book; market makers' own orders count up from `identity`."""
    slots = 4096
    counters = np.zeros(COUNTERS, np.int64)
    counters[E_FREE], counters[E_IDENTITY], counters[E_NEXT_REFRESH] = slots, identity, start_ns
    state = np.zeros((contracts, STATE_COLUMNS), np.int64)
    state[:, N_ASK] = state[:, N_HEAD] = -1
    return Book(
        maker=np.zeros((contracts, VENUES, MAKER_COLUMNS), np.int32),
        state=state,
        rest=np.zeros((slots, REST_COLUMNS), np.int64),
        free=np.arange(slots, dtype=np.int64),
        heap=np.zeros((16_384, HEAP_COLUMNS), np.int64),
        prints=np.zeros((8_192, PRINT_COLUMNS), np.int64),
        quotes=np.zeros((32_768, QUOTE_COLUMNS), np.int64),
        groups=np.zeros((4_096, GROUP_COLUMNS), np.int64),
        counters=counters,
        scratch=np.zeros((VENUES, MAKER_COLUMNS), np.int64),
        top=np.zeros(BEST_COLUMNS, np.int64),
    )


def _twice(rows: Matrix) -> Matrix:
    assert 2 * len(rows) <= ROWS_MAX, f"{2 * len(rows)} rows asked for, {ROWS_MAX} are the limit"
    grown = np.zeros((2 * len(rows), rows.shape[1]), np.int64)
    grown[: len(rows)] = rows
    return grown


def enlarge(book: Book) -> Book:
    """Return the book with more room wherever it is nearly full."""
    counters = book.counters
    if counters[E_PRINTS] + ROOM >= len(book.prints):
        book = book._replace(prints=_twice(book.prints))
    if counters[E_QUOTES] + ROOM >= len(book.quotes):
        book = book._replace(quotes=_twice(book.quotes))
    if counters[E_PACKAGES] + 1 >= len(book.groups):
        book = book._replace(groups=_twice(book.groups))
    if counters[E_HEAP] + ROOM >= len(book.heap):
        book = book._replace(heap=_twice(book.heap))
    if counters[E_FREE] <= 1:
        slots = len(book.rest)
        free = np.zeros(2 * slots, np.int64)
        count = int(counters[E_FREE])
        free[:count] = book.free[:count]
        free[count : count + slots] = np.arange(slots, 2 * slots)
        counters[E_FREE] = count + slots
        book = book._replace(rest=_twice(book.rest), free=free)
    return book


def taken(rows: Matrix, count: int, column: int) -> Matrix:
    """Return a copy of the rows written, in time order."""
    written = rows[:count]
    return written[np.argsort(written[:, column], kind="stable")]


class Engine:
    """A block of the option market, run second by second."""

    def __init__(
        self, book: Book, series: Series, spots: Spots, habits: Habits, work: Work, s: Stream
    ) -> None:
        self._book, self._parts, self._stream = book, (series, spots, habits, work), s

    def second(self, until: int) -> tuple[Matrix, Matrix]:
        """Return the prints and quotes up to a time, each in time order."""
        series, spots, habits, work = self._parts
        counters = self._book.counters
        counters[E_PRINTS] = counters[E_QUOTES] = 0
        counters[E_CLOCK_END] = until
        while not run(self._book, series, spots, habits, work, until, self._stream):
            self._book = enlarge(self._book)
        prints = taken(self._book.prints, int(counters[E_PRINTS]), P_TS)
        return prints, taken(self._book.quotes, int(counters[E_QUOTES]), Q_TS)

    def groups(self) -> Matrix:
        """Return what the packages of the block cost so far."""
        return self._book.groups[: self._book.counters[E_PACKAGES]].copy()

    def dropped(self) -> int:
        """Return how many orders found no market."""
        return int(self._book.counters[-1])
