"""Tables of sides: look-ups by prefix, a user's own tables, published figures, what is refused."""

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dataflows.analytics.sides import Sides
from dataflows.analytics.sides_cells import CELLS, Cells
from dataflows.analytics.sides_lookup import DOUBTFUL, UNKNOWN, chances, parsed, ratios, spread
from dataflows.analytics.sides_methods import LABELS, METHODS, REASONS, method
from dataflows.analytics.sides_packets import READ
from dataflows.analytics.sides_published import (
    ACCURACIES,
    FLOOR,
    INDEX,
    LONG_DATED,
    NATIONAL_QUOTE,
    is_below_floor,
)
from dataflows.analytics.sides_tables import FITTED_CUSTOMER_FLOOR, fitted, read_tables
from schemas.kinds import CODE_FAMILY, PACKET_KIND, PLACEMENT, QUOTE_STATE, SIDE, SIDE_LABEL, SIDE_METHOD

DAY = 86_400_000_000_000
TRADED = 19_000 * DAY  # 8 January 2022


def cells(*pairs: tuple[str, int]) -> Cells:
    return Cells(np.array([int(c, 8) for c, _ in pairs], np.int32), np.array([w for _, w in pairs], np.int8))


def test_the_longest_prefix_decides_and_the_other_way_is_one_less_it() -> None:
    table = spread(parsed("13 7000 1312 9000\n131245 8200"))
    assert len(table) == CELLS
    asked = cells(("131245", 1), ("131245", -1), ("131200", 1), ("137777", -1), ("200000", 1), ("131200", 0))
    found = chances(table, asked, 6_000)
    assert found.tolist() == [8_200, 1_800, 9_000, 3_000, UNKNOWN, DOUBTFUL]
    assert ratios(found).tolist() == [0.82, 0.18, 0.9, 0.3, -1, -1]


