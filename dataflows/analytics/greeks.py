"""Implied volatility, delta and vega of one option, from its mid and the stock's.

Owns the formula of Black and Scholes (1973) with zero rates and no dividends, and its inverse by bisection.
Good enough for the sign and rough size of a package's risk, which is all it is used for: American exercise,
rates and dividends are left out. Refuses a price that no volatility within bounds gives.
"""

import math
from typing import Final

from numba import njit

YEAR_NS: Final = 365.0 * 86_400e9
DAY_NS: Final = 86_400 * 10**9
CLOSE_NS: Final = (20 * 3600 + 1800) * 10**9  # 20:30 UTC, within half an hour of the close all year
TAU_MIN: Final = 2e-6  # years, a minute
VOLATILITY_MIN: Final = 0.01
VOLATILITY_MAX: Final = 8.0
STEPS: Final = 48
_ROOT_2: Final = math.sqrt(2.0)
_ROOT_2PI: Final = math.sqrt(2.0 * math.pi)
UNKNOWN: Final = -1.0


@njit(cache=True)
def normal(x: float) -> float:
    """Return the normal distribution at x."""
    return 0.5 * math.erfc(-x / _ROOT_2)


@njit(cache=True)
def years_to(expiry: int, ts: int) -> float:
    """Return the years from `ts` (ns) to the close of a date (YYYYMMDD), never less than a minute."""
    year, month, day = expiry // 10_000, expiry // 100 % 100, expiry % 100
    # Days since 1970 of a date, counting years from March: leap days then come last.
    shifted = year - (1 if month <= 2 else 0)
    era, of_era = shifted // 400, shifted % 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    days = era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468
    return max((days * DAY_NS + CLOSE_NS - ts) / YEAR_NS, TAU_MIN)


@njit(cache=True)
def value(spot: float, strike: float, is_put: bool, years: float, volatility: float) -> float:
    """Return the price of an option in the unit of spot and strike."""
    spread = volatility * math.sqrt(years)
    d1 = math.log(spot / strike) / spread + 0.5 * spread
    call = spot * normal(d1) - strike * normal(d1 - spread)
    return call - spot + strike if is_put else call


@njit(cache=True)
def implied_volatility(price: float, spot: float, strike: float, is_put: bool, years: float) -> float:
    """Return the volatility that gives a price, UNKNOWN where none within bounds does.

    `spot` and `strike` are in the unit of the price; the value grows with volatility, so halving finds it.
    """
    low, high = VOLATILITY_MIN, VOLATILITY_MAX
    if not value(spot, strike, is_put, years, low) < price < value(spot, strike, is_put, years, high):
        return UNKNOWN
    for _ in range(STEPS):
        middle = 0.5 * (low + high)
        if value(spot, strike, is_put, years, middle) < price:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@njit(cache=True)
def delta_vega(
    spot: float, strike: float, is_put: bool, years: float, volatility: float
) -> tuple[float, float]:
    """Return delta (shares an option) and vega (in the unit of spot, for 1.00 of volatility)."""
    root = math.sqrt(years)
    spread = volatility * root
    d1 = math.log(spot / strike) / spread + 0.5 * spread
    vega = spot * math.exp(-0.5 * d1 * d1) / _ROOT_2PI * root
    return normal(d1) - (1.0 if is_put else 0.0), vega


@njit(cache=True)
def greeks(mid: float, spot: float, strike: float, is_put: bool, years: float) -> tuple[float, float, float]:
    """Return (volatility, delta, vega) of an option from its mid.

    Where no volatility gives the mid (it lies at or below what exercise brings), the option moves with the
    stock or not at all: volatility UNKNOWN, delta of exercise, no vega.
    """
    volatility = implied_volatility(mid, spot, strike, is_put, years)
    if volatility > 0.0:
        delta, vega = delta_vega(spot, strike, is_put, years, volatility)
        return volatility, delta, vega
    is_in = spot < strike if is_put else spot > strike
    return UNKNOWN, (-1.0 if is_put else 1.0) if is_in else 0.0, 0.0
