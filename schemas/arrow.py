"""Batches as Arrow tables in the exact types of the ClickHouse columns.

Owns the conversion of our integers to decimals and timestamps without a Python loop, and of absent
values to nulls. Refuses to round: every stored integer is the decimal's own integer.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.columns import Batch, Column, field_type, is_text
from schemas.fields import LOGICAL, Field

DECIMAL_DIGITS: Final = 18
TIMESTAMP: Final = pa.timestamp("ns", "UTC")


def to_clickhouse(batch: Batch) -> pa.Table:
    """Return the batch as a table whose types are those of `schemas.sql`."""
    arrays, fields = [], []
    for field in batch.topic.fields:
        array = _to_array(field, batch[field.name])
        arrays.append(array)
        fields.append(pa.field(field.name, array.type, field.absent is not None))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _to_array(field: Field, column: Column) -> pa.Array:
    if is_text(column):
        # Plain text on purpose: tables of several batches would carry several dictionaries.
        return column
    if field.is_enum:
        codes = pa.array(column.astype(np.int8))
        return pa.DictionaryArray.from_arrays(codes, pa.array(field.symbols, pa.string()))
    scale = LOGICAL[field.logical].scale
    if scale:
        return _decimals(field, column, scale)
    if field.logical == "time":
        return _from_memory(field, column, (TIMESTAMP, np.ascontiguousarray(column)))
    return pa.array(column, mask=_nothing(field, column))


def _decimals(field: Field, column: Column, scale: int) -> pa.Array:
    assert field_type(field) is np.int64, f"{field.name} is no integer column"
    limbs = np.empty((len(column), 2), np.int64)
    limbs[:, 0] = column
    limbs[:, 1] = column >> 63  # the sign fills the upper limb
    return _from_memory(field, column, (pa.decimal128(DECIMAL_DIGITS, scale), limbs))


def _from_memory(field: Field, column: Column, made: tuple[Any, npt.NDArray[np.int64]]) -> pa.Array:
    kind, memory = made
    nothing = _nothing(field, column)
    validity = None
    if nothing is not None:
        validity = pa.py_buffer(np.packbits(~nothing, bitorder="little"))
    return pa.Array.from_buffers(kind, len(column), [validity, pa.py_buffer(memory)])


def _nothing(field: Field, column: Column) -> npt.NDArray[np.bool_] | None:
    if field.absent is None:
        return None
    found: npt.NDArray[np.bool_] = column == field.absent
    return found
