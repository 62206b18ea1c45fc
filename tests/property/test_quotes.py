"""Placements are total and mirror symmetric, and agree with exact fractions."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.analytics.quotes import placement, quote_state
from schemas.kinds import PLACEMENT, QUOTE_STATE

MIRROR = {
    "none": "none",
    "above_ask": "below_bid",
    "at_ask": "at_bid",
    "inside_ask": "inside_bid",
    "mid": "mid",
    "at_lock": "at_lock",
}
MIRROR |= {other: one for one, other in MIRROR.items()}
SIDES = st.one_of(st.just(-1), st.integers(0, 40), st.integers(0, 10**16))
PRICES = st.one_of(st.integers(1, 45), st.integers(1, 10**16))


def judged(price: int, bid: int, ask: int, is_option: bool = False) -> tuple[str, str]:
    state = quote_state(bid, ask, is_option)
    return QUOTE_STATE[state], PLACEMENT[placement(price, bid, ask, state)]


@settings(deadline=None)  # the first call loads a compiled kernel
@given(PRICES, SIDES, SIDES, st.booleans())
def test_every_price_has_a_place_that_its_state_allows(price: int, bid: int, ask: int, option: bool) -> None:
    state, place = judged(price, bid, ask, option)
    allowed = {
        "none": {"none"},
        "crossed": {"none"},
        "locked": {"above_ask", "at_lock", "below_bid"},
        "zero_bid": {"above_ask", "at_ask", "none"},
        "one_sided": {"above_ask", "at_ask", "at_bid", "below_bid", "none"},
    }
    everything = set(PLACEMENT) - {"none", "at_lock"}
    assert place in allowed.get(state, everything)


@settings(deadline=None)  # the first call loads a compiled kernel
@given(st.integers(2, 10**15), st.integers(2, 10**15), st.integers(2, 10**15))
def test_turning_the_market_upside_down_turns_the_placement(price: int, bid: int, ask: int) -> None:
    top = price + bid + ask
    state, place = judged(price, bid, ask)
    assert judged(top - price, top - ask, top - bid) == (state, MIRROR[place])


@settings(deadline=None)  # the first call loads a compiled kernel
@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**6))
def test_inside_is_the_side_of_the_exact_middle(price: int, low: int, spread: int) -> None:
    bid, ask = low, low + spread
    middle = Fraction(bid + ask, 2)
    _, place = judged(price, bid, ask)
    assert (place == "mid") == (price == middle)
    assert (place == "inside_ask") == (middle < price < ask)
    assert (place == "inside_bid") == (bid < price < middle)
