"""The quantities of a packet that conditions and scores are made of.

Owns how each is computed from packet columns, with its unit and words. What is not known is NaN, and a fact
is 1 or 0. Refuses to look at more than one packet at a time.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import orjson
import pyarrow.compute as pc

from dataflows.analytics.rules.model import (
    MONEY_PER_USD,
    SCORE_STEP,
    Doubles,
    Mask,
    Quantity,
    Values,
)
from schemas.columns import Batch
from schemas.flow_fields import NO_MONEY, NO_RATIO
from schemas.kinds import (
    BASELINE,
    CODE_FAMILY,
    OPENING_BASIS,
    PACKAGE_CLASS,
    PACKET_KIND,
    RIGHT,
    SIDE,
    VERSION_STATUS,
    VOLATILITY_DIRECTION,
)

USD_STEP: Final = 0.0001
RATIO_STEP: Final = 0.0001
MOVE_STEP: Final = 0.001
BUY: Final = SIDE.index("buy")
_OPEN_CODES: Final = ("unknown", "electronic", "iso")
_PAIRED_KINDS: Final = ("auction", "cross", "floor")
_NEGOTIATED: Final = ("cross", "floor")  # both as code family and as kind
_DERIVED_KINDS: Final = ("package", "leg")
_ROLLED: Final = ("calendar", "diagonal", "roll")
_ADJUSTED: Final = r"^[A-Z0-9]{0,5}[0-9] *[0-9]{6}[CP][0-9]{8}$"  # a root that ends with a digit
_BP: Final = 10_000.0


def one_of(column: str, symbols: tuple[str, ...], wanted: Sequence[str]) -> Values:
    """Return a fact: whether an enum column holds one of some values."""
    codes = np.array([symbols.index(w) for w in wanted], np.int32)
    return lambda packets: _fact(np.isin(packets[column], codes))


def known(column: str, absent: float = -1.0) -> Values:
    """Return a number as it stands, NaN where it is absent."""

    def value(packets: Batch) -> Doubles:
        numbers = packets[column].astype(np.float64)
        return np.where(numbers == absent, np.nan, numbers)

    return value


def fact(label: str, columns: tuple[str, ...], value: Values, words: str) -> Quantity:
    """Return a quantity that is 1 where something is so and else 0."""
    return Quantity(label, columns, value, "", 1.0, words)


def _fact(mask: Any) -> Doubles:
    return np.asarray(mask, np.float64)


def _share(part: Any, whole: Any) -> Doubles:
    """Return part of whole, NaN where there is no whole."""
    return np.asarray(np.where(whole > 0, part / np.maximum(whole, 1), np.nan))


def _opposite(p: Doubles) -> Doubles:
    """Return 1 - p as the multiple of 1e-4 that it is, so that both sides meet a threshold alike."""
    return np.asarray(np.floor((1.0 - p) * SCORE_STEP + 0.5) / SCORE_STEP)


def _is_package(packets: Batch) -> Mask:
    return np.asarray(packets["kind"] == PACKET_KIND.index("package"))


def _is_standing(packets: Batch) -> Doubles:
    return _fact(packets["status"] != VERSION_STATUS.index("retracted"))


def _is_plain_series(packets: Batch) -> Doubles:
    has_digit = pc.match_substring_regex(packets["contract"], _ADJUSTED)
    is_adjusted = has_digit.to_numpy(zero_copy_only=False).astype(np.bool_)
    return _fact(~is_adjusted & (packets["opening_basis"] != OPENING_BASIS.index("adjusted")))


def _is_alone(packets: Batch) -> Doubles:
    derived = [PACKET_KIND.index(k) for k in _DERIVED_KINDS]
    return _fact(~np.isin(packets["kind"], derived))


def _is_unpaired(packets: Batch) -> Doubles:
    paired = np.isin(packets["code_family"], [CODE_FAMILY.index(f) for f in _NEGOTIATED])
    kinds = [PACKET_KIND.index(k) for k in _NEGOTIATED]
    return _fact(~paired & ~np.isin(packets["kind"], kinds))


def _is_open_code(packets: Batch) -> Doubles:
    families = [CODE_FAMILY.index(f) for f in _OPEN_CODES]
    paired = [PACKET_KIND.index(k) for k in _PAIRED_KINDS]
    return _fact(np.isin(packets["code_family"], families) & ~np.isin(packets["kind"], paired))


def _is_open_code_or_package(packets: Batch) -> Doubles:
    return np.maximum(_is_open_code(packets), _fact(_is_package(packets)))


def _side_p(packets: Batch) -> Doubles:
    """Return the chance of the side the packet is given; NaN without a side or where it abstains."""
    p, side = packets["p_aggressor_buy"], packets["side"]
    mine = np.where(side == BUY, p, _opposite(p))
    return np.asarray(np.where((side == SIDE.index("none")) | (p < 0.0), np.nan, mine))


def _claimed_p(packets: Batch) -> Doubles:
    paid = known("direction_p")(packets)
    return np.where(_is_package(packets), paid, _side_p(packets))


def _premium_usd(packets: Batch) -> Doubles:
    return np.asarray(packets["premium"] / MONEY_PER_USD)


def _z(packets: Batch) -> Doubles:
    greater = np.maximum(packets["premium_z"], packets["size_z"])
    return np.where(packets["baseline"] == BASELINE.index("none"), np.nan, greater)


def _opened_share(packets: Batch) -> Doubles:
    is_proven = packets["opening_basis"] == OPENING_BASIS.index("proven")
    proven = np.where(is_proven, _share(packets["opened_min"], packets["size"]), np.nan)
    return np.fmax(proven, known("p_open")(packets))


def _closed_share(packets: Batch) -> Doubles:
    opened = _opposite(_opened_share(packets))
    return np.where(packets["p_open"] < 0.0, np.nan, opened)


def _interest_cover(packets: Batch) -> Doubles:
    interest = known("open_interest")(packets)
    return np.asarray(interest / np.maximum(packets["size"], 1))


def _at_the_money(packets: Batch) -> Doubles:
    return np.abs(known("moneyness", NO_RATIO)(packets))


def _touch_share(packets: Batch) -> Doubles:
    at_touch = np.where(packets["side"] == BUY, packets["at_ask_size"], packets["at_bid_size"])
    return np.where(packets["side"] == 0, np.nan, _share(at_touch, packets["size"]))


def _displayed(packets: Batch) -> Doubles:
    return _share(packets["size"], np.maximum(packets["displayed_size"], 0))


def _ladder_strikes(packets: Batch) -> Doubles:
    is_ladder = packets["package_class"] == PACKAGE_CLASS.index("ladder")
    strikes = np.where(_is_package(packets), 0.0, packets["ladder_strikes"])
    for row in np.flatnonzero(_is_package(packets) & is_ladder).tolist():
        strikes[row] = len(orjson.loads(packets["legs"][row].as_py()))
    return strikes


def _ladder_usd(packets: Batch) -> Doubles:
    money = np.asarray(np.where(_is_package(packets), packets["premium"], packets["ladder_premium"]))
    return np.asarray(money / MONEY_PER_USD)


def _rest_share(packets: Batch) -> Doubles:
    rest = 1.0 - _share(packets["premium"], packets["ladder_premium"])
    return np.where(_is_package(packets), 1.0, rest)


def _net_share(packets: Batch) -> Doubles:
    net = packets["net_premium"]
    share = _share(np.abs(np.where(net == NO_MONEY, 0, net)), packets["premium"])
    return np.where(net == NO_MONEY, np.nan, share)


def _middle(bid: Any, ask: Any) -> Doubles:
    """Return the middle of two-sided, uncrossed quotes, else NaN."""
    is_good = (bid >= 0) & (ask >= bid) & (ask > 0)
    return np.where(is_good, (bid + ask) / 2.0, np.nan)


def _quote_move(packets: Batch) -> Doubles:
    """Return how far the middle of the series has moved either way since, in half-spreads on arrival."""
    bid, ask = packets["bid"], packets["ask"]
    half = np.where(ask > bid, (ask - bid) / 2.0, np.nan)
    moved = _middle(packets["after_bid"], packets["after_ask"]) - _middle(bid, ask)
    return np.asarray(np.abs(moved) / half)


def _stock_move_bp(packets: Batch) -> Doubles:
    """Return how far the stock has moved either way since, in basis points of its price then."""
    before = _middle(packets["underlying_bid"], packets["underlying_ask"])
    after = _middle(packets["after_underlying_bid"], packets["after_underlying_ask"])
    return np.asarray(np.abs(after - before) * _BP / before)


STANDING: Final = fact("standing", ("status",), _is_standing, "the packet stands and is not taken back")
PLAIN_SERIES: Final = fact(
    "plain_series",
    ("contract", "opening_basis"),
    _is_plain_series,
    "the series is no adjusted one: what it delivers is known",
)
ALONE: Final = fact("alone", ("kind",), _is_alone, "it is neither a package nor the leg of one")
NO_LEG: Final = fact(
    "no_leg",
    ("kind",),
    lambda packets: _fact(packets["kind"] != PACKET_KIND.index("leg")),
    "it is no lone leg of a package",
)
UNPAIRED: Final = fact(
    "unpaired",
    ("code_family", "kind"),
    _is_unpaired,
    "its size was neither crossed between two sides nor negotiated on a floor",
)
PACKAGE: Final = fact(
    "package",
    ("kind",),
    one_of("kind", PACKET_KIND, ("package",)),
    "it is a package of several series",
)
OPEN_CODE: Final = fact(
    "open_code",
    ("code_family", "kind"),
    _is_open_code,
    "its sale codes are electronic, intermarket sweep or absent: no auction, cross or floor trade",
)
OPEN_CODE_OR_PACKAGE: Final = fact(
    "open_code_or_package",
    ("code_family", "kind"),
    _is_open_code_or_package,
    "it is a package, or its sale codes are electronic, intermarket sweep or absent",
)
SWEEP: Final = fact("sweep", ("kind",), one_of("kind", PACKET_KIND, ("sweep",)), "it is a sweep")
WORKED: Final = fact(
    "worked",
    ("kind",),
    one_of("kind", PACKET_KIND, ("sweep", "split", "block", "iso_single", "repeat")),
    "it went over several venues, in pieces, past better quotes, or in one print of a block's size",
)
CALL: Final = fact("call", ("right",), one_of("right", RIGHT, ("C",)), "the option is a call")
PUT: Final = fact("put", ("right",), one_of("right", RIGHT, ("P",)), "the option is a put")
BOUGHT: Final = fact("bought", ("side",), one_of("side", SIDE, ("buy",)), "its aggressor bought")
SOLD: Final = fact("sold", ("side",), one_of("side", SIDE, ("sell",)), "its aggressor sold")
IS_STRADDLE: Final = fact(
    "straddle_class",
    ("package_class",),
    one_of("package_class", PACKAGE_CLASS, ("straddle", "strangle")),
    "it is a straddle or strangle",
)
IS_VERTICAL: Final = fact(
    "vertical_class",
    ("package_class",),
    one_of("package_class", PACKAGE_CLASS, ("vertical",)),
    "it is a vertical",
)
IS_ROLLED: Final = fact(
    "roll_class",
    ("package_class",),
    one_of("package_class", PACKAGE_CLASS, _ROLLED),
    "it is a calendar or diagonal",
)
VOLATILITY_CLAIMED: Final = fact(
    "volatility_claimed",
    ("volatility_direction",),
    one_of("volatility_direction", VOLATILITY_DIRECTION, ("long", "short")),
    "volatility is bought or sold",
)
PREMIUM: Final = Quantity("premium_usd", ("premium",), _premium_usd, "USD", USD_STEP, "premium")
SIDE_P: Final = Quantity(
    "side_p",
    ("side", "p_aggressor_buy"),
    _side_p,
    "",
    RATIO_STEP,
    "chance that the aggressor had the side it is given",
)
CLAIMED_P: Final = Quantity(
    "claimed_p",
    ("kind", "side", "p_aggressor_buy", "direction_p"),
    _claimed_p,
    "",
    RATIO_STEP,
    "chance of the side, for a package of who paid",
)
VENUES: Final = Quantity("venues", ("venue_count",), known("venue_count"), "venues", 1.0, "distinct venues")
Z: Final = Quantity(
    "z",
    ("baseline", "premium_z", "size_z"),
    _z,
    "robust scales",
    RATIO_STEP,
    "the greater of the scores of premium and size against the baseline",
)
BASELINE_COUNT: Final = Quantity(
    "baseline_count", ("baseline_count",), known("baseline_count"), "packets", 1.0, "packets in that baseline"
)
OPENED_SHARE: Final = Quantity(
    "opened_share",
    ("opened_min", "size", "opening_basis", "p_open"),
    _opened_share,
    "",
    RATIO_STEP,
    "share of the contracts proven to have opened, or the chance that it opened, whichever is greater",
)
CLOSED_SHARE: Final = Quantity(
    "closed_share",
    ("p_open", "opened_min", "size", "opening_basis"),
    _closed_share,
    "",
    RATIO_STEP,
    "chance that it closed, no more than what is not proven to have opened",
)
INTEREST_COVER: Final = Quantity(
    "interest_cover",
    ("open_interest", "size"),
    _interest_cover,
    "times",
    RATIO_STEP,
    "open interest before the session over the contracts of the packet",
)
TRADING_DAYS: Final = Quantity(
    "trading_days",
    ("trading_days",),
    known("trading_days"),
    "trading days",
    1.0,
    "trading days to expiry, by the exchange's calendar",
)
DAYS: Final = Quantity(
    "days_to_expiry", ("days_to_expiry",), known("days_to_expiry"), "days", 1.0, "calendar days to expiry"
)
FROM_MONEY: Final = Quantity(
    "from_money",
    ("moneyness",),
    _at_the_money,
    "of the stock price",
    RATIO_STEP,
    "distance of the strike from the middle of the stock's quote",
)
GROUPING_P: Final = Quantity(
    "grouping_p",
    ("grouping_p",),
    known("grouping_p"),
    "",
    RATIO_STEP,
    "confidence that the legs are one order",
)
SIGN_P: Final = Quantity(
    "sign_p", ("sign_p",), known("sign_p"), "", RATIO_STEP, "confidence in the signs of the legs"
)
DIRECTION_P: Final = Quantity(
    "direction_p", ("direction_p",), known("direction_p"), "", RATIO_STEP, "confidence in who paid"
)
ROLL_P: Final = Quantity(
    "roll_p", ("roll_p",), known("roll_p"), "", RATIO_STEP, "chance that it rolls a position"
)
NET_SHARE: Final = Quantity(
    "net_share",
    ("net_premium", "premium"),
    _net_share,
    "of the gross premium",
    RATIO_STEP,
    "net premium paid or received",
)
LADDER_STRIKES: Final = Quantity(
    "ladder_strikes",
    ("ladder_strikes", "package_class", "kind", "legs"),
    _ladder_strikes,
    "strikes",
    1.0,
    "strikes traded alike within a minute, or in one package",
)
LADDER_PREMIUM: Final = Quantity(
    "ladder_premium_usd",
    ("ladder_premium", "premium", "kind"),
    _ladder_usd,
    "USD",
    USD_STEP,
    "premium of all strikes of the ladder",
)
REST_SHARE: Final = Quantity(
    "rest_share",
    ("premium", "ladder_premium", "kind"),
    _rest_share,
    "",
    RATIO_STEP,
    "share of the ladder's premium that its other strikes add; of a package all of it counts",
)
QUOTE_MOVE: Final = Quantity(
    "quote_move",
    ("bid", "ask", "after_bid", "after_ask"),
    _quote_move,
    "half-spreads",
    MOVE_STEP,
    "move of the middle of the series since, either way, in half-spreads on arrival",
)
STOCK_MOVE: Final = Quantity(
    "stock_move_bp",
    ("underlying_bid", "underlying_ask", "after_underlying_bid", "after_underlying_ask"),
    _stock_move_bp,
    "basis points",
    MOVE_STEP,
    "move of the middle of the stock's quote since, either way",
)
DISPLAYED: Final = Quantity(
    "displayed_times",
    ("size", "displayed_size"),
    _displayed,
    "times",
    RATIO_STEP,
    "contracts over those displayed at the touch on arrival",
)
TOUCH_SHARE: Final = Quantity(
    "touch_share",
    ("side", "at_ask_size", "at_bid_size", "size"),
    _touch_share,
    "",
    RATIO_STEP,
    "share of the contracts at or beyond the touch of its side",
)
ISO_SHARE: Final = Quantity(
    "iso_share",
    ("iso_size", "size"),
    lambda packets: _share(packets["iso_size"], packets["size"]),
    "",
    RATIO_STEP,
    "share of the contracts with an intermarket sweep code",
)
REPEATS: Final = Quantity(
    "repeat_count",
    ("repeat_count",),
    known("repeat_count"),
    "taker events",
    1.0,
    "taker events of this series and side of similar size within half an hour",
)
