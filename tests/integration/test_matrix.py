"""The output of the flow is a function of the log: of nothing else, on the real broker."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from connectors.memory_log import raw_log
from connectors.publish import publish

if TYPE_CHECKING:
    from tests.integration.conftest import Lab, Published, Shards

NUMBER = count()
ALL = 1_000_000


def test_the_cut_says_something(whole: Published) -> None:
    said = {topic for topic, (records, _) in whole.digests.items() if records}
    wanted = {"equities.joins", "equities.candles", "flow.progress"}
    if whole.name != "IBM":
        wanted |= {"options.placed", "flow.packets", "flow.hits"}
    if whole.name == "adversarial":
        wanted |= {"deadletter"}  # a quiet market repeats no trade
    assert wanted <= said
    assert said - wanted <= {"flow.alerts", "dark.events"}


def test_the_broker_and_the_engine_change_nothing(whole: Published, shards: Shards) -> None:
    """The same shards in this process, over the same log made in memory, give the same digests."""
    assert whole.digests == shards(raw_log(whole.feed, ALL))


@pytest.mark.parametrize("poll", [300, 50_000])
def test_the_batch_size_changes_nothing(lab: Lab, whole: Published, poll: int) -> None:
    assert lab.run_flow(whole.namespace, f"poll_{next(NUMBER)}", poll=poll) == whole.digests


@pytest.mark.parametrize("workers", [2, 4])
def test_the_number_of_processes_changes_nothing(lab: Lab, whole: Published, workers: int) -> None:
    assert lab.run_flow(whole.namespace, f"workers_{next(NUMBER)}", workers=workers) == whole.digests


def test_pace_and_reading_along_change_nothing(lab: Lab, quiet: Published) -> None:
    """The flow reads while the feed is still writing, in pieces of event time."""
    running = lab.start_flow("paced", "paced")
    assert publish(quiet.feed, "paced", lab.bootstrap, speed=60).is_complete
    lab.finish(*running)
    assert lab.digests("paced") == quiet.digests


def test_the_order_in_which_topics_are_written_changes_nothing(lab: Lab, quiet: Published) -> None:
    """One topic after the other, the flow already running: each waits for the others."""
    running = lab.start_flow("by_topic", "by_topic")
    topics = ["equities.quotes", "reference", "options.prints", "equities.prints", "options.nbbo"]
    for topic in topics:
        lab.write("by_topic", topic, lab.values(quiet.namespace, topic))
    lab.finish(*running)
    assert lab.digests("by_topic") == quiet.digests
