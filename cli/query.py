"""Looking at what was stored: SQL, topics, the tail of a topic, the list of runs.

Owns the reading commands. Refuses to change anything: `sql` runs with a client that may only read.
"""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import clickhouse_connect
import orjson
from clickhouse_connect.driver.exceptions import DatabaseError
from confluent_kafka import Consumer, TopicPartition
from rich.table import Table

from cli import runs
from cli.console import out
from connectors.errors import UserError
from connectors.kafka import reader, take
from connectors.registry import BUILT_IN_CODEC, Codec
from connectors.scan import log_sizes, watermarks
from schemas.columns import to_json_rows
from schemas.topics import PARTITION_COUNT, TOPIC, TOPICS, physical_name

RowsOf = Callable[[list[Any]], list[dict[str, Any]]]
FORMATS: Final = {
    "pretty": "PrettyCompactMonoBlock",
    "json": "JSON",
    "csv": "CSVWithNames",
    "parquet": "Parquet",
}


def sql(url: str, database: str, query: str, form: str) -> None:
    """Run one reading query and write its answer to stdout in the format asked for."""
    if form not in FORMATS:
        raise UserError(f"--format {form!r} is not known; allowed: {', '.join(FORMATS)}")
    client = clickhouse_connect.get_client(dsn=url, autogenerate_session_id=False)
    try:
        body = client.raw_query(
            query.rstrip().rstrip(";"),
            fmt=FORMATS[form],
            settings={"readonly": 2, "database": database, "max_execution_time": 600},
        )
    except DatabaseError as error:
        raise UserError(f"the query was refused: {_first_line(str(error))}") from None
    finally:
        client.close()
    if form == "parquet" and sys.stdout.isatty():
        raise UserError("--format parquet writes bytes; send the output to a file with > file.parquet")
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0][:400] if text.strip() else "no reason given"


def topics(bootstrap: str, namespace: str) -> list[dict[str, Any]]:
    """Return every topic of a namespace with its records and what it is."""
    sizes = log_sizes(bootstrap, namespace, [t.name for t in TOPICS])
    return [{"topic": t.name, "records": sizes[t.name], "table": t.table, "doc": t.doc} for t in TOPICS]


def check_topic(topic: str) -> None:
    """Say which topics there are if this is none of them."""
    if topic not in TOPIC:
        raise UserError(f"there is no topic {topic!r}; known: {', '.join(TOPIC)}")


def tail(
    bootstrap: str,
    namespace: str,
    topic: str,
    count: int,
    follow: bool,
    codec: Codec = BUILT_IN_CODEC,
) -> Iterator[bytes]:
    """Yield the last `count` data records of a topic as JSON lines, then, with `follow`, what comes."""
    consumer, rows_of = reader(bootstrap), partial(_rows, codec, topic)
    name = physical_name(namespace, topic)
    try:
        marks = watermarks(bootstrap, [name])[name]
        share = max(count, 1)
        consumer.assign(
            [TopicPartition(name, k, max(low, high - share)) for k, (low, high) in enumerate(marks)]
        )
        rows = _read_up_to(
            consumer,
            rows_of,
            [high for _, high in marks],
            [max(lo, hi - share) for lo, hi in marks],
        )
        rows.sort(key=lambda row: int(row[TOPIC[topic].time_field]))
        yield from map(orjson.dumps, rows[-count:] if count else [])
        while follow:
            yield from map(orjson.dumps, rows_of(take(consumer, 500, 0.2)))
    finally:
        consumer.close()


def _read_up_to(
    consumer: Consumer, rows_of: RowsOf, ends: list[int], starts: list[int]
) -> list[dict[str, Any]]:
    waiting = {k for k in range(PARTITION_COUNT) if starts[k] < ends[k]}
    rows: list[dict[str, Any]] = []
    missing = sum(end - start for start, end in zip(starts, ends, strict=True))
    while waiting and missing > 0:
        got = take(consumer, min(1000, missing), 5.0)
        if not got:
            break
        missing -= len(got)
        rows += rows_of(got)
        waiting -= {m.partition() for m in got if m.offset() + 1 >= ends[m.partition()]}
    return rows


def _rows(codec: Codec, topic: str, got: list[Any]) -> list[dict[str, Any]]:
    values = [m.value() for m in got]
    rows: list[dict[str, Any]] = to_json_rows(codec.decode(TOPIC[topic], values).batch)
    return [r for r in rows if r.get("kind", "data") == "data" or topic == "reference"]


def sessions(data_dir: Path) -> list[dict[str, Any]]:
    """Return the runs of a data directory, the latest last."""
    return [
        {
            "namespace": r.namespace,
            "feed": r.feed,
            "state": r.state,
            "started": datetime.fromtimestamp(r.started_s, UTC).isoformat(timespec="seconds"),
            "events": r.summary.get("events"),
            "conserved": r.summary.get("conserved"),
        }
        for r in runs.all_runs(data_dir)
    ]


def show(rows: list[dict[str, Any]], as_json: bool) -> None:
    """Print rows as a table, or as JSON."""
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(rows, option=orjson.OPT_INDENT_2) + b"\n")
        return
    table = Table(*(rows[0] if rows else ["nothing stored yet"]))
    for row in rows:
        table.add_row(*(f"{v:,}" if type(v) is int else "" if v is None else str(v) for v in row.values()))
    out.print(table)
