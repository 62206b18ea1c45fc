"""The header of a DBN file: dataset, schema, times, and which symbol an id stood for on which day.

Owns reading it (versions 1 to 3; the vendor's decoder judges it and gives its plain fields, the table
of symbols is read here, since a day of all options has more than a million). Refuses what is no DBN
header, one that is cut short, and one above HEADER_BYTES_MAX.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from connectors.errors import UserError
from connectors.feeds.dbn_bytes import DBN_MAGIC, LEGACY_MAGIC, ByteStream

Ids: TypeAlias = npt.NDArray[np.uint32]
Index: TypeAlias = npt.NDArray[np.int64]

HEADER_BYTES_MAX: Final = 1 << 30
VERSIONS: Final = (1, 2, 3)
PRELUDE: Final = 8
FIXED_BYTES: Final = 100
LISTS: Final = 5  # schema, symbols, partial, not found, mappings
NAME_BYTES_V1: Final = 22
NAME_LENGTH_AT: Final = 45
ID_DIGITS: Final = 10
UNDEF_TIME: Final = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Intervals:
    """Rows of (id, first day, day after the last one, place in `names`); days count from 1970."""

    names: tuple[str, ...]
    ids: Ids
    first: Index
    end: Index
    place: Index


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself; `schema` is empty for a recorded live stream, `end` 0 where open."""

    version: int
    dataset: str
    schema: str
    start: int
    end: int
    is_limited: bool
    has_ts_out: bool
    intervals: Intervals
    bytes: int


def read_header(path: Path, name: str) -> Header:
    """Read the header of a file; `name` is how sentences call it.

    Raises:
        UserError: it is none, or cut short.
    """
    stream = ByteStream(path, name)
    found, length = bytearray(), PRELUDE
    for piece in stream.pieces():
        found += piece
        if len(found) >= PRELUDE:
            length = _length(bytes(found[:PRELUDE]), name)
        if len(found) >= length:
            return _decode(bytes(found[:length]), name)
    if not found.startswith(DBN_MAGIC[: len(found)]) or not found:
        raise UserError(f"{name}: is no DBN file, neither raw nor in zstd")
    cause = stream.fault or f"it has {len(found)} bytes"
    raise UserError(f"{name}: is cut short inside its DBN header of {length} bytes; {cause}")


def _length(prelude: bytes, name: str) -> int:
    magic, version, length = struct.unpack("<3sBI", prelude)
    if magic == LEGACY_MAGIC:
        raise UserError(f"{name}: is in the vendor's older DBZ format; DBN versions 1 to 3 are allowed")
    if magic != DBN_MAGIC:
        raise UserError(f"{name}: is no DBN file, neither raw nor in zstd")
    if version not in VERSIONS:
        raise UserError(f"{name}: is DBN version {version}; versions 1 to 3 are allowed")
    if not FIXED_BYTES <= length <= HEADER_BYTES_MAX:
        raise UserError(
            f"{name}: its DBN header says {length} bytes; {FIXED_BYTES} to {HEADER_BYTES_MAX} are allowed"
        )
    return int(PRELUDE + length)


def _decode(raw: bytes, name: str) -> Header:
    import databento_dbn as dbn

    try:
        found = dbn.Metadata.decode(_without_lists(raw))
        intervals = _intervals(raw, str(found.stype_in or ""))
    except struct.error:
        raise UserError(f"{name}: its DBN header cannot be read (a list goes on behind its end)") from None
    except (dbn.DBNError, ValueError) as error:
        raise UserError(f"{name}: its DBN header cannot be read ({error})") from None
    start, end = int(found.start or 0), int(found.end or 0)
    return Header(
        version=raw[3],
        dataset=found.dataset.split("\0", 1)[0],
        schema=str(found.schema or ""),
        start=0 if start >= UNDEF_TIME else start,
        end=0 if end >= UNDEF_TIME else end,
        is_limited=bool(found.limit),
        has_ts_out=bool(found.ts_out),
        intervals=intervals,
        bytes=len(raw),
    )


