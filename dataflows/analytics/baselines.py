"""Baselines: what is usual for a contract, for series like it, and for its underlying at this time.

Owns streaming robust location and scale of log premium, log size and the relative arrival spread by contract,
by bucket (underlying, distance from the money, days, right) and by (underlying, half hour of the session),
and their blend from the coarse to the fine. A packet is scored first and counted after. Refuses to score
against too few packets: then the baseline is `none` and every z is 0. 72 bytes a contract, no samples.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dataflows.analytics import baselines_warm as warm
from dataflows.analytics.baselines_kernel import (
    BLOCK,
    CONTRACT,
    METRICS,
    WIDTH,
    Levels,
    Packets,
    Scored,
    score_packets,
)
from dataflows.analytics.options_layout import Ints
from dataflows.analytics.options_names import Names
from dataflows.analytics.plain import from_plain, to_plain
from dataflows.analytics.release import ROW_PRINT, Longs, Note, Release

Doubles: TypeAlias = npt.NDArray[np.float64]

HALF_HOUR_NS: Final = 30 * 60 * 1_000_000_000
HALF_HOURS: Final = 14  # of a session; what lies outside belongs to the first or last
MONEYNESS_EDGES: Final = (0.01, 0.03, 0.07, 0.15)  # of |strike / stock - 1|
DAYS_EDGES: Final = (1, 8, 31, 91)  # the same day, a week, a month, a quarter, later
BUCKETS: Final = 2 * (len(MONEYNESS_EDGES) + 1) * (len(DAYS_EDGES) + 1)
NO_BUCKET: Final = -1
NAME: Final = "baseline"


class PacketColumns(NamedTuple):
    """Packets in emission order. `contract` is -1 for a package, which is compared with its underlying only;
    `spread` is NaN where the arrival quote was not a normal one; `moneyness` (strike over stock, less one) is
    NaN or below -1 and `days` -1 where not known; `right` a code of RIGHT; `emit_ts` places notes between.
    """

    contract: Longs
    underlying: Longs
    bucket: Longs
    premium: Longs
    size: Longs
    spread: Doubles
    moneyness: Doubles | None = None
    days: Longs | None = None
    right: Longs | None = None
    emit_ts: Longs | None = None


class Scores(NamedTuple):
    """Per packet: the baseline used, its packets, z of (premium, size, spread), quantised, and as JSON the
    weight and packets of each level behind them."""

    baseline: Ints
    packets: Longs
    z: Doubles
    weights: pa.StringArray


def buckets(emit_ts: Longs, open_ts: Longs) -> Longs:
    """Return the half hour of the session in which each packet left."""
    return np.asarray(np.clip((emit_ts - open_ts) // HALF_HOUR_NS, 0, HALF_HOURS - 1))


def series_buckets(moneyness: Doubles, days: Longs, right: Longs) -> Longs:
    """Return the bucket of series like these within an underlying, -1 where moneyness or days lack."""
    away = np.searchsorted(MONEYNESS_EDGES, np.abs(moneyness), side="right")
    late = np.searchsorted(DAYS_EDGES, days, side="right")
    number = (away * (len(DAYS_EDGES) + 1) + late) * 2 + np.clip(right, 0, 1)
    is_known = (moneyness >= -1.0) & (days >= 0)  # false for NaN
    return np.where(is_known, number, NO_BUCKET).astype(np.int64)


@dataclass(slots=True)
class Baselines:
    """Tables of the three levels; they outlive sessions."""

    tables: Levels

    @classmethod
    def empty(cls) -> "Baselines":
        """Return baselines that know nothing."""
        return cls(
            Levels(
                np.zeros((0, WIDTH)),
                np.zeros((0, HALF_HOURS, WIDTH)),
                np.zeros((0, WIDTH)),
                np.zeros((0, BUCKETS), np.int32),
                np.zeros(1, np.int64),
            )
        )

    def grow(self, contracts: int, underlyings: int) -> None:
        """Make room for at least so many contracts and underlyings, doubling."""
        self.tables = self.tables._replace(
            contracts=_grown(self.tables.contracts, contracts),
            by_time=_grown(self.tables.by_time, underlyings),
            bucket_row=_grown(self.tables.bucket_row, underlyings, -1),
        )

    def block_sizes(self, contracts: Longs, release: Release, names: Names) -> Longs:
        """Return by print row the 99.5th percentile of print sizes of series like its own in the sessions
        before, 0 where no warm start told it; a note of this release counts from its time on."""
        sizes = np.asarray(self.tables.contracts[contracts, BLOCK], np.int64)
        is_print = release.row_kind == ROW_PRINT
        at = np.zeros(len(contracts), np.int64)
        at[release.row[is_print]] = release.effective_ts[is_print]
        for note in release.notes:
            rows = warm.read_rows(note.detail) if note.name == NAME else []
            told = {row.key: int(row.state[BLOCK]) for row in rows if row.level == CONTRACT}
            if told:
                root = names.underlying_number(note.underlying)
                index = np.flatnonzero((at >= note.at) & (names.underlying_of()[contracts] == root))
                known = [told.get(names.contracts[c], 0) for c in contracts[index].tolist()]
                sizes[index] = np.maximum(sizes[index], np.array(known, np.int64))
        return sizes

    def score(self, packets: PacketColumns, notes: Sequence[Note] = (), names: Names | None = None) -> Scores:
        """Score packets in emission order and count them.

        Notes named `baseline` (in the order of event time, `names` to number what they are about) are taken
        in before the first packet that leaves at or after them.
        """
        rows = len(packets.contract)
        out = Scored(
            np.zeros(rows, np.int32),
            np.zeros(rows, np.int64),
            np.zeros((rows, METRICS)),
            np.zeros((rows, len(warm.LEVELS))),
            np.zeros((rows, len(warm.LEVELS)), np.int64),
        )
        told = [note for note in notes if note.name == NAME]
        assert not told or (names is not None and packets.emit_ts is not None), "notes lack names or times"
        start = 0
        for note in told:
            assert names is not None and packets.emit_ts is not None
            stop = int(np.searchsorted(packets.emit_ts, note.at, side="left"))
            self._score(packets, out, start, stop)
            self.note(note, names)
            start = stop
        self._score(packets, out, start, rows)
        return Scores(out.baseline, out.packets, out.z.T.copy(), _weights_json(out))

    def note(self, note: Note, names: Names) -> None:
        """Take what sessions before this log knew, where nothing is known yet; see `baselines_warm`."""
        wanted = warm.read_rows(note.detail)
        series = [row.key for row in wanted if row.level == CONTRACT]
        numbers = warm.numbered(names, note.underlying, series)
        self.grow(len(names.contracts), len(names.underlyings))
        self._make_room(len(wanted))
        warm.take(self.tables, wanted, numbers, names.underlying_number(note.underlying))

    def snapshot(self, contracts: int, underlyings: int) -> dict[str, Any]:
        """Return the used part of the tables as plain data."""
        tables = self.tables
        return {
            "contracts": to_plain(tables.contracts[:contracts]),
            "by_time": to_plain(tables.by_time[:underlyings]),
            "buckets": to_plain(tables.buckets[: int(tables.used[0])]),
            "bucket_row": to_plain(tables.bucket_row[:underlyings]),
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> "Baselines":
        """Return the baselines that `snapshot` described."""
        contracts, by_time, rows, bucket_row = (
            from_plain(snapshot[name]) for name in ("contracts", "by_time", "buckets", "bucket_row")
        )
        return cls(Levels(contracts, by_time, rows, bucket_row, np.array([len(rows)], np.int64)))

    def _score(self, packets: PacketColumns, out: Scored, start: int, stop: int) -> None:
        if stop <= start:
            return
        part = slice(start, stop)
        self._make_room(stop - start)
        mine = Scored(out.baseline[part], out.packets[part], out.z[part], out.weights[part], out.counts[part])
        score_packets(self.tables, _cut(packets, part), mine)

    def _make_room(self, rows: int) -> None:
        """Make room for a new bucket with each row; there are never more than all of every underlying."""
        most = len(self.tables.bucket_row) * BUCKETS
        wanted = min(int(self.tables.used[0]) + rows, most)
        self.tables = self.tables._replace(buckets=_grown(self.tables.buckets, wanted))


def _cut(packets: PacketColumns, part: slice) -> Packets:
    contract = packets.contract[part]
    if packets.moneyness is None or packets.days is None or packets.right is None:
        bucket = np.full(len(contract), NO_BUCKET, np.int64)
    else:
        bucket = series_buckets(packets.moneyness[part], packets.days[part], packets.right[part])
    return Packets(
        contract,
        packets.underlying[part],
        packets.bucket[part],
        bucket,
        packets.premium[part],
        packets.size[part],
        packets.spread[part],
    )


def _weights_json(out: Scored) -> pa.StringArray:
    """Return {"contract":[weight,packets],...} by packet, and {} where nothing was used."""
    pieces: list[Any] = []
    for level, name in enumerate(warm.LEVELS):
        opening = f'{{"{name}":[' if level == 0 else f'],"{name}":['
        pieces += [opening, pc.cast(pa.array(out.weights[:, level]), pa.string()), ","]
        pieces.append(pc.cast(pa.array(out.counts[:, level]), pa.string()))
    text = pc.binary_join_element_wise(*pieces, "]}", "")
    return pc.if_else(pa.array(out.baseline > 0), text, "{}")


def _grown(table: Any, rows: int, fill: int = 0) -> Any:
    if rows <= len(table):
        return table
    larger = np.full((max(rows, 2 * len(table)), *table.shape[1:]), fill, table.dtype)
    larger[: len(table)] = table
    return larger
