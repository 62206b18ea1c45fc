"""Groups of leg prints: one underlying, venue and code, each print within the package gap of the last.

Owns the open groups and when they close: the package gap after the last leg, with a session, or where a
bound is met. Closing is lazy but always at a time that the group itself names, so the cut of releases does
not show. Refuses to say which legs of a group are one package.
"""

import numpy as np
from numba import njit

from dataflows.analytics.packages_layout import (
    G_CODE,
    G_COUNT,
    G_LAST,
    G_ROOT,
    G_START,
    G_VENUE,
    GAP_NS,
    GROUP_LEGS,
    GROUPS_OPEN,
    L_AT,
    L_CODE,
    L_ROOT,
    L_SEQ,
    L_VENUE,
    N_CUT,
    N_EVICTED,
    N_OPEN,
    ClosedLegs,
    Groups,
)
from dataflows.analytics.release import Longs


@njit(cache=True)
def _close(groups: Groups, slot: int, ts: int, out: ClosedLegs, done: tuple[int, int]) -> tuple[int, int]:
    """Move the legs of a group out; `done` is the number of legs and of groups that are out."""
    at, number = done
    count = int(groups.known[slot, G_COUNT])
    out.legs[at : at + count] = groups.legs[slot, :count]
    out.group[at : at + count] = number
    out.emit_ts[at : at + count] = ts
    groups.counts[N_OPEN] -= 1
    last = int(groups.counts[N_OPEN])
    if slot != last:
        groups.known[slot] = groups.known[last]
        groups.legs[slot] = groups.legs[last]
    return at + count, number + 1


@njit(cache=True)
def _settle(groups: Groups, until: int, out: ClosedLegs, done: tuple[int, int]) -> tuple[int, int]:
    """Close every group whose last instant to be joined lies at or before `until`."""
    for slot in range(int(groups.counts[N_OPEN]) - 1, -1, -1):
        due = groups.known[slot, G_LAST] + GAP_NS
        if due <= until:
            done = _close(groups, slot, due, out, done)
    return done


@njit(cache=True)
def _first_opened(groups: Groups) -> int:
    """Return the group that began first; equal beginnings are told apart by the number of the first leg."""
    found = 0
    for slot in range(1, int(groups.counts[N_OPEN])):
        mine, best = groups.known[slot, G_START], groups.known[found, G_START]
        is_first_leg = groups.legs[slot, 0, L_SEQ] < groups.legs[found, 0, L_SEQ]
        if mine < best or (mine == best and is_first_leg):
            found = slot
    return found


@njit(cache=True)
def _find(groups: Groups, leg: Longs) -> int:
    for slot in range(int(groups.counts[N_OPEN])):
        known = groups.known[slot]
        if known[G_ROOT] == leg[L_ROOT] and known[G_VENUE] == leg[L_VENUE] and known[G_CODE] == leg[L_CODE]:
            return slot
    return -1


@njit(cache=True)
def _join(groups: Groups, leg: Longs, out: ClosedLegs, done: tuple[int, int]) -> tuple[int, int]:
    """Put a leg into its group, making room where a bound is met."""
    slot = _find(groups, leg)
    if slot >= 0 and groups.known[slot, G_COUNT] == GROUP_LEGS:
        groups.counts[N_CUT] += 1
        done = _close(groups, slot, leg[L_AT], out, done)
        slot = -1
    if slot < 0:
        if groups.counts[N_OPEN] == GROUPS_OPEN:
            groups.counts[N_EVICTED] += 1
            done = _close(groups, _first_opened(groups), leg[L_AT], out, done)
        slot = int(groups.counts[N_OPEN])
        groups.counts[N_OPEN] += 1
        known = groups.known[slot]
        known[G_ROOT], known[G_VENUE], known[G_CODE] = leg[L_ROOT], leg[L_VENUE], leg[L_CODE]
        known[G_START], known[G_COUNT] = leg[L_AT], 0
    known = groups.known[slot]
    groups.legs[slot, known[G_COUNT]] = leg
    known[G_COUNT] += 1
    known[G_LAST] = leg[L_AT]
    return done


@njit(cache=True)
def walk_legs(
    groups: Groups, legs: Longs, session_ts: Longs, watermark: int, out: ClosedLegs
) -> tuple[int, int]:
    """Apply legs and sessions in their order and close what is due at `watermark`.

    A session comes before a print of its time. `out` has room for every leg, held and new; returned are the
    number of legs and groups written to it.
    """
    done, session = (0, 0), 0
    for row in range(len(legs)):
        ts = legs[row, L_AT]
        while session < len(session_ts) and session_ts[session] <= ts:
            done = _end_session(groups, session_ts[session], out, done)
            session += 1
        done = _settle(groups, ts - 1, out, done)
        done = _join(groups, legs[row], out, done)
    for at in range(session, len(session_ts)):
        done = _end_session(groups, session_ts[at], out, done)
    return _settle(groups, watermark, out, done)


@njit(cache=True)
def _end_session(groups: Groups, ts: int, out: ClosedLegs, done: tuple[int, int]) -> tuple[int, int]:
    """Close every group: at its own time where that comes before `ts`, else at `ts`."""
    done = _settle(groups, ts, out, done)
    while groups.counts[N_OPEN] > 0:
        done = _close(groups, int(groups.counts[N_OPEN]) - 1, ts, out, done)
    return done


def room_for(groups: Groups, new: int) -> ClosedLegs:
    """Return where the legs that close in a release can be written: all that are held and `new` ones."""
    held = int(groups.known[: groups.counts[N_OPEN], G_COUNT].sum())
    rows = held + new
    return ClosedLegs(
        np.zeros((rows, groups.legs.shape[2]), np.int64), np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    )
