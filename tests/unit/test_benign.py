"""Innocent readings: each needs its own evidence, and a near miss of it is no reading."""

from typing import Any

import pytest

from dataflows.analytics.benign import READINGS, Known, joined, readings
from schemas.flow_fields import NO_RATIO
from schemas.kinds import CODE_FAMILY, PACKAGE_CLASS, RIGHT

MINUTE = 60_000_000_000
CLOSE = 390 * MINUTE
DAY = Known("2013-10-07", CLOSE, "2013-10-08")
PLAIN: dict[str, Any] = {
    "right": RIGHT.index("P"),
    "size": 1_000,
    "taker_event_count": 1,
    "moneyness": NO_RATIO,
    "open_interest": -1,
    "volume_before": 0,
    "days_to_expiry": 20,
    "end_ts": 100 * MINUTE,
    "stock_print_seq": -1,
    "stock_tie_p": -1.0,
    "roll_p": -1.0,
    "geometry_p": -1.0,
    "package_class": 0,
    "code_family": CODE_FAMILY.index("iso"),
    "auction_size": 0,
    "cross_size": 0,
}
CASES: dict[str, list[dict[str, Any]]] = {
    "dividend_play": [
        {"right": 0, "moneyness": -0.05, "open_interest": 500, "volume_before": 0},
        {"right": 1},
        {"moneyness": -0.0499},
        {"open_interest": 1_000},
        {"open_interest": -1},
        {"moneyness": NO_RATIO},
    ],
    "qualified_cross": [{"cross_size": 500}, {"cross_size": 499}],
    "stock_hedge": [
        {"stock_print_seq": 0, "stock_tie_p": 0.7},
        {"stock_print_seq": -1},
        {"stock_tie_p": 0.04},
    ],
    "roll": [{"roll_p": 0.8}, {"roll_p": 0.0}, {"roll_p": -1.0}],
    "box_financing": [{"package_class": PACKAGE_CLASS.index("box")}, {"package_class": 0}],
    "conversion": [
        {"package_class": PACKAGE_CLASS.index("conversion")},
        {"package_class": PACKAGE_CLASS.index("synthetic")},
    ],
    "compression": [{"code_family": CODE_FAMILY.index("other")}, {"code_family": 0}],
    "retail_auction": [{"auction_size": 500, "taker_event_count": 20}, {"auction_size": 499}],
    "closing": [{"end_ts": CLOSE - 10 * MINUTE}, {"end_ts": CLOSE - 10 * MINUTE - 1}],
    "expiry_pin": [
        {"days_to_expiry": 0, "moneyness": 0.005, "end_ts": CLOSE - 60 * MINUTE},
        {"days_to_expiry": 1},
        {"moneyness": -0.0051},
        {"end_ts": CLOSE - 60 * MINUTE - 1},
    ],
}  # the evidence of each reading, then what makes it a near miss


def found(known: Known = DAY, rule: str = "contract_spike", **changes: Any) -> dict[str, Any]:
    return {r["reading"]: r for r in readings(PLAIN | changes, known, rule)}


def test_every_reading_has_a_case() -> None:
    assert set(CASES) == {r.reading for r in READINGS}
    assert found() == {}


@pytest.mark.parametrize("name", CASES)
def test_a_reading_needs_its_evidence(name: str) -> None:
    evidence, *misses = CASES[name]
    reading = found(**evidence)[name]
    assert 0.05 <= reading["weight"] <= 1 and reading["evidence"] and reading["basis"]
    for miss in misses:
        assert name not in found(**evidence | miss), miss


def test_a_dividend_play_weighs_more_before_an_ex_date() -> None:
    evidence = CASES["dividend_play"][0]
    weights = [
        found(DAY._replace(ex_date=ex), **evidence)["dividend_play"]["weight"]
        for ex in ("2013-10-08", "2013-10-11", "2013-10-12", "2013-10-04", "", "soon")
    ]
    assert weights == [0.9, 0.9, 0.2, 0.2, 0.2, 0.2]


def test_a_rule_does_not_compete_with_its_own_claim() -> None:
    assert "roll" not in found(rule="roll", roll_p=0.9) and "roll" in found(roll_p=0.9)


def test_readings_come_by_weight_and_are_joined() -> None:
    both = readings(PLAIN | {"cross_size": 1_000, "end_ts": CLOSE, "stock_print_seq": 3}, DAY, "far_dated")
    assert [(r["reading"], r["weight"]) for r in both] == [("qualified_cross", 0.8), ("closing", 0.25)]
    assert joined(both) == pytest.approx(1 - 0.2 * 0.75) and joined([]) == 0.0


def test_nothing_is_said_of_the_close_without_a_session() -> None:
    assert found(Known("", 0, ""), end_ts=CLOSE, days_to_expiry=0, moneyness=0.0) == {}
