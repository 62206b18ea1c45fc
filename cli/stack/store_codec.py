"""Bodies on the wire: gzip, deflate, lz4 frames, zstd, and chunked transfer. Bounded both ways."""

from __future__ import annotations

import gzip
import zlib
from typing import Any, BinaryIO

import lz4.frame  # type: ignore[import-untyped]
from backports import zstd

from cli.stack.store_errors import TOO_LARGE, StoreError

FEED_BYTES = 1 << 16
ENCODINGS = ("lz4", "zstd", "gzip")


def too_large(limit: int) -> StoreError:
    """The refusal of a body beyond the limit."""
    text = f"the request is larger than {limit >> 20} MB: send it in smaller blocks"
    return StoreError(TOO_LARGE, "TOO_MANY_BYTES", text)


def read_chunked(stream: BinaryIO, limit: int) -> bytes:
    """A chunked request body. Raises StoreError beyond `limit` or for broken framing."""
    parts: list[bytes] = []
    total = 0
    while True:
        try:
            size = int(stream.readline(64).split(b";")[0], 16)
        except ValueError:
            raise StoreError(27, "CANNOT_PARSE_INPUT", "broken chunked request") from None
        total += size
        if total > limit:
            raise too_large(limit)
        part = stream.read(size)
        if len(part) != size:
            raise StoreError(27, "CANNOT_PARSE_INPUT", "the request ended early")
        stream.readline(4)
        if size == 0:
            return b"".join(parts)
        parts.append(part)


def decompress(data: bytes, encoding: str, limit: int) -> bytes:
    """The plain body. Raises StoreError for an unknown or broken encoding or beyond `limit`."""
    if encoding in ("", "identity"):
        return data
    machine = _decompressor(encoding)
    parts: list[bytes] = []
    total = 0
    try:
        for start in range(0, len(data), FEED_BYTES):
            part = machine.decompress(data[start : start + FEED_BYTES])
            total += len(part)
            if total > limit:
                raise too_large(limit)
            parts.append(part)
    except (zlib.error, RuntimeError, zstd.ZstdError, EOFError) as error:
        raise StoreError(354, "ZLIB_INFLATE_FAILED", f"broken {encoding} body: {error}") from None
    if not machine.eof:
        raise StoreError(354, "ZLIB_INFLATE_FAILED", f"the {encoding} body ended early")
    return b"".join(parts)


def compress(data: bytes, encoding: str) -> bytes:
    """A compressed body in one of ENCODINGS, at the fastest level."""
    if encoding == "lz4":
        return bytes(lz4.frame.compress(data))
    if encoding == "zstd":
        return zstd.compress(data, level=1)
    return gzip.compress(data, compresslevel=1)


def choose(accepted: str) -> str:
    """The first encoding of an Accept-Encoding header that is spoken here, or nothing."""
    names = (part.split(";")[0].strip().lower() for part in accepted.split(","))
    return next((name for name in names if name in ENCODINGS), "")


def _decompressor(encoding: str) -> Any:
    if encoding == "lz4":
        return lz4.frame.LZ4FrameDecompressor()
    if encoding == "zstd":
        return zstd.ZstdDecompressor()
    if encoding in ("gzip", "deflate"):
        return zlib.decompressobj(wbits=47)
    raise StoreError(48, "NOT_IMPLEMENTED", f"Content-Encoding {encoding} is not known here")
