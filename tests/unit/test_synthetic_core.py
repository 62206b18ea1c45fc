"""The ground the synthetic market stands on: numbers, calendar, universe, parameters, efficient prices."""

import math
from datetime import date
from statistics import NormalDist

import exchange_calendars
import numpy as np
import pytest

import synthetic
from synthetic import layout
from synthetic.activity import activity
from synthetic.params import PROFILES, RANGES, Params, bounds, draw
from synthetic.paths import STEPS, block_paths, coarse_prices
from synthetic.rng import below, bits, exponential, normal, poisson, stream, uniform
from synthetic.sessions import FIRST_DATE, actions, day_of, split_factors
from synthetic.tables import exp, log, normal_cdf
from synthetic.universe import everything, round_lot

MIDDLE = draw("middle", 1)
BLOCK = 100
FIRST_BITS = [18152483630619330081, 3906039146099686933, 9573980202706240994]


def test_streams_are_the_same_everywhere() -> None:
    s = stream(7, 1, 2)
    assert [int(bits(s)) for _ in range(3)] == FIRST_BITS
    s = stream(7, 1, 2)
    assert [int(bits(s)) for _ in range(3)] == FIRST_BITS
    assert int(bits(stream(7, 2, 1))) != FIRST_BITS[0] != int(bits(stream(8, 1, 2)))


def test_numbers_have_their_distributions() -> None:
    s = stream(3, 0)
    count = 20_000
    even = np.array([uniform(s) for _ in range(count)])
    assert even.min() > 0 and even.max() < 1 and abs(even.mean() - 0.5) < 0.01
    round_ones = np.array([normal(s) for _ in range(count)])
    assert abs(round_ones.mean()) < 0.03 and abs(round_ones.std() - 1) < 0.03
    for level in (-2.0, -0.5, 0.7, 1.9):
        assert abs((round_ones < level).mean() - NormalDist().cdf(level)) < 0.012
    waits = np.array([exponential(s) for _ in range(count)])
    assert abs(waits.mean() - 1) < 0.03 and abs((waits > 2).mean() - math.exp(-2)) < 0.01
    for mean in (0.7, 6.0, 90.0):
        counts = np.array([poisson(s, mean) for _ in range(4000)])
        assert abs(counts.mean() - mean) < 5 * math.sqrt(mean / 4000)
        assert abs(counts.var() / mean - 1) < 0.15
    assert {below(s, 5) for _ in range(200)} == set(range(5))


@pytest.mark.parametrize("x", [-30.0, -2.5, -1e-3, 0.0, 0.4, 3.0, 40.0])
def test_functions_agree_with_the_library(x: float) -> None:
    assert exp(x) == pytest.approx(math.exp(x), rel=1e-13)
    assert log(exp(x)) == pytest.approx(x, abs=1e-12)
    if abs(x) < 8:
        assert normal_cdf(x) == pytest.approx(NormalDist().cdf(x), abs=1e-12)


def test_the_universe_is_whole() -> None:
    u = everything()
    assert len(u) >= 500 and len(set(u.symbols)) == len(u)
    assert {"SPY", "QQQ", "IWM", "AAPL", "NVDA", "BRK.B"} <= set(u.symbols)
    assert u.equity_weight.sum() == pytest.approx(1) and u.option_weight.sum() == pytest.approx(1)
    assert (u.price > 0).all() and (u.daily_vol > 0).all() and (u.half_spread >= 0.003).all()
    assert np.bincount(u.spread_class, minlength=4).min() > 0
    assert [round_lot(p) for p in (250.0, 250.01, 1000.01, 10_000.01)] == [100, 40, 10, 1]
    part = u.only(("SPY", "KO"))
    assert part.symbols == ("SPY", "KO") and part.equity_weight.sum() == pytest.approx(1)
    assert part.price[1] == u.price[u.index_of("KO")]


def test_the_calendar_is_new_yorks() -> None:
    known = exchange_calendars.get_calendar("XNYS", start="2026-03-02", end="2027-10-01")
    early = {stamp.date() for stamp in known.early_closes}
    for index, stamp in enumerate(known.sessions):
        day = day_of(index)
        assert day.date == stamp.date()
        assert day.is_half == (day.date in early), day.date
        assert day.block_ts(day.open_block) == known.session_open(stamp).value
        assert day.block_ts(day.close_block) == known.session_close(stamp).value


def test_days_end() -> None:
    assert day_of(0).date == FIRST_DATE == date(2026, 3, 2)
    with pytest.raises(AssertionError, match="world of"):
        day_of(1000)


