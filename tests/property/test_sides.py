"""Sides under mirroring, on one-cent markets, over cuts and restarts, and with later prints changed."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.analytics.options_book import side_of
from dataflows.analytics.options_layout import new_placed
from dataflows.analytics.quotes import placement, quote_state
from dataflows.analytics.release import Longs
from dataflows.analytics.sides import SideClaims, SideInput, Sides
from dataflows.analytics.sides_packets import READ
from schemas.kinds import CODE_FAMILY, PACKET_KIND, PLACEMENT, QUOTE_STATE, SIDE

CENT = 10_000_000
MIRROR = 300  # cents: every price is looked at from the other side of this
FAMILIES = [CODE_FAMILY.index(name) for name in ("unknown", "electronic", "iso", "auction", "other")]
# contract, price, size, bid, spread, sizes, venue, makers, family: small ranges, so that all cells are met
PRINT = st.tuples(
    st.integers(0, 2), st.integers(95, 115), st.sampled_from([1, 3, 7, 15, 40, 90]), st.integers(99, 106),
    st.integers(1, 6), st.sampled_from([1, 3, 7, 15, 40, 90]), st.sampled_from([1, 3, 7, 15, 40, 90]),
    st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.sampled_from(FAMILIES),
)  # fmt: skip
PRINTS = st.lists(PRINT, min_size=1, max_size=40).map(lambda rows: np.array(rows, np.int64))
TAPE = st.tuples(st.booleans(), st.booleans())


def side_input(t: Longs, tape: tuple[bool, bool]) -> SideInput:
    contract, price, size, bid, spread, bid_size, ask_size, venue, bid_venue, ask_venue, family = t.T
    rows = len(t)
    placed = new_placed(rows)
    for column, values in ((2, bid * CENT), (3, (bid + spread) * CENT), (4, bid_size), (5, ask_size)):
        placed.quote[:, column] = values
    for k in range(rows):
        low, high = placed.quote[k, 2], placed.quote[k, 3]
        placed.state[k] = quote_state(low, high, True)
        placed.placement[k] = placement(price[k] * CENT, low, high, np.int8(placed.state[k]))
    placed.is_stable[:] = True
    nothing = np.zeros(rows, np.bool_)
    return SideInput(
        contract=contract.copy(),
        order=np.arange(rows, dtype=np.int64),
        price=price * CENT,
        size=size.copy(),
        status=np.zeros(rows, np.int8),
        family=family.astype(np.int8),
        code=np.zeros(rows, np.uint8),
        is_floor=nothing,
        is_doubtful=nothing,
        venue=(venue - 1 + (venue == 0) * 63).astype(np.int8),  # bit 0 is the letter A; 62 is not known
        placed=placed,
        bid_venue=bid_venue.copy(),
        ask_venue=ask_venue.copy(),
        is_below_floor=nothing,
        is_synthetic=tape[0],
        has_conditions=tape[1],
    )


def mirrored(t: Longs) -> Any:
    """Return the prints as they would be with buyers and sellers changed over."""
    contract, price, size, bid, spread, bid_size, ask_size, venue, bid_venue, ask_venue, family = t.T
    swapped = (MIRROR - price, size, MIRROR - bid - spread, spread, ask_size, bid_size)
    return np.stack([contract, *swapped, venue, ask_venue, bid_venue, family], axis=1)


def in_steps(p: Any) -> Any:
    return np.round(p * 10_000).astype(np.int64)


def assert_mirrored(found: SideClaims, other: SideClaims) -> None:
    pairs: list[tuple[Any, Any]] = list(zip(found, other, strict=True))
    for one, two in pairs[:2]:
        p, q = in_steps(one), in_steps(two)
        np.testing.assert_array_equal(q, np.where(p < 0, p, 10_000 - p))
        np.testing.assert_array_equal(one, np.where(p < 0, -1.0, p / 10_000))  # steps of 1e-4, no more digits
    for one, two in pairs[2:]:
        np.testing.assert_array_equal(one, two)


@settings(max_examples=60, deadline=None)
@given(PRINTS, TAPE)
def test_a_mirrored_tape_has_mirrored_sides(t: Longs, tape: tuple[bool, bool]) -> None:
    assert_mirrored(Sides().judge(side_input(t, tape)), Sides().judge(side_input(mirrored(t), tape)))


@pytest.mark.parametrize("is_synthetic", [True, False])
def test_one_cent_markets_are_exact(is_synthetic: bool) -> None:
    """Each price about a market one cent wide, alone: at the ask or beyond a buy, at the bid a sell."""
    rows = [(k, 100 + k, 9, 100, 1, 20, 30, 0, 0, 0, FAMILIES[1]) for k in (-2, -1, 0, 1, 2, 3)]
    t = np.array([(n, *row[1:]) for n, row in enumerate(rows)], np.int64)
    given = side_input(t, (is_synthetic, True))
    names = [PLACEMENT[p] for p in given.placed.placement]
    assert names == ["below_bid", "below_bid", "at_bid", "at_ask", "above_ask", "above_ask"]
    p = Sides().judge(given).p_aggressor_buy
    assert (p[:3] < 0.1).all()
    assert (p[3:] > 0.9).all()
    np.testing.assert_array_equal(in_steps(p), 10_000 - in_steps(p[::-1]))


@settings(max_examples=40, deadline=None)
@given(PRINTS, TAPE, st.integers(0, 40))
def test_cuts_and_restarts_change_nothing(t: Longs, tape: tuple[bool, bool], cut: int) -> None:
    whole = Sides().judge(side_input(t, tape))
    first = Sides()
    before = first.judge(side_input(t[:cut], tape))
    second = Sides.restore(first.snapshot())
    after = second.judge(side_input(t[cut:], tape))
    for all_rows, one, two in zip(whole, before, after, strict=True):
        np.testing.assert_array_equal(all_rows, np.concatenate([one, two]))
    assert second.snapshot() == Sides.restore(second.snapshot()).snapshot()


@settings(max_examples=40, deadline=None)
@given(PRINTS, PRINTS, TAPE)
def test_later_prints_change_nothing(t: Longs, later: Longs, tape: tuple[bool, bool]) -> None:
    alone = Sides().judge(side_input(t, tape))
    both = Sides().judge(side_input(np.concatenate([t, later]), tape))
    pairs: list[tuple[Any, Any]] = list(zip(alone, both, strict=True))
    for one, two in pairs:
        np.testing.assert_array_equal(one, two[: len(t)])


MIRRORED_PLACE = {
    "above_ask": "below_bid", "at_ask": "at_bid", "inside_ask": "inside_bid", "mid": "mid", "none": "none",
    "below_bid": "above_ask", "at_bid": "at_ask", "inside_bid": "inside_ask", "at_lock": "at_lock",
}  # fmt: skip


@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 400))
def test_placement_and_side_are_facts_that_mirror(price: int, bid: int, ask: int) -> None:
    """For normal, locked and crossed quotes, in integers, one cent and less apart."""
    state, swapped = quote_state(bid, ask, True), quote_state(401 - ask, 401 - bid, True)
    assert state == swapped
    one, two = placement(price, bid, ask, state), placement(401 - price, 401 - ask, 401 - bid, swapped)
    assert PLACEMENT[two] == MIRRORED_PLACE[PLACEMENT[one]]
    sides = (SIDE[side_of(state, one)], SIDE[side_of(state, two)])
    assert sides in (("none", "none"), ("buy", "sell"), ("sell", "buy"))
    if bid < ask:
        higher = (price - bid) - (ask - price)
        assert sides[0] == ("none" if higher == 0 else "buy" if higher > 0 else "sell")


def packet_columns(t: Longs, kinds: Longs) -> dict[str, Any]:
    prints, price, size, bid, spread, bid_size, ask_size, venue, _, _, family = t.T
    way = np.sign(2 * price - 2 * bid - spread)
    low, high = bid * CENT, (bid + spread) * CENT
    places = [
        placement(p * CENT, b, a, quote_state(b, a, True)) for p, b, a in zip(price, low, high, strict=True)
    ]
    columns = {
        "kind": kinds[: len(t)],
        "side": np.where(way > 0, SIDE.index("buy"), np.where(way < 0, SIDE.index("sell"), 0)),
        "code_family": family,
        "quote_state": np.full(len(t), QUOTE_STATE.index("normal")),
        "placement": np.array(places),
        "bid": low,
        "ask": high,
        "first_price": price * CENT,
        "size": size,
        "displayed_size": np.where(way > 0, ask_size, np.where(way < 0, bid_size, -1)),
        "print_count": prints + 1,
        "venue_count": np.minimum(venue, prints + 1),
    }
    assert columns.keys() == set(READ)
    return columns


@settings(max_examples=60, deadline=None)
@given(PRINTS, st.lists(st.integers(0, len(PACKET_KIND) - 1), min_size=40, max_size=40), st.booleans())
def test_a_mirrored_packet_has_the_mirrored_side(t: Longs, kinds: list[int], is_synthetic: bool) -> None:
    found = Sides().judge_packets(packet_columns(t, np.array(kinds)), is_synthetic)
    other = Sides().judge_packets(packet_columns(mirrored(t), np.array(kinds)), is_synthetic)
    is_whole = np.isin([PACKET_KIND[k] for k in kinds[: len(t)]], ["package", "leg", "cross", "floor"])
    for name, values in found.items():
        if name.startswith("p_"):
            p, q = in_steps(values), in_steps(other[name])
            np.testing.assert_array_equal(q, np.where(p < 0, p, 10_000 - p))
            assert (p[is_whole] < 0).all()
        else:
            np.testing.assert_array_equal(values, other[name])
