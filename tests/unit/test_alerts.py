"""The life of hits, alerts and stories: opened, joined, escalated, restated, retracted, expired."""

from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest

from dataflows.analytics.alerts import AlertBook
from dataflows.analytics.alerts_config import STORY_GAP_NS, AlertConfig
from dataflows.analytics.alerts_stories import HOUR_NS, Rates, expiry_bucket
from dataflows.analytics.release import ROW_NOTE, ROW_SESSION, Note, Release, Session
from dataflows.analytics.rules.table import tuned
from schemas.columns import Batch, complete, empty, numpy_type, to_rows
from schemas.kinds import (
    CODE_FAMILY,
    DIRECTION,
    EXPIRY_BUCKET,
    PACKET_KIND,
    QUOTE_STATE,
    RESTATEMENT,
    SEVERITY,
    SIDE,
    VERSION_STATUS,
    VOLATILITY_DIRECTION,
)
from schemas.topics import TOPIC

RULES = tuned({"contract_spike": {"large_premium_usd": 1_000_000_000}})  # one rule holds on most packets here
USD = 10_000
SECOND = 1_000_000_000
BULLISH, BEARISH = DIRECTION.index("bullish"), DIRECTION.index("bearish")
GONE = VERSION_STATUS.index("retracted")
Rows = list[dict[str, Any]]


def packets(*changes: dict[str, Any]) -> Batch:
    """Packets like a call sweep bought for a million USD at second 1, each with its changes."""
    topic = TOPIC["flow.packets"]
    usual: dict[str, Any] = {f.name: 0 for f in topic.fields if not f.since}
    usual |= {"underlying": "IBM", "contract": "IBM   250117C00150000", "packet_id": "p1", "members": "[4]"}
    usual |= {
        "kind": PACKET_KIND.index("sweep"),
        "side": SIDE.index("buy"),
        "venue_count": 3,
        "venues": "ACN",
    }
    usual |= {
        "premium": 1_000_000 * USD,
        "size": 2_000,
        "at_ask_size": 2_000,
        "iso_size": 2_000,
        "version": 1,
    }
    usual |= {"code_family": CODE_FAMILY.index("iso"), "quote_state": QUOTE_STATE.index("normal")}
    usual |= {"p_aggressor_buy": 0.95, "direction": BULLISH, "days_to_expiry": 20, "emit_ts": SECOND}
    usual |= {"volatility_direction": VOLATILITY_DIRECTION.index("long"), "quote_ts": 1, "quote_seq": 1}
    rows = [usual | change for change in changes]
    for row in rows:
        row.setdefault("start_ts", row["emit_ts"] - 100)
        if not row["start_ts"]:
            row["start_ts"] = row["end_ts"] = row["emit_ts"] - 100
    columns: dict[str, Any] = {}
    for name in dict.fromkeys(n for row in rows for n in row):
        values, kind = [row[name] for row in rows], numpy_type(topic, name)
        columns[name] = pa.array(values, pa.string()) if kind is None else np.array(values, kind)
    return complete(Batch(topic, columns))


def release(watermark: int, *events: tuple[int, Session | Note]) -> Release:
    """A release that holds session records and notes at their times."""
    sessions = tuple(what for _, what in events if isinstance(what, Session))
    notes = tuple(what for _, what in events if isinstance(what, Note))
    kinds, rows, count = [], [], {ROW_SESSION: 0, ROW_NOTE: 0}
    for _, what in events:
        kind = ROW_SESSION if isinstance(what, Session) else ROW_NOTE
        kinds.append(kind)
        rows.append(count[kind])
        count[kind] += 1
    late = np.zeros(0, np.bool_)
    times = np.array([at for at, _ in events], np.int64)
    prints, quotes = empty(TOPIC["options.prints"]), empty(TOPIC["options.nbbo"])
    kinds_, rows_ = np.array(kinds, np.int8), np.array(rows, np.int64)
    return Release(watermark, sessions, prints, quotes, late, late, kinds_, rows_, times, notes)


