"""A feed that is stopped, killed or disturbed leaves the log that an undisturbed one writes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, Producer, TopicPartition

from cli.stack.supervise import Stack, open_stack
from connectors.errors import ServiceError, UserError
from connectors.feeds.lean import LeanFeed
from connectors.kafka import reader
from connectors.publish import PublishSummary, publish
from connectors.publish_resume import LogReader
from connectors.publish_rows import REFERENCE
from connectors.settings import load_settings
from connectors.topics_admin import delete_namespace, ensure_topics, list_namespaces
from schemas.codec import decode
from schemas.columns import Batch
from schemas.partition import partition
from schemas.topics import PARTITION_COUNT, RAW_TOPICS, TOPIC, TOPICS, physical_name

ROOT = Path(__file__).resolve().parents[2]
DAYS = ("2013-10-07", "2013-10-08")
ROWS = 30_000
TOPIC_NAMES = (REFERENCE, "equities.prints", "equities.quotes")
Log = dict[tuple[str, int], list[bytes]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small LEAN folder: two symbols, two days, some rows that are none."""
    root = tmp_path_factory.mktemp("lean")
    for number, symbol in enumerate(("ibm", "aig")):
        for day in DAYS:
            write_day(root, symbol, day, np.random.default_rng(number))
    return root


