"""Baselines under any cut and stop: the same scores; and no packet knows anything of a later one."""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.analytics.baselines import Baselines, PacketColumns, Scores
from dataflows.analytics.baselines_warm import to_row
from dataflows.analytics.options_names import Names
from dataflows.analytics.release import Note

SERIES = ("IBM   260320C00100000", "IBM   260320P00100000", "AIG   260320C00050000")
ROOTS = ("IBM", "IBM", "AIG")
ROWS = 200


def named() -> Names:
    names = Names()
    names.intern(pa.array(ROOTS), pa.array(SERIES))
    return names


@st.composite
def drawn(draw: st.DrawFn) -> PacketColumns:
    """Draw packets of few series, many enough that baselines come into use; -1 is a package."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    contract = rng.integers(-1, len(SERIES), ROWS)
    return PacketColumns(
        contract,
        np.where(contract == 2, 1, 0).astype(np.int64),
        rng.integers(0, 2, ROWS),
        np.exp(rng.normal(10, 2, ROWS)).astype(np.int64),
        rng.integers(0, 500, ROWS),
        np.where(rng.random(ROWS) < 0.2, np.nan, rng.random(ROWS)),
        np.where(rng.random(ROWS) < 0.2, np.nan, rng.normal(0, 0.05, ROWS)),
        rng.integers(-1, 100, ROWS),
        rng.integers(0, 2, ROWS),
        np.sort(rng.integers(0, 1000, ROWS)),
    )


def part(packets: PacketColumns, start: int, stop: int) -> PacketColumns:
    return PacketColumns(*(column[start:stop] for column in columns_of(packets)))


def columns_of(packets: PacketColumns) -> list[Any]:
    return [column for column in packets if column is not None]


def notes(times: list[int]) -> list[Note]:
    """Return notes of which each tells one more key, and all of them the first."""
    found = []
    for n, at in enumerate(sorted(times)):
        rows = [to_row(0, SERIES[0], np.array([30.0, 10, 1, 2, 1, 0.1, 0.1, 20, 40]))]
        rows.append(to_row(1, str(n), np.array([60.0, 9, 1, 2, 1, 0.1, 0.1, 50, 0])))
        rows.append(to_row(2, str(n % 2), np.array([90.0, 8, 2, 2, 1, 0.1, 0.1, 50, 0])))
        found.append(Note(at, at, "baseline", "IBM", {"rows": rows}))
    return found


def fresh() -> Baselines:
    baselines = Baselines.empty()
    baselines.grow(len(SERIES), 2)
    return baselines


def together(parts: list[Scores]) -> list[Any]:
    weights = [w for scores in parts for w in scores.weights.to_pylist()]
    arrays = [np.concatenate([scores[n] for scores in parts], axis=-1) for n in range(3)]
    return [*(a.tolist() for a in arrays), weights]


@settings(deadline=None, max_examples=40)
@given(drawn(), st.lists(st.integers(0, 1000), max_size=6), st.lists(st.integers(0, 1000), max_size=3))
def test_however_it_is_cut_and_stopped_it_scores_the_same(
    packets: PacketColumns, watermarks: list[int], told: list[int]
) -> None:
    """Releases end at watermarks: a note and the packets of one time come in one release."""
    said = notes(told)
    expected = together([fresh().score(packets, said, named())])
    assert packets.emit_ts is not None
    baselines, parts = fresh(), []
    for before, after in pairwise([-1, *sorted(watermarks), 1000]):
        start, stop = np.searchsorted(packets.emit_ts, [before, after], side="right").tolist()
        mine = [n for n in said if before < n.at <= after]
        parts.append(baselines.score(part(packets, start, stop), mine, named()))
        baselines = Baselines.restore(baselines.snapshot(len(SERIES), 2))
    assert together(parts) == expected


@settings(deadline=None, max_examples=40)
@given(drawn(), drawn(), st.integers(0, ROWS))
def test_later_packets_change_no_earlier_score(
    packets: PacketColumns, others: PacketColumns, from_row: int
) -> None:
    changed = PacketColumns(
        *(
            np.concatenate([mine[:from_row], theirs[from_row:]])
            for mine, theirs in zip(columns_of(packets), columns_of(others), strict=True)
        )
    )
    before, after = fresh().score(packets), fresh().score(changed)
    for mine, theirs in (
        (before.baseline, after.baseline),
        (before.packets, after.packets),
        (before.z, after.z),
    ):
        assert np.array_equal(mine[..., :from_row], theirs[..., :from_row])
    assert before.weights.slice(0, from_row) == after.weights.slice(0, from_row)


@settings(deadline=None, max_examples=40)
@given(drawn())
def test_weights_are_shares_of_levels_that_have_counted(packets: PacketColumns) -> None:
    scores = fresh().score(packets)
    for code, text in zip(scores.baseline.tolist(), scores.weights.to_pylist(), strict=True):
        levels = json.loads(text)
        assert (code == 0) == (not levels)
        if levels:
            assert abs(sum(weight for weight, _ in levels.values()) - 1.0) < 2e-4
            assert all(weight == 0 or count > 0 for weight, count in levels.values())
