"""Many sources in time order become one: what is complete up to which time, and taking it out.

Owns the lanes (one a source), when a source is opened and read, and the order of ties: sources in the
order given, rows in the order of their source. Holds a few blocks; refuses sources that go on for more
than REJECTS_MAX refused rows without one good one, and more than OPEN_MAX sources over one time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, Final

import numpy as np

from connectors.errors import UserError
from connectors.feed import Gap, Note, Reject
from connectors.recorded_rows import UNKNOWN_TS, Block, Ints
from schemas.columns import Batch, concat, empty
from schemas.topics import TOPIC

END_OF_TIME: Final = np.iinfo(np.int64).max
BEFORE_TIME: Final = -1
REJECTS_MAX: Final = 200_000
OPEN_MAX: Final = 512
MEMORY_ROWS: Final = 1 << 20  # what the blocks of all open sources may hold together
LOOK_EVERY: Final = 8
BLOCK_ROWS_MAX: Final = 65_536
BLOCK_ROWS_MIN: Final = 1_024


def block_rows(source_count: int) -> int:
    """Return how many rows a block should have where so many sources are open at once."""
    share = MEMORY_ROWS // max(1, source_count)
    return max(BLOCK_ROWS_MIN, min(BLOCK_ROWS_MAX, share))


@dataclass(frozen=True, slots=True)
class Source:
    """One file, or one kind of row of a file. `name` is its place below the root, for sentences.

    `open` starts reading from the beginning. `start_ts` is at or before its first row, 0 where it is
    not known: a source is opened when the merge comes to that time, so a good guess saves memory. `size`
    is its bytes, for telling how much is done.
    """

    name: str
    open: Callable[[], Iterator[Block]]
    start_ts: int = 0
    size: int = 1


class Lane:
    """An opened source: what was read and not yet taken, and up to where that is all there is."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.blocks = source.open()
        self.upto_ts = BEFORE_TIME
        self.is_done = False
        self.batches: dict[str, deque[Batch]] = {}
        self.rejects: list[Reject] = []
        self.notes: list[Note] = []
        self.gaps: list[Gap] = []

    def read(self) -> None:
        """Take in one block, or note that there is none."""
        block = next(self.blocks, None)
        if block is None:
            self.is_done, self.upto_ts = True, int(END_OF_TIME)
            return
        for topic, read in block.read.items():
            count = len(block.batches.get(topic, ())) + sum(r.topic == topic for r in block.rejects)
            assert read == count, f"{self.source.name}: {read} rows of {topic} were read, {count} came out"
        for topic, rows in block.batches.items():
            if len(rows):
                self._check_order(rows)
                self.batches.setdefault(topic, deque()).append(rows)
        self.rejects += self._filed(block.rejects)
        self.notes += self._filed(block.notes)
        self.gaps += self._filed(block.gaps)
        self.upto_ts = max(self.upto_ts, last_ts(block))
        if len(self.rejects) > REJECTS_MAX:
            raise UserError(
                f"{self.source.name}: {REJECTS_MAX:,} rows in a row are no records, the first because "
                f"{self.rejects[0].reason}; is it really in this format?"
            )

    def _check_order(self, rows: Batch) -> None:
        times = rows["source_ts"]
        is_sorted = bool((times[1:] >= times[:-1]).all()) and int(times[0]) >= self.upto_ts
        assert is_sorted, f"{self.source.name}: blocks of {rows.topic.name} are not in the order of time"

    def _filed(self, items: Sequence[Any]) -> list[Any]:
        """Return what is no row in the order of time; none is filed before what was read before it."""
        return sorted((_not_before(x, self.upto_ts) for x in items), key=attrgetter("source_ts"))

    def first_ts(self) -> int:
        """Return the time of the first row, note or gap that waits; END_OF_TIME where there is none."""
        times = [int(q[0]["source_ts"][0]) for q in self.batches.values() if q]
        times += [n.source_ts for n in self.notes[:1]] + [g.source_ts for g in self.gaps[:1]]
        return min(times, default=int(END_OF_TIME))

    @property
    def _beside(self) -> list[int]:
        """The times of what waits and is no row."""
        found = [r.source_ts for r in self.rejects] + [n.source_ts for n in self.notes]
        return found + [g.source_ts for g in self.gaps]

    def times(self, end: int) -> list[Ints]:
        """Return the times of all that waits and is older than `end`."""
        found = [b["source_ts"] for q in self.batches.values() for b in q]
        found.append(np.sort(np.array(self._beside, np.int64)))
        return [t[: np.searchsorted(t, end)] for t in found]

    @property
    def size(self) -> int:
        """How much waits."""
        rows = sum(len(b) for q in self.batches.values() for b in q)
        return rows + len(self.rejects) + len(self.notes) + len(self.gaps)

    def count(self, end: int) -> int:
        """Return how much waits that is older than `end`."""
        rows = (b["source_ts"] for q in self.batches.values() for b in q)
        beside = sum(at < end for at in self._beside)
        return beside + sum(int(t.searchsorted(end)) for t in rows)

    def take(self, topic: str, end: int) -> list[Batch]:
        """Take out the rows of a topic that are older than `end`."""
        queue, found = self.batches.get(topic, deque()), []
        while queue:
            rows = queue.popleft()
            cut = int(np.searchsorted(rows["source_ts"], end))
            if cut:
                found.append(rows.slice(0, cut))
            if cut < len(rows):
                queue.appendleft(rows.slice(cut, len(rows)))
                break
        return found


