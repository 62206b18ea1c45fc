"""The fit of sides and their score: shrinkage, the text of the tables, packets' truth, calibration."""

import numpy as np
import polars as pl
import pytest

from dataflows.analytics.sides_cells import Cells
from dataflows.analytics.sides_lookup import parsed
from schemas.kinds import ABSTENTION, CODE_FAMILY, PACKET_KIND, SIDE
from scoring.claims import PRODUCT
from scoring.metrics import CALIBRATION_N_MIN, calibration, hard
from scoring.side_chances import PACKET_CLAIMS, PLACED, beyond, packet_rows, with_chances
from scoring.sides_fit import LEAST_ROWS, PRIOR, WIDTH, module, table
from scoring.sides_rows import Known, letters, with_packet_truth, with_truth
from scoring.truth import FILLS, truth_of


def known(cell: str, right: int, wrong: int) -> Known:
    """Prints of one cell, half of them pointing to a sell, so many of them rightly."""
    rows = right + wrong
    way = np.where(np.arange(rows) % 2 == 0, 1, -1).astype(np.int8)
    truth = np.where(np.arange(rows) < right, way, -way).astype(np.int8)
    cells = Cells(np.full(rows, int(cell, 8), np.int32), way)
    return Known(cells, {"aggressor": truth, "customer": truth})


def test_a_rare_cell_is_drawn_to_its_coarser_one() -> None:
    found = table([known("132242", 900, 100), known("132255", 10, 50)], "customer")
    coarse = (910 + PRIOR / 2) / (1060 + PRIOR)
    assert found["13"] == round(coarse * 10_000)
    assert "1322" not in found  # it holds the same rows
    middle = (10 + PRIOR * found["13"] / 10_000) / (60 + PRIOR)
    assert found["13225"] == round(middle * 10_000)
    assert "132255" in found  # drawn on, from there


def test_what_chance_alone_would_show_is_not_told_apart() -> None:
    parts = [known("132242", 5_000, 5_000), known("132252", 55, 45), known("132262", LEAST_ROWS - 1, 0)]
    assert table(parts, "customer").keys() == {"13"}
    assert table([*parts, known("132272", 95, 5)], "customer").keys() == {"13", "13227"}


def test_prints_without_a_true_side_or_a_way_teach_nothing() -> None:
    nothing = Known(
        Cells(np.full(99, 5, np.int32), np.zeros(99, np.int8)), {"customer": np.ones(99, np.int8)}
    )
    open_one = Known(
        Cells(np.full(99, 5, np.int32), np.ones(99, np.int8)), {"customer": np.zeros(99, np.int8)}
    )
    assert table([nothing, open_one], "customer") == {}


def test_the_module_holds_what_was_fitted() -> None:
    cells = {f"{k:04o}": (k * 37) % 10_001 for k in range(600)}
    text = module({"aggressor": cells, "customer": {}})
    names: dict[str, dict[str, str]] = {}
    exec(text, names)
    assert parsed(names["TABLES"]["aggressor"]) == cells
    assert parsed(names["TABLES"]["customer"]) == {}
    assert max(len(line) for line in text.splitlines()) <= WIDTH + 4


def test_letters_of_venues() -> None:
    assert letters(pl.Series(["A", "none", None, "Z", "", "a", "XNYS"])).tolist() == [1, 0, 0, 26, 0, 0, 0]


def fills(rows: list[tuple[int, int, int]]) -> pl.DataFrame:
    """Fills of options.prints as (seq, aggressor, customer)."""
    blank = {name: [0] * len(rows) for name, kind in FILLS.items() if kind != pl.String()}
    named = {
        "topic": ["options.prints"] * len(rows),
        "purpose": [""] * len(rows),
        "report": ["original"] * len(rows),
    }
    columns = {name: [r[k] for r in rows] for k, name in enumerate(("seq", "aggressor", "customer"))}
    return pl.DataFrame(blank | named | columns)


