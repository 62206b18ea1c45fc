"""Candles: when they close, what late prints do to them, and what the limits cost."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pytest

from dataflows.analytics.candles import HAS_HIGH_LOW, HAS_LAST, HAS_VOLUME, IS_OFF, Limits, Trades
from dataflows.analytics.equities_candles import Candles
from dataflows.analytics.equities_state import Names

SECOND: Final = 1_000_000_000
T0: Final = 1_600_000_200 * SECOND  # a multiple of five minutes
ALL: Final = HAS_VOLUME | HAS_HIGH_LOW | HAS_LAST
LIMITS: Final = Limits(1800 * SECOND, 200_000)


@dataclass(frozen=True)
class Tick:
    """A print at `at_s` seconds after T0, applied at `late_s` where it came late."""

    at_s: float
    price: int
    size: int = 1
    flags: int = ALL
    name: str = "A"
    late_s: float | None = None


def ns(seconds: float) -> int:
    return T0 + round(seconds * 1000) * 1_000_000


class Tape:
    """Candles of a few ticks, as readable tuples."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.names, self.candles = Names(), Candles(limits)

    def feed(self, ticks: list[Tick], until_s: float) -> list[dict[str, Any]]:
        def column(values: list[int]) -> Any:
            return np.array(values, np.int64)

        trades = Trades(
            self.names.ids(pa.array([t.name for t in ticks], pa.string())),
            column([ns(t.at_s) for t in ticks]),
            column([ns(t.at_s if t.late_s is None else t.late_s) for t in ticks]),
            column([t.price for t in ticks]),
            column([t.size for t in ticks]),
            column([t.price * t.size for t in ticks]),
            np.array([t.flags for t in ticks], np.int8),
            np.array([t.late_s is not None for t in ticks], np.bool_),
        )
        batch = self.candles.apply(trades, self.names, ns(until_s))
        rows = {n: c.to_pylist() if isinstance(c, pa.Array) else c.tolist() for n, c in batch.columns.items()}
        return [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)]


def prices(bar: dict[str, Any]) -> tuple[int, int, int, int]:
    return bar["open"], bar["high"], bar["low"], bar["close"]


def seconds(rows: list[dict[str, Any]], interval_s: int = 1) -> list[dict[str, Any]]:
    return [r for r in rows if r["interval_s"] == interval_s]


def test_a_bar_leaves_when_time_reaches_its_end() -> None:
    tape = Tape()
    assert tape.feed([Tick(0, 10), Tick(0.5, 12), Tick(0.999, 11)], 0.999) == []
    (bar,) = tape.feed([], 1)
    assert (bar["emit_ts"], bar["start_ts"], bar["end_ts"]) == (ns(1), ns(0), ns(1))
    assert prices(bar) == (10, 12, 10, 11)
    assert (bar["volume"], bar["notional"], bar["trade_count"]) == (3, 33, 3)
    assert (bar["version"], bar["status"], bar["underlying"]) == (1, 0, "A")


def test_a_print_on_the_boundary_opens_the_next_bar() -> None:
    first, second = seconds(Tape().feed([Tick(0.5, 10), Tick(1, 20)], 2))
    assert (first["close"], second["open"]) == (10, 20)


def test_bars_leave_by_end_interval_and_name_whatever_came_first() -> None:
    rows = Tape().feed([Tick(0, 1, name="Z"), Tick(0, 1, name="É"), Tick(0.2, 1, name="B")], 1000)
    assert [(r["interval_s"], r["underlying"]) for r in rows] == [
        (interval, name) for interval in (1, 5, 60, 300) for name in ("B", "Z", "É")
    ]


def test_eligibility_decides_what_a_print_changes() -> None:
    ticks = [
        Tick(0.1, 50, flags=HAS_VOLUME),
        Tick(0.2, 10),
        Tick(0.3, 30, flags=HAS_VOLUME | HAS_HIGH_LOW),
        Tick(0.4, 40, flags=HAS_LAST),
        Tick(0.5, 20, flags=ALL | IS_OFF),
        Tick(0.6, 99, flags=0),
    ]
    (bar,) = seconds(Tape().feed(ticks, 1))
    assert prices(bar) == (10, 40, 10, 20)
    assert (bar["volume"], bar["off_exchange_volume"], bar["trade_count"]) == (4, 1, 4)


