"""The merge is a function of the logs: how they are cut and interleaved changes nothing."""

import json
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.analytics.log import END_OF_TIME
from dataflows.analytics.merge import EQUITIES, Merge, Merged, market
from schemas.codec import encode
from schemas.columns import from_rows
from schemas.partition import partition
from schemas.topics import TOPIC

NAME = "IBM"
PART = partition(NAME)
SECOND = 1_000_000_000
START = 1_000_000 * SECOND
SESSION = {
    "session": "day",
    "inputs": list(EQUITIES),
    "open_ts": str(START),
    "close_ts": str(START + 100 * SECOND),
    "trf_window_ns": str(10 * SECOND),
}
Log = list[bytes | None]


def record(topic: str, kind: str, seq: int, ts: int, **values: Any) -> bytes:
    row = {"kind": kind, "seq": seq, "source_ts": ts, "event_ts": ts, "underlying": NAME}
    blank: dict[str, Any] = {}
    for field in TOPIC[topic].at(0).fields[5:]:  # what came later has a default
        blank[field.name] = "" if field.logical in ("label", "json", "text") else 0
    blank |= {"bid": 10 * SECOND, "ask": 11 * SECOND} if "quotes" in topic else {}
    blank |= {"price": 10 * SECOND, "size": 10**6, "off_exchange": False, "has_event_ts": False}
    names = TOPIC[topic].field_names
    if "name" in names:
        blank["name"] = "control"
    full = {k: v for k, v in (blank | row | values).items() if k in names}
    return encode(from_rows(TOPIC[topic], [full]))[0]


@st.composite
def topic_log(draw: st.DrawFn, topic: str) -> Log:
    """A log with heartbeats, late and duplicate records, garbage and a wild clock."""
    log: Log = []
    seq, frontier = 0, START - 1

    def put(kind: str, ts: int) -> None:
        nonlocal seq
        log.append(record(topic, kind, seq, ts))
        seq += 1

    put("heartbeat", frontier)
    for _ in range(draw(st.integers(0, 25))):
        what = draw(st.sampled_from(["data", "data", "data", "beat", "late", "again", "junk", "ahead"]))
        step = draw(st.integers(1, 3 * SECOND))
        if what == "data":
            put("data", frontier + step)
        elif what == "beat":
            frontier += step
            put("heartbeat", frontier)
        elif what == "late":
            put("data", frontier - step % SECOND)
        elif what == "again" and log:
            log.append(log[draw(st.integers(0, len(log) - 1))])
        elif what == "junk":
            log.append(draw(st.sampled_from([b"", b"junk", None, log[-1][:-3] if log[-1] else b"\0"])))
        elif what == "ahead":
            put("data", frontier + 10**15)
    put("end", frontier)
    return log


def reference_log() -> Log:
    topic = "reference"
    return [
        record(topic, "session", 0, START - 10, detail=json.dumps(SESSION)),
        record(topic, "heartbeat", 1, START),
        record(topic, "end", 2, START),
    ]


def applied_rows(merged: list[Merged]) -> list[Any]:
    """Everything a merge let out, as plain values in order."""
    out: list[Any] = []
    for m in merged:
        release = market(m, *EQUITIES)
        assert (np.diff(release.effective_ts) >= 0).all()
        for kind, row, at in zip(release.row_kind, release.row, release.effective_ts, strict=True):
            batch = (None, release.prints, release.quotes)[kind]
            late = (None, release.prints_late, release.quotes_late)[kind]
            seq = -1 if batch is None else int(batch["seq"][row])
            out.append((int(at), int(kind), seq, None if late is None else bool(late[row])))
        out += [("refused", at, tuple(sorted(row.items()))) for at, row in m.refused]
    return [x for x in out if x[0] != "refused"] + [x for x in out if x[0] == "refused"]


