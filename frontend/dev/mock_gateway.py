"""A gateway for trying the page without the product: the real protocol over a made-up market.

A development tool. Run: python frontend/dev/mock_gateway.py [--port N] [--rate ROWS_PER_S]
[--silent-after S] [--drop-after S]. It serves frontend/dist on loopback under the policy of the
product, prints its address, and ends with Ctrl-C.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

sys.path.insert(0, str(Path(__file__).parent))
from mock_market import MockMarket  # noqa: E402

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
DIST = Path(__file__).parents[1] / "dist"
FRAMES_PER_S = 20
CHANNELS = [
    "options.placed",
    "equities.joins",
    "flow.packets",
    "flow.alerts",
    "dark.events",
    "equities.candles",
]


def to_columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row.get(name) for row in rows] for name in rows[0]} if rows else {}


class Gateway:
    """One market, and one sender a client."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.market = MockMarket(options.seed)
        self.warm_up()
        self.asked: dict[str, Any] = {}

    def warm_up(self) -> None:
        for _ in range(900):
            self.market.step(8, 1_000_000_000)

    async def serve(self, client: WebSocket) -> None:
        await client.accept()
        await client.send_json(
            {
                "type": "hello",
                "namespace": "mock_seeded",
                "feed": "mock",
                "is_synthetic": True,
                "channels": CHANNELS,
            }
        )
        wanted: dict[str, Any] = {}
        sender = asyncio.create_task(self.send(client, wanted))
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                wanted.update(await client.receive_json())
                self.asked = dict(wanted)
        sender.cancel()

    async def send(self, client: WebSocket, wanted: dict[str, Any]) -> None:
        began, last_status = time.monotonic(), 0.0
        while True:
            await asyncio.sleep(1 / FRAMES_PER_S)
            age = time.monotonic() - began
            if self.options.drop_after and age > self.options.drop_after:
                await client.close()
                return
            if self.options.silent_after and age > self.options.silent_after:
                continue
            prints = max(1, self.options.rate // (2 * FRAMES_PER_S))
            for channel, rows in self.market.step(prints, 10**9 // FRAMES_PER_S).items():
                await self.send_rows(client, wanted, channel, rows)
            if time.monotonic() - last_status >= 1:
                last_status = time.monotonic()
                await self.send_status(client)

    async def send_rows(
        self, client: WebSocket, wanted: dict[str, Any], channel: str, rows: list[dict[str, Any]]
    ) -> None:
        chosen = wanted.get("underlying")
        kept = [row for row in rows if chosen is None or row["underlying"] in chosen]
        if kept and channel in wanted.get("channels", ()):
            await client.send_json(
                {
                    "type": "rows",
                    "channel": channel,
                    "columns": to_columns(kept),
                    "rows": len(kept),
                    "skipped": 0,
                    "cursor": "00:0",
                }
            )

    async def send_status(self, client: WebSocket) -> None:
        half = self.options.rate / 2
        await client.send_json(
            {
                "type": "status",
                "feed_lag_ms": 41,
                "is_stale": False,
                "event_ts": str(self.market.now_ns),
                "rates": {"options.placed": half, "equities.joins": half},
            }
        )


def receipt_of(alert: dict[str, Any], is_deep: bool) -> dict[str, Any]:
    """What computing an alert again could say; where noise weighs most it does not come out the same."""
    is_same = alert["score_noise"] < 0.1
    wrong = {"column": "premium", "recorded": alert["premium"], "recomputed": alert["premium"] + 1}
    check = {"check": "packet from its prints", "passed": is_same, "problem": ""}
    turn = "premium: 412,300 USD, at least 50,000 is asked; off at 49,999.9999 (−362,300.0001)"
    return {
        "alert_id": alert["alert_id"],
        "mode": "deep" if is_deep else "shallow",
        "reproduced": is_same,
        "verdict": "reproduced: 6 checks" if is_same else "not reproduced: packet differs in premium",
        "checks": [check | {"differences": [] if is_same else [wrong]}],
        "would_turn_it_off": [
            {"condition": "premium_usd", "holds": True, "sentence": turn},
            {"condition": "sweep", "holds": True, "sentence": "it is a sweep: it is so"},
        ],
        "prints": [{"sha256": "5f" * 32}],
    }


def make_app(gateway: Gateway) -> FastAPI:
    app = FastAPI()

    @app.middleware("http")
    async def policy(request: Request, handle: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await handle(request)
        response.headers["content-security-policy"] = POLICY
        return response

    @app.get("/api/candles")
    def candles(underlying: str, interval_s: int, limit: int) -> dict[str, Any]:
        found = [
            r
            for (u, i, _), r in sorted(gateway.market.candles.items())
            if u == underlying and i == interval_s
        ]
        return {"rows": found[-limit:]}

    @app.get("/api/evidence/{alert_id}")
    def evidence(alert_id: str) -> JSONResponse:
        alert = gateway.market.alerts.get(alert_id)
        if alert is None:
            return JSONResponse({"error": "there is no such alert"}, 404)
        identity = alert["packet_id"]
        return JSONResponse(
            {
                "alert": alert,
                "packet": gateway.market.packets[identity],
                "members": gateway.market.members[identity],
                "versions": [alert],
            }
        )

    @app.get("/api/explain/{alert_id}")
    def explain(alert_id: str, deep: bool = False) -> JSONResponse:
        alert = gateway.market.alerts.get(alert_id)
        if alert is None:
            return JSONResponse({"error": "there is no such alert"}, 404)
        return JSONResponse(receipt_of(alert, deep))

    @app.get("/dev/asked")
    def asked() -> dict[str, Any]:
        return gateway.asked

    app.add_api_websocket_route("/ws", gateway.serve)
    app.mount("/", StaticFiles(directory=DIST, html=True))
    return app


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the built page over a made-up market.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rate", type=int, default=400)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--silent-after", type=float, default=0.0)
    parser.add_argument("--drop-after", type=float, default=0.0)
    options = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", options.port))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
    config = uvicorn.Config(make_app(Gateway(options)), log_level="warning")
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
