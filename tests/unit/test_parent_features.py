"""What a parent says of its members: prices, premium by placement, codes, touch, bounds; wrong input."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.analytics.baselines import Baselines
from dataflows.analytics.options import OptionsCore
from dataflows.analytics.options_layout import (
    P_ASK,
    P_BID,
    P_DOLLARS,
    P_REST,
    P_SIDE,
    P_SIZE,
    P_STATE,
    PARENT_FIELDS,
    VENUE_CODES,
)
from dataflows.analytics.options_packets import DISTANCE_MAX, touch_distances
from dataflows.analytics.quotes import STATE_NORMAL
from schemas.flow_fields import NO_RATIO
from schemas.kinds import OPENING_BASIS, PACKET_KIND, PLACEMENT, QUOTE_STATE, SIDE, VENUE_LETTER
from tests.unit.test_options import CENT, MS, T0, T, packets, placed, quote, release_of, rows_of, trade

USD = 10**9
PER_CONTRACT = 100 * 10_000 // 100  # of a cent of price, in 1e-4 USD


def test_prices_and_premium_of_a_sweep() -> None:
    steps = [
        trade(T, price=110 * CENT, size=10),
        trade(T + MS, price=112 * CENT, size=20, venue="C"),
        trade(T + 2 * MS, price=108 * CENT, size=30, venue="N"),
        trade(T + 3 * MS, price=106 * CENT, size=40, venue="A", condition="S"),
    ]
    (row,) = packets(*steps)
    names = ("first_price", "last_price", "low_price", "high_price")
    assert [row[n] // CENT for n in names] == [110, 106, 106, 112]
    assert row["at_ask_premium"] == (10 * 110 + 20 * 112) * PER_CONTRACT
    assert row["inside_premium"] == (30 * 108 + 40 * 106) * PER_CONTRACT
    assert row["at_bid_premium"] == 0
    assert (row["electronic_size"], row["iso_size"], row["size"]) == (60, 40, 100)
    assert (row["displayed_size"], PACKET_KIND[row["kind"]]) == (6, "sweep")
    # (110-110)*10 - 2*20 + 2*30 + 4*40 cents below the ask of 110, a half-spread being 5 cents
    assert row["touch_distance"] == (-2 * 20 + 2 * 30 + 4 * 40) / 100 / 5


def test_a_split_sums_what_its_runs_held() -> None:
    gap = 400 * MS
    steps = [trade(T + i * gap, price=(100 - i) * CENT, size=i + 1) for i in range(3)]
    (row,) = packets(*steps)
    assert PACKET_KIND[row["kind"]] == "split"
    assert [row[n] // CENT for n in ("first_price", "last_price", "low_price", "high_price")] == [
        100,
        98,
        98,
        100,
    ]
    assert row["at_bid_premium"] == (1 * 100 + 2 * 99 + 3 * 98) * PER_CONTRACT
    assert (row["electronic_size"], row["displayed_size"]) == (6, 5)
    assert row["touch_distance"] == -round((2 * 1 + 3 * 2) / 6 / 5, 4)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("I", "electronic_size"),
        (" ", "electronic_size"),
        ("a", "auction_size"),
        ("b", "auction_size"),
        ("c", "cross_size"),
        ("d", "cross_size"),
        ("e", "floor_size"),
        ("S", "iso_size"),
    ],
)
def test_contracts_are_counted_under_their_code(code: str, name: str) -> None:
    (row,) = packets(trade(T, condition=code, size=7))
    names = ("electronic_size", "auction_size", "cross_size", "floor_size", "iso_size", "leg_size")
    assert {n: row[n] for n in names if row[n]} == {name: 7}


def test_without_a_side_or_a_two_sided_quote_there_is_no_touch() -> None:
    for steps in (
        [quote(T0), trade(T, price=105 * CENT)],
        [quote(T0, bid=0), trade(T, price=110 * CENT)],
        [quote(T0, bid=110 * CENT), trade(T, price=110 * CENT)],
        [trade(T)],
    ):
        (row,) = rows_of(steps, "flow.packets")
        assert row["touch_distance"] == NO_RATIO
    (row,) = rows_of([quote(T0, bid=0), trade(T, price=110 * CENT)], "flow.packets")
    assert row["displayed_size"] == 6, "a touch of one side is displayed all the same"
    assert packets(trade(T, price=105 * CENT))[0]["displayed_size"] == -1


def slot(side: str, bid: int, ask: int, price: int, size: int) -> Any:
    row = np.zeros((1, PARENT_FIELDS), np.int64)
    row[0, [P_SIDE, P_STATE, P_BID, P_ASK, P_SIZE]] = SIDE.index(side), STATE_NORMAL, bid, ask, size
    row[0, [P_DOLLARS, P_REST]] = price // USD * size, price % USD * size
    return row


@given(st.integers(1, 10**6), st.integers(1, 10**4), st.integers(-(10**4), 10**4), st.integers(1, 10**6))
def test_the_touch_distance_is_the_same_with_bid_and_ask_swapped(
    bid: int, spread: int, beyond: int, size: int
) -> None:
    low, high = bid * CENT, (bid + spread) * CENT
    price = max(high + beyond * CENT, CENT)
    axis = low + high
    bought = touch_distances(slot("buy", low, high, price, size))[0]
    far = 2 * 10**16
    sold = touch_distances(slot("sell", far + low, far + high, far + axis - price, size))[0]
    exact = 2 * (high - price) / (high - low)
    assert abs(bought - min(max(exact, -DISTANCE_MAX), DISTANCE_MAX)) <= 0.5001e-4
    assert bought == sold


def test_bounds_of_members_are_summed_and_the_first_says_the_rest() -> None:
    (row,) = packets(trade(T), trade(T + MS, venue="C"))
    assert (row["open_interest"], row["opened_min"]) == (-1, 0)
    assert OPENING_BASIS[row["opening_basis"]] != "proven"


def test_the_venues_of_the_quote_travel_with_the_print() -> None:
    (row,) = placed(quote(T0, bid_venue="C", ask_venue="Z"), trade(T))
    assert (VENUE_LETTER[row["bid_venue"]], VENUE_LETTER[row["ask_venue"]]) == ("C", "Z")
    history = placed(
        quote(T0, ask_venue="Z"), quote(T - MS, ask=120 * CENT, ask_venue="A"), trade(T, event_ts=T - MS)
    )
    assert VENUE_LETTER[history[0]["ask_venue"]] == "Z"
    (unknown,) = placed(trade(T))
    assert (unknown["bid_venue"], unknown["ask_venue"]) == (0, 0)
    assert len(VENUE_LETTER) <= VENUE_CODES


def test_a_block_is_what_its_bucket_says_where_that_is_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def told(baselines: Any, contracts: Any, *rest: Any) -> Any:
        return np.full(len(contracts), 700, np.int64)

    monkeypatch.setattr(Baselines, "block_sizes", told)
    steps = [quote(T0), trade(T, size=699), trade(T + 2000 * MS, size=700)]
    found = OptionsCore().apply(release_of(steps))
    assert [PACKET_KIND[k] for k in found["flow.packets"]["kind"].tolist()][:2] == ["single", "block"]


@pytest.mark.parametrize(
    ("bid", "ask", "state"),
    [
        (0, 5, "zero_bid"),
        (7, 5, "crossed"),
        (5, 5, "locked"),
        (-1, -1, "none"),
        (-1, 5, "one_sided"),
        (0, 0, "none"),
    ],
)
def test_a_quote_that_is_wrong_gives_facts_and_at_most_the_side_it_has(
    bid: int, ask: int, state: str
) -> None:
    step = quote(T0, bid=max(bid * CENT, -1), ask=max(ask * CENT, -1))
    (row,) = placed(step, trade(T, price=5 * CENT))
    assert QUOTE_STATE[row["quote_state"]] == state
    assert SIDE[row["side"]] == ("buy" if state in ("zero_bid", "one_sided") else "none")
    if state in ("crossed", "none"):
        assert PLACEMENT[row["placement"]] == "none"


def test_a_series_that_expired_is_read_and_nothing_is_said_of_its_days() -> None:
    old = {"contract": "IBM   130118C00150000"}
    (row,) = rows_of([quote(T0, **old), trade(T, **old)], "flow.packets")
    assert (row["expiry"], row["days_to_expiry"], row["trading_days"]) == (20130118, -1, -1)
    assert (row["opened_min"], PACKET_KIND[row["kind"]]) == (0, "single")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from((1, 49_999, CENT, 10**16)),
            st.sampled_from((1, 7, 10**9)),
            st.sampled_from(("A", "C", "", "XX", "é")),
            st.sampled_from(("I", "S", "", "?", "a", "ü")),
            st.integers(0, 60).map(lambda n: n * 10 * MS),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_any_sizes_and_prices_that_are_sound_keep_every_sum_in_range(drawn: list[Any]) -> None:
    steps = [
        trade(T + at, price=price, size=size, venue=venue, condition=code)
        for price, size, venue, code, at in drawn
    ]
    rows = rows_of([quote(T0), *steps], "flow.packets")
    for row in rows:
        parts = row["at_ask_premium"] + row["at_bid_premium"] + row["inside_premium"]
        assert 0 <= row["low_price"] <= row["first_price"] <= row["high_price"] <= 10**16
        assert row["low_price"] <= row["average_price"] <= row["high_price"]
        assert row["premium"] >= 0 and parts >= 0
        assert row["touch_distance"] == NO_RATIO or abs(row["touch_distance"]) <= DISTANCE_MAX
    assert sum(r["size"] for r in rows if r["version"] == 1) == sum(size for _, size, *_ in drawn)
