"""The one reader of the topics in this process: a thread that polls, decodes and hands to the hub.

Owns where reading starts (a little before the end, so that a page shows something at once), the
rule that a sequence number is shown once, and what happens when the reader is far behind: tapes
jump ahead and the rows passed over are counted. Commits nothing and joins no consumer group.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from api.channels import CHANNELS
from api.hub import FRAME_INTERVAL_S, Hub
from connectors.errors import ServiceError
from connectors.kafka import reader
from connectors.registry import BUILT_IN_CODEC, Codec
from schemas.columns import Batch, Index
from schemas.kinds import KIND
from schemas.topics import physical_name

POLL_RECORDS: Final = 4000
POLL_WAIT_S: Final = 0.05
REWIND_RECORDS: Final = 256
REWIND_CONTROL: Final = 20_000  # the session record stands at the start of a session
LOOK_FOR_TOPICS_S: Final = 2.0
LOOK_AT_LAG_S: Final = 1.0
BEHIND_RECORDS: Final = 50_000
RETRY_S: Final = 2.0
STOP_WAIT_S: Final = 5.0
_OFFSET_TAIL: Final = -2000  # librdkafka: this minus n is "n before the end"
_DATA: Final = KIND.index("data")
_HEARTBEAT: Final = KIND.index("heartbeat")

log = structlog.get_logger()


_SETTINGS: Final = {
    "auto.offset.reset": "earliest",
    "allow.auto.create.topics": False,
    "fetch.min.bytes": 65536,
    "fetch.wait.max.ms": 100,
    "queued.min.messages": 2000,
    "reconnect.backoff.max.ms": 2000,
}


class Reader:
    """Reads every channel of a namespace from near its end until stopped."""

    def __init__(self, bootstrap: str, namespace: str, hub: Hub, codec: Codec = BUILT_IN_CODEC) -> None:
        self._bootstrap, self._codec = bootstrap, codec
        self._topics = {physical_name(namespace, name): name for name in CHANNELS}
        self._hub = hub
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self._assigned: set[tuple[str, int]] = set()
        self._next: dict[tuple[str, int], int] = {}
        self._seen = SequenceFilter()
        self._is_first_look = True
        self.error = ""
        self.unreadable = 0

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Stop reading and wait for the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(STOP_WAIT_S)

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            consumer = reader(self._bootstrap, **_SETTINGS)
            try:
                self._assigned.clear()
                self._read(consumer)
            except Exception as error:  # the thread must outlive a broker's bad moment
                self.error = type(error).__name__
                log.exception("the reader failed and starts again", error=self.error)
                self._stop.wait(RETRY_S)
            finally:
                consumer.close()

    def _read(self, consumer: Consumer) -> None:
        look_s = lag_s = 0.0
        while not self._stop.is_set():
            now_s = time.monotonic()
            if now_s >= look_s and len(self._topics) > len({t for t, _ in self._assigned}):
                self._look_for_topics(consumer)
                look_s = now_s + LOOK_FOR_TOPICS_S
            self._poll(consumer)
            self._hub.flush(time.monotonic())
            if now_s >= lag_s:
                self._jump_ahead(consumer)
                lag_s = now_s + LOOK_AT_LAG_S

    def _look_for_topics(self, consumer: Consumer) -> None:
        """Assign what exists by now; topics made after the start are read from their begin."""
        try:
            found = consumer.list_topics(timeout=RETRY_S).topics
        except KafkaException:
            self.error = "the broker does not answer"
            return
        fresh = [
            TopicPartition(physical, partition, self._first_offset(physical, name, partition))
            for physical, name in self._topics.items()
            if physical in found and found[physical].error is None
            for partition in sorted(found[physical].partitions)
            if (physical, partition) not in self._assigned
        ]
        if fresh:
            consumer.incremental_assign(fresh)
            self._assigned.update((p.topic, p.partition) for p in fresh)
        self._is_first_look = False
        self.error = ""

    def _first_offset(self, physical: str, name: str, partition: int) -> int:
        if (physical, partition) in self._next:
            return self._next[physical, partition]
        if not self._is_first_look:
            return OFFSET_BEGINNING
        is_control = name == "reference" and partition == 0
        return _OFFSET_TAIL - (REWIND_CONTROL if is_control else REWIND_RECORDS)

    def _poll(self, consumer: Consumer) -> None:
        wait_s = POLL_WAIT_S if self._assigned else FRAME_INTERVAL_S
        messages = consumer.consume(POLL_RECORDS, wait_s)
        by_topic: dict[str, list[Any]] = {}
        for message in messages:
            if message.error() is None:
                topic = str(message.topic())
                by_topic.setdefault(topic, []).append(message)
                at = (topic, int(message.partition() or 0))
                self._next[at] = int(message.offset() or 0) + 1
        if not messages and not self._assigned:
            self._stop.wait(wait_s)
        for physical, group in by_topic.items():
            self._take(self._topics[physical], group)

    def _take(self, name: str, messages: Sequence[Any]) -> None:
        values = [m.value() or b"" for m in messages]
        try:
            self._codec.learn(values)
            self.error = ""
        except ServiceError as error:  # what is new is unreadable, what is known is shown
            self.error = str(error)
        decoded = self._codec.read(CHANNELS[name].topic, values)
        self.unreadable += len(decoded.bad)
        partitions = np.fromiter((m.partition() for m in messages), np.int64, len(messages))
        partitions = partitions[decoded.rows]
        batch = decoded.batch
        fresh = self._seen.fresh(name, partitions, batch["seq"]) if len(batch) else partitions
        batch, partitions = batch.take(fresh), partitions[fresh]
        if len(batch) == 0:
            return
        if name == "reference":
            self._hub.pulse.observe(batch)
        shown = shown_rows(name, batch, partitions)
        if len(shown):
            batch = batch.take(shown)
            order = np.argsort(batch[batch.topic.time_field], kind="stable")
            self._hub.ingest(name, batch.take(order))

    def _jump_ahead(self, consumer: Consumer) -> None:
        """Pass over what a tape has in store when the reader is far behind it."""
        tapes = {p for p, n in self._topics.items() if CHANNELS[n].is_tape}
        held = [p for p in consumer.position(self._partitions(tapes)) if p.offset >= 0]
        for at in held:
            _, end = consumer.get_watermark_offsets(at, cached=True)
            if end - at.offset > BEHIND_RECORDS:
                target = end - REWIND_RECORDS
                consumer.seek(TopicPartition(at.topic, at.partition, target))
                self._hub.skip(self._topics[at.topic], target - at.offset)

    def _partitions(self, topics: Iterable[str]) -> list[TopicPartition]:
        wanted = set(topics)
        return [TopicPartition(t, p) for t, p in sorted(self._assigned) if t in wanted]


class SequenceFilter:
    """The last sequence number of each topic partition; rows at or below it are repeats."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, int], int] = {}

    def fresh(self, topic: str, partitions: Index, seq: Index) -> Index:
        """Return the rows, in order, whose number is above all before it in its partition."""
        keep = np.zeros(len(seq), np.bool_)
        for partition in np.unique(partitions).tolist():
            rows = np.flatnonzero(partitions == partition)
            numbers = seq[rows]
            last = self._last.get((topic, partition), -1)
            before = np.maximum.accumulate(np.concatenate(([last], numbers[:-1])))
            keep[rows] = numbers > before
            self._last[topic, partition] = max(last, int(numbers.max()))
        return np.flatnonzero(keep)


def shown_rows(name: str, batch: Batch, partitions: Index) -> Index:
    """The rows a channel carries: of raw tapes the data, of `reference` no heartbeats.

    Control records are broadcast to every partition; those of partition 0 stand for all.
    """
    if not batch.topic.is_raw:
        return np.arange(len(batch))
    is_data = batch["kind"] == _DATA
    if name != "reference":
        return np.flatnonzero(is_data)
    return np.flatnonzero(is_data | ((partitions == 0) & (batch["kind"] != _HEARTBEAT)))
