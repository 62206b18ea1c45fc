"""The shell around a shard: encoded rows out, nothing decided.

Owns the step from numbered batches to framed records with their key and timestamp.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from connectors.partitions import Rows
from connectors.registry import BUILT_IN_CODEC, Codec
from dataflows.analytics.shard import Shard
from schemas.columns import Batch

NS_PER_MS = 1_000_000


class MarketShard:
    """A shard of the market flow, as `connectors.partitions.ShardLogic` wants it."""

    def __init__(self, partition: int, snapshot: Any, codec: Codec = BUILT_IN_CODEC) -> None:
        self.shard, self.codec = Shard(partition, snapshot), codec

    @property
    def is_ended(self) -> bool:
        return self.shard.is_ended

    def take(self, topic: str, values: Sequence[bytes], offsets: npt.NDArray[np.int64]) -> None:
        ids = self.codec.learn(values)  # the core asks nobody, so what is new is looked up here
        self.shard.take(topic, values, offsets, ids)

    def advance(self) -> list[Rows]:
        """Apply what event time has reached; progress comes last, after the rows it counts."""
        outputs = self.shard.advance()
        order = sorted(outputs, key=lambda name: name == "flow.progress")
        return [_rows(outputs[name], self.codec) for name in order]

    def snapshot(self) -> Any:
        return self.shard.snapshot()

    def next_offsets(self) -> Mapping[str, int]:
        return {name: log.next_offset for name, log in self.shard.merge.logs.items()}

    def must_pause(self, topic: str) -> bool:
        return self.shard.merge.must_pause(topic)

    def may_resume(self, topic: str) -> bool:
        return self.shard.merge.may_resume(topic)


def _rows(batch: Batch, codec: Codec) -> Rows:
    return Rows(
        batch.topic.name,
        int(batch["seq"][0]),
        codec.encode(batch),
        batch["underlying"].cast(pa.binary()).to_pylist(),
        (batch["emit_ts"] // NS_PER_MS).tolist(),
    )
