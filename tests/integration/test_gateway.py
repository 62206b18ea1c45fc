"""The gateway against a real broker, store and cache: listings, evidence, health and the socket."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import clickhouse_connect
import httpx
import numpy as np
import pyarrow as pa
import pytest
from confluent_kafka import Producer
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from api.app import RATE, create_app
from api.page import Page
from api.serve import listen, main
from cli.stack.supervise import Stack
from connectors.errors import UserError
from connectors.redis_cache import Rate, RateLimiter
from connectors.settings import Settings, load_settings
from connectors.topics_admin import ensure_topics
from schemas.arrow import to_clickhouse
from schemas.codec import decode, encode
from schemas.columns import Batch, Column, field_type
from schemas.partition import partition
from schemas.sql import create_statements
from schemas.topics import PARTITION_COUNT, TOPIC, TOPICS, Topic, physical_name

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = "gateway_test"
AT_NS = 1_381_152_600_000_000_000
CONTRACT = "IBM   131019C00185000"
PRINTS = 120
SLOW_S = 20.0


def batch(topic: Topic, rows: int, **given: Any) -> Batch:
    """Rows of a topic: what is given, the absent value, or nothing."""
    return Batch(
        topic, {f.name: column(topic, f.name, rows, given.get(f.name)) for f in topic.fields}
    )


def column(topic: Topic, name: str, rows: int, given: Any) -> Column:
    field = topic.field(name)
    kind = field_type(field)
    if kind is None:
        values = [given or ""] * rows if given is None or isinstance(given, str) else given
        return pa.array(values, pa.string())
    if given is None:
        given = 0 if field.absent is None else field.absent
    if field.is_enum and not isinstance(given, int):
        words = [given] * rows if isinstance(given, str) else given
        given = [field.symbols.index(w) for w in words]
    return np.full(rows, given, kind) if np.isscalar(given) else np.array(given, kind)


@dataclass
class Log:
    """Writes records to the topics and, as the archive does, to the tables."""

    bootstrap: str
    tables: Any
    offsets: dict[tuple[str, int], int] = field(default_factory=dict)

    def write(self, rows: Batch, shard: int) -> None:
        self.send(rows.topic, encode(rows), shard)

    def send(self, topic: Topic, values: list[bytes], shard: int) -> None:
        producer = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 0, "log_level": 3})
        for value in values:
            producer.produce(physical_name(NAMESPACE, topic.name), value, partition=shard)
        assert producer.flush(SLOW_S) == 0
        first = self.offsets.get((topic.name, shard), 0)
        self.offsets[topic.name, shard] = first + len(values)
        self.store(topic, values, shard, first)

    def store(self, topic: Topic, values: list[bytes], shard: int, first: int) -> None:
        decoded = decode(topic, values)
        table = to_clickhouse(decoded.batch)
        days = np.zeros(len(decoded.rows), np.int32)
        for name, position in (
            ("_partition", pa.array(np.full(len(decoded.rows), shard, np.uint16))),
            ("_offset", pa.array((decoded.rows + first).astype(np.uint64))),
            ("_day", pa.array(days, pa.date32())),
        ):
            table = table.append_column(name, position)
        self.tables.insert_arrow(topic.table, table, database=NAMESPACE)

    def placed(self, underlying: str, first: int, count: int) -> Batch:
        """Option prints numbered from `first`, a millisecond apart."""
        numbers = np.arange(first, first + count)
        at = AT_NS + numbers * 1_000_000
        return batch(
            TOPIC["options.placed"],
            count,
            seq=numbers,
            emit_ts=at,
            source_ts=at,
            event_ts=at,
            underlying=underlying,
            print_seq=numbers * 2,
            contract=CONTRACT,
            strike=185 * 10**9,
            price=1_250_000_000,
            size=10,
            premium=12_500_000,
            placement="at_ask",
            side=["buy" if n % 2 else "sell" for n in numbers.tolist()],
            bid=1_200_000_000,
        )


def control(kind: str, seq: int, detail: str = "") -> Batch:
    stamp = time.time_ns()
    return batch(
        TOPIC["reference"],
        1,
        kind=kind,
        seq=seq,
        source_ts=AT_NS + seq,
        event_ts=AT_NS + seq,
        ingest_ts=stamp if kind == "heartbeat" else -1,
        detail=detail,
        name="control",
    )


def fill(log: Log) -> None:
    """A session, prints of two underlyings, candles with a restatement, and one alert."""
    session = {"feed": "synthetic", "is_synthetic": True, "session": "2013-10-07"}
    detail = json.dumps({**session, "inputs": ["options.prints"], "capabilities": {"bars": False}})
    for shard in range(PARTITION_COUNT):
        log.write(control("session", 0, detail), shard)
    for name in ("IBM", "AIG"):
        log.write(log.placed(name, 0, PRINTS), partition(name))
    shard = partition("IBM")
    log.write(
        batch(
            TOPIC["equities.candles"],
            4,
            seq=np.arange(4),
            emit_ts=AT_NS + np.arange(4),
            underlying="IBM",
            version=[1, 1, 1, 2],
            status=["final", "final", "final", "restated"],
            interval_s=60,
            start_ts=AT_NS + np.array([0, 60, 120, 60]) * 10**9,
            end_ts=AT_NS + np.array([60, 120, 180, 120]) * 10**9,
            open=10**9,
            close=np.array([1, 2, 3, 9]) * 10**9,
            volume=5_500_000,
        ),
        shard,
    )
    head = {"underlying": "IBM", "contract": CONTRACT, "packet_id": "p1", "emit_ts": AT_NS}
    members = {"members": "[0,2,4,9000]", "print_count": 4, "kind": "sweep", "quote_ts": AT_NS}
    versions = {"version": [1, 2], "status": ["final", "restated"], "seq": [0, 1]}
    log.write(batch(TOPIC["flow.packets"], 2, **head, **members, **versions, premium=[1, 2]), shard)
    claim = {"rule_id": "call_sweep", "version": 1, "packet_version": 1, "score": 0.5}
    log.write(batch(TOPIC["flow.hits"], 1, **head, **claim, hit_id="h1", inputs="{}"), shard)
    log.write(batch(TOPIC["flow.alerts"], 1, **head, **claim, alert_id="a1", evidence="{}"), shard)


@dataclass(frozen=True)
class Running:
    """A gateway process and the log behind it."""

    url: str
    log: Log

    def get(self, path: str, **params: str) -> httpx.Response:
        return httpx.get(self.url + path, params=params or None, timeout=SLOW_S)

    def json(self, path: str, **params: str) -> dict[str, Any]:
        answer = self.get(path, **params)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(stack: Stack, port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "api.serve", "--namespace", NAMESPACE, "--port", str(port)]
    env = {**os.environ, **stack.env()}
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)


def await_health(url: str) -> None:
    deadline_s = time.monotonic() + 60
    while time.monotonic() < deadline_s:
        try:
            if httpx.get(url + "/health", timeout=SLOW_S).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError("the gateway did not become healthy")


def make_tables(url: str) -> Any:
    tables = clickhouse_connect.get_client(dsn=url, autogenerate_session_id=False)
    tables.command(f"CREATE DATABASE IF NOT EXISTS {NAMESPACE}")
    for topic in TOPICS:
        for statement in create_statements(topic, NAMESPACE):
            tables.command(statement)
    return tables


@pytest.fixture(scope="module")
def gateway(stack: Stack) -> Iterator[Running]:
    """A gateway on a filled namespace; it must stop by itself when told."""
    ends = stack.endpoints
    ensure_topics(ends.kafka, NAMESPACE)
    log = Log(ends.kafka, make_tables(ends.clickhouse))
    fill(log)
    port = free_port()
    process = start(stack, port)
    try:
        url = f"http://127.0.0.1:{port}"
        await_health(url)
        yield Running(url, log)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SLOW_S) == 0
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_the_session_says_what_is_shown(gateway: Running) -> None:
    found = gateway.json("/api/session")
    assert (found["namespace"], found["feed"]) == (NAMESPACE, "synthetic")
    assert found["is_synthetic"] is True
    assert (found["session"], found["inputs"]) == ("2013-10-07", ["options.prints"])
    assert found["capabilities"] == {"bars": False}


def test_topics_come_with_their_words(gateway: Running) -> None:
    found = {t["name"]: t for t in gateway.json("/api/topics")["topics"]}
    fields = {f["name"]: f for f in found["options.placed"]["fields"]}
    assert set(found) == set(TOPIC)
    assert fields["side"]["values"] == ["none", "buy", "sell"]
    assert (fields["bid"]["unit"], fields["bid"]["nullable"]) == ("USD", True)


def test_rows_are_columns_in_json_forms(gateway: Running) -> None:
    found = gateway.json("/api/rows/options.placed", underlying="IBM", limit="2", order="asc")
    assert found["rows"] == 2
    columns = found["columns"]
    assert set(columns) == set(TOPIC["options.placed"].field_names)
    assert columns["source_ts"] == [str(AT_NS), str(AT_NS + 1_000_000)]
    assert columns["price"] == [1.25, 1.25] and columns["premium"] == [1250, 1250]
    assert columns["bid"] == [1.2, 1.2] and columns["ask"] == [None, None]
    assert columns["quote_ts"] == [None, None]
    assert columns["side"] == ["sell", "buy"]
    assert columns["is_placement_stable"] == [False, False]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_neither_repeat_nor_skip_while_rows_arrive(gateway: Running, order: str) -> None:
    shard, topic = partition("AIG"), TOPIC["options.placed"]
    before = gateway.json("/api/rows/options.placed", underlying="AIG", limit="1000", order=order)
    wanted, seen, cursor = before["columns"]["seq"], list[int](), None
    while cursor is not None or not seen:
        more: dict[str, str] = {"cursor": cursor} if cursor else {}
        page = gateway.json(
            "/api/rows/options.placed", underlying="AIG", limit="37", order=order, **more
        )
        seen += page["columns"]["seq"]
        cursor = page["next_cursor"]
        count = gateway.log.offsets[topic.name, shard]
        gateway.log.write(gateway.log.placed("AIG", count, 1), shard)
    assert seen[: len(wanted)] == wanted
    assert len(set(seen)) == len(seen)


def test_filters_narrow_and_versions_stand(gateway: Running) -> None:
    buys = gateway.json("/api/rows/options.placed", underlying="IBM", side="buy", limit="1000")
    assert buys["rows"] == PRINTS // 2 and set(buys["columns"]["side"]) == {"buy"}
    window = {"since": str(AT_NS + 10_000_000), "until": str(AT_NS + 13_000_000)}
    some = gateway.json("/api/rows/options.placed", underlying="IBM", **window)
    assert some["columns"]["seq"] == [12, 11, 10]
    assert gateway.json("/api/rows/flow.packets")["rows"] == 2
    current = gateway.json("/api/rows/flow.packets", current="true")
    assert current["columns"]["version"] == [2]
    assert gateway.json("/api/rows/flow.alerts", current="true")["columns"]["alert_id"] == ["a1"]
    assert gateway.json("/api/rows/equities.candles", current="true")["rows"] == 3


def test_candles_ascend_in_their_highest_version(gateway: Running) -> None:
    found = gateway.json("/api/candles", underlying="IBM", interval_s="60")
    starts = [str(AT_NS + k * 10**9) for k in (0, 60, 120)]
    assert found["columns"]["start_ts"] == starts
    assert found["columns"]["close"] == [1, 9, 3] and found["columns"]["volume"] == [5.5] * 3
    newest = gateway.json("/api/candles", underlying="IBM", interval_s="60", limit="2")
    assert newest["columns"]["start_ts"] == starts[1:]
    assert gateway.json("/api/candles", underlying="XYZ", interval_s="60")["rows"] == 0


def test_underlyings_are_counted(gateway: Running) -> None:
    columns = gateway.json("/api/underlyings")["columns"]
    counts = dict(zip(columns["underlying"], columns["option_prints"], strict=True))
    assert counts["IBM"] == PRINTS and counts["AIG"] >= PRINTS


def test_an_alert_leads_to_its_prints(gateway: Running) -> None:
    found = gateway.json("/api/evidence/a1")
    assert found["alert"]["rule_id"] == "call_sweep"
    assert [h["hit_id"] for h in found["hits"]] == ["h1"]
    assert (found["packet"]["version"], found["packet"]["kind"]) == (1, "sweep")
    assert found["quote"]["quote_ts"] == str(AT_NS)
    members = found["members"]
    assert members["columns"]["print_seq"] == [0, 2, 4]
    assert members["columns"]["bid"] == [1.2, 1.2, 1.2]
    assert (members["count"], members["listed"], members["missing"]) == (4, 4, [9000])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/rows/nothing", 404),
        ("/api/rows/options.placed?side=up", 400),
        ("/api/rows/options.placed?limit=1001", 400),
        ("/api/rows/options.placed?limit=-1", 400),
        ("/api/rows/options.placed?cursor=%00", 400),
        ("/api/rows/options.placed?contract=%F0%28%8C%28", 200),
        ("/api/rows/options.placed?contract=%27%3B+DROP+TABLE+option_placed", 200),
        ("/api/rows/options.placed?" + "x" * 9000, 414),
        ("/api/rows/options.placed?a=1", 400),
        ("/api/rows/..%2f..%2fetc", 404),
        ("/api/candles", 400),
        ("/api/candles?underlying=IBM,AIG", 400),
        ("/api/candles?underlying=IBM&interval_s=0", 400),
        ("/api/evidence/none", 404),
        ("/api/evidence/a'b", 400),
        ("/api/session?x=1", 400),
        ("/api/nowhere", 404),
        ("/nowhere.js", 404),
        ("/..%2f..%2fpyproject.toml", 404),
    ],
)
def test_wrong_requests_get_a_sentence(gateway: Running, path: str, status: int) -> None:
    answer = httpx.get(gateway.url + path, timeout=SLOW_S)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert list(answer.json()) == ["error"]
        assert "Traceback" not in answer.text


def test_every_answer_carries_the_policy(gateway: Running) -> None:
    for path in ("/", "/api/topics", "/api/nowhere", "/health"):
        headers = gateway.get(path).headers
        assert headers["content-security-policy"].startswith(
            "default-src 'none'; script-src 'self'"
        )
        assert headers["x-content-type-options"] == "nosniff"
        assert "server" not in headers


def test_foreign_hosts_and_large_bodies_are_turned_away(gateway: Running) -> None:
    foreign = httpx.get(gateway.url + "/api/topics", headers={"host": "evil.example:80"})
    assert foreign.status_code == 403 and list(foreign.json()) == ["error"]
    large = httpx.post(gateway.url + "/api/topics", content=b"x" * 20_000)
    assert large.status_code == 413
    assert httpx.post(gateway.url + "/api/topics").status_code == 405


def test_health_names_each_dependency(gateway: Running) -> None:
    report = gateway.json("/health")
    checks = report["checks"]
    assert set(checks) == {"broker", "store", "cache", "archive", "stream"}
    assert all(checks[name]["ok"] for name in ("broker", "store", "cache", "archive"))
    assert checks["broker"]["detail"] == "14 topics of the namespace"
    assert all(check["latency_ms"] >= 0 for check in checks.values())


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
    assert main(["--namespace", NAMESPACE]) == 2
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
    prefix = f"{NAMESPACE}:{time.time_ns()}"
    together = asyncio.run(take(RateLimiter(stack.endpoints.redis, prefix, rate), 2))
    # Another process shares the bucket, and a dead Redis does not stop anybody.
    together += asyncio.run(take(RateLimiter(stack.endpoints.redis, prefix, rate), 2))
    alone = asyncio.run(take(RateLimiter(f"redis://127.0.0.1:{free_port()}/0", prefix, rate), 4))
    for waits in (together, alone):
        assert waits[:3] == [0.0, 0.0, 0.0] and 0 < waits[3] <= 2.0


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


def test_a_page_sees_the_recent_rows_at_once_and_then_each_new_one(gateway: Running) -> None:
    log, shard = gateway.log, partition("IBM")
    topic = TOPIC["options.placed"]

    async def watch() -> None:
        async with connect(live_url(gateway)) as live:
            hello = json.loads(await live.recv())
            assert (hello["type"], hello["namespace"]) == ("hello", NAMESPACE)
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
