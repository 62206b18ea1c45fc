"""From batches to frames: snapshot and stream without a gap, filters, bounds, the pulse."""

from __future__ import annotations

import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.channels import TAPE_FRAME_ROWS, TAPE_RING_ROWS
from api.fanout import ClientQueue
from api.hub import Hub
from api.pulse import Pulse, RateMeter
from api.reader import SequenceFilter, shown_rows
from api.ring import Ring
from api.wire import Subscription
from schemas.columns import Batch, empty, field_type, to_json_columns
from schemas.kinds import KIND
from schemas.topics import TOPIC, Topic

TAPE, STATE = "options.placed", "equities.candles"
NAMES = ("IBM", "AIG", "SPY")


def batch(topic: Topic, underlyings: list[str], **given: object) -> Batch:
    """Rows of a topic, zero or empty where nothing is given."""
    count = len(underlyings)
    columns = dict(empty(topic).columns)
    for field in topic.fields:
        kind = field_type(field)
        value = given.get(field.name, 0 if kind else "")
        if kind is None:
            values = [value] * count if isinstance(value, str) else value
            columns[field.name] = pa.array(values, pa.string())
        else:
            columns[field.name] = np.broadcast_to(np.array(value, kind), (count,)).copy()
    columns["underlying"] = pa.array(underlyings, pa.string())
    return Batch(topic, columns)


def numbered(first: int, underlyings: list[str]) -> Batch:
    return batch(TOPIC[TAPE], underlyings, seq=np.arange(first, first + len(underlyings)))


def messages(hub: Hub, queue: ClientQueue) -> list[dict[str, object]]:
    found = []
    while (text := hub.pop(queue)) is not None:
        found.append(orjson.loads(text))
    return found


class Page:
    """A client of a hub that keeps the numbers it was shown and the rows it was told it missed."""

    def __init__(self, hub: Hub, client_id: int, wanted: Subscription) -> None:
        self.hub, self.queue = hub, ClientQueue()
        self.shown: list[int] = []
        self.skipped = 0
        self.cursor = ""
        hub.join(client_id, self.queue)
        hub.subscribe(client_id, self.queue, wanted)

    def read(self) -> None:
        for message in messages(self.hub, self.queue):
            self.skipped += int(str(message.get("skipped", message["rows"])))
            self.cursor = str(message.get("cursor", self.cursor))
            columns = message.get("columns")
            if isinstance(columns, dict):
                self.shown += columns["seq"]


STEPS = st.lists(
    st.one_of(
        st.lists(st.sampled_from(NAMES), min_size=1, max_size=8),
        st.sampled_from(("flush", "join", "read")),
        st.frozensets(st.sampled_from(NAMES), min_size=1),
    ),
    max_size=30,
)


@settings(deadline=None)
@given(STEPS)
def test_whoever_comes_whenever_sees_each_row_of_its_filter_once(
    steps: list[list[str] | str | frozenset[str]],
) -> None:
    hub, pages, groups, clock_s = Hub(lambda _: None), list[Page](), [], 1.0
    written: list[str] = []
    for step in steps:
        if isinstance(step, list):
            hub.ingest(TAPE, numbered(len(written), step))
            written += step
        elif step == "flush":
            clock_s += 1
            hub.flush(clock_s)
        elif step == "read":
            for page in pages:
                page.read()
        else:
            group = step if isinstance(step, frozenset) else None
            groups.append(group)
            pages.append(Page(hub, len(pages), Subscription((TAPE,), group)))
    hub.flush(clock_s + 1)
    for page, group in zip(pages, groups, strict=True):
        page.read()
        assert page.shown == [i for i, name in enumerate(written) if not group or name in group]
        assert page.skipped == 0


def test_a_tape_frame_holds_the_newest_rows_and_counts_the_rest() -> None:
    hub = Hub(lambda _: None)
    page = Page(hub, 1, Subscription((TAPE,)))
    hub.ingest(TAPE, numbered(0, ["IBM"] * 700))
    hub.skip(TAPE, 5)
    hub.flush(1.0)
    page.read()
    assert page.shown == list(range(700 - TAPE_FRAME_ROWS, 700))
    assert page.skipped == 700 - TAPE_FRAME_ROWS + 5


def test_frames_leave_ten_times_a_second_at_most() -> None:
    woken: list[list[int]] = []
    hub = Hub(woken.append)
    Page(hub, 7, Subscription((TAPE,)))
    for step in range(100):
        hub.ingest(TAPE, numbered(step, ["IBM"]))
        hub.flush(10.0 + step / 100)
    assert 9 <= len(woken) <= 10
    assert woken[0] == [7]


