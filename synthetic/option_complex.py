"""How a package trades: all its legs on one venue at once, for one net price.

Owns the pricing of packages: the net lies between the package's bid and offer on a grid of cents or nickels,
each leg inside its own market, all legs within milliseconds. Writes one print for each leg and contra, and
one record of what the package cost. Refuses a package of which a leg has no market.
"""

import numpy as np
from numba import njit

from synthetic.layout import (
    O_CONTRACT,
    O_PACKAGE,
    O_RATIO,
    O_SIDE,
    O_SIZE,
    O_VENUE,
)
from synthetic.option_layout import (
    CENT,
    COMPLEX_VENUES,
    E_DROPPED,
    E_PACKAGES,
    G_FIRST_TS,
    G_LAST_TS,
    G_NET,
    G_PACKAGE,
    G_UNITS,
    G_VENUE,
    M_ASK,
    M_ASK_SIZE,
    M_BID,
    M_BID_SIZE,
    N_ASK,
    N_ASK_SIZE,
    N_BID,
    N_LAST,
    VENUE_LETTER,
    X_CODE,
    X_PLACE,
    Book,
    Habits,
    Series,
    Stream,
)
from synthetic.option_match import after_trade, put_print, venue_of
from synthetic.option_quotes import publish
from synthetic.rng import below, exponential, uniform

LEGS_MAX = 8
NICKEL = 5
NICKEL_SHARE = 0.55  # of packages whose width leaves room for it
CHUNK_NS = 600_000.0
SPAN_MAX_NS = 4_500_000
LEG_NS = 20_000.0
JITTER = 0.45  # of a leg's width: how unevenly a net price falls on the legs
CODES_OF_BOOK = (ord("f"), ord("n"), ord("j"), ord("q"), ord("i"), ord("p"), ord("m"), ord("s"), ord("t"))
CODES_AGAINST_SINGLE = (ord("j"), ord("l"), ord("m"), ord("q"), ord("r"), ord("s"))


@njit(cache=True)
def _is_one_of(code: int, codes: tuple[int, ...]) -> bool:
    found = False
    for other in codes:
        found = found or code == other
    return found


@njit(cache=True)
def _markets(book: Book, legs: np.ndarray, bids: np.ndarray, asks: np.ndarray) -> bool:
    """Fill each leg's bid and ask in cents (turned round where crossed); False where a leg has no offer."""
    for k in range(len(legs)):
        best = book.state[legs[k, O_CONTRACT]]
        if best[N_ASK_SIZE] == 0:
            return False
        bids[k], asks[k] = min(best[N_BID], best[N_ASK]), max(best[N_BID], best[N_ASK])
    return True


@njit(cache=True)
def _net_wanted(legs: np.ndarray, bids: np.ndarray, asks: np.ndarray, s: Stream) -> int:
    """Return the net price in cents that the package's owner pays, on its grid."""
    near, far = 0, 0
    for k in range(len(legs)):
        ratio = legs[k, O_RATIO]
        near += ratio * (bids[k] if ratio > 0 else asks[k])
        far += ratio * (asks[k] if ratio > 0 else bids[k])
    if _is_one_of(legs[0, X_CODE], CODES_AGAINST_SINGLE):
        return int(far)
    net = near + (far - near) * legs[0, X_PLACE] // 1000
    if far - near >= 2 * NICKEL and uniform(s) < NICKEL_SHARE:
        rounded = (net + 2) // NICKEL * NICKEL
        net = rounded if near <= rounded <= far else net
    return int(net)


@njit(cache=True)
def _leg_prices(
    legs: np.ndarray, bids: np.ndarray, asks: np.ndarray, net: int, prices: np.ndarray, s: Stream
) -> int:
    """Fill leg prices inside each leg's market that add up to the net; returns the net they do add up to."""
    left = net
    for k in range(len(legs)):
        way = 0.5 + JITTER * (2.0 * uniform(s) - 1.0)
        prices[k] = max(bids[k] + int((asks[k] - bids[k]) * way + 0.5), 1)
        left -= legs[k, O_RATIO] * prices[k]
    for _ in range(3):
        for k in range(len(legs)):
            ratio = legs[k, O_RATIO]
            moved = left // ratio if left * ratio >= 0 else -(-left // ratio)
            price = min(max(prices[k] + moved, max(bids[k], 1)), max(asks[k], 1))
            left -= ratio * (price - prices[k])
            prices[k] = price
    return net - left


