"""Reading from the store in columns, bounded: time, rows, bytes and memory of every query.

Owns the read side only: SELECT statements written by us, with values bound by the server. Refuses
to wait: a query that takes longer than its limit fails with a sentence.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import clickhouse_connect
import orjson
from clickhouse_connect.driver.exceptions import ClickHouseError

from connectors.errors import ServiceError

MAX_QUERY_S: Final = 5
MAX_RESULT_ROWS: Final = 20_000
CONNECT_WAIT_S: Final = 2
_ABSENT_CODES: Final = ("UNKNOWN_TABLE", "UNKNOWN_DATABASE")
_SLOW_CODES: Final = ("TIMEOUT_EXCEEDED", "TOO_SLOW")
_SETTINGS: Final[dict[str, Any]] = {
    "max_execution_time": MAX_QUERY_S,
    "max_result_rows": MAX_RESULT_ROWS,
    "max_memory_usage": 1 << 30,
    "max_threads": 2,
    # Whole numbers and decimals stay JSON numbers; times are asked for as text.
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_quote_decimals": 0,
    "output_format_json_quote_denormals": 0,
    # A short ORDER BY ... LIMIT reads the wide columns of the chosen rows only.
    "query_plan_max_limit_for_lazy_materialization": 1001,
}


class NothingStored(Exception):
    """The database or the table does not exist yet: nothing has been archived to it."""


class QueryTooSlow(Exception):
    """The query was stopped at its time limit."""


class Statement(Protocol):
    """A SELECT whose `{name:Type}` placeholders are bound to `parameters`."""

    @property
    def text(self) -> str: ...
    @property
    def names(self) -> Sequence[str]: ...
    @property
    def parameters(self) -> Mapping[str, Any]: ...


class ReadStore:
    """The tables of one namespace. Safe for threads; connects when first asked."""

    def __init__(self, url: str, namespace: str) -> None:
        self._url = url
        self._namespace = namespace
        self._client: Any = None
        self._lock = threading.Lock()

    def columns(self, statement: Statement) -> dict[str, list[Any]]:
        """Run a SELECT and return its columns by name, in JSON forms.

        Raises:
            NothingStored: the table or database does not exist (yet).
            QueryTooSlow: it ran into its time limit.
            ServiceError: the store cannot be reached or refused the query.
        """
        text = f"{statement.text} FORMAT JSONCompactColumns"
        values = orjson.loads(self._run(text, dict(statement.parameters)))
        if not values:  # without rows the format writes no columns either
            return {name: [] for name in statement.names}
        assert len(values) == len(statement.names), statement.text
        return dict(zip(statement.names, values, strict=True))

    def ping(self) -> None:
        """Ask for the number one. Raises ServiceError."""
        if self._run("SELECT 1 FORMAT TabSeparated", {}, database="").strip() != b"1":
            raise ServiceError("the store answered SELECT 1 with something else")

    def _run(self, text: str, parameters: dict[str, Any], database: str | None = None) -> bytes:
        try:
            client = self._connected()
            settings = dict(_SETTINGS)
            if database is None:
                settings["database"] = self._namespace
            answer = client.raw_query(text, parameters=parameters, settings=settings)
        except (ClickHouseError, OSError) as error:
            raise _explained(error) from error
        return bytes(answer)

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = clickhouse_connect.get_client(
                    dsn=self._url,
                    autogenerate_session_id=False,
                    connect_timeout=CONNECT_WAIT_S,
                    send_receive_timeout=MAX_QUERY_S + 2,
                    query_retries=1,
                )
            return self._client

    def close(self) -> None:
        """Let go of the connections."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None


def _explained(error: Exception) -> Exception:
    text = str(error)
    if any(code in text for code in _ABSENT_CODES):
        return NothingStored(text)
    if any(code in text for code in _SLOW_CODES):
        return QueryTooSlow(f"the query took longer than {MAX_QUERY_S} s; ask for less")
    return ServiceError("the store cannot be reached or refused the query")
