"""Rules over packets of any shape: one direction a packet, rows apart, and monotone in premium."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.analytics.context import direction_columns, with_columns
from dataflows.analytics.rules.evaluate import evaluate, margins
from dataflows.analytics.rules.hits import hit_row, packet_rows
from dataflows.analytics.rules.table import RULES
from schemas.columns import Batch, from_rows
from schemas.flow_fields import NO_MONEY, NO_RATIO
from schemas.kinds import (
    BASELINE,
    CODE_FAMILY,
    DIRECTION,
    OPENING_BASIS,
    PACKAGE_CLASS,
    PACKET_KIND,
    RIGHT,
    SIDE,
    VERSION_STATUS,
    VOLATILITY_DIRECTION,
)
from schemas.topics import TOPIC

CENT = 10_000_000
STORED = Path(__file__).parents[1] / "golden/data/rules.json"
CASES: dict[str, Any] = orjson.loads(STORED.read_bytes())
PACKETS = TOPIC["flow.packets"]
# The direction that the name of a rule alone says; the others say none.
SAYS = {"call_sweep": "bullish", "put_sweep": "bearish", "call_sell": "bearish", "put_sell": "bullish"}
CHANCE = st.sampled_from([-1.0, 0.0, 0.1, 0.3999, 0.4, 0.5, 0.6, 0.6001, 0.7, 0.9, 0.99, 1.0])
PRICE = st.integers(-1, 400).map(lambda cents: -1 if cents < 0 else cents * CENT)
SIZES = st.sampled_from([0, 1, 10, 200, 5_000])


def _enum(name: str, symbols: tuple[str, ...]) -> dict[str, st.SearchStrategy[str]]:
    return {name: st.sampled_from(symbols)}


COLUMNS: dict[str, st.SearchStrategy[Any]] = {
    **_enum("kind", PACKET_KIND),
    **_enum("right", RIGHT),
    **_enum("side", SIDE),
    **_enum("status", VERSION_STATUS),
    **_enum("code_family", CODE_FAMILY),
    **_enum("baseline", BASELINE),
    **_enum("opening_basis", OPENING_BASIS),
    **_enum("package_class", PACKAGE_CLASS),
    **_enum("direction", DIRECTION),
    **_enum("volatility_direction", VOLATILITY_DIRECTION),
    **dict.fromkeys(("p_aggressor_buy", "p_open", "grouping_p", "sign_p"), CHANCE),
    **dict.fromkeys(("direction_p", "roll_p"), CHANCE),
    **dict.fromkeys(("bid", "ask", "after_bid", "after_ask", "underlying_bid", "underlying_ask"), PRICE),
    **dict.fromkeys(("after_underlying_bid", "after_underlying_ask"), PRICE),
    **dict.fromkeys(("size", "at_ask_size", "at_bid_size", "iso_size", "opened_min"), SIZES),
    "contract": st.sampled_from(["IBM   250117C00150000", "IBM1  250117C00150000", ""]),
    "premium": st.integers(0, 10**11),
    "ladder_premium": st.integers(0, 10**11),
    "net_premium": st.sampled_from([NO_MONEY, -(10**10), 0, 10**10]),
    "displayed_size": st.sampled_from([-1, 0, 10, 500]),
    "open_interest": st.sampled_from([-1, 0, 100, 10**6]),
    "venue_count": st.integers(0, 16),
    "baseline_count": st.integers(0, 500),
    "premium_z": st.floats(-1000, 1000),
    "size_z": st.floats(-1000, 1000),
    "moneyness": st.sampled_from([float(NO_RATIO), -0.5, -0.01, 0.0, 0.01, 0.3]),
    "days_to_expiry": st.sampled_from([-1, 0, 59, 60, 400]),
    "trading_days": st.sampled_from([-1, 0, 1, 250]),
    "ladder_strikes": st.integers(0, 8),
    "legs": st.sampled_from(["[]", "[{},{},{}]"]),
}
# A packet on which some rule holds, with any of its columns changed.
SHAPES = st.builds(
    lambda stored, changes: stored | changes,
    st.sampled_from([case["packet"] for case in CASES.values()]),
    st.fixed_dictionaries({}, optional=COLUMNS),
)


def packets(rows: list[dict[str, Any]]) -> Batch:
    batch = from_rows(PACKETS, rows)
    return with_columns(batch, direction_columns(batch))


@settings(deadline=None, max_examples=150)
@given(st.lists(SHAPES, min_size=1, max_size=8))
def test_no_two_rules_disagree_on_one_packet(shapes: list[dict[str, Any]]) -> None:
    batch = packets(shapes)
    rows = packet_rows(batch)
    said: dict[int, set[str]] = {}
    for row, number, strength in evaluate(batch, RULES):
        hit = hit_row(rows[row], RULES[number], strength)
        directions = said.setdefault(row, set())
        directions.add(DIRECTION[hit["direction"]])
        if RULES[number].rule_id in SAYS:
            directions.add(SAYS[RULES[number].rule_id])
        assert hit["volatility_direction"] == rows[row]["volatility_direction"]
    assert all(len(directions) == 1 for directions in said.values())


@settings(deadline=None, max_examples=80)
@given(st.lists(SHAPES, min_size=1, max_size=6))
def test_packets_are_judged_alone_and_as_their_margins_say(shapes: list[dict[str, Any]]) -> None:
    batch = packets(shapes)
    together = [(h.row, h.rule_index, h.strength) for h in evaluate(batch, RULES)]
    alone = [
        (row, h.rule_index, h.strength)
        for row in range(len(batch))
        for h in evaluate(batch.slice(row, row + 1), RULES)
    ]
    assert together == alone
    by_margins = [
        (row, number)
        for row in range(len(batch))
        for number, rule in enumerate(RULES)
        if all(m.holds for m in margins(batch, rule, row))
    ]
    assert [found[:2] for found in together] == by_margins


@settings(deadline=None, max_examples=80)
@given(SHAPES, st.lists(st.integers(0, 10**14), min_size=2, max_size=6).map(sorted))
def test_more_premium_never_lets_go_of_a_rule(shape: dict[str, Any], premiums: list[int]) -> None:
    ladder = [shape | {"premium": p, "ladder_premium": p, "net_premium": p} for p in premiums]
    held = np.zeros((len(RULES), len(premiums)), np.int8)
    for row, number, _ in evaluate(packets(ladder), RULES):
        held[number, row] = 1
    assert (np.diff(held, axis=1) >= 0).all()
