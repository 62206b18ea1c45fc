"""The last readable record of a topic partition.

Owns the question a restarted writer asks: how far did I get? Refuses to be led by foreign bytes: it
walks back over records that cannot be decoded, at most `WALK_MAX` of them.
"""

from dataclasses import dataclass
from typing import Final

from confluent_kafka import TopicPartition

from connectors.errors import ServiceError
from connectors.kafka import reader, take
from connectors.registry import BUILT_IN_CODEC, Codec
from connectors.scan import watermarks
from schemas.topics import DERIVED_TOPICS, TOPIC, physical_name

WALK_MAX: Final = 10_000
WAIT_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Tail:
    """The last readable record: its sequence number, offset and bytes."""

    seq: int
    offset: int
    value: bytes


class Tails:
    """The ends of the derived topics of a namespace as they were when this was made."""

    def __init__(self, bootstrap: str, namespace: str, codec: Codec = BUILT_IN_CODEC) -> None:
        self.namespace, self.codec = namespace, codec
        self.marks = watermarks(bootstrap, [physical_name(namespace, t.name) for t in DERIVED_TOPICS])
        self.consumer = reader(bootstrap)

    def last(self, topic: str, partition: int) -> Tail | None:
        """Return the last readable record of a partition, or None where there is none."""
        name = physical_name(self.namespace, topic)
        low, high = self.marks[name][partition]
        for offset in range(high - 1, max(low, high - WALK_MAX) - 1, -1):
            value = self._read_one(name, partition, offset)
            decoded = self.codec.decode(TOPIC[topic], [value])
            if len(decoded.batch):
                return Tail(int(decoded.batch["seq"][0]), offset, value)
        if high - low > WALK_MAX:
            raise ServiceError(f"the last {WALK_MAX} records of {name} partition {partition} cannot be read")
        return None

    def _read_one(self, name: str, partition: int, offset: int) -> bytes:
        self.consumer.assign([TopicPartition(name, partition, offset)])
        found = take(self.consumer, 1, WAIT_SECONDS)
        if not found:
            raise ServiceError(f"the broker did not return offset {offset} of {name} partition {partition}")
        return bytes(found[0].value() or b"")
