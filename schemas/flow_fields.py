"""The fields that readings of the options tape add to placed prints, packets, hits and alerts.

Owns their names, units and sentences. All were added after the first version of their topics, so each has
a default or a value that says "not known". Refuses to know the topics themselves.
"""

from typing import Final

from schemas.fields import ABSENT, LATER, Field

F = Field
NO_MONEY: Final = -(2**62)  # money that may be negative and is not known
NO_RATIO: Final = -9  # a ratio that is not known; every known one lies far above
DIRECTION_FIELD: Final = F(
    "direction", "Direction", "Direction in price it is consistent with.", default="unknown", since=LATER
)
RESTATED: Final = F(
    "reason", "Restatement", "What made this version: none for the first.", default="none", since=LATER
)


def _later(name: str, logical: str, doc: str, default: int | float | str = 0) -> Field:
    return F(name, logical, doc, default=default, since=LATER)


def _maybe(name: str, logical: str, doc: str, absent: int = ABSENT) -> Field:
    return F(name, logical, doc, absent, absent, LATER)


SIDE_CLAIM: Final = (
    F("p_aggressor_buy", "ratio", "Chance that a buyer took; absent: abstains.", -1, -1, LATER),
    F("p_customer_buy", "ratio", "Chance that the customer bought; absent: abstains.", -1, -1, LATER),
    F("aggressor_method", "SideMethod", "Method of p_aggressor_buy.", default="none", since=LATER),
    F("customer_method", "SideMethod", "Method of p_customer_buy.", default="none", since=LATER),
    F("side_label", "SideLabel", "What those chances were checked on.", default="none", since=LATER),
)
PACKET_FEATURES: Final = (
    _maybe("first_price", "price", "Price of the first member."),
    _maybe("last_price", "price", "Price of the last member."),
    _maybe("low_price", "price", "Lowest price of the members."),
    _maybe("high_price", "price", "Highest price of the members."),
    _later("at_ask_premium", "money", "Premium at or above the ask, by each member's own quote."),
    _later("at_bid_premium", "money", "Premium at or below the bid, by each member's own quote."),
    _later("inside_premium", "money", "Premium inside the spread, by each member's own quote."),
    _later("electronic_size", "contracts", "Contracts with an electronic code."),
    _later("auction_size", "contracts", "Contracts with an auction code."),
    _later("cross_size", "contracts", "Contracts with a cross code."),
    _later("floor_size", "contracts", "Contracts with a floor code."),
    _later("leg_size", "contracts", "Contracts with a multi-leg or stock-option code."),
    _maybe("displayed_size", "count", "Contracts displayed at the touch taken, on arrival."),
    _maybe("touch_distance", "ratio", "Distance from the touch over the half-spread.", NO_RATIO),
    *SIDE_CLAIM,
    DIRECTION_FIELD,
    _later("volatility_direction", "VolatilityDirection", "Volatility it suits.", "unknown"),
    _later("repeat_count", "small", "Taker events of this series and side of similar size, 30 min."),
    _later("repeat_size", "contracts", "Contracts of those."),
    _maybe("repeat_start_ts", "time", "Time of the first of those."),
    _later("ladder_strikes", "small", "Strikes bought or sold alike within a minute, own included."),
    _later("ladder_premium", "money", "Premium of those."),
    _maybe("burst_first_seq", "sequence", "First print of its burst: series and side alike, gaps to 500 ms."),
)
PACKET_CONTEXT: Final = (
    _later("baseline_weights", "json", "Of each baseline behind the z-scores: weight and packets.", "{}"),
    _maybe("open_interest", "count", "Contracts open before the session."),
    _later("volume_before", "count", "Contracts of the series before it in the session."),
    _later("opened_min", "contracts", "Opened at least, on each side, where provable."),
    _later("opening_basis", "OpeningBasis", "Whether that is proven, or what lacks.", "no_open_interest"),
    _maybe("p_open", "ratio", "Chance that a contract of it opened for its side; absent: abstains."),
    _later("open_method", "OpenMethod", "Method of p_open.", "none"),
    _later("open_label", "SideLabel", "What a chance from a table was checked on.", "none"),
    _maybe("underlying_ts", "time", "Time of the stock quote that stood when the packet left."),
    _maybe("underlying_bid", "price", "Bid of the stock then."),
    _maybe("underlying_ask", "price", "Ask of the stock then."),
    _maybe("moneyness", "ratio", "Strike over the middle of that quote, less one.", NO_RATIO),
    _maybe("days_to_expiry", "small", "Calendar days to expiry."),
    _maybe("trading_days", "small", "Trading days to expiry, 0 on the day itself."),
    _maybe("after_ts", "time", "When the market was looked at again."),
    _maybe("after_bid", "price", "Bid of the series then."),
    _maybe("after_ask", "price", "Ask of the series then."),
    _maybe("after_underlying_bid", "price", "Bid of the stock then."),
    _maybe("after_underlying_ask", "price", "Ask of the stock then."),
)
PACKAGE: Final = (
    _later("package_class", "PackageClass", "Named form of a package.", "none"),
    _later("geometry", "label", "Form of the legs without their signs.", ""),
    _later("package_members", "json", "Sequence numbers of the prints of all legs.", "[]"),
    _later("legs", "json", "Series, ratio, sign, size and price of each leg.", "[]"),
    _later("units", "contracts", "Whole packages traded."),
    _maybe("net_premium", "money", "Paid (positive) or received for all legs.", NO_MONEY),
    _maybe("grouping_p", "ratio", "Confidence that the legs are one order."),
    _maybe("geometry_p", "ratio", "Confidence in the form without signs."),
    _maybe("sign_p", "ratio", "Confidence in the relative signs."),
    _maybe("direction_p", "ratio", "Confidence in who paid."),
    _maybe("roll_p", "ratio", "Chance that a calendar or diagonal is a roll."),
    _maybe("stock_print_seq", "sequence", "A stock print it is tied to, in equities.prints."),
    _maybe("stock_tie_p", "ratio", "Confidence in that tie, after its chance rate."),
    _maybe("package_delta", "ratio", "Shares a unit is worth over 100, signed.", NO_RATIO),
    _later("package_evidence", "json", "What the four claims rest on, and the runner-up.", "{}"),
)
PLACED_CLAIMS: Final = (
    *SIDE_CLAIM,
    F("abstention", "Abstention", "Why no side is claimed.", default="none", since=LATER),
    F("bid_venue", "VenueLetter", "Venue at the bid, if named.", default="none", since=LATER),
    F("ask_venue", "VenueLetter", "Venue at the ask, if named.", default="none", since=LATER),
    F("open_interest", "count", "Contracts open before the session.", ABSENT, ABSENT, LATER),
    F("volume_before", "count", "Contracts of the series before it.", default=0, since=LATER),
    F("opened_min_buy", "contracts", "Opened by buyers at least.", default=0, since=LATER),
    F("opened_min_sell", "contracts", "Opened by sellers at least.", default=0, since=LATER),
    F(
        "opening_basis",
        "OpeningBasis",
        "Whether that is proven, or what lacks.",
        default="no_open_interest",
        since=LATER,
    ),
    F(
        "weakens",
        "json",
        "Bounds said before that it weakens: [print, what stands].",
        default="[]",
        since=LATER,
    ),
    F("cancels_seq", "sequence", "The print this one takes back.", ABSENT, ABSENT, LATER),
    F("cancel_match", "CancelMatch", "How it was found, or why not.", default="none", since=LATER),
)
ALERT_CONTEXT: Final = (
    _later("packet_ids", "json", "Every packet it rests on, the first one first.", "[]"),
    _later("story_id", "id", "The story it belongs to.", ""),
    _later("story_alert_count", "count", "Alerts of the story so far, this one included."),
    _later("story_premium", "money", "Premium of the story so far."),
    _later("story_score", "ratio", "Highest score of the story so far."),
    _later("expiry_bucket", "ExpiryBucket", "Expiry bucket of the story.", "unknown"),
    _later("score_premium", "ratio", "Part of the score: premium."),
    _later("score_side", "ratio", "Part of the score: evidence of a side."),
    _later("score_z", "ratio", "Part of the score: how unusual."),
    _later("score_structure", "ratio", "Part of the score: how well the rule fits."),
    _later("score_novelty", "ratio", "Part of the score: new in its story."),
    _later("score_noise", "ratio", "Taken off the score: innocent readings and doubts."),
    F("is_delivered", "flag", "Within the budget of delivery.", default=True, since=LATER),
    _later("held_back_count", "count", "Alerts the budget had held back in the session."),
    _later("benign", "json", "Innocent readings with their evidence and weight.", "[]"),
)
