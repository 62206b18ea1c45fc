"""`islandflow run` over recorded and synthetic data: what it ends with, and what SQL says of it.

The expected counts of IBM and AIG were made independently of this code; the others are counted here
from the files, and the candles by a group-by over the joined prints.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas.topics import DERIVED_TOPICS, TOPICS

ROOT = Path(__file__).resolve().parents[2]
LEAN = ROOT.parent / "shared" / "data" / "lean"
needs_lean = pytest.mark.skipif(not LEAN.is_dir(), reason="the LEAN recordings are not beside the repository")
COUNTERS = ["read", "rejected", "published", "processed", "late", "duplicate", "deadletter"]
SERVICES = ("KAFKA_BOOTSTRAP_SERVERS", "CLICKHOUSE_URL", "REDIS_URL", "SCHEMA_REGISTRY_URL")
NO_LIMIT = {"ISLANDFLOW_MIN_FREE_DISK_BYTES": "0"}
WAIT_S = 600


@dataclass(frozen=True)
class Shell:
    """The command line on one data directory whose stack runs in the background."""

    folder: Path

    def __call__(self, *args: str) -> subprocess.CompletedProcess[bytes]:
        """Run `islandflow`; it must succeed."""
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", *args, "--data-dir", str(self.folder / "data")],
            cwd=ROOT,
            env={**{k: v for k, v in os.environ.items() if k not in SERVICES}, **NO_LIMIT},
            capture_output=True,
            timeout=WAIT_S,
        )
        assert done.returncode == 0, done.stderr.decode()[-3000:]
        return done

    def run(self, name: str, *args: str) -> dict[str, Any]:
        """Run a feed into a namespace; return the summary it wrote."""
        path = self.folder / f"{name}.json"
        self("run", *args, "--namespace", name, "--summary", str(path))
        told: dict[str, Any] = json.loads(path.read_text())
        return told

    def rows(self, name: str, query: str) -> list[dict[str, Any]]:
        """Ask with `sql --format json`."""
        answer = json.loads(self("sql", query, "--format", "json", "--namespace", name).stdout)
        rows: list[dict[str, Any]] = answer["data"]
        return rows

    def frame(self, name: str, query: str) -> pl.DataFrame:
        """Ask with `sql --format parquet`."""
        return pl.read_parquet(
            io.BytesIO(self("sql", query, "--format", "parquet", "--namespace", name).stdout)
        )


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A data directory of its own, with a space in its path, up until the tests end."""
    made = Shell(tmp_path_factory.mktemp("a run"))
    made("up")
    try:
        yield made
    finally:
        made("down")


@dataclass(frozen=True)
class Recorded:
    """A namespace with recorded days, and its summary."""

    name: str
    args: tuple[str, ...]
    summary: dict[str, Any]


def recorded(shell: Shell, name: str, symbols: str, dates: str) -> Recorded:
    args = ("lean", str(LEAN), "--symbols", symbols, "--dates", dates)
    return Recorded(name, args, shell.run(name, *args))


@pytest.fixture(scope="module")
def ticks(shell: Shell) -> Recorded:
    """Both symbols on both days: 2.6 million events."""
    return recorded(shell, "ticks", "IBM,AIG", "2013-10-07,2013-10-08")


@pytest.fixture(scope="module")
def bars(shell: Shell) -> Recorded:
    """Option minute bars."""
    return recorded(shell, "bars", "GOOG", "2015-12-24")


