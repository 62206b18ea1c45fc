"""`islandflow import` and `export`: recognised, resumed, skipped, refused in one sentence, and back again.

The recordings are generated here; what is expected of them is counted with polars from the same files.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from cli.main import main
from cli.stack.supervise import Stack
from cli.times import parse_end, parse_start
from connectors.formats import open_recorded, recognise, spec_of
from connectors.memory_log import Logs, raw_log
from connectors.recorded import EVERYTHING, Selection
from connectors.scan import log_sizes

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
Shards = Callable[[Logs], dict[str, tuple[int, str]]]
Ask = Callable[..., tuple[int, str, str]]
OPEN = int(datetime(2024, 3, 1, 14, 30, tzinfo=UTC).timestamp() * 1e9)
SATURDAY = OPEN + 86_400_000_000_000
SESSION_NS = 390 * 60 * 1_000_000_000
SERVICES = ("KAFKA_BOOTSTRAP_SERVERS", "CLICKHOUSE_URL", "REDIS_URL", "SCHEMA_REGISTRY_URL")
WAIT_S = 300


def stock_trades(count: int, seed: int = 1, start: int = OPEN) -> pl.DataFrame:
    """Return trades of two stocks in the columns and order of a flat file: by ticker, then time."""
    draw = np.random.default_rng(seed)
    at = start + np.sort(draw.integers(0, SESSION_NS, count))
    rows = pl.DataFrame(
        {
            "ticker": np.where(draw.random(count) < 0.6, "AIG", "IBM"),
            "conditions": np.where(draw.random(count) < 0.3, "37", ""),
            "correction": 0,
            "exchange": np.where(draw.random(count) < 0.4, 4, 12),
            "id": np.arange(count).astype(str),
            "participant_timestamp": at - 1_000_000,
            "price": 100 + draw.integers(0, 200, count) / 100,
            "sequence_number": np.arange(count),
            "sip_timestamp": at,
            "size": draw.integers(1, 900, count),
            "tape": 1,
            "trf_id": 0,
            "trf_timestamp": 0,
        }
    )
    return rows.sort("ticker", "sip_timestamp")


def stock_quotes(count: int, seed: int = 2) -> pl.DataFrame:
    """Return quotes of the same two stocks."""
    draw = np.random.default_rng(seed)
    at = OPEN + np.sort(draw.integers(0, SESSION_NS, count))
    bid = 100 + draw.integers(0, 200, count) / 100
    rows = pl.DataFrame(
        {
            "ticker": np.where(draw.random(count) < 0.6, "AIG", "IBM"),
            "ask_exchange": 12,
            "ask_price": bid + 0.02,
            "ask_size": 3,
            "bid_exchange": 11,
            "bid_price": bid,
            "bid_size": 2,
            "conditions": "1",
            "indicators": "",
            "participant_timestamp": at,
            "sequence_number": np.arange(count),
            "sip_timestamp": at,
            "tape": 1,
            "trf_timestamp": 0,
        }
    )
    return rows.sort("ticker", "sip_timestamp")


def write(path: Path, rows: pl.DataFrame) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(rows.write_csv().encode(), 1))
    return path


@dataclass(frozen=True)
class Day:
    """A folder with one day of flat files, and what was written into them."""

    folder: Path
    trades: pl.DataFrame
    quotes: pl.DataFrame


def make_day(folder: Path, count: int) -> Day:
    trades, quotes = stock_trades(count), stock_quotes(2 * count)
    write(folder / "trades" / "2024-03-01.csv.gz", trades)
    write(folder / "quotes" / "2024-03-01.csv.gz", quotes)
    return Day(folder, trades, quotes)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """Some thousand trades and quotes."""
    return make_day(tmp_path_factory.mktemp("flat files"), 3_000)


@pytest.fixture
def ask(stack: Stack, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Ask:
    """Run the command line in this process on the session's stack; return code, stdout and stderr."""
    stack.keep()
    for name in SERVICES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*args: str | Path, data_dir: Path = stack.data_dir) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["islandflow", *map(str, args), "--data-dir", str(data_dir)])
        capfd.readouterr()
        try:
            code = main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        return (code, *capfd.readouterr())

    return run


