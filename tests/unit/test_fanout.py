"""Bounded queues: nothing vanishes unsaid, the latest state arrives, the hopeless are found."""

from __future__ import annotations

from collections import Counter

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from api.fanout import QUEUE_FRAMES, ClientQueue, Fanout, Frame
from api.wire import rows_message
from connectors.redis_cache import LocalBuckets, Rate

TAPE, EVENT, STATE = "options.placed", "flow.alerts", "equities.candles"
EPOCH = "ab"


def frame(channel: str, stop: int, rows: int = 3, skipped: int = 0) -> Frame:
    columns = {"seq": list(range(stop - rows, stop))}
    body = rows_message(channel, columns, skipped, f"{EPOCH}:{stop}", False)
    return Frame(channel, EPOCH, stop - rows, stop, rows, skipped, body)


def candle(stop: int, values: list[tuple[str, int, int]]) -> Frame:
    names = ("underlying", "start_ts", "close")
    columns = {n: [v[i] for v in values] for i, n in enumerate(names)}
    columns["interval_s"] = [1] * len(values)
    body = rows_message(STATE, columns, 0, f"{EPOCH}:{stop}", False)
    return Frame(STATE, EPOCH, stop - len(values), stop, len(values), 0, body, columns)


def drain(queue: ClientQueue) -> list[dict[str, object]]:
    found = []
    while (text := queue.pop()) is not None:
        found.append(orjson.loads(text))
    return found


OFFERS = st.lists(st.tuples(st.sampled_from((TAPE, EVENT, "flow.hits")), st.integers(1, 5)))
STEPS = st.lists(st.tuples(OFFERS, st.integers(0, 6)), max_size=20)


@settings(deadline=None)
@given(STEPS, st.integers(1, 5))
def test_every_row_is_sent_or_counted_in_a_gap(
    steps: list[tuple[list[tuple[str, int]], int]], limit: int
) -> None:
    queue, stops, offered = ClientQueue(limit), Counter[str](), Counter[str]()
    told: Counter[str] = Counter()
    position: Counter[str] = Counter()

    def take(text: str | None) -> None:
        if text is None:
            return
        message = orjson.loads(text)
        channel, rows = message["channel"], message["rows"]
        told[channel] += rows
        position[channel] += rows
        if message["type"] == "rows":
            # Gaps stand where the rows are missing, so positions always meet the cursor.
            assert message["cursor"] == f"{EPOCH}:{position[channel]}"

    for offers, pops in steps:
        for channel, rows in offers:
            stops[channel] += rows
            offered[channel] += rows
            queue.offer(frame(channel, stops[channel], rows), 0.0)
            assert len(queue) <= limit
        for _ in range(pops):
            take(queue.pop())
    while len(queue):
        take(queue.pop())
    while (text := queue.pop()) is not None:
        take(text)
    assert told == offered


def test_tape_goes_before_events() -> None:
    queue = ClientQueue(2)
    queue.offer(frame(EVENT, 3), 0.0)
    queue.offer(frame(TAPE, 3), 0.0)
    queue.offer(frame(EVENT, 6), 0.0)
    kinds = [(m["type"], m["channel"], m["rows"]) for m in drain(queue)]
    assert kinds == [("rows", EVENT, 3), ("rows", EVENT, 3), ("gap", TAPE, 3)]


def test_an_event_frame_is_dropped_oldest_first_with_a_gap_in_its_place() -> None:
    queue = ClientQueue(2)
    for stop in (3, 6, 9):
        queue.offer(frame(EVENT, stop, skipped=1), 0.0)
    messages = drain(queue)
    assert [(m["type"], m["rows"]) for m in messages] == [("gap", 4), ("rows", 3), ("rows", 3)]
    assert messages[1]["columns"] == {"seq": [3, 4, 5]}


CANDLES = st.lists(
    st.tuples(st.sampled_from(("IBM", "AIG")), st.integers(0, 3), st.integers(0, 9)),
    min_size=1,
    max_size=6,
)


