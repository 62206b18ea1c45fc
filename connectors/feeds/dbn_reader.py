"""One DBN file as blocks of rows, notes and refusals in the order of time.

Owns which records of a file become what. A file that is cut short or damaged gives what stands before
that, and one refused row that says so: whether it is cut cannot be known without reading it all. Refuses
no file: what is wrong with one as a whole is said when it is opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from connectors.feed import Gap, Reject, reject
from connectors.feeds import dbn_publishers as publishers
from connectors.feeds import dbn_records as kinds
from connectors.feeds.dbn_book import Books, Venues
from connectors.feeds.dbn_header import Header
from connectors.feeds.dbn_kernels import ADD, CLEAR, MODIFY, Events, Quotes
from connectors.feeds.dbn_notes import Notes
from connectors.feeds.dbn_publishers import OPTIONS, PUBLISHERS, market_of
from connectors.feeds.dbn_records import Records, RecordStream
from connectors.feeds.dbn_rows import FIRST_TS, LAST_TS, NS_PER_DAY, SHARE_SCALE, UNDEF_PRICE, Frame, Sheet
from connectors.feeds.dbn_schemas import CARRIERS, has_participant_times, home_topic
from connectors.feeds.dbn_survey import Survey, as_columns, symbols_said
from connectors.feeds.dbn_symbols import Symbols
from connectors.recorded_order import settled
from connectors.recorded_rows import UNKNOWN_TS, Block, Flags
from schemas.columns import Batch, concat
from schemas.kinds import VENUE_LETTER

LIVE_SLACK_NS: Final = 2 * 10**9  # a live stream merges channels; they are this close to each other
SKIPPED_RECORDS: Final = 7  # the gateway's error code for records it left out
TRADED = ord("T")
NOTED: Final = (kinds.DEFINITION, kinds.STATISTICS, kinds.STATUS)
SAMPLED: Final = (kinds.CBBO_1S, kinds.CBBO_1M, kinds.BBO_1S, kinds.BBO_1M)
UNREADABLE: Final = "bars and imbalances are not taken"


@dataclass(frozen=True, slots=True)
class Role:
    """What of a file is taken: its prints, its quotes.

    `survey` is there for a recorded live stream and where the header has no symbols.
    """

    has_prints: bool = True
    has_quotes: bool = True
    survey: Survey | None = None


class Reader:
    """Reads one file from its beginning, once."""

    def __init__(self, path: Path, name: str, header: Header, role: Role) -> None:
        market = market_of(header.dataset)
        assert market is not None, header.dataset
        self._stream = RecordStream(path, name, header)
        self._name, self._header, self._role, self._market = name, header, role, market
        self._symbols = learned(header, list(role.survey.names) if role.survey else [], name)
        span = (FIRST_TS, LAST_TS)
        if header.schema and header.start:  # a live stream may replay what was before its start
            span = (header.start - NS_PER_DAY, (header.end or LAST_TS) + NS_PER_DAY)
        self._frame = Frame(name, market, self._symbols, span, has_participant_times(header))
        self._home = home_topic(header)
        self._notes = Notes(market, self._symbols)
        self._books = Books(name)
        members = sorted(n for n, (dataset, _) in PUBLISHERS.items() if dataset == header.dataset)
        self._venue_place = np.zeros(publishers.SIZE, np.int64)
        self._venue_place[members] = np.arange(len(members))
        self._venue_codes = np.append(publishers.VENUE_CODE[members], VENUE_LETTER.index("none"))
        self._venues = Venues(len(members), name)
        self._floor = UNKNOWN_TS

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks of the file."""
        if self._header.schema:
            return self._blocks()
        return settled(self._blocks(), LIVE_SLACK_NS, self._name)

    def _blocks(self) -> Iterator[Block]:
        for piece in self._stream.pieces():
            if self._role.survey is not None:  # before any is read: it holds from its number on
                for records in piece.groups:
                    self._symbols.learn(*as_columns(list(symbols_said(records))))
            block = _joined([b for records in piece.groups for b in self._read(records)])
            self._floor = max(self._floor, _newest(block))
            yield replace(block, share=piece.share)
        if self._stream.fault:
            yield Block({}, (self._cut_short(),))

    def _cut_short(self) -> Reject:
        source = f"{self._name}:record {self._stream.ordinal + 1}"
        reason = f"the file is cut short or damaged: {self._stream.fault}"
        return reject(self._home, "", source, reason, UNKNOWN_TS, self._stream.rest)

    def _read(self, records: Records) -> Iterator[Block]:
        """Yield what one group of records gives."""
        if records.problem:
            yield self._refused(records, records.problem)
        elif records.rtype in (*kinds.BARS, kinds.IMBALANCE):
            yield self._refused(records, UNREADABLE)
        elif records.rtype == kinds.ERROR:
            yield Block({}, gaps=tuple(self._gaps(records)))
        elif records.rtype not in (kinds.MAPPING, kinds.SYSTEM):
            yield from self._open(records)

    def _refused(self, records: Records, reason: str) -> Block:
        topic, found = self._home, []
        for row, ordinal in zip(records.table, records.ordinals.tolist(), strict=True):
            source = f"{self._name}:record {ordinal}"
            found.append(reject(topic, "", source, reason, UNKNOWN_TS, row.tobytes()))
        return Block({}, tuple(found))

    def _gaps(self, records: Records) -> Iterator[Gap]:
        """Yield where the gateway says that it left records out, at the time of what came before."""
        assert records.table.dtype.names is not None
        if "code" in records.table.dtype.names:
            for row in records.table[records.table["code"] == SKIPPED_RECORDS]:
                said = row["err"].decode("utf-8", "replace")
                ts = min(int(row["ts_event"]), LAST_TS)
                yield Gap(max(ts, self._floor, 0), f"the gateway left records out: {said}")

    def _open(self, records: Records) -> Iterator[Block]:
        sheet = self._frame.open(records)
        if self._header.schema:
            sheet.judge.refuse(sheet.times < self._floor, "the time runs backwards")
            sheet.judge.refuse_backwards(sheet.times)
        if records.rtype in NOTED:
            yield self._noted(sheet)
        elif records.rtype in SAMPLED:
            yield from self._taken(sheet, False)
        elif records.rtype == kinds.MBO:
            yield from self._of_orders(sheet)
        else:
            is_trade = sheet.table["action"] == TRADED
            if records.rtype in (kinds.TRADE, kinds.TCBBO) or self._header.schema == "tbbo":
                sheet.judge.refuse(~is_trade, "the record is no trade")
                is_trade = np.ones(len(is_trade), np.bool_)
            yield from self._taken(sheet.choose(is_trade), True)
            yield from self._taken(sheet.choose(~is_trade & _is_top(sheet)), False)

    def _noted(self, sheet: Sheet) -> Block:
        describe, rejects = self._frame.describe(sheet), []
        self._notes.judge(sheet)
        for row in sorted(sheet.judge.reasons):
            origin, reason = describe(row), sheet.judge.reasons[row]
            rejects.append(
                reject(self._home, origin.underlying, origin.source, reason, UNKNOWN_TS, origin.raw)
            )
        return Block({}, tuple(rejects), self._notes.read(sheet))

    def _taken(self, sheet: Sheet, is_print: bool) -> Iterator[Block]:
        """Yield the block of rows that are all prints or all quotes, where this file gives those."""
        if not len(sheet.table) or not (self._role.has_prints if is_print else self._role.has_quotes):
            return
        if self._role.survey is not None:
            sheet = sheet.choose(
                self._role.survey.chooses(sheet.records, sheet.table["instrument_id"], is_print)
            )
        if not len(sheet.table):
            return
        if not is_print:
            yield self._quoted(sheet)
            return
        has_sides = sheet.records.rtype in (kinds.TCBBO, kinds.MBP_1, kinds.CMBP_1)
        is_carrying = has_sides and self._header.schema in (*CARRIERS, "")
        yield self._frame.prints(sheet, is_carrying)

    def _quoted(self, sheet: Sheet) -> Block:
        sides = self._frame.sides(sheet)
        is_sampled = sheet.records.rtype in SAMPLED
        if "bid_venue" in sides:
            return self._frame.quotes(sheet, sides, is_sampled)
        sheet, sides = self._best(sheet, sides)
        return self._frame.quotes(sheet, sides, is_sampled)

    def _best(self, sheet: Sheet, sides: dict[str, Any]) -> tuple[Sheet, dict[str, Any]]:
        """Return quotes of single venues as the best of the venues so far, and the rows that stand."""
        numbers = publishers.index(sheet.table["publisher_id"])
        good = np.flatnonzero(sheet.judge.good)
        bid, ask, bid_size, ask_size = (sides[n][good] for n in ("bid", "ask", "bid_size", "ask_size"))
        is_whole = publishers.IS_CONSOLIDATED[numbers[good]]
        venue = self._venue_place[numbers[good]]
        quotes = Quotes(sheet.places[good], venue, bid, ask, bid_size, ask_size, is_whole)
        best = self._venues.apply(quotes, self._market == OPTIONS)
        stands = ~sheet.judge.good
        stands[good] = best.is_new
        for name, values in (
            ("bid", quotes.bid),
            ("ask", quotes.ask),
            ("bid_size", quotes.bid_size),
            ("ask_size", quotes.ask_size),
            ("bid_venue", self._venue_codes[best.bid_venue]),
            ("ask_venue", self._venue_codes[best.ask_venue]),
        ):
            column = np.zeros(len(stands), np.int64)
            column[good] = values
            sides[name] = column[stands]
        return sheet.choose(stands), sides

    def _of_orders(self, sheet: Sheet) -> Iterator[Block]:
        """Yield trades, and the top of book where an event has ended and it differs.

        Of a trade's records the one with the aggressor's side (T) is taken; F tells of the resting order.
        """
        table, action = sheet.table, sheet.table["action"]
        is_order = np.isin(action, (ADD, MODIFY))
        price = table["price"]
        sheet.judge.refuse(is_order & ((price <= 0) | (price == UNDEF_PRICE)), "an order has no price")
        is_sided = np.isin(table["side"], (ord("A"), ord("B")))
        sheet.judge.refuse(is_order & ~is_sided, "an order has no side")
        refused = ~sheet.judge.good & (action != TRADED)
        tops = self._tops(sheet)
        yield from self._taken(sheet.choose(action == TRADED), True)
        if not self._role.has_quotes:
            return
        rows = np.flatnonzero(refused | (tops["is_new"] > 0))
        if not len(rows):
            return
        chosen = sheet.choose(rows)
        found, sides = self._best(chosen, {n: tops[n][rows] for n in ("bid", "ask", "bid_size", "ask_size")})
        yield self._frame.quotes(found, sides, False)

    def _tops(self, sheet: Sheet) -> dict[str, Any]:
        """Run the good records through the books; return top of book and whether it is new, by row."""
        good = np.flatnonzero(sheet.judge.good)
        table = sheet.table[good]
        venue = self._venue_place[publishers.index(table["publisher_id"])]
        books = self._books.slots(sheet.places[good] * publishers.SIZE + venue)
        events = Events(
            books.astype(np.int32),
            np.ascontiguousarray(table["action"]),
            np.ascontiguousarray(table["side"]),
            np.ascontiguousarray(table["order_id"]),
            np.ascontiguousarray(table["price"]),
            table["size"].astype(np.int64),
            np.ascontiguousarray(table["flags"]),
        )
        tops = self._books.apply(events)
        scale = 1 if self._market == OPTIONS else SHARE_SCALE
        found = {}
        for name, values in zip(
            ("bid", "ask", "bid_size", "ask_size", "is_new"),
            (tops.bid, tops.ask, tops.bid_size * scale, tops.ask_size * scale, tops.is_new),
            strict=True,
        ):
            found[name] = np.zeros(len(sheet.table), np.int64)
            found[name][good] = values
        return found


