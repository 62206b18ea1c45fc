"""One topic of one shard, read in log order: what each record is, and from when it counts.

Owns the frontier, the sequence check and the effective time of every record; all three are functions of
the log position alone, never of when or in which batches it was read. Refuses to guess: a record that
cannot be read, repeats a number, skips one or stands ahead of the clock is set aside with its reason.
"""

import base64
import hashlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt

from dataflows.analytics.release import Codes, Longs
from dataflows.analytics.validity import invalid_rows
from schemas.codec import BUILT_IN, SchemaIds, decode
from schemas.columns import Batch
from schemas.kinds import DEADLETTER_REASON, KIND
from schemas.topics import Topic

BEFORE_TIME: Final = -(2**62)
END_OF_TIME: Final = 2**62
AHEAD_NS: Final = 300_000_000_000  # feeds write a heartbeat before any jump, so five minutes is a bad clock
HEAD_BYTES: Final = 4096

DATA: Final = 0
LATE: Final = 1
DUPLICATE: Final = 2
DEAD: Final = 3
CONTROL: Final = 4
MARK: Final = 5  # a session or gap record: control that the kernels must see in order

_HEARTBEAT: Final = KIND.index("heartbeat")
_SESSION: Final = KIND.index("session")
_GAP: Final = KIND.index("gap")
_END: Final = KIND.index("end")
_AHEAD: Final = DEADLETTER_REASON.index("ahead_of_clock")
_HOLE: Final = DEADLETTER_REASON.index("sequence_gap")
_BAD_VALUE: Final = DEADLETTER_REASON.index("bad_value")
REASON_DUPLICATE: Final = DEADLETTER_REASON.index("duplicate")

FRONTIER, LAST_SEQ, ORDINAL, CONTROLS = range(4)


@numba.njit(cache=True)
def classify(
    rows: npt.NDArray[np.int64],
    kind: npt.NDArray[np.int32],
    seq: Longs,
    ts: Longs,
    reason: Codes,
    state: Longs,
    action: Codes,
    effective: Longs,
    after_seq: Longs,
    ordinal: Longs,
) -> None:
    """Walk one poll in log order; `rows` maps each record to its decoded row, or -1 where unreadable.

    `state` (frontier, last seq, unreadable since, control records) is read and left as after the poll.
    `reason` is per decoded row, 0 where the values are sound; it is overwritten where a record is refused.
    """
    frontier, last, bad, controls = state[0], state[1], state[2], state[3]
    for i in range(rows.shape[0]):
        r = rows[i]
        effective[i] = frontier + 1
        after_seq[i] = last
        ordinal[i] = bad
        if r < 0:
            action[i] = DEAD
            bad += 1
            continue
        is_control = kind[r] != 0
        if seq[r] <= last:
            action[i] = CONTROL if is_control else DUPLICATE
            controls += is_control
            continue
        if seq[r] > last + 1 + bad:
            action[i] = DEAD
            reason[r] = _HOLE
            bad += 1
            continue
        last = seq[r]
        bad = 0
        if is_control and kind[r] != _SESSION and kind[r] != _GAP:
            action[i] = CONTROL
            controls += 1
            if kind[r] == _END:
                frontier = END_OF_TIME
            elif kind[r] == _HEARTBEAT and ts[r] > frontier:
                frontier = ts[r]
            continue
        if reason[r] != 0:
            action[i] = DEAD
            continue
        if frontier > BEFORE_TIME and ts[r] > frontier + AHEAD_NS and not is_control:
            action[i] = DEAD
            reason[r] = _AHEAD
            continue
        if ts[r] > frontier:
            effective[i] = ts[r]
        controls += is_control
        if is_control:
            action[i] = MARK
        else:
            action[i] = DATA if ts[r] > frontier else LATE
    state[0], state[1], state[2], state[3] = frontier, last, bad, controls


@dataclass(slots=True)
class Chunk:
    """The records of one poll that still wait, and the state of the log before that poll.

    `effective` and `is_late` go with `batch`. `refused` holds (effective ts, deadletter row) pairs.
    """

    offset: int
    state_before: tuple[int, ...]
    batch: Batch
    effective: Longs
    is_late: npt.NDArray[np.bool_]
    is_mark: npt.NDArray[np.bool_]
    refused: list[tuple[int, dict[str, Any]]]

    @property
    def is_spent(self) -> bool:
        return not len(self.batch) and not self.refused


