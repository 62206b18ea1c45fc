"""Trades and quotes of DBN records as columns of our topics.

Owns what the vendor's fields mean: undefined prices and times, sides, flags, sizes. Pure: tables in,
blocks out. Refuses trades without a positive price and size, quotes with a negative price, and rows of
a publisher, instrument or time that is not known. A quote of a book that may be wrong (flag
MAYBE_BAD_BOOK) stands as no quote at all, so that nothing is inferred from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from connectors.feeds import dbn_publishers as publishers
from connectors.feeds.dbn_header import UNDEF_TIME, Index
from connectors.feeds.dbn_publishers import OPTIONS
from connectors.feeds.dbn_records import Records, Table
from connectors.feeds.dbn_schemas import PRINTS, QUOTES
from connectors.feeds.dbn_symbols import Symbols, take
from connectors.recorded_rows import Block, Flags, Judge, Origin, block_of
from schemas.fields import ABSENT, NO_PRICE
from schemas.kinds import SIDE

UNDEF_PRICE: Final = 2**63 - 1
UNDEF_SIZE: Final = 2**32 - 1
BAD_TS_RECV, MAYBE_BAD_BOOK = 8, 4
NS_PER_DAY: Final = 86_400 * 10**9
SHARE_SCALE: Final = 1_000_000
AHEAD_NS: Final = 10**9  # an event this long after its own receipt has a doubtful time
CROSSED_NS: Final = NS_PER_DAY  # and this long after it has none that could be used
FIRST_TS: Final = 315_532_800 * 10**9  # 1980
LAST_TS: Final = 4_102_444_800 * 10**9  # 2100


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of one kind on their way: the vendor's table, and what was found out about each row.

    `places` is the place of each row's symbol, `times` its source_ts.
    """

    records: Records
    places: Index
    times: Index
    judge: Judge

    @property
    def table(self) -> Table:
        return self.records.table

    def choose(self, rows: Flags | Index) -> Sheet:
        """Return some of the rows, with the verdicts on them."""
        judge = Judge(0)
        judge.good = self.judge.good[rows]
        picked = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        reasons = self.judge.reasons
        judge.reasons = {i: reasons[r] for i, r in enumerate(picked.tolist()) if r in reasons}
        found = self.records
        records = Records(found.rtype, found.table[rows], found.ordinals[rows], found.problem)
        return Sheet(records, self.places[rows], self.times[rows], judge)


