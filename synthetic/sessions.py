"""The calendar of the synthetic market: which date a day is, when it opens, and what its companies do.

Owns business days from 2 March 2026 by the rules of the New York exchanges (holidays, half days, daylight
saving time), the blocks of the regular session, and the dividends and splits of a world. Day 0 is the
first business day; DAYS_MAX days are the limit. Refuses the machine's time zone and clock.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Final, Literal

import numpy as np

from synthetic.layout import (
    BLOCK_NS,
    FIRST_BLOCK_HOUR,
    HALF_DAY_CLOSE_BLOCK,
    REGULAR_CLOSE_BLOCK,
    REGULAR_OPEN_BLOCK,
    SECOND_NS,
)
from synthetic.rng import below, stream, uniform
from synthetic.universe import Floats, Universe

FIRST_DATE: Final = date(2026, 3, 2)
DAYS_MAX: Final = 1000
QUARTER_DAYS: Final = 63
SPLIT_CHANCE: Final = 0.15  # of a split somewhere on a day
SPLIT_RATIOS: Final = (2, 3, 4, 5, 10)
SPLIT_PRICE_MIN: Final = 250.0
EPOCH: Final = date(1970, 1, 1)
KEY_SPLIT: Final = 501
KEY_DIVIDEND: Final = 502


@dataclass(frozen=True)
class Day:
    """One session: times are ns since 1970 UTC; blocks of the regular session are [open, close)."""

    index: int
    date: date
    start_ts: int  # 04:00 New York, the start of block 0
    open_block: int
    close_block: int

    @property
    def is_half(self) -> bool:
        """Whether the regular session ends at 13:00."""
        return self.close_block == HALF_DAY_CLOSE_BLOCK

    def block_ts(self, block: int) -> int:
        """Return when a block starts."""
        return self.start_ts + block * BLOCK_NS

    def is_regular(self, block: int) -> bool:
        """Whether a block lies in the regular session."""
        return self.open_block <= block < self.close_block


@dataclass(frozen=True)
class Action:
    """A dividend (USD per share) or split (new shares per old) that is effective before a day's start."""

    kind: Literal["dividend", "split"]
    day: int
    symbol: int
    amount: float


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (Meeus)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)


def _observed(day: date) -> date:
    return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))


@cache
def holidays(year: int) -> frozenset[date]:
    """Return the full holidays of a year; New Year's Day on a Saturday is not moved."""
    new_year = date(year, 1, 1)
    last_monday_of_may = date(year, 5, 31) - timedelta(days=date(year, 5, 31).weekday())
    return frozenset(
        [
            new_year if new_year.weekday() == 5 else _observed(new_year),
            _nth_weekday(year, 1, 0, 3),
            _nth_weekday(year, 2, 0, 3),
            _easter(year) - timedelta(days=2),
            last_monday_of_may,
            _observed(date(year, 6, 19)),
            _observed(date(year, 7, 4)),
            _nth_weekday(year, 9, 0, 1),
            _nth_weekday(year, 11, 3, 4),
            _observed(date(year, 12, 25)),
        ]
    )


def is_business_day(day: date) -> bool:
    """Whether the exchanges open on a date."""
    return day.weekday() < 5 and day not in holidays(day.year)


def is_half_day(day: date) -> bool:
    """Whether a business day closes at 13:00: after Thanksgiving, before Christmas and before 4 July."""
    thanksgiving = _nth_weekday(day.year, 11, 3, 4)
    early = (thanksgiving + timedelta(days=1), date(day.year, 12, 24), date(day.year, 7, 3))
    return day in early and is_business_day(day)


def utc_offset_hours(day: date) -> int:
    """Return New York's hours behind UTC on a date: 4 in summer time (second Sunday of March), else 5."""
    start, end = _nth_weekday(day.year, 3, 6, 2), _nth_weekday(day.year, 11, 6, 1)
    return 4 if start <= day < end else 5


@cache
def _dates() -> tuple[date, ...]:
    found: list[date] = []
    day = FIRST_DATE
    while len(found) < DAYS_MAX:
        if is_business_day(day):
            found.append(day)
        day += timedelta(days=1)
    return tuple(found)


def day_of(index: int) -> Day:
    """Return a day of the world by its number; AssertionError outside [0, DAYS_MAX)."""
    assert 0 <= index < DAYS_MAX, f"day {index} of a world of {DAYS_MAX}"
    on = _dates()[index]
    hours = (on - EPOCH).days * 24 + utc_offset_hours(on) + FIRST_BLOCK_HOUR
    close = HALF_DAY_CLOSE_BLOCK if is_half_day(on) else REGULAR_CLOSE_BLOCK
    return Day(index, on, hours * 3600 * SECOND_NS, REGULAR_OPEN_BLOCK, close)


def actions(seed: int, day: int, universe: Universe) -> tuple[Action, ...]:
    """Return the dividends and splits effective on a day, in order of symbol, dividends first."""
    offsets = _dividend_offsets(seed, len(universe))
    due = [
        Action("dividend", day, s, round(float(universe.price[s] * universe.dividend_yield[s]) / 4, 2))
        for s in range(len(universe))
        if universe.dividend_yield[s] > 0 and day % QUARTER_DAYS == offsets[s]
    ]
    return (*(a for a in due if a.amount > 0), *_splits(seed, day, universe))


@cache
def _dividend_offsets(seed: int, count: int) -> tuple[int, ...]:
    s = stream(seed, KEY_DIVIDEND)
    return tuple(int(below(s, QUARTER_DAYS)) for _ in range(count))


def _splits(seed: int, day: int, universe: Universe) -> tuple[Action, ...]:
    s = stream(seed, KEY_SPLIT, day)
    dear = [
        i for i in range(len(universe)) if universe.price[i] > SPLIT_PRICE_MIN and not universe.is_fund[i]
    ]
    if day == 0 or not dear or uniform(s) > SPLIT_CHANCE:
        return ()
    symbol = dear[below(s, len(dear))]
    ratio = SPLIT_RATIOS[below(s, len(SPLIT_RATIOS))]
    return (Action("split", day, symbol, float(ratio)),)


def split_factors(seed: int, day: int, universe: Universe) -> Floats:
    """Return by what each symbol's price is divided on a day, for all splits since day 0; one split each."""
    factors = np.ones(len(universe))
    for earlier in range(1, day + 1):
        for split in _splits(seed, earlier, universe):
            if factors[split.symbol] == 1.0:
                factors[split.symbol] = split.amount
    return factors
