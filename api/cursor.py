"""The cursor of a listing: where the last page ended, opaque to the client and checked on return.

Owns its form. It carries the sort key of the last row (time, partition, offset), which never
changes once a row is stored, so that pages neither repeat nor skip stored rows while new ones
arrive. It also carries a digest of the question; a cursor of another question is refused. Pure.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Any, Final

import orjson

VERSION: Final = 1
MAX_CURSOR_CHARS: Final = 200
_DIGEST_CHARS: Final = 12
_LIMITS: Final = (VERSION, 2**63 - 1, 2**16 - 1, 2**63 - 1)


class CursorRefused(Exception):
    """A cursor that this server did not give for this question."""


@dataclass(frozen=True, slots=True)
class Position:
    """The sort key of a row: its time in ns, its partition and its offset."""

    time_ns: int
    partition: int
    offset: int


def question_digest(question: object) -> str:
    """A short digest of everything that decides which rows are listed and in what order."""
    packed = orjson.dumps(question, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(packed).hexdigest()[:_DIGEST_CHARS]


def encode_cursor(position: Position, digest: str) -> str:
    """The text of a cursor."""
    fields = [VERSION, position.time_ns, position.partition, position.offset, digest]
    return base64.urlsafe_b64encode(orjson.dumps(fields)).decode().rstrip("=")


def decode_cursor(text: str, digest: str) -> Position:
    """Read a cursor. Raises CursorRefused unless it is one of this question."""
    fields = _fields(text)
    if len(fields) != 5 or not all(map(_is_within, fields[:4], _LIMITS)) or fields[0] != VERSION:
        raise CursorRefused("cursor is not one that this server gave")
    if fields[4] != digest:
        raise CursorRefused("cursor belongs to another question: start again without it")
    return Position(fields[1], fields[2], fields[3])


def _fields(text: str) -> list[Any]:
    if len(text) > MAX_CURSOR_CHARS:
        raise CursorRefused("cursor is too long to be one that this server gave")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        fields = orjson.loads(raw)
    except (binascii.Error, ValueError):
        raise CursorRefused("cursor is not one that this server gave") from None
    return fields if isinstance(fields, list) else []


def _is_within(value: object, high: int) -> bool:
    return type(value) is int and 0 <= value <= high
