"""The bulk decoder: many bodies at once by pyruhvro, with what it lets pass checked afterwards.

Owns the proof that a bulk result is the reference result: every value in range and every body
exactly as long as the canonical encoding of its values. Rows it cannot vouch for are marked, and
a batch that cannot be decoded whole is cut in halves until the bad rows stand alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyruhvro import deserialize_array

from schemas.columns import Column, is_text
from schemas.plans import Plan

Mask = npt.NDArray[np.bool_]
Lengths = npt.NDArray[np.int64]

DOUBLE_BYTES: Final = 8
VARINT_BITS: Final = 7
LONG_BYTES_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive bodies start..stop decoded; `doubtful` marks those the reference must judge."""

    start: int
    stop: int
    columns: dict[str, Column]
    doubtful: Mask | None


def decode_bulk(plan: Plan, bodies: list[bytes], lengths: Lengths) -> tuple[list[Piece], list[int]]:
    """Return the decoded pieces in order, and the positions of bodies left to the reference.

    Cuts at most twice the number of undecodable bodies times log2 of the batch.
    """
    pieces: list[Piece] = []
    alone: list[int] = []
    todo = [(0, len(bodies))]
    while todo:
        start, stop = todo.pop()
        columns = _columns(plan, bodies[start:stop])
        if columns is not None:
            doubtful = _doubtful(plan, columns, lengths[start:stop])
            pieces.append(Piece(start, stop, columns, doubtful))
        elif stop - start == 1:
            alone.append(start)
        else:
            middle = (start + stop) // 2
            todo += [(middle, stop), (start, middle)]
    return pieces, alone


def _columns(plan: Plan, bodies: list[bytes]) -> dict[str, Column] | None:
    batch = _deserialize(bodies, plan.writer.twin_json)
    if batch is None or batch.num_rows != len(bodies):
        return None
    names = [f.name for f in plan.writer.fields]
    return {n: _to_column(c) for n, c in zip(names, batch.columns, strict=True)}


def _deserialize(bodies: list[bytes], twin_json: str) -> Any:
    try:
        return deserialize_array(bodies, twin_json)
    except Exception:  # which body is at fault is found by cutting
        return None
    except BaseException as error:
        # A Rust panic is no Exception; anything else of that rank is meant for the process.
        if type(error).__name__ != "PanicException":
            raise
        return None


def _to_column(column: Any) -> Column:
    """Return a column without nulls as numpy; Arrow's own way would load pandas for it."""
    if pa.types.is_string(column.type):
        return column
    start, count, data = column.offset, len(column), column.buffers()[1]
    if pa.types.is_boolean(column.type):
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
        return bits[start : start + count].view(np.bool_)
    kind = np.dtype(np.float64 if pa.types.is_floating(column.type) else np.int64)
    return np.frombuffer(data, kind, count, start * kind.itemsize)


def _doubtful(plan: Plan, columns: dict[str, Column], lengths: Lengths) -> Mask | None:
    expected, huge = encoded_lengths(columns.values())
    differs = lengths != expected
    masks = [differs] if differs.any() else []
    if huge is not None:
        masks.append(np.broadcast_to(huge, differs.shape))
    for step in plan.steps:
        column = columns[step.name]
        allowed = _are_utf8(column) if is_text(column) else step.allowed(column)
        if allowed is not None and not allowed.all():
            masks.append(~allowed)
    return np.logical_or.reduce(masks) if masks else None


def _are_utf8(column: pa.StringArray) -> Mask | None:
    """Return which texts are UTF-8, which the bulk decoder does not ask; None says all are."""
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return np.array([_is_utf8(text) for text in column.view(pa.binary()).to_pylist()])
    return None


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def encoded_lengths(columns: Iterable[Column]) -> tuple[Any, Any]:
    """Return the bytes each row takes in canonical Avro, and which rows have a ten-byte varint.

    Either is one value where it is the same for all rows; the second is None where no row has one.
    The tenth byte of a varint has bits beyond 64 that a decoder may drop, so those are doubtful.
    """
    total: Any = 0
    huge: Any = None
    for column in columns:
        if isinstance(column, pa.Array):
            total = total + _text_lengths(column)
        elif column.dtype == np.float64:
            total = total + DOUBLE_BYTES
        elif column.dtype == np.bool_:
            total = total + 1
        else:
            size, longest = _varint_lengths(_zigzag(column))
            total = total + size
            if longest == LONG_BYTES_MAX:
                ten = size == LONG_BYTES_MAX
                huge = ten if huge is None else huge | ten
    return total, huge


def _zigzag(column: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    return ((column << 1) ^ (column >> 63)).view(np.uint64)


def _varint_lengths(values: npt.NDArray[np.uint64]) -> tuple[Any, int]:
    """Return the varint length of each value (one number where all are equal) and the greatest."""
    shortest, longest = _varint_length(int(values.min())), _varint_length(int(values.max()))
    size: Any = shortest
    for count in range(shortest, longest):
        size = size + (values >= np.uint64(1 << (VARINT_BITS * count)))
    return size, longest


def _varint_length(value: int) -> int:
    return max(1, -(-value.bit_length() // VARINT_BITS))


def _text_lengths(column: pa.StringArray) -> Any:
    offsets = np.frombuffer(column.buffers()[1], np.int32, len(column) + 1, column.offset * 4)
    sizes = np.diff(offsets).astype(np.int64)
    return sizes + _varint_lengths((sizes << 1).view(np.uint64))[0]
