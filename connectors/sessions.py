"""Trading sessions of the New York Stock Exchange, half days and holidays included.

Owns what a session is, which New York day a time belongs to, and on which days there was trading.
Refuses a day without trading where a session is asked for, and times outside 1990 to 2099.
"""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from connectors.errors import UserError
from connectors.feed import SessionStart

NEW_YORK: Final = ZoneInfo("America/New_York")
NS_PER_S: Final = 1_000_000_000
NS_PER_HOUR: Final = 3600 * NS_PER_S
FIRST_YEAR, LAST_YEAR = 1990, 2099
TEN_SECOND_REPORTS: Final = date(2013, 11, 4)  # FINRA shortened the reporting window from 30 s
HOURS_KEPT: Final = 65_536
YEARS_AHEAD: Final = 3  # the longest listed options expire within them


def session_of(day: date) -> SessionStart:
    """Return the trading session of a date.

    Raises:
        UserError: the exchange did not trade that day.
    """
    calendar = _calendar(day)
    if not calendar.is_session(str(day)):
        raise UserError(f"{day}: the New York Stock Exchange did not trade that day")
    opened, closed = calendar.session_open(str(day)), calendar.session_close(str(day))
    usual = closed.astimezone(NEW_YORK).hour == 16
    window_s = 10 if day >= TEN_SECOND_REPORTS else 30
    times = (midnight(day), int(opened.value), int(closed.value))
    return SessionStart(str(day), *times, window_s * NS_PER_S, {"is_half_day": not usual})


def midnight(day: date) -> int:
    """Return the first moment of a New York day, ns UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=NEW_YORK)
    return int(start.timestamp()) * NS_PER_S


def next_day(day: date) -> date:
    """Return the day after."""
    return day + timedelta(days=1)


def day_of(ts: int) -> date:
    """Return the New York day of a time in ns UTC."""
    return datetime.fromtimestamp(ts // NS_PER_S, UTC).astimezone(NEW_YORK).date()


def is_trading_day(day: date) -> bool:
    """Tell whether the exchange traded on a day; False outside the years this module knows."""
    return FIRST_YEAR <= day.year <= LAST_YEAR and day in _days_of(day.year)


def is_trading_time(times: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Tell of each time (ns UTC) whether its New York day is one with trading, at any hour."""
    hours, places = np.unique(times // NS_PER_HOUR, return_inverse=True)
    open_hours = np.fromiter((_is_open_hour(int(h)) for h in hours), np.bool_, len(hours))
    found: npt.NDArray[np.bool_] = open_hours[places]
    return found


@lru_cache(maxsize=HOURS_KEPT)
def _is_open_hour(hour: int) -> bool:
    """Tell it of one hour since the epoch; New York's clock is whole hours away from UTC."""
    try:
        return is_trading_day(day_of(hour * NS_PER_HOUR))
    except (OverflowError, OSError, ValueError):
        return False


@lru_cache(maxsize=LAST_YEAR - FIRST_YEAR + 1)
def _days_of(year: int) -> frozenset[date]:
    calendar = _calendar_between(date(year, 1, 1), date(year, 12, 31))
    return frozenset(d.date() for d in calendar.sessions)


@lru_cache(maxsize=64)
def _calendar(day: date) -> Any:
    margin = timedelta(days=10)
    return _calendar_between(day - margin, day + margin)


def _calendar_between(first: date, last: date) -> Any:
    from exchange_calendars import get_calendar

    with warnings.catch_warnings():
        # The calendar package uses spellings of pandas that a later version will not know.
        warnings.simplefilter("ignore")
        return get_calendar("XNYS", start=str(first), end=str(last))


def weekdays_off(day: date) -> tuple[int, ...]:
    """Return the weekdays without trading in the years of a date and the two after it, as YYYYMMDD."""
    years = [y for y in range(day.year, day.year + YEARS_AHEAD) if FIRST_YEAR <= y <= LAST_YEAR]
    return tuple(n for year in years for n in _off_days(year))


@lru_cache(maxsize=LAST_YEAR - FIRST_YEAR + 1)
def _off_days(year: int) -> tuple[int, ...]:
    open_days = _days_of(year)
    every = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    off = [d for d in every if d.year == year and d.weekday() < 5 and d not in open_days]
    return tuple(d.year * 10_000 + d.month * 100 + d.day for d in off)