PRINTS = pl.DataFrame(
    {"partition": [0] * 5, "print_seq": [1, 2, 3, 4, 5], "size": [10, 4, 4, 7, 7]},
    schema_overrides={"size": pl.Int64},
)
TRUTH = truth_of({"fills": fills([(1, 1, -1), (2, -1, -1), (3, -1, 1), (4, 1, 0), (5, -1, 1)])})


def test_a_packet_has_the_side_of_most_of_its_contracts() -> None:
    rows = with_truth(PRINTS, TRUTH)
    packets = pl.DataFrame(
        {
            "partition": [0, 0, 0],
            "packet_id": ["a", "b", "c"],
            "members": ["[1,2,3]", "[4,5]", '[2,{"more":9}]'],
        }
    )
    found = with_packet_truth(packets, rows)
    assert found["t_aggressor"].to_list() == [1, 0, -1]
    assert found["t_customer"].to_list() == [-1, 1, -1]
    assert with_truth(PRINTS, truth_of({}))["t_aggressor"].to_list() == [0] * 5


def packets_frame() -> pl.DataFrame:
    kinds = [PACKET_KIND.index(name) for name in ("sweep", "package", "leg")]
    blank = {name: [0, 0, 0] for name in PACKET_CLAIMS}
    return pl.DataFrame(
        blank
        | {
            "partition": [0, 0, 0],
            "packet_id": ["a", "b", "c"],
            "kind": kinds,
            "side": [SIDE.index("sell")] * 3,
            "members": ["[1,2]", "[3]", "[4]"],
            "venues": ["CX", "C", "C"],
            "code_family": [CODE_FAMILY.index("iso")] * 3,
            "version": [1, 1, 1],
            "size": [14, 4, 7],
            "p_aggressor_buy": [0.1, -1.0, -1.0],
            "p_customer_buy": [-1.0, -1.0, -1.0],
        }
    )


def test_packages_and_legs_are_not_scored_as_parents() -> None:
    found = packet_rows({"flow.packets": packets_frame()}, with_truth(PRINTS, TRUTH))
    assert found is not None
    assert found.select("packet_id", "t_aggressor", "m_product", "s_kind", "s_size").rows() == [
        ("a", 1, -1, "sweep", "11 to 99")
    ]
    assert packet_rows({"flow.packets": packets_frame().drop("p_customer_buy")}, PRINTS) is None
    assert packet_rows({}, PRINTS) is None


def test_chances_stand_as_the_product_beside_the_placement() -> None:
    n = 4 * CALIBRATION_N_MIN
    truth = np.where(np.arange(n) % 4 == 0, -1, 1).astype(np.int8)
    p = np.where(np.arange(n) < n // 2, 0.7, -1.0)
    placed = hard(np.ones(n, np.int8), truth, np.zeros(n, np.int64))
    reasons = [ABSTENTION.index("unstable")] * (n - 4) + [ABSTENTION.index("late")] * 4
    rows = pl.DataFrame({"p_customer_buy": p, "abstention": reasons, "seed": [1] * (n // 2) + [2] * (n // 2)})
    methods = with_chances({PRODUCT: placed, "quote": placed}, rows, "customer")
    assert list(methods) == [PRODUCT, PLACED, "quote"]
    assert with_chances({PRODUCT: placed}, rows, "aggressor") == {PRODUCT: placed}
    claims = methods[PRODUCT]
    found = beyond(claims, placed, rows, calibration(claims))
    assert found["calibration_worst"] == pytest.approx(0.05)
    assert found["coverage_seeds"] == {"mean": 0.5, "worst_decile": 0.0}
    assert found["abstentions"] == {"unstable": n // 2 - 4, "late": 4}
    right, wrong = 0.3**2, 0.7**2
    assert found["brier_skill_where_claimed"] == pytest.approx(1 - (0.75 * right + 0.25 * wrong) / 0.25)
