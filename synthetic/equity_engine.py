"""One second of the equity market: every symbol's looks and orders in the order of their times.

Owns the loop that calls the books, the lit matching and the off-exchange trades, and the takers that pick
off stale quotes. Symbols do not meet, so each runs through its second alone. Refuses to grow a buffer: it
stops where one is nearly full and says where to go on.
"""

from typing import Any, Final

import numpy as np
from numba import njit

from synthetic.equity_book import forget_expired, look, schedule_look, write_best
from synthetic.equity_dark import auction, elsewhere, midpoint, negotiated, pegged, wholesale
from synthetic.equity_layout import (
    ABSENT,
    B_ASK,
    B_BID,
    B_BID_SIZE,
    Book,
)
from synthetic.equity_match import release_floor, rest_order, take
from synthetic.layout import (
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
    ORDER_COLUMNS,
    PURPOSE,
    SHARE,
    STYLE,
    TICK,
    Matrix,
)
from synthetic.rng import below, exponential, uniform
from synthetic.universe import Floats

PRINTS_SPARE: Final = 96  # more than one event can write
QUOTES_SPARE: Final = 8
PICK_OFF: Final = 0.55  # half spreads by which a quote must be stale
PICK_OFF_CHANCE: Final = 0.8
FOLLOW_CHANCE: Final = 0.17  # that a quote that moved is traded at right away
FOLLOW_SOONEST_NS: Final = 1_200_000
FOLLOW_NS: Final = 2_500_000.0
FOLLOW_SWEEPS: Final = 0.55
FOLLOW_WITH: Final = 0.7  # in the direction of the move
FOLLOW_ODD: Final = 0.4
STYLE_SWEEP: Final = STYLE["sweep"]
STYLE_ROUTE: Final = STYLE["route_best"]
STYLE_POST: Final = STYLE["post"]
STYLE_HIDDEN: Final = STYLE["hidden"]
STYLE_DARK: Final = STYLE["dark"]
STYLE_WHOLESALE: Final = STYLE["wholesale"]
STYLE_MIDPOINT: Final = STYLE["midpoint"]
STYLE_PEG: Final = STYLE["peg"]
STYLE_NEGOTIATED: Final = STYLE["negotiated"]
STYLE_OPEN: Final = STYLE["open_cross"]
STYLE_CLOSE: Final = STYLE["close_cross"]
MARKET_MAKER: Final = PURPOSE["market_maker"]
PROFESSIONAL: Final = PURPOSE["noise_professional"]


@njit(cache=True)
def execute(book: Book, cell: Any, desk: Any, path: Floats, order: Matrix, ts: int) -> None:
    """Send an order to where its style says."""
    style = order[O_STYLE]
    if style in (STYLE_SWEEP, STYLE_ROUTE):
        take(book, cell, desk, order, ts)
    elif style in (STYLE_POST, STYLE_HIDDEN, STYLE_DARK):
        rest_order(book, cell, desk, order, ts)
    elif style == STYLE_WHOLESALE:
        wholesale(book, cell, desk, order, ts)
    elif style == STYLE_MIDPOINT:
        midpoint(book, cell, desk, order, ts)
    elif style == STYLE_PEG:
        pegged(book, cell, desk, order, ts)
    elif style == STYLE_NEGOTIATED:
        negotiated(book, cell, desk, order, ts)
    elif style in (STYLE_OPEN, STYLE_CLOSE):
        auction(book, cell, desk, path, order, ts)
    else:
        elsewhere(book, cell, desk, path, order, ts)


