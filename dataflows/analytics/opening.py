"""Opening bounds: how many contracts of a print were surely opened, or what is missing to say so.

Owns the open interest and the volume of each series in the session. Of a print of q contracts at most as
many can close, on each side, as were open when the session began plus what traded since: so at least
max(0, q - (open interest + volume before)) opened on each side. Refuses to say it unless open interest is
exact and no trade can be missing: complete volume, sale codes, from the session's start, without gap or halt.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from dataflows.analytics.options_layout import Ints
from dataflows.analytics.options_names import Names
from dataflows.analytics.plain import from_plain, to_plain
from dataflows.analytics.release import ROW_NOTE, ROW_PRINT, ROW_SESSION, Codes, Longs, Note, Release, Session
from schemas.kinds import OPENING_BASIS, PRINT_REPORT, PRINT_STATUS
from schemas.symbology import ROOT_LENGTH_MAX, parse_contracts

SNAPSHOT_VERSION: Final = 1
PRINTS: Final = "options.prints"
STANDARD: Final = 100  # shares to a contract; any other number is that of an adjusted or special series
EVENING_NS: Final = (13 * 60 + 15) * 60 * 1_000_000_000  # from 20:15 the evening before to 9:30
EVENING: Final = frozenset({"SPX", "XSP", "VIX", "RUT"})  # that trade in Cboe's global trading hours
COUNT_MAX: Final = 1 << 40  # contracts; a greater number is no count of anything
UNKNOWN: Final = -1

NO_INTEREST, PROVEN, INCOMPLETE, LATE, ADJUSTED, NO_TRADE = (
    OPENING_BASIS.index(name)
    for name in ("no_open_interest", "proven", "incomplete_volume", "late", "adjusted", "no_trade")
)
_OK: Final = PRINT_STATUS.index("ok")
_LATE, _REPORT_LATE = PRINT_STATUS.index("late"), PRINT_STATUS.index("report_late")
_CANCELLED: Final = PRINT_STATUS.index("cancelled")
_NO_TRADE: Final = PRINT_STATUS.index("no_trade")
_CORRECTION: Final = PRINT_REPORT.index("correction")

F_ADJUSTED, F_EARLY = 1, 2  # not a standard series; open interest told after the session before had closed
INTEREST, VOLUME = range(2)

Bytes = npt.NDArray[np.uint8]


class Opened(NamedTuple):
    """By print row: contracts open before the session (-1 unknown) and traded before the print in it, at
    least so many opened on each side, and the code in OPENING_BASIS of what that rests on."""

    open_interest: Longs
    volume_before: Longs
    opened_min: Longs
    basis: Ints


class _Tape(NamedTuple):
    """What the kernel reads of the prints."""

    contract: Longs
    underlying: Longs
    size: Longs
    status: Codes
    is_correction: npt.NDArray[np.bool_]
    multiplier: Longs


@njit(cache=True)
def _basis(status: int, flags: int, is_complete: bool, interest: int) -> int:
    if status in (_LATE, _REPORT_LATE):
        return LATE
    if status != _OK:
        return NO_TRADE
    if flags & F_ADJUSTED:
        return ADJUSTED
    if not is_complete:
        return INCOMPLETE
    return NO_INTEREST if interest < 0 or flags & F_EARLY else PROVEN


@njit(cache=True)
def _count(counts: Longs, flags: Bytes, complete: Bytes, rows: Longs, tape: _Tape, out: Opened) -> None:
    """Judge prints in order, each before its own contracts are counted.

    A cancelled print stays counted, and a correction counts beside what it corrects: both only weaken bounds.
    """
    for row in rows:
        contract, size, status = tape.contract[row], tape.size[row], tape.status[row]
        if tape.multiplier[row] != STANDARD:
            flags[contract] |= F_ADJUSTED
        interest, before = counts[contract, INTEREST], counts[contract, VOLUME]
        is_complete = complete[tape.underlying[row]] != 0
        basis = _basis(status, flags[contract], is_complete, interest)
        out.open_interest[row], out.volume_before[row], out.basis[row] = interest, before, basis
        if basis == PROVEN:
            out.opened_min[row] = max(0, size - interest - before)
        if status != _NO_TRADE and (status != _CANCELLED or tape.is_correction[row]):
            counts[contract, VOLUME] = before + size


class Opening:
    """Open interest and volume by series, 17 bytes each, and what is missing of the session's tape."""

    def __init__(self) -> None:
        self._counts = np.zeros((0, 2), np.int64)
        self._flags = np.zeros(0, np.uint8)
        self._is_complete = False
        self._session, self._open_ts, self._close_ts = "", 0, -1
        self._broken: set[str] = set()

    def apply(self, release: Release, contracts: Longs, status: Codes, names: Names) -> Opened:
        """Return the bounds of a release's prints; `contracts` and `status` are those of its rows."""
        rows = len(release.prints)
        out = Opened(
            np.full(rows, UNKNOWN, np.int64),
            np.zeros(rows, np.int64),
            np.zeros(rows, np.int64),
            np.zeros(rows, np.int32),
        )
        self._grow(names)
        kind, start = release.row_kind, 0
        marks = np.flatnonzero((kind == ROW_SESSION) | (kind == ROW_NOTE)).tolist()
        tape = _tape(release, contracts, status, names) if rows else None
        for stop in [*marks, len(kind)]:
            walked = release.row[start:stop][kind[start:stop] == ROW_PRINT]
            if tape is not None and len(walked):
                _count(self._counts, self._flags, self._completeness(names), walked, tape, out)
            if stop < len(kind) and kind[stop] == ROW_SESSION:
                self._begin(release.sessions[int(release.row[stop])])
            elif stop < len(kind):
                self._hear(release.notes[int(release.row[stop])], names)
            start = stop + 1
        return out

    def snapshot(self) -> dict[str, Any]:
        """Return plain data from which `restore` continues with the same bytes."""
        return {
            "version": SNAPSHOT_VERSION,
            "counts": to_plain(self._counts),
            "flags": to_plain(self._flags),
            "is_complete": self._is_complete,
            "session": (self._session, self._open_ts, self._close_ts),
            "broken": tuple(sorted(self._broken)),
        }

    @classmethod
    def restore(cls, plain: Mapping[str, Any]) -> "Opening":
        """Return the stage that `snapshot` described; another version is refused with ValueError."""
        if plain["version"] != SNAPSHOT_VERSION:
            raise ValueError(f"opening snapshot of version {plain['version']}, not {SNAPSHOT_VERSION}")
        stage = cls()
        stage._counts, stage._flags = from_plain(plain["counts"]), from_plain(plain["flags"])
        stage._is_complete = plain["is_complete"]
        stage._session, stage._open_ts, stage._close_ts = plain["session"]
        stage._broken = set(plain["broken"])
        return stage

    def _grow(self, names: Names) -> None:
        """Make room for the series named by now; a root that ends in a digit is that of an adjusted one."""
        new = names.contracts[len(self._flags) :]
        if new:
            fresh = np.zeros((len(new), 2), np.int64)
            fresh[:, INTEREST] = UNKNOWN
            self._counts = np.concatenate([self._counts, fresh])
            is_odd = [F_ADJUSTED if name[:ROOT_LENGTH_MAX].rstrip()[-1:].isdigit() else 0 for name in new]
            self._flags = np.concatenate([self._flags, np.array(is_odd, np.uint8)])

    def _completeness(self, names: Names) -> Bytes:
        """Return by underlying whether no trade of the session can be missing."""
        if not self._is_complete:
            return np.zeros(len(names.underlyings), np.uint8)
        return np.array([name not in self._broken for name in names.underlyings], np.uint8)

    def _begin(self, session: Session) -> None:
        """Drop what the session before left; a second record of the same session is a gap in it."""
        if session.name == self._session:
            lost = session.detail.get("gap", {}).get("inputs", (PRINTS,))
            self._is_complete = self._is_complete and PRINTS not in lost
            return
        self._counts[:, VOLUME] = 0
        is_early = (self._flags & F_EARLY) != 0
        self._counts[~is_early, INTEREST] = UNKNOWN
        self._flags &= np.uint8(F_ADJUSTED)
        self._session, self._open_ts, self._close_ts = session.name, session.open_ts, session.close_ts
        self._broken = _without_evening(session)
        says = session.detail.get("capabilities", {})
        is_whole = says.get("option_volume_complete") is True and says.get("option_conditions") is True
        self._is_complete = is_whole and session.start_ts <= session.open_ts

    def _hear(self, note: Note, names: Names) -> None:
        """Take a fact beside the tape; what is none of these, or cannot be read, says nothing."""
        if note.name == "open_interest":
            self._take_interest(note, names)
        elif note.name == "definition":
            self._define(note, names)
        elif note.name == "status":
            if note.detail.get("is_trading") is False and self._open_ts <= note.at < self._close_ts:
                self._lose(note.underlying)
        elif note.name == "reject":
            if note.detail.get("topic") == PRINTS:
                self._lose(note.underlying)
        elif note.name == "capabilities" and note.detail.get("option_volume_complete") is False:
            self._is_complete = False

    def _lose(self, underlying: str) -> None:
        """Say that trades of an underlying may be missing for the rest of the session; of all without one."""
        if underlying:
            self._broken.add(underlying)
        else:
            self._is_complete = False

    def _take_interest(self, note: Note, names: Names) -> None:
        """Keep the counts of a note; of two for one series the greater, which proves less."""
        given = note.detail.get("contracts")
        found = {name: n for name, n in given.items() if _is_count(n)} if isinstance(given, dict) else {}
        numbers, counts = self._numbers(note.underlying, found, names)
        is_early = note.at >= self._close_ts
        was_early = (self._flags[numbers] & F_EARLY) != 0
        before = np.where(is_early & ~was_early, UNKNOWN, self._counts[numbers, INTEREST])
        self._counts[numbers, INTEREST] = np.maximum(before, counts)
        if is_early:
            self._flags[numbers] |= F_EARLY

    def _define(self, note: Note, names: Names) -> None:
        """Mark series that are not standard: listed as adjusted, or defined with other than 100 shares."""
        listed = note.detail.get("adjusted")
        found = dict.fromkeys(listed, 1) if isinstance(listed, dict) else {}
        multiplier = note.detail.get("multiplier")
        is_odd = isinstance(multiplier, int) and multiplier != STANDARD
        if (is_odd or note.detail.get("is_adjusted_suspected")) and "contract" in note.detail:
            found[str(note.detail["contract"])] = 1
        numbers, _ = self._numbers(note.underlying, found, names)
        self._flags[numbers] |= F_ADJUSTED

    def _numbers(self, underlying: str, given: Mapping[str, int], names: Names) -> tuple[Longs, Longs]:
        """Return numbers and values of the series that can be read, new ones named."""
        text = pa.array(list(given), pa.string())
        is_read = parse_contracts(text).is_read if len(text) else np.zeros(0, np.bool_)
        text = text.filter(pa.array(is_read))
        numbers = names.intern(pa.array([underlying] * len(text), pa.string()), text)
        self._grow(names)
        return numbers, np.array(list(given.values()), np.int64)[is_read]


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < COUNT_MAX


def _without_evening(session: Session) -> set[str]:
    """Return the underlyings that traded the evening before this session's record begins."""
    has_evening = not session.detail.get("is_synthetic", False)
    return set(EVENING) if has_evening and session.start_ts > session.open_ts - EVENING_NS else set()


def _tape(release: Release, contracts: Longs, status: Codes, names: Names) -> _Tape:
    source = release.prints
    return _Tape(
        contracts,
        names.facts(contracts)[:, 3].copy(),
        source["size"],
        status,
        np.asarray(source["report"] == _CORRECTION),
        source["multiplier"].astype(np.int64),
    )
