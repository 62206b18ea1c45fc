"""What the tests of the whole pipeline share: feeds, processes of the flow, and digests.

Owns every process it starts: those that still run when the tests end are killed.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from confluent_kafka import Producer

from cli.stack.process import choose_port
from cli.stack.supervise import Stack
from connectors.feed import Chunk, Feed
from connectors.feeds.lean import LeanFeed
from connectors.feeds.synthetic import SyntheticFeed
from connectors.memory_log import Logs
from connectors.publish import publish
from connectors.publish_resume import LogReader
from connectors.scan import digest, messages
from connectors.topics_admin import ensure_topics
from dataflows.operators import MarketShard
from schemas.topics import DERIVED_TOPICS, PARTITION_COUNT, physical_name

ROOT = Path(__file__).resolve().parents[2]
LEAN = ROOT.parent / "shared" / "data" / "lean"
WAIT_S = 180.0
Digests = dict[str, tuple[int, str]]
Shards = Callable[[Logs], Digests]


class Cut:
    """The first chunks of a feed as a feed that ends there."""

    def __init__(self, feed: Feed, chunks: int) -> None:
        self.feed, self.count = feed, chunks
        self.name, self.is_synthetic = feed.name, feed.is_synthetic
        self.is_paced_live, self.inputs = feed.is_paced_live, feed.inputs
        self.symbols, self.heartbeat_ns = feed.symbols, feed.heartbeat_ns
        self.capabilities = feed.capabilities
        self.identity: Mapping[str, object] = {**feed.identity, "chunks": chunks}

    def chunks(self, start: int = 0) -> Iterator[Chunk]:
        """Yield the chunks from number `start` up to the cut."""
        yield from islice(self.feed.chunks(start), max(self.count - start, 0))


@dataclass(frozen=True)
class FlowArgs:
    """One run of the flow: what it reads, where it writes, and how."""

    source: str
    output: str
    recovery: Path
    workers: int = 1
    poll: int = 4000
    epoch_s: float = 10.0


@dataclass
class Lab:
    """Runs the parts of the pipeline as processes against a stack and reads what they left."""

    bootstrap: str
    clickhouse: str
    env: dict[str, str]
    folder: Path
    children: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *argv: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start `python -m ...` with the addresses of the stack."""
        environment = {**os.environ, **self.env, **(env or {})}
        pipe = subprocess.PIPE
        child = subprocess.Popen(
            [sys.executable, "-m", *argv],
            cwd=ROOT,
            env=environment,
            text=True,
            stdout=pipe,
            stderr=pipe,
        )
        self.children.append(child)
        return child

    def start_flow(self, source: str, output: str, **changes: Any) -> list[subprocess.Popen[str]]:
        """Start the processes of one flow as `FlowArgs` says; its topics are made first."""
        args = FlowArgs(source, output, self.recovery(output), **changes)
        ensure_topics(self.bootstrap, output)
        addresses = ";".join(f"127.0.0.1:{choose_port(0, 'flow')}" for _ in range(args.workers))
        return [
            self.start(
                "dataflows.market", "--namespace", args.source, "--output", args.output,
                "--recovery", str(args.recovery), "--poll-records", str(args.poll),
                "--epoch-seconds", str(args.epoch_s), "--addresses", addresses, "--process-id", str(i),
            )
            for i in range(args.workers)
        ]  # fmt: skip

    def finish(self, *children: subprocess.Popen[str], wait_s: float = WAIT_S) -> list[str]:
        """Wait for processes that must succeed; return what they printed."""
        printed = []
        for child in children:
            out, err = child.communicate(timeout=wait_s)
            assert child.returncode == 0, err[-3000:]
            printed.append(out)
        return printed

    def run_flow(self, source: str, output: str, **changes: Any) -> Digests:
        """Run a flow to its end with a fresh recovery folder; return the digests of its outputs."""
        self.finish(*self.start_flow(source, output, **changes))
        return self.digests(output)

    def recovery(self, output: str) -> Path:
        """Return the recovery folder of the flow that writes to a namespace."""
        return self.folder / f"{output}_recovery"

    def kill(self, *children: subprocess.Popen[str]) -> None:
        """SIGKILL, and wait until they are gone."""
        for child in children:
            if child.poll() is None:
                child.send_signal(signal.SIGKILL)
        for child in children:
            child.communicate(timeout=30)

    def digests(self, namespace: str) -> Digests:
        """Return records and digest of every derived topic."""
        return {t.name: digest(self.bootstrap, namespace, t) for t in DERIVED_TOPICS}

    def derived_records(self, namespace: str) -> int:
        """Return how many records the derived topics hold together."""
        with self.ends(namespace) as count:
            return count()

    @contextmanager
    def ends(self, namespace: str) -> Iterator[Callable[[], int]]:
        """Give a function that counts the derived records now; its connections are kept."""
        reader = LogReader(self.bootstrap, namespace, [t.name for t in DERIVED_TOPICS])
        try:
            yield lambda: sum(reader.ends().values())
        finally:
            reader.close()

    def await_output(self, namespace: str, count: int, *children: subprocess.Popen[str]) -> bool:
        """Wait until the outputs hold so many records; return whether all processes still run then."""
        deadline = time.monotonic() + WAIT_S
        with self.ends(namespace) as written:
            while all(child.poll() is None for child in children) and written() < count:
                assert time.monotonic() < deadline, f"fewer than {count} records after {WAIT_S} s"
        return all(child.poll() is None for child in children)

    def values(self, namespace: str, topic: str) -> dict[int, list[bytes | None]]:
        """Return the values of a topic, partition by partition."""
        found: dict[int, list[bytes | None]] = {k: [] for k in range(PARTITION_COUNT)}
        for got in messages(self.bootstrap, physical_name(namespace, topic)):
            for message in got:
                found[message.partition()].append(message.value())
        return found

    def write(self, namespace: str, topic: str, parts: Mapping[int, Sequence[bytes | None]]) -> None:
        """Write values as they are, partition by partition, under any key."""
        producer = Producer(
            {"bootstrap.servers": self.bootstrap, "message.max.bytes": 16 << 20, "linger.ms": 5}
        )
        for partition, values in parts.items():
            for value in values:
                while True:
                    try:
                        producer.produce(physical_name(namespace, topic), value, partition=partition)
                        break
                    except BufferError:
                        producer.poll(0.05)
        assert producer.flush(60) == 0


