"""Who sends orders for stock without a plan: retail, professionals, pools, dealers, and the auctions.

Owns how many orders of each kind come in a second, their sides and sizes. Refuses to look at the market:
an order says what is wanted, and the market what becomes of it.
"""

from typing import Final

import numpy as np
from numba import njit

from synthetic.layout import (
    O_CANCEL_TS,
    O_CONTRACT,
    O_CUSTOMER,
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
    SECOND_NS,
    SHARE,
    STYLE,
    Matrix,
)
from synthetic.params import Params
from synthetic.rng import Stream, below, exponential, normal, poisson, stream, uniform
from synthetic.tables import exp
from synthetic.universe import Floats, Universe

KEY_NOISE: Final = 201
KEY_AUCTION: Final = 202
KINDS: Final = (
    ("sweep", "noise_professional"),
    ("route_best", "noise_professional"),
    ("post", "noise_professional"),
    ("wholesale", "noise_retail"),
    ("midpoint", "institution"),
    ("peg", "institution"),
    ("negotiated", "institution"),
    ("average_price", "institution"),
    ("derivatively_priced", "derivative"),
    ("prior_reference", "institution"),
)
KIND_STYLE: Final = np.array([STYLE[style] for style, _ in KINDS], np.int64)
KIND_PURPOSE: Final = np.array([PURPOSE[purpose] for _, purpose in KINDS], np.int64)
LIT_RATE: Final = 0.29  # orders of each print of the profile
POST_RATE: Final = 0.03
OFF_RATE: Final = 0.285
ISO_SHARE: Final = 0.48  # of lit takers
DARK_OF_REST: Final = 0.66  # of off-exchange reports that are no wholesaler's
SPECIAL: Final = 0.05
RETAIL_DOLLARS: Final = 4000.0  # median
DEALER_DOLLARS: Final = 33_000.0
AVERAGE_DOLLARS: Final = 53_000.0
RETAIL_SPREAD: Final = 1.23  # of the logarithm of a size
DEALER_SPREAD: Final = 0.82
OPEN_SHARE: Final = 0.012  # of the day's shares in the opening auction
CLOSE_SHARE: Final = 0.09
RATE_OF_NORMAL: Final = 1000.0  # prints a second for which the universe's daily shares hold
STYLE_WHOLESALE: Final = STYLE["wholesale"]
STYLE_NEGOTIATED: Final = STYLE["negotiated"]
STYLE_AVERAGE: Final = STYLE["average_price"]
STYLE_POST: Final = STYLE["post"]
OPEN_CROSS: Final = STYLE["open_cross"]
CLOSE_CROSS: Final = STYLE["close_cross"]
PURPOSE_OPEN: Final = PURPOSE["opening_cross"]
PURPOSE_CLOSE: Final = PURPOSE["closing_cross"]


def kind_shares(params: Params) -> tuple[float, Floats]:
    """Return orders for each print of the profile, and the running shares of KINDS."""
    retail = OFF_RATE * params.retail_share
    rest = OFF_RATE - retail
    dark = rest * DARK_OF_REST
    lit = LIT_RATE * (1.35 - params.institution_share)
    # About two in five midpoint orders meet nobody and are not reported.
    rates = (
        lit * ISO_SHARE,
        lit * (1.0 - ISO_SHARE),
        POST_RATE,
        retail,
        1.5 * dark * params.midpoint_share,
        dark * (1.0 - params.midpoint_share),
        (rest - dark) * (1.0 - 3 * SPECIAL),
        (rest - dark) * SPECIAL,
        (rest - dark) * SPECIAL,
        (rest - dark) * SPECIAL,
    )
    total, running = 0.0, []
    for rate in rates:
        total += rate
        running.append(total)
    return total, np.array([value / total for value in running])


def size_scale(universe: Universe, prices: Floats) -> Floats:
    """Return by how much the shares of an order exceed those of a stock of 60 USD, by symbol."""
    return np.asarray(np.clip(np.sqrt(60.0 / prices), 0.3, 4.0), np.float64)


@njit(cache=True)
def _shares_for(s: Stream, dollars: float, spread: float, price: float) -> int:
    """Return 1e-6 shares for a median amount of money: whole ones, or a fraction where it is little."""
    shares = dollars * exp(spread * normal(s)) / price
    if shares < 1.0 or (shares < 20.0 and uniform(s) < 0.3):
        return max(int(shares * SHARE), 1)
    whole = int(shares)
    if whole >= 100 and uniform(s) < 0.6:
        whole -= whole % 100
    return whole * SHARE


