"""Sums over the prints of each package.

Owns the columns of flow.packets that are plain sums, firsts and lasts. Refuses claims.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit

from dataflows.analytics import packages_layout as at
from dataflows.analytics.options_money import MONEY_MAX
from dataflows.analytics.quotes import (
    PLACE_ABOVE_ASK,
    PLACE_AT_ASK,
    PLACE_AT_BID,
    PLACE_BELOW_BID,
    PLACE_INSIDE_ASK,
    PLACE_INSIDE_BID,
    PLACE_MID,
)
from dataflows.analytics.release import Longs

T_FIELDS: Final = (
    "size",
    "premium",
    "start_ts",
    "end_ts",
    "print_count",
    "taker_event_count",
    "at_ask_size",
    "at_bid_size",
    "inside_size",
    "at_ask_premium",
    "at_bid_premium",
    "inside_premium",
    "first_print_seq",
    "last_print_seq",
)
_DOLLAR: Final = 10**9


class Totals(NamedTuple):
    """Sums by the names of T_FIELDS, and whole dollars x size and the rest for the average price."""

    sums: Longs
    dollars: Longs
    rest: Longs


@njit(cache=True)
def _bucket(placement: int) -> int:
    """Return 0 at or above the ask, 1 at or below the bid, 2 inside, 3 not known."""
    if placement in (PLACE_ABOVE_ASK, PLACE_AT_ASK):
        return 0
    if placement in (PLACE_AT_BID, PLACE_BELOW_BID):
        return 1
    return 2 if placement in (PLACE_INSIDE_ASK, PLACE_MID, PLACE_INSIDE_BID) else 3


@njit(cache=True)
def _is_new_event(legs: Longs, row: int) -> bool:
    """Tell whether no earlier print of a package has this series and time."""
    for other in range(row):
        is_series = legs[other, at.L_CONTRACT] == legs[row, at.L_CONTRACT]
        if is_series and legs[other, at.L_TS] == legs[row, at.L_TS]:
            return False
    return True


@njit(cache=True)
def _add(legs: Longs, row: int, total: Longs) -> None:
    leg = legs[row]
    size, premium = leg[at.L_SIZE], leg[at.L_PREMIUM]
    total[0] += size
    total[1] = min(total[1] + premium, MONEY_MAX)
    total[2], total[3] = min(total[2], leg[at.L_TS]), max(total[3], leg[at.L_TS])
    total[4] += 1
    total[5] += 1 if _is_new_event(legs, row) else 0
    bucket = _bucket(leg[at.L_PLACEMENT])
    if bucket < 3:
        total[6 + bucket] += size
        total[9 + bucket] = min(total[9 + bucket] + premium, MONEY_MAX)
    total[12], total[13] = min(total[12], leg[at.L_SEQ]), max(total[13], leg[at.L_SEQ])


@njit(cache=True)
def totals_of(legs: Longs, starts: Longs) -> Totals:
    """Return the sums of each package; `starts` has one entry more than there are packages."""
    count = len(starts) - 1
    sums = np.zeros((count, 14), np.int64)
    dollars, rest = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for k in range(count):
        mine = legs[starts[k] : starts[k + 1]]
        sums[k, 2] = mine[0, at.L_TS]
        sums[k, 12] = mine[0, at.L_SEQ]
        for row in range(len(mine)):
            _add(mine, row, sums[k])
            dollars[k] += mine[row, at.L_PRICE] // _DOLLAR * mine[row, at.L_SIZE]
            rest[k] += mine[row, at.L_PRICE] % _DOLLAR * mine[row, at.L_SIZE]
    return Totals(sums, dollars, rest)


assert len(T_FIELDS) == 14
