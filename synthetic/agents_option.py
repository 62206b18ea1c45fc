"""Agents who trade one option series at a time, and what they order in a block.

Owns retail customers (auctions of wholesalers, lit routes, orders that wait), the crowd of series that expire
today, professionals, institutions that finish within a block, floor trades, qualified contingent crosses and
dividend plays. Each writes orders; sweeps, splits and blocks come of how the market meets them.
"""

import numpy as np
from numba import njit

from synthetic.agents_option_scene import (
    Desk,
    Scene,
    after,
    cancel_time,
    draw_adjusted,
    draw_contract,
    draw_strike,
    draw_symbol,
    draw_time,
    large_size,
    put_order,
    put_parent,
    put_stock,
    retail_size,
    until_end,
)
from synthetic.layout import (
    BLOCK_NS,
    MILLISECOND_NS,
    O_CANCEL_TS,
    O_CUSTOMER,
    O_OPEN,
    O_PACKAGE,
    O_PARENT,
    O_VENUE,
    PURPOSE,
    SECOND_NS,
    STYLE,
)
from synthetic.option_layout import (
    FLOOR_VENUES,
    VENUE_LETTER,
    VENUES,
    X_CONTRA_OPEN,
    X_DELAY,
    X_PLACE,
    Matrix,
    Stream,
)
from synthetic.rng import below, exponential, uniform

S_SWEEP = STYLE["sweep"]
S_ROUTE = STYLE["route_best"]
S_POST = STYLE["post"]
S_AUCTION = STYLE["auction"]
S_FLOOR = STYLE["floor"]
S_QCC = STYLE["qcc"]
S_CROSS = STYLE["cross"]
S_STOCK_TIED = STYLE["stock_tied"]
P_RETAIL = PURPOSE["noise_retail"]
P_ZERO_DTE = PURPOSE["zero_dte"]
P_PASSIVE = PURPOSE["passive_customer"]
P_PRO = PURPOSE["noise_professional"]
P_INSTITUTION = PURPOSE["institution"]
P_QCC = PURPOSE["qcc"]
P_HEDGE = PURPOSE["hedge"]
P_DIVIDEND = PURPOSE["dividend_play"]

CODE_COMPRESSION = ord("u")
CODE_AUTO, CODE_BLANK, CODE_ISO = ord("I"), ord(" "), ord("S")
CODE_AUCTION, CODE_AUCTION_ISO, CODE_CROSS, CODE_FLOOR = ord("a"), ord("b"), ord("c"), ord("e")
BLANK_SHARE = 0.04
ADJUSTED_SHARE = 0.001  # of customers' orders, in series with another number of shares
OPENS = 0.62  # share of customers' orders that open
QCC_MIN = 1000  # contracts, by rule
BLOCK_FROM = 0.975  # of institutions' draws: one order of 500 or more in an auction
HEDGED_SHARE = 0.35  # of institutions' orders that bring an order for stock
FLOOR_DELAY_MAX_NS = 80 * SECOND_NS
NEVER_IMPROVED = 0.2
AT_MIDDLE = 0.79
ROUND_TRIP_NS = 70e9

# Kinds of agents, in the order of `rates`.
KINDS = (
    "auction",
    "lit",
    "passive",
    "zero_dte",
    "professional",
    "institution",
    "floor",
    "qcc",
    "package",
    "dividend",
    "compression",
    "day_trader",
)


@njit(cache=True)
def some_side(s: Stream) -> int:
    """Return +1 or -1; customers buy a little more often than they sell."""
    return 1 if uniform(s) < 0.53 else -1


@njit(cache=True)
def electronic(s: Stream) -> int:
    """Return the code of an electronic trade."""
    return CODE_BLANK if uniform(s) < BLANK_SHARE else CODE_AUTO


@njit(cache=True)
def improvement(improve: float, s: Stream) -> int:
    """Return where an auction matches, permille of the way to the far side; some match at the middle."""
    u = uniform(s)
    if u < NEVER_IMPROVED:
        return 1000
    if u > AT_MIDDLE:
        return 500
    return 1000 - min(int(improve * 600.0 * uniform(s)), 480)


@njit(cache=True)
def _single(desk: Desk, scene: Scene, style: int, purpose: int, code: int, s: Stream) -> np.ndarray:
    ts = draw_time(scene, s)
    symbol = draw_symbol(scene, ts, s)
    contract = draw_contract(scene, symbol, s)
    if uniform(s) < ADJUSTED_SHARE:
        other, adjusted = draw_adjusted(scene, s)
        symbol, contract = (other, adjusted) if other >= 0 else (symbol, contract)
    row = put_order(desk, ts, symbol, contract, some_side(s), retail_size(scene, s), style, purpose, code)
    row[O_OPEN], row[X_CONTRA_OPEN] = uniform(s) < OPENS, uniform(s) < 0.5
    return row


