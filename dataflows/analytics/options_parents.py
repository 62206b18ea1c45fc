"""Parents: which prints of a contract belong together, decided in event time.

Owns the two stages of a parent. A *run* takes every print of its contract, side and code group while
gaps stay within the sweep gap and the whole within the sweep span. When a run closes, one of several
venues leaves as a packet; one of a single venue *waits* for the split gap, and the next run of the same
venue joins it. All times are effective times, so members never go back. Refuses prints that are late,
cancelled or bars; codes of packages, crosses and floors leave alone.

Closing is lazy: a contract is settled when its next print comes and at the end of a release, always at
the times the parents themselves name, so the result does not depend on how the log was cut.
"""

from typing import Final

from dataflows.analytics import options_layout as at
from dataflows.analytics.options_book import (
    FAMILY_AUCTION,
    SIDE_BUY,
    SIDE_NONE,
    SIDE_SELL,
    has_sided_family,
    side_of,
)
from dataflows.analytics.options_layout import Limits, Parents, Trade, kernel
from dataflows.analytics.options_members import add_member, kind_of, merge, start_parent
from dataflows.analytics.quotes import placement

SIDES: Final = 3


@kernel
def key_of(side: int, group: int) -> int:
    """Return the position of an open parent within its contract."""
    return group * SIDES + side


@kernel
def group_of(family: int) -> int:
    """Return which prints may share a parent: ordinary ones, auctions, or none at all."""
    if family == FAMILY_AUCTION:
        return at.GROUP_AUCTION
    return at.GROUP_LIT if has_sided_family(family) else at.GROUP_ALONE


@kernel
def _emit(parents: Parents, limits: Limits, slot: int, ts: int) -> None:
    """Close a parent at `ts`; its slot stays until the caller has read it."""
    parent = parents.slots[slot]
    parent[at.P_EMIT] = ts
    parents.stage[slot] = at.STAGE_CLOSED
    parent[at.P_KIND] = kind_of(parent, limits)
    parents.closed[parents.counts[at.C_CLOSED]] = slot
    parents.counts[at.C_CLOSED] += 1
    parents.counts[at.C_OPEN] -= 1


@kernel
def _take_slot(parents: Parents) -> int:
    parents.counts[at.C_FREE] -= 1
    parents.counts[at.C_OPEN] += 1
    return int(parents.free[parents.counts[at.C_FREE]])


@kernel
def _give_back(parents: Parents, slot: int) -> None:
    parents.stage[slot] = at.STAGE_FREE
    parents.free[parents.counts[at.C_FREE]] = slot
    parents.counts[at.C_FREE] += 1
    parents.counts[at.C_OPEN] -= 1


@kernel
def _run_due(parents: Parents, limits: Limits, slot: int) -> int:
    """Return the last instant at which the run takes a member."""
    run = parents.slots[slot]
    by_gap = run[at.P_LAST] + limits.sweep_gap_ns
    return int(min(by_gap, run[at.P_START] + limits.sweep_span_ns))


@kernel
def _pending_due(parents: Parents, limits: Limits, slot: int) -> int:
    """Return when a waiting parent leaves, if no run comes that joins it."""
    pending = parents.slots[slot]
    return int(max(pending[at.P_LAST] + limits.split_gap_ns, pending[at.P_HELD]))


@kernel
def _belongs(parents: Parents, limits: Limits, pending: int, run: int) -> bool:
    """Tell whether a closed run continues the waiting parent: one venue, split gap, split span."""
    before, after = parents.slots[pending], parents.slots[run]
    return bool(
        before[at.P_VENUES] == after[at.P_VENUES]
        and after[at.P_START] - before[at.P_LAST] <= limits.split_gap_ns
        and after[at.P_LAST] - before[at.P_START] <= limits.split_span_ns
    )


@kernel
def _close_run(parents: Parents, limits: Limits, where: tuple[int, int], ts: int) -> None:
    """Let the run of (contract, key) leave, wait, or join what waits."""
    stages = parents.by_key[where[0], where[1]]
    run, pending = int(stages[at.RUN]), int(stages[at.PENDING])
    stages[at.RUN] = -1
    venues = parents.slots[run, at.P_VENUES]
    if venues & (venues - 1) != 0:
        _emit(parents, limits, run, ts)
        if pending >= 0:
            parents.slots[pending, at.P_HELD] = ts
    elif pending >= 0 and _belongs(parents, limits, pending, run):
        merge(parents, pending, run)
        _give_back(parents, run)
    else:
        if pending >= 0:
            _emit(parents, limits, pending, ts)
        stages[at.PENDING] = run


@kernel
def _settle(parents: Parents, limits: Limits, where: tuple[int, int], until: int) -> None:
    """Close what (contract, key) has due at or before `until`."""
    stages = parents.by_key[where[0], where[1]]
    run = int(stages[at.RUN])
    if run >= 0:
        due = _run_due(parents, limits, run)
        if due <= until:
            _close_run(parents, limits, where, due)
    pending = int(stages[at.PENDING])
    if pending >= 0 and stages[at.RUN] < 0:
        due = _pending_due(parents, limits, pending)
        if due <= until:
            _emit(parents, limits, pending, due)
            stages[at.PENDING] = -1


