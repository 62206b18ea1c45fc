"""What the tests of the gateway share: a filled namespace and a process that shows it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import clickhouse_connect
import httpx
import numpy as np
import pyarrow as pa
import pytest
from confluent_kafka import Producer

from cli.stack.supervise import Stack
from connectors.topics_admin import ensure_topics
from schemas.arrow import to_clickhouse
from schemas.codec import decode, encode
from schemas.columns import Batch, Column, field_type
from schemas.partition import partition
from schemas.sql import create_statements
from schemas.topics import PARTITION_COUNT, TOPIC, TOPICS, Topic, physical_name

ROOT = Path(__file__).resolve().parents[3]
AT_NS = 1_381_152_600_000_000_000
CONTRACT = "IBM   131019C00185000"
PRINTS = 120
SLOW_S = 20.0


def batch(topic: Topic, rows: int, **given: Any) -> Batch:
    """Rows of a topic: what is given, the absent value, or nothing."""
    return Batch(topic, {f.name: column(topic, f.name, rows, given.get(f.name)) for f in topic.fields})


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
    namespace: str
    offsets: dict[tuple[str, int], int] = field(default_factory=dict)

    def write(self, rows: Batch, shard: int) -> None:
        self.send(rows.topic, encode(rows), shard)

    def send(self, topic: Topic, values: list[bytes], shard: int) -> None:
        producer = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 0, "log_level": 3})
        for value in values:
            producer.produce(physical_name(self.namespace, topic.name), value, partition=shard)
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
        self.tables.insert_arrow(topic.table, table, database=self.namespace)

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


def start(stack: Stack, namespace: str, port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "api.serve", "--namespace", namespace, "--port", str(port)]
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


def make_tables(url: str, namespace: str) -> Any:
    tables = clickhouse_connect.get_client(dsn=url, autogenerate_session_id=False)
    tables.command(f"CREATE DATABASE IF NOT EXISTS {namespace}")
    for topic in TOPICS:
        for statement in create_statements(topic, namespace):
            tables.command(statement)
    return tables


@pytest.fixture(scope="module")
def gateway(stack: Stack, request: pytest.FixtureRequest) -> Iterator[Running]:
    """A gateway on a filled namespace; it must stop by itself when told."""
    ends = stack.endpoints
    namespace = f"gateway_{request.path.stem.removeprefix('test_')}"
    ensure_topics(ends.kafka, namespace)
    log = Log(ends.kafka, make_tables(ends.clickhouse, namespace), namespace)
    fill(log)
    port = free_port()
    process = start(stack, namespace, port)
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
