"""The messages of the socket, as text: what a client may ask and what it is sent.

Owns the JSON of both directions. A subscription replaces the one before it. Refuses, in one
sentence, everything that is not exactly a message it knows. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from api.channels import CHANNELS

MAX_MESSAGE_BYTES: Final = 16 * 1024
MAX_CHANNELS: Final = 32
MAX_UNDERLYINGS: Final = 200
UNDERLYING: Final = re.compile(r"[A-Z0-9^$][A-Z0-9./^$_-]{0,31}\Z")
_CURSOR: Final = re.compile(r"([0-9a-f]{1,32}):([0-9]{1,18})\Z")

Columns = Mapping[str, Sequence[Any]]


class MessageRefused(Exception):
    """A client message that is not understood; the text is what the client is told."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one client wants: channels, the underlyings (None means all), and where it stood."""

    channels: tuple[str, ...] = ()
    underlyings: frozenset[str] | None = None
    cursors: Mapping[str, tuple[str, int]] = field(default_factory=dict)


def parse_message(text: str) -> Subscription:
    """Read a client message. Raises MessageRefused with a sentence for the client."""
    if len(text.encode()) > MAX_MESSAGE_BYTES:
        raise MessageRefused(f"a message may have at most {MAX_MESSAGE_BYTES} bytes")
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise MessageRefused("the message is not JSON") from None
    if not isinstance(message, dict) or message.get("type") != "subscribe":
        raise MessageRefused('the only message is {"type": "subscribe", "channels": [...]}')
    extra = sorted(set(message) - {"type", "channels", "underlying", "cursor"})
    if extra:
        raise MessageRefused(f"unknown field {shown(extra[0])} in subscribe")
    channels = _channels(message.get("channels"))
    underlyings = _underlyings(message.get("underlying"))
    return Subscription(channels, underlyings, _cursors(message.get("cursor"), channels))


def shown(text: object) -> str:
    """A value of a stranger, short and quoted."""
    return repr(text) if len(repr(text)) <= 40 else repr(text)[:37] + "..."


def _channels(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise MessageRefused("channels must be a list of channel names")
    if len(value) > MAX_CHANNELS:
        raise MessageRefused(f"at most {MAX_CHANNELS} channels can be asked for")
    for name in value:
        if name not in CHANNELS:
            known = ", ".join(CHANNELS)
            raise MessageRefused(f"there is no channel {shown(name)}; there are {known}")
    return tuple(dict.fromkeys(value))


def _underlyings(value: Any) -> frozenset[str] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise MessageRefused("underlying must be null or a list of symbols")
    if len(value) > MAX_UNDERLYINGS:
        raise MessageRefused(f"at most {MAX_UNDERLYINGS} underlyings can be asked for")
    for name in value:
        if not UNDERLYING.match(name):
            raise MessageRefused(f"{shown(name)} is not an underlying symbol")
    return frozenset(value) or None


def _cursors(value: Any, channels: tuple[str, ...]) -> dict[str, tuple[str, int]]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not set(value) <= set(channels):
        raise MessageRefused("cursor must map channels asked for to the last cursor seen of each")
    found: dict[str, tuple[str, int]] = {}
    for name, cursor in value.items():
        match = _CURSOR.match(cursor) if isinstance(cursor, str) else None
        if match is None:
            raise MessageRefused(f"{shown(cursor)} is not a cursor of this server")
        found[name] = (match[1], int(match[2]))
    return found


def encode(message: Mapping[str, Any]) -> str:
    """One message as text."""
    return orjson.dumps(message).decode()


def rows_message(channel: str, columns: Columns, skipped: int, cursor: str, is_snapshot: bool) -> str:
    """A frame of rows: equally long columns in the JSON forms of the schemas."""
    count = len(next(iter(columns.values()))) if columns else 0
    return encode(
        {
            "type": "rows",
            "channel": channel,
            "columns": columns,
            "rows": count,
            "skipped": skipped,
            "cursor": cursor,
            "snapshot": is_snapshot,
        }
    )


def gap_message(channel: str, rows: int) -> str:
    """Tell a client that rows were not sent because it was slow or away too long."""
    return encode({"type": "gap", "channel": channel, "rows": rows})


def error_message(sentence: str) -> str:
    """Tell a client what was wrong with its message."""
    return encode({"type": "error", "error": sentence})
