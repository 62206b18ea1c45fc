"""Who is sent what when somebody is slow: bounded queues of frames and one policy per channel.

Owns the queue of each client and the choice of what goes when it is full: of a channel with a key
queued frames are merged to the latest row of each key; else the oldest tape frame goes, then the
oldest event frame, and a gap message says how many rows went. A client that stays full is given
up. Frames are encoded once for all clients of a filter group. Pure: the caller brings the time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from api.channels import CHANNELS
from api.wire import Columns, gap_message, rows_message

QUEUE_FRAMES: Final = 64
QUEUE_NOTICES: Final = 16
PATIENCE_S: Final = 10.0
MERGED_ROWS: Final = 2000

Group = frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Frame:
    """Rows of one channel after position `start` up to `stop`, for one filter group.

    `body` is the encoded message; merged frames have none until they are sent. `columns` is kept
    only for channels with a key.
    """

    channel: str
    epoch: str
    start: int
    stop: int
    rows: int
    skipped: int
    body: str = ""
    columns: Columns = field(default_factory=dict)
    is_snapshot: bool = False

    def text(self) -> str:
        """The message to send."""
        if self.body:
            return self.body
        cursor = f"{self.epoch}:{self.stop}"
        return rows_message(self.channel, self.columns, self.skipped, cursor, self.is_snapshot)


def latest(columns: Columns, key: Sequence[str], limit: int) -> tuple[dict[str, list[Any]], int]:
    """Keep the last row of each key, ordered by when it came; returns also how many keys went."""
    names = list(columns)
    last: dict[tuple[Any, ...], int] = {}
    for row, values in enumerate(zip(*(columns[n] for n in key), strict=True)):
        last.pop(values, None)
        last[values] = row
    rows = list(last.values())
    kept = rows[max(0, len(rows) - limit) :]
    return {n: [columns[n][i] for i in kept] for n in names}, len(rows) - len(kept)


def merge(older: Frame, newer: Frame, key: Sequence[str]) -> Frame:
    """Join two frames of a channel with a key into the latest row of each key."""
    both = {n: [*older.columns[n], *newer.columns[n]] for n in newer.columns}
    columns, lost = latest(both, key, MERGED_ROWS)
    return Frame(
        newer.channel,
        newer.epoch,
        older.start,
        newer.stop,
        len(next(iter(columns.values()))),
        older.skipped + newer.skipped + lost,
        columns=columns,
        is_snapshot=older.is_snapshot,
    )


class ClientQueue:
    """What one client has still to be sent, at most `limit` frames."""

    def __init__(self, limit: int = QUEUE_FRAMES, patience_s: float = PATIENCE_S) -> None:
        self._limit = limit
        self._patience_s = patience_s
        self._frames: deque[Frame] = deque()
        self._notices: deque[str] = deque(maxlen=QUEUE_NOTICES)
        self._lost: dict[str, int] = {}
        self._full_since_s: float | None = None

    def __len__(self) -> int:
        return len(self._frames)

    def notify(self, text: str) -> None:
        """Queue a short message ahead of all frames; beyond QUEUE_NOTICES the oldest goes."""
        self._notices.append(text)

    def offer(self, frame: Frame, now_s: float) -> None:
        """Queue a frame, making room by the policy of the channels."""
        key = CHANNELS[frame.channel].key
        if key and self._merge(frame, key):
            return
        self._frames.append(frame)
        if len(self._frames) > self._limit:
            self._drop(now_s)

    def _merge(self, frame: Frame, key: Sequence[str]) -> bool:
        for place, queued in enumerate(self._frames):
            if queued.channel == frame.channel:
                self._frames[place] = merge(queued, frame, key)
                return True
        return False

    def _drop(self, now_s: float) -> None:
        victims = [i for i, f in enumerate(self._frames) if not CHANNELS[f.channel].key]
        tapes = [i for i in victims if CHANNELS[self._frames[i].channel].is_tape]
        place = (tapes or victims)[0]
        gone = self._frames[place]
        del self._frames[place]
        self.lose(gone.channel, gone.rows + gone.skipped)
        if self._full_since_s is None:
            self._full_since_s = now_s

    def lose(self, channel: str, rows: int) -> None:
        """Count rows that this client will not be sent; the next message of the channel says so."""
        if rows > 0:
            self._lost[channel] = self._lost.get(channel, 0) + rows

    def pop(self) -> str | None:
        """The next message to send, or None."""
        if self._notices:
            return self._notices.popleft()
        channel = self._frames[0].channel if self._frames else next(iter(self._lost), None)
        if channel is None:
            return None
        if channel in self._lost:
            return gap_message(channel, self._lost.pop(channel))
        frame = self._frames.popleft()
        if len(self._frames) <= self._limit // 2:
            self._full_since_s = None
        return frame.text()

    def is_hopeless(self, now_s: float) -> bool:
        """Whether the queue has been overflowing for longer than patience allows."""
        return self._full_since_s is not None and now_s - self._full_since_s >= self._patience_s

    def clear(self) -> None:
        """Forget frames and losses of the subscription before."""
        self._frames.clear()
        self._lost.clear()
        self._full_since_s = None


@dataclass(slots=True)
class Client:
    """One subscriber. `positions` maps its channels to where its own view began."""

    queue: ClientQueue
    group: Group = None
    positions: Mapping[str, int] = field(default_factory=dict)


class Fanout:
    """The clients and their queues. Not safe for threads by itself."""

    def __init__(self) -> None:
        self._clients: dict[int, Client] = {}

    def __len__(self) -> int:
        return len(self._clients)

    def add(self, client_id: int, queue: ClientQueue) -> None:
        """Know a client that has subscribed to nothing yet."""
        self._clients[client_id] = Client(queue)

    def remove(self, client_id: int) -> None:
        """Forget a client; unknown ones are none of our business."""
        self._clients.pop(client_id, None)

    def subscribe(self, client_id: int, group: Group, positions: Mapping[str, int]) -> None:
        """Replace what a client is sent: frames that begin at or after `positions`."""
        client = self._clients[client_id]
        client.group, client.positions = group, dict(positions)

    def groups(self, channel: str) -> list[Group]:
        """The distinct filter groups that listen to a channel."""
        return list({c.group for c in self._clients.values() if channel in c.positions})

    def publish(self, frames: Iterable[tuple[Group, Frame]], now_s: float) -> list[int]:
        """Offer each frame to its group; returns the clients that have something to send."""
        by_group: dict[tuple[Group, str], Frame] = {(g, f.channel): f for g, f in frames}
        channels = dict.fromkeys(channel for _, channel in by_group)
        woken = []
        for client_id, client in self._clients.items():
            wanted = [by_group.get((client.group, c)) for c in channels if c in client.positions]
            fresh = [f for f in wanted if f and f.start >= client.positions[f.channel]]
            for frame in fresh:
                client.queue.offer(frame, now_s)
            if fresh:
                woken.append(client_id)
        return woken