def run(logs: dict[str, Log], cuts: list[tuple[str, int]], crash_at: int = -1) -> list[Any]:
    """Feed the logs in the given cuts, then the rest; optionally resume from a snapshot on the way."""
    merge, position, merged = Merge(PART), dict.fromkeys(logs, 0), []

    def take(topic: str, count: int) -> None:
        start = position[topic]
        values = logs[topic][start : start + count]
        if values:
            merge.take(topic, values, np.arange(start, start + len(values), dtype=np.int64))  # type: ignore[arg-type]
            position[topic] += len(values)
        found = merge.release()
        if found is not None:
            merged.append(found)

    for i, (topic, count) in enumerate(cuts):
        take(topic, count)
        if i == crash_at:
            merge = Merge(PART, merge.snapshot())
            position = {name: log.next_offset for name, log in merge.logs.items() if name in logs}
    for topic, log in logs.items():
        take(topic, len(log))
    assert merge.watermark == END_OF_TIME
    return applied_rows(merged)


CUTS = st.lists(st.tuples(st.sampled_from(["reference", *EQUITIES]), st.integers(1, 6)), max_size=30)


@settings(max_examples=60, deadline=None)
@given(
    prints=topic_log("equities.prints"),
    quotes=topic_log("equities.quotes"),
    cuts=CUTS,
    crash_at=st.integers(-1, 29),
)
def test_cuts_interleavings_and_resume_change_nothing(
    prints: Log, quotes: Log, cuts: list[tuple[str, int]], crash_at: int
) -> None:
    logs = {"reference": reference_log(), "equities.prints": prints, "equities.quotes": quotes}
    assert run(logs, cuts, crash_at) == run(logs, [])


@settings(max_examples=30, deadline=None)
@given(prints=topic_log("equities.prints"))
def test_every_record_is_counted_once(prints: Log) -> None:
    logs = {"reference": reference_log(), "equities.prints": prints, "equities.quotes": []}
    logs["equities.quotes"] = [record("equities.quotes", "end", 0, START)]
    merge = Merge(PART)
    for topic, log in logs.items():
        merge.take(topic, log, np.arange(len(log), dtype=np.int64))  # type: ignore[arg-type]
    merged = merge.release()
    assert merged is not None
    control = int(merge.logs["equities.prints"].state[3])
    assert len(merged.applied["equities.prints"].batch) + len(merged.refused) + control == len(prints)


def test_a_gap_begins_the_session_again() -> None:
    reference = reference_log()[:1]
    reference += [
        record("reference", "gap", 1, START + 5),
        record("reference", "end", 2, START + 9),
    ]
    merge = Merge(PART)
    merge.take("reference", reference, np.arange(3, dtype=np.int64))  # type: ignore[arg-type]
    for topic in EQUITIES:
        merge.take(topic, [record(topic, "end", 0, START)], np.arange(1, dtype=np.int64))
    merged = merge.release()
    assert merged is not None
    assert [(at, s.name, s.start_ts) for at, s in merged.sessions] == [
        (START - 10, "day", START - 10),
        (START + 5, "day", START + 5),
    ]


def test_a_poll_of_unreadable_records_alone_is_set_aside() -> None:
    merge = Merge(PART)
    for offset, value in enumerate([b"junk", b"", record("reference", "heartbeat", 0, START)[:-1]]):
        merge.take("reference", [value], np.array([offset]))
    reasons = [row["reason"] for c in merge.logs["reference"].chunks for _, row in c.refused]
    assert reasons == ["bad_magic", "undecodable", "undecodable"]


def test_a_session_without_inputs_ends_with_its_reference() -> None:
    detail = json.dumps({**SESSION, "inputs": []})
    log = [
        record("reference", "session", 0, START - 10, detail=detail),
        record("reference", "end", 1, START),
    ]
    merge = Merge(PART)
    merge.take("reference", log, np.arange(2, dtype=np.int64))
    assert merge.release() is not None and merge.is_ended
