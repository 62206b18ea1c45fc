"""From chunks to numbered rows of the log: partitions, control records, sequence numbers.

Owns the content of the raw topics beside the data: heartbeats, session, gap, checkpoint and end
records, notes and refused rows as records of `reference`. Pure: the same chunks give the same rows,
however they are cut (only ingest_ts is handed in). Refuses data of a symbol that the feed did not declare.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa

from connectors.feed import Chunk, Feed, Gap, Note, Reject, SessionStart
from connectors.sessions import day_of, weekdays_off
from schemas.columns import Batch, Column, Index, complete, concat, field_type
from schemas.kinds import KIND, REFERENCE_NAME
from schemas.partition import partition, partitions
from schemas.topics import PARTITION_COUNT, TOPIC

REFERENCE: Final = "reference"
DATA, HEARTBEAT, SESSION, GAP, END = (KIND.index(k) for k in ("data", "heartbeat", "session", "gap", "end"))
CONTROL_NAME, REJECT_NAME = REFERENCE_NAME.index("control"), REFERENCE_NAME.index("reject")
EVERYWHERE: Final = tuple(range(PARTITION_COUNT))
CHECKPOINT_NS: Final = 60_000_000_000
CHECKPOINT_PARTITION: Final = 0
MAX_FILLED: Final = 100_000  # heartbeats a partition gets for one silence; a longer one is cut short


@dataclass(slots=True)
class Progress:
    """How far a log has been written: all that is needed to go on from a chunk boundary."""

    chunk: int = 0
    upto_ts: int = -1
    checkpoint_ts: int = -1
    identity: str = ""
    next_seq: dict[str, list[int]] = field(default_factory=dict)
    heartbeat_ts: list[int] = field(default_factory=lambda: [-1] * PARTITION_COUNT)
    totals: dict[str, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def fresh(cls, inputs: Iterable[str]) -> Progress:
        """Return the state before the first record."""
        names = tuple(inputs)
        totals = {key: dict.fromkeys(names, 0) for key in ("read", "rejected", "published")}
        seqs = {t: [0] * PARTITION_COUNT for t in (REFERENCE, *names)}
        return cls(next_seq=seqs, totals=totals)

    def to_json(self) -> str:
        """Return the text of a checkpoint."""
        times = [str(t) for t in self.heartbeat_ts]
        stamps = {"upto_ts": str(self.upto_ts), "checkpoint_ts": str(self.checkpoint_ts)}
        plain = {"chunk": self.chunk, "identity": self.identity, **stamps, "heartbeat_ts": times}
        return dump({**plain, "next_seq": self.next_seq, "totals": self.totals})

    @classmethod
    def from_json(cls, text: str) -> Progress | None:
        """Read a checkpoint, or return None where the text is none."""
        try:
            found = orjson.loads(text)
            times = [int(t) for t in found["heartbeat_ts"]]
            return cls(
                chunk=int(found["chunk"]),
                upto_ts=int(found["upto_ts"]),
                checkpoint_ts=int(found["checkpoint_ts"]),
                identity=str(found["identity"]),
                next_seq=found["next_seq"],
                heartbeat_ts=times,
                totals=found["totals"],
            )
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Numbered:
    """Rows of one topic in the order of the log: by partition, then sequence number from `first_seq`."""

    batch: Batch
    counts: Index
    first_seq: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """Rows of one topic, the partition of each, and the time at which each stands in the log."""

    batch: Batch
    parts: Index
    at: Index


@dataclass(frozen=True, slots=True)
class Controls:
    """Control records of one topic: times and partitions, all of one kind."""

    kind: int
    times: Index
    parts: Index
    detail: str = ""
    ingest_ts: int = -1


def dump(value: object) -> str:
    """Return JSON with its keys in order."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def identity_of(feed: Feed) -> str:
    """Return the hash of what a feed's records depend on."""
    return hashlib.sha256(dump(dict(feed.identity)).encode()).hexdigest()


