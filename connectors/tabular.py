"""Tables that others wrote: delimited text (plain, gzip or zstd) and Parquet, as pieces of columns.

Owns recognising a table by the names of its columns, cutting it into pieces of bounded size, and
telling lines that are no rows apart from rows. Refuses files that are not such a table, are cut
short inside their compression, or hold a line without end; a bad line is never the file's fault.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.errors import UserError

Ints: TypeAlias = npt.NDArray[np.int64]

PIECE_BYTES: Final = 8 << 20
LINE_BYTES_MAX: Final = 1 << 20
PARQUET_ROWS: Final = 65_536
SEPARATORS: Final = (",", "|", ";", "\t")
GZIP: Final = b"\x1f\x8b"
ZSTD: Final = b"\x28\xb5\x2f\xfd"
PARQUET: Final = b"PAR1"
SHOWN: Final = 60
_NAME: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one kind of table. Names are compared in small letters, blanks as underscores.

    A table of this kind has every column of `required`. `fixed` names the columns of a table without
    header. A line matching `trailer` ends the table and is no row.
    """

    title: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    trailer: str = ""

    def fits(self, names: Sequence[str]) -> bool:
        """Tell whether a header names at least the required columns."""
        return set(self.required) <= set(names)

    def check(self, names: Sequence[str], source: str) -> None:
        """Refuse a header without a required column, or with one of our columns twice."""
        missing = [n for n in self.required if n not in names]
        if missing:
            wanted = ", ".join(self.required)
            raise UserError(f"{source}: has no column {missing[0]!r}; {self.title} has at least {wanted}")
        twice = [n for n in (*self.required, *self.optional) if names.count(n) > 1]
        if twice:
            raise UserError(f"{source}: has the column {twice[0]!r} more than once")


