"""Held prints under drawn cancels, corrections and late prints: any cut, resumption, and what adds up."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataflows.analytics.opening import Opening
from dataflows.analytics.options_codes import read_codes
from dataflows.analytics.options_names import Names
from dataflows.analytics.release import ROW_PRINT, ROW_SESSION
from schemas.kinds import CANCEL_MATCH
from tests.property.held.conftest import END, Row, logs, members, release_of, run

FOUND = tuple(map(CANCEL_MATCH.index, ("by_id", "by_terms")))


@st.composite
def cut_logs(draw: st.DrawFn) -> tuple[list[Row], tuple[int, ...]]:
    rows = draw(logs())
    times = sorted({row.ts + shift for row in rows for shift in (-1, 0, 1, 10**8)})
    return rows, tuple(draw(st.lists(st.sampled_from(times), max_size=5)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cut_logs(), st.booleans())
def test_any_cut_gives_the_same_rows(drawn: tuple[list[Row], tuple[int, ...]], is_resumed: bool) -> None:
    rows, cuts = drawn
    whole, parts = run(rows), run(rows, cuts, is_resumed)
    assert parts.packets == whole.packets
    assert parts.cancels == whole.cancels
    assert parts.pipeline.held.counters == whole.pipeline.held.counters


def stands(rows: list[Row], cancels: dict[int, tuple[int, int]]) -> dict[int, Row]:
    """Return the prints that stand by the sequence number they are listed under, from the matches alone."""
    by_seq = {row.seq: row for row in rows if row.what == ROW_PRINT}
    standing = {seq: row for seq, row in by_seq.items() if seq not in cancels}
    for seq, (taken, match) in cancels.items():
        if match in FOUND:
            assert taken in standing, f"{taken} was taken back twice"
            del standing[taken]
            if by_seq[seq].report == "correction":
                standing[seq] = by_seq[seq]
    return standing


def is_member(row: Row) -> bool:
    return row.late == 0 and row.code not in "BD"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(logs())
def test_standing_packets_hold_the_prints_that_stand_and_add_up(rows: list[Row]) -> None:
    found = run(rows)
    standing = stands(rows, found.cancels)
    has_session = any(row.what == ROW_SESSION for row in rows)
    latest = list(found.latest().values())
    listed = [seq for row in latest for seq in members(row)]
    assert len(listed) == len(set(listed))
    assert set(listed) <= set(standing)
    plain = {seq for seq, row in standing.items() if is_member(row) and row.report == "trade"}
    assert plain <= set(listed)
    assert not any(standing[seq].code in "BD" and standing[seq].report == "trade" for seq in listed)
    for row in latest:
        assert_adds_up(row, [standing[seq] for seq in members(row)])
    assert has_session or sum(r["size"] for r in latest) == sum(standing[seq].size for seq in listed)


def assert_adds_up(packet: dict[str, Any], prints: list[Row]) -> None:
    assert packet["size"] == sum(row.size for row in prints)
    assert packet["print_count"] == len(prints)
    assert packet["premium"] == sum(row.price * row.size * 10_000 for row in prints)
    assert (packet["status"] == "retracted") == (not prints)
    assert set(packet["venues"]) == {row.venue for row in prints}
    if prints:
        assert packet["low_price"] == min(row.price for row in prints) * 10**7
        assert packet["high_price"] == max(row.price for row in prints) * 10**7


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(logs())
def test_versions_count_up_in_event_time_and_a_later_record_changes_nothing_before(rows: list[Row]) -> None:
    found = run(rows)
    emits = [row["emit_ts"] for row in found.packets]
    assert emits == sorted(emits)
    seen: dict[str, dict[str, Any]] = {}
    for row in found.packets:
        before = seen.get(row["packet_id"])
        assert row["version"] == (before["version"] + 1 if before else 1)
        assert before is None or before["status"] != "retracted"
        assert (row["reason"] == "none") == (row["version"] == 1 and row["status"] != "retracted")
        seen[row["packet_id"]] = row
    middle = rows[len(rows) // 2].ts
    first = run([row for row in rows if row.ts <= middle], (middle,))
    until = [row for row in first.packets if row["emit_ts"] <= middle]
    assert until == [row for row in found.packets if row["emit_ts"] <= middle]


def proven(rows: list[Row]) -> dict[int, int]:
    """Return by print the contracts proven to have opened once everything of a log has been heard."""
    release, names = release_of(rows, END), Names()
    traded = names.intern(release.prints["underlying"], release.prints["contract"])
    status = read_codes(release.prints, release.prints_late).status
    opened = Opening().apply(release, traded, status, names)
    weakened = opened.weakened
    said = zip(release.prints["seq"].tolist(), opened.opened_min.tolist(), strict=True)
    fell = zip(weakened.print_seq.tolist(), weakened.opened_min.tolist(), strict=True)
    return dict(said) | dict(fell)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(logs())
def test_the_bound_of_a_packet_is_what_still_stands_of_those_of_its_members(rows: list[Row]) -> None:
    bounds = proven(rows)
    for row in run(rows).latest().values():
        assert row["opened_min"] == sum(bounds[seq] for seq in members(row))
