"""Days to expiry: weekends, holidays, morning settlement, and expiries that have passed."""

from datetime import UTC, datetime

import numpy as np
import pytest

from dataflows.analytics.expiry import Calendar

THURSDAY = int(datetime(2026, 4, 2, 13, 30, tzinfo=UTC).timestamp()) * 10**9
GOOD_FRIDAY = 20260403


def counted(expiry: int, is_morning: bool = False, off: tuple[int, ...] = (GOOD_FRIDAY,)) -> tuple[int, int]:
    calendar, trading = Calendar(THURSDAY, {"weekdays_off": list(off)}).days(
        np.array([expiry], np.int64), np.array([is_morning])
    )
    return int(calendar[0]), int(trading[0])


@pytest.mark.parametrize(
    ("expiry", "expected"),
    [
        (20260402, (0, 0)),
        (20260406, (4, 1)),  # a holiday and a weekend lie between
        (20260417, (15, 10)),
    ],
)
def test_days_to_expiry(expiry: int, expected: tuple[int, int]) -> None:
    assert counted(expiry) == expected


def test_without_a_calendar_every_weekday_counts() -> None:
    assert counted(20260406, off=()) == (4, 2)


def test_morning_settlement_trades_last_on_the_day_before() -> None:
    assert counted(20260417, is_morning=True) == (15, 9)
    assert counted(20260402, is_morning=True) == (0, 0)


def test_an_expiry_in_the_past_has_no_days() -> None:
    assert counted(20260401) == (-1, -1)