def test_what_is_nearer_to_even_than_the_floor_is_not_claimed() -> None:
    table = spread({"1": 5_999, "2": 4_001, "3": 6_000, "4": 4_000})
    asked = cells(("100000", 1), ("200000", -1), ("300000", 1), ("400000", 1))
    assert chances(table, asked, 6_000).tolist() == [DOUBTFUL, DOUBTFUL, 6_000, 4_000]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"agressor": {}}, "no table 'agressor'; allowed are aggressor, customer, aggressor_packet"),
        ({"customer": [1]}, "side_table.customer must be a mapping"),
        ({"customer": {"8": 0.5}}, "'8' is no key; 1 to 6 octal digits"),
        ({"customer": {"": 0.5}}, "'' is no key"),
        ({"customer": {"1234567": 0.5}}, "'1234567' is no key"),
        ({"customer": {"1": 1.5}}, "side_table.customer: 1 has the chance 1.5; 0 to 1 is allowed"),
        ({"customer": {"1": "half"}}, "side_table.customer: 1 has the chance 'half'"),
        ({"customer": {"1": float("nan")}}, "has the chance nan"),
    ],
)
def test_a_wrong_table_is_refused_in_one_sentence(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        Sides({"side_table": given})


def packet(**more: Any) -> dict[str, Any]:
    row = {
        "kind": PACKET_KIND.index("sweep"), "side": SIDE.index("buy"), "bid": 10**9,
        "code_family": CODE_FAMILY.index("iso"), "quote_state": QUOTE_STATE.index("normal"),
        "placement": PLACEMENT.index("at_ask"),
        "ask": 11 * 10**8, "first_price": 11 * 10**8, "size": 50, "displayed_size": 20, "print_count": 3,
        "venue_count": 2,
    } | more  # fmt: skip
    assert row.keys() == set(READ)
    return {name: np.array([value]) for name, value in row.items()}


def said(found: dict[str, Any]) -> tuple[float, str, str]:
    methods = SIDE_METHOD[found["aggressor_method"][0]]
    return float(found["p_aggressor_buy"][0]), methods, SIDE_LABEL[found["side_label"][0]]


def test_a_users_own_truth_is_used_and_labelled() -> None:
    own = Sides({"side_table": {"aggressor": {"1": 0.8}, "aggressor_packet": {"2": 0.61}}})
    assert said(own.judge_packets(packet())) == (0.61, "parent", "own_truth")
    assert own.judge_packets(packet())["p_customer_buy"][0] == -1  # a table left out abstains


def test_packets_carry_the_label_of_their_tape() -> None:
    real, synthetic = Sides().judge_packets(packet()), Sides().judge_packets(packet(), True)
    p, name, label = said(real)
    assert (p > 0.9, name, label) == (True, "parent", "uncalibrated")
    assert said(synthetic) == (p, "parent", "synthetic")
    assert synthetic["p_customer_buy"][0] > 0.8
    assert real["p_customer_buy"][0] == -1  # no published figure is about packets
    sold = packet(side=SIDE.index("sell"), first_price=10**9, placement=PLACEMENT.index("at_bid"))
    assert Sides().judge_packets(sold)["p_aggressor_buy"][0] == pytest.approx(1 - p)


@pytest.mark.parametrize(
    "more",
    [
        {"kind": PACKET_KIND.index("package")},
        {"kind": PACKET_KIND.index("leg")},
        {"kind": PACKET_KIND.index("cross"), "code_family": CODE_FAMILY.index("cross")},
        {"kind": PACKET_KIND.index("floor"), "code_family": CODE_FAMILY.index("floor")},
        {"code_family": CODE_FAMILY.index("multi_leg")},
        {"quote_state": QUOTE_STATE.index("crossed")},
        {"quote_state": QUOTE_STATE.index("none"), "bid": -1, "ask": -1},
        {"side": SIDE.index("none")},  # at the ask and yet without a side: its placement was not stable
    ],
)
def test_packets_that_carry_no_side(more: dict[str, Any]) -> None:
    found = Sides().judge_packets(packet(**more), True)
    assert (found["p_aggressor_buy"][0], found["p_customer_buy"][0]) == (-1, -1)
    assert (found["aggressor_method"][0], found["customer_method"][0], found["side_label"][0]) == (0, 0, 0)


def test_series_below_the_published_floor() -> None:
    """Indices, and what expires more than 365 days after the trade."""
    roots = pa.array(["SPX", "SPY", "SPY", "SPY", "VIX"])
    expiry = np.array([20220121, 20220121, 20230108, 20230109, 20220215])
    found = is_below_floor(roots, expiry, np.full(5, TRADED + 15 * 3_600 * 10**9))
    assert found.tolist() == [True, False, False, True, True]


def test_published_figures_are_claimed_above_the_floor_alone() -> None:
    """Figures of the test sets: the lower of ISE and CBOE, from 0.60 on."""
    below = {INDEX, LONG_DATED, NATIONAL_QUOTE}
    assert {name for name, a in ACCURACIES.items() if a.lower < FLOOR} == below
    assert [a.lower for name, a in ACCURACIES.items() if name not in below] == [0.724, 0.635, 0.645, 0.649]


def test_every_method_label_and_reason_is_explained() -> None:
    assert [m.method for m in METHODS] == list(SIDE_METHOD)
    assert "31 May 2017" in method("gsu_large").rests_on
    assert "72.4 %" in method("gsu_large").rests_on
    assert all(text and not text.endswith(".") for text in (*LABELS.values(), *REASONS.values()))


def test_fitted_tables_are_read_once_and_point_where_they_are_turned() -> None:
    """A print turned to a buy at the touch is a buy in most cells; the tables hold no third of a chance."""
    tables = fitted()
    assert tables is read_tables(None)
    assert tables.customer_floor == FITTED_CUSTOMER_FLOOR
    at_touch = tables.aggressor.reshape(8, 8, -1)[1, 3]  # electronic, at the touch
    assert (at_touch > 9_000).all()
