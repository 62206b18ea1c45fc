"""Drawn option logs, and a plain reference of the options core.

The reference is eager where the core is lazy: it fires every timer in event time before each record,
keeps every quote, and adds with Python's integers.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from dataflows.analytics.release import ROW_PRINT, ROW_QUOTE, ROW_SESSION, Release, Session
from schemas.columns import Batch, complete
from schemas.kinds import SIDE
from schemas.opra import CODES
from schemas.topics import TOPIC

MS = 1_000_000
CENT = 10**7
START = 1_700_000_000 * 10**9
END = 2**62
CONTRACTS = ("IBM   250117C00150000", "AIG   250117P00050000", "IBM   250117P00150000")
FAMILY = {c.code: c.family for c in CODES}
SIDED = ("unknown", "electronic", "iso", "auction")


@dataclass(frozen=True)
class Row:
    """One step of a log: a session start, a print or a quote; prices in cents."""

    what: int
    ts: int
    contract: str = CONTRACTS[0]
    bid: int = -1
    ask: int = -1
    price: int = 0
    size: int = 1
    venue: str = "A"
    code: str = "I"
    lag: int = 0
    late: int = 0
    is_bar: bool = False
    seq: int = 0

    @property
    def source_ts(self) -> int:
        return self.ts - self.late

    @property
    def asof(self) -> int:
        return self.source_ts - self.lag


def numbered(rows: list[Row]) -> list[Row]:
    counts = {ROW_SESSION: 0, ROW_PRINT: 0, ROW_QUOTE: 0}
    result = []
    for row in sorted(rows, key=lambda r: (r.ts, r.what)):
        result.append(replace(row, seq=counts[row.what]))
        counts[row.what] += 1
    return result


def text(values: list[str]) -> Any:
    return pa.array(values, pa.string())


def longs(values: list[int]) -> Any:
    return np.array(values, np.int64)


def release_of(rows: list[Row], watermark: int) -> Release:
    prints = [r for r in rows if r.what == ROW_PRINT]
    quotes = [r for r in rows if r.what == ROW_QUOTE]
    sessions = [r for r in rows if r.what == ROW_SESSION]
    seen = {ROW_SESSION: 0, ROW_PRINT: 0, ROW_QUOTE: 0}
    index = []
    for row in rows:
        index.append(seen[row.what])
        seen[row.what] += 1
    return Release(
        watermark,
        tuple(Session("s", r.ts, r.ts, r.ts + 10**15, 0, {}) for r in sessions),
        complete(Batch(TOPIC["options.prints"], print_columns(prints))),
        complete(Batch(TOPIC["options.nbbo"], quote_columns(quotes))),
        np.array([r.late > 0 for r in prints], np.bool_),
        np.array([r.late > 0 for r in quotes], np.bool_),
        np.array([r.what for r in rows], np.int8),
        longs(index),
        longs([r.ts for r in rows]),
    )


def head_columns(rows: list[Row]) -> dict[str, Any]:
    return {
        "kind": np.zeros(len(rows), np.int32),
        "seq": longs([r.seq for r in rows]),
        "source_ts": longs([r.source_ts for r in rows]),
        "event_ts": longs([r.asof for r in rows]),
        "underlying": text([r.contract[:6].strip() for r in rows]),
        "contract": text([r.contract for r in rows]),
    }


def print_columns(rows: list[Row]) -> dict[str, Any]:
    return head_columns(rows) | {
        "price": longs([r.price * CENT for r in rows]),
        "price_low": longs([r.price * CENT if r.is_bar else -1 for r in rows]),
        "price_high": longs([2 * r.price * CENT if r.is_bar else -1 for r in rows]),
        "size": longs([r.size for r in rows]),
        "multiplier": np.full(len(rows), 100, np.int32),
        "venue": text([r.venue for r in rows]),
        "condition": text([r.code for r in rows]),
        "is_bar": np.array([r.is_bar for r in rows], np.bool_),
    }


def quote_columns(rows: list[Row]) -> dict[str, Any]:
    return head_columns(rows) | {
        "bid": longs([r.bid * CENT if r.bid >= 0 else -1 for r in rows]),
        "ask": longs([r.ask * CENT if r.ask >= 0 else -1 for r in rows]),
        "bid_size": longs([r.size for r in rows]),
        "ask_size": longs([r.size + 1 for r in rows]),
    }


GAPS = (
    0,
    0,
    1,
    MS,
    MS + 1,
    10 * MS,
    49 * MS,
    50 * MS,
    50 * MS + 1,
    250 * MS,
    500 * MS,
    500 * MS + 1,
    10**11,
)
PRINTS = st.builds(
    Row,
    what=st.just(ROW_PRINT),
    ts=st.sampled_from(GAPS),
    contract=st.sampled_from(CONTRACTS),
    price=st.integers(98, 105),
    size=st.sampled_from((1, 7, 600)),
    venue=st.sampled_from(("A", "C", "N", "", "XX")),
    code=st.sampled_from(("I", "S", "I", "S", " ", "", "a", "f", "c", "e", "B", "A", "?")),
    lag=st.sampled_from((0, 0, 0, 1, 20 * MS)),
    late=st.sampled_from((0, 0, 0, 0, 0, 30 * MS)),
    is_bar=st.sampled_from((False, False, False, False, False, True)),
)
QUOTES = st.builds(
    Row,
    what=st.just(ROW_QUOTE),
    ts=st.sampled_from(GAPS),
    contract=st.sampled_from(CONTRACTS),
    bid=st.sampled_from((-1, 0, 100, 100, 100, 101, 102)),
    ask=st.sampled_from((-1, 101, 103, 103, 103, 104)),
    size=st.integers(1, 3),
    late=st.sampled_from((0, 0, 0, 0, 30 * MS)),
)
SESSIONS = st.builds(Row, what=st.just(ROW_SESSION), ts=st.sampled_from(GAPS))
BURST_GAPS = st.sampled_from((0, 1, MS, MS + 1, 49 * MS, 50 * MS, 400 * MS))
BURST_PRINTS = st.builds(
    Row,
    what=st.just(ROW_PRINT),
    ts=BURST_GAPS,
    price=st.sampled_from((103, 103, 104, 100)),
    size=st.sampled_from((1, 600)),
    venue=st.sampled_from(("A", "C")),
    code=st.sampled_from(("I", "S")),
)
BURST_QUOTES = st.builds(
    Row, what=st.just(ROW_QUOTE), ts=BURST_GAPS, bid=st.just(100), ask=st.sampled_from((103, 104))
)
BURSTS = st.lists(st.one_of(BURST_PRINTS, BURST_PRINTS, BURST_QUOTES), min_size=2, max_size=12).map(
    lambda rows: [Row(ROW_QUOTE, 10**9, bid=100, ask=103), Row(ROW_PRINT, 10**9, price=103), *rows]
)
ONE_ROW = st.one_of(PRINTS, QUOTES, QUOTES, SESSIONS)
PIECES = st.one_of(ONE_ROW.map(lambda r: [r]), BURSTS)


@st.composite
def logs(draw: st.DrawFn) -> list[Row]:
    """Draw rows whose `ts` are gaps, and turn these into times."""
    now, rows = START, []
    for row in [r for piece in draw(st.lists(PIECES, max_size=25)) for r in piece]:
        now += row.ts
        rows.append(replace(row, ts=now))
    return numbered(rows)


def placement_of(price: int, bid: int, ask: int) -> tuple[str, str]:
    """State of a quote in cents and the placement of a price against it."""
    if ask <= 0 and bid <= 0:
        return "none", "none"
    if ask <= 0:
        place = "at_bid" if price == bid else "below_bid" if price < bid else "none"
        return "one_sided", place
    if bid <= 0:
        place = "at_ask" if price == ask else "above_ask" if price > ask else "none"
        return ("zero_bid" if bid == 0 else "one_sided"), place
    if bid > ask:
        return "crossed", "none"
    if bid == ask:
        return "locked", "at_lock" if price == ask else "above_ask" if price > ask else "below_bid"
    if price >= ask:
        return "normal", "at_ask" if price == ask else "above_ask"
    if price <= bid:
        return "normal", "at_bid" if price == bid else "below_bid"
    twice = 2 * price - bid - ask
    return "normal", "mid" if twice == 0 else "inside_ask" if twice > 0 else "inside_bid"


def side_by_quote(state: str, place: str) -> str:
    if state in ("none", "locked", "crossed"):
        return "none"
    if place in ("above_ask", "at_ask", "inside_ask"):
        return "buy"
    return "sell" if place in ("below_bid", "at_bid", "inside_bid") else "none"


@dataclass
class Parent:
    """A parent of the reference: its member prints with their placed rows, and when it may close."""

    key: tuple[str, str, str]
    members: list[tuple[Row, dict[str, Any]]]
    is_run: bool = True
    held: int = 0
    emit_ts: int = -1

    @property
    def start(self) -> int:
        return self.members[0][0].ts

    @property
    def last(self) -> int:
        return self.members[-1][0].ts

    @property
    def venues(self) -> set[str]:
        return {"?" if r.venue == "XX" else r.venue for r, _ in self.members}

    @property
    def due(self) -> int:
        if self.is_run:
            return min(self.last + 50 * MS, self.start + 250 * MS)
        return max(self.last + 500 * MS, self.held)


@dataclass
class Reference:
    """The definitions, one record at a time."""

    quotes: dict[str, list[Row]] = field(default_factory=dict)
    standing: dict[str, Row] = field(default_factory=dict)
    parents: list[Parent] = field(default_factory=list)
    placed: list[dict[str, Any]] = field(default_factory=list)
    packets: list[Parent] = field(default_factory=list)
    events: dict[int, list[tuple[str, str, int]]] = field(default_factory=dict)

    def run(self, rows: list[Row]) -> "Reference":
        for row in rows:
            self.fire(row.ts - 1)
            if row.what == ROW_QUOTE:
                self.quote(row)
            elif row.what == ROW_PRINT:
                self.trade(row)
            else:
                self.session(row.ts)
        self.fire(END)
        return self

    def session(self, ts: int) -> None:
        self.fire(ts)
        for parent in [p for p in self.parents if p.is_run]:
            self.close_run(parent, ts)
        for parent in list(self.parents):
            self.emit(parent, ts)
        self.quotes.clear()
        self.standing.clear()

    def fire(self, until: int) -> None:
        """Fire every timer due at or before `until`, earliest first; a waiting parent waits for its run."""
        while True:
            busy = {p.key for p in self.parents if p.is_run}
            ready = [p for p in self.parents if p.due <= until and (p.is_run or p.key not in busy)]
            if not ready:
                return
            first = min(ready, key=lambda p: (p.due, not p.is_run, p.key))
            if first.is_run:
                self.close_run(first, first.due)
            else:
                self.emit(first, first.due)

    def emit(self, parent: Parent, ts: int) -> None:
        parent.emit_ts = ts
        self.parents.remove(parent)
        self.packets.append(parent)

    def close_run(self, run: Parent, ts: int) -> None:
        waiting = next((p for p in self.parents if p.key == run.key and not p.is_run), None)
        if len(run.venues) > 1:
            self.emit(run, ts)
            if waiting:
                waiting.held = ts
            return
        if waiting and self.continues(waiting, run):
            waiting.members += run.members
            self.events[id(waiting)] = self.events[id(waiting)] + self.events[id(run)]
            self.parents.remove(run)
            return
        if waiting:
            self.emit(waiting, ts)
        run.is_run = False

    def continues(self, waiting: Parent, run: Parent) -> bool:
        if waiting.venues != run.venues or run.start - waiting.last > 500 * MS:
            return False
        return run.last - waiting.start <= 60_000 * MS

    def quote(self, row: Row) -> None:
        standing = self.standing.get(row.contract)
        if row.late and standing and row.source_ts < standing.source_ts:
            return
        self.standing[row.contract] = row
        changes = self.quotes.setdefault(row.contract, [])
        if changes and (changes[-1].bid, changes[-1].ask) == (row.bid, row.ask):
            return
        if changes and changes[-1].source_ts == row.source_ts:
            changes[-1] = row
        else:
            changes.append(row)

    def at(self, contract: str, ts: int) -> Row | None:
        held = self.quotes.get(contract, [])[-4:]
        return next((q for q in reversed(held) if q.source_ts < ts), None)

    def trade(self, row: Row) -> None:
        placed = self.place(row)
        self.placed.append(placed)
        if placed["status"] == "ok" and placed["family"] not in ("multi_leg", "stock_option"):
            self.join(row, placed)

    def place(self, row: Row) -> dict[str, Any]:
        family = FAMILY.get(row.code, "unknown")
        named = {"late": "report_late", "cancel": "cancelled"}.get(family, "late" if row.late else "ok")
        status = "bar" if row.is_bar else named
        quote, source = self.standing.get(row.contract), "joined"
        if quote is None or quote.source_ts >= row.asof:
            quote, source = self.at(row.contract, row.asof), "history"
        out: dict[str, Any] = {"status": status, "family": family, "quote": quote}
        out["source"] = source if quote else "none"
        out |= {"state": "none", "placement": "none", "is_stable": False, "side": "none"}
        if quote is None:
            return out
        out["state"], place = placement_of(row.price, quote.bid, quote.ask)
        if status in ("bar", "cancelled") or place == "none":
            return out
        out["placement"], out["is_stable"] = place, self.is_stable(row, place, family)
        if out["is_stable"] and status == "ok" and family in SIDED:
            out["side"] = side_by_quote(out["state"], place)
        return out

    def is_stable(self, row: Row, place: str, family: str) -> bool:
        for lag in (MS, 10 * MS, 50 * MS):
            quote = self.at(row.contract, row.asof - lag)
            if quote is None or placement_of(row.price, quote.bid, quote.ask)[1] != place:
                return False
        if family != "floor":
            return True
        begin = self.at(row.contract, row.asof - 90_000 * MS)
        if begin is None:
            return False
        stood = [q for q in self.quotes[row.contract] if begin.source_ts <= q.source_ts < row.asof]
        return all(placement_of(row.price, q.bid, q.ask)[1] == place for q in stood)

    def join(self, row: Row, placed: dict[str, Any]) -> None:
        if placed["family"] not in SIDED:
            alone = Parent((row.contract, "none", "alone"), [(row, placed)])
            self.events[id(alone)] = [(row.venue, placed["family"], row.ts)]
            self.parents.append(alone)
            self.emit(alone, row.ts)
            return
        group = "auction" if placed["family"] == "auction" else "lit"
        side = placed["side"]
        if side == "none" and not placed["is_stable"] and group == "lit":
            side = self.adopted(row)
        key = (row.contract, side, group)
        run = next((p for p in self.parents if p.key == key and p.is_run), None)
        if run and group == "auction" and run.venues != Parent(key, [(row, placed)]).venues:
            self.close_run(run, row.ts)
            run = None
        if run is None:
            run = Parent(key, [])
            self.events[id(run)] = []
            self.parents.append(run)
        run.members.append((row, placed))
        venue = "?" if row.venue == "XX" else row.venue
        begun = self.events[id(run)]
        if not any(v == venue and f == placed["family"] and row.ts - t <= MS for v, f, t in begun):
            begun.append((venue, placed["family"], row.ts))

    def adopted(self, row: Row) -> str:
        found = []
        for side in ("buy", "sell"):
            run = next((p for p in self.parents if p.key == (row.contract, side, "lit") and p.is_run), None)
            quote = run.members[0][1]["quote"] if run else None
            if quote and side_by_quote(*placement_of(row.price, quote.bid, quote.ask)) == side:
                found.append(side)
        return found[0] if len(found) == 1 else "none"

    def packet_rows(self) -> list[dict[str, Any]]:
        rows = [self.packet_row(p) for p in self.packets]
        order = ("emit_ts", "contract", "side_code", "first_print_seq")
        return sorted(rows, key=lambda r: tuple(r[n] for n in order))

    def packet_row(self, parent: Parent) -> dict[str, Any]:
        prints = [r for r, _ in parent.members]
        size = sum(r.size for r in prints)
        known = sorted(parent.venues - {""})
        events = len(self.events[id(parent)])
        row = {
            "emit_ts": parent.emit_ts,
            "contract": parent.key[0],
            "side_code": SIDE.index(parent.key[1]),
            "side": parent.key[1],
            "first_print_seq": prints[0].seq,
            "size": size,
            "premium": sum(r.price * r.size * 100 * 100 for r in prints),
            "average_price": sum(r.price * CENT * r.size for r in prints) // size,
            "venues": "".join(known),
            "venue_count": len(known),
            "taker_event_count": events,
            "members": [r.seq for r in prints],
            "iso_size": sum(r.size for r, p in parent.members if p["family"] == "iso"),
            "kind": "single",
        }
        for name, places in (
            ("at_ask_size", ("above_ask", "at_ask")),
            ("at_bid_size", ("below_bid", "at_bid")),
            ("inside_size", ("inside_ask", "mid", "inside_bid")),
        ):
            row[name] = sum(r.size for r, p in parent.members if p["placement"] in places)
        if row["iso_size"] == size:
            row["kind"] = "iso_single"
        if any(r.size >= 500 and r.price * r.size >= 50_000 for r in prints):
            row["kind"] = "block"
        if events >= 3 and len(known) == 1 and parent.venues == set(known):
            row["kind"] = "split"
        if parent.key[2] == "lit" and len(known) > 1:
            row["kind"] = "sweep"
        family = parent.members[0][1]["family"]
        if family in ("auction", "cross", "floor"):
            row["kind"] = family
        return row