def told(found: tuple[int, str, str]) -> dict[str, Any]:
    """Return the summary that `--json` printed."""
    assert found[0] == 0, found[2]
    summary: dict[str, Any] = json.loads(found[1])
    assert summary["conserved"] is True
    return summary


def assert_one_sentence(found: tuple[int, str, str], *words: str) -> None:
    code, out, err = found
    lines = [line for line in err.splitlines() if line.startswith("islandflow: ")]
    assert code == 2, (out, err)
    assert len(lines) == 1 and err.rstrip().endswith(lines[0]) and "Traceback" not in err, err
    for word in words:
        assert word in lines[0], (word, lines[0])


def rows_of(ask: Ask, namespace: str, query: str) -> list[dict[str, Any]]:
    code, out, err = ask("sql", query, "--format", "json", "--namespace", namespace)
    assert code == 0, err
    data: list[dict[str, Any]] = json.loads(out)["data"]
    return data


def test_a_folder_is_recognised_read_whole_and_then_skipped(ask: Ask, day: Day) -> None:
    first = told(ask("import", day.folder, "--json"))
    assert first["is_new"] is True and first["namespace"].startswith("polygon_flat_")
    assert {t: (r["read"], r["rejected"]) for t, r in first["inputs"].items()} == {
        "equities.prints": (day.trades.height, 0),
        "equities.quotes": (day.quotes.height, 0),
    }
    (row,) = rows_of(
        ask,
        first["namespace"],
        "SELECT count() AS n, toInt64(sum(size)) AS size, toFloat64(sum(price)) AS price, "
        "toInt64(min(toUnixTimestamp64Nano(source_ts))) AS first, "
        "toInt64(max(toUnixTimestamp64Nano(source_ts))) AS last FROM equity_joins",
    )
    at = day.trades.get_column("sip_timestamp")
    assert (int(row["n"]), int(row["size"])) == (day.trades.height, day.trades.get_column("size").sum())
    assert (int(row["first"]), int(row["last"])) == (at.min(), at.max())
    assert row["price"] == pytest.approx(day.trades.get_column("price").sum(), abs=1e-6)
    again = told(ask("import", day.folder, "--json"))
    assert again.pop("is_new") is False and again == {k: v for k, v in first.items() if k != "is_new"}
    code, out, _ = ask("import", day.folder)
    assert code == 0 and "there is nothing to do" in out and first["namespace"] in out


@pytest.mark.slow
def test_a_selection_is_a_namespace_of_its_own(ask: Ask, day: Day) -> None:
    args = ("--symbols", "ibm", "--start", "2024-03-01T10:00", "--end", "2024-03-01T11:00:00")
    found = told(ask("import", day.folder, *args, "--json"))
    begin = OPEN + 30 * 60 * 1_000_000_000
    expected = [
        rows.filter(
            (pl.col("ticker") == "IBM")
            & (pl.col("sip_timestamp") >= begin)
            & (pl.col("sip_timestamp") < begin + 3600 * 1_000_000_000)
        ).height
        for rows in (day.trades, day.quotes)
    ]
    assert [r["read"] for r in found["inputs"].values()] == expected and min(expected) > 0
    whole = told(ask("import", day.folder, "--symbols", "AIG,IBM", "--end", "2024-03-01", "--json"))
    assert whole["inputs"]["equities.prints"]["read"] == day.trades.height
    assert whole["namespace"] != found["namespace"]


