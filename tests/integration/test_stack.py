"""The embedded stack under bad treatment: kills, a dead parent, two owners, odd paths, no room."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import clickhouse_connect
import psutil
import pytest
from clickhouse_connect.driver.client import Client
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from redis import Redis

from cli.stack import broker, daemon
from cli.stack.record import Process
from cli.stack.supervise import Stack, attach, open_stack
from connectors.errors import ServiceError, UserError
from connectors.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
RECORDS = 500
BIG_BYTES = 10 << 20


def settings_for(folder: Path, **update: object) -> Settings:
    """Embedded services only, whatever the environment names."""
    addresses = ("kafka_bootstrap_servers", "clickhouse_url", "redis_url", "schema_registry_url")
    return load_settings().model_copy(update={**dict.fromkeys(addresses), "data_dir": folder, **update})


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that these tests may hurt; its path has a space, a comma and a letter with dots."""
    folder = tmp_path_factory.mktemp("own") / "a path, über"
    with open_stack(settings=settings_for(folder)) as running:
        yield running


def wait_for(condition: Callable[[], bool], wait_s: float = 15.0) -> bool:
    """Whether the condition came true in time."""
    deadline = time.monotonic() + wait_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def kill(stack: Stack, name: str) -> None:
    """SIGKILL one part and wait until it is gone."""
    os.kill(stack.processes[name], signal.SIGKILL)
    assert wait_for(lambda: name in stack.dead())


def create_topic(address: str, name: str, **config: str) -> None:
    admin = AdminClient({"bootstrap.servers": address})
    for future in admin.create_topics([NewTopic(name, 1, 1, config=config)]).values():
        future.result(20)


def produce(address: str, topic: str, values: list[bytes], first_ms: int = 1) -> None:
    options: dict[str, str | int | float | bool] = {
        "bootstrap.servers": address,
        "enable.idempotence": True,
        "message.max.bytes": 2 * BIG_BYTES,
        "log_level": 0,
    }
    failed: list[object] = []
    producer = Producer(options)
    for at, value in enumerate(values):
        producer.produce(
            topic,
            value,
            partition=0,
            timestamp=first_ms + at,
            on_delivery=lambda error, _: failed.append(error) if error else None,
        )
    assert producer.flush(30) == 0
    if failed:
        raise KafkaException(failed[0])


def consume(address: str, topic: str, count: int) -> list[tuple[int, bytes]]:
    options: dict[str, str | int | float | bool] = {
        "bootstrap.servers": address,
        "group.id": "test",
        "fetch.message.max.bytes": 2 * BIG_BYTES,
        "log_level": 0,
    }
    consumer = Consumer(options)
    consumer.assign([TopicPartition(topic, 0, 0)])
    found: list[tuple[int, bytes]] = []
    deadline = time.monotonic() + 20
    while len(found) < count and time.monotonic() < deadline:
        for message in consumer.consume(count, 0.2):
            value = message.value()
            if message.error() is None and value is not None:
                found.append((message.timestamp()[1], value))
    consumer.close()
    return found


@contextlib.contextmanager
def clickhouse(stack: Stack) -> Iterator[Client]:
    client = clickhouse_connect.get_client(dsn=stack.endpoints.clickhouse, compress=False)
    try:
        yield client
    finally:
        client.close()


def test_broker_keeps_old_records_through_a_kill(own: Stack) -> None:
    """Records of 1970 and of 2100 survive a kill and a restart on the same port."""
    address = own.endpoints.kafka
    values = [b"%d" % number for number in range(RECORDS)]
    create_topic(address, "kept")
    produce(address, "kept", values)
    produce(address, "kept", [b"future"], first_ms=4_102_444_800_000)
    kill(own, "broker")
    with pytest.raises(ServiceError, match=r"the broker ended with code -9; .*broker\.log"):
        own.check()
    own.restart("broker")
    own.check()
    assert own.endpoints.kafka == address
    expected = [(1 + at, value) for at, value in enumerate(values)]
    assert consume(address, "kept", RECORDS + 1) == [*expected, (4_102_444_800_000, b"future")]