@dataclass(frozen=True, slots=True)
class Bad:
    """A line that is no row: where it stands (counted from 1), why, and what it says."""

    line: int
    reason: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive rows of a table. Text tables have text columns, blanks as null.

    `line` is where each row stands in the file, counted from 1 (with the header, where there is one).
    """

    source: str
    frame: pl.DataFrame
    line: Ints
    bad: tuple[Bad, ...] = ()
    text: bytes | None = None
    first_line: int = 1

    def raws(self, rows: Ints) -> list[bytes]:
        """Return rows as they stand in the file, or their values in JSON where the file is Parquet."""
        if not len(rows):
            return []
        if self.text is None:
            return self.frame[rows].write_ndjson().encode().splitlines()
        lines = self.text.split(b"\n")
        return [lines[number - self.first_line] for number in self.line[rows].tolist()]


def plain_name(name: str) -> str:
    """Return a column name in the form in which names are compared."""
    return _NAME.sub("_", name.strip().lower()).strip("_")


def is_parquet(path: Path) -> bool:
    """Tell whether a file begins as Parquet does."""
    with path.open("rb") as stream:
        return stream.read(4) == PARQUET


def header_of(path: Path, source: str) -> list[str]:
    """Return the names in the first line of a table, or of the columns of a Parquet file."""
    if is_parquet(path):
        return [plain_name(n) for n in _open_parquet(path, source).schema_arrow.names]
    first = next(_texts(path, source), b"").partition(b"\n")[0]
    return _names(first)[0]


def read_pieces(path: Path, source: str, layout: Layout) -> Iterator[Piece]:
    """Read a table of a kind in pieces; `source` is what the file is called in every message."""
    if is_parquet(path):
        return _parquet_pieces(path, source, layout)
    return _text_pieces(path, source, layout)


def count_lines(path: Path, source: str) -> int:
    """Return how many lines a text table has."""
    return sum(text.count(b"\n") for text in _texts(path, source))


def _open_parquet(path: Path, source: str) -> Any:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError, ValueError) as e:
        raise UserError(f"{source}: begins as Parquet and cannot be read ({_short(e)})") from None


def _parquet_pieces(path: Path, source: str, layout: Layout) -> Iterator[Piece]:
    file = _open_parquet(path, source)
    names = [plain_name(n) for n in file.schema_arrow.names]
    layout.check(names, source)
    wanted = {*layout.required, *layout.optional}
    columns = [own for own, name in zip(file.schema_arrow.names, names, strict=True) if name in wanted]
    row = 1
    try:
        for part in file.iter_batches(PARQUET_ROWS, columns=columns):
            frame = pl.DataFrame(pl.from_arrow(part)).rename(plain_name)
            yield Piece(source, frame, np.arange(row, row + len(frame), dtype=np.int64))
            row += len(frame)
    except (pa.ArrowException, OSError) as e:
        raise UserError(f"{source}: the Parquet is damaged after row {row - 1} ({_short(e)})") from None


def _text_pieces(path: Path, source: str, layout: Layout) -> Iterator[Piece]:
    line, names, separator = 1, list(layout.fixed), ","
    for number, whole in enumerate(_texts(path, source)):
        body = whole.replace(b"\r\n", b"\n") if b"\r" in whole else whole
        if number == 0 and not layout.fixed:
            head, _, body = body.partition(b"\n")
            names, separator = _names(head)
            layout.check(names, source)
            line = 2
        if layout.trailer:
            body = _without_trailer(body, layout.trailer)
        if body:
            yield _piece(_Text(source, body, line, separator), names, layout)
            line += body.count(b"\n")


def _without_trailer(body: bytes, trailer: str) -> bytes:
    """Return the lines but for a last one that ends the table."""
    cut = body.rfind(b"\n", 0, len(body) - 1) + 1
    return body[:cut] if re.fullmatch(trailer, body[cut:].decode("latin-1").strip()) else body


def _texts(path: Path, source: str) -> Iterator[bytes]:
    """Yield the text of a file in pieces of whole lines, each with its line end."""
    rest = b""
    try:
        with _open_text(path) as stream:
            while found := stream.read(PIECE_BYTES):
                cut = found.rfind(b"\n") + 1
                if cut:
                    yield rest + found[:cut]
                    rest = found[cut:]
                else:
                    rest += found
                if len(rest) > LINE_BYTES_MAX:
                    raise UserError(
                        f"{source}: has a line of more than {LINE_BYTES_MAX} bytes; it is no table"
                    )
    except (EOFError, zlib.error, OSError) as e:
        raise UserError(f"{source}: cannot be read to its end, perhaps cut short ({_short(e)})") from None
    if rest:
        yield rest + b"\n"


def _open_text(path: Path) -> BinaryIO:
    with path.open("rb") as stream:
        magic = stream.read(4)
    if magic[:2] == GZIP:
        return gzip.open(path, "rb")  # type: ignore[return-value]
    if magic == ZSTD:
        return io.BufferedReader(_Unzipped(path), PIECE_BYTES)
    return path.open("rb")


class _Unzipped(io.RawIOBase):
    """A zstd file read as text; what is wrong with it comes as OSError, as from gzip."""

    def __init__(self, path: Path) -> None:
        from backports import zstd

        self._stream, self._fault = zstd.open(path, "rb"), zstd.ZstdError

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        try:
            found: bytes = self._stream.read(len(into))
        except self._fault as e:
            raise OSError(str(e)) from None
        into[: len(found)] = found
        return len(found)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _names(head: bytes) -> tuple[list[str], str]:
    """Return the column names of a header line, and the separator that it uses."""
    text = head.decode("utf-8-sig", "replace").rstrip("\r")
    separator = max(SEPARATORS, key=text.count)
    cells = next(csv.reader([text], delimiter=separator), [])
    return [plain_name(c) for c in cells], separator


@dataclass(frozen=True, slots=True)
class _Text:
    source: str
    body: bytes
    first_line: int
    separator: str


def _piece(text: _Text, names: list[str], layout: Layout) -> Piece:
    count = text.body.count(b"\n")
    frame = _read_fast(text, names, count)
    line = np.arange(text.first_line, text.first_line + count, dtype=np.int64)
    bad: tuple[Bad, ...] = ()
    if frame is None:
        frame, line, bad = _read_strict(text, names)
    known = [n for n in dict.fromkeys((*layout.required, *layout.optional)) if n in frame.columns]
    return Piece(text.source, frame.select(known), line, bad, text.body, text.first_line)


def _parse(body: bytes, names: list[str], separator: str) -> pl.DataFrame:
    unique = [n if n and n not in names[:i] else f"column_{i}" for i, n in enumerate(names)]
    schema = dict.fromkeys(unique, pl.String())
    if not body:
        return pl.DataFrame(schema=schema)
    return pl.read_csv(body, has_header=False, schema=schema, separator=separator)


def _read_fast(text: _Text, names: list[str], count: int) -> pl.DataFrame | None:
    """Parse all lines at once, or return None where any of them needs a closer look."""
    try:
        frame = _parse(text.body, names, text.separator)
    except (pl.exceptions.PolarsError, ValueError):
        return None
    if frame.height != count:
        return None
    found = text.body.count(text.separator.encode())
    if b'"' in text.body:
        inner = pl.all().str.count_matches(text.separator, literal=True).fill_null(0).sum()
        found -= int(frame.select(inner).sum_horizontal().item())
    return frame if found == count * (len(names) - 1) else None


def _read_strict(text: _Text, names: list[str]) -> tuple[pl.DataFrame, Ints, tuple[Bad, ...]]:
    """Judge line by line."""
    good: list[bytes] = []
    numbers: list[int] = []
    bad: list[Bad] = []
    for number, line in enumerate(text.body.split(b"\n")[:-1], text.first_line):
        reason = _fault_of(line, len(names), text.separator)
        if reason:
            bad.append(Bad(number, reason, line))
        else:
            good.append(line + b"\n")
            numbers.append(number)
    frame = _parse(b"".join(good), names, text.separator)
    assert frame.height == len(good), f"{text.source}: {frame.height} rows of {len(good)} lines"
    return frame, np.array(numbers, np.int64), tuple(bad)


def _fault_of(line: bytes, columns: int, separator: str) -> str:
    """Say why a line is no row; empty where it is one."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return "the line is not UTF-8"
    if '"' in text and not _quoted(separator).fullmatch(text):
        return "the line has quotes that do not surround a whole value"
    found = len(next(csv.reader([text], delimiter=separator), []))
    return "" if found == columns else f"{found} columns where {columns} are expected"


@lru_cache(maxsize=len(SEPARATORS))
def _quoted(separator: str) -> re.Pattern[str]:
    cell = f'(?:"(?:[^"]|"")*"|[^"{separator}]*)'
    return re.compile(f"{cell}(?:{re.escape(separator)}{cell})*")


def _short(error: BaseException) -> str:
    return (str(error) or type(error).__name__).split("\n")[0][:SHOWN]
