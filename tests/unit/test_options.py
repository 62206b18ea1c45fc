"""The definitions of placed option prints and parents, one case each, boundaries included."""

from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest

from dataflows.analytics.options import OptionsCore
from dataflows.analytics.options_codes import venue_bit, venue_letters
from dataflows.analytics.options_money import MONEY_MAX, average_prices, premium
from dataflows.analytics.release import ROW_PRINT, ROW_QUOTE, ROW_SESSION, Release, Session
from schemas.columns import Batch, from_rows
from schemas.kinds import (
    CODE_FAMILY,
    PACKET_KIND,
    PLACEMENT,
    PRINT_STATUS,
    QUOTE_SOURCE,
    QUOTE_STATE,
    SIDE,
)
from schemas.topics import TOPIC

MS = 1_000_000
CENT = 10**7
T0 = 1_700_000_000 * 10**9
T = T0 + 1000 * MS  # quotes of these cases stand since T0, long enough to be stable
END = 2**62
CONTRACT = "IBM   250117C00150000"
QUOTE: dict[str, Any] = {"bid": 100 * CENT, "ask": 110 * CENT, "bid_size": 5, "ask_size": 6}
PRINT: dict[str, Any] = {
    "price": 110 * CENT,
    "price_low": -1,
    "price_high": -1,
    "size": 10,
    "multiplier": 100,
    "venue": "A",
    "condition": "I",
    "is_bar": False,
}
Step = tuple[int, int, dict[str, Any]]


def quote(ts: int, **changes: Any) -> Step:
    return ts, ROW_QUOTE, QUOTE | changes


def trade(ts: int, **changes: Any) -> Step:
    return ts, ROW_PRINT, PRINT | changes


def session(ts: int) -> Step:
    return ts, ROW_SESSION, {}


def batch(topic: str, rows: list[Step]) -> Batch:
    usual = {"kind": "data", "underlying": "IBM", "contract": CONTRACT}
    head = [{"seq": i, "source_ts": ts, "event_ts": ts} for i, (ts, _, _) in enumerate(rows)]
    given = [h | usual | row for h, (_, _, row) in zip(head, rows, strict=True)]
    return from_rows(TOPIC[topic], [{n: v for n, v in r.items() if n != "late"} for r in given])


def release_of(steps: list[Step], watermark: int = END) -> Release:
    steps = sorted(steps, key=lambda s: s[:2])
    kinds = np.array([kind for _, kind, _ in steps], np.int8)
    rows = np.zeros(len(steps), np.int64)
    for kind in (ROW_SESSION, ROW_PRINT, ROW_QUOTE):
        rows[kinds == kind] = np.arange((kinds == kind).sum())
    parts = {kind: [s for s in steps if s[1] == kind] for kind in (ROW_SESSION, ROW_PRINT, ROW_QUOTE)}
    late = {kind: np.array([s[2].get("late", False) for s in parts[kind]], np.bool_) for kind in parts}
    sessions = tuple(Session("s", ts, ts, ts + 10**13, 0, {}) for ts, _, _ in parts[ROW_SESSION])
    times = np.array([ts for ts, _, _ in steps], np.int64)
    prints, quotes = (
        batch("options.prints", parts[ROW_PRINT]),
        batch("options.nbbo", parts[ROW_QUOTE]),
    )
    return Release(watermark, sessions, prints, quotes, late[ROW_PRINT], late[ROW_QUOTE], kinds, rows, times)


def rows_of(steps: list[Step], topic: str) -> list[dict[str, Any]]:
    columns = OptionsCore().apply(release_of(steps))[topic].columns
    lists = {n: c.to_pylist() if isinstance(c, pa.Array) else c.tolist() for n, c in columns.items()}
    return [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]


def placed(*steps: Step) -> list[dict[str, Any]]:
    return rows_of(list(steps), "options.placed")


def packets(*steps: Step) -> list[dict[str, Any]]:
    """Packets of steps after a quote that stands long enough to be stable."""
    return rows_of([quote(T0), *steps], "flow.packets")


def kinds(*steps: Step) -> list[str]:
    return [PACKET_KIND[p["kind"]] for p in packets(*steps)]


