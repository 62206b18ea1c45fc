"""Relative signs and direction of a package: which legs were bought, as far as prices tell.

Owns the sign vectors that each form allows with the class each would be, and the evidence for them: legs that
met single orders at the bid or the ask, where the net lies in the package's market, and whether it lies on a
grid. When every leg prints inside its own market all vectors fit, so often only how usual they are is left. A
vector is written as its buyer would hold it; its orientation says whether the form was bought or sold.
Refuses prices without a market on both sides: they tell nothing.
"""

import math
from typing import Final

import numpy as np
from numba import njit

from dataflows.analytics import packages_forms as forms
from dataflows.analytics import packages_layout as at
from dataflows.analytics.packages_layout import Doubles
from dataflows.analytics.packages_tables import (
    AT_FAR,
    AT_NEAR,
    BETWEEN,
    GRID_OFF,
    GRID_ON,
    PAIR_ODDS,
    PLACE_BINS,
    PLACE_LOG,
    UNUSUAL,
)
from dataflows.analytics.quotes import STATE_NORMAL, STATE_ZERO_BID
from dataflows.analytics.release import Longs
from schemas.kinds import PACKAGE_CLASS
from schemas.opra import IS_AGAINST_SINGLE_LEGS

VECTORS_MAX: Final = 2
NICKEL: Final = 50_000_000  # 1e-9 USD
UNNAMED: Final = PACKAGE_CLASS.index("unnamed")
_CLASS: Final = {name: PACKAGE_CLASS.index(name) for name in PACKAGE_CLASS}
VERTICAL, RATIO, CALENDAR, DIAGONAL = (
    _CLASS["vertical"],
    _CLASS["ratio"],
    _CLASS["calendar"],
    _CLASS["diagonal"],
)
STRADDLE, SYNTHETIC, CONVERSION = _CLASS["straddle"], _CLASS["synthetic"], _CLASS["conversion"]
STRANGLE, RISK_REVERSAL, COLLAR = _CLASS["strangle"], _CLASS["risk_reversal"], _CLASS["collar"]
BOX, JELLY_ROLL, STOCK_TIED = _CLASS["box"], _CLASS["jelly_roll"], _CLASS["stock_tied"]
BUTTERFLY, BROKEN_WING, CONDOR = _CLASS["butterfly"], _CLASS["broken_wing"], _CLASS["condor"]
IRON_FLY, IRON_CONDOR = _CLASS["iron_fly"], _CLASS["iron_condor"]
LADDER, THREE_WAY = _CLASS["ladder"], _CLASS["three_way"]


@njit(cache=True)
def _fill(signs: Longs, first: int, second: int, third: int, fourth: int) -> None:
    written = (first, second, third, fourth)
    for k in range(min(len(signs), len(written))):
        signs[k] = written[k]


@njit(cache=True)
def vectors_of(form: int, is_stock: bool, lines: Longs, signs: Longs, named: Longs, odds: Doubles) -> int:
    """Fill the sign vectors of a form, the class and the prior odds of each; return how many there are."""
    odds[0], odds[1] = 1.0 - UNUSUAL, UNUSUAL
    named[1] = UNNAMED
    signs[:] = 1
    if form in (forms.VERTICAL, forms.RATIO, forms.CALENDAR, forms.DIAGONAL):
        is_spread = form in (forms.VERTICAL, forms.RATIO)
        named[0] = (
            (VERTICAL if form == forms.VERTICAL else RATIO)
            if is_spread
            else (CALENDAR if form == forms.CALENDAR else DIAGONAL)
        )
        _fill(signs[0], 1 if is_spread else -1, -1 if is_spread else 1, 0, 0)
        return 2
    if form in (forms.STRADDLE, forms.STRANGLE):
        return _both_rights(form, is_stock, lines, signs, named, odds)
    if form in (forms.BUTTERFLY, forms.BROKEN_WING):
        named[0] = BUTTERFLY if form == forms.BUTTERFLY else BROKEN_WING
        _fill(signs[0], 1, -1, 1, 0)
        return 1
    if form == forms.LADDER:
        named[0] = named[1] = LADDER
        _fill(signs[0], 1, -1, -1, 0)
        _fill(signs[1], -1, -1, 1, 0)
        odds[0] = 1.0 - PAIR_ODDS[2]
        odds[1] = PAIR_ODDS[2]
        return 2
    if form == forms.THREE_WAY:
        return _three_way(lines, signs, named, odds)
    return _four(form, lines, signs, named)


@njit(cache=True)
def _both_rights(form: int, is_stock: bool, lines: Longs, signs: Longs, named: Longs, odds: Doubles) -> int:
    """A call and a put of one expiry: of one sign, or of two; with stock only the second is usual."""
    is_one_strike = form == forms.STRADDLE
    call = 0 if lines[0, at.N_RIGHT] == 0 else 1
    signs[1, 1 - call] = -1
    if is_one_strike:
        named[0], named[1] = STRADDLE, CONVERSION if is_stock else SYNTHETIC
    else:
        named[0], named[1] = STRANGLE, COLLAR if is_stock else RISK_REVERSAL
    other = 1.0 - UNUSUAL if is_stock else PAIR_ODDS[0 if is_one_strike else 1]
    odds[0], odds[1] = 1.0 - other, other
    return 2


