"""Packets of one series or of its neighbours that look alike: bursts, repeats and ladders.

Owns three short memories. Packets of one series and side no more than 500 ms apart are a *burst*, named by
the first print of the packet that left first; an unstable placement still says which side they are alike in,
though it claims none. For a series and side the last RING packets: at least four of similar size over 10 s
to 30 minutes are a *repeat* ("same series and side, similar size, again", never "the same buyer"). For an
underlying, expiry, right and side the last LADDER packets: strikes taken alike within a minute. A packet
stands for one taker's action and counts once, with its whole size. All end with a session and are short on
purpose, so counts stop at RING + 1 and LADDER + 1. Refuses packages, lone legs, crosses and floor trades,
and looks back only.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa

from dataflows.analytics.options_book import side_of
from dataflows.analytics.options_layout import SECOND
from dataflows.analytics.options_names import EXPIRY, RIGHT, UNDERLYING, Names
from dataflows.analytics.plain import from_plain, to_plain
from dataflows.analytics.release import Longs
from dataflows.analytics.series_look import (
    B_UNTIL,
    LADDER_SIDES,
    NEVER,
    SIDES,
    Found,
    Memory,
    Seen,
    look_back,
    new_memory,
)
from schemas.columns import Batch, Column
from schemas.fields import ABSENT
from schemas.kinds import PACKET_KIND, PLACEMENT, QUOTE_STATE, SIDE

REPEAT_COUNT: Final = 4
REPEAT_LEAST_NS: Final = 10 * SECOND
_REPEAT: Final = PACKET_KIND.index("repeat")
_ALONE: Final = tuple(PACKET_KIND.index(k) for k in ("single", "iso_single"))
NOT_COUNTED: Final = [PACKET_KIND.index(k) for k in ("package", "leg", "cross", "floor")]
ALIKE: Final = np.array(
    [[side_of(state, place) for place in range(len(PLACEMENT))] for state in range(len(QUOTE_STATE))]
)
assert SIDE == ("none", "buy", "sell")


class Series:
    """The memory of one shard. State: 16 bytes a contract, 124 a series and side traded in the session,
    388 an underlying, expiry, right and side."""

    def __init__(self) -> None:
        self._memory = new_memory(0, 0, 0)
        self._slots = 0
        self._groups: dict[tuple[int, int, int], int] = {}
        self._session = NEVER

    def apply(self, rows: Batch, names: Names, session_ts: Longs) -> dict[str, Column]:
        """Return the columns kind, burst_first_seq, repeat_* and ladder_* of packets in emission order.

        `session_ts` are the effective times of the sessions that begin in this release. Call it once a
        release with all first versions, packages included.
        """
        counts = np.flatnonzero(~np.isin(rows["kind"], NOT_COUNTED))
        found = Found(*(np.zeros(len(counts), np.int64) for _ in Found._fields))
        if len(counts):
            seen = self._seen(rows, counts, names, session_ts)
            look_back(self._memory, seen, found)
        if len(session_ts):
            self._session = int(session_ts[-1])
            self._forget()
        return _columns(rows, counts, found)

    def snapshot(self) -> dict[str, Any]:
        """Return plain data from which `restore` continues."""
        used = _used(self._memory, self._slots, len(self._groups) * LADDER_SIDES)
        return {
            "memory": tuple(to_plain(array) for array in used),
            "groups": tuple(self._groups),
            "session": self._session,
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> "Series":
        """Return the memory that `snapshot` described."""
        series = cls()
        series._memory = Memory(*(from_plain(p) for p in snapshot["memory"]))
        series._slots = len(series._memory.ts)
        series._groups = {tuple(key): n for n, key in enumerate(snapshot["groups"])}
        series._session = int(snapshot["session"])
        return series

    @property
    def state_bytes(self) -> int:
        """Bytes in use, for the measure of state a contract."""
        used = _used(self._memory, self._slots, len(self._groups) * LADDER_SIDES)
        return int(sum(array.nbytes for array in used))

    def _seen(self, rows: Batch, counts: Longs, names: Names, session_ts: Longs) -> Seen:
        index = pa.array(counts)
        contract = names.intern(rows["underlying"].take(index), rows["contract"].take(index))
        side, start = rows["side"][counts].astype(np.int64), rows["start_ts"][counts]
        alike = np.where(side != 0, side, ALIKE[rows["quote_state"][counts], rows["placement"][counts]])
        self._make_room(contract, alike, names)
        marks = np.concatenate([[self._session], session_ts]).astype(np.int64)
        session = marks[np.maximum(np.searchsorted(marks, start, "right") - 1, 0)]
        strike, size, premium = (rows[n][counts] for n in ("strike", "size", "premium"))
        end, first = rows["end_ts"][counts], rows["first_print_seq"][counts]
        return Seen(contract, side, alike, strike, size, premium, start, end, first, session)

    def _make_room(self, contract: Longs, side: Longs, names: Names) -> None:
        """Give every series and side of these packets a slot, and every series its group."""
        self._grow(len(names.contracts))
        memory = self._memory
        keys = np.unique(contract * SIDES + side)
        new = keys[memory.slot_of.ravel()[keys] < 0]
        memory.slot_of.ravel()[new] = self._slots + np.arange(len(new), dtype=np.int32)
        self._slots += len(new)
        strangers = np.unique(contract[memory.group_of[contract] < 0])
        for number, fact in zip(strangers.tolist(), names.facts(strangers).tolist(), strict=True):
            key = (fact[UNDERLYING], fact[EXPIRY], fact[RIGHT])
            memory.group_of[number] = self._groups.setdefault(key, len(self._groups))
        self._grow(len(names.contracts))

    def _grow(self, contracts: int) -> None:
        """Make room for contracts, and for the slots and groups that were given, doubling."""
        have, groups = self._memory, len(self._groups) * LADDER_SIDES
        wants = ((len(have.group_of), contracts), (len(have.ts), self._slots), (len(have.ladder_ts), groups))
        if all(size >= want for size, want in wants):
            return
        wider = new_memory(*(max(want, 2 * size) if want > size else size for size, want in wants))
        for name, old in have._asdict().items():
            getattr(wider, name)[: len(old)] = old
        self._memory = wider

    def _forget(self) -> None:
        """Drop what the sessions before have left: slots are numbered anew, rings of strikes emptied."""
        memory = self._memory
        newest = np.maximum(memory.ts.max(axis=1, initial=NEVER), memory.burst[:, B_UNTIL])[: self._slots]
        is_kept = newest >= self._session
        number = np.full(self._slots + 1, -1, np.int32)  # the last place answers for -1
        number[:-1][is_kept] = np.arange(int(is_kept.sum()), dtype=np.int32)
        kept = np.flatnonzero(is_kept)
        self._memory = memory._replace(
            slot_of=number[memory.slot_of],
            ts=memory.ts[kept],
            size=memory.size[kept],
            next=memory.next[kept],
            burst=memory.burst[kept],
        )
        self._slots = len(kept)
        self._memory.ladder_ts[self._memory.ladder_ts < self._session] = NEVER


def _used(memory: Memory, slots: int, groups: int) -> tuple[Any, ...]:
    """Return the arrays without the room that nothing uses yet."""
    by_slot = (memory.ts, memory.size, memory.next, memory.burst)
    by_group = (memory.ladder_ts, memory.ladder_strike, memory.ladder_premium, memory.ladder_next)
    return (
        memory.slot_of,
        memory.group_of,
        *(array[:slots] for array in by_slot),
        *(array[:groups] for array in by_group),
    )


def _columns(rows: Batch, counts: Longs, found: Found) -> dict[str, Column]:
    """Return the columns of all rows; those that do not count keep their kind and know nothing."""
    kind = rows["kind"].copy()
    has_side = rows["side"][counts] != 0
    found.start[~has_side] = ABSENT
    span = rows["start_ts"][counts] - found.start
    is_repeat = (found.events >= REPEAT_COUNT) & (span >= REPEAT_LEAST_NS) & np.isin(kind[counts], _ALONE)
    kind[counts[is_repeat]] = _REPEAT
    return {
        "kind": kind,
        "burst_first_seq": _spread(found.burst, counts, len(rows), ABSENT),
        "repeat_count": _spread(found.events, counts, len(rows), 0).astype(np.int32),
        "repeat_size": _spread(found.size, counts, len(rows), 0),
        "repeat_start_ts": _spread(found.start, counts, len(rows), ABSENT),
        "ladder_strikes": _spread(found.strikes, counts, len(rows), 0).astype(np.int32),
        "ladder_premium": _spread(found.premium, counts, len(rows), 0),
    }


def _spread(values: Longs, rows: Longs, length: int, absent: int) -> Longs:
    column = np.full(length, absent, np.int64)
    column[rows] = values
    return column
