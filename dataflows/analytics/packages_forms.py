"""Forms of packages: what the legs make without their signs.

Owns the words of `geometry` and the tests on expiries, strikes, rights and ratios (class tests of the field:
vertical two strikes of one right and expiry, butterfly three of equal spacing at 1:2:1, and so on). Refuses
signs and prices. Kernels take legs sorted by (expiry, strike, right) with ratios in lowest terms.
"""

from typing import Final

import numpy as np
from numba import njit

from dataflows.analytics.release import Longs

GEOMETRY: Final = (
    "",
    "vertical",
    "ratio",
    "butterfly",
    "broken_wing",
    "condor",
    "ladder",
    "straddle_or_risk_reversal",  # call and put of one strike
    "strangle_or_collar",  # call and put of two strikes
    "three_way",
    "iron_fly",
    "iron_condor",
    "calendar",
    "diagonal",
    "box_or_jelly",
    "stock_tied",
)
(
    NO_FORM,
    VERTICAL,
    RATIO,
    BUTTERFLY,
    BROKEN_WING,
    CONDOR,
    LADDER,
    STRADDLE,
    STRANGLE,
    THREE_WAY,
    IRON_FLY,
    IRON_CONDOR,
    CALENDAR,
    DIAGONAL,
    BOX_OR_JELLY,
    STOCK_TIED,
) = range(len(GEOMETRY))
FORMS: Final = len(GEOMETRY)
RATIO_MAX: Final = 8  # of the larger to the smaller leg; complex books allow 3, floors and stock legs more
NAMED_LEGS_MAX: Final = 4
# A named leg: its columns.
E_EXPIRY, E_STRIKE, E_RIGHT, E_RATIO = range(4)


@njit(cache=True)
def gcd_of(sizes: Longs) -> int:
    """Return the greatest common divisor of sizes above 0."""
    found = 0
    for size in sizes:
        a, b = found, size
        while b:
            a, b = b, a % b
        found = a
    return int(found)


@njit(cache=True)
def _pair(legs: Longs) -> int:
    near, far = legs[0], legs[1]
    is_even = near[E_RATIO] == far[E_RATIO]
    is_one_right = near[E_RIGHT] == far[E_RIGHT]
    if max(near[E_RATIO], far[E_RATIO]) > RATIO_MAX:
        return NO_FORM
    if near[E_EXPIRY] == far[E_EXPIRY]:
        if is_one_right:
            return VERTICAL if is_even else RATIO
        if not is_even:
            return NO_FORM
        return STRADDLE if near[E_STRIKE] == far[E_STRIKE] else STRANGLE
    if not is_one_right or not is_even:
        return NO_FORM
    return CALENDAR if near[E_STRIKE] == far[E_STRIKE] else DIAGONAL


@njit(cache=True)
def _triple(legs: Longs) -> int:
    """Name three legs of one expiry."""
    if legs[0, E_EXPIRY] != legs[2, E_EXPIRY]:
        return NO_FORM
    a, b, c = legs[0, E_RATIO], legs[1, E_RATIO], legs[2, E_RATIO]
    if not (legs[0, E_RIGHT] == legs[1, E_RIGHT] == legs[2, E_RIGHT]):
        return THREE_WAY if a == b == c else NO_FORM
    below, above = legs[1, E_STRIKE] - legs[0, E_STRIKE], legs[2, E_STRIKE] - legs[1, E_STRIKE]
    if a == c and b == 2 * a:
        return BUTTERFLY if below == above else BROKEN_WING
    return LADDER if a == b == c else NO_FORM


@njit(cache=True)
def _is_even(legs: Longs) -> bool:
    return bool((legs[:, E_RATIO] == legs[0, E_RATIO]).all())


@njit(cache=True)
def _quadruple(legs: Longs) -> int:
    """Name four legs of equal ratios."""
    if not _is_even(legs):
        return NO_FORM
    right = legs[:, E_RIGHT]
    if legs[0, E_EXPIRY] != legs[3, E_EXPIRY]:
        strike = legs[:, E_STRIKE]
        is_one_strike = strike.min() == strike.max()
        is_paired = legs[0, E_EXPIRY] == legs[1, E_EXPIRY] and legs[2, E_EXPIRY] == legs[3, E_EXPIRY]
        return BOX_OR_JELLY if is_one_strike and is_paired else NO_FORM
    puts = right.sum()
    if puts in (0, 4):
        return CONDOR
    if puts != 2:
        return NO_FORM
    return _both_rights(legs)


@njit(cache=True)
def _both_rights(legs: Longs) -> int:
    """Name two calls and two puts of one expiry; legs of one strike come call first."""
    strike, right = legs[:, E_STRIKE], legs[:, E_RIGHT]
    if strike[0] == strike[1] and strike[2] == strike[3]:
        return BOX_OR_JELLY
    if not (right[0] == 1 and right[3] == 0):
        return NO_FORM
    if strike[1] == strike[2]:
        return IRON_FLY
    is_apart = strike[0] < strike[1] < strike[2] < strike[3]
    return IRON_CONDOR if is_apart and right[1] == 1 else NO_FORM


@njit(cache=True)
def geometry_of(legs: Longs, is_stock: bool) -> int:
    """Return the form of legs (rows of expiry, strike, right, ratio, sorted) as an index into GEOMETRY."""
    count = len(legs)
    if count == 1:
        return STOCK_TIED if is_stock else NO_FORM
    if count == 2:
        return int(_pair(legs))
    if count == 3:
        return int(_triple(legs))
    return int(_quadruple(legs)) if count == NAMED_LEGS_MAX else NO_FORM


@njit(cache=True)
def sort_legs(legs: Longs) -> Longs:
    """Return the order of legs (rows of expiry, strike, right, ...) by those three."""
    order = np.arange(len(legs))
    for i in range(1, len(order)):
        row, k = order[i], i - 1
        while k >= 0 and _is_after(legs[order[k]], legs[row]):
            order[k + 1] = order[k]
            k -= 1
        order[k + 1] = row
    return order


@njit(cache=True)
def _is_after(leg: Longs, other: Longs) -> bool:
    for field in (E_EXPIRY, E_STRIKE, E_RIGHT):
        if leg[field] != other[field]:
            return bool(leg[field] > other[field])
    return False
