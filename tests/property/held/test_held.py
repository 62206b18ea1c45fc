"""Held prints: what cancels, corrections and late prints change of packets, one case each."""

from dataclasses import replace
from typing import Any

import pytest

from dataflows.analytics import held_packets, held_prints
from dataflows.analytics.held_types import HORIZON_NS
from schemas.kinds import CANCEL_MATCH
from tests.property.held.conftest import (
    CENT,
    END,
    MS,
    SERIES,
    START,
    Pipeline,
    Ran,
    Row,
    members,
    numbered,
    quote,
    release_of,
    run,
    session,
    trade,
)

T = START + 10**9
FAR = T + 10 * 10**9  # long after every parent that began at T has left


def ran(*rows: Row, cuts: tuple[int, ...] = ()) -> Ran:
    """Apply rows after a quote that stands long enough to be stable."""
    return run(numbered([quote(START), quote(START, series=SERIES[1]), *rows]), cuts)


def cancel(ts: int, **changes: Any) -> Row:
    return trade(ts, **({"code": "A"} | changes))


def matches(found: Ran) -> list[str]:
    return [CANCEL_MATCH[match] for _, match in found.cancels.values()]


def versions(found: Ran) -> list[tuple[int, str, str, int]]:
    return [(row["version"], row["status"], row["reason"], row["size"]) for row in found.packets]


def test_a_cancel_takes_its_print_out_of_a_packet_that_had_left() -> None:
    found = ran(trade(T, size=3), trade(T + 20 * MS, size=4, venue="C", price=111), cancel(FAR, size=3))
    assert matches(found) == ["by_terms"]
    assert versions(found) == [(1, "final", "none", 7), (2, "restated", "cancel", 4)]
    first, second = found.packets
    assert (first["kind"], second["kind"]) == ("sweep", "single")
    assert second["emit_ts"] == FAR
    assert (second["premium"], second["average_price"]) == (111 * 4 * 100 * 100, 111 * CENT)
    assert (second["venues"], second["print_count"], second["taker_event_count"]) == ("C", 1, 1)
    assert (second["first_price"], second["low_price"], second["last_price"]) == (111 * CENT,) * 3
    assert members(second) == members(first)[1:]
    kept = ("packet_id", "side", "start_ts", "quote_seq", "bid", "ask", "premium_z", "placement")
    assert [first[name] for name in kept] == [second[name] for name in kept]


def test_a_packet_without_members_is_retracted() -> None:
    found = ran(trade(T, size=3), cancel(FAR, size=3, code="G"))
    assert versions(found) == [(1, "final", "none", 3), (2, "retracted", "cancel", 0)]
    last = found.packets[-1]
    assert (last["premium"], last["members"], last["venues"]) == (0, "[]", "")
    assert (last["first_price"], last["high_price"]) == (-1, -1)


def test_an_open_packet_leaves_without_the_member_from_the_start() -> None:
    found = ran(trade(T, size=3), trade(T + MS, size=4), cancel(T + 2 * MS, size=3))
    assert versions(found) == [(1, "final", "none", 4)]
    gone = ran(trade(T, size=3), cancel(T + MS, size=3))
    assert versions(gone) == [(1, "retracted", "cancel", 0)]


@pytest.mark.parametrize("cut", [T - 1, T, T + 1, T + MS, T + 300 * MS, FAR - 1])
def test_an_open_packet_is_corrected_over_any_cut(cut: int) -> None:
    rows = (trade(T, size=3), trade(T + MS, size=4), cancel(T + 2 * MS, size=3), cancel(FAR, size=4))
    assert ran(*rows, cuts=(cut,)).packets == ran(*rows).packets


@pytest.mark.parametrize(
    ("code", "taken"),
    [("C", 2), ("E", 0), ("G", 0), ("A", 1)],
    ids=["the last", "the first", "the only", "neither"],
)
def test_a_cancel_takes_the_trade_that_its_code_means(code: str, taken: int) -> None:
    trades = [trade(T + n * 10**9) for n in range(3)]
    found = ran(*trades, cancel(FAR, code=code))
    (taken_seq,) = (seq for seq, _ in found.cancels.values())
    assert taken_seq == 2 + taken  # two quotes come before


def test_meaning_counts_among_equal_terms_only() -> None:
    found = ran(trade(T, size=3), trade(T + 10**9, size=4), cancel(FAR, code="C", size=3))
    assert list(found.cancels.values()) == [(2, CANCEL_MATCH.index("by_terms"))]


@pytest.mark.parametrize("changes", [{"price": 111}, {"size": 9}, {"venue": "C"}, {"series": SERIES[1]}])
def test_other_terms_match_nothing(changes: dict[str, Any]) -> None:
    found = ran(trade(T), cancel(FAR, **changes))
    assert matches(found) == ["orphan_unknown"]
    assert versions(found) == [(1, "final", "none", 10)]


