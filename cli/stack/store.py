"""`python -m cli.stack.store --path P --port N`: the column store behind ClickHouse's HTTP.

Owns the listening socket. Loopback only, no users: it refuses requests that a web page of
another origin could make a browser send. Bounds: connections, statements, request bytes, time.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from types import FrameType
from typing import BinaryIO, cast
from urllib.parse import parse_qsl, urlsplit

from cli.stack import store_codec, store_sql
from cli.stack.store_engine import Context, Engine, Result
from cli.stack.store_errors import StoreError, describe, status_of
from cli.stack.store_sql import Statement

SLOTS = 16
MAX_CONNECTIONS = 128
MAX_REQUEST_BYTES = 256 << 20
SOCKET_WAIT_S = 300.0
STOP_WAIT_S = 5.0
LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
Header = tuple[str, str]


class Server(ThreadingHTTPServer):
    """Accepts at most MAX_CONNECTIONS; further ones are closed at once."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], engine: Engine) -> None:
        self.engine = engine
        self._room = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._active = 0
        self._idle = threading.Condition()
        super().__init__(address, Handler)

    def process_request(self, request: socket | tuple[bytes, socket], client_address: object) -> None:
        """Start a thread for a connection, or close it when there is no room."""
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: socket | tuple[bytes, socket], client_address: object) -> None:
        """Serve one connection and give its room back."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: object) -> None:
        """A client that went away is no error; anything else goes to the log."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)

    def enter(self) -> None:
        """Count a statement in."""
        with self._idle:
            self._active += 1

    def leave(self) -> None:
        """Count a statement out."""
        with self._idle:
            self._active -= 1
            self._idle.notify_all()

    def wait_idle(self, wait_s: float) -> bool:
        """Whether every statement ended within `wait_s`."""
        with self._idle:
            return self._idle.wait_for(lambda: self._active == 0, wait_s)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    timeout = SOCKET_WAIT_S
    server: Server

    def log_message(self, format: str, *args: object) -> None:
        """Silent: requests are not logged."""

    def do_GET(self) -> None:
        """`/ping`, `/` and read-only statements in `?query=`."""
        self._serve(is_get=True)

    def do_POST(self) -> None:
        """Any statement."""
        self._serve(is_get=False)

    def _serve(self, is_get: bool) -> None:
        parts = urlsplit(self.path)
        self.server.enter()
        try:
            body = self._body()
            if parts.path in ("/ping", "/replicas_status"):
                self._send(200, b"Ok.\n", [])
                return
            params = dict(parse_qsl(parts.query, keep_blank_values=True))
            self._refuse_foreign()
            self._answer(params, body, is_get)
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        except Exception as error:  # every engine failure becomes an answer
            self._fail(error)
        finally:
            self.server.leave()

    def _refuse_foreign(self) -> None:
        host = self.headers.get("Host", "").rsplit(":", 1)[0]
        if "Origin" in self.headers or host not in LOCAL_HOSTS:
            raise StoreError(497, "ACCESS_DENIED", "only programs on this machine may ask")

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            raw = store_codec.read_chunked(cast(BinaryIO, self.rfile), MAX_REQUEST_BYTES)
        else:
            size = int(self.headers.get("Content-Length") or 0)
            if size > MAX_REQUEST_BYTES:
                self.close_connection = True
                raise store_codec.too_large(MAX_REQUEST_BYTES)
            raw = self.rfile.read(size)
        encoding = self.headers.get("Content-Encoding", "").lower()
        return store_codec.decompress(raw, encoding, MAX_REQUEST_BYTES)

    def _answer(self, params: dict[str, str], body: bytes, is_get: bool) -> None:
        wanted = params.get("default_format") or self.headers.get("X-ClickHouse-Format")
        query, body = self._form(params, body)
        if not query and not body:
            self._send(200, b"Ok.\n", [])
            return
        statement = store_sql.parse(query, body, wanted or store_sql.DEFAULT_FORMAT)
        settings = store_sql.settings_of(params)
        if is_get:
            settings.setdefault("readonly", "2")
        database = params.get("database") or self.headers.get("X-ClickHouse-Database") or ""
        context = Context(database, settings, store_sql.bound_of(params))
        with self.server.engine.run(statement, context) as result:
            self._reply(statement, result, params)

    def _form(self, params: dict[str, str], body: bytes) -> tuple[str, bytes]:
        """The query and its data; form fields are read like parameters of the address."""
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("multipart/form-data"):
            params.update(form_fields(kind, body))
            body = b""
        return params.pop("query", ""), body

    def _reply(self, statement: Statement, result: Result, params: dict[str, str]) -> None:
        first = next(result.pieces, b"")
        second = next(result.pieces, None)
        headers = [
            ("X-ClickHouse-Query-Id", params.get("query_id") or str(uuid.uuid4())),
            ("X-ClickHouse-Timezone", self.server.engine.timezone),
            ("X-ClickHouse-Server-Display-Name", "islandflow"),
            ("X-ClickHouse-Summary", json.dumps(result.summary)),
        ]
        if statement.has_rows:
            headers.append(("X-ClickHouse-Format", statement.format))
        if second is None:
            self._send(200, first, headers, params.get("enable_http_compression") == "1")
            return
        self._stream(first, second, result, headers)

    def _stream(self, first: bytes, second: bytes, result: Result, headers: list[Header]) -> None:
        self.send_response(200)
        for name, value in headers:
            self.send_header(name, value)
        tag = uuid.uuid4().hex[:16]
        self.send_header("X-ClickHouse-Exception-Tag", tag)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self._chunk(first)
        self._chunk(second)
        try:
            for piece in result.pieces:
                self._chunk(piece)
        except (ConnectionError, TimeoutError):
            raise
        except Exception as error:
            # The status is out: say it in the stream and end it without the last chunk.
            self._chunk(tagged(describe(error, self.server.engine.version)[1], tag))
            self.wfile.flush()
            self.close_connection = True
            return
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, piece: bytes) -> None:
        self.wfile.write(b"%x\r\n" % len(piece))
        self.wfile.write(piece)
        self.wfile.write(b"\r\n")

    def _fail(self, error: Exception) -> None:
        code, text = describe(error, self.server.engine.version)
        headers = [("X-ClickHouse-Exception-Code", str(code))]
        if status_of(code) == 413:
            # The rest of the body was not read, so the connection cannot go on.
            self.close_connection = True
            headers.append(("Connection", "close"))
        try:
            self._send(status_of(code), text.encode(), headers)
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _send(self, status: int, body: bytes, headers: list[Header], may_compress: bool = False) -> None:
        encoding = store_codec.choose(self.headers.get("Accept-Encoding", ""))
        if may_compress and encoding and body:
            body = store_codec.compress(body, encoding)
            headers = [*headers, ("Content-Encoding", encoding)]
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "text/plain; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def tagged(text: str, tag: str) -> bytes:
    """An error inside a stream, between the marks that its reader looks for."""
    message = text.rstrip("\n").encode() + b"\n"
    mark = tag.encode()
    end = b"%d " % len(message) + mark + b"\r\n__exception__\r\n"
    return b"\r\n__exception__\r\n" + mark + b"\r\n" + message + end


