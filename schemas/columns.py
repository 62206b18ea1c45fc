"""A batch: the named, equally long columns of one topic.

Owns the shape that travels between codec, merge, kernels and tables: numbers are numpy arrays, enum
columns hold int32 codes (the index in their vocabulary), text columns are Arrow string arrays.
Refuses a column that the topic does not have, and columns of unequal length.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
        return pa.array([str(value)] * length, pa.string())
    return np.full(length, field.symbols.index(str(value)) if field.is_enum else value, kind)
