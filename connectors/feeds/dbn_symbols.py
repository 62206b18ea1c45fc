"""Which instrument an id stands for: by day from the header, or as a stream said so before.

Owns the look-up, whole columns at a time, and the reading of each symbol once. Ids change every day,
so an id without a day means nothing. Refuses to hold more than SYMBOLS_MAX symbols.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from connectors.errors import UserError
from connectors.feeds.dbn_header import Ids, Index, Intervals
from connectors.feeds.dbn_publishers import OPTIONS
from schemas.roots import equity_underlyings
from schemas.symbology import parse_contracts

Keys: TypeAlias = npt.NDArray[np.uint64]

SYMBOLS_MAX: Final = 8_000_000
SLICE: Final = 50_000
NOT_FOUND: Final = -1
_STOCK: Final = re.compile(r"[A-Z][A-Za-z0-9 .+=^#*~!@$%/&-]{0,15}")
_LOW: Final = np.uint64(32)


class Symbols:
    """The symbols of one file; columns hold a value per symbol, by its place."""

    def __init__(self, market: str, intervals: Intervals, name: str) -> None:
        self._market, self._name = market, name
        self._names: list[str] = list(intervals.names)
        self._places: dict[str, int] = {}  # filled when a stream first names a symbol
        order = np.argsort(_keys(intervals.ids, intervals.first), kind="stable")
        self._by_day = _keys(intervals.ids, intervals.first)[order]
        self._day_end, self._day_place = intervals.end[order], intervals.place[order]
        self._seen: Keys = np.empty(0, np.uint64)
        self._seen_place: Index = np.empty(0, np.int64)
        self._read()

    def _read(self) -> None:
        if len(self._names) > SYMBOLS_MAX:
            raise UserError(f"{self._name}: more than {SYMBOLS_MAX:,} symbols; import it in parts")
        names = pa.array(self._names, pa.string())
        self.names: pa.StringArray = names
        if self._market == OPTIONS:
            self.contract, self.underlying, self.reason = _parsed(names)
            self.has_unreadable = any(self.reason.to_pylist())
            return
        reasons = ["" if _STOCK.fullmatch(n) else f"{n[:24]!r} is no stock symbol" for n in self._names]
        self.reason = pa.array(reasons, pa.string())
        self.has_unreadable = any(reasons)
        self.underlying = equity_underlyings(names)
        self.contract = pa.array([""] * len(names), pa.string())

    def underlyings(self) -> tuple[str, ...]:
        """Return the underlyings of all symbols that could be read."""
        pairs = zip(self.underlying.to_pylist(), self.reason.to_pylist(), strict=True)
        return tuple(sorted({u for u, reason in pairs if not reason}))

    def add(self, names: Sequence[str]) -> None:
        """Take in symbols that the header does not have."""
        if len(self._places) < len(self._names):
            self._places = {n: i for i, n in enumerate(self._names)}
        new = [n for n in dict.fromkeys(names) if n not in self._places]
        for name in new:
            self._places[name] = len(self._names)
            self._names.append(name)
        if new:
            self._read()

    def learn(self, ids: Ids, ordinals: Index, names: Sequence[str]) -> None:
        """Take in what a stream says: from record `ordinals` on, an id stands for that symbol."""
        if not len(ids):
            return
        self.add(names)
        places = np.array([self._places[n] for n in names], np.int64)
        keys = np.concatenate([self._seen, _keys(ids, ordinals)])
        both = np.concatenate([self._seen_place, places])
        order = np.argsort(keys, kind="stable")
        self._seen, self._seen_place = keys[order], both[order]
        if len(self._seen) > SYMBOLS_MAX:
            raise UserError(f"{self._name}: more than {SYMBOLS_MAX:,} symbol mappings")

    def find(self, ids: Ids, days: Index, ordinals: Index) -> Index:
        """Return the place of each row's symbol, NOT_FOUND where its id means nothing then."""
        row, is_there = _before(self._by_day, ids, days)
        is_there &= days < _at(self._day_end, row)
        found = np.where(is_there, _at(self._day_place, row), NOT_FOUND)
        if len(self._seen):
            row, was_said = _before(self._seen, ids, ordinals)
            found = np.where(~is_there & was_said, _at(self._seen_place, row), found)
        return found


def _parsed(names: pa.StringArray) -> tuple[pa.StringArray, pa.StringArray, pa.StringArray]:
    """Return series, underlying and reason of each symbol, read a slice at a time to need little memory."""
    parts = [parse_contracts(names.slice(i, SLICE)) for i in range(0, max(1, len(names)), SLICE)]
    columns = [(p.contract, p.underlying, p.reason) for p in parts]
    contract, underlying, reason = (pa.concat_arrays(c) for c in zip(*columns, strict=True))
    return contract, underlying, reason


def _keys(ids: Ids, low: Index) -> Keys:
    """Return id and day, or id and ordinal, as one number that sorts by id first."""
    found: Keys = ids.astype(np.uint64) << _LOW | low.astype(np.uint64)
    return found


def _before(keys: Keys, ids: Ids, low: Index) -> tuple[Index, npt.NDArray[np.bool_]]:
    """Return the last key of each id at or before `low`, and whether there is one."""
    row = np.searchsorted(keys, _keys(ids, low), side="right") - 1
    is_there = (row >= 0) & (_at(keys, row) >> _LOW == ids)
    return row, is_there


def _at(values: Any, rows: Index) -> Any:
    return values[np.maximum(rows, 0)] if len(values) else np.zeros(len(rows), values.dtype)


def take(column: pa.StringArray, places: Index) -> pa.StringArray:
    """Return the text of each row by the place of its symbol, empty where it has none."""
    if not len(column):
        return pa.repeat(pa.scalar("", pa.string()), len(places))
    found = column.take(pa.array(np.maximum(places, 0)))
    if (places >= 0).all():
        return found
    return pa.array(np.where(places >= 0, found.to_numpy(zero_copy_only=False), ""), pa.string())