@dataclass(frozen=True, slots=True)
class Frame:
    """What all rows of a file share. `range` is the time in which its records may lie."""

    name: str
    market: str
    symbols: Symbols
    range: tuple[int, int]
    has_participant_times: bool

    def open(self, records: Records) -> Sheet:
        """Find symbol and time of each record, and refuse those without."""
        table = records.table
        times = _time_of(table)
        judge = Judge(len(table))
        places = self.symbols.find(table["instrument_id"], times // NS_PER_DAY, records.ordinals)
        self._judge_publisher(table["publisher_id"], judge)
        first, last = self.range
        judge.refuse(times == UNDEF_PRICE, "the time is undefined")
        judge.refuse((times < first) | (times > last), "the time lies outside the time of the file")
        judge.refuse(places < 0, "the instrument id has no symbol on that day")
        if self.symbols.has_unreadable:
            judge.refuse_each(take(self.symbols.reason, places))
        return Sheet(records, places, times, judge)

    def _judge_publisher(self, ids: npt.NDArray[np.uint16], judge: Judge) -> None:
        known = publishers.IS_OPTION if self.market == OPTIONS else publishers.IS_EQUITY
        wrong = ~known[publishers.index(ids)]
        for number in np.unique(ids[wrong]).tolist():
            said = publishers.name_of(number)
            judge.refuse(ids == number, f"publisher {number} ({said}) is no venue of US {self.market}")

    def describe(self, sheet: Sheet) -> Any:
        """Return what a refused row is called: file and number of the record."""
        underlyings = take(self.symbols.underlying, sheet.places)

        def run(row: int) -> Origin:
            source = f"{self.name}:record {int(sheet.records.ordinals[row])}"
            return Origin(underlyings[row].as_py(), source, sheet.table[row].tobytes())

        return run

    def prints(self, sheet: Sheet, is_carrying: bool) -> Block:
        """Return the trades of a sheet; `is_carrying` where the record's quote stood before its trade."""
        table, judge = sheet.table, sheet.judge
        price, size = table["price"].astype(np.int64), table["size"].astype(np.int64)
        judge.refuse((price == UNDEF_PRICE) | (size == UNDEF_SIZE), "the trade has no price or no size")
        judge.refuse(price <= 0, "the price of a trade is not above zero")
        judge.refuse(size <= 0, "the size of a trade is not above zero")
        event, has_event = _event_of(table, sheet.times)
        judge.refuse(event - sheet.times > CROSSED_NS, "it was received a day or more before it happened")
        off_exchange = publishers.IS_FINRA[publishers.index(table["publisher_id"])]
        doubtful = (table["flags"] & (BAD_TS_RECV | MAYBE_BAD_BOOK)) > 0
        columns = {
            **self._head(sheet, event),
            "price": price,
            "size": size,
            "venue": publishers.letters(table["publisher_id"]),
            "aggressor": _SIDE_OF[table["side"]],
            "vendor_seq": _sequence(table),
            "is_time_doubtful": doubtful | (event - sheet.times > AHEAD_NS),
        }
        if is_carrying:
            columns |= {f"carried_{n}": c for n, c in self._sides(table, ABSENT).items()}
        if self.market == OPTIONS:
            columns |= {"has_event_ts": has_event}
        else:
            columns |= {
                "size": size * SHARE_SCALE,
                "off_exchange": off_exchange,
                "has_event_ts": has_event & ~off_exchange & self.has_participant_times,
            }
        return block_of(PRINTS[self.market], judge, columns, self.describe(sheet))

    def quotes(self, sheet: Sheet, sides: Mapping[str, Any], is_sampled: bool) -> Block:
        """Return quotes, given as `sides`: prices, sizes and venues, one value a row."""
        event, _ = _event_of(sheet.table, sheet.times)
        columns = {**self._head(sheet, sheet.times if is_sampled else event), **sides}
        return block_of(QUOTES[self.market], sheet.judge, columns, self.describe(sheet))

    def _head(self, sheet: Sheet, event: Index) -> dict[str, Any]:
        head = {
            "source_ts": sheet.times,
            "event_ts": event,
            "underlying": take(self.symbols.underlying, sheet.places),
        }
        if self.market == OPTIONS:
            head["contract"] = take(self.symbols.contract, sheet.places)
        return head

    def sides(self, sheet: Sheet) -> dict[str, Any]:
        """Return bid and ask of the top level, and the venues at them where the record names them."""
        table = sheet.table
        raw = table["bid_px_00"], table["ask_px_00"]
        sheet.judge.refuse((raw[0] < 0) | (raw[1] < 0), "a price is negative")
        found = self._sides(table, 0)
        is_bad = (table["flags"] & MAYBE_BAD_BOOK) > 0
        if is_bad.any():
            found = {n: np.where(is_bad, 0 if n.endswith("size") else NO_PRICE, c) for n, c in found.items()}
        assert table.dtype.names is not None
        if "bid_pb_00" in table.dtype.names:
            for side in ("bid", "ask"):
                codes = publishers.VENUE_CODE[publishers.index(table[f"{side}_pb_00"])]
                found[f"{side}_venue"] = np.where(found[side] == NO_PRICE, 0, codes)
        return found

    def _sides(self, table: Table, no_size: int) -> dict[str, Any]:
        """A bid of zero in options is a quote of no value; elsewhere a price of zero is no quote."""
        scale = 1 if self.market == OPTIONS else SHARE_SCALE
        found = {}
        for side in ("bid", "ask"):
            price, size = table[f"{side}_px_00"], table[f"{side}_sz_00"].astype(np.int64)
            least = 0 if self.market == OPTIONS and side == "bid" else 1
            is_there = (price != UNDEF_PRICE) & (price >= least)
            found[side] = np.where(is_there, price, NO_PRICE)
            found[f"{side}_size"] = np.where(is_there, size * scale, no_size)
        return found


_SIDE_OF: Final = np.zeros(256, np.int32)
_SIDE_OF[ord("A")], _SIDE_OF[ord("B")] = SIDE.index("sell"), SIDE.index("buy")


def _signed(times: npt.NDArray[np.uint64]) -> Index:
    """Return times as signed numbers; an undefined one, or one beyond them, is the largest."""
    found: Index = np.minimum(times, np.uint64(UNDEF_PRICE)).astype(np.int64)
    return found


def _time_of(table: Table) -> Index:
    assert table.dtype.names is not None
    return _signed(table["ts_recv" if "ts_recv" in table.dtype.names else "ts_event"])


def _event_of(table: Table, times: Index) -> tuple[Index, Flags]:
    """Return the event time of each row, its source time where it has none, and whether it has one."""
    event = table["ts_event"]
    has_event = (event != np.uint64(UNDEF_TIME)) & (event > 0) & (event < np.uint64(LAST_TS))
    return np.where(has_event, _signed(event), times), has_event


def _sequence(table: Table) -> Index | int:
    assert table.dtype.names is not None
    return table["sequence"].astype(np.int64) if "sequence" in table.dtype.names else ABSENT
