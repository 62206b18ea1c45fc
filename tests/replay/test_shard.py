"""One shard over real logs: cuts, interleavings and restarts leave the same bytes."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from connectors.feed import Feed
from connectors.feeds.lean import LeanFeed
from connectors.feeds.synthetic import SyntheticFeed
from connectors.memory_log import raw_log

LEAN = Path(__file__).parents[2].parent / "shared" / "data" / "lean"
SHARDS = ["IBM", "GOOG", "normal", "adversarial"]
Shard = tuple[int, dict[str, list[bytes]]]
Outputs = dict[str, list[bytes]]


def lean(symbol: str, date: str) -> Feed:
    if not LEAN.is_dir():
        pytest.skip("the LEAN recordings are not beside the repository")
    return LeanFeed(LEAN, [symbol], [date])


@pytest.fixture(scope="module", params=SHARDS)
def shard_log(request: pytest.FixtureRequest, replay: SimpleNamespace) -> Shard:
    """The busiest shard of a cut of a feed, complete with its end records."""
    feeds: dict[str, Callable[[], tuple[Feed, int]]] = {
        "IBM": lambda: (lean("IBM", "2013-10-07"), 1),
        "GOOG": lambda: (lean("GOOG", "2015-12-24"), 1),
        "normal": lambda: (SyntheticFeed("normal", 7, 1, ["40"]), 60),
        "adversarial": lambda: (SyntheticFeed("adversarial", 7, 1, ["40"]), 60),
    }
    feed, chunks = feeds[request.param]()
    found: Shard = replay.busiest(raw_log(feed, chunks))
    return found


@pytest.fixture(scope="module")
def expected(shard_log: Shard, replay: SimpleNamespace) -> Outputs:
    found: Outputs = replay.run(*shard_log, replay.evenly(4000))
    return found


def test_the_cut_says_something(expected: Outputs) -> None:
    rows = sum(len(v) for topic, v in expected.items() if topic != "flow.progress")
    assert rows > 100, {k: len(v) for k, v in expected.items()}


@pytest.mark.parametrize("count", [293, 1000, 100_000])
def test_poll_size_changes_nothing(
    shard_log: Shard, expected: Outputs, count: int, replay: SimpleNamespace
) -> None:
    assert replay.run(*shard_log, replay.evenly(count)) == expected


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_interleaving_changes_nothing(
    shard_log: Shard, expected: Outputs, seed: int, replay: SimpleNamespace
) -> None:
    assert replay.run(*shard_log, replay.at_random(seed)) == expected


def test_reading_topic_after_topic_changes_nothing(
    shard_log: Shard, expected: Outputs, replay: SimpleNamespace
) -> None:
    assert replay.run(*shard_log, replay.one_topic_first) == expected


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_crashes_change_nothing(
    shard_log: Shard, expected: Outputs, seed: int, replay: SimpleNamespace
) -> None:
    assert replay.run(*shard_log, replay.evenly(2000), crash=0.3, seed=seed) == expected