def test_the_newest_of_several_that_fit_is_taken_first() -> None:
    trades = [trade(T + n * 10**9) for n in range(4)]
    found = ran(*trades, *(cancel(FAR + n, code="C") for n in range(5)))
    assert [seq for seq, _ in found.cancels.values()] == [5, 4, 3, 2, -1]
    assert matches(found)[-1] == "orphan_again"


def test_a_cancel_before_its_trade_is_an_orphan() -> None:
    found = ran(cancel(T), trade(T + MS))
    assert matches(found) == ["orphan_unknown"]
    assert versions(found) == [(1, "final", "none", 10)]


def test_cancelled_twice_and_corrected_after() -> None:
    back = {"report": "cancel", "refers_to": "x", "code": ""}
    anew = {"report": "correction", "refers_to": "x", "size": 4}
    rows = (trade(T, trade_id="x"), trade(FAR, **back), trade(FAR + 1, **back), trade(FAR + 2, **anew))
    found = ran(*rows)
    assert matches(found) == ["by_id", "orphan_again", "orphan_again"]
    assert versions(found) == [(1, "final", "none", 10), (2, "retracted", "cancel", 0)]


def test_a_name_decides_over_terms() -> None:
    trades = (trade(T, trade_id="x"), trade(T + 10**9, trade_id="y"))
    found = ran(*trades, cancel(FAR, report="cancel", refers_to="x", code="C"))
    assert list(found.cancels.values()) == [(2, CANCEL_MATCH.index("by_id"))]
    other = ran(*trades, cancel(FAR, report="cancel", refers_to="z", code="C"))
    assert matches(other) == ["orphan_unknown"]


def test_a_correction_puts_its_own_values_in_place() -> None:
    anew = {"report": "correction", "refers_to": "x", "size": 1, "price": 100, "trade_id": "x2"}
    found = ran(trade(T, trade_id="x"), trade(T + MS, size=5), trade(FAR, **anew))
    assert matches(found) == ["by_id"]
    first, second = found.packets
    assert (second["version"], second["status"], second["reason"]) == (2, "restated", "correction")
    assert (second["size"], second["at_ask_size"], second["at_bid_size"]) == (6, 5, 1)
    assert (second["first_price"], second["low_price"]) == (100 * CENT, 100 * CENT)
    assert members(second) == [4, members(first)[1]]


@pytest.mark.parametrize("name", ["x", "x2"])
def test_a_correction_is_itself_taken_back_under_either_name(name: str) -> None:
    anew = trade(FAR, report="correction", refers_to="x", size=1, trade_id="x2")
    back = trade(FAR + 1, report="cancel", refers_to=name, code="")
    found = ran(trade(T, trade_id="x"), anew, back)
    assert matches(found) == ["by_id", "by_id"]
    assert versions(found)[1:] == [(2, "restated", "correction", 1), (3, "retracted", "cancel", 0)]


def test_beyond_the_horizon_a_cancel_finds_nothing_and_says_so() -> None:
    for age, match in ((HORIZON_NS, "by_terms"), (HORIZON_NS + 1, "orphan_beyond_horizon")):
        assert matches(ran(trade(T), cancel(T + age))) == [match]
        assert matches(ran(trade(T), cancel(T + age), cuts=(T, T + age - 1))) == [match]


def test_a_session_starts_anew() -> None:
    assert matches(ran(trade(T), session(FAR), cancel(FAR + 1))) == ["orphan_unknown"]
    found = ran(trade(T), session(FAR), trade(FAR + 1), trade(FAR + 2), cancel(FAR + 3, code="E"))
    assert [seq for seq, _ in found.cancels.values()] == [4]


def test_a_late_print_joins_the_packet_it_lies_within() -> None:
    sweep = (trade(T, size=3), trade(T + 40 * MS, size=4, venue="C"))
    found = ran(*sweep, trade(FAR, late=FAR - T - 20 * MS, size=2, venue="C"))
    assert versions(found) == [(1, "final", "none", 7), (2, "restated", "late", 9)]
    assert members(found.packets[-1]) == [2, 4, 3]


@pytest.mark.parametrize(
    "changes",
    [{"venue": "N"}, {"price": 100}, {"code": "a"}, {"code": "f"}, {"series": SERIES[1]}, {"late": MS}],
)
def test_a_late_print_that_fits_no_packet_stands_alone(changes: dict[str, Any]) -> None:
    sweep = (trade(T, size=3), trade(T + 40 * MS, size=4, venue="C"))
    given: dict[str, Any] = {"late": FAR - T - 20 * MS, "venue": "C"} | changes
    found = ran(*sweep, trade(FAR, **given))
    assert versions(found) == [(1, "final", "none", 7)]


