"""What a listing asks for: the parameters of an address, checked against the words of the schemas.

Owns which parameters exist and what they may hold. Refuses unknown topics, parameters and values
with one sentence. Pure: text in, a question out; the SQL is made in `api.sql`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from api.cursor import CursorRefused, Position, decode_cursor, question_digest
from api.errors import bad_request, not_found
from api.wire import MAX_UNDERLYINGS, UNDERLYING, shown
from schemas.fields import Field
from schemas.topics import TOPIC, Topic

LIMIT_DEFAULT: Final = 200
LIMIT_MAX: Final = 1000
MAX_VALUES: Final = 50
MAX_VALUE_CHARS: Final = 64
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MAX_TIME_NS: Final = 9_000_000_000_000_000_000

_RESERVED: Final = ("underlying", "since", "until", "limit", "cursor", "order", "current")
_INTEGERS: Final = ("date", "seconds", "small", "sequence")
_DIGITS: Final = re.compile(r"[0-9]{1,19}\Z")
_SIGNED: Final = re.compile(r"-?[0-9]{1,18}\Z")

Params = Mapping[str, str]
Value = tuple[str, ...] | bool | int


@dataclass(frozen=True, slots=True)
class RowQuery:
    """A checked question for rows of one topic. `filters` maps columns to allowed values."""

    topic: Topic
    is_current: bool
    is_descending: bool
    limit: int
    since_ns: int | None
    until_ns: int | None
    filters: Mapping[str, Value]
    after: Position | None
    digest: str


def topic_named(name: str) -> Topic:
    """The topic of that name. Raises ApiError (404)."""
    if name not in TOPIC:
        raise not_found(f"there is no topic {shown(name)}; there are {', '.join(TOPIC)}")
    return TOPIC[name]


def row_query(name: str, params: Params) -> RowQuery:
    """Check the parameters of `/api/rows/{topic}`. Raises ApiError with the first thing wrong."""
    topic = topic_named(name)
    filters = _filters(topic, params)
    is_current = parse_flag("current", params.get("current", "false"))
    if is_current and "version" not in topic.field_names:
        raise bad_request(f"{name} has no versions, so there is no current one to ask for")
    is_descending = _is_descending(params.get("order", "desc"))
    since, until = (_time(n, params.get(n)) for n in ("since", "until"))
    digest = question_digest([name, is_current, is_descending, since, until, filters])
    after = _after(params.get("cursor"), digest)
    limit = parse_int("limit", params.get("limit", str(LIMIT_DEFAULT)), 1, LIMIT_MAX)
    return RowQuery(topic, is_current, is_descending, limit, since, until, filters, after, digest)


def _filters(topic: Topic, params: Params) -> dict[str, Value]:
    filters: dict[str, Value] = {}
    for name, text in params.items():
        if name == "underlying":
            filters[name] = parse_underlyings(text)
        elif name not in _RESERVED:
            filters[name] = _filter(topic, name, text)
    # Control records are of the log; a listing of a raw tape means its data unless asked.
    if topic.is_raw and topic.name != "reference":
        filters.setdefault("kind", ("data",))
    return filters


def _filter(topic: Topic, name: str, text: str) -> Value:
    field = next((f for f in topic.fields if f.name == name and _is_filterable(f)), None)
    if field is None:
        allowed = [*_RESERVED, *(f.name for f in topic.fields if _is_filterable(f))]
        known = ", ".join(dict.fromkeys(allowed))
        raise bad_request(f"{topic.name} takes no parameter {shown(name)}; it takes {known}")
    if field.logical == "flag":
        return parse_flag(name, text)
    if field.logical in _INTEGERS:
        return parse_int(name, text, -(10**18), 10**18)
    return _values(field, text)


def _is_filterable(field: Field) -> bool:
    return field.is_enum or field.logical in ("flag", "label", "id", *_INTEGERS)


def _values(field: Field, text: str) -> tuple[str, ...]:
    values = tuple(sorted(set(text.split(","))))
    if len(values) > MAX_VALUES:
        raise bad_request(f"{field.name} takes at most {MAX_VALUES} values")
    for value in values:
        if field.is_enum and value not in field.symbols:
            known = ", ".join(field.symbols)
            raise bad_request(f"{field.name} cannot be {shown(value)}; it is one of {known}")
        if len(value) > MAX_VALUE_CHARS or not value.isprintable():
            raise bad_request(f"{field.name} takes printable text of at most {MAX_VALUE_CHARS}")
    return values


def parse_underlyings(text: str) -> tuple[str, ...]:
    """Symbols separated by commas. Raises ApiError."""
    values = tuple(sorted(set(text.split(","))))
    if len(values) > MAX_UNDERLYINGS:
        raise bad_request(f"underlying takes at most {MAX_UNDERLYINGS} symbols")
    for value in values:
        if not UNDERLYING.match(value):
            raise bad_request(f"{shown(value)} is not an underlying symbol")
    return values


def parse_flag(name: str, text: str) -> bool:
    """`true` or `false`. Raises ApiError."""
    if text not in ("true", "false"):
        raise bad_request(f"{name} is {shown(text)}; it must be true or false")
    return text == "true"


def parse_int(name: str, text: str, low: int, high: int) -> int:
    """A whole number between low and high, both allowed. Raises ApiError."""
    if not _SIGNED.match(text) or not low <= int(text) <= high:
        raise bad_request(f"{name} is {shown(text)}; it must be a whole number {low} to {high}")
    return int(text)


def _is_descending(text: str) -> bool:
    if text not in ("asc", "desc"):
        raise bad_request(f"order is {shown(text)}; it must be asc or desc")
    return text == "desc"


def _time(name: str, text: str | None) -> int | None:
    """Nanoseconds since 1970 UTC, from digits or from ISO 8601 with an offset."""
    if text is None:
        return None
    try:
        found = int(text) if _DIGITS.match(text) else _iso_ns(text)
    except (ValueError, OverflowError):
        found = -1
    if not 0 <= found <= MAX_TIME_NS:
        raise bad_request(f"{name} is {shown(text)}; it must be ns since 1970 or ISO 8601 with an offset")
    return found


def _iso_ns(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no offset")
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


def _after(text: str | None, digest: str) -> Position | None:
    try:
        return None if text is None else decode_cursor(text, digest)
    except CursorRefused as refused:
        raise bad_request(str(refused)) from None


def only(params: Params, *allowed: str) -> None:
    """Refuse parameters that a route does not take. Raises ApiError."""
    for name in params:
        if name not in allowed:
            known = ", ".join(allowed) or "none"
            raise bad_request(f"there is no parameter {shown(name)} here; there are {known}")
