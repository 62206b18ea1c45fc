"""The whole log of a shard once more, up to an alert: the deep way to compute it again.

Owns the reading of the five raw topics of one partition, always the one that is furthest behind, so that
memory stays bounded. Refuses to run longer than it is given.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from confluent_kafka import Consumer, TopicPartition

from connectors.errors import ServiceError
from connectors.kafka import reader, take
from connectors.registry import Codec
from connectors.scan import watermarks
from dataflows.analytics.shard import Shard
from schemas.columns import Batch
from schemas.topics import RAW_TOPICS, physical_name

POLL_MAX: Final = 4_000
WAIT_S: Final = 10.0
ADVANCE_ROWS: Final = 40_000  # records between two advances; the outputs do not depend on it
IDENTITY: Final[Mapping[str, str]] = {
    "flow.packets": "packet_id",
    "flow.hits": "hit_id",
    "flow.alerts": "alert_id",
}


@dataclass(slots=True)
class Replayed:
    """What the shard said again about the things asked for: topic, id and version to record bytes."""

    records: dict[tuple[str, str, int], bytes] = field(default_factory=dict)
    rows_read: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Task:
    """Which shard of which log to replay, up to when (ns), for which ids by topic, and how long at most."""

    bootstrap: str
    namespace: str
    partition: int
    until: int
    ids: Mapping[str, frozenset[str]]
    limit_s: float


class _Tape:
    """One topic partition read from its start; `is_spent` where the log ends."""

    def __init__(self, task: Task, topic: str) -> None:
        name = physical_name(task.namespace, topic)
        self.topic, self.position = topic, 0
        self.low, self.high = watermarks(task.bootstrap, [name])[name][task.partition]
        self.position = self.low
        self.consumer: Consumer = reader(task.bootstrap)
        if self.low < self.high:
            self.consumer.assign([TopicPartition(name, task.partition, self.low)])

    @property
    def is_spent(self) -> bool:
        return self.position >= self.high

    def poll(self) -> list[Any]:
        got = take(self.consumer, min(POLL_MAX, self.high - self.position), WAIT_S)
        if not got:
            raise ServiceError(f"the broker did not return {self.topic} offset {self.position}")
        self.position = got[-1].offset() + 1
        return got


def replay(task: Task, codec: Codec) -> Replayed:
    """Replay a shard up to `task.until` and keep the records with the ids asked for.

    Raises:
        ServiceError: the broker does not answer, or the time given is over.
    """
    tapes = {t.name: _Tape(task, t.name) for t in RAW_TOPICS}
    try:
        return _replay(task, tapes, codec)
    finally:
        for tape in tapes.values():
            tape.consumer.close()


def _replay(task: Task, tapes: dict[str, _Tape], codec: Codec) -> Replayed:
    shard, found, began, waiting = Shard(task.partition), Replayed(), time.monotonic(), 0
    for tape in _furthest_behind(shard, tapes, task.until):
        got = tape.poll()
        values = [m.value() for m in got]
        shard.take(tape.topic, values, np.array([m.offset() for m in got], np.int64), codec.learn(values))
        found.rows_read, waiting = found.rows_read + len(got), waiting + len(got)
        if waiting >= ADVANCE_ROWS:
            waiting = 0
            _keep(found, shard.advance(), task, codec)
        if time.monotonic() - began > task.limit_s:
            raise ServiceError(
                f"the replay was stopped after {task.limit_s:.0f} s and {found.rows_read:,} records; "
                "give it more time with --seconds"
            )
    _keep(found, shard.advance(), task, codec)
    found.seconds = time.monotonic() - began
    return found


def _furthest_behind(shard: Shard, tapes: dict[str, _Tape], until: int) -> Iterator[_Tape]:
    """Yield the tape to read next until all inputs have said that event time has passed `until`."""
    while True:
        names = ("reference", *(shard.merge.inputs or ()))
        behind = [n for n in names if shard.merge.logs[n].frontier < until and not tapes[n].is_spent]
        if not behind:
            return
        yield tapes[min(behind, key=lambda n: shard.merge.logs[n].frontier)]


def _keep(found: Replayed, outputs: Mapping[str, Batch], task: Task, codec: Codec) -> None:
    for topic, wanted in task.ids.items():
        batch = outputs.get(topic)
        if batch is None:
            continue
        ids = batch[IDENTITY[topic]].to_pylist()
        rows = [i for i, name in enumerate(ids) if name in wanted]
        if not rows:
            continue
        chosen = batch.take(np.array(rows, np.int64))
        versions = chosen["version"].tolist()
        for row, version, value in zip(rows, versions, codec.encode(chosen), strict=True):
            found.records[topic, ids[row], version] = value
