"""Rows that stand a little out of order in their source, put in order as they pass.

Owns the waiting of rows for those that may still come before them. Refuses rows that come later than
the slack allows: a whole file without order is for `connectors.spool`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from operator import attrgetter
from typing import Any, Final

import numpy as np

from connectors.errors import UserError
from connectors.feed import Gap, Note
from connectors.recorded_rows import Block, choose, refused_rows
from schemas.columns import Batch, concat

WAITING_ROWS_MAX: Final = 2_000_000


def settled(blocks: Iterator[Block], slack_ns: int, name: str) -> Iterator[Block]:
    """Yield the same rows in order, each held until the source is `slack_ns` past it.

    The rows of a block may stand in any order. Ties keep the order of the source.

    Raises:
        UserError: more than WAITING_ROWS_MAX rows lie within the slack.
    """
    order = _Order(slack_ns, name)
    for block in blocks:
        yield order.take_in(block)
    yield order.rest()


class _Order:
    def __init__(self, slack_ns: int, name: str) -> None:
        self.slack_ns, self.name = slack_ns, name
        self.newest = -1
        self.released = -1  # everything up to here has been given out
        self.waiting: dict[str, Batch] = {}
        self.notes: list[Note] = []
        self.gaps: list[Gap] = []

    def take_in(self, block: Block) -> Block:
        """Return what of this block and those before it can be given out now."""
        rejects, read = list(block.rejects), dict(block.read)
        for topic, rows in block.batches.items():
            is_late = rows["source_ts"] <= self.released
            reason = f"the time runs back by more than {self.slack_ns / 1e9:g} s"
            rejects += refused_rows(rows, is_late, self.name, reason)
            rows = choose(rows, ~is_late)
            waiting = [self.waiting[topic]] if topic in self.waiting else []
            self.waiting[topic] = _sorted(concat([*waiting, rows]))
        self.notes += block.notes
        self.gaps += block.gaps
        newest = [int(b["source_ts"][-1]) for b in self.waiting.values() if len(b)]
        self.newest = max(self.newest, block.upto_ts, *newest)
        released = self._release(self.newest - self.slack_ns)
        if sum(map(len, self.waiting.values())) > WAITING_ROWS_MAX:
            raise UserError(
                f"{self.name}: more than {WAITING_ROWS_MAX:,} rows lie within the allowed disorder"
            )
        return replace(
            released, rejects=tuple(rejects), read=self._count(released, rejects, read), share=block.share
        )

    def rest(self) -> Block:
        """Return all that still waits."""
        return self._release(np.iinfo(np.int64).max)

    def _release(self, upto: int) -> Block:
        """Give out what is at or before `upto`."""
        out: dict[str, Batch] = {}
        for topic, rows in self.waiting.items():
            cut = int(np.searchsorted(rows["source_ts"], upto, side="right"))
            out[topic], self.waiting[topic] = rows.slice(0, cut), rows.slice(cut, len(rows))
        self.released = max(self.released, upto)
        notes, self.notes = _split(self.notes, upto)
        gaps, self.gaps = _split(self.gaps, upto)
        counts = {t: len(b) for t, b in out.items()}
        return Block(out, (), notes, gaps, counts)

    @staticmethod
    def _count(block: Block, rejects: list[Any], read: dict[str, int]) -> dict[str, int]:
        """Count what comes out now; rows that wait are counted when they come out."""
        topics = set(block.batches) | set(read)
        return {t: len(block.batches.get(t, ())) + sum(r.topic == t for r in rejects) for t in sorted(topics)}


def _sorted(rows: Batch) -> Batch:
    times = rows["source_ts"]
    if bool((times[1:] >= times[:-1]).all()):
        return rows
    return rows.take(np.argsort(times, kind="stable"))


def _split(items: list[Any], upto: int) -> tuple[tuple[Any, ...], list[Any]]:
    due = sorted((x for x in items if x.source_ts <= upto), key=attrgetter("source_ts"))
    return tuple(due), [x for x in items if x.source_ts > upto]
