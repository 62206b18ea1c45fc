"""Bounded reads of whole topics: digests, counts and control records.

Owns the reading of a finished log by the command line and the benchmarks; it holds one poll at a time.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from confluent_kafka import KafkaException, TopicPartition
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from connectors.errors import ServiceError
from connectors.kafka import reader, take
from connectors.registry import BUILT_IN_CODEC, Codec
from schemas.kinds import KIND
from schemas.topics import PARTITION_COUNT, TOPIC, Topic, physical_name

HEADER_BYTES: Final = 5
POLL_MAX: Final = 4000
WAIT_SECONDS: Final = 20.0
REQUEST_SECONDS: Final = 10.0
PATIENCE_SECONDS: Final = 60.0
_END: Final = KIND.index("end")
_EARLIEST, _LATEST = (
    -2,
    -1,
)  # what the protocol calls the ends of a log; the admin call waits seconds


def watermarks_now(
    bootstrap: str, names: Sequence[str], timeout_s: float = REQUEST_SECONDS
) -> dict[str, list[tuple[int, int]]]:
    """Return the low and high watermark of every partition of the topics, in two requests.

    Raises:
        KafkaException: the broker did not answer in time, or knows no leader of a partition yet.
    """
    consumer = reader(bootstrap)
    try:
        ends: list[dict[tuple[str, int], int]] = []
        for position in (_EARLIEST, _LATEST):
            places = [TopicPartition(n, k, position) for n in names for k in range(PARTITION_COUNT)]
            found = consumer.offsets_for_times(places, timeout=timeout_s)
            for place in found:
                if place.error is not None:
                    raise KafkaException(place.error)
            ends.append({(p.topic, p.partition): p.offset for p in found})
    finally:
        consumer.close()
    low, high = ends
    return {n: [(low[n, k], high[n, k]) for k in range(PARTITION_COUNT)] for n in names}


watermarks: Final = retry(
    retry=retry_if_exception_type(KafkaException),
    wait=wait_exponential_jitter(multiplier=0.1, max=2),
    stop=stop_after_delay(PATIENCE_SECONDS),
    reraise=True,
)(watermarks_now)
"""`watermarks_now` for a broker that may just be coming back: asked again for up to a minute."""


def messages(bootstrap: str, name: str) -> Iterator[list[Any]]:
    """Yield the records of a topic, partition after partition, up to where they end now."""
    consumer = reader(bootstrap)
    try:
        for partition, (low, high) in enumerate(watermarks(bootstrap, [name])[name]):
            position = low
            if low < high:
                consumer.assign([TopicPartition(name, partition, low)])
            while position < high:
                got = take(consumer, min(POLL_MAX, high - position), WAIT_SECONDS)
                if not got:
                    raise ServiceError(f"the broker did not return {name} partition {partition}")
                position = got[-1].offset() + 1
                yield got
    finally:
        consumer.close()


def digest(bootstrap: str, namespace: str, topic: Topic, codec: Codec = BUILT_IN_CODEC) -> tuple[int, str]:
    """Return the number of records and the SHA-256 over their bodies in (partition, sequence) order.

    A body is the Avro record without the five bytes of the wire format. Sequence numbers that were
    seen before are dropped, as every reader of these topics must.
    """
    sha, count, partition, last = hashlib.sha256(), 0, -1, -1
    for got in messages(bootstrap, physical_name(namespace, topic.name)):
        if got[0].partition() != partition:
            partition, last = got[0].partition(), -1
        values = [bytes(m.value()) for m in got]
        seqs = codec.decode(topic, values).batch["seq"].tolist()
        for seq, value in zip(seqs, values, strict=True):
            if seq > last:
                sha.update(value[HEADER_BYTES:])
                count, last = count + 1, seq
    return count, f"sha256:{sha.hexdigest()}"


def log_sizes(bootstrap: str, namespace: str, topics: Sequence[str]) -> dict[str, int]:
    """Return how many records each topic holds."""
    marks = watermarks(bootstrap, [physical_name(namespace, t) for t in topics])
    return {t: sum(high - low for low, high in marks[physical_name(namespace, t)]) for t in topics}


def feed_totals(bootstrap: str, namespace: str, codec: Codec = BUILT_IN_CODEC) -> dict[str, Any] | None:
    """Return what the feed says it read, refused and published, or None where it has not ended."""
    topic = TOPIC["reference"]
    for got in messages(bootstrap, physical_name(namespace, topic.name)):
        batch = codec.decode(topic, [m.value() for m in got]).batch
        for i in (batch["kind"] == _END).nonzero()[0]:
            detail: dict[str, Any] = json.loads(batch["detail"][int(i)].as_py() or "{}")
            if detail.get("read") is not None:
                return detail
    return None


def final_progress(
    bootstrap: str, namespace: str, codec: Codec = BUILT_IN_CODEC
) -> dict[str, dict[str, int]]:
    """Return the flow's final counters per input topic, summed over the shards that have ended."""
    topic = TOPIC["flow.progress"]
    names = ("processed", "late", "duplicate", "deadletter", "control")
    totals: dict[str, dict[str, int]] = {}
    for got in messages(bootstrap, physical_name(namespace, topic.name)):
        batch = codec.decode(topic, [m.value() for m in got]).batch
        for i in batch["is_final"].nonzero()[0]:
            row = totals.setdefault(batch["input"][int(i)].as_py(), dict.fromkeys(names, 0))
            for name in names:
                row[name] += int(batch[name][i])
    return totals