@pytest.mark.parametrize("missed", [1, TAPE_RING_ROWS, TAPE_RING_ROWS + 40])
def test_a_returning_page_is_told_what_the_ring_no_longer_holds(missed: int) -> None:
    hub = Hub(lambda _: None)
    page = Page(hub, 1, Subscription((TAPE,)))
    hub.ingest(TAPE, numbered(0, ["IBM"]))
    hub.flush(1.0)
    page.read()
    hub.ingest(TAPE, numbered(1, ["IBM"] * missed))
    hub.flush(2.0)
    epoch, position = page.cursor.split(":")
    again = Page(hub, 2, Subscription((TAPE,), None, {TAPE: (epoch, int(position))}))
    again.read()
    assert len(again.shown) + again.skipped == missed
    assert again.shown == list(range(missed + 1))[-len(again.shown) :]


def test_a_snapshot_of_candles_holds_each_in_its_last_version() -> None:
    hub = Hub(lambda _: None)
    starts = [0, 1, 0, 2]
    rows = batch(TOPIC[STATE], ["IBM"] * 4, start_ts=starts, version=[1, 1, 2, 1], interval_s=1)
    hub.ingest(STATE, rows)
    hub.flush(1.0)
    queue = ClientQueue()
    hub.join(1, queue)
    hub.subscribe(1, queue, Subscription((STATE,)))
    (message,) = messages(hub, queue)
    columns = message["columns"]
    assert isinstance(columns, dict)
    assert dict(zip(columns["start_ts"], columns["version"], strict=True)) == {
        "0": 2,
        "1": 1,
        "2": 1,
    }


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), max_size=200), st.integers(1, 12))
def test_a_ring_is_the_tail_of_what_was_appended(sizes: list[int], limit: int) -> None:
    ring, written = Ring(limit), 0
    for size in sizes:
        ring.append(numbered(written, ["IBM"] * size))
        written += size
        assert ring.position == written and ring.position - ring.start <= limit
    rows = ring.since(0)
    shown = [] if rows is None else to_json_columns(rows, ["seq"])["seq"]
    assert shown == list(range(max(0, written - limit), written))
    assert ring.since(written) is None


RECORDS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 12)), max_size=40)


@settings(deadline=None)
@given(RECORDS, st.lists(st.integers(1, 5), max_size=40))
def test_a_sequence_number_is_shown_once_however_it_is_polled(
    records: list[tuple[int, int]], cuts: list[int]
) -> None:
    def shown(sizes: list[int]) -> list[tuple[int, int]]:
        found, start, sieve = [], 0, SequenceFilter()
        for size in [*sizes, len(records) + 1]:
            part = records[start : start + size]
            start += size
            if part:
                shards, numbers = (np.array(v, np.int64) for v in zip(*part, strict=True))
                found += [part[i] for i in sieve.fresh(TAPE, shards, numbers).tolist()]
        return found

    assert shown(cuts) == shown([])
    assert len(set(shown(cuts))) == len(shown(cuts))
    best: dict[int, int] = {}
    for shard, number in shown([]):
        assert number > best.get(shard, -1)
        best[shard] = number


def test_channels_of_raw_topics_carry_no_heartbeats() -> None:
    kinds = [KIND.index(k) for k in ("data", "heartbeat", "session", "end")]
    partitions = np.array([3, 0, 0, 3])
    reference = batch(TOPIC["reference"], [""] * 4, kind=kinds)
    assert shown_rows("reference", reference, partitions).tolist() == [0, 2]
    prints = batch(TOPIC["options.prints"], [""] * 4, kind=kinds)
    assert shown_rows("options.prints", prints, partitions).tolist() == [0]


def test_the_pulse_keeps_the_newest_heartbeat_and_session() -> None:
    pulse = Pulse()
    assert pulse.lag_ms(0) is None and pulse.is_stale(0)
    kinds = [KIND.index(k) for k in ("session", "heartbeat", "session", "heartbeat")]
    details = ['{"session": "b"}', "", "no json", ""]
    rows = batch(
        TOPIC["reference"],
        [""] * 4,
        kind=kinds,
        detail=details,
        source_ts=[5, 6, 7, 4],
        ingest_ts=[-1, 10**9, -1, 5 * 10**8],
    )
    pulse.observe(rows)
    pulse.learn(3, '{"session": "a"}')
    assert pulse.session == {"session": "b"}
    assert (pulse.event_ns, pulse.lag_ms(3 * 10**9)) == (6, 2000.0)
    assert not pulse.is_stale(4 * 10**9) and pulse.is_stale(4 * 10**9 + 1)
    status = pulse.status(2.5, RateMeter(pulse).read())
    assert (status["feed_lag_ms"], status["event_ts"], status["has_ended"]) == (1500.0, "6", False)
