"""What agents of options see when they make up their minds, and how they write an order down.

Owns the scene of a block (who is active, which chains are wanted, where strikes lie, when in the block),
the drawing of names, chains, strikes, times and sizes, and the row of an order. Refuses prices: an order says
where between the best bid and offer it wants to trade, and the market finds the price.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from synthetic.layout import (
    BLOCK_NS,
    MILLISECOND_NS,
    O_CONTRACT,
    O_CUSTOMER,
    O_OPEN,
    O_ORDER,
    O_PACKAGE,
    O_PARENT,
    O_PURPOSE,
    O_RATIO,
    O_SIDE,
    O_SIZE,
    O_STYLE,
    O_SYMBOL,
    O_TS,
    SECOND_NS,
    T_END,
    T_ID,
    T_PACKAGE,
    T_PURPOSE,
    T_SIDE,
    T_SIZE,
    T_START,
    T_STYLE,
    T_SYMBOL,
)
from synthetic.option_layout import X_CODE, X_CONTRA_OPEN, X_PLACE, Floats, Matrix, Stream
from synthetic.rng import below, normal, uniform

AT_MONEY_SPREAD = 0.9  # standard deviations of the expiry over which strikes are wanted
OUT_OF_MONEY = 0.74  # share of orders on the side of the strikes that costs less
BURST_SHARE = 0.7  # of the orders of a burst that are in its name
C_ORDERS = 0  # counters of a desk: rows of orders, of stock orders, of parents, of packages, next identity
C_STOCK = 1
C_PARENTS = 2
C_PACKAGES = 3
C_IDENTITY = 4
DESK_COUNTERS = 5

# Packages as they are written down; legs follow as (contract, ratio).
K_ID = 0
K_SYMBOL = 1
K_FORM = 2
K_LEGS = 3
K_SIDE = 4
K_UNITS = 5
K_START = 6
K_PURPOSE = 7
K_IS_LEGGED = 8
K_FIRST_LEG = 9
PACKAGE_COLUMNS = K_FIRST_LEG + 8


class Scene(NamedTuple):
    """Facts of a block that agents choose by."""

    symbol_cum: Floats  # cumulated activity of symbols
    symbol_first: Matrix
    chain_first: Matrix
    chain_cum: Floats  # cumulated wish for chains, over all
    chain_days: Matrix
    chain_symbol: Matrix
    strike: Matrix  # 1e-9 USD
    spot: Floats  # USD at the block's start
    daily_vol: Floats
    delta: Floats  # by contract
    second_cum: Floats  # cumulated activity of the block's seconds
    burst_symbol: Matrix  # by second, -1 none
    daily_symbols: Matrix  # with expiries on every day
    start_ns: int
    size_tail: float


class Desk(NamedTuple):
    """What the agents of a block write."""

    orders: Matrix
    stock: Matrix
    parents: Matrix
    packages: Matrix
    counters: Matrix


@njit(cache=True)
def search(cumulated: Floats, want: float, low: int, high: int) -> int:
    """Return the first row of [low, high) whose cumulated weight reaches `want`, else the last."""
    high -= 1
    while low < high:
        middle = (low + high) >> 1
        if cumulated[middle] < want:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True)
def draw_time(scene: Scene, s: Stream) -> int:
    """Return an instant of the block, more often when more is going on."""
    cumulated = scene.second_cum
    second = search(cumulated, uniform(s) * cumulated[-1], 0, len(cumulated))
    return scene.start_ns + second * SECOND_NS + int(uniform(s) * SECOND_NS)


@njit(cache=True)
def draw_symbol(scene: Scene, ts: int, s: Stream) -> int:
    """Return a symbol by activity; in a burst mostly the one it is about."""
    burst = scene.burst_symbol[(ts - scene.start_ns) // SECOND_NS]
    if burst >= 0 and uniform(s) < BURST_SHARE:
        return int(burst)
    cumulated = scene.symbol_cum
    return search(cumulated, uniform(s) * cumulated[-1], 0, len(cumulated))


@njit(cache=True)
def draw_chain(scene: Scene, symbol: int, s: Stream) -> int:
    """Return a chain of a symbol by how much it is wanted."""
    low, high = scene.symbol_first[symbol], scene.symbol_first[symbol + 1]
    before = scene.chain_cum[low - 1] if low > 0 else 0.0
    return search(scene.chain_cum, before + uniform(s) * (scene.chain_cum[high - 1] - before), low, high)


@njit(cache=True)
def find_strike(scene: Scene, chain: int, wanted: int) -> int:
    """Return the number of the strike of a chain that is nearest to a price in 1e-9 USD."""
    first, last = scene.chain_first[chain], scene.chain_first[chain + 1]
    low, high = 0, (last - first) // 2 - 1
    while low < high:
        middle = (low + high) >> 1
        if scene.strike[first + 2 * middle] < wanted:
            low = middle + 1
        else:
            high = middle
    if low > 0 and wanted - scene.strike[first + 2 * low - 2] < scene.strike[first + 2 * low] - wanted:
        low -= 1
    return low


@njit(cache=True)
def draw_strike(scene: Scene, symbol: int, chain: int, spread: float, s: Stream) -> tuple[int, bool]:
    """Return a strike's number near the money and whether it was wanted above the stock."""
    days = max(scene.chain_days[chain], 0) * 0.69 + 0.4
    away = spread * normal(s) * scene.daily_vol[symbol] * np.sqrt(days)
    wanted = int(scene.spot[symbol] * (1.0 + max(away, -0.9)) * 1e9)
    return find_strike(scene, chain, wanted), away > 0


