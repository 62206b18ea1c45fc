"""Money of an option print, exactly.

Owns price x size x multiplier in 1e-4 USD, rounded half up, for values whose product does not fit in
64 bits. Refuses to wrap: what no Decimal(18, 4) can hold becomes the largest value that it can.
"""

from typing import Final

import numpy as np
from numba import njit

from dataflows.analytics.equities_money import MONEY_MAX
from dataflows.analytics.release import Longs

__all__ = ["MONEY_MAX", "average_prices", "premium", "premiums"]
_UNIT: Final = 10**5  # 1e-9 USD in 1e-4 USD
_DOLLAR: Final = 10**9
_BOUND: Final = float(MONEY_MAX) * _UNIT


@njit(cache=True)
def premium(price: int, size: int, multiplier: int) -> int:
    """Return price (1e-9 USD, >= 0) x size (contracts) x multiplier (shares a contract) in 1e-4 USD.

    With price = a * 10**5 + b and n = size * multiplier the premium is a * n + b * n / 10**5, and with
    n = c * 10**5 + d the second term is b * c + b * d / 10**5: nothing overflows once the whole fits.
    """
    if float(price) * float(size) * float(multiplier) >= _BOUND:
        return MONEY_MAX
    if price == 0:
        return 0
    shares = size * multiplier
    above, below = price // _UNIT, price % _UNIT
    rest = below * (shares % _UNIT)
    return int(above * shares + below * (shares // _UNIT) + (rest + _UNIT // 2) // _UNIT)


@njit(cache=True)
def premiums(price: Longs, size: Longs, multiplier: Longs) -> Longs:
    """Return the premium of each row, in 1e-4 USD."""
    result = np.empty(len(price), np.int64)
    for row in range(len(price)):
        result[row] = premium(price[row], size[row], multiplier[row])
    return result


def average_prices(dollars: Longs, rest: Longs, size: Longs) -> Longs:
    """Return size-weighted averages in 1e-9 USD, rounded down, from sums of dollars x size and of the rest.

    Exact for totals of up to four billion contracts.
    """
    weight = np.maximum(size, 1)
    return np.asarray(dollars // weight * _DOLLAR + (dollars % weight * _DOLLAR + rest) // weight)