class Book:
    """An alert book, and everything it has put out so far as rows with names."""

    def __init__(self, **settings: Any) -> None:
        self.book = AlertBook(RULES, AlertConfig.read({"premium_floor_usd": 50_000} | settings))
        self.alerts: Rows = []
        self.hits: Rows = []

    def apply(self, watermark: int, *changes: dict[str, Any]) -> Rows:
        """Apply packets; return the alerts of this step."""
        rows = packets(*changes) if changes else empty(TOPIC["flow.packets"])
        return self._keep(self.book.apply(rows, release(watermark)))

    def tell(self, watermark: int, *events: tuple[int, Session | Note]) -> Rows:
        """Apply session records and notes."""
        return self._keep(self.book.apply(empty(TOPIC["flow.packets"]), release(watermark, *events)))

    def _keep(self, out: dict[str, Batch]) -> Rows:
        found = to_rows(out["flow.alerts"])
        self.alerts += found
        self.hits += to_rows(out["flow.hits"])
        return found


def packet(packet_id: str, second: float, **changes: Any) -> dict[str, Any]:
    return {"packet_id": packet_id, "emit_ts": int(second * SECOND), **changes}


def session(name: str) -> Session:
    return Session(name, 0, 0, 10**18, 0, {})


PARTS = ("premium", "side", "z", "structure", "novelty")


def test_the_parts_add_up_to_the_score() -> None:
    book = Book(score=0.0)
    for premium in (100_000, 160_001, 333_333, 5_000_000, 900_000_000):
        book.apply(10**12, packet(f"p{premium}", 1, premium=premium * USD, underlying=f"U{premium}"))
    scores = [row["score"] for row in book.alerts]
    assert len(scores) == 5 and scores == sorted(scores) and scores[0] < scores[-2]
    for row in book.alerts:
        parts = [round(row[f"score_{name}"] * 10_000) for name in PARTS]
        assert sum(parts) - round(row["score_noise"] * 10_000) == round(row["score"] * 10_000)
        assert 0 <= row["score"] <= 1


def test_noise_takes_no_more_than_there_is() -> None:
    book = Book(score=0.0, premium_floor_usd=2_000_000)
    heavy = {"cross_size": 2_000, "stock_print_seq": 7, "roll_p": 1.0, "stock_tie_p": 1.0}
    least = {
        "premium": 100_000 * USD,
        "p_aggressor_buy": 0.6,
        "at_ask_size": 0,
        "iso_size": 0,
        "quote_state": 0,
    }
    [row, *_] = book.apply(10**12, packet("p1", 1, **heavy, **least))
    assert row["score"] == 0 and row["score_noise"] == pytest.approx(sum(row[f"score_{n}"] for n in PARTS))
    assert {r["reading"] for r in orjson.loads(row["benign"])} == {"qualified_cross", "roll"}


def test_below_the_floor_the_other_parts_are_hardly_ever_enough() -> None:
    book = Book(premium_floor_usd=2_000_000)
    assert not book.apply(2 * SECOND, packet("p1", 1, premium=1_999_999 * USD))
    [row] = book.apply(9 * SECOND, packet("p2", 8, premium=2_000_000 * USD))
    assert row["score_premium"] == 0.36 and len(book.hits) == 2


def test_orders_of_like_size_count_for_what_they_add_up_to() -> None:
    book = Book(premium_floor_usd=2_000_000)
    like = {"premium": 500_000 * USD, "size": 1_000, "at_ask_size": 1_000, "iso_size": 1_000}
    assert not book.apply(2 * SECOND, packet("p1", 1, **like, repeat_count=3, repeat_size=4_000))
    assert not book.apply(3 * SECOND, packet("p2", 2, **like, repeat_count=4, repeat_size=3_999))
    [row] = book.apply(9 * SECOND, packet("p3", 8, **like, repeat_count=4, repeat_size=4_000))
    assert (row["premium"], row["score_premium"]) == (500_000 * USD, 0.36)


