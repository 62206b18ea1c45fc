"""Recorded answers of a vendor's REST interface: files of JSON as pages, each with where it came from.

Owns the shapes a recording may have (one answer, a list of answers, one a line, each bare or beside the
address it answers) and the limits on what is read whole. Refuses text that is no JSON or is cut short,
and more than BYTES_MAX in a file, since a page is only complete at its end.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson

from connectors.errors import UserError

Json: TypeAlias = Mapping[str, Any]

BYTES_MAX: Final = 64 << 20
NS_PER_S: Final = 10**9
FIRST_TS: Final = 315_532_800 * NS_PER_S  # 1980
LAST_TS: Final = 4_102_444_800 * NS_PER_S  # 2100
PRICE_SCALE: Final = 10**9
PRICE_MAX: Final = 10**7  # dollars; a double is exact to 1e-9 up to here
SIZE_MAX: Final = 10**12
_TIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:?[0-9]{2})"
)


class Unusable(ValueError):
    """A value that a row cannot do without; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: what it says, the address it answers (empty if unknown), and where it stood."""

    body: Json
    address: str
    place: str


def read_pages(path: Path, place: str) -> list[Page]:
    """Return the answers in a file.

    Raises:
        UserError: it is no JSON, is cut short, too large, or holds no answer at all.
    """
    size = path.stat().st_size
    if size > BYTES_MAX:
        raise UserError(f"{place}: has {size:,} bytes; recorded answers of up to {BYTES_MAX:,} are allowed")
    found = list(_pages(_parsed(path, place), place))
    if not found:
        raise UserError(f"{place}: holds no answer of a vendor, which is a JSON object")
    return found


def _parsed(path: Path, place: str) -> Any:
    raw = path.read_bytes()
    lines = [x for x in raw.splitlines() if x.strip()]
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(raw)  # it takes the NaN that Python writes
    except (UnicodeDecodeError, RecursionError):
        raise UserError(f"{place}: is no JSON text") from None
    except json.JSONDecodeError as error:
        fault = error
    try:
        if len(lines) > 1:
            return [json.loads(line) for line in lines]
    except json.JSONDecodeError:
        pass
    is_cut = fault.pos >= len(fault.doc.rstrip()) or fault.msg.startswith("Unterminated")
    what = "is cut short" if is_cut else "is no JSON"
    raise UserError(f"{place}: {what} at line {fault.lineno}, column {fault.colno} ({fault.msg})")


def _pages(document: Any, place: str) -> Iterator[Page]:
    if isinstance(document, Mapping):
        yield _page(document, place)
    elif isinstance(document, Sequence) and not isinstance(document, str):
        for number, item in enumerate(document, 1):
            if isinstance(item, Mapping):
                yield _page(item, f"{place}:answer {number}")


def _page(item: Json, place: str) -> Page:
    """Return an answer, taken out of the request it was recorded with."""
    address = item.get("url", item.get("request_url", ""))
    if isinstance(address, Sequence) and not isinstance(address, str):
        address = next((a for a in address if isinstance(a, str)), "")
    for key in ("response", "body"):
        inner = item.get(key)
        if isinstance(inner, Mapping):
            return Page(inner, str(address or ""), place)
    return Page(item, str(address or ""), place)


def text_of(row: Json, name: str) -> str:
    """Return a text, empty where there is none; numbers are written out."""
    value = row.get(name)
    if value is None or isinstance(value, bool | float | Mapping) or _is_list(value):
        return ""
    return str(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def words_of(row: Json, name: str) -> tuple[str, ...]:
    """Return a list of texts or whole numbers as texts; one alone is a list of one.

    Raises:
        Unusable: something else stands there.
    """
    value = row.get(name)
    if value is None:
        return ()
    items = value if _is_list(value) else (value,)
    if any(isinstance(x, bool) or not isinstance(x, str | int) for x in items):
        raise Unusable(f"{name} is neither texts nor numbers")
    return tuple(str(x) for x in items)


def number_of(row: Json, name: str) -> float | None:
    """Return a finite number, or None where there is none.

    Raises:
        Unusable: something else stands there, NaN and infinities included.
    """
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unusable(f"{name} is no number")
    if not math.isfinite(value):
        raise Unusable(f"{name} is not finite")
    return value


def price_of(row: Json, name: str) -> int | None:
    """Return a price in 1e-9 USD, or None where there is none."""
    value = number_of(row, name)
    if value is None:
        return None
    if abs(value) > PRICE_MAX:
        raise Unusable(f"{name} is above {PRICE_MAX:,} USD")
    return round(value * PRICE_SCALE)


def size_of(row: Json, name: str, scale: int) -> int | None:
    """Return a size times `scale`, or None where there is none; a part of a contract is no size."""
    value = number_of(row, name)
    if value is None:
        return None
    if abs(value) > SIZE_MAX:
        raise Unusable(f"{name} is above {SIZE_MAX:,}")
    if scale == 1 and value != int(value):
        raise Unusable(f"{name} is no whole number")
    return round(value * scale)


def time_of(row: Json, *names: str) -> int | None:
    """Return the first of some times in ns UTC: text of RFC 3339, or a number of ns; None without.

    Raises:
        Unusable: what stands there is no time between 1980 and 2100.
    """
    name = next((n for n in names if row.get(n) not in (None, 0, "")), "")
    if not name:
        return None
    value = row[name]
    if isinstance(value, str):
        found = _time(value, name)
    else:
        number = number_of(row, name)
        if number is None or number != int(number):
            raise Unusable(f"{name} is no whole number of ns")
        found = int(number)
    if not FIRST_TS <= found < LAST_TS:
        raise Unusable(f"{name} is no time between 1980 and 2100 in ns")
    return found


def _time(text: str, name: str) -> int:
    match = _TIME.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        year, month, day, hour, minute, second = (int(x) for x in match.groups()[:6])
        at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise Unusable(f"{name} is no time of the form 2024-03-12T13:34:54.178322688Z") from None
    fraction, zone = match[7] or "", match[8]
    if zone != "Z":
        digits = zone[1:].replace(":", "")
        ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        at = at - ahead if zone[0] == "+" else at + ahead
    return int(at.timestamp()) * NS_PER_S + int(fraction.ljust(9, "0"))
