"""Prices of options: Black and Scholes by table, and the smile they are priced with.

Owns the value and delta of an option, the shape of the implied volatility over strikes and expiries, and
the width market makers ask. Source of the formula: Black & Scholes 1973, on the forward (Black 1976), floored
at intrinsic value as an American option is. Refuses anything but + - * / sqrt and tables.
"""

from typing import Final

import numpy as np
from numba import njit

from synthetic.tables import DIGITS, INVERSE_ROOT_2PI, Table, exp, log, normal_cdf

RATE: Final = 0.04  # a year, of the whole world
YEAR_NS: Final = 365.0 * 86_400e9
CDF_EDGE: Final = 6.0
CDF_PIECES: Final = 256  # to 1
TAU_MIN: Final = 2e-6  # years, about a minute: what is left at the very end
IV_MIN: Final = 0.05
IV_MAX: Final = 4.0
MONEYNESS_EDGE: Final = 4.0


@njit(cache=True)
def _tables() -> Table:
    table = np.empty((2, np.int64(2 * CDF_EDGE * CDF_PIECES) + 1))
    for k in range(table.shape[1]):
        x = k / CDF_PIECES - CDF_EDGE
        table[0, k] = normal_cdf(x)
        table[1, k] = INVERSE_ROOT_2PI * exp(-0.5 * x * x)
    return table


NORMAL: Final[Table] = np.round(_tables(), DIGITS)


@njit(cache=True)
def look_up(row: int, x: float) -> float:
    """Return the normal distribution (row 0) or density (row 1) by linear interpolation."""
    at = (min(max(x, -CDF_EDGE), CDF_EDGE - 1e-9) + CDF_EDGE) * CDF_PIECES
    piece = np.int64(at)
    low = NORMAL[row, piece]
    return float(low + (NORMAL[row, piece + 1] - low) * (at - piece))


@njit(cache=True)
def years_left(expiry_ns: int, ts: int) -> float:
    """Return the time to expiry in years, never less than TAU_MIN."""
    return max((expiry_ns - ts) / YEAR_NS, TAU_MIN)


@njit(cache=True)
def smile(level: float, skew: float, strike: float, forward: float, tau: float) -> float:
    """Return the implied volatility of a strike.

    `level` is the one-month volatility at the money. Short expiries ask more, long ones tend to the middle;
    low strikes ask more by `skew` a standard deviation, both wings by a square.
    """
    term = 0.94 + 0.05 / (0.25 + np.sqrt(tau * 4.0))
    at_money = level * min(term, 1.14)
    deep = log(strike / forward) / (at_money * np.sqrt(max(tau, 0.004)))
    deep = min(max(deep, -MONEYNESS_EDGE), MONEYNESS_EDGE)
    return float(min(max(at_money * (1.0 - skew * deep + 0.018 * deep * deep), IV_MIN), IV_MAX))


@njit(cache=True)
def worth(spot: float, strike: float, right: int, tau: float, iv: float, carry: float) -> float:
    """Return the price of one option in USD a share: the same as `value`, without its derivatives."""
    forward = spot * (1.0 + carry * tau)
    discount = 1.0 / (1.0 + RATE * tau)
    spread = iv * np.sqrt(tau)
    d1 = log(forward / strike) / spread + 0.5 * spread
    call = discount * (forward * look_up(0, d1) - strike * look_up(0, d1 - spread))
    if right == 0:
        return float(max(call, spot - strike, 0.0))
    return float(max(call - discount * (forward - strike), strike - spot, 0.0))


@njit(cache=True)
def value(spot: float, strike: float, right: int, tau: float, iv: float, carry: float):  # type: ignore[no-untyped-def]
    """Return (price, delta, vega) of one option in USD a share; vega per 1.00 of volatility."""
    forward = spot * (1.0 + carry * tau)
    discount = 1.0 / (1.0 + RATE * tau)
    root = np.sqrt(tau)
    spread = iv * root
    d1 = log(forward / strike) / spread + 0.5 * spread
    up, down = look_up(0, d1), look_up(0, d1 - spread)
    call = discount * (forward * up - strike * down)
    vega = discount * forward * look_up(1, d1) * root
    if right == 0:
        return max(call, spot - strike, 0.0), up, vega
    return max(call - discount * (forward - strike), strike - spot, 0.0), up - 1.0, vega


@njit(cache=True)
def half_width(price: float, delta: float, vega: float, spot: float, kind: float) -> float:
    """Return half the width of a market in USD, before ticks.

    `kind` is 1 for an average name, near 0.2 for the most active fund, several for the quiet ones. Market
    makers ask for the stock they must trade, for a third of a point of volatility and for the price itself.
    """
    return kind * (0.004 + abs(delta) * spot * 0.00012 + vega * 0.0035 + 0.006 * price)


@njit(cache=True)
def tick_of(price: float, tick_class: int) -> int:
    """Return the tick in cents at a price in cents."""
    if tick_class == 0:
        return 1
    if tick_class == 1:
        return 1 if price < 300.0 else 5
    return 5 if price < 300.0 else 10
