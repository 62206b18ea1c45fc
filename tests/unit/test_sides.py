"""Sides of prints: abstentions with their reason, methods and labels, state, tables of one's own."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dataflows.analytics.options_codes import venue_bit
from dataflows.analytics.options_layout import new_placed
from dataflows.analytics.quotes import placement, quote_state
from dataflows.analytics.sides import SideClaims, SideInput, Sides
from schemas.kinds import ABSTENTION, PRINT_STATUS, SIDE_LABEL, SIDE_METHOD, VENUE_LETTER
from schemas.opra import FAMILY, IS_FLOOR, code_bytes

CENT = 10_000_000
ROW: dict[str, Any] = {
    "price": 102, "size": 3, "bid": 100, "ask": 102, "bid_size": 20, "ask_size": 30, "code": "I",
    "venue": "C", "bid_venue": "none", "ask_venue": "C", "status": "ok", "stable": True,
    "doubtful": False, "contract": 0,
    "below": False,
}  # fmt: skip


def given(rows: list[dict[str, Any]], is_synthetic: bool = True, has_conditions: bool = True) -> SideInput:
    full = [ROW | row for row in rows]

    def longs(name: str, unit: int = 1) -> Any:
        return np.array([r[name] * (unit if r[name] >= 0 else 1) for r in full], np.int64)

    code = code_bytes(pa.array([r["code"] for r in full], pa.string()))
    placed = new_placed(len(full))
    for column, name in ((2, "bid"), (3, "ask"), (4, "bid_size"), (5, "ask_size")):
        placed.quote[:, column] = longs(name, CENT if column < 4 else 1)
    for k, row in enumerate(full):
        bid, ask = placed.quote[k, 2], placed.quote[k, 3]
        placed.state[k] = quote_state(bid, ask, True)
        placed.placement[k] = placement(row["price"] * CENT, bid, ask, np.int8(placed.state[k]))
        placed.is_stable[k] = row["stable"]
    family = FAMILY[code].astype(np.int8) if has_conditions else np.zeros(len(full), np.int8)
    return SideInput(
        contract=longs("contract"),
        order=np.arange(len(full), dtype=np.int64),
        price=longs("price", CENT),
        size=longs("size"),
        status=np.array([PRINT_STATUS.index(r["status"]) for r in full], np.int8),
        family=family,
        code=code,
        is_floor=np.asarray(IS_FLOOR[code]),
        is_doubtful=np.array([r["doubtful"] for r in full]),
        venue=np.array([venue_bit(r["venue"]) for r in full], np.int8),
        placed=placed,
        bid_venue=np.array([VENUE_LETTER.index(r["bid_venue"]) for r in full]),
        ask_venue=np.array([VENUE_LETTER.index(r["ask_venue"]) for r in full]),
        is_below_floor=np.array([r["below"] for r in full]),
        is_synthetic=is_synthetic,
        has_conditions=has_conditions,
    )


def judged(*rows: dict[str, Any], **more: Any) -> SideClaims:
    return Sides().judge(given(list(rows), **more))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"status": "bar"}, "no_trade"),
        ({"status": "cancelled"}, "no_trade"),
        ({"size": 0}, "no_trade"),
        ({"status": "late"}, "late"),
        *[({"code": c}, "late") for c in "BDFH"],
        *[({"code": c}, "package_leg") for c in "fghijklmnopqrst"],
        *[({"code": c}, "code") for c in "cdeu"],
        ({"doubtful": True}, "time_doubtful"),
        ({"bid": -1, "ask": -1}, "no_quote"),
        ({"bid": 0}, "quote_state"),
        ({"bid": 102}, "quote_state"),
        ({"bid": 104}, "quote_state"),
        ({"bid": -1}, "quote_state"),
        ({"stable": False}, "unstable"),
    ],
)
def test_what_carries_no_side_says_why(row: dict[str, Any], reason: str) -> None:
    """Table B.5: its codes and quote states abstain, on a real tape and on a synthetic one."""
    for is_synthetic in (True, False):
        found = judged(row, {}, is_synthetic=is_synthetic)
        assert ABSTENTION[found.abstention[0]] == reason
        assert found.p_aggressor_buy[0] == found.p_customer_buy[0] == -1
        assert found.aggressor_method[0] == found.customer_method[0] == found.label[0] == 0
        assert found.p_aggressor_buy[1] > 0.9


def test_a_synthetic_tape_has_two_chances_with_that_label() -> None:
    found = judged({}, {"code": "a", "price": 102})
    assert found.p_aggressor_buy[0] > 0.99
    assert found.p_customer_buy[0] > 0.8  # a part of what the venue's own ask displayed
    assert SIDE_METHOD[found.aggressor_method[0]] == SIDE_METHOD[found.customer_method[0]] == "combined"
    assert [SIDE_LABEL[x] for x in found.label] == ["synthetic"] * 2
    assert [ABSTENTION[x] for x in found.abstention] == ["none", "code"]
    assert found.p_aggressor_buy[1] == -1  # nobody takes in an auction
    assert found.p_customer_buy[1] > 0.9


def test_an_order_that_takes_all_that_was_displayed_points_the_other_way_for_the_customer() -> None:
    found = judged({"size": 5, "ask_size": 5})
    assert found.p_aggressor_buy[0] > 0.9
    assert found.p_customer_buy[0] < 0.1


def test_a_real_tape_says_uncalibrated_or_published_and_never_more() -> None:
    found = judged(
        {},
        {"size": 30},
        {"ask_venue": "none"},
        {"below": True},
        {"price": 101, "ask_venue": "C", "bid_venue": "C", "code": "a"},
        is_synthetic=False,
    )
    assert [SIDE_LABEL[x] for x in found.label] == [*["uncalibrated"] * 4, "published"]
    assert found.p_customer_buy.tolist() == [0.724, 0.276, -1, -1, 0.635]
    assert [SIDE_METHOD[x] for x in found.customer_method] == [
        "gsu_large",
        "gsu_large",
        "none",
        "none",
        "gsu_large",
    ]
    assert [ABSTENTION[x] for x in found.abstention] == ["none", "none", "below_floor", "below_floor", "code"]
    assert (found.p_aggressor_buy[:4] > 0.9).all()


def test_without_conditions_a_claim_is_weaker_than_with_them() -> None:
    with_codes, without = judged({}), judged({}, has_conditions=False)
    assert 0.5 < without.p_aggressor_buy[0] < with_codes.p_aggressor_buy[0]
