"""Market makers of options: what each venue shows, and the best of it as the tape sees it.

Owns the quotes of the market makers on every venue and the national best. They quote around the surface's
value at the stock's efficient price; slow venues follow later. Takes no order and writes no print.
"""

import numpy as np
from numba import njit

from synthetic.layout import (
    Q_ASK,
    Q_ASK_SIZE,
    Q_ASK_VENUE,
    Q_BID,
    Q_BID_SIZE,
    Q_BID_VENUE,
    Q_CONTRACT,
    Q_SYMBOL,
    Q_TS,
)
from synthetic.option_layout import (
    BEST_COLUMNS,
    CENT,
    E_CLOCK_END,
    E_QUOTES,
    M_ASK,
    M_ASK_SIZE,
    M_BID,
    M_BID_SIZE,
    MAKER_COLUMNS,
    N_ASK,
    N_ASK_SIZE,
    N_ASK_VENUE,
    N_BID,
    N_BID_SIZE,
    N_BID_VENUE,
    N_HEAD,
    N_LAST,
    PRO_RATA,
    R_NEXT,
    R_PRICE,
    R_SIDE,
    R_SIZE,
    R_VENUE,
    S_DEPTH,
    S_EXPIRY,
    S_HALF,
    S_IMPACT,
    S_IV,
    S_RIGHT,
    S_STRIKE,
    S_SYMBOL,
    S_TICKS,
    S_VENUES,
    TAKER_MAKER,
    VENUE_LETTER,
    VENUE_MODEL,
    VENUES,
    Book,
    Habits,
    Series,
    Spots,
    Stream,
)
from synthetic.rng import bits
from synthetic.surface import tick_of, worth, years_left

LOW_20 = np.uint64((1 << 20) - 1)
S20 = np.uint64(20)
S40 = np.uint64(40)
MILLION = 1048576.0
AT_BEST = 0.5  # share of a venue's sides that stand at the common width
WIDE_MAX = 3.0  # ticks that others stand behind
IMPACT_KEPT = 0.8  # of the impact, each time market makers quote anew


@njit(cache=True)
def stamp(book: Book, contract: int, ts: int) -> int:
    """Return the first free instant of a contract from `ts` on, at the latest the last one of the second.

    What would fall beyond it shares that instant; rows keep the order they were written in.
    """
    ts = min(max(ts, book.state[contract, N_LAST] + 1), book.counters[E_CLOCK_END] - 1)
    book.state[contract, N_LAST] = max(ts, book.state[contract, N_LAST])
    return ts


