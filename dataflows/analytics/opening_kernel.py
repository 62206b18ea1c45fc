"""The count behind opening bounds: volume by series in the order of execution, and bounds that stand.

Owns the arrays and the pass over prints. A print that reaches the tape long after it was made is judged by
the volume that traded before it, and weakens the bounds of prints that it preceded: their volume lacked it.
Refuses to trust clocks of different venues to less than SKEW_NS: what lies nearer counts as earlier.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from dataflows.analytics.options_layout import Ints
from dataflows.analytics.release import Codes, Flags, Longs
from schemas.kinds import OPENING_BASIS, PRINT_STATUS

Bytes = npt.NDArray[np.uint8]

STANDARD: Final = 100  # shares to a contract; any other number is that of an adjusted or special series
SKEW_NS: Final = 1_000_000
DELAYED_NS: Final = 500_000_000  # a report this long under way may come behind what traded after it
RECENT: Final = 8_192  # prints of a shard whose place in the order of execution is still known
PROOFS_MAX: Final = 32_768  # bounds of a shard and session that can still be weakened; no more are claimed
UNKNOWN: Final = -1

NO_INTEREST, PROVEN, INCOMPLETE, LATE, ADJUSTED, NO_TRADE = (
    OPENING_BASIS.index(name)
    for name in ("no_open_interest", "proven", "incomplete_volume", "late", "adjusted", "no_trade")
)
_OK: Final = PRINT_STATUS.index("ok")
_LATE, _REPORT_LATE = PRINT_STATUS.index("late"), PRINT_STATUS.index("report_late")
_CANCELLED: Final = PRINT_STATUS.index("cancelled")
_NO_TRADE: Final = PRINT_STATUS.index("no_trade")

F_ADJUSTED, F_EARLY = 1, 2  # not a standard series; open interest told after the session before had closed
INTEREST, VOLUME, LAST_PRINT = range(3)  # of a series; the last is a number in `recent`, -1 for none
R_EVENT, R_SIZE, R_BEFORE = range(3)  # of a recent print; the last is the one before it of its series
B_SEQ, B_EVENT, B_MIN, B_BEFORE = range(4)  # of a bound
N_RECENT, N_BOUNDS, N_REFUSED = range(3)  # counts of a session


class Session(NamedTuple):
    """What is known of the session, by series: 29 bytes each; `bounds` and `recent` are of the shard."""

    counts: Longs
    flags: Bytes
    last_bound: Ints
    recent: Longs
    bounds: Longs
    totals: Longs


class Tape(NamedTuple):
    """What is read of the prints of a release."""

    contract: Longs
    underlying: Longs
    seq: Longs
    source_ts: Longs
    event_ts: Longs
    has_event: Flags
    size: Longs
    status: Codes
    is_correction: Flags
    multiplier: Longs


class Opened(NamedTuple):
    """By print row: contracts open before the session (-1 unknown) and traded before the print in it, at
    least so many opened on each side, and the code in OPENING_BASIS of what that rests on."""

    open_interest: Longs
    volume_before: Longs
    opened_min: Longs
    basis: Ints


class Weakened(NamedTuple):
    """Bounds said earlier in the session that a print of this release weakens, in the order of its prints.

    `row` is that print, `print_seq` the print whose bound it was, `opened_min` what of it still stands.
    """

    row: Longs
    print_seq: Longs
    opened_min: Longs


@njit(cache=True)
def basis_of(status: int, flags: int, is_complete: bool, interest: int) -> int:
    """Return the code of what a bound rests on or lacks."""
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
def _is_delayed(tape: Tape, row: int) -> bool:
    """Tell whether a print may have been made before prints that the tape showed before it."""
    status = tape.status[row]
    if status != _OK or tape.is_correction[row]:
        return True
    return bool(tape.has_event[row] and tape.source_ts[row] - tape.event_ts[row] > DELAYED_NS)


@njit(cache=True)
def _traded_since(session: Session, contract: int, event_ts: int) -> int:
    """Return what is known to have traded after a time in a series, by the times of its recent prints."""
    number, later = session.counts[contract, LAST_PRINT], 0
    oldest = session.totals[N_RECENT] - RECENT
    while number >= 0 and number >= oldest:
        entry = session.recent[number % RECENT]
        if entry[R_EVENT] > event_ts + SKEW_NS:
            later += entry[R_SIZE]
        number = entry[R_BEFORE]
    return later


@njit(cache=True)
def _remember(session: Session, contract: int, event_ts: int, size: int) -> None:
    number = session.totals[N_RECENT]
    entry = session.recent[number % RECENT]
    entry[R_EVENT], entry[R_SIZE], entry[R_BEFORE] = event_ts, size, session.counts[contract, LAST_PRINT]
    session.counts[contract, LAST_PRINT] = number
    session.totals[N_RECENT] = number + 1


@njit(cache=True)
def _claim(session: Session, tape: Tape, row: int, bound: int, is_delayed: bool) -> bool:
    """Keep a bound so that it can be weakened; False where there is no room.

    Of two delayed prints the order of the tape and of their times is trusted where both say the same: such
    are the fills of one order. Beside a prompt print that order is doubted within SKEW_NS.
    """
    number = session.totals[N_BOUNDS]
    if number >= PROOFS_MAX:
        session.totals[N_REFUSED] += 1
        return False
    contract = tape.contract[row]
    entry = session.bounds[number]
    doubt = SKEW_NS if is_delayed else 0
    entry[B_SEQ], entry[B_EVENT], entry[B_MIN] = tape.seq[row], tape.event_ts[row] - doubt, bound
    entry[B_BEFORE] = session.last_bound[contract]
    session.last_bound[contract] = number
    session.totals[N_BOUNDS] = number + 1
    return True


@njit(cache=True)
def _weaken(session: Session, tape: Tape, row: int, out: Weakened, count: int) -> int:
    """Take a print's contracts off the bounds of those that it may have preceded."""
    since = tape.event_ts[row] - SKEW_NS if tape.has_event[row] else -1
    number = session.last_bound[tape.contract[row]]
    while number >= 0:
        entry = session.bounds[number]
        if entry[B_MIN] > 0 and entry[B_EVENT] > since:
            entry[B_MIN] = max(0, entry[B_MIN] - tape.size[row])
            out.row[count], out.print_seq[count], out.opened_min[count] = row, entry[B_SEQ], entry[B_MIN]
            count += 1
        number = entry[B_BEFORE]
    return count