@njit(cache=True)
def pick_off(book: Book, cell: Any, desk: Any, price: float, ts: int) -> None:
    """Let a fast trader take a quote that a maker who looked at `price` sees to be stale."""
    s = book.stream
    for side in range(2):
        level, size = cell.best[B_BID + side], cell.best[B_BID_SIZE + side]
        sign = 1.0 if side == 0 else -1.0
        if level - sign * price < PICK_OFF * cell.half + 0.3 or uniform(s) > PICK_OFF_CHANCE:
            continue
        order = np.zeros(ORDER_COLUMNS, np.int64)
        order[O_TS], order[O_SYMBOL], order[O_STYLE] = ts, cell.symbol, STYLE_SWEEP
        order[O_SIDE] = -1 if side == 0 else 1
        order[O_SIZE] = min(size, cell.lot * (1 + below(s, 5))) * SHARE
        order[O_LIMIT] = (level if side == 0 else -level) * TICK
        order[O_ORDER], order[O_PARENT], order[O_PACKAGE] = desk.identity, -1, -1
        order[O_PURPOSE], order[O_CUSTOMER] = MARKET_MAKER, 0
        desk.identity += 1
        take(book, cell, desk, order, ts)


@njit(cache=True)
def follow(book: Book, cell: Any, desk: Any, moved: int, ts: int) -> None:
    """Let somebody trade at a quote that has just moved, with or against the move."""
    s = book.stream
    if uniform(s) > FOLLOW_CHANCE:
        return
    order = np.zeros(ORDER_COLUMNS, np.int64)
    at = ts + FOLLOW_SOONEST_NS + int(FOLLOW_NS * exponential(s))
    order[O_TS], order[O_SYMBOL] = at, cell.symbol
    order[O_STYLE] = STYLE_SWEEP if uniform(s) < FOLLOW_SWEEPS else STYLE_ROUTE
    order[O_SIDE] = moved if uniform(s) < FOLLOW_WITH else -moved
    order[O_SIZE] = cell.lot * (1 + below(s, 3)) * SHARE
    if cell.lot > 1 and uniform(s) < FOLLOW_ODD:
        order[O_SIZE] = (1 + below(s, cell.lot - 1)) * SHARE
    order[O_ORDER], order[O_PARENT], order[O_PACKAGE] = desk.identity, -1, -1
    order[O_PURPOSE], order[O_CUSTOMER] = PROFESSIONAL, 1
    desk.identity += 1
    take(book, cell, desk, order, at)


@njit(cache=True)
def run_second(book: Book, cells: Any, desk: Any, prices: Floats, orders: Matrix, state: Matrix) -> bool:
    """Run a second over all symbols; `state` is [symbol, order] to start from and is moved on.

    `orders` are sorted by symbol, then time. Returns whether the second is done; if not, a buffer is nearly
    full, and the call is to be repeated with greater ones.
    """
    end = desk.second_end
    for symbol in range(state[0], len(cells)):
        cell, path, at = cells[symbol], prices[symbol], state[1]
        while True:
            has_order = at < len(orders) and orders[at, O_SYMBOL] == symbol
            order_ts = orders[at, O_TS] if has_order else end
            ts = min(order_ts, cell.next_ts)
            if ts >= end:
                break
            if desk.prints + PRINTS_SPARE > len(book.prints) or desk.quotes + QUOTES_SPARE > len(book.quotes):
                state[0], state[1] = symbol, at
                return False
            is_look = cell.next_ts < order_ts
            ts = max(ts, cell.clock + 1)
            cell.clock = ts
            if cell.head >= 0:
                forget_expired(book, cell, ts)
                release_floor(book, cell)
            if cell.best[B_BID] == ABSENT:
                write_best(book, cell, desk, ts - 1)
            if is_look:
                schedule_look(cell, desk, ts, book.stream)
                before = cell.best[B_BID] - cell.best[B_ASK]
                price = look(book, cell, desk, path, ts)
                write_best(book, cell, desk, ts)
                pick_off(book, cell, desk, price, ts)
                moved = cell.best[B_BID] - cell.best[B_ASK] - before
                if moved != 0:
                    follow(book, cell, desk, 1 if moved > 0 else -1, ts)
            else:
                execute(book, cell, desk, path, orders[at], ts)
                at += 1
        state[0], state[1] = symbol + 1, at
    return True
