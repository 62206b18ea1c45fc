"""Baits and twins: what is found of them, and claims held against the truth, on hand-made rows."""

from typing import Any

import polars as pl
import pytest

from scoring import adversarial
from scoring.truth import NOTHING, truth_of
from synthetic.adversarial import CASES
from synthetic.adversarial_script import PAIR_IDS, TWIN_IDS
from synthetic.layout import MAKER_ADVERSARIAL

NAMES = [case.name for case in CASES]
EMPTY_JOINS = {"partition": pl.Int64, "print_seq": pl.Int64, "status": pl.Int32}
EMPTY_DARK = {"partition": pl.Int64, "print_seq": pl.Int64, "dark_id": pl.String}


def identity(case: str, *, is_twin: bool) -> int:
    return (MAKER_ADVERSARIAL << 32) + NAMES.index(case) * PAIR_IDS + is_twin * TWIN_IDS


def outputs(prints: list[dict[str, Any]], packets: list[dict[str, Any]], alerted: list[str]) -> Any:
    """Outputs of prints (seq, and claims) and packets (their members, and claims)."""
    placed = {"partition": 2, "status": 0, "size": 10, "p_aggressor_buy": -1.0, "p_customer_buy": -1.0}
    placed |= {"opened_min_buy": 0, "opened_min_sell": 0}
    plain = {"partition": 2, "status": 0, "version": 1, "package_members": "[]", "repeat_count": 0}
    plain |= {"repeat_size": 0, "grouping_p": -1.0, "roll_p": -1.0, "p_open": -1.0, "stock_print_seq": -1}
    plain |= {"stock_tie_p": -1.0}
    said = {"version": 1, "status": 0, "story_id": "s", "rule_id": 0, "is_delivered": True}
    ids = [f'["{name}"]' for name in alerted]
    text = {"alert_id": pl.String, "packet_ids": pl.String}
    alerts = pl.DataFrame({"alert_id": alerted, "packet_ids": ids}, schema=text)
    return {
        "options.placed": pl.DataFrame([placed | p for p in prints]),
        "flow.packets": pl.DataFrame([plain | p for p in packets]),
        "flow.hits": alerts.select(hit_id="alert_id", packet_id="alert_id", version=1, status=0),
        "flow.alerts": alerts.with_columns(**{k: pl.lit(v) for k, v in said.items()}),
        "equities.joins": pl.DataFrame(schema=EMPTY_JOINS),
        "dark.events": pl.DataFrame(schema=EMPTY_DARK | {"version": pl.Int32, "status": pl.Int32}),
    }


def truth(rows: list[dict[str, Any]]) -> Any:
    plain = NOTHING | {
        "topic": "options.prints",
        "partition": 2,
        "aggressor": 1,
        "customer": 1,
        "exact_ts": 0,
    }
    return truth_of({"fills": pl.DataFrame([plain | row for row in rows])})


def scores(outputs: Any, known: Any) -> tuple[Any, Any]:
    events, claims = adversarial.score([adversarial.rows_of(outputs, known, 1)])
    return events, claims


BAIT, TWIN = (identity("coincident_orders", is_twin=t) for t in (False, True))


def test_an_event_is_found_where_a_packet_holds_half_of_it() -> None:
    prints = [{"print_seq": k} for k in range(8)]
    known = truth([{"seq": k, "parent_id": BAIT if k < 4 else TWIN} for k in range(8)])
    packets = [
        {"packet_id": "a", "members": "[0]"}, {"packet_id": "b", "members": "[1]"},
        {"packet_id": "c", "members": "[4,5]"}, {"packet_id": "d", "members": "[6]"},
    ]  # fmt: skip
    events, _ = scores(outputs(prints, packets, ["d"]), known)
    found = events["classes"]["coincident_orders"]
    assert (found["n"], found["baits_found"], found["twins_found"]) == (1, 0.0, 1.0)
    assert (found["baits_alerted"], found["twins_alerted"], found["twins_hit"]) == (0.0, 1.0, 1.0)


def test_repeats_hold_an_event_together() -> None:
    known = truth([{"seq": k, "parent_id": TWIN} for k in range(6)])
    packets = [{"packet_id": str(k), "members": f"[{k}]", "repeat_count": k + 1} for k in range(6)]
    for repeat_size, found in ((30, 1.0), (29, 0.0)):
        rows = [p | {"repeat_size": repeat_size} for p in packets]
        events, _ = scores(outputs([{"print_seq": k} for k in range(6)], rows, []), known)
        assert events["recall"] == found


def test_claims_may_be_denied_as_often_as_was_granted() -> None:
    """Twenty sides claimed at 0.9: two wrong ones are granted, twelve are not; silence is no denial."""
    for wrong, is_within in ((2, True), (12, False)):
        prints = [{"print_seq": k, "p_aggressor_buy": 0.9 if k < 20 else -1.0} for k in range(30)]
        known = truth([{"seq": k, "parent_id": TWIN, "aggressor": -1 if k < wrong else 1} for k in range(30)])
        packets = [{"packet_id": "a", "members": "[0]"}]
        _, claims = scores(outputs(prints, packets, []), known)
        assert (claims["n"], claims["denied"], claims["is_within"]) == (20, wrong, is_within)
        assert claims["claimed"] == pytest.approx(0.9)


def test_few_claims_are_held_to_an_exact_tail() -> None:
    assert adversarial.tail(9, 1, 0.014) == pytest.approx(1 - 0.986**9)
    assert adversarial.tail(9, 0, 0.0) == 1.0 and adversarial.tail(9, 1, 0.0) == 0.0
    assert adversarial.tail(4, 4, 0.5) == pytest.approx(1 / 16)
    assert adversarial.tail(20_000, 2_000, 0.1) == pytest.approx(0.5, abs=0.02)


def test_a_certain_claim_must_never_be_denied() -> None:
    prints = [{"print_seq": k, "opened_min_buy": 4} for k in range(50)]
    for opened, is_within in ((4, True), (3, False)):
        rows = [{"seq": k, "parent_id": TWIN, "open_buy": opened if k == 7 else 9} for k in range(50)]
        _, claims = scores(outputs(prints, [{"packet_id": "a", "members": "[0]"}], []), truth(rows))
        assert claims["is_within"] is is_within


def test_legs_of_two_packages_deny_a_grouping() -> None:
    prints = [{"print_seq": k} for k in range(4)]
    members = {"packet_id": "a", "members": "[0]", "package_members": "[0,1,2,3]", "grouping_p": 0.75}
    for packages, denied in (([1, 1, 1, 1], 0), ([1, 1, 2, 2], 1)):
        rows = [{"seq": k, "parent_id": TWIN, "package_id": p} for k, p in enumerate(packages)]
        _, claims = scores(outputs(prints, [members], []), truth(rows))
        assert (claims["n"], claims["denied"], claims["claimed"]) == (1, denied, 0.75)


def test_orders_that_are_no_pair_are_left_out() -> None:
    known = truth([{"seq": 0, "parent_id": 5}])
    found = adversarial.rows_of(
        outputs([{"print_seq": 0}], [{"packet_id": "a", "members": "[0]"}], []), known, 1
    )
    assert len(found) == 0 and adversarial.score([found]) == []
