"""The gateway as one application: routes, socket, page, and what starts and stops with them.

Owns the wiring only. `create_app` reads no environment and opens nothing until the server starts.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Final

import structlog
from fastapi import FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from api import evidence, explain, history
from api.deps import Gateway, gateway_of
from api.errors import ApiError
from api.explainer import Explainer
from api.guard import Guard
from api.health import Health
from api.hub import Hub
from api.page import Page
from api.reader import Reader
from api.session import Sessions
from api.sockets import Sockets
from connectors.clickhouse_read import ReadStore
from connectors.errors import UserError
from connectors.redis_cache import Rate, RateLimiter
from connectors.registry import codec_for
from connectors.settings import Settings

RATE: Final = Rate(per_s=50.0, burst=200)
DIST: Final = Path(__file__).resolve().parent.parent / "frontend" / "dist"

log = structlog.get_logger()


def create_app(
    settings: Settings, namespace: str, hosts: Iterable[str] = (), explainer: str | None = None
) -> FastAPI:
    """Make the application of one namespace. `hosts` may ask besides loopback.

    `explainer` is the module that is started to compute an alert again; without one nothing is.

    Raises:
        UserError: an address is missing from the settings.
    """
    gateway = _gateway(settings, namespace, explainer)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        gateway.sockets.open(asyncio.get_running_loop())
        gateway.reader.start()
        status = asyncio.create_task(gateway.sockets.send_status(gateway.hub, gateway.sessions))
        try:
            yield
        finally:
            status.cancel()
            await asyncio.to_thread(gateway.reader.stop)
            await gateway.limiter.close()
            gateway.store.close()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.gateway = gateway
    app.state.health = Health(gateway)
    app.include_router(history.router)
    app.include_router(evidence.router)
    app.include_router(explain.router)
    app.add_api_route("/health", health, methods=["GET"])
    app.add_api_websocket_route("/ws", live)
    app.add_exception_handler(ApiError, _refused)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _refused)
    app.add_exception_handler(Exception, _broken)
    app.add_middleware(Guard, limiter=gateway.limiter, hosts=tuple(hosts))
    app.mount("/", Page(DIST))
    return app


def _gateway(settings: Settings, namespace: str, explainer: str | None) -> Gateway:
    bootstrap, url = settings.kafka_bootstrap_servers, settings.clickhouse_url
    if bootstrap is None or url is None:
        missing = "KAFKA_BOOTSTRAP_SERVERS" if bootstrap is None else "CLICKHOUSE_URL"
        raise UserError(f"{missing} is not set: the gateway needs the address of that service")
    sockets = Sockets()
    hub = Hub(sockets.wake)
    store = ReadStore(url, namespace)
    return Gateway(
        namespace=namespace,
        bootstrap=bootstrap,
        store=store,
        limiter=RateLimiter(settings.redis_url, namespace, RATE),
        hub=hub,
        reader=Reader(bootstrap, namespace, hub, codec_for(settings)),
        sessions=Sessions(namespace, hub.pulse, store),
        sockets=sockets,
        explainer=Explainer(explainer, namespace),
    )


async def health(request: Request) -> JSONResponse:
    """Each dependency and the whole in one word; 503 when down."""
    report = await request.app.state.health.report()
    return JSONResponse(report, 503 if report["status"] == "down" else 200)


async def live(socket: WebSocket) -> None:
    """The one socket of a page."""
    gateway = gateway_of(socket)
    await gateway.in_thread(gateway.sessions.refresh)
    await gateway.sockets.serve(socket, gateway.hub, gateway.sessions)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, ApiError):
        return JSONResponse({"error": error.sentence}, error.status, error.headers)
    if isinstance(error, HTTPException):
        return JSONResponse({"error": str(error.detail).lower()}, error.status_code, error.headers)
    return JSONResponse({"error": "the request is not understood"}, 400)


async def _broken(request: Request, error: Exception) -> JSONResponse:
    log.error("a request failed", path=request.url.path, error=type(error).__name__)
    return JSONResponse({"error": "something went wrong here; the log says what"}, 500)