@pytest.mark.parametrize(
    ("bid", "ask", "price", "state", "place", "side"),
    [
        (100, 110, 111, "normal", "above_ask", "buy"),
        (100, 110, 110, "normal", "at_ask", "buy"),
        (100, 110, 106, "normal", "inside_ask", "buy"),
        (100, 110, 105, "normal", "mid", "none"),
        (100, 110, 104, "normal", "inside_bid", "sell"),
        (100, 110, 100, "normal", "at_bid", "sell"),
        (100, 110, 99, "normal", "below_bid", "sell"),
        (100, 100, 100, "locked", "at_lock", "none"),
        (100, 100, 101, "locked", "above_ask", "none"),
        (110, 100, 105, "crossed", "none", "none"),
        (0, 110, 110, "zero_bid", "at_ask", "buy"),
        (0, 110, 60, "zero_bid", "none", "none"),
    ],
)
def test_state_placement_and_side(bid: int, ask: int, price: int, state: str, place: str, side: str) -> None:
    (row,) = placed(quote(T0, bid=bid * CENT, ask=ask * CENT), trade(T, price=price * CENT))
    assert (QUOTE_STATE[row["quote_state"]], PLACEMENT[row["placement"]]) == (state, place)
    assert SIDE[row["side"]] == side
    assert row["quote_age_ns"] == T - T0


@pytest.mark.parametrize(
    ("absent", "price", "side"), [("bid", 110, "buy"), ("ask", 100, "sell"), ("ask", 105, "none")]
)
def test_one_side_is_judged_alone(absent: str, price: int, side: str) -> None:
    (row,) = placed(quote(T0, **{absent: -1}), trade(T, price=price * CENT))
    assert QUOTE_STATE[row["quote_state"]] == "one_sided"
    assert SIDE[row["side"]] == side


def test_without_a_quote_everything_about_it_is_absent() -> None:
    (row,) = placed(trade(T))
    names = ("quote_ts", "quote_seq", "bid", "ask", "bid_size", "ask_size", "quote_age_ns")
    assert [row[n] for n in names] == [-1] * len(names)
    assert (row["quote_source"], row["quote_state"], row["placement"], row["side"]) == (0, 0, 0, 0)


def test_a_quote_of_the_same_time_comes_too_late() -> None:
    (row,) = placed(quote(T0), quote(T, ask=120 * CENT), trade(T))
    assert row["ask"] == 110 * CENT


def test_the_execution_time_chooses_the_quote() -> None:
    (row,) = placed(quote(T0), quote(T - MS, ask=120 * CENT), trade(T, event_ts=T - MS))
    assert row["ask"] == 110 * CENT
    assert QUOTE_SOURCE[row["quote_source"]] == "history"
    assert row["quote_age_ns"] == T - MS - T0


@pytest.mark.parametrize("age_ms", [1, 10, 50])
def test_a_placement_that_changed_at_a_lag_is_unstable(age_ms: int) -> None:
    before = quote(T0, ask=111 * CENT)
    (unstable,) = placed(before, quote(T - age_ms * MS), trade(T))
    assert (unstable["is_placement_stable"], unstable["side"]) == (False, 0)
    assert PLACEMENT[unstable["placement"]] == "at_ask"


def test_a_placement_is_stable_from_the_longest_lag_on() -> None:
    (stable,) = placed(quote(T0, ask=111 * CENT), quote(T - 50 * MS - 1), trade(T))
    assert stable["is_placement_stable"]
    (new,) = placed(quote(T - 50 * MS), trade(T))
    assert not new["is_placement_stable"]


def test_a_ring_that_no_longer_reaches_back_is_unstable() -> None:
    moves = [quote(T - i * MS, bid=(90 + i) * CENT) for i in range(1, 6)]
    (row,) = placed(quote(T0), *moves, trade(T))
    assert PLACEMENT[row["placement"]] == "at_ask"
    assert not row["is_placement_stable"]


def test_floor_codes_need_ninety_seconds() -> None:
    since = T - 90 * 1000 * MS
    (short,) = placed(quote(since), trade(T, condition="e"))
    (long,) = placed(quote(since - 1), trade(T, condition="e"))
    assert (short["is_placement_stable"], long["is_placement_stable"]) == (False, True)
    assert CODE_FAMILY[long["code_family"]] == "floor"
    assert long["side"] == 0


