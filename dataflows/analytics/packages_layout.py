"""The state of packages as arrays, and the names of their columns.

Owns the columns of one withheld leg, of one contract of a package and of a package, all int64 or float64:
times in ns, prices in 1e-9 USD, money in 1e-4 USD, sizes in contracts. Refuses text and thresholds that
are fitted: those stand in the tables.
"""

from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from dataflows.analytics.options_layout import MS, Placed, Prints
from dataflows.analytics.options_names import Names
from dataflows.analytics.release import Longs, Release
from dataflows.analytics.stock import Stock
from schemas.kinds import CODE_FAMILY

Doubles: TypeAlias = npt.NDArray[np.float64]

GAP_NS: Final = 5 * MS  # legs of one package lie within it (definitions: packages, grouping)
GROUP_LEGS: Final = 64  # prints of one group; with one more it closes and is counted
GROUPS_OPEN: Final = 512  # groups open at once; the one that began first closes and is counted
FAMILIES: Final = (CODE_FAMILY.index("multi_leg"), CODE_FAMILY.index("stock_option"))
STOCK_FAMILY: Final = CODE_FAMILY.index("stock_option")

# A withheld leg print.
(
    L_CONTRACT,
    L_ROOT,
    L_VENUE,
    L_CODE,
    L_FAMILY,
    L_TS,  # the earlier of its two times: what decides whether legs belong together
    L_AT,  # its effective time: what decides when a group closes
    L_SEQ,
    L_PRICE,
    L_SIZE,
    L_PREMIUM,
    L_STATE,
    L_PLACEMENT,
    L_QUOTE_TS,
    L_QUOTE_SEQ,
    L_BID,
    L_ASK,
    L_OPEN_INTEREST,
    L_VOLUME,
    L_EXPIRY,
    L_STRIKE,
    L_RIGHT,
) = range(22)
LEG_FIELDS: Final = 22

# What a group is known by, and when it was last joined.
G_ROOT, G_VENUE, G_CODE, G_START, G_LAST, G_COUNT = range(6)
GROUP_FIELDS: Final = 6

# Counters.
N_OPEN, N_CUT, N_EVICTED = range(3)
COUNTERS: Final = 3


class LegTurn(NamedTuple):
    """What one release brings to packages: prints, what was found for them, and where the stock stands.

    `code` is the byte of each print's sale code. `order` holds the rows of prints that may be legs (status
    ok, a multi-leg or stock-option code) in the order of application and `effective_ts` the time of each.
    """

    prints: Prints
    placed: Placed
    code: npt.NDArray[np.uint8]
    order: Longs
    effective_ts: Longs
    release: Release
    watermark: int
    stock: Stock | None
    names: Names


class Groups(NamedTuple):
    """Open groups: what each is known by, its legs, and counters."""

    known: Longs
    legs: Longs
    counts: Longs


class ClosedLegs(NamedTuple):
    """Legs of closed groups: their columns, the number of their group and when it closed."""

    legs: Longs
    group: Longs
    emit_ts: Longs


def new_groups() -> Groups:
    """Return no open groups."""
    return Groups(
        np.zeros((GROUPS_OPEN, GROUP_FIELDS), np.int64),
        np.zeros((GROUPS_OPEN, GROUP_LEGS, LEG_FIELDS), np.int64),
        np.zeros(COUNTERS, np.int64),
    )


# One contract of a package.
(
    N_CONTRACT,
    N_EXPIRY,
    N_STRIKE,
    N_RIGHT,
    N_RATIO,  # contracts a unit
    N_SIZE,
    N_PRICE,
    N_PREMIUM,
    N_FIRST_SEQ,
    N_STATE,
    N_PLACEMENT,
    N_QUOTE_TS,
    N_QUOTE_SEQ,
    N_BID,
    N_ASK,
    N_OPEN_INTEREST,
    N_VOLUME,
) = range(17)
LINE_FIELDS: Final = 17

# Whole numbers of a package.
(
    K_FORM,
    K_CLASS,
    K_OTHER,  # the runner-up's class
    K_ORIENTATION,  # 1 the form is bought as it is written, -1 sold, 0 cannot be said
    K_UNITS,
    K_NET,  # of one unit, in 1e-9 USD a share, as the form is written
    K_BID,  # of the package's market, so too
    K_ASK,
    K_IS_STOCK,
    K_HAS_MARKET,
) = range(10)
WHOLE_FIELDS: Final = 10
# Real numbers of a package; NaN where not known. Delta is that of one unit as written; the shares are of the
# sums over legs without their signs.
R_GEOMETRY, R_CLASS, R_SIGN, R_OTHER, R_DIRECTION, R_PLACE, R_DELTA, R_DELTA_SHARE, R_VEGA_SHARE = range(9)
REAL_FIELDS: Final = 9


class Parcels(NamedTuple):
    """Packages as found: legs one package after the other, where each starts, when it leaves, its chance."""

    legs: Longs
    starts: Longs
    emit_ts: Longs
    chance: Doubles


class Read(NamedTuple):
    """What is read from parcels: lines of contracts, where each package's start, numbers and signs."""

    lines: Longs
    starts: Longs
    signs: Longs
    whole: Longs
    real: Doubles