@njit(cache=True)
def _three_way(lines: Longs, signs: Longs, named: Longs, odds: Doubles) -> int:
    """Two of one right as a spread, and one of the other that finances it or adds to it."""
    puts = int(lines[:, at.N_RIGHT].sum())
    alone = 1 if puts == 1 else 0
    named[0] = named[1] = THREE_WAY
    lower = 1
    for k in range(3):
        if lines[k, at.N_RIGHT] == alone:
            signs[0, k], signs[1, k] = -1, 1
        else:
            # Long the lower call and short the higher, or long the higher put and short the lower.
            signs[:, k] = lower if alone == 1 else -lower
            lower = -1
    odds[0], odds[1] = 1.0 - PAIR_ODDS[3], PAIR_ODDS[3]
    return 2


@njit(cache=True)
def _four(form: int, lines: Longs, signs: Longs, named: Longs) -> int:
    named[0] = UNNAMED
    if form == forms.STOCK_TIED:
        named[0] = STOCK_TIED
        return 1
    if form == forms.BOX_OR_JELLY:
        is_box = lines[0, at.N_EXPIRY] == lines[-1, at.N_EXPIRY]
        named[0] = BOX if is_box else JELLY_ROLL
        _fill(signs[0], 1 if is_box else -1, -1 if is_box else 1, -1 if is_box else 1, 1 if is_box else -1)
        return 1
    if form == forms.CONDOR:
        named[0] = CONDOR
    elif form in (forms.IRON_FLY, forms.IRON_CONDOR):
        named[0] = IRON_FLY if form == forms.IRON_FLY else IRON_CONDOR
    else:
        return 0
    _fill(signs[0], 1, -1, -1, 1)
    return 1


@njit(cache=True)
def has_market(lines: Longs) -> bool:
    """Tell whether every leg has a bid, if only of zero, below an ask: then the package has a market."""
    found = True
    for k in range(len(lines)):
        found = found and lines[k, at.N_STATE] in (STATE_NORMAL, STATE_ZERO_BID)
    return found


@njit(cache=True)
def net_of(lines: Longs, signs: Longs) -> tuple[int, int, int]:
    """Return net price, bid and ask of one unit held as `signs` say, in 1e-9 USD a share."""
    net = bid = ask = 0
    for k in range(len(lines)):
        ratio = lines[k, at.N_RATIO] * signs[k]
        net += ratio * lines[k, at.N_PRICE]
        low, high = ratio * lines[k, at.N_BID], ratio * lines[k, at.N_ASK]
        bid += min(low, high)
        ask += max(low, high)
    return net, bid, ask


@njit(cache=True)
def _touch_log(lines: Longs, signs: Longs) -> float:
    """Return how well legs that met single orders fit a vector: bought at the ask, sold at the bid."""
    total = 0.0
    for k in range(len(lines)):
        price = lines[k, at.N_PRICE]
        far, near = (
            (lines[k, at.N_ASK], lines[k, at.N_BID])
            if signs[k] > 0
            else (-lines[k, at.N_BID], -lines[k, at.N_ASK])
        )
        price = price if signs[k] > 0 else -price
        total += math.log(AT_FAR if price >= far else AT_NEAR if price <= near else BETWEEN)
    return total


@njit(cache=True)
def _inside_log(lines: Longs, signs: Longs) -> float:
    """Return how well a net inside the package's market fits a vector: its place and its grid."""
    net, bid, ask = net_of(lines, signs)
    if ask <= bid:
        return 0.0
    far = abs((net - bid) / (ask - bid) - 0.5)
    found = PLACE_LOG[min(int(far * 2.0 * (PLACE_BINS - 1)), PLACE_BINS - 1)]
    if ask - bid >= 2 * NICKEL:
        found += GRID_ON if net % NICKEL == 0 else GRID_OFF
    return float(found)


@njit(cache=True)
def weigh(lines: Longs, code: int, signs: Longs, odds: Doubles, chance: Doubles) -> None:
    """Write the chance of each vector being sold or bought: a row a vector, columns sold and bought.

    Where legs met single orders the touched side decides both; else the side stays even here.
    """
    is_single = IS_AGAINST_SINGLE_LEGS[code]
    has = has_market(lines)
    top = -np.inf
    for v in range(len(odds)):
        for way in range(2):
            log = math.log(odds[v])
            if has and is_single:
                log += _touch_log(lines, signs[v] * (2 * way - 1))
            elif has:
                log += _inside_log(lines, signs[v])
            chance[v, way] = log
            top = max(top, log)
    total = 0.0
    for v in range(len(odds)):
        for way in range(2):
            chance[v, way] = math.exp(chance[v, way] - top)
            total += chance[v, way]
    chance /= total
