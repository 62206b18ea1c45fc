"""What the store makes of a request's text: the split of INSERTs, formats, settings, refusals."""

from __future__ import annotations

import pytest

from cli.stack import store_sql
from cli.stack.store_errors import StoreError, describe


@pytest.mark.parametrize(
    ("query", "body", "head", "name", "data"),
    [
        ("INSERT INTO t FORMAT CSV", b"1\n", "INSERT INTO t", "CSV", b"1\n"),
        (
            "",
            b"insert into d.t (a, b) format Native\n\x00\xff",
            "insert into d.t (a, b)",
            "Native",
            b"\x00\xff",
        ),
        (
            "",
            b"INSERT INTO `a b`.`FORMAT x` (`c)`) FORMAT Arrow\nARROW",
            "INSERT INTO `a b`.`FORMAT x` (`c)`)",
            "Arrow",
            b"ARROW",
        ),
        (
            "-- note\nINSERT INTO t (a) SETTINGS x = 1 FORMAT CSV",
            b"5",
            "INSERT INTO t (a) SETTINGS x = 1",
            "CSV",
            b"5",
        ),
        ("", b"INSERT INTO t FORMAT CSV\n", "INSERT INTO t", "CSV", b""),
        ("", b"INSERT INTO t FORMAT Native\r\n\n1", "INSERT INTO t", "Native", b"\n1"),
    ],
)
def test_insert_is_split_from_its_data(query: str, body: bytes, head: str, name: str, data: bytes) -> None:
    found = store_sql.parse(query, body, "TabSeparated")
    assert (found.sql, found.format) == (head, name)
    assert found.data is not None and bytes(found.data) == data
    assert not found.has_rows


@pytest.mark.parametrize(
    ("text", "name", "has_rows", "is_streamable"),
    [
        ("SELECT 1", "TabSeparated", True, True),
        ("SELECT 1 FORMAT Parquet", "Parquet", True, False),
        ("/* a */ with x as (select 1) select * from x\n FORMAT Native;", "Native", True, True),
        ("(SELECT 1) UNION ALL (SELECT 2)", "TabSeparated", True, True),
        ("SHOW TABLES", "TabSeparated", True, False),
        ("CREATE TABLE t (a Int8) ENGINE = Memory", "TabSeparated", False, False),
        ("INSERT INTO t VALUES (1)", "TabSeparated", False, False),
        ("INSERT INTO t SELECT 1", "TabSeparated", False, False),
    ],
)
def test_statement_is_recognised(text: str, name: str, has_rows: bool, is_streamable: bool) -> None:
    found = store_sql.parse("", text.encode(), "TabSeparated")
    assert found.data is None
    assert (found.format, found.has_rows, found.is_streamable) == (name, has_rows, is_streamable)


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE k (a Int8) ENGINE = Kafka SETTINGS x = 1",
        "create table k (a Int8) engine=kafka('a')",
        "SELECT 1; CREATE TABLE k (a Int8) ENGINE/**/ RabbitMQ",
    ],
)
def test_queue_engines_are_refused(text: str) -> None:
    with pytest.raises(StoreError, match="not available in the embedded store"):
        store_sql.parse(text, b"", "CSV")


def test_text_about_an_engine_is_not_refused() -> None:
    assert store_sql.parse("SELECT 'ENGINE = Kafka' -- ENGINE=Kafka", b"", "CSV").has_rows


@pytest.mark.parametrize("body", [b"", b"  ", b"\xff\xfe", b"-- only a comment"])
def test_nonsense_is_refused(body: bytes) -> None:
    with pytest.raises(StoreError):
        store_sql.parse("", body, "CSV")


def test_parameters_are_told_apart() -> None:
    params = {"query_id": "a", "database": "d", "param_x": "1", "max_threads": "2"}
    assert store_sql.settings_of(params) == {"max_threads": "2"}
    assert store_sql.bound_of(params) == {"x": "1"}


@pytest.mark.parametrize("params", [{"a b": "1"}, {"x=1,y": "1"}, {"compress": "1"}])
def test_odd_parameters_are_refused(params: dict[str, str]) -> None:
    with pytest.raises(StoreError):
        store_sql.settings_of(params)


def test_quoting_holds_what_it_quotes() -> None:
    assert store_sql.quote("a'b\\") == "'a\\'b\\\\'"
    assert store_sql.quote_name("a`b") == "`a\\`b`"


def test_engine_errors_keep_code_and_version() -> None:
    error = RuntimeError("Streaming insert failed: Code: 60. DB::Exception: gone. (UNKNOWN_TABLE)")
    code, text = describe(error, "26.9")
    assert code == 60
    assert text == "Code: 60. DB::Exception: gone. (UNKNOWN_TABLE) (version 26.9)\n"