@njit(cache=True)
def _use_up(book: Book, contract: int, venue: int, side: int, price: int, size: int) -> None:
    """Take a leg's contracts from the venue's single-leg market makers, as far as they stand at its price."""
    row = book.maker[contract, venue]
    at, shown = (M_ASK, M_ASK_SIZE) if side > 0 else (M_BID, M_BID_SIZE)
    if row[at] == price:
        row[shown] = max(row[shown] - size, 0)


@njit(cache=True)
def _write_leg(
    book: Book, series: Series, leg: np.ndarray, ts: int, price: int, venue: int, aggressor: int, units: int
) -> None:
    """Write one leg of some units and take what it took from the single-leg book."""
    size, side = abs(leg[O_RATIO]) * units, leg[O_SIDE]
    if _is_one_of(leg[X_CODE], CODES_AGAINST_SINGLE):
        _use_up(book, leg[O_CONTRACT], venue, side, price, size)
    put_print(book, series, leg, ts, price, size, venue, aggressor, -1)


@njit(cache=True)
def _record(book: Book, legs: np.ndarray, net: int, units: int, first: int, venue: int) -> None:
    row = book.groups[book.counters[E_PACKAGES]]
    book.counters[E_PACKAGES] += 1
    row[G_PACKAGE], row[G_NET], row[G_UNITS] = legs[0, O_PACKAGE], net * CENT, units
    row[G_FIRST_TS], row[G_VENUE] = first, VENUE_LETTER[venue]
    row[G_LAST_TS] = book.state[legs[-1, O_CONTRACT], N_LAST]


@njit(cache=True)
def trade_package(book: Book, series: Series, habits: Habits, legs: np.ndarray, ts: int, s: Stream) -> None:
    """Execute a package: `legs` are its rows of the orders, of one identity and time."""
    count = len(legs)
    bids, asks, prices = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.int64)
    if not _markets(book, legs, bids, asks):
        book.counters[E_DROPPED] += 1
        return
    net = _leg_prices(legs, bids, asks, _net_wanted(legs, bids, asks, s), prices, s)
    venue = venue_of(
        series, legs[0, O_CONTRACT], legs[0, O_VENUE], COMPLEX_VENUES[below(s, len(COMPLEX_VENUES))]
    )
    code, units = legs[0, X_CODE], legs[0, O_SIZE] // abs(legs[0, O_RATIO])
    # A package that pays less than the middle was waiting in the complex book when somebody took it.
    taker = 0 if not _is_one_of(code, CODES_OF_BOOK) else (1 if legs[0, X_PLACE] >= 500 else -1)
    chunks = 1 if units < 4 else 1 + below(s, 3)
    left, first, start = units, 0, ts
    for chunk in range(chunks):
        share = left // (chunks - chunk)
        left -= share
        for k in range(count):
            _write_leg(book, series, legs[k], ts, prices[k], venue, taker * legs[k, O_SIDE], share)
            first = book.state[legs[k, O_CONTRACT], N_LAST] if first == 0 else first
            ts = min(ts + int(LEG_NS * exponential(s)) + 1, start + SPAN_MAX_NS)
        ts = min(ts + int(CHUNK_NS * exponential(s)) + 1, start + SPAN_MAX_NS)
    for k in range(count):
        contract = legs[k, O_CONTRACT]
        publish(book, series, contract, book.state[contract, N_LAST] + 3_000)
        after_trade(book, series, habits, contract, legs[k, O_SIDE] * (1 + units // 4), ts, s)
    _record(book, legs, net, units, first, venue)
