"""The store's HTTP as ordinary clients use it: clickhouse-connect and a plain HTTP client."""

from __future__ import annotations

import datetime as dt
import gzip
import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from urllib.parse import urlencode, urlsplit

import clickhouse_connect
import pyarrow as pa
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError, StreamFailureError

from cli.stack.supervise import Stack

DATABASE = "store_http"
COLUMNS = "(n UInt64, s LowCardinality(String), p Decimal(18,9), t DateTime64(9,'UTC'))"
ROWS = 5_000


@pytest.fixture(scope="module")
def url(stack: Stack) -> Iterator[str]:
    """The store's address, with a database for these tests."""
    with connect(stack.endpoints.clickhouse) as client:
        client.command(f"CREATE DATABASE {DATABASE}")
        yield stack.endpoints.clickhouse
        client.command(f"DROP DATABASE {DATABASE}")


def connect(url: str, database: str = "", compress: bool | str = False) -> Client:
    found: Client = clickhouse_connect.get_client(dsn=url, database=database or "default", compress=compress)
    return found


def ask(url: str, body: bytes = b"", *, method: str = "POST", **more: object) -> tuple[int, bytes]:
    """One plain request: status and body."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    headers = {str(k): str(v) for k, v in dict(more.pop("headers", {})).items()}  # type: ignore[call-overload]
    try:
        connection.request(method, f"/?{urlencode(more)}", body, headers)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def table() -> pa.Table:
    start = dt.datetime(2013, 10, 7, tzinfo=dt.UTC)
    return pa.table(
        {
            "n": pa.array(range(ROWS), pa.uint64()),
            "s": [f"name {n % 7}" for n in range(ROWS)],
            "p": pa.array([Decimal(n) / 1000 for n in range(ROWS)], pa.decimal128(18, 9)),
            "t": pa.array([start] * ROWS, pa.timestamp("ns", "UTC")),
        }
    )


@pytest.mark.parametrize("compress", [False, "lz4", "zstd", "gzip"])
def test_arrow_goes_in_and_comes_out(url: str, compress: bool | str) -> None:
    """Arrow in, Arrow out, with each compression; the engine keeps every value."""
    name = f"arrow_{compress}".lower()
    with connect(url, DATABASE, compress) as client:
        client.command(f"CREATE TABLE {name} {COLUMNS} ENGINE = MergeTree ORDER BY n")
        assert client.insert_arrow(name, table()).written_rows == ROWS
        found = client.query_arrow(f"SELECT * FROM {name} ORDER BY n")
        assert found.column("n").to_pylist() == list(range(ROWS))
        assert found.column("p").to_pylist() == table().column("p").to_pylist()
        rows = client.query(f"SELECT * FROM {name} ORDER BY n").result_rows
        assert len(rows) == ROWS
        assert rows[-1][:3] == (ROWS - 1, "name 1", Decimal("4.999"))


def test_native_insert_and_bound_parameters(url: str) -> None:
    """Rows as Python values, then found by server-side parameters."""
    with connect(url, DATABASE) as client:
        client.command("CREATE TABLE bound (n UInt64, s String) ENGINE = MergeTree ORDER BY n")
        text = "it's\ta \\ line\n"
        client.insert("bound", [[1, "x"], [2, text]], column_names=["n", "s"])
        query = "SELECT n FROM bound WHERE s = {s:String} AND n IN {n:Array(UInt64)}"
        found = client.query(query, parameters={"s": text, "n": [2, 3]})
        assert found.result_rows == [(2,)]


def test_empty_result_has_its_columns(url: str) -> None:
    with connect(url) as client:
        found = client.query("SELECT number AS n, 'x' AS s FROM numbers(10) WHERE n > 10")
        assert (found.column_names, found.result_rows) == (("n", "s"), [])


def test_large_result_is_streamed(url: str) -> None:
    with (
        connect(url) as client,
        client.query_row_block_stream("SELECT number FROM numbers(300000)") as blocks,
    ):
        assert sum(len(block) for block in blocks) == 300_000


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT * FROM nowhere", 60),
        ("SELECT FROM WHERE", 62),
        ("SELECT throwIf(number = 5) FROM numbers(10)", 395),
        ("SELECT 1 SETTINGS nonsense = 1", 115),
    ],
)
def test_errors_carry_the_engine_code(url: str, query: str, code: int) -> None:
    with connect(url) as client, pytest.raises(DatabaseError) as raised:
        client.query(query)
    assert raised.value.code == code


def test_error_in_the_middle_of_a_stream_is_seen(url: str) -> None:
    with connect(url) as client, pytest.raises(StreamFailureError, match="throwIf"):
        _ = client.query("SELECT throwIf(number = 900000), number FROM numbers(1000000)").result_rows


def test_nothing_sticks_to_the_next_statement(url: str) -> None:
    """`readonly`, settings and USE belong to one request."""
    with connect(url) as client:
        assert client.query("SELECT 1", settings={"readonly": 1}).result_rows == [(1,)]
        with pytest.raises(DatabaseError, match="READONLY"):
            client.command("CREATE DATABASE never", settings={"readonly": 1})
        client.command(f"USE {DATABASE}")
        client.command("SET max_threads = 1")
        found = client.query("SELECT currentDatabase(), getSetting('async_insert')").result_rows
        assert found == [("default", False)]
        client.command("CREATE DATABASE sticky")
        client.command("DROP DATABASE sticky")


def test_time_limit_holds(url: str) -> None:
    query = "SELECT sleep(0.2) FROM numbers(100)"
    settings = {"max_execution_time": 1, "max_block_size": 1}
    with connect(url) as client, pytest.raises(ClickHouseError, match="TIMEOUT_EXCEEDED"):
        _ = client.query(query, settings=settings).result_rows


def test_queue_tables_are_refused(url: str) -> None:
    with connect(url, DATABASE) as client:
        with pytest.raises(DatabaseError, match="not available in the embedded store"):
            client.command("CREATE TABLE k (n Int8) ENGINE = Kafka SETTINGS kafka_num_consumers=1")
        assert client.command("EXISTS TABLE k") == 0


def test_plain_requests(url: str) -> None:
    """What a person types: query in the address, data in the body, formats by name."""
    assert ask(url, method="GET", query="SELECT 1") == (200, b"1\n")
    assert ask(url, b"SELECT 2 AS a FORMAT CSVWithNames") == (200, b'"a"\n2\n')
    status, body = ask(url, b"SELECT 1 AS a", default_format="JSON")
    assert (status, json.loads(body)["data"]) == (200, [{"a": 1}])
    status, body = ask(url, b"SELECT 1 AS a FORMAT Parquet")
    assert (status, body[:4]) == (200, b"PAR1")
    assert ask(url) == (200, b"Ok.\n")
    create = b"CREATE TABLE typed (a Int8, b String) ENGINE = MergeTree ORDER BY a"
    assert ask(url, create, database=DATABASE) == (200, b"")
    insert = {"query": "INSERT INTO typed FORMAT CSV", "database": DATABASE}
    assert ask(url, b"1,x\n2,y\n", **insert)[0] == 200
    assert ask(url, gzip.compress(b"3,z\n"), headers={"Content-Encoding": "gzip"}, **insert)[0] == 200
    assert ask(url, b"SELECT * FROM typed ORDER BY a", database=DATABASE)[1] == b"1\tx\n2\ty\n3\tz\n"
    assert ask(url, b"nonsense,\n", **insert)[0] in (400, 500)


def test_get_changes_nothing(url: str) -> None:
    assert ask(url, method="GET", query=f"CREATE DATABASE {DATABASE}_2")[0] == 403


@pytest.mark.parametrize("headers", [{"Origin": "http://page.example"}, {"Host": "page.example"}])
def test_pages_of_other_sites_are_refused(url: str, headers: dict[str, str]) -> None:
    assert ask(url, b"SELECT 1", headers=headers)[0] == 403


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"SELECT 1", {"Content-Encoding": "gzip"}, 500),
        (gzip.compress(b"SELECT 1")[:-9], {"Content-Encoding": "gzip"}, 500),
        (b"SELECT 1", {"Content-Encoding": "rot13"}, 501),
        (gzip.compress(b" " * (300 << 20), 1), {"Content-Encoding": "gzip"}, 413),
        (b"", {"Content-Length": str(300 << 20)}, 413),
        (b"\xff\xfe", {}, 400),
    ],
)
def test_bad_bodies_are_refused(url: str, body: bytes, headers: dict[str, str], status: int) -> None:
    assert ask(url, body, headers=headers)[0] == status
    assert ask(url, b"SELECT 1") == (200, b"1\n")


def test_many_clients_at_once(url: str) -> None:
    """More clients than statements may run: all are served."""

    def work(number: int) -> int:
        status, body = ask(url, f"SELECT sum(number) + {number} FROM numbers(100000)".encode())
        assert status == 200
        return int(body) - number

    with ThreadPoolExecutor(40) as pool:
        assert set(pool.map(work, range(80))) == {99_999 * 50_000}
