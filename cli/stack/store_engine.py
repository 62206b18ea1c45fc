"""The column store's engine (chDB), one data folder, one process. Owns every connection to it.

Each statement gets a connection of its own (0.2 ms): a database chosen, a setting changed or
`readonly` can then never leak into another statement. Refuses more statements at a time than
`slots`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import chdb

from cli.stack import store_sql
from cli.stack.store_errors import StoreError
from cli.stack.store_sql import Statement

SLOT_WAIT_S = 60.0
MAX_RESULT_BYTES = 512 << 20
NOT_STREAMABLE = "Streaming query is not supported"


@dataclass(frozen=True)
class Context:
    """Where and how a statement runs: database, settings, bound values."""

    database: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    bound: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Result:
    """The answer in pieces and what the engine counted; numbers settle once pieces are read."""

    pieces: Iterator[bytes]
    summary: dict[str, str] = field(default_factory=dict)


class Engine:
    """The engine of one folder."""

    def __init__(self, path: Path, slots: int) -> None:
        self._path = str(path)
        self._slots = threading.BoundedSemaphore(slots)
        # The engine stays open while one connection does.
        self._keeper = chdb.connect(self._path)
        row = self._keeper.query("SELECT version(), timezone()", "TabSeparated").bytes()
        self.version, self.timezone = row.decode().strip().split("\t")

    def close(self) -> None:
        """Close the engine; the caller has made sure that nothing runs."""
        self._keeper.close()

    @contextmanager
    def run(self, statement: Statement, context: Context) -> Iterator[Result]:
        """Run one statement; its result must be read inside the block.

        Raises:
            StoreError: no slot became free. Engine errors come as chdb raises them.
        """
        if not self._slots.acquire(timeout=SLOT_WAIT_S):
            raise StoreError(202, "TOO_MANY_SIMULTANEOUS_QUERIES", "Too many statements at a time")
        try:
            connection = chdb.connect(self._path)
            try:
                _prepare(connection, statement, context)
                yield _execute(connection, statement, dict(context.bound))
            finally:
                with suppress(Exception):
                    connection.close()
        finally:
            self._slots.release()


def _prepare(connection: Any, statement: Statement, context: Context) -> None:
    if context.database:
        connection.query(f"USE {store_sql.quote_name(context.database)}")
    settings = {"async_insert": "0", **context.settings}
    if not statement.is_streamable and statement.data is None:
        settings.setdefault("max_result_bytes", str(MAX_RESULT_BYTES))
    # readonly comes last, since it forbids the others.
    ordered = sorted(settings.items(), key=lambda item: item[0] == "readonly")
    for name, value in ordered:
        connection.query(f"SET {name} = {store_sql.quote(value)}")


def _execute(connection: Any, statement: Statement, bound: dict[str, str]) -> Result:
    if statement.data is not None:
        return _insert(connection, statement)
    if statement.is_streamable:
        try:
            chunks = connection.send_query(statement.sql, statement.format, params=bound)
        except chdb.ChdbError as error:
            if NOT_STREAMABLE not in str(error):
                raise
        else:
            return Result(_pieces(connection, chunks, statement, bound))
    result = connection.query(statement.sql, statement.format, params=bound)
    return Result(iter([bytes(result.bytes())]), _summary(result))


def _insert(connection: Any, statement: Statement) -> Result:
    assert statement.data is not None
    with connection.send_insert(statement.sql, statement.format) as stream:
        if len(statement.data):
            stream.append(statement.data)
        done = stream.finish()
    summary = {
        "written_rows": str(done.rows_written),
        "written_bytes": str(done.bytes_written),
        "elapsed_ns": str(int(done.elapsed * 1e9)),
    }
    return Result(iter([b""]), summary)


def _pieces(connection: Any, chunks: Any, statement: Statement, bound: dict[str, str]) -> Iterator[bytes]:
    is_empty = True
    with chunks:
        for chunk in chunks:
            piece = bytes(chunk.bytes())
            if piece:
                is_empty = False
                yield piece
    if is_empty and statement.format == "Native":
        yield store_sql.empty_native(_columns(connection, statement.sql, bound))


def _columns(connection: Any, sql: str, bound: dict[str, str]) -> list[tuple[str, str]]:
    text = f"DESCRIBE TABLE ({store_sql.without_format(sql)}\n)"
    rows = json.loads(connection.query(text, "JSONCompact", params=bound).bytes())["data"]
    return [(str(row[0]), str(row[1])) for row in rows]


def _summary(result: Any) -> dict[str, str]:
    return {
        "read_rows": str(result.rows_read()),
        "read_bytes": str(result.bytes_read()),
        "written_rows": str(result.rows_written()),
        "written_bytes": str(result.bytes_written()),
        "elapsed_ns": str(int(result.elapsed() * 1e9)),
    }