@settings(deadline=None)
@given(st.lists(CANDLES, min_size=1, max_size=10), st.integers(0, 3))
def test_a_slow_client_gets_the_latest_of_each_candle(
    frames: list[list[tuple[str, int, int]]], tapes: int
) -> None:
    queue, stop, expected = ClientQueue(4), 0, {}
    for values in frames:
        stop += len(values)
        queue.offer(candle(stop, values), 0.0)
        expected.update({(u, t): close for u, t, close in values})
        for k in range(tapes):
            queue.offer(frame(TAPE, 3 * (k + 1)), 0.0)
    found: dict[tuple[str, int], int] = {}
    for message in drain(queue):
        if message["channel"] == STATE:
            columns = message["columns"]
            assert isinstance(columns, dict) and message["cursor"] == f"{EPOCH}:{stop}"
            keys = zip(columns["underlying"], columns["start_ts"], strict=True)
            found.update(dict(zip(keys, columns["close"], strict=True)))
    assert found == expected


def test_one_candle_frame_is_sent_as_it_was_encoded() -> None:
    queue = ClientQueue()
    shared = candle(2, [("IBM", 1, 5), ("IBM", 1, 6)])
    queue.offer(shared, 0.0)
    assert queue.pop() is shared.body


def test_a_client_that_stays_full_is_hopeless_and_one_that_recovers_is_not() -> None:
    queue = ClientQueue(4, patience_s=10)
    for stop in range(3, 30, 3):
        queue.offer(frame(TAPE, stop), 100.0)
    assert not queue.is_hopeless(109.9)
    assert queue.is_hopeless(110.0)
    drain(queue)
    assert not queue.is_hopeless(200.0)


def test_notices_come_first_and_are_bounded() -> None:
    queue = ClientQueue()
    queue.offer(frame(TAPE, 3), 0.0)
    for n in range(100):
        queue.notify(orjson.dumps({"n": n}).decode())
    messages = drain(queue)
    assert len(messages) == 17
    assert messages[0] == {"n": 84} and messages[-1]["type"] == "rows"


def test_frames_reach_their_filter_group_after_the_snapshot_only() -> None:
    fanout, queues = Fanout(), [ClientQueue() for _ in range(3)]
    for client_id, queue in enumerate(queues):
        fanout.add(client_id, queue)
    ibm = frozenset({"IBM"})
    fanout.subscribe(0, None, {TAPE: 0})
    fanout.subscribe(1, ibm, {TAPE: 0})
    fanout.subscribe(2, None, {TAPE: 3, EVENT: 0})
    assert set(fanout.groups(TAPE)) == {None, ibm} and fanout.groups(EVENT) == [None]
    assert fanout.publish([(None, frame(TAPE, 3)), (ibm, frame(TAPE, 3, 2))], 0.0) == [0, 1]
    assert fanout.publish([(None, frame(TAPE, 6))], 0.0) == [0, 2]
    fanout.remove(0)
    assert fanout.publish([(None, frame(TAPE, 9))], 0.0) == [2]
    assert [len(q) for q in queues] == [2, 1, 2]


def test_the_default_queue_holds_its_limit() -> None:
    queue = ClientQueue()
    for stop in range(3, 3000, 3):
        queue.offer(frame(TAPE, stop), 0.0)
    assert len(queue) == QUEUE_FRAMES


def test_a_local_bucket_lets_a_burst_through_and_then_its_rate() -> None:
    buckets, rate = LocalBuckets(limit=2), Rate(per_s=2.0, burst=3)
    assert [buckets.take("a", rate, 0.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert buckets.take("a", rate, 0.5) == 0.0
    assert buckets.take("a", rate, 0.5) == 0.5
    assert buckets.take("b", rate, 0.5) == 0.0
    assert buckets.take("c", rate, 0.5) == 0.0  # "a" is forgotten: the least used goes
    assert buckets.take("a", rate, 0.5) == 0.0
