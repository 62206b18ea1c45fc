"""Rules that need what is known beside the tape: baselines, open interest, neighbours, what came after.

Owns unusual size, opening and closing, ladders of strikes and orders that were absorbed. Refuses to guess:
without open interest, a baseline or a later quote these rules abstain.
"""

from typing import Final

from dataflows.analytics.rules import quantities as q
from dataflows.analytics.rules.model import Part, Rule
from dataflows.analytics.rules.pieces import (
    ALWAYS,
    PREMIUM_HIGH,
    PREMIUM_LOW,
    SIDE_P,
    SIDED,
    at_least,
    at_most,
    confidence,
    holds,
    premium,
)
from dataflows.analytics.rules.settings import Relation, Setting

_PLAN: Final = "the list of classifiers that the original planned"
_OPENING: Final = (
    "open interest identity of a series and day; at least max(0, size - (interest + volume before)); where "
    "it proves less, the share that opened in a table fitted on a synthetic market, uncalibrated elsewhere"
)
_CLOSING: Final = (
    "a table fitted on a synthetic market, uncalibrated elsewhere, bounded by the identity of open interest; "
    "its likeliest cell closes with a chance just below 0.7, so no packet meets the default bound"
)

# So large a packet needs no baseline to be unusual.
_LARGE: Final = at_least(q.PREMIUM, "large_premium_usd")

CONTRACT_SPIKE: Final = Rule(
    "contract_spike",
    2,
    "Unusual contract spike",
    "Consistent with unusual size",
    "streaming robust location and scale of log premium and log size, blended by count from coarse to fine",
    (
        *ALWAYS,
        holds(q.NO_LEG),
        holds(q.UNPAIRED),
        at_least(q.Z, "z", _LARGE),
        at_least(q.BASELINE_COUNT, "baseline_count", _LARGE),
        at_least(q.PREMIUM, "premium_usd"),
    ),
    (
        Part(q.Z, "z", "z_full", 0.4),
        Part(q.PREMIUM, "premium_usd", "large_premium_usd", 0.4),
        Part(q.TOUCH_SHARE, 0.0, 1.0, 0.2),
    ),
    (
        premium(),
        Setting(
            "large_premium_usd",
            2_000_000.0,
            PREMIUM_LOW,
            PREMIUM_HIGH,
            "USD",
            "unusual in every series: of a whole market about one packet in a minute",
        ),
        Setting("z", 3.0, 1.0, 50.0, "robust scales", "of the logarithm, beside which premium bounds it too"),
        Setting("z_full", 8.0, 2.0, 100.0, "robust scales", "score from which the fit has it all"),
        Setting("baseline_count", 20, 2, 100_000, "packets", "fewer tell no scale", is_whole=True),
    ),
    (Relation("z", "z_full"), Relation("premium_usd", "large_premium_usd", "at_most")),
)
NEW_POSITION: Final = Rule(
    "new_position",
    1,
    "New position likely",
    "Consistent with a new position",
    _OPENING,
    (
        *ALWAYS,
        holds(q.ALONE),
        holds(q.OPEN_CODE),
        at_least(q.OPENED_SHARE, "opened_share"),
        at_least(q.PREMIUM, "premium_usd"),
    ),
    (Part(q.OPENED_SHARE, 0.0, 1.0, 0.6), Part(q.WORKED, 0.0, 1.0, 0.2), Part(q.TOUCH_SHARE, 0.0, 1.0, 0.2)),
    (premium(), confidence("opened_share", 0.7, "below it closing is no rare reading", 0.51)),
)
CLOSING_POSITION: Final = Rule(
    "closing_position",
    1,
    "Closing or unwind likely",
    "Consistent with closing or unwinding a position",
    _CLOSING,
    (
        *ALWAYS,
        holds(q.ALONE),
        holds(q.OPEN_CODE),
        at_least(q.CLOSED_SHARE, "closed_share"),
        at_least(q.INTEREST_COVER, "interest_cover"),
        at_least(q.PREMIUM, "premium_usd"),
    ),
    (Part(q.CLOSED_SHARE, 0.0, 1.0, 0.6), Part(q.WORKED, 0.0, 1.0, 0.2), Part(q.TOUCH_SHARE, 0.0, 1.0, 0.2)),
    (
        premium(),
        confidence("closed_share", 0.7, "below it opening is no rare reading", 0.51),
        Setting(
            "interest_cover",
            1.0,
            1.0,
            1_000.0,
            "times",
            "what is closed must have been open before the session",
        ),
    ),
)
STRIKE_LADDER: Final = Rule(
    "strike_ladder",
    1,
    "Multi-strike ladder",
    "Consistent with a ladder of strikes traded alike",
    _PLAN,
    (
        *ALWAYS,
        holds(q.OPEN_CODE_OR_PACKAGE),
        at_least(q.CLAIMED_P, "side_p"),
        at_least(q.LADDER_STRIKES, "strikes"),
        at_least(q.LADDER_PREMIUM, "premium_usd"),
        at_least(q.PREMIUM, "own_premium_usd"),
        at_least(q.REST_SHARE, "rest_share"),
    ),
    (Part(q.LADDER_STRIKES, 0.0, "strikes_full", 0.6), Part(q.CLAIMED_P, 0.5, 1.0, 0.4)),
    (
        Setting(
            "premium_usd",
            250_000.0,
            PREMIUM_LOW,
            PREMIUM_HIGH,
            "USD",
            "of all strikes; in a liquid name many trade alike in any minute",
        ),
        Setting(
            "own_premium_usd",
            50_000.0,
            PREMIUM_LOW,
            PREMIUM_HIGH,
            "USD",
            "a rung that is small tells nothing",
        ),
        Setting("rest_share", 0.3, 0.01, 0.95, "", "one large rung among small ones is no ladder"),
        SIDE_P,
        Setting("strikes", 3, 3, 50, "strikes", "two strikes are a pair", is_whole=True),
        Setting(
            "strikes_full", 6, 4, 51, "strikes", "strikes from which the score has it all", is_whole=True
        ),
    ),
    (Relation("strikes", "strikes_full"), Relation("own_premium_usd", "premium_usd", "at_most")),
)
NO_FOLLOW_THROUGH: Final = Rule(
    "no_follow_through",
    1,
    "No follow-through",
    "Consistent with an order that was absorbed",
    _PLAN,
    (
        *SIDED,
        at_least(q.DISPLAYED, "displayed_times"),
        at_most(q.QUOTE_MOVE, "quote_move"),
        at_most(q.STOCK_MOVE, "stock_move_bp"),
        at_least(q.PREMIUM, "premium_usd"),
    ),
    (
        Part(q.QUOTE_MOVE, "quote_move", 0.0, 0.2),
        Part(q.STOCK_MOVE, "stock_move_bp", 0.0, 0.2),
        Part(q.DISPLAYED, 0.0, 4.0, 0.4),
        Part(q.WORKED, 0.0, 1.0, 0.2),
    ),
    (
        premium(),
        SIDE_P,
        Setting("displayed_times", 1.0, 0.1, 100.0, "times", "less than was displayed need move nothing"),
        Setting("quote_move", 0.5, 0.0, 10.0, "half-spreads", "less is a flicker of the quote"),
        Setting("stock_move_bp", 3.0, 0.0, 100.0, "basis points", "a stock that moved explains the quote"),
    ),
)
