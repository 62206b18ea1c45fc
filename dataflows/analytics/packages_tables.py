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
UNEQUAL_LOG: Final = 3.0
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
    "three_way": 0.005,
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
    return np.log(np.array([shares.get(name, RARE) for name in GEOMETRY]))


FORM_LOG: Final = _logs(SHARES)
STOCK_FORM_LOG: Final = _logs(STOCK_SHARES)
