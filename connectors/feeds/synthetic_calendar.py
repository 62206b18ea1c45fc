"""The sessions of the exchange that the synthetic market trades, and the dates its options expire on.

Owns the calendar: real trading hours of the New York Stock Exchange from a fixed first day on, half
days and holidays included. Refuses to depend on today's date.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Final

FIRST_DAY: Final = date(2026, 1, 5)
LAST_DAY: Final = date(2027, 6, 30)
CALENDAR_END: Final = "2027-12-31"
SECOND_NS: Final = 1_000_000_000
PREOPEN_S: Final = 10


@dataclass(frozen=True, slots=True)
class Day:
    """A session of the exchange, in ns UTC, and the dates its options expire on, with their closes."""

    number: int
    when: date
    open_ts: int
    close_ts: int
    expiries: tuple[tuple[date, int], ...]

    @property
    def start_ts(self) -> int:
        return self.open_ts - PREOPEN_S * SECOND_NS

    @property
    def seconds(self) -> int:
        """Seconds from the start to the close."""
        return (self.close_ts - self.start_ts) // SECOND_NS

    @property
    def minutes(self) -> int:
        return (self.close_ts - self.open_ts) // (60 * SECOND_NS)


@cache
def _closes() -> dict[date, tuple[int, int]]:
    import exchange_calendars

    calendar = exchange_calendars.get_calendar("XNYS", start=FIRST_DAY.isoformat(), end=CALENDAR_END)
    rows = calendar.schedule.itertuples()
    return {row.Index.date(): (int(row.open.value), int(row.close.value)) for row in rows}


def days() -> Iterator[Day]:
    """Yield the sessions of the exchange from the first day on."""
    for number, (day, (first, last)) in enumerate(_closes().items()):
        if day <= LAST_DAY:
            yield Day(number, day, first, last, _expiries(day))


def _expiries(day: date) -> tuple[tuple[date, int], ...]:
    """The day itself, the next two Fridays and the next two third Fridays, holidays moved back."""
    friday = day + timedelta(days=(4 - day.weekday()) % 7 or 7)
    if _session_before(friday) == day:  # a holiday moved that Friday's expiry onto today
        friday += timedelta(days=7)
    wanted = [day, friday, friday + timedelta(days=7), *_third_fridays(friday + timedelta(days=8))]
    return tuple((found, _closes()[found][1]) for found in map(_session_before, wanted))


def _third_fridays(after: date) -> list[date]:
    months = [divmod(after.month - 1 + shift, 12) for shift in range(4)]
    firsts = [date(after.year + years, month + 1, 1) for years, month in months]
    found = [first + timedelta(days=(4 - first.weekday()) % 7 + 14) for first in firsts]
    return [friday for friday in found if friday >= after][:2]


def _session_before(day: date) -> date:
    while day not in _closes():
        day -= timedelta(days=1)
    return day
