"""The stock beside its options: which quote stood before a time, and which prints are tied to options.

Owns the newest quote of every underlying, the quotes of the present release to look back in, and the last
prints that carry a contingent condition. "Before" is strictly before. Refuses to name a quote that a
session or a gap has ended, and to remember more than MARKED prints an underlying: the oldest makes room.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from dataflows.analytics.release import ROW_PRINT, ROW_QUOTE, ROW_SESSION, Longs, Release
from schemas.columns import integers
from schemas.conditions import BIT
from schemas.fields import ABSENT, NO_PRICE

MARKED: Final = 64
TIED: Final = BIT["qualified_contingent"] | BIT["contingent"]
BEFORE: Final = -1  # the effective time of what stood before the release
Quote = tuple[int, int, int]
NOTHING: Final[Quote] = (ABSENT, NO_PRICE, NO_PRICE)
Mark = tuple[int, int, int, int, int]


class Standing(NamedTuple):
    """Quotes as (time, bid, ask) columns; -1 where none stood."""

    ts: Longs
    bid: Longs
    ask: Longs


class Marked(NamedTuple):
    """Tied prints in the order of event time: sequence number, time, price, size and condition bits."""

    seq: Longs
    ts: Longs
    price: Longs
    size: Longs
    bits: Longs


class Changes(NamedTuple):
    """The quotes of a release, grouped by underlying: effective times and (time, bid, ask) rows."""

    place: Mapping[str, tuple[int, int]]
    effective: Longs
    quotes: Longs
    ends: Longs


NO_CHANGES: Final = Changes({}, np.empty(0, np.int64), np.empty((0, 3), np.int64), np.empty(0, np.int64))


class Stock:
    """The stock's side of one shard, as the options core asks for it."""

    def __init__(self) -> None:
        self._last: dict[str, Quote] = {}
        self._changes = NO_CHANGES
        self._marked: dict[str, list[Mark]] = {}

    def snapshot(self) -> dict[str, Any]:
        """Return plain data from which `restore` continues; between releases no change is held."""
        return {"last": dict(self._last), "marked": {k: tuple(v) for k, v in self._marked.items()}}

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> "Stock":
        """Return what `snapshot` described."""
        stock = cls()
        stock._last = {k: (v[0], v[1], v[2]) for k, v in snapshot["last"].items()}
        stock._marked = {k: list(v) for k, v in snapshot["marked"].items()}
        return stock

    def take(self, release: Release) -> None:
        """Take the stock's part of the release that the options core is about to apply."""
        self._changes = _changes(release)
        source, order = release.prints, release.row[release.row_kind == ROW_PRINT]
        is_tied = (source["condition_bits"][order] & TIED) != 0
        if is_tied.any():
            self._mark(release, order[is_tied], release.effective_ts[release.row_kind == ROW_PRINT][is_tied])

    def quote_before(self, underlyings: Sequence[str], ts: Longs) -> Standing:
        """Return of each row the quote of its underlying that stood strictly before its time.

        Times lie after the releases before this one, whose last quotes are all that is left of them.
        """
        found = Standing(*(np.full(len(ts), nothing, np.int64) for nothing in NOTHING))
        by_name: dict[str, list[int]] = {}
        for row, name in enumerate(underlyings):
            by_name.setdefault(name, []).append(row)
        for name, mine in by_name.items():
            rows = np.array(mine, np.int64)
            found.ts[rows], found.bid[rows], found.ask[rows] = self._before(name, ts[rows]).T
        return found

    def marked(self, underlying: str, start_ts: int, stop_ts: int) -> Marked:
        """Return the tied prints of an underlying that came out in [start_ts, stop_ts], at most MARKED."""
        known = [m for m in self._marked.get(underlying, ()) if m[1] <= stop_ts][-MARKED:]
        columns = np.array([m for m in known if m[1] >= start_ts], np.int64).reshape(-1, 5)
        return Marked(*(np.ascontiguousarray(columns[:, k]) for k in range(5)))

    def end_release(self) -> None:
        """Forget what only this release needed: the last quote of each underlying stands on."""
        changes = self._changes
        last_end = int(changes.ends[-1]) if len(changes.ends) else BEFORE
        if last_end > BEFORE:
            self._last = {}
        for name, (_, stop) in changes.place.items():
            if changes.effective[stop - 1] >= last_end:
                ts, bid, ask = changes.quotes[stop - 1].tolist()
                self._last[name] = (ts, bid, ask)
        self._changes = NO_CHANGES
        self._marked = {name: marks[-MARKED:] for name, marks in self._marked.items()}

    def _before(self, name: str, ts: Longs) -> Longs:
        """Return (time, bid, ask) rows of one underlying."""
        changes = self._changes
        start, stop = changes.place.get(name, (0, 0))
        at = start + np.searchsorted(changes.effective[start:stop], ts, side="left") - 1
        stood = np.concatenate([[self._last.get(name, NOTHING)], changes.quotes[start:stop]])
        since = np.concatenate([[BEFORE], changes.effective[start:stop]])
        picked = at - start + 1
        quotes = stood[picked]
        ended = np.concatenate([[BEFORE], changes.ends])[np.searchsorted(changes.ends, ts, side="right")]
        quotes[since[picked] < ended] = NOTHING
        return np.asarray(quotes, np.int64)

    def _mark(self, release: Release, rows: Longs, at: Longs) -> None:
        source = release.prints
        names = source["underlying"].take(pa.array(rows)).to_pylist()
        columns = [source[c][rows].tolist() for c in ("seq", "price", "size", "condition_bits")]
        for name, ts, seq, price, size, bits in zip(names, at.tolist(), *columns, strict=True):
            self._marked.setdefault(name, []).append((seq, ts, price, size, bits))


def _changes(release: Release) -> Changes:
    """Group the quotes of a release by underlying, each group in the merged order."""
    is_quote = release.row_kind == ROW_QUOTE
    order, at = release.row[is_quote], release.effective_ts[is_quote]
    ends = release.effective_ts[release.row_kind == ROW_SESSION]
    if not len(order):
        return NO_CHANGES._replace(ends=ends)
    source = release.quotes
    encoded = source["underlying"].dictionary_encode()
    names = encoded.dictionary.to_pylist()
    number = integers(encoded.indices)[order]
    by_name = np.argsort(number, kind="stable")
    firsts = np.searchsorted(number[by_name], np.arange(len(names) + 1)).tolist()
    rows = order[by_name]
    quotes = np.column_stack([source[c][rows] for c in ("source_ts", "bid", "ask")])
    place = {n: (firsts[k], firsts[k + 1]) for k, n in enumerate(names) if firsts[k + 1] > firsts[k]}
    return Changes(place, at[by_name], quotes, ends)