def _without_lists(raw: bytes) -> bytes:
    """Return the header with empty lists: the vendor's decoder would hold millions of symbols as objects."""
    lists = bytes(LISTS * 4)
    return raw[:4] + struct.pack("<I", FIXED_BYTES + len(lists)) + raw[8 : 8 + FIXED_BYTES] + lists


def _intervals(raw: bytes, stype_in: str) -> Intervals:
    """Read the symbol mappings; one side of each is the number of an instrument."""
    width = NAME_BYTES_V1
    if raw[3] > 1:
        (width,) = struct.unpack_from("<H", raw, PRELUDE + NAME_LENGTH_AT)
    kind = np.dtype([("first", "<u4"), ("end", "<u4"), ("symbol", f"S{width}")])
    names: list[str] = []
    counts: list[int] = []
    joined = bytearray()
    for name, found in _mappings(raw, width, kind.itemsize):
        names.append(name)
        counts.append(len(found) // kind.itemsize)
        joined += found
    table = np.frombuffer(joined, kind)
    place = np.repeat(np.arange(len(names)), counts)
    if stype_in == "instrument_id":
        numbers = np.array(names, f"S{width}")[place] if names else np.empty(0, f"S{width}")
        symbols, place = np.unique(table["symbol"], return_inverse=True)
        names = [s.decode("utf-8", "replace") for s in symbols.tolist()]
    else:
        numbers = table["symbol"]
    ids, is_number = _numbers(numbers, width)
    table, place = table[is_number], place[is_number]
    return Intervals(tuple(names), ids, _days(table["first"]), _days(table["end"]), place)


def _numbers(texts: npt.NDArray[np.bytes_], width: int) -> tuple[Ids, npt.NDArray[np.bool_]]:
    """Return the texts that are numbers of 32 bits, and which they are."""
    letters = np.ascontiguousarray(texts).view(np.uint8).reshape(-1, width)
    head = letters[:, : ID_DIGITS + 1]
    is_digit = (head >= ord("0")) & (head <= ord("9"))
    value = np.zeros(len(texts), np.int64)
    for place in range(head.shape[1]):
        value = np.where(is_digit[:, place], value * 10 + (head[:, place] - ord("0")), value)
    digits = is_digit.sum(axis=1)
    is_number = (digits > 0) & (digits == (letters != 0).sum(axis=1)) & (value < 2**32)
    return value[is_number].astype(np.uint32), is_number


def _mappings(raw: bytes, width: int, item: int) -> Iterator[tuple[str, bytes]]:
    """Yield each symbol with the bytes of its intervals, of `item` bytes each."""
    at = PRELUDE + FIXED_BYTES
    (skipped,) = struct.unpack_from("<I", raw, at)
    at += 4 + skipped
    for _ in ("symbols", "partial", "not found"):
        (count,) = struct.unpack_from("<I", raw, at)
        at += 4 + count * width
    (count,) = struct.unpack_from("<I", raw, at)
    at += 4
    for _ in range(count):
        name = raw[at : at + width].split(b"\0", 1)[0].decode("utf-8", "replace")
        (length,) = struct.unpack_from("<I", raw, at + width)
        at += width + 4
        if at + length * item > len(raw):
            raise ValueError("a symbol mapping goes on behind the end")
        yield name, raw[at : at + length * item]
        at += length * item


def _days(dates: npt.NDArray[np.uint32]) -> Index:
    """Return dates written YYYYMMDD as days since 1970."""
    distinct, places = np.unique(dates, return_inverse=True)
    texts = [f"{d // 10_000:04}-{d // 100 % 100:02}-{d % 100:02}" for d in distinct.tolist()]
    days = np.array(texts, "datetime64[D]").astype(np.int64)
    found: Index = days[places] if len(days) else np.empty(0, np.int64)
    return found
