"""The state of the options core as arrays, and the names of their columns.

Owns every array that outlives a release: standing quotes, rings of price changes, open parents. All
numbers are int64: times in ns, prices in 1e-9 USD, money in 1e-4 USD, sizes in contracts. Refuses to
know text: contracts, venues and codes are numbers here, and no number decides the order of an output.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
from numba import njit

from dataflows.analytics.release import Codes, Flags, Longs
from schemas.kinds import VENUE_LETTER

Ints: TypeAlias = npt.NDArray[np.int32]
Shorts: TypeAlias = npt.NDArray[np.int16]
Kernel = TypeVar("Kernel", bound=Callable[..., Any])
_compile: Final[Any] = njit

MS: Final = 1_000_000
SECOND: Final = 1_000_000_000
NO_TIME: Final = -1

# A quote, standing or in the ring of price changes. A standing one fills a line of the cache with the
# mark of its ring (next x 8 + filled), so that a quote of unchanged prices touches nothing else.
Q_TS, Q_SEQ, Q_BID, Q_ASK, Q_BID_SIZE, Q_ASK_SIZE, Q_VENUES, Q_MARK = range(8)
QUOTE_FIELDS: Final = 7
STANDING_FIELDS: Final = 8
RING: Final = 4
RING_MARK: Final = 8
VENUE_CODES: Final = 32  # Q_VENUES is the code of the bid's venue x this + that of the ask's
assert len(VENUE_LETTER) <= VENUE_CODES and RING < RING_MARK

# Keys of open parents within a contract: side (none, buy, sell) x group; and the two stages of a parent.
GROUP_LIT, GROUP_AUCTION, GROUP_ALONE = range(3)
JOINING_GROUPS: Final = 2
KEYS: Final = 3 * JOINING_GROUPS
RUN, PENDING = range(2)

MEMBERS: Final = 64  # listed in a packet; more are counted
EVENTS: Final = 32  # taker events that further prints may still join; the oldest makes room
(
    P_CONTRACT,
    P_SIDE,
    P_GROUP,
    P_FAMILY,
    P_START,
    P_LAST,
    P_HELD,  # no earlier than this may a waiting parent close: a run that could have joined it was open
    P_EMIT,
    P_PRINTS,
    P_EVENTS,
    P_SIZE,
    P_PREMIUM,
    P_DOLLARS,  # whole dollars x size, and the rest below, for the average price
    P_REST,
    P_VENUES,
    P_ISO,
    P_STATE,
    P_PLACEMENT,
    P_QUOTE_TS,
    P_QUOTE_SEQ,
    P_BID,
    P_ASK,
    P_AT_ASK,
    P_AT_BID,
    P_INSIDE,
    P_FIRST_SEQ,
    P_LAST_SEQ,
    P_BLOCKS,
    P_OPEN_TS,
    P_KIND,
    P_FIRST_PRICE,
    P_LAST_PRICE,
    P_LOW,
    P_HIGH,
    P_ASK_PREMIUM,
    P_BID_PREMIUM,
    P_INSIDE_PREMIUM,
    P_ELECTRONIC,
    P_AUCTION,
    P_CROSS,
    P_FLOOR,
    P_DISPLAYED,
    P_INTEREST,
    P_VOLUME_BEFORE,
    P_OPENED,
    P_BASIS,
) = range(46)
PARENT_FIELDS: Final = 46
STAGE_FREE, STAGE_OPEN, STAGE_CLOSED = range(3)

# Venues as bits: letters of participants, anything else, and not known.
VENUE_OTHER: Final = 52
VENUE_UNKNOWN: Final = 62

# Counters of the core.
C_FREE, C_CLOSED, C_OPEN, C_EVICTED, C_PASSED_OVER, C_OPEN_TS = range(6)
COUNTERS: Final = 6


def kernel(function: Kernel) -> Kernel:
    """Compile a function that allocates nothing; numba refuses to compile one that does.

    Such a kernel needs no counts of references to its arrays, which cost more than placing a print does. The
    option is one that numba's own types do not list.
    """
    compiled: Kernel = _compile(cache=True, _nrt=False)(function)
    return compiled


class Book(NamedTuple):
    """Standing quotes (contracts, STANDING_FIELDS) and rings of them (contracts, RING, QUOTE_FIELDS)."""

    standing: Longs
    ring: Longs


class Parents(NamedTuple):
    """Open parents: slots by (contract, key, stage), their stage, numbers, members and taker events."""

    by_key: Ints
    stage: Codes
    slots: Longs
    members: Longs
    event_ts: Longs
    event_key: Shorts
    free: Ints
    closed: Ints
    counts: Longs


class Walk(NamedTuple):
    """The merged order: kinds, rows and effective times, and when each session opens.

    `halted` holds of each note the number of the underlying that it halts, -1 where it halts none;
    `underlying` that of each contract.
    """

    kind: Codes
    row: Longs
    effective: Longs
    session_open: Longs
    halted: Longs
    underlying: Longs


class Prints(NamedTuple):
    """Columns of the prints of a release; codes as in `schemas.kinds`, venue as a bit number.

    `open_interest` is ABSENT where it is not known, `opened` proven contracts, `basis` an OPENING_BASIS code.
    `block_contracts` is the size from which a print of its bucket is a block, 0 where that is not known.
    """

    contract: Longs
    seq: Longs
    source_ts: Longs
    event_ts: Longs
    price: Longs
    size: Longs
    premium: Longs
    family: Codes
    venue: Codes
    status: Codes
    is_floor: Flags
    is_doubtful: Flags
    carried_bid: Longs
    carried_ask: Longs
    carried_bid_size: Longs
    carried_ask_size: Longs
    open_interest: Longs
    volume_before: Longs
    opened: Longs
    basis: Longs
    block_contracts: Longs


class Quotes(NamedTuple):
    """Columns of the quotes of a release."""

    contract: Longs
    seq: Longs
    source_ts: Longs
    bid: Longs
    ask: Longs
    bid_size: Longs
    ask_size: Longs
    is_late: Flags
    venues: Longs  # as Q_VENUES


class Placed(NamedTuple):
    """What is found for each print, by its row: a quote (rows, QUOTE_FIELDS), its age and the judgements."""

    quote: Longs
    age_ns: Longs
    state: Ints
    placement: Ints
    is_stable: Flags
    source: Ints
    side: Ints

    @property
    def bid_venue(self) -> Ints:
        """Code in VENUE_LETTER of the venue at the bid."""
        return (self.quote[:, Q_VENUES] // VENUE_CODES).astype(np.int32)

    @property
    def ask_venue(self) -> Ints:
        """Code in VENUE_LETTER of the venue at the ask."""
        return (self.quote[:, Q_VENUES] % VENUE_CODES).astype(np.int32)


class Trade(NamedTuple):
    """One placed print as plain integers, so that passing it on counts no references."""

    ts: int
    contract: int
    seq: int
    price: int
    size: int
    premium: int
    family: int
    venue: int
    state: int
    placement: int
    is_stable: bool
    side: int
    quote_ts: int
    quote_seq: int
    bid: int
    ask: int
    bid_size: int
    ask_size: int
    open_interest: int
    volume_before: int
    opened: int
    basis: int
    block_contracts: int


class Limits(NamedTuple):
    """Thresholds of parents as plain integers (ns, contracts, 1e-4 USD)."""

    taker_ns: int
    sweep_gap_ns: int
    sweep_span_ns: int
    split_gap_ns: int
    split_span_ns: int
    split_events: int
    block_contracts: int
    block_premium: int
    open_parents: int


def new_book(contracts: int) -> Book:
    """Return a book without quotes for that many contracts."""
    standing = np.full((contracts, STANDING_FIELDS), NO_TIME, np.int64)
    standing[:, Q_VENUES:] = 0
    return Book(standing, np.zeros((contracts, RING, QUOTE_FIELDS), np.int64))


def new_parents(contracts: int, slots: int) -> Parents:
    """Return no open parents, with room for that many contracts and slots."""
    counts = np.zeros(COUNTERS, np.int64)
    counts[C_FREE] = slots
    return Parents(
        np.full((contracts, KEYS, 2), -1, np.int32),
        np.zeros(slots, np.int8),
        np.zeros((slots, PARENT_FIELDS), np.int64),
        np.zeros((slots, MEMBERS), np.int64),
        np.zeros((slots, EVENTS), np.int64),
        np.zeros((slots, EVENTS), np.int16),
        np.arange(slots, dtype=np.int32)[::-1].copy(),
        np.zeros(slots, np.int32),
        counts,
    )


def new_placed(rows: int) -> Placed:
    """Return the columns to fill for that many prints."""
    quote = np.full((rows, QUOTE_FIELDS), NO_TIME, np.int64)
    quote[:, Q_VENUES] = 0
    return Placed(
        quote,
        np.full(rows, NO_TIME, np.int64),
        np.zeros(rows, np.int32),
        np.zeros(rows, np.int32),
        np.zeros(rows, np.bool_),
        np.zeros(rows, np.int32),
        np.zeros(rows, np.int32),
    )
