"""The product's own claims on a tape: the real core over the records of a log, without a broker.

Owns the drive of one shard a partition and the choice of the columns that scorers read. Claims are what
the shard puts out; nothing of it is rebuilt here. Refuses to hold a whole run: a scorer names the columns
it needs, everything else is dropped as it comes.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import polars as pl

from connectors.memory_log import Logs
from dataflows.analytics.shard import Shard
from schemas.codec import decode
from schemas.columns import Batch, Column, empty, is_text
from schemas.kinds import KIND
from schemas.topics import TOPIC

POLL_ROWS: Final = 20_000
DECODE_ROWS: Final = 50_000
Wanted = Mapping[str, Sequence[str]]
Frames = dict[str, pl.DataFrame]

OPTION_SIDE: Final = (
    "print_seq", "source_ts", "event_ts", "underlying", "contract", "expiry", "strike", "right", "price",
    "size", "premium", "venue", "condition", "code_family", "status", "quote_state", "placement",
    "is_placement_stable", "quote_seq", "bid", "ask", "bid_size", "ask_size", "side",
)  # fmt: skip
EQUITY_SIDE: Final = (
    "print_seq", "source_ts", "event_ts", "underlying", "price", "size", "notional", "venue", "off_exchange",
    "conditions", "status", "quote_state", "placement", "is_placement_stable", "bid", "ask", "bid_size",
    "ask_size",
)  # fmt: skip
PACKETS: Final = (
    "packet_id", "version", "kind", "underlying", "contract", "side", "start_ts", "end_ts", "size", "premium",
    "members", "print_count", "venues", "burst_first_seq",
)  # fmt: skip


def flow(logs: Logs, wanted: Wanted) -> Frames:
    """Run every shard of a log to its end; return the wanted columns of each output, with `partition`.

    Enum columns hold codes. A topic that put out nothing is an empty frame of its columns.
    """
    parts: dict[str, list[pl.DataFrame]] = {topic: [_empty(topic, names)] for topic, names in wanted.items()}
    for k in sorted({k for (_, k), values in logs.items() if values}):
        mine = {topic: values for (topic, part), values in logs.items() if part == k}
        for topic, batch in _shard_rows(k, mine):
            if topic in wanted:
                parts[topic].append(frame(batch, wanted[topic], k))
    return {topic: pl.concat(found) for topic, found in parts.items()}


def _shard_rows(k: int, logs: Mapping[str, list[bytes]]) -> Iterator[tuple[str, Batch]]:
    """Feed one shard evenly from all its topics, as a consumer would, and yield what it lets out."""
    shard = Shard(k)
    polls = max(1, -(-max(len(v) for v in logs.values()) // POLL_ROWS))
    cuts = {topic: np.linspace(0, len(v), polls + 1).astype(np.int64).tolist() for topic, v in logs.items()}
    for poll in range(polls):
        for topic, values in logs.items():
            start, stop = cuts[topic][poll], cuts[topic][poll + 1]
            if stop > start:
                shard.take(topic, values[start:stop], np.arange(start, stop, dtype=np.int64))
        yield from shard.advance().items()
    assert shard.is_ended, f"partition {k}: the log ends before its end records"


def raw(logs: Logs, topic: str, names: Sequence[str]) -> pl.DataFrame:
    """Return columns of the data records of a raw topic, with `partition`."""
    parts = [_empty(topic, names)]
    for (name, k), values in logs.items():
        if name != topic:
            continue
        for start in range(0, len(values), DECODE_ROWS):
            batch = decode(TOPIC[topic], values[start : start + DECODE_ROWS]).batch
            is_data = np.flatnonzero(batch["kind"] == KIND.index("data"))
            parts.append(frame(batch.take(is_data), names, k))
    return pl.concat(parts)


def frame(batch: Batch, names: Sequence[str], partition: int) -> pl.DataFrame:
    """Return columns of a batch as a frame, with the partition they came from."""
    columns = {name: _series(batch[name]) for name in names}
    return pl.DataFrame(columns).with_columns(pl.lit(partition, pl.Int16).alias("partition"))


def _series(column: Column) -> pl.Series:
    if is_text(column):
        return pl.Series(pl.from_arrow(column))
    return pl.Series(values=np.ascontiguousarray(column))


def _empty(topic: str, names: Sequence[str]) -> pl.DataFrame:
    return frame(empty(TOPIC[topic]), names, 0).clear()