def test_a_late_print_waits_for_an_open_packet() -> None:
    rows = (trade(T, size=3), trade(T + 10 * MS, late=5 * MS, size=2), trade(T + 20 * MS, size=4))
    assert versions(ran(*rows)) == [(1, "final", "none", 9)]
    for cut in (T, T + 10 * MS, T + 20 * MS):
        assert ran(*rows, cuts=(cut,)).packets == ran(*rows).packets


def test_a_report_that_says_it_is_late_is_no_part_of_a_packet() -> None:
    found = ran(trade(T), trade(T + MS, code="D"), cancel(FAR, code="C"))
    assert versions(found) == [(1, "final", "none", 10)]
    assert list(found.cancels.values()) == [(3, CANCEL_MATCH.index("by_terms"))]


def test_a_packet_of_more_members_than_it_lists_has_the_difference_taken_off() -> None:
    trades = [trade(T + n, size=1 + n, price=110 + n % 2) for n in range(70)]
    found = ran(*trades, cancel(FAR, size=70, price=111), cancel(FAR + 1, size=1))
    first, second, third = found.packets
    assert (first["size"], second["size"], third["size"]) == (2485, 2415, 2414)
    assert (first["print_count"], third["print_count"]) == (70, 68)
    premium = sum((110 + n % 2) * (1 + n) * 10_000 for n in range(70))
    assert third["premium"] == premium - (111 * 70 + 110) * 10_000
    assert second["members"].endswith(',{"more":5}]')
    assert third["members"].startswith("[3,") and third["members"].endswith(',{"more":5}]')
    assert run_again_is_equal(trades)


def run_again_is_equal(trades: list[Row]) -> bool:
    rows = (*trades, cancel(T + 80, size=70, price=111), cancel(FAR + 1, size=1))
    whole = ran(*rows)
    assert whole.packets[0]["size"] == 2415
    return all(ran(*rows, cuts=(T + cut,)).packets == whole.packets for cut in (5, 79, 80, 81, 60 * MS))


def test_what_an_alert_stands_on_is_held_for_the_session() -> None:
    later = T + 3 * HORIZON_NS
    rows = numbered([quote(START), trade(T), trade(later - 1), cancel(later)])
    for is_kept, match in ((True, "by_terms"), (False, "orphan_again")):
        pipeline = Pipeline()
        done = pipeline.apply(release_of(rows[:2], FAR))
        pipeline.held.keep(done.fresh["packet_id"].to_pylist() if is_kept else [])
        pipeline.apply(release_of(rows[2:3], later - 1))
        last = pipeline.apply(release_of([*rows[3:], replace(rows[3], ts=later + 1, seq=9)], END))
        assert last.cancels_seq.tolist() == [2, 1 if is_kept else -1]
        assert CANCEL_MATCH[int(last.cancel_match[1])] == match
        assert len(last.packets) == int(is_kept)


def test_prints_that_are_too_many_leave_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_prints, "PRINTS_HELD", 8)
    trades = [trade(T + n * MS, price=100 + n) for n in range(30)]
    cancels = [cancel(FAR + n, price=price) for n, price in enumerate((129, 123, 121))]
    found = ran(*trades, *cancels, cuts=(FAR + 3,))
    assert matches(found) == ["by_terms", "by_terms", "orphan_beyond_horizon"]
    assert found.pipeline.held.counters["held_crowded_out"] == 33 - 8 - 2
    for cut in (T + 9 * MS, T + 29 * MS, FAR):
        assert ran(*trades, *cancels, cuts=(cut,)).cancels == found.cancels


def test_alerts_beyond_the_bound_are_counted_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_packets, "PACKETS_KEPT", 1)
    pipeline = Pipeline()
    done = pipeline.apply(release_of(numbered([trade(T), trade(T, series=SERIES[1])]), FAR))
    pipeline.held.keep(done.fresh["packet_id"].to_pylist())
    assert pipeline.held.counters["held_not_kept"] == 1


def test_a_packet_is_held_in_few_bytes() -> None:
    trades = [trade(T + n * 10**9, price=100 + n % 7, size=n % 50 + 1) for n in range(1400)]
    pipeline = Pipeline()
    pipeline.apply(release_of(numbered([quote(START), *trades]), T + 1500 * 10**9))
    prints, packets, _ = pipeline.held._stores
    bytes_of = prints.table.row_bytes + packets.table.row_bytes + packets.links.row_bytes
    assert bytes_of + packets.log.packed_bytes / 1024 <= 300
