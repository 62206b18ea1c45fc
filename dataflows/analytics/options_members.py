"""What a parent holds of its members: totals, taker events, sequence numbers, and the kind they make.

Owns the sums of one parent, the joining of two, and its kind: auction, cross and floor by their code, else
sweep, split, block, single-venue ISO or single. Refuses to decide which prints belong together.
"""

from typing import Final

from dataflows.analytics import options_layout as at
from dataflows.analytics.options_book import (
    FAMILY_AUCTION,
    FAMILY_CROSS,
    FAMILY_ELECTRONIC,
    FAMILY_FLOOR,
    FAMILY_ISO,
    FAMILY_UNKNOWN,
    SIDE_BUY,
    SIDE_SELL,
)
from dataflows.analytics.options_layout import Limits, Parents, Trade, kernel
from dataflows.analytics.options_money import MONEY_MAX
from dataflows.analytics.quotes import (
    PLACE_ABOVE_ASK,
    PLACE_AT_ASK,
    PLACE_AT_BID,
    PLACE_BELOW_BID,
    PLACE_INSIDE_ASK,
    PLACE_INSIDE_BID,
    PLACE_MID,
)
from dataflows.analytics.release import Longs
from schemas.fields import ABSENT
from schemas.kinds import CODE_FAMILY, PACKET_KIND

KIND_SINGLE: Final = PACKET_KIND.index("single")
KIND_SWEEP: Final = PACKET_KIND.index("sweep")
KIND_SPLIT: Final = PACKET_KIND.index("split")
KIND_BLOCK: Final = PACKET_KIND.index("block")
KIND_ISO_SINGLE: Final = PACKET_KIND.index("iso_single")
KIND_AUCTION: Final = PACKET_KIND.index("auction")
KIND_CROSS: Final = PACKET_KIND.index("cross")
KIND_FLOOR: Final = PACKET_KIND.index("floor")
_DOLLAR: Final = 10**9
_KNOWN: Final = (1 << at.VENUE_UNKNOWN) - 1
_FAMILIES: Final = len(CODE_FAMILY)
_SUMS: Final = (
    at.P_PRINTS,
    at.P_EVENTS,
    at.P_SIZE,
    at.P_DOLLARS,
    at.P_REST,
    at.P_ISO,
    at.P_ELECTRONIC,
    at.P_AUCTION,
    at.P_CROSS,
    at.P_FLOOR,
    at.P_AT_ASK,
    at.P_AT_BID,
    at.P_INSIDE,
    at.P_BLOCKS,
    at.P_OPENED,
)
_MONEY: Final = (at.P_PREMIUM, at.P_ASK_PREMIUM, at.P_BID_PREMIUM, at.P_INSIDE_PREMIUM)


@kernel
def start_parent(parents: Parents, slot: int, trade: Trade, key: tuple[int, int]) -> None:
    """Open a parent without members as (side, group); its arrival quote is that of the trade."""
    parent = parents.slots[slot]
    parent[:] = 0
    parents.stage[slot] = at.STAGE_OPEN
    parent[at.P_CONTRACT] = trade.contract
    parent[at.P_SIDE], parent[at.P_GROUP] = key
    parent[at.P_FAMILY] = trade.family
    parent[at.P_START] = trade.ts
    parent[at.P_STATE], parent[at.P_PLACEMENT] = trade.state, trade.placement
    parent[at.P_QUOTE_TS], parent[at.P_QUOTE_SEQ] = trade.quote_ts, trade.quote_seq
    parent[at.P_BID], parent[at.P_ASK] = trade.bid, trade.ask
    parent[at.P_FIRST_SEQ] = trade.seq
    parent[at.P_OPEN_TS] = parents.counts[at.C_OPEN_TS]
    parent[at.P_DISPLAYED] = _displayed(trade, key[0])
    parent[at.P_FIRST_PRICE] = parent[at.P_LOW] = parent[at.P_HIGH] = trade.price
    parent[at.P_INTEREST], parent[at.P_VOLUME_BEFORE] = trade.open_interest, trade.volume_before
    parent[at.P_BASIS] = trade.basis


@kernel
def _displayed(trade: Trade, side: int) -> int:
    """Return the contracts displayed at the touch that this side takes; ABSENT where there is none."""
    if side == SIDE_BUY and trade.ask > 0:
        return trade.ask_size
    return trade.bid_size if side == SIDE_SELL and trade.bid > 0 else ABSENT


