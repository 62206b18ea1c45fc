"""Baselines are robust, score before they count, and say when they cannot be used."""

import numpy as np
import pytest

from dataflows.analytics.baselines import (
    BUCKET_COUNT,
    BUCKETS,
    CONTRACT_COUNT,
    LOCATION,
    WIDTH,
    Baselines,
    PacketColumns,
    Scores,
    buckets,
)
from schemas.kinds import BASELINE

HALF_HOUR = 30 * 60 * 10**9


def packets(premium: list[int], contract: int = 0, spread: float = 0.1) -> PacketColumns:
    rows = len(premium)
    return PacketColumns(
        np.full(rows, contract, np.int64),
        np.zeros(rows, np.int64),
        np.zeros(rows, np.int64),
        np.array(premium, np.int64),
        np.full(rows, 10, np.int64),
        np.full(rows, spread),
    )


def ready(contracts: int = 2) -> Baselines:
    baselines = Baselines.empty()
    baselines.grow(contracts, 1)
    return baselines


def lognormal(rows: int) -> list[int]:
    draws = np.random.default_rng(5).normal(10.0, 1.0, rows)
    return [int(v) for v in np.exp(draws)]


def used(scores: Scores) -> list[str]:
    return [BASELINE[code] for code in scores.baseline.tolist()]


def test_no_baseline_before_twenty_packets_of_the_contract() -> None:
    scores = ready().score(packets([1000] * (CONTRACT_COUNT + 1)))
    assert used(scores) == ["none"] * CONTRACT_COUNT + ["contract"]
    assert scores.packets[-1] == CONTRACT_COUNT
    assert (scores.z[:, :CONTRACT_COUNT] == 0).all()


def test_a_new_contract_uses_its_underlying_at_this_time() -> None:
    baselines = ready()
    baselines.score(packets([1000] * (BUCKET_COUNT - 1)))
    assert used(baselines.score(packets([1000], contract=1))) == ["none"]
    assert used(baselines.score(packets([1000], contract=1))) == ["underlying_time"]


def test_a_packet_is_scored_before_it_is_counted() -> None:
    baselines = ready()
    baselines.score(packets([1000] * 40))
    first, second = baselines.score(packets([100_000, 100_000])).z[0]
    assert first > 4
    assert second < first


@pytest.mark.parametrize("after", [CONTRACT_COUNT, 60, 1000])
def test_one_outlier_hardly_moves_the_location(after: int) -> None:
    baselines = ready()
    baselines.score(packets(lognormal(after)))
    before = baselines.contracts[0].copy()
    baselines.score(packets([int(np.exp(10.0)) * 1000]))
    for column in (1, 1 + 2 * LOCATION):
        moved = abs(baselines.contracts[0, column] - before[column])
        assert moved < 0.05 * before[column + 1]


def test_location_and_scale_approach_those_of_normal_logs() -> None:
    baselines = ready()
    baselines.score(packets(lognormal(5000)))
    assert baselines.contracts[0, 1] == pytest.approx(10.0, abs=0.4)
    assert baselines.contracts[0, 2] == pytest.approx(1.0, abs=0.3)


def test_a_missing_spread_neither_scores_nor_counts() -> None:
    baselines = ready()
    scores = baselines.score(packets([1000] * 60, spread=float("nan")))
    assert (scores.z[2] == 0).all()
    assert baselines.contracts[0, WIDTH - 1] == 0


def test_scores_are_multiples_of_a_ten_thousandth() -> None:
    z = ready().score(packets(lognormal(300))).z
    assert (z == np.round(z, 4)).all()
    assert len(np.unique(z)) > 100


def test_splitting_the_packets_changes_nothing() -> None:
    premiums = lognormal(200)
    whole, parts = ready(), ready()
    expected = whole.score(packets(premiums)).z
    pieces = [parts.score(packets(premiums[i : i + 7])).z for i in range(0, 200, 7)]
    assert np.array_equal(np.concatenate(pieces, axis=1), expected)


def test_a_contract_costs_at_most_128_bytes() -> None:
    assert ready().contracts[0].nbytes <= 128


def test_half_hours_outside_the_session_belong_to_its_ends() -> None:
    emitted = np.array([-1, 0, HALF_HOUR - 1, HALF_HOUR, 99 * HALF_HOUR], np.int64) + 10**18
    opens = np.full(5, 10**18, np.int64)
    assert buckets(emitted, opens).tolist() == [0, 0, 0, 1, BUCKETS - 1]


def test_a_restored_table_goes_on_as_before() -> None:
    baselines = ready()
    baselines.score(packets(lognormal(100)))
    again = Baselines.restore(baselines.snapshot(2, 1))
    expected = baselines.score(packets(lognormal(30))).z
    assert np.array_equal(again.score(packets(lognormal(30))).z, expected)
