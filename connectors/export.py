"""Topics and tables as Parquet and CSV files with their schema inside, in bounded memory.

Owns what a file holds: the types of `schemas.sql` (prices and money as decimals in USD, times as UTC
timestamps with nanoseconds, nothing as null), the Avro schema and the units beside them, and that a file
appears whole or not at all. Rows stand in the order of the log: partition by partition, then sequence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from connectors.errors import ServiceError, UserError
from connectors.formats import SIDECAR
from connectors.recorded_rows import is_any
from connectors.registry import BUILT_IN_CODEC, Codec
from connectors.scan import messages
from schemas.arrow import to_clickhouse
from schemas.columns import Batch, concat, empty
from schemas.kinds import KIND
from schemas.records import avro_schema
from schemas.sql import shown_unit
from schemas.topics import TOPIC, TOPICS, Topic, physical_name

FORMS: Final = ("parquet", "csv")
GROUP_ROWS: Final = 65_536
TOPIC_KEY: Final = b"islandflow.topic"
SCHEMA_KEY: Final = b"islandflow.schema"
UNITS_KEY: Final = b"islandflow.units"
_DATA: Final = KIND.index("data")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows are wanted: times of the topic's time field in ns, the end excluded; underlyings."""

    start_ts: int | None = None
    end_ts: int | None = None
    symbols: tuple[str, ...] | None = None

    def rows(self, batch: Batch) -> Batch:
        """Return the wanted rows of a batch; of raw topics the data records, of `reference` all."""
        times = batch[batch.topic.time_field]
        mask = np.ones(len(batch), np.bool_)
        if batch.topic.is_raw and batch.topic.name != "reference":
            mask &= batch["kind"] == _DATA
        if self.start_ts is not None:
            mask &= times >= self.start_ts
        if self.end_ts is not None:
            mask &= times < self.end_ts
        if self.symbols is not None:
            mask &= is_any(batch["underlying"], self.symbols)
        return batch if bool(mask.all()) else batch.take(np.flatnonzero(mask))


def topic_batches(
    bootstrap: str, namespace: str, topic: Topic, wanted: Filter, codec: Codec = BUILT_IN_CODEC
) -> Iterator[tuple[int, Batch]]:
    """Yield (records passed, wanted rows) of a topic, each sequence number of a partition once."""
    partition, last = -1, -1
    for got in messages(bootstrap, physical_name(namespace, topic.name)):
        if got[0].partition() != partition:
            partition, last = got[0].partition(), -1
        batch = codec.decode(topic, [m.value() for m in got]).batch
        before = np.maximum.accumulate(np.concatenate([[last], batch["seq"]]))
        fresh = np.flatnonzero(batch["seq"] > before[:-1])
        last = int(before[-1])
        yield len(got), wanted.rows(batch if len(fresh) == len(batch) else batch.take(fresh))


def grouped(batches: Iterator[Batch], topic: Topic) -> Iterator[pa.Table]:
    """Yield tables of some ten thousand rows in the types of the files."""
    waiting: list[Batch] = []
    for batch in batches:
        if len(batch):
            waiting.append(batch)
        if sum(map(len, waiting)) >= GROUP_ROWS:
            yield table_of(concat(waiting))
            waiting = []
    yield table_of(concat(waiting) if waiting else empty(topic))


def table_of(batch: Batch) -> pa.Table:
    """Return a batch as a table with the schema inside; enums become their names."""
    found = to_clickhouse(batch)
    columns = [c.cast(pa.string()) if pa.types.is_dictionary(c.type) else c for c in found.columns]
    fields = [
        pa.field(f.name, c.type, f.absent is not None, {"unit": shown_unit(f), "doc": f.doc})
        for f, c in zip(batch.topic.fields, columns, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields, metadata_of(batch.topic)))


def metadata_of(topic: Topic) -> dict[bytes, bytes]:
    """Return what stands in every file of a topic or of its table."""
    units = {f.name: shown_unit(f) for f in topic.fields}
    return {
        TOPIC_KEY: topic.name.encode(),
        SCHEMA_KEY: json.dumps(avro_schema(topic), ensure_ascii=False).encode(),
        UNITS_KEY: json.dumps(units, ensure_ascii=False).encode(),
    }


def topic_named(name: str) -> tuple[Topic, bool]:
    """Return the topic of a topic's, table's or view's name, and whether it is read from the tables.

    Raises:
        UserError: there is none of that name.
    """
    if name in TOPIC:
        return TOPIC[name], False
    for topic in TOPICS:
        if name == topic.table or (name == f"{topic.table}_current" and "version" in topic.field_names):
            return topic, True
    raise UserError(
        f"there is no topic or table {name!r}; topics: {', '.join(TOPIC)}; tables: "
        + ", ".join(t.table for t in TOPICS)
    )


class Out(Protocol):
    """A file that is being written."""

    def write(self, table: pa.Table) -> None: ...
    def close(self) -> None: ...


