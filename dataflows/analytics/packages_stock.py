"""The stock print that a package with a stock-option code is tied to, with its chance rate.

Owns the search: a print with a contingent condition, of as many shares as the package's delta needs, from
shortly before its first leg until it leaves. How often such a print comes by chance is counted in the minutes
before. Refuses packages without such a code.
"""

import math
from typing import Final, NamedTuple

from dataflows.analytics.options_layout import SECOND
from dataflows.analytics.packages_tables import STOCK_SEEN
from dataflows.analytics.stock import Stock

WAIT_NS: Final = 5 * SECOND  # most stock legs are reported within it; the rule allows ten seconds
BEFORE_NS: Final = SECOND
FLOOR_BEFORE_NS: Final = 60 * SECOND  # the options of a floor trade are reported late
HISTORY_NS: Final = 300 * SECOND
UNIT_SHARES: Final = 100
MILLIONTHS: Final = 1_000_000  # sizes of stock prints are in 1e-6 shares
TOLERANCE: Final = 0.12  # of the shares, where they follow a delta that is only estimated


class Tie(NamedTuple):
    """The stock print found (-1 none), the confidence in it, shares wanted, and how likely chance was."""

    seq: int
    confidence: float
    wanted: int
    chance: float


NO_TIE: Final = Tie(-1, -1.0, 0, -1.0)


def tie_of(stock: Stock, underlying: str, span: tuple[int, int, bool], wanted: tuple[int, float]) -> Tie:
    """Return the stock print that fits best; NO_TIE where none does.

    `span` is the time of the first leg, that at which the package leaves, and whether it came from a floor;
    `wanted` are the shares of whole units (exact), and of the legs' deltas (estimated, NaN where unknown).
    """
    start, leaves, is_floor = span
    first = start - (FLOOR_BEFORE_NS if is_floor else BEFORE_NS)
    marked = stock.marked(underlying, first - HISTORY_NS, leaves)
    fits = [_misfit(size / MILLIONTHS, wanted) for size in marked.size.tolist()]
    times, seqs = marked.ts.tolist(), marked.seq.tolist()
    inside = [k for k, t in enumerate(times) if t >= first and fits[k] <= 1.0]
    if not inside:
        return NO_TIE
    earlier = sum(1 for k, t in enumerate(times) if t < first and fits[k] <= 1.0)
    chance = 1.0 - math.exp(-(earlier + 0.5) * (leaves - first) / HISTORY_NS)
    best = min(inside, key=lambda k: (fits[k], abs(times[k] - start), seqs[k]))
    sure = STOCK_SEEN / (STOCK_SEEN + (1.0 - STOCK_SEEN) * chance) / len(inside)
    shares = wanted[0] if math.isnan(wanted[1]) else round(wanted[1])
    return Tie(seqs[best], round(sure, 4), shares, round(chance, 4))


def _misfit(shares: float, wanted: tuple[int, float]) -> float:
    """Return how far a size is from what is wanted: 0 for whole units, to 1 at the edge of the tolerance."""
    if shares == wanted[0]:
        return 0.0
    if math.isnan(wanted[1]) or wanted[1] <= 0.0:
        return 2.0
    return abs(shares - wanted[1]) / max(TOLERANCE * wanted[1], float(UNIT_SHARES) / 2.0)
