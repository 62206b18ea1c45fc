"""Which legs of a group are one package, and how sure that is.

Owns the choice among all ways to part a group: the best by the sum of its packages' scores is taken, and the
share of its package among all ways is its chance. Legs of one series and price stand together unless that
leaves a blemish; then each print is weighed by itself, or each round where there are many. Refuses to look
beyond a group: what lies on another venue, in another root or under another code is another order.
"""

from typing import Final

import numpy as np
from numba import njit

from dataflows.analytics import packages_layout as at
from dataflows.analytics.packages_layout import Doubles
from dataflows.analytics.packages_score import IMPOSSIBLE, NEVER, scores_of
from dataflows.analytics.release import Longs

LINES_MAX: Final = 10  # series at one price in a stretch whose partings are all weighed
PRINTS_MAX: Final = 12  # prints of a stretch that may be weighed one by one


@njit(cache=True)
def lines_of(legs: Longs) -> Longs:
    """Return for each leg the number of its line: a series at one price, in the order of first sight."""
    line = np.zeros(len(legs), np.int64)
    count = 0
    for row in range(len(legs)):
        line[row] = -1
        for other in range(row):
            is_same = legs[other, at.L_CONTRACT] == legs[row, at.L_CONTRACT]
            if is_same and legs[other, at.L_PRICE] == legs[row, at.L_PRICE]:
                line[row] = line[other]
                break
        if line[row] < 0:
            line[row] = count
            count += 1
    return line


@njit(cache=True)
def rounds_of(line: Longs) -> Longs:
    """Return for each leg how many of its line came before it."""
    found = np.zeros(len(line), np.int64)
    for row in range(len(line)):
        found[row] = (line[:row] == line[row]).sum()
    return found


@njit(cache=True)
def _log_add(a: float, b: float) -> float:
    high, low = max(a, b), min(a, b)
    return float(high + np.log1p(np.exp(low - high))) if low > NEVER else float(high)


@njit(cache=True)
def _part(scores: Doubles, atoms: int) -> tuple[Longs, Doubles, float]:
    """Return the set that holds each atom in the best parting, the chance of that set, and the best score."""
    full = (1 << atoms) - 1
    best, total = np.full(full + 1, IMPOSSIBLE), np.full(full + 1, IMPOSSIBLE)
    choice = np.zeros(full + 1, np.int64)
    best[0] = total[0] = 0.0
    for mask in range(1, full + 1):
        low = mask & -mask
        rest = sub = mask ^ low
        while True:
            mine = sub | low
            if scores[mine] > NEVER:
                value = scores[mine] + best[mask ^ mine]
                if value > best[mask]:
                    best[mask], choice[mask] = value, mine
                total[mask] = _log_add(total[mask], scores[mine] + total[mask ^ mine])
            if sub == 0:
                break
            sub = (sub - 1) & rest
    owner, chance = np.zeros(atoms, np.int64), np.zeros(atoms)
    mask = full
    while mask:
        found = choice[mask]
        assert found > 0, "a group without any parting"
        log_chance = scores[found] + total[full ^ found] - total[full]
        for number in range(atoms):
            if found >> number & 1:
                owner[number], chance[number] = found, np.exp(min(log_chance, 0.0))
        mask ^= found
    return owner, chance, best[full]


@njit(cache=True)
def _part_stretch(legs: Longs, line: Longs, lines: int, owner: Longs, chance: Doubles) -> None:
    """Write for each leg of a stretch the set it is in and the chance of that set."""
    scores, blemish = scores_of(legs, line, line, lines)
    owners, chances, best = _part(scores, lines)
    atom = line
    if blemish[owners].max() > 0.0:
        finer = np.arange(len(legs)) if len(legs) <= PRINTS_MAX else rounds_of(line)
        atoms = int(finer.max()) + 1
        # Without a score for the whole, no parting by rounds need exist: more legs than any name has.
        finer_scores = scores_of(legs, line, finer, min(atoms, PRINTS_MAX))[0]
        if atoms <= PRINTS_MAX and (atoms == len(legs) or finer_scores[-1] > NEVER):
            found, odds, value = _part(finer_scores, atoms)
            if value > best:
                owners, chances, atom = found, odds, finer
    for row in range(len(legs)):
        owner[row], chance[row] = owners[atom[row]], chances[atom[row]]


@njit(cache=True)
def _widest_gap(legs: Longs, start: int, stop: int) -> int:
    """Return the row after the widest gap of a stretch; of equal ones the first."""
    found, widest = start + 1, -1
    for row in range(start + 1, stop):
        gap = legs[row, at.L_TS] - legs[row - 1, at.L_TS]
        if gap > widest:
            found, widest = row, gap
    return found


@njit(cache=True)
def parse_group(legs: Longs, package: Longs, chance: Doubles) -> int:
    """Number the packages of one group, whose legs are in event order, from 0; return how many there are.

    A stretch with a gap beyond the package gap or with too many lines is cut at its widest gap first.
    """
    ends = np.empty(len(legs) + 1, np.int64)
    ends[0], depth, start, count = len(legs), 1, 0, 0
    owner = np.empty(len(legs), np.int64)
    while start < len(legs):
        stop = ends[depth - 1]
        line = lines_of(legs[start:stop])
        lines = int(line.max()) + 1
        cut = _widest_gap(legs, start, stop) if stop - start > 1 else stop
        is_wide = cut < stop and legs[cut, at.L_TS] - legs[cut - 1, at.L_TS] > at.GAP_NS
        if is_wide or (lines > LINES_MAX and stop - start > 1):
            ends[depth] = cut
            depth += 1
            continue
        _part_stretch(legs[start:stop], line, lines, owner[start:stop], chance[start:stop])
        count = _number(owner, package, (start, stop), count)
        start = stop
        depth -= 1
    return count


@njit(cache=True)
def _number(owner: Longs, package: Longs, span: tuple[int, int], count: int) -> int:
    """Give the sets of a stretch their numbers in the order of their first legs."""
    start, stop = span
    for row in range(start, stop):
        package[row] = -1
        for other in range(start, row):
            if owner[other] == owner[row]:
                package[row] = package[other]
                break
        if package[row] < 0:
            package[row] = count
            count += 1
    return count


@njit(cache=True)
def parse_groups(legs: Longs, group: Longs, package: Longs, chance: Doubles) -> int:
    """Write the number and the chance of each leg's package; return how many packages there are.

    `legs` come group by group, in event order; packages are numbered in the order of group and first leg.
    """
    count, start = 0, 0
    while start < len(legs):
        stop = start + 1
        while stop < len(legs) and group[stop] == group[start]:
            stop += 1
        found = parse_group(legs[start:stop], package[start:stop], chance[start:stop])
        package[start:stop] += count
        count += found
        start = stop
    return count
