"""Who left a packet, who joined it, whose bound was weakened, and when: what cancels and late prints add.

Owns the entries by sequence number of the print. Every question is asked as of a moment, so that an answer
does not depend on what the same release brought after it. Refuses to know terms, totals or rows.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from dataflows.analytics.cancels import Taken
from dataflows.analytics.held_packets import Span

EVER: Final = 2**62  # after everything that was applied at a time


class Moment(NamedTuple):
    """A point in the order of application: event time (ns), then the count of prints applied before."""

    ts: int
    applied: int


class Late(NamedTuple):
    """A late print that waits for the packet it lies within to leave."""

    seq: int
    moment: Moment
    span: Span


class Weaker(NamedTuple):
    """From a moment on, so many contracts of a print are still proven to have opened."""

    moment: Moment
    opened: int


class Ledger:
    """Entries of one shard; `trim` drops those whose print is no longer held."""

    def __init__(self) -> None:
        self.taken: dict[int, Taken] = {}
        self.aliases: dict[int, int] = {}
        self.origin: dict[int, int] = {}
        self.joined: dict[int, tuple[int, Moment]] = {}
        self.waiting: dict[int, int] = {}
        self.lates: list[Late] = []
        self.weaker: dict[int, list[Weaker]] = {}

    def root(self, seq: int) -> int:
        """Return the print that a chain of corrections goes back to."""
        while seq in self.origin:
            seq = self.origin[seq]
        return seq

    def standing(self, seq: int, upto: Moment) -> int:
        """Return what stands for a print at a moment: itself, its correction, or -1 where nothing does."""
        while seq >= 0 and seq in self.taken:
            entry = self.taken[seq]
            if (entry.ts, entry.applied) > upto:
                break
            seq = entry.replacement
        return seq

    def left(self, seq: int, upto: Moment) -> bool:
        """Tell whether a print had been taken back at a moment, corrected or not."""
        entry = self.taken.get(seq)
        return entry is not None and (entry.ts, entry.applied) <= upto

    def opened(self, seq: int, upto: Moment, said: int) -> int:
        """Return the contracts of a print proven to have opened at a moment; `said` were when it came."""
        found = [entry.opened for entry in self.weaker.get(seq, ()) if entry.moment <= upto]
        return found[-1] if found else said

    def joined_to(self, packet: int, upto: Moment) -> list[int]:
        """Return the late prints that have joined a packet at a moment."""
        return [seq for seq, (number, moment) in self.joined.items() if number == packet and moment <= upto]

    def settle(self, before_ts: int) -> int:
        """Let go of what has waited for a packet since before that time; return how many late prints.

        Of what was said of a bound only the last counts from here on.
        """
        self.waiting = {seq: ts for seq, ts in self.waiting.items() if ts >= before_ts}
        kept = [late for late in self.lates if late.moment.ts >= before_ts]
        alone = len(self.lates) - len(kept)
        self.lates = kept
        self.weaker = {seq: entries[-1:] for seq, entries in self.weaker.items()}
        return alone

    def trim(self, held: Iterable[int]) -> None:
        """Drop the entries of prints that are no longer held."""
        known = frozenset(held)
        self.taken = {seq: entry for seq, entry in self.taken.items() if seq in known}
        self.aliases = {seq: name for seq, name in self.aliases.items() if seq in known}
        self.origin = {seq: other for seq, other in self.origin.items() if seq in known}
        self.joined = {seq: entry for seq, entry in self.joined.items() if seq in known}
        self.weaker = {seq: entries for seq, entries in self.weaker.items() if seq in known}

    def snapshot(self) -> dict[str, Any]:
        """Return the entries as plain data."""
        return {
            "taken": tuple((seq, *entry) for seq, entry in self.taken.items()),
            "aliases": tuple(self.aliases.items()),
            "origin": tuple(self.origin.items()),
            "joined": tuple((seq, number, *moment) for seq, (number, moment) in self.joined.items()),
            "waiting": tuple(self.waiting.items()),
            "lates": tuple((late.seq, *late.moment, *late.span) for late in self.lates),
            "weaker": tuple(
                (seq, *e.moment, e.opened) for seq, entries in self.weaker.items() for e in entries
            ),
        }

    @classmethod
    def restore(cls, plain: Mapping[str, Any]) -> "Ledger":
        """Return the entries that `snapshot` described."""
        found = cls()
        found.taken = {seq: Taken(*rest) for seq, *rest in plain["taken"]}
        found.aliases, found.origin = dict(plain["aliases"]), dict(plain["origin"])
        found.joined = {seq: (number, Moment(ts, at)) for seq, number, ts, at in plain["joined"]}
        found.waiting = dict(plain["waiting"])
        found.lates = [Late(seq, Moment(ts, at), Span(*rest)) for seq, ts, at, *rest in plain["lates"]]
        for seq, ts, at, opened in plain["weaker"]:
            found.weaker.setdefault(seq, []).append(Weaker(Moment(ts, at), opened))
        return found
