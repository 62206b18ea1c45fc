"""The bytes of a DBN file, raw or in zstd, a bounded piece at a time.

Owns telling the two apart, and what is said of a file whose compression is cut short or damaged: the
bytes up to there are given out, and `fault` then says what happened and where. Refuses a file that
cannot be opened, and one that starts like neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from backports import zstd

from connectors.errors import UserError

PIECE_BYTES: Final = 2 << 20  # some 26,000 records of 80 bytes
READ_BYTES: Final = 1 << 18
ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
DBN_MAGIC: Final = b"DBN"
LEGACY_MAGIC: Final = b"DBZ"


class ByteStream:
    """Uncompressed bytes of one file; `share` is how much of the file has been read, 0 to 1."""

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name
        self.fault = ""
        self.share = 0.0

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes in order, at most PIECE_BYTES at a time."""
        try:
            with self._path.open("rb") as file:
                size = max(1, self._path.stat().st_size)
                head = file.read(len(ZSTD_MAGIC))
                file.seek(0)
                raw = head == ZSTD_MAGIC
                for piece in self._unpacked(file) if raw else _plain(file):
                    self.share = min(1.0, file.tell() / size)
                    yield piece
        except OSError as error:
            raise UserError(f"{self._name}: cannot be read ({error.strerror})") from None

    def _unpacked(self, file: BinaryIO) -> Iterator[bytes]:
        unpack = zstd.ZstdDecompressor()
        left, is_fresh = b"", True
        while True:
            if unpack.needs_input and not left:
                left = file.read(READ_BYTES)
                if not left:
                    break
            try:
                piece = unpack.decompress(left, PIECE_BYTES)
            except zstd.ZstdError:
                self.fault = f"its zstd data are damaged before byte {file.tell()} of the file"
                return
            is_fresh, left = False, b""
            if piece:
                yield piece
            if unpack.eof:  # another frame may follow
                left, is_fresh = unpack.unused_data, True
                unpack = zstd.ZstdDecompressor()
        if not is_fresh:
            self.fault = f"it ends inside its zstd data, after byte {file.tell()} of the file"


def _plain(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE_BYTES):
        yield piece
