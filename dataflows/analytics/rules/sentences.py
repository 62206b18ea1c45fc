"""Sentences of claims: what was seen, and what it cannot know.

Owns the hedged words. Refuses to name a buyer, a motive or a certainty.
"""

from typing import Any, Final

from schemas.kinds import BASELINE, CODE_FAMILY, SIDE

_NS_PER_MS: Final = 1_000_000
_USES: Final = {
    "contract": "earlier packets of this series",
    "underlying_time": "this half hour of the underlying",
}
_ALONE: Final = {
    "multi_leg": "It is a leg of a multi-leg order, whose other legs may offset it.",
    "stock_option": "It is a leg of an order with stock, which may offset it.",
    "cross": "It was crossed, so nobody is known to have taken the initiative.",
    "floor": "It was negotiated on a floor.",
}


def sentence(claim: str, packet: dict[str, Any]) -> str:
    """Return the claim with contract, size, premium, venues, span, share at the quote and its limits."""
    parts = [f"{claim}: {_facts(packet)}.", _side(packet)]
    family = CODE_FAMILY[packet["code_family"]]
    if family in _ALONE:
        parts.insert(1, _ALONE[family])
    if packet["baseline"]:
        uses = _USES[BASELINE[packet["baseline"]]]
        parts.insert(1, f"Premium stands {packet['premium_z']:.1f} robust scales above {uses}.")
    return " ".join(parts)


def _facts(packet: dict[str, Any]) -> str:
    span_ms = (packet["end_ts"] - packet["start_ts"]) / _NS_PER_MS
    premium = packet["premium"] / 10_000
    venues = packet["venue_count"]
    one = f"venue {packet['venues']}" if venues else "an unnamed venue"
    where = f"{venues} venues" if venues > 1 else one
    at_ask = round(100 * packet["at_ask_size"] / max(packet["size"], 1))
    return (
        f"{packet['size']:,} contracts of {packet['contract']} for {premium:,.0f} USD"
        f" on {where} within {span_ms:,.0f} ms, {at_ask}% of them at or above the ask"
    )


def _side(packet: dict[str, Any]) -> str:
    if not packet["side"]:
        return (
            "Side unknown: the quotes do not tell who took the initiative, nor whether it opens a position."
        )
    word = "bought" if SIDE[packet["side"]] == "buy" else "sold"
    return (
        f"Aggressor {word} by the quote rule, uncalibrated; it does not tell who traded,"
        " why, or whether it opens a position."
    )
