"""What the routes share: the store, the hub, the session, and threads for blocking work.

Owns one gateway's parts and their bounds. Routes find it on the application's state.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, ParamSpec, TypeVar, cast

import anyio
from fastapi import Request, WebSocket

from api.errors import ApiError
from api.explainer import Explainer
from api.hub import Hub
from api.reader import Reader
from api.session import Sessions
from api.sockets import Sockets
from api.sql import Statement
from connectors.clickhouse_read import NothingStored, QueryTooSlow, ReadStore
from connectors.errors import ServiceError
from connectors.redis_cache import RateLimiter

THREADS: Final = 8

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(slots=True)
class Gateway:
    """The parts of one gateway process."""

    namespace: str
    bootstrap: str
    store: ReadStore
    limiter: RateLimiter
    hub: Hub
    reader: Reader
    sessions: Sessions
    sockets: Sockets
    explainer: Explainer
    _threads: anyio.CapacityLimiter | None = field(default=None, repr=False)

    async def in_thread(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run something that blocks; at most THREADS at once, the others wait."""
        if self._threads is None:
            self._threads = anyio.CapacityLimiter(THREADS)
        bound = functools.partial(call, *args, **kwargs)
        return await anyio.to_thread.run_sync(bound, limiter=self._threads)

    async def select(self, statement: Statement) -> dict[str, list[Any]]:
        """Run a SELECT; where nothing is stored yet the columns are empty. Raises ApiError."""
        try:
            return await self.in_thread(self.store.columns, statement)
        except NothingStored:
            return {name: [] for name in statement.names}
        except QueryTooSlow as slow:
            raise ApiError(503, str(slow), {"Retry-After": "1"}) from None
        except ServiceError as error:
            raise ApiError(503, str(error), {"Retry-After": "2"}) from None


def gateway_of(request: Request | WebSocket) -> Gateway:
    """The gateway that serves a request."""
    return cast(Gateway, request.app.state.gateway)