@njit(cache=True)
def count_prints(
    session: Session, complete: Bytes, rows: Longs, tape: Tape, out: Opened, weak: Weakened
) -> tuple[int, int]:
    """Judge prints in order, each before its own contracts are counted; return rows done and bounds weakened.

    It stops before a print for which `weak` may lack room. A cancelled print stays counted, and a correction
    counts beside what it corrects: both only weaken bounds.
    """
    counts, weakened = session.counts, 0
    for at in range(len(rows)):
        row = rows[at]
        if len(weak.row) - weakened < session.totals[N_BOUNDS]:
            return at, weakened
        contract, size, status = tape.contract[row], tape.size[row], tape.status[row]
        if tape.multiplier[row] != STANDARD:
            session.flags[contract] |= F_ADJUSTED
        interest, before = counts[contract, INTEREST], counts[contract, VOLUME]
        is_delayed = _is_delayed(tape, row)
        if is_delayed and status == _OK:
            before -= _traded_since(session, contract, tape.event_ts[row])
        is_counted = status != _NO_TRADE and (status != _CANCELLED or tape.is_correction[row])
        if is_delayed and is_counted:
            weakened = _weaken(session, tape, row, weak, weakened)
        basis = basis_of(status, session.flags[contract], complete[tape.underlying[row]] != 0, interest)
        bound = size - interest - before
        if basis == PROVEN and bound > 0:
            if _claim(session, tape, row, bound, is_delayed):
                out.opened_min[row] = bound
            else:
                basis = INCOMPLETE
        out.open_interest[row], out.volume_before[row], out.basis[row] = interest, before, basis
        if is_counted:
            counts[contract, VOLUME] += size
            _remember(session, contract, tape.event_ts[row] if tape.has_event[row] else -1, size)
    return len(rows), weakened