def test_broker_takes_a_large_record_only_where_allowed(own: Stack) -> None:
    """A topic's own limit decides, and an unknown topic is not created by a producer."""
    address = own.endpoints.kafka
    large = b"x" * BIG_BYTES
    create_topic(address, "large", **{"max.message.bytes": str(2 * BIG_BYTES)})
    create_topic(address, "small")
    produce(address, "large", [large])
    assert consume(address, "large", 1) == [(1, large)]
    with pytest.raises(KafkaException) as refused:
        produce(address, "small", [large])
    assert refused.value.args[0].code() == KafkaError.MSG_SIZE_TOO_LARGE


def test_broker_creates_no_topic_by_itself(own: Stack) -> None:
    """A producer that writes to an unknown topic fails and leaves no topic behind."""
    options: dict[str, str | int | float | bool] = {
        "bootstrap.servers": own.endpoints.kafka,
        "message.timeout.ms": 1000,
        "log_level": 0,
    }
    failed: list[object] = []
    producer = Producer(options)
    producer.produce("unknown", b"x", on_delivery=lambda error, _: failed.append(error))
    producer.flush(20)
    assert failed[0] is not None
    admin = AdminClient({"bootstrap.servers": own.endpoints.kafka})
    assert "unknown" not in admin.list_topics(timeout=10).topics


def test_store_keeps_rows_through_a_kill(own: Stack) -> None:
    """What an insert acknowledged is there after SIGKILL and a restart."""
    with clickhouse(own) as client:
        client.command("CREATE TABLE kept (n UInt64) ENGINE = MergeTree ORDER BY n")
        client.insert("kept", [[n] for n in range(RECORDS)], column_names=["n"])
    kill(own, "store")
    own.restart("store")
    with clickhouse(own) as client:
        assert client.query("SELECT count(), sum(n) FROM kept").result_rows == [
            (RECORDS, RECORDS * (RECORDS - 1) // 2)
        ]


def test_cache_keeps_keys_through_a_kill(own: Stack) -> None:
    """Every acknowledged write is there after SIGKILL; `heal` restarts what has ended."""
    with Redis.from_url(own.endpoints.redis) as client:
        for number in range(RECORDS):
            client.set(f"kept:{number}", number)
    kill(own, "redis")
    assert own.heal() == ["redis"]
    with Redis.from_url(own.endpoints.redis) as client:
        assert client.dbsize() == RECORDS
        assert client.get("kept:7") == b"7"


def test_running_stack_is_found_and_shielded(own: Stack) -> None:
    """Others can attach to it, and a second owner is refused with one sentence."""
    found = attach(own.data_dir)
    assert found == own.endpoints
    assert own.env()["KAFKA_BOOTSTRAP_SERVERS"] == own.endpoints.kafka
    states = {part.name: (part.state, part.is_answering) for part in daemon.status(own.data_dir)}
    assert states == dict.fromkeys(("broker", "store", "redis"), ("running", True))
    message = f"in use by process {os.getpid()}; use another one with --data-dir"
    with (
        pytest.raises(UserError, match=message),
        open_stack(settings=settings_for(own.data_dir)),
    ):
        pass


def test_services_listen_on_loopback_only(own: Stack) -> None:
    """No part has a listening socket on another address."""
    listening = [
        connection.laddr.ip
        for pid in own.processes.values()
        for connection in psutil.Process(pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) == 4
    assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}


OWNER = """
import sys, time, pathlib
from cli.stack.supervise import open_stack
with open_stack(pathlib.Path(sys.argv[1])) as stack:
    print(*stack.processes.values(), stack.endpoints.redis, flush=True)
    time.sleep(600)
"""


@contextlib.contextmanager
def owner(folder: Path) -> Iterator[tuple[subprocess.Popen[str], list[Process], str]]:
    """Another process that holds a stack: itself, its three children, its cache's address."""
    names = ("KAFKA_BOOTSTRAP_SERVERS", "CLICKHOUSE_URL", "REDIS_URL")
    env = {key: value for key, value in os.environ.items() if key not in names}
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder)],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        *pids, url = parent.stdout.readline().split()
        children = [Process(int(pid), psutil.Process(int(pid)).create_time()) for pid in pids]
        assert len(children) == 3
        yield parent, children, url


