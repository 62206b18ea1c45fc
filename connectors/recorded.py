"""A recording of any format as a feed: sources of blocks in, chunks of whole heartbeats out.

Owns the selection by symbol and time, the cut into sessions and chunks, and the identity of what is
read. A reader of a format gives sources (see recorded_merge.Source) and says what they can carry.
Refuses rows on days without trading, and recordings in which nothing is left. Memory is bounded by some
blocks and one chunk; an interval with more than INTERVAL_ROWS_MAX records is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from connectors.errors import UserError
from connectors.feed import MAX_CHUNK_ROWS, Chunk, SessionStart, cut_points
from connectors.recorded_merge import END_OF_TIME, Pool, Source, last_ts
from connectors.recorded_rows import CLOSED, Block, choose, is_any, refused_rows
from connectors.sessions import NS_PER_S, day_of, is_trading_time, midnight, next_day, session_of
from schemas.roots import equity_underlying

HEARTBEAT_NS: Final = NS_PER_S
REFERENCE: Final = "reference"
INTERVAL_ROWS_MAX: Final = 4_000_000
SYMBOLS_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Selection:
    """What of a recording is wanted: underlyings (None is all) and times in ns, the end excluded."""

    symbols: tuple[str, ...] | None = None
    start_ts: int | None = None
    end_ts: int | None = None

    @property
    def begin(self) -> int:
        return 0 if self.start_ts is None else self.start_ts

    @property
    def end(self) -> int:
        return int(END_OF_TIME) if self.end_ts is None else self.end_ts

    def names(self, present: Sequence[str]) -> tuple[str, ...]:
        """Return the underlyings that are both wanted and present, sorted.

        Raises:
            UserError: a wanted one is not there.
        """
        if self.symbols is None:
            return tuple(sorted(set(present)))
        wanted = {equity_underlying(s) for s in self.symbols}
        missing = sorted(wanted - set(present))
        if missing:
            raise UserError(f"no data of symbol {missing[0]}; there are {_listed(sorted(set(present)))}")
        return tuple(sorted(wanted))


EVERYTHING: Final = Selection()


@dataclass(frozen=True, slots=True)
class Recording:
    """Files of one format, opened: what they hold, how they are read, what may be said from them.

    `files` maps the place of each file below the root to its SHA-256. `symbols` are all underlyings of
    the files. `options` is whatever else of the arguments changes the records.
    """

    name: str
    files: Mapping[str, str]
    sources: tuple[Source, ...]
    inputs: tuple[str, ...]
    symbols: tuple[str, ...]
    capabilities: Mapping[str, object]
    selection: Selection = EVERYTHING
    options: Mapping[str, object] = field(default_factory=dict)
    heartbeat_ns: int = HEARTBEAT_NS


class RecordedFeed:
    """The feed of a recording. Rows of one time stand in the order of the sources."""

    is_synthetic: bool = False
    is_paced_live: bool = False

    def __init__(self, recording: Recording) -> None:
        assert NS_PER_S * 3600 % recording.heartbeat_ns == 0, "sessions start on whole heartbeats"
        self._recording = recording
        self.name: str = recording.name
        self.inputs: tuple[str, ...] = recording.inputs
        self.symbols: tuple[str, ...] = recording.selection.names(recording.symbols)
        self.heartbeat_ns: int = recording.heartbeat_ns
        self.capabilities: Mapping[str, object] = recording.capabilities
        self.identity: Mapping[str, object] = self._identify()
        self._shares: dict[int, float] = {}

    def _identify(self) -> dict[str, object]:
        chosen, found = self._recording.selection, self._recording
        times = [None if t is None else str(t) for t in (chosen.start_ts, chosen.end_ts)]
        return {
            "feed": found.name,
            "files": dict(sorted(found.files.items())),
            "symbols": None if chosen.symbols is None else list(self.symbols),
            "start_ts": times[0],
            "end_ts": times[1],
            "heartbeat_ns": found.heartbeat_ns,
            **found.options,
        }

    @property
    def recording(self) -> Recording:
        """What is read, for putting several recordings together."""
        return self._recording

    @property
    def share_done(self) -> float:
        """How much of the sources has been read, 0 to 1, weighted by their size in bytes."""
        sizes = [max(1, s.size) for s in self._recording.sources]
        done = sum(sizes[i] * share for i, share in self._shares.items())
        return min(1.0, done / max(1, sum(sizes)))

    def chunks(self, start: int = 0) -> Iterator[Chunk]:
        """Yield the chunks from number `start` on; those before it are read to be counted."""
        self._shares = {}
        for number, chunk in enumerate(self._all_chunks()):
            if number >= start:
                yield chunk

    def _all_chunks(self) -> Iterator[Chunk]:
        pool = Pool([replace(s, open=self._admitted(i, s)) for i, s in enumerate(self._recording.sources)])
        last: Chunk | None = None
        while (first := pool.first_ts()) != END_OF_TIME:
            day = day_of(first)
            for last in self._day(pool, session_of(day), midnight(next_day(day))):
                yield last
        if last is None:
            raise UserError(f"{self._what()}: nothing is left to import{self._why(pool)}")
        if pool.size:  # refused rows after the last good one
            begin = last.upto_ts + 1
            yield self._chunk(pool, None, (begin, int(END_OF_TIME), begin + self.heartbeat_ns))

    def _day(self, pool: Pool, session: SessionStart, end: int) -> Iterator[Chunk]:
        """Yield the chunks of one session; `end` is the midnight after it."""
        begin, opening = session.start_ts, True
        while True:
            limit = self._read_on(pool, begin, end)
            times = np.concatenate([[begin] if opening else [], pool.times(begin, limit)])
            cuts = cut_points(times.astype(np.int64), self.heartbeat_ns)
            # The last cut may have room for intervals that are not read yet.
            for cut in cuts if limit == end else cuts[:-1]:
                yield self._chunk(pool, session if opening else None, (begin, cut, cut))
                begin, opening = cut, False
            if limit == end:
                return

    def _read_on(self, pool: Pool, begin: int, end: int) -> int:
        """Read until a chunk can be cut; return up to where whole heartbeats are complete, at most `end`."""
        wanted = MAX_CHUNK_ROWS
        while True:
            limit = min(pool.ready_ts // self.heartbeat_ns * self.heartbeat_ns, end)
            if limit == end or pool.is_read:
                return end
            count = pool.count(limit)
            if count > wanted:
                if len(cut_points(pool.times(begin, limit), self.heartbeat_ns)) > 1:
                    return limit
                wanted = count  # one long interval, perhaps not all of it
            if pool.size > INTERVAL_ROWS_MAX:
                seconds = self.heartbeat_ns / NS_PER_S
                raise UserError(f"{self._what()}: more than {INTERVAL_ROWS_MAX:,} records in {seconds} s")
            pool.read_some()

    def _chunk(self, pool: Pool, session: SessionStart | None, span: tuple[int, int, int]) -> Chunk:
        """Take what is older than the second time of a span as the chunk from its first to its third."""
        begin, until, end = span
        batches = pool.take(self.inputs, until)
        beside = pool.take_beside(begin, until).before(end)
        declared = {*self.inputs, REFERENCE}  # a refused fact beside the tape belongs to no input
        assert {r.topic for r in beside.rejects} <= declared, "refused rows of an undeclared topic"
        refused = beside.count_rejects(self.inputs)
        read = {t: len(b) + refused[t] for t, b in batches.items()}
        return Chunk(session, batches, beside.rejects, read, end - 1, beside.notes, beside.gaps)

    def _admitted(self, number: int, source: Source) -> Any:
        """Return how to open a source so that only what is wanted and tradable comes out of it."""

        def run() -> Iterator[Block]:
            chosen = self._recording.selection
            for block in source.open():
                if _first_ts(block) >= chosen.end:
                    break
                self._shares[number] = max(0.0, block.share)
                yield _without_closed_days(_selected(block, chosen, self.symbols), source.name)
            self._shares[number] = 1.0

        return run

    def _what(self) -> str:
        files = sorted(self._recording.files)
        return files[0] if len(files) == 1 else f"{len(files)} files of {self.name}"

    def _why(self, pool: Pool) -> str:
        refused = pool.why_refused()
        if refused:
            return f", every row was refused ({refused})"
        return "" if self._recording.selection == EVERYTHING else " for these symbols and times"


def with_facts(feed: RecordedFeed, others: Sequence[RecordedFeed]) -> RecordedFeed:
    """Return a feed that also gives the facts of other recordings about its own underlyings.

    Facts of other underlyings are left out: they would say nothing about any record.
    """
    main = feed.recording
    files = dict(main.files)
    for other in others:
        files |= {f"{other.name}:{place}": digest for place, digest in other.recording.files.items()}
    made = replace(
        main,
        files=files,
        sources=(*main.sources, *(s for other in others for s in other.recording.sources)),
        symbols=feed.symbols,
        selection=replace(main.selection, symbols=feed.symbols),
        options={**main.options, "facts": [other.name for other in others]},
    )
    return RecordedFeed(made)


def _first_ts(block: Block) -> int:
    times = [int(b["source_ts"][0]) for b in block.batches.values() if len(b)]
    beside: list[Any] = [*block.notes, *block.gaps, *block.rejects]
    times += [x.source_ts for x in beside]
    return min(times, default=block.upto_ts)


def _selected(block: Block, chosen: Selection, symbols: Sequence[str]) -> Block:
    """Drop what was not asked for; it does not count as read."""
    if chosen == EVERYTHING:
        return block
    upto = last_ts(block)
    batches = {}
    for topic, rows in block.batches.items():
        times = rows["source_ts"]
        mask = (times >= chosen.begin) & (times < chosen.end)
        if chosen.symbols is not None:
            mask &= is_any(rows["underlying"], symbols)
        batches[topic] = choose(rows, mask)

    def is_wanted(item: Any) -> bool:
        named = chosen.symbols is None or item.underlying in symbols or not item.underlying
        return named and (item.source_ts < 0 or chosen.begin <= item.source_ts < chosen.end)

    rejects = tuple(r for r in block.rejects if is_wanted(r))
    notes = tuple(n for n in block.notes if is_wanted(n))
    gaps = tuple(g for g in block.gaps if chosen.begin <= g.source_ts < chosen.end)
    return replace(block, batches=batches, rejects=rejects, notes=notes, gaps=gaps, read={}, upto_ts=upto)


def _without_closed_days(block: Block, name: str) -> Block:
    """Refuse rows on days without trading; facts and gaps of such days count from the next session."""
    rejects, batches, read = list(block.rejects), {}, dict(block.read)
    for topic, rows in block.batches.items():
        is_open = is_trading_time(rows["source_ts"])
        rejects += refused_rows(rows, ~is_open, name, CLOSED)
        batches[topic] = choose(rows, is_open)
    notes = tuple(replace(n, source_ts=_open_from(n.source_ts)) for n in block.notes)
    gaps = tuple(replace(g, source_ts=_open_from(g.source_ts)) for g in block.gaps)
    return replace(block, batches=batches, rejects=tuple(rejects), notes=notes, gaps=gaps, read=read)


def _open_from(ts: int) -> int:
    """Return the time itself on a day with trading, else the start of the next such day."""
    while not is_trading_time(np.array([ts], np.int64))[0]:
        ts = midnight(next_day(day_of(ts)))
    return ts


def _listed(values: Sequence[str]) -> str:
    more = len(values) - SYMBOLS_SHOWN
    return ", ".join(values[:SYMBOLS_SHOWN]) + (f" and {more} more" if more > 0 else "")
