"""The generated tables and views in a real store: what is inserted is what SQL reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import clickhouse_connect
import numpy as np
import pyarrow as pa
import pytest
from clickhouse_connect.driver.client import Client

from cli.stack.supervise import Stack
from schemas.arrow import to_clickhouse
from schemas.columns import Batch, from_rows
from schemas.sql import create_statements
from schemas.topics import TOPIC, TOPICS, Topic

DATABASE = "tables_test"
TIME = 1_700_000_000_123_456_789


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[Client]:
    with clickhouse_connect.get_client(dsn=stack.endpoints.clickhouse) as found:
        found.command(f"CREATE DATABASE {DATABASE}")
        for topic in TOPICS:
            for statement in create_statements(topic, DATABASE) * 2:  # the second time is harmless
                found.command(statement)
        yield found
        found.command(f"DROP DATABASE {DATABASE}")


def row(topic: Topic, **other: Any) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in topic.fields:
        kind = field.logical
        if field.is_enum:
            values[field.name] = field.symbols[-1]
        elif field.absent is None:
            texts = ("label", "text", "json", "id")
            values[field.name] = "Ä" if kind in texts else kind == "flag" or 20_240_119
    return {**values, **other}


def insert(client: Client, batch: Batch, first_offset: int = 0) -> None:
    count = len(batch)
    table = to_clickhouse(batch)
    for name, column in (
        ("_partition", pa.array(np.full(count, 3, np.uint16))),
        ("_offset", pa.array(np.arange(first_offset, first_offset + count, dtype=np.uint64))),
        ("_day", pa.array(np.full(count, 19_000, np.int32), pa.date32())),
    ):
        table = table.append_column(name, column)
    client.insert_arrow(batch.topic.table, table, database=DATABASE)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.name)
def test_a_batch_reads_back_with_nulls_where_absent(client: Client, topic: Topic) -> None:
    insert(client, from_rows(topic, [row(topic, seq=1), row(topic, seq=2)]))
    names = ", ".join(f"`{n}`" for n in topic.field_names)
    query = f"SELECT {names} FROM {DATABASE}.{topic.table} ORDER BY _offset"
    rows = client.query(query).result_rows
    assert len(rows) == 2
    for field, value in zip(topic.fields, rows[1], strict=True):
        if field.is_enum:
            assert value == field.symbols[-1], field.name
        else:
            assert (value is None) == (field.absent is not None), field.name
    client.command(f"TRUNCATE TABLE {DATABASE}.{topic.table}")


def test_numbers_are_what_a_person_expects(client: Client) -> None:
    topic = TOPIC["equities.prints"]
    values = row(topic, price=187_123_456_789, size=100_500_000, source_ts=TIME)
    insert(client, from_rows(topic, [values]))
    query = (
        "SELECT price, size, source_ts, toUnixTimestamp64Nano(source_ts), off_exchange "
        f"FROM {DATABASE}.equity_prints WHERE kind = 'end'"
    )
    price, size, when, nanoseconds, off_exchange = client.query(query).result_rows[0]
    assert (price, size) == (Decimal("187.123456789"), Decimal("100.5"))
    assert nanoseconds == TIME
    assert when.replace(tzinfo=UTC) == datetime.fromtimestamp(TIME // 10**9, UTC).replace(microsecond=123_456)
    assert off_exchange is True


def test_the_current_view_keeps_the_highest_version_of_each(client: Client) -> None:
    topic = TOPIC["flow.alerts"]
    claims = [("a", "IBM", 0), ("b", "IBM", 0), ("a", "IBM", 2), ("a", "IBM", 1), ("c", "AIG", 0)]
    rows = [row(topic, alert_id=i, underlying=u, version=v, seq=n) for n, (i, u, v) in enumerate(claims)]
    insert(client, from_rows(topic, rows))
    query = f"SELECT alert_id, version FROM {DATABASE}.flow_alerts_current"
    assert sorted(map(tuple, client.query(query).result_rows)) == [("a", 2), ("b", 0), ("c", 0)]
    insert(client, from_rows(topic, [row(topic, alert_id="c", underlying="AIG", version=1)]), 5)
    mine = client.query(f"{query} WHERE underlying = 'AIG'").result_rows
    assert mine == [("c", 1)]
    total = client.query(f"SELECT count() FROM {DATABASE}.flow_alerts").result_rows
    assert total == [(6,)]


def test_a_row_inserted_twice_collapses_and_history_does_not(client: Client) -> None:
    topic = TOPIC["equities.candles"]
    same: dict[str, Any] = {"underlying": "IBM", "interval_s": 60, "start_ts": TIME}
    batch = from_rows(topic, [row(topic, **same, version=v) for v in range(3)])
    insert(client, batch)
    insert(client, batch)
    query = f"SELECT count() FROM {DATABASE}.equity_candles"
    assert client.query(f"{query} FINAL").result_rows == [(3,)]
    view = f"SELECT version FROM {DATABASE}.equity_candles_current WHERE interval_s = 60"
    assert client.query(view).result_rows == [(2,)]


def test_columns_carry_their_comment(client: Client) -> None:
    query = "SELECT name, comment FROM system.columns WHERE database = %(d)s AND table = 'flow_hits'"
    rows = client.query(query, {"d": DATABASE}).result_rows
    comments = {str(row[0]): str(row[1]) for row in rows}
    for field in TOPIC["flow.hits"].fields:
        assert comments[field.name].startswith(field.doc)