@pytest.fixture(scope="session")
def shards() -> Shards:
    """Run every shard in this process over a raw log; return the digests of what they say."""
    return shard_digests


def shard_digests(logs: Logs) -> Digests:
    found: dict[tuple[str, int], list[bytes]] = {}
    for k in range(PARTITION_COUNT):
        shard = MarketShard(k, None)
        for (topic, partition), values in logs.items():
            if partition == k and values:
                shard.take(topic, values, np.arange(len(values), dtype=np.int64))
        for rows in shard.advance():
            found.setdefault((rows.topic, k), []).extend(rows.values)
        assert shard.is_ended, k
    return {
        t.name: _digest([found.get((t.name, k), []) for k in range(PARTITION_COUNT)]) for t in DERIVED_TOPICS
    }


def _digest(parts: list[list[bytes]]) -> tuple[int, str]:
    sha = hashlib.sha256()
    for values in parts:
        for value in values:
            sha.update(value[5:])
    return sum(map(len, parts)), f"sha256:{sha.hexdigest()}"


@pytest.fixture(scope="session")
def lab(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A workbench on the session's stack."""
    ends = stack.endpoints
    made = Lab(ends.kafka, ends.clickhouse, stack.env(), tmp_path_factory.mktemp("lab"))
    yield made
    made.kill(*(c for c in made.children if c.poll() is None))


def lean_folder() -> Path:
    """Return the recordings, or skip."""
    if not LEAN.is_dir():
        pytest.skip("the LEAN recordings are not beside the repository")
    return LEAN


def make_feed(name: str) -> Feed:
    """Return a feed of the matrix: a quiet synthetic minute, one with all noise and baits, a cut of IBM."""
    if name == "synthetic":
        return SyntheticFeed("quiet", 7, 1, ["60"])
    if name == "adversarial":
        return SyntheticFeed("adversarial", 7, 1, ["IBM", "GE", "F", "XOM", "KO", "PFE", "T", "AAPL"])
    return Cut(LeanFeed(lean_folder(), ["IBM"], ["2013-10-07"]), 1)


@dataclass(frozen=True)
class Published:
    """A feed in a namespace, and the digests of an undisturbed run over it."""

    name: str
    namespace: str
    feed: Feed
    digests: Digests


@pytest.fixture(scope="session")
def published(lab: Lab) -> dict[str, Published]:
    """Feeds published once in a session; filled by `published_feed`."""
    return {}


def published_feed(lab: Lab, made: dict[str, Published], name: str) -> Published:
    """Publish a feed and run the flow over it, the first time it is asked for."""
    if name not in made:
        feed = make_feed(name)
        namespace = f"whole_{name.lower()}"
        assert publish(feed, namespace, lab.bootstrap).is_complete
        made[name] = Published(name, namespace, feed, lab.run_flow(namespace, f"{namespace}_out"))
    return made[name]


@pytest.fixture
def quiet(lab: Lab, published: dict[str, Published]) -> Published:
    """One quiet synthetic minute."""
    return published_feed(lab, published, "synthetic")


@pytest.fixture(params=["synthetic", "adversarial", "IBM"])
def whole(request: pytest.FixtureRequest, lab: Lab, published: dict[str, Published]) -> Published:
    """Each feed of the matrix in turn."""
    return published_feed(lab, published, request.param)
