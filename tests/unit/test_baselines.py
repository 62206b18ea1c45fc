"""Baselines are robust, score before they count, blend by counts, and say when they cannot be used."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dataflows.analytics.baselines import (
    BUCKETS,
    HALF_HOURS,
    Baselines,
    PacketColumns,
    Scores,
    buckets,
    series_buckets,
)
from dataflows.analytics.baselines_kernel import CONTRACT_K, LEAST_PACKETS, MEMORY, SPREAD_N
from dataflows.analytics.baselines_warm import LEVELS, to_row
from dataflows.analytics.options_names import Names
from dataflows.analytics.release import Note
from schemas.kinds import BASELINE
from tests.property.opening.conftest import MS, START, Fill, release_of, steps_of
from tests.property.opening.conftest import SERIES as OPENING_SERIES

HALF_HOUR = 30 * 60 * 10**9
SERIES = tuple(f"IBM   260320C{n:08}" for n in (100_000, 101_000, 102_000, 103_000))
LEAST = int(LEAST_PACKETS)


Near = dict[str, float]


def packets(premium: list[int], contract: float = 0, **more: float) -> PacketColumns:
    rows = len(premium)
    return PacketColumns(
        np.full(rows, contract, np.int64),
        np.full(rows, more.get("underlying", 0), np.int64),
        np.full(rows, more.get("bucket", 0), np.int64),
        np.array(premium, np.int64),
        np.full(rows, 10, np.int64),
        np.full(rows, more.get("spread", 0.1)),
        np.full(rows, more.get("moneyness", np.nan)),
        np.full(rows, more.get("days", -1), np.int64),
        np.full(rows, more.get("right", 0), np.int64),
        np.full(rows, more.get("emit_ts", 0), np.int64),
    )


def ready(contracts: int = 4) -> Baselines:
    baselines = Baselines.empty()
    baselines.grow(contracts, 2)
    return baselines


def lognormal(rows: int, seed: int = 5, mean: float = 10.0, scale: float = 1.0) -> list[int]:
    draws = np.random.default_rng(seed).normal(mean, scale, rows)
    return [int(v) for v in np.exp(draws)]


def used(scores: Scores) -> list[str]:
    return [BASELINE[code] for code in scores.baseline.tolist()]


def weights(scores: Scores, row: int = -1) -> dict[str, list[float]]:
    found: dict[str, list[float]] = json.loads(scores.weights[row].as_py())
    return found


def test_nothing_is_said_before_twenty_packets_were_seen() -> None:
    scores = ready().score(packets([1000] * (LEAST + 1)))
    assert used(scores) == ["none"] * LEAST + ["blend"]
    assert scores.packets[-1] == LEAST
    assert (scores.z[:, :LEAST] == 0).all()
    assert scores.weights[0].as_py() == "{}"


def test_a_new_contract_is_compared_with_its_underlying_at_this_time() -> None:
    baselines = ready()
    baselines.score(packets([1000] * 60))
    scores = baselines.score(packets([1000], contract=1))
    assert used(scores) == ["underlying_time"]
    assert weights(scores) == {"contract": [0, 0], "moneyness_expiry": [0, 0], "underlying_time": [1, 60]}


def test_a_package_is_compared_with_its_underlying_only() -> None:
    baselines = ready()
    near: Near = {"moneyness": 0.0, "days": 3}
    baselines.score(packets([1000] * 60, **near))
    before = baselines.tables.contracts.copy(), baselines.tables.buckets.copy()
    assert used(baselines.score(packets([1000], contract=-1, **near))) == ["underlying_time"]
    assert np.array_equal(before[0], baselines.tables.contracts)
    assert np.array_equal(before[1], baselines.tables.buckets)


def test_weights_follow_the_counts_from_the_coarse_to_the_fine() -> None:
    baselines = ready()
    near: Near = {"moneyness": 0.02, "days": 3}
    shares = []
    for _ in range(12):
        scores = baselines.score(packets([1000] * (LEAST + 1), **near))
        shares.append(weights(scores))
    own = [s["contract"][0] for s in shares]
    assert own == sorted(own) and own[0] < own[-1] < 1.0
    n = min(shares[-1]["contract"][1], MEMORY)
    assert own[-1] == pytest.approx(n / (n + CONTRACT_K[0]), abs=1e-4)
    for share in shares:
        assert sum(weight for weight, _ in share.values()) == pytest.approx(1.0, abs=2e-4)


def test_many_packets_bring_the_blend_to_the_contract_and_none_to_what_is_coarser() -> None:
    """The two limits of shrinkage, against a contract that is unlike the rest of its underlying."""
    baselines = ready()
    baselines.score(packets(lognormal(500, mean=6.0), contract=0))
    fresh = baselines.score(packets([int(np.exp(12.0))], contract=1)).z[0, 0]
    baselines.score(packets(lognormal(500, 6, mean=12.0), contract=1))
    usual = baselines.score(packets([int(np.exp(12.0))], contract=1)).z[0, 0]
    assert fresh > 3.0
    assert abs(usual) < 1.0


def test_series_like_it_tell_more_than_the_whole_underlying() -> None:
    baselines = ready()
    far: Near = {"moneyness": 0.4, "days": 200}
    near: Near = {"moneyness": 0.0, "days": 0}
    for seed in range(5):
        baselines.score(packets(lognormal(60, seed, mean=6.0), contract=0, **far))
        baselines.score(packets(lognormal(60, seed + 50, mean=12.0), contract=1, **near))
    as_far = baselines.score(packets([int(np.exp(12.0))], contract=2, **far))
    as_near = baselines.score(packets([int(np.exp(12.0))], contract=3, **near))
    assert as_far.z[0, 0] > 2.0 > abs(as_near.z[0, 0])
    assert used(as_far) == ["blend"]


def test_a_packet_is_scored_before_it_is_counted() -> None:
    baselines = ready()
    baselines.score(packets([1000] * 40))
    first, second = baselines.score(packets([100_000, 100_000])).z[0]
    assert first > 4
    assert second < first


@pytest.mark.parametrize("after", [LEAST, 60, 1000])
def test_one_outlier_hardly_moves_the_location(after: int) -> None:
    baselines = ready()
    baselines.score(packets(lognormal(after)))
    before = baselines.tables.contracts[0].copy()
    baselines.score(packets([int(np.exp(10.0)) * 1000]))
    moved = np.abs(baselines.tables.contracts[0] - before)
    assert moved[1] < 0.05 * before[2]
    assert moved[3] < 0.05 * before[4]


def test_a_tenth_of_outliers_moves_the_location_by_less_than_a_scale() -> None:
    premiums = lognormal(3000)
    premiums[::10] = [p * 10_000 for p in premiums[::10]]
    baselines = ready()
    baselines.score(packets(premiums))
    assert abs(baselines.tables.contracts[0, 1] - 10.0) < 0.6
    assert baselines.tables.contracts[0, 2] < 2.0


def test_location_and_scale_approach_those_of_normal_logs() -> None:
    baselines = ready()
    baselines.score(packets(lognormal(5000)))
    assert baselines.tables.contracts[0, 1] == pytest.approx(10.0, abs=0.4)
    assert baselines.tables.contracts[0, 2] == pytest.approx(1.0, abs=0.3)


def test_a_missing_spread_neither_scores_nor_counts() -> None:
    baselines = ready()
    scores = baselines.score(packets([1000] * 60, spread=float("nan")))
    assert (scores.z[2] == 0).all()
    assert baselines.tables.contracts[0, SPREAD_N] == 0


def test_scores_are_multiples_of_a_ten_thousandth() -> None:
    z = ready().score(packets(lognormal(300))).z
    assert (z == np.round(z, 4)).all()
    assert len(np.unique(z)) > 100


def test_a_contract_costs_at_most_128_bytes() -> None:
    assert ready().tables.contracts[0].nbytes == 72


def test_half_hours_outside_the_session_belong_to_its_ends() -> None:
    emitted = np.array([-1, 0, HALF_HOUR - 1, HALF_HOUR, 99 * HALF_HOUR], np.int64) + 10**18
    opens = np.full(5, 10**18, np.int64)
    assert buckets(emitted, opens).tolist() == [0, 0, 0, 1, HALF_HOURS - 1]


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_series_alike_share_a_bucket_and_others_do_not(sign: float) -> None:
    away = sign * np.array([0.0, 0.009, 0.011, 0.2, 0.2, np.nan, -9.0])
    days = np.array([3, 3, 3, 3, 100, 3, 3], np.int64)
    right = np.zeros(7, np.int64)
    found = series_buckets(away, days, right).tolist()
    assert found[0] == found[1] != found[2] != found[3] != found[4]
    assert found[5] == -1 and (found[6] == -1 or sign < 0)
    assert series_buckets(np.zeros(1), np.zeros(1, np.int64), np.ones(1, np.int64))[0] != found[0]
    assert series_buckets(np.array([0.0]), np.array([-1]), np.array([0]))[0] == -1
    assert max(found) < BUCKETS


def test_a_restored_table_goes_on_as_before() -> None:
    baselines = ready()
    near: Near = {"moneyness": 0.0, "days": 3}
    baselines.score(packets(lognormal(100), **near))
    again = Baselines.restore(baselines.snapshot(4, 2))
    expected = baselines.score(packets(lognormal(30), **near)).z
    assert np.array_equal(again.score(packets(lognormal(30), **near)).z, expected)


def told(baselines: Baselines, at: int = 0) -> Note:
    """Return the note by which what these baselines know of IBM reaches another log."""
    tables = baselines.tables
    rows = [to_row(0, name, tables.contracts[n]) for n, name in enumerate(SERIES)]
    rows += [to_row(1, str(b), tables.buckets[row]) for b, row in enumerate(tables.bucket_row[0]) if row >= 0]
    rows += [to_row(2, str(h), state) for h, state in enumerate(tables.by_time[0])]
    detail = json.loads(json.dumps({"underlying": "IBM", "rows": rows}))
    return Note(at, at, "baseline", "IBM", detail)


def named() -> Names:
    """Return the names of the four series, numbered in their order."""
    import pyarrow as pa

    names = Names()
    names.intern(pa.array(["IBM"] * 4), pa.array(SERIES))
    return names


def test_a_warm_start_is_a_cold_one_continued() -> None:
    cold, warm = ready(), Baselines.empty()
    near: Near = {"moneyness": 0.05, "days": 10}
    for contract in range(4):
        cold.score(packets(lognormal(70, contract), contract=contract, **near))
    warm.note(told(cold), named())
    for contract in range(4):
        more = packets(lognormal(25, 90 + contract), contract=contract, **near)
        expected, found = cold.score(more), warm.score(more)
        assert np.array_equal(expected.z, found.z)
        assert expected.weights == found.weights


def test_a_note_changes_only_what_nothing_is_known_of_and_only_from_its_time_on() -> None:
    cold = ready()
    cold.score(packets(lognormal(70)))
    note = told(cold, at=100)
    early, late = (packets([1000] * 3, emit_ts=at) for at in (99, 100))
    both = packets([1000] * 6)._replace(emit_ts=np.array([99] * 3 + [100] * 3, np.int64))
    warm = ready()
    scores = warm.score(both, [note], named())
    assert used(scores)[:3] == ["none"] * 3
    assert used(warm.score(packets([1000], contract=1))) == ["none"]  # this half hour was known by 3
    apart = ready()
    first = apart.score(early)
    second = apart.score(late, [note], named())
    assert np.array_equal(np.concatenate([first.z, second.z], axis=1), scores.z)


@pytest.mark.parametrize(
    "row",
    [
        None,
        {"level": "venue"},
        {"packets": -1},
        {"packets": True},
        {"premium": [1.0]},
        {"size": [float("nan"), 1.0]},
        {"spread": ["wide", 1.0]},
        {"key": "no series"},
        {"level": "underlying_time", "key": "99"},
        {"level": "moneyness_expiry", "key": "-1"},
    ],
)
def test_a_row_that_cannot_be_so_is_left_out(row: dict[str, Any] | None) -> None:
    good = to_row(0, SERIES[0], np.arange(9.0))
    assert good["level"] == LEVELS[0]
    detail = {"rows": [row if row is None else good | row]}
    baselines, names = ready(), named()
    baselines.note(Note(0, 0, "baseline", "IBM", detail), names)
    assert not baselines.tables.contracts.any() and not baselines.tables.by_time.any()
    baselines.note(Note(0, 0, "baseline", "IBM", {"rows": "none"}), names)
    baselines.note(Note(0, 0, "baseline", "IBM", {"rows": [good]}), names)
    assert baselines.tables.contracts[0].any()


def test_block_sizes_count_from_the_time_of_their_note_on() -> None:
    release = release_of(steps_of([Fill(START, START + n * MS, n % 2, 5) for n in range(4)], {}), START + MS)
    names = Names()
    contracts = names.intern(release.prints["underlying"], release.prints["contract"])
    row = to_row(0, OPENING_SERIES[0], np.array([30.0, 10, 1, 2, 1, 0.1, 0.1, 20, 640]))
    note = Note(START + 2 * MS, START, "baseline", "IBM", {"rows": [row]})
    told_now = replace(release, notes=(note,))
    baselines = Baselines.empty()
    baselines.grow(2, 1)
    assert baselines.block_sizes(contracts, release, names).tolist() == [0, 0, 0, 0]
    assert baselines.block_sizes(contracts, told_now, names).tolist() == [0, 0, 640, 0]
    baselines.note(note, names)
    assert baselines.block_sizes(contracts, release, names).tolist() == [640, 0, 640, 0]
