"""Opening bounds: how many contracts of a print were surely opened, or what is missing to say so.

Owns the open interest and the volume of each series in the session. Of a print of q contracts at most as
many can close, on each side, as were open when the session began plus what traded since: so at least
max(0, q - (open interest + volume before)) opened on each side. Refuses to say it unless open interest is
exact and no trade can be missing: complete volume, sale codes, from the session's start, without gap or halt.
A bound is said at once; a report that comes late may weaken it, and then that is said with the report.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from dataflows.analytics import opening_kernel as at
from dataflows.analytics.opening_kernel import Bytes, Tape, Weakened, count_prints
from dataflows.analytics.options_layout import Ints
from dataflows.analytics.options_names import UNDERLYING, Names
from dataflows.analytics.plain import from_plain, to_plain
from dataflows.analytics.release import ROW_NOTE, ROW_PRINT, ROW_SESSION, Codes, Longs, Note, Release, Session
from schemas.kinds import PRINT_REPORT
from schemas.symbology import ROOT_LENGTH_MAX, parse_contracts

SNAPSHOT_VERSION: Final = 1
PRINTS: Final = "options.prints"
EVENING_NS: Final = (13 * 60 + 15) * 60 * 1_000_000_000  # from 20:15 the evening before to 9:30
EVENING: Final = frozenset({"SPX", "XSP", "VIX", "RUT"})  # that trade in Cboe's global trading hours
COUNT_MAX: Final = 1 << 40  # contracts; a greater number is no count of anything
WEAKENED_ROWS: Final = 1_024  # room for what one call of the kernel weakens, beside every bound that stands
_CORRECTION: Final = PRINT_REPORT.index("correction")


class Opened(NamedTuple):
    """By print row: contracts open before the session (-1 unknown) and traded before the print in it, at
    least so many opened on each side, the code in OPENING_BASIS of what that rests on; and the bounds of
    earlier prints that prints of this release weaken."""

    open_interest: Longs
    volume_before: Longs
    opened_min: Longs
    basis: Ints
    weakened: Weakened


class Opening:
    """Open interest and volume by series, 29 bytes each, and what is missing of the session's tape."""

    def __init__(self) -> None:
        self._known = _nothing()
        self._is_complete = False
        self._session, self._open_ts, self._close_ts = "", 0, -1
        self._broken: set[str] = set()

    @property
    def refused(self) -> int:
        """Bounds of the session that were not claimed because PROOFS_MAX stood already."""
        return int(self._known.totals[at.N_REFUSED])

    def apply(self, release: Release, contracts: Longs, status: Codes, names: Names) -> Opened:
        """Return the bounds of a release's prints; `contracts` and `status` are those of its rows."""
        rows = len(release.prints)
        zeros = np.zeros((2, rows), np.int64)
        out = at.Opened(np.full(rows, at.UNKNOWN, np.int64), zeros[0], zeros[1], np.zeros(rows, np.int32))
        self._grow(names)
        kind, start = release.row_kind, 0
        marks = np.flatnonzero((kind == ROW_SESSION) | (kind == ROW_NOTE)).tolist()
        tape = _tape(release, contracts, status, names) if rows else None
        weakened: list[Weakened] = []
        for stop in [*marks, len(kind)]:
            walked = release.row[start:stop][kind[start:stop] == ROW_PRINT]
            if tape is not None and len(walked):
                weakened += self._count(walked, tape, out, self._completeness(names))
            if stop < len(kind) and kind[stop] == ROW_SESSION:
                self._begin(release.sessions[int(release.row[stop])])
            elif stop < len(kind):
                self._hear(release.notes[int(release.row[stop])], names)
            start = stop + 1
        return Opened(*out, weakened=_joined(weakened))

    def snapshot(self) -> dict[str, Any]:
        """Return plain data from which `restore` continues with the same bytes."""
        known = self._known
        used = int(known.totals[at.N_BOUNDS]), min(int(known.totals[at.N_RECENT]), at.RECENT)
        held = known._replace(bounds=known.bounds[: used[0]], recent=known.recent[: used[1]])
        return {
            "version": SNAPSHOT_VERSION,
            "known": tuple(map(to_plain, held)),
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
        known = at.Session(*map(from_plain, plain["known"]))
        recent = stage._known.recent
        recent[: len(known.recent)] = known.recent
        stage._known = known._replace(recent=recent)
        stage._is_complete = plain["is_complete"]
        stage._session, stage._open_ts, stage._close_ts = plain["session"]
        stage._broken = set(plain["broken"])
        return stage

    def _count(self, rows: Longs, tape: Tape, out: at.Opened, complete: Bytes) -> list[Weakened]:
        """Run the kernel over prints between two marks, emptying what it says of older bounds."""
        taken: list[Weakened] = []
        self._known = _with_bounds(self._known, int(self._known.totals[at.N_BOUNDS]) + len(rows))
        while len(rows):
            room = int(self._known.totals[at.N_BOUNDS]) + len(rows) + WEAKENED_ROWS
            weak = Weakened(*(np.zeros(room, np.int64) for _ in range(3)))
            done, count = count_prints(self._known, complete, rows, tape, out, weak)
            taken.append(Weakened(*(column[:count] for column in weak)))
            rows = rows[done:]
        return taken

    def _grow(self, names: Names) -> None:
        """Make room for the series named by now; a root that ends in a digit is that of an adjusted one."""
        known = self._known
        new = names.contracts[len(known.flags) :]
        if new:
            is_odd = [at.F_ADJUSTED if n[:ROOT_LENGTH_MAX].rstrip()[-1:].isdigit() else 0 for n in new]
            fresh = np.array([[at.UNKNOWN, 0, -1]] * len(new), np.int64)
            self._known = known._replace(
                counts=np.concatenate([known.counts, fresh]),
                flags=np.concatenate([known.flags, np.array(is_odd, np.uint8)]),
                last_bound=np.concatenate([known.last_bound, np.full(len(new), -1, np.int32)]),
            )

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
        known = self._known
        known.counts[(known.flags & at.F_EARLY) == 0, at.INTEREST] = at.UNKNOWN
        known.counts[:, at.VOLUME] = 0
        known.counts[:, at.LAST_PRINT] = -1
        known.flags[:] &= np.uint8(at.F_ADJUSTED)
        known.last_bound[:] = -1
        known.totals[:] = 0
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
        known = self._known
        is_early = note.at >= self._close_ts
        was_early = (known.flags[numbers] & at.F_EARLY) != 0
        before = np.where(is_early & ~was_early, at.UNKNOWN, known.counts[numbers, at.INTEREST])
        known.counts[numbers, at.INTEREST] = np.maximum(before, counts)
        if is_early:
            known.flags[numbers] |= at.F_EARLY

    def _define(self, note: Note, names: Names) -> None:
        """Mark series that are not standard: listed as adjusted, or defined with other than 100 shares."""
        listed = note.detail.get("adjusted")
        found = dict.fromkeys(listed, 1) if isinstance(listed, dict) else {}
        multiplier = note.detail.get("multiplier")
        is_odd = isinstance(multiplier, int) and multiplier != at.STANDARD
        if (is_odd or note.detail.get("is_adjusted_suspected")) and "contract" in note.detail:
            found[str(note.detail["contract"])] = 1
        numbers, _ = self._numbers(note.underlying, found, names)
        self._known.flags[numbers] |= at.F_ADJUSTED

    def _numbers(self, underlying: str, given: Mapping[str, int], names: Names) -> tuple[Longs, Longs]:
        """Return numbers and values of the series that can be read, new ones named."""
        text = pa.array(list(given), pa.string())
        is_read = parse_contracts(text).is_read if len(text) else np.zeros(0, np.bool_)
        text = text.filter(pa.array(is_read))
        numbers = names.intern(pa.array([underlying] * len(text), pa.string()), text)
        self._grow(names)
        return numbers, np.array(list(given.values()), np.int64)[is_read]


def weakens_column(opened: Opened) -> pa.StringArray:
    """Return by print row the JSON list of [print_seq, contracts still proven] of bounds that it weakens."""
    weak = opened.weakened
    texts = ["[]"] * len(opened.basis)
    rows, starts = np.unique(weak.row, return_index=True)
    pairs = np.stack([weak.print_seq, weak.opened_min], axis=1)
    ends = [*starts.tolist()[1:], len(pairs)]
    for row, start, end in zip(rows.tolist(), starts.tolist(), ends, strict=False):
        texts[row] = json.dumps(pairs[start:end].tolist(), separators=(",", ":"))
    return pa.array(texts, pa.string())


def _nothing() -> at.Session:
    return at.Session(
        np.zeros((0, 3), np.int64),
        np.zeros(0, np.uint8),
        np.zeros(0, np.int32),
        np.zeros((at.RECENT, 3), np.int64),
        np.zeros((0, 4), np.int64),
        np.zeros(3, np.int64),
    )


def _with_bounds(known: at.Session, wanted: int) -> at.Session:
    """Return the session with room for so many bounds, or PROOFS_MAX."""
    rows = min(wanted, at.PROOFS_MAX)
    if rows <= len(known.bounds):
        return known
    larger = np.zeros((min(max(rows, 2 * len(known.bounds)), at.PROOFS_MAX), 4), np.int64)
    larger[: len(known.bounds)] = known.bounds
    return known._replace(bounds=larger)


def _joined(parts: list[Weakened]) -> Weakened:
    if not parts:
        return Weakened(*(np.zeros(0, np.int64) for _ in range(3)))
    return Weakened(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < COUNT_MAX


def _without_evening(session: Session) -> set[str]:
    """Return the underlyings that traded the evening before this session's record begins."""
    has_evening = not session.detail.get("is_synthetic", False)
    return set(EVENING) if has_evening and session.start_ts > session.open_ts - EVENING_NS else set()


def _tape(release: Release, contracts: Longs, status: Codes, names: Names) -> Tape:
    source = release.prints
    return Tape(
        contracts,
        names.facts(contracts)[:, UNDERLYING].copy(),
        source["seq"],
        source["source_ts"],
        source["event_ts"],
        source["has_event_ts"],
        source["size"],
        status,
        np.asarray(source["report"] == _CORRECTION),
        source["multiplier"].astype(np.int64),
    )