@njit(cache=True)
def retail(desk: Desk, scene: Scene, kind: int, improve: float, s: Stream) -> None:
    """Write a small customer's order: 0 in an auction, 1 to the best lit venue, 2 waiting."""
    if kind == 0:
        code = CODE_AUCTION if uniform(s) < 0.96 else CODE_AUCTION_ISO
        row = _single(desk, scene, S_AUCTION, P_RETAIL, code, s)
        row[X_PLACE] = improvement(improve, s)
    elif kind == 1:
        _single(desk, scene, S_ROUTE, P_RETAIL, electronic(s), s)
    else:
        row = _single(desk, scene, S_POST, P_PASSIVE, CODE_AUTO, s)
        row[X_PLACE] = 0 if uniform(s) < 0.38 else 200 + below(s, 600)
        row[O_CANCEL_TS] = cancel_time(scene, row[0] + 2 * SECOND_NS + int(60e9 * exponential(s)))


@njit(cache=True)
def zero_dte(desk: Desk, scene: Scene, improve: float, s: Stream) -> None:
    """Write an order of the crowd in a series that expires today, if there is one."""
    ts = draw_time(scene, s)
    symbol = scene.daily_symbols[below(s, len(scene.daily_symbols))]
    chain = scene.symbol_first[symbol]
    number, is_above = draw_strike(scene, symbol, chain, 0.7, s)
    contract = scene.chain_first[chain] + 2 * number + (0 if is_above == (uniform(s) < 0.8) else 1)
    is_auction = uniform(s) < 0.45
    style, code = (S_AUCTION, CODE_AUCTION) if is_auction else (S_ROUTE, electronic(s))
    row = put_order(desk, ts, symbol, contract, some_side(s), retail_size(scene, s), style, P_ZERO_DTE, code)
    row[X_PLACE] = improvement(improve, s)
    row[O_OPEN], row[X_CONTRA_OPEN] = uniform(s) < OPENS, uniform(s) < 0.5


@njit(cache=True)
def day_trader(desk: Desk, scene: Scene, improve: float, s: Stream) -> None:
    """Write a round trip: a customer buys or sells a series, and soon after gives all of it back."""
    ts = draw_time(scene, s)
    symbol = draw_symbol(scene, ts, s)
    contract, side = draw_contract(scene, symbol, s), some_side(s)
    size = 5 * (1 + below(s, 12)) if uniform(s) < 0.5 else retail_size(scene, s)
    for turn in range(2):
        is_auction = uniform(s) < 0.5
        style, code = (S_AUCTION, CODE_AUCTION) if is_auction else (S_ROUTE, electronic(s))
        row = put_order(desk, ts, symbol, contract, side - 2 * turn * side, size, style, P_RETAIL, code)
        row[X_PLACE] = improvement(improve, s)
        row[O_OPEN], row[X_CONTRA_OPEN] = turn == 0, turn == 0 or uniform(s) < 0.4
        ts = after(scene, ts, 2 * SECOND_NS + int(ROUND_TRIP_NS * exponential(s)), s)


@njit(cache=True)
def professional(desk: Desk, scene: Scene, s: Stream) -> None:
    """Write an order of a dealer or professional, who is no customer."""
    is_iso = uniform(s) < 0.4
    row = _single(desk, scene, S_SWEEP if is_iso else S_ROUTE, P_PRO, CODE_ISO if is_iso else CODE_AUTO, s)
    row[O_CUSTOMER] = 0


@njit(cache=True)
def hedge_of(
    desk: Desk, scene: Scene, order: np.ndarray, style: int, purpose: int, wait_ns: float, s: Stream
) -> None:
    """Write the order for stock that takes away the delta of an option order."""
    delta = scene.delta[order[2]]
    shares = int(abs(delta) * 100.0 * order[4])
    side = -order[3] if delta > 0 else order[3]
    ts = after(scene, order[0], int(wait_ns * exponential(s)), s)
    row = put_stock(desk, ts, order[1], side, shares, style, purpose)
    row[O_PACKAGE], row[O_PARENT] = order[O_PACKAGE], order[O_PARENT]