def test_a_hit_below_the_alert_score_is_stored_and_no_alert() -> None:
    book = Book(score=1.0)
    book.apply(10**12, packet("p1", 1))
    assert [h["rule_id"] for h in book.hits] == ["call_sweep"] and not book.alerts


def test_a_further_packet_within_the_cooldown_joins() -> None:
    book = Book()
    [first] = book.apply(2 * SECOND, packet("p1", 1))
    [second] = book.apply(40 * SECOND, packet("p2", 30))
    assert (first["status"], first["version"], first["reason"]) == ("opened", 1, "none")
    assert (second["status"], second["version"], second["reason"]) == ("updated", 2, "joined")
    assert second["alert_id"] == first["alert_id"] and second["packet_id"] == "p1"
    assert orjson.loads(second["packet_ids"]) == ["p1", "p2"]
    assert (second["story_alert_count"], second["story_premium"]) == (1, 2_000_000 * USD)
    [third] = book.apply(80 * SECOND, packet("p3", 61.5))
    assert third["status"] == "opened" and third["alert_id"] != first["alert_id"]
    assert third["story_id"] == first["story_id"] and third["story_alert_count"] == 2
    assert first["score_novelty"] > third["score_novelty"]


def test_a_packet_of_twice_the_premium_becomes_the_main_one() -> None:
    book = Book()
    book.apply(2 * SECOND, packet("p1", 1))
    [row] = book.apply(40 * SECOND, packet("p2", 30, premium=2_000_000 * USD))
    assert (row["reason"], row["packet_id"], row["premium"]) == ("escalated", "p2", 2_000_000 * USD)
    [back] = book.apply(50 * SECOND, packet("p2", 45, version=2, status=GONE, reason=1))
    assert (back["status"], back["packet_id"], back["reason"]) == ("updated", "p1", "cancel")
    assert orjson.loads(back["packet_ids"]) == ["p1"] and back["story_premium"] == 1_000_000 * USD


def test_many_packets_are_listed_up_to_a_bound_and_counted() -> None:
    book = Book(cooldown_s=1_800)
    for k in range(40):
        book.apply((k + 2) * SECOND, packet(f"p{k}", k + 1))
    listed = orjson.loads(book.alerts[-1]["packet_ids"])
    assert len(listed) == 33 and listed[-1] == {"more": 8} and book.alerts[-1]["version"] == 40


def test_a_retracted_packet_retracts_its_hit_and_alert_with_the_reason() -> None:
    book = Book()
    book.apply(2 * SECOND, packet("p1", 1))
    [row] = book.apply(90 * SECOND, packet("p1", 80, version=2, status=GONE, reason=1))
    assert (row["status"], row["version"], row["reason"]) == ("retracted", 2, "cancel")
    assert (row["story_alert_count"], row["story_premium"]) == (0, 0)
    last = book.hits[-1]
    assert (last["status"], last["version"], last["reason"], last["packet_version"]) == (
        "retracted",
        2,
        "cancel",
        2,
    )
    assert not book.apply(STORY_GAP_NS * 2), "what was retracted does not expire"


def test_a_packet_that_falls_below_a_threshold_is_retracted_and_may_come_back() -> None:
    book = Book()
    book.apply(2 * SECOND, packet("p1", 1))
    book.apply(9 * SECOND, packet("p1", 8, version=2, premium=49_999 * USD, reason=1, status=1))
    book.apply(19 * SECOND, packet("p1", 18, version=3, reason=3, status=1))
    assert [(a["status"], a["version"]) for a in book.alerts] == [
        ("opened", 1),
        ("retracted", 2),
        ("opened", 3),
    ]
    assert [(h["status"], h["version"]) for h in book.hits] == [
        ("final", 1),
        ("retracted", 2),
        ("restated", 3),
    ]