def _is_top(sheet: Sheet) -> Flags:
    """Tell which records say something of the top level; deeper ones of mbp-10 leave it as it is."""
    if sheet.records.rtype != kinds.MBP_10:
        return np.ones(len(sheet.table), np.bool_)
    found: Flags = (sheet.table["depth"] == 0) | (sheet.table["action"] == CLEAR)
    return found


def _joined(blocks: list[Block]) -> Block:
    """Return the blocks of one piece as one; rows of several kinds are put in order."""
    batches: dict[str, list[Batch]] = {}
    read: dict[str, int] = {}
    for block in blocks:
        for topic, rows in block.batches.items():
            batches.setdefault(topic, []).append(rows)
            read[topic] = read.get(topic, 0) + block.read[topic]
    rejects = tuple(r for b in blocks for r in b.rejects)
    for topic in read:
        read[topic] = sum(len(b) for b in batches[topic]) + sum(r.topic == topic for r in rejects)
    return Block(
        {topic: _in_order(concat(parts)) for topic, parts in batches.items()},
        rejects,
        tuple(n for b in blocks for n in b.notes),
        tuple(g for b in blocks for g in b.gaps),
        read,
    )


def _in_order(rows: Batch) -> Batch:
    times = rows["source_ts"]
    if bool((times[1:] >= times[:-1]).all()):
        return rows
    return rows.take(np.argsort(times, kind="stable"))


def _newest(block: Block) -> int:
    times = [int(b["source_ts"][-1]) for b in block.batches.values() if len(b)]
    return max([*times, *(n.source_ts for n in block.notes)], default=UNKNOWN_TS)


def learned(header: Header, names: list[str], name: str) -> Symbols:
    """Return the symbols of a file, with those that a look through it has found."""
    market = market_of(header.dataset)
    assert market is not None, header.dataset
    found = Symbols(market, header.intervals, name)
    found.add(names)
    return found
