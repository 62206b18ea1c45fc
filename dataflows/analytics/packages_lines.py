"""The contracts of a package: totals, prices and quotes, sorted, with ratios in lowest terms.

Owns the sums over the prints of a leg. Refuses signs.
"""

import numpy as np
from numba import njit

from dataflows.analytics import packages_layout as at
from dataflows.analytics.options_money import MONEY_MAX
from dataflows.analytics.packages_forms import gcd_of, sort_legs
from dataflows.analytics.packages_layout import GROUP_LEGS, LINE_FIELDS
from dataflows.analytics.release import Longs


@njit(cache=True)
def _new_line(line: Longs, leg: Longs) -> None:
    """Begin a line at the first print of its series."""
    line[:] = 0
    line[at.N_CONTRACT], line[at.N_EXPIRY] = leg[at.L_CONTRACT], leg[at.L_EXPIRY]
    line[at.N_STRIKE], line[at.N_RIGHT] = leg[at.L_STRIKE], leg[at.L_RIGHT]
    line[at.N_PRICE], line[at.N_FIRST_SEQ] = leg[at.L_PRICE], leg[at.L_SEQ]
    line[at.N_STATE], line[at.N_PLACEMENT] = leg[at.L_STATE], leg[at.L_PLACEMENT]
    line[at.N_QUOTE_TS], line[at.N_QUOTE_SEQ] = leg[at.L_QUOTE_TS], leg[at.L_QUOTE_SEQ]
    line[at.N_BID], line[at.N_ASK] = leg[at.L_BID], leg[at.L_ASK]
    line[at.N_OPEN_INTEREST], line[at.N_VOLUME] = leg[at.L_OPEN_INTEREST], leg[at.L_VOLUME]


@njit(cache=True)
def lines_of_package(legs: Longs) -> Longs:
    """Return a row for each contract of one package, by expiry, strike and right; ratios in lowest terms.

    One series has one price in a package, so the first print's price is that of all.
    """
    lines = np.zeros((min(len(legs), GROUP_LEGS), LINE_FIELDS), np.int64)
    count = 0
    for row in range(len(legs)):
        place = 0
        while place < count and lines[place, at.N_CONTRACT] != legs[row, at.L_CONTRACT]:
            place += 1
        if place == count:
            _new_line(lines[count], legs[row])
            count += 1
        lines[place, at.N_SIZE] += legs[row, at.L_SIZE]
        lines[place, at.N_PREMIUM] = min(lines[place, at.N_PREMIUM] + legs[row, at.L_PREMIUM], MONEY_MAX)
    lines = lines[:count]
    lines = lines[sort_legs(lines[:, at.N_EXPIRY : at.N_RIGHT + 1])]
    lines[:, at.N_RATIO] = lines[:, at.N_SIZE] // max(gcd_of(lines[:, at.N_SIZE]), 1)
    return lines
