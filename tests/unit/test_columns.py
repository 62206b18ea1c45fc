"""Batches: shape, selection, and their row, JSON and Arrow forms."""

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from schemas.arrow import to_clickhouse
from schemas.columns import (
    Batch,
    concat,
    empty,
    from_rows,
    to_json_columns,
    to_json_rows,
    to_rows,
)
from schemas.fields import LOGICAL
from schemas.sql import VERSION_KEYS, clickhouse_type, create_statements
from schemas.topics import TOPIC, TOPICS, Topic

QUOTES = TOPIC["equities.quotes"]
TIME = 1_700_000_000_123_456_789
LATER = {"bid_venue": "none", "ask_venue": "none"}


def quote(**other: Any) -> dict[str, Any]:
    row = {
        "kind": "data",
        "seq": 1,
        "source_ts": TIME,
        "event_ts": TIME,
        "underlying": "IBM",
        "ask": 187_130_000_000,
        "bid_size": 100_500_000,
        "ask_size": 1,
    }
    return {**row, **other}


def test_rows_become_columns_and_come_back() -> None:
    batch = from_rows(QUOTES, [quote(), quote(kind="gap", bid=7)])
    assert batch["kind"].dtype == np.int32 and batch["kind"].tolist() == [0, 3]
    assert batch["bid"].dtype == np.int64 and batch["bid"].tolist() == [-1, 7]
    assert to_rows(batch) == [
        {n: {**quote(bid=-1), **LATER}[n] for n in QUOTES.field_names},
        {n: {**quote(kind="gap", bid=7), **LATER}[n] for n in QUOTES.field_names},
    ]
    assert to_rows(from_rows(QUOTES, [])) == []


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({**quote(), "colour": 1}, AssertionError),
        ({k: v for k, v in quote().items() if k != "seq"}, AssertionError),
        (quote(seq=1.5), AssertionError),
        (quote(seq=True), AssertionError),
        (quote(seq=2**63), AssertionError),
        (quote(kind="other"), ValueError),
        (quote(underlying=5), (pa.ArrowInvalid, pa.ArrowTypeError)),
    ],
)
def test_a_row_of_another_shape_fails(row: dict[str, Any], error: Any) -> None:
    with pytest.raises(error):
        from_rows(QUOTES, [row])


def test_an_int_that_does_not_fit_its_column_fails() -> None:
    row = to_rows(from_rows(TOPIC["equities.candles"], [candle()]))[0]
    with pytest.raises(OverflowError):
        from_rows(TOPIC["equities.candles"], [{**row, "interval_s": 2**31}])


def candle() -> dict[str, Any]:
    candles = TOPIC["equities.candles"]
    row: dict[str, Any] = dict.fromkeys(candles.field_names, 1)
    del row["open"]
    return {**row, "underlying": "IBM", "status": "final"}


def test_json_says_usd_shares_names_and_null() -> None:
    batch = from_rows(QUOTES, [quote(), quote(bid=187_120_000_000)])
    assert to_json_columns(batch, ["kind", "source_ts", "bid", "ask", "bid_size"]) == {
        "kind": ["data", "data"],
        "source_ts": [str(TIME)] * 2,
        "bid": [None, 187.12],
        "ask": [187.13, 187.13],
        "bid_size": [100.5, 100.5],
    }
    assert to_json_rows(batch, ["bid"]) == [{"bid": None}, {"bid": 187.12}]
    assert list(to_json_columns(batch)) == list(QUOTES.field_names)


def test_selection_keeps_columns_together() -> None:
    batch = from_rows(QUOTES, [quote(seq=i, underlying=str(i)) for i in range(5)])
    taken = batch.take(np.array([4, 0]))
    assert taken["seq"].tolist() == [4, 0] and taken["underlying"].to_pylist() == ["4", "0"]
    joined = concat([batch.slice(1, 3), taken])
    assert joined["seq"].tolist() == [1, 2, 4, 0]
    assert joined["underlying"].to_pylist() == ["1", "2", "4", "0"]
    assert len(empty(QUOTES)) == 0
    with pytest.raises(AssertionError, match="lengths"):
        Batch(QUOTES, {"seq": np.arange(2), "bid": np.arange(3)})


def test_arrow_carries_exact_decimals_times_and_nulls() -> None:
    rows = [quote(), quote(bid=-2, ask=999_999_999_999_999_999, kind="end"), quote(bid=1)]
    table = to_clickhouse(from_rows(QUOTES, rows).take(np.array([2, 1, 0])))
    table.validate(full=True)
    assert table["bid"].to_pylist() == [Decimal("1e-9"), Decimal("-2e-9"), None]
    assert table["ask"].to_pylist()[1] == Decimal("999999999.999999999")
    assert table["bid_size"].to_pylist()[0] == Decimal("100.5")
    assert table["source_ts"].cast(pa.int64()).to_pylist() == [TIME] * 3
    assert table["kind"].to_pylist() == ["data", "end", "data"]
    assert table.column_names == list(QUOTES.field_names)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.name)
def test_arrow_types_are_those_of_the_table(topic: Topic) -> None:
    schema = to_clickhouse(empty(topic)).schema
    for field in topic.fields:
        kind, arrow = clickhouse_type(field), schema.field(field.name)
        assert arrow.nullable == kind.startswith("Nullable(") == (field.absent is not None)
        if "Decimal" in kind:
            assert arrow.type == pa.decimal128(18, LOGICAL[field.logical].scale)
            assert f"Decimal(18, {arrow.type.scale})" in kind
        elif "DateTime64" in kind:
            assert arrow.type == pa.timestamp("ns", "UTC")
        elif "String" in kind:
            assert pa.types.is_string(arrow.type) or pa.types.is_dictionary(arrow.type)
        else:
            assert str(arrow.type) in kind.lower().replace("float64", "double")


def test_tables_made_apart_join_into_one_dictionary() -> None:
    rows = [quote(kind="gap"), quote(kind="data")]
    tables = [to_clickhouse(from_rows(QUOTES, [r])) for r in rows]
    sink = pa.BufferOutputStream()
    joined = pa.concat_tables(tables)
    with pa.ipc.new_file(sink, joined.schema) as writer:
        writer.write(joined)  # the file format refuses a second dictionary
    assert pa.ipc.open_file(sink.getvalue()).read_all()["kind"].to_pylist() == ["gap", "data"]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.name)
def test_every_topic_has_a_table_and_versioned_ones_a_view(topic: Topic) -> None:
    statements = create_statements(topic, "space")
    assert statements[0].startswith(f"CREATE TABLE IF NOT EXISTS `space`.{topic.table}\n")
    assert f"ORDER BY ({', '.join(topic.sort_key)}, _partition, _offset)" in statements[0]
    for name in (*topic.field_names, "_partition", "_offset", "_day"):
        assert f"    `{name}` " in statements[0]
    views = [s for s in statements if s.startswith("CREATE VIEW") and f"{topic.table}_current" in s]
    assert bool(views) == ("version" in topic.field_names) == (topic.name in VERSION_KEYS)