@njit(cache=True)
def _taker_shares(s: Stream, scale: float, lot: int, tail: float) -> int:
    """Return 1e-6 shares of a professional's order: odd lots often, round lots, now and then many."""
    if lot > 1 and uniform(s) < 0.47:
        u = uniform(s)
        return (1 + int((lot - 1) * u * u)) * SHARE
    lots = 1 + int(1.7 * scale * exponential(s) * 100.0 / lot)
    if uniform(s) < 0.05 * tail:
        lots *= 5
    return lots * lot * SHARE


@njit(cache=True)
def order_size(s: Stream, style: int, price: float, scale: float, lot: int, tail: float) -> int:
    """Return the size of an order of a style, 1e-6 shares."""
    if style == STYLE_WHOLESALE:
        return _shares_for(s, RETAIL_DOLLARS, RETAIL_SPREAD, price)
    if style == STYLE_NEGOTIATED:
        return max(_shares_for(s, DEALER_DOLLARS * tail, DEALER_SPREAD, price) // SHARE, 1) * SHARE
    if style == STYLE_AVERAGE:
        return max(_shares_for(s, AVERAGE_DOLLARS * tail, DEALER_SPREAD, price) // SHARE, 1) * SHARE
    return _taker_shares(s, scale, lot, tail)


@njit(cache=True)
def noise(
    key: Matrix,
    means: Floats,
    shares: Floats,
    prices: Floats,
    scale: Floats,
    lots: Matrix,
    tail: float,
    out: Matrix,
) -> int:
    """Write the second's orders without a plan, symbol by symbol; return how many.

    `key` is [seed, block of the world, second, start_ts, first order identity]. Stops at the end of `out`.
    """
    s = stream(key[0], KEY_NOISE, key[1], key[2])
    count = 0
    for symbol in range(len(means)):
        wave = 0.35 + 0.65 * exponential(s)
        for _ in range(poisson(s, means[symbol] * wave)):
            if count == len(out):
                return count
            u, kind = uniform(s), 0
            while shares[kind] < u and kind < len(shares) - 1:
                kind += 1
            row = out[count]
            row[:] = 0
            row[O_TS] = key[3] + below(s, SECOND_NS)
            row[O_SYMBOL], row[O_CONTRACT] = symbol, -1
            row[O_SIDE] = 1 if uniform(s) < 0.5 else -1
            style = KIND_STYLE[kind]
            row[O_SIZE] = order_size(s, style, prices[symbol], scale[symbol], lots[symbol], tail)
            row[O_STYLE], row[O_PURPOSE] = style, KIND_PURPOSE[kind]
            row[O_ORDER], row[O_PARENT], row[O_PACKAGE] = key[4] + count, -1, -1
            row[O_CUSTOMER] = 1
            if style == STYLE_POST:
                row[O_CANCEL_TS] = row[O_TS] + int(8e9 * exponential(s))
            count += 1
    return count


@njit(cache=True)
def auctions(
    seed: int, day: int, is_open: bool, start_ts: int, shares: Floats, slow: Matrix, first_id: int
) -> Matrix:
    """Return one auction order a symbol; `slow` marks listings whose auctions take seconds."""
    rows = np.zeros((len(shares), ORDER_COLUMNS), np.int64)
    s = stream(seed, KEY_AUCTION, day, 1 if is_open else 0)
    part = OPEN_SHARE if is_open else CLOSE_SHARE
    for symbol in range(len(shares)):
        row = rows[symbol]
        row[O_TS] = start_ts + int((2.5e9 if slow[symbol] else 3e8) * (0.1 + exponential(s)))
        row[O_SYMBOL], row[O_CONTRACT], row[O_SIDE] = symbol, -1, 1
        lots = int(shares[symbol] * part * exp(0.5 * normal(s))) + 1
        row[O_SIZE], row[O_STYLE] = lots * SHARE, OPEN_CROSS if is_open else CLOSE_CROSS
        row[O_ORDER], row[O_PARENT], row[O_PACKAGE] = first_id + symbol, -1, -1
        row[O_PURPOSE] = PURPOSE_OPEN if is_open else PURPOSE_CLOSE
    return rows