class _Csv:
    """CSV with a header, and a file beside it that says what the columns are."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pc.CSVWriter(str(path), _csv_schema(schema))

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(table.cast(_csv_schema(table.schema)))

    def close(self) -> None:
        self._writer.close()


def _csv_schema(schema: pa.Schema) -> pa.Schema:
    """Times in CSV are ns since 1970: whole numbers that every tool reads without losing a digit."""
    return pa.schema([f.with_type(pa.int64()) if pa.types.is_timestamp(f.type) else f for f in schema])


class _Parquet:
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(table)

    def close(self) -> None:
        self._writer.close()


class Target:
    """A file that appears whole or not at all; a context manager.

    Raises:
        UserError: it is there already and `is_forced` was not given, or its folder is not.
    """

    def __init__(self, path: Path, form: str, is_forced: bool) -> None:
        self.path, self.form = path, form
        self.rows = 0
        self._part = path.with_name(f".{path.name}.part")
        self._out: Out | None = None
        self._schema: pa.Schema | None = None
        if form not in FORMS:
            raise UserError(f"--format {form!r}: {', '.join(FORMS)} are allowed")
        if not path.parent.is_dir():
            raise UserError(f"--out {path}: the folder {path.parent} does not exist")
        if path.exists() and not is_forced:
            raise UserError(f"--out {path}: exists already; --force replaces it")

    def __enter__(self) -> Target:
        return self

    def write(self, table: pa.Table) -> None:
        """Append some rows; the first table decides the columns."""
        if self._out is None:
            self._schema = table.schema
            self._out = _Parquet(self._part, table.schema) if self.form == "parquet" else None
            self._out = self._out or _Csv(self._part, table.schema)
        self._out.write(table)
        self.rows += table.num_rows

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._out is not None:
            self._out.close()
        if kind is not None or self._out is None:
            self._part.unlink(missing_ok=True)
            return
        if self.form == "csv":
            assert self._schema is not None
            _write_sidecar(self.path, self._schema)
        self._part.replace(self.path)


def _write_sidecar(path: Path, schema: pa.Schema) -> None:
    found = schema.metadata or {}
    columns = [
        {"name": f.name, "unit": _unit(f), "doc": (f.metadata or {}).get(b"doc", b"").decode()}
        for f in schema
    ]
    body = {
        "topic": found.get(TOPIC_KEY, b"").decode(),
        "columns": columns,
        "avro": json.loads(found.get(SCHEMA_KEY, b"{}")),
    }
    side = path.with_name(path.name + SIDECAR)
    part = side.with_name(f".{side.name}.part")
    part.write_text(json.dumps(body, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(side)


def _unit(field: pa.Field) -> str:
    if pa.types.is_timestamp(field.type):
        return "ns since 1970-01-01 UTC"
    return str((field.metadata or {}).get(b"unit", b"").decode())


def table_batches(client: Any, namespace: str, name: str, wanted: Filter) -> Iterator[pa.Table]:
    """Yield the rows of a table or view in the order of the log; `client` is one of clickhouse_connect.

    Raises:
        ServiceError: fewer rows came than were counted before.
    """
    topic, _ = topic_named(name)
    where, values = _conditions(topic, wanted)
    source = f"`{namespace}`.{name} WHERE {where}"
    counted = int(str(client.command(f"SELECT count() FROM {source}", parameters=values)))
    columns = [*topic.field_names, "_partition", "_offset"]
    settings = {"max_bytes_before_external_sort": 256 << 20, "max_threads": 2, "readonly": 2}
    stream = client.raw_stream(
        f"SELECT {', '.join(columns)} FROM {source} ORDER BY _partition, _offset",
        parameters=values,
        settings=settings,
        fmt="CSV",
    )
    schema = stored_schema(topic)
    came = 0
    try:
        for table in _read_csv(stream, schema):
            came += table.num_rows
            yield table
    except (pa.ArrowException, OSError) as error:
        raise ServiceError(f"the store broke off while {name} was read ({str(error)[:200]})") from None
    finally:
        stream.close()
    if came < counted:
        raise ServiceError(f"the store gave {came:,} rows of {name} where it had counted {counted:,}")


def stored_schema(topic: Topic) -> pa.Schema:
    """Return the columns of a file with the rows of a topic's table."""
    position = [pa.field("_partition", pa.int32(), False), pa.field("_offset", pa.int64(), False)]
    return pa.schema([*table_of(empty(topic)).schema, *position], metadata_of(topic))


def _conditions(topic: Topic, wanted: Filter) -> tuple[str, dict[str, Any]]:
    parts: list[str] = ["1"]
    values: dict[str, Any] = {}
    for sign, name, ts in ((">=", "start", wanted.start_ts), ("<", "end", wanted.end_ts)):
        if ts is not None:
            parts.append(f"toUnixTimestamp64Nano({topic.time_field}) {sign} {{{name}:Int64}}")
            values[name] = ts
    if wanted.symbols is not None:
        parts.append("underlying IN {symbols:Array(String)}")
        values["symbols"] = list(wanted.symbols)
    if topic.is_raw and topic.name != "reference":
        parts.append("kind = 'data'")
    return " AND ".join(parts), values


def _read_csv(stream: Any, schema: pa.Schema) -> Iterator[pa.Table]:
    """Read the store's CSV; booleans stand as words, times without a zone, nothing as \\N."""
    plain = {f.name: pa.timestamp("ns") if pa.types.is_timestamp(f.type) else f.type for f in schema}
    try:
        reader = pc.open_csv(
            stream,
            read_options=pc.ReadOptions(column_names=schema.names, block_size=8 << 20),
            parse_options=pc.ParseOptions(newlines_in_values=True),
            convert_options=pc.ConvertOptions(
                column_types=plain,
                null_values=["\\N"],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV" not in str(error):
            raise
        yield schema.empty_table()
        return
    for batch in reader:
        yield pa.Table.from_batches([batch]).cast(schema)


def chosen_path(out: Path, name: str, form: str | None) -> tuple[Path, str]:
    """Return the file to write and its format, which its ending tells where none is named."""
    ending = out.suffix.lower().removeprefix(".")
    if out.is_dir():
        form = form or FORMS[0]
        return out / f"{name}.{form}", form
    if form is None and ending not in FORMS:
        raise UserError(f"--out {out}: ends neither in .parquet nor in .csv; name one of them with --format")
    return out, form or ending
