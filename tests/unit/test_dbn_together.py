"""DBN files read together, recorded live streams, facts beside the tape, and order books by brute force."""

import random
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
import pytest

from connectors.errors import UserError
from connectors.feed import Chunk, Note
from connectors.feeds.dbn import DbnFeed
from connectors.feeds.dbn_book import Books, Venues
from connectors.feeds.dbn_kernels import LEVELS_MAX, Events, Quotes
from schemas.columns import to_rows

dbn: Any = import_module("databento_dbn")  # its annotations are not those of its classes
Action, BidAskPair, Schema, Side, SType = (
    dbn.Action,
    dbn.BidAskPair,
    dbn.Schema,
    dbn.Side,
    dbn.SType,
)

DAY: Final = date(2024, 3, 12)
MIDNIGHT: Final = 1_710_201_600 * 10**9
OPEN: Final = MIDNIGHT + 13 * 3600 * 10**9 + 1800 * 10**9
MS: Final = 10**6
S: Final = 10**9
USD: Final = 10**9
NS_A_DAY: Final = 86_400 * S
CALL: Final = "SPY   240426C00555000"


def _held(note: Note) -> Any:
    (count,) = note.detail["contracts"].values()  # type: ignore[attr-defined]
    return count


def header(dataset: str, schema: Any, names: Sequence[str], **given: Any) -> bytes:
    interval = {"start_date": DAY, "end_date": DAY + timedelta(days=1)}
    mappings = [
        SimpleNamespace(raw_symbol=n, intervals=[SimpleNamespace(**interval, symbol=str(7 + i))])
        for i, n in enumerate(names)
    ]
    plain: dict[str, Any] = {"dataset": dataset, "start": MIDNIGHT, "end": MIDNIGHT + NS_A_DAY, "version": 3}
    plain |= {"stype_in": SType.RAW_SYMBOL, "stype_out": SType.INSTRUMENT_ID, "schema": schema}
    return bytes(dbn.Metadata(**(plain | {"symbols": list(names), "mappings": mappings} | given)).encode())


def live(dataset: str) -> bytes:
    return header(dataset, None, [], start=OPEN, end=None, stype_in=None)


def written(path: Path, head: bytes, records: Iterable[Any]) -> Path:
    path.write_bytes(head + b"".join(bytes(r) for r in records))
    return path


def trade(ts: int, **given: Any) -> Any:
    plain: dict[str, Any] = {"publisher_id": 2, "instrument_id": 7, "action": Action.TRADE, "side": Side.BID}
    plain |= {"ts_event": ts - MS, "depth": 0, "ts_recv": ts, "price": USD, "size": 1}
    return dbn.TradeMsg(**(plain | given))


def mbp1(ts: int, action: Any, **given: Any) -> Any:
    best = BidAskPair(bid_px=USD, ask_px=2 * USD, bid_sz=1, ask_sz=2, bid_ct=1, ask_ct=1)
    plain: dict[str, Any] = {"publisher_id": 2, "instrument_id": 7, "side": Side.BID, "depth": 0}
    plain |= {"ts_event": ts - MS, "ts_recv": ts, "price": USD, "size": 1, "action": action, "levels": best}
    return dbn.MBP1Msg(**(plain | given))


def says(ts: int, number: int, symbol: str) -> Any:
    return dbn.SymbolMappingMsg(
        publisher_id=0,
        instrument_id=number,
        ts_event=ts,
        stype_in=SType.RAW_SYMBOL,
        stype_in_symbol=symbol,
        stype_out=SType.INSTRUMENT_ID,
        stype_out_symbol=str(number),
        start_ts=ts,
        end_ts=ts + NS_A_DAY,
    )


def chunks(*paths: Path) -> list[Chunk]:
    return list(DbnFeed(paths).chunks())


def rows(found: list[Chunk], topic: str) -> list[dict[str, Any]]:
    return [r for c in found if topic in c.batches for r in to_rows(c.batches[topic])]


