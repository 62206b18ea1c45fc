"""The tape of a market made by hand: delays, late reports, cancels, repeats, losses, from any place on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from synthetic.layout import (
    BLOCK_SECONDS,
    EQUITY_CODE,
    FLAG_OFF_EXCHANGE,
    P_AGGRESSOR,
    P_CODE,
    P_CONTRACT,
    P_FLAGS,
    P_PRICE,
    P_SIZE,
    P_SYMBOL,
    P_TS,
    P_VENUE,
    PRINT_COLUMNS,
    Q_ASK,
    Q_BID,
    Q_CONTRACT,
    Q_SYMBOL,
    Q_TS,
    QUOTE_COLUMNS,
    SECOND_NS,
    TICK,
    Matrix,
)
from synthetic.sessions import Day, day_of
from synthetic.tape import Published, Tape
from synthetic.tape_incidents import Incidents, plan
from synthetic.tape_layout import (
    CANCEL,
    CORRECTION,
    DUPLICATE,
    ROW_SHIFT,
    S_AT,
    S_EVENT,
    S_NUMBER,
    S_REFERS,
    S_REPORT,
    S_ROW,
    S_SOURCE,
    S_STATE,
    S_TARGET,
    S_TIMED,
    S_VENDOR,
    Z_SOURCE,
)
from synthetic.tape_noise import published
from synthetic.tape_params import CLEAN, GRID_NS, NORMAL, ROUGH, TapeParams

SYMBOLS, SERIES = 12, 40
OPEN = day_of(0).block_ts(day_of(0).open_block)


@dataclass(frozen=True)
class Second:
    """What happened in a second of the market made by hand."""

    option_prints: Matrix
    option_quotes: Matrix
    equity_prints: Matrix
    equity_quotes: Matrix


class ByHand:
    """Prints and quotes at random times, the same for a block whenever it is asked for."""

    seed = 5
    symbol_count = SYMBOLS
    series_symbols = np.arange(SERIES, dtype=np.int64) % SYMBOLS

    def __init__(self, day: Day, rate: int = 40) -> None:
        self.day, self.rate = day, rate

    def block(self, block: int) -> Iterator[Second]:
        rng = np.random.default_rng(block)
        for number in range(BLOCK_SECONDS):
            start = self.day.block_ts(block) + number * SECOND_NS
            options, equities = (self._prints(rng, start, is_option) for is_option in (True, False))
            yield Second(options, self._quotes(rng, start, True), equities, self._quotes(rng, start, False))

    def _prints(self, rng: np.random.Generator, start: int, is_option: bool) -> Matrix:
        rows = np.zeros((self.rate, PRINT_COLUMNS), np.int64)
        rows[:, P_TS] = start + np.sort(rng.integers(0, SECOND_NS, self.rate))
        contract = rng.integers(0, SERIES, self.rate)
        rows[:, P_CONTRACT] = contract if is_option else -1
        symbols = rng.integers(0, SYMBOLS, self.rate)
        rows[:, P_SYMBOL] = self.series_symbols[contract] if is_option else symbols
        rows[:, P_PRICE] = 100 * TICK + rng.integers(-9, 9, self.rate) * TICK
        rows[:, P_SIZE] = rng.integers(1, 50, self.rate)
        is_off = (rng.random(self.rate) < 0.3) & (not is_option)
        rows[:, P_VENUE] = np.where(is_off, ord("D"), rng.choice([ord(v) for v in "CNQ"], self.rate))
        rows[:, P_FLAGS] = np.where(is_off, FLAG_OFF_EXCHANGE, 0)
        rows[:, P_CODE] = ord("I") if is_option else 0
        rows[:, P_AGGRESSOR] = rng.choice([1, -1], self.rate)
        return rows

    def _quotes(self, rng: np.random.Generator, start: int, is_option: bool) -> Matrix:
        count = 2 * self.rate
        rows = np.ones((count, QUOTE_COLUMNS), np.int64)
        rows[:, Q_TS] = start + np.sort(rng.integers(0, SECOND_NS, count))
        contract = rng.integers(0, SERIES, count)
        rows[:, Q_CONTRACT] = contract if is_option else -1
        symbols = rng.integers(0, SYMBOLS, count)
        rows[:, Q_SYMBOL] = self.series_symbols[contract] if is_option else symbols
        rows[:, Q_BID] = 100 * TICK - rng.integers(1, 9, count) * TICK
        rows[:, Q_ASK] = 100 * TICK + rng.integers(0, 9, count) * TICK
        return rows


def quiet_day(day: Day, params: TapeParams) -> Incidents:
    return plan(5, day, SYMBOLS, 3, params)


def tape(params: TapeParams, seconds: int, start: int = 0, day: int = 0) -> list[Published]:
    on = day_of(day)
    made = Tape(ByHand(on), params, quiet_day(on, params))
    open_ts = on.block_ts(on.open_block)
    return list(made.seconds(open_ts + start * SECOND_NS, open_ts + seconds * SECOND_NS))


@cache
def rough() -> tuple[Published, ...]:
    """Ten minutes with many faults."""
    many = replace(ROUGH, option_cancel=0.02, equity_cancel=0.02, equity_correct=0.02, duplicate=0.01)
    return tuple(tape(replace(many, log_late=0.01, option_late=0.02, equity_late=0.02), 700))


def joined(found: tuple[Published, ...] | list[Published], name: str) -> Matrix:
    return np.concatenate([getattr(second, name) for second in found])


def all_prints(name: str) -> Matrix:
    return np.concatenate([joined(rough(), f"{name}_prints"), joined(rough(), f"late_{name}_prints")])


def exact(seconds: int, name: str) -> Matrix:
    day = day_of(0)
    rows = [s for b in (66, 67, 68) for s in ByHand(day).block(b)][:seconds]
    return np.concatenate([getattr(s, name) for s in rows])


@pytest.mark.parametrize("name", ["option", "equity"])
def test_every_fill_is_published_once_and_in_order(name: str) -> None:
    rows = joined(tape(replace(CLEAN, showcase=False), 40), f"{name}_prints")
    fills = exact(40, f"{name}_prints")
    assert np.all(np.diff(rows[:, S_SOURCE]) >= 0)
    assert np.all(rows[:, S_SOURCE] > rows[:, P_TS])
    on_time = fills[fills[:, P_TS] < rows[:, P_TS].max() - 11 * SECOND_NS]
    known = {tuple(r) for r in rows[:, :PRINT_COLUMNS].tolist()}
    assert len(known) == len(rows)
    assert {tuple(r) for r in on_time.tolist()} <= known <= {tuple(r) for r in fills.tolist()}


def test_reports_of_the_facility_come_later_than_lit_ones() -> None:
    rows = joined(tape(CLEAN, 60), "equity_prints")
    delay = rows[:, S_SOURCE] - rows[:, P_TS]
    is_off = rows[:, P_FLAGS] & FLAG_OFF_EXCHANGE > 0
    assert np.median(delay[~is_off]) < 2_000_000 < 100_000_000 < np.median(delay[is_off])
    assert delay.max() < 11 * SECOND_NS


def test_clocks_of_venues_differ_and_each_stays_near_itself() -> None:
    rows = joined(tape(CLEAN, 60), "option_prints")
    error = rows[:, S_EVENT] - rows[:, P_TS]
    spreads = [np.ptp(error[rows[:, P_VENUE] == ord(v)]) for v in "CNQ"]
    means = [np.mean(error[rows[:, P_VENUE] == ord(v)]) for v in "CNQ"]
    assert np.abs(error).max() <= CLEAN.skew_ns
    assert max(spreads) < np.ptp(means) or np.ptp(means) > 10_000
    assert np.all(rows[:, S_TIMED] == 1)


@pytest.mark.parametrize("key", [1, 2**63 + 5])
def test_a_channel_never_overtakes_itself(key: int) -> None:
    points = np.array(NORMAL.quotes, np.int64)
    times = OPEN + np.arange(0, 5 * GRID_NS, 991)
    out = np.array([published(points, np.uint64(key), 3, int(t)) for t in times])
    assert np.all(np.diff(out) >= 0)
    delay = out - times
    assert points[0] <= delay.min() and delay.max() <= points[-1]
    assert np.ptp(delay) > 0


@pytest.mark.parametrize("name", ["option", "equity"])
def test_quotes_of_a_series_keep_their_order(name: str) -> None:
    rows = joined(tape(replace(CLEAN, locked=0.02, crossed=0.02), 40), f"{name}_quotes")
    keys = rows[:, Q_CONTRACT if name == "option" else Q_SYMBOL]
    for key in range(keys.max() + 1):
        assert np.all(np.diff(rows[keys == key, Q_TS]) >= 0)
    crossed, locked = rows[:, Q_BID] > rows[:, Q_ASK], rows[:, Q_BID] == rows[:, Q_ASK]
    assert 0.01 < crossed.mean() < 0.04 and 0.01 < locked.mean() < 0.16


def test_what_stands_after_a_flicker_is_the_true_quote() -> None:
    rows = joined(tape(replace(CLEAN, crossed=0.05), 40), "equity_quotes")
    quotes = exact(40, "equity_quotes")
    for symbol in range(SYMBOLS):
        mine = rows[rows[:, Q_SYMBOL] == symbol]
        last = mine[-1]
        true = quotes[(quotes[:, Q_SYMBOL] == symbol) & (quotes[:, Q_TS] <= last[Q_TS])][-1]
        if mine[-1, Q_BID] <= mine[-1, Q_ASK]:
            assert np.array_equal(last[:QUOTE_COLUMNS], true)


def test_cancels_and_corrections_name_a_trade_published_before() -> None:
    for name in ("option", "equity"):
        rows = all_prints(name)
        at = {r[S_ROW]: r for r in rows[(rows[:, S_REPORT] == 0) & (rows[:, S_STATE] != DUPLICATE)]}
        reports = rows[rows[:, S_REPORT] > 0]
        assert len(reports) > 20
        for row in reports:
            target = at[row[S_TARGET]]
            assert row[S_REFERS] == target[S_NUMBER] > 0
            assert row[P_VENUE] == target[P_VENUE]
            assert row[S_SOURCE] >= target[S_SOURCE]
            is_equal = row[P_PRICE] == target[P_PRICE] and row[P_SIZE] == target[P_SIZE]
            assert is_equal == (row[S_REPORT] == CANCEL)
    assert np.any(all_prints("equity")[:, S_REPORT] == CORRECTION)


def test_codes_of_cancels_and_late_reports_say_what_the_tape_shows() -> None:
    rows = joined(rough(), "option_prints")
    rows = np.concatenate([rows, joined(rough(), "late_option_prints")])
    rows = rows[rows[:, S_STATE] != DUPLICATE]
    rows = rows[np.argsort(rows[:, S_VENDOR], kind="stable")]
    seen: dict[int, list[npt.NDArray[np.int64]]] = {}
    counted: dict[str, int] = {}
    for row in rows:
        before = seen.setdefault(int(row[P_CONTRACT]), [])
        code = chr(row[P_CODE])
        counted[code] = counted.get(code, 0) + 1
        standing = [b for b in before if b[S_REPORT] == 0]
        if row[S_REPORT] == CANCEL:
            assert code in "ACEG"
            dead = {b[S_TARGET] for b in before if b[S_REPORT] == CANCEL}
            alive = [b[S_ROW] for b in standing if b[S_ROW] not in dead]
            if code == "C":
                assert alive[-1] == row[S_TARGET]
            if code in "EG":
                assert min(standing, key=lambda b: int(b[P_TS]))[S_ROW] == row[S_TARGET]
            if code == "G":
                assert len(standing) == 1
        elif code in "BF":
            assert any(b[P_TS] > row[P_TS] for b in standing)
        elif code in "DH":
            assert not any(b[P_TS] > row[P_TS] for b in standing)
        before.append(row)
    assert {"A", "B", "C", "I"} <= set(counted)


def test_late_equities_say_so() -> None:
    rows = all_prints("equity")
    late = rows[(rows[:, S_REPORT] == 0) & (rows[:, S_SOURCE] - rows[:, P_TS] > 25 * SECOND_NS)]
    said = EQUITY_CODE["out_of_sequence"] | EQUITY_CODE["sold_last"]
    assert len(late) > 50
    assert np.all(late[:, P_CODE] & said > 0)


def test_repeats_are_equal_in_all_that_is_published() -> None:
    rows = all_prints("option")
    copies = rows[rows[:, S_STATE] == DUPLICATE]
    first = {int(r[S_VENDOR]): r for r in rows if r[S_STATE] != DUPLICATE}
    assert len(copies) > 50
    for row in copies:
        same = first[int(row[S_VENDOR])].copy()
        same[[S_STATE, S_AT]] = row[[S_STATE, S_AT]]
        assert np.array_equal(same, row)
    assert np.mean(copies[:, S_AT] > copies[:, S_SOURCE]) == pytest.approx(0.5, abs=0.2)


def test_held_rows_leave_the_tape_behind_younger_ones() -> None:
    for second in rough():
        for late in (second.late_option_prints, second.late_equity_prints):
            assert np.all((late[:, S_AT] >= second.start_ts) & (late[:, S_AT] < second.stop_ts))
            assert np.all(late[:, S_AT] > late[:, S_SOURCE])
            assert np.all(np.diff(late[:, S_AT]) >= 0)
    assert sum(len(s.late_option_prints) for s in rough()) > 50


def test_numbers_of_the_vendor_have_no_holes() -> None:
    for name in ("option", "equity"):
        rows = all_prints(name)
        found = np.unique(rows[rows[:, S_STATE] != DUPLICATE, S_VENDOR])
        whole = found[: int(0.9 * len(found))]  # of the last rows, some are still held
        assert np.all((np.diff(whole) == 1) | (np.diff(whole) > 10_000_000))


def test_a_halt_stops_prints_and_takes_the_quotes_away() -> None:
    found = tape(NORMAL, 60)
    start, stop = OPEN + 20 * SECOND_NS, OPEN + 35 * SECOND_NS
    halted = np.flatnonzero(ByHand.series_symbols == 3)
    for name, symbol in (("option", P_SYMBOL), ("equity", P_SYMBOL)):
        prints = joined(found, f"{name}_prints")
        mine = prints[prints[:, symbol] == 3]
        assert not np.any((mine[:, P_TS] >= start) & (mine[:, P_TS] < stop))
        assert np.any(mine[:, P_TS] < start) and np.any(mine[:, P_TS] >= stop)
        quotes = joined(found, f"{name}_quotes")
        during = quotes[(quotes[:, Q_SYMBOL] == 3) & (quotes[:, Q_TS] >= start) & (quotes[:, Q_TS] < stop)]
        assert np.all(during[:, [Q_BID, Q_ASK]] == -1)
        assert len(during) == (len(halted) if name == "option" else 1)
        back = quotes[(quotes[:, Q_SYMBOL] == 3) & (quotes[:, Q_TS] == stop)]
        assert len(back) == len(during) and np.all(back[:, Q_ASK] > 0)
    options, equities = joined(found, "option_prints"), joined(found, "equity_prints")
    first = options[(options[:, P_CODE] == ord("J"))]
    assert set(first[:, P_CONTRACT].tolist()) == set(halted.tolist())
    reopened = equities[equities[:, P_CODE] & EQUITY_CODE["reopening"] > 0]
    assert reopened[:, P_SYMBOL].tolist() == [3]


def test_an_outage_swallows_quotes() -> None:
    found = tape(NORMAL, 60)
    for outage in quiet_day(day_of(0), NORMAL).outages:
        if outage.start_ts < OPEN + 60 * SECOND_NS:
            source = joined(found, "equity_quotes" if outage.market else "option_quotes")[:, Z_SOURCE]
            assert not np.any((source >= outage.start_ts) & (source < outage.stop_ts))
            assert np.any(source < outage.start_ts) and np.any(source >= outage.stop_ts)


@pytest.mark.parametrize("start", [1, 299, 300, 301, 620])
def test_the_tape_is_the_same_wherever_reading_began(start: int) -> None:
    many = replace(ROUGH, option_cancel=0.02, equity_cancel=0.02, equity_correct=0.02, duplicate=0.01)
    params = replace(many, log_late=0.01, option_late=0.02, equity_late=0.02)
    for one, other in zip(rough()[start : start + 30], tape(params, start + 30, start), strict=True):
        for name in Published.__slots__:
            assert np.array_equal(getattr(one, name), getattr(other, name)), name


def test_order_of_equal_times_follows_nothing_that_a_tape_hides() -> None:
    day = day_of(0)
    market = ByHand(day, 400)

    def together(block: int) -> Iterator[Second]:
        for second in ByHand.block(market, block):
            second.option_prints[:, P_TS] = second.option_prints[0, P_TS]
            second.option_prints[:, P_CONTRACT] = 7
            second.option_prints[:, P_SYMBOL] = 7
            second.option_prints[:, P_AGGRESSOR] = np.where(np.arange(400) < 200, 1, -1)
            yield second

    market.block = together  # type: ignore[method-assign]
    made = Tape(market, CLEAN, quiet_day(day, CLEAN))
    rows = joined(list(made.seconds(OPEN, OPEN + 20 * SECOND_NS)), "option_prints")
    ranks = np.arange(len(rows)) % 400
    correlation = np.corrcoef(ranks, rows[:, P_AGGRESSOR])[0, 1]
    assert abs(correlation) < 0.05
    assert len({(n, v) for n, v in rows[:, [S_NUMBER, P_VENUE]].tolist()}) == len(rows)
    by_number = rows[np.lexsort((rows[:, S_NUMBER], rows[:, S_ROW] >> ROW_SHIFT))]
    one_venue = by_number[by_number[:, P_VENUE] == ord("C")]
    assert abs(np.corrcoef(np.arange(len(one_venue)) % 133, one_venue[:, P_AGGRESSOR])[0, 1]) < 0.1