def test_the_place_of_the_files_does_not_matter(ask: Ask, day: Day, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    for name in ("trades", "quotes"):
        (copy / name).mkdir(parents=True)
        (copy / name / "2024-03-01.csv.gz").symlink_to(day.folder / name / "2024-03-01.csv.gz")
    first = told(ask("import", day.folder, "--json"))
    assert told(ask("import", copy, "--json"))["namespace"] == first["namespace"]


@pytest.mark.slow
def test_a_further_file_is_another_namespace(ask: Ask, day: Day, tmp_path: Path) -> None:
    one, two = day.folder / "trades" / "2024-03-01.csv.gz", day.folder / "quotes" / "2024-03-01.csv.gz"
    first = told(ask("import", one, "--namespace", "further", "--json"))
    assert list(first["inputs"]) == ["equities.prints"]
    assert_one_sentence(
        ask("import", one, two, "--namespace", "further"), "'further' holds another input", "--namespace"
    )
    both = told(ask("import", one, two, "--json"))
    assert both["inputs"]["equities.prints"]["read"] == day.trades.height


def test_broken_off_and_taken_up_again_it_ends_the_same(ask: Ask, stack: Stack, tmp_path: Path) -> None:
    big = make_day(tmp_path / "big", 40_000)
    whole = told(ask("import", big.folder, "--namespace", "unbroken", "--json"))
    child = subprocess.Popen(
        [
            *(sys.executable, "-m", "cli.main", "import", str(big.folder)),
            *("--namespace", "broken", "--data-dir", str(stack.data_dir)),
        ],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k not in SERVICES},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    reached = _await_records(stack, "broken", 10_000, child)
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=60)
    again = told(_retried(ask, "import", big.folder, "--namespace", "broken", "--json"))
    assert reached and again["is_new"] is True
    assert again["inputs"] == whole["inputs"] and again["outputs"] == whole["outputs"]


def _await_records(stack: Stack, namespace: str, count: int, child: subprocess.Popen[bytes]) -> bool:
    """Wait until the log of a namespace holds so many records while the import still runs."""
    deadline = time.monotonic() + WAIT_S
    progress = stack.data_dir / "runs" / namespace / "progress.json"
    while child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.3)
        if not progress.exists():
            continue
        if log_sizes(stack.endpoints.kafka, namespace, ["equities.quotes"])["equities.quotes"] > count:
            return True
    return False


def _retried(ask: Ask, *args: str | Path) -> tuple[int, str, str]:
    """Ask again while processes of a killed command still hold the namespace or the recovery folder."""
    deadline = time.monotonic() + 60
    while True:
        found = ask(*args)
        if found[0] != 2 or "another process" not in found[2] or time.monotonic() > deadline:
            return found
        time.sleep(0.5)


FLAT = stock_trades(40).write_csv()


@dataclass(frozen=True)
class Wrong:
    """A folder to make, arguments in which `.` stands for it, and words of the sentence."""

    files: dict[str, bytes]
    args: tuple[str, ...]
    words: tuple[str, ...]


