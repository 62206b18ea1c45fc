"""The rule `absorbed_block`: a large off-exchange print after which the quote stood still.

Owns the queue of blocks that wait for event time to pass and the test at the end of the wait. Refuses to
name a buyer, a seller or an intent, and to claim any rate of false discovery: none has been measured.

Rows of the queue and of the events are int64 fields, one row a block, in the order of the prints.
"""

from typing import Final, NamedTuple

from numba import njit

from dataflows.analytics.quotes import (
    PLACE_AT_ASK,
    PLACE_AT_BID,
    STATE_LOCKED,
    STATE_NORMAL,
    quote_state,
)
from dataflows.analytics.release import Longs

(
    DUE,
    UID,
    PRINT_SEQ,
    SOURCE_TS,
    PRICE,
    SIZE,
    NOTIONAL,
    PLACE,
    BLOCK_BID,
    BLOCK_ASK,
    LIT,
    OFF,
    ROUNDED,
) = range(13)
BLOCK_FIELDS: Final = 13
SETTLED_BID, SETTLED_ASK, SETTLED_LIT, SETTLED_OFF = range(13, 17)
EVENT_FIELDS: Final = 17
CENT: Final = 10_000_000

STANDING_TS, STANDING_SEQ, STANDING_BID, STANDING_ASK, STANDING_BID_SIZE, STANDING_ASK_SIZE = range(6)
STANDING_FIELDS: Final = 6
NEVER: Final = -(2**63)
FOREVER: Final = 2**63 - 1


class Rules(NamedTuple):
    """Thresholds: a block has this many shares (1e-6) or this notional (1e-4 USD); the wait in ns."""

    block_shares: int
    block_notional: int
    wait_ns: int


class Queue(NamedTuple):
    """Waiting blocks, a ring (capacity, BLOCK_FIELDS), and its counters.

    Full: the newest block is refused and counted, so that what waits already is judged as promised.
    """

    blocks: Longs
    counters: Longs


HEAD, TAIL, REFUSED, MOVED, ABANDONED = range(5)
COUNTERS: Final = 5


@njit(cache=True)
def is_block(rules: Rules, size: int, money: int) -> bool:
    """Tell whether a print is large by either measure."""
    return size >= rules.block_shares or money >= rules.block_notional


@njit(cache=True)
def may_wait(state: int, place: int, is_stable: bool) -> bool:
    """Tell whether a block lay at or inside a normal quote, whatever the doubt about its time."""
    return is_stable and state == STATE_NORMAL and PLACE_AT_ASK <= place <= PLACE_AT_BID


@njit(cache=True)
def next_slot(queue: Queue) -> int:
    """Return the row for a new block, or -1 where the queue is full."""
    counters = queue.counters
    if counters[TAIL] - counters[HEAD] >= queue.blocks.shape[0]:
        counters[REFUSED] += 1
        return -1
    counters[TAIL] += 1
    return int((counters[TAIL] - 1) % queue.blocks.shape[0])


@njit(cache=True)
def abandon(queue: Queue) -> None:
    """Drop every waiting block: a quote of another session says nothing about them."""
    counters = queue.counters
    counters[ABANDONED] += counters[TAIL] - counters[HEAD]
    counters[HEAD] = counters[TAIL]


@njit(cache=True)
def next_due(queue: Queue) -> int:
    """Return when the oldest waiting block is due, or the end of time."""
    counters = queue.counters
    if counters[HEAD] == counters[TAIL]:
        return int(FOREVER)
    return int(queue.blocks[counters[HEAD] % queue.blocks.shape[0], DUE])


@njit(cache=True)
def settle(queue: Queue, until: int, market: tuple[Longs, Longs], out: tuple[Longs, int]) -> int:
    """Judge the blocks due at or before `until`; return the number of events written so far.

    `market` is (standing quotes, shares printed by lit and off-exchange), `out` (events, how many).
    """
    events, count = out
    counters = queue.counters
    while counters[HEAD] < counters[TAIL]:
        block = queue.blocks[counters[HEAD] % queue.blocks.shape[0]]
        if block[DUE] > until:
            break
        counters[HEAD] += 1
        if has_stood(block, market[0][block[UID]]):
            write_event(block, market, events[count])
            count += 1
        else:
            counters[MOVED] += 1
    return count


@njit(cache=True)
def has_stood(block: Longs, standing: Longs) -> bool:
    """Tell whether the quote is two-sided and its middle within one arrival spread of the arrival's.

    The spread counts as at least one cent; twice the middle is compared, so nothing is rounded.
    """
    if standing[STANDING_TS] == NEVER:
        return False
    bid, ask = standing[STANDING_BID], standing[STANDING_ASK]
    state = quote_state(bid, ask, False)
    if state not in (STATE_NORMAL, STATE_LOCKED):
        return False
    moved = abs(bid + ask - block[BLOCK_BID] - block[BLOCK_ASK])
    return bool(moved <= 2 * max(block[BLOCK_ASK] - block[BLOCK_BID], CENT))


@njit(cache=True)
def write_event(block: Longs, market: tuple[Longs, Longs], event: Longs) -> None:
    """Write a block and what it met at the end of its wait."""
    event[:BLOCK_FIELDS] = block
    standing, shares = market[0][block[UID]], market[1][block[UID]]
    event[SETTLED_BID], event[SETTLED_ASK] = standing[STANDING_BID], standing[STANDING_ASK]
    event[SETTLED_LIT] = shares[0] - block[LIT]
    event[SETTLED_OFF] = shares[1] - block[OFF]
