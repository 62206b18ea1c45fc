"""The arrays of the core between releases: growth, and plain data for a snapshot.

Owns capacity: contracts double; slots of parents double up to what the bound on open parents allows.
Refuses to shrink.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from dataflows.analytics import options_layout as at
from dataflows.analytics.options_layout import Parents, new_book, new_parents
from dataflows.analytics.options_walk import State
from dataflows.analytics.plain import from_plain, to_plain

FIRST_CONTRACTS: Final = 256
FIRST_SLOTS: Final = 256


class Store:
    """Owner of the kernel's state."""

    def __init__(self) -> None:
        self.state = State(new_book(FIRST_CONTRACTS), new_parents(FIRST_CONTRACTS, FIRST_SLOTS))

    def grow_contracts(self, contracts: int) -> None:
        """Make room for at least so many contracts."""
        book, parents = self.state
        capacity = len(book.standing)
        if contracts <= capacity:
            return
        wider = new_book(max(contracts, 2 * capacity))
        _copy_rows(tuple(book), tuple(wider))
        by_key = np.full((len(wider.standing), at.KEYS, 2), -1, np.int32)
        by_key[:capacity] = parents.by_key
        self.state = State(wider, parents._replace(by_key=by_key))

    def grow_slots(self) -> None:
        """Double the slots of parents."""
        book, parents = self.state
        capacity = len(parents.slots)
        wider = new_parents(1, 2 * capacity)
        _copy_rows((*_slot_arrays(parents), parents.closed), (*_slot_arrays(wider), wider.closed))
        free = int(parents.counts[at.C_FREE])
        wider.free[:free] = parents.free[:free]
        wider.free[free : free + capacity] = np.arange(2 * capacity - 1, capacity - 1, -1, dtype=np.int32)
        wider.counts[:] = parents.counts
        wider.counts[at.C_FREE] = free + capacity
        self.state = State(book, wider._replace(by_key=parents.by_key))

    def snapshot(self, contracts: int) -> dict[str, Any]:
        """Return quotes, rings and open parents as plain data; between releases no parent is closed."""
        book, parents = self.state
        assert parents.counts[at.C_CLOSED] == 0, "closed parents must be taken first"
        is_open = np.flatnonzero(parents.stage == at.STAGE_OPEN)
        return {
            "book": tuple(to_plain(array[:contracts]) for array in book),
            "open": tuple(to_plain(array[is_open]) for array in _slot_arrays(parents)),
            "is_run": to_plain(_is_run(parents, is_open)),
            "counts": to_plain(parents.counts),
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> "Store":
        """Return the state that `snapshot` described, its slots numbered anew."""
        store = cls()
        book = tuple(from_plain(p) for p in snapshot["book"])
        store.grow_contracts(len(book[0]))
        _copy_rows(book, tuple(store.state.book))
        opened = tuple(from_plain(p) for p in snapshot["open"])
        slots = opened[1]
        while len(store.state.parents.slots) < len(slots):
            store.grow_slots()
        _refill(store.state.parents, opened)
        counts, is_run = from_plain(snapshot["counts"]), from_plain(snapshot["is_run"])
        counts[at.C_FREE] = store.state.parents.counts[at.C_FREE]
        store.state.parents.counts[:] = counts
        keys = slots[:, at.P_GROUP] * 3 + slots[:, at.P_SIDE]
        stages = np.where(is_run, at.RUN, at.PENDING)
        by_key = store.state.parents.by_key
        by_key[slots[:, at.P_CONTRACT], keys, stages] = np.arange(len(slots), dtype=np.int32)
        return store


def _is_run(parents: Parents, is_open: Any) -> Any:
    runs = parents.by_key[:, :, at.RUN]
    return np.isin(is_open, runs[runs >= 0])


def _slot_arrays(parents: Parents) -> tuple[Any, ...]:
    """Return the arrays that have a row per slot and outlive a release."""
    return parents.stage, parents.slots, parents.members, parents.event_ts, parents.event_key


def _copy_rows(source: tuple[Any, ...], target: tuple[Any, ...]) -> None:
    """Copy arrays over the first rows of larger ones."""
    for old, new in zip(source, target, strict=True):
        new[: len(old)] = old


def _refill(parents: Parents, opened: tuple[Any, ...]) -> None:
    """Put open parents into the first slots; the free list holds the others, lowest on top."""
    used, capacity = len(opened[0]), len(parents.slots)
    _copy_rows(opened, _slot_arrays(parents))
    parents.counts[at.C_FREE] = capacity - used
    parents.free[: capacity - used] = np.arange(capacity - 1, used - 1, -1, dtype=np.int32)
