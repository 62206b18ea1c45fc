"""Held prints: what cancels, corrections and late prints change of packets, one case each."""

from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest

from dataflows.analytics import held_packets, held_prints
from dataflows.analytics.held_prints import text_hashes
from dataflows.analytics.held_rows import PACKETS, RowLog
from dataflows.analytics.held_types import HORIZON_NS
from schemas.columns import Batch, concat, from_rows, to_rows
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
    interest,
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
    kept = (
        "packet_id",
        "first_print_seq",
        "side",
        "start_ts",
        "quote_seq",
        "bid",
        "ask",
        "premium_z",
        "placement",
    )
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


def test_a_feed_that_starts_again_is_in_the_same_session() -> None:
    found = ran(
        session(T - 1), trade(T, size=3), session(FAR), trade(FAR + 1), cancel(FAR + 2, size=3, code="E")
    )
    assert matches(found) == ["by_terms"]
    assert (2, "retracted", "cancel", 0) in versions(found)


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


OPEN = (session(START - 1, START), interest(START))  # from here on every contract that trades was opened


def bounds(found: Ran) -> list[tuple[int, str, int, int]]:
    return [(row["version"], row["reason"], row["size"], row["opened_min"]) for row in found.packets]


@pytest.mark.parametrize("report", [{"late": FAR - T, "venue": "N"}, {"lag": FAR - T, "code": "D"}])
def test_a_print_reported_late_weakens_what_a_packet_was_proven_to_have_opened(
    report: dict[str, Any],
) -> None:
    """The late print may have traded before, so its 5 contracts may be among those that were closed."""
    rows = (*OPEN, trade(T, size=8), trade(FAR, size=5, **report))
    found = ran(*rows)
    assert bounds(found) == [(1, "none", 8, 8), (2, "late", 8, 3)]
    first, second = found.packets
    assert second["emit_ts"] == FAR and second["status"] == "restated"
    changed = {name for name in first if first[name] != second[name]}
    assert changed == {"version", "status", "reason", "emit_ts", "opened_min"}
    for cut in (T, T + 10**9, FAR - 1, FAR):
        assert ran(*rows, cuts=(cut,)).packets == found.packets


def test_a_bound_falls_with_every_late_report_and_not_below_nothing() -> None:
    lates = [trade(FAR + n, size=5, late=FAR - T, venue="N") for n in range(3)]
    found = ran(*OPEN, trade(T, size=8), *lates)
    assert bounds(found) == [(1, "none", 8, 8), (2, "late", 8, 3), (3, "late", 8, 0)]


def test_an_open_packet_leaves_with_the_weaker_bound() -> None:
    rows = (*OPEN, trade(T, size=8), trade(T + 2 * MS, size=5, late=2 * MS, venue="N"))
    assert bounds(ran(*rows)) == [(1, "none", 8, 3)]
    for cut in (T, T + MS, T + 2 * MS, T + 3 * MS):
        assert ran(*rows, cuts=(cut,)).packets == ran(*rows).packets


def test_a_late_print_that_joins_its_packet_and_weakens_it_makes_one_version() -> None:
    rows = (*OPEN, trade(T, size=3), trade(T + 40 * MS, size=8, venue="C"))
    found = ran(*rows, trade(FAR, late=FAR - T - 20 * MS, size=2, venue="C"))
    assert bounds(found) == [(1, "none", 11, 3 + 5), (2, "late", 13, 3 + 3)]


def test_what_was_taken_back_weakens_no_packet_any_more() -> None:
    late = trade(FAR + 1, size=5, late=FAR - T, venue="N")
    found = ran(*OPEN, trade(T, size=8), trade(T + MS, size=20, price=111), cancel(FAR, size=8), late)
    assert bounds(found) == [(1, "none", 28, 8 + 12), (2, "cancel", 20, 12), (3, "late", 20, 7)]


def test_the_bound_of_a_packet_of_more_members_than_it_lists_falls_too() -> None:
    trades = [trade(T, size=50), *(trade(T + n, size=1) for n in range(1, 70)), trade(T + 70, size=400)]
    rows = (*OPEN, *trades, *(trade(FAR + n, size=9, late=FAR - T, venue="N") for n in range(2)))
    rows = (*rows, cancel(FAR + 5, size=400))
    assert bounds(ran(*rows)) == [
        (1, "none", 519, 50 + 281),
        (2, "late", 519, 50 + 281 - 18),
        (3, "late", 519, 50 + 281 - 36),
        (4, "cancel", 119, 50 - 18),
    ]
    early = (*OPEN, *trades, trade(T + 80, size=9, late=78, venue="N"), cancel(T + 90, size=400))
    whole = ran(*early)
    assert bounds(whole) == [(1, "none", 119, 50 - 9)]
    for cut in (T + 5, T + 79, T + 80, T + 85, T + 90, T + 60 * MS):
        assert ran(*early, cuts=(cut,)).packets == whole.packets


def test_beyond_the_horizon_a_bound_stays_as_it_was_published() -> None:
    for age, versions in ((HORIZON_NS, 2), (HORIZON_NS + 1, 1)):
        rows = (*OPEN, trade(T, size=8), trade(T + age, size=5, late=age, venue="N"))
        assert len(ran(*rows).packets) == len(ran(*rows, cuts=(T + age - 1,)).packets) == versions


