"""What a feed is: chunks of normalised columns in event time, with what was refused beside them.

Owns the protocol between a vendor's files or streams and the publisher. A feed knows nothing of
brokers, partitions, sequence numbers or heartbeats: the publisher adds those. Refuses chunks that
are not cut on whole heartbeat intervals: the log would depend on how it was cut.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from schemas.columns import Batch, Index

MAX_CHUNK_ROWS: Final = 50_000
MAX_REJECT_HEAD: Final = 4096


@dataclass(frozen=True, slots=True)
class Reject:
    """A row of the source that is no record: where it stood, why, and its first bytes.

    `source` is a position below the feed's root ("equity/.../x.zip:entry.csv:17"), never an absolute
    path. `source_ts` files it in event time: the last good row before it, or the session's start.
    """

    topic: str
    underlying: str
    source: str
    reason: str
    source_ts: int
    raw: bytes
    length: int
    sha256: str


def reject(topic: str, underlying: str, source: str, reason: str, source_ts: int, raw: bytes) -> Reject:
    """Describe a refused row; only the first 4096 bytes are kept, length and hash are of all."""
    digest = hashlib.sha256(raw).hexdigest()
    head = raw[:MAX_REJECT_HEAD]
    return Reject(topic, underlying, source, reason, source_ts, head, len(raw), digest)


@dataclass(frozen=True, slots=True)
class SessionStart:
    """A trading session: times in ns UTC, and for how long a FINRA facility may report late."""

    name: str
    start_ts: int
    open_ts: int
    close_ts: int
    trf_window_ns: int
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """A fact beside the tape: a record of `reference`, known from `source_ts` on.

    `name` is one of schemas.kinds.REFERENCE_NAME; an empty `underlying` goes to every shard. Times in
    `detail` are decimal strings of ns, like everywhere in JSON.
    """

    name: str
    underlying: str
    source_ts: int
    detail: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch that the source knows it has missed; what stood before it no longer stands after it.

    `inputs` are the raw topics that lack records; where none is named, any of them may.
    """

    source_ts: int
    reason: str
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Late:
    """Rows of one topic that come out at `at_ts`, after records that are younger than they are.

    They stand in the log behind everything up to `at_ts`, and are late there where a heartbeat has
    passed their source_ts; each row's source_ts is at or before `at_ts`.
    """

    at_ts: int
    batch: Batch


@dataclass(frozen=True, slots=True)
class Chunk:
    """Everything between two boundaries of event time.

    `batches` holds the data rows of each raw topic, sorted by source_ts, ties in the order of the
    source; columns that are missing take their default, `kind` and `seq` are given by the publisher.
    `session` is set on the first chunk of a session. `read` counts rows of the source, refused ones
    included, so that read = rows + rejects for every topic. All rows, rejects, notes, gaps and
    the `at_ts` of late rows lie after the previous chunk's `upto_ts` and at or before this one's, which
    is `k * heartbeat_ns - 1`.
    """

    session: SessionStart | None
    batches: Mapping[str, Batch]
    rejects: tuple[Reject, ...]
    read: Mapping[str, int]
    upto_ts: int
    notes: tuple[Note, ...] = ()
    gaps: tuple[Gap, ...] = ()
    late: tuple[Late, ...] = ()


class Feed(Protocol):
    """A source of market data, read from the beginning in deterministic chunks.

    `identity` (arguments and file hashes, JSON-able) is what the namespace is derived from.
    `inputs` are the raw topics it fills besides `reference`; `symbols` the underlyings it may carry.
    `is_paced_live` asks for heartbeats in intervals without records too, as a live market has them.
    """

    @property
    def name(self) -> str: ...
    @property
    def is_synthetic(self) -> bool: ...
    @property
    def is_paced_live(self) -> bool: ...
    @property
    def identity(self) -> Mapping[str, object]: ...
    @property
    def inputs(self) -> tuple[str, ...]: ...
    @property
    def symbols(self) -> tuple[str, ...]: ...
    @property
    def heartbeat_ns(self) -> int: ...
    @property
    def capabilities(self) -> Mapping[str, object]: ...

    def chunks(self, start: int = 0) -> Iterator[Chunk]:
        """Yield the chunks from number `start` on; chunk n is the same whenever it is asked for."""
        ...


def cut_points(times: Index, heartbeat_ns: int, max_rows: int = MAX_CHUNK_ROWS) -> list[int]:
    """Return the ends (ns, exclusive, ascending) of chunks over the sorted times of all records.

    A chunk takes whole heartbeat intervals, as many as fit in `max_rows`, and at least one.
    """
    if len(times) == 0:
        return []
    intervals, firsts = np.unique(times // heartbeat_ns, return_index=True)
    ends = np.append(firsts[1:], len(times))
    cuts: list[int] = []
    position = 0
    while position < len(times):
        last = int(np.searchsorted(ends, position + max_rows, side="right")) - 1
        last = max(last, int(np.searchsorted(ends, position, side="right")))
        cuts.append((int(intervals[last]) + 1) * heartbeat_ns)
        position = int(ends[last])
    return cuts
