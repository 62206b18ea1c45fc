"""How an order for one series meets the other side: takers, auctions, crosses, and customers who wait.

Owns the prints of single orders: one for each contra party, at the venue where it stood. A taker meets
resting customers before market makers at a price, and goes to the next venue or price with what is left.
Refuses packages, whose legs are priced together elsewhere.
"""

import numpy as np
from numba import njit

from synthetic.layout import (
    FLAG_CROSS,
    FLAG_LATE,
    O_CANCEL_TS,
    O_CONTRACT,
    O_CUSTOMER,
    O_LIMIT,
    O_OPEN,
    O_ORDER,
    O_PACKAGE,
    O_PARENT,
    O_PURPOSE,
    O_SIDE,
    O_SIZE,
    O_STYLE,
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
    PURPOSE,
    STYLE,
)
from synthetic.option_book import leave, new_identity, push, rest, resting_at
from synthetic.option_layout import (
    AUCTION_VENUES,
    CANCEL,
    CENT,
    E_DROPPED,
    E_PRINTS,
    HIT,
    M_ASK,
    M_ASK_SIZE,
    M_BID,
    M_BID_SIZE,
    N_ASK,
    N_ASK_SIZE,
    N_BID,
    N_BID_SIZE,
    N_HEAD,
    N_LAST,
    OPTION_ORDER_COLUMNS,
    PRO_RATA,
    R_CONTRACT,
    R_CUSTOMER,
    R_OPEN,
    R_ORDER,
    R_PACKAGE,
    R_PARENT,
    R_PRICE,
    R_PURPOSE,
    R_SIDE,
    R_SIZE,
    R_VENUE,
    REFILL,
    S_DEPTH,
    S_HALF,
    S_IMPACT,
    S_PROMPT,
    S_SYMBOL,
    S_TICKS,
    S_VENUES,
    VENUE_BIT,
    VENUE_LETTER,
    VENUE_MODEL,
    VENUES,
    X_CODE,
    X_CONTRA_OPEN,
    X_DELAY,
    X_PLACE,
    Book,
    Habits,
    Series,
    Spots,
    Stream,
)
from synthetic.option_quotes import national_best, publish, stamp, theory
from synthetic.rng import below, exponential, uniform
from synthetic.surface import tick_of

SWEEP = STYLE["sweep"]
MARKET_MAKER = PURPOSE["market_maker"]
HOPS_MAX = 20
CODE_ELECTRONIC = ord("I")
PRINTS_PER_ORDER = 128  # that one order, package or event can write at most
ROUTE_NS = 700_000.0  # mean time to the next venue
SWEEP_NS = 90_000.0
AUCTION_MIN_NS = 3_000_000.0
AUCTION_NS = 40_000_000.0
LOOKS_AGAIN = 2.0  # how much longer a market maker waits before it looks again


@njit(cache=True)
def put_print(
    book: Book,
    series: Series,
    order: np.ndarray,
    ts: int,
    price: int,
    size: int,
    venue: int,
    aggressor: int,
    slot: int,
) -> None:
    """Write one fill of `order` against a resting customer (`slot`) or a market maker (slot -1)."""
    row = book.prints[book.counters[E_PRINTS]]
    book.counters[E_PRINTS] += 1
    contract, side = order[O_CONTRACT], order[O_SIDE]
    row[P_TS] = stamp(book, contract, ts)
    row[P_SYMBOL], row[P_CONTRACT] = series.whole[contract, S_SYMBOL], contract
    row[P_PRICE], row[P_SIZE], row[P_VENUE], row[P_CODE] = (
        price * CENT,
        size,
        VENUE_LETTER[venue],
        order[X_CODE],
    )
    row[P_AGGRESSOR] = aggressor
    is_contra_customer = book.rest[slot, R_CUSTOMER] if slot >= 0 else 0
    row[P_CUSTOMER] = side * (order[O_CUSTOMER] - is_contra_customer)
    opened, contra = size * order[O_OPEN], size * order[X_CONTRA_OPEN]
    row[P_OPEN_BUY] = opened if side > 0 else contra
    row[P_OPEN_SELL] = contra if side > 0 else opened
    row[P_ORDER], row[P_PARENT] = order[O_ORDER], order[O_PARENT]
    row[P_RESTING] = book.rest[slot, R_ORDER] if slot >= 0 else -1
    row[P_RESTING_PARENT] = book.rest[slot, R_PARENT] if slot >= 0 else -1
    row[P_PACKAGE], row[P_PURPOSE] = order[O_PACKAGE], order[O_PURPOSE]
    row[P_FLAGS] = (0 if aggressor != 0 else FLAG_CROSS) | (FLAG_LATE if order[X_DELAY] > 0 else 0)
    row[P_FLAGS] |= series.whole[contract, S_PROMPT]
    row[P_DELAY] = order[X_DELAY]


