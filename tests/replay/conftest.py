"""How the replay tests run a shard: as some deal of its records says, with crashes on the way."""

import pickle
import random
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import numpy as np
import pytest

from connectors.memory_log import Logs
from dataflows.operators import MarketShard

CUT = 50_000
Outputs = dict[str, list[bytes]]
Deal = Callable[[dict[str, int], dict[str, int]], Iterator[tuple[str, int]]]


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
    """Deal that many records of every topic in turn."""

    def deal(position: dict[str, int], sizes: dict[str, int]) -> Iterator[tuple[str, int]]:
        return iter([(topic, count) for topic in sizes])

    return deal


def at_random(seed: int) -> Deal:
    """Deal topics in any order, and any number of records of each."""
    rng = random.Random(seed)

    def deal(position: dict[str, int], sizes: dict[str, int]) -> Iterator[tuple[str, int]]:
        topics = sorted(sizes)
        rng.shuffle(topics)
        return iter([(t, rng.choice([0, 1, 37, 800, 9000])) for t in topics])

    return deal


def one_topic_first(position: dict[str, int], sizes: dict[str, int]) -> Iterator[tuple[str, int]]:
    """Deal the whole of one topic after the other."""
    for topic in sorted(sizes):
        if position[topic] < sizes[topic]:
            return iter([(topic, CUT)])
    return iter([])


def busiest(logs: Logs) -> tuple[int, dict[str, list[bytes]]]:
    """Return the shard with the most records, and its records by topic."""
    sizes: dict[int, int] = {}
    for (_, k), values in logs.items():
        sizes[k] = sizes.get(k, 0) + len(values)
    found = max(sizes, key=lambda k: sizes[k])
    return found, {topic: values for (topic, k), values in logs.items() if k == found}


@pytest.fixture(scope="session")
def replay() -> SimpleNamespace:
    """The functions above, for tests that cannot import this file."""
    return SimpleNamespace(
        run=run, evenly=evenly, at_random=at_random, one_topic_first=one_topic_first, busiest=busiest
    )
