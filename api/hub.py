"""The live state of one process: the ring and the waiting rows of each channel, and the clients.

Owns the step from decoded batches to frames: ten times a second at most, once for each filter
group, with the newest rows of a tape and a count of what was left out. Batches come from the reader
thread, subscriptions from the event loop; one lock leaves no gap between snapshot and frames.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from api.channels import CHANNELS, Channel
from api.fanout import ClientQueue, Fanout, Frame, Group, latest
from api.pulse import Pulse
from api.ring import Ring
from api.wire import Subscription, rows_message
from schemas.columns import Batch, Index, to_json_columns

FRAME_INTERVAL_S: Final = 0.1
WAITING_ROWS: Final = 20_000

Wake = Callable[[list[int]], None]


class Hub:
    """Everything that is live. `wake` is called, from any thread, with clients that have mail."""

    def __init__(self, wake: Wake) -> None:
        self.epoch = secrets.token_hex(4)
        self.pulse = Pulse()
        self._wake = wake
        self._lock = threading.Lock()
        self._fanout = Fanout()
        self._rings = {name: Ring(c.ring_rows) for name, c in CHANNELS.items()}
        self._waiting = {name: Ring(WAITING_ROWS) for name in CHANNELS}
        self._skipped = dict.fromkeys(CHANNELS, 0)
        self._flushed_s = 0.0

    def ingest(self, channel: str, batch: Batch) -> None:
        """Take rows of a channel, in log order of each partition. Reader thread only."""
        waiting = self._waiting[channel]
        before = waiting.start
        waiting.append(batch)
        self._skipped[channel] += waiting.start - before
        self.pulse.count(channel, len(batch))

    def skip(self, channel: str, rows: int) -> None:
        """Count rows of a channel that the reader passed over. Reader thread only."""
        self._skipped[channel] += rows

    def flush(self, now_s: float) -> None:
        """Send what waits, unless the last frame is younger than FRAME_INTERVAL_S."""
        if now_s - self._flushed_s < FRAME_INTERVAL_S:
            return
        self._flushed_s = now_s
        woken: set[int] = set()
        for name, waiting in self._waiting.items():
            rows = waiting.since(waiting.start)
            if rows is None:
                continue
            waiting.clear()
            skipped, self._skipped[name] = self._skipped[name], 0
            with self._lock:
                woken.update(self._publish(CHANNELS[name], rows, skipped, now_s))
        if woken:
            self._wake(sorted(woken))

    def _publish(self, channel: Channel, rows: Batch, skipped: int, now_s: float) -> list[int]:
        ring = self._rings[channel.name]
        start = ring.position
        ring.append(rows)
        groups = self._fanout.groups(channel.name)
        chosen = {g: select(rows, g) for g in groups}
        frames = []
        for group, columns, left_out in json_groups(rows, chosen, channel.frame_rows):
            span = (start, ring.position)
            frame = self._frame(channel, columns, left_out + skipped, span, is_snapshot=False)
            frames.append((group, frame))
        return self._fanout.publish(frames, now_s)

    def _frame(
        self,
        channel: Channel,
        columns: Mapping[str, list[Any]],
        skipped: int,
        span: tuple[int, int],
        *,
        is_snapshot: bool,
    ) -> Frame:
        cursor = f"{self.epoch}:{span[1]}"
        body = rows_message(channel.name, columns, skipped, cursor, is_snapshot)
        count = len(next(iter(columns.values())))
        kept = columns if channel.key else {}
        name = channel.name
        return Frame(name, self.epoch, *span, count, skipped, body, kept, is_snapshot)

    def join(self, client_id: int, queue: ClientQueue) -> None:
        """Know a client."""
        with self._lock:
            self._fanout.add(client_id, queue)

    def leave(self, client_id: int) -> None:
        """Forget a client."""
        with self._lock:
            self._fanout.remove(client_id)

    @property
    def client_count(self) -> int:
        """How many clients are connected."""
        return len(self._fanout)

    def subscribe(self, client_id: int, queue: ClientQueue, wanted: Subscription) -> None:
        """Replace a client's subscription and queue what the rings hold of it."""
        with self._lock:
            queue.clear()
            for name in wanted.channels:
                self._catch_up(queue, CHANNELS[name], wanted)
            positions = {n: self._rings[n].position for n in wanted.channels}
            self._fanout.subscribe(client_id, wanted.underlyings, positions)

    def _catch_up(self, queue: ClientQueue, channel: Channel, wanted: Subscription) -> None:
        ring = self._rings[channel.name]
        epoch, seen = wanted.cursors.get(channel.name, ("", 0))
        is_resumed = epoch == self.epoch and seen <= ring.position
        if is_resumed and seen < ring.start:
            queue.lose(channel.name, ring.start - seen)
        rows = ring.since(seen if is_resumed else 0)
        if rows is None:
            return
        limit = channel.ring_rows if is_resumed else channel.snapshot_rows
        group = wanted.underlyings
        for _, columns, left_out in json_groups(rows, {group: select(rows, group)}, limit):
            if channel.key:
                columns = latest(columns, channel.key, limit)[0]
            # What a snapshot leaves out is history, which the listings serve; it is not skipped.
            skipped = left_out if is_resumed else 0
            span = (ring.start, ring.position)
            frame = self._frame(channel, columns, skipped, span, is_snapshot=not is_resumed)
            queue.offer(frame, 0.0)

    def pop(self, queue: ClientQueue) -> str | None:
        """The next message of a queue."""
        with self._lock:
            return queue.pop()

    def notify(self, queue: ClientQueue, text: str) -> None:
        """Queue a short message."""
        with self._lock:
            queue.notify(text)


def select(rows: Batch, group: Group) -> Index:
    """The rows that a filter group wants."""
    if group is None:
        return np.arange(len(rows))
    wanted = pc.is_in(rows["underlying"], value_set=pa.array(sorted(group), pa.string()))
    return np.flatnonzero(wanted.to_numpy(zero_copy_only=False))


def json_groups(
    rows: Batch, chosen: Mapping[Group, Index], limit: int
) -> list[tuple[Group, dict[str, list[Any]], int]]:
    """Columns in JSON forms of each group's newest `limit` rows, and how many were left out.

    Rows wanted by several groups are converted once.
    """
    kept = {group: index[-limit:] for group, index in chosen.items() if len(index)}
    if not kept:
        return []
    union = np.unique(np.concatenate(list(kept.values())))
    columns = to_json_columns(rows if len(union) == len(rows) else rows.take(union))
    found = []
    for group, index in kept.items():
        left_out = len(chosen[group]) - len(index)
        found.append((group, _pick(columns, np.searchsorted(union, index)), left_out))
    return found


def _pick(columns: Mapping[str, list[Any]], places: Index) -> dict[str, list[Any]]:
    if len(places) == len(next(iter(columns.values()))):
        return dict(columns)
    chosen = places.tolist()
    return {name: [values[i] for i in chosen] for name, values in columns.items()}