def test_a_live_stream_counts_each_trade_once(tmp_path: Path) -> None:
    records = [
        says(OPEN, 7, "NVDA"),
        says(OPEN, 8, "AAPL"),
        mbp1(OPEN + 1, Action.ADD),
        mbp1(OPEN + 2, Action.TRADE),
        trade(OPEN + 2),
        trade(OPEN + 3, instrument_id=8),
    ]
    found = chunks(written(tmp_path / "live.dbn", live("XNAS.ITCH"), records))
    prints = rows(found, "equities.prints")
    assert [(r["underlying"], r["carried_bid"]) for r in prints] == [("NVDA", USD), ("AAPL", -1)]
    assert [r["underlying"] for r in rows(found, "equities.quotes")] == ["NVDA"]


def test_a_live_stream_may_give_an_id_to_another_symbol(tmp_path: Path) -> None:
    records = [says(OPEN, 7, "NVDA"), trade(OPEN + 1), says(OPEN + 2, 7, "AAPL"), trade(OPEN + 3)]
    records.append(trade(OPEN + 4, instrument_id=9))
    found = chunks(written(tmp_path / "live.dbn", live("XNAS.ITCH"), records))
    assert [r["underlying"] for r in rows(found, "equities.prints")] == ["NVDA", "AAPL"]
    assert [r.reason for c in found for r in c.rejects] == ["the instrument id has no symbol on that day"]


