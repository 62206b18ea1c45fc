"""What an HTTP request to the store asks for. Pure: text in, statement out; runs nothing.

Owns the split of an INSERT from its data, the closed list of parameters that are not settings,
and the refusal of table engines that would leave the data folder unopenable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cli.stack.store_errors import StoreError

DEFAULT_FORMAT = "TabSeparated"
# Formats whose blocks may be sent one after another; the others have a head or a foot.
STREAMED = frozenset({"Native", "TabSeparated", "TSV", "CSV", "RowBinary", "JSONEachRow"})
HEAD_BYTES = 1 << 16

_COMMENT = r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*"
_NAME = r'(?:`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*"|\w+)'
_COLUMNS = r'(?:\s*\((?:`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*"|[^()`"])*\))?'
_INSERT = re.compile(
    (
        rf"{_COMMENT}(?P<head>INSERT\s+INTO\s+(?:TABLE\s+)?{_NAME}(?:\s*\.\s*{_NAME})?{_COLUMNS}"
        r"(?:\s+SETTINGS\s+[^;\n]*?)?)\s*\bFORMAT\s+(?P<format>\w+)[ \t]*;?[ \t]*\r?\n?"
    ).encode("ascii"),
    re.IGNORECASE | re.DOTALL,
)
_FIRST_WORD = re.compile(rf"{_COMMENT}\(*\s*(\w+)", re.DOTALL)
_FORMAT_TAIL = re.compile(r"\bFORMAT\s+(\w+)\s*(?:SETTINGS\s[^;]*)?;?\s*$", re.IGNORECASE)
_QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_REFUSED = re.compile(r"\bENGINE\s*=?\s*(Kafka|RabbitMQ|NATS|FileLog|S3Queue|AzureQueue)\b", re.IGNORECASE)
_ROWS = frozenset(
    {"SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "CHECK", "VALUES", "FROM"}
)
_SETTING_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_NOT_SETTINGS = frozenset(
    {
        "query",
        "database",
        "default_format",
        "query_id",
        "session_id",
        "session_timeout",
        "session_check",
        "close_session",
        "compress",
        "decompress",
        "buffer_size",
        "wait_end_of_query",
        "user",
        "password",
        "quota_key",
        "stacktrace",
        "role",
        "client_protocol_version",
        "enable_http_compression",
        "send_progress_in_http_headers",
        "http_headers_progress_interval_ms",
        "cancel_http_readonly_queries_on_client_close",
        "http_zlib_compression_level",
        "add_http_cors_header",
    }
)


@dataclass(frozen=True)
class Statement:
    """One parsed request; `data` belongs to an INSERT and is None for everything else."""

    sql: str
    format: str
    has_rows: bool
    is_streamable: bool
    data: bytes | memoryview | None = None


def parse(query: str, body: bytes, default_format: str) -> Statement:
    """The statement of a request: `query` from the address, then the body.

    Raises:
        StoreError: no text, undecodable text, or a refused table engine.
    """
    insert = _parse_insert(query, body)
    if insert is not None:
        return insert
    try:
        text = "\n".join(part for part in (query, body.decode("utf-8")) if part)
    except UnicodeDecodeError:
        reason = "the request is neither SQL text nor an INSERT"
        raise StoreError(27, "CANNOT_PARSE_INPUT", reason) from None
    word = _FIRST_WORD.match(text)
    if word is None:
        raise StoreError(62, "SYNTAX_ERROR", "Empty query")
    verb = word.group(1).upper()
    if verb != "INSERT":
        refuse_engines(text)
    tail = _FORMAT_TAIL.search(text)
    name = tail.group(1) if tail else default_format
    is_select = verb in ("SELECT", "WITH")
    return Statement(text, name, verb in _ROWS, is_select and name in STREAMED)


def _parse_insert(query: str, body: bytes) -> Statement | None:
    data: bytes | memoryview
    if query.strip():
        head = query.encode()
        found = _INSERT.match(head)
        data = head[found.end() :] + body if found and found.end() < len(head) else body
    else:
        found = _INSERT.match(body[:HEAD_BYTES])
        data = memoryview(body)[found.end() :] if found else b""
    if found is None:
        return None
    return Statement(found["head"].decode("utf-8"), found["format"].decode("ascii"), False, False, data)


def refuse_engines(text: str) -> None:
    """Raise StoreError for a table that consumes a queue: a failed one cannot be opened again."""
    found = _REFUSED.search(_QUOTED.sub(" ", text))
    if found:
        raise StoreError(
            344,
            "SUPPORT_IS_DISABLED",
            f"table engine {found.group(1)} is not available in the embedded store",
        )


def without_format(sql: str) -> str:
    """The query without its trailing FORMAT clause and semicolon."""
    return _FORMAT_TAIL.sub("", sql).rstrip().rstrip(";")


def settings_of(params: Mapping[str, str]) -> dict[str, str]:
    """The parameters of an address that are engine settings.

    Raises:
        StoreError: a name that is no setting's, or native-protocol compression.
    """
    if params.get("compress", "0") == "1" or params.get("decompress", "0") == "1":
        raise StoreError(48, "NOT_IMPLEMENTED", "use Content-Encoding, not compress/decompress")
    found = {
        name: value
        for name, value in params.items()
        if name not in _NOT_SETTINGS and not name.startswith("param_")
    }
    for name in found:
        if not _SETTING_NAME.match(name):
            raise StoreError(115, "UNKNOWN_SETTING", f"Setting {name!r} is neither known")
    return found


def bound_of(params: Mapping[str, str]) -> dict[str, str]:
    """The values bound to `{name:Type}` placeholders."""
    return {name[6:]: value for name, value in params.items() if name.startswith("param_")}


def quote(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quote_name(text: str) -> str:
    """An identifier."""
    return "`" + text.replace("\\", "\\\\").replace("`", "\\`") + "`"


def empty_native(columns: list[tuple[str, str]]) -> bytes:
    """A Native block without rows: what a server sends so that a reader learns the columns."""
    parts = [_varint(len(columns)), _varint(0)]
    for pair in columns:
        for text in pair:
            raw = text.encode()
            parts += [_varint(len(raw)), raw]
    return b"".join(parts)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
