"""The gateway where services are missing, slow or taken, and the limits it keeps."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path

import httpx
import pytest

from api.app import RATE, create_app
from api.page import Page
from api.serve import listen, main
from cli.stack.supervise import Stack
from connectors.errors import UserError
from connectors.redis_cache import Rate, RateLimiter
from connectors.settings import Settings, load_settings
from tests.integration.gateway.conftest import (
    SLOW_S,
    free_port,
)


def nowhere() -> Settings:
    """Settings whose addresses answer nothing."""
    port = free_port()
    update = {
        "kafka_bootstrap_servers": f"127.0.0.1:{port}",
        "clickhouse_url": f"http://127.0.0.1:{port}",
        "redis_url": f"redis://127.0.0.1:{port}/0",
    }
    return load_settings().model_copy(update=update)


def ask(settings: Settings, path: str) -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(settings, "no_such_run"))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path, timeout=SLOW_S)

    return asyncio.run(once())


def test_without_services_health_is_down_and_listings_say_so() -> None:
    health = ask(nowhere(), "/health")
    assert health.status_code == 503 and health.json()["status"] == "down"
    assert not any(check["ok"] for check in health.json()["checks"].values())
    rows = ask(nowhere(), "/api/rows/flow.alerts")
    assert rows.status_code == 503 and "store" in rows.json()["error"]


def test_a_namespace_without_rows_lists_none(stack: Stack) -> None:
    ends = stack.endpoints
    update: dict[str, str | None] = {"kafka_bootstrap_servers": ends.kafka, "redis_url": None}
    update["clickhouse_url"] = ends.clickhouse
    answer = ask(load_settings().model_copy(update=update), "/api/rows/flow.alerts")
    assert (answer.status_code, answer.json()["rows"]) == (200, 0)


def test_a_missing_address_and_a_taken_port_are_user_errors(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    assert main(["--namespace", "no_such_run"]) == 2
    assert capsys.readouterr().err.startswith("KAFKA_BOOTSTRAP_SERVERS is not set")
    assert main(["--namespace", "No Such"]) == 2
    assert "must match" in capsys.readouterr().err
    bound = listen("127.0.0.1", 0)
    assert bound.proto == socket.IPPROTO_TCP  # else small answers wait for an acknowledgement
    with pytest.raises(UserError, match="choose another with --port"):
        listen("127.0.0.1", bound.getsockname()[1])
    bound.close()


def test_a_burst_is_answered_and_then_told_to_wait() -> None:
    async def burst() -> list[httpx.Response]:
        transport = httpx.ASGITransport(create_app(nowhere(), "no_such_run"))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return [await client.get("/api/nowhere") for _ in range(RATE.burst * 2)]

    answers = asyncio.run(burst())
    assert {a.status_code for a in answers[: RATE.burst]} == {404}
    refused = [a for a in answers if a.status_code == 429]
    assert refused and all(a.headers["retry-after"] == "1" for a in refused)
    assert "too many requests" in refused[0].json()["error"]


def test_the_page_is_served_once_it_is_built(tmp_path: Path) -> None:
    async def ask_page(path: str) -> httpx.Response:
        transport = httpx.ASGITransport(Page(tmp_path / "dist"))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path)

    missing = asyncio.run(ask_page("/"))
    assert missing.status_code == 503 and "make install" in missing.text
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "index.html").write_text("<title>islandflow</title>")
    built = asyncio.run(ask_page("/"))
    assert (built.status_code, built.text) == (200, "<title>islandflow</title>")


async def take(limiter: RateLimiter, count: int) -> list[float]:
    waits = [await limiter.take("one") for _ in range(count)]
    await limiter.close()
    return waits


def test_rates_are_limited_with_and_without_redis(stack: Stack) -> None:
    rate = Rate(per_s=0.5, burst=3)
    prefix = f"rates:{time.time_ns()}"
    together = asyncio.run(take(RateLimiter(stack.endpoints.redis, prefix, rate), 2))
    # Another process shares the bucket, and a dead Redis does not stop anybody.
    together += asyncio.run(take(RateLimiter(stack.endpoints.redis, prefix, rate), 2))
    alone = asyncio.run(take(RateLimiter(f"redis://127.0.0.1:{free_port()}/0", prefix, rate), 4))
    for waits in (together, alone):
        assert waits[:3] == [0.0, 0.0, 0.0] and 0 < waits[3] <= 2.0