def test_companies_pay_and_split() -> None:
    u = everything()
    found = [a for day in range(130) for a in actions(5, day, u)]
    dividends = [a for a in found if a.kind == "dividend"]
    payers = np.flatnonzero(u.price * u.dividend_yield / 4 >= 0.01)
    counts = np.bincount([a.symbol for a in dividends], minlength=len(u))
    assert (counts[payers] >= 2).all()
    splits = [a for a in found if a.kind == "split"]
    assert splits
    first = splits[0]
    before, after = (coarse_prices(5, first.day - back, u, MIDDLE)[first.symbol] for back in (1, 0))
    assert after[0] * first.amount == pytest.approx(before[-1], rel=0.15)
    assert split_factors(5, first.day, u)[first.symbol] == first.amount


def test_regions_meet_in_no_coordinate() -> None:
    for name in RANGES:
        tuning, scoring = bounds("tuning", name), bounds("scoring", name)
        assert max(tuning[0], scoring[0]) > min(tuning[1], scoring[1]), name
        assert RANGES[name][0] <= getattr(Params(), name) <= RANGES[name][1]
    for seed in range(5):
        for region in ("tuning", "scoring"):
            params = draw(region, seed)
            assert params == draw(region, seed)
            for name in RANGES:
                low, high = bounds(region, name)
                assert low <= getattr(params, name) <= high
    assert draw("tuning", 1) != draw("tuning", 2)


def test_paths_join_and_can_be_entered_anywhere() -> None:
    u = everything()
    here = block_paths(9, 3, BLOCK, u, MIDDLE)
    assert here.shape == (len(u), STEPS + 1)
    again = block_paths(9, 3, BLOCK, u, MIDDLE)
    assert np.array_equal(here, again)
    after = block_paths(9, 3, BLOCK + 1, u, MIDDLE)
    assert np.allclose(here[:, -1], after[:, 0], rtol=1e-12)
    assert not np.array_equal(here, block_paths(10, 3, BLOCK, u, MIDDLE))
    night = coarse_prices(9, 4, u, MIDDLE)[:, 0] * split_factors(9, 4, u)
    evening = coarse_prices(9, 3, u, MIDDLE)[:, -1] * split_factors(9, 3, u)
    assert np.median(np.abs(night / evening - 1) / u.daily_vol) < 0.6


def test_paths_are_as_volatile_as_stated() -> None:
    u = everything()
    moves = []
    for day in range(12):
        path = coarse_prices(2, day, u, MIDDLE)
        moves.append(np.log(path[:, 144] / path[:, 66]) / u.daily_vol)
    found = float(np.std(np.array(moves)))
    assert 0.6 < found < 1.15  # most of a day's variance is the session's
    fine = np.diff(np.log(block_paths(2, 0, BLOCK, u, MIDDLE)), axis=1)
    spy, aapl = u.index_of("SPY"), u.index_of("AAPL")
    assert np.corrcoef(fine[spy], fine[aapl])[0, 1] > 0.3


def test_activity_is_one_on_average_and_bursts_are_stress() -> None:
    day = day_of(0)
    blocks = [activity(PROFILES["normal"], 1, day, b) for b in range(day.open_block, day.close_block)]
    assert np.mean(blocks) == pytest.approx(1, abs=1e-6)
    first, noon, last = (float(np.mean(blocks[at])) for at in (0, 36, -1))
    assert first > 1.5 > noon and last > 1.5 > noon > 0.5
    stress = np.array(
        [activity(PROFILES["stress"], 1, day, b) for b in range(day.open_block, day.close_block)]
    ) / np.array(blocks)
    assert stress.max() > 4 and 0.001 < (stress > 1.01).mean() < 0.1


def test_identities_never_meet() -> None:
    spaces = [
        layout.first_id(day, block, maker)
        for day in (0, 1)
        for block in (0, 1, layout.WHOLE_DAY)
        for maker in (layout.MAKER_EQUITY, layout.MAKER_OPTION)
    ]
    assert len(set(spaces)) == len(spaces)
    assert min(abs(a - b) for a in spaces for b in spaces if a != b) >= 1 << 32


def test_buffers_grow_and_keep_what_they_hold() -> None:
    buffer = layout.Buffer(3, capacity=4)
    buffer.rows[:4] = 7
    buffer.count = 4
    buffer.reserve(5)
    assert len(buffer.rows) >= 9 and (buffer.written() == 7).all()
    with pytest.raises(AssertionError, match="limit"):
        buffer.reserve(layout.ROWS_MAX)


def test_columns_are_dense_and_codes_are_bits() -> None:
    for prefix, count in (("P_", 19), ("Q_", 9), ("O_", 16), ("T_", 9), ("D_", 9)):
        columns = [
            value
            for name, value in vars(layout).items()
            if name.startswith(prefix) and isinstance(value, int)
        ]
        assert sorted(columns) == list(range(count)), prefix
    assert len(set(layout.EQUITY_CODE.values())) == len(layout.EQUITY_CODES)


def test_a_kernel_is_stamped_with_what_it_calls() -> None:
    needed = synthetic._needed("equity_engine")
    assert {"equity_engine", "equity_book", "rng", "tables", "layout"} <= needed
    assert "world" not in needed