@njit(cache=True)
def after_trade(
    book: Book, series: Series, habits: Habits, contract: int, signed: int, ts: int, s: Stream
) -> None:
    """Let market makers learn from a trade and plan when they quote again."""
    weight = min(abs(signed) / max(series.real[contract, S_DEPTH] * 4.0, 1.0), 1.0)
    series.real[contract, S_IMPACT] += (
        (1 if signed > 0 else -1) * habits.impact * weight * series.real[contract, S_HALF]
    )
    push(book, ts + int(habits.refill_ns * exponential(s)) + 20_000, REFILL, contract, 0)


@njit(cache=True)
def _fill_at(
    book: Book, series: Series, order: np.ndarray, ts: int, price: int, venue: int, left: int, s: Stream
) -> int:
    """Trade at one venue and price; returns what is left."""
    contract, side = order[O_CONTRACT], order[O_SIDE]
    for _ in range(8):
        slot = resting_at(book, contract, venue, -side)
        if left == 0 or slot < 0 or (book.rest[slot, R_PRICE] - price) * side > 0:
            break
        size = min(left, book.rest[slot, R_SIZE])
        put_print(book, series, order, ts, price, size, venue, side, slot)
        book.rest[slot, R_SIZE] -= size
        left -= size
        if book.rest[slot, R_SIZE] == 0:
            leave(book, slot)
    row = book.maker[contract, venue]
    at, shown = (M_ASK, M_ASK_SIZE) if side > 0 else (M_BID, M_BID_SIZE)
    if left > 0 and row[shown] > 0 and (row[at] - price) * side <= 0:
        size = min(left, row[shown])
        row[shown] -= size
        left -= size
        parts = 1 + below(s, 3) if VENUE_MODEL[venue] == PRO_RATA and size >= 12 else 1
        for part in range(parts):
            share = size // (parts - part)
            size -= share
            put_print(book, series, order, ts, price, share, venue, side, -1)
    return left


@njit(cache=True)
def _wanted_venue(book: Book, order: np.ndarray, at: int, price: int, other: int) -> int:
    """Return the venue an order was sent to where it shows the best price, else another."""
    for venue in range(VENUES):
        row = book.maker[order[O_CONTRACT], venue]
        if VENUE_LETTER[venue] == order[O_VENUE] and row[at] == price and row[at + 2] > 0:
            return venue
    return other


