"""Drawn logs with cancels, corrections and late prints, and the stages up to the held prints.

The kernel places the prints and makes the parents; nothing but the held prints comes after it here.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import orjson
from hypothesis import strategies as st

from dataflows.analytics.held import Held
from dataflows.analytics.held_types import Restated, Turn
from dataflows.analytics.held_versions import Reclassify
from dataflows.analytics.opening import Opened, Opening
from dataflows.analytics.options_codes import read_codes
from dataflows.analytics.options_config import OptionsConfig
from dataflows.analytics.options_layout import Prints, Quotes, Walk, new_placed
from dataflows.analytics.options_money import premiums
from dataflows.analytics.options_names import Names
from dataflows.analytics.options_packets import Closed, packets_batch, take_closed
from dataflows.analytics.options_parents import settle_all
from dataflows.analytics.options_state import Store
from dataflows.analytics.options_walk import Columns, walk_rows
from dataflows.analytics.release import ROW_NOTE, ROW_PRINT, ROW_QUOTE, ROW_SESSION, Note, Release, Session
from schemas.columns import Batch, concat, from_rows, to_rows
from schemas.topics import TOPIC

MS = 1_000_000
CENT = 10**7
START = 1_700_000_000 * 10**9
END = 2**61
SERIES = ("IBM   250117C00150000", "IBM   250117P00150000")
WHOLE = {"capabilities": {"option_volume_complete": True, "option_conditions": True}, "is_synthetic": True}
LIMITS = OptionsConfig.read({}).limits


@dataclass(frozen=True)
class Row:
    """One step: a session, the open interest of all series, a quote, a print, or a cancel or correction.

    Prices in cents; `late` is how far its publication lies behind the time at which it is applied, `lag` how
    far the trade lies behind its publication.
    """

    what: int
    ts: int
    series: str = SERIES[0]
    bid: int = 100
    ask: int = 110
    price: int = 110
    size: int = 10
    venue: str = "A"
    code: str = "I"
    late: int = 0
    lag: int = 0
    trade_id: str = ""
    report: str = "trade"
    refers_to: str = ""
    seq: int = 0


def quote(ts: int, **changes: Any) -> Row:
    return Row(ROW_QUOTE, ts, **changes)


def trade(ts: int, **changes: Any) -> Row:
    return Row(ROW_PRINT, ts, **changes)


def session(ts: int, opened: int = 1) -> Row:
    """Return a session record; `opened` tells one session from another."""
    return Row(ROW_SESSION, ts, size=opened)


def interest(ts: int, contracts: int = 0) -> Row:
    """Return a record of the contracts open in each series."""
    return Row(ROW_NOTE, ts, size=contracts)


def numbered(rows: list[Row]) -> list[Row]:
    """Return rows in the merged order, their sequence numbers counted in the log: late ones stay behind."""
    ordered = sorted(rows, key=lambda r: (r.ts, r.what))
    return [replace(row, seq=number) for number, row in enumerate(ordered)]


def release_of(rows: list[Row], watermark: int) -> Release:
    parts = {
        kind: [r for r in rows if r.what == kind] for kind in (ROW_SESSION, ROW_PRINT, ROW_QUOTE, ROW_NOTE)
    }
    seen = dict.fromkeys(parts, 0)
    index = []
    for row in rows:
        index.append(seen[row.what])
        seen[row.what] += 1
    return Release(
        watermark,
        tuple(Session(f"s{r.size}", r.ts, r.size, r.ts + 10**15, 0, WHOLE) for r in parts[ROW_SESSION]),
        from_rows(TOPIC["options.prints"], [_print(r) for r in parts[ROW_PRINT]]),
        from_rows(TOPIC["options.nbbo"], [_quote(r) for r in parts[ROW_QUOTE]]),
        np.array([r.late > 0 for r in parts[ROW_PRINT]], np.bool_),
        np.zeros(len(parts[ROW_QUOTE]), np.bool_),
        np.array([r.what for r in rows], np.int8),
        np.array(index, np.int64),
        np.array([r.ts for r in rows], np.int64),
        tuple(
            Note(r.ts, r.ts, "open_interest", "IBM", {"contracts": dict.fromkeys(SERIES, r.size)})
            for r in parts[ROW_NOTE]
        ),
    )


def _head(row: Row) -> dict[str, Any]:
    ts = row.ts - row.late
    head = {"kind": "data", "seq": row.seq, "source_ts": ts, "event_ts": ts - row.lag}
    return head | {"underlying": "IBM", "contract": row.series}


def _print(row: Row) -> dict[str, Any]:
    return _head(row) | {
        "has_event_ts": True,
        "price": row.price * CENT,
        "size": row.size,
        "multiplier": 100,
        "venue": row.venue,
        "condition": row.code,
        "is_bar": False,
        "trade_id": row.trade_id,
        "report": row.report,
        "refers_to": row.refers_to,
    }


def _quote(row: Row) -> dict[str, Any]:
    sizes = {"bid_size": 5, "ask_size": 6}
    return _head(row) | {"bid": row.bid * CENT, "ask": row.ask * CENT} | sizes


class Pipeline:
    """Names, kernel and held prints of one shard."""

    def __init__(self, reclassify: Reclassify | None = None) -> None:
        self.names, self.store, self.held = Names(), Store(), Held(LIMITS, reclassify)
        self.opening = Opening()

    def apply(self, release: Release, packages: Batch | None = None) -> Restated:
        """Apply a release; `packages` are packets that another stage made of its legs."""
        columns, codes, opened = self._columns(release)
        closed = self._walk(columns, release.watermark)
        fresh, _ = packets_batch(closed, self.names)
        fresh = fresh if packages is None else concat([fresh, packages])
        order = release.row[release.row_kind == ROW_PRINT]
        told = release.watermark, self.names, opened.weakened
        turn = Turn(release, columns.prints, columns.placed, codes, order, fresh, *told)
        return self.held.apply(turn)

    def resume(self) -> "Pipeline":
        """Return a shard restored from plain data."""
        other = Pipeline()
        other.names = Names.restore(self.names.snapshot())
        other.store = Store.restore(self.store.snapshot(len(self.names.contracts)))
        other.held = Held.restore(self.held.snapshot(), LIMITS)
        other.opening = Opening.restore(self.opening.snapshot())
        return other

    def _columns(self, release: Release) -> tuple[Columns, Any, Opened]:
        prints, quotes = release.prints, release.quotes
        traded = self.names.intern(prints["underlying"], prints["contract"])
        quoted = self.names.intern(quotes["underlying"], quotes["contract"])
        codes = read_codes(prints, release.prints_late)
        opened = self.opening.apply(release, traded, codes.status, self.names)
        self.store.grow_contracts(len(self.names.contracts))
        walk = Walk(
            release.row_kind,
            release.row,
            release.effective_ts,
            np.array([s.open_ts for s in release.sessions], np.int64),
            np.zeros(0, np.int64),
            self.names.underlying_of(),
        )
        given = _prints(prints, traded, codes, opened)
        return Columns(walk, given, _quotes(quotes, quoted), new_placed(len(prints))), codes, opened

    def _walk(self, columns: Columns, watermark: int) -> Closed:
        taken, row = [], 0
        while True:
            row = walk_rows(self.store.state, LIMITS, columns, row)
            if row == len(columns.walk.kind):
                break
            taken.append(take_closed(self.store.state.parents))
            self.store.grow_slots()
        settle_all(self.store.state.parents, LIMITS, watermark)
        taken.append(take_closed(self.store.state.parents))
        return Closed(np.concatenate([c.slots for c in taken]), np.concatenate([c.members for c in taken]))


def _prints(source: Batch, traded: Any, codes: Any, opened: Opened) -> Prints:
    given: dict[str, Any] = {name: source[name] for name in Prints._fields if name in source.columns}
    given |= {
        "contract": traded,
        "premium": premiums(source["price"], source["size"], source["multiplier"].astype(np.int64)),
        "family": codes.family,
        "venue": codes.venue,
        "status": codes.status,
        "is_floor": codes.is_floor,
        "is_doubtful": source["is_time_doubtful"],
        "open_interest": opened.open_interest,
        "volume_before": opened.volume_before,
        "opened": opened.opened_min,
        "basis": opened.basis.astype(np.int64),
        "block_contracts": np.zeros(len(source), np.int64),
    }
    return Prints(**given)


def _quotes(source: Batch, quoted: Any) -> Quotes:
    given = {name: source[name] for name in Quotes._fields if name in source.columns}
    given |= {"contract": quoted, "is_late": np.zeros(len(source), np.bool_)}
    return Quotes(**given, venues=np.zeros(len(source), np.int64))


@dataclass
class Ran:
    """What a log became: all packet rows in the order of emission, and what each cancel took back."""

    packets: list[dict[str, Any]]
    cancels: dict[int, tuple[int, int]]
    pipeline: Pipeline

    def latest(self) -> dict[str, dict[str, Any]]:
        return {row["packet_id"]: row for row in self.packets}


def run(rows: list[Row], cuts: tuple[int, ...] = (), is_resumed: bool = False) -> Ran:
    """Apply rows (numbered, in merged order) in one release for each stretch between `cuts` (times)."""
    pipeline, packets, cancels = Pipeline(), [], {}
    bounds = sorted({*cuts, END})
    for since, until in zip([0, *bounds], bounds, strict=False):
        release = release_of([r for r in rows if since < r.ts <= until], until)
        done = pipeline.apply(release)
        both = concat([done.fresh, done.packets])
        order = np.lexsort((both["version"], both["first_print_seq"], both["emit_ts"]))
        packets += to_rows(both.take(order))
        for row, seq in enumerate(release.prints["seq"].tolist()):
            if done.cancel_match[row]:
                cancels[seq] = (int(done.cancels_seq[row]), int(done.cancel_match[row]))
        if is_resumed:
            pipeline = pipeline.resume()
    return Ran(packets, cancels, pipeline)


def members(row: dict[str, Any]) -> list[int]:
    found: list[int] = orjson.loads(row["members"])
    return found


GAPS = (0, 0, 1, MS, MS, 20 * MS, 20 * MS, 50 * MS, 50 * MS + 1, 300 * MS, 600 * MS, 3 * 10**9)
TRADES = st.builds(
    Row,
    what=st.just(ROW_PRINT),
    ts=st.sampled_from(GAPS),
    series=st.sampled_from((*SERIES[:1], *SERIES)),
    price=st.sampled_from((110, 110, 110, 100, 105)),
    size=st.sampled_from((1, 7)),
    venue=st.sampled_from(("A", "C")),
    code=st.sampled_from(("I", "S", "I", "S", "I", "a", "c", "B")),
)


@st.composite
def logs(draw: st.DrawFn) -> list[Row]:
    """Draw trades, then records that take some of them back by name or by terms, some twice, some of none.

    In some logs bounds of opened contracts can be proven.
    """
    rows = [quote(START, series=name) for name in SERIES]
    rows += draw(st.sampled_from(([], [session(START - 1, START), interest(START, 0)])))
    trades, now = [], START + 10**9
    for number, row in enumerate(draw(st.lists(TRADES, min_size=1, max_size=14))):
        now += row.ts
        trades.append(replace(row, ts=now, trade_id=draw(st.sampled_from(("", f"t{number}")))))
    for _ in range(draw(st.integers(0, 3))):
        trades.append(draw(lates(trades)))
    rows += trades
    for _ in range(draw(st.integers(0, 6))):
        rows.append(draw(takings(trades, now)))
    if draw(st.booleans()):
        ts = draw(st.sampled_from(trades)).ts + draw(st.sampled_from(GAPS))
        rows += [session(ts, draw(st.integers(1, 2))), session(ts + draw(st.sampled_from(GAPS)))]
    return numbered(rows)


@st.composite
def lates(draw: st.DrawFn, trades: list[Row]) -> Row:
    """Draw a print of the same terms as one of the trades, made about when that was and applied later."""
    of = draw(st.sampled_from(trades))
    made = of.ts - of.late + draw(st.sampled_from((-1, 0, 0, 1, MS)))
    delay = draw(st.sampled_from((MS, 10 * MS, 60 * MS, 400 * MS, 10**10)))
    late = replace(of, ts=made + delay, size=3, trade_id=draw(st.sampled_from(("", "late"))))
    ways: list[dict[str, Any]] = [{"late": delay}, {"late": delay}, {"lag": delay, "code": "D"}]
    return replace(late, **draw(st.sampled_from(ways)))


@st.composite
def takings(draw: st.DrawFn, trades: list[Row], end: int) -> Row:
    """Draw a cancel or a correction of one of the trades, at any time after the start."""
    of = draw(st.sampled_from(trades))
    after = draw(st.sampled_from((0, 1, 30 * MS, 10**9, 4 * 10**9, 10**10, 10**10)))
    ts = draw(st.sampled_from((of.ts + after, of.ts + after, of.ts + after, end, START + 10**9)))
    if of.trade_id and draw(st.booleans()):
        new: dict[str, Any] = {"trade_id": draw(st.sampled_from(("", of.trade_id, f"{of.trade_id}x")))}
        if draw(st.booleans()):
            values: dict[str, Any] = {
                "price": draw(st.sampled_from((100, 104))),
                "size": draw(st.sampled_from((2, 9))),
            }
            return replace(of, ts=ts, late=0, report="correction", refers_to=of.trade_id, **new, **values)
        return replace(of, ts=ts, late=0, report="cancel", refers_to=of.trade_id, trade_id="")
    code = draw(st.sampled_from(("A", "C", "E", "G")))
    return replace(of, ts=ts, late=0, code=code, trade_id="")