def test_a_bar_of_volume_alone_has_no_prices() -> None:
    (bar,) = seconds(Tape().feed([Tick(0.1, 50, flags=HAS_VOLUME)], 1))
    assert prices(bar) == (-1, -1, -1, -1)


def test_what_no_bar_takes_opens_none() -> None:
    assert Tape().feed([Tick(0.1, 50, flags=0)], 1000) == []


def test_a_late_print_restates_the_bars_of_its_own_time() -> None:
    tape = Tape()
    tape.feed([Tick(0.5, 10)], 7)
    rows = tape.feed([Tick(0.2, 15, late_s=7.5)], 8)
    assert [(r["interval_s"], r["version"], r["status"], r["emit_ts"]) for r in rows] == [
        (1, 2, 1, ns(7.5)),
        (5, 2, 1, ns(7.5)),
    ]
    assert prices(rows[0]) == (15, 15, 10, 10)  # it opens the bar: it traded first
    (minute,) = seconds(tape.feed([], 60), 60)
    assert (minute["version"], minute["status"]) == (1, 0)
    assert prices(minute) == (15, 15, 10, 10)


def test_a_late_print_of_the_same_time_comes_after_what_was_there() -> None:
    tape = Tape()
    tape.feed([Tick(0.5, 10)], 2)
    (bar,) = seconds(tape.feed([Tick(0.5, 15, late_s=2.5)], 3))
    assert (bar["open"], bar["close"]) == (10, 15)


def test_a_late_print_makes_the_bar_that_was_missing() -> None:
    tape = Tape()
    tape.feed([Tick(0.5, 10)], 4)
    (made,) = seconds(tape.feed([Tick(2.5, 15, late_s=4.5)], 4.6))
    assert (made["start_ts"], made["version"], made["status"]) == (ns(2), 1, 1)
    (again,) = seconds(tape.feed([Tick(2.6, 16, late_s=4.7)], 4.8))
    assert (again["version"], again["volume"]) == (2, 2)


def test_a_late_print_within_an_open_bar_says_nothing_new() -> None:
    tape = Tape()
    assert seconds(tape.feed([Tick(0.5, 10), Tick(0.2, 9, late_s=0.8)], 0.9)) == []
    (bar,) = seconds(tape.feed([], 1))
    assert (bar["version"], bar["open"]) == (1, 9)


@pytest.mark.parametrize(("late_s", "beyond"), [(1800.5, 0), (1800.6, 1)])
def test_the_horizon_is_half_an_hour_of_event_time(late_s: float, beyond: int) -> None:
    tape = Tape()
    tape.feed([Tick(0.5, 10)], 1000)
    rows = tape.feed([Tick(0.5, 15, late_s=late_s)], 2000)
    assert len(rows) == 4 * (1 - beyond)
    assert tape.candles.counters["candles_late_beyond_horizon"] == beyond


def test_the_limit_on_held_bars_drops_the_oldest_and_never_starts_over() -> None:
    tape = Tape(replace_limit(6))
    tape.feed([Tick(i + 0.5, 10) for i in range(4)], 4.5)
    assert tape.candles.counters["candles_dropped"] == 0
    tape.feed([Tick(i + 0.5, 10) for i in range(5, 9)], 9.2)
    assert tape.candles.counters["candles_dropped"] == 3
    assert seconds(tape.feed([Tick(0.6, 15, late_s=9.3)], 9.4)) == []
    assert tape.candles.counters["candles_not_restated"] == 1
    (kept,) = seconds(tape.feed([Tick(8.6, 15, late_s=9.5)], 9.6))
    assert (kept["version"], kept["volume"]) == (2, 2)


def replace_limit(held_max: int) -> Limits:
    return LIMITS._replace(held_max=held_max)


def test_growth_of_the_ring_changes_nothing() -> None:
    ticks = [Tick(i + 0.5, 10 + i % 7) for i in range(1700)]
    late = [replace(t, price=99, late_s=1700.0) for t in ticks[::100]]
    tape = Tape()
    tape.feed(ticks, 1699.9)
    rows = seconds(tape.feed(late, 1700))
    assert [r["start_ts"] for r in rows if r["status"] == 1] == [ns(int(t.at_s)) for t in late]
    assert all(r["version"] == 2 and r["high"] == 99 for r in rows if r["status"] == 1)
