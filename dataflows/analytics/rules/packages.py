"""Rules about packages: several series that are one order.

Owns straddles and strangles, verticals and rolls. Refuses a direction that the package does not claim, and
the legs alone.
"""

from typing import Final

from dataflows.analytics.rules import quantities as q
from dataflows.analytics.rules.model import Part, Rule
from dataflows.analytics.rules.pieces import GROUPING_P, PACKAGED, at_least, confidence, holds, premium
from dataflows.analytics.rules.settings import Setting

_SIGN_P: Final = confidence("sign_p", 0.6, "legs whose signs are open may be the opposite package")
_DIRECTION_P: Final = confidence("direction_p", 0.6, "below it who paid is too near a coin to be said")
_CLAIMS: Final = "the four claims of a package: grouping, form, signs and direction"

STRADDLE_STRANGLE: Final = Rule(
    "straddle_strangle",
    1,
    "Straddle or strangle",
    "Consistent with volatility traded through calls and puts of one expiry",
    _CLAIMS,
    (
        *PACKAGED,
        holds(q.IS_STRADDLE),
        holds(q.VOLATILITY_CLAIMED),
        at_least(q.SIGN_P, "sign_p"),
        at_least(q.DIRECTION_P, "direction_p"),
        at_least(q.PREMIUM, "premium_usd"),
    ),
    (Part(q.SIGN_P, 0.0, 1.0, 0.4), Part(q.DIRECTION_P, 0.0, 1.0, 0.4), Part(q.GROUPING_P, 0.0, 1.0, 0.2)),
    (premium("gross, of both legs"), GROUPING_P, _SIGN_P, _DIRECTION_P),
)
VERTICAL_SPREAD: Final = Rule(
    "vertical_spread",
    1,
    "Vertical spread",
    "Consistent with a vertical spread",
    _CLAIMS,
    (
        *PACKAGED,
        holds(q.IS_VERTICAL),
        at_least(q.DIRECTION_P, "direction_p"),
        at_least(q.NET_SHARE, "net_share"),
        at_least(q.PREMIUM, "premium_usd"),
    ),
    (Part(q.DIRECTION_P, 0.0, 1.0, 0.6), Part(q.GROUPING_P, 0.0, 1.0, 0.2), Part(q.NET_SHARE, 0.0, 0.5, 0.2)),
    (
        premium("gross, of both legs"),
        GROUPING_P,
        _DIRECTION_P,
        Setting("net_share", 0.05, 0.0001, 1.0, "", "a net price near nothing has no payer"),
    ),
)
ROLL: Final = Rule(
    "roll",
    1,
    "Roll",
    "Possibly a roll, consistent with moving a position to another series",
    "a probability on calendars and diagonals whose near leg plausibly closes",
    (
        *PACKAGED,
        holds(q.IS_ROLLED),
        at_least(q.ROLL_P, "roll_p"),
        at_least(q.PREMIUM, "premium_usd"),
    ),
    (Part(q.ROLL_P, 0.0, 1.0, 0.8), Part(q.GROUPING_P, 0.0, 1.0, 0.2)),
    (
        premium("gross, of all legs"),
        GROUPING_P,
        confidence(
            "roll_p", 0.3, "what a calendar has where its near leg may close; no fact tells more", 0.05
        ),
    ),
)
