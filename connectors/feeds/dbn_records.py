"""The records of a DBN file as tables of columns, one for each kind of record, a piece at a time.

Owns finding where records begin and end in a run of bytes, and the layout of each kind in each version
(the vendor's own, from its decoder package). Refuses to go on where a record's length makes no sense:
what lies behind it cannot be found again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from connectors.feeds.dbn_bytes import ByteStream
from connectors.feeds.dbn_header import Header, Index
from connectors.feeds.dbn_kernels import UNIT, find_records

Bytes: TypeAlias = npt.NDArray[np.uint8]
Table: TypeAlias = npt.NDArray[np.void]

TS_OUT_BYTES: Final = 8

TRADE, MBP_1, MBP_10, MBO, CMBP_1, TCBBO = 0x00, 0x01, 0x0A, 0xA0, 0xB1, 0xC2
CBBO_1S, CBBO_1M, BBO_1S, BBO_1M = 0xC0, 0xC1, 0xC3, 0xC4
STATUS, DEFINITION, IMBALANCE, ERROR, MAPPING, SYSTEM, STATISTICS = 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18
BARS: Final = (0x11, 0x20, 0x21, 0x22, 0x23, 0x24)
_LAYOUT: Final = {
    TRADE: "TradeMsg",
    MBP_1: "MBP1Msg",
    MBP_10: "MBP10Msg",
    MBO: "MBOMsg",
    CMBP_1: "CMBP1Msg",
    TCBBO: "CMBP1Msg",
    CBBO_1S: "CBBOMsg",
    CBBO_1M: "CBBOMsg",
    BBO_1S: "BBOMsg",
    BBO_1M: "BBOMsg",
    STATUS: "StatusMsg",
    DEFINITION: "InstrumentDefMsg",
    IMBALANCE: "ImbalanceMsg",
    ERROR: "ErrorMsg",
    MAPPING: "SymbolMappingMsg",
    SYSTEM: "SystemMsg",
    STATISTICS: "StatMsg",
    **dict.fromkeys(BARS, "OHLCVMsg"),
}


@dataclass(frozen=True, slots=True)
class Records:
    """Records of one kind and length. `ordinals` number the records of the file from 1.

    `table` has the vendor's columns, or none but `raw` where `problem` says why they cannot be read.
    """

    rtype: int
    table: Table
    ordinals: Index
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """The records that are complete in a run of bytes, in groups of one kind; `share` of the file read."""

    groups: tuple[Records, ...]
    share: float


class RecordStream:
    """The records of one file. After the last piece `fault` says why reading ended early, if it did.

    `rest` then holds the bytes that are no record, `ordinal` the number of the last good one.
    """

    def __init__(self, path: Path, name: str, header: Header) -> None:
        self._bytes, self._header = ByteStream(path, name), header
        self.fault = ""
        self.rest = b""
        self.ordinal = 0

    def pieces(self) -> Iterator[Piece]:
        """Yield the records of the file in order."""
        skip = self._header.bytes
        for piece in self._bytes.pieces():
            if skip:
                piece, skip = piece[skip:], max(0, skip - len(piece))
            run = self.rest + piece if self.rest else piece
            starts, used, is_broken = find_records(np.frombuffer(run, np.uint8))
            self.rest = run[used:]
            if len(starts):
                yield Piece(tuple(self._groups(run, starts)), self._bytes.share)
                self.ordinal += len(starts)
            if is_broken:
                said = self.rest[0] * UNIT
                self.fault = f"record {self.ordinal + 1} says a length of {said} bytes; what follows is lost"
                return
        self.fault = self._bytes.fault
        if self.rest and not self.fault:
            self.fault = f"it ends inside record {self.ordinal + 1}"

    def _groups(self, run: bytes, starts: Index) -> Iterator[Records]:
        """Yield the records of each kind and length."""
        data = np.frombuffer(run, np.uint8)
        kinds = data[starts].astype(np.int64) << 8 | data[starts + 1]
        ordinals = np.arange(len(starts)) + self.ordinal + 1
        for kind in np.unique(kinds).tolist():
            length, rtype = (kind >> 8) * UNIT, kind & 0xFF
            mine = np.flatnonzero(kinds == kind)
            table = _cut(data, starts[mine], length)
            layout, problem = self._layout(rtype, length)
            yield Records(rtype, table.view(layout)[:, 0], ordinals[mine], problem)

    def _layout(self, rtype: int, length: int) -> tuple[np.dtype[np.void], str]:
        raw = np.dtype([("raw", f"V{length}")])
        layout = layout_of(self._header.version, rtype)
        if layout is None:
            return raw, f"record type {rtype:#04x} is not known"
        expected = layout.itemsize + (TS_OUT_BYTES if self._header.has_ts_out else 0)
        if length == expected:
            return _widened(layout, length), ""
        return raw, f"a record of type {rtype:#04x} has {length} bytes where {expected} are expected"


def _cut(data: Bytes, starts: Index, length: int) -> Bytes:
    """Return the records as rows of bytes, without a copy where they follow each other."""
    first, last = int(starts[0]), int(starts[-1])
    if last - first == (len(starts) - 1) * length:
        return data[first : last + length].reshape(-1, length)
    rows: Bytes = data[starts[:, None] + np.arange(length)]
    return rows


@lru_cache(maxsize=256)
def layout_of(version: int, rtype: int) -> np.dtype[np.void] | None:
    """Return the columns of a kind of record; single characters are numbers. None where it is unknown."""
    import databento_dbn as dbn
    from databento_dbn import v1, v2, v3

    if rtype not in _LAYOUT:
        return None
    home: Any = {1: v1, 2: v2, 3: v3}.get(version, dbn)
    return np.dtype([(n, "u1" if k == "S1" else k) for n, k in getattr(home, _LAYOUT[rtype])._dtypes])


def _widened(layout: np.dtype[np.void], length: int) -> np.dtype[np.void]:
    """Return the same columns in a record that goes on behind them."""
    assert layout.names is not None and layout.fields is not None
    fields = [layout.fields[n] for n in layout.names]
    formats, offsets = [f[0] for f in fields], [f[1] for f in fields]
    given: Any = {"names": list(layout.names), "formats": formats, "offsets": offsets, "itemsize": length}
    found: np.dtype[np.void] = np.dtype(given)
    return found
