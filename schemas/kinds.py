"""The closed vocabularies, each an ordered tuple whose index is the code used inside kernels.

Owns the names of kinds, states, placements and sides. Refuses open-ended text: a value outside
its vocabulary is an error, and a new value is appended at the end so that codes never move.
"""

from typing import Final

KIND: Final = ("data", "heartbeat", "session", "gap", "end")
QUOTE_STATE: Final = ("none", "normal", "locked", "crossed", "zero_bid", "one_sided")
PLACEMENT: Final = (
    "none",
    "above_ask",
    "at_ask",
    "inside_ask",
    "mid",
    "inside_bid",
    "at_bid",
    "below_bid",
    "at_lock",
)
QUOTE_SOURCE: Final = ("none", "joined", "history", "carried")
SIDE: Final = ("none", "buy", "sell")
RIGHT: Final = ("C", "P")
PRINT_STATUS: Final = ("ok", "late", "report_late", "cancelled", "bar", "no_trade")
CODE_FAMILY: Final = (
    "unknown",
    "electronic",
    "iso",
    "auction",
    "cross",
    "floor",
    "multi_leg",
    "stock_option",
    "late",
    "cancel",
    "other",
)
PACKET_KIND: Final = (
    "single",
    "sweep",
    "split",
    "block",
    "iso_single",
    "repeat",
    "auction",
    "cross",
    "floor",
    "package",
    "leg",
)
PACKAGE_CLASS: Final = (
    "none",
    "unnamed",
    "vertical",
    "ratio",
    "butterfly",
    "broken_wing",
    "condor",
    "iron_fly",
    "iron_condor",
    "straddle",
    "strangle",
    "risk_reversal",
    "collar",
    "synthetic",
    "three_way",
    "calendar",
    "diagonal",
    "roll",
    "box",
    "conversion",
    "jelly_roll",
    "ladder",
    "stock_tied",
)
BASELINE: Final = ("none", "contract", "underlying_time", "moneyness_expiry", "blend")
DIRECTION: Final = ("unknown", "bullish", "bearish", "neutral")
SIDE_METHOD: Final = ("none", "quote", "combined", "parent", "gsu_large")
SIDE_LABEL: Final = ("none", "uncalibrated", "synthetic", "published", "own_truth")
ABSTENTION: Final = (
    "none",
    "no_quote",
    "quote_state",
    "unstable",
    "code",
    "package_leg",
    "late",
    "time_doubtful",
    "no_trade",
    "below_floor",
)
OPENING_BASIS: Final = (
    "no_open_interest",
    "proven",
    "incomplete_volume",
    "late",
    "adjusted",
    "no_trade",
)
OPEN_METHOD: Final = ("none", "proven", "table")
CANCEL_MATCH: Final = (
    "none",
    "by_id",
    "by_terms",
    "orphan_unknown",
    "orphan_again",
    "orphan_beyond_horizon",
)
RESTATEMENT: Final = (
    "none",
    "cancel",
    "correction",
    "late",
    "follow_up",
    "expiry",
    "superseded",
    "joined",
    "escalated",
)
EXPIRY_BUCKET: Final = ("unknown", "same_day", "week", "month", "quarter", "later")
ALERT_STATUS: Final = ("opened", "updated", "retracted", "expired")
VOLATILITY_DIRECTION: Final = ("unknown", "long", "short", "none")
VERSION_STATUS: Final = ("final", "restated", "retracted")
SEVERITY: Final = ("unrated", "low", "medium", "high")
RULE_ID: Final = (
    "call_sweep",
    "put_sweep",
    "contract_spike",
    "call_sell",
    "put_sell",
    "new_position",
    "closing_position",
    "zero_dte_punch",
    "far_dated",
    "straddle_strangle",
    "vertical_spread",
    "roll",
    "strike_ladder",
    "no_follow_through",
)
DARK_KIND: Final = ("absorbed_block",)
REFERENCE_NAME: Final = (
    "control",
    "reject",
    "capabilities",
    "definition",
    "open_interest",
    "statistic",
    "status",
    "corporate_action",
    "short_volume",
    "universe",
    "baseline",
    "story_rates",
    "configuration",
)
PRINT_REPORT: Final = ("trade", "cancel", "correction")
VENUE_LETTER: Final = ("none", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
DEADLETTER_REASON: Final = (
    "bad_magic",
    "unknown_schema",
    "undecodable",
    "trailing_bytes",
    "too_large",
    "bad_value",
    "ahead_of_clock",
    "sequence_gap",
    "duplicate",
    "wrong_partition",
    "rejected_by_feed",
)

ENUMS: Final[dict[str, tuple[str, ...]]] = {
    "Kind": KIND,
    "QuoteState": QUOTE_STATE,
    "Placement": PLACEMENT,
    "QuoteSource": QUOTE_SOURCE,
    "Side": SIDE,
    "Right": RIGHT,
    "PrintStatus": PRINT_STATUS,
    "CodeFamily": CODE_FAMILY,
    "PacketKind": PACKET_KIND,
    "Baseline": BASELINE,
    "PackageClass": PACKAGE_CLASS,
    "Direction": DIRECTION,
    "SideMethod": SIDE_METHOD,
    "SideLabel": SIDE_LABEL,
    "Abstention": ABSTENTION,
    "OpeningBasis": OPENING_BASIS,
    "OpenMethod": OPEN_METHOD,
    "CancelMatch": CANCEL_MATCH,
    "Restatement": RESTATEMENT,
    "ExpiryBucket": EXPIRY_BUCKET,
    "AlertStatus": ALERT_STATUS,
    "VolatilityDirection": VOLATILITY_DIRECTION,
    "VersionStatus": VERSION_STATUS,
    "Severity": SEVERITY,
    "RuleId": RULE_ID,
    "DarkKind": DARK_KIND,
    "ReferenceName": REFERENCE_NAME,
    "PrintReport": PRINT_REPORT,
    "VenueLetter": VENUE_LETTER,
    "DeadletterReason": DEADLETTER_REASON,
}
