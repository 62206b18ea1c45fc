"""What opening bounds rest on: exact open interest, complete volume, standard series, and time."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dataflows.analytics.opening import Opened, Opening, weakens_column
from dataflows.analytics.opening_kernel import N_BOUNDS, PROOFS_MAX
from dataflows.analytics.options_names import Names
from dataflows.analytics.release import ROW_NOTE, ROW_SESSION, Note, Session
from schemas.kinds import OPENING_BASIS
from tests.property.opening.conftest import CAPABLE, MS, SERIES, START, Fill, Step, run, steps_of

AT = START + 10 * MS
DAY = 86_400 * 10**9


def fill(size: int = 50, at: int = AT, **changes: Any) -> Fill:
    return replace(Fill(at, at + MS, 0, size), **changes)


def said(steps: list[Step]) -> Opened:
    return run(Opening(), Names(), steps)


def basis(found: Opened) -> list[str]:
    return [OPENING_BASIS[code] for code in found.basis.tolist()]


def begun(**changes: Any) -> list[Step]:
    """Return the steps of a session with open interest 20 and one print of 50, the session changed."""
    session, *rest = steps_of([fill()], {SERIES[0]: 20})
    return [Step(ROW_SESSION, START, replace(session.value, **changes)), *rest]


def with_note(name: str, detail: dict[str, Any], underlying: str = "IBM", at: int = AT) -> list[Step]:
    steps = steps_of([fill()], {SERIES[0]: 20})
    return [*steps[:-1], Step(ROW_NOTE, at, Note(at, at, name, underlying, detail)), steps[-1]]


def test_what_exceeds_open_interest_and_volume_was_opened() -> None:
    found = said(steps_of([fill(), fill(30, AT + MS), fill(200, AT + 2 * MS)], {SERIES[0]: 20}))
    assert found.open_interest.tolist() == [20, 20, 20]
    assert found.volume_before.tolist() == [0, 50, 80]
    assert found.opened_min.tolist() == [30, 0, 100]
    assert basis(found) == ["proven"] * 3


def test_a_series_that_no_note_names_has_no_bound_and_one_with_nothing_open_has() -> None:
    found = said(steps_of([fill(), fill(series=1)], {SERIES[1]: 0}))
    assert basis(found) == ["no_open_interest", "proven"]
    assert found.opened_min.tolist() == [0, 50]
    assert found.open_interest.tolist() == [-1, 0]


@pytest.mark.parametrize(
    "changes",
    [
        {"detail": {}},
        {"detail": {"capabilities": {"option_volume_complete": True, "option_conditions": False}}},
        {"detail": {"capabilities": {"option_volume_complete": False, "option_conditions": True}}},
        {"start_ts": START + 2 * MS},
    ],
)
def test_without_complete_volume_codes_and_start_nothing_is_proven(changes: dict[str, Any]) -> None:
    found = said(begun(**changes))
    assert basis(found) == ["incomplete_volume"]
    assert found.opened_min.tolist() == [0]


@pytest.mark.parametrize(
    ("name", "detail", "expected"),
    [
        ("status", {"is_trading": False}, "incomplete_volume"),
        ("status", {"is_trading": True}, "proven"),
        ("status", {"is_trading": None}, "proven"),
        ("reject", {"topic": "options.prints"}, "incomplete_volume"),
        ("reject", {"topic": "equities.prints"}, "proven"),
        ("capabilities", {"option_volume_complete": False}, "incomplete_volume"),
        ("definition", {"adjusted": {SERIES[0]: 150}}, "adjusted"),
        ("definition", {"adjusted": {SERIES[1]: 150}}, "proven"),
        ("definition", {"contract": SERIES[0], "multiplier": 10}, "adjusted"),
        ("definition", {"contract": SERIES[0], "multiplier": 100}, "proven"),
        ("definition", {"contract": SERIES[0], "is_adjusted_suspected": True}, "adjusted"),
        ("definition", {"adjusted": ["what"]}, "proven"),
        ("open_interest", {"contracts": {SERIES[0]: 49}}, "proven"),
        ("open_interest", {"contracts": {SERIES[0]: None, "nonsense": 3, SERIES[1]: -4}}, "proven"),
        ("open_interest", {}, "proven"),
    ],
)
def test_facts_beside_the_tape(name: str, detail: dict[str, Any], expected: str) -> None:
    assert basis(said(with_note(name, detail))) == [expected]


def test_of_two_counts_the_greater_is_used() -> None:
    assert said(with_note("open_interest", {"contracts": {SERIES[0]: 49}})).opened_min.tolist() == [1]
    assert said(with_note("open_interest", {"contracts": {SERIES[0]: 3}})).opened_min.tolist() == [30]


def test_a_halt_of_another_name_or_before_the_open_says_nothing() -> None:
    assert basis(said(with_note("status", {"is_trading": False}, "AIG"))) == ["proven"]
    steps = steps_of([fill()], {SERIES[0]: 20})
    early = Step(ROW_NOTE, START, Note(START, START, "status", "IBM", {"is_trading": False}))
    assert basis(said([steps[0], early, *steps[1:]])) == ["proven"]


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        ({"reason": "down"}, "incomplete_volume"),
        ({"reason": "down", "inputs": ["options.prints"]}, "incomplete_volume"),
        ({"reason": "down", "inputs": ["options.nbbo"]}, "proven"),
    ],
)
def test_a_gap_ends_proofs_where_prints_may_be_lost(gap: dict[str, Any], expected: str) -> None:
    session, *rest = steps_of([fill()], {SERIES[0]: 20})
    again = replace(session.value, start_ts=AT, detail={**session.value.detail, "gap": gap})
    steps = [session, *rest[:-1], Step(ROW_SESSION, AT, again), rest[-1]]
    assert basis(said(steps)) == [expected]


@pytest.mark.parametrize(
    ("status", "expected", "counted"),
    [
        ("ok", "proven", 50),
        ("late", "late", 50),
        ("report_late", "late", 50),
        ("bar", "no_trade", 50),
        ("cancelled", "no_trade", 0),
        ("no_trade", "no_trade", 0),
    ],
)
def test_what_counts_as_volume_and_what_can_be_proven(status: str, expected: str, counted: int) -> None:
    found = said(steps_of([fill(status=status), fill(1, AT + MS)], {SERIES[0]: 20}))
    assert basis(found)[0] == expected
    assert found.volume_before.tolist() == [0, counted]


def test_a_late_report_weakens_what_it_may_have_preceded() -> None:
    late = fill(25, AT + 9 * MS, status="report_late", has_event=False)
    found = said(steps_of([fill(), late], {SERIES[0]: 20}))
    assert found.opened_min.tolist() == [30, 0]
    assert weakens_column(found).to_pylist() == ["[]", "[[0,5]]"]


def test_a_delayed_print_is_judged_by_what_traded_before_it() -> None:
    prompt = fill(40, AT + 5 * MS)
    delayed = Fill(AT, AT + 2_000 * MS, 0, 60)
    found = said(steps_of([prompt, delayed], {SERIES[0]: 10}))
    assert found.volume_before.tolist() == [0, 0]
    assert found.opened_min.tolist() == [30, 50]
    assert [json.loads(w) for w in weakens_column(found).to_pylist()] == [[], [[0, 0]]]


def test_fills_of_one_delayed_order_do_not_weaken_each_other() -> None:
    first, second = Fill(AT, AT + 2_000 * MS, 0, 60), Fill(AT + 9, AT + 2_000 * MS + 9, 0, 60)
    found = said(steps_of([first, second], {SERIES[0]: 10}))
    assert found.opened_min.tolist() == [50, 0]
    assert not len(found.weakened.row)


def test_a_session_starts_anew_and_keeps_what_was_told_after_the_last_close() -> None:
    steps = steps_of([fill()], {SERIES[0]: 20, SERIES[1]: 7})
    first = replace(steps[0].value, close_ts=START + 10**12)
    told = START + 2 * 10**12
    note = Note(told, told, "open_interest", "IBM", {"contracts": {SERIES[0]: 45}})
    second = replace(first, name="next", start_ts=START + DAY, open_ts=START + DAY, close_ts=START + 2 * DAY)
    later = steps_of([fill(50, AT + DAY), fill(50, AT + DAY, series=1)], {})[2:]
    found = said(
        [
            Step(ROW_SESSION, START, first),
            *steps[1:],
            Step(ROW_NOTE, told, note),
            Step(ROW_SESSION, START + DAY, second),
            *later,
        ]
    )
    assert found.open_interest.tolist() == [20, 45, -1]
    assert found.opened_min.tolist() == [30, 5, 0]
    assert found.volume_before.tolist() == [0, 0, 0]


def test_an_index_with_an_evening_session_needs_it() -> None:
    stage = Opening()
    live = Session("day", START, START, START + DAY, 0, CAPABLE)
    stage._begin(live)
    assert stage._broken >= {"SPX", "VIX"}
    stage._begin(replace(live, name="from the evening on", start_ts=START - 14 * 3600 * 10**9))
    assert not stage._broken


def test_a_full_table_of_bounds_says_so_and_claims_no_more() -> None:
    stage, names = Opening(), Names()
    session, note, print_ = steps_of([fill()], {SERIES[0]: 20})
    run(stage, names, [session, note])
    stage._known.totals[N_BOUNDS] = PROOFS_MAX
    stage._known = stage._known._replace(bounds=np.zeros((PROOFS_MAX, 4), np.int64))
    assert basis(run(stage, names, [print_])) == ["incomplete_volume"]
    assert stage.refused == 1


def test_a_series_costs_at_most_32_bytes() -> None:
    stage = Opening()
    run(stage, Names(), steps_of([fill()], {SERIES[0]: 20}))
    known = stage._known
    assert sum(a[0].nbytes for a in (known.counts, known.flags, known.last_bound)) == 29


def test_a_snapshot_of_another_version_is_refused() -> None:
    plain = Opening().snapshot() | {"version": 99}
    with pytest.raises(ValueError, match="version 99"):
        Opening.restore(plain)
