"""One shard of the market: log in, numbered output rows out, and a snapshot in between.

Owns the order and the sequence numbers of every output of the shard and its counters. Refuses any
input but the records of its own partitions: no clock, no offsets in bodies, no knowledge of its peers.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from dataflows.analytics.equities import EquitiesCore
from dataflows.analytics.log import BEFORE_TIME, CONTROLS
from dataflows.analytics.merge import DATA_TOPICS, EQUITIES, OPTIONS, Merge, Merged, market
from dataflows.analytics.opening import PRINTS
from dataflows.analytics.options import OptionsCore
from dataflows.analytics.options_config import given_by
from dataflows.analytics.release import Longs, Note
from schemas.codec import BUILT_IN, SchemaIds
from schemas.columns import Batch, from_rows
from schemas.topics import DERIVED_TOPICS, RAW_TOPICS, TOPIC

SNAPSHOT_VERSION: Final = 3
COUNTERS: Final = ("processed", "late", "duplicate", "deadletter")

Outputs = dict[str, Batch]


class Shard:
    """State of one partition of every topic: the merge, two cores, counters and sequence numbers."""

    def __init__(self, partition: int, snapshot: Mapping[str, Any] | None = None) -> None:
        self.partition = partition
        self.options, self.equities = OptionsCore(), EquitiesCore()
        if snapshot is not None:
            try:
                self.options = OptionsCore.restore(_checked(snapshot)["options"])
                self.equities = EquitiesCore.restore(snapshot["equities"])
            except ValueError:
                snapshot = None  # another version of the state: rebuild it from the log
                self.options = OptionsCore()
        self.merge = Merge(partition, snapshot["merge"] if snapshot else None)
        self.sequence: dict[str, int] = dict(snapshot["sequence"]) if snapshot else {}
        self.counts: dict[str, list[int]] = (
            {k: list(v) for k, v in snapshot["counts"].items()}
            if snapshot
            else {t.name: [0] * len(COUNTERS) for t in RAW_TOPICS}
        )
        self.last_ts: int = snapshot["last_ts"] if snapshot else 0

    def snapshot(self) -> dict[str, Any]:
        """Return plain data from which the shard continues with the same bytes."""
        return {
            "version": SNAPSHOT_VERSION,
            "merge": self.merge.snapshot(),
            "options": self.options.snapshot(),
            "equities": self.equities.snapshot(),
            "sequence": dict(self.sequence),
            "counts": {k: tuple(v) for k, v in self.counts.items()},
            "last_ts": self.last_ts,
        }

    @property
    def is_ended(self) -> bool:
        return self.merge.is_ended

    def take(self, topic: str, values: Sequence[bytes], offsets: Longs, ids: SchemaIds = BUILT_IN) -> None:
        """Add one poll of one raw topic, in log order; `ids` are the schemas it may be written by."""
        is_new = self.merge.inputs is None
        self.merge.take(topic, values, offsets, ids)
        if is_new and self.merge.inputs is not None:
            self.options = OptionsCore(given_by({"configuration": self.merge.configuration}))

    def advance(self) -> Outputs:
        """Apply everything that event time has reached; return the rows it lets out, numbered."""
        merged = self.merge.release()
        if merged is None:
            return {}
        outputs: Outputs = {}
        stock = market(merged, *EQUITIES) if self.merge.has_any(EQUITIES) else None
        if self.merge.has_any(OPTIONS):
            outputs |= self.options.apply(market(merged, *OPTIONS, (*merged.notes, *_lost(merged))), stock)
        if stock is not None:
            outputs |= self.equities.apply(stock)
        dead = _deadletters(merged)
        if dead:
            outputs["deadletter"] = from_rows(TOPIC["deadletter"], dead)
        progress = self._progress(merged)
        if progress:
            outputs["flow.progress"] = from_rows(TOPIC["flow.progress"], progress)
        return self._number(outputs)

    def _number(self, outputs: Outputs) -> Outputs:
        """Give each row the next sequence number of its topic, and check that time never goes back."""
        numbered: Outputs = {}
        for topic in DERIVED_TOPICS:
            batch = outputs.get(topic.name)
            if batch is None or not len(batch):
                continue
            emit = batch["emit_ts"]
            assert (emit[1:] >= emit[:-1]).all(), f"{topic.name} left out of order"
            start = self.sequence.get(topic.name, 0)
            self.sequence[topic.name] = start + len(batch)
            columns = dict(batch.columns) | {"seq": np.arange(start, start + len(batch), dtype=np.int64)}
            numbered[topic.name] = Batch(topic, columns)
        return numbered

    def _progress(self, merged: Merged) -> list[dict[str, Any]]:
        """Count what was applied; say so at each session start and when the inputs have ended."""
        rows: list[dict[str, Any]] = []
        done = BEFORE_TIME
        for at, _ in merged.sessions:
            self._count(merged, done, at)
            done = at
            if any(map(any, self.counts.values())):
                rows += self._progress_rows(at, is_final=False)
        self._count(merged, done, merged.watermark + 1)
        seen = [int(a.effective[-1]) for a in merged.applied.values() if len(a.batch)]
        self.last_ts = max([self.last_ts, done, *seen])
        if self.is_ended:
            rows += self._progress_rows(self.last_ts, is_final=True)
        return rows

    def _count(self, merged: Merged, since: int, until: int) -> None:
        """Count the rows with an effective time in [since, until)."""
        for name in DATA_TOPICS:
            applied = merged.applied[name]
            start, stop = np.searchsorted(applied.effective, [since, until])
            late = int(applied.is_late[start:stop].sum())
            self._add(name, "late", late)
            self._add(name, "processed", int(stop - start) - late)
        for at, row in merged.refused:
            if since <= at < until:
                kind = "duplicate" if row["reason"] == "duplicate" else "deadletter"
                self._add(row["source_topic"], kind, 1)
        told = [at for at, _ in merged.rejects] + [note.at for note in merged.notes]
        self._add("reference", "processed", sum(since <= at < until for at in told))

    def _add(self, topic: str, counter: str, n: int) -> None:
        self.counts[topic][COUNTERS.index(counter)] += n

    def _progress_rows(self, emit_ts: int, is_final: bool) -> list[dict[str, Any]]:
        """One row an input. Control records are only counted at the end: until then the log runs ahead."""
        rows = []
        for name, counts in self.counts.items():
            control = int(self.merge.logs[name].state[CONTROLS]) if is_final else 0
            row: dict[str, Any] = dict(zip(COUNTERS, counts, strict=True))
            row |= {
                "seq": 0,
                "emit_ts": emit_ts,
                "underlying": "",
                "input": name,
                "control": control,
                "is_final": is_final,
            }
            rows.append(row)
        return rows


def _checked(snapshot: Mapping[str, Any]) -> Mapping[str, Any]:
    if snapshot["version"] != SNAPSHOT_VERSION:
        raise ValueError(f"snapshot version {snapshot['version']} is not {SNAPSHOT_VERSION}")
    return snapshot


def _lost(merged: Merged) -> list[Note]:
    """Return as notes that option prints were refused, by the feed or at the log: volume is not complete.

    One without an underlying is about every one. One a release would not do: a session may begin after it.
    """
    refused = [(at, row["source_topic"], "") for at, row in merged.refused if row["reason"] != "duplicate"]
    refused += [(at, detail["topic"], detail["underlying"]) for at, detail in merged.rejects]
    lost = sorted({(at, underlying) for at, topic, underlying in refused if topic == PRINTS})
    return [Note(at, at, "reject", underlying, {"topic": PRINTS}) for at, underlying in lost]


def _deadletters(merged: Merged) -> list[dict[str, Any]]:
    """Refused records and rows a feed refused, in event-time order."""
    rows = [(at, row) for at, row in merged.refused]
    for at, detail in merged.rejects:
        row = {
            "underlying": detail["underlying"],
            "reason": "rejected_by_feed",
            "source_topic": detail["topic"],
            "source_seq": -1,
            "after_seq": -1,
            "ordinal": 0,
            "detail": f"{detail['source']}: {detail['reason']}",
            "length": detail["length"],
            "sha256": detail["sha256"],
            "head": detail["head"],
        }
        rows.append((at, row))
    rows.sort(key=lambda pair: pair[0])
    return [row | {"seq": 0, "emit_ts": max(at, 0)} for at, row in rows]
