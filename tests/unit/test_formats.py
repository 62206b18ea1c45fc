"""Which format a file is in: by its beginning, one answer, and one sentence where there is none."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from backports import zstd
from databento_dbn import Metadata, Schema, SType

from connectors.errors import UserError
from connectors.formats import FORMATS, NAMES, open_recorded, recognise, spec_of
from connectors.formats_probe import PROBE_BYTES, probe
from connectors.recorded import EVERYTHING, Selection
from connectors.sessions import midnight

Make = Callable[[Path], Path]
POLYGON = (
    "ticker,conditions,correction,exchange,price,sip_timestamp,size\n"
    "O:SPY240301C00500000,209,0,312,1.5,1709303400000000000,1\n"
)
DAILY_TAQ = "Time|Exchange|Symbol|Sale Condition|Trade Volume|Trade Price\n"
FINRA = "Date|Symbol|ShortVolume|ShortExemptVolume|TotalVolume|Market\n20240301|A|1|0|2|B,Q,N\n"
MESSAGE = "34200.004241176,1,16113575,18,5853300,1\n"
BOOK = "5859400,200,5853300,18\n"
ALPACA = {
    "trades": {"AAPL": [{"t": "2022-02-01T14:30:00Z", "x": "V", "p": 174, "s": 1, "c": ["@"], "z": "C"}]}
}
POLYGON_JSON = {"results": [{"exchange": 11, "price": 1, "sip_timestamp": 5}], "status": "OK"}


def text(name: str, content: str) -> Make:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_text(content, encoding="utf-8")
        return path

    return make


def packed(name: str, content: str) -> Make:
    def make(folder: Path) -> Path:
        path = folder / name
        squeeze = gzip.compress if name.endswith(".gz") else zstd.compress
        path.write_bytes(squeeze(content.encode()))
        return path

    return make


def parquet(name: str, *columns: str) -> Make:
    def make(folder: Path) -> Path:
        path = folder / name
        pl.DataFrame({c: [1] for c in columns}).write_parquet(path)
        return path

    return make


def dbn(name: str, schema: str) -> Make:
    def make(folder: Path) -> Path:
        header = Metadata(
            dataset="OPRA.PILLAR",
            start=1,
            end=2,
            schema=Schema.from_str(schema),
            stype_in=SType.from_str("raw_symbol"),
            stype_out=SType.from_str("instrument_id"),
            symbols=[],
            partial=[],
            not_found=[],
            mappings=[],
        ).encode()
        path = folder / name
        path.write_bytes(zstd.compress(header) if name.endswith(".zst") else header)
        return path

    return make


TABLE = [
    (dbn("a.dbn", "trades"), "dbn"),
    (dbn("a.dbn.zst", "tcbbo"), "dbn"),
    (packed("x.csv.zst", POLYGON), "polygon_flat"),
    (packed("2024-03-01.csv.gz", POLYGON), "polygon_flat"),
    (text("x.csv", "ticker,ask_price,bid_price,participant_timestamp,tape\n"), "polygon_flat"),
    (parquet("t.parquet", "DT", "EX", "SYMBOL", "COND", "SIZE", "PRICE", "CORR"), "taq"),
    (parquet("q.parquet", "DT", "EX", "BID", "BIDSIZ", "OFR", "OFRSIZ", "SYMBOL"), "taq"),
    (packed("EQY_US_ALL_TRADE.gz", DAILY_TAQ), "taq"),
    (text("AAPL_2012-06-21_34200000_57600000_message_1.csv", MESSAGE), "lobster"),
    (text("AAPL_2012-06-21_34200000_57600000_orderbook_1.csv", BOOK), "lobster"),
    (text("CNMSshvol20240301.txt", FINRA), "finra"),
    (text("oi.csv", "symbol,expiry,open_interest\nSPY,20240301,5\n"), "occ"),
    (text("a.json", json.dumps(ALPACA)), "alpaca_json"),
    (text("a.json", json.dumps([{"url": "https://data.alpaca.markets/v2", "response": {}}])), "alpaca_json"),
    (text("p.json", "\ufeff  " + json.dumps(POLYGON_JSON)), "polygon_json"),
    (text("p.json", json.dumps({"results": [{"id": 1, "asset_class": "stocks"}]})), "polygon_json"),
    (text("prints.csv", "source_ts,underlying,price,size\n"), "plain"),
    (parquet("q.parquet", "source_ts", "underlying", "bid", "ask"), "plain"),
]


@pytest.mark.parametrize(("make", "name"), TABLE)
def test_recognition(tmp_path: Path, make: Make, name: str) -> None:
    path = make(tmp_path)
    assert recognise([path]).format == name
    assert [f.name for f in FORMATS if f.is_it(probe(path))] == [name], "one format and no other claims it"
    assert recognise([tmp_path]).files == (path,)
    assert spec_of(recognise([path]), EVERYTHING)["paths"] == [str(path)]


UNKNOWN = [
    (text("README.md", "# Words\nand more\n"), "README.md: is in no known format, it holds text"),
    (text("a.csv", "a,b\n1,2\n"), "a.csv: is in no known format, it holds a table with a, b; known are dbn"),
    (text("a.json", '{"hello": 1}'), "it holds JSON"),
    (text("a.bin", "\x00\x01\x02"), "it holds other bytes"),
    (text("AAPL_2012-06-21_34200000_57600000_orderbook_10.csv", BOOK), "is in no known format"),
    (text("AAPL_2012-06-21_1_2_message_1.csv", "time,type,id,size,price,side\n"), "is in no known format"),
]


@pytest.mark.parametrize(("make", "sentence"), UNKNOWN)
def test_a_named_file_in_no_format_is_one_sentence(tmp_path: Path, make: Make, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        recognise([make(tmp_path)])


def test_only_the_beginning_of_a_file_is_read(tmp_path: Path) -> None:
    path = packed("x.csv.gz", POLYGON + "x" * 10_000_000)(tmp_path)
    assert len(probe(path).head) <= PROBE_BYTES


def test_companions_in_a_folder_are_left_out_and_told(tmp_path: Path) -> None:
    data = packed("2024-03-01.csv.gz", POLYGON)(tmp_path)
    other = text("README.md", "words\n")(tmp_path)
    text(".hidden", POLYGON)(tmp_path)
    found = recognise([tmp_path])
    assert (found.files, found.skipped) == ((data,), (other,))


def test_bars_in_a_folder_are_left_out_and_named_ones_are_read(tmp_path: Path) -> None:
    trades, bars = dbn("t.dbn", "trades")(tmp_path), dbn("b.dbn", "ohlcv-1d")(tmp_path)
    found = recognise([tmp_path])
    assert (found.files, found.skipped) == ((trades,), (bars,))
    with pytest.raises(UserError, match=r"b\.dbn: schema ohlcv-1d holds bars"):
        open_recorded(spec_of(recognise([bars]), EVERYTHING))


def test_several_formats_need_a_choice(tmp_path: Path) -> None:
    flat = packed("x.csv.gz", POLYGON)(tmp_path)
    finra = text("f.txt", FINRA)(tmp_path)
    lobster = text("AAPL_2012-06-21_34200000_57600000_message_1.csv", MESSAGE)(tmp_path)
    words = r"message_1\.csv is lobster .* and .*x\.csv\.gz is polygon_flat .*one format at a time"
    with pytest.raises(UserError, match=words):
        recognise([tmp_path])
    lobster.unlink()
    assert recognise([tmp_path], "finra").files == (finra,)
    with pytest.raises(UserError, match=r"x\.csv\.gz: is polygon_flat .*, not finra as --format says"):
        recognise([flat, finra], "finra")
    with pytest.raises(UserError, match="no file of 2 is in the format lobster"):
        recognise([tmp_path], "lobster")


def test_a_named_format_lets_its_reader_judge_a_file_that_is_not_recognised(tmp_path: Path) -> None:
    path = text("a.csv", "ticker,price\n")(tmp_path)
    assert recognise([path], "polygon_flat").files == (path,)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda p: [], "no file or folder was given"),
        (lambda p: [p / "no"], "no: no such file or folder"),
        (lambda p: [p / "a.csv", p / "a.csv"], r"a\.csv: was given twice"),
        (lambda p: [p / "a.csv", p], r"a\.csv: was given twice, by itself and with its folder"),
        (lambda p: [p, p / "sub"], r"b\.csv: was given twice, with two of the folders"),
        (lambda p: [p / "empty"], "empty: is empty"),
    ],
)
def test_wrong_paths_are_one_sentence(
    tmp_path: Path, make: Callable[[Path], list[Path]], sentence: str
) -> None:
    (tmp_path / "sub").mkdir()
    text("a.csv", POLYGON)(tmp_path)
    text("b.csv", POLYGON)(tmp_path / "sub")
    if "empty" in sentence:
        (tmp_path / "empty").touch()
    with pytest.raises(UserError, match=sentence):
        recognise(make(tmp_path))


def test_an_unknown_format_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"'csv': {', '.join(NAMES)} are allowed"):
        recognise([tmp_path], "csv")


def test_an_empty_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no file of 0 is in a known format"):
        recognise([tmp_path])


def test_too_many_files_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.formats.FILES_MAX", 2)
    for i in range(3):
        (tmp_path / f"{i}.csv").write_text(POLYGON)
    with pytest.raises(UserError, match="more than 2 files"):
        recognise([tmp_path])


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.gz", b"\x1f\x8bgarbage that is no gzip", "its gzip cannot be unpacked"),
        ("a.zst", b"\x28\xb5\x2f\xfd" + b"\x00\x58" + b"\xff" * 40, "its zstd cannot be unpacked"),
        ("a.gz", gzip.compress(POLYGON.encode())[:9], "is cut short inside its compression"),
        ("a.parquet", b"PAR1 and then nothing", "half-written"),
    ],
)
def test_damage_at_the_start_is_one_sentence(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=sentence):
        recognise([tmp_path / name])


def lean(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(root / path, "w") as archive:
            archive.writestr("x.csv", "1,2,3\n")


IBM = "equity/usa/tick/ibm"
AIG = "equity/usa/tick/aig"


def test_lean_folders_and_parts_of_them(tmp_path: Path) -> None:
    lean(tmp_path, f"{IBM}/20131007_trade.zip", f"{IBM}/20131008_trade.zip", f"{AIG}/20131007_trade.zip")

    def spec(*parts: str, **chosen: object) -> dict[str, object]:
        found = recognise([tmp_path / p for p in parts])
        assert found.format == "lean" and found.lean_root == tmp_path
        return spec_of(found, Selection(**chosen))  # type: ignore[arg-type]

    both = {"symbols": ["AIG", "IBM"], "dates": ["2013-10-07"]}
    assert spec("", end_ts=midnight(date(2013, 10, 8))) == {"feed": "lean", "root": str(tmp_path), **both}
    assert spec(IBM)["dates"] == ["2013-10-07", "2013-10-08"] and spec(IBM)["symbols"] == ["IBM"]
    assert spec(f"{IBM}/20131008_trade.zip")["dates"] == ["2013-10-08"]
    assert spec("", symbols=("AIG",))["symbols"] == ["AIG"]
    with pytest.raises(UserError, match="AIG has no data on 2013-10-08 and other symbols have"):
        spec("")
    with pytest.raises(UserError, match="no data of symbol ZZ; there are AIG, IBM"):
        spec("", symbols=("ZZ",))
    with pytest.raises(UserError, match="are dates: its files hold whole days"):
        spec("", start_ts=midnight(date(2013, 10, 7)) + 1)
    with pytest.raises(UserError, match="nothing is left to import"):
        spec("", start_ts=midnight(date(2020, 1, 1)))


def test_what_is_no_lean_folder_says_so(tmp_path: Path) -> None:
    path = text("x.csv", POLYGON)(tmp_path)
    with pytest.raises(UserError, match="is no LEAN data folder"):
        recognise([path], "lean")


def test_a_flat_file_becomes_a_feed(tmp_path: Path) -> None:
    path = packed("2024-03-01.csv.gz", POLYGON)(tmp_path)
    feed = open_recorded(spec_of(recognise([path]), EVERYTHING))
    assert feed.name == "polygon_flat" and feed.symbols == ("SPY",)
    assert sum(len(b) for c in feed.chunks() for b in c.batches.values()) == 1
    narrow = spec_of(recognise([path]), Selection(("AAPL",), 5, 6))
    assert (narrow["symbols"], narrow["start_ts"], narrow["end_ts"]) == (["AAPL"], 5, 6)
    with pytest.raises(UserError, match="no data of symbol AAPL; there are SPY"):
        open_recorded(narrow)


def test_facts_go_with_a_tape_and_say_only_what_is_about_it(tmp_path: Path) -> None:
    flat = packed("2024-03-04.csv.gz", POLYGON.replace("17093034", "17095626"))(tmp_path)
    short = text("CNMSshvol20240301.txt", FINRA + "20240301|SPY|1|0|2|B,Q,N\n")(tmp_path)
    interest = "contract,date,open_interest\nSPY240315C00500000,2024-03-01,7\nA240315C00500000,2024-03-01,8\n"
    count = text("oi.csv", interest)(tmp_path)
    found = recognise([tmp_path])
    assert (found.format, found.files) == ("polygon_flat", (flat,))
    assert found.facts == {"finra": (short,), "occ": (count,)} and found.skipped == ()
    feed = open_recorded(spec_of(found, EVERYTHING))
    chunks = list(feed.chunks())
    assert feed.symbols == ("SPY",) and sum(len(b) for c in chunks for b in c.batches.values()) == 1
    assert {(n.name, n.underlying) for c in chunks for n in c.notes} == {
        ("short_volume", "SPY"),
        ("open_interest", "SPY"),
    }
    assert feed.identity != open_recorded(spec_of(recognise([flat]), EVERYTHING)).identity
    alone = recognise([tmp_path], "polygon_flat")
    assert (alone.facts, alone.skipped) == ({}, (short, count))
    both = recognise([short])
    assert both.format == "finra" and open_recorded(spec_of(both, EVERYTHING)).symbols == ("A", "SPY")