def test_a_session_drops_quotes_and_closes_parents() -> None:
    steps = [quote(T0), trade(T), session(T + MS), trade(T + 2 * MS)]
    first, second = rows_of(steps, "flow.packets")
    assert (first["emit_ts"], first["side"]) == (T + MS, SIDE.index("buy"))
    assert second["quote_ts"] == -1


def test_a_late_quote_older_than_the_standing_one_is_passed_over() -> None:
    late = quote(T - MS, source_ts=T0 - 1, ask=120 * CENT, late=True)
    (row,) = placed(quote(T0), late, trade(T))
    assert row["ask"] == 110 * CENT
    newer = quote(T - MS, source_ts=T0 + 1, ask=120 * CENT, late=True)
    (row,) = placed(quote(T0), newer, trade(T))
    assert row["ask"] == 120 * CENT


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "ok"),
        ({"late": True}, "late"),
        *[({"condition": code}, "report_late") for code in "BDFH"],
        *[({"condition": code}, "cancelled") for code in "ACEG"],
        ({"is_bar": True, "condition": "", "price_low": CENT, "price_high": 2 * CENT}, "bar"),
    ],
)
def test_only_ok_prints_have_a_side_and_a_parent(changes: dict[str, Any], status: str) -> None:
    (row,) = placed(quote(T0), trade(T, **changes))
    assert PRINT_STATUS[row["status"]] == status
    assert (row["side"] != 0) == (status == "ok")
    assert len(packets(trade(T, **changes))) == (status == "ok")


def test_a_bar_carries_its_premium_as_an_interval() -> None:
    (row,) = placed(trade(T, is_bar=True, price=3 * CENT, price_low=CENT, price_high=4 * CENT))
    assert [row[n] for n in ("premium", "premium_low", "premium_high")] == [
        300_000,
        100_000,
        400_000,
    ]
    (plain,) = placed(trade(T))
    assert (plain["premium_low"], plain["premium_high"]) == (-1, -1)


@pytest.mark.parametrize(
    ("code", "kind"),
    [*((c, "cross") for c in "cd"), ("e", "floor"), *((c, "single") for c in "uvJ")],
)
def test_crosses_and_floors_stand_alone_without_side(code: str, kind: str) -> None:
    found = packets(trade(T, condition=code, size=600), trade(T, condition=code, venue="C"))
    seen = [(p["print_count"], p["side"], p["emit_ts"]) for p in found]
    assert seen == [(1, 0, T), (1, 0, T)]
    assert PACKET_KIND[found[1]["kind"]] == kind


@pytest.mark.parametrize("code", "fghijklmnopqrst")
def test_legs_of_packages_are_placed_and_no_parents(code: str) -> None:
    kind = "package" if code in "knopqrs" else "leg"  # the stock is the other leg
    assert [PACKET_KIND[p["kind"]] for p in packets(trade(T, condition=code))] == [kind]
    (row,) = placed(quote(T0), trade(T, condition=code))
    assert (PRINT_STATUS[row["status"]], PLACEMENT[row["placement"]]) == ("ok", "at_ask")
    assert SIDE[row["side"]] == "none"


def test_the_series_is_read_from_its_symbol() -> None:
    (row,) = placed(trade(T))
    assert (row["expiry"], row["strike"], row["right"]) == (20250117, 150 * 10**9, 0)


@pytest.mark.parametrize(
    ("price", "size", "multiplier"),
    [
        (1, 1, 1),
        (49_999, 1, 1),
        (50_000, 1, 1),
        (149_999, 1, 1),
        (10**13, 10**6, 100),
        (123_456_789, 77, 10),
    ],
)
def test_premium_is_exact_and_rounded_half_up(price: int, size: int, multiplier: int) -> None:
    exact = (2 * price * size * multiplier + 10**5) // (2 * 10**5)
    assert premium(price, size, multiplier) == min(exact, MONEY_MAX)


def test_premium_beyond_the_column_becomes_its_largest_value() -> None:
    assert premium(10**16, 10**9, 10_000) == MONEY_MAX


