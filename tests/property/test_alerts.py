"""Alerts over any life of packets: the same however the log is cut, and never at odds with what stands."""

import pickle
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.analytics.alerts import AlertBook
from dataflows.analytics.alerts_config import AlertConfig
from dataflows.analytics.release import ROW_NOTE, ROW_SESSION, Note, Release, Session
from dataflows.analytics.rules.table import RULES
from schemas.columns import Batch, complete, concat, empty, numpy_type, to_rows
from schemas.kinds import CODE_FAMILY, PACKET_KIND, QUOTE_STATE
from schemas.topics import TOPIC

MINUTE = 60_000_000_000
USD = 10_000
CONFIG = AlertConfig.read(
    {
        "score": 0.45,
        "premium_floor_usd": 50_000,
        "stories_per_hour": 2,
        "standing_hits": 12,
        "standing_alerts": 6,
    }
)
WIDE = AlertConfig.read({"score": 0.45, "premium_floor_usd": 50_000})

Step = tuple[int, int, int, int, int, int]
STEP = st.tuples(
    st.sampled_from([0, 1, 20, 45, 61, 600, 1_700, 1_801]),  # seconds since the step before
    st.integers(0, 5),  # which packet, of few, so that versions and joins come often
    st.sampled_from([40_000, 60_000, 200_000, 900_000, 2_000_000]),
    st.integers(1, 2),  # direction
    st.sampled_from([0, 0, 0, 1, 2]),  # 1: taken back, 2: a session or note comes first
    st.sampled_from([0, 5, 20]),
)


def packet_rows(steps: list[Step]) -> tuple[list[dict[str, Any]], list[tuple[int, Session | Note]]]:
    """Return rows of packets in the order of emission, and what the session says between them."""
    at = MINUTE
    versions: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    told: list[tuple[int, Session | Note]] = []
    for gap, which, premium, direction, what, days in steps:
        at += gap * MINUTE // 60
        name = f"p{which}-{len(told)}"  # packets of another session are others
        versions[name] = versions.get(name, 0) + 1
        version = versions[name]
        rows.append(
            {
                "packet_id": name, "version": version, "emit_ts": at, "premium": premium * USD,
                "underlying": f"U{which % 2}", "status": (2 if what == 1 else 1) if version > 1 else 0,
                "reason": 1 if version > 1 else 0, "direction": direction, "volatility_direction": 1,
                "days_to_expiry": days, "contract": f"U{which % 2}    250117C00150000",
            }
        )  # fmt: skip
        if what == 2:
            at += 1
            rates = Note(at, at, "story_rates", "", {"sessions": 9, "scores": [0.5], "per_day": [20.0]})
            told.append((at, Session(f"day {at}", at, at, at + 400 * MINUTE, 0, {}) if gap > 60 else rates))
    return rows, told


def batch(rows: list[dict[str, Any]]) -> Batch:
    topic = TOPIC["flow.packets"]
    if not rows:
        return empty(topic)
    usual: dict[str, Any] = {f.name: 0 for f in topic.fields if not f.since}
    usual |= {
        "kind": PACKET_KIND.index("sweep"),
        "side": 1,
        "venue_count": 3,
        "venues": "ACN",
        "members": "[4]",
    }
    usual |= {"size": 500, "at_ask_size": 500, "iso_size": 500, "code_family": CODE_FAMILY.index("iso")}
    usual |= {"quote_state": QUOTE_STATE.index("normal"), "p_aggressor_buy": 0.9}
    whole = [usual | {"start_ts": r["emit_ts"] - 1, "end_ts": r["emit_ts"] - 1} | r for r in rows]
    columns: dict[str, Any] = {}
    for name in whole[0]:
        values, kind = [r[name] for r in whole], numpy_type(topic, name)
        columns[name] = pa.array(values, pa.string()) if kind is None else np.array(values, kind)
    return complete(Batch(topic, columns))


