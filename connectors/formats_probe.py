"""A first look at a file: what kind of bytes it holds, and what its first lines say.

Owns reading the first PROBE_BYTES of a file through its compression, and the names of the columns of a
table. Never reads more, and never judges which format it is.
"""

from __future__ import annotations

import csv
import re
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

from connectors.errors import UserError

PROBE_BYTES: Final = 64 << 10
GZIP: Final = b"\x1f\x8b"
ZSTD: Final = b"\x28\xb5\x2f\xfd"
PARQUET: Final = b"PAR1"
ZIP: Final = b"PK\x03\x04"
DBN: Final = (b"DBN", b"DBZ")
UTF8_MARK: Final = b"\xef\xbb\xbf"
SEPARATORS: Final = (",", "|", ";", "\t")
SHOWN: Final = 8
Kind = Literal["empty", "dbn", "parquet", "zip", "json", "text", "binary"]
_NAME: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Probe:
    """The first bytes of a file, unpacked. `name` is the file's name without its folders."""

    path: Path
    head: bytes
    is_packed: bool

    @property
    def name(self) -> str:
        return self.path.name

    @cached_property
    def kind(self) -> Kind:
        """What kind of bytes these are."""
        if not self.head:
            return "empty"
        if self.head.startswith(DBN):
            return "dbn"
        if self.head.startswith(PARQUET):
            return "parquet"
        if self.head.startswith(ZIP):
            return "zip"
        if b"\0" in self.head:
            return "binary"
        is_json = self.head.removeprefix(UTF8_MARK).lstrip().startswith((b"{", b"["))
        return "json" if is_json else "text"

    @cached_property
    def lines(self) -> list[str]:
        """The first whole lines of a text."""
        if self.kind != "text":
            return []
        text = self.head.decode("utf-8-sig", "replace")
        found = text.splitlines()
        return found[:-1] if len(self.head) >= PROBE_BYTES and len(found) > 1 else found

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names in the first line of a table, or of the columns of a Parquet file, in small letters."""
        if self.kind == "parquet":
            return tuple(plain(n) for n in _parquet_names(self.path))
        return tuple(plain(c) for c in self.cells(0))

    def cells(self, number: int) -> list[str]:
        """Return the values of one of the first lines, split where the separator seems to be."""
        if number >= len(self.lines):
            return []
        line = self.lines[number]
        separator = max(SEPARATORS, key=line.count)
        return next(csv.reader([line], delimiter=separator), [])

    def describe(self) -> str:
        """Say in a few words what the file holds, for a person who wonders why it is not known."""
        if self.kind in ("text", "parquet"):
            names = [n for n in self.names if n][:SHOWN]
            return f"a table with {', '.join(names)}" if len(names) > 1 else "text"
        return {"zip": "a zip", "json": "JSON", "dbn": "DBN", "empty": "nothing"}.get(
            self.kind, "other bytes"
        )


def plain(name: str) -> str:
    """Return a column name in the form in which names are compared."""
    return _NAME.sub("_", name.strip().lower()).strip("_")


def probe(path: Path) -> Probe:
    """Look at the beginning of a file.

    Raises:
        UserError: it cannot be read, or its compression is broken from the start.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(PROBE_BYTES)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    if head.startswith(GZIP):
        return Probe(path, _gunzip(path, head), True)
    if head.startswith(ZSTD):
        return Probe(path, _unzstd(path, head), True)
    return Probe(path, head, False)


def _gunzip(path: Path, head: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(head, PROBE_BYTES)
    except zlib.error as error:
        raise UserError(f"{path}: its gzip cannot be unpacked ({error})") from None


def _unzstd(path: Path, head: bytes) -> bytes:
    from backports import zstd

    try:
        return zstd.ZstdDecompressor().decompress(head, max_length=PROBE_BYTES)
    except zstd.ZstdError as error:
        raise UserError(f"{path}: its zstd cannot be unpacked ({error})") from None


def _parquet_names(path: Path) -> list[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowException, OSError, ValueError):
        raise UserError(f"{path}: begins as Parquet and cannot be read; perhaps it is half-written") from None


def zip_names(path: Path) -> list[str]:
    """Return the names of the entries of a zip, none where it cannot be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()[:1000]
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError):
        return []
