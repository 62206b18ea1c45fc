"""The socket of the gateway: snapshots, frames, filters, and what ends it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from schemas.codec import encode
from schemas.partition import partition
from schemas.topics import TOPIC
from tests.integration.gateway.conftest import (
    AT_NS,
    PRINTS,
    SLOW_S,
    Running,
    control,
)

Message = dict[str, Any]


async def until(live: ClientConnection, is_wanted: Callable[[Message], bool]) -> Message:
    """The next message that is wanted; others are passed over."""
    async with asyncio.timeout(SLOW_S):
        while True:
            message: Message = json.loads(await live.recv())
            if is_wanted(message):
                return message


def rows_of(channel: str) -> Callable[[Message], bool]:
    return lambda m: m["type"] == "rows" and m["channel"] == channel


async def subscribe(live: ClientConnection, *channels: str, **fields: Any) -> None:
    await live.send(json.dumps({"type": "subscribe", "channels": channels, **fields}))


def live_url(gateway: Running) -> str:
    return gateway.url.replace("http", "ws") + "/ws"


@pytest.fixture(scope="module", autouse=True)
def has_read(gateway: Running) -> None:
    """Wait until the gateway has read what the log held when it started."""

    async def watch() -> None:
        left = {"options.placed": PRINTS, "flow.alerts": 1}
        async with connect(live_url(gateway)) as live:
            await subscribe(live, *left, underlying=["IBM"])
            while any(left.values()):
                message = await until(live, lambda m: m["type"] == "rows")
                left[message["channel"]] -= message["rows"]

    asyncio.run(watch())


def test_a_page_sees_the_recent_rows_at_once_and_then_each_new_one(gateway: Running) -> None:
    log, shard = gateway.log, partition("IBM")
    topic = TOPIC["options.placed"]

    async def watch() -> None:
        async with connect(live_url(gateway)) as live:
            hello = json.loads(await live.recv())
            assert (hello["type"], hello["namespace"]) == ("hello", log.namespace)
            assert (hello["feed"], hello["is_synthetic"]) == ("synthetic", True)
            await subscribe(live, "options.placed", "flow.alerts", underlying=["IBM"])
            first = await until(live, rows_of("options.placed"))
            assert first["snapshot"] and set(first["columns"]["underlying"]) == {"IBM"}
            assert first["rows"] == log.offsets[topic.name, shard]
            alerts = await until(live, rows_of("flow.alerts"))
            assert alerts["columns"]["alert_id"] == ["a1"]
            number = log.offsets[topic.name, shard]
            log.write(log.placed("AIG", 50_000, 1), partition("AIG"))
            log.send(topic, [b"\x00nonsense", *encode(log.placed("IBM", number - 1, 1))], shard)
            log.write(log.placed("IBM", number, 2), shard)
            fresh = await until(live, rows_of("options.placed"))
            assert not fresh["snapshot"]
            assert fresh["columns"]["seq"] == [number, number + 1]
            assert fresh["columns"]["bid"] == [1.2, 1.2] and fresh["columns"]["ask"] == [None] * 2

    asyncio.run(watch())


def test_a_returning_page_gets_only_what_it_missed(gateway: Running) -> None:
    log, shard = gateway.log, partition("IBM")
    numbers = iter(range(100_000, 100_100))

    async def watch() -> None:
        async with connect(live_url(gateway)) as live:
            await subscribe(live, "options.placed")
            cursor = (await until(live, rows_of("options.placed")))["cursor"]
        log.write(log.placed("IBM", next(numbers), 1), shard)
        async with connect(live_url(gateway)) as live:
            await asyncio.sleep(1.0)
            await subscribe(live, "options.placed", cursor={"options.placed": cursor})
            missed = await until(live, rows_of("options.placed"))
            assert (missed["rows"], missed["snapshot"]) == (1, False)
            stranger = f"0000{cursor}"
            await subscribe(live, "options.placed", cursor={"options.placed": stranger})
            again = await until(live, rows_of("options.placed"))
            assert again["snapshot"] and again["rows"] > 1

    asyncio.run(watch())


def test_the_pulse_follows_the_heartbeats(gateway: Running) -> None:
    async def watch() -> None:
        async with connect(live_url(gateway)) as live:
            for seq in (100, 101, 102):
                gateway.log.write(control("heartbeat", seq), 0)
            message = await until(live, lambda m: m["type"] == "status" and not m["is_stale"])
            assert 0 <= message["feed_lag_ms"] < 3000
            assert AT_NS + 100 <= int(message["event_ts"]) <= AT_NS + 102
            assert set(message["rates"]) >= {"options.placed", "flow.alerts"}
            stale = await until(live, lambda m: m["type"] == "status" and m["is_stale"])
            assert stale["feed_lag_ms"] > 3000

    asyncio.run(watch())


def test_a_new_session_is_announced_to_pages_that_are_open(gateway: Running) -> None:
    async def watch() -> None:
        async with connect(live_url(gateway)) as live:
            assert json.loads(await live.recv())["session"] == "2013-10-07"
            detail = {"feed": "synthetic", "is_synthetic": True, "session": "2013-10-08"}
            gateway.log.write(control("session", 200, json.dumps(detail)), 0)
            again = await until(live, lambda m: m["type"] == "hello")
            assert (again["session"], again["is_synthetic"]) == ("2013-10-08", True)

    asyncio.run(watch())


def test_wrong_messages_are_answered_and_the_socket_goes_on(gateway: Running) -> None:
    async def watch() -> None:
        async with connect(live_url(gateway)) as live:
            for text in ("{", "[]", '{"type": "subscribe", "channels": ["options.nbbo"]}'):
                await live.send(text)
                message = await until(live, lambda m: m["type"] == "error")
                assert list(message) == ["type", "error"]
            await live.send(b"\x00\x01")
            assert await until(live, lambda m: m["type"] == "error")
            await subscribe(live, "flow.alerts")
            assert await until(live, rows_of("flow.alerts"))

    asyncio.run(watch())


def test_floods_and_large_messages_end_the_socket(gateway: Running) -> None:
    async def closed_after(texts: list[str]) -> int | None:
        async with connect(live_url(gateway)) as live:
            for text in texts:
                await live.send(text)
            await asyncio.wait_for(live.wait_closed(), SLOW_S)
            return live.close_code

    assert asyncio.run(closed_after(["{"] * 60)) == 4429
    assert asyncio.run(closed_after(["x" * 70_000])) == 1009


def test_pages_of_another_origin_may_not_open_the_socket(gateway: Running) -> None:
    async def opened(origin: str) -> bool:
        headers = {"Origin": origin}
        try:
            async with connect(live_url(gateway), additional_headers=headers):
                return True
        except InvalidStatus as refused:
            assert refused.response.status_code == 403
            return False

    assert asyncio.run(opened(gateway.url))
    assert not asyncio.run(opened("http://evil.example"))
    assert not asyncio.run(opened("http://127.0.0.1:1"))
    assert not asyncio.run(opened("null"))