def assert_form(told: dict[str, Any], inputs: list[str]) -> None:
    """The summary has the keys and types that were promised, and no others."""
    assert {k: type(v) for k, v in told.items()} == {
        "feed": str, "namespace": str, "elapsed_s": float, "events": int, "events_per_s": float,
        "conserved": bool, "inputs": dict, "outputs": dict, "archive": dict,
    }  # fmt: skip
    assert list(told["inputs"]) == inputs
    for row in told["inputs"].values():
        assert list(row) == COUNTERS
        assert all(type(v) is int for v in row.values())
        assert row["read"] == row["published"] + row["rejected"]
        assert row["published"] == sum(row[k] for k in ("processed", "late", "duplicate", "deadletter"))
    assert list(told["outputs"]) == [t.name for t in DERIVED_TOPICS]
    assert list(told["archive"]) == [t.table for t in DERIVED_TOPICS]
    for topic in DERIVED_TOPICS:
        row = told["outputs"][topic.name]
        assert list(row) == ["records", "digest"]
        assert re.fullmatch("sha256:[0-9a-f]{64}", row["digest"])
        assert told["archive"][topic.table] == row["records"]
    assert told["events"] == sum(row["published"] for row in told["inputs"].values())
    assert told["conserved"] is True


def lines_of(pattern: str) -> int:
    """Count the rows of the recordings."""
    total = 0
    for path in LEAN.glob(pattern):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                text = archive.read(name)
                total += text.count(b"\n") + (text[-1:] not in (b"", b"\n"))
    return total


@needs_lean
@pytest.mark.slow
def test_all_ticks_are_accounted_for(ticks: Recorded) -> None:
    assert_form(ticks.summary, ["equities.prints", "equities.quotes"])
    read = {topic: row["read"] for topic, row in ticks.summary["inputs"].items()}
    assert read == {
        "equities.prints": lines_of("equity/usa/tick/*/*_trade.zip"),
        "equities.quotes": lines_of("equity/usa/tick/*/*_quote.zip"),
    }
    assert ticks.summary["outputs"]["equities.joins"]["records"] == read["equities.prints"]


@needs_lean
def test_all_bars_are_accounted_for(shell: Shell, bars: Recorded) -> None:
    assert_form(bars.summary, ["options.prints", "options.nbbo"])
    read = {topic: row["read"] for topic, row in bars.summary["inputs"].items()}
    assert read == {
        "options.prints": lines_of("option/usa/minute/goog/20151224_trade_american.zip"),
        "options.nbbo": lines_of("option/usa/minute/goog/20151224_quote_american.zip"),
    }
    query = "SELECT count() n, countIf(status = 'bar') bars, countIf(side != 'none') sided FROM option_placed"
    row = shell.rows("bars", query)[0]
    assert int(row["n"]) == int(row["bars"]) == read["options.prints"] > 0
    assert int(row["sided"]) == 0, "the side of a bar cannot be said"


COUNTS = {
    "IBM": {
        "rows": 24_293, "off_rows": 7_458, "volume": 3_960_352, "off_volume": 1_228_746, "lit": 16_667,
        "at_bid": 5_995, "at_ask": 6_081, "inside": 3_857, "mid": 1_108, "outside": 456, "locked": 207,
        "crossed": 71, "quotes": 109_067,
    },
    "AIG": {
        "rows": 25_351, "off_rows": 6_262, "lit": 19_016, "at_bid": 8_752, "at_ask": 8_410, "inside": 242,
        "mid": 184, "outside": 230, "locked": 1_340, "crossed": 42, "quotes": 1_079_935,
    },
}  # fmt: skip
NEW_YORK = "toTimeZone(source_ts, 'America/New_York')"
LIT = (
    f"NOT off_exchange AND bid IS NOT NULL AND ask IS NOT NULL AND toHour({NEW_YORK}) * 60 "
    f"+ toMinute({NEW_YORK}) BETWEEN 570 AND 959"
)
COUNT_QUERY = f"""
SELECT count() AS rows, countIf(off_exchange) AS off_rows, sum(size) AS volume,
    sumIf(size, off_exchange) AS off_volume, countIf({LIT}) AS lit,
    countIf({LIT} AND quote_state = 'normal' AND placement = 'at_bid') AS at_bid,
    countIf({LIT} AND quote_state = 'normal' AND placement = 'at_ask') AS at_ask,
    countIf({LIT} AND quote_state = 'normal' AND placement IN ('inside_bid', 'mid', 'inside_ask')) AS inside,
    countIf({LIT} AND quote_state = 'normal' AND placement = 'mid') AS mid,
    countIf({LIT} AND quote_state = 'normal' AND placement IN ('above_ask', 'below_bid')) AS outside,
    countIf({LIT} AND quote_state = 'locked') AS locked, countIf({LIT} AND quote_state = 'crossed') AS crossed
FROM equity_joins WHERE underlying = '%s' AND toDate({NEW_YORK}) = '2013-10-07'
"""


