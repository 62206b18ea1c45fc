"""A synthetic tape that begins later: the same records, without those of the minutes it leaves out."""

from functools import cache
from itertools import islice

import numpy as np
import pytest

from connectors.errors import UserError
from connectors.feeds.synthetic import Labelled, SyntheticFeed
from connectors.feeds.synthetic_session import PREOPEN_S

SYMBOLS = ("AAPL", "SPY")


def feed(minutes: int, start_minute: int = 0) -> SyntheticFeed:
    return SyntheticFeed("quiet", 3, minutes, SYMBOLS, start_minute=start_minute)


@cache
def late() -> list[Labelled]:
    """The chunks of the second minute alone."""
    return list(islice(feed(1, 1).labelled_chunks(), PREOPEN_S + 60))


def test_a_later_beginning_shows_the_same_records() -> None:
    shown = islice(feed(2).labelled_chunks(PREOPEN_S + 60), 60)
    rows = 0
    for whole, part in zip(shown, late()[PREOPEN_S:], strict=True):
        assert whole.chunk.upto_ts == part.chunk.upto_ts and whole.labels.block == part.labels.block
        for topic, batch in whole.chunk.batches.items():
            other = part.chunk.batches[topic]
            rows += len(batch)
            assert all(np.array_equal(batch[n], other[n]) for n in ("source_ts", "event_ts")), topic
            assert batch["underlying"].equals(other["underlying"])
    assert rows > 100


def test_what_is_said_before_the_open_is_said_still() -> None:
    first, *rest = (found.chunk for found in late())
    assert first.session is not None and len(first.notes) > 2
    assert not any(len(b) for chunk in rest[: PREOPEN_S - 1] for b in chunk.batches.values())
    assert any(len(b) for b in rest[PREOPEN_S - 1].batches.values())
    assert all(chunk.session is None for chunk in rest)


@pytest.mark.slow
def test_chunks_can_be_made_from_anywhere() -> None:
    times = [found.chunk.upto_ts for found in islice(feed(1, 1).labelled_chunks(PREOPEN_S + 30), 30)]
    assert times == [found.chunk.upto_ts for found in late()[PREOPEN_S + 30 :]]


def test_it_is_another_input_whose_volume_is_not_complete() -> None:
    assert "start_minute" not in feed(1).identity
    assert feed(1, 6).identity["start_minute"] == 6
    assert feed(1).capabilities["option_volume_complete"] is True
    assert (
        feed(1, 6).capabilities["option_volume_complete"]
        is feed(1, 6).capabilities["complete_volume"]
        is False
    )


@pytest.mark.parametrize("minute", [-1, 390])
def test_a_minute_outside_the_session_is_refused(minute: int) -> None:
    with pytest.raises(UserError, match=f"minute {minute} of the synthetic market"):
        feed(1, minute)
