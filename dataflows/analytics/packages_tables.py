"""Numbers that the claims about packages rest on, fitted on the tuning region of the synthetic market.

Owns how usual each form is, how prints of one order follow each other, and how often orders meet. Refuses to
hold anything that is a definition: gaps and ratios of the definitions stand where they are applied.
"""

from typing import Final

import numpy as np

from dataflows.analytics.packages_forms import FORMS, GEOMETRY
from dataflows.analytics.packages_layout import Doubles

# Gaps between the prints of one round of legs, and between rounds, have these means; a few are anything.
LEG_GAP_NS: Final = 20_000.0
ROUND_GAP_NS: Final = 620_000.0
STRAY: Final = 0.01
# One more package joins a group so often, near the first or within the time that an auction prints.
COMPANY: Final = 0.12
NEAR_SHARE: Final = 0.4
NEAR_NS: Final = 50_000.0
MEETING_NS: Final = 4_500_000.0
# What speaks against one order, as logs: a form without a name (for each leg beyond two), a leg that a round
# lacks, a round in another ratio, rounds of other sizes, and ratios beyond what most books allow.
ODD_LOG: Final = 4.0
MISSING_LOG: Final = 5.0
SKEWED_LOG: Final = 6.0
UNEQUAL_LOG: Final = 12.0
WIDE_RATIO_LOG: Final = 3.0
UNITS_FROM: Final = 3.0  # n units are about as usual as 1 / (n + this)
ROUNDS_LOG: Final = 1.1  # more than a few units trade in any of about three numbers of rounds

SHARES: Final = {
    "": 0.001,
    "vertical": 0.30,
    "ratio": 0.08,
    "butterfly": 0.05,
    "broken_wing": 0.02,
    "condor": 0.02,
    "ladder": 0.015,
    "straddle_or_risk_reversal": 0.07,
    "strangle_or_collar": 0.10,
    "three_way": 0.001,
    "iron_fly": 0.02,
    "iron_condor": 0.06,
    "calendar": 0.115,
    "diagonal": 0.075,
    "box_or_jelly": 0.018,
    "stock_tied": 0.003,
}
STOCK_SHARES: Final = {
    "": 0.001,
    "straddle_or_risk_reversal": 0.2,
    "strangle_or_collar": 0.3,
    "stock_tied": 0.49,
}
RARE: Final = 0.001  # a form not seen under such a code


def _logs(shares: dict[str, float]) -> Doubles:
    assert set(shares) <= set(GEOMETRY) and len(GEOMETRY) == FORMS
    return np.asarray(np.log(np.array([shares.get(name, RARE) for name in GEOMETRY])))


FORM_LOG: Final = _logs(SHARES)
STOCK_FORM_LOG: Final = _logs(STOCK_SHARES)

# Where legs met single orders: how often a leg printed at the far touch, at the near one, or between.
AT_FAR: Final = 0.98
AT_NEAR: Final = 0.005
BETWEEN: Final = 0.015
# How a net inside its market speaks for a vector: log odds by its distance from the middle (0 to half the
# width), and for a net on or off a grid of nickels where the market is at least two of them wide.
PLACE_BINS: Final = 11
PLACE_LOG: Final = np.array([0.55, 0.42, 0.15, -0.06, -0.34, -0.34, -0.64, -0.93, -1.3, -1.0, -0.64])
GRID_ON: Final = 1.08
GRID_OFF: Final = -0.78
UNUSUAL: Final = 0.0005  # a vector that no named form has
# Chance of the second vector: call and put of one strike (synthetic, else straddle), of two (risk reversal,
# else strangle), ladder (long the highest), three-way (spread and single added up).
PAIR_ODDS: Final = np.array([0.43, 0.50, 0.10, 0.20])
# How often a form read is the form traded: a lost leg or a stray one makes it another.
SHARE_RIGHT: Final = {"ladder": 0.97, "three_way": 0.6, "stock_tied": 0.98, "diagonal": 0.99}
# Chance that the side of the middle on which a net lies names the taker, by its distance as above.
DIRECTION_P: Final = np.array([0.54, 0.73, 0.92, 0.92, 0.98, 0.99, 0.99, 0.99, 0.97, 0.90, 0.90])
GEOMETRY_P: Final = np.array([0.0 if name == "" else SHARE_RIGHT.get(name, 0.99) for name in GEOMETRY])
# Codes under which one side waited in a book: electronic and floor ones, not auctions or crosses.
BOOK_CODES: Final = np.array([chr(n) in "fnjqipmst" for n in range(256)])
# How often the legs that a parting puts together are one order, by the chance that the parting gave them.
GROUPING_FROM: Final = np.array([0.0, 0.5, 0.7, 0.95, 0.99])
GROUPING_P: Final = np.array([0.35, 0.70, 0.90, 0.985, 0.997])
ROLL_P: Final = 0.31  # of calendars and diagonals
ROLL_NEVER: Final = 0.01  # where more trades than could be closed
STOCK_SEEN: Final = 0.95  # packages with a stock-option code whose stock print comes in time
SURE_MAX: Final = 0.995  # no claim about signs is surer