def write_day(root: Path, symbol: str, day: str, rng: np.random.Generator) -> None:
    times = np.sort(rng.integers(34_200_000, 36_000_000, ROWS))
    prices = 1_800_000 + 100 * rng.integers(-50, 50, ROWS)
    trades = [f"{t},{p},100,D,1,0" for t, p in zip(times[::10], prices[::10], strict=True)]
    trades[7] = "letters,in,here"
    bids = [f"{t},{p},100,0,0,P,1,0" for t, p in zip(times, prices, strict=True)]
    place = root / "equity" / "usa" / "tick" / symbol
    place.mkdir(parents=True, exist_ok=True)
    for kind, lines in (("trade", trades), ("quote", bids)):
        name = f"{day.replace('-', '')}_{kind}"
        with zipfile.ZipFile(place / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{name}.csv", "\n".join(lines))


@pytest.fixture
def bootstrap(stack: Stack) -> str:
    return stack.endpoints.kafka


def feed_of(folder: Path, days: tuple[str, ...] = DAYS) -> LeanFeed:
    return LeanFeed(folder, ["IBM", "AIG"], list(days))


def read_log(bootstrap: str, namespace: str) -> Log:
    """Return every record of the raw topics the feed fills."""
    looking = LogReader(bootstrap, namespace, TOPIC_NAMES)
    try:
        log = looking.look()
        return looking._read(dict(log.low), dict(log.high))
    finally:
        looking.close()


def rows_of(log: Log, place: tuple[str, int]) -> dict[str, list[object]]:
    """Return the decoded columns of a partition; the wall time on heartbeats is left out."""
    batch: Batch = decode(TOPIC[place[0]], log[place]).batch
    return {n: list(c.tolist()) for n, c in batch.columns.items() if n != "ingest_ts"}


def assert_same(found: Log, wanted: Log) -> None:
    assert found.keys() == wanted.keys()
    for place in wanted:
        if place[0] == REFERENCE:
            assert rows_of(found, place) == rows_of(wanted, place), place
        else:
            assert found[place] == wanted[place], place


@pytest.fixture(scope="module")
def undisturbed(stack: Stack, folder: Path) -> tuple[PublishSummary, Log]:
    summary = publish(feed_of(folder), "resume_whole", stack.endpoints.kafka)
    return summary, read_log(stack.endpoints.kafka, "resume_whole")


def test_the_log_is_dense_and_the_summary_adds_up(undisturbed: tuple[PublishSummary, Log]) -> None:
    summary, log = undisturbed
    assert summary.is_complete
    assert summary.read == {"equities.prints": 4 * ROWS // 10, "equities.quotes": 4 * ROWS}
    assert summary.rejected == {"equities.prints": 4, "equities.quotes": 0}
    for topic, count in summary.published.items():
        assert summary.read[topic] == count + summary.rejected[topic]
        kinds = [k for p in range(PARTITION_COUNT) for k in rows_of(log, (topic, p))["kind"]]
        assert kinds.count(0) == count
    assert summary.sent == sum(map(len, log.values()))
    for place in log:
        assert rows_of(log, place)["seq"] == list(range(len(log[place])))


def test_the_stamp_of_a_message_is_its_time_and_its_key_the_underlying(
    bootstrap: str, undisturbed: tuple[PublishSummary, Log]
) -> None:
    consumer = reader(bootstrap)
    for topic, symbol in ((REFERENCE, "IBM"), ("equities.quotes", "AIG")):
        at = TopicPartition(physical_name("resume_whole", topic), partition(symbol), 0)
        consumer.assign([at])
        messages = [m for m in consumer.consume(500, 20.0) if m.error() is None]
        batch = decode(TOPIC[topic], [m.value() or b"" for m in messages]).batch
        assert len(batch) == 500
        stamps = [(TIMESTAMP_CREATE_TIME, t) for t in (batch["source_ts"] // 1_000_000).tolist()]
        assert [m.timestamp() for m in messages] == stamps
        keys = [name.encode() or None for name in batch["underlying"].to_pylist()]
        assert [m.key() for m in messages] == keys
    consumer.close()


def test_the_same_command_again_has_nothing_to_do(
    bootstrap: str, folder: Path, undisturbed: tuple[PublishSummary, Log]
) -> None:
    again = publish(feed_of(folder), "resume_whole", bootstrap)
    assert again.sent == 0
    assert (again.read, again.published) == (undisturbed[0].read, undisturbed[0].published)
    assert_same(read_log(bootstrap, "resume_whole"), undisturbed[1])


def publish_some(folder: Path, namespace: str, bootstrap: str) -> PublishSummary:
    """Publish until the first sign of progress, then stop."""
    stop = threading.Event()

    def leave(_: PublishSummary) -> None:
        stop.set()

    return publish(feed_of(folder), namespace, bootstrap, stop=stop, on_progress=leave)


def test_stopped_after_every_group_of_chunks_it_goes_on(
    bootstrap: str, folder: Path, undisturbed: tuple[PublishSummary, Log]
) -> None:
    for _ in range(20):
        summary = publish_some(folder, "resume_stop", bootstrap)
        if summary.is_complete:
            break
    assert summary.is_complete
    assert summary.published == undisturbed[0].published
    assert_same(read_log(bootstrap, "resume_stop"), undisturbed[1])


def spec_of(folder: Path, **changes: object) -> str:
    plain = {"feed": "lean", "root": str(folder), "symbols": ["IBM", "AIG"], "dates": list(DAYS)}
    return json.dumps({**plain, **changes})


def start(bootstrap: str, namespace: str, spec: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "connectors.ingest", "--namespace", namespace, "--spec", spec]
    env = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": bootstrap}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, env=env, text=True, stdout=pipe, stderr=pipe)


def await_records(bootstrap: str, namespace: str, count: float, child: subprocess.Popen[str]) -> bool:
    """Wait until the log has so many records; return whether the child still runs then."""
    looking = LogReader(bootstrap, namespace, TOPIC_NAMES)
    try:
        while child.poll() is None and sum(looking.ends().values()) < count:
            time.sleep(0.01)
        return child.poll() is None
    finally:
        looking.close()


def test_killed_at_any_point_it_goes_on_without_loss_or_repeat(
    bootstrap: str, folder: Path, undisturbed: tuple[PublishSummary, Log]
) -> None:
    ensure_topics(bootstrap, "resume_kill")
    points = random.Random(11)
    total, kills = undisturbed[0].sent, 0
    for share in sorted(points.uniform(0.05, 0.9) for _ in range(3)):
        child = start(bootstrap, "resume_kill", spec_of(folder))
        kills += await_records(bootstrap, "resume_kill", share * total, child)
        child.kill()
        child.communicate()
    child = start(bootstrap, "resume_kill", spec_of(folder))
    out, err = child.communicate(timeout=120)
    assert child.returncode == 0, err
    assert kills > 0
    assert json.loads(out)["published"] == undisturbed[0].published
    assert_same(read_log(bootstrap, "resume_kill"), undisturbed[1])


def test_sigterm_ends_a_paced_feed_cleanly_and_full_speed_finishes_it(
    bootstrap: str, folder: Path, undisturbed: tuple[PublishSummary, Log]
) -> None:
    child = start(bootstrap, "resume_paced", spec_of(folder, speed=200))
    ensure_topics(bootstrap, "resume_paced")
    assert await_records(bootstrap, "resume_paced", 1_000, child)
    child.send_signal(signal.SIGTERM)
    out, err = child.communicate(timeout=30)
    assert child.returncode == 0, err
    assert not json.loads(out)["is_complete"]
    assert publish(feed_of(folder), "resume_paced", bootstrap).is_complete
    assert_same(read_log(bootstrap, "resume_paced"), undisturbed[1])


def foreign(bootstrap: str, namespace: str, topic: str, count: int) -> None:
    producer = Producer({"bootstrap.servers": bootstrap})
    for number in range(count):
        for part in range(PARTITION_COUNT):
            producer.produce(physical_name(namespace, topic), b"poison %d" % number, partition=part)
    assert producer.flush(20) == 0


def test_foreign_bytes_at_the_end_of_the_log_do_not_lead_astray(
    bootstrap: str, folder: Path, undisturbed: tuple[PublishSummary, Log]
) -> None:
    publish_some(folder, "resume_foreign", bootstrap)
    foreign(bootstrap, "resume_foreign", "equities.quotes", 100)
    foreign(bootstrap, "resume_foreign", REFERENCE, 3)
    assert publish(feed_of(folder), "resume_foreign", bootstrap).is_complete
    found = read_log(bootstrap, "resume_foreign")
    kept = {place: [v for v in values if not v.startswith(b"poison")] for place, values in found.items()}
    assert_same(kept, undisturbed[1])


@pytest.mark.usefixtures("undisturbed")
def test_another_input_under_the_same_name_is_refused(bootstrap: str, folder: Path, tmp_path: Path) -> None:
    for symbol in ("ibm", "aig"):
        write_day(tmp_path, symbol, DAYS[0], np.random.default_rng(99))
    publish_some(folder, "resume_other", bootstrap)
    other = feed_of(tmp_path, DAYS[:1])
    for namespace in ("resume_other", "resume_whole"):
        with pytest.raises(UserError, match="another input"):
            publish(other, namespace, bootstrap)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Stack]:
    """A broker of its own; the other services are never asked for."""
    nowhere = {"clickhouse_url": "http://127.0.0.1:9", "redis_url": "redis://127.0.0.1:9"}
    own = {"kafka_bootstrap_servers": None, "broker_port": 0, "data_dir": tmp_path, **nowhere}
    with open_stack(settings=load_settings().model_copy(update=own)) as running:
        yield running


def test_a_broker_killed_while_publishing_loses_nothing(
    broker: Stack, folder: Path, undisturbed: tuple[PublishSummary, Log]
) -> None:
    bootstrap = broker.endpoints.kafka
    ensure_topics(bootstrap, "resume_broker")
    child = start(bootstrap, "resume_broker", spec_of(folder, speed=600))
    assert await_records(bootstrap, "resume_broker", 10_000, child)
    os.kill(broker.processes["broker"], signal.SIGKILL)
    while not broker.dead():
        time.sleep(0.01)
    assert broker.heal() == ["broker"]
    _, err = child.communicate(timeout=120)
    if child.returncode != 0:
        assert "run the command again" in err
        publish(feed_of(folder), "resume_broker", bootstrap)
    found = read_log(bootstrap, "resume_broker")
    assert_same({place: without_repeats(place, values) for place, values in found.items()}, undisturbed[1])


def without_repeats(place: tuple[str, int], values: list[bytes]) -> list[bytes]:
    """Drop what a reader drops: numbers it has had. A crashed broker may take a request twice."""
    first: dict[int, bytes] = {}
    for seq, value in zip(decode(TOPIC[place[0]], values).batch["seq"].tolist(), values, strict=True):
        assert seq <= len(first), f"{place}: a gap before {seq}"
        assert first.setdefault(seq, value) == value, f"{place}: two records are {seq}"
    return list(first.values())


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (
            {"feed": "lean", "root": "/nowhere", "symbols": ["IBM"], "dates": ["2013-10-07"]},
            "no such folder",
        ),
        ({"feed": "opra"}, "lean, synthetic, dbn, polygon_flat"),
        ({"feed": "lean"}, "is missing"),
        ({"feed": "synthetic", "profile": "normal", "seed": 1, "color": 3}, "no part of"),
    ],
)
def test_a_wrong_specification_is_one_sentence_and_code_2(
    bootstrap: str, spec: dict[str, object], words: str
) -> None:
    child = start(bootstrap, "resume_wrong", json.dumps(spec))
    _, err = child.communicate(timeout=30)
    assert child.returncode == 2
    assert words in err
    assert err.count("\n") == 1


@pytest.fixture
def spare(bootstrap: str) -> Iterator[str]:
    yield "resume_spare"
    delete_namespace(bootstrap, "resume_spare")


def test_topics_are_made_once_and_found_again(bootstrap: str, spare: str) -> None:
    ensure_topics(bootstrap, spare)
    ensure_topics(bootstrap, spare)
    assert list_namespaces(bootstrap)[spare] == tuple(sorted(t.name for t in TOPICS))
    assert delete_namespace(bootstrap, spare) == len(TOPICS)
    deadline = time.monotonic() + 10
    while spare in list_namespaces(bootstrap):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_topic_that_would_forget_is_refused(bootstrap: str, spare: str) -> None:
    from confluent_kafka.admin import AdminClient
    from confluent_kafka.cimpl import NewTopic

    admin = AdminClient({"bootstrap.servers": bootstrap})
    name = physical_name(spare, RAW_TOPICS[1].name)
    topic = NewTopic(name, PARTITION_COUNT, config={"retention.ms": "1000"})
    admin.create_topics([topic])[name].result(10)
    with pytest.raises(ServiceError, match=r"retention\.ms=1000 where -1"):
        ensure_topics(bootstrap, spare)
