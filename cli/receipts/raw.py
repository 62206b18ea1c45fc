"""Raw records of the log by their offsets: the bytes themselves, and their SHA-256.

Owns the bounded reads of one shard from the broker. Refuses to read on for ever: offsets that lie close
together are read in one sweep, and a record that is not there is a failed service, never a silent gap.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Final

from confluent_kafka import Consumer, TopicPartition

from connectors.errors import ServiceError
from connectors.kafka import reader, take
from schemas.topics import physical_name

NEAR: Final = 5_000  # records between two wanted ones that are read rather than skipped
POLL_MAX: Final = 4_000
WAIT_S: Final = 10.0


def fingerprint(value: bytes) -> str:
    """Return the SHA-256 of a raw record, its frame included, in hexadecimal."""
    return sha256(value).hexdigest()


def sweeps(offsets: Iterable[int], near: int = NEAR) -> Iterator[tuple[int, int]]:
    """Yield (first, last) of runs of wanted offsets with less than `near` between two of them."""
    first = last = None
    for offset in sorted(set(offsets)):
        if first is not None and last is not None and offset - last >= near:
            yield first, last
            first = None
        first, last = (offset if first is None else first), offset
    if first is not None and last is not None:
        yield first, last


class RawLog:
    """The topics of one namespace, read at given offsets. Close it after use."""

    def __init__(self, bootstrap: str, namespace: str) -> None:
        self._bootstrap, self._namespace = bootstrap, namespace
        self._consumer: Consumer | None = None

    def close(self) -> None:
        """Give the connection back."""
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    def values(self, topic: str, partition: int, offsets: Iterable[int]) -> dict[int, bytes]:
        """Return the bytes of the records at these offsets.

        Raises:
            ServiceError: the broker does not give one of them.
        """
        wanted = set(offsets)
        found: dict[int, bytes] = {}
        for first, last in sweeps(wanted):
            for offset, value in self._sweep(physical_name(self._namespace, topic), partition, first, last):
                if offset in wanted:
                    found[offset] = value
        if len(found) != len(wanted):
            lost = min(wanted - set(found))
            raise ServiceError(f"the broker no longer holds {topic} partition {partition} offset {lost}")
        return found

    def _sweep(self, name: str, partition: int, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        if self._consumer is None:
            self._consumer = reader(self._bootstrap)
        # Without it the client looks for the leader of a new topic once a second only.
        self._consumer.list_topics(name, timeout=WAIT_S)
        self._consumer.assign([TopicPartition(name, partition, first)])
        position = first
        while position <= last:
            got = take(self._consumer, min(POLL_MAX, last - position + 1), WAIT_S)
            if not got:
                raise ServiceError(
                    f"the broker did not return {name} partition {partition} offset {position}"
                )
            for message in got:
                yield message.offset(), bytes(message.value() or b"")
            position = got[-1].offset() + 1
