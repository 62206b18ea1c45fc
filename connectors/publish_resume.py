"""Where the log of a namespace ends, and from which checkpoint its feed goes on.

Owns the bounded reads a restarted publisher makes: the last readable record of every raw partition
and the last checkpoint that all of them have reached. Refuses to be led by foreign bytes: what
cannot be decoded is walked over, at most WALK_MAX records of a partition.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any, Final, TypeAlias

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from connectors.errors import ServiceError
from connectors.kafka import admin_client, reader
from connectors.publish_rows import CHECKPOINT_PARTITION, END, HEARTBEAT, REFERENCE, Progress
from connectors.registry import BUILT_IN_CODEC, Codec
from schemas.topics import PARTITION_COUNT, TOPIC, physical_name

Place: TypeAlias = tuple[str, int]  # topic and partition
TAIL: Final = 8
WALK_MAX: Final = 10_000
CHECKPOINT_WINDOW: Final = 1_000
WIDEN: Final = 8
WAIT_S: Final = 20.0
BATCH: Final = 4_000
# Topics that were just created have no leader for a moment, and a broker that came back a new one.
_PASSING: Final = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.FENCED_LEADER_EPOCH,
    KafkaError.UNKNOWN_LEADER_EPOCH,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._TRANSPORT,
    KafkaError._TIMED_OUT,
)


@dataclass(frozen=True, slots=True)
class Tail:
    """The readable record with the highest sequence number among the last of a partition."""

    seq: int
    is_end: bool
    source_ts: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Log:
    """Offsets and tails of the raw topics of a namespace when it was looked at."""

    low: Mapping[Place, int]
    high: Mapping[Place, int]
    tails: Mapping[Place, Tail]

    def seq(self, topic: str, partition: int) -> int:
        """Return the last sequence number in the log, -1 where there is none."""
        tail = self.tails.get((topic, partition))
        return -1 if tail is None else tail.seq


class LogReader:
    """Bounded reads of the raw topics of one namespace; close it."""

    def __init__(
        self,
        bootstrap: str,
        namespace: str,
        topics: Iterable[str],
        codec: Codec = BUILT_IN_CODEC,
    ) -> None:
        self.namespace, self.codec = namespace, codec
        self.places = [(t, p) for t in topics for p in range(PARTITION_COUNT)]
        self._admin = admin_client(bootstrap)
        self._consumer: Consumer = reader(bootstrap, **{"enable.partition.eof": True})

    def close(self) -> None:
        """Give the connections back."""
        self._consumer.close()

    def ends(self) -> dict[Place, int]:
        """Return the offset after the last record of every partition."""
        return _offsets(self._admin, self.namespace, self.places, OffsetSpec.latest())

    def look(self) -> Log:
        """Read the end of every partition."""
        low = _offsets(self._admin, self.namespace, self.places, OffsetSpec.earliest())
        high = self.ends()
        tails: dict[Place, Tail] = {}
        open_places = [p for p in self.places if high[p] > low[p]]
        window = TAIL
        while open_places:
            starts = {p: max(low[p], high[p] - window) for p in open_places}
            tails.update(_tails(self._read(starts, high), self.codec))
            open_places = [p for p in open_places if p not in tails and starts[p] > low[p]]
            if open_places and window >= WALK_MAX:
                topic, part = open_places[0]
                name = physical_name(self.namespace, topic)
                raise ServiceError(f"the last {window} records of {name} partition {part} cannot be read")
            window *= WIDEN
        return Log(low, high, tails)

    def checkpoint(self, log: Log) -> Progress | None:
        """Return the newest checkpoint that every partition has reached, or None."""
        place = (REFERENCE, CHECKPOINT_PARTITION)
        stop, window = log.high[place], CHECKPOINT_WINDOW
        while stop > log.low[place]:
            start = max(log.low[place], stop - window)
            values = self._read({place: start}, {place: stop})[place]
            for found in reversed(_checkpoints(values, self.codec)):
                if _is_reached(found, log):
                    return found
            stop, window = start, window * WIDEN
        return None

    def _read(self, starts: Mapping[Place, int], stops: Mapping[Place, int]) -> dict[Place, list[bytes]]:
        """Return the values from start (inclusive) to stop (exclusive) of some partitions."""
        names = {physical_name(self.namespace, t): t for t, _ in starts}
        at = [TopicPartition(physical_name(self.namespace, t), p, o) for (t, p), o in starts.items()]
        found: dict[Place, list[bytes]] = {place: [] for place in starts}
        waiting = {place for place in starts if starts[place] < stops[place]}
        self._consumer.assign(at)
        deadline = monotonic() + WAIT_S
        while waiting:
            messages: list[Any] = self._consumer.consume(BATCH, 0.2)
            for message in messages:
                place = (names[message.topic()], message.partition())
                error = message.error()
                if error is not None and error.code() != KafkaError._PARTITION_EOF:
                    raise ServiceError(f"{message.topic()} cannot be read: {error.str()}")
                deadline = monotonic() + WAIT_S
                if error is None and message.offset() < stops[place]:
                    found[place].append(message.value() or b"")
                if message.offset() >= stops[place] - (error is None):
                    waiting.discard(place)
            if monotonic() > deadline:
                raise ServiceError(f"the broker returned nothing for {WAIT_S:.0f} s while the log was read")
        self._consumer.unassign()
        return found


def _tails(values: Mapping[Place, list[bytes]], codec: Codec) -> dict[Place, Tail]:
    tails: dict[Place, Tail] = {}
    for topic in {t for t, _ in values}:
        flat = [(place, v) for place, items in values.items() if place[0] == topic for v in items]
        decoded = codec.decode(TOPIC[topic], [v for _, v in flat])
        columns = (decoded.batch[name].tolist() for name in ("kind", "seq", "source_ts"))
        for row, kind, seq, source_ts in zip(decoded.rows.tolist(), *columns, strict=True):
            place, value = flat[row]
            if place not in tails or seq >= tails[place].seq:
                tails[place] = Tail(seq, kind == END, source_ts, value)
    return tails


def _checkpoints(values: list[bytes], codec: Codec = BUILT_IN_CODEC) -> list[Progress]:
    batch = codec.decode(TOPIC[REFERENCE], values).batch
    texts = batch["detail"].to_pylist()
    rows = zip(batch["kind"].tolist(), texts, strict=True)
    found = [Progress.from_json(text) for kind, text in rows if kind == HEARTBEAT and text]
    return [progress for progress in found if progress is not None]


def _is_reached(progress: Progress, log: Log) -> bool:
    topics = {t for t, _ in log.high}
    return progress.next_seq.keys() == topics and all(
        n - 1 <= log.seq(topic, part)
        for topic, numbers in progress.next_seq.items()
        for part, n in enumerate(numbers)
    )


def _offsets(
    admin: AdminClient, namespace: str, places: Iterable[Place], spec: OffsetSpec
) -> dict[Place, int]:
    wanted = {TopicPartition(physical_name(namespace, t), p): (t, p) for t, p in places}
    deadline = monotonic() + WAIT_S
    while True:
        futures = admin.list_offsets(
            dict.fromkeys(wanted, spec),
            isolation_level=IsolationLevel.READ_UNCOMMITTED,
            request_timeout=WAIT_S,
        )
        try:
            return {wanted[at]: int(future.result(WAIT_S).offset) for at, future in futures.items()}
        except KafkaException as failed:
            error: KafkaError = failed.args[0]
        if monotonic() > deadline or error.code() not in _PASSING:
            raise ServiceError(f"the broker does not tell where the log ends: {error.str()}")
        sleep(0.1)
        with suppress(KafkaException):
            admin.list_topics(timeout=WAIT_S)  # makes the client ask who leads now
