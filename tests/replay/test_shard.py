"""One shard over real logs: cuts, interleavings and restarts leave the same bytes."""

import pickle
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from connectors.feed import Feed
from connectors.feeds.lean import LeanFeed
from connectors.feeds.synthetic import SyntheticFeed
from connectors.memory_log import Logs, raw_log
from dataflows.operators import MarketShard

LEAN = Path(__file__).parents[2].parent / "shared" / "data" / "lean"
CUT = 50_000
Outputs = dict[str, list[bytes]]
Deal = Callable[[dict[str, int], dict[str, int]], Iterator[tuple[str, int]]]


def lean(symbol: str, date: str) -> Feed:
    if not LEAN.is_dir():
        pytest.skip("the LEAN recordings are not beside the repository")
    return LeanFeed(LEAN, [symbol], [date])


@pytest.fixture(scope="module", params=["IBM", "GOOG", "synthetic"])
def shard_log(request: pytest.FixtureRequest) -> tuple[int, dict[str, list[bytes]]]:
    """The busiest shard of a cut of a feed, complete with its end records."""
    feeds: dict[str, Callable[[], tuple[Feed, int]]] = {
        "IBM": lambda: (lean("IBM", "2013-10-07"), 1),
        "GOOG": lambda: (lean("GOOG", "2015-12-24"), 1),
        "synthetic": lambda: (SyntheticFeed("quiet", 7, 2), 150),
    }
    feed, chunks = feeds[request.param]()
    logs: Logs = raw_log(feed, chunks)
    sizes: dict[int, int] = {}
    for (_, k), values in logs.items():
        sizes[k] = sizes.get(k, 0) + len(values)
    busiest = max(sizes, key=lambda k: sizes[k])
    return busiest, {topic: values for (topic, k), values in logs.items() if k == busiest}


def run(
    partition: int, logs: dict[str, list[bytes]], deal: Deal, crash: float = 0.0, seed: int = 0
) -> Outputs:
    """Feed a shard as `deal` says; now and then drop it and go on from its last snapshot."""
    rng = random.Random(seed)
    shard = MarketShard(partition, None)
    saved = pickle.dumps(shard.snapshot())
    position = dict.fromkeys(logs, 0)
    outputs: Outputs = {}
    sizes = {topic: len(values) for topic, values in logs.items()}
    while not shard.is_ended:
        for topic, count in deal(position, sizes):
            start = position[topic]
            values = logs[topic][start : start + count]
            if values:
                shard.take(topic, values, np.arange(start, start + len(values), dtype=np.int64))
                position[topic] = start + len(values)
        for rows in shard.advance():
            found = outputs.setdefault(rows.topic, [])
            known = len(found) - rows.first_seq  # what the log has already, as the sink would see
            assert known >= 0, "a gap in the output"
            assert found[rows.first_seq : rows.first_seq + len(rows.values)] == rows.values[:known]
            found.extend(rows.values[known:])
        if crash and rng.random() < crash:
            if rng.random() < 0.5:
                saved = pickle.dumps(shard.snapshot())
            shard = MarketShard(partition, pickle.loads(saved))
            position = dict(shard.next_offsets())
    return outputs


def evenly(count: int) -> Deal:
    def deal(position: dict[str, int], sizes: dict[str, int]) -> Iterator[tuple[str, int]]:
        return iter([(topic, count) for topic in sizes])

    return deal


def at_random(seed: int) -> Deal:
    rng = random.Random(seed)

    def deal(position: dict[str, int], sizes: dict[str, int]) -> Iterator[tuple[str, int]]:
        topics = sorted(sizes)
        rng.shuffle(topics)
        return iter([(t, rng.choice([0, 1, 37, 800, 9000])) for t in topics])

    return deal


def one_topic_first(position: dict[str, int], sizes: dict[str, int]) -> Iterator[tuple[str, int]]:
    for topic in sorted(sizes):
        if position[topic] < sizes[topic]:
            return iter([(topic, CUT)])
    return iter([])


@pytest.fixture(scope="module")
def expected(shard_log: tuple[int, dict[str, list[bytes]]]) -> Outputs:
    return run(*shard_log, evenly(4000))


def test_the_cut_says_something(expected: Outputs) -> None:
    rows = sum(len(v) for topic, v in expected.items() if topic != "flow.progress")
    assert rows > 100, {k: len(v) for k, v in expected.items()}


@pytest.mark.parametrize("count", [293, 1000, 100_000])
def test_poll_size_changes_nothing(
    shard_log: tuple[int, dict[str, list[bytes]]], expected: Outputs, count: int
) -> None:
    assert run(*shard_log, evenly(count)) == expected


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_interleaving_changes_nothing(
    shard_log: tuple[int, dict[str, list[bytes]]], expected: Outputs, seed: int
) -> None:
    assert run(*shard_log, at_random(seed)) == expected


def test_reading_topic_after_topic_changes_nothing(
    shard_log: tuple[int, dict[str, list[bytes]]], expected: Outputs
) -> None:
    assert run(*shard_log, one_topic_first) == expected


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_crashes_change_nothing(
    shard_log: tuple[int, dict[str, list[bytes]]], expected: Outputs, seed: int
) -> None:
    assert run(*shard_log, evenly(2000), crash=0.3, seed=seed) == expected
