"""DBN files made with the vendor's own records, read as a feed: what becomes of each, and what is refused."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
from backports import zstd

from connectors.errors import UserError
from connectors.feed import Chunk
from connectors.feeds import dbn_bytes
from connectors.feeds.dbn import DbnFeed
from connectors.recorded import Selection
from schemas.columns import to_rows

dbn: Any = import_module("databento_dbn")  # its annotations are not those of its classes
Action, BidAskPair, ConsolidatedBidAskPair, Schema, Side = (
    dbn.Action,
    dbn.BidAskPair,
    dbn.ConsolidatedBidAskPair,
    dbn.Schema,
    dbn.Side,
)

DAY: Final = date(2024, 3, 12)
MIDNIGHT: Final = 1_710_201_600 * 10**9
OPEN: Final = MIDNIGHT + 13 * 3600 * 10**9 + 1800 * 10**9
END: Final = MIDNIGHT + 86_400 * 10**9
MS: Final = 10**6
USD: Final = 10**9
UNDEF: Final = 2**63 - 1
CALL: Final = "SPY   240426C00555000"
PUT: Final = "SPY   240426P00500000"
Rows = dict[str, list[dict[str, Any]]]


def mapping(name: str, number: int, first: date = DAY) -> SimpleNamespace:
    interval = SimpleNamespace(start_date=first, end_date=first + timedelta(days=1), symbol=str(number))
    return SimpleNamespace(raw_symbol=name, intervals=[interval])


def header(dataset: str, schema: Any, names: Any, **given: Any) -> bytes:
    named = names if isinstance(names, list) else [mapping(n, i) for n, i in names.items()]
    plain: dict[str, Any] = {
        "dataset": dataset,
        "start": MIDNIGHT,
        "end": END,
        "stype_in": dbn.SType.RAW_SYMBOL,
        "stype_out": dbn.SType.INSTRUMENT_ID,
        "schema": schema,
        "symbols": [m.raw_symbol for m in named],
        "mappings": named,
        "version": 3,
    }
    return bytes(dbn.Metadata(**(plain | given)).encode())


def written(path: Path, head: bytes, records: Iterable[Any]) -> Path:
    path.write_bytes(zstd.compress(head + b"".join(bytes(r) for r in records)))
    return path


def trade(ts: int, price: int = USD, size: int = 1, **given: Any) -> Any:
    plain: dict[str, Any] = {
        "publisher_id": 22,
        "instrument_id": 7,
        "action": Action.TRADE,
        "side": Side.NONE,
    }
    plain |= {"ts_event": ts - MS, "depth": 0, "ts_recv": ts, "price": price, "size": size}
    return dbn.TradeMsg(**(plain | given))


def level(bid: int, ask: int, sizes: tuple[int, int] = (1, 2)) -> Any:
    return BidAskPair(bid_px=bid, ask_px=ask, bid_sz=sizes[0], ask_sz=sizes[1], bid_ct=1, ask_ct=1)


def mbp1(ts: int, action: Any, best: Any, **given: Any) -> Any:
    plain: dict[str, Any] = {"publisher_id": 2, "instrument_id": 7, "side": Side.NONE, "depth": 0}
    plain |= {"ts_event": ts - MS, "ts_recv": ts, "price": USD, "size": 1, "action": action, "levels": best}
    return dbn.MBP1Msg(**(plain | given))


def cmbp1(rtype: int, ts: int, action: Any, sides: tuple[int, int], **given: Any) -> Any:
    best = ConsolidatedBidAskPair(
        bid_px=sides[0], ask_px=sides[1], bid_sz=10, ask_sz=20, bid_pb=22, ask_pb=29
    )
    plain: dict[str, Any] = {"publisher_id": 30, "instrument_id": 7, "side": Side.NONE, "levels": best}
    plain |= {"ts_event": ts - MS, "ts_recv": ts, "price": USD, "size": 1, "action": action}
    return dbn.CMBP1Msg(rtype=rtype, **(plain | given))


def order(ts: int, action: Any, number: int, price: int, **given: Any) -> Any:
    plain: dict[str, Any] = {
        "publisher_id": 2,
        "instrument_id": 7,
        "side": Side.BID,
        "size": 100,
        "flags": 128,
    }
    plain |= {"ts_event": ts - MS, "ts_recv": ts, "order_id": number, "price": price, "action": action}
    return dbn.MBOMsg(**(plain | given))


def chunks(paths: Path | Sequence[Path], **chosen: Any) -> list[Chunk]:
    files = [paths] if isinstance(paths, Path) else paths
    return list(DbnFeed(files, Selection(**chosen)).chunks())


def rows_of(found: list[Chunk]) -> Rows:
    topics = {t for c in found for t in c.batches}
    return {t: [r for c in found if t in c.batches for r in to_rows(c.batches[t])] for t in sorted(topics)}


def refusals(found: list[Chunk]) -> list[tuple[str, str]]:
    return [(r.source, r.reason) for c in found for r in c.rejects]


def test_an_option_trade_says_what_opra_says_and_no_more(tmp_path: Path) -> None:
    head = header("OPRA.PILLAR", Schema.TRADES, {CALL: 7})
    path = written(tmp_path / "a.dbn.zst", head, [trade(OPEN, 240 * MS, 3, sequence=9)])
    feed = DbnFeed([path])
    (row,) = rows_of(list(feed.chunks()))["options.prints"]
    assert (row["contract"], row["underlying"], row["venue"]) == (CALL, "SPY", "C")
    assert (row["price"], row["size"], row["multiplier"], row["vendor_seq"]) == (240 * MS, 3, 100, 9)
    assert (row["source_ts"], row["event_ts"]) == (OPEN, OPEN - MS)
    assert (row["condition"], row["aggressor"], row["carried_bid"]) == ("", "none", -1)
    assert feed.capabilities["conditions"] is False
    assert feed.capabilities["block_times"] is True
    assert feed.capabilities["participant_times"] is False
    assert feed.capabilities["complete_volume"] is True


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("is_packed", [True, False])
def test_every_version_raw_or_packed_gives_the_same_rows(
    tmp_path: Path, version: int, is_packed: bool
) -> None:
    whole = header("OPRA.PILLAR", Schema.TRADES, {CALL: 7, PUT: 8}, version=version)
    whole += b"".join(bytes(trade(OPEN + i, USD + i, instrument_id=7 + i % 2)) for i in range(9))
    path = tmp_path / "a.dbn"
    path.write_bytes(zstd.compress(whole) if is_packed else whole)
    rows = rows_of(chunks(path))["options.prints"]
    assert [r["price"] for r in rows] == [USD + i for i in range(9)]
    assert [r["contract"] for r in rows] == [CALL, PUT] * 4 + [CALL]


def test_a_file_in_two_zstd_frames_with_ts_out_is_one(tmp_path: Path) -> None:
    head = header("OPRA.PILLAR", Schema.TRADES, {CALL: 7}, ts_out=True)
    records = [bytes(trade(OPEN + i, ts_out=OPEN + i)) for i in range(4)]
    assert {len(r) for r in records} == {56}
    path = tmp_path / "a.dbn.zst"
    path.write_bytes(zstd.compress(head + records[0]) + zstd.compress(b"".join(records[1:])))
    assert [r["source_ts"] for r in rows_of(chunks(path))["options.prints"]] == [OPEN + i for i in range(4)]


def test_how_the_bytes_are_cut_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = header("XNAS.ITCH", Schema.MBO, {"NVDA": 7})
    records = [order(OPEN + i, Action.ADD, i, USD * (100 + i % 5)) for i in range(1, 60)]
    path = written(tmp_path / "a.dbn.zst", head, records)
    whole = rows_of(chunks(path))
    monkeypatch.setattr(dbn_bytes, "PIECE_BYTES", 101)
    monkeypatch.setattr(dbn_bytes, "READ_BYTES", 17)
    assert rows_of(chunks(path)) == whole
    assert len(whole["equities.quotes"]) > 5


def test_an_id_means_another_series_the_next_day(tmp_path: Path) -> None:
    names = [mapping(CALL, 7), mapping(PUT, 7, DAY + timedelta(days=1))]
    head = header("OPRA.PILLAR", Schema.TRADES, names, end=END + 86_400 * 10**9)
    later = OPEN + 86_400 * 10**9
    path = written(tmp_path / "a.dbn.zst", head, [trade(OPEN), trade(later)])
    assert [r["contract"] for r in rows_of(chunks(path))["options.prints"]] == [CALL, PUT]


def test_symbols_asked_for_by_id_are_found_too(tmp_path: Path) -> None:
    interval = SimpleNamespace(start_date=DAY, end_date=DAY + timedelta(days=1), symbol=CALL)
    names = [SimpleNamespace(raw_symbol="7", intervals=[interval])]
    kinds = {"stype_in": dbn.SType.INSTRUMENT_ID, "stype_out": dbn.SType.RAW_SYMBOL}
    path = written(
        tmp_path / "a.dbn.zst", header("OPRA.PILLAR", Schema.TRADES, names, **kinds), [trade(OPEN)]
    )
    assert [r["contract"] for r in rows_of(chunks(path))["options.prints"]] == [CALL]


def test_the_quote_of_tcbbo_belongs_to_its_print(tmp_path: Path) -> None:
    record = cmbp1(0xC2, OPEN, Action.TRADE, (2 * USD, UNDEF), publisher_id=23, price=2 * USD)
    path = written(tmp_path / "a.dbn.zst", header("OPRA.PILLAR", Schema.TCBBO, {CALL: 7}), [record])
    feed = DbnFeed([path])
    (row,) = rows_of(list(feed.chunks()))["options.prints"]
    assert feed.inputs == ("options.prints",)
    assert (row["carried_bid"], row["carried_bid_size"]) == (2 * USD, 10)
    assert (row["carried_ask"], row["carried_ask_size"]) == (-1, -1)
    assert (row["venue"], row["vendor_seq"]) == ("D", -1)
    assert feed.capabilities["quote_scope"] == "nbbo"
    assert feed.capabilities["sequence"] is False


def test_cmbp1_holds_quotes_and_trades(tmp_path: Path) -> None:
    records = [
        cmbp1(0xB1, OPEN, Action.ADD, (0, 2 * USD)),
        cmbp1(0xB1, OPEN + 1, Action.TRADE, (USD, 2 * USD), publisher_id=36),
        cmbp1(0xB1, OPEN + 2, Action.MODIFY, (UNDEF, 3 * USD)),
    ]
    path = written(tmp_path / "a.dbn.zst", header("OPRA.PILLAR", Schema.CMBP_1, {CALL: 7}), records)
    rows = rows_of(chunks(path))
    (only,) = rows["options.prints"]
    assert (only["venue"], only["carried_bid"]) == ("Z", -1)
    first, second = rows["options.nbbo"]
    assert (first["bid"], first["ask"], first["bid_venue"], first["ask_venue"]) == (0, 2 * USD, "C", "N")
    assert (second["bid"], second["bid_size"], second["bid_venue"]) == (-1, 0, "none")


def test_sampled_quotes_carry_the_end_of_their_interval(tmp_path: Path) -> None:
    record = dbn.BBOMsg(
        rtype=0xC3,
        publisher_id=95,
        instrument_id=7,
        ts_event=2**64 - 1,
        price=UNDEF,
        size=0,
        side=Side.NONE,
        ts_recv=OPEN,
        levels=level(3 * USD, UNDEF, (800, 0)),
    )
    path = written(tmp_path / "a.dbn.zst", header("EQUS.MINI", Schema.BBO_1S, {"QQQ": 7}), [record])
    feed = DbnFeed([path])
    (row,) = rows_of(list(feed.chunks()))["equities.quotes"]
    assert (row["source_ts"], row["event_ts"]) == (OPEN, OPEN)
    assert (row["bid"], row["bid_size"], row["ask"], row["ask_size"]) == (3 * USD, 800 * MS, -1, 0)
    assert feed.capabilities["is_sampled"] == 1
    assert feed.inputs == ("equities.quotes",)


def test_of_opras_venue_quotes_only_the_national_best_is_taken(tmp_path: Path) -> None:
    records = [
        mbp1(OPEN, Action.ADD, level(USD, 2 * USD), publisher_id=22),
        mbp1(OPEN, Action.ADD, level(USD, 3 * USD), publisher_id=30),
        mbp1(OPEN + 1, Action.TRADE, level(USD, 3 * USD), publisher_id=24),
    ]
    path = written(tmp_path / "a.dbn.zst", header("OPRA.PILLAR", Schema.MBP_1, {CALL: 7}), records)
    rows = rows_of(chunks(path))
    assert [(r["ask"], r["ask_venue"]) for r in rows["options.nbbo"]] == [(3 * USD, "none")]
    assert [r["venue"] for r in rows["options.prints"]] == ["E"]


def test_quotes_of_several_venues_become_the_best_of_them(tmp_path: Path) -> None:
    records = [
        mbp1(OPEN, Action.ADD, level(10 * USD, 12 * USD, (100, 100)), publisher_id=81),
        mbp1(OPEN + 1, Action.ADD, level(10 * USD, 11 * USD, (300, 100)), publisher_id=88),
        mbp1(OPEN + 2, Action.ADD, level(UNDEF, UNDEF, (0, 0)), publisher_id=88),
    ]
    path = written(tmp_path / "a.dbn.zst", header("XNAS.BASIC", Schema.MBP_1, {"NVDA": 7}), records)
    feed = DbnFeed([path])
    rows = rows_of(list(feed.chunks()))["equities.quotes"]
    best = [(r["bid"], r["bid_size"], r["bid_venue"], r["ask"], r["ask_venue"]) for r in rows]
    assert best == [
        (10 * USD, 100 * MS, "Q", 12 * USD, "Q"),
        (10 * USD, 300 * MS, "B", 11 * USD, "B"),
        (10 * USD, 100 * MS, "Q", 12 * USD, "Q"),
    ]
    assert feed.capabilities["quote_scope"] == "venue"


def test_finras_facilities_are_off_exchange_and_without_participant_time(tmp_path: Path) -> None:
    sides = ((81, Side.ASK), (82, Side.NONE), (83, Side.BID))
    records = [trade(OPEN + i, publisher_id=p, side=s) for i, (p, s) in enumerate(sides)]
    path = written(tmp_path / "a.dbn.zst", header("XNAS.BASIC", Schema.TRADES, {"NVDA": 7}), records)
    rows = rows_of(chunks(path))["equities.prints"]
    assert [(r["venue"], r["off_exchange"], r["has_event_ts"]) for r in rows] == [
        ("Q", False, True),
        ("D", True, False),
        ("D", True, False),
    ]
    assert [r["aggressor"] for r in rows] == ["sell", "none", "buy"]
    assert [r["size"] for r in rows] == [MS] * 3


def test_of_order_records_the_aggressors_side_is_taken_once(tmp_path: Path) -> None:
    records = [
        order(OPEN, Action.ADD, 1, 10 * USD),
        order(OPEN + 1, Action.ADD, 2, 11 * USD, side=Side.ASK),
        order(OPEN + 2, Action.TRADE, 0, 11 * USD, side=Side.BID, flags=0),
        order(OPEN + 2, Action.FILL, 2, 11 * USD, side=Side.ASK, flags=0),
        order(OPEN + 2, Action.CANCEL, 2, 11 * USD, side=Side.ASK),
        order(OPEN + 3, Action.MODIFY, 1, 9 * USD, size=70),
        order(OPEN + 4, Action.CLEAR, 0, UNDEF, side=Side.NONE, size=0),
    ]
    path = written(tmp_path / "a.dbn.zst", header("XNAS.ITCH", Schema.MBO, {"NVDA": 7}), records)
    feed = DbnFeed([path])
    rows = rows_of(list(feed.chunks()))
    assert [(r["aggressor"], r["price"]) for r in rows["equities.prints"]] == [("buy", 11 * USD)]
    tops = [(r["source_ts"] - OPEN, r["bid"], r["bid_size"], r["ask"]) for r in rows["equities.quotes"]]
    assert tops == [
        (0, 10 * USD, 100 * MS, -1),
        (1, 10 * USD, 100 * MS, 11 * USD),
        (2, 10 * USD, 100 * MS, -1),
        (3, 9 * USD, 70 * MS, -1),
        (4, -1, 0, -1),
    ]
    assert feed.capabilities["true_side"] == "aggressor"


def test_flags_of_doubt_are_passed_on(tmp_path: Path) -> None:
    records = [
        mbp1(OPEN, Action.TRADE, level(USD, 2 * USD), flags=8),
        mbp1(OPEN + 1, Action.TRADE, level(USD, 2 * USD), flags=128),
        mbp1(OPEN + 2, Action.TRADE, level(USD, 2 * USD), ts_event=OPEN + 2 * USD),
        mbp1(OPEN + 3, Action.ADD, level(USD, 2 * USD), flags=4),
    ]
    path = written(tmp_path / "a.dbn.zst", header("XNAS.ITCH", Schema.MBP_1, {"NVDA": 7}), records)
    rows = rows_of(chunks(path))
    assert [r["is_time_doubtful"] for r in rows["equities.prints"]] == [True, False, True]
    (quote,) = rows["equities.quotes"]
    assert (quote["bid"], quote["ask"], quote["bid_size"]) == (-1, -1, 0)


REFUSED: Final[dict[str, dict[str, Any]]] = {
    "publisher 1 (not in the table) is no venue of US options": {"publisher_id": 1},
    "publisher 2 (XNAS.ITCH.XNAS) is no venue of US options": {"publisher_id": 2},
    "the instrument id has no symbol on that day": {"instrument_id": 99},
    "the trade has no price or no size": {"price": UNDEF},
    "the price of a trade is not above zero": {"price": 0},
    "the size of a trade is not above zero": {"size": 0},
    "the time is undefined": {"ts_recv": 2**64 - 1},
    "the time lies outside the time of the file": {"ts_recv": OPEN + 10 * 86_400 * 10**9},
    "the time runs backwards": {"ts_recv": OPEN - 1},
    "it was received a day or more before it happened": {"ts_event": OPEN + 2 * 86_400 * 10**9},
    "the record is no trade": {"action": Action.ADD},
}


@pytest.mark.parametrize("reason", REFUSED)
def test_a_row_that_is_no_record_is_refused_with_its_number(tmp_path: Path, reason: str) -> None:
    records = [trade(OPEN), trade(OPEN, **REFUSED[reason]), trade(OPEN + 1)]
    path = written(tmp_path / "a.dbn.zst", header("OPRA.PILLAR", Schema.TRADES, {CALL: 7}), records)
    found = chunks(path)
    assert refusals(found) == [("a.dbn.zst:record 2", reason)]
    assert [r["source_ts"] for r in rows_of(found)["options.prints"]] == [OPEN, OPEN + 1]
    assert sum(c.read["options.prints"] for c in found) == 3


def test_a_symbol_that_is_no_series_is_refused(tmp_path: Path) -> None:
    names = {CALL: 7, "SPY  XX0426C00555000": 8}
    records = [trade(OPEN), trade(OPEN, instrument_id=8)]
    found = chunks(written(tmp_path / "a.dbn.zst", header("OPRA.PILLAR", Schema.TRADES, names), records))
    assert [source for source, _ in refusals(found)] == ["a.dbn.zst:record 2"]
    assert len(rows_of(found)["options.prints"]) == 1


def whole_file() -> bytes:
    records = [bytes(trade(OPEN + i, USD + i * i * 7919 % 1000)) for i in range(500)]
    return header("OPRA.PILLAR", Schema.TRADES, {CALL: 7}) + b"".join(records)


def test_a_file_cut_inside_a_record_gives_what_stands_before(tmp_path: Path) -> None:
    path = tmp_path / "a.dbn"
    path.write_bytes(whole_file()[:-20])
    found = chunks(path)
    assert len(rows_of(found)["options.prints"]) == 499
    reason = "the file is cut short or damaged: it ends inside record 500"
    assert refusals(found) == [("a.dbn:record 500", reason)]


def test_a_file_cut_inside_zstd_says_where(tmp_path: Path) -> None:
    path = tmp_path / "a.dbn.zst"
    frames = zstd.compress(whole_file()[:8000]) + zstd.compress(whole_file()[8000:])
    path.write_bytes(frames[:-30])
    found = chunks(path)
    ((_, reason),) = refusals(found)
    assert f"it ends inside its zstd data, after byte {len(frames) - 30} of the file" in reason
    assert 100 < len(rows_of(found)["options.prints"]) < 500


def test_damaged_zstd_and_lengths_that_make_no_sense_end_the_file(tmp_path: Path) -> None:
    whole = whole_file()
    broken = tmp_path / "a.dbn"
    broken.write_bytes(whole[: -480 + 48] + b"\x01" + whole[-480 + 49 :])
    found = chunks(broken)
    assert len(rows_of(found)["options.prints"]) == 491
    assert "record 492 says a length of 4 bytes; what follows is lost" in refusals(found)[0][1]
    packed = tmp_path / "b.dbn.zst"
    packed.write_bytes(zstd.compress(whole[:8000]) + b"\x28\xb5\x2f\xfd" + b"\xff" * 400)
    found = chunks(packed)
    assert "its zstd data are damaged before byte" in refusals(found)[0][1]


def test_records_of_an_unknown_kind_or_length_are_refused_alone(tmp_path: Path) -> None:
    odd = bytearray(bytes(trade(OPEN)))
    odd[1] = 0x7E
    head = header("OPRA.PILLAR", Schema.TRADES, {CALL: 7})
    long = bytes(cmbp1(0x00, OPEN, Action.TRADE, (USD, USD)))
    path = tmp_path / "a.dbn"
    path.write_bytes(head + bytes(trade(OPEN)) + bytes(odd) + long + bytes(trade(OPEN + 1)))
    found = chunks(path)
    assert sorted(refusals(found)) == [
        ("a.dbn:record 2", "record type 0x7e is not known"),
        ("a.dbn:record 3", "a record of type 0x00 has 80 bytes where 48 are expected"),
    ]
    assert len(rows_of(found)["options.prints"]) == 2


SENTENCES: Final = {
    "is no DBN file, neither raw nor in zstd": b"timestamp,price\n1,2\n" * 9,
    "is cut short inside its DBN header": whole_file()[:100],
    "is in the vendor's older DBZ format": b"DBZ" + whole_file()[3:],
    "is DBN version 9; versions 1 to 3 are allowed": b"DBN\x09" + whole_file()[4:],
    "its DBN header says 4 bytes": b"DBN\x03\x04\x00\x00\x00" + whole_file()[8:],
    "schema ohlcv-1m holds bars": header("OPRA.PILLAR", Schema.OHLCV_1M, {CALL: 7}),
    "schema imbalance holds no trades or quotes": header("XNAS.ITCH", Schema.IMBALANCE, {"NVDA": 7}),
    "dataset GLBX.MDP3 is neither US options nor US equities": header("GLBX.MDP3", Schema.MBO, {"ESZ4": 7}),
}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_file_that_cannot_be_taken_is_refused_in_one_sentence(tmp_path: Path, sentence: str) -> None:
    path = tmp_path / "a.dbn"
    path.write_bytes(SENTENCES[sentence])
    with pytest.raises(UserError, match=sentence) as caught:
        DbnFeed([path])
    assert str(caught.value).startswith("a.dbn: ")


def test_choosing_symbols_and_times(tmp_path: Path) -> None:
    names = {CALL: 7, "QQQ   240426C00450000": 8}
    records = [trade(OPEN + i, instrument_id=7 + i % 2) for i in range(10)]
    path = written(tmp_path / "a.dbn.zst", header("OPRA.PILLAR", Schema.TRADES, names), records)
    found = chunks(path, symbols=("QQQ",), start_ts=OPEN + 2, end_ts=OPEN + 8)
    assert [r["source_ts"] - OPEN for r in rows_of(found)["options.prints"]] == [3, 5, 7]
    feed = DbnFeed([path])
    assert feed.symbols == ("QQQ", "SPY")
    assert list(feed.identity["files"]) == ["a.dbn.zst"]  # type: ignore[call-overload]
