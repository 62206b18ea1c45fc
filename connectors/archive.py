"""From topics to tables: reading in bounded batches, inserting in atomic blocks.

Owns the reader that collects rows per topic and the writer that inserts them. The position is in the
table itself: reading resumes at max(_offset) + 1, so an insert commits data and position together.
Refuses to write twice: after a failed insert the position is read again before anything is repeated.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import clickhouse_connect
import numpy as np
import pyarrow as pa
import structlog
from clickhouse_connect.driver.exceptions import Error as ClickHouseError
from confluent_kafka import TopicPartition
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from connectors.kafka import reader, take
from connectors.registry import BUILT_IN_CODEC, Codec
from connectors.scan import watermarks
from schemas.arrow import to_clickhouse
from schemas.columns import Batch
from schemas.kinds import KIND
from schemas.sql import create_statements
from schemas.topics import PARTITION_COUNT, TOPICS, Topic, physical_name

ROWS_MAX: Final = 50_000  # rows a topic may hold before it is inserted
AGE_MAX_SECONDS: Final = 1.0
POLL_MAX: Final = 4000
RETRY_SECONDS: Final = 60.0
NS_PER_DAY: Final = 86_400_000_000_000
_FRONTIER_KINDS: Final = (KIND.index("heartbeat"), KIND.index("session"))
log = structlog.get_logger()


@dataclass(slots=True)
class Position:
    """How far a topic partition is archived: next offset, last frontier day, last sequence number."""

    offset: int = 0
    day: int = 0
    seq: int = -1


@dataclass(slots=True)
class Waiting:
    """Records of one topic that wait for their insert, per partition in log order."""

    values: dict[int, list[bytes]] = field(default_factory=dict)
    offsets: dict[int, list[int]] = field(default_factory=dict)
    rows: int = 0
    since: float = 0.0

    def add(self, partition: int, values: Iterable[bytes], offsets: list[int]) -> None:
        if not self.rows:
            self.since = time.monotonic()
        self.values.setdefault(partition, []).extend(values)
        self.offsets.setdefault(partition, []).extend(offsets)
        self.rows += len(offsets)

    def is_due(self, now: float) -> bool:
        return self.rows >= ROWS_MAX or (self.rows > 0 and now - self.since >= AGE_MAX_SECONDS)


@dataclass(frozen=True, slots=True)
class Block:
    """Everything of one topic that goes into its table next."""

    topic: Topic
    waiting: Waiting


class Tables:
    """The tables of one namespace, and the positions they state."""

    def __init__(self, url: str, namespace: str) -> None:
        self.database = namespace
        self.client = clickhouse_connect.get_client(
            dsn=url, compress=False, autogenerate_session_id=False, settings={"async_insert": 0}
        )
        self.client.command(f"CREATE DATABASE IF NOT EXISTS `{self.database}`")
        for topic in TOPICS:
            for statement in create_statements(topic, self.database):
                self.client.command(statement)

    def positions(self, topic: Topic) -> list[Position]:
        """Return the position of every partition of a topic, as its table states it."""
        table = f"`{self.database}`.{topic.table}"
        query = f"SELECT _partition, max(_offset) + 1, max(_day), max(seq) FROM {table} GROUP BY 1"
        found = [Position() for _ in range(PARTITION_COUNT)]
        for partition, offset, day, seq in self.client.query(query).result_rows:
            found[partition] = Position(int(offset), (day - _EPOCH).days, int(seq))
        return found

    def final_shards(self) -> set[int]:
        """Return the shards whose last progress record is archived."""
        query = f"SELECT DISTINCT _partition FROM `{self.database}`.flow_progress WHERE is_final"
        return {int(row[0]) for row in self.client.query(query).result_rows}

    def insert(self, topic: Topic, block: pa.Table) -> None:
        self.client.insert_arrow(topic.table, block, database=self.database, settings={"async_insert": 0})


_EPOCH: Final = np.datetime64(0, "D").astype(object)


class Writer:
    """Inserts blocks; one insert is one topic and one table partition, so it is atomic."""

    def __init__(self, tables: Tables, codec: Codec = BUILT_IN_CODEC) -> None:
        self.tables, self.codec = tables, codec
        self.positions = {t.name: tables.positions(t) for t in TOPICS}
        self.final_shards = tables.final_shards()
        self.rows = 0

    def write(self, block: Block) -> None:
        """Decode, convert and insert one block; rows that cannot be read are left to deadletter."""
        parts = [self._part(block.topic, k, block.waiting) for k in sorted(block.waiting.values)]
        rows = [part for part in parts if part is not None]
        if rows:
            table = pa.concat_tables(rows)
            days = table.column("_day").to_numpy()
            for day in np.unique(days):
                self._insert(block.topic, table.filter(pa.array(days == day)))
        for k, offsets in block.waiting.offsets.items():
            self.positions[block.topic.name][k].offset = offsets[-1] + 1

    def _part(self, topic: Topic, partition: int, waiting: Waiting) -> pa.Table | None:
        decoded = self.codec.decode(topic, waiting.values[partition])
        position = self.positions[topic.name][partition]
        offsets = np.array(waiting.offsets[partition], np.uint64)[decoded.rows]
        batch, offsets = _once(topic, decoded.batch, offsets, position)
        if not len(batch):
            return None
        days = _frontier_days(topic, batch, position)
        if topic.name == "flow.progress" and batch["is_final"].any():
            self.final_shards.add(partition)
        self.rows += len(batch)
        table = to_clickhouse(batch)
        for name, column in (
            ("_partition", pa.array(np.full(len(offsets), partition, np.uint16))),
            ("_offset", pa.array(offsets)),
            ("_day", pa.array(days.astype(np.int32), pa.date32())),
        ):
            table = table.append_column(name, column)
        return table

    @retry(
        retry=retry_if_exception_type((ClickHouseError, OSError)),
        wait=wait_exponential_jitter(multiplier=0.2, max=5),
        stop=stop_after_delay(RETRY_SECONDS),
        reraise=True,
    )
    def _insert(self, topic: Topic, table: pa.Table) -> None:
        try:
            self.tables.insert(topic, self._missing(topic, table) if self._in_doubt else table)
            self._in_doubt = False
        except (ClickHouseError, OSError) as error:
            self._in_doubt = True
            log.warning(
                "insert failed, asking the table what it has",
                table=topic.table,
                error=str(error)[:300],
            )
            raise

    _in_doubt = False

    def _missing(self, topic: Topic, table: pa.Table) -> pa.Table:
        """Drop the rows the table has after all: a failed answer does not mean a failed insert."""
        have = np.array([p.offset for p in self.tables.positions(topic)], np.int64)
        partition = table.column("_partition").to_numpy()
        return table.filter(pa.array(table.column("_offset").to_numpy().astype(np.int64) >= have[partition]))


def _once(topic: Topic, batch: Batch, offsets: Any, position: Position) -> tuple[Batch, Any]:
    """Drop derived rows whose sequence number the table has: a crashed broker may repeat records.

    Raw topics keep every row, since what a foreign writer put there is part of the log of record.
    """
    if topic.is_raw or not len(batch):
        return batch, offsets
    seen = np.maximum.accumulate(np.concatenate([[position.seq], batch["seq"]]))
    position.seq = int(seen[-1])
    is_new = batch["seq"] > seen[:-1]
    return (batch, offsets) if is_new.all() else (batch.take(np.flatnonzero(is_new)), offsets[is_new])


def _frontier_days(topic: Topic, batch: Batch, position: Position) -> Any:
    """Return per row the day of the log's frontier at that row; it only grows."""
    ts = batch[topic.time_field]
    if topic.is_raw:
        moves = np.isin(batch["kind"], _FRONTIER_KINDS)
        ts = np.where(moves, ts, 0)
    days = np.maximum.accumulate(np.maximum(ts // NS_PER_DAY, position.day))
    if days[0] == 0 and len(days):  # before any heartbeat, a row stands on its own day
        days = np.maximum(days, batch[topic.time_field][0] // NS_PER_DAY)
    position.day = int(days[-1])
    return days


class Reader:
    """Reads every topic of a namespace from its archived positions and collects due blocks."""

    def __init__(self, bootstrap: str, namespace: str, writer: Writer) -> None:
        self.bootstrap, self.writer = bootstrap, writer
        self.consumer = reader(bootstrap, **{"fetch.min.bytes": 1 << 20, "fetch.wait.max.ms": 300})
        self.topics = {physical_name(namespace, t.name): t for t in TOPICS}
        self.next = {n: [p.offset for p in writer.positions[t.name]] for n, t in self.topics.items()}
        self.waiting = {n: Waiting() for n in self.topics}
        self.ends: dict[tuple[str, int], int] | None = None
        self.consumer.assign(
            [TopicPartition(n, k, o) for n, offsets in self.next.items() for k, o in enumerate(offsets)]
        )

    def poll(self, timeout: float) -> int:
        """Read once; return how many records came."""
        messages = take(self.consumer, POLL_MAX, timeout)
        groups: dict[tuple[str, int], list[Any]] = {}
        for m in messages:
            groups.setdefault((m.topic(), m.partition()), []).append(m)
        for (name, partition), run in groups.items():
            self.waiting[name].add(partition, [m.value() for m in run], [m.offset() for m in run])
            self.next[name][partition] = run[-1].offset() + 1
        return len(messages)

    def due(self, force: bool = False) -> list[Block]:
        """Take the blocks that are large or old enough, or all of them."""
        now = time.monotonic()
        blocks = []
        for name, waiting in self.waiting.items():
            if waiting.is_due(now) or (force and waiting.rows):
                blocks.append(Block(self.topics[name], waiting))
                self.waiting[name] = Waiting()
        return blocks

    @property
    def is_complete(self) -> bool:
        """Whether every shard has ended and everything written before that is read."""
        if len(self.writer.final_shards) < PARTITION_COUNT:
            return False
        if self.ends is None:
            marks = watermarks(self.bootstrap, list(self.topics))
            self.ends = {(n, k): high for n, of in marks.items() for k, (_, high) in enumerate(of)}
        return all(self.next[n][k] >= end for (n, k), end in self.ends.items())

    def close(self) -> None:
        self.consumer.close()
