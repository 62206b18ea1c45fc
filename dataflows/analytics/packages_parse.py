"""Which legs of a group are one package.

Owns the numbering of the packages of each closed group. Refuses to look beyond a group: what lies on
another venue, in another root or under another code is another order.
"""

import numpy as np
from numba import njit

from dataflows.analytics.packages_layout import GAP_NS, L_SEQ, L_TS
from dataflows.analytics.release import Longs


@njit(cache=True)
def event_order(legs: Longs) -> Longs:
    """Return the rows of a group by the time that decides belonging, equal times by sequence number."""
    order = np.arange(len(legs))
    for i in range(1, len(order)):
        row = order[i]
        k = i - 1
        while k >= 0 and _is_later(legs, order[k], row):
            order[k + 1] = order[k]
            k -= 1
        order[k + 1] = row
    return order


@njit(cache=True)
def _is_later(legs: Longs, row: int, other: int) -> bool:
    if legs[row, L_TS] != legs[other, L_TS]:
        return bool(legs[row, L_TS] > legs[other, L_TS])
    return bool(legs[row, L_SEQ] > legs[other, L_SEQ])


@njit(cache=True)
def parse_groups(legs: Longs, group: Longs, package: Longs) -> int:
    """Write the number of each leg's package and return how many there are.

    `legs` come group by group; packages are numbered in the order of their group and first leg.
    """
    count, start = 0, 0
    while start < len(legs):
        stop = start + 1
        while stop < len(legs) and group[stop] == group[start]:
            stop += 1
        order = event_order(legs[start:stop])
        last = 0
        for place in range(len(order)):
            row = start + order[place]
            if place > 0 and legs[row, L_TS] - last > GAP_NS:
                count += 1
            package[row] = count
            last = legs[row, L_TS]
        count += 1
        start = stop
    return count