class Assembler:
    """Turns the chunks of a feed into numbered rows; `progress` is where it stands."""

    def __init__(self, feed: Feed, progress: Progress) -> None:
        self.feed, self.progress = feed, progress
        progress.identity = identity_of(feed)
        self.topics: tuple[str, ...] = (REFERENCE, *feed.inputs)
        self.symbol_parts = sorted({partition(symbol) for symbol in feed.symbols})

    def assemble(self, chunk: Chunk, ingest_ts: int) -> dict[str, Numbered]:
        """Number everything of a chunk, heartbeats included; `ingest_ts` goes on those of reference."""
        data = _data_of(chunk)
        starts = [self._session(chunk.session)] if chunk.session else []
        starts += [
            _controls(GAP, [g.source_ts] * PARTITION_COUNT, EVERYWHERE, _gap_json(g)) for g in chunk.gaps
        ]
        beats = self._heartbeats(chunk, data)
        out: dict[str, Numbered] = {}
        for topic in self.topics:
            stamp = ingest_ts if topic == REFERENCE else -1
            controls = [Controls(HEARTBEAT, beats[0], beats[1], "", stamp)]
            leading = starts if topic == REFERENCE else []
            rows = self._number(topic, leading, data.get(topic, ()), controls)
            out.update({topic: rows} if rows else {})
        self._count(chunk)
        return out

    def is_checkpoint_due(self, upto_ts: int) -> bool:
        """Tell whether a checkpoint stands after the chunk that ends at `upto_ts`."""
        return upto_ts - self.progress.checkpoint_ts >= CHECKPOINT_NS

    def checkpoint(self, ingest_ts: int) -> dict[str, Numbered]:
        """Return the checkpoint record if one is due; it counts itself."""
        state = self.progress
        if not self.is_checkpoint_due(state.upto_ts):
            return {}
        state.checkpoint_ts = state.upto_ts
        state.next_seq[REFERENCE][CHECKPOINT_PARTITION] += 1
        text = state.to_json()
        state.next_seq[REFERENCE][CHECKPOINT_PARTITION] -= 1
        at = _controls(HEARTBEAT, [state.upto_ts], [CHECKPOINT_PARTITION], text, ingest_ts)
        rows = self._number(REFERENCE, [], (), [at])
        return {REFERENCE: rows} if rows else {}

    def end(self) -> dict[str, Numbered]:
        """Return the end records of every topic and partition; those of reference carry the totals."""
        out: dict[str, Numbered] = {}
        totals = dump({**self.progress.totals, "identity": self.progress.identity})
        for topic in self.topics:
            text = totals if topic == REFERENCE else ""
            at = _controls(END, [self.progress.upto_ts] * PARTITION_COUNT, EVERYWHERE, text)
            rows = self._number(topic, [], (), [at])
            assert rows is not None
            out[topic] = rows
        return out

    def _session(self, session: SessionStart) -> Controls:
        feed = self.feed
        text = dump(
            {
                "configuration": {},
                **session.detail,
                "session": session.name,
                "feed": feed.name,
                "is_synthetic": feed.is_synthetic,
                "inputs": list(feed.inputs),
                "open_ts": str(session.open_ts),
                "close_ts": str(session.close_ts),
                "trf_window_ns": str(session.trf_window_ns),
                "capabilities": dict(feed.capabilities),
                "weekdays_off": list(weekdays_off(day_of(session.open_ts))),
            }
        )
        return _controls(SESSION, [session.start_ts] * PARTITION_COUNT, EVERYWHERE, text)

    def _heartbeats(self, chunk: Chunk, data: Mapping[str, Sequence[Placed]]) -> tuple[Index, Index]:
        """Return times and partitions of the heartbeats around every interval that holds a record."""
        step, state = self.feed.heartbeat_ns, self.progress
        filled = self._silent_intervals(chunk) if self.feed.is_paced_live else np.empty(0, np.int64)
        opened = [chunk.session.start_ts // step] if chunk.session else []
        common = np.concatenate([filled, np.array(opened, np.int64)])
        slots = [(p.at // step, p.parts) for rows in data.values() for p in rows]
        times, where = [], []
        for part in self.symbol_parts:
            mine = [at[parts == part] for at, parts in slots]
            at = np.unique(np.concatenate([common, *mine]))
            edges = np.unique(np.concatenate([at * step - 1, at * step + step - 1]))
            edges = edges[edges > state.heartbeat_ts[part]]
            if len(edges):
                state.heartbeat_ts[part] = int(edges[-1])
                times.append(edges)
                where.append(np.full(len(edges), part, np.int64))
        if not times:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        return np.concatenate(times), np.concatenate(where)

    def _silent_intervals(self, chunk: Chunk) -> Index:
        step, before = self.feed.heartbeat_ns, self.progress.upto_ts
        last = (chunk.upto_ts + 1) // step
        first = (before + 1) // step if before >= 0 else last
        return np.arange(max(first, last - MAX_FILLED), last, dtype=np.int64)

    def _number(
        self, topic: str, leading: Sequence[Controls], data: Sequence[Placed], trailing: Sequence[Controls]
    ) -> Numbered | None:
        """Order rows by partition and time (ties: leading, data, trailing) and give them their numbers."""
        for rows in data:
            unknown = np.setdiff1d(rows.parts, self.symbol_parts)
            assert topic == REFERENCE or not len(unknown), f"{topic}: symbols the feed did not declare"
        pieces = [_control_rows(topic, c) for c in leading if len(c.times)]
        pieces += data
        pieces += [_control_rows(topic, c) for c in trailing if len(c.times)]
        if not pieces:
            return None
        batch = concat([p.batch for p in pieces])
        where = np.concatenate([p.parts for p in pieces])
        if len(pieces) > 1 or np.any(where[1:] < where[:-1]):
            order = np.lexsort((np.concatenate([p.at for p in pieces]), where))
            batch, where = batch.take(order), where[order]
        return self._give_numbers(topic, batch, where)

    def _give_numbers(self, topic: str, rows: Batch, where: Index) -> Numbered:
        next_seq = self.progress.next_seq[topic]
        counts = np.bincount(where, minlength=PARTITION_COUNT).astype(np.int64)
        first = tuple(next_seq)
        ranks = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        seq = ranks + np.repeat(np.array(first, np.int64), counts)
        self.progress.next_seq[topic] = [n + int(c) for n, c in zip(first, counts, strict=True)]
        return Numbered(Batch(rows.topic, {**rows.columns, "seq": seq}), counts, first)

    def _count(self, chunk: Chunk) -> None:
        totals = self.progress.totals
        for topic, batch in chunk.batches.items():
            totals["published"][topic] += len(batch)
        for late in chunk.late:
            totals["published"][late.batch.topic.name] += len(late.batch)
        for topic, count in chunk.read.items():
            totals["read"][topic] += count
        for item in chunk.rejects:
            # A refused fact beside the tape belongs to no input; it is counted under `reference`.
            totals["rejected"][item.topic] = totals["rejected"].get(item.topic, 0) + 1
            if item.topic == REFERENCE:
                totals["read"][REFERENCE] = totals["read"].get(REFERENCE, 0) + 1
        self.progress.upto_ts = chunk.upto_ts


def _data_of(chunk: Chunk) -> dict[str, list[Placed]]:
    """Return the data rows of a chunk by topic: those in time, then late ones, refusals and notes."""
    out: dict[str, list[Placed]] = {}
    for topic, batch in chunk.batches.items():
        if len(batch):
            out.setdefault(topic, []).append(_placed(complete(batch)))
    for late in chunk.late:
        batch = complete(late.batch)
        assert len(batch) and int(batch["source_ts"].max()) <= late.at_ts, "late rows are not late"
        at = np.full(len(batch), late.at_ts, np.int64)
        out.setdefault(batch.topic.name, []).append(Placed(batch, _partitions_of(batch), at))
    if chunk.rejects:
        out.setdefault(REFERENCE, []).append(_placed(_reject_rows(chunk.rejects)))
    if chunk.notes:
        out.setdefault(REFERENCE, []).append(_note_rows(chunk.notes))
    return out


def _placed(batch: Batch) -> Placed:
    return Placed(batch, _partitions_of(batch), batch["source_ts"])


def _partitions_of(batch: Batch) -> Index:
    return np.asarray(partitions(batch["underlying"]), dtype=np.int64)


def _controls(
    kind: int, times: Sequence[int], parts: Sequence[int], detail: str, ingest_ts: int = -1
) -> Controls:
    return Controls(kind, np.array(times, np.int64), np.array(parts, np.int64), detail, ingest_ts)


def _control_rows(topic: str, controls: Controls) -> Placed:
    times = controls.times
    given = {
        "kind": controls.kind,
        "source_ts": times,
        "event_ts": times,
        "name": CONTROL_NAME,
        "ingest_ts": controls.ingest_ts,
        "detail": controls.detail,
    }
    return Placed(_rows(topic, given, len(times)), controls.parts, times)


def _reject_rows(rejects: Sequence[Reject]) -> Batch:
    times = np.array([r.source_ts for r in rejects], np.int64)
    given = {
        "kind": DATA,
        "source_ts": times,
        "event_ts": times,
        "underlying": pa.array([r.underlying for r in rejects], pa.string()),
        "name": REJECT_NAME,
        "detail": pa.array([_reject_json(r) for r in rejects], pa.string()),
    }
    return _rows(REFERENCE, given, len(rejects))


def _note_rows(notes: Sequence[Note]) -> Placed:
    """Return the records of notes; one without an underlying is written to every partition."""
    parts = [EVERYWHERE if not n.underlying else (partition(n.underlying),) for n in notes]
    index = np.repeat(np.arange(len(notes)), [len(p) for p in parts])
    times = np.array([n.source_ts for n in notes], np.int64)
    given = {
        "kind": DATA,
        "source_ts": times,
        "event_ts": times,
        "underlying": pa.array([n.underlying for n in notes], pa.string()),
        "name": np.array([REFERENCE_NAME.index(n.name) for n in notes], np.int32),
        "detail": pa.array([dump(dict(n.detail)) for n in notes], pa.string()),
    }
    batch = _rows(REFERENCE, given, len(notes)).take(index)
    return Placed(batch, np.array([k for p in parts for k in p], np.int64), batch["source_ts"])


def _gap_json(gap: Gap) -> str:
    return dump({"reason": gap.reason} | ({"inputs": list(gap.inputs)} if gap.inputs else {}))


def _reject_json(item: Reject) -> str:
    return dump(
        {
            "topic": item.topic,
            "source": item.source,
            "reason": item.reason,
            "length": item.length,
            "sha256": item.sha256,
            "head": base64.b64encode(item.raw).decode("ascii"),
        }
    )


def _rows(topic: str, given: Mapping[str, Any], count: int) -> Batch:
    """Return rows that hold what is given, and elsewhere what stands for nothing."""
    columns: dict[str, Column] = {}
    for f in TOPIC[topic].fields:
        kind = field_type(f)
        default: Any = "" if kind is None else 0 if f.absent is None else f.absent
        value = given.get(f.name, default)
        if kind is None:
            is_scalar = not isinstance(value, pa.Array)
            columns[f.name] = pa.repeat(pa.scalar(value, pa.string()), count) if is_scalar else value
        else:
            columns[f.name] = np.full(count, value, kind) if np.isscalar(value) else value.astype(kind)
    return Batch(TOPIC[topic], columns)
