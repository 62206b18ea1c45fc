"""The candles of a shard: what the kernels of `candles` need around them.

Owns the growth of their arrays, the columns of `equities.candles` and the snapshot. Refuses nothing; the
limits are those of the kernels.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dataflows.analytics import candles
from dataflows.analytics.candles import Book, Emitted, Limits, Trades
from dataflows.analytics.equities_dark import NEVER
from dataflows.analytics.equities_state import Names, grown, pack, unpack
from dataflows.analytics.release import Longs
from schemas.columns import Batch, Column, empty
from schemas.topics import TOPIC

HELD_MIN: Final = 1024
_PRICES: Final = {
    "open": candles.OPEN,
    "high": candles.HIGH,
    "low": candles.LOW,
    "close": candles.CLOSE,
}
_SUMS: Final = {
    "volume": candles.VOLUME,
    "off_exchange_volume": candles.OFF_VOLUME,
    "notional": candles.MONEY,
    "trade_count": candles.COUNT,
}
_LONGS: Final = (
    {"emit_ts": candles.EMIT_TS, "start_ts": candles.START, "end_ts": candles.END} | _PRICES | _SUMS
)


class Candles:
    """Open and held bars of every underlying of a shard."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.book = _new_book(limits)

    def apply(self, trades: Trades, names: Names, watermark: int) -> Batch:
        """Apply prints in merged order and close what ends by `watermark`; return the rows to publish."""
        self._grow(len(names))
        open_bars = int(self.book.active_count.sum())
        room = open_bars + candles.INTERVALS * len(trades.uid)  # each print leads to one row an interval
        out = Emitted(np.empty((room, candles.EMITTED_FIELDS), np.int64), np.zeros(1, np.int64))
        done = 0
        while done <= len(trades.uid):
            done = candles.run(self.book, trades, names.ranks, (done, watermark, self.limits, out))
            if done <= len(trades.uid):
                self._enlarge_held()
        return _batch(_ordered(out.rows[: out.used[0]], names.ranks), names)

    @property
    def counters(self) -> dict[str, int]:
        """What was left out: prints beyond the horizon, and what the limit on held bars cost."""
        s = self.book.scalars
        return {
            "candles_late_beyond_horizon": int(s[candles.BEYOND]),
            "candles_dropped": int(s[candles.DROPPED]),
            "candles_not_restated": int(s[candles.NOT_HELD]),
        }

    def _grow(self, size: int) -> None:
        book = self.book
        active = np.ascontiguousarray(grown(np.ascontiguousarray(book.active.T), size, 0).T)
        self.book = book._replace(
            bars=grown(book.bars, size, NEVER),
            active=active,
            last=grown(book.last, size * candles.INTERVALS, -1),
        )

    def _enlarge_held(self) -> None:
        book, size = self.book, len(self.book.held)
        larger = np.zeros((min(2 * size, self.limits.held_max), candles.HELD_FIELDS), np.int64)
        self.book = book._replace(held=_laid(_live(book), int(book.scalars[candles.TAIL]), larger))

    def snapshot(self, size: int) -> dict[str, Any]:
        """Return the state of the first `size` underlyings as plain data."""
        book = self.book
        return {
            "bars": pack(book.bars[:size]),
            "active": tuple(pack(book.active[k, : book.active_count[k]]) for k in range(candles.INTERVALS)),
            "ends": pack(book.ends),
            "held": pack(_live(book)),
            "last": pack(book.last[: size * candles.INTERVALS]),
            "scalars": pack(book.scalars),
        }

    @classmethod
    def restore(cls, limits: Limits, state: Mapping[str, Any]) -> "Candles":
        """Return candles that continue from a snapshot."""
        self = cls(limits)
        self._grow(len(unpack(state["bars"])))
        book = self.book
        for name in ("bars", "ends", "last", "scalars"):
            values = unpack(state[name])
            getattr(book, name)[: len(values)] = values
        for k, packed in enumerate(state["active"]):
            uids = unpack(packed)
            book.active[k, : len(uids)] = uids
            book.active_count[k] = len(uids)
        live = unpack(state["held"])
        size = len(book.held)
        while size < len(live):
            size = min(2 * size, limits.held_max)
        larger = np.zeros((size, candles.HELD_FIELDS), np.int64)
        self.book = book._replace(held=_laid(live, int(book.scalars[candles.TAIL]), larger))
        return self


def _new_book(limits: Limits) -> Book:
    scalars = np.zeros(candles.SCALARS, np.int64)
    scalars[candles.DROPPED_UNTIL] = NEVER
    scalars[candles.NEXT_END] = np.iinfo(np.int64).max
    intervals = candles.INTERVALS
    return Book(
        bars=np.full((1, intervals, candles.BAR_FIELDS), NEVER, np.int64),
        active=np.zeros((intervals, 1), np.int64),
        active_count=np.zeros(intervals, np.int64),
        ends=np.zeros(intervals, np.int64),
        held=np.zeros((min(HELD_MIN, limits.held_max), candles.HELD_FIELDS), np.int64),
        last=np.full(intervals, -1, np.int64),
        scalars=scalars,
    )


def _live(book: Book) -> Longs:
    numbers = np.arange(book.scalars[candles.TAIL], book.scalars[candles.HEAD])
    live: Longs = book.held[numbers % len(book.held)]
    return live


def _laid(live: Longs, tail: int, ring: Longs) -> Longs:
    """Lay bars numbered from `tail` into a ring."""
    ring[(tail + np.arange(len(live))) % len(ring)] = live
    return ring


def _ordered(rows: Longs, ranks: Longs) -> Longs:
    """Return rows by (emit time, interval, underlying text, start, version)."""
    if not (rows[:, candles.STATUS] == candles.RESTATED).any():
        return rows  # closing alone already leaves in this order
    fields = (candles.VERSION, candles.START, candles.UID, candles.INTERVAL, candles.EMIT_TS)
    keys = [ranks[rows[:, f]] if f == candles.UID else rows[:, f] for f in fields]
    ordered: Longs = rows[np.lexsort(keys)]
    return ordered


def _batch(rows: Longs, names: Names) -> Batch:
    if not len(rows):
        return empty(TOPIC["equities.candles"])
    columns: dict[str, Column] = {name: _column(rows, field) for name, field in _LONGS.items()}
    columns["seq"] = np.zeros(len(rows), np.int64)
    columns["underlying"] = names.text(_column(rows, candles.UID))
    columns["version"] = rows[:, candles.VERSION].astype(np.int32)
    columns["status"] = rows[:, candles.STATUS].astype(np.int32)
    columns["interval_s"] = np.array(candles.INTERVALS_S, np.int32)[rows[:, candles.INTERVAL]]
    topic = TOPIC["equities.candles"]
    return Batch(topic, {name: columns[name] for name in topic.field_names})


def _column(rows: Longs, field: int) -> npt.NDArray[np.int64]:
    return np.ascontiguousarray(rows[:, field])
