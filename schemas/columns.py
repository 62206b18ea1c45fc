"""A batch: the named, equally long columns of one topic.

Owns the shape that travels between codec, merge, kernels and tables: numbers are numpy arrays, enum
columns hold int32 codes (the index in their vocabulary), text columns are Arrow string arrays.
Refuses a column that the topic does not have, and columns of unequal length.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.fields import LOGICAL, Field
from schemas.topics import Topic

Column: TypeAlias = Any  # npt.NDArray[...] for numbers and codes, pa.StringArray for text
Index: TypeAlias = npt.NDArray[np.int64]

NUMPY: Final = {"long": np.int64, "int": np.int32, "boolean": np.bool_, "double": np.float64}


def is_text(column: Column) -> bool:
    """Tell whether a column is an Arrow string array and not numbers."""
    return isinstance(column, pa.Array)


def integers(column: pa.Array) -> Any:
    """Return an Arrow array of integers without nulls as numpy, without a copy.

    Arrow's own conversion loads pandas at its first call, a third of a second in every process.
    """
    assert column.null_count == 0 and pa.types.is_integer(column.type), column.type
    kind = np.dtype(f"i{column.type.bit_width // 8}")
    return np.frombuffer(column.buffers()[1], kind, len(column), column.offset * kind.itemsize)


@dataclass(frozen=True, slots=True)
class Batch:
    """Columns of one topic, all of the same length."""

    topic: Topic
    columns: Mapping[str, Column]

    def __post_init__(self) -> None:
        lengths = {len(c) for c in self.columns.values()}
        assert len(lengths) <= 1, f"{self.topic.name}: columns of lengths {lengths}"

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def take(self, index: Index) -> "Batch":
        """Return the rows at `index`, in that order."""
        return Batch(self.topic, {n: take(c, index) for n, c in self.columns.items()})

    def slice(self, start: int, stop: int) -> "Batch":
        """Return rows start..stop without copying."""
        return Batch(self.topic, {n: _slice(c, start, stop) for n, c in self.columns.items()})


def take(column: Column, index: Index) -> Column:
    """Return the values of one column at `index`."""
    return column.take(pa.array(index)) if is_text(column) else column[index]


def _slice(column: Column, start: int, stop: int) -> Column:
    return column.slice(start, stop - start) if is_text(column) else column[start:stop]


def concat(batches: Sequence[Batch]) -> Batch:
    """Join batches of one topic in order; at least one is needed."""
    assert batches, "nothing to join"
    if len(batches) == 1:
        return batches[0]
    names = batches[0].columns
    return Batch(batches[0].topic, {n: _join([b[n] for b in batches]) for n in names})


def _join(parts: Sequence[Column]) -> Column:
    return pa.concat_arrays(parts) if is_text(parts[0]) else np.concatenate(parts)


@lru_cache(maxsize=64)
def empty(topic: Topic) -> Batch:
    """Return a batch of no rows with every column of the topic."""
    return Batch(topic, {f.name: _empty(topic, f.name) for f in topic.fields})


def _empty(topic: Topic, name: str) -> Column:
    kind = numpy_type(topic, name)
    return pa.array([], pa.string()) if kind is None else np.empty(0, kind)


def numpy_type(topic: Topic, name: str) -> type[np.generic] | None:
    """Return the numpy type of a column, or None where it is text."""
    return field_type(topic.field(name))


def field_type(field: Field) -> type[np.generic] | None:
    """Return the numpy type a field is kept in, or None where it is text."""
    return np.int32 if field.is_enum else NUMPY.get(LOGICAL[field.logical].avro)


def constant(field: Field, length: int) -> Column:
    """Return a column of the field's default, or of its absent value where it has no default."""
    value = field.default if field.default is not None else field.absent
    assert value is not None, f"{field.name} has neither default nor absent value"
    kind = field_type(field)
    if kind is None:
        return pa.repeat(pa.scalar(str(value), pa.string()), length)
    return np.full(length, field.symbols.index(str(value)) if field.is_enum else value, kind)


def complete(batch: Batch) -> Batch:
    """Return a batch with every column of its topic; missing ones hold their default or absent value."""
    missing = [f for f in batch.topic.fields if f.name not in batch.columns]
    if not missing:
        return batch
    given = {**batch.columns, **{f.name: constant(f, len(batch)) for f in missing}}
    return Batch(batch.topic, {f.name: given[f.name] for f in batch.topic.fields})


def from_rows(topic: Topic, rows: Sequence[Mapping[str, Any]]) -> Batch:
    """Return a batch of records given as mappings: enums by symbol, times and prices as stored.

    A missing field takes its default or absent value; anything else missing, unknown, out of its
    type or of the wrong kind is our bug and fails.
    """
    known = set(topic.field_names)
    for row in rows:
        assert known.issuperset(row), f"{topic.name}: no fields {sorted(set(row) - known)}"
    return Batch(topic, {f.name: _from_values(topic, f, rows) for f in topic.fields})


def _from_values(topic: Topic, field: Field, rows: Sequence[Mapping[str, Any]]) -> Column:
    other = field.default if field.default is not None else field.absent
    values = [row.get(field.name, other) for row in rows]
    where = f"{topic.name}.{field.name}"
    assert all(v is not None for v in values), f"{where} is missing and has no default"
    kind = field_type(field)
    if kind is None:
        return pa.array(values, pa.string())
    if field.is_enum:
        return np.array([field.symbols.index(v) for v in values], np.int32)
    found = np.array(values) if values else np.empty(0, kind)
    assert found.dtype.kind in _ALLOWED_KINDS[kind], f"{where}: {found.dtype} for {np.dtype(kind)}"
    return np.array(values, kind)


_ALLOWED_KINDS: Final[dict[type[np.generic], str]] = {
    np.int64: "i",
    np.int32: "i",
    np.bool_: "b",
    np.float64: "fi",
}


def to_rows(batch: Batch) -> list[dict[str, Any]]:
    """Return the records as mappings of Python values, enums by symbol; inverse of from_rows."""
    names = list(batch.columns)
    columns = [_to_values(batch.topic.field(n), batch[n]) for n in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _to_values(field: Field, column: Column) -> list[Any]:
    values: list[Any] = column.to_pylist() if is_text(column) else column.tolist()
    return [field.symbols[v] for v in values] if field.is_enum else values


def to_json_columns(batch: Batch, names: Sequence[str] | None = None) -> dict[str, list[Any]]:
    """Return columns as JSON values: USD and shares as numbers, times as decimal ns strings.

    Absent values become None; enums become their names.
    """
    wanted = list(batch.columns) if names is None else list(names)
    return {n: _to_json(batch.topic.field(n), batch[n]) for n in wanted}


def _to_json(field: Field, column: Column) -> list[Any]:
    if is_text(column) or field.is_enum:
        return _to_values(field, column)
    logical = LOGICAL[field.logical]
    values: list[Any] = (column / 10**logical.scale if logical.scale else column).tolist()
    if field.logical == "time":
        values = [str(v) for v in values]
    if field.absent is None:
        return values
    nothing = column == field.absent
    return [None if n else v for v, n in zip(values, nothing.tolist(), strict=True)]


def to_json_rows(batch: Batch, names: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Return the records in their JSON form, one mapping a row."""
    columns = to_json_columns(batch, names)
    return [dict(zip(columns, v, strict=True)) for v in zip(*columns.values(), strict=True)]