@njit(cache=True)
def _begin(scene: Scene, length_ns: int, s: Stream) -> int:
    """Return when a parent begins that works for about this long, so that it ends within the block."""
    ts, room = draw_time(scene, s), max(BLOCK_NS - length_ns, BLOCK_NS // 4)
    return ts if ts < scene.start_ns + room else scene.start_ns + int(uniform(s) * room)


@njit(cache=True)
def institution(desk: Desk, scene: Scene, gap_scale: float, s: Stream) -> None:
    """Write a parent that finishes in the block: one sweep, a split on one venue, repeats, or a block."""
    u = uniform(s)
    style = S_SWEEP if u < 0.45 else (S_ROUTE if u < BLOCK_FROM else S_AUCTION)
    children, gap_ns, venue = 1, 0.0, 0
    if 0.45 <= u < 0.65:
        children, gap_ns, venue = 3 + below(s, 6), 120e6, VENUE_LETTER[below(s, VENUES)]
    elif 0.65 <= u < BLOCK_FROM:
        children, gap_ns = 4 + below(s, 5), 14e9
    ts = _begin(scene, int(children * gap_ns * gap_scale * 1.3), s)
    symbol = draw_symbol(scene, ts, s)
    contract, side, size = draw_contract(scene, symbol, s), some_side(s), large_size(scene, s)
    if u >= BLOCK_FROM:
        size = 500 + 50 * below(s, 20)
    is_open, contra, is_hedged = uniform(s) < 0.75, uniform(s) < 0.6, uniform(s) < HEDGED_SHARE
    parent = put_parent(desk, symbol, side, P_INSTITUTION, size, ts, ts, style)
    at = len(desk.parents)
    for child in range(children):
        share = max(size // (children - child), 1)
        size -= share
        code = CODE_ISO if style == S_SWEEP else (CODE_AUCTION if style == S_AUCTION else electronic(s))
        row = put_order(desk, ts, symbol, contract, side, share, style, P_INSTITUTION, code)
        row[O_PARENT], row[O_OPEN], row[X_CONTRA_OPEN], row[O_VENUE] = parent, is_open, contra, venue
        row[X_PLACE] = 700 + below(s, 301)
        if is_hedged:
            hedge_of(desk, scene, row, S_SWEEP, P_HEDGE, 60e6, s)
        ts = after(scene, ts, int(gap_ns * gap_scale * (0.3 + exponential(s))), s)
    at = desk.counters[2] - 1
    desk.parents[at, 6] = ts


@njit(cache=True)
def floor(desk: Desk, scene: Scene, s: Stream) -> None:
    """Write a trade agreed on a floor, reported when the clerk comes to it."""
    ts = draw_time(scene, s)
    symbol = draw_symbol(scene, ts, s)
    contract = draw_contract(scene, symbol, s)
    size = 20 + large_size(scene, s)
    row = put_order(desk, ts, symbol, contract, some_side(s), size, S_FLOOR, P_INSTITUTION, CODE_FLOOR)
    row[O_VENUE] = VENUE_LETTER[FLOOR_VENUES[below(s, len(FLOOR_VENUES))]]
    row[X_PLACE], row[X_DELAY] = 250 + below(s, 651), int(FLOOR_DELAY_MAX_NS * uniform(s) * uniform(s))
    row[O_OPEN], row[X_CONTRA_OPEN] = uniform(s) < 0.7, uniform(s) < 0.6


@njit(cache=True)
def qcc(desk: Desk, scene: Scene, s: Stream) -> None:
    """Write a qualified contingent cross: a thousand contracts or more, and stock by its delta at once."""
    ts = draw_time(scene, s)
    symbol = draw_symbol(scene, ts, s)
    contract = draw_contract(scene, symbol, s)
    size = QCC_MIN + 50 * below(s, 14)
    row = put_order(desk, ts, symbol, contract, some_side(s), size, S_QCC, P_QCC, CODE_CROSS)
    row[X_PLACE], row[O_CUSTOMER] = 200 + below(s, 601), uniform(s) < 0.7
    row[O_OPEN], row[X_CONTRA_OPEN] = uniform(s) < 0.8, uniform(s) < 0.8
    hedge_of(desk, scene, row, S_STOCK_TIED, P_QCC, 0.4e9, s)


@njit(cache=True)
def dividend_play(desk: Desk, scene: Scene, symbols: Matrix, s: Stream) -> None:
    """Write one pass of a dividend play: dealers trade deep calls, far beyond what is open."""
    if len(symbols) == 0:
        return
    ts, symbol = draw_time(scene, s), symbols[below(s, len(symbols))]
    chain = scene.symbol_first[symbol]
    contract = scene.chain_first[chain] + 2 * below(s, 2)
    for turn in range(2):
        side = 1 - 2 * turn
        when = until_end(scene, ts + turn * 3 * MILLISECOND_NS)
        size = 500 + 100 * below(s, 26)
        row = put_order(desk, when, symbol, contract, side, size, S_FLOOR, P_DIVIDEND, CODE_FLOOR)
        row[O_CUSTOMER], row[X_PLACE] = 0, 500
        row[O_VENUE] = VENUE_LETTER[FLOOR_VENUES[below(s, len(FLOOR_VENUES))]]


@njit(cache=True)
def compression(desk: Desk, scene: Scene, s: Stream) -> None:
    """Write a multilateral compression after the close: dealers net positions in several series of a name."""
    ts, symbol = draw_time(scene, s), scene.daily_symbols[below(s, len(scene.daily_symbols))]
    for _ in range(3 + below(s, 5)):
        size = 100 + 50 * below(s, 40)
        row = put_order(
            desk, ts, symbol, draw_contract(scene, symbol, s), 1, size, S_CROSS, P_PRO, CODE_COMPRESSION
        )
        row[O_CUSTOMER], row[O_OPEN], row[X_CONTRA_OPEN] = 0, 0, 0
