"""Exported files: what is in them, that they say it themselves, and that they appear whole or not at all."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.importing import duration, parse_options
from cli.times import listed_symbols, parse_end, parse_start
from connectors.errors import ServiceError, UserError
from connectors.export import (
    Filter,
    Target,
    chosen_path,
    grouped,
    stored_schema,
    table_batches,
    table_of,
    topic_named,
)
from schemas.columns import Batch, from_rows
from schemas.topics import TOPIC

PRINTS = TOPIC["equities.prints"]
TS = 1_514_905_200_030_000_123


def prints(count: int, **changes: Any) -> Batch:
    row = {
        "kind": "data",
        "seq": 5,
        "source_ts": TS,
        "event_ts": TS,
        "underlying": "IBM",
        "price": 158_590_000_001,
        "size": 100_500_000,
        "venue": "D",
        "off_exchange": True,
        "conditions": 'a,"b"',
        "condition_bits": 1,
        "has_event_ts": False,
        **changes,
    }
    return from_rows(PRINTS, [{**row, "seq": i, "source_ts": TS + i} for i in range(count)])


def write(path: Path, form: str, *batches: Batch, is_forced: bool = False) -> Target:
    with Target(path, form, is_forced) as target:
        for batch in batches:
            target.write(table_of(batch))
    return target


def test_parquet_says_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    assert write(path, "parquet", prints(2), prints(1)).rows == 3
    found = pq.read_table(path)
    told = found.schema.metadata
    assert told[b"islandflow.topic"] == b"equities.prints"
    assert json.loads(told[b"islandflow.schema"])["name"] == "EquityPrints"
    assert json.loads(told[b"islandflow.units"])["price"] == "USD"
    assert found.schema.field("price").metadata[b"unit"] == b"USD"
    row = pl.from_arrow(found).row(1, named=True)  # type: ignore[union-attr]
    assert str(row["price"]) == "158.590000001" and str(row["size"]) == "100.500000"
    assert (row["aggressor"], row["report"], row["carried_bid"], row["kind"]) == (
        "none",
        "trade",
        None,
        "data",
    )
    assert found.column("source_ts").cast(pa.int64()).to_pylist() == [TS, TS + 1, TS]


def test_csv_keeps_every_digit_and_has_its_schema_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    write(path, "csv", prints(2))
    found = pl.read_csv(path, schema_overrides={"price": pl.String, "size": pl.String})
    assert found.get_column("source_ts").to_list() == [TS, TS + 1]
    assert found.get_column("price").to_list() == ["158.590000001"] * 2
    assert found.get_column("conditions").to_list() == ['a,"b"'] * 2
    assert found.get_column("carried_bid").null_count() == 2
    told = json.loads((tmp_path / "p.csv.schema.json").read_text())
    units = {c["name"]: c["unit"] for c in told["columns"]}
    assert told["topic"] == "equities.prints" and list(units) == found.columns
    assert units["source_ts"] == "ns since 1970-01-01 UTC" and units["size"] == "shares"


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    with pytest.raises(RuntimeError), Target(path, "parquet", False) as target:
        target.write(table_of(prints(1)))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    write(path, "parquet", prints(1))
    with pytest.raises(UserError, match=r"p\.parquet: exists already; --force replaces it"):
        Target(path, "parquet", False)
    with pytest.raises(RuntimeError), Target(path, "parquet", True) as target:
        target.write(table_of(prints(9)))
        raise RuntimeError
    assert pq.read_metadata(path).num_rows == 1
    write(path, "parquet", prints(9), is_forced=True)
    assert pq.read_metadata(path).num_rows == 9 and len(list(tmp_path.iterdir())) == 1


def test_rows_are_written_in_groups_of_bounded_size() -> None:
    tables = list(grouped((prints(30_000) for _ in range(7)), PRINTS))
    assert [t.num_rows for t in tables] == [90_000, 90_000, 30_000]
    assert [t.num_rows for t in grouped(iter([]), PRINTS)] == [0]


def test_filter_takes_data_by_time_and_symbol() -> None:
    rows = prints(6)
    kinds = np.array([0, 1, 0, 0, 4, 0], np.int32)
    found = Filter(TS + 2, TS + 5, ("IBM",)).rows(Batch(PRINTS, {**rows.columns, "kind": kinds}))
    assert found["seq"].tolist() == [2, 3]
    assert len(Filter(symbols=("AIG",)).rows(rows)) == 0 and len(Filter().rows(rows)) == 6


def test_names_of_topics_tables_and_views() -> None:
    assert topic_named("equities.prints") == (PRINTS, False) and topic_named("equity_prints") == (
        PRINTS,
        True,
    )
    assert topic_named("equity_candles_current") == (TOPIC["equities.candles"], True)
    with pytest.raises(UserError, match=r"no topic or table 'equity_prints_current'; topics: reference"):
        topic_named("equity_prints_current")


def test_where_the_file_goes(tmp_path: Path) -> None:
    assert chosen_path(tmp_path, "dark.events", None) == (tmp_path / "dark.events.parquet", "parquet")
    assert chosen_path(tmp_path, "dark.events", "csv")[0].name == "dark.events.csv"
    assert chosen_path(tmp_path / "x.CSV", "dark.events", None) == (tmp_path / "x.CSV", "csv")
    assert chosen_path(tmp_path / "x.dat", "dark.events", "csv")[1] == "csv"
    with pytest.raises(UserError, match=r"x\.dat: ends neither in \.parquet nor in \.csv"):
        chosen_path(tmp_path / "x.dat", "dark.events", None)
    with pytest.raises(UserError, match="'xml': parquet, csv are allowed"):
        Target(tmp_path / "x.xml", "xml", False)
    with pytest.raises(UserError, match="no does not exist"):
        Target(tmp_path / "no" / "x.csv", "csv", False)


class Store:
    """Answers like the store does, with a number of rows it says it has and the CSV it then gives."""

    def __init__(self, count: int, text: bytes) -> None:
        self.count, self.text = count, text
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def command(self, query: str, parameters: dict[str, Any]) -> int:
        self.asked.append((query, parameters))
        return self.count

    def raw_stream(self, query: str, **_: Any) -> io.BytesIO:
        return io.BytesIO(self.text)


def stored(rows: int) -> bytes:
    when = '"2018-01-02 15:00:00.030000123"'
    values = {"kind": '"data"', "off_exchange": "true", "carried_bid": "\\N"}
    other = {"timestamp": when, "decimal": "158.59", "bool": "false", "string": '"a\n\\N"'}
    cells = []
    for field in stored_schema(PRINTS):
        kind = str(field.type)
        cells.append(values.get(field.name) or next((v for k, v in other.items() if k in kind), "7"))
    return (",".join(cells) + "\n").encode() * rows


def test_rows_of_a_table_come_typed_from_the_stores_csv() -> None:
    store = Store(3, stored(3))
    found = pa.concat_tables(table_batches(store, "ns", "equity_prints", Filter(TS, TS + 1, ("IBM",))))
    assert found.column("source_ts").cast(pa.int64()).to_pylist() == [TS] * 3
    assert str(found.column("price")[0]) == "158.590000000" and found.column("carried_bid").null_count == 3
    assert found.column("venue")[0].as_py() == "a\n\\N" and found.column("off_exchange")[0].as_py() is True
    query, values = store.asked[0]
    assert "kind = 'data'" in query and values == {"start": TS, "end": TS + 1, "symbols": ["IBM"]}


@pytest.mark.parametrize("text", [stored(2), stored(3)[:-5], stored(2) + b"__exception__\r\nCode: 241\n"])
def test_an_answer_that_breaks_off_is_no_file(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(ServiceError), Target(tmp_path / "x.parquet", "parquet", False) as target:
        for table in table_batches(Store(3, text), "ns", "equity_prints", Filter()):
            target.write(table)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_table_is_a_file_with_columns(tmp_path: Path) -> None:
    with Target(tmp_path / "x.parquet", "parquet", False) as target:
        for table in table_batches(Store(0, b""), "ns", "equity_prints", Filter()):
            target.write(table)
    assert pq.read_table(tmp_path / "x.parquet").schema.names[-1] == "_offset"


def test_times_of_the_command_line_are_new_yorks() -> None:
    assert parse_start("2024-03-01") == 1_709_269_200_000_000_000
    assert parse_end("2024-03-01") == 1_709_269_200_000_000_000 + 86_400_000_000_000
    assert parse_end("2024-03-09") == 1_710_046_800_000_000_000, "23 hours later where clocks go forward"
    assert parse_start("2024-03-01T09:30") == 1_709_303_400_000_000_000
    assert parse_start("2024-03-01 14:30:00.000000007Z") == 1_709_303_400_000_000_007
    assert parse_end("2024-03-01T15:30:00+01:00") == 1_709_303_400_000_000_000
    assert parse_start(None) is None and parse_end(None) is None
    for text in ("yesterday", "2024-02-30", "2024-03-01T25:00", "24-03-01", ""):
        with pytest.raises(UserError, match=r"--start .*: a date such as 2024-03-01 or a time"):
            parse_start(text)


def test_symbols_and_options_of_the_command_line() -> None:
    assert listed_symbols("ibm, AIG,") == ("AIG", "IBM")
    with pytest.raises(UserError, match="no symbol was given"):
        listed_symbols(" ,")
    assert parse_options(["nbbo_venues=N,P", "a="]) == {"nbbo_venues": "N,P", "a": ""}
    for wrong in (["nbbo"], ["=N"], ["a=1", "a=2"]):
        with pytest.raises(UserError, match="--option"):
            parse_options(wrong)
    assert [duration(s) for s in (5, 200, 9000)] == ["5 s", "3 min", "2.5 h"]
