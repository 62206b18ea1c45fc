"""The look back over packets of one series and of its neighbours, one packet after another.

Owns the rings and bursts that `series` keeps and the count over them. Refuses to allocate: every packet
must have its slot and group before it comes.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit

from dataflows.analytics.options_book import SIDE_NONE
from dataflows.analytics.options_layout import MS, SECOND, Ints
from dataflows.analytics.options_money import MONEY_MAX
from dataflows.analytics.release import Longs

RING: Final = 8
LADDER: Final = 16
REPEAT_NS: Final = 30 * 60 * SECOND
SIMILAR: Final = 4  # sizes differ by at most one part in this many
LADDER_NS: Final = 60 * SECOND
BURST_NS: Final = 500 * MS
SIDES: Final = 3  # none, buy, sell
LADDER_SIDES: Final = 2
B_FROM, B_UNTIL, B_FIRST_SEQ = range(3)
BURST_FIELDS: Final = 3
NEVER: Final = -(2**62)
_SIZE_MAX: Final = 2**31 - 1  # what a ring keeps of a size; sizes beyond it are alike


class Memory(NamedTuple):
    """What was seen: rings of times and sizes and the last burst by slot (series and side, none included);
    rings of times, strikes and premiums by group and side.

    `slot_of` (contracts, sides) and `group_of` (contracts) are -1 where nothing was seen yet. Times of empty
    places are NEVER; `next` is where a ring goes on.
    """

    slot_of: Ints
    group_of: Ints
    ts: Longs
    size: Ints
    next: Ints
    burst: Longs
    ladder_ts: Longs
    ladder_strike: Longs
    ladder_premium: Longs
    ladder_next: Ints


class Seen(NamedTuple):
    """Packets that count, in emission order; `session` is the start of the session of each.

    `side` is claimed; `alike` is that side or, where none is, the one that the placement alone speaks for.
    """

    contract: Longs
    side: Longs
    alike: Longs
    strike: Longs
    size: Longs
    premium: Longs
    start: Longs
    end: Longs
    first_seq: Longs
    session: Longs


class Found(NamedTuple):
    """What is found for each packet that counts."""

    events: Longs
    size: Longs
    start: Longs
    strikes: Longs
    premium: Longs
    burst: Longs


@njit(cache=True)
def _join_burst(memory: Memory, seen: Seen, found: Found, row: int) -> None:
    """Put this packet into the last burst of its series and side, or let it begin another.

    Packets leave out of the order of their starts: one that lies wholly before the last burst is by itself.
    """
    burst = memory.burst[memory.slot_of[seen.contract[row], seen.alike[row]]]
    start, end = seen.start[row], seen.end[row]
    is_near = start <= burst[B_UNTIL] + BURST_NS and end >= burst[B_FROM] - BURST_NS
    if is_near and burst[B_UNTIL] >= seen.session[row]:
        found.burst[row] = burst[B_FIRST_SEQ]
        burst[B_FROM], burst[B_UNTIL] = min(burst[B_FROM], start), max(burst[B_UNTIL], end)
        return
    found.burst[row] = seen.first_seq[row]
    if start > burst[B_UNTIL]:
        burst[B_FROM], burst[B_UNTIL], burst[B_FIRST_SEQ] = start, end, seen.first_seq[row]


@njit(cache=True)
def _repeat(memory: Memory, seen: Seen, found: Found, row: int) -> None:
    """Count the similar packets before this one, then remember it."""
    slot = memory.slot_of[seen.contract[row], seen.side[row]]
    size, start = seen.size[row], seen.start[row]
    least = max(seen.session[row], start - REPEAT_NS)
    found.events[row], found.size[row], found.start[row] = 1, size, start
    for place in range(RING):
        ts, other = memory.ts[slot, place], int(memory.size[slot, place])
        if ts < least or SIMILAR * abs(other - size) > size:
            continue
        found.events[row] += 1
        found.size[row] += other
        found.start[row] = min(found.start[row], ts)
    place = memory.next[slot]
    memory.ts[slot, place], memory.size[slot, place] = start, min(size, _SIZE_MAX)
    memory.next[slot] = (place + 1) % RING


@njit(cache=True)
def _is_known(memory: Memory, group: int, until: int, least: int) -> bool:
    """Tell whether an earlier place of the ring counts and has the strike of place `until`."""
    for place in range(until):
        if memory.ladder_strike[group, place] != memory.ladder_strike[group, until]:
            continue
        if memory.ladder_ts[group, place] >= least:
            return True
    return False


@njit(cache=True)
def _ladder(memory: Memory, seen: Seen, found: Found, row: int) -> None:
    """Count the strikes of the last minute, this packet's included, then remember it."""
    group = memory.group_of[seen.contract[row]] * LADDER_SIDES + seen.side[row] - 1
    strike, start = seen.strike[row], seen.start[row]
    least = max(seen.session[row], start - LADDER_NS)
    found.strikes[row], found.premium[row] = 1, seen.premium[row]
    for place in range(LADDER):
        ts = memory.ladder_ts[group, place]
        if ts < least:
            continue
        found.premium[row] = min(found.premium[row] + memory.ladder_premium[group, place], MONEY_MAX)
        is_other = memory.ladder_strike[group, place] != strike
        found.strikes[row] += is_other and not _is_known(memory, group, place, least)
    place = memory.ladder_next[group]
    memory.ladder_ts[group, place], memory.ladder_strike[group, place] = start, strike
    memory.ladder_premium[group, place] = seen.premium[row]
    memory.ladder_next[group] = (place + 1) % LADDER


@njit(cache=True)
def look_back(memory: Memory, seen: Seen, found: Found) -> None:
    """Fill `found` for each packet from those before it, in order, and remember each."""
    for row in range(len(seen.contract)):
        _join_burst(memory, seen, found, row)
        if seen.side[row] != SIDE_NONE:
            _repeat(memory, seen, found, row)
            _ladder(memory, seen, found, row)


def new_memory(contracts: int, slots: int, groups: int) -> Memory:
    """Return an empty memory with room for that many contracts, slots and groups."""
    return Memory(
        np.full((contracts, SIDES), -1, np.int32),
        np.full(contracts, -1, np.int32),
        np.full((slots, RING), NEVER, np.int64),
        np.zeros((slots, RING), np.int32),
        np.zeros(slots, np.int32),
        np.full((slots, BURST_FIELDS), NEVER, np.int64),
        np.full((groups, LADDER), NEVER, np.int64),
        np.zeros((groups, LADDER), np.int64),
        np.zeros((groups, LADDER), np.int64),
        np.zeros(groups, np.int32),
    )