@kernel
def _where(parents: Parents, slot: int) -> tuple[int, int]:
    parent = parents.slots[slot]
    return int(parent[at.P_CONTRACT]), int(key_of(parent[at.P_SIDE], parent[at.P_GROUP]))


@kernel
def settle_all(parents: Parents, limits: Limits, until: int) -> None:
    """Close every parent that is due at or before `until`."""
    for slot in range(parents.slots.shape[0]):
        if parents.stage[slot] == at.STAGE_OPEN:
            _settle(parents, limits, _where(parents, slot), until)


@kernel
def _flush(parents: Parents, limits: Limits, where: tuple[int, int], ts: int) -> None:
    """Close the parents of (contract, key) now, whatever they were waiting for."""
    stages = parents.by_key[where[0], where[1]]
    if stages[at.RUN] >= 0:
        _close_run(parents, limits, where, ts)
    if stages[at.PENDING] >= 0:
        _emit(parents, limits, int(stages[at.PENDING]), ts)
        stages[at.PENDING] = -1


@kernel
def end_session(parents: Parents, limits: Limits, ts: int) -> None:
    """Close every parent: at its own time where that comes before `ts`, else at `ts`."""
    settle_all(parents, limits, ts)
    for slot in range(parents.slots.shape[0]):
        if parents.stage[slot] == at.STAGE_OPEN:
            _flush(parents, limits, _where(parents, slot), ts)


@kernel
def _make_room(parents: Parents, limits: Limits, ts: int) -> None:
    """Keep to the bound on open parents: the one that began first closes now, and is counted."""
    if parents.counts[at.C_OPEN] < limits.open_parents:
        return
    settle_all(parents, limits, ts - 1)
    if parents.counts[at.C_OPEN] < limits.open_parents:
        return
    oldest = -1
    for slot in range(parents.slots.shape[0]):
        if parents.stage[slot] != at.STAGE_OPEN:
            continue
        if oldest < 0 or _is_before(parents, slot, oldest):
            oldest = slot
    parents.counts[at.C_EVICTED] += 1
    _flush(parents, limits, _where(parents, oldest), ts)


@kernel
def _is_before(parents: Parents, slot: int, other: int) -> bool:
    mine, theirs = parents.slots[slot], parents.slots[other]
    if mine[at.P_START] != theirs[at.P_START]:
        return bool(mine[at.P_START] < theirs[at.P_START])
    return bool(mine[at.P_FIRST_SEQ] < theirs[at.P_FIRST_SEQ])


@kernel
def _adopted_side(parents: Parents, contract: int, price: int) -> int:
    """Return the side of the one run against whose arrival quote this price has that side.

    A sweep moves the quote it trades against, so its later prints are unstable by themselves.
    """
    found = SIDE_NONE
    for side in (SIDE_BUY, SIDE_SELL):
        slot = parents.by_key[contract, key_of(side, at.GROUP_LIT), at.RUN]
        if slot < 0:
            continue
        run = parents.slots[slot]
        state = run[at.P_STATE]
        if side_of(state, placement(price, run[at.P_BID], run[at.P_ASK], state)) == side:
            if found != SIDE_NONE:
                return SIDE_NONE
            found = side
    return found


@kernel
def _begin(parents: Parents, limits: Limits, trade: Trade, key: tuple[int, int]) -> int:
    """Open a parent of (side, group) at this trade and return its slot."""
    _make_room(parents, limits, trade.ts)
    slot = int(_take_slot(parents))
    start_parent(parents, slot, trade, key)
    return slot


@kernel
def _settle_contract(parents: Parents, limits: Limits, contract: int, until: int) -> None:
    for key in range(at.KEYS):
        runs, waits = (
            parents.by_key[contract, key, at.RUN],
            parents.by_key[contract, key, at.PENDING],
        )
        if runs >= 0 or waits >= 0:
            _settle(parents, limits, (contract, key), until)


@kernel
def join_print(parents: Parents, limits: Limits, trade: Trade) -> None:
    """Make a trade a member of its parent; needs one free slot."""
    group = int(group_of(trade.family))
    if group == at.GROUP_ALONE:
        slot = int(_begin(parents, limits, trade, (SIDE_NONE, group)))
        add_member(parents, limits, slot, trade)
        _emit(parents, limits, slot, trade.ts)
        return
    _settle_contract(parents, limits, trade.contract, trade.ts - 1)
    side = trade.side
    if side == SIDE_NONE and not trade.is_stable and group == at.GROUP_LIT:
        side = _adopted_side(parents, trade.contract, trade.price)
    key = key_of(side, group)
    slot = int(parents.by_key[trade.contract, key, at.RUN])
    is_auction = slot >= 0 and group == at.GROUP_AUCTION
    if is_auction and parents.slots[slot, at.P_VENUES] != 1 << trade.venue:
        _close_run(parents, limits, (trade.contract, key), trade.ts)
        slot = -1
    if slot < 0:
        slot = int(_begin(parents, limits, trade, (side, group)))
        parents.by_key[trade.contract, key, at.RUN] = slot
    add_member(parents, limits, slot, trade)
