"""A paced feed that is started again waits for what is new, not for what the log has."""

from threading import Event

import pytest

from cli.stack.supervise import Stack
from connectors import publish as publishing
from connectors.feeds.synthetic import SyntheticFeed


def test_what_the_log_has_is_not_waited_for(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    feed, stop, waited = SyntheticFeed("quiet", 11, 1), Event(), list[int]()

    def wait(self: publishing.Pace, event_ts: int) -> None:
        waited.append(event_ts)
        if len(waited) == 100:  # 20 s of event time, two thirds of the way to the first checkpoint
            stop.set()

    monkeypatch.setattr(publishing.Pace, "wait", wait)
    publishing.publish(feed, "paced_resume", stack.endpoints.kafka, speed=1.0, stop=stop)
    logged_ts = waited[-2]  # the piece at which the stop came was not sent
    waited.clear()
    stop.clear()
    publishing.publish(feed, "paced_resume", stack.endpoints.kafka, speed=1.0, stop=stop)
    assert waited[0] > logged_ts - feed.heartbeat_ns
    assert len(waited) == 100
