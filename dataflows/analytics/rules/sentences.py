"""Sentences of claims: what was seen, and what it cannot know.

Owns the hedged words. Refuses to name a buyer, a motive or a certainty.
"""

from typing import Any, Final

from dataflows.analytics.rules.model import MONEY_PER_USD, Rule
from schemas.flow_fields import NO_MONEY
from schemas.kinds import (
    BASELINE,
    CODE_FAMILY,
    DIRECTION,
    OPEN_METHOD,
    OPENING_BASIS,
    PACKAGE_CLASS,
    PACKET_KIND,
    SIDE,
    SIDE_LABEL,
    VOLATILITY_DIRECTION,
)

Row = dict[str, Any]

NEAR_ONE: Final = 0.99
_NS_PER_MS: Final = 1_000_000
_PRICE_PER_USD: Final = 1_000_000_000
_USES: Final = {
    "contract": "earlier packets of this series",
    "underlying_time": "this half hour of the underlying",
    "moneyness_expiry": "series of like moneyness and expiry",
    "blend": "this series, shrunk towards its like",
}
_CODES: Final = {
    "unknown": "No sale code that is known came with it: auctions, crosses and legs cannot be told apart.",
    "cross": "It was crossed, so nobody is known to have taken the initiative.",
    "floor": "It was negotiated on a floor.",
    "auction": "It came out of an auction, where the side says little.",
}
_LABELS: Final = {
    "none": "uncalibrated",
    "uncalibrated": "uncalibrated",
    "synthetic": "checked on a synthetic market only",
    "published": "by a published table",
}
_UNPROVEN: Final = {
    "no_open_interest": "Open interest is not known, so nothing says whether it opens a position.",
    "incomplete_volume": "Volume of the session is not complete, so opening cannot be proven.",
    "late": "It was reported late, so opening cannot be proven.",
    "adjusted": "The series is an adjusted one, so opening cannot be proven.",
    "no_trade": "It is no trade of its own, so opening cannot be proven.",
}


def sentence(rule: Rule, packet: Row) -> str:
    """Return the claim with its numbers, what the rule rests on, and what cannot be known.

    `packet` is a row of flow.packets as plain values, enums as codes.
    """
    own = _OWN.get(rule.rule_id)
    parts = [f"{rule.claim}: {_facts(packet)}."]
    parts += [own(packet)] if own else []
    parts += [_side(packet), _directions(packet), _code(packet), _opening(packet)]
    return " ".join(p for p in parts if p)


def usd(money: int) -> str:
    """Return money in whole USD."""
    return f"{money / MONEY_PER_USD:,.0f} USD"


def _percent(p: float) -> str:
    return f"{100 * p:.0f}%"


def _chance(p: float) -> str:
    """Return a chance in two digits; none is shown as certain."""
    return "over 0.99" if p > NEAR_ONE else "under 0.01" if p < 1.0 - NEAR_ONE else f"{p:.2f}"


def _facts(packet: Row) -> str:
    if _is_package(packet):
        name = PACKAGE_CLASS[packet["package_class"]].replace("_", " ")
        sure = f" (confidence {_chance(packet['geometry_p'])})" if packet["geometry_p"] >= 0 else ""
        return (
            f"{packet['units']:,} units of a {name}{sure} in {packet['underlying']}"
            f" for {usd(packet['premium'])} gross{_net(packet)}, {_where(packet)}"
        )
    return (
        f"{packet['size']:,} contracts of {packet['contract']} for {usd(packet['premium'])},"
        f" {_where(packet)}{_at_touch(packet)}"
    )


def _is_package(packet: Row) -> bool:
    return bool(packet["kind"] == PACKET_KIND.index("package"))


def _net(packet: Row) -> str:
    net = packet["net_premium"]
    if net == NO_MONEY:
        return ""
    return f", {usd(abs(net))} net {'paid' if net >= 0 else 'received'}"


def _where(packet: Row) -> str:
    span_ms = (packet["end_ts"] - packet["start_ts"]) / _NS_PER_MS
    venues = packet["venue_count"]
    one = f"venue {packet['venues']}" if venues else "an unnamed venue"
    return f"on {f'{venues} venues' if venues > 1 else one} within {span_ms:,.0f} ms"


def _at_touch(packet: Row) -> str:
    size = max(packet["size"], 1)
    if SIDE[packet["side"]] == "sell":
        return f", {_percent(packet['at_bid_size'] / size)} of them at or below the bid"
    return f", {_percent(packet['at_ask_size'] / size)} of them at or above the ask"


