"""Opening bounds hold against the true order of fills, whatever comes late and however the log is cut."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.analytics.opening import Opening
from dataflows.analytics.options_names import Names
from dataflows.analytics.release import ROW_PRINT
from schemas.kinds import OPENING_BASIS
from tests.property.opening.conftest import MS, START, Fill, Step, markets, run, standing, steps_of

Market = tuple[list[Fill], dict[str, int]]


def seqs_of(steps: list[Step]) -> list[int]:
    return [s.value[0] for s in steps if s.what == ROW_PRINT]


@settings(deadline=None, max_examples=150)
@given(markets())
def test_no_standing_bound_is_above_what_either_side_opened(market: Market) -> None:
    """Fills within a millisecond of each other are shown in their order; all others may come late."""
    fills, interest = market
    steps = steps_of(fills, interest)
    left = standing(run(Opening(), Names(), steps), seqs_of(steps))
    for seq, bound in left.items():
        assert 0 <= bound <= min(fills[seq].open_buy, fills[seq].open_sell)


@settings(deadline=None, max_examples=150)
@given(markets())
def test_a_prompt_tape_proves_all_that_the_identity_proves(market: Market) -> None:
    fills, interest = market
    prompt = [f for f in fills if f.shown - f.made == MS]
    steps = steps_of(prompt, interest)
    found = run(Opening(), Names(), steps)
    before = [0, 0]
    for fill, bound, volume in zip(prompt, found.opened_min, found.volume_before, strict=True):
        known = list(interest.values())[fill.series]
        assert volume == before[fill.series]
        assert bound == max(0, fill.size - known - before[fill.series])
        before[fill.series] += fill.size
    assert not len(found.weakened.row)


@settings(deadline=None, max_examples=150)
@given(markets(), st.lists(st.integers(0, 40), max_size=6), st.booleans())
def test_however_it_is_cut_and_stopped_it_says_the_same(
    market: Market, cuts: list[int], is_halted: bool
) -> None:
    fills, interest = market
    steps = steps_of(fills, interest, START + 10**9 if is_halted else None)
    whole = run(Opening(), Names(), steps)
    edges = [0, *sorted(min(c, len(steps)) for c in cuts), len(steps)]
    stage, names = Opening(), Names()
    parts, weak, rows = [], [], 0
    for start, stop in pairwise(edges):
        found = run(stage, names, steps[start:stop])
        parts.append(np.stack(found[:4]))
        weak.append(np.stack(found.weakened) + np.array([[rows], [0], [0]]))
        rows += len(found.basis)
        stage, names = Opening.restore(stage.snapshot()), Names.restore(names.snapshot())
    assert np.array_equal(np.concatenate(parts, axis=1), np.stack(whole[:4]))
    assert np.array_equal(np.concatenate(weak, axis=1), np.stack(whole.weakened))


@settings(deadline=None, max_examples=150)
@given(markets())
def test_nothing_is_proven_after_a_halt(market: Market) -> None:
    fills, interest = market
    halt_at = START + 10**9
    steps = steps_of(fills, interest, halt_at)
    found = run(Opening(), Names(), steps)
    shown = [s.ts for s in steps if s.what == ROW_PRINT]
    for ts, bound, basis in zip(shown, found.opened_min, found.basis, strict=True):
        if ts >= halt_at:
            assert bound == 0 and OPENING_BASIS[basis] in ("incomplete_volume", "late")
