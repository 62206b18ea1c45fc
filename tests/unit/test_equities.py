"""Joins of equity prints: which quote, which status, and when a placement is stable."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
import pytest

from dataflows.analytics.candles import run
from dataflows.analytics.equities import EquitiesCore
from dataflows.analytics.equities_joins import walk
from dataflows.analytics.history import RING
from dataflows.analytics.merge import EQUITIES, Applied, Merged, market
from dataflows.analytics.release import Release, Session
from schemas.columns import Batch, from_rows
from schemas.conditions import BIT
from schemas.topics import TOPIC

MS: Final = 1_000_000
T0: Final = 1_600_000_000_000 * MS
CENT: Final = 10_000_000


class Day:
    """Prints and quotes of one stock at milliseconds after T0, cents and shares."""

    def __init__(self) -> None:
        self.rows: dict[str, list[tuple[int, bool, dict[str, Any]]]] = {n: [] for n in EQUITIES}
        self.sessions: list[int] = [0]

    def quote(self, at: int, bid: int, ask: int, late: int | None = None) -> "Day":
        sides = {"bid": bid * CENT if bid > 0 else bid, "ask": ask * CENT if ask > 0 else ask}
        return self._add("equities.quotes", at, late, {**sides, "bid_size": 3, "ask_size": 4})

    def trade(self, at: int, price: float, late: int | None = None, **more: Any) -> "Day":
        row = {
            "price": round(price * CENT),
            "size": 100_000_000,
            "venue": "N",
            "off_exchange": False,
        }
        row |= {"conditions": "", "condition_bits": 0, "has_event_ts": False}
        return self._add("equities.prints", at, late, row | more)

    def _add(self, topic: str, at: int, late: int | None, row: dict[str, Any]) -> "Day":
        rows = self.rows[topic]
        head = {
            "kind": "data",
            "seq": len(rows),
            "source_ts": T0 + at * MS,
            "event_ts": T0 + at * MS,
        }
        when = T0 + (at if late is None else late) * MS
        rows.append((when, late is not None, {"underlying": "IBM", **head, **row}))
        return self

    def release(self) -> Release:
        applied = {}
        for name, rows in self.rows.items():
            rows.sort(key=lambda r: r[0])
            times, late = (
                np.array([r[0] for r in rows], np.int64),
                np.array([r[1] for r in rows], np.bool_),
            )
            applied[name] = Applied(from_rows(TOPIC[name], [r[2] for r in rows]), times, late)
        sessions = tuple((T0 + t * MS, Session("day", T0, T0, T0, 10_000 * MS, {})) for t in self.sessions)
        release = market(Merged(T0 + 10**15, sessions, (), (), applied, ()), *EQUITIES)
        assert release is not None
        return release

    def joins(self) -> list[dict[str, Any]]:
        batch = EquitiesCore().apply(self.release())["equities.joins"]
        fields = batch.topic.fields
        columns = {f.name: batch[f.name].tolist() for f in fields}
        for f in fields:
            if f.is_enum:
                columns[f.name] = [f.symbols[code] for code in columns[f.name]]
        return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]

    def join(self) -> dict[str, Any]:
        (row,) = self.joins()
        return row


def test_the_quote_is_the_last_one_strictly_before() -> None:
    row = Day().quote(0, 100, 102).quote(5, 101, 103).trade(5, 102).join()
    assert (row["bid"], row["ask"], row["quote_ts"], row["quote_seq"]) == (
        100 * CENT,
        102 * CENT,
        T0,
        0,
    )
    assert (row["quote_source"], row["quote_state"], row["placement"]) == (
        "joined",
        "normal",
        "at_ask",
    )
    assert (row["bid_size"], row["ask_size"], row["quote_age_ns"]) == (3, 4, 5 * MS)
    assert row["notional"] == 102 * 100 * 100  # 1.02 USD x 100 in 1e-4 USD


def test_without_a_quote_nothing_is_said() -> None:
    row = Day().trade(5, 102).quote(5, 101, 103).join()
    assert (row["quote_source"], row["quote_state"], row["placement"]) == ("none", "none", "none")
    absent = {row[n] for n in ("bid", "ask", "bid_size", "ask_size", "quote_ts", "quote_seq", "quote_age_ns")}
    assert absent == {-1}
    assert not row["is_placement_stable"]


def test_a_participant_time_chooses_the_quote_of_its_moment() -> None:
    day = Day().quote(0, 100, 102).quote(50, 110, 112)
    row = day.trade(90, 102, has_event_ts=True, event_ts=T0 + 40 * MS, off_exchange=True).join()
    assert (row["quote_source"], row["placement"], row["quote_age_ns"]) == (
        "history",
        "at_ask",
        40 * MS,
    )
    assert (row["bid_size"], row["ask_size"]) == (-1, -1)


def test_beyond_the_ring_the_quote_is_unknown() -> None:
    day = Day()
    for i in range(RING + 1):
        day.quote(10 * i, 100 + i, 102 + i)
    day.trade(10_000, 102, has_event_ts=True, event_ts=T0 + 10 * MS)
    day.trade(10_000, 102, has_event_ts=True, event_ts=T0 + 11 * MS)
    lost, found = day.joins()
    assert (lost["quote_source"], lost["quote_state"]) == ("none", "none")
    assert (found["quote_source"], found["bid"]) == ("history", 101 * CENT)


def test_a_size_refresh_is_no_price_change() -> None:
    day = Day().quote(0, 100, 102)
    for i in range(2 * RING):
        day.quote(10 + i, 100, 102)
    day.trade(10_000, 102, has_event_ts=True, event_ts=T0 + 5 * MS)
    assert day.join()["quote_source"] == "history"


def test_a_late_print_is_not_joined_to_what_came_after_it() -> None:
    row = Day().quote(0, 100, 102).quote(50, 110, 112).trade(40, 102, late=60).join()
    assert (row["status"], row["placement"], row["bid"]) == ("late", "at_ask", 100 * CENT)
    assert row["emit_ts"] == T0 + 60 * MS


def test_a_late_quote_never_replaces_a_newer_one() -> None:
    day = Day().quote(0, 100, 102).quote(50, 110, 112).quote(20, 90, 92, late=60)
    assert day.trade(70, 110).join()["bid"] == 110 * CENT
    newer = Day().quote(0, 100, 102).quote(50, 110, 112, late=60)
    assert newer.trade(70, 110).join()["bid"] == 110 * CENT


def test_a_session_forgets_every_quote() -> None:
    day = Day().quote(0, 100, 102).quote(30, 100, 102, late=60)
    day.sessions.append(50)
    row = day.trade(70, 102).join()
    assert (row["quote_source"], row["is_placement_stable"]) == ("none", False)


@pytest.mark.parametrize(
    ("bits", "late", "status"),
    [
        (0, None, "ok"),
        (0, 9, "late"),
        (BIT["sold_out_of_sequence"], None, "report_late"),
        (BIT["sold_out_of_sequence"], 9, "late"),
        (BIT["official_close"], None, "no_trade"),
        (BIT["official_open"], 9, "no_trade"),
    ],
)
def test_status_of_a_print(bits: int, late: int | None, status: str) -> None:
    row = Day().quote(0, 100, 102).trade(5, 102, late=late, condition_bits=bits).join()
    assert (row["status"], row["placement"]) == (status, "at_ask")
    if status == "no_trade":
        assert not (row["updates_volume"] or row["updates_high_low"] or row["updates_last"])


@pytest.mark.parametrize(
    ("changes", "stable"),
    [
        ([(0, 100, 102)], True),
        ([(60, 100, 102)], False),  # nothing stood 50 ms before
        ([(0, 100, 103), (60, 100, 102)], False),
        ([(0, 98, 102), (60, 100, 102)], True),  # the ask stood
        ([(0, 100, 102), (92, 100, 103), (93, 100, 102)], True),  # between the four looks
        ([(0, 100, 102), (89, 100, 103), (99, 100, 102)], False),
    ],
)
def test_a_lit_placement_is_looked_at_four_times(changes: list[tuple[int, int, int]], stable: bool) -> None:
    day = Day()
    for change in changes:
        day.quote(*change)
    row = day.trade(100, 102).join()
    assert (row["placement"], row["is_placement_stable"]) == ("at_ask", stable)


@pytest.mark.parametrize(
    ("changes", "stable"),
    [
        ([(0, 100, 102)], True),
        ([(10_000, 100, 102)], False),  # nothing stood when the window began
        ([(0, 100, 102), (15_000, 100, 103), (15_001, 100, 102)], False),
        ([(0, 100, 103), (9_999, 100, 102)], True),
        ([(0, 100, 103), (10_000, 100, 102)], False),
    ],
)
def test_an_off_exchange_placement_must_hold_over_the_reporting_window(
    changes: list[tuple[int, int, int]], stable: bool
) -> None:
    day = Day()
    for change in changes:
        day.quote(*change)
    row = day.trade(20_000, 102, off_exchange=True).join()
    assert (row["placement"], row["is_placement_stable"]) == ("at_ask", stable)


def test_a_crossed_quote_leaves_placement_and_stability_open() -> None:
    row = Day().quote(0, 103, 102).trade(100, 102).join()
    assert (row["quote_state"], row["placement"], row["is_placement_stable"]) == (
        "crossed",
        "none",
        False,
    )


def test_unknown_settings_and_versions_are_refused() -> None:
    with pytest.raises(KeyError, match="unknown equities settings: blocks"):
        EquitiesCore({"blocks": 1})
    with pytest.raises(ValueError, match="version 0"):
        EquitiesCore.restore(EquitiesCore().snapshot() | {"version": 0})


def test_kernels_are_compiled_for_one_layout() -> None:
    day = Day().quote(0, 100, 102).trade(5, 102).trade(6, 102)
    EquitiesCore().apply(day.release())
    compiled = len(walk.signatures), len(run.signatures)
    release = day.release()
    for batch in (release.prints, release.quotes):
        for column in batch.columns.values():
            if isinstance(column, np.ndarray):
                column.flags.writeable = False
    strided = Batch(release.prints.topic, {n: every_second(c) for n, c in release.prints.columns.items()})
    EquitiesCore().apply(release)
    EquitiesCore().apply(replace(release, prints=strided))
    assert (len(walk.signatures), len(run.signatures)) == compiled


def every_second(column: Any) -> Any:
    """The same column in memory that is not contiguous."""
    return np.repeat(column, 2)[::2] if isinstance(column, np.ndarray) else column


CARRIED: Final = {
    "carried_bid": 90 * CENT,
    "carried_ask": 110 * CENT,
    "carried_bid_size": 5,
    "carried_ask_size": 6,
}


def test_a_carried_quote_is_never_joined_again() -> None:
    row = Day().quote(0, 100, 102).trade(100, 110, **CARRIED).join()
    assert (row["quote_source"], row["placement"], row["is_placement_stable"]) == ("carried", "at_ask", True)
    assert (row["bid"], row["ask"], row["bid_size"], row["ask_size"]) == (90 * CENT, 110 * CENT, 5, 6)
    assert {row[n] for n in ("quote_ts", "quote_seq", "quote_age_ns")} == {-1}


def test_a_report_that_may_be_old_is_unstable_beside_a_carried_quote() -> None:
    row = Day().trade(100, 110, off_exchange=True, venue="D", **CARRIED).join()
    assert (row["placement"], row["is_placement_stable"]) == ("at_ask", False)


def test_a_doubted_time_is_unstable() -> None:
    row = Day().quote(0, 100, 102).trade(100, 102, is_time_doubtful=True).join()
    assert (row["placement"], row["is_placement_stable"]) == ("at_ask", False)


@pytest.mark.parametrize("report", ["cancel", "correction"])
def test_the_cancel_or_correction_of_a_trade_counts_in_nothing(report: str) -> None:
    row = Day().quote(0, 100, 102).trade(100, 102, report=report, refers_to="7").join()
    assert row["status"] == "cancelled"
    assert not (row["updates_volume"] or row["updates_high_low"] or row["updates_last"])