def assert_counts(shell: Shell, name: str, symbol: str) -> None:
    row = shell.rows(name, COUNT_QUERY % symbol)[0]
    quotes = (
        "SELECT count() AS quotes FROM equity_quotes WHERE kind = 'data' "
        f"AND underlying = '{symbol}' AND toDate({NEW_YORK}) = '2013-10-07'"
    )
    found = {k: int(float(v)) for k, v in {**row, **shell.rows(name, quotes)[0]}.items()}
    assert {k: found[k] for k in COUNTS[symbol]} == COUNTS[symbol]


@needs_lean
@pytest.mark.slow
@pytest.mark.parametrize("symbol", ["IBM", "AIG"])
def test_sql_gives_the_counts_made_independently(shell: Shell, ticks: Recorded, symbol: str) -> None:
    assert_counts(shell, ticks.name, symbol)


@pytest.fixture(scope="module")
def day(shell: Shell) -> Recorded:
    """One symbol and day, for every run of the tests."""
    return recorded(shell, "day", "IBM", "2013-10-07")


@needs_lean
def test_one_day_is_accounted_for_and_counted(shell: Shell, day: Recorded) -> None:
    assert_form(day.summary, ["equities.prints", "equities.quotes"])
    assert day.summary["inputs"]["equities.prints"]["read"] == 24_293
    assert day.summary["inputs"]["equities.quotes"]["read"] == 109_067
    assert_counts(shell, day.name, "IBM")


