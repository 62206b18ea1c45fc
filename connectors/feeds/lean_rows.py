"""What every kind of LEAN file shares: judging rows, filing the refused ones, building batches.

Owns the order of judgement and where a refused row is filed in event time. Refuses rows, never
files: whatever the values are, each line ends as a record or as a reject.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from connectors.feed import Reject, reject
from connectors.feeds.lean_table import Flags, Ints, Table, raw_lines
from schemas.columns import Batch, concat, constant, empty
from schemas.topics import TOPIC

NS_PER_MS: Final = 1_000_000
PRICE_SCALE: Final = 100_000  # LEAN writes dollars x 10,000; ours are 1e-9 dollars
SHARE_SCALE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Day:
    """A date of the data folder: midnight in New York (ns UTC) and how long the day is."""

    name: str
    midnight_ts: int
    length_ms: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows come from and what they are meant for: topic, underlying, root, file, its entries."""

    topic: str
    underlying: str
    root: str
    path: str
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """The outcome of one file: its records in order, its rejects, and how many rows it had."""

    batch: Batch
    rejects: tuple[Reject, ...]
    read: int


class Verdicts:
    """Collects why rows are refused; of several reasons the first one counts."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.good: Flags = np.ones(len(table.row), np.bool_)
        self.reasons: dict[int, str] = dict(table.bad)

    def refuse(self, wrong: Flags, reason: str) -> None:
        """Refuse the rows where `wrong` holds, unless they are refused already."""
        wrong = wrong & self.good
        if wrong.any():
            self.good &= ~wrong
            self.reasons.update(dict.fromkeys(self.table.row[wrong].tolist(), reason))

    def judge_time(self, ms: Ints, latest_ms: int) -> None:
        """Refuse times outside the day, and those that run backwards within their entry."""
        self.refuse(ms < 0, "the time is negative")
        self.refuse(ms >= latest_ms, f"the time lies {latest_ms} ms or more after midnight")
        # Entries follow each other, so a step longer than a day keeps them apart in one pass.
        at = (ms + self.table.entry * (2 * latest_ms))[self.good]
        back = np.zeros(len(ms), np.bool_)
        back[np.flatnonzero(self.good)] = np.maximum.accumulate(at) > at if len(at) else False
        self.refuse(back, "the time runs backwards")


def finish(origin: Origin, verdicts: Verdicts, columns: Mapping[str, Any], start_ts: int) -> Rows:
    """Build the batch of the good rows and describe the others.

    `columns` holds a value per row of the table or a scalar, and at least source_ts.
    """
    kept = np.flatnonzero(verdicts.good)
    batch = build(origin, {n: _pick(c, kept) for n, c in columns.items()}, len(kept))
    rejects = describe(origin, verdicts, batch["source_ts"], start_ts)
    return Rows(batch, rejects, verdicts.table.line_count)


def build(origin: Origin, columns: Mapping[str, Any], count: int) -> Batch:
    """Fill up the columns of a topic: scalars are repeated, the head of the record is added."""
    topic = TOPIC[origin.topic]
    head = {"kind": 0, "seq": 0, "underlying": origin.underlying}
    given = {**head, "event_ts": columns["source_ts"], **columns}
    kinds = empty(topic).columns
    return Batch(
        topic,
        {
            f.name: _spread(given[f.name], kinds[f.name], count) if f.name in given else constant(f, count)
            for f in topic.fields
        },
    )


def _pick(column: Any, kept: Ints) -> Any:
    if isinstance(column, pa.Array):
        return column.take(pa.array(kept))
    return column[kept] if isinstance(column, np.ndarray) else column


def _spread(value: Any, like: Any, count: int) -> Any:
    if isinstance(like, pa.Array):
        return value if isinstance(value, pa.Array) else pa.repeat(pa.scalar(value, pa.string()), count)
    if isinstance(value, np.ndarray):
        return value.astype(like.dtype, copy=False)
    return np.full(count, value, like.dtype)


def describe(origin: Origin, verdicts: Verdicts, times: Ints, start_ts: int) -> tuple[Reject, ...]:
    """Describe the refused rows; `times` are those of the good ones."""
    table = verdicts.table
    rows = sorted(verdicts.reasons)
    if not rows:
        return ()
    lines = raw_lines(table.text, rows)
    kept = table.row[verdicts.good]
    out: list[Reject] = []
    for row in rows:
        entry = int(np.searchsorted(table.entry_starts, row, side="right")) - 1
        first = int(table.entry_starts[entry])
        before = int(np.searchsorted(kept, row)) - 1
        at = int(times[before]) if before >= 0 and kept[before] >= first else start_ts
        source = f"{origin.path}:{origin.entries[entry]}:{row - first + 1}"
        out.append(reject(origin.topic, origin.underlying, source, verdicts.reasons[row], at, lines[row]))
    return tuple(out)


def merge(parts: Sequence[Rows], topic: str) -> Rows:
    """Join what several files gave for one topic, in the order of time; ties keep the given order."""
    if not parts:
        return Rows(empty(TOPIC[topic]), (), 0)
    rejects = sorted((r for p in parts for r in p.rejects), key=lambda r: r.source_ts)
    read = sum(p.read for p in parts)
    if len(parts) == 1:
        return Rows(parts[0].batch, tuple(rejects), read)
    joined = concat([p.batch for p in parts])
    order = np.argsort(joined["source_ts"], kind="stable")
    return Rows(joined.take(order), tuple(rejects), read)
