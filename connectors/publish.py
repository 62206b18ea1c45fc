"""From a feed to the raw topics: nothing lost and nothing repeated, whenever it is stopped.

Owns the loop that reads chunks, numbers, encodes and sends them, and how a broken-off log is taken
up again. Refuses to add to a log that another input has written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from threading import Event
from time import monotonic, time_ns
from typing import Final

import numpy as np
import orjson

from connectors.errors import ServiceError, UserError
from connectors.feed import MAX_CHUNK_ROWS, Chunk, Feed
from connectors.kafka import Outgoing, Sender
from connectors.publish_resume import Log, LogReader
from connectors.publish_rows import REFERENCE, Assembler, Numbered, Progress, identity_of
from connectors.registry import BUILT_IN_CODEC, Codec, is_same_body
from connectors.topics_admin import ensure_topics
from schemas.columns import Batch, complete, concat, integers, is_text
from schemas.topics import PARTITION_COUNT, TOPIC, physical_name

LONGEST_PAUSE_S: Final = 5.0  # a quiet stretch of a paced feed is cut short to this
NS_PER_S: Final = 1_000_000_000
NS_PER_MS: Final = 1_000_000

OnProgress = Callable[["PublishSummary"], None]


@dataclass(frozen=True, slots=True)
class PublishSummary:
    """Rows by topic since the feed began, the records sent by this run, and whether the feed ended.

    `published` counts data records: read = published + rejected. `sent` counts control records too.
    """

    read: Mapping[str, int]
    rejected: Mapping[str, int]
    published: Mapping[str, int]
    sent: int
    event_ts: int
    is_complete: bool


class Pace:
    """Holds records back until their event time has come; owns the clock of a paced feed."""

    def __init__(self, speed: float, stop: Event) -> None:
        self._speed, self._stop = speed, stop
        self._last: tuple[int, float] | None = None

    def wait(self, event_ts: int) -> None:
        """Return when `event_ts` is due, or when stopped."""
        if self._last is None:
            self._last = (event_ts, monotonic())
            return
        before, at = self._last
        due = at + min((event_ts - before) / NS_PER_S / self._speed, LONGEST_PAUSE_S)
        self._last = (event_ts, due)
        self._stop.wait(max(0.0, due - monotonic()))


def publish(
    feed: Feed,
    namespace: str,
    bootstrap: str,
    *,
    speed: float | None = None,
    stop: Event | None = None,
    on_progress: OnProgress | None = None,
    codec: Codec = BUILT_IN_CODEC,
) -> PublishSummary:
    """Write a feed into the raw topics of a namespace, going on where its log ends.

    `speed` is event seconds per second, None is as fast as possible; `stop` ends after the chunk.

    Raises:
        UserError: the log was written from another input.
        ServiceError: broker or registry failed; the next run goes on without loss or repeat.
    """
    if speed is not None and not 0 < speed < float("inf"):
        raise UserError(f"speed {speed}: a number above 0 is expected, 1 is event time")
    ensure_topics(bootstrap, namespace)
    stopped = stop or Event()
    topics = (REFERENCE, *feed.inputs)
    codec.register(namespace, topics)
    log_reader = LogReader(bootstrap, namespace, topics, codec)
    try:
        log = log_reader.look()
        if len(log.tails) == len(log.high) and all(t.is_end for t in log.tails.values()):
            return _finished(log, feed, namespace, codec)
        start = log_reader.checkpoint(log) or Progress.fresh(feed.inputs)
        if start.identity not in ("", identity_of(feed)):
            raise _changed(namespace)
        pace = Pace(speed, stopped) if speed is not None else None
        sender = Sender(bootstrap)
        try:
            run = _Run(feed, namespace, sender, log, start, codec=codec)
            run.write(stopped, pace, on_progress or (lambda _: None))
        finally:
            sender.close()
        run.confirm(log_reader.ends())
    finally:
        log_reader.close()
    return run.summary()


class _Run:
    """One run of the publisher: what is in the log already is compared and skipped."""

    def __init__(
        self, feed: Feed, namespace: str, sender: Sender, log: Log, start: Progress, *, codec: Codec
    ) -> None:
        self.feed, self.namespace, self.sender, self.log = feed, namespace, sender, log
        self.codec = codec
        self.rows = Assembler(feed, start)
        self.sent: dict[tuple[str, int], int] = {}
        self.is_complete = False
        # What the log has is generated again to be compared; it has had its time already.
        beats = [tail.source_ts for (topic, _), tail in log.tails.items() if topic == REFERENCE]
        self.logged_ts = max(beats, default=-1)

    def write(self, stop: Event, pace: Pace | None, on_progress: OnProgress) -> None:
        """Send chunk after chunk until the feed ends or the stop is asked for, then flush."""
        groups = self._chunk_groups() if pace is None else ([chunk] for chunk in self._chunks())
        for group in groups:
            if not self._write_chunks(group, stop, pace):
                break
            on_progress(self.summary())
        else:
            self._send(self.rows.end())
            self._check_reach()
            self.is_complete = True
        self.sender.flush(stop)

    def _write_chunks(self, group: Sequence[Chunk], stop: Event, pace: Pace | None) -> bool:
        """Send some chunks at once, when paced piece by piece; return whether to go on."""
        for piece in self._pieces(_joined(group), pace is not None):
            if pace is not None and piece.upto_ts > self.logged_ts:
                pace.wait(piece.upto_ts)
                if stop.is_set():
                    return False
            self._send(self.rows.assemble(piece, time_ns()))
        self.rows.progress.chunk += len(group)
        self._send(self.rows.checkpoint(time_ns()))
        return not stop.is_set()

    def confirm(self, ends: Mapping[tuple[str, int], int]) -> None:
        """Check that every partition has grown by what was sent to it."""
        for place, count in self.sent.items():
            if ends[place] - self.log.high[place] < count:
                topic, part = place
                raise ServiceError(
                    f"{physical_name(self.namespace, topic)} partition {part} grew by "
                    f"{ends[place] - self.log.high[place]} records where {count} were confirmed"
                )

    def summary(self) -> PublishSummary:
        """Return the counts so far."""
        progress = self.rows.progress
        totals = {key: dict(counts) for key, counts in progress.totals.items()}
        return _summary(totals, sum(self.sent.values()), progress.upto_ts, self.is_complete)

    def _chunks(self) -> Iterator[Chunk]:
        """Yield the chunks not yet numbered, after checking that they continue the log."""
        done, upto = self.rows.progress.chunk, self.rows.progress.upto_ts
        if done == 0:
            yield from self.feed.chunks()
            return
        chunks = self.feed.chunks(done - 1)
        for chunk in islice(chunks, 1):
            if chunk.upto_ts == upto:
                yield from chunks
                return
        raise _changed(self.namespace)

    def _chunk_groups(self) -> Iterator[list[Chunk]]:
        """Yield chunks in groups that are worth a call; none reaches over a session or a checkpoint."""
        group: list[Chunk] = []
        rows = 0
        for chunk in self._chunks():
            if group and (chunk.session is not None or rows >= MAX_CHUNK_ROWS // 2):
                yield group
                group, rows = [], 0
            group.append(chunk)
            rows += sum(map(len, chunk.batches.values()))
            if self.rows.is_checkpoint_due(chunk.upto_ts):
                yield group
                group, rows = [], 0
        if group:
            yield group

    def _pieces(self, chunk: Chunk, is_paced: bool) -> Iterator[Chunk]:
        """Cut a chunk into its heartbeat intervals where it is to be paced."""
        if not is_paced:
            yield chunk
            return
        ends = _interval_ends(chunk, self.feed, self.rows.progress.upto_ts)
        begin = -1
        for end in ends:
            last = end == ends[-1]
            batches = {t: _between(b, begin, end) for t, b in chunk.batches.items()}
            opening = chunk.session if begin < 0 else None
            upto = chunk.upto_ts if last else end - 1
            yield replace(
                chunk,
                session=opening,
                batches=batches,
                rejects=tuple(r for r in chunk.rejects if begin <= r.source_ts < end),
                read=chunk.read if last else {},
                upto_ts=upto,
                notes=tuple(n for n in chunk.notes if begin <= n.source_ts < end),
                gaps=tuple(g for g in chunk.gaps if begin <= g.source_ts < end),
                late=tuple(x for x in chunk.late if begin <= x.at_ts < end),
            )
            begin = end

    def _send(self, numbered: Mapping[str, Numbered]) -> None:
        for topic, rows in numbered.items():
            messages = _messages(rows, self.codec)
            start = 0
            for part in range(PARTITION_COUNT):
                stop = start + int(rows.counts[part])
                known = self._skip(topic, part, rows.first_seq[part], messages[start:stop])
                if start + known < stop:
                    name = physical_name(self.namespace, topic)
                    self.sender.send(name, part, messages[start + known : stop])
                    place = (topic, part)
                    self.sent[place] = self.sent.get(place, 0) + stop - start - known
                start = stop

    def _skip(self, topic: str, part: int, first: int, messages: Sequence[Outgoing]) -> int:
        """Return how many of these records the log has; the last of the log must be what it would be."""
        tail = self.log.tails.get((topic, part))
        if tail is None or not messages or tail.seq < first:
            return 0
        position = tail.seq - first
        if position < len(messages):
            made = messages[position][0]
            if not _is_same(topic, tail.value, made, self.codec):
                raise _changed(self.namespace)
        return min(position + 1, len(messages))

    def _check_reach(self) -> None:
        """Refuse a log that goes on where the feed ends."""
        for topic, numbers in self.rows.progress.next_seq.items():
            if any(self.log.seq(topic, part) >= n for part, n in enumerate(numbers)):
                raise _changed(self.namespace)


def _changed(namespace: str) -> UserError:
    return UserError(
        f"namespace {namespace} holds records of another input: the files or arguments changed since they "
        "were written; use another namespace, or delete this one"
    )


def _messages(rows: Numbered, codec: Codec) -> list[Outgoing]:
    """Return the messages of all partitions, in the order of the rows."""
    batch = rows.batch
    coded = batch["underlying"].dictionary_encode()
    names = np.array([text.encode() or None for text in coded.dictionary.to_pylist()], dtype=object)
    keys = names[integers(coded.indices)].tolist()
    stamps_ms = (batch["source_ts"] // NS_PER_MS).tolist()
    return list(zip(codec.encode(batch), keys, stamps_ms, strict=True))


def _is_same(topic: str, stored: bytes, made: bytes, codec: Codec) -> bool:
    """Tell whether two records are equal; the wall time on a heartbeat does not count."""
    if is_same_body(stored, made):
        return True
    if topic != REFERENCE:
        return False
    batch = codec.decode(TOPIC[topic], [stored, made]).batch
    names = [n for n in batch.columns if n != "ingest_ts"]
    return len(batch) == 2 and all(_cell(batch, n, 0) == _cell(batch, n, 1) for n in names)


def _cell(batch: Batch, name: str, row: int) -> object:
    column = batch[name]
    return column[row].as_py() if is_text(column) else column[row].item()


def _joined(group: Sequence[Chunk]) -> Chunk:
    """Return consecutive chunks of one session as one."""
    if len(group) == 1:
        return group[0]
    topics = {t for chunk in group for t in chunk.batches}
    batches = {t: concat([complete(c.batches[t]) for c in group if t in c.batches]) for t in sorted(topics)}
    read = {t: sum(c.read.get(t, 0) for c in group) for t in sorted({t for c in group for t in c.read})}
    return Chunk(
        group[0].session,
        batches,
        tuple(r for chunk in group for r in chunk.rejects),
        read,
        group[-1].upto_ts,
        tuple(n for chunk in group for n in chunk.notes),
        tuple(g for chunk in group for g in chunk.gaps),
        tuple(x for chunk in group for x in chunk.late),
    )


def _between(batch: Batch, begin: int, end: int) -> Batch:
    first, last = np.searchsorted(batch["source_ts"], (begin, end))
    return batch.slice(int(first), int(last))


def _interval_ends(chunk: Chunk, feed: Feed, before: int) -> list[int]:
    """Return the ends (exclusive) of the intervals of a chunk that get a heartbeat, and its own end."""
    step = feed.heartbeat_ns
    times = [b["source_ts"] for b in chunk.batches.values()]
    beside = [r.source_ts for r in chunk.rejects] + [n.source_ts for n in chunk.notes]
    beside += [g.source_ts for g in chunk.gaps] + [x.at_ts for x in chunk.late]
    times.append(np.array(beside, np.int64))
    if chunk.session is not None:
        times.append(np.array([chunk.session.start_ts], np.int64))
    slots = np.unique(np.concatenate(times) // step)
    last = (chunk.upto_ts + 1) // step
    if feed.is_paced_live:
        first = max((before + 1) // step, last - 100_000) if before >= 0 else last - 1
        slots = np.union1d(slots, np.arange(first, last))
    ends: list[int] = ((slots + 1) * step).tolist()
    return ends if ends and ends[-1] == chunk.upto_ts + 1 else [*ends, chunk.upto_ts + 1]


def _finished(log: Log, feed: Feed, namespace: str, codec: Codec) -> PublishSummary:
    value = next(tail.value for (topic, _), tail in log.tails.items() if topic == REFERENCE)
    batch = codec.decode(TOPIC[REFERENCE], [value]).batch
    totals = orjson.loads(batch["detail"][0].as_py())
    if totals.get("identity") != identity_of(feed):
        raise _changed(namespace)
    return _summary(totals, 0, int(batch["source_ts"][0]), True)


def _summary(
    totals: Mapping[str, Mapping[str, int]], sent: int, event_ts: int, is_complete: bool
) -> PublishSummary:
    counts = (totals["read"], totals["rejected"], totals["published"])
    return PublishSummary(*counts, sent, event_ts, is_complete)
