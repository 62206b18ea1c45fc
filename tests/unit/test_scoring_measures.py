"""The arithmetic of scores by hand: shares, intervals, Brier, calibration, pairs, and how truth is dealt."""

import numpy as np
import polars as pl
import pytest

from scoring.baselines import ceiling, fit, majority
from scoring.intervals import Blocks, Longs, wilson, worst_decile
from scoring.metrics import (
    CALIBRATION_N_MIN,
    Claims,
    Sides,
    accuracy_at,
    base_rate,
    brier_skill,
    calibration,
    counts,
    hard,
    per_class,
)
from scoring.nulls import HOW, dealt
from scoring.pairs import ALONE, base_precision, pair_scores

RNG = np.random.default_rng(11)


def sides(*values: int) -> Sides:
    return np.array(values, np.int8)


def zeros(n: int) -> Longs:
    return np.zeros(n, np.int64)


def test_wilson_is_the_published_interval() -> None:
    """Newcombe 1998, table I: 81 of 263 is 0.2553 to 0.3662; 0 of 20 is 0 to 0.1611."""
    low, high = wilson(81, 263) or (0, 0)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    low, high = wilson(0, 20) or (1, 1)
    assert (round(low, 4), round(high, 4)) == (0.0, 0.1611)
    assert wilson(0, 0) is None


def test_blocks_widen_the_interval_where_prints_are_alike() -> None:
    """A hundred prints a block that are all right or all wrong are worth one trial, not a hundred."""
    block = np.repeat(np.arange(40), 100)
    is_right = np.repeat(RNG.random(40) < 0.6, 100)
    low, high = Blocks(block).interval(is_right, np.ones(len(block))) or (0, 0)
    narrow = wilson(int(is_right.sum()), len(block)) or (0, 0)
    assert low < is_right.mean() < high
    assert high - low > 5 * (narrow[1] - narrow[0])
    assert Blocks(block).interval(is_right, np.ones(len(block))) == (low, high), "not from a stated seed"
    assert Blocks(block, seed=1).interval(is_right, np.ones(len(block))) != (low, high)


def test_few_blocks_give_no_interval() -> None:
    assert Blocks(np.repeat(np.arange(4), 50)).interval(np.ones(200), np.ones(200)) is None


def test_worst_decile_is_of_the_bad_end() -> None:
    values = np.arange(20) / 20
    assert worst_decile(values) == pytest.approx(0.025)
    assert worst_decile(values, is_higher_better=False) == pytest.approx(0.925)
    assert worst_decile(np.array([np.nan, 0.5])) == 0.5
    assert worst_decile(np.array([np.nan])) is None


def test_counts_by_hand() -> None:
    claims = hard(sides(1, 1, -1, 0, -1), sides(1, -1, -1, 1, -1), zeros(5))
    found = counts(claims)
    assert (found["n"], found["coverage"], found["accuracy"]) == (5, 0.8, 0.75)
    assert found["accuracy_with_coin"] == pytest.approx(0.7)
    classes = per_class(claims)
    assert (classes["buy"]["n"], classes["buy"]["precision"], classes["buy"]["recall"]) == (2, 0.5, 0.5)
    assert (classes["sell"]["precision"], classes["sell"]["recall"]) == (1.0, pytest.approx(2 / 3))


def test_a_share_of_nothing_is_none() -> None:
    found = counts(hard(sides(0, 0), sides(1, -1), zeros(2)))
    assert found["coverage"] == 0.0 and found["accuracy"] is None and found["accuracy_with_coin"] == 0.5


def test_brier_skill_is_against_the_reference() -> None:
    truth = sides(1, 1, 1, -1)
    rule = hard(sides(1, 1, 1, 1), truth, zeros(4))
    doubting = Claims(rule.side, np.full(4, 0.75), truth, zeros(4))
    assert brier_skill(rule, rule) == 0.0
    assert brier_skill(doubting, rule) == pytest.approx(1 - 0.1875 / 0.25)
    assert brier_skill(rule, hard(truth, truth, zeros(4))) is None


def test_accuracy_at_a_coverage_takes_the_surest_first() -> None:
    truth = sides(1, 1, -1, -1, 1, 1, 1, 1, 1, 1)
    p = np.array([0.99, 0.98, 0.02, 0.03, 0.9, 0.6, 0.4, 0.4, 0.4, 0.4])
    claims = Claims(np.sign(p - 0.5).astype(np.int8), p, truth, zeros(10))
    # Five doubtful ones are equally sure and one of them is right: two are taken, each a fifth right.
    assert accuracy_at(claims, (0.5, 0.7)) == [1.0, pytest.approx((5 + 2 * 1 / 5) / 7)]


