"""What stands in the raw topics beside the data: heartbeats, sessions, rejects, checkpoints, ends."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pytest

from connectors.feed import Chunk, Gap, Late, Note, SessionStart, cut_points, reject
from connectors.publish import Pace, _joined
from connectors.publish_resume import _checkpoints
from connectors.publish_rows import CHECKPOINT_NS, REFERENCE, Assembler, Numbered, Progress
from schemas.codec import decode, encode
from schemas.columns import Batch, empty
from schemas.kinds import KIND, REFERENCE_NAME
from schemas.partition import partition
from schemas.topics import PARTITION_COUNT, TOPIC

S = 1_000_000_000
START = 1_381_118_400 * S
SYMBOLS = ("AIG", "IBM")
QUOTES, PRINTS = "equities.quotes", "equities.prints"
SESSION = SessionStart("2013-10-07", START, START + 10 * S, START + 90 * S, 30 * S, {"is_half_day": False})


def quotes(times_s: Iterable[float], symbols: Iterable[str]) -> Batch:
    times = np.array([START + int(t * S) for t in times_s], np.int64)
    blank = empty(TOPIC[QUOTES]).columns
    columns = {n: np.zeros(len(times), c.dtype) for n, c in blank.items() if not isinstance(c, pa.Array)}
    names = pa.array(list(symbols), pa.string())
    given = {**columns, "source_ts": times, "event_ts": times, "underlying": names}
    return Batch(TOPIC[QUOTES], {n: given[n] for n in blank})


@dataclass
class Fake:
    """A feed of given quotes; everything else is fixed."""

    rows: list[tuple[float, str]]
    is_paced_live: bool = False
    name: str = "fake"
    is_synthetic: bool = True
    identity: Mapping[str, object] = field(default_factory=dict)
    inputs: tuple[str, ...] = (PRINTS, QUOTES)
    symbols: tuple[str, ...] = SYMBOLS
    heartbeat_ns: int = S
    capabilities: Mapping[str, object] = field(default_factory=dict)

    def chunks(self, start: int = 0) -> Iterator[Chunk]:
        return iter(self.cut([START + 1000 * S])[start:])

    def cut(self, ends: list[int]) -> list[Chunk]:
        """Return the rows cut at these times."""
        out, begin = [], START
        for end in ends:
            inside = [(t, s) for t, s in self.rows if begin <= START + t * S < end]
            batch = quotes([t for t, _ in inside], [s for _, s in inside])
            first = SESSION if begin == START else None
            out.append(Chunk(first, {QUOTES: batch}, (), {QUOTES: len(batch)}, end - 1))
            begin = end
        return out


def write(feed: Fake, chunks: Iterable[Chunk]) -> tuple[dict[tuple[str, int], list[bytes]], Assembler]:
    assembler = Assembler(feed, Progress.fresh(feed.inputs))
    log: dict[tuple[str, int], list[bytes]] = {}
    for chunk in chunks:
        add(log, assembler.assemble(chunk, -1))
    return log, assembler


def add(log: dict[tuple[str, int], list[bytes]], numbered: Mapping[str, Numbered]) -> None:
    for topic, rows in numbered.items():
        values, start = encode(rows.batch), 0
        for part, count in enumerate(rows.counts.tolist()):
            log.setdefault((topic, part), []).extend(values[start : start + count])
            start += count


def read(log: dict[tuple[str, int], list[bytes]], topic: str, symbol: str) -> list[tuple[str, float]]:
    batch = decode(TOPIC[topic], log.get((topic, partition(symbol)), [])).batch
    assert batch["seq"].tolist() == list(range(len(batch)))
    times = ((batch["source_ts"] - START) / S).round(9).tolist()
    return [(KIND[k], t) for k, t in zip(batch["kind"].tolist(), times, strict=True)]


BEAT = -1e-9


def test_heartbeats_stand_around_every_interval_with_a_record_of_the_shard() -> None:
    feed = Fake([(5.0, "IBM"), (5.5, "IBM"), (6.0, "IBM"), (50.25, "IBM"), (7.0, "AIG")])
    feed.rows.sort()
    log, _ = write(feed, feed.chunks())
    beats = [BEAT, 1, 5, 6, 7, 50, 51]
    expected = sorted(
        [("heartbeat", round(b + BEAT, 9) if b != BEAT else BEAT) for b in beats]
        + [("data", t) for t, s in feed.rows if s == "IBM"],
        key=lambda pair: pair[1],
    )
    assert read(log, QUOTES, "IBM") == expected
    assert read(log, PRINTS, "IBM") == [pair for pair in expected if pair[0] == "heartbeat"]
    assert ("heartbeat", 50 - 1e-9) not in read(log, QUOTES, "AIG")
    assert [k for k, _ in read(log, REFERENCE, "IBM")][:3] == ["heartbeat", "session", "heartbeat"]


def test_no_record_lies_at_or_below_the_frontier() -> None:
    rng = np.random.default_rng(5)
    times = np.sort(rng.integers(0, 60_000, 500)) / 1000
    feed = Fake([(float(t), str(rng.choice(SYMBOLS))) for t in times])
    log, _ = write(feed, feed.chunks())
    for symbol in SYMBOLS:
        for topic in (QUOTES, REFERENCE):
            frontier = -1.0
            for kind, at in read(log, topic, symbol):
                assert at >= frontier if kind == "heartbeat" else at > frontier
                frontier = at if kind == "heartbeat" else frontier


@pytest.mark.parametrize("step", [1, 3, 17])
def test_the_log_does_not_depend_on_how_chunks_are_cut(step: int) -> None:
    rng = np.random.default_rng(step)
    times = np.sort(rng.integers(0, 99_000, 400)) / 1000
    feed = Fake([(float(t), str(rng.choice(SYMBOLS))) for t in times])
    whole, _ = write(feed, feed.cut([START + 100 * S]))
    cuts = [START + k * S for k in range(step, 100, step)] + [START + 100 * S]
    assert write(feed, feed.cut(cuts))[0] == whole
    pieces = feed.cut(cuts)
    joined = [_joined(pieces[k : k + 4]) for k in range(0, len(pieces), 4)]
    assert write(feed, joined)[0] == whole


def test_a_live_market_has_heartbeats_in_silence_too() -> None:
    feed = Fake([(1.0, "IBM"), (9.0, "IBM")], is_paced_live=True)
    log, _ = write(feed, feed.cut([START + k * S for k in range(1, 11)]))
    assert [k for k, _ in read(log, PRINTS, "IBM")] == ["heartbeat"] * 11


def test_a_session_record_stands_in_every_partition_and_names_the_inputs() -> None:
    feed = Fake([(5.0, "IBM")])
    log, _ = write(feed, feed.chunks())
    for part in range(PARTITION_COUNT):
        batch = decode(TOPIC[REFERENCE], log[REFERENCE, part]).batch
        (row,) = np.flatnonzero(batch["kind"] == KIND.index("session"))
        detail = json.loads(batch["detail"][row].as_py())
        assert detail["inputs"] == [PRINTS, QUOTES]
        assert detail["trf_window_ns"] == str(30 * S)
        assert detail["open_ts"] == str(START + 10 * S)
        assert detail["is_synthetic"] is True


def test_a_refused_row_becomes_a_reference_record() -> None:
    raw = b"\xff" * 9000
    bad = reject(QUOTES, "IBM", "folder/file.zip:entry.csv:7", "no price", START + 5 * S, raw)
    feed = Fake([(5.0, "IBM")])
    (chunk,) = feed.chunks()
    with_bad = Chunk(chunk.session, chunk.batches, (bad,), {QUOTES: 2}, chunk.upto_ts)
    log, assembler = write(feed, [with_bad])
    batch = decode(TOPIC[REFERENCE], log[REFERENCE, partition("IBM")]).batch
    (row,) = np.flatnonzero(batch["kind"] == 0)
    detail = json.loads(batch["detail"][row].as_py())
    assert (detail["topic"], detail["source"]) == (QUOTES, "folder/file.zip:entry.csv:7")
    assert (detail["reason"], detail["length"]) == ("no price", 9000)
    assert base64.b64decode(detail["head"]) == raw[:4096]
    assert assembler.progress.totals["rejected"][QUOTES] == 1
    assert assembler.progress.totals["read"][QUOTES] == 2
    assert assembler.progress.totals["published"][QUOTES] == 1


def test_the_end_carries_the_totals_to_every_partition() -> None:
    feed = Fake([(5.0, "IBM"), (6.0, "AIG")])
    log, assembler = write(feed, feed.chunks())
    add(log, assembler.end())
    for topic in (REFERENCE, *feed.inputs):
        for part in range(PARTITION_COUNT):
            batch = decode(TOPIC[topic], log[topic, part]).batch
            assert KIND[batch["kind"][-1]] == "end"
    detail = json.loads(decode(TOPIC[REFERENCE], log[REFERENCE, 3]).batch["detail"][-1].as_py())
    assert detail["published"] == {PRINTS: 0, QUOTES: 2}


def test_an_assembler_goes_on_from_a_checkpoint_as_if_nothing_had_happened() -> None:
    feed = Fake([(k * 0.7, SYMBOLS[k % 2]) for k in range(1, 250)])
    chunks = feed.cut([START + k * S for k in (40, 80, 120, 200)])
    assembler = Assembler(feed, Progress.fresh(feed.inputs))
    whole: dict[tuple[str, int], list[bytes]] = {}
    copies: list[tuple[int, dict[tuple[str, int], int]]] = []
    for number, chunk in enumerate(chunks):
        add(whole, assembler.assemble(chunk, -1))
        assembler.progress.chunk = number + 1
        add(whole, assembler.checkpoint(-1))
        copies.append((number + 1, {place: len(values) for place, values in whole.items()}))
    found = _checkpoints(whole[REFERENCE, 0])
    assert [c.chunk for c in found] == [1, 3, 4]
    assert found[1].upto_ts - found[0].upto_ts >= CHECKPOINT_NS
    for progress in found:
        lengths = dict(copies)[progress.chunk]
        again = Assembler(feed, progress)
        rest: dict[tuple[str, int], list[bytes]] = {}
        for number, chunk in enumerate(chunks[progress.chunk :], progress.chunk):
            add(rest, again.assemble(chunk, -1))
            again.progress.chunk = number + 1
            add(rest, again.checkpoint(-1))
        assert {p: v for p, v in rest.items() if v} == {
            p: v[lengths.get(p, 0) :] for p, v in whole.items() if v[lengths.get(p, 0) :]
        }


def test_text_that_is_no_checkpoint_is_none() -> None:
    assert [Progress.from_json(t) for t in ("", "[]", "{}", "7", '{"chunk": 1}')] == [None] * 5


def test_chunks_take_whole_intervals_and_at_least_one() -> None:
    times = np.array([0, 1, 2, 10, 11, 25, 39], np.int64)
    assert cut_points(times, 10, max_rows=2) == [10, 20, 40]
    assert cut_points(times, 10, max_rows=5) == [20, 40]
    assert cut_points(times, 10) == [40]
    assert cut_points(times[:0], 10) == []


def test_pace_follows_event_time_and_cuts_silence_short(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    class Clock:
        now = 100.0

        def wait(self, seconds: float) -> bool:
            waits.append(round(seconds, 6))
            Clock.now += seconds
            return False

    monkeypatch.setattr("connectors.publish.monotonic", lambda: Clock.now)
    pace = Pace(2.0, Clock())  # type: ignore[arg-type]
    for at in (0, 1, 3, 10_000, 10_001):
        pace.wait(START + at * S)
    assert waits == [0.5, 1.0, 5.0, 0.5]


def test_late_rows_stand_behind_the_heartbeat_that_passed_them_however_chunks_are_joined() -> None:
    feed = Fake([(1.0, "IBM"), (2.5, "IBM"), (9.0, "IBM")])
    early, middle, last = feed.cut([START + 2 * S, START + 6 * S, START + 20 * S])
    middle = replace(middle, late=(Late(START + 4 * S + 7, quotes([0.5, 0.25], ["IBM", "IBM"])),))
    apart, assembler = write(feed, [early, middle, last])
    together, _ = write(feed, [_joined([early, middle, last])])
    assert apart == together
    rows = read(apart, QUOTES, "IBM")
    at = rows.index(("data", 0.5))
    assert rows[at - 1][0] == "heartbeat" and rows[at - 1][1] > 2.5
    assert rows[at + 1] == ("data", 0.25)
    assert assembler.progress.totals["published"][QUOTES] == 5


def test_notes_go_where_they_belong_and_gaps_everywhere() -> None:
    feed = Fake([(1.0, "IBM"), (9.0, "AIG")])
    chunk = replace(
        feed.cut([START + 20 * S])[0],
        notes=(
            Note("status", "IBM", START + 3 * S, {"state": "halted"}),
            Note("capabilities", "", START, {"bars": False}),
        ),
        gaps=(Gap(START + 5 * S, "the line was down"),),
    )
    log, _ = write(feed, [chunk])
    found = {
        part: [
            (KIND[k], name, json.loads(detail or "{}"))
            for k, name, detail in zip(
                b["kind"].tolist(), b["name"].tolist(), b["detail"].to_pylist(), strict=True
            )
            if KIND[k] in ("gap", "data")
        ]
        for (topic, part), values in log.items()
        if topic == REFERENCE
        for b in [decode(TOPIC[REFERENCE], values).batch]
    }
    everywhere = [
        ("data", REFERENCE_NAME.index("capabilities"), {"bars": False}),
        ("gap", 0, {"reason": "the line was down"}),
    ]
    halted = ("data", REFERENCE_NAME.index("status"), {"state": "halted"})
    assert set(found) == set(range(PARTITION_COUNT))
    for part, rows in found.items():
        own = [everywhere[0], halted, everywhere[1]] if part == partition("IBM") else everywhere
        assert rows == own, part