def release(watermark: int, events: list[tuple[int, Session | Note]]) -> Release:
    sessions = tuple(w for _, w in events if isinstance(w, Session))
    notes = tuple(w for _, w in events if isinstance(w, Note))
    kinds = [ROW_SESSION if isinstance(w, Session) else ROW_NOTE for _, w in events]
    rows = [kinds[:k].count(kind) for k, kind in enumerate(kinds)]
    late, at = np.zeros(0, np.bool_), np.array([at for at, _ in events], np.int64)
    return Release(
        watermark, sessions, empty(TOPIC["options.prints"]), empty(TOPIC["options.nbbo"]), late, late,
        np.array(kinds, np.int8), np.array(rows, np.int64), at, notes,
    )  # fmt: skip


def run(steps: list[Step], cuts: list[int], config: AlertConfig, *, is_restored: bool = False) -> list[Any]:
    """Return hits and alerts of a life that is cut after some of its steps."""
    rows, told = packet_rows(steps)
    book, out, before = AlertBook(RULES, config), [], 0
    ends = [rows[cut]["emit_ts"] for cut in sorted(cuts)] + [10**16]
    for end in ends:
        due = [r for r in rows if before < r["emit_ts"] <= end]
        said = [(at, what) for at, what in told if before < at <= end]
        found = book.apply(batch(due), release(end, said))
        for topic in ("flow.hits", "flow.alerts"):
            emit = found[topic]["emit_ts"]
            assert not len(emit) or before < emit.min() <= emit.max() <= end
        out.append(found)
        before = end
        if is_restored:
            plain = pickle.loads(pickle.dumps(book.snapshot()))
            book = AlertBook.restore(plain, RULES, config)
    return [to_rows(concat([o[t] for o in out])) for t in ("flow.hits", "flow.alerts")] + [book.counters]


STEPS = st.lists(STEP, min_size=1, max_size=25)


@settings(max_examples=80, deadline=None)
@given(STEPS, st.data())
def test_cuts_and_restores_change_nothing(steps: list[Step], data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(steps) - 1), max_size=6, unique=True))
    whole = run(steps, [], CONFIG)
    assert run(steps, cuts, CONFIG) == whole
    assert run(steps, cuts, CONFIG, is_restored=True) == whole


@settings(max_examples=80, deadline=None)
@given(STEPS)
def test_versions_are_dense_and_alerts_stand_on_what_stands(steps: list[Step]) -> None:
    hits, alerts, _ = run(steps, [], WIDE)
    for rows, name in ((hits, "hit_id"), (alerts, "alert_id")):
        of: dict[str, list[int]] = {}
        for row in rows:
            of.setdefault(row[name], []).append(row["version"])
        assert all(versions == list(range(1, len(versions) + 1)) for versions in of.values())
        assert [r["emit_ts"] for r in rows] == sorted(r["emit_ts"] for r in rows)
    standing = {(h["packet_id"], h["rule_id"]): h for h in hits}
    for alert in {a["alert_id"]: a for a in alerts}.values():
        if alert["status"] != "retracted":
            hit = standing[alert["packet_id"], alert["rule_id"]]
            assert hit["status"] != "retracted" and hit["direction"] == alert["direction"]
            assert alert["status"] == "expired"  # the log has ended
    parts = ("premium", "side", "z", "structure", "novelty")
    for row in alerts:
        total = sum(round(row[f"score_{n}"] * 10_000) for n in parts) - round(row["score_noise"] * 10_000)
        assert total == round(row["score"] * 10_000)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_what_an_underlying_says_does_not_hang_on_the_others(steps: list[Step]) -> None:
    rows, told = packet_rows(steps)
    both = AlertBook(RULES, WIDE).apply(batch(rows), release(10**16, told))
    alone = [r for r in rows if r["underlying"] == "U0"]
    one = AlertBook(RULES, WIDE).apply(batch(alone), release(10**16, told))
    for topic in ("flow.hits", "flow.alerts"):
        assert [r for r in to_rows(both[topic]) if r["underlying"] == "U0"] == to_rows(one[topic])