def test_killed_parent_takes_its_children_along(tmp_path: Path) -> None:
    """After SIGKILL of the owner nothing is left, and the folder opens again with its data."""
    folder = tmp_path / "orphan"
    with owner(folder) as (parent, children, url):
        with Redis.from_url(url) as client:
            client.set("kept", 1)
        parent.kill()
    # No waiting in between: the next owner has to cope with parts that are still leaving.
    with open_stack(settings=settings_for(folder)) as again:
        assert all(child.handle() is None for child in children)
        with Redis.from_url(again.endpoints.redis) as client:
            assert client.get("kept") == b"1"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, -2)])
def test_signal_ends_the_stack_cleanly(tmp_path: Path, number: signal.Signals, code: int) -> None:
    """SIGTERM and Ctrl-C stop every part before the owner leaves, and take its record away."""
    with owner(tmp_path) as (parent, children, _):
        parent.send_signal(number)
        assert parent.wait(30) == code
        assert all(child.handle() is None for child in children)
    assert not (tmp_path / "stack.json").exists()


def test_background_stack_heals_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`up` is idempotent, a killed part comes back by itself, `down` leaves nothing running."""
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "CLICKHOUSE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    steps: list[str] = []
    try:
        ends = daemon.up(tmp_path, lambda step: steps.append(f"{step.name} {step.state}"))
        assert daemon.up(tmp_path) == ends
        assert {"broker done", "store done", "redis done"} <= set(steps)
        before = {part.name: part.pid for part in daemon.status(tmp_path)}
        os.kill(before["redis"] or 0, signal.SIGKILL)
        assert wait_for(lambda: daemon.status(tmp_path)[2].restarts == 1)
        assert wait_for(lambda: attach(tmp_path) == ends)
    finally:
        ended = daemon.down(tmp_path)
    assert ended
    assert not daemon.down(tmp_path)
    assert daemon.status(tmp_path) == []
    assert not any(psutil.pid_exists(pid) for pid in before.values() if pid)


def test_chosen_port_in_use_is_named(tmp_path: Path) -> None:
    """The message holds the port, the service and what to set."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = settings_for(tmp_path, redis_port=port, clickhouse_url="http://127.0.0.1:9")
        message = f"port {port} for the redis cannot be used .*ISLANDFLOW_REDIS_PORT"
        with (
            pytest.raises(UserError, match=message),
            open_stack(settings=settings.model_copy(update={"kafka_bootstrap_servers": "x:9"})),
        ):
            pass
    assert not (tmp_path / "stack.json").exists()


def test_full_disk_is_named(tmp_path: Path) -> None:
    """Too little room is said before anything is started."""
    settings = settings_for(tmp_path, min_free_disk_bytes=1 << 60)
    with pytest.raises(UserError, match="GB free and needs"), open_stack(settings=settings):
        pass


def test_service_that_cannot_start_shows_its_log(tmp_path: Path) -> None:
    """A broken configuration ends as one message with the end of the log, and stops the rest."""
    (tmp_path / "broker" / "data").mkdir(parents=True)
    (tmp_path / "broker" / "data" / "meta.properties").write_text("version=99\n")
    with (
        pytest.raises(ServiceError, match=r"broker did not start: ended with code .*broker\.log"),
        open_stack(settings=settings_for(tmp_path)),
    ):
        pass
    assert attach(tmp_path) is None


def test_start_up_cache_is_optional(tmp_path: Path) -> None:
    """Flags for the cache appear only where its file lies."""
    assert broker.aot_flags(tmp_path) == []
    broker.aot_cache(tmp_path).touch()
    assert broker.aot_flags(tmp_path)[0].endswith(".aot")
