"""The two directions of a package: in price and in volatility.

Owns what a form bought as written is consistent with. Some forms are directional by what they are (a
vertical, a risk reversal, a synthetic), some are trades on volatility or time; of the others the legs' deltas
and vegas decide. Refuses a direction where signs or buyer are not known, and one of options tied to stock
whose stock was not seen.
"""

import math
from collections.abc import Mapping
from typing import Final

from schemas.kinds import DIRECTION, PACKAGE_CLASS, VOLATILITY_DIRECTION

UNKNOWN, BULLISH, BEARISH, NEUTRAL = (
    DIRECTION.index(w) for w in ("unknown", "bullish", "bearish", "neutral")
)
V_UNKNOWN, LONG, SHORT, V_NONE = (VOLATILITY_DIRECTION.index(w) for w in ("unknown", "long", "short", "none"))
BALANCED: Final = 0.25  # below this share of its legs' deltas a trade on volatility has no direction in price
SMALL: Final = 0.1  # below this share of its legs' deltas or vegas any other form has none

BULLISH_AS_WRITTEN: Final = ("vertical", "risk_reversal", "synthetic")
FLAT: Final = ("box", "conversion", "jelly_roll")
# What volatility does for the form bought as written, where the legs' vegas are not known.
VOLATILITY: Final[Mapping[str, int]] = {
    "straddle": 1,
    "strangle": 1,
    "calendar": 1,
    "butterfly": -1,
    "condor": -1,
    "iron_fly": -1,
    "iron_condor": -1,
}
BY_RISK: Final = ("ratio", "broken_wing", "ladder", "three_way", "diagonal")
WITH_STOCK: Final = ("stock_tied",)


def directions(
    kind: int, way: int, delta_share: float, vega_share: float, has_stock: bool
) -> tuple[int, int]:
    """Return (direction, volatility direction) of a class (code of PACKAGE_CLASS) bought (1) or sold (-1).

    The shares are what is left of the legs' deltas and vegas once added up as written, NaN where not known.
    """
    name = PACKAGE_CLASS[kind]
    if name in FLAT:
        return NEUTRAL, V_NONE
    if name in BULLISH_AS_WRITTEN:
        return _delta(way), V_NONE
    if name in VOLATILITY:
        vega = vega_share if abs(vega_share) >= SMALL else float(VOLATILITY[name])
        return _priced(way * delta_share, BALANCED, NEUTRAL), _vega(way * vega)
    if name in BY_RISK:
        is_small = not abs(vega_share) >= SMALL
        volatility = (
            (V_UNKNOWN if math.isnan(vega_share) else V_NONE) if is_small else _vega(way * vega_share)
        )
        return _priced(way * delta_share, SMALL, UNKNOWN), volatility
    if name in WITH_STOCK and has_stock:
        return NEUTRAL, LONG if way > 0 else SHORT
    return UNKNOWN, V_UNKNOWN


def _priced(share: float, least: float, otherwise: int) -> int:
    """Return the direction of a signed share of delta; `otherwise` where none is known."""
    if math.isnan(share):
        return otherwise
    return _delta(share) if abs(share) >= least else NEUTRAL


def _delta(sign: float) -> int:
    return BULLISH if sign > 0 else BEARISH


def _vega(sign: float) -> int:
    return LONG if sign > 0 else SHORT
