"""The live channels: which topics they carry, and what happens to a client that is slow.

Owns the policy of each channel. A channel is a topic under its own name. The two quote topics are
not channels: their rate is that of the whole market, and every print carries the quote it met.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from schemas.topics import TOPIC, Topic

TAPE_FRAME_ROWS: Final = 200
EVENT_FRAME_ROWS: Final = 1000
TAPE_RING_ROWS: Final = 500
EVENT_RING_ROWS: Final = 500
STATE_RING_ROWS: Final = 4000


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel and its policy.

    `key` names the columns that identify a state: only the latest row of a key matters, so frames
    of a slow client are merged. Without a key the oldest frames are dropped and a gap is told;
    frames of channels that are `is_tape` go before frames of events. `snapshot_rows` is what a
    new subscriber is given at once, `ring_rows` what a returning one can catch up from.
    """

    topic: Topic
    is_tape: bool = False
    key: tuple[str, ...] = ()
    frame_rows: int = EVENT_FRAME_ROWS
    ring_rows: int = EVENT_RING_ROWS
    snapshot_rows: int = 200

    @property
    def name(self) -> str:
        return self.topic.name


def _tape(name: str) -> Channel:
    return Channel(TOPIC[name], True, (), TAPE_FRAME_ROWS, TAPE_RING_ROWS)


CANDLE_KEY: Final = ("underlying", "interval_s", "start_ts")
CHANNELS: Final[dict[str, Channel]] = {
    channel.name: channel
    for channel in (
        Channel(TOPIC["reference"]),
        _tape("options.prints"),
        _tape("equities.prints"),
        _tape("options.placed"),
        Channel(TOPIC["flow.packets"]),
        Channel(TOPIC["flow.hits"]),
        Channel(TOPIC["flow.alerts"]),
        _tape("equities.joins"),
        Channel(TOPIC["dark.events"]),
        Channel(
            TOPIC["equities.candles"],
            key=CANDLE_KEY,
            ring_rows=STATE_RING_ROWS,
            snapshot_rows=EVENT_FRAME_ROWS,
        ),
        Channel(TOPIC["flow.progress"]),
        Channel(TOPIC["deadletter"]),
    )
}
