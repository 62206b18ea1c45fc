"""Quote states and placements, case by case."""

import pytest

from dataflows.analytics.quotes import placement, quote_state
from schemas.kinds import PLACEMENT, QUOTE_STATE


def state_name(bid: int, ask: int, is_option: bool) -> str:
    return QUOTE_STATE[quote_state(bid, ask, is_option)]


def place_name(price: int, quote: tuple[int, int], is_option: bool) -> str:
    bid, ask = quote
    return PLACEMENT[placement(price, bid, ask, quote_state(bid, ask, is_option))]


@pytest.mark.parametrize(
    ("bid", "ask", "option", "equity"),
    [
        (10, 12, "normal", "normal"),
        (10, 10, "locked", "locked"),
        (12, 10, "crossed", "crossed"),
        (0, 10, "zero_bid", "one_sided"),
        (-1, 10, "one_sided", "one_sided"),
        (10, -1, "one_sided", "one_sided"),
        (10, 0, "one_sided", "one_sided"),
        (-1, -1, "none", "none"),
        (0, -1, "none", "none"),
        (0, 0, "none", "none"),
    ],
)
def test_state_of_a_quote(bid: int, ask: int, option: str, equity: str) -> None:
    assert state_name(bid, ask, True) == option
    assert state_name(bid, ask, False) == equity


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (15, "above_ask"),
        (14, "at_ask"),
        (13, "inside_ask"),
        (12, "mid"),
        (11, "inside_bid"),
        (10, "at_bid"),
        (9, "below_bid"),
    ],
)
def test_placement_against_a_normal_quote(price: int, expected: str) -> None:
    assert place_name(price, (10, 14), False) == expected


def test_an_odd_spread_has_no_mid() -> None:
    assert [place_name(p, (10, 13), True) for p in (11, 12)] == ["inside_bid", "inside_ask"]


def test_a_locked_quote_knows_three_places() -> None:
    assert [place_name(p, (10, 10), False) for p in (9, 10, 11)] == [
        "below_bid",
        "at_lock",
        "above_ask",
    ]


@pytest.mark.parametrize("price", [8, 9, 10, 11, 12, 13])
def test_nothing_is_said_against_a_crossed_or_missing_quote(price: int) -> None:
    assert place_name(price, (12, 9), False) == "none"
    assert place_name(price, (-1, -1), True) == "none"


def test_only_the_side_that_exists_is_judged() -> None:
    assert [place_name(p, (-1, 10), True) for p in (9, 10, 11)] == ["none", "at_ask", "above_ask"]
    assert [place_name(p, (10, -1), True) for p in (9, 10, 11)] == ["below_bid", "at_bid", "none"]


def test_a_zero_bid_is_judged_against_the_ask_only() -> None:
    for is_option in (True, False):
        assert [place_name(p, (0, 10), is_option) for p in (0, 5, 10, 11)] == [
            "none",
            "none",
            "at_ask",
            "above_ask",
        ]


def test_the_largest_prices_do_not_wrap() -> None:
    top = 2**63 - 1
    assert place_name(top - 2, (top - 4, top), False) == "mid"
