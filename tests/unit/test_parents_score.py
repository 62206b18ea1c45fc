"""The score of parents by hand: bursts hold a parent's children together and the other side apart."""

import polars as pl

from schemas.kinds import PACKET_KIND, PLACEMENT, QUOTE_STATE
from scoring import parents
from scoring.truth import NOTHING, Truth, truth_of

MS = 1_000_000
T = 1_700_000_000_000 * MS
AT_MS = (0, 100, 200, 300, 5_000, 5_100)
SIDES = (1, 1, 2, 0, 1, 1)  # the fourth is unstable and lies at the ask
PARENT = (7, 7, 8, 7, 9, 9)
N = len(AT_MS)


def outputs() -> dict[str, pl.DataFrame]:
    placed = pl.DataFrame(
        {
            "partition": pl.Series([3] * N, dtype=pl.Int16),
            "print_seq": range(N),
            "source_ts": [T + at * MS for at in AT_MS],
            "contract": ["X     300118C00100000"] * N,
            "venue": ["A"] * N,
            "size": [10] * N,
            "status": [0] * N,
            "quote_state": [QUOTE_STATE.index("normal")] * N,
            "placement": [PLACEMENT.index("at_bid" if s == 2 else "at_ask") for s in SIDES],
        }
    )
    packets = pl.DataFrame(
        {
            "partition": pl.Series([3] * N, dtype=pl.Int16),
            "packet_id": [f"p{n}" for n in range(N)],
            "version": [1] * N,
            "status": [0] * N,
            "kind": [PACKET_KIND.index("single")] * N,
            "side": SIDES,
            "members": [f"[{n}]" for n in range(N)],
            "print_count": [1] * N,
            "burst_first_seq": [0, 0, 2, 0, 4, 4],
        }
    )
    return {"options.placed": placed, "flow.packets": packets}


def truth() -> Truth:
    given = {"parent_id": PARENT, "order_id": range(N), "exact_ts": [T + at * MS for at in AT_MS]}
    fills = pl.DataFrame(
        {"topic": "options.prints", "partition": 3, "seq": range(N), "aggressor": 1, **given}
    )
    rest = {k: pl.lit(v) for k, v in NOTHING.items() if k not in given}
    return truth_of({"fills": fills.with_columns(**rest)})


def test_bursts_are_scored_beside_packets_and_the_plain_rule() -> None:
    rows = parents.rows_of(outputs(), truth(), 1)
    found = {(s["target"], s["method"]): s for s in parents.score([rows])}
    ours, plain = found["burst", parents.BURSTS], found["burst", parents.BASELINE]
    assert (ours["precision"], ours["recall"], ours["f1"]) == (1.0, 1.0, 1.0)
    # four prints within the gap are six pairs, of which three are of one parent; and one more pair later
    assert (plain["precision"], plain["recall"]) == (4 / 7, 1.0)
    assert abs(plain["f1"] - 2 * (4 / 7) / (4 / 7 + 1)) < 1e-12
    assert found["burst", parents.PRODUCT]["recall"] == 0.0, "each packet holds one print"


def test_gaps_are_scaled_for_the_truth_and_both_rules() -> None:
    rows = parents.rows_of(outputs(), truth(), 1)
    found = {(s["target"], s["method"]): s for s in parents.score([rows, rows])}
    classes = found["burst", parents.BURSTS]["classes"]
    assert {name for name in classes if name.startswith("gaps")} == {f"gaps x{s:g}" for s in parents.SCALES}
    assert classes["gaps x1"]["f1"] == 1.0
    # at a quarter, children 200 ms apart with another between them are no burst of the truth
    assert rows["g_burst_x0.25"].n_unique() == 4
    assert rows[f"c_{parents.BASELINE}_x0.25"].n_unique() == 2


def test_thirds_say_how_often_another_parent_is_near() -> None:
    rows = parents.rows_of(outputs(), truth(), 1)
    assert rows["is_collision"].to_list() == [False, False, True, True, False, False]
    classes = parents.score([rows])[0]["classes"]
    (name,) = [n for n in classes if "third" in n]
    assert name.endswith("33.3 % collide") and classes[name]["n"] == N
