"""The customer's side from published accuracies, for tapes that have no truth of their own.

Owns the accuracies of the stack `gsu_large` by where a print lay in the executing venue's own quote, and the
floor below which none is claimed. Refuses a claim without that quote (the national quote alone reaches
0.596), without a decision of the stack, and for series in which the published accuracy is below the floor.

Source: the results of the thesis of KarelZe (github.com/KarelZe/thesis), rule of Grauer, Schuster and
Uhrig-Homburg; test sets from 5 November 2015, ISE to 31 May 2017 and CBOE to 31 October 2017. Of the two the
lower figure stands. The published stack ends in a reverse tick; what only that would decide is left open.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dataflows.analytics.release import Flags, Longs
from dataflows.analytics.side import NOTHING, STACKS, Columns, Quote, stack
from dataflows.analytics.sides_cells import Seen
from dataflows.analytics.sides_lookup import UNIT, UNKNOWN, Chances

FLOOR: Final = 0.60
AT_QUOTES, AT_MID, INSIDE, OUTSIDE = "at quotes", "at mid", "inside", "outside"
INDEX, LONG_DATED, NATIONAL_QUOTE = "index options", "over 12 months", "national quote only"
_NS_PER_DAY: Final = 86_400_000_000_000
_LONG_DAYS: Final = 365
# Roots of indices; options on funds that follow them are options on shares.
INDICES: Final = (
    "DJX",
    "MRUT",
    "MXEA",
    "MXEF",
    "NANOS",
    "NDX",
    "NQX",
    "OEX",
    "RUT",
    "SPX",
    "VIX",
    "XEO",
    "XND",
    "XSP",
)


class Accuracy(NamedTuple):
    """A published share of right customer sides of `gsu_large`, on ISE and on CBOE."""

    ise: float
    cboe: float

    @property
    def lower(self) -> float:
        """The lower of the two, which is what is claimed."""
        return min(self.ise, self.cboe)


ACCURACIES: Final[dict[str, Accuracy]] = {
    AT_QUOTES: Accuracy(0.782, 0.724),
    AT_MID: Accuracy(0.681, 0.635),
    INSIDE: Accuracy(0.645, 0.658),
    OUTSIDE: Accuracy(0.649, 0.719),
    INDEX: Accuracy(0.585, 0.665),
    LONG_DATED: Accuracy(0.650, 0.596),
    NATIONAL_QUOTE: Accuracy(0.5957, 0.5981),  # the quote rule, which is all such a tape allows
}


def is_below_floor(underlying: pa.StringArray, expiry: Longs, event_ts: Longs) -> Flags:
    """Tell which prints are of series whose published accuracy is below the floor: indices, over 12 months.

    `expiry` is YYYYMMDD, `event_ts` ns.
    """
    is_index = pc.is_in(underlying, value_set=pa.array(INDICES)).to_numpy(zero_copy_only=False)
    months = expiry // 10_000 * 12 + expiry // 100 % 100 - 1 - 1970 * 12
    last_day = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + expiry % 100 - 1
    return np.asarray(is_index | (last_day - event_ts // _NS_PER_DAY > _LONG_DAYS))


def published(seen: Seen, is_excluded: Flags) -> Chances:
    """Return the chance in 1e-4 that the customer bought, UNKNOWN where no published figure allows one."""
    best = Quote(seen.bid, seen.ask, seen.bid_size, seen.ask_size)
    is_bid = (seen.venue > 0) & (seen.bid_venue == seen.venue)
    is_ask = (seen.venue > 0) & (seen.ask_venue == seen.venue)
    own = Quote(
        *(np.where(m, c, NOTHING) for m, c in zip((is_bid, is_ask, is_bid, is_ask), best, strict=True))
    )
    nothing = np.full(len(seen.price), NOTHING, np.int64)
    side = stack(STACKS["gsu_large_live"], Columns(seen.price, seen.size, best, own, nothing, nothing)).side
    accuracy = _accuracy(seen.price, own)
    chance = np.where(side > 0, accuracy, UNIT - accuracy)
    is_claimed = (side != 0) & (accuracy >= round(FLOOR * UNIT)) & ~is_excluded
    return np.asarray(np.where(is_claimed, chance, UNKNOWN), np.int16)


def _accuracy(price: Longs, own: Quote) -> npt.NDArray[np.int64]:
    """Return the published accuracy in 1e-4 by the place in the venue's own quote, 0 where unknown."""
    has_bid, has_ask = own.bid >= 0, own.ask >= 0
    is_mid = price - own.bid == own.ask - price
    has_both = has_bid & has_ask & (price > own.bid) & (price < own.ask)
    places = (
        (OUTSIDE, (has_bid & (price < own.bid)) | (has_ask & (price > own.ask))),
        (AT_QUOTES, (has_bid & (price == own.bid)) | (has_ask & (price == own.ask))),
        (AT_MID, has_both & is_mid),
        (INSIDE, has_both & ~is_mid),
    )
    found = np.zeros(len(price), np.int64)
    for name, holds in places:
        found[holds] = round(ACCURACIES[name].lower * UNIT)
    return found