class TopicLog:
    """The waiting records of one topic of one shard, and where to read on after a restart."""

    def __init__(self, topic: Topic, partition: int, resume: tuple[int, tuple[int, ...]] | None) -> None:
        self.topic, self.partition = topic, partition
        self.next_offset, state = resume or (0, (BEFORE_TIME, -1, 0, 0))
        self.state = np.array(state, np.int64)
        self.chunks: deque[Chunk] = deque()
        self.waiting = 0

    @property
    def frontier(self) -> int:
        return int(self.state[FRONTIER])

    @property
    def is_ended(self) -> bool:
        return self.frontier >= END_OF_TIME

    def resume(self) -> tuple[int, tuple[int, ...]]:
        """Return the offset to read on from and the log state before it."""
        if self.chunks:
            return self.chunks[0].offset, self.chunks[0].state_before
        return self.next_offset, tuple(int(x) for x in self.state)

    def take(self, values: Sequence[bytes], offsets: Longs, released: int, ids: SchemaIds = BUILT_IN) -> None:
        """Add the records of a poll, in log order; drop those that count up to `released`."""
        assert offsets[0] >= self.next_offset, f"{self.topic.name}: offset {offsets[0]} < {self.next_offset}"
        before = tuple(int(x) for x in self.state)
        decoded = decode(self.topic, values, ids)
        batch = decoded.batch
        rows = _row_of_record(len(values), decoded.rows)
        reason = invalid_rows(batch, self.partition)
        action, effective, after, ordinal = _blank(len(values))
        classify(
            rows, batch["kind"], batch["seq"], batch["source_ts"], reason,
            self.state, action, effective, after, ordinal,
        )  # fmt: skip
        keep = ((action == DATA) | (action == LATE) | (action == MARK)) & (effective > released)
        refused = []
        if decoded.bad or (action == DUPLICATE).any() or (action == DEAD).any():
            why = {b.index: (b.reason, b.detail) for b in decoded.bad}
            waits = ((action == DUPLICATE) | (action == DEAD)) & (effective > released)
            for i in np.flatnonzero(waits).tolist():
                code = REASON_DUPLICATE
                if action[i] == DEAD and i not in why:  # what cannot be read has no row
                    code = int(reason[rows[i]])
                name, detail = why.get(i) or (DEADLETTER_REASON[code], _explain(code))
                seq = int(batch["seq"][rows[i]]) if rows[i] >= 0 else -1
                row = refused_row(self.topic.name, name, detail, values[i])
                row |= {"source_seq": seq, "after_seq": int(after[i]), "ordinal": int(ordinal[i])}
                refused.append((int(effective[i]), row))
        kept = batch if len(batch) == len(values) and keep.all() else batch.take(rows[keep])
        chunk = Chunk(
            int(offsets[0]), before, kept, effective[keep],
            action[keep] == LATE, action[keep] == MARK, refused,
        )  # fmt: skip
        self.next_offset = int(offsets[-1]) + 1
        if not chunk.is_spent:
            self.chunks.append(chunk)
            self.waiting += len(chunk.batch)


def refused_row(topic: str, reason: str, detail: str, value: bytes | None) -> dict[str, Any]:
    """Return what `deadletter` says of a record, but for where it stood."""
    raw = value or b""
    return {
        "underlying": "",
        "reason": reason,
        "source_topic": topic,
        "detail": detail,
        "length": len(raw),
        "sha256": hashlib.sha256(raw).hexdigest(),
        "head": base64.b64encode(raw[:HEAD_BYTES]).decode(),
    }


def _blank(n: int) -> tuple[Codes, Longs, Longs, Longs]:
    return np.empty(n, np.int8), np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)


def _row_of_record(n: int, rows: Longs) -> Longs:
    if len(rows) == n:
        return np.arange(n, dtype=np.int64)
    out = np.full(n, -1, np.int64)
    out[rows] = np.arange(len(rows))
    return out


def _explain(code: int) -> str:
    return {
        _AHEAD: f"source_ts is more than {AHEAD_NS // 10**9} s ahead of the last heartbeat",
        _HOLE: "sequence number skips records that are not in the log",
        REASON_DUPLICATE: "sequence number was seen before",
        _BAD_VALUE: "a value is outside what the field allows",
    }.get(code, DEADLETTER_REASON[code].replace("_", " "))
