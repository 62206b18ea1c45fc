"""The chance that a packet opened: what proves it, what it rises with, its mirror, where it abstains."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from dataflows.analytics.opening_chance import READ, chances
from dataflows.analytics.opening_chance_table import TABLE
from dataflows.analytics.rules.table import RULES
from dataflows.analytics.sides_lookup import UNIT, parsed
from schemas.columns import Batch
from schemas.kinds import (
    CODE_FAMILY,
    OPEN_METHOD,
    OPENING_BASIS,
    PACKET_KIND,
    PLACEMENT,
    SIDE,
    SIDE_LABEL,
    VERSION_STATUS,
)
from schemas.topics import TOPIC
from scoring.intervals import Floats
from scoring.open_chances import score
from scoring.open_fit import LEAST_ROWS, table

CODES = {
    "status": VERSION_STATUS,
    "kind": PACKET_KIND,
    "side": SIDE,
    "code_family": CODE_FAMILY,
    "placement": PLACEMENT,
    "opening_basis": OPENING_BASIS,
}
USUAL: dict[str, Any] = {
    "status": "final",
    "kind": "auction",
    "side": "buy",
    "size": 10,
    "code_family": "auction",
    "placement": "at_ask",
    "displayed_size": 40,
    "open_interest": 20_000,
    "volume_before": 0,
    "opened_min": 0,
    "opening_basis": "incomplete_volume",
    "days_to_expiry": 20,
}


def said(*changes: dict[str, Any], is_synthetic: bool = True) -> list[tuple[float, str, str]]:
    """Return chance, method and label of the usual packet with each of some changes."""
    rows = [USUAL | change for change in changes]
    columns = {
        name: np.array([CODES[name].index(r[name]) if name in CODES else r[name] for r in rows], np.int64)
        for name in READ
    }
    found = chances(Batch(TOPIC["flow.packets"], columns), is_synthetic)
    method = [OPEN_METHOD[code] for code in found["open_method"].tolist()]
    label = [SIDE_LABEL[code] for code in found["open_label"].tolist()]
    return list(zip(found["p_open"].tolist(), method, label, strict=True))


def test_a_table_gives_a_chance_in_whole_steps_and_says_what_it_was_checked_on() -> None:
    ((p, method, label),) = said({})
    assert 0.0 < p < 1.0 and round(p, 4) == p
    assert (method, label) == ("table", "synthetic")
    assert said({}, is_synthetic=False) == [(p, "table", "uncalibrated")]


def test_what_is_proven_is_certain_and_needs_no_side() -> None:
    proof = {"opening_basis": "proven", "opened_min": 10, "open_interest": 0}
    assert said(proof, proof | {"side": "none"}) == [(1.0, "proven", "none")] * 2
    part = said(proof | {"opened_min": 9, "open_interest": 1})[0]
    assert part[1] == "table" and part[0] < 1.0
    assert said(proof | {"opening_basis": "late"})[0][1] == "none"


@pytest.mark.parametrize(
    "change",
    [
        {"side": "none"},
        {"open_interest": -1},
        {"opening_basis": "no_open_interest"},
        {"opening_basis": "late"},
        {"opening_basis": "adjusted"},
        {"opening_basis": "no_trade"},
        {"kind": "package"},
        {"kind": "leg"},
        {"status": "retracted"},
        {"size": 0},
        {"kind": "cross", "code_family": "cross"},
        {"kind": "floor", "code_family": "floor"},
    ],
    ids=str,
)
def test_it_abstains(change: dict[str, Any]) -> None:
    assert said(change) == [(-1.0, "none", "none")]


@pytest.mark.parametrize("kind", ["auction", "sweep", "single"])
def test_the_more_of_what_is_open_it_takes_the_likelier_it_opened(kind: str) -> None:
    family = "auction" if kind == "auction" else "electronic"
    interests = (20_000, 500, 8)  # steps that are wide beside what the table is sure to
    found = said(*({"kind": kind, "code_family": family, "open_interest": n} for n in interests))
    likely = [p for p, _, _ in found]
    assert likely[0] + 0.1 < likely[1] < likely[2]


def test_volume_of_the_session_counts_as_open_interest_does() -> None:
    assert said({"open_interest": 60}) == said({"open_interest": 20, "volume_before": 40})


def test_a_mirror_image_has_the_same_chance() -> None:
    pairs = (("at_ask", "at_bid"), ("inside_ask", "inside_bid"), ("above_ask", "below_bid"))
    for bought, sold in pairs:
        both = said({"placement": bought}, {"side": "sell", "placement": sold})
        assert both[0] == both[1]


def test_a_packet_has_the_same_chance_whatever_stands_beside_it() -> None:
    changes = [{"size": n, "open_interest": m} for n in (1, 30, 700) for m in (0, 50, 9_000)]
    assert said(*changes) == [said(change)[0] for change in changes]


def test_no_cell_says_that_closing_is_as_likely_as_its_rule_asks_for() -> None:
    least = min(parsed(TABLE).values()) / UNIT
    rule = next(r for r in RULES if r.rule_id == "closing_position")
    assert 1 - least < rule.thresholds["closed_share"]  # as the rule's text says


def fitted(n: int, opened: float, cell: int = 0o012345) -> dict[str, int]:
    shares: Floats = (np.arange(n) < round(n * opened)).astype(np.float64)
    rest = np.zeros(LEAST_ROWS)
    return table(np.concatenate([np.full(n, cell), np.full(LEAST_ROWS, 0o700000)]), np.append(shares, rest))


def test_a_make_that_is_hardly_seen_has_no_chance_and_a_like_cell_none_of_its_own() -> None:
    assert [key for key in fitted(LEAST_ROWS - 1, 0.8) if key.startswith("0")] == []
    found = fitted(1_000, 0.8)
    assert next(key for key in found if key.startswith("0")) == "0"
    assert 7_500 < found["0"] <= 8_000  # drawn to all packets
    assert "012345" not in found  # it is the whole of its coarser cells


def test_calibration_of_chances_is_over_buckets_of_2_000_and_proofs_stand_apart() -> None:
    table_code, proven = OPEN_METHOD.index("table"), OPEN_METHOD.index("proven")
    rows = pl.DataFrame(
        {
            "p_open": [0.62] * 2_000 + [0.9] * 1_999 + [1.0] * 10 + [-1.0] * 10,
            "open_method": [table_code] * 3_999 + [proven] * 10 + [0] * 10,
            "t_open": [1.0] * 1_200 + [0.0] * 800 + [1.0] * 2_019,
            "seed": [1] * 4_019,
        }
    )
    (found,) = score([rows])
    assert [(b["n"], round(b["claimed"], 4), b["observed"]) for b in found["calibration"]] == [
        (2_000, 0.62, 0.6)
    ]
    assert found["calibration_worst"] == pytest.approx(0.02)
    assert (found["proven"], found["proven_opened"], found["closing"]) == (10, 1.0, 0)
    assert found["coverage"] == pytest.approx(4_009 / 4_019)
    assert score([]) == []
