"""How fast Arrow blocks reach the store: its HTTP against the same engine in this process.

`python -m benchmarks.bench_store [--rows 50000] [--blocks 20]`. Prints rows per second of both
and their ratio. Each way writes into a fresh folder with its own engine.
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import chdb
import clickhouse_connect
import numpy as np
import pyarrow as pa

from cli.stack import column
from cli.stack.process import Spawner
from connectors.settings import load_settings

NAMES = [f"c{number}" for number in range(12)]
CREATE = (
    "CREATE TABLE bench (c0 Int64, c1 Int64, c2 Int64, c3 Int64, c4 Decimal(18,9), "
    "c5 Decimal(18,6), c6 DateTime64(9,'UTC'), c7 UInt32, c8 UInt8, c9 Float64, "
    "c10 LowCardinality(String), c11 String) ENGINE = MergeTree ORDER BY (c10, c6)"
)


def block(rows: int, seed: int) -> pa.Table:
    """Seeded columns like those of the archive: keys, prices, times, names."""
    rng = np.random.default_rng(seed)
    ints = [pa.array(rng.integers(0, 1 << 40, rows)) for _ in range(4)]
    cents = pa.array(rng.integers(1, 100_000, rows)).cast(pa.decimal128(19, 0))
    times = pa.array(np.sort(rng.integers(0, 10**13, rows)) + 1_381_104_000 * 10**9)
    symbols = pa.array([f"S{number}" for number in rng.integers(0, 50, rows)])
    columns = [
        *ints,
        cents.cast(pa.decimal128(28, 9)).cast(pa.decimal128(18, 9)),
        cents.cast(pa.decimal128(25, 6)).cast(pa.decimal128(18, 6)),
        times.cast(pa.timestamp("ns", "UTC")),
        pa.array(rng.integers(0, 1000, rows), pa.uint32()),
        pa.array(rng.integers(0, 5, rows), pa.uint8()),
        pa.array(rng.random(rows)),
        symbols,
        symbols,
    ]
    return pa.table(dict(zip(NAMES, columns, strict=True)))


def timed(insert: Callable[[pa.Table], None], blocks: list[pa.Table]) -> float:
    """Rows per second over all blocks, after one that warms up."""
    insert(blocks[0])
    started = time.perf_counter()
    for table in blocks:
        insert(table)
    rows = sum(int(table.num_rows) for table in blocks)
    return rows / (time.perf_counter() - started)


def in_process(blocks: list[pa.Table], folder: Path) -> float:
    """The engine in this process, Arrow bytes pushed into an INSERT."""
    connection = chdb.connect(str(folder / "own"))
    connection.query(CREATE)

    def insert(table: pa.Table) -> None:
        sink = io.BytesIO()
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        with connection.send_insert("INSERT INTO bench", "Arrow") as stream:
            stream.append(sink.getvalue())
            stream.finish()

    rate = timed(insert, blocks)
    connection.close()
    return rate


def over_http(blocks: list[pa.Table], folder: Path, compress: bool | str) -> float:
    """The store process through clickhouse-connect."""
    plan = column.plan(load_settings(folder / f"http-{compress}"), port=0)
    spawner = Spawner()
    child = spawner.start(plan.spec())
    try:
        plan.await_ready(child)
        client = clickhouse_connect.get_client(dsn=plan.address, compress=compress)
        client.command(CREATE)
        rate = timed(lambda table: _insert(client, table), blocks)
        client.close()
    finally:
        child.stop(column.STOP_WAIT_S)
        spawner.close()
    return rate


def _insert(client: clickhouse_connect.driver.client.Client, table: pa.Table) -> None:
    client.insert_arrow("bench", table)


def main() -> None:
    """Run all ways once and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--blocks", type=int, default=20)
    args = parser.parse_args()
    blocks = [block(args.rows, seed) for seed in range(args.blocks)]
    with tempfile.TemporaryDirectory(prefix="islandflow-") as scratch:
        folder = Path(scratch)
        plain = over_http(blocks, folder, False)
        lz4 = over_http(blocks, folder, "lz4")
        own = in_process(blocks, folder)
    found = {
        "rows_per_block": args.rows,
        "blocks": args.blocks,
        "in_process_rows_per_s": round(own),
        "http_rows_per_s": round(plain),
        "http_lz4_rows_per_s": round(lz4),
        "http_over_in_process": round(plain / own, 2),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
