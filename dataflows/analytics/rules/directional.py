"""Rules about one series whose aggressor is likely to have bought, or to have sold.

Owns sweeps, calls and puts sold, same-day options near the money and far-dated options. Refuses auctions,
crosses, floor trades, packages and their legs, and a side that is not likely enough.
"""

from typing import Final

from dataflows.analytics.rules import quantities as q
from dataflows.analytics.rules.model import Part, Rule
from dataflows.analytics.rules.pieces import SIDE_P, SIDED, at_least, at_most, holds, premium
from dataflows.analytics.rules.settings import Relation, Setting

_VENUES: Final = (
    Setting("venue_count", 2, 2, 20, "venues", "one venue alone is no sweep", is_whole=True),
    Setting("venue_count_full", 5, 3, 21, "venues", "venues from which the score has it all", is_whole=True),
)
_SWEPT: Final = (
    Part(q.TOUCH_SHARE, 0.0, 1.0, 0.4),
    Part(q.ISO_SHARE, 0.0, 1.0, 0.2),
    Part(q.VENUES, 1.0, "venue_count_full", 0.2),
    Part(q.DISPLAYED, 0.0, 2.0, 0.2),
)
# One order that waited for nothing tells little of purpose; that it was worked tells more.
_TAKEN: Final = (
    Part(q.WORKED, 0.0, 1.0, 0.4),
    Part(q.TOUCH_SHARE, 0.0, 1.0, 0.2),
    Part(q.DISPLAYED, 0.0, 2.0, 0.2),
    Part(q.REPEATS, 0.0, 4.0, 0.2),
)
_PLAN: Final = "the classifier table of the original, with the side that it left out"

CALL_SWEEP: Final = Rule(
    "call_sweep",
    2,
    "Large bullish call sweep",
    "Consistent with one order buying calls across venues",
    _PLAN,
    (
        *SIDED,
        holds(q.SWEEP),
        holds(q.CALL),
        holds(q.BOUGHT),
        at_least(q.PREMIUM, "premium_usd"),
        at_least(q.VENUES, "venue_count"),
    ),
    _SWEPT,
    (premium(), SIDE_P, *_VENUES),
    (Relation("venue_count", "venue_count_full"),),
)
PUT_SWEEP: Final = Rule(
    "put_sweep",
    2,
    "Large bearish put sweep",
    "Consistent with one order buying puts across venues",
    _PLAN,
    (
        *SIDED,
        holds(q.SWEEP),
        holds(q.PUT),
        holds(q.BOUGHT),
        at_least(q.PREMIUM, "premium_usd"),
        at_least(q.VENUES, "venue_count"),
    ),
    _SWEPT,
    (premium(), SIDE_P, *_VENUES),
    (Relation("venue_count", "venue_count_full"),),
)
CALL_SELL: Final = Rule(
    "call_sell",
    1,
    "Large call sell",
    "Calls sold in size, consistent with overwriting or with closing",
    _PLAN,
    (*SIDED, holds(q.CALL), holds(q.SOLD), at_least(q.PREMIUM, "premium_usd")),
    _TAKEN,
    (premium(), SIDE_P),
)
PUT_SELL: Final = Rule(
    "put_sell",
    1,
    "Large put sell",
    "Puts sold in size, consistent with put writing or with closing",
    _PLAN,
    (*SIDED, holds(q.PUT), holds(q.SOLD), at_least(q.PREMIUM, "premium_usd")),
    _TAKEN,
    (premium(), SIDE_P),
)
ZERO_DTE_PUNCH: Final = Rule(
    "zero_dte_punch",
    1,
    "Same-day gamma punch",
    "Size in options near the money that expire today, where hedges react most",
    _PLAN,
    (
        *SIDED,
        at_most(q.TRADING_DAYS, 0.0),
        at_most(q.FROM_MONEY, "from_money"),
        at_least(q.PREMIUM, "premium_usd"),
    ),
    (
        Part(q.WORKED, 0.0, 1.0, 0.4),
        Part(q.FROM_MONEY, "from_money", 0.0, 0.2),
        Part(q.TOUCH_SHARE, 0.0, 1.0, 0.2),
        Part(q.DISPLAYED, 0.0, 2.0, 0.2),
    ),
    (
        premium(),
        SIDE_P,
        Setting(
            "from_money", 0.01, 0.0001, 0.2, "of the stock price", "gamma of the last day falls off beyond it"
        ),
    ),
)
FAR_DATED: Final = Rule(
    "far_dated",
    1,
    "Far-dated conviction",
    "Size in a far-dated series, where few trade",
    _PLAN,
    (*SIDED, at_least(q.DAYS, "days"), at_least(q.PREMIUM, "premium_usd")),
    (
        Part(q.WORKED, 0.0, 1.0, 0.4),
        Part(q.TOUCH_SHARE, 0.0, 1.0, 0.2),
        Part(q.DAYS, 0.0, "days_full", 0.2),
        Part(q.DISPLAYED, 0.0, 2.0, 0.2),
    ),
    (
        premium("far options cost more, so the same premium is fewer contracts"),
        SIDE_P,
        Setting("days", 60, 1, 3_650, "days", "two monthly cycles ahead", is_whole=True),
        Setting("days_full", 180, 2, 3_651, "days", "days from which the score has it all", is_whole=True),
    ),
    (Relation("days", "days_full"),),
)