def last_ts(block: Block) -> int:
    """Return up to when a block tells everything."""
    times = [int(b["source_ts"][-1]) for b in block.batches.values() if len(b)]
    times += [n.source_ts for n in block.notes] + [g.source_ts for g in block.gaps]
    return max(max(times, default=UNKNOWN_TS), block.upto_ts)


class Pool:
    """The open lanes of a set of sources, read as far as is asked for."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        order = sorted(range(len(sources)), key=lambda i: sources[i].start_ts)
        self._waiting = deque(order)
        self._lanes: dict[int, Lane] = {}

    @property
    def ready_ts(self) -> int:
        """Everything older than this has been read."""
        ends = [lane.upto_ts for lane in self._lanes.values()]
        ends += [self._sources[i].start_ts for i in list(self._waiting)[:1]]
        return min(ends, default=int(END_OF_TIME))

    @property
    def is_read(self) -> bool:
        """Whether every source has been read to its end."""
        return not self._waiting and all(lane.is_done for lane in self._lanes.values())

    def read_some(self) -> None:
        """Read some blocks: looking at all sources after each one would cost more than the reading."""
        for _ in range(1 + len(self._lanes) // LOOK_EVERY):
            if self.is_read:
                return
            self.read()

    def read(self) -> None:
        """Read one block of the source that is furthest behind, opening those whose time has come."""
        behind = min((lane.upto_ts for lane in self._lanes.values()), default=int(END_OF_TIME))
        while self._waiting and self._sources[self._waiting[0]].start_ts <= behind:
            place = self._waiting.popleft()
            self._lanes[place] = Lane(self._sources[place])
            behind = BEFORE_TIME
        open_lanes = [lane for lane in self._lanes.values() if not lane.is_done]
        if len(open_lanes) > OPEN_MAX:
            raise UserError(f"more than {OPEN_MAX} files cover one time; import them in parts")
        min(open_lanes, key=attrgetter("upto_ts")).read()
        self._forget()

    def _forget(self) -> None:
        """Let go of sources that were read and taken to the end."""
        spent = [i for i, lane in self._lanes.items() if lane.is_done and not lane.size]
        for place in spent:
            del self._lanes[place]

    def first_ts(self) -> int:
        """Return the time of the first row, note or gap; END_OF_TIME where all is taken."""
        while self.ready_ts < (first := self._first()) and not self.is_read:
            self.read()
        return first

    def _first(self) -> int:
        return min((lane.first_ts() for lane in self._lanes.values()), default=int(END_OF_TIME))

    def why_refused(self) -> str:
        """Return why the first refused row that waits was refused, "" where there is none."""
        found = [lane.rejects[0] for lane in self._lanes.values() if lane.rejects]
        return f"{found[0].source}: {found[0].reason}" if found else ""

    @property
    def size(self) -> int:
        """How much waits."""
        return sum(lane.size for lane in self._lanes.values())

    def count(self, end: int) -> int:
        """Return how much waits that is older than `end`."""
        return sum(lane.count(end) for lane in self._lanes.values())

    def times(self, begin: int, end: int) -> Ints:
        """Return the sorted times of all that waits and is older than `end`; none before `begin`."""
        found = [t for lane in self._lanes.values() for t in lane.times(end)]
        return np.sort(np.maximum(np.concatenate([np.empty(0, np.int64), *found]), begin))

    def take(self, topics: Sequence[str], end: int) -> dict[str, Batch]:
        """Take out the rows older than `end`, sorted; ties in the order of the sources."""
        return {topic: self._take(topic, end) for topic in topics}

    def _take(self, topic: str, end: int) -> Batch:
        parts = [b for i in sorted(self._lanes) for b in self._lanes[i].take(topic, end)]
        if not parts:
            return empty(TOPIC[topic])
        rows = concat(parts)
        times = rows["source_ts"]
        if bool((times[1:] >= times[:-1]).all()):
            return rows
        return rows.take(np.argsort(times, kind="stable"))

    def take_beside(self, begin: int, end: int) -> Beside:
        """Take out what is no row and older than `end`; what is older than `begin` is filed there."""
        found: dict[str, list[Any]] = {"rejects": [], "notes": [], "gaps": []}
        for place in sorted(self._lanes):
            for name, items in found.items():
                waiting = getattr(self._lanes[place], name)
                items += [_not_before(x, begin) for x in waiting if x.source_ts < end]
                setattr(self._lanes[place], name, [x for x in waiting if x.source_ts >= end])
        return Beside(**{n: tuple(sorted(x, key=attrgetter("source_ts"))) for n, x in found.items()})


@dataclass(frozen=True, slots=True)
class Beside:
    """What goes with the rows of a chunk, each in the order of time."""

    rejects: tuple[Reject, ...]
    notes: tuple[Note, ...]
    gaps: tuple[Gap, ...]

    def before(self, end: int) -> Beside:
        """File refused rows that are younger than all data just before `end`."""
        moved = (r if r.source_ts < end else replace(r, source_ts=end - 1) for r in self.rejects)
        return replace(self, rejects=tuple(moved))

    def count_rejects(self, topics: Sequence[str]) -> Mapping[str, int]:
        """Return the refused rows of each topic."""
        return {t: sum(r.topic == t for r in self.rejects) for t in topics}


def _not_before(item: Any, begin: int) -> Any:
    return item if item.source_ts >= begin else replace(item, source_ts=begin)