@njit(cache=True)
def theory(series: Series, spots: Spots, contract: int, ts: int) -> float:
    """Return what a contract is worth in cents."""
    symbol = series.whole[contract, S_SYMBOL]
    step = min((ts - spots.start_ns) // spots.step_ns, spots.price.shape[1] - 1)
    spot = spots.price[symbol, step]
    tau = years_left(series.whole[contract, S_EXPIRY], ts)
    strike, right, iv = (
        series.real[contract, S_STRIKE],
        series.whole[contract, S_RIGHT],
        series.real[contract, S_IV],
    )
    return 100.0 * worth(spot, strike, right, tau, iv, spots.carry[symbol])


@njit(cache=True)
def _size(part: float, depth: float, model: int) -> int:
    """Return a quoted size: many small ones, few great, round numbers among them."""
    scale = depth * (2.0 if model == PRO_RATA else 1.0)
    size = int(scale * (0.12 + part * part / (1.06 - part))) + 1
    if size > 20:
        size -= size % 5
    return int(min(size, 9_999))


@njit(cache=True)
def _sides(worth: float, half: float, tick: int, parts: tuple[float, float]) -> tuple[int, int]:
    """Return bid and ask in cents around a value; a bid of 0 is none."""
    behind_bid = 0.0 if parts[0] < AT_BEST else (parts[0] - AT_BEST) / (1.0 - AT_BEST)
    behind_ask = 0.0 if parts[1] < AT_BEST else (parts[1] - AT_BEST) / (1.0 - AT_BEST)
    bid = int((worth - half) / tick - WIDE_MAX * behind_bid * behind_bid)
    ask = int((worth + half) / tick + WIDE_MAX * behind_ask * behind_ask)
    if ask * tick < worth + half:
        ask += 1
    bid = max(bid, 0)
    return bid * tick, max(ask, bid + 1) * tick


@njit(cache=True)
def other_best(book: Book, contract: int, mask: int) -> tuple[int, int]:
    """Return the best bid (0 none) and ask (huge: none) outside a set of venues, customers included."""
    bid, ask, maker = 0, 1 << 40, book.maker
    for venue in range(VENUES):
        if mask & (1 << venue) == 0:
            if maker[contract, venue, M_BID_SIZE] > 0:
                bid = max(bid, maker[contract, venue, M_BID])
            if maker[contract, venue, M_ASK_SIZE] > 0:
                ask = min(ask, maker[contract, venue, M_ASK])
    slot = book.state[contract, N_HEAD]
    while slot >= 0:
        if book.rest[slot, R_SIDE] > 0:
            bid = max(bid, book.rest[slot, R_PRICE])
        else:
            ask = min(ask, book.rest[slot, R_PRICE])
        slot = book.rest[slot, R_NEXT]
    return bid, ask


@njit(cache=True)
def requote(
    book: Book, series: Series, spots: Spots, habits: Habits, contract: int, ts: int, mask: int, s: Stream
) -> None:
    """Let the market makers of some venues quote a contract anew; nothing is written yet.

    They do not lock or cross what others show, but for a small share of cases in which they do not see it.
    """
    value = theory(series, spots, contract, ts) + series.real[contract, S_IMPACT]
    series.real[contract, S_IMPACT] *= IMPACT_KEPT
    tick = tick_of(value, series.whole[contract, S_TICKS])
    half, depth = max(series.real[contract, S_HALF], 0.5 * tick), series.real[contract, S_DEPTH]
    top_bid, top_ask = other_best(book, contract, mask)
    mask &= series.whole[contract, S_VENUES]
    maker = book.maker
    for venue in range(VENUES):
        if mask & (1 << venue) == 0:
            continue
        word, more = bits(s), bits(s)
        parts = (np.int64(word & LOW_20) / MILLION, np.int64((word >> S20) & LOW_20) / MILLION)
        model = VENUE_MODEL[venue]
        own = half * (1.0 + (0.15 if model == TAKER_MAKER else 0.0))
        bid, ask = _sides(value, own, tick, parts)
        if np.int64((word >> S40) & LOW_20) / MILLION >= habits.cross_share:
            bid, ask = min(bid, top_ask - tick), max(ask, top_bid + tick)
        has_bid = bid > 0
        maker[contract, venue, M_BID] = bid if has_bid else 0
        maker[contract, venue, M_ASK] = ask
        size = _size(np.int64(more & LOW_20) / MILLION, depth, model)
        maker[contract, venue, M_BID_SIZE] = size if has_bid else 0
        maker[contract, venue, M_ASK_SIZE] = _size(np.int64((more >> S20) & LOW_20) / MILLION, depth, model)


@njit(cache=True)
def _add_customers(book: Book, contract: int) -> None:
    """Put resting customers on top of the market makers of their venues, in the scratch copy."""
    shown, rest = book.scratch, book.rest
    slot = book.state[contract, N_HEAD]
    while slot >= 0:
        venue, size, price = rest[slot, R_VENUE], rest[slot, R_SIZE], rest[slot, R_PRICE]
        at = M_BID if rest[slot, R_SIDE] > 0 else M_ASK
        gain = (price - shown[venue, at]) * rest[slot, R_SIDE]
        if shown[venue, at + 2] == 0 or gain > 0:
            shown[venue, at], shown[venue, at + 2] = price, size
        elif gain == 0:
            shown[venue, at + 2] += size
        slot = rest[slot, R_NEXT]


@njit(cache=True)
def national_best(book: Book, contract: int) -> None:
    """Put the best bid and offer over the venues into `book.top`: price, then size, then the first venue."""
    shown, maker, top = book.scratch, book.maker, book.top
    for venue in range(VENUES):
        for column in range(MAKER_COLUMNS):
            shown[venue, column] = maker[contract, venue, column]
    if book.state[contract, N_HEAD] >= 0:
        _add_customers(book, contract)
    bid, bid_size, bid_venue = 0, 0, 0
    ask, ask_size, ask_venue = -1, 0, 0
    for venue in range(VENUES):
        size, price = shown[venue, M_BID_SIZE], shown[venue, M_BID]
        if size > 0 and (price > bid or (price == bid and size > bid_size)):
            bid, bid_size, bid_venue = price, size, venue
        size, price = shown[venue, M_ASK_SIZE], shown[venue, M_ASK]
        if size > 0 and (ask_size == 0 or price < ask or (price == ask and size > ask_size)):
            ask, ask_size, ask_venue = price, size, venue
    top[N_BID], top[N_BID_SIZE], top[N_BID_VENUE] = bid, bid_size, bid_venue
    top[N_ASK], top[N_ASK_SIZE], top[N_ASK_VENUE] = ask, ask_size, ask_venue


@njit(cache=True)
def publish(book: Book, series: Series, contract: int, ts: int) -> None:
    """Write the best bid and offer of a contract if it changed."""
    national_best(book, contract)
    best, shown = book.top, book.state
    is_same = True
    for column in range(BEST_COLUMNS):
        is_same = is_same and shown[contract, column] == best[column]
        shown[contract, column] = best[column]
    if is_same:
        return
    at, rows = book.counters[E_QUOTES], book.quotes
    book.counters[E_QUOTES] = at + 1
    rows[at, Q_TS], rows[at, Q_SYMBOL], rows[at, Q_CONTRACT] = (
        stamp(book, contract, ts),
        series.whole[contract, S_SYMBOL],
        contract,
    )
    rows[at, Q_BID], rows[at, Q_BID_SIZE] = best[N_BID] * CENT, best[N_BID_SIZE]
    rows[at, Q_ASK] = best[N_ASK] * CENT if best[N_ASK_SIZE] > 0 else -1
    rows[at, Q_ASK_SIZE] = best[N_ASK_SIZE]
    rows[at, Q_BID_VENUE] = VENUE_LETTER[best[N_BID_VENUE]] if best[N_BID_SIZE] > 0 else 0
    rows[at, Q_ASK_VENUE] = VENUE_LETTER[best[N_ASK_VENUE]] if best[N_ASK_SIZE] > 0 else 0
