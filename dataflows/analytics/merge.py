"""The topics of one shard, merged by event time into releases.

Owns the watermark: the least frontier over the inputs that the session record in the log names. Refuses
to release a row before every input has said that nothing earlier can come, and to let the order depend
on how the topics were read: it is (effective time, topic rank, log position) and nothing else.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dataflows.analytics.log import BEFORE_TIME, END_OF_TIME, TopicLog, refused_row
from dataflows.analytics.release import (
    ROW_NOTE,
    ROW_PRINT,
    ROW_QUOTE,
    ROW_SESSION,
    Longs,
    Note,
    Release,
    Session,
)
from dataflows.analytics.repeats import Repeats
from schemas.codec import BUILT_IN, SchemaIds, encode
from schemas.columns import Batch, concat, empty
from schemas.kinds import KIND, REFERENCE_NAME
from schemas.topics import RAW_TOPICS, TOPIC

_DATA: Final = KIND.index("data")
_SESSION: Final = KIND.index("session")
_REJECT: Final = REFERENCE_NAME.index("reject")
DATA_TOPICS: Final = tuple(t.name for t in RAW_TOPICS if t.name != "reference")
WAITING_MAX: Final = 200_000  # rows of one topic ahead of the others before it is paused


PRINTS: Final = ("options.prints", "equities.prints")
REPEATED: Final = "the vendor's name of the trade was seen before"
Dead = list[tuple[int, dict[str, Any]]]
Marks = tuple[tuple[int, Session], ...]
Refused = tuple[tuple[int, dict[str, Any]], ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """The rows of one topic that a release applies, in order of effective time, then log position."""

    batch: Batch
    effective: Longs
    is_late: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Merged:
    """Everything that event time has reached since the release before."""

    watermark: int
    sessions: Marks
    rejects: Refused
    notes: tuple[Note, ...]
    applied: dict[str, Applied]
    refused: Refused


class Merge:
    """The five raw topics of one shard. State: one resume point a topic and the watermark."""

    def __init__(self, partition: int, state: dict[str, Any] | None = None) -> None:
        resume = state["topics"] if state else {}
        self.watermark: int = state["watermark"] if state else BEFORE_TIME
        known = state["inputs"] if state else None
        self.inputs: tuple[str, ...] | None = None if known is None else tuple(known)
        self.configuration: dict[str, Any] = state["configuration"] if state else {}
        self.session: dict[str, Any] = state["session"] if state else {}
        self.logs = {t.name: TopicLog(t, partition, resume.get(t.name)) for t in RAW_TOPICS}
        seen = state["repeats"] if state else {}
        self.repeats = {name: Repeats(seen.get(name, ())) for name in PRINTS}

    def snapshot(self) -> dict[str, Any]:
        """Return plain data from which the merge continues."""
        topics = {name: log.resume() for name, log in self.logs.items()}
        return {
            "topics": topics,
            "watermark": self.watermark,
            "inputs": self.inputs,
            "configuration": self.configuration,
            "session": self.session,
            "repeats": {name: found.snapshot() for name, found in self.repeats.items()},
        }

    def take(self, topic: str, values: Sequence[bytes], offsets: Longs, ids: SchemaIds = BUILT_IN) -> None:
        """Add one poll of one topic, in log order."""
        log = self.logs[topic]
        log.take(values, offsets, self.watermark, ids)
        if topic == "reference" and self.inputs is None:
            self._read_inputs(log)

    def _read_inputs(self, log: TopicLog) -> None:
        """Learn from the first session record which topics this log is made of, and how rules are tuned.

        Another configuration is another log, so the first record speaks for all of them.
        """
        for chunk in log.chunks:
            if chunk.is_mark.any():
                first = int(np.flatnonzero(chunk.is_mark)[0])
                detail = json.loads(chunk.batch["detail"][first].as_py())
                self.inputs, self.configuration = tuple(detail["inputs"]), detail.get("configuration") or {}
                assert set(self.inputs) <= set(DATA_TOPICS), f"session names unknown inputs {self.inputs}"
                return

    def has_any(self, topics: Sequence[str]) -> bool:
        """Tell whether the session names any of these topics as an input."""
        return not set(topics).isdisjoint(self.inputs or ())

    @property
    def frontier(self) -> int:
        """The least frontier over the inputs; nothing at or below it can still come in order."""
        if self.inputs is None:
            return BEFORE_TIME
        return min(self.logs[name].frontier for name in ("reference", *self.inputs))

    @property
    def is_ended(self) -> bool:
        return self.watermark >= END_OF_TIME

    def must_pause(self, topic: str) -> bool:
        """Tell whether a topic has run so far ahead of the others that reading it only costs memory."""
        log = self.logs[topic]
        return log.waiting > WAITING_MAX and log.frontier > self.frontier

    def may_resume(self, topic: str) -> bool:
        return self.logs[topic].waiting <= WAITING_MAX // 4 or not self.must_pause(topic)

    def release(self) -> Merged | None:
        """Return what may be applied now, or None where event time has not moved."""
        target = self.frontier
        if target <= self.watermark:
            return None
        applied: dict[str, Applied] = {}
        reference, refused = _release_topic(self.logs["reference"], target)
        sessions, rejects, notes = self._read_reference(reference)
        names_trades = bool(self.session.get("capabilities", {}).get("trade_ids", False))
        for name in DATA_TOPICS:
            rows, dead = _release_topic(self.logs[name], target)
            refused += dead
            if names_trades and name in PRINTS and len(rows.batch):
                rows, dead = _without_repeats(name, rows, self.repeats[name])
                refused += dead
            applied[name] = rows
        self.watermark = target
        refused.sort(key=lambda pair: pair[0])
        return Merged(target, sessions, rejects, notes, applied, tuple(refused))

    def _read_reference(self, rows: Applied) -> tuple[Marks, Refused, tuple[Note, ...]]:
        """Split what `reference` released into marks for the kernels, rows a feed refused, and notes.

        A gap ends what stood before it as a new session does: it is the same session, begun again, with
        what the gap says of itself in the detail `gap`.
        """
        marks, rejects, notes = [], [], []
        for i in range(len(rows.batch)):
            detail = json.loads(rows.batch["detail"][i].as_py() or "{}")
            at, kind = int(rows.effective[i]), int(rows.batch["kind"][i])
            if kind == _DATA:
                if int(rows.batch["name"][i]) != _REJECT:
                    notes.append(_note(rows.batch, i, at, detail))
                    continue
                rejects.append((at, detail | {"underlying": rows.batch["underlying"][i].as_py()}))
                continue
            if kind == _SESSION:
                named = tuple(detail["inputs"])
                assert named == self.inputs, f"a session names {named}, the first named {self.inputs}"
                self.session = detail
            said = detail if kind == _SESSION else {**self.session, "gap": detail}
            marks.append((at, _session(int(rows.batch["source_ts"][i]), said)))
        return tuple(marks), tuple(rejects), tuple(notes)


def _release_topic(log: TopicLog, target: int) -> tuple[Applied, Dead]:
    """Split what waits in a topic at `target`; the rest keeps waiting in its chunk."""
    parts: list[Applied] = []
    dead: Dead = []
    for chunk in log.chunks:
        dead += [pair for pair in chunk.refused if pair[0] <= target]
        chunk.refused = [pair for pair in chunk.refused if pair[0] > target]
        n = len(chunk.batch)
        if not n:
            continue
        ready = chunk.effective <= target
        count = int(ready.sum())
        if count == n:
            parts.append(Applied(chunk.batch, chunk.effective, chunk.is_late))
            chunk.batch = chunk.batch.slice(0, 0)
        elif count:
            parts.append(Applied(_pick(chunk.batch, ready), chunk.effective[ready], chunk.is_late[ready]))
            _keep(chunk, ~ready)
        log.waiting -= count
    while log.chunks and log.chunks[0].is_spent:
        log.chunks.popleft()
    return _in_order(log, parts), dead


def _without_repeats(name: str, rows: Applied, repeats: Repeats) -> tuple[Applied, Dead]:
    """Set aside the prints that the vendor sent twice, as what they are: duplicates.

    The hash is that of the record as we write it; under a registry's schema id five bytes differ.
    """
    again = repeats.find(rows.batch)
    if not again.any():
        return rows, []
    where = np.flatnonzero(again)
    seqs, at = rows.batch["seq"][where].tolist(), rows.effective[where].tolist()
    values = encode(rows.batch.take(where))
    dead = [
        (
            ts,
            {
                **refused_row(name, "duplicate", REPEATED, value),
                "source_seq": seq,
                "after_seq": -1,
                "ordinal": 0,
            },
        )
        for ts, seq, value in zip(at, seqs, values, strict=True)
    ]
    kept = ~again
    return Applied(
        _pick(rows.batch, kept) if kept.any() else rows.batch.slice(0, 0),
        rows.effective[kept],
        rows.is_late[kept],
    ), dead


def _pick(batch: Batch, mask: npt.NDArray[np.bool_]) -> Batch:
    """Take the rows of a mask, without a copy where they are a prefix or a suffix."""
    index = np.flatnonzero(mask)
    if index[-1] - index[0] + 1 == len(index):
        return batch.slice(int(index[0]), int(index[-1]) + 1)
    return batch.take(index)


def _keep(chunk: Any, mask: npt.NDArray[np.bool_]) -> None:
    chunk.batch = _pick(chunk.batch, mask)
    chunk.effective, chunk.is_late, chunk.is_mark = (
        chunk.effective[mask], chunk.is_late[mask], chunk.is_mark[mask],
    )  # fmt: skip


def _in_order(log: TopicLog, parts: list[Applied]) -> Applied:
    if not parts:
        return Applied(empty(log.topic), np.empty(0, np.int64), np.empty(0, np.bool_))
    batch = concat([p.batch for p in parts])
    effective = np.concatenate([p.effective for p in parts])
    late = np.concatenate([p.is_late for p in parts])
    if (effective[1:] < effective[:-1]).any():  # only late rows and clocks of several venues do this
        order = np.argsort(effective, kind="stable")
        return Applied(batch.take(order), effective[order], late[order])
    return Applied(batch, effective, late)


def _note(rows: Batch, row: int, at: int, detail: dict[str, Any]) -> Note:
    name, underlying = REFERENCE_NAME[int(rows["name"][row])], rows["underlying"][row].as_py()
    return Note(at, int(rows["source_ts"][row]), name, underlying, detail)


def _session(start_ts: int, detail: dict[str, Any]) -> Session:
    return Session(
        detail["session"],
        start_ts,
        int(detail["open_ts"]),
        int(detail["close_ts"]),
        int(detail["trf_window_ns"]),
        detail,
    )


def market(merged: Merged, prints: str, quotes: str, notes: tuple[Note, ...] = ()) -> Release:
    """Return the release of one market, with the notes that it is told of."""
    p, q = merged.applied[prints], merged.applied[quotes]
    at = np.array([t for t, _ in merged.sessions], np.int64)
    told = np.array([n.at for n in notes], np.int64)
    counts = [len(at), len(told), len(p.batch), len(q.batch)]
    effective = np.concatenate([at, told, p.effective, q.effective])
    kind = np.repeat(np.array([ROW_SESSION, ROW_NOTE, ROW_PRINT, ROW_QUOTE], np.int8), counts)
    row = np.concatenate([np.arange(n) for n in counts]).astype(np.int64)
    order = np.argsort(effective, kind="stable")  # stable: ties keep session, note, print, quote, position
    return Release(
        merged.watermark,
        tuple(s for _, s in merged.sessions),
        p.batch,
        q.batch,
        p.is_late,
        q.is_late,
        kind[order],
        row[order],
        effective[order],
        notes,
    )


OPTIONS: Final = ("options.prints", "options.nbbo")
EQUITIES: Final = ("equities.prints", "equities.quotes")
assert set(OPTIONS + EQUITIES) == set(DATA_TOPICS) and all(n in TOPIC for n in DATA_TOPICS)