def test_a_version_that_changes_nothing_is_not_said_again() -> None:
    book = Book()
    book.apply(2 * SECOND, packet("p1", 1))
    assert not book.apply(70 * SECOND, packet("p1", 61, version=2, reason=4, status=1, after_ts=60 * SECOND))
    assert len(book.hits) == 1
    [row] = book.apply(90 * SECOND, packet("p1", 80, version=3, premium=900_000 * USD, reason=1, status=1))
    assert (row["status"], row["reason"], row["premium"]) == ("updated", "cancel", 900_000 * USD)
    assert [(h["status"], h["version"]) for h in book.hits] == [("final", 1), ("restated", 2)]


def test_a_changed_direction_moves_the_alert_to_another_story() -> None:
    book = Book()
    [first] = book.apply(2 * SECOND, packet("p1", 1))
    moved = book.apply(9 * SECOND, packet("p1", 8, version=2, direction=BEARISH, reason=3, status=1))
    assert [(a["status"], a["direction"]) for a in moved] == [("retracted", "bullish"), ("opened", "bearish")]
    assert moved[1]["story_id"] != first["story_id"] and moved[1]["version"] == 3


def test_a_story_ends_at_a_time_of_its_own_and_its_alerts_expire_once() -> None:
    book = Book()
    [first] = book.apply(2 * SECOND, packet("p1", 1))
    assert not book.apply(SECOND + STORY_GAP_NS - 1)
    [row] = book.apply(SECOND + STORY_GAP_NS)
    assert (row["status"], row["reason"], row["emit_ts"]) == ("expired", "expiry", SECOND + STORY_GAP_NS)
    assert not book.apply(5 * STORY_GAP_NS)
    [gone] = book.apply(6 * STORY_GAP_NS, packet("p1", 10_000, version=2, status=GONE, reason=1))
    assert (gone["status"], gone["version"], gone["story_id"]) == ("retracted", 3, first["story_id"])


def test_an_alert_at_the_very_end_of_a_story_still_belongs_to_it() -> None:
    book = Book()
    [first] = book.apply(2 * SECOND, packet("p1", 1))
    end = 1 + STORY_GAP_NS // SECOND
    [second] = book.apply((end + 1) * SECOND, packet("p2", end))
    assert second["story_id"] == first["story_id"]
    [*_, third] = book.apply((3 * end) * SECOND, packet("p3", 2 * end + 1))
    assert third["story_id"] != first["story_id"]