def test_accuracy_beyond_the_coverage_is_filled_with_coins() -> None:
    claims = hard(sides(1, 1, 1, 1, 1, 1, 0, 0, 0, 0), sides(*[1] * 10), zeros(10))
    assert accuracy_at(claims, (0.5, 0.9)) == [1.0, pytest.approx((6 + 1.5) / 9)]


def test_calibration_needs_two_thousand() -> None:
    n = CALIBRATION_N_MIN
    p = np.concatenate([np.full(n, 0.65), np.full(n - 1, 0.85)])
    truth = np.where(RNG.random(2 * n - 1) < p, 1, -1).astype(np.int8)
    found = calibration(Claims(np.ones(2 * n - 1, np.int8), p, truth, zeros(2 * n - 1)))
    assert [b["n"] for b in found] == [n]
    assert found[0]["claimed"] == pytest.approx(0.65)
    assert found[0]["observed"] == pytest.approx(0.65, abs=0.04)


def test_ceiling_brackets_what_the_facts_can_give() -> None:
    n = 20_000
    fact = RNG.integers(0, 4, n)
    p = np.array([0.9, 0.6, 0.5, 0.2])[fact]
    truth = np.where(RNG.random(n) < p, 1, -1).astype(np.int8)
    rows, best = pl.DataFrame({"fact": fact}), (0.9 + 0.6 + 0.5 + 0.8) / 4
    found = ceiling(rows, truth, ("fact",), np.arange(n) // 100)
    assert found["held_out"] - 0.01 < best < found["upper"] + 0.01
    side, probability = fit(rows, truth, ("fact",)).claim(rows)
    np.testing.assert_allclose([probability[fact == k][0] for k in (0, 1, 3)], [0.9, 0.6, 0.2], atol=0.03)
    assert (side[fact == 3] == -1).all()
    unseen, doubt = fit(rows, truth, ("fact",)).claim(pl.DataFrame({"fact": [17]}))
    assert unseen.tolist() == [0] and doubt.tolist() == [0.5]
    assert majority(truth)["accuracy"] == pytest.approx(max((truth > 0).mean(), (truth < 0).mean()))


@pytest.mark.parametrize("how", HOW)
def test_truth_is_dealt_inside_a_session_and_lost_by_it(how: str) -> None:
    n = 4000
    session = np.repeat([1, 2], n // 2)
    ts = RNG.permutation(n).astype(np.int64)
    venue = RNG.choice(["A", "B", "C"], n, p=[0.4, 0.35, 0.25])
    order = dealt(how, session, ts, venue)
    assert sorted(order.tolist()) == list(range(n)), "a truth was lost or doubled"
    assert (session[order] == session).all()
    truth = np.where(RNG.random(n) < 0.7, 1, -1).astype(np.int8)
    claims = hard(truth, truth, zeros(n))
    null = counts(hard(truth, truth[order], zeros(n)))["accuracy"]
    assert counts(claims)["accuracy"] == 1.0
    assert null == pytest.approx(base_rate(claims), abs=0.03)
    assert base_rate(claims) == pytest.approx(0.7 * 0.7 + 0.3 * 0.3, abs=0.03)
    if how == "venues":
        assert (venue[order] != venue).all()
    if how == "times":
        middle = np.array([np.sort(ts[session == s])[n // 4] for s in session])
        assert ((ts < middle) != (ts[order] < middle)).all()


def test_pairs_by_hand() -> None:
    """Prints of 2, 3 and 5 contracts of one order; the claim holds the first two and a stranger of 7."""
    claim = np.array([1, 1, ALONE, 1])
    truth = np.array([9, 9, 9, 4])
    found = pair_scores(claim, truth, [2, 3, 5, 7], zeros(4))
    assert found["precision"] == pytest.approx(6 / (6 + 14 + 21))
    assert found["recall"] == pytest.approx(6 / (6 + 10 + 15))
    by_prints = found["precision_by_prints"], found["recall_by_prints"]
    assert by_prints == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert (found["n"], found["coverage"]) == (4, 0.75)
    assert base_precision(truth) == pytest.approx(0.5)


def test_pairs_of_many_blocks_have_intervals() -> None:
    """A hundred pairs, ten to a block; three of four claims are right."""
    ids = np.repeat(np.arange(100), 2)
    truth = np.where((np.arange(200) % 8) == 7, 1000 + ids, ids)
    found = pair_scores(ids, truth, np.ones(200), ids // 10)
    low, high = found["precision_blocks"]
    assert found["precision"] == 0.75 and low <= 0.75 <= high and high - low < 0.2
    assert pair_scores(ids, truth, np.ones(200), ids // 50)["precision_blocks"] is None


def test_a_lone_print_claims_no_pair() -> None:
    found = pair_scores(np.array([1, 2]), np.array([3, 3]), [1, 1], zeros(2))
    assert found["precision"] is None and found["recall"] == 0.0 and found["coverage"] == 0.0
