"""The five bytes before every Avro body: a zero and the schema id, in Confluent's wire format.

Owns splitting raw values by their header and refusing what has none. Refuses values that are not
bytes (a tombstone is None), shorter than the header, of another magic byte, or too large.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from schemas.columns import Index

HEADER_BYTES: Final = 5
MAX_BODY_BYTES: Final = 1_000_000  # the broker's own default limit; every record is far below


@dataclass(frozen=True, slots=True)
class Bad:
    """One refused value: its index in the input, a DEADLETTER_REASON and a sentence."""

    index: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Group:
    """Bodies under one schema id, with the index in the input and the length of each."""

    schema_id: int
    rows: Index
    bodies: list[bytes]
    lengths: Index


def header(schema_id: int) -> bytes:
    """Return the five bytes that stand before a body."""
    return b"\0" + schema_id.to_bytes(HEADER_BYTES - 1, "big")


def split(values: Sequence[Any]) -> tuple[list[Group], list[Bad]]:
    """Group the values by schema id, in order within a group; what has no frame is bad."""
    if not values:
        return [], []
    whole = _as_one_group(values)
    return ([whole], []) if whole is not None else _split_one_by_one(values)


def _as_one_group(values: Sequence[Any]) -> Group | None:
    """Return the values as one group, or None where their headers are not all the same."""
    try:
        lengths = np.fromiter(map(len, values), np.int64, len(values))
        schema_id = _common_id(b"".join(values), lengths)
    except TypeError:
        return None
    if schema_id is None:
        return None
    rows = np.arange(len(values), dtype=np.int64)
    return Group(schema_id, rows, [v[HEADER_BYTES:] for v in values], lengths - HEADER_BYTES)


def _common_id(joined: bytes, lengths: Index) -> int | None:
    if lengths.min() < HEADER_BYTES or lengths.max() > HEADER_BYTES + MAX_BODY_BYTES:
        return None
    buffer = np.frombuffer(joined, np.uint8)
    starts = np.cumsum(lengths) - lengths
    first = joined[:HEADER_BYTES]
    same = first[0] == 0 and all((buffer[starts + i] == first[i]).all() for i in range(HEADER_BYTES))
    return int.from_bytes(first, "big") if same else None


def _split_one_by_one(values: Sequence[Any]) -> tuple[list[Group], list[Bad]]:
    rows: dict[int, list[int]] = {}
    bad = []
    for index, value in enumerate(values):
        fault = _fault(value)
        if fault is None:
            rows.setdefault(int.from_bytes(value[1:HEADER_BYTES], "big"), []).append(index)
        else:
            bad.append(Bad(index, *fault))
    return [_pick(values, schema_id, chosen) for schema_id, chosen in rows.items()], bad


def _pick(values: Sequence[Any], schema_id: int, chosen: list[int]) -> Group:
    bodies = [values[row][HEADER_BYTES:] for row in chosen]
    lengths = np.fromiter(map(len, bodies), np.int64, len(bodies))
    return Group(schema_id, np.array(chosen, np.int64), bodies, lengths)


def _fault(value: Any) -> tuple[str, str] | None:
    if not isinstance(value, bytes):
        return "undecodable", f"{type(value).__name__} where bytes were due"
    if value and value[0] != 0:
        return "bad_magic", f"first byte is {value[0]}, not 0"
    if len(value) < HEADER_BYTES:
        return "undecodable", f"{len(value)} bytes hold no header of {HEADER_BYTES}"
    if len(value) > HEADER_BYTES + MAX_BODY_BYTES:
        return "too_large", f"{len(value)} bytes, at most {HEADER_BYTES + MAX_BODY_BYTES}"
    return None