def _side(packet: Row) -> str:
    if _is_package(packet):
        p = packet["direction_p"]
        return f"Who paid is said with confidence {_chance(p)}." if p >= 0 else "Who paid is not known."
    if not packet["side"]:
        return "Side unknown: nothing tells who took the initiative."
    word = "bought" if SIDE[packet["side"]] == "buy" else "sold"
    label = _LABELS[SIDE_LABEL[packet["side_label"]]]
    p = packet["p_aggressor_buy"]
    if p < 0:
        return f"The aggressor {word} by the quote rule ({label}); it does not tell who traded, or why."
    mine = p if word == "bought" else 1.0 - p
    return (
        f"The aggressor likely {word} (chance {_chance(mine)}, {label}); it does not tell who traded, or why."
    )


def _directions(packet: Row) -> str:
    delta, volatility = DIRECTION[packet["direction"]], VOLATILITY_DIRECTION[packet["volatility_direction"]]
    found = [] if delta == "unknown" else [delta]
    found += [f"{volatility} volatility"] if volatility in ("long", "short") else []
    return f"Consistent with a {' and '.join(found)} view." if found else "No direction follows."


def _code(packet: Row) -> str:
    return "" if _is_package(packet) else _CODES.get(CODE_FAMILY[packet["code_family"]], "")


def _opening(packet: Row) -> str:
    if _is_package(packet):
        return ""
    chance = _chance_of_opening(packet)
    basis = OPENING_BASIS[packet["opening_basis"]]
    if basis != "proven":
        return _UNPROVEN[basis] + chance
    if packet["opened_min"] > 0:
        return f"At least {packet['opened_min']:,} contracts opened on each side, by open interest.{chance}"
    return f"Open interest allows that all of it closed.{chance}"


def _chance_of_opening(packet: Row) -> str:
    """Return the chance of a table with what it was checked on; a proof needs no chance beside it."""
    if packet["p_open"] < 0 or OPEN_METHOD[packet["open_method"]] == "proven":
        return ""
    label = _LABELS[SIDE_LABEL[packet["open_label"]]]
    return f" A table gives a contract of it a chance of {_chance(packet['p_open'])} to open ({label})."


def _spike(packet: Row) -> str:
    if not packet["baseline"]:
        return "There is no baseline to compare with; so large a premium is unusual in every series."
    z, what = max((packet["premium_z"], "premium"), (packet["size_z"], "size"))
    uses = _USES.get(BASELINE[packet["baseline"]], "its baseline")
    return (
        f"Its {what} stands {z:.1f} robust scales above {uses}"
        f" ({packet['baseline_count']:,} packets before it)."
    )


def _closing(packet: Row) -> str:
    return f"Open interest before the session was {packet['open_interest']:,}; closing is a chance, no fact."


def _same_day(packet: Row) -> str:
    return f"It expires today; the strike lies {_percent_1(packet['moneyness'])} from the stock's price."


def _percent_1(ratio: float) -> str:
    return f"{100 * abs(ratio):.1f}%"


def _far(packet: Row) -> str:
    return f"It expires in {packet['days_to_expiry']:,} days."


def _vertical(packet: Row) -> str:
    word = "debit" if packet["net_premium"] >= 0 else "credit"
    return f"A {word} spread by its net price."


def _roll(packet: Row) -> str:
    return f"That it rolls a position, and is none of its own, has a chance of {_chance(packet['roll_p'])}."


def _ladder(packet: Row) -> str:
    if _is_package(packet):
        return ""
    strikes, money = packet["ladder_strikes"], usd(packet["ladder_premium"])
    return f"{strikes} strikes traded alike within a minute for {money}; they may be several orders."


def _absorbed(packet: Row) -> str:
    after_s = (packet["after_ts"] - packet["end_ts"]) / 1_000_000_000
    before = f"{packet['bid'] / _PRICE_PER_USD:.2f} x {packet['ask'] / _PRICE_PER_USD:.2f}"
    after = f"{packet['after_bid'] / _PRICE_PER_USD:.2f} x {packet['after_ask'] / _PRICE_PER_USD:.2f}"
    return (
        f"The series was quoted {before} on arrival and {after} {after_s:,.0f} s later,"
        " and the stock stood where it was."
    )


_OWN: Final = {
    "contract_spike": _spike,
    "closing_position": _closing,
    "zero_dte_punch": _same_day,
    "far_dated": _far,
    "vertical_spread": _vertical,
    "roll": _roll,
    "strike_ladder": _ladder,
    "no_follow_through": _absorbed,
}
