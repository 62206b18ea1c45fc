"""LEAN files: what their rows become, and that no content of a file breaks the feed."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from connectors.errors import UserError
from connectors.feed import Chunk
from connectors.feeds import lean_equity, lean_option
from connectors.feeds.lean import LeanFeed
from connectors.feeds.lean_files import parse_dates
from connectors.feeds.lean_rows import Day, Origin, Rows
from connectors.sessions import session_of
from schemas.columns import Batch, concat

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "data" / "lean"
needs_recordings = pytest.mark.skipif(not RECORDED.is_dir(), reason="no recordings beside the project")
MIDNIGHT = 1_381_118_400_000_000_000  # 2013-10-07 in New York
DAY = Day("2013-10-07", MIDNIGHT, 86_400_000)
MS = 1_000_000
ABSENT = -1


def origin(topic: str, *entries: str) -> Origin:
    return Origin(topic, "IBM", "IBM", "equity/file.zip", entries or ("file.csv",))


def trades(*lines: str) -> Rows:
    return lean_equity.parse_trades("\n".join(lines).encode(), origin("equities.prints"), DAY)


def quotes(*lines: str) -> Rows:
    return lean_equity.parse_quotes("\n".join(lines).encode(), origin("equities.quotes"), DAY)


def texts(batch: Batch, name: str) -> list[str]:
    return list(batch[name].to_pylist())


def test_a_trade_row_keeps_price_size_venue_and_conditions() -> None:
    batch = trades("14430270,1815200,283,P,20002020,0", "14450472,1818000,500,D,1,0").batch
    assert batch["source_ts"].tolist() == [MIDNIGHT + 14_430_270 * MS, MIDNIGHT + 14_450_472 * MS]
    assert batch["event_ts"].tolist() == batch["source_ts"].tolist()
    assert batch["price"].tolist() == [181_520_000_000, 181_800_000_000]
    assert batch["size"].tolist() == [283_000_000, 500_000_000]
    assert texts(batch, "venue") == ["P", "D"]
    assert batch["off_exchange"].tolist() == [False, True]
    assert texts(batch, "conditions") == ["20002020", "1"]
    assert batch["condition_bits"].all()


def test_quote_rows_of_one_side_become_the_whole_market() -> None:
    batch = quotes(
        "1,0,0,1836300,100,Q,1,0", "2,1800100,300,0,0,P,1,0", "2,1800200,400,1818000,900,P,1,0"
    ).batch
    assert batch["bid"].tolist() == [ABSENT, 180_010_000_000, 180_020_000_000]
    assert batch["bid_size"].tolist() == [0, 300_000_000, 400_000_000]
    assert batch["ask"].tolist() == [183_630_000_000, 183_630_000_000, 181_800_000_000]
    assert batch["ask_size"].tolist() == [100_000_000, 100_000_000, 900_000_000]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("5,abc,100,P,1,0", "price is 'abc'"),
        ("5,,100,P,1,0", "price is ''"),
        ("5,NaN,100,P,1,0", "price is 'NaN'"),
        ("5,1e5,100,P,1,0", "price is '1e5'"),
        ("5,1815200,-100,P,1,0", "size of a trade is not above zero"),
        ("5,1815200,0,P,1,0", "size of a trade is not above zero"),
        ("5,-1815200,100,P,1,0", "price of a trade is not above zero"),
        ("5,0,100,P,1,0", "price of a trade is not above zero"),
        ("-5,1815200,100,P,1,0", "time is negative"),
        ("86400000,1815200,100,P,1,0", "86400000 ms or more after midnight"),
        ("31536000000,1815200,100,P,1,0", "time is '31536000000'"),
        ("5,1815200,100,P,1", "5 columns"),
        ("5,1815200,100,P,1,0,0", "7 columns"),
        ("5,1815200,100,,1,0", "exchange is ''"),
        ("5,1815200,100,P,xyz,0", "condition is 'xyz'"),
        ("", "1 columns"),
        ('"5",1815200,100,P,1,0', "time is '\"5\"'"),
        ("5,99999999999999999999,100,P,1,0", "price is"),
    ],
)
def test_a_bad_row_is_refused_and_its_neighbours_stay(line: str, reason: str) -> None:
    rows = trades("4,1815200,100,P,1,0", line, "6,1815300,100,P,1,0", "")
    assert rows.batch["source_ts"].tolist() == [MIDNIGHT + 4 * MS, MIDNIGHT + 6 * MS]
    (refused,) = rows.rejects
    assert reason in refused.reason
    assert (refused.source, refused.raw) == ("equity/file.zip:file.csv:2", line.encode())
    assert refused.source_ts == MIDNIGHT + 4 * MS
    assert rows.read == 3


def test_a_time_that_runs_backwards_costs_only_its_own_row() -> None:
    rows = trades(*(f"{ms},1815200,100,P,1,0" for ms in (10, 20, 15, 20, 30)))
    assert ((rows.batch["source_ts"] - MIDNIGHT) // MS).tolist() == [10, 20, 20, 30]
    assert [r.reason for r in rows.rejects] == ["the time runs backwards"]


def test_a_refused_quote_row_does_not_move_the_market() -> None:
    rows = quotes("1,1800100,300,0,0,P,1,0", "2,-5,300,0,0,P,1,0", "3,0,0,1818000,900,P,1,0")
    assert rows.batch["bid"].tolist() == [180_010_000_000, 180_010_000_000]
    assert len(rows.rejects) == 1


@pytest.mark.parametrize("line", ["2,0,0,0,0,P,1,0", "2,0,300,0,0,P,1,0", "2,1800100,-3,0,0,P,1,0"])
def test_a_quote_row_without_a_usable_side_is_refused(line: str) -> None:
    assert len(quotes("1,1800100,300,0,0,P,1,0", line).rejects) == 1


def test_the_strict_reading_gives_what_the_fast_one_gives() -> None:
    lines = [f"{ms},{1815200 + ms},{100 + ms},P,20002020,0" for ms in range(50)]
    fast, strict = trades(*lines), trades(*lines, "letters")
    assert [r.source for r in strict.rejects] == ["equity/file.zip:file.csv:51"]
    for name, column in fast.batch.columns.items():
        assert list(column) == list(strict.batch[name]), name


def test_decimals_of_a_price_are_kept() -> None:
    assert trades("5,1815200.12345,0.5,P,1,0").batch["price"].tolist() == [181_520_012_345]
    assert trades("5,1815200.12345,0.5,P,1,0").batch["size"].tolist() == [500_000]


def test_crlf_and_an_empty_file_are_fine() -> None:
    assert len(trades("5,1815200,100,P,1,0\r", "6,1815200,100,P,1,0\r").batch) == 2
    assert trades("").read == 0


CALL = "20151224_goog_minute_{}_american_call_7400000_20151231.csv"
PUT = "20151224_goog_minute_{}_american_put_7425000_20151231.csv"


def option(
    parse: Callable[[dict[str, bytes], Origin, Day], Rows], topic: str, entries: dict[str, str]
) -> Rows:
    where = Origin(topic, "GOOG", "GOOG", "option/file.zip", tuple(entries))
    return parse({name: text.encode() for name, text in entries.items()}, where, DAY)


def test_a_trade_bar_is_one_record_at_its_end() -> None:
    rows = option(
        lean_option.parse_trades,
        "options.prints",
        {
            PUT.format("trade"): "34200000,90000,90000,90000,90000,2\n",
            CALL.format("trade"): "34200000,100000,120000,95000,110000,7\n",
        },
    )
    batch = rows.batch
    assert texts(batch, "contract") == ["GOOG  151231C00740000", "GOOG  151231P00742500"]
    assert batch["source_ts"].tolist() == [MIDNIGHT + 34_260_000 * MS] * 2
    assert batch["price"].tolist() == [11_000_000_000, 9_000_000_000]
    assert batch["price_low"].tolist()[0] == 9_500_000_000
    assert batch["price_high"].tolist()[0] == 12_000_000_000
    assert batch["size"].tolist() == [7, 2]
    assert batch["is_bar"].all()
    assert batch["multiplier"].tolist() == [100, 100]


def test_a_blank_side_of_a_quote_bar_is_absent() -> None:
    lines = [
        "34200000,506000,506000,502000,502000,1,534000,541000,529000,541000,1",
        "34260000,,,,,0,542000,542000,542000,542000,28",
        "34320000,500000,500000,,500000,115,542000,542000,542000,542000,109",
        "34380000,0,0,0,0,5,542000,542000,542000,542000,",
        "34440000,,,,,0,,,,,0",
    ]
    rows = option(lean_option.parse_quotes, "options.nbbo", {CALL.format("quote"): "\n".join(lines)})
    assert rows.batch["bid"].tolist() == [50_200_000_000, ABSENT, ABSENT]
    assert rows.batch["bid_size"].tolist() == [1, 0, 0]
    assert rows.batch["ask"].tolist() == [54_100_000_000, 54_200_000_000, ABSENT]
    assert [r.source.rpartition(":")[2] for r in rows.rejects] == ["3", "4"]


@pytest.mark.parametrize(
    "line",
    ["34200000,5,9,5,10,1", "34200000,5,9,6,7,1", "34200000,5,5,5,5,0", "86399999,5,5,5,5,1"],
)
def test_an_impossible_bar_is_refused(line: str) -> None:
    rows = option(lean_option.parse_trades, "options.prints", {CALL.format("trade"): line})
    assert (len(rows.batch), len(rows.rejects)) == (0, 1)


@pytest.mark.parametrize(
    "entry",
    [
        "20151224_goog_minute_trade_american_call_7400000_20151301.csv",
        "20151224_goog_minute_trade_american_call_7400001_20151231.csv",
        "20151224_goog_minute_trade_american_call_0_20151231.csv",
        "notes.txt",
    ],
)
def test_rows_of_an_entry_that_names_no_series_are_refused(entry: str) -> None:
    rows = option(lean_option.parse_trades, "options.prints", {entry: "34200000,5,5,5,5,1\n" * 2})
    assert (len(rows.batch), len(rows.rejects), rows.read) == (0, 2, 2)


def make_folder(root: Path, symbol: str, day: str, files: dict[str, str]) -> Path:
    folder = root / "equity" / "usa" / "tick" / symbol
    folder.mkdir(parents=True, exist_ok=True)
    for kind, text in files.items():
        with zipfile.ZipFile(folder / f"{day}_{kind}.zip", "w") as archive:
            archive.writestr(f"{day}_{symbol}_{kind}.csv", text)
    return root


GOOD = {"trade": "34200000,1815200,100,P,1,0\n", "quote": "34200000,1815200,100,0,0,P,1,0\n"}


def test_rejects_and_rows_of_all_chunks_add_up(tmp_path: Path) -> None:
    lines = [f"{ms},1815200,100,P,1,0" for ms in range(0, 80_000_000, 1000)]
    lines[7000] = "x" * 9000
    make_folder(tmp_path, "ibm", "20131007", {**GOOD, "trade": "\n".join(lines)})
    chunks = list(LeanFeed(tmp_path, ["ibm"], ["2013-10-07"]).chunks())
    assert len(chunks) == 2
    assert chunks[0].session is not None
    assert chunks[1].session is None
    assert sum(c.read["equities.prints"] for c in chunks) == 80_000
    assert sum(len(c.batches["equities.prints"]) for c in chunks) == 79_999
    (refused,) = chunks[0].rejects
    assert (len(refused.raw), refused.length) == (4096, 9000)
    assert str(tmp_path) not in refused.source


def test_every_chunk_is_the_same_wherever_reading_starts(tmp_path: Path) -> None:
    lines = "\n".join(f"{ms},1815200,100,P,1,0" for ms in range(0, 80_000_000, 700))
    for day in ("20131007", "20131008"):
        make_folder(tmp_path, "ibm", day, {**GOOD, "trade": lines})
    feed = LeanFeed(tmp_path, ["IBM"], ["2013-10-08", "2013-10-07"])
    whole = list(feed.chunks())
    for start in range(len(whole) + 1):
        assert [summarise(c) for c in feed.chunks(start)] == [summarise(c) for c in whole[start:]]


def summarise(chunk: Chunk) -> object:
    times = {t: b["source_ts"].tolist() for t, b in chunk.batches.items()}
    return chunk.session, chunk.upto_ts, times, chunk.read


@pytest.mark.parametrize(
    ("symbols", "dates", "words"),
    [
        (["MSFT"], ["2013-10-07"], "no data of symbol MSFT; there are IBM"),
        (["IBM"], ["2013-10-09"], "no data of IBM on 2013-10-09; there are 2013-10-07"),
        (["IBM"], ["07.10.2013"], "YYYY-MM-DD"),
        (["IBM"], ["2013-02-30"], "YYYY-MM-DD"),
        (["../x"], ["2013-10-07"], "letter"),
        ([], ["2013-10-07"], "no symbol"),
        (["IBM"], [], "no date"),
    ],
)
def test_what_is_not_there_is_said_in_one_sentence(
    tmp_path: Path, symbols: list[str], dates: list[str], words: str
) -> None:
    make_folder(tmp_path, "ibm", "20131007", GOOD)
    with pytest.raises(UserError, match=words):
        LeanFeed(tmp_path, symbols, dates)


def test_a_folder_that_is_missing_or_another_one_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        LeanFeed(tmp_path / "nowhere", ["IBM"], ["2013-10-07"])
    with pytest.raises(UserError, match="no LEAN data folder"):
        LeanFeed(tmp_path, ["IBM"], ["2013-10-07"])


def test_a_day_without_trading_is_refused(tmp_path: Path) -> None:
    make_folder(tmp_path, "ibm", "20131005", GOOD)
    with pytest.raises(UserError, match="did not trade"):
        LeanFeed(tmp_path, ["IBM"], ["2013-10-05"])


@pytest.mark.parametrize("kept", [0, 60, -30])
def test_a_zip_cut_short_is_a_user_error(tmp_path: Path, kept: int) -> None:
    make_folder(tmp_path, "ibm", "20131007", GOOD)
    path = tmp_path / "equity/usa/tick/ibm/20131007_trade.zip"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match="20131007_trade"):
        LeanFeed(tmp_path, ["IBM"], ["2013-10-07"])


def test_a_zip_with_a_damaged_entry_is_a_user_error(tmp_path: Path) -> None:
    make_folder(tmp_path, "ibm", "20131007", GOOD)
    path = tmp_path / "equity/usa/tick/ibm/20131007_trade.zip"
    path.write_bytes(path.read_bytes().replace(b"1815200", b"9999999"))
    with pytest.raises(UserError, match="damaged"):
        list(LeanFeed(tmp_path, ["IBM"], ["2013-10-07"]).chunks())


def test_the_identity_follows_the_content_and_not_the_place(tmp_path: Path) -> None:
    one = make_folder(tmp_path / "a", "ibm", "20131007", GOOD)
    two = make_folder(tmp_path / "b", "ibm", "20131007", {**GOOD, "trade": "1,1,1,P,1,0\n"})
    first = LeanFeed(one, ["ibm"], ["2013-10-07"]).identity
    (tmp_path / "c").mkdir()
    moved = one.rename(tmp_path / "c" / "moved")
    assert LeanFeed(moved, ["IBM"], ["2013-10-07"]).identity == first
    assert LeanFeed(two, ["IBM"], ["2013-10-07"]).identity != first


def test_inputs_are_the_topics_with_files(tmp_path: Path) -> None:
    make_folder(tmp_path, "ibm", "20131007", {"trade": GOOD["trade"]})
    assert LeanFeed(tmp_path, ["IBM"], ["2013-10-07"]).inputs == ("equities.prints",)


@pytest.mark.parametrize(
    ("day", "offset_h", "close_h", "window_s"),
    [
        ("2013-10-07", 4, 16, 30),
        ("2013-11-01", 4, 16, 30),
        ("2013-11-04", 5, 16, 10),
        ("2015-12-24", 5, 13, 10),
    ],
)
def test_sessions_follow_the_calendar_and_daylight_saving(
    day: str, offset_h: int, close_h: int, window_s: int
) -> None:
    (date,) = parse_dates([day])
    session = session_of(date)
    hour = 3_600_000_000_000
    assert session.start_ts % (24 * hour) == offset_h * hour
    assert session.open_ts - session.start_ts == 9.5 * hour
    assert session.close_ts - session.start_ts == close_h * hour
    assert session.trf_window_ns == window_s * 1_000_000_000


@needs_recordings
@pytest.mark.parametrize(
    ("symbol", "trade_rows", "off_rows", "quote_rows"),
    [("ibm", 24_293, 7_458, 109_067), ("aig", 25_351, 6_262, 1_079_935)],
)
def test_recorded_ticks_are_all_read(symbol: str, trade_rows: int, off_rows: int, quote_rows: int) -> None:
    chunks = list(LeanFeed(RECORDED, [symbol], ["2013-10-07"]).chunks())
    prints = concat([c.batches["equities.prints"] for c in chunks])
    assert not any(c.rejects for c in chunks)
    assert len(prints) == trade_rows
    assert int(prints["off_exchange"].sum()) == off_rows
    assert sum(len(c.batches["equities.quotes"]) for c in chunks) == quote_rows
    raw = read_raw(RECORDED / f"equity/usa/tick/{symbol}/20131007_trade.zip")
    assert np.array_equal(prints["size"] // 1_000_000, raw.to_series(2).to_numpy())
    assert np.array_equal(prints["price"] // 100_000, raw.to_series(1).to_numpy())


@needs_recordings
def test_recorded_option_bars_are_all_read() -> None:
    chunks = list(LeanFeed(RECORDED, ["goog"], ["2015-12-24"], "option").chunks())
    rows = concat([c.batches["options.nbbo"] for c in chunks])
    assert not any(c.rejects for c in chunks)
    assert len(rows) == 275_552
    assert int(((rows["bid"] < 0) | (rows["ask"] < 0)).sum()) == 112_322
    assert np.all(np.diff(rows["source_ts"]) >= 0)


def read_raw(path: Path) -> pl.DataFrame:
    with zipfile.ZipFile(path) as archive:
        return pl.read_csv(archive.read(archive.namelist()[0]), has_header=False)
