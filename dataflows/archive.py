"""The archive flow: every topic to its own ClickHouse table, each row once.

Owns the wiring of reader and writer. The tables state the position, so this flow keeps no recovery store.
"""

import argparse
import sys
from datetime import UTC, datetime, timedelta

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.run import cli_main

from connectors.archive import Block, Reader, Tables, Writer
from connectors.cost import Cost
from connectors.partitions import Stop
from connectors.process import broker_address, clickhouse_address, exit_code, record_codec
from connectors.topics_admin import ensure_topics

IDLE = timedelta(milliseconds=50)


class ReaderPartition(StatefulSourcePartition[Block, None]):
    """The log as one source; it ends when every shard has, or at SIGTERM."""

    def __init__(self, reader: Reader, stop: Stop) -> None:
        self.reader, self.stop, self.is_last, self.is_idle = reader, stop, False, False

    def next_batch(self) -> list[Block]:
        if self.is_last:
            raise StopIteration
        self.is_last = self.stop.is_set or self.reader.is_complete
        self.is_idle = not self.reader.poll(0) and not self.is_last
        return self.reader.due(force=self.is_last)

    def next_awake(self) -> datetime | None:
        return datetime.now(UTC) + IDLE if self.is_idle else None

    def snapshot(self) -> None:
        return None

    def close(self) -> None:
        self.reader.close()


class LogSource(FixedPartitionedSource[Block, None]):
    """One reader of the whole log."""

    def __init__(self, bootstrap: str, namespace: str, writer: Writer, stop: Stop) -> None:
        self.bootstrap, self.namespace, self.writer, self.stop = bootstrap, namespace, writer, stop

    def list_parts(self) -> list[str]:
        return ["log"]

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> ReaderPartition:
        return ReaderPartition(Reader(self.bootstrap, self.namespace, self.writer), self.stop)


class TablePartition(StatelessSinkPartition[Block]):
    """Inserts blocks in the order they come."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    def write_batch(self, items: list[Block]) -> None:
        for block in items:
            self.writer.write(block)


class TableSink(DynamicSink[Block]):
    """The tables of the namespace."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    def build(self, step_id: str, worker_index: int, worker_count: int) -> TablePartition:
        return TablePartition(self.writer)


def flow(bootstrap: str, namespace: str, writer: Writer, stop: Stop) -> Dataflow:
    """Wire the archive of one namespace."""
    archive = Dataflow("archive")
    blocks = op.input("log", archive, LogSource(bootstrap, namespace, writer, stop))
    op.output("tables", blocks, TableSink(writer))
    return archive


def main(argv: list[str] | None = None) -> int:
    """Run the archive of one namespace until its shards have ended or SIGTERM comes."""
    parser = argparse.ArgumentParser(prog="python -m dataflows.archive", description=__doc__)
    parser.add_argument("--namespace", required=True)
    args = parser.parse_args(argv)
    stop = Stop()
    stop.install()
    ensure_topics(broker_address(), args.namespace)
    cost = Cost()
    writer = Writer(Tables(clickhouse_address(), args.namespace), record_codec())
    cli_main(flow(broker_address(), args.namespace, writer, stop))
    print(cost.line())
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
