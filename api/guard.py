"""The door: who may ask, how much and how often, and the headers every answer carries.

Owns the checks of Host (against rebinding of names), Origin (a page of another site may not open
the socket), sizes and rates, before any route runs. Plain ASGI, so that it covers sockets too.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.responses import JSONResponse

from connectors.redis_cache import RateLimiter

LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
MAX_QUERY_BYTES: Final = 8 * 1024
MAX_BODY_BYTES: Final = 16 * 1024
CLOSE_FORBIDDEN: Final = 4403
LIMITED_PATHS: Final = ("/api", "/ws", "/health")

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS: Final = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Refused(Exception):
    """A request that is turned away at the door, with its status and sentence."""

    def __init__(self, status: int, sentence: str, retry_s: float = 0.0) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = {"retry-after": str(math.ceil(retry_s))} if retry_s else {}


class Guard:
    """Wraps the application. `hosts` are allowed besides loopback, without a port."""

    def __init__(self, app: App, limiter: RateLimiter, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._limiter = limiter
        self._hosts = LOOPBACK_HOSTS | {h.lower() for h in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            await self._check(scope)
        except Refused as refused:
            await _turn_away(scope, receive, send, refused)
            return
        await self._app(scope, receive, _with_headers(send))

    async def _check(self, scope: Scope) -> None:
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        self._check_origin(scope, headers)
        if len(scope.get("query_string", b"")) > MAX_QUERY_BYTES:
            raise Refused(414, f"the query may have at most {MAX_QUERY_BYTES} bytes")
        _check_body(headers)
        if scope["path"].startswith(LIMITED_PATHS):
            client = (scope.get("client") or ("unknown", 0))[0]
            wait_s = await self._limiter.take(str(client))
            if wait_s > 0:
                raise Refused(429, f"too many requests; try again in {wait_s:.1f} s", wait_s)

    def _check_origin(self, scope: Scope, headers: MutableMapping[str, str]) -> None:
        host = headers.get("host", "").lower()
        if host_name(host) not in self._hosts:
            raise Refused(403, "this host name is not served here")
        origin = headers.get("origin")
        if scope["type"] != "websocket" or origin is None:
            return  # programs send no Origin; browsers always do on sockets
        parts = urlsplit(origin.lower())
        if parts.scheme not in ("http", "https") or parts.netloc != host:
            raise Refused(403, "pages of another origin may not open the socket")


def host_name(host: str) -> str:
    """The Host header without its port; IPv6 addresses keep their brackets."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _check_body(headers: MutableMapping[str, str]) -> None:
    length = headers.get("content-length", "0")
    is_chunked = "transfer-encoding" in headers
    if is_chunked or not length.isdigit() or int(length) > MAX_BODY_BYTES:
        raise Refused(413, f"a request may carry at most {MAX_BODY_BYTES} bytes")


async def _turn_away(scope: Scope, receive: Receive, send: Send, refused: Refused) -> None:
    if scope["type"] == "websocket":
        # Before the handshake is accepted a close becomes an HTTP 403.
        await send({"type": "websocket.close", "code": CLOSE_FORBIDDEN, "reason": str(refused)})
        return
    answer = JSONResponse({"error": str(refused)}, refused.status, refused.headers)
    await answer(scope, receive, _with_headers(send))


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *HEADERS]
        await send(message)

    return sending
