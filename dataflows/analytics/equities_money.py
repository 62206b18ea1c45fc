"""Money of an equity print, exactly.

Owns price x size in 1e-4 USD, rounded half up, for values whose product does not fit in 64 bits.
Refuses to wrap: what no Decimal(18, 4) can hold becomes the largest value that it can.
"""

from typing import Final

from numba import njit

MONEY_MAX: Final = 10**18 - 1  # of a Decimal(18, 4) column, in 1e-4 USD
_PRICE_BASE: Final = 10**5
_SHARE: Final = 10**6
_UNIT: Final = 10**11  # 1e-9 USD x 1e-6 shares in 1e-4 USD


@njit(cache=True)
def notional(price: int, size: int) -> int:
    """Return price (1e-9 USD, >= 0) x size (1e-6 shares, >= 0) in 1e-4 USD.

    With price = a * 10**5 + b and size = c * 10**6 + d the product over 10**11 is
    a * c + a * d / 10**6 + b * c / 10**5 + b * d / 10**11; no term overflows once the whole fits.
    """
    if float(price) * float(size) >= 1e29:
        return MONEY_MAX
    a, b = price // _PRICE_BASE, price % _PRICE_BASE
    c, d = size // _SHARE, size % _SHARE
    a_high, a_low = a // _SHARE, a % _SHARE
    whole = a * c + a_high * d + (a_low * d) // _SHARE + (b * c) // _PRICE_BASE
    rest = (a_low * d) % _SHARE * _PRICE_BASE + (b * c) % _PRICE_BASE * _SHARE + b * d
    return int(min(whole + (rest + _UNIT // 2) // _UNIT, MONEY_MAX))
