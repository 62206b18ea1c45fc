"""Times and symbols as a person writes them on the command line.

Owns reading them: a date, or a date and time, in New York unless an offset says otherwise. Refuses
anything else with a sentence that shows what is expected.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Final

from connectors.errors import UserError
from connectors.feeds.lean_files import parse_symbols
from connectors.sessions import NEW_YORK, NS_PER_S, midnight, next_day

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)"
    r"(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)


def parse_start(text: str | None) -> int | None:
    """Return the first moment that is wanted, ns UTC: of a date, its midnight in New York."""
    return None if text is None else _parse(text, "--start", False)


def parse_end(text: str | None) -> int | None:
    """Return the first moment that is no longer wanted, ns UTC: of a date, the midnight after it."""
    return None if text is None else _parse(text, "--end", True)


def _parse(text: str, option: str, is_end: bool) -> int:
    shape = _TIME.fullmatch(text)
    try:
        if _DATE.fullmatch(text):
            day = date.fromisoformat(text)
            return midnight(next_day(day) if is_end else day)
        if shape is None:
            raise ValueError(text)
        day_text, clock, fraction, offset = shape.groups()
        found = datetime.fromisoformat(f"{day_text}T{clock}{'+00:00' if offset == 'Z' else offset or ''}")
    except (ValueError, OverflowError):
        raise UserError(
            f"{option} {text!r}: a date such as 2024-03-01 or a time such as 2024-03-01T09:30:00 is expected "
            "(in New York unless it ends in Z or an offset)"
        ) from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=NEW_YORK)
    since = found - datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    whole = since // timedelta(seconds=1)
    return whole * NS_PER_S + int((fraction or "0").ljust(9, "0"))


def listed_symbols(text: str) -> tuple[str, ...]:
    """Return comma-separated symbols in capitals, sorted, each once."""
    return parse_symbols([part for part in text.split(",") if part.strip()])
