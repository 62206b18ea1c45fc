"""What is claimed of each package: its form, its signs, whether it was bought or sold, and its risk.

Owns the reading of parcels into numbers, each claim with its own confidence. Refuses text, and the stock's
tape: that is asked once a package is read.
"""

import numpy as np
from numba import njit

from dataflows.analytics import packages_layout as at
from dataflows.analytics.greeks import greeks, years_to
from dataflows.analytics.packages_forms import E_RATIO, NO_FORM, geometry_of
from dataflows.analytics.packages_layout import LINE_FIELDS, REAL_FIELDS, WHOLE_FIELDS, Doubles, Parcels, Read
from dataflows.analytics.packages_lines import lines_of_package
from dataflows.analytics.packages_signs import (
    UNNAMED,
    VECTORS_MAX,
    has_market,
    net_of,
    vectors_of,
    weigh,
)
from dataflows.analytics.packages_tables import BOOK_CODES, DIRECTION_P, GEOMETRY_P, PLACE_BINS
from dataflows.analytics.release import Longs
from schemas.opra import IS_AGAINST_SINGLE_LEGS


@njit(cache=True)
def _read_signs(lines: Longs, code: int, form: int, signs: Longs, whole: Longs, real: Doubles) -> None:
    """Write the best vector with its class, the runner-up, and the direction where prices tell it."""
    tried = np.ones((VECTORS_MAX, len(lines)), np.int64)
    named, odds = np.zeros(VECTORS_MAX, np.int64), np.ones(VECTORS_MAX)
    count = vectors_of(form, whole[at.K_IS_STOCK] == 1, lines, tried, named, odds)
    whole[at.K_CLASS] = whole[at.K_OTHER] = UNNAMED
    if count == 0:
        return
    chance = np.zeros((count, 2))
    weigh(lines, code, tried[:count], odds[:count], chance)
    by_vector = chance[:, 0] + chance[:, 1]
    best = 1 if count > 1 and by_vector[1] > by_vector[0] else 0
    signs[:] = tried[best]
    whole[at.K_CLASS], real[at.R_SIGN] = named[best], by_vector[best]
    real[at.R_CLASS] = by_vector[named[:count] == named[best]].sum()
    if count > 1:
        whole[at.K_OTHER], real[at.R_OTHER] = named[1 - best], by_vector[1 - best]
    _read_direction(lines, code, signs, chance[best] / by_vector[best], (whole, real))


@njit(cache=True)
def _read_direction(
    lines: Longs, code: int, signs: Longs, ways: Doubles, into: tuple[Longs, Doubles]
) -> None:
    """Write whether the form was bought: by the touched sides, or by the net against the package's middle."""
    whole, real = into
    net, bid, ask = net_of(lines, signs)
    whole[at.K_NET], whole[at.K_BID], whole[at.K_ASK] = net, bid, ask
    if whole[at.K_HAS_MARKET] == 0 or ask <= bid:
        return
    place = (net - bid) / (ask - bid)
    real[at.R_PLACE] = place
    if IS_AGAINST_SINGLE_LEGS[code]:
        whole[at.K_ORIENTATION] = 1 if ways[1] >= ways[0] else -1
        real[at.R_DIRECTION] = max(ways[1], ways[0])
    elif BOOK_CODES[code] and 2 * net != bid + ask:
        whole[at.K_ORIENTATION] = 1 if 2 * net > bid + ask else -1
        bin_ = min(int(abs(place - 0.5) * 2.0 * (PLACE_BINS - 1)), PLACE_BINS - 1)
        real[at.R_DIRECTION] = DIRECTION_P[bin_]


@njit(cache=True)
def _read_risk(lines: Longs, signs: Longs, spot: float, ts: int, real: Doubles) -> None:
    """Write the delta of one unit as written, and how much of the legs' deltas and vegas is left of them."""
    if spot <= 0.0:
        return
    delta = vega = all_delta = all_vega = 0.0
    for k in range(len(lines)):
        if lines[k, at.N_BID] < 0 or lines[k, at.N_ASK] <= 0:
            return
        middle = 0.5 * (lines[k, at.N_BID] + lines[k, at.N_ASK])
        years, is_put = years_to(lines[k, at.N_EXPIRY], ts), lines[k, at.N_RIGHT] == 1
        found = greeks(middle, spot, float(lines[k, at.N_STRIKE]), is_put, years)
        held = float(signs[k] * lines[k, at.N_RATIO])
        delta += held * found[1]
        vega += held * found[2]
        all_delta += abs(held * found[1])
        all_vega += abs(held * found[2])
    real[at.R_DELTA] = delta
    real[at.R_DELTA_SHARE] = delta / all_delta if all_delta > 0.0 else 0.0
    real[at.R_VEGA_SHARE] = vega / all_vega if all_vega > 0.0 else 0.0


@njit(cache=True)
def _read_package(lines: Longs, leg: Longs, spot: float, signs: Longs, into: tuple[Longs, Doubles]) -> None:
    """Read one package; `leg` is its first print."""
    whole, real = into
    form_lines = np.ascontiguousarray(lines[:, at.N_EXPIRY : at.N_EXPIRY + 4])
    assert at.N_RATIO - at.N_EXPIRY == E_RATIO
    is_stock = leg[at.L_FAMILY] == at.STOCK_FAMILY
    form = geometry_of(form_lines, is_stock)
    whole[at.K_FORM], whole[at.K_IS_STOCK] = form, 1 if is_stock else 0
    whole[at.K_UNITS] = lines[0, at.N_SIZE] // max(lines[0, at.N_RATIO], 1)
    whole[at.K_HAS_MARKET] = 1 if has_market(lines) else 0
    if form != NO_FORM:
        real[at.R_GEOMETRY] = GEOMETRY_P[form]
    _read_signs(lines, int(leg[at.L_CODE]), form, signs, whole, real)
    _read_risk(lines, signs, spot, int(leg[at.L_TS]), real)


@njit(cache=True)
def read_parcels(parcels: Parcels, spot: Doubles) -> Read:
    """Read every package; `spot` is the stock's middle beside each in 1e-9 USD, 0 where none is known."""
    count = len(parcels.starts) - 1
    lines = np.zeros((len(parcels.legs), LINE_FIELDS), np.int64)
    starts = np.zeros(count + 1, np.int64)
    signs = np.ones(len(parcels.legs), np.int64)
    whole = np.zeros((count, WHOLE_FIELDS), np.int64)
    real = np.full((count, REAL_FIELDS), np.nan)
    for k in range(count):
        legs = parcels.legs[parcels.starts[k] : parcels.starts[k + 1]]
        found = lines_of_package(legs)
        first, after = starts[k], starts[k] + len(found)
        lines[first:after] = found
        _read_package(found, legs[0], spot[k], signs[first:after], (whole[k], real[k]))
        starts[k + 1] = after
    return Read(lines[: starts[count]], starts, signs[: starts[count]], whole, real)
