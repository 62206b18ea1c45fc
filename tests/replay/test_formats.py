"""Every recorded format through the flow: all accounted for, and the same bytes however it is read."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from connectors.feed import Feed
from connectors.formats import recognise, spec_of
from connectors.ingest import build_feed
from connectors.memory_log import Logs, raw_log
from connectors.recorded import Selection
from schemas.codec import decode
from schemas.kinds import KIND
from schemas.topics import PARTITION_COUNT, TOPIC

DATA = Path(__file__).parents[2].parent / "shared" / "data"
CHUNKS = 4  # whole days are run once, with the broker, by hand
RECORDINGS = (
    "taq",
    "databento/OPRA.PILLAR",
    "databento/XNAS.ITCH",
    "databento/EQUS.MINI",
    "alpaca",
    "polygon",
)
COUNTERS = ("processed", "late", "duplicate", "deadletter")


def feed_of(name: str) -> Feed:
    if not (DATA / name).is_dir():
        pytest.skip("the recordings are not beside the repository")
    found = recognise([DATA / name])
    return build_feed(spec_of(found, Selection()))


@dataclass(frozen=True)
class Recording:
    name: str
    feed: Feed
    logs: Logs


@pytest.fixture(scope="module", params=RECORDINGS)
def recording(request: pytest.FixtureRequest) -> Recording:
    feed = feed_of(request.param)
    return Recording(request.param, feed, raw_log(feed, CHUNKS))


def shards(logs: Logs) -> Iterator[tuple[int, dict[str, list[bytes]]]]:
    for k in range(PARTITION_COUNT):
        yield k, {topic: values for (topic, part), values in logs.items() if part == k}


def test_everything_read_is_accounted_for(recording: Recording, replay: SimpleNamespace) -> None:
    feed, logs = recording.feed, recording.logs
    read: Counter[str] = Counter()
    for chunk in islice(feed.chunks(), CHUNKS):
        read.update(chunk.read)
        read.subtract(r.topic for r in chunk.rejects)
    published: Counter[str] = Counter()
    for (name, _), values in logs.items():
        if name != "reference":
            published[name] += int((decode(TOPIC[name], values).batch["kind"] == KIND.index("data")).sum())
    done: Counter[str] = Counter()
    for k, mine in shards(logs):
        progress = decode(
            TOPIC["flow.progress"], replay.run(k, mine, replay.evenly(4000))["flow.progress"]
        ).batch
        for i in np.flatnonzero(progress["is_final"]).tolist():
            done[progress["input"][i].as_py()] += sum(int(progress[c][i]) for c in COUNTERS)
    assert sum(read.values()) > 0
    assert {t: n for t, n in published.items() if n} == {t: n for t, n in read.items() if n}
    del done["reference"]  # facts beside the tape are processed too, and no feed counts them as read
    assert {t: n for t, n in done.items() if n} == {t: n for t, n in published.items() if n}


def test_neither_cuts_nor_order_nor_crashes_change_a_byte(
    recording: Recording, replay: SimpleNamespace
) -> None:
    shard = replay.busiest(recording.logs)
    expected = replay.run(*shard, replay.evenly(4000))
    assert replay.run(*shard, replay.evenly(211)) == expected
    assert replay.run(*shard, replay.at_random(1)) == expected
    assert replay.run(*shard, replay.one_topic_first) == expected
    assert replay.run(*shard, replay.evenly(700), crash=0.3, seed=2) == expected


def test_a_feed_gives_the_same_log_again(recording: Recording) -> None:
    assert raw_log(feed_of(recording.name), CHUNKS) == recording.logs