@njit(cache=True)
def take(book: Book, series: Series, habits: Habits, order: np.ndarray, ts: int, s: Stream) -> int:
    """Let an order take what stands on the other side, venue by venue; returns what is left at its limit.

    A market order is always filled: the last market maker met takes the rest one tick further away.
    """
    contract, side, left = order[O_CONTRACT], order[O_SIDE], order[O_SIZE]
    at, shown = (N_ASK, N_ASK_SIZE) if side > 0 else (N_BID, N_BID_SIZE)
    best = book.top
    price, venue, hops = 0, 0, 0
    while left > 0 and hops < HOPS_MAX:
        national_best(book, contract)
        if best[shown] == 0 or (order[O_LIMIT] > 0 and (best[at] * CENT - order[O_LIMIT]) * side > 0):
            break
        price, venue = best[at], best[at + 4]
        if order[O_VENUE] > 0:
            venue = _wanted_venue(book, order, at, price, venue)
        left = _fill_at(book, series, order, ts, price, venue, left, s)
        publish(book, series, contract, book.state[contract, N_LAST] + 3_000)
        ts += int((SWEEP_NS if order[O_STYLE] == SWEEP else ROUTE_NS) * exponential(s)) + 1_000
        hops += 1
    if left > 0 and order[O_LIMIT] == 0:
        # Nobody is left, or nobody bids at all: a market maker of the last venue takes the rest a tick away.
        tick = tick_of(price, series.whole[contract, S_TICKS])
        put_print(book, series, order, ts, max(price + side * tick, tick), left, venue, side, -1)
        left = 0
    if left < order[O_SIZE]:
        after_trade(book, series, habits, contract, side * (order[O_SIZE] - left), ts, s)
    return int(left)


@njit(cache=True)
def _place(book: Book, contract: int, side: int, place: int) -> int:
    """Return a price in cents, `place` permille of the way from a side's best to the other's; 0 none."""
    bid, ask = book.state[contract, N_BID], book.state[contract, N_ASK]
    if book.state[contract, N_ASK_SIZE] == 0:
        return 0
    bid, ask = min(bid, ask), max(bid, ask)  # a crossed market is turned round
    way = ((ask - bid) * place + 500) // 1000
    return int(max(bid + way if side > 0 else ask - way, 1))


@njit(cache=True)
def auction(book: Book, series: Series, habits: Habits, order: np.ndarray, ts: int, s: Stream) -> None:
    """Match a retail order in a price improvement auction, against one wholesaler or a few that answered."""
    contract, side, left = order[O_CONTRACT], order[O_SIDE], order[O_SIZE]
    price = _place(book, contract, side, order[X_PLACE])
    if price <= 0:
        order[X_CODE] = CODE_ELECTRONIC
        take(book, series, habits, order, ts, s)
        return
    venue = venue_of(series, contract, order[O_VENUE], AUCTION_VENUES[below(s, len(AUCTION_VENUES))])
    parts = 1 + below(s, 3) if left >= 10 and uniform(s) < 0.25 else 1
    for part in range(parts):
        share = left // (parts - part)
        left -= share
        put_print(book, series, order, ts, price, share, venue, 0, -1)


@njit(cache=True)
def venue_of(series: Series, contract: int, letter: int, other: int) -> int:
    """Return the index of a venue's letter where the contract trades there, else one that trades it."""
    for venue in range(VENUES):
        if VENUE_LETTER[venue] == letter and series.whole[contract, S_VENUES] & VENUE_BIT[venue]:
            return venue
    for step in range(VENUES):
        venue = (other + step) % VENUES
        if series.whole[contract, S_VENUES] & VENUE_BIT[venue]:
            return venue
    return other


@njit(cache=True)
def cross(book: Book, series: Series, order: np.ndarray, ts: int, aggressor: int, s: Stream) -> None:
    """Print a trade agreed beforehand inside the market: a cross, or a trade on a floor."""
    contract = order[O_CONTRACT]
    price = _place(book, contract, order[O_SIDE], order[X_PLACE])
    if price <= 0:
        book.counters[E_DROPPED] += 1
        return
    venue = venue_of(series, contract, order[O_VENUE], below(s, VENUES))
    put_print(book, series, order, ts, price, order[O_SIZE], venue, aggressor, -1)