def test_another_session_ends_stories_and_a_gap_does_not() -> None:
    book = Book()
    book.tell(SECOND // 2, (SECOND // 2, session("2013-10-07")))
    book.apply(2 * SECOND, packet("p1", 1))
    assert not book.tell(3 * SECOND, (3 * SECOND, session("2013-10-07")))
    [row] = book.tell(9 * SECOND, (9 * SECOND, session("2013-10-08")))
    assert (row["status"], row["emit_ts"]) == ("expired", 9 * SECOND)
    assert not book.apply(20 * SECOND, packet("p1", 12, version=2, status=1, reason=3, start_ts=1, end_ts=2))
    assert book.book.counters["passed_over_versions"] == 1


def test_the_budget_limits_delivery_and_counts_what_it_held_back() -> None:
    book = Book(stories_per_hour=1)
    kinds = [{"days_to_expiry": d} for d in (0, 5, 20)]
    for k, change in enumerate(kinds):
        book.apply((k + 2) * SECOND, packet(f"p{k}", k + 1, **change))
    assert [(a["is_delivered"], a["held_back_count"]) for a in book.alerts] == [
        (True, 0),
        (False, 1),
        (False, 2),
    ]
    book.apply((20) * SECOND, packet("other", 19, underlying="T"))
    assert book.alerts[-1]["is_delivered"]
    later = HOUR_NS // SECOND + 1
    book.apply((later + 1) * SECOND, packet("later", later))
    assert book.alerts[-1]["is_delivered"] and book.alerts[-1]["status"] == "opened"


def note(detail: dict[str, Any], name: str = "story_rates", underlying: str = "") -> Note:
    return Note(1, 1, name, underlying, detail)


def test_severity_follows_the_rates_of_trailing_sessions() -> None:
    book = Book()
    assert book.apply(2 * SECOND, packet("p1", 1))[0]["severity"] == "unrated"
    detail = {"sessions": 20, "scores": [0.2, 0.5, 0.99], "per_day": [400.0, 30.0, 2.0]}
    book.tell(3 * SECOND, (3 * SECOND, note(detail)))
    assert book.apply(5 * SECOND, packet("p2", 4))[0]["severity"] == "medium"


@pytest.mark.parametrize(
    ("score", "severity"), [(0.1, "low"), (0.3, "low"), (0.5, "medium"), (0.8, "high"), (1.0, "high")]
)
def test_between_two_known_scores_the_commoner_one_decides(score: float, severity: str) -> None:
    rates = Rates.read({"sessions": 5, "scores": [0.2, 0.5, 0.8], "per_day": [51.0, 50.0, 10.0]})
    assert SEVERITY[rates.severity(score)] == severity


@pytest.mark.parametrize(
    "detail",
    [
        {},
        {"sessions": 4, "scores": [0.1], "per_day": [1.0]},
        {"sessions": 9, "scores": [0.1], "per_day": []},
        {"sessions": 9, "scores": "high", "per_day": [1.0]},
        {"sessions": 9, "scores": [], "per_day": []},
    ],
)
def test_rates_that_do_not_hold_together_rate_nothing(detail: dict[str, Any]) -> None:
    assert SEVERITY[Rates.read(detail).severity(0.9)] == "unrated"


@pytest.mark.parametrize(
    ("days", "bucket"),
    [(-1, "unknown"), (0, "same_day"), (1, "week"), (7, "week"), (8, "month"), (31, "month"), (32, "quarter"),
     (92, "quarter"), (93, "later")],
)  # fmt: skip
def test_expiry_buckets(days: int, bucket: str) -> None:
    assert EXPIRY_BUCKET[expiry_bucket(days)] == bucket


def test_bounds_let_the_oldest_go_and_count_it() -> None:
    book = Book(standing_alerts=2, standing_hits=2)
    for k in range(4):
        book.apply((k + 2) * SECOND, packet(f"p{k}", k + 1, underlying=f"U{k}"))
    assert book.book.counters == {"evicted_hits": 2, "evicted_alerts": 2, "passed_over_versions": 0}
    late = packet("p0", 9, version=2, status=1, premium=900_000 * USD, underlying="U0")
    assert not book.apply(10 * SECOND, late | {"start_ts": SECOND - 100, "end_ts": SECOND - 100})
    assert book.book.counters["passed_over_versions"] == 1
    assert {a["alert_id"] for a in book.apply(10 * STORY_GAP_NS)} == {a["alert_id"] for a in book.alerts[2:4]}


def test_alerts_on_one_packet_agree() -> None:
    book = Book(score=0.2)
    book.apply(2 * SECOND, packet("p1", 1, days_to_expiry=90, open_interest=0, p_open=0.9, opening_basis=0))
    told = {(a["direction"], a["volatility_direction"], a["story_id"]) for a in book.alerts}
    assert len(book.alerts) >= 3 and len(told) == 1


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"cooldown": 1}, "no setting 'cooldown'"),
        ({"score": 1.5}, "options.alerts.score is 1.5"),
        ({"stories_per_hour": 2.5}, "a whole number"),
        ({"cooldown_s": -1}, "options.alerts.cooldown_s is -1"),
    ],
)
def test_wrong_settings_are_refused(section: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=r"options\.alerts") as raised:
        AlertConfig.read(section)
    assert said in str(raised.value)


def test_restatement_names_are_those_of_the_schema() -> None:
    assert RESTATEMENT[1] == "cancel" and RESTATEMENT[3] == "late" and RESTATEMENT[4] == "follow_up"
