"""How well some prints of a group fit one package, as a log score.

Owns the parts of that score: the form they make, how evenly they repeat in rounds of one print a leg, their
size, and the gaps between them. Refuses to compare packages: it judges one at a time.
"""

from typing import Final

import numpy as np
from numba import njit

from dataflows.analytics import packages_layout as at
from dataflows.analytics.packages_forms import (
    E_EXPIRY,
    E_RATIO,
    E_RIGHT,
    E_STRIKE,
    NAMED_LEGS_MAX,
    NO_FORM,
    gcd_of,
    geometry_of,
    sort_legs,
)
from dataflows.analytics.packages_layout import Doubles
from dataflows.analytics.packages_tables import (
    COMPANY,
    FORM_LOG,
    LEG_GAP_NS,
    MEETING_NS,
    MISSING_LOG,
    NEAR_NS,
    NEAR_SHARE,
    ODD_LOG,
    ROUND_GAP_NS,
    ROUNDS_LOG,
    SKEWED_LOG,
    STOCK_FORM_LOG,
    STRAY,
    UNEQUAL_LOG,
    UNITS_FROM,
    WIDE_RATIO_LOG,
)
from dataflows.analytics.release import Longs

RATIO_USUAL: Final = 3  # what most complex books allow
IMPOSSIBLE: Final = -1e9
NEVER: Final = -1e8  # below it a score is of nothing possible
_WIDE_NS: Final = float(at.GAP_NS)
_FEW_UNITS: Final = 4  # so few are mostly traded at once


@njit(cache=True)
def _gap_log(gap_ns: float, scale_ns: float) -> float:
    """Return the log density, a ns, of a gap that is mostly short and now and then anything."""
    short = (1.0 - STRAY) * np.exp(-gap_ns / scale_ns) / scale_ns
    return float(np.log(short + STRAY / _WIDE_NS))


@njit(cache=True)
def _start_log(after_ns: float) -> float:
    """Return the log density of one more package so long after the first of its group."""
    near = NEAR_SHARE * np.exp(-after_ns / NEAR_NS) / NEAR_NS
    return float(np.log(COMPANY * (near + (1.0 - NEAR_SHARE) / MEETING_NS)))


@njit(cache=True)
def _form_log(lines: Longs, is_stock: bool) -> float:
    """Return how usual the form and size of legs are; `lines` have their totals in place of ratios."""
    lines = lines[sort_legs(lines)]
    units = max(gcd_of(lines[:, E_RATIO]), 1)
    lines[:, E_RATIO] //= units
    form = geometry_of(lines, is_stock)
    found = STOCK_FORM_LOG[form] if is_stock else FORM_LOG[form]
    found -= np.log(units + UNITS_FROM) + (ROUNDS_LOG if units >= _FEW_UNITS else 0.0)
    if form == NO_FORM:
        found -= ODD_LOG * max(len(lines) - 2, 0)
    return float(found - (WIDE_RATIO_LOG if lines[:, E_RATIO].max() > RATIO_USUAL else 0.0))


@njit(cache=True)
def _gaps_log(legs: Longs, rows: Longs, place: Longs) -> float:
    """Return how close prints follow each other; `place` is each one's leg, by first sight."""
    total = 0.0
    for k in range(1, len(rows)):
        gap = legs[rows[k], at.L_TS] - legs[rows[k - 1], at.L_TS]
        is_next = place[k] > place[k - 1] or gap == 0
        total += _gap_log(float(gap), LEG_GAP_NS if is_next else ROUND_GAP_NS)
    return float(total)


@njit(cache=True)
def _blemish(legs: Longs, rows: Longs, place: Longs, count: int) -> float:
    """Return what uneven rounds cost: the n-th print of each leg is there, in one ratio, of one size."""
    seen = np.zeros(count, np.int64)
    sizes = np.zeros((count, len(rows)), np.int64)
    for k in range(len(rows)):
        sizes[place[k], seen[place[k]]] = legs[rows[k], at.L_SIZE]
        seen[place[k]] += 1
    rounds = seen.max()
    missing = int((rounds - seen).sum())
    if missing > 0:
        return float(MISSING_LOG * missing)
    unit = sizes[0, 0] // max(gcd_of(sizes[:, 0]), 1)
    found = UNEQUAL_LOG if sizes[0, :rounds].max() - sizes[0, :rounds].min() > unit else 0.0
    for k in range(1, rounds):
        if (sizes[:, k] * sizes[0, 0] != sizes[:, 0] * sizes[0, k]).any():
            return float(found + SKEWED_LOG)
    return float(found)


@njit(cache=True)
def score_of(legs: Longs, line: Longs, atom: Longs, mask: int) -> tuple[float, float]:
    """Return the log score of the prints whose atom is in `mask` being one package, and its blemish.

    `line` numbers the series and price of each print. A series at two prices is two orders.
    """
    rows, place = np.empty(len(legs), np.int64), np.empty(len(legs), np.int64)
    known = np.empty(len(legs), np.int64)
    lines = np.zeros((len(legs), 4), np.int64)
    size, count = 0, 0
    for row in range(len(legs)):
        if mask >> atom[row] & 1 == 0:
            continue
        leg = 0
        while leg < count and line[known[leg]] != line[row]:
            if legs[known[leg], at.L_CONTRACT] == legs[row, at.L_CONTRACT]:
                return IMPOSSIBLE, 0.0
            leg += 1
        if leg == count:
            known[count] = row
            lines[count, E_EXPIRY], lines[count, E_STRIKE] = legs[row, at.L_EXPIRY], legs[row, at.L_STRIKE]
            lines[count, E_RIGHT] = legs[row, at.L_RIGHT]
            count += 1
        lines[leg, E_RATIO] += legs[row, at.L_SIZE]
        rows[size], place[size] = row, leg
        size += 1
    if count > NAMED_LEGS_MAX and size < len(legs):
        return IMPOSSIBLE, 0.0  # more legs than any name has are only weighed as all that there is
    is_stock = legs[rows[0], at.L_FAMILY] == at.STOCK_FAMILY
    rows, place = rows[:size], place[:size]
    gaps, blemish = _gaps_log(legs, rows, place), _blemish(legs, rows, place, count)
    after = legs[rows[0], at.L_TS] - legs[0, at.L_TS]
    start = _start_log(float(after)) if rows[0] > 0 else 0.0
    return _form_log(lines[:count], is_stock) + gaps + start - blemish, blemish


@njit(cache=True)
def scores_of(legs: Longs, line: Longs, atom: Longs, atoms: int) -> tuple[Doubles, Doubles]:
    """Return the score and the blemish of each set of atoms of a stretch of legs, by its bits."""
    full = (1 << atoms) - 1
    scores, blemish = np.full(full + 1, IMPOSSIBLE), np.zeros(full + 1)
    for mask in range(1, full + 1):
        scores[mask], blemish[mask] = score_of(legs, line, atom, mask)
    return scores, blemish