@kernel
def add_member(parents: Parents, limits: Limits, slot: int, trade: Trade) -> None:
    """Add a trade to the totals of a parent."""
    parent = parents.slots[slot]
    size, place = trade.size, trade.placement
    if parent[at.P_PRINTS] < at.MEMBERS:
        parents.members[slot, parent[at.P_PRINTS]] = trade.seq
    _count_event(parents, limits, slot, (trade.venue * _FAMILIES + trade.family, trade.ts))
    parent[at.P_PRINTS] += 1
    parent[at.P_SIZE] += size
    parent[at.P_PREMIUM] = min(parent[at.P_PREMIUM] + trade.premium, MONEY_MAX)
    parent[at.P_DOLLARS] += trade.price // _DOLLAR * size
    parent[at.P_REST] += trade.price % _DOLLAR * size
    parent[at.P_VENUES] |= 1 << trade.venue
    parent[at.P_FAMILY] = shared_family(parent[at.P_FAMILY], trade.family)
    parent[at.P_LAST], parent[at.P_LAST_SEQ] = trade.ts, trade.seq
    parent[at.P_LAST_PRICE] = trade.price
    parent[at.P_LOW] = min(parent[at.P_LOW], trade.price)
    parent[at.P_HIGH] = max(parent[at.P_HIGH], trade.price)
    parent[at.P_OPENED] += trade.opened
    is_large = size >= max(limits.block_contracts, trade.block_contracts)
    if is_large and trade.premium >= limits.block_premium:
        parent[at.P_BLOCKS] += 1
    of_family = _size_field(trade.family)
    if of_family >= 0:
        parent[of_family] += size
    if place in (PLACE_ABOVE_ASK, PLACE_AT_ASK):
        _add_placed(parent, at.P_AT_ASK, at.P_ASK_PREMIUM, trade)
    elif place in (PLACE_AT_BID, PLACE_BELOW_BID):
        _add_placed(parent, at.P_AT_BID, at.P_BID_PREMIUM, trade)
    elif place in (PLACE_INSIDE_ASK, PLACE_MID, PLACE_INSIDE_BID):
        _add_placed(parent, at.P_INSIDE, at.P_INSIDE_PREMIUM, trade)


@kernel
def _add_placed(parent: Longs, size: int, money: int, trade: Trade) -> None:
    parent[size] += trade.size
    parent[money] = min(parent[money] + trade.premium, MONEY_MAX)


@kernel
def _size_field(family: int) -> int:
    """Return where the contracts of a code family are summed; -1 for those that have no sum."""
    if family == FAMILY_ELECTRONIC:
        return at.P_ELECTRONIC
    if family == FAMILY_ISO:
        return at.P_ISO
    if family == FAMILY_AUCTION:
        return at.P_AUCTION
    if family == FAMILY_CROSS:
        return at.P_CROSS
    return at.P_FLOOR if family == FAMILY_FLOOR else -1


@kernel
def shared_family(one: int, other: int) -> int:
    """Return the family of both: the same, unknown where either is, else electronic (ISOs are too)."""
    if one == other:
        return one
    if one == FAMILY_UNKNOWN or other == FAMILY_UNKNOWN:
        return FAMILY_UNKNOWN
    return FAMILY_ELECTRONIC


@kernel
def _count_event(parents: Parents, limits: Limits, slot: int, event: tuple[int, int]) -> None:
    """Count a taker event unless (venue and family, time) continues one that began within its span."""
    key, ts = event
    count = parents.slots[slot, at.P_EVENTS]
    for number in range(max(0, count - at.EVENTS), count):
        place = number % at.EVENTS
        if parents.event_key[slot, place] != key:
            continue
        if ts - parents.event_ts[slot, place] <= limits.taker_ns:
            return
    parents.event_key[slot, count % at.EVENTS] = key
    parents.event_ts[slot, count % at.EVENTS] = ts
    parents.slots[slot, at.P_EVENTS] = count + 1


@kernel
def merge(parents: Parents, into: int, later: int) -> None:
    """Add the members of a later run to a waiting parent of the same venue."""
    parent, run = parents.slots[into], parents.slots[later]
    for number in range(min(run[at.P_PRINTS], at.MEMBERS)):
        place = parent[at.P_PRINTS] + number
        if place < at.MEMBERS:
            parents.members[into, place] = parents.members[later, number]
    for field in _SUMS:
        parent[field] += run[field]
    for field in _MONEY:
        parent[field] = min(parent[field] + run[field], MONEY_MAX)
    parent[at.P_LOW] = min(parent[at.P_LOW], run[at.P_LOW])
    parent[at.P_HIGH] = max(parent[at.P_HIGH], run[at.P_HIGH])
    parent[at.P_LAST_PRICE] = run[at.P_LAST_PRICE]
    parent[at.P_FAMILY] = shared_family(parent[at.P_FAMILY], run[at.P_FAMILY])
    parent[at.P_LAST], parent[at.P_LAST_SEQ] = run[at.P_LAST], run[at.P_LAST_SEQ]


@kernel
def kind_of(parent: Longs, limits: Limits) -> int:
    """Return the kind of a closed parent: what its code says, else a claim about several prints before one
    about a single print."""
    if parent[at.P_GROUP] == at.GROUP_AUCTION:
        return KIND_AUCTION
    if parent[at.P_FAMILY] == FAMILY_CROSS:
        return KIND_CROSS
    if parent[at.P_FAMILY] == FAMILY_FLOOR:
        return KIND_FLOOR
    known = parent[at.P_VENUES] & _KNOWN
    has_several = known & (known - 1) != 0
    if parent[at.P_GROUP] == at.GROUP_LIT and has_several:
        return KIND_SWEEP
    is_one_venue = known != 0 and known == parent[at.P_VENUES] and not has_several
    if parent[at.P_EVENTS] >= limits.split_events and is_one_venue:
        return KIND_SPLIT
    if parent[at.P_BLOCKS] > 0:
        return KIND_BLOCK
    return KIND_ISO_SINGLE if parent[at.P_ISO] == parent[at.P_SIZE] else KIND_SINGLE
