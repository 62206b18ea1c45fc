"""An excerpt of the log through the very core: session marks, member prints and the quotes they met.

Owns the feeding of a few records, in log order, to a shard that has seen nothing else. What the shard then
says of a packet rests on those records alone. Refuses to know the store or the broker: bytes come in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dataflows.analytics.log import FRONTIER, LAST_SEQ, Chunk
from dataflows.analytics.shard import Shard
from schemas.codec import BUILT_IN, SchemaIds, decode
from schemas.columns import Batch, concat
from schemas.topics import TOPIC

SECOND_NS: Final = 1_000_000_000
# A parent leaves when nothing can join it any more; where it leaves later than it did, that is a difference.
PATIENCE_NS: Final = 600 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Record:
    """A raw record: its number and offset in the partition, its bytes.

    `frontier` (ns) is where the log stood just before it, if it was late there.
    """

    seq: int
    offset: int
    value: bytes
    frontier: int | None = None


Excerpt = Mapping[str, Sequence[Record]]  # by raw topic


def outputs_of(excerpt: Excerpt, partition: int, until: int, ids: SchemaIds = BUILT_IN) -> dict[str, Batch]:
    """Return everything a fresh shard says about these records up to `until` (ns) and a little after.

    Raises:
        ValueError: the excerpt has no session record, so the shard cannot know its inputs.
    """
    shard = Shard(partition)
    _feed(shard, "reference", excerpt.get("reference", ()), ids)
    if shard.merge.inputs is None:
        raise ValueError("no session record stands before the alert in this shard")
    for name in shard.merge.inputs:
        _put(shard, name, excerpt.get(name, ()), ids)
    said: dict[str, list[Batch]] = {}
    for target in (until, until + PATIENCE_NS):
        for log in shard.merge.logs.values():
            log.state[FRONTIER] = max(int(log.state[FRONTIER]), target)
        for name, batch in shard.advance().items():
            said.setdefault(name, []).append(batch)
    return {name: concat(batches) for name, batches in said.items()}


def _feed(shard: Shard, topic: str, records: Sequence[Record], ids: SchemaIds) -> None:
    """Hand session marks over one by one, each as if the numbers before it had been read."""
    log = shard.merge.logs[topic]
    for record in sorted(records, key=lambda r: r.offset):
        log.state[LAST_SEQ] = record.seq - 1
        shard.take(topic, [record.value], np.array([record.offset], np.int64), ids)


def _put(shard: Shard, topic: str, records: Sequence[Record], ids: SchemaIds) -> None:
    """Lay data records into the waiting room of their topic at the times that they count from."""
    if not records:
        return
    ordered = sorted(records, key=lambda r: r.offset)
    decoded = decode(TOPIC[topic], [r.value for r in ordered], ids)
    assert not decoded.bad, f"{topic}: archived, and yet not to be read: {decoded.bad[0]}"
    is_late = np.array([r.frontier is not None for r in ordered], np.bool_)
    frontier = np.array([r.frontier or 0 for r in ordered], np.int64)
    effective = np.where(is_late, frontier + 1, decoded.batch["source_ts"])
    no_mark = np.zeros(len(ordered), np.bool_)
    log = shard.merge.logs[topic]
    before = tuple(int(x) for x in log.state)
    log.chunks.append(Chunk(ordered[0].offset, before, decoded.batch, effective, is_late, no_mark, []))
    log.waiting += len(ordered)
