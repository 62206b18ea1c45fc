"""The Bytewax source and sink over the broker: exactly once, without a transaction.

Owns reading (one consumer a process feeds all its shards), pausing topics that run ahead, and writing
numbered rows: what a restarted shard computes again is compared with the tail of the log and dropped.
Refuses to lose a delivery: the sink is flushed and checked before the engine commits an epoch.
"""

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from operator import ne
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition
from confluent_kafka import Message, TopicPartition

from connectors.errors import ServiceError
from connectors.kafka import Sender, reader, take
from connectors.registry import BUILT_IN_CODEC, Codec, is_same_body
from connectors.tail import Tails
from schemas.topics import PARTITION_COUNT, RAW_TOPICS, physical_name

POLL_MAX: Final = 4000  # messages a poll; measured best between 2,000 and 4,000
IDLE: Final = timedelta(milliseconds=10)
INBOX_ROWS: Final = 16_000
INBOX_POLLS: Final = 4
# 64 MB is what the client may hold ahead of the shards; a paused topic holds nothing.
PREFETCH: Final = {
    "queued.max.messages.kbytes": 65536,
    "fetch.min.bytes": 65536,
    "fetch.wait.max.ms": 50,
    "fetch.queue.backoff.ms": 5,
}


@dataclass(frozen=True, slots=True)
class Rows:
    """Encoded rows of one output topic of one shard, numbered from `first_seq` without a hole."""

    topic: str
    first_seq: int
    values: list[bytes]
    keys: list[bytes]
    timestamps_ms: list[int]


