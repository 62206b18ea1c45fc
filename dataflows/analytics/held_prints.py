"""The prints that a cancel may still reach, and what each series has reported in the session.

Owns their columns, how long they are held and the identity hash of each. A print is within reach while it
is of the session, at most HORIZON_NS old and among the last PRINTS_HELD applied, or kept for an alert.
Refuses to forget early: rows beyond reach may still lie here, for packets with younger members; no cancel
finds them.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numba import njit

from dataflows.analytics.held_table import Table
from dataflows.analytics.held_types import HORIZON_NS, MINUTE_NS, PRINTS_HELD, WAIT_NS, Turn
from dataflows.analytics.options_codes import CANCEL_NONE
from dataflows.analytics.plain import from_plain, to_plain
from dataflows.analytics.quotes import placement
from dataflows.analytics.release import ROW_PRINT, ROW_SESSION, Flags, Longs
from schemas.kinds import CODE_FAMILY, PRINT_STATUS

STATUS_LATE: Final = PRINT_STATUS.index("late")
STATUS_CANCELLED: Final = PRINT_STATUS.index("cancelled")  # of a held row: the new values of a correction
FAMILY_CANCEL: Final = CODE_FAMILY.index("cancel")
_BAR: Final = PRINT_STATUS.index("bar")
_OPENING_CODES: Final = (ord("F"), ord("H"))
_COLUMNS: Final = {
    **dict.fromkeys(("index", "seq", "ts", "at", "price", "premium", "bid", "ask", "identity"), "i8"),
    **dict.fromkeys(("contract", "size", "opened", "block"), "i4"),
    **dict.fromkeys(("venue", "family", "status", "state", "placement", "side"), "i1"),
    **dict.fromkeys(("is_stable", "is_kept"), "?"),
}
_INT_MAX: Final = 2**31 - 1
_FNV_START: Final = np.uint64(0xCBF29CE484222325)
_FNV_PRIME: Final = np.uint64(0x100000001B3)


@njit(cache=True)
def _hashes(offsets: Any, data: Any) -> Longs:
    """Return FNV-1a of each text as int64, 0 where it is empty."""
    found = np.zeros(len(offsets) - 1, np.int64)
    for row in range(len(found)):
        if offsets[row] == offsets[row + 1]:
            continue
        state = _FNV_START
        for at in range(offsets[row], offsets[row + 1]):
            state = (state ^ np.uint64(data[at])) * _FNV_PRIME
        found[row] = np.int64(state | np.uint64(1))
    return found


def text_hashes(texts: pa.StringArray) -> Longs:
    """Return a number for each text, 0 where it is empty; equal texts have equal numbers everywhere."""
    if not len(texts):
        return np.zeros(0, np.int64)
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32, len(texts) + 1, texts.offset * 4)
    if bounds[0] == bounds[-1]:
        return np.zeros(len(texts), np.int64)
    return np.asarray(_hashes(bounds, np.frombuffer(data, np.uint8)))


class Opening(NamedTuple):
    """A session record: the application index of the next print, its time, and when that session opens."""

    next_index: int
    ts: int
    open_ts: int


class HeldPrints:
    """Prints of one shard within reach of cancels; `index` counts every print that was ever applied."""

    def __init__(self) -> None:
        self.table = Table(_COLUMNS)
        self.applied = 0
        self.session_index = 0
        self._trimmed_at = self._open_ts = 0
        self._told = np.zeros(0, np.int32)
        self._first = np.zeros(0, np.int64)
        self._turn_row = 0

    def begin(self, turn: Turn) -> tuple[Longs, Longs]:
        """Add the prints of a release; return application index and effective time of `turn.order`.

        Cancels and bars are counted and not held.
        """
        release, rows = turn.release, turn.order
        times = release.effective_ts[release.row_kind == ROW_PRINT]
        index = self.applied + np.arange(len(rows), dtype=np.int64)
        self._turn_row = len(self.table)
        self._grow(len(turn.names.contracts))
        is_held = (turn.codes.takes_back[rows] == CANCEL_NONE) & (turn.codes.status[rows] != _BAR)
        self.table.append(_columns(turn, rows[is_held], index[is_held], times[is_held]))
        self.applied += len(rows)
        return index, times

    def enter_session(self, opening: Opening) -> bool:
        """Let a session start: nothing earlier is in reach. False where it is the same session again."""
        if opening.open_ts == self._open_ts:
            return False
        self._open_ts, self.session_index = opening.open_ts, opening.next_index
        self._told[:] = 0
        return True

    def end(self, turn: Turn) -> None:
        """Count what the series of a release have reported, once all its cancels are matched."""
        contracts, seqs = self._new_trades(np.int64(self.applied))
        series, first, count = np.unique(contracts, return_index=True, return_counts=True)
        is_first = self._told[series] == 0
        self._first[series[is_first]] = seqs[first[is_first]]
        self._told[series] += count.astype(np.int32)
        code = turn.codes.code[turn.order]
        opened = turn.order[np.isin(code, _OPENING_CODES)]
        self._first[turn.prints.contract[opened]] = turn.prints.seq[opened]

    def _new_trades(self, index: int | np.int64) -> tuple[Longs, Longs]:
        """Return series and sequence number of the trades of this release, of the session, before `index`."""
        since, table = self._turn_row, self.table
        applied = table["index"][since:]
        is_trade = (applied >= self.session_index) & (applied < index)
        is_trade &= table["status"][since:] != STATUS_CANCELLED
        return table["contract"][since:][is_trade], table["seq"][since:][is_trade]

    def reach(self, contract: int, index: int, ts: int) -> Longs:
        """Return the rows of a series that a cancel of that application index and time may reach."""
        table = self.table
        rows = np.flatnonzero(table["contract"] == contract)
        applied = table["index"][rows]
        is_near = (table["ts"][rows] >= ts - HORIZON_NS) & (applied >= index - PRINTS_HELD)
        in_session = (applied >= self.session_index) & (applied < index)
        found = rows[in_session & (is_near | table["is_kept"][rows])]
        return np.asarray(found[np.argsort(table["index"][found], kind="stable")])

    def told(self, contract: int, index: int) -> tuple[int, int]:
        """Return how many trades of a series the session has reported before `index`, and its first one's
        sequence number (-1 where there is none)."""
        contracts, seqs = self._new_trades(index)
        of_series = seqs[contracts == contract]
        before = int(self._told[contract])
        if before:
            return before + len(of_series), int(self._first[contract])
        return len(of_series), int(of_series[0]) if len(of_series) else -1

    def row_in_reach(self, seq: int, index: int, ts: int) -> int:
        """Return the row of a print that a record of that application index and time may reach, or -1."""
        row = self.row_of(seq)
        if row < 0:
            return -1
        found = self.reach(int(self.table["contract"][row]), index, ts)
        return row if row in found else -1

    def row_of(self, seq: int) -> int:
        """Return the row of a print, -1 where it is not held."""
        rows = np.flatnonzero(self.table["seq"] == seq)
        return int(rows[-1]) if len(rows) else -1

    def keep(self, seqs: Longs) -> None:
        """Hold these prints to the end of the session."""
        self.table["is_kept"][np.isin(self.table["seq"], seqs)] = True

    def is_trim_due(self, watermark: int) -> bool:
        """Tell whether enough has come in since the last trim."""
        return watermark - self._trimmed_at >= MINUTE_NS or len(self.table) > PRINTS_HELD + PRINTS_HELD // 2

    def trim(self, watermark: int) -> int:
        """Drop what is beyond reach; return how many prints left because there were too many."""
        table = self.table
        self._trimmed_at = watermark
        is_young = table["ts"] >= watermark - HORIZON_NS - WAIT_NS
        is_recent = table["index"] >= self.applied - PRINTS_HELD - PRINTS_HELD // 4
        is_kept = table["is_kept"]
        in_session = table["index"] >= self.session_index
        crowded = int((in_session & is_young & ~is_recent & ~is_kept).sum())
        table.retain(in_session & (is_kept | (is_young & is_recent)))
        return crowded

    def snapshot(self) -> dict[str, Any]:
        """Return the prints as plain data."""
        return {
            "table": self.table.snapshot(),
            "numbers": (self.applied, self.session_index, self._trimmed_at, self._open_ts),
            "told": to_plain(self._told),
            "first": to_plain(self._first),
        }

    @classmethod
    def restore(cls, plain: Mapping[str, Any]) -> "HeldPrints":
        """Return the prints that `snapshot` described."""
        found = cls()
        found.table.load(plain["table"])
        found.applied, found.session_index, found._trimmed_at, found._open_ts = plain["numbers"]
        found._told, found._first = from_plain(plain["told"]), from_plain(plain["first"])
        return found

    def _grow(self, contracts: int) -> None:
        if contracts <= len(self._told):
            return
        more = max(contracts, 2 * len(self._told)) - len(self._told)
        self._told = np.concatenate([self._told, np.zeros(more, np.int32)])
        self._first = np.concatenate([self._first, np.full(more, -1, np.int64)])


def openings(turn: Turn, first_index: int) -> list[Opening]:
    """Return the session records of a release in order; a feed that starts again repeats that of the day."""
    release = turn.release
    before = np.cumsum(release.row_kind == ROW_PRINT)
    found = []
    for step in np.flatnonzero(release.row_kind == ROW_SESSION).tolist():
        open_ts = release.sessions[int(release.row[step])].open_ts
        found.append(Opening(first_index + int(before[step]), int(release.effective_ts[step]), open_ts))
    return found


def _columns(turn: Turn, rows: Longs, index: Longs, times: Longs) -> dict[str, Any]:
    prints, placed = turn.prints, turn.placed
    is_late: Flags = prints.status[rows] == STATUS_LATE
    return {
        "index": index,
        "seq": prints.seq[rows],
        "ts": times,
        "at": np.where(is_late, np.minimum(prints.source_ts[rows], times), times),
        "price": prints.price[rows],
        "premium": prints.premium[rows],
        "bid": placed.quote[rows, 2],
        "ask": placed.quote[rows, 3],
        "identity": text_hashes(turn.release.prints["trade_id"].take(pa.array(rows))),
        "contract": prints.contract[rows],
        "size": np.minimum(prints.size[rows], _INT_MAX),
        "opened": np.minimum(prints.opened[rows], _INT_MAX),
        "block": np.minimum(prints.block_contracts[rows], _INT_MAX),
        "venue": prints.venue[rows],
        "family": prints.family[rows],
        "status": prints.status[rows],
        "state": placed.state[rows],
        "placement": placed.placement[rows],
        "side": placed.side[rows],
        "is_stable": placed.is_stable[rows],
    }


def correction_row(turn: Turn, row: int, target: Mapping[str, int], index: int) -> dict[str, Any]:
    """Return the new values of a correction as a held print in the place of the one it corrects.

    Time, quote and side stay those of the trade; a code of its own replaces the old one if it is known.
    """
    prints, codes = turn.prints, turn.codes
    has_code = bool(codes.is_known[row]) and codes.family[row] != FAMILY_CANCEL
    identity = text_hashes(turn.release.prints["trade_id"].slice(row, 1))[0]
    price = int(prints.price[row])
    values = {
        **target,
        "index": index,
        "seq": int(prints.seq[row]),
        "price": price,
        "size": min(int(prints.size[row]), _INT_MAX),
        "premium": int(prints.premium[row]),
        "identity": int(identity),
        "opened": 0,
        "venue": int(prints.venue[row]),
        "family": int(codes.family[row]) if has_code else target["family"],
        "status": STATUS_CANCELLED,
        "placement": placement(price, target["bid"], target["ask"], np.int8(target["state"])),
    }
    return {name: np.array([value]) for name, value in values.items()}