def candles_of(trades: pl.DataFrame, interval_s: int) -> pl.DataFrame:
    """Group joined prints into candles, as docs say what updates what."""
    length = interval_s * 10**9
    volume, last = pl.col("updates_volume"), pl.col("updates_last")
    ranged = pl.col("updates_high_low") | last
    start = (pl.col("ts") // length * length).alias("start")
    return (
        trades.filter(volume | ranged)
        .sort("ts", "print_seq")
        .group_by("underlying", start)
        .agg(
            pl.col("price").filter(last).first().alias("open"),
            pl.col("price").filter(ranged).max().alias("high"),
            pl.col("price").filter(ranged).min().alias("low"),
            pl.col("price").filter(last).last().alias("close"),
            pl.col("size").filter(volume).sum().alias("volume"),
            pl.col("size").filter(volume & pl.col("off_exchange")).sum().alias("off_exchange_volume"),
            pl.col("notional").filter(volume).sum().alias("notional"),
            volume.sum().cast(pl.Int64).alias("trade_count"),
        )
        .sort("underlying", "start")
    )


def assert_candles(shell: Shell, name: str) -> None:
    trades = shell.frame(
        name,
        "SELECT underlying, toUnixTimestamp64Nano(source_ts) AS ts, print_seq, price, size, notional, "
        "off_exchange, updates_volume, updates_high_low, updates_last FROM equity_joins",
    )
    flags = [c for c in trades.columns if c.startswith("updates_") or c == "off_exchange"]
    trades = trades.with_columns(pl.col(flags).cast(pl.Boolean))
    for interval_s in (1, 5, 60, 300):
        found = shell.frame(
            name,
            "SELECT underlying, toUnixTimestamp64Nano(start_ts) AS start, open, high, low, close, volume, "
            "off_exchange_volume, notional, trade_count FROM equity_candles_current "
            f"WHERE interval_s = {interval_s} ORDER BY underlying, start",
        )
        wanted = candles_of(trades, interval_s)
        assert found.height == wanted.height > 0
        assert found.rows() == wanted.rows(), interval_s


@needs_lean
def test_candles_are_a_group_by_of_the_joined_prints(shell: Shell, day: Recorded) -> None:
    assert_candles(shell, day.name)


@needs_lean
@pytest.mark.slow
def test_candles_of_every_symbol_day(shell: Shell, ticks: Recorded) -> None:
    assert_candles(shell, ticks.name)


@needs_lean
def test_the_same_command_again_has_nothing_to_do(shell: Shell, day: Recorded) -> None:
    started = time.monotonic()
    again = shell.run(day.name, *day.args)
    same = ("inputs", "outputs", "archive", "events", "conserved")
    assert {k: again[k] for k in same} == {k: day.summary[k] for k in same}
    assert time.monotonic() - started < 60


@needs_lean
def test_two_processes_of_the_flow_give_the_same_digests(shell: Shell, bars: Recorded) -> None:
    two = shell.run("bars_two", *bars.args, "--workers", "2")
    assert two["outputs"] == bars.summary["outputs"]


@pytest.fixture(scope="module")
def synthetic(shell: Shell) -> Recorded:
    """A quiet synthetic minute, run with --json."""
    args = ("synthetic", "--profile", "quiet", "--seed", "7", "--minutes", "1")
    printed = shell("run", *args, "--namespace", "quiet", "--json").stdout
    return Recorded("quiet", args, json.loads(printed))


def test_a_synthetic_minute_fills_every_topic(synthetic: Recorded) -> None:
    inputs = ["options.prints", "options.nbbo", "equities.prints", "equities.quotes"]
    assert_form(synthetic.summary, inputs)
    empty = {t for t, row in synthetic.summary["outputs"].items() if not row["records"]}
    assert empty == {"deadletter", "flow.alerts"}  # a quiet minute has nothing above the floor of alerts


def test_sessions_and_topics_say_what_there_is(shell: Shell, synthetic: Recorded) -> None:
    found = {r["namespace"]: r for r in json.loads(shell("sessions", "--json").stdout)}
    assert found["quiet"]["state"] == "done"
    assert found["quiet"]["conserved"] is True
    assert found["quiet"]["events"] == synthetic.summary["events"]
    rows = {r["topic"]: r for r in json.loads(shell("topics", "--namespace", "quiet", "--json").stdout)}
    assert set(rows) == {t.name for t in TOPICS}
    for topic, row in synthetic.summary["outputs"].items():
        assert rows[topic]["records"] == row["records"]
    assert b"flow.alerts" in shell("topics", "--namespace", "quiet").stdout
    assert b"quiet" in shell("sessions").stdout


def test_tail_prints_the_last_records_as_json(shell: Shell, synthetic: Recorded) -> None:
    lines = shell("tail", "equities.joins", "-n", "5", "--namespace", "quiet").stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == 5
    query = "SELECT toUnixTimestamp64Nano(emit_ts) AS t FROM equity_joins ORDER BY emit_ts DESC LIMIT 5"
    assert sorted(int(r["emit_ts"]) for r in rows) == sorted(int(r["t"]) for r in shell.rows("quiet", query))


def test_sql_answers_in_every_format(shell: Shell, synthetic: Recorded) -> None:
    query = "SELECT underlying, count() AS n FROM equity_joins GROUP BY 1 ORDER BY 1"
    rows = shell.rows("quiet", query)
    plain = [(r["underlying"], int(r["n"])) for r in rows]
    assert sum(n for _, n in plain) == synthetic.summary["archive"]["equity_joins"]
    assert shell.frame("quiet", query).rows() == plain
    text = shell("sql", query, "--format", "csv", "--namespace", "quiet").stdout
    assert pl.read_csv(io.BytesIO(text)).rows() == plain
    pretty = shell("sql", query, "--namespace", "quiet").stdout.decode()
    assert all(name in pretty for name, _ in plain)


def test_status_and_doctor_know_the_running_stack(shell: Shell) -> None:
    told = shell("status").stdout.decode()
    assert all(name in told for name in ("broker", "store", "redis"))
    checks = json.loads(shell("doctor", "--json").stdout)
    assert checks and not [c for c in checks if c["state"] == "fail"]