def test_average_prices_are_exact() -> None:
    prices, sizes = [9_999_999_999_999, 1], [10**9, 7]
    dollars = sum(p // 10**9 * s for p, s in zip(prices, sizes, strict=True))
    rest = sum(p % 10**9 * s for p, s in zip(prices, sizes, strict=True))
    exact = sum(p * s for p, s in zip(prices, sizes, strict=True)) // sum(sizes)
    arrays = (np.array([v], np.int64) for v in (dollars, rest, sum(sizes)))
    assert average_prices(*arrays).tolist() == [exact]


def test_a_gap_of_fifty_ms_still_sweeps() -> None:
    assert kinds(trade(T), trade(T + 50 * MS, venue="C")) == ["sweep"]
    assert kinds(trade(T), trade(T + 50 * MS + 1, venue="C")) == ["single", "single"]


def test_a_span_of_250_ms_still_sweeps() -> None:
    venues = "ACACA"
    early = [trade(T + 50 * MS * i, venue=v) for i, v in enumerate(venues)]
    (whole,) = packets(*early, trade(T + 250 * MS, venue="N"))
    assert (whole["print_count"], whole["emit_ts"]) == (6, T + 250 * MS)
    first, second = packets(*early, trade(T + 250 * MS + 1, venue="N"))
    assert (first["print_count"], first["emit_ts"], second["print_count"]) == (5, T + 250 * MS, 1)


def test_a_sweep_sums_its_members() -> None:
    (row,) = packets(trade(T), trade(T + MS, venue="C", condition="S", price=111 * CENT, size=30))
    assert (row["size"], row["iso_size"], row["at_ask_size"], row["venues"]) == (40, 30, 40, "AC")
    assert row["average_price"] == (10 * 110 + 30 * 111) * CENT // 40
    assert row["premium"] == (10 * 110 + 30 * 111) * 100 * 100
    assert orjson.loads(row["members"]) == [0, 1]
    assert (row["emit_ts"], row["start_ts"], row["end_ts"]) == (T + 51 * MS, T, T + MS)


def test_sides_do_not_mix() -> None:
    assert kinds(trade(T), trade(T, venue="C", price=100 * CENT)) == ["single", "single"]


def test_a_sweep_that_moves_the_quote_keeps_its_later_prints() -> None:
    moved = quote(T + 5 * MS, ask=112 * CENT)
    later = trade(T + 8 * MS, venue="C", price=112 * CENT)
    (row,) = packets(trade(T), moved, later)
    assert (PACKET_KIND[row["kind"]], SIDE[row["side"]], row["ask"]) == ("sweep", "buy", 110 * CENT)
    assert placed(quote(T0), trade(T), moved, later)[1]["side"] == 0


def test_an_unstable_print_on_the_other_side_of_the_arrival_quote_stays_out() -> None:
    moved = quote(T + 5 * MS, bid=90 * CENT, ask=100 * CENT)
    found = packets(trade(T), moved, trade(T + 8 * MS, venue="C", price=100 * CENT))
    assert sorted(SIDE[p["side"]] for p in found) == ["buy", "none"]


def test_contras_of_one_order_are_one_taker_event() -> None:
    (row,) = packets(trade(T), trade(T + MS), trade(T + MS + 1), trade(T + MS + 1, condition="S"))
    assert (row["print_count"], row["taker_event_count"]) == (4, 3)


def test_a_split_needs_three_taker_events_at_one_venue() -> None:
    gap = 500 * MS
    assert kinds(trade(T), trade(T + gap)) == ["single"]
    (row,) = packets(trade(T), trade(T + gap), trade(T + 2 * gap))
    assert (PACKET_KIND[row["kind"]], row["emit_ts"]) == ("split", T + 3 * gap)
    assert kinds(trade(T), trade(T + gap), trade(T + 2 * gap + 1)) == ["single", "single"]
    assert kinds(trade(T), trade(T + gap), trade(T + 2 * gap, venue="C")) == ["single", "single"]
    unknown = [trade(T + i * gap, venue="") for i in range(3)]
    assert kinds(*unknown) == ["single"]


def test_a_print_of_the_same_venue_before_does_not_hide_a_sweep() -> None:
    found = kinds(trade(T), trade(T + 200 * MS), trade(T + 220 * MS, venue="C"))
    assert sorted(found) == ["single", "sweep"]


@pytest.mark.parametrize(
    ("size", "price", "kind"),
    [(500, 110, "block"), (499, 110, "single"), (500, 99, "single"), (500, 100, "block")],
)
def test_a_block_is_one_large_and_dear_print(size: int, price: int, kind: str) -> None:
    assert kinds(trade(T, size=size, price=price * CENT)) == [kind]


def test_an_iso_of_one_venue_is_evidence_and_no_sweep() -> None:
    assert kinds(trade(T, condition="S")) == ["iso_single"]
    assert kinds(trade(T, condition="S"), trade(T, condition="S", venue="C")) == ["sweep"]


@pytest.mark.parametrize("code", "ab")
def test_auctions_do_not_sweep_across_venues(code: str) -> None:
    found = packets(trade(T, condition=code), trade(T, condition=code), trade(T, condition=code, venue="C"))
    assert [PACKET_KIND[p["kind"]] for p in found] == ["auction", "auction"]
    assert [(p["print_count"], p["auction_size"]) for p in found] == [(2, 20), (1, 10)]


def test_without_codes_nothing_is_an_auction_cross_or_floor() -> None:
    assert kinds(trade(T, condition=""), trade(T, condition="", venue="C")) == ["sweep"]


def test_members_beyond_64_are_counted() -> None:
    (row,) = packets(*[trade(T + i) for i in range(70)])
    members = orjson.loads(row["members"])
    assert (row["print_count"], len(members), members[-1]) == (70, 65, {"more": 6})


def test_a_packet_keeps_its_id_and_leaves_seq_to_the_caller() -> None:
    ids = {packets(trade(T), trade(T + i * MS, venue="C"))[0]["packet_id"] for i in (1, 2)}
    assert len(ids) == 1
    assert packets(trade(T))[0]["packet_id"] not in ids
    assert packets(trade(T))[0]["seq"] == 0


def test_open_parents_are_bounded_and_the_first_closes_early() -> None:
    core = OptionsCore({"parents": {"open_parents": 1}})
    steps = [quote(T0), trade(T), trade(T + MS, price=100 * CENT)]
    found = core.apply(release_of(steps))["flow.packets"]
    assert found["emit_ts"].tolist() == [T + MS, T + MS + 500 * MS]
    assert core.counters["evicted_parents"] == 1


def test_venues_are_letters_and_the_rest_is_marked() -> None:
    bits = sum({1 << venue_bit(v) for v in ("Z", "A", "c", "XYZ", "9")})
    assert venue_letters(bits) == "?AZc"
    assert venue_letters(1 << venue_bit("")) == ""


def test_a_snapshot_of_another_version_is_refused() -> None:
    snapshot = OptionsCore().snapshot() | {"version": 0}
    with pytest.raises(ValueError, match="version"):
        OptionsCore.restore(snapshot)


CARRIED: dict[str, Any] = {
    "carried_bid": 90 * CENT,
    "carried_ask": 120 * CENT,
    "carried_bid_size": 7,
    "carried_ask_size": 8,
}


def test_a_carried_quote_belongs_to_its_print_and_has_no_time() -> None:
    (row,) = placed(quote(T0), trade(T, price=120 * CENT, **CARRIED))
    assert (QUOTE_SOURCE[row["quote_source"]], PLACEMENT[row["placement"]]) == ("carried", "at_ask")
    assert (row["bid"], row["ask"], row["bid_size"], row["ask_size"]) == (90 * CENT, 120 * CENT, 7, 8)
    assert {row[n] for n in ("quote_ts", "quote_seq", "quote_age_ns")} == {-1}
    assert row["is_placement_stable"] and SIDE[row["side"]] == "buy"


def test_a_floor_print_with_a_carried_quote_alone_is_not_stable() -> None:
    (row,) = placed(trade(T, price=120 * CENT, condition="e", **CARRIED))
    assert not row["is_placement_stable"] and SIDE[row["side"]] == "none"


def test_a_doubted_time_takes_the_side_away() -> None:
    (row,) = placed(quote(T0), trade(T, is_time_doubtful=True))
    assert PLACEMENT[row["placement"]] == "at_ask"
    assert not row["is_placement_stable"] and SIDE[row["side"]] == "none"


@pytest.mark.parametrize(("report", "left"), [("cancel", 0), ("correction", 1)])
def test_the_cancel_or_correction_of_a_trade_is_no_trade(report: str, left: int) -> None:
    steps = quote(T0), trade(T, trade_id="1"), trade(T + MS, report=report, refers_to="1")
    assert [PRINT_STATUS[r["status"]] for r in placed(*steps)] == ["ok", "cancelled"]
    assert [p["print_count"] for p in packets(*steps[1:])] == [left]
