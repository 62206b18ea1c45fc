"""Records to bytes and back: the Confluent wire format over Avro, whole batches at a time.

Owns `encode` and `decode`, and the promise that one bad record never touches its neighbours: it
comes back as `Bad` with a reason, the rest decoded. Refuses bodies above MAX_BODY_BYTES, encodings
that are not canonical, enum codes out of their vocabulary and numbers that are not finite.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyruhvro

from schemas.bulk import decode_bulk
from schemas.columns import Batch, Column, Index, concat, empty, field_type, is_text, take
from schemas.framing import HEADER_BYTES, MAX_BODY_BYTES, Bad, Group, header, split
from schemas.plans import Plan, plan_for
from schemas.records import avro_schema, twin_schema_json
from schemas.reference import Refusal, decode_one, to_columns
from schemas.topics import Topic
from schemas.writers import BUILT_IN, SchemaIds, Writer

__all__ = [
    "BUILT_IN",
    "HEADER_BYTES",
    "MAX_BODY_BYTES",
    "Bad",
    "Decoded",
    "SchemaIds",
    "Writer",
    "avro_schema",
    "decode",
    "encode",
    "header",
    "twin_schema_json",
]

ROWS_MAX: Final = 1_000_000  # in one call; a poll is a few thousand


@dataclass(frozen=True, slots=True)
class Decoded:
    """The good records; `rows[i]` is the index in the input of row i, increasing.

    Number columns may be read-only views of Arrow memory. `bad` is in order of the input.
    """

    batch: Batch
    rows: Index
    bad: tuple[Bad, ...]


@dataclass(slots=True)
class _Found:
    """What has been decoded so far, piece by piece."""

    parts: list[tuple[Index, Batch]] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)

    def add(self, plan: Plan, rows: Index, columns: dict[str, Column]) -> None:
        if len(rows):
            self.parts.append((rows, Batch(plan.topic, plan.finish(columns, len(rows)))))


def encode(batch: Batch, schema_id: int | None = None) -> list[bytes]:
    """Return one framed record a row. The batch must hold every field of its topic."""
    topic = batch.topic
    if len(batch) == 0:
        return []
    twin, arrow = _encoder(topic)
    arrays = [_to_arrow(batch, position) for position in range(len(topic.fields))]
    table = pa.RecordBatch.from_arrays(arrays, schema=arrow)
    bodies = pyruhvro.serialize_record_batch(table, twin, 1)
    frame = pa.scalar(header(topic.schema_id if schema_id is None else schema_id), pa.binary())
    separator = pa.scalar(b"", pa.binary())
    framed: list[bytes] = pc.binary_join_element_wise(frame, bodies[0], separator).to_pylist()
    assert len(framed) == len(batch), f"{topic.name}: {len(framed)} records of {len(batch)} rows"
    return framed


@lru_cache(maxsize=64)
def _encoder(topic: Topic) -> tuple[str, pa.Schema]:
    fields = []
    for f in topic.fields:
        kind = field_type(f)
        fields.append(pa.field(f.name, pa.from_numpy_dtype(kind) if kind else pa.string(), False))
    return twin_schema_json(topic), pa.schema(fields)


def _to_arrow(batch: Batch, position: int) -> pa.Array:
    f = batch.topic.fields[position]
    where = f"{batch.topic.name}.{f.name}"
    assert f.name in batch.columns, f"{where} is missing"
    column, kind = batch[f.name], field_type(f)
    if kind is None:
        assert is_text(column) and column.null_count == 0, f"{where}: not a text without nulls"
        return column
    assert column.dtype == kind, f"{where}: {column.dtype} is not {np.dtype(kind)}"
    if f.is_enum:
        assert column.min() >= 0, f"{where}: a code below 0"
        assert column.max() < len(f.symbols), f"{where}: a code outside {f.logical}"
    if kind is np.float64:
        assert np.isfinite(column).all(), f"{where}: not finite"
    return pa.array(column)


def decode(topic: Topic, values: Sequence[bytes], ids: SchemaIds = BUILT_IN) -> Decoded:
    """Decode framed records of one topic, at most ROWS_MAX; bad ones come back in `bad`."""
    assert len(values) <= ROWS_MAX, f"{len(values)} records in one call, at most {ROWS_MAX}"
    groups, bad = split(values)
    found = _Found(bad=bad)
    for group in groups:
        plan = _plan(topic, group.schema_id, ids)
        if isinstance(plan, Refusal):
            found.bad += [Bad(int(r), plan.reason, plan.detail) for r in group.rows]
        else:
            _decode_group(plan, group, found)
    return _merge(topic, found)


def _plan(topic: Topic, schema_id: int, ids: SchemaIds) -> Plan | Refusal:
    writer = ids.get(schema_id)
    if writer is None:
        return Refusal("unknown_schema", f"schema id {schema_id} is not known")
    plan = plan_for(topic, writer)
    if plan.refusal:
        return Refusal("unknown_schema", f"schema id {schema_id}: {plan.refusal}")
    return plan


def _decode_group(plan: Plan, group: Group, found: _Found) -> None:
    pieces, alone = decode_bulk(plan, group.bodies, group.lengths)
    for piece in pieces:
        rows, columns = group.rows[piece.start : piece.stop], piece.columns
        if piece.doubtful is not None:
            alone += (piece.start + np.flatnonzero(piece.doubtful)).tolist()
            good = np.flatnonzero(~piece.doubtful)
            rows, columns = rows[good], {n: take(c, good) for n, c in columns.items()}
        found.add(plan, rows, columns)
    _decode_alone(plan, group, sorted(alone), found)


def _decode_alone(plan: Plan, group: Group, positions: list[int], found: _Found) -> None:
    good, records = [], []
    for position in positions:
        record = decode_one(plan, group.bodies[position])
        if isinstance(record, Refusal):
            row = int(group.rows[position])
            found.bad.append(Bad(row, record.reason, record.detail))
        else:
            good.append(position)
            records.append(record)
    if records:
        found.add(plan, group.rows[good], to_columns(plan, records))


def _merge(topic: Topic, found: _Found) -> Decoded:
    bad = tuple(sorted(found.bad, key=lambda b: b.index))
    if not found.parts:
        return Decoded(empty(topic), np.empty(0, np.int64), bad)
    if len(found.parts) == 1:
        rows, batch = found.parts[0]
        return Decoded(batch, rows, bad)
    rows = np.concatenate([r for r, _ in found.parts])
    order = np.argsort(rows)
    return Decoded(concat([b for _, b in found.parts]).take(order), rows[order], bad)