@njit(cache=True)
def post(book: Book, series: Series, habits: Habits, order: np.ndarray, ts: int, s: Stream) -> None:
    """Let a customer's limit order rest inside or at the best quote, and market makers look at it later."""
    contract, side = order[O_CONTRACT], order[O_SIDE]
    price = _place(book, contract, side, order[X_PLACE])
    if price <= 0:
        book.counters[E_DROPPED] += 1
        return
    tick = tick_of(price, series.whole[contract, S_TICKS])
    bid, ask = book.state[contract, N_BID], book.state[contract, N_ASK]
    price = price // tick * tick if side > 0 else -(-price // tick) * tick
    price = max(min(price, ask - tick), tick) if side > 0 else max(price, bid + tick)
    venue = venue_of(series, contract, order[O_VENUE], below(s, VENUES))
    slot = rest(book, order, price, order[O_SIZE], venue)
    publish(book, series, contract, ts)
    push(book, ts + int(habits.hit_ns * exponential(s)) + 1_000_000, HIT, slot, order[O_ORDER])
    if order[O_CANCEL_TS] > 0:
        push(book, order[O_CANCEL_TS], CANCEL, slot, order[O_ORDER])


@njit(cache=True)
def _hit(book: Book, series: Series, habits: Habits, slot: int, ts: int, size: int, s: Stream) -> None:
    """Let a market maker trade with a resting customer."""
    order = np.zeros(OPTION_ORDER_COLUMNS, np.int64)
    row = book.rest[slot]
    contract, side, price, venue = row[R_CONTRACT], -row[R_SIDE], row[R_PRICE], row[R_VENUE]
    order[O_CONTRACT], order[O_SIDE], order[O_SIZE], order[X_CODE] = contract, side, size, CODE_ELECTRONIC
    order[O_ORDER], order[O_PARENT], order[O_PACKAGE] = new_identity(book), -1, row[R_PACKAGE]
    # The market maker closes with what the customer opens and the reverse: open interest does not move.
    order[O_OPEN], order[X_CONTRA_OPEN] = 1 - row[R_OPEN], row[R_OPEN]
    order[O_PURPOSE] = row[R_PURPOSE]
    put_print(book, series, order, ts, price, size, venue, side, slot)
    row[R_SIZE] -= size
    if row[R_SIZE] == 0:
        leave(book, slot)
    publish(book, series, contract, book.state[contract, N_LAST] + 3_000)
    after_trade(book, series, habits, contract, side * size, ts, s)


@njit(cache=True)
def look_at(
    book: Book, series: Series, spots: Spots, habits: Habits, slot: int, order: int, ts: int, s: Stream
) -> None:
    """Let a market maker look at a resting customer and take the order if the price is good enough for it."""
    row = book.rest[slot]
    if row[R_ORDER] != order:
        return
    contract = row[R_CONTRACT]
    worth = theory(series, spots, contract, ts)
    gain = (row[R_PRICE] - worth) * row[R_SIDE]
    if gain >= -habits.hit_edge * series.real[contract, S_HALF] * exponential(s):
        is_whole = uniform(s) < habits.size_whole
        _hit(book, series, habits, slot, ts, row[R_SIZE] if is_whole else 1 + below(s, row[R_SIZE]), s)
    if row[R_ORDER] == order:
        push(book, ts + int(LOOKS_AGAIN * habits.hit_ns * exponential(s)) + 1_000_000, HIT, slot, order)


@njit(cache=True)
def pick_off(
    book: Book, series: Series, spots: Spots, habits: Habits, contract: int, ts: int, s: Stream
) -> None:
    """Let market makers take resting customers whom the value has left behind."""
    if book.state[contract, N_HEAD] < 0:
        return
    worth = theory(series, spots, contract, ts)
    half = series.real[contract, S_HALF]
    for side in (1, -1):
        slot = resting_at(book, contract, -1, side)
        if slot >= 0 and (book.rest[slot, R_PRICE] - worth) * side > 0.5 * half:
            _hit(book, series, habits, slot, ts, book.rest[slot, R_SIZE], s)