def test_what_an_alert_stands_on_outlasts_a_release_longer_than_the_horizon() -> None:
    later = T + 3 * HORIZON_NS
    rows = numbered([quote(START), trade(T), trade(later - 1), cancel(later)])
    pipeline = Pipeline()
    done = pipeline.apply(release_of(rows[:3], later - 1))
    pipeline.held.keep(done.fresh["packet_id"].to_pylist())
    pipeline.apply(release_of([], later - 1))
    pipeline = pipeline.resume()
    last = pipeline.apply(release_of([*rows[3:], replace(rows[3], ts=later + 1, seq=9)], END))
    assert last.cancels_seq.tolist() == [2, 1]


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


def package_of(*legs: Row) -> Batch:
    """Return the packet that a stage of packages would make of legs."""
    seqs = [leg.seq for leg in legs]
    row: dict[str, Any] = {field.name: 0 for field in PACKETS.fields if field.absent is None}
    row |= {field.name: field.symbols[0] for field in PACKETS.fields if field.is_enum}
    row |= dict.fromkeys(("contract", "underlying", "venues"), "")
    row = {n: v for n, v in row.items() if PACKETS.field(n).default is None}
    told = {"emit_ts": legs[-1].ts, "start_ts": legs[0].ts, "end_ts": legs[-1].ts, "kind": "package"}
    told |= {"packet_id": "ab" * 8, "version": 1, "package_class": "vertical", "print_count": len(legs)}
    told |= {"size": sum(leg.size for leg in legs), "first_print_seq": seqs[0], "last_print_seq": seqs[-1]}
    listed = orjson.dumps(seqs).decode()
    series = {"underlying": "IBM", "contract": SERIES[0], "right": "C"}
    return from_rows(PACKETS, [row | told | series | {"members": listed, "package_members": listed}])


@pytest.mark.parametrize("is_told", [True, False])
def test_a_package_that_loses_a_leg_is_named_anew(is_told: bool) -> None:
    asked: list[tuple[str, list[int]]] = []

    def reclassify(row: dict[str, Any], seqs: list[int]) -> dict[str, Any]:
        asked.append((row["packet_id"], seqs))
        return {"units": 77}

    rows = numbered(
        [
            trade(T, code="f", size=3),
            trade(T, code="f", size=3, series=SERIES[1]),
            trade(T, code="f", size=4, series=SERIES[1]),
            *(cancel(FAR + n, size=size, series=SERIES[size > 2]) for n, size in enumerate((4, 3))),
            cancel(FAR + 2, size=3),
        ]
    )
    pipeline = Pipeline(reclassify if is_told else None)
    pipeline.apply(release_of(rows[:3], FAR - 1), package_of(*rows[:3]))
    done = to_rows(pipeline.apply(release_of(rows[3:], END)).packets)
    assert [(r["version"], r["size"], r["status"]) for r in done] == [
        (2, 6, "restated"),
        (3, 3, "restated"),
        (4, 0, "retracted"),
    ]
    assert [members(row) for row in done] == [[0, 1], [0], []]
    assert done[0]["package_members"] == "[0,1]"
    if is_told:
        assert asked == [("ab" * 8, [0, 1]), ("ab" * 8, [0])]
        assert (done[0]["units"], done[0]["package_class"]) == (77, "vertical")
    else:
        assert [(r["kind"], r["package_class"]) for r in done[:2]] == [
            ("package", "vertical"),
            ("leg", "none"),
        ]


def test_rows_come_back_from_their_blocks_as_they_went_in() -> None:
    log = RowLog()
    rows = [concat([package_of(trade(T, seq=n, size=n + 1))] * 3) for n in range(700)]
    numbers = [log.append(batch) for batch in rows]
    assert numbers == [3 * n for n in range(700)]
    again = RowLog.restore(log.snapshot())
    for number in (0, 1, 1023, 1024, 2047, 2048, 2099):
        expected = to_rows(rows[number // 3])[0]
        assert to_rows(log.take(number)) == to_rows(again.take(number)) == [expected]
    log.retain(np.array([2050], np.int64))
    assert to_rows(log.take(2050))[0]["size"] == 684
    with pytest.raises(AssertionError, match="row 5 of 2100 is not held"):
        log.take(5)


def test_rows_that_outlive_their_block_are_held_in_little_room() -> None:
    log = RowLog()
    rows = concat([package_of(trade(T, seq=n % 7, size=n + 1)) for n in range(512)])
    for _ in range(20):
        log.append(rows)
    full = log.packed_bytes
    wanted = np.arange(5, 512 * 18, 250)
    sizes = [int(log.take(number)["size"][0]) for number in wanted.tolist()]
    numbers = log.retain(wanted)
    assert [int(log.take(number)["size"][0]) for number in numbers.tolist()] == sizes
    assert log.packed_bytes == 0 < full
    again = RowLog.restore(log.snapshot())
    assert [int(again.take(number)["size"][0]) for number in numbers.tolist()] == sizes


def test_equal_texts_have_equal_hashes_and_none_has_none() -> None:
    texts = pa.array(["", "x1", "x1", "1x", "", "x1" * 40])
    found = text_hashes(texts).tolist()
    assert found[0] == found[4] == 0
    assert found[1] == found[2] != found[3]
    assert text_hashes(texts.slice(1, 3)).tolist() == found[1:4]
    assert text_hashes(pa.array([], pa.string())).tolist() == []
