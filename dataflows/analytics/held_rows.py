"""Rows of flow.packets kept small: whole rows, by a number that counts them, in compressed blocks.

Owns the blocks. A block is a fixed run of row numbers; only the newest rows lie open. A row that outlives its
block gets another number. Refuses to change a row: a further version is a further row.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa

from dataflows.analytics.release import Longs
from schemas.columns import Batch, Column, concat, field_type, is_text
from schemas.topics import TOPIC

BLOCK: Final = 1024
SPARSE: Final = 256  # a closed block of which no more rows are wanted is given up, and those rows move
PACKETS: Final = TOPIC["flow.packets"]
_CODEC: Final = pa.Codec("zstd", compression_level=1)
_PROTOTYPE: Final = tuple((f.name, field_type(f)) for f in PACKETS.fields)
Block = tuple[int, int, bytes]  # rows, bytes when unpacked, packed


def pack(batch: Batch) -> Block:
    """Return the rows of a complete batch as one compressed text; a column of one value is written once."""
    parts = [_bytes_of(batch[name]) for name, _ in _PROTOTYPE]
    once = bytes(is_once for is_once, _ in parts)
    raw = once + b"".join(part for _, part in parts)
    return len(batch), len(raw), _CODEC.compress(raw, asbytes=True)


def unpack(block: Block) -> Batch:
    """Return the rows that `pack` wrote."""
    rows, size, packed = block
    raw = _CODEC.decompress(packed, decompressed_size=size, asbytes=True)
    columns: dict[str, Column] = {}
    at = len(_PROTOTYPE)
    for number, (name, kind) in enumerate(_PROTOTYPE):
        count = 1 if raw[number] else rows
        if kind is None:
            column, at = _text_at(raw, at, count)
            columns[name] = pa.repeat(column[0], rows) if raw[number] else column
        else:
            values = np.frombuffer(raw, kind, count, at)
            columns[name] = np.repeat(values, rows) if raw[number] else values
            at += count * np.dtype(kind).itemsize
    return Batch(PACKETS, columns)


def _bytes_of(column: Column) -> tuple[bool, bytes]:
    """Return whether a column holds one value alone, and that value or all."""
    if is_text(column):
        return _text_bytes(column)
    is_once = len(column) > 1 and bool((column[1:] == column[0]).all())
    return is_once, bytes((column[:1] if is_once else np.ascontiguousarray(column)).tobytes())


def _text_bytes(column: pa.StringArray) -> tuple[bool, bytes]:
    if not len(column):
        return False, b""
    _, offsets, data = column.buffers()
    bounds = np.frombuffer(offsets, np.int32, len(column) + 1, column.offset * 4)
    text = bytes(memoryview(data)[bounds[0] : bounds[-1]]) if bounds[-1] > bounds[0] else b""
    lengths = np.diff(bounds).astype(np.int32)
    first = text[: lengths[0]]
    is_once = len(column) > 1 and bool((lengths == lengths[0]).all()) and text == first * len(column)
    return is_once, bytes(lengths[:1].tobytes()) + first if is_once else bytes(lengths.tobytes()) + text


def _text_at(raw: bytes, at: int, rows: int) -> tuple[pa.StringArray, int]:
    lengths = np.frombuffer(raw, np.int32, rows, at)
    start = at + 4 * rows
    offsets = np.zeros(rows + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    stop = start + int(offsets[-1])
    buffers = [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(raw[start:stop])]
    return pa.Array.from_buffers(pa.string(), rows, buffers), stop


class RowLog:
    """Rows by number. Those of the last, open block are plain batches."""

    def __init__(self) -> None:
        self.rows = 0
        self._blocks: dict[int, Block] = {}
        self._open: list[Batch] = []

    def append(self, batch: Batch) -> int:
        """Add complete rows and return the number of the first."""
        first = self.rows
        if len(batch):
            self._open.append(Batch(PACKETS, {name: batch[name] for name, _ in _PROTOTYPE}))
            self.rows += len(batch)
            self._seal()
        return first

    def take(self, number: int) -> Batch:
        """Return one row; it must not have been dropped."""
        block, at = divmod(number, BLOCK)
        if block in self._blocks:
            return unpack(self._blocks[block]).take(np.array([at]))
        start = self.rows // BLOCK * BLOCK
        for batch in self._open if number >= start else ():
            if number < start + len(batch):
                return batch.take(np.array([number - start]))
            start += len(batch)
        raise AssertionError(f"row {number} of {self.rows} is not held")

    def retain(self, numbers: Longs) -> Longs:
        """Keep these rows and return their numbers from now on; the rest goes with its block."""
        block_of, found = numbers // BLOCK, numbers.copy()
        blocks, counts = np.unique(block_of, return_counts=True)
        for block in blocks[counts <= SPARSE].tolist():
            if block in self._blocks:
                at = np.flatnonzero(block_of == block)
                rows = unpack(self._blocks[block]).take(numbers[at] % BLOCK)
                found[at] = self.append(rows) + np.arange(len(at))
        wanted = set(np.unique(found // BLOCK).tolist())
        self._blocks = {number: block for number, block in self._blocks.items() if number in wanted}
        return found

    @property
    def packed_bytes(self) -> int:
        """Return the bytes of all closed blocks."""
        return sum(len(packed) for _, _, packed in self._blocks.values())

    def snapshot(self) -> dict[str, Any]:
        """Return the rows as plain data."""
        opened = pack(concat(self._open)) if self._open else (0, 0, b"")
        blocks = tuple((number, *self._blocks[number]) for number in sorted(self._blocks))
        return {"rows": self.rows, "blocks": blocks, "open": opened}

    @classmethod
    def restore(cls, plain: Mapping[str, Any]) -> "RowLog":
        """Return the rows that `snapshot` described."""
        log = cls()
        log.rows = plain["rows"]
        log._blocks = {number: (rows, size, packed) for number, rows, size, packed in plain["blocks"]}
        if plain["open"][0]:
            log._open = [unpack(plain["open"])]
        return log

    def _seal(self) -> None:
        """Compress every full block."""
        held = sum(len(batch) for batch in self._open)
        if held < BLOCK:
            return
        rows, first = concat(self._open), (self.rows - held) // BLOCK
        for number in range(held // BLOCK):
            self._blocks[first + number] = pack(rows.slice(number * BLOCK, (number + 1) * BLOCK))
        rest = rows.slice(held // BLOCK * BLOCK, held)
        self._open = [rest.take(np.arange(len(rest)))] if len(rest) else []


def row_values(row: Batch) -> dict[str, Any]:
    """Return a batch of one row as plain values; enums stay codes."""
    return {
        name: column[0].as_py() if is_text(column) else column[0].item()
        for name, column in row.columns.items()
    }


def with_values(batch: Batch, changes: Mapping[int, Mapping[str, Any]]) -> Batch:
    """Return a batch in which the rows named hold other values."""
    columns = dict(batch.columns)
    for name in dict.fromkeys(name for values in changes.values() for name in values):
        new = {row: values[name] for row, values in changes.items() if name in values}
        columns[name] = _changed(columns[name], new)
    return Batch(batch.topic, columns)


def _changed(column: Column, new: Mapping[int, Any]) -> Column:
    if is_text(column):
        texts = column.to_pylist()
        for row, value in new.items():
            texts[row] = value
        return pa.array(texts, pa.string())
    column = column.copy()
    column[list(new)] = list(new.values())
    return column
