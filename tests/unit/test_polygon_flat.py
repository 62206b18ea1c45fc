"""Polygon flat files: what their rows become, in the order of time, and that no content breaks the feed."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest

from connectors import spool as spools
from connectors.errors import UserError
from connectors.feed import Chunk, Reject
from connectors.feeds import polygon_flat
from connectors.feeds.polygon_flat_codes import EQUITY_VENUE, OPTION_VENUE, equity_bits, option_code
from connectors.recorded import RecordedFeed, Selection
from connectors.table_feed import InputFile, Wanted
from schemas.columns import Batch, concat, to_rows
from schemas.conditions import BIT, CONDITION, names_of
from schemas.opra import CODES

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "data" / "polygon"
needs_recordings = pytest.mark.skipif(not RECORDED.is_dir(), reason="no recordings beside the project")
S = 1_000_000_000
OPEN = 1_775_050_200 * S  # 1 April 2026, 9:30 in New York
OLD = 1_680_010_200 * S  # 28 March 2023, 9:30 in New York
CALL, PUT = "O:NVDA260417C00180000", "O:NVDA260417P00180000"
OPTION_TRADE = "ticker,conditions,correction,exchange,price,sip_timestamp,size"
OPTION_QUOTE = (
    "ticker,ask_exchange,ask_price,ask_size,bid_exchange,bid_price,bid_size,sequence_number,sip_timestamp"
)
STOCK_TRADE = (
    "ticker,conditions,correction,exchange,id,participant_timestamp,price,sequence_number,"
    "sip_timestamp,size,tape,trf_id,trf_timestamp"
)
STOCK_QUOTE = (
    "Ticker,ask_exchange,ask_price,ask_size,bid_exchange,bid_price,bid_size,conditions,indicators,"
    "participant_timestamp,sequence_number,sip_timestamp,tape,trf_timestamp"
)


def write(folder: Path, name: str, header: str, *rows: str) -> InputFile:
    path = folder / name
    text = "\n".join([header, *rows, ""]).encode()
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return InputFile(path, name)


def read(*files: InputFile, wanted: Wanted | None = None) -> tuple[list[Chunk], RecordedFeed]:
    feed = polygon_flat.open_feed(files, wanted)
    return list(feed.chunks()), feed


def rows_of(chunks: list[Chunk], topic: str) -> Batch:
    return concat([c.batches[topic] for c in chunks])


def rejects_of(chunks: list[Chunk]) -> list[Reject]:
    return [r for c in chunks for r in c.rejects]


def test_option_trades_of_many_tickers_come_in_the_order_of_time(tmp_path: Path) -> None:
    lines = [f"{CALL},{209},0,312,11.82,{OPEN + k * S},2" for k in range(5)]
    lines += [f"{PUT},227,0,325,0.07,{OPEN + k * S + 1},1" for k in range(5)]
    chunks, feed = read(write(tmp_path, "2026-04-01.csv.gz", OPTION_TRADE, *lines))
    rows = to_rows(rows_of(chunks, "options.prints"))
    assert [r["source_ts"] - OPEN for r in rows] == sorted(
        [k * S for k in range(5)] + [k * S + 1 for k in range(5)]
    )
    assert rows[0]["contract"] == "NVDA  260417C00180000"
    assert [rows[0][n] for n in ("underlying", "price", "size", "venue", "condition", "multiplier")] == [
        "NVDA",
        11_820_000_000,
        2,
        "M",
        "I",
        100,
    ]
    assert [rows[1][n] for n in ("venue", "condition", "price")] == ["Z", "a", 70_000_000]
    assert (feed.symbols, feed.inputs) == (("NVDA",), ("options.prints",))
    assert chunks[0].session is not None and chunks[0].session.name == "2026-04-01"


def test_cancels_come_from_the_correction_number_or_the_opra_code(tmp_path: Path) -> None:
    codes = [
        ("209", "0"),
        ("201", "0"),
        ("203", "0"),
        ("227", "0"),
        ("209", "10"),
        ("209", "12"),
        ("209", "8"),
    ]
    lines = [f"{CALL},{code},{mark},312,1.5,{OPEN + k},1" for k, (code, mark) in enumerate(codes)]
    chunks, _ = read(write(tmp_path, "a.csv", OPTION_TRADE, *lines))
    rows = to_rows(rows_of(chunks, "options.prints"))
    assert [r["report"] for r in rows] == [
        "trade",
        "cancel",
        "cancel",
        "trade",  # 227 is `a`, an auction; 201 is `A`, a cancel
        "cancel",
        "correction",
        "trade",
    ]


def test_option_quotes_keep_a_bid_of_zero_and_lose_a_side_without_size(tmp_path: Path) -> None:
    lines = [
        f"{CALL},309,326.77,1,304,321.77,4,81779,{OPEN}",
        f"{CALL},309,0.05,10,0,0,0,81780,{OPEN + 1}",
        f"{CALL},0,0,0,304,321.77,4,81781,{OPEN + 2}",
    ]
    chunks, feed = read(write(tmp_path, "q.csv", OPTION_QUOTE, *lines))
    rows = to_rows(rows_of(chunks, "options.nbbo"))
    assert [(r["bid"], r["bid_size"], r["ask"], r["ask_size"]) for r in rows] == [
        (321_770_000_000, 4, 326_770_000_000, 1),
        (0, 0, 50_000_000, 10),
        (321_770_000_000, 4, -1, 0),
    ]
    assert [(r["bid_venue"], r["ask_venue"]) for r in rows] == [("E", "J"), ("none", "J"), ("E", "none")]
    assert feed.capabilities["quote_scope"] == "nbbo"


def test_stock_trades_carry_participant_time_id_and_facility(tmp_path: Path) -> None:
    lines = [
        f'MSFT,"12,37",0,11,7,{OPEN - 381_343},276.16,1550,{OPEN},55,3,0,0',
        f"MSFT,,0,4,9,{OPEN - 9},276.1650,1551,{OPEN + 1},0.25,3,202,{OPEN}",
    ]
    chunks, feed = read(write(tmp_path, "t.csv", STOCK_TRADE, *lines))
    first, second = to_rows(rows_of(chunks, "equities.prints"))
    assert (first["event_ts"], first["has_event_ts"]) == (OPEN - 381_343, True)
    assert names_of(first["condition_bits"]) == ("extended_hours", "odd_lot")
    assert (first["conditions"], first["venue"], first["off_exchange"]) == ("12,37", "P", False)
    assert (first["trade_id"], first["vendor_seq"], first["size"]) == ("7", 1550, 55_000_000)
    assert (second["venue"], second["off_exchange"], second["size"]) == ("D", True, 250_000)
    assert (second["price"], names_of(second["condition_bits"])) == (276_165_000_000, ("regular",))
    assert feed.capabilities["participant_times"] is True


def test_stock_quote_sizes_are_lots_before_november_2025_and_shares_since(tmp_path: Path) -> None:
    def line(at: int) -> str:
        return f'A,19,155.5,3,12,155.4,2.0,"1,81",,{at - 5},324,{at},1,0'

    change = 1_762_146_000 * S
    chunks, _ = read(write(tmp_path, "q.csv", STOCK_QUOTE, line(OLD), line(change - 1), line(change)))
    rows = to_rows(rows_of(chunks, "equities.quotes"))
    rejected = rejects_of(chunks)
    assert [r["bid_size"] for r in rows] == [200_000_000, 2_000_000]
    assert [r["ask_size"] for r in rows] == [300_000_000, 3_000_000]
    assert (rows[0]["bid_venue"], rows[0]["ask_venue"]) == ("T", "Z")
    assert len(rejected) == 1 and "did not trade" in rejected[0].reason  # a Sunday evening


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"{CALL},209,0,312,nan,{OPEN},1", "price is 'nan'"),
        (f"{CALL},209,0,312,inf,{OPEN},1", "price is 'inf'"),
        (f"{CALL},209,0,312,0,{OPEN},1", "price of a trade is not above zero"),
        (f"{CALL},209,0,312,-1,{OPEN},1", "price of a trade is not above zero"),
        (f"{CALL},209,0,312,1e300,{OPEN},1", "price is '1e300'"),
        (f"{CALL},209,0,312,,{OPEN},1", "price is ''"),
        (f"{CALL},209,0,312,1,{OPEN},-2", "size of a trade is not above zero"),
        (f"{CALL},209,0,312,1,{OPEN},1.5", "size is '1.5'"),
        (f"{CALL},209,0,312,1,{OPEN},", "size is ''"),
        (f"{CALL},209,0,312,1,12,1", "outside the years"),
        (f"{CALL},209,0,312,1,x,1", "sip_timestamp is 'x'"),
        (f"{CALL},209,0,312,1,{OPEN},1,9", "8 columns where 7"),
        (f"{CALL},209,0,312", "4 columns where 7"),
        ("", "0 columns where 7"),
        (f"O:NVDA,209,0,312,1,{OPEN},1", "neither OSI"),
        (f"O:NVDA261341C00180000,209,0,312,1,{OPEN},1", "is no date"),
        (f'{CALL},"209,0,312,1,{OPEN},1', "quotes"),
        (f"{CALL},209,0,312,1,{OPEN + 86_400 * S},1", "outside 2026-04-01"),
        (f"{CALL},209,0,312,1,{OPEN - 86_400 * S},1", "outside 2026-04-01"),
    ],
)
def test_a_bad_row_is_refused_and_its_neighbours_stay(tmp_path: Path, row: str, reason: str) -> None:
    good = [f"{CALL},209,0,312,1.5,{OPEN + k},1" for k in (1, 2)]
    chunks, _ = read(write(tmp_path, "2026-04-01.csv", OPTION_TRADE, good[0], row, good[1]))
    assert len(rows_of(chunks, "options.prints")) == 2
    (refused,) = rejects_of(chunks)
    assert reason in refused.reason
    assert (refused.source, refused.raw) == ("2026-04-01.csv:3", row.encode())
    assert sum(c.read["options.prints"] for c in chunks) == 3


def test_a_line_that_is_not_utf8_and_a_half_written_last_line_are_refused(tmp_path: Path) -> None:
    file = write(tmp_path, "a.csv", OPTION_TRADE, f"{CALL},209,0,312,1.5,{OPEN},1")
    file.path.write_bytes(file.path.read_bytes() + b"O:\xff,209,0,312,1,1,1\n" + f"{PUT},209,0,3".encode())
    chunks, _ = read(file)
    assert [r.reason for r in rejects_of(chunks)] == [
        "the line is not UTF-8",
        "4 columns where 7 are expected",
    ]
    assert len(rows_of(chunks, "options.prints")) == 1


def test_numbers_nobody_knows_are_kept_and_break_nothing(tmp_path: Path) -> None:
    chunks, _ = read(
        write(tmp_path, "o.csv", OPTION_TRADE, f"{CALL},299,0,399,1.5,{OPEN},1", f"{CALL},,,,1.5,{OPEN},1"),
        write(tmp_path, "s.csv", STOCK_TRADE, f"A,999,77,88,,,1.5,,{OPEN},1,,,"),
    )
    first, second = to_rows(rows_of(chunks, "options.prints"))
    assert (first["venue"], first["condition"]) == ("", "299")
    assert (second["venue"], second["condition"], second["report"]) == ("", "", "trade")
    (stock,) = to_rows(rows_of(chunks, "equities.prints"))
    assert (stock["venue"], names_of(stock["condition_bits"]), stock["has_event_ts"]) == (
        "",
        ("unknown",),
        False,
    )
    assert stock["event_ts"] == stock["source_ts"] and stock["vendor_seq"] == -1


def test_files_of_several_kinds_and_days_make_one_feed(tmp_path: Path) -> None:
    day = 86_400 * S
    files = [
        write(tmp_path, "2026-04-02.csv.gz", OPTION_TRADE, f"{CALL},209,0,312,1.5,{OPEN + day},1"),
        write(tmp_path, "q.csv.gz", OPTION_QUOTE, f"{CALL},309,2,1,304,1,4,1,{OPEN - 5}"),
        write(tmp_path, "2026-04-01.csv.gz", OPTION_TRADE, f"{CALL},209,0,312,1.5,{OPEN},1"),
    ]
    chunks, feed = read(*files)
    assert [c.session.name for c in chunks if c.session] == ["2026-04-01", "2026-04-02"]
    assert feed.inputs == ("options.prints", "options.nbbo")
    assert list(feed.identity["files"]) == sorted(f.place for f in files)  # type: ignore[call-overload]
    for start in range(len(chunks) + 1):
        again = [(c.session, c.upto_ts, c.read) for c in feed.chunks(start)]
        assert again == [(c.session, c.upto_ts, c.read) for c in chunks[start:]]


def test_only_what_is_wanted_is_read(tmp_path: Path) -> None:
    lines = [
        f"{t},,0,11,1,{OPEN + k},10,{k},{OPEN + k * S},55,3,0,0" for t in ("A", "MSFT") for k in range(4)
    ]
    file = write(tmp_path, "t.csv", STOCK_TRADE, *lines)
    wanted = Wanted(Selection(("MSFT",), OPEN + S, OPEN + 3 * S))
    chunks, feed = read(file, wanted=wanted)
    found = rows_of(chunks, "equities.prints")
    assert found["source_ts"].tolist() == [OPEN + S, OPEN + 2 * S]
    assert feed.symbols == ("MSFT",)
    assert sum(c.read["equities.prints"] for c in chunks) == 2
    with pytest.raises(UserError, match="no data of symbol IBM; there are A, MSFT"):
        read(file, wanted=Wanted(Selection(("IBM",))))


def test_a_sort_over_many_runs_gives_every_row_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools, "RUN_ROWS", 100)
    monkeypatch.setattr("connectors.tabular.PIECE_BYTES", 2_000)
    lines = [
        f"O:T{t}260417C00180000,209,0,312,{k + 1}.25,{OPEN + (k * 37 % 400) * S},{t + 1}"
        for t in range(5)
        for k in range(400)
    ]
    file = write(tmp_path, "2026-04-01.csv", OPTION_TRADE, *lines)
    chunks, _ = read(file)
    rows = rows_of(chunks, "options.prints")
    with file.path.open() as stream:
        plain = list(csv.DictReader(stream))
    expected = sorted(plain, key=lambda r: int(r["sip_timestamp"]))
    assert rows["source_ts"].tolist() == [int(r["sip_timestamp"]) for r in expected]
    assert rows["price"].tolist() == [round(float(r["price"]) * 1e9) for r in expected]
    assert rows["size"].tolist() == [int(r["size"]) for r in expected]


@pytest.mark.parametrize("kept", [3, 40, -9])
def test_a_file_cut_short_in_its_compression_is_a_user_error(tmp_path: Path, kept: int) -> None:
    lines = [f"{CALL},209,0,312,1.5,{OPEN + k},1" for k in range(50)]
    file = write(tmp_path, "a.csv.gz", OPTION_TRADE, *lines)
    file.path.write_bytes(file.path.read_bytes()[:kept])
    with pytest.raises(UserError, match=r"a\.csv\.gz"):
        read(file)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("ticker,conditions,correction,exchange,price,size", "has no column 'sip_timestamp'"),
        ("Date,Symbol,ShortVolume", "has no column 'ticker'"),
        (OPTION_TRADE + ",price", "column 'price' more than once"),
        ("", "is empty"),
    ],
)
def test_other_columns_are_said_in_one_sentence(tmp_path: Path, header: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        read(write(tmp_path, "a.csv", header))


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    names = OPTION_TRADE.split(",")[::-1]
    row = f"{CALL},209,0,312,1.5,{OPEN},1".split(",")[::-1]
    chunks, _ = read(write(tmp_path, "a.csv", ",".join(names), ",".join(row)))
    assert rows_of(chunks, "options.prints")["price"].tolist() == [1_500_000_000]


def test_the_same_file_twice_a_missing_one_and_one_without_rows(tmp_path: Path) -> None:
    row = f"{CALL},209,0,312,1.5,{OPEN},1"
    one, two = (write(tmp_path, n, OPTION_TRADE, row) for n in ("a.csv", "b.csv"))
    with pytest.raises(UserError, match=r"b\.csv: has the same content as a\.csv"):
        read(one, two)
    with pytest.raises(UserError, match="no such file"):
        read(InputFile(tmp_path / "c.csv", "c.csv"))
    with pytest.raises(UserError, match="nothing is left"):
        read(write(tmp_path, "e.csv", OPTION_TRADE))


def test_a_weekend_has_no_session(tmp_path: Path) -> None:
    saturday = OPEN + 3 * 86_400 * S
    lines = [f"{CALL},209,0,312,1.5,{at},1" for at in (OPEN, saturday)]
    chunks, _ = read(write(tmp_path, "a.csv", OPTION_TRADE, *lines))
    assert len(rows_of(chunks, "options.prints")) == 1
    assert "did not trade" in rejects_of(chunks)[0].reason


def test_the_option_conditions_cover_every_opra_code() -> None:
    known = {option_code(str(n)) for n in (0, *range(201, 249))}
    assert {c.code for c in CODES} <= known
    assert [option_code(str(n)) for n in (201, 207, 209, 210, 219, 227, 246, 248)] == list("AGIJSatv")


@needs_recordings
def test_exchanges_and_conditions_agree_with_the_recorded_reference() -> None:
    places = json.loads((RECORDED / "v3_reference_exchanges.json").read_text())["results"]
    letters = {str(p["id"]): p["participant_id"] for p in places if p["type"] != "SIP"}
    assert {n: letter for n, letter in EQUITY_VENUE.items() if n in letters} == letters
    conditions = json.loads((RECORDED / "v3_reference_conditions_asset_class_stocks.json").read_text())[
        "results"
    ]
    for entry in conditions:
        (name,) = names_of(equity_bits(str(entry["id"])))
        words = entry["name"].lower().replace(" trade", "").replace("prints", "").split()
        assert words[0][:4] in name, entry["name"]
    option = json.loads((RECORDED / "v3_snapshot_options_AAPL.json").read_text())["results"][0]["last_trade"]
    assert OPTION_VENUE[str(option["exchange"])] == "J"
    assert option_code(str(option["conditions"][0])) == "I"


def test_every_condition_number_names_bits_we_have() -> None:
    assert all(names_of(equity_bits(str(n))) for n in range(60))
    assert equity_bits("41,60") == BIT["trade_through_exempt"]
    assert set(CONDITION) >= set(names_of(equity_bits(",".join(map(str, range(60))))))