def form_fields(kind: str, body: bytes) -> dict[str, str]:
    """The plain fields of a multipart form. Raises StoreError for a file (external tables)."""
    boundary = b"--" + kind.partition("boundary=")[2].strip('"').encode()
    fields: dict[str, str] = {}
    for part in body.split(boundary)[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        text = head.decode("utf-8", "replace")
        if "filename=" in text:
            raise StoreError(48, "NOT_IMPLEMENTED", "external tables are not available here")
        name = text.partition('name="')[2].partition('"')[0]
        fields[name] = value.removesuffix(b"\r\n").decode("utf-8", "replace")
    return fields


def serve(path: Path, port: int) -> None:
    """Serve a folder until SIGTERM or SIGINT."""
    path.mkdir(parents=True, exist_ok=True)
    engine = Engine(path, SLOTS)
    server = Server(("127.0.0.1", port), engine)

    def stop(number: int, frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    # Set after the engine is open: it installs handlers of its own.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    if server.wait_idle(STOP_WAIT_S):
        engine.close()
    sys.stdout.flush()
    # Threads of idle connections and of the engine must not hold the process up.
    os._exit(0)


def main(argv: list[str] | None = None) -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m cli.stack.store", description=__doc__)
    parser.add_argument("--path", type=Path, required=True, help="the data folder")
    parser.add_argument("--port", type=int, required=True, help="the port on loopback")
    args = parser.parse_args(argv)
    serve(args.path, args.port)


if __name__ == "__main__":
    main()