PACKED = gzip.compress(FLAT.encode())
WRONG = {
    "nothing there": Wrong({}, ("./none.csv",), ("none.csv", "no such file or folder")),
    "an empty folder": Wrong({}, (".",), ("no file of 0 is in a known format",)),
    "an empty file": Wrong({"a.csv": b""}, ("./a.csv",), ("a.csv", "is empty")),
    "not known": Wrong({"a.txt": b"hello\n"}, ("./a.txt",), ("a.txt", "no known format", "known are dbn")),
    "two formats": Wrong(
        {"a.csv": FLAT.encode(), "p.csv": b"source_ts,underlying,price,size\n"},
        (".",),
        ("a.csv is polygon_flat", "p.csv is plain", "one format at a time"),
    ),
    "named otherwise": Wrong(
        {"a.csv": FLAT.encode()}, ("./a.csv", "--format", "finra"), ("is polygon_flat",)
    ),
    "no such format": Wrong({"a.csv": FLAT.encode()}, (".", "--format", "csv"), ("'csv'", "are allowed")),
    "twice": Wrong({"a.csv": FLAT.encode()}, ("./a.csv", "./a.csv"), ("a.csv", "given twice")),
    "a copy": Wrong({"a.csv": FLAT.encode(), "b.csv": FLAT.encode()}, (".",), ("b.csv", "same bytes")),
    "cut short": Wrong({"a.csv.gz": PACKED[: len(PACKED) // 2]}, (".",), ("a.csv.gz", "cut short")),
    "a column missing": Wrong(
        {"a.csv": FLAT.replace(",price,", ",cost,", 1).encode()}, (".",), ("a.csv", "'price'")
    ),
    "no such symbol": Wrong(
        {"a.csv": FLAT.encode()}, (".", "--symbols", "ZZZ"), ("no data of symbol ZZZ", "AIG, IBM")
    ),
    "a wild symbol": Wrong({"a.csv": FLAT.encode()}, (".", "--symbols", "../x"), ("'../X'",)),
    "no time": Wrong({"a.csv": FLAT.encode()}, (".", "--start", "noon"), ("--start 'noon'", "2024-03-01")),
    "end before start": Wrong(
        {"a.csv": FLAT.encode()}, (".", "--start", "2024-03-02", "--end", "2024-03-01"), ("--start", "--end")
    ),
    "an option": Wrong({"a.csv": FLAT.encode()}, (".", "--option", "x"), ("'x'", "NAME=VALUE")),
    "a namespace": Wrong({"a.csv": FLAT.encode()}, (".", "--namespace", "A B"), ("'A B'", "small letter")),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_one_sentence_and_starts_nothing(ask: Ask, tmp_path: Path, name: str) -> None:
    wrong, folder = WRONG[name], tmp_path / "input"
    folder.mkdir()
    for file, content in wrong.files.items():
        (folder / file).write_bytes(content)
    args = [a.replace(".", str(folder), 1) if a == "." or a.startswith("./") else a for a in wrong.args]
    assert_one_sentence(ask("import", *args, data_dir=tmp_path / "d"), *wrong.words)
    assert not (tmp_path / "d" / "broker").exists(), "services were started for nothing"


def test_a_file_of_a_weekend_is_one_sentence(ask: Ask, tmp_path: Path) -> None:
    path = write(tmp_path / "2024-03-02.csv.gz", stock_trades(30, start=SATURDAY))
    assert_one_sentence(ask("import", path), "2024-03-02.csv.gz", "nothing is left", "did not trade")


@pytest.mark.slow
def test_a_selection_without_rows_is_one_sentence(ask: Ask, day: Day) -> None:
    found = ask("import", day.folder, "--start", "2024-03-04", "--end", "2024-03-05")
    assert_one_sentence(found, "nothing is left to import for these symbols and times")


@pytest.mark.parametrize("form", ["parquet", pytest.param("csv", marks=pytest.mark.slow)])
def test_raw_topics_go_out_and_come_back_the_same(ask: Ask, day: Day, tmp_path: Path, form: str) -> None:
    first = told(ask("import", day.folder, "--json"))
    for topic in ("equities.prints", "equities.quotes"):
        args = ("export", topic, "--out", tmp_path, "--format", form, "--namespace", first["namespace"])
        code, out, err = ask(*args)
        assert code == 0 and f"{topic}.{form}" in out, err
    back = told(ask("import", tmp_path, "--json"))
    assert back["namespace"].startswith("plain_") and back["inputs"] == first["inputs"]
    assert back["outputs"] == first["outputs"]


def test_topics_tables_and_views_hold_the_same_rows(ask: Ask, day: Day, tmp_path: Path) -> None:
    summary = told(ask("import", day.folder, "--json"))
    rows = {}
    for name in ("equities.joins", "equity_joins", "equity_candles_current"):
        path = tmp_path / f"{name}.parquet"
        assert ask("export", name, "--out", path, "--namespace", summary["namespace"])[0] == 0
        rows[name] = pl.read_parquet(path)
    assert rows["equities.joins"].height == day.trades.height
    position = ["_partition", "_offset"]
    assert rows["equity_joins"].drop(position).equals(rows["equities.joins"])
    assert rows["equity_candles_current"].height == summary["outputs"]["equities.candles"]["records"]
    told_of = pq.read_schema(tmp_path / "equity_joins.parquet").metadata
    assert told_of[b"islandflow.topic"] == b"equities.joins"


def test_export_selects_and_replaces_only_when_told(ask: Ask, day: Day, tmp_path: Path) -> None:
    namespace = told(ask("import", day.folder, "--json"))["namespace"]
    path = tmp_path / "aig.csv"
    chosen = ("--symbols", "AIG", "--end", "2024-03-01T10:00", "--namespace", namespace)
    for name in ("equities.prints", "equity_prints"):
        assert ask("export", name, "--out", path, *chosen, "--force")[0] == 0
        limit = OPEN + 30 * 60 * 1_000_000_000
        wanted = day.trades.filter((pl.col("ticker") == "AIG") & (pl.col("sip_timestamp") < limit))
        found = pl.read_csv(path).sort("source_ts", "vendor_seq")
        assert found.get_column("source_ts").to_list() == wanted.get_column("sip_timestamp").to_list()
    before = path.read_bytes()
    assert_one_sentence(ask("export", "equities.prints", "--out", path, *chosen), "aig.csv", "--force")
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["aig.csv", "aig.csv.schema.json"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("nonsense", "--out", "x.csv"), ("no topic or table 'nonsense'", "equity_prints")),
        (("equities.prints", "--out", "x.dat"), ("x.dat", ".parquet", ".csv")),
        (("equities.prints", "--out", "x.csv", "--format", "xml"), ("'xml'", "parquet, csv")),
        (("equities.prints", "--out", "no/x.csv"), ("no does not exist",)),
        (("equities.prints", "--out", "x.csv", "--namespace", "unheard_of"), ("'unheard_of'", "known")),
        (("equities.prints", "--out", "x.csv", "--end", "never"), ("--end 'never'",)),
    ],
)
def test_wrong_exports_are_one_sentence(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, args: tuple[str, ...], words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_one_sentence(ask("export", *args), *words)
    assert list(tmp_path.iterdir()) == []


RECORDED = {
    "databento/OPRA.PILLAR": EVERYTHING,
    "databento/XNAS.ITCH": EVERYTHING,
    "databento/EQUS.MINI": EVERYTHING,
    "alpaca": EVERYTHING,
    "polygon": EVERYTHING,
    "taq": Selection(None, parse_start("2018-01-02T11:00"), parse_end("2018-01-02T11:20")),
}


@pytest.mark.parametrize("name", RECORDED)
def test_recordings_are_whole_and_the_same_whenever_they_are_read(shards: Shards, name: str) -> None:
    """Of every format: what is read is published or refused, and any chunk can be begun with."""
    path = SHARED / name
    if not path.is_dir():
        pytest.skip("the recordings are not beside the repository")
    feed = open_recorded(spec_of(recognise([path]), RECORDED[name]))
    chunks = list(feed.chunks())
    assert sum(sum(c.read.values()) for c in chunks) > 0
    for topic in feed.inputs:
        rows = sum(len(c.batches[topic]) for c in chunks if topic in c.batches)
        refused = sum(r.topic == topic for c in chunks for r in c.rejects)
        assert sum(c.read.get(topic, 0) for c in chunks) == rows + refused
    last = len(chunks) - 1
    (again,) = feed.chunks(last)
    assert again.upto_ts == chunks[last].upto_ts and again.read == chunks[last].read
    logs = raw_log(feed, len(chunks))
    assert shards(logs) == shards(raw_log(open_recorded(spec_of(recognise([path]), RECORDED[name])), 10**6))
    values = [v for (topic, _), found in logs.items() if topic in feed.inputs for v in found]
    assert len(values) > sum(len(b) for c in chunks for b in c.batches.values()) > 0


MEASURED = """
import sys
from pathlib import Path
from connectors.formats import open_recorded, recognise, spec_of
from connectors.recorded import EVERYTHING

def own_mb():  # pages of mapped files are the system's to take back
    status = Path("/proc/self/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) >> 10

feed = open_recorded(spec_of(recognise([Path(sys.argv[1])]), EVERYTHING))
peak, rows = own_mb(), 0
for chunk in feed.chunks():
    rows += sum(map(len, chunk.batches.values()))
    peak = max(peak, own_mb())
print(rows, peak)
"""


def peak_mb(path: Path, count: int) -> int:
    """Return the memory of its own that a process had at most while it read a file of so many rows."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    rows, peak = map(int, done.stdout.split())
    assert rows == count
    return peak


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Unsorted rows, above the size of one sorted run: 95 and 290 MB of text."""
    peaks = []
    for count in (1_150_000, 3_450_000):
        path = tmp_path / f"{count}.csv"
        stock_trades(count).write_csv(path)
        peaks.append(peak_mb(path, count))
        path.unlink()
    assert peaks[1] < 1.25 * peaks[0] and peaks[1] < 800, peaks