@njit(cache=True)
def draw_contract(scene: Scene, symbol: int, s: Stream) -> int:
    """Return a series of a symbol as customers choose them: near the money, mostly out of it, soon."""
    chain = draw_chain(scene, symbol, s)
    number, is_above = draw_strike(scene, symbol, chain, AT_MONEY_SPREAD, s)
    is_call = is_above == (uniform(s) < OUT_OF_MONEY)
    return int(scene.chain_first[chain]) + 2 * number + (0 if is_call else 1)


@njit(cache=True)
def draw_adjusted(scene: Scene, s: Stream) -> tuple[int, int]:
    """Return the symbol and the series of an adjusted contract, -1 where there are none."""
    first, last = scene.symbol_first[-1], len(scene.chain_symbol)
    if first >= last:
        return -1, -1
    chain = first + below(s, last - first)
    start = scene.chain_first[chain]
    return scene.chain_symbol[chain], start + below(s, scene.chain_first[chain + 1] - start)


@njit(cache=True)
def retail_size(scene: Scene, s: Stream) -> int:
    """Return a small order: half are one contract, round numbers stand out, a few are large."""
    u = uniform(s)
    if u < 0.42:
        return 1
    if u < 0.57:
        return 2
    if u < 0.73:
        return 3 + below(s, 3)
    if u < 0.85:
        return 10
    if u < 0.93:
        return 6 + below(s, 14)
    if u < 0.98:
        return 5 * (4 + below(s, 5))
    return int(scene.size_tail * 10.0) * (5 + below(s, 11))


@njit(cache=True)
def large_size(scene: Scene, s: Stream) -> int:
    """Return a size institutions want: hundreds, with a long tail."""
    u = uniform(s)
    return 5 * int(4.0 + scene.size_tail * 12.0 * u / (1.03 - u)) + (below(s, 5) if u < 0.3 else 0)


@njit(cache=True)
def identity(desk: Desk) -> int:
    """Return a new identity for an order, parent or package."""
    desk.counters[C_IDENTITY] += 1
    return int(desk.counters[C_IDENTITY]) - 1


@njit(cache=True)
def put_order(
    desk: Desk, ts: int, symbol: int, contract: int, side: int, size: int, style: int, purpose: int, code: int
) -> Matrix:
    """Write an opening customer's market order and return its row, for the caller to say more."""
    row: Matrix = desk.orders[desk.counters[C_ORDERS]]
    desk.counters[C_ORDERS] += 1
    row[:] = 0
    row[O_TS], row[O_SYMBOL], row[O_CONTRACT], row[O_SIDE], row[O_SIZE] = ts, symbol, contract, side, size
    row[O_STYLE], row[O_PURPOSE], row[O_OPEN], row[O_CUSTOMER] = style, purpose, 1, 1
    row[O_ORDER], row[O_PARENT], row[O_PACKAGE], row[O_RATIO] = identity(desk), -1, -1, side
    row[X_CODE], row[X_PLACE], row[X_CONTRA_OPEN] = code, 500, 1
    return row


@njit(cache=True)
def put_stock(desk: Desk, ts: int, symbol: int, side: int, shares: int, style: int, purpose: int) -> Matrix:
    """Write an order for shares (whole ones) that belongs to an option trade, and return its row."""
    row: Matrix = desk.stock[desk.counters[C_STOCK]]
    desk.counters[C_STOCK] += 1
    row[:] = 0
    row[O_TS], row[O_SYMBOL], row[O_CONTRACT], row[O_SIDE] = ts, symbol, -1, side
    row[O_SIZE], row[O_STYLE], row[O_PURPOSE] = max(shares, 1) * 1_000_000, style, purpose
    row[O_ORDER], row[O_PARENT], row[O_PACKAGE], row[O_RATIO] = identity(desk), -1, -1, side
    return row


@njit(cache=True)
def put_parent(
    desk: Desk, symbol: int, side: int, purpose: int, size: int, start: int, end: int, style: int
) -> int:
    """Write a parent and return its identity."""
    row = desk.parents[desk.counters[C_PARENTS]]
    desk.counters[C_PARENTS] += 1
    name = identity(desk)
    row[T_ID], row[T_SYMBOL], row[T_SIDE], row[T_PURPOSE], row[T_SIZE] = name, symbol, side, purpose, size
    row[T_START], row[T_END], row[T_STYLE], row[T_PACKAGE] = start, end, style, -1
    return name


@njit(cache=True)
def after(scene: Scene, ts: int, wait_ns: int, s: Stream) -> int:
    """Return the instant `wait_ns` after `ts`, or any that is left where it lies beyond the block.

    To move what comes too late to the last instant would let every block end in a crowd.
    """
    last = scene.start_ns + BLOCK_NS - MILLISECOND_NS
    left = max(last - ts, 0)
    return ts + (wait_ns if wait_ns < left else int(uniform(s) * left))


@njit(cache=True)
def cancel_time(scene: Scene, ts: int) -> int:
    """Return when a waiting order is cancelled; 0 where the block ends before, and the order with it."""
    return ts if ts < scene.start_ns + BLOCK_NS - MILLISECOND_NS else 0


@njit(cache=True)
def until_end(scene: Scene, ts: int) -> int:
    """Return a time no later than the last instant of the block."""
    return min(ts, scene.start_ns + BLOCK_NS - 1_000_000)
