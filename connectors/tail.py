"""The last readable record of a topic partition.

Owns the question a restarted writer asks: how far did I get? Refuses to be led by foreign bytes: it
walks back over records that cannot be decoded, at most `WALK_MAX` of them.
"""

from dataclasses import dataclass
from typing import Final

from confluent_kafka import Consumer, TopicPartition

from connectors.errors import ServiceError
from connectors.kafka import reader
from schemas.codec import decode
from schemas.topics import TOPIC

WALK_MAX: Final = 10_000
WAIT_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Tail:
    """The last readable record: its sequence number, offset and bytes."""

    seq: int
    offset: int
    value: bytes


def last_record(bootstrap: str, name: str, topic: str, partition: int) -> Tail | None:
    """Return the last readable record of a partition, or None where there is none."""
    consumer = reader(bootstrap)
    try:
        low, high = consumer.get_watermark_offsets(TopicPartition(name, partition), timeout=WAIT_SECONDS)
        for offset in range(high - 1, max(low, high - WALK_MAX) - 1, -1):
            value = _read_one(consumer, name, partition, offset)
            decoded = decode(TOPIC[topic], [value])
            if len(decoded.batch):
                return Tail(int(decoded.batch["seq"][0]), offset, value)
        if high - low > WALK_MAX:
            raise ServiceError(f"The last {WALK_MAX} records of {name} partition {partition} cannot be read.")
        return None
    finally:
        consumer.close()


def _read_one(consumer: Consumer, name: str, partition: int, offset: int) -> bytes:
    consumer.assign([TopicPartition(name, partition, offset)])
    message = consumer.poll(WAIT_SECONDS)
    if message is None or message.error():
        why = str(message.error()) if message else "no answer"
        raise ServiceError(
            f"The broker did not return offset {offset} of {name} partition {partition}: {why}."
        )
    return bytes(message.value() or b"")
