"""Kafka clients for the edges: how they are configured, and a producer that loses nothing.

Owns the settings of producers, admin and bounded readers, and the rule that a failed delivery stops
the run. Refuses to reorder: a message leaves only after all earlier ones of its partition.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event
from time import monotonic
from typing import Any, Final, TypeAlias

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient

from connectors.errors import ServiceError

MAX_IN_FLIGHT: Final = 100_000  # messages; when full, sending waits for the broker
SLICE: Final = 2_000  # messages between two looks at the deliveries
DELIVERY_TIMEOUT_S: Final = 120.0
STOP_GRACE_S: Final = 10.0
POLL_S: Final = 0.05
PASSING_ERRORS: Final = (
    KafkaError._PARTITION_EOF,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._TRANSPORT,
)
Outgoing: TypeAlias = tuple[bytes, bytes | None, int]  # value, key, timestamp in ms


def admin_client(bootstrap: str) -> AdminClient:
    """Return an admin client; keep it referenced until its futures are done."""
    return AdminClient({"bootstrap.servers": bootstrap, "log_level": 2, "socket.timeout.ms": 20_000})


def reader(bootstrap: str, **changes: Any) -> Consumer:
    """Return a consumer for bounded reads of assigned partitions; it commits nothing."""
    config = {
        "bootstrap.servers": bootstrap,
        "group.id": "islandflow-unused",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "fetch.wait.max.ms": 10,
        "queued.max.messages.kbytes": 4096,
        "log_level": 2,
    }
    return Consumer({**config, **changes})


def take(consumer: Consumer, count: int, timeout_s: float) -> list[Any]:
    """Return up to `count` messages; waits the whole time unless they come. Errors that pass are dropped.

    Raises:
        ServiceError: the broker refused the read for good.
    """
    messages: list[Any] = consumer.consume(count, timeout_s)
    if not any(map(Message.error, messages)):
        return messages
    for error in filter(None, map(Message.error, messages)):
        if error.code() not in PASSING_ERRORS and not error.retriable():
            raise ServiceError(f"the broker refused a read: {error.str()}")
    return [m for m in messages if m.error() is None]


class Sender:
    """An idempotent producer whose every delivery is checked; use it from one thread.

    A broker that crashes forgets producers whose records carry old stamps (it ages them by the stamps),
    so what was in flight then may stand in the log twice. Readers drop a sequence number they have had.
    """

    def __init__(self, bootstrap: str) -> None:
        self._failure: KafkaError | None = None
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "acks": "all",
                "linger.ms": 20,
                "compression.type": "lz4",
                "queue.buffering.max.messages": MAX_IN_FLIGHT,
                "queue.buffering.max.kbytes": 1 << 20,
                "delivery.timeout.ms": int(DELIVERY_TIMEOUT_S * 1000),
                "on_delivery": self._on_failure,
                "delivery.report.only.error": True,  # flush tells that the others have arrived
                "message.max.bytes": 1_000_000 + (64 << 10),
                "log_level": 2,
            }
        )

    def send(self, topic: str, partition: int, messages: Sequence[Outgoing]) -> None:
        """Queue messages in order, waiting while the queue is full.

        The client's batch call takes no timestamps, and the log is rewound by them: hence one call each.

        Raises:
            ServiceError: a message, this one or an earlier one, could not be delivered.
        """
        produce = self._producer.produce
        for start in range(0, len(messages), SLICE):
            self._poll(0.0)
            for value, key, timestamp_ms in messages[start : start + SLICE]:
                try:
                    produce(topic, value, key, partition, timestamp=timestamp_ms)
                except BufferError:
                    self._wait_and_produce(topic, partition, (value, key, timestamp_ms))
                except KafkaException as error:
                    raise _refused(topic, error) from None

    def _wait_and_produce(self, topic: str, partition: int, message: Outgoing) -> None:
        value, key, timestamp_ms = message
        while True:
            self._poll(POLL_S)
            try:
                self._producer.produce(topic, value, key, partition, timestamp=timestamp_ms)
                return
            except BufferError:
                continue
            except KafkaException as error:
                raise _refused(topic, error) from None

    def close(self) -> None:
        """Give the connections back; what has not been flushed is dropped."""
        self._producer.purge()
        self._producer.close()

    def flush(self, stop: Event | None = None) -> None:
        """Wait until everything queued has arrived; when stopped, for ten seconds at most."""
        deadline = monotonic() + DELIVERY_TIMEOUT_S + STOP_GRACE_S
        while len(self._producer):
            self._producer.flush(0.5)
            self._check()
            if stop is not None and stop.is_set():
                deadline = min(deadline, monotonic() + STOP_GRACE_S)
                stop = None
            if len(self._producer) and monotonic() > deadline:
                raise ServiceError(
                    f"the broker has not confirmed {len(self._producer)} messages; run the command again, "
                    "it goes on where the log ends"
                )
        self._check()

    def _poll(self, seconds: float) -> None:
        self._producer.poll(seconds)
        self._check()

    def _on_failure(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None and self._failure is None:
            self._failure = error

    def _check(self) -> None:
        if self._failure is not None:
            raise ServiceError(
                f"the broker did not take a message: {self._failure.str()}; when it is back, run the "
                "command again, it goes on where the log ends"
            )


def _refused(topic: str, error: KafkaException) -> ServiceError:
    return ServiceError(f"{topic} does not take messages: {error.args[0].str()}")