class ShardLogic(Protocol):
    """What the source drives: one shard of a flow."""

    @property
    def is_ended(self) -> bool: ...
    def take(self, topic: str, values: Sequence[bytes], offsets: npt.NDArray[np.int64]) -> None: ...
    def advance(self) -> list[Rows]: ...
    def snapshot(self) -> Any: ...
    def next_offsets(self) -> Mapping[str, int]: ...
    def must_pause(self, topic: str) -> bool: ...
    def may_resume(self, topic: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Log:
    """Where the raw topics are and how many records one poll may bring."""

    bootstrap: str
    namespace: str
    poll_max: int = POLL_MAX
    codec: Codec = BUILT_IN_CODEC


MakeShard = Callable[[int, Any, Codec], ShardLogic]


class Stop:
    """Set by SIGTERM: every partition then ends at its next turn, so that the last epoch commits."""

    def __init__(self) -> None:
        self.is_set = False

    def install(self) -> None:
        signal.signal(signal.SIGTERM, self._set)
        signal.signal(signal.SIGINT, self._set)

    def _set(self, *_: object) -> None:
        self.is_set = True


Offsets = npt.NDArray[np.int64]
Inbox = tuple[list[bytes], list[Offsets]]


class Hub:
    """The one consumer of a process; it sorts each poll into the inboxes of the shards that live here.

    While the log runs ahead, an inbox collects `INBOX_ROWS`, or `INBOX_POLLS` full polls where these are
    fewer, before its shard takes them: decoding and encoding cost by the call. At most one poll more than
    that waits in an inbox.
    """

    def __init__(self, bootstrap: str, namespace: str, poll_max: int) -> None:
        self.namespace, self.poll_max = namespace, poll_max
        self.inbox_rows = min(INBOX_ROWS, INBOX_POLLS * poll_max)
        self.names = {physical_name(namespace, t.name): t.name for t in RAW_TOPICS}
        self.shards: dict[int, ShardLogic] = {}
        self.inboxes: dict[int, dict[str, Inbox]] = {}
        self.consumer = reader(bootstrap, **PREFETCH)
        self.paused: set[tuple[str, int]] = set()
        self.is_behind = False
        self.quiet_until = 0.0

    def join(self, partition: int, shard: ShardLogic) -> None:
        """Start reading the raw topics of one shard where its state says."""
        self.shards[partition], self.inboxes[partition] = shard, {}
        self.consumer.incremental_assign(
            [
                TopicPartition(physical_name(self.namespace, topic), partition, offset)
                for topic, offset in shard.next_offsets().items()
            ]
        )

    def leave(self, partition: int) -> None:
        """Stop reading for a shard that has ended."""
        if self.shards.pop(partition, None) is not None:
            self.consumer.incremental_unassign([TopicPartition(n, partition) for n in self.names])
        if not self.shards:
            self.consumer.close()

    def pump(self) -> None:
        """Read once, without waiting."""
        now = time.monotonic()
        if now < self.quiet_until:
            return
        messages = take(self.consumer, self.poll_max, 0)
        self.is_behind = len(messages) == self.poll_max
        if not messages:
            self.quiet_until = now + IDLE.total_seconds() / 2
        for name, partition, values, offsets in _by_partition(messages):
            if partition in self.shards:
                inbox = self.inboxes[partition].setdefault(self.names[name], ([], []))
                inbox[0].extend(values)
                inbox[1].append(offsets)

    def deal(self, partition: int) -> bool:
        """Hand its inbox to a shard once it is worth it; return whether that was done."""
        inbox = self.inboxes[partition]
        if self.is_behind and sum(len(values) for values, _ in inbox.values()) < self.inbox_rows:
            return False
        self.inboxes[partition] = {}
        for topic, (values, offsets) in inbox.items():
            self.shards[partition].take(topic, values, np.concatenate(offsets))
        return True

    def hold_back(self, partition: int) -> None:
        """Pause the topics of a shard that run ahead of its watermark, resume those that no longer do."""
        shard = self.shards[partition]
        for name, topic in self.names.items():
            at, key = TopicPartition(name, partition), (name, partition)
            if key in self.paused:
                if shard.may_resume(topic):
                    self.consumer.resume([at])
                    self.paused.discard(key)
            elif shard.must_pause(topic):
                self.consumer.pause([at])
                self.paused.add(key)


def _by_partition(messages: list[Any]) -> Iterator[tuple[str, int, list[bytes], Offsets]]:
    """Yield the runs of a poll that are of one topic partition, log order kept."""
    if not messages:
        return
    topics = list(map(Message.topic, messages))
    parts = np.fromiter(map(Message.partition, messages), np.int64, len(messages))
    changes = parts[1:] != parts[:-1]
    changes |= np.fromiter(map(ne, topics[1:], topics), np.bool_, len(changes))
    edges = [0, *(np.flatnonzero(changes) + 1).tolist(), len(messages)]
    for start, stop in pairwise(edges):
        run = messages[start:stop]
        first, last = run[0].offset(), run[-1].offset()
        is_dense = last - first == stop - start - 1
        offsets = np.arange(first, last + 1) if is_dense else np.array([m.offset() for m in run])
        yield str(topics[start]), int(parts[start]), [m.value() for m in run], offsets


class ShardPartition(StatefulSourcePartition[tuple[str, list[Rows]], Any]):
    """One shard as the engine sees it: read, apply, hand on; the whole shard is the snapshot."""

    def __init__(self, partition: int, shard: ShardLogic, hub: Hub, stop: Stop) -> None:
        self.partition, self.shard, self.hub, self.stop = partition, shard, hub, stop
        self.is_idle = False
        self.key = f"{partition:02d}"
        if not shard.is_ended:
            hub.join(partition, shard)

    def next_batch(self) -> list[tuple[str, list[Rows]]]:
        if self.shard.is_ended or self.stop.is_set:
            self.hub.leave(self.partition)
            raise StopIteration
        self.hub.pump()
        if not self.hub.deal(self.partition):
            return []
        rows = self.shard.advance()
        self.hub.hold_back(self.partition)
        self.is_idle = not rows
        return [(self.key, rows)] if rows else []

    def next_awake(self) -> datetime | None:
        is_quiet = self.is_idle and time.monotonic() < self.hub.quiet_until
        return datetime.now(UTC) + IDLE if is_quiet else None

    def snapshot(self) -> Any:
        return self.shard.snapshot()


class ShardSource(FixedPartitionedSource[tuple[str, list[Rows]], Any]):
    """All shards of a namespace; the engine spreads them over its processes."""

    def __init__(self, log: Log, make_shard: MakeShard, stop: Stop) -> None:
        self.log, self.make_shard, self.stop = log, make_shard, stop
        self.hub: Hub | None = None

    def list_parts(self) -> list[str]:
        return [f"{k:02d}" for k in range(PARTITION_COUNT)]

    def build_part(self, step_id: str, for_part: str, resume_state: Any) -> ShardPartition:
        if self.hub is None:
            self.hub = Hub(self.log.bootstrap, self.log.namespace, self.log.poll_max)
        shard = self.make_shard(int(for_part), resume_state, self.log.codec)
        return ShardPartition(int(for_part), shard, self.hub, self.stop)


@dataclass(frozen=True, slots=True)
class Outbox:
    """What the sink partitions of a process share: one producer, and where the topics ended."""

    sender: Sender
    tails: Tails


class NumberedSink(StatefulSinkPartition[list[Rows], None]):
    """Writes the rows of one shard; what the log already holds is compared and dropped."""

    def __init__(self, partition: int, namespace: str, outbox: Outbox) -> None:
        self.partition, self.namespace = partition, namespace
        self.outbox, self.sender = outbox, outbox.sender
        self.tails: dict[str, tuple[int, bytes | None]] = {}

    def _tail(self, topic: str) -> tuple[int, bytes | None]:
        if topic not in self.tails:
            found = self.outbox.tails.last(topic, self.partition)
            self.tails[topic] = (found.seq, found.value) if found else (-1, None)
        return self.tails[topic]

    def write_batch(self, items: list[list[Rows]]) -> None:
        for rows_of_topics in items:
            for rows in rows_of_topics:
                if rows.topic == "flow.progress":
                    self.sender.flush()  # progress is never ahead of the rows it counts
                self._write(rows)

    def _write(self, rows: Rows) -> None:
        tail, value = self._tail(rows.topic)
        n = len(rows.values)
        if rows.first_seq > tail + 1:
            raise ServiceError(
                f"{rows.topic} partition {self.partition} ends at {tail} but the state goes on at "
                f"{rows.first_seq}: output records are missing from the log"
            )
        known = tail - rows.first_seq  # index in these rows of the last one in the log
        if value is not None and 0 <= known < n and not is_same_body(rows.values[known], value):
            raise ServiceError(
                f"{rows.topic} partition {self.partition} holds other bytes at {tail} than this version "
                "computes: use another namespace, or delete this one"
            )
        skip = min(max(known + 1, 0), n)
        if skip == n:
            return
        messages = zip(rows.values[skip:], rows.keys[skip:], rows.timestamps_ms[skip:], strict=True)
        self.sender.send(physical_name(self.namespace, rows.topic), self.partition, list(messages))
        self.tails[rows.topic] = (rows.first_seq + n - 1, None)

    def snapshot(self) -> None:
        self.sender.flush()

    def close(self) -> None:
        self.sender.flush()


class ShardSink(FixedPartitionedSink[list[Rows], None]):
    """The derived topics of a namespace, one sink partition a shard."""

    def __init__(self, bootstrap: str, namespace: str, codec: Codec = BUILT_IN_CODEC) -> None:
        self.bootstrap, self.namespace, self.codec = bootstrap, namespace, codec
        self.outbox: Outbox | None = None

    def list_parts(self) -> list[str]:
        return [f"{k:02d}" for k in range(PARTITION_COUNT)]

    def part_fn(self, item_key: str) -> int:
        return int(item_key)

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> NumberedSink:
        if self.outbox is None:
            self.outbox = Outbox(Sender(self.bootstrap), Tails(self.bootstrap, self.namespace, self.codec))
        return NumberedSink(int(for_part), self.namespace, self.outbox)