def test_a_live_stream_is_put_in_order_within_its_slack(tmp_path: Path) -> None:
    times = [0, 1500, 300, 900, 5000, 4100, 100]
    records = [says(OPEN, 7, "NVDA"), *(trade(OPEN + t * MS) for t in times)]
    found = chunks(written(tmp_path / "live.dbn", live("XNAS.ITCH"), records))
    at = [(r["source_ts"] - OPEN) // MS for r in rows(found, "equities.prints")]
    assert at == sorted(times)


def test_records_the_gateway_left_out_are_a_gap(tmp_path: Path) -> None:
    lost = dbn.ErrorMsg(
        ts_event=OPEN + 5, err="slow reader", code=dbn.ErrorCode.SKIPPED_RECORDS_AFTER_SLOW_READING
    )
    other = dbn.ErrorMsg(ts_event=OPEN + 6, err="no", code=dbn.ErrorCode.SYMBOL_RESOLUTION_FAILED)
    records = [says(OPEN, 7, "NVDA"), trade(OPEN + 1), lost, other, trade(OPEN + 9)]
    found = chunks(written(tmp_path / "live.dbn", live("XNAS.ITCH"), records))
    gaps = [(g.source_ts, g.reason) for c in found for g in c.gaps]
    assert gaps == [(OPEN + 5, "the gateway left records out: slow reader")]


def test_of_overlapping_files_one_gives_the_prints_and_one_the_quotes(tmp_path: Path) -> None:
    schemas = {"trades": Schema.TRADES, "mbp-1": Schema.MBP_1}
    heads = {n: header("XNAS.ITCH", s, ["NVDA"]) for n, s in schemas.items()}
    records = [mbp1(OPEN, Action.ADD), mbp1(OPEN + 1, Action.TRADE)]
    first = written(tmp_path / "a.dbn", heads["mbp-1"], records)
    second = written(tmp_path / "b.dbn", heads["trades"], [trade(OPEN + 1)])
    feed = DbnFeed([first, second])
    found = list(feed.chunks())
    assert len(rows(found, "equities.prints")) == 1
    assert len(rows(found, "equities.quotes")) == 1
    assert feed.identity["gives"] == {"a.dbn": ["quotes"], "b.dbn": ["prints"]}


def test_files_that_would_count_twice_are_refused(tmp_path: Path) -> None:
    def file(name: str, dataset: str, **given: Any) -> Path:
        return written(tmp_path / name, header(dataset, Schema.TRADES, ["NVDA"], **given), [trade(OPEN)])

    first = file("a.dbn", "XNAS.ITCH")
    with pytest.raises(UserError, match="overlap in part, at NVDA"):
        DbnFeed([first, file("b.dbn", "XNAS.ITCH", start=MIDNIGHT + 1)])
    with pytest.raises(UserError, match=r"trades of EQUS\.MINI.* both tell of NVDA"):
        DbnFeed([first, file("c.dbn", "EQUS.MINI")])
    apart = DbnFeed([first, file("d.dbn", "XNYS.PILLAR")])
    assert apart.identity["gives"] == {"a.dbn": ["prints"], "d.dbn": ["prints"]}


def test_definitions_statistics_and_status_become_notes(tmp_path: Path) -> None:
    known = {"publisher_id": 30, "instrument_id": 7, "ts_event": OPEN - MS}
    definition = dbn.InstrumentDefMsg(
        **known,
        ts_recv=OPEN,
        min_price_increment=USD,
        display_factor=USD,
        raw_symbol=CALL,
        asset="",
        security_type="OPT",
        instrument_class=dbn.InstrumentClass.CALL,
        security_update_action=dbn.SecurityUpdateAction.ADD,
        strike_price=555 * USD,
        contract_multiplier=100,
        underlying="SPY",
    )
    held = [
        dbn.StatMsg(
            publisher_id=20 + i,
            instrument_id=7,
            ts_event=OPEN,
            ts_recv=OPEN,
            ts_ref=2**64 - 1,
            price=2**63 - 1,
            quantity=q,
            stat_type=dbn.StatType.OPEN_INTEREST,
        )
        for i, q in enumerate((500, 500, 510, 2**63 - 1))
    ]
    halt = dbn.StatusMsg(
        **known,
        ts_recv=OPEN,
        action=dbn.StatusAction.HALT,
        reason=dbn.StatusReason.REGULATORY,
        is_trading=dbn.TriState.NO,
    )
    head = header("OPRA.PILLAR", Schema.DEFINITION, [CALL])
    paths = [
        written(tmp_path / "a.dbn", head, [definition]),
        written(tmp_path / "b.dbn", header("OPRA.PILLAR", Schema.STATISTICS, [CALL]), held),
        written(tmp_path / "c.dbn", header("OPRA.PILLAR", Schema.STATUS, [CALL]), [halt]),
    ]
    found = chunks(*paths)
    notes = [n for c in found for n in c.notes]
    refused = [(r.source, r.reason) for c in found for r in c.rejects]
    assert refused == [("b.dbn:record 4", "the open interest has no number")]
    assert {n.underlying for n in notes} == {"SPY"}
    by_name = {n.name: dict(n.detail) for n in notes}
    assert by_name["definition"]["strike"] == 555 * USD
    assert by_name["definition"]["expiry"] == 20240426
    assert by_name["definition"]["multiplier"] == 100
    assert [_held(n) for n in notes if n.name == "open_interest"] == [500, 510]
    status = by_name["status"]
    assert (status["action"], status["reason"], status["is_trading"]) == ("halt", "regulatory", False)
    assert status["is_quoting"] is None


@pytest.mark.parametrize("version", [1, 2])
def test_older_versions_keep_facts_in_shorter_records(tmp_path: Path, version: int) -> None:
    old = import_module(f"databento_dbn.v{version}")
    held = old.StatMsg(
        publisher_id=20,
        instrument_id=7,
        ts_event=OPEN,
        ts_recv=OPEN,
        ts_ref=2**64 - 1,
        price=2**63 - 1,
        quantity=500,
        stat_type=dbn.StatType.OPEN_INTEREST,
    )
    head = header("OPRA.PILLAR", Schema.STATISTICS, [CALL], version=version)
    (note,) = [n for c in chunks(written(tmp_path / "a.dbn", head, [held, held])) for n in c.notes]
    assert (note.name, note.source_ts, _held(note)) == ("open_interest", OPEN, 500)


class PlainBook:
    """The same book by the plainest means: a mapping of orders, best found by looking at all."""

    def __init__(self) -> None:
        self.orders: dict[int, tuple[str, int, int]] = {}

    def apply(self, action: str, number: int, side: str, price: int, size: int) -> None:
        if action in "AM":
            self.orders[number] = (side, price, size)
        elif action == "C" and number in self.orders:
            was, at, left = self.orders[number]
            self.orders[number] = (was, at, left - size)
            if left <= size:
                del self.orders[number]
        elif action == "R":
            self.orders.clear()

    def top(self) -> tuple[int, int, int, int]:
        found = []
        for side, best in (("B", max), ("A", min)):
            prices = [p for s, p, _ in self.orders.values() if s == side]
            at = best(prices, default=-1)
            found.append((at, sum(z for s, p, z in self.orders.values() if (s, p) == (side, at))))
        return found[0][0], found[1][0], found[0][1], found[1][1]


def test_books_agree_with_brute_force_beyond_the_levels_kept() -> None:
    random.seed(11)
    plain, events, tops, deepest = PlainBook(), [], [], 0
    for step in range(6000):
        known = list(plain.orders)
        grows = len(known) < 3 * LEVELS_MAX and step < 3000
        action = random.choices("ACMR", (70, 20, 10, 0) if grows else (20, 70, 9.9, 0.1))[0]
        if action in "CM" and not known:
            continue
        number = step + 1 if action == "A" else random.choice(known or [0])
        side = random.choice("BA") if action == "A" else plain.orders.get(number, ("B",))[0]
        price = 5000 + (-1 if side == "B" else 1) * random.randint(1, 900)
        size = random.choice((50, 100)) if action != "C" else random.choice((25, 100))
        plain.apply(action, number, side, price, size)
        events.append((ord(action), ord(side), number, price, size))
        tops.append(plain.top())
        deepest = max(deepest, len({p for s, p, _ in plain.orders.values() if s == "B"}))
    table = np.array(events, np.int64).T
    books, pieces = Books("here"), []
    for piece in np.array_split(np.arange(len(events)), 7):
        action, side, number, price, size = (c[piece] for c in table)
        found = books.apply(
            Events(
                books.slots(np.full(len(piece), 3)).astype(np.int32),
                action.astype(np.uint8),
                side.astype(np.uint8),
                number.astype(np.uint64),
                price,
                size,
                np.full(len(piece), 128, np.uint8),
            )
        )
        pieces.append(np.stack([found.bid, found.ask, found.bid_size, found.ask_size], axis=1))
    assert deepest > LEVELS_MAX + 20
    assert len(set(tops)) > 30
    assert np.array_equal(np.concatenate(pieces), np.array(tops))


def test_the_best_of_venues_agrees_with_brute_force() -> None:
    random.seed(5)
    rows_in = []
    for _ in range(3000):
        bid, ask = random.choice((-1, random.randint(90, 99))), random.choice((-1, random.randint(98, 110)))
        sizes = (random.randint(1, 9), random.randint(1, 9))
        rows_in.append((random.randrange(5), random.randrange(4), bid, ask, *sizes))
    table = np.array(rows_in, np.int64).T.copy()
    instruments, venues, *sides = table
    quotes = Quotes(
        instruments, venues, sides[0], sides[1], sides[2], sides[3], np.zeros(len(rows_in), np.bool_)
    )
    assert Venues(4, "here").apply(quotes, False).is_new.all()
    last: dict[tuple[int, int], tuple[int, ...]] = {}
    for row, (instrument, venue, *said) in enumerate(rows_in):
        last[instrument, venue] = tuple(said)
        mine = [q for (i, _), q in last.items() if i == instrument]
        high = max(((q[0], q[2]) for q in mine if q[0] >= 0), default=(-1, 0))
        low = min(((q[1], -q[3]) for q in mine if q[1] >= 0), default=(-1, 0))
        assert (quotes.bid[row], quotes.bid_size[row]) == high
        assert (quotes.ask[row], quotes.ask_size[row]) == (low[0], -low[1])
