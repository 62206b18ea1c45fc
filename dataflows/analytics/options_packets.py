"""Rows of flow.packets: closed parents, in the order in which they leave.

Owns the identity, the text and the features of a packet that its members alone decide, and the order (emit
time, contract, side, first member). Refuses to judge: sides, baselines, directions and days stay at their
defaults for the stages that follow, as seq does for the caller.
"""

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from dataflows.analytics import options_layout as at
from dataflows.analytics.baselines import Doubles
from dataflows.analytics.ids import SEPARATOR, hashed
from dataflows.analytics.options_book import SIDE_BUY, SIDE_NONE
from dataflows.analytics.options_codes import venue_letters
from dataflows.analytics.options_layout import VENUE_UNKNOWN, Parents
from dataflows.analytics.options_money import average_prices
from dataflows.analytics.options_names import EXPIRY, RIGHT, STRIKE, UNDERLYING, Names
from dataflows.analytics.quotes import STATE_NORMAL
from dataflows.analytics.release import Longs
from schemas.columns import Batch, Column, complete, empty
from schemas.flow_fields import NO_RATIO
from schemas.topics import TOPIC

_KNOWN = (1 << VENUE_UNKNOWN) - 1
_FEW = 4  # members of most packets
_DOLLAR: Final = 10**9
_STEP: Final = 10_000.0  # published ratios are multiples of 1e-4
DISTANCE_MAX: Final = 8.0  # half-spreads; farther is not told apart, and stays clear of NO_RATIO
_PLAIN = {
    "size": at.P_SIZE,
    "premium": at.P_PREMIUM,
    "start_ts": at.P_START,
    "end_ts": at.P_LAST,
    "print_count": at.P_PRINTS,
    "taker_event_count": at.P_EVENTS,
    "iso_size": at.P_ISO,
    "quote_ts": at.P_QUOTE_TS,
    "quote_seq": at.P_QUOTE_SEQ,
    "bid": at.P_BID,
    "ask": at.P_ASK,
    "at_ask_size": at.P_AT_ASK,
    "at_bid_size": at.P_AT_BID,
    "inside_size": at.P_INSIDE,
    "first_print_seq": at.P_FIRST_SEQ,
    "last_print_seq": at.P_LAST_SEQ,
    "emit_ts": at.P_EMIT,
    "first_price": at.P_FIRST_PRICE,
    "last_price": at.P_LAST_PRICE,
    "low_price": at.P_LOW,
    "high_price": at.P_HIGH,
    "at_ask_premium": at.P_ASK_PREMIUM,
    "at_bid_premium": at.P_BID_PREMIUM,
    "inside_premium": at.P_INSIDE_PREMIUM,
    "electronic_size": at.P_ELECTRONIC,
    "auction_size": at.P_AUCTION,
    "cross_size": at.P_CROSS,
    "floor_size": at.P_FLOOR,
    "displayed_size": at.P_DISPLAYED,
    "open_interest": at.P_INTEREST,
    "volume_before": at.P_VOLUME_BEFORE,
    "opened_min": at.P_OPENED,
}
_CODED = {
    "kind": at.P_KIND,
    "side": at.P_SIDE,
    "code_family": at.P_FAMILY,
    "quote_state": at.P_STATE,
    "placement": at.P_PLACEMENT,
    "opening_basis": at.P_BASIS,
}


class Closed(NamedTuple):
    """Parents that have left: their numbers (rows, PARENT_FIELDS) and members (rows, MEMBERS)."""

    slots: Longs
    members: Longs


class Extras(NamedTuple):
    """What later stages need of a packet and its row does not say, in the order of the rows.

    `contract` and `underlying` are numbers of `Names`, `open_ts` when its session opened, `relative_spread`
    that of the arrival quote over its middle, NaN where that quote was not a normal one.
    """

    contract: Longs
    underlying: Longs
    open_ts: Longs
    relative_spread: Doubles


def take_closed(parents: Parents) -> Closed:
    """Read the closed parents and free their slots."""
    count, free = int(parents.counts[at.C_CLOSED]), int(parents.counts[at.C_FREE])
    closed = parents.closed[:count]
    taken = Closed(parents.slots[closed], parents.members[closed])
    parents.stage[closed] = at.STAGE_FREE
    parents.free[free : free + count] = closed
    parents.counts[at.C_FREE] += count
    parents.counts[at.C_CLOSED] = 0
    return taken


def packets_batch(closed: Closed, names: Names) -> tuple[Batch, Extras]:
    """Return a row per closed parent in the order of emission, and what the later stages need beside it."""
    topic = TOPIC["flow.packets"]
    if not len(closed.slots):
        none = np.zeros(0, np.int64)
        return empty(topic), Extras(none, none, none, np.zeros(0))
    order = _emission_order(closed.slots, names)
    slots, members = closed.slots[order], closed.members[order]
    facts = names.facts(slots[:, at.P_CONTRACT])
    columns: dict[str, Column] = {name: slots[:, field].copy() for name, field in _PLAIN.items()}
    columns |= {name: slots[:, field].astype(np.int32) for name, field in _CODED.items()}
    columns |= _described(slots, members, names) | _series(slots, facts, names)
    columns["touch_distance"] = touch_distances(slots)
    columns |= unscored(len(slots))
    extras = Extras(
        slots[:, at.P_CONTRACT].copy(),
        facts[:, UNDERLYING].copy(),
        slots[:, at.P_OPEN_TS].copy(),
        _relative_spread(slots),
    )
    return complete(Batch(topic, columns)), extras


def unscored(rows: int) -> dict[str, Column]:
    """Return the columns of a baseline for packets that none has judged."""
    return {
        "baseline": np.zeros(rows, np.int32),
        "baseline_count": np.zeros(rows, np.int64),
        **{name: np.zeros(rows) for name in ("premium_z", "size_z", "spread_z")},
    }


def _emission_order(slots: Longs, names: Names) -> Longs:
    contracts, which = np.unique(slots[:, at.P_CONTRACT], return_inverse=True)
    texts = [names.contracts[c] for c in contracts.tolist()]
    rank = np.zeros(len(texts), np.int64)
    rank[np.array(sorted(range(len(texts)), key=texts.__getitem__), np.int64)] = np.arange(len(texts))
    keys = (slots[:, at.P_FIRST_SEQ], slots[:, at.P_SIDE], rank[which], slots[:, at.P_EMIT])
    return np.asarray(np.lexsort(keys))


def touch_distances(slots: Longs) -> Doubles:
    """Return how far the average price lay from the touch taken on arrival, in halves of the spread.

    0 is the touch, 1 the middle, negative beyond it; between -DISTANCE_MAX and DISTANCE_MAX, in steps of
    1e-4. NO_RATIO where the packet has no side or its arrival quote was not a normal one. Numerator and
    denominator are whole numbers, so that swapping bid and ask changes nothing.
    """
    side, size = slots[:, at.P_SIDE], slots[:, at.P_SIZE]
    bid, ask = slots[:, at.P_BID], slots[:, at.P_ASK]
    has = (side != SIDE_NONE) & (slots[:, at.P_STATE] == STATE_NORMAL)
    touch, sign = np.where(side == SIDE_BUY, ask, bid), np.where(side == SIDE_BUY, 1.0, -1.0)
    dollars = (touch // _DOLLAR * size - slots[:, at.P_DOLLARS]).astype(np.float64)
    within = 2.0 * sign * (dollars * _DOLLAR + (touch % _DOLLAR * size - slots[:, at.P_REST]))
    found = np.full(len(slots), float(NO_RATIO))
    np.divide(within, (ask - bid) * size.astype(np.float64), out=found, where=has)
    rounded = np.floor(np.clip(found, -DISTANCE_MAX, DISTANCE_MAX) * _STEP + 0.5) / _STEP
    return np.asarray(np.where(has, rounded, float(NO_RATIO)))


def _relative_spread(slots: Longs) -> Doubles:
    """Return spread over mid of the arrival quote; NaN where that quote was not a normal one."""
    is_normal = slots[:, at.P_STATE] == STATE_NORMAL
    bid, ask = slots[:, at.P_BID].astype(np.float64), slots[:, at.P_ASK].astype(np.float64)
    spread = np.full(len(slots), np.nan)
    np.divide(2.0 * (ask - bid), ask + bid, out=spread, where=is_normal)
    return spread


def _series(slots: Longs, facts: Longs, names: Names) -> dict[str, Column]:
    contracts, roots = slots[:, at.P_CONTRACT].tolist(), facts[:, UNDERLYING].tolist()
    return {
        "contract": pa.array([names.contracts[c] for c in contracts], pa.string()),
        "underlying": pa.array([names.underlyings[u] for u in roots], pa.string()),
        "expiry": facts[:, EXPIRY].astype(np.int32),
        "strike": facts[:, STRIKE].copy(),
        "right": facts[:, RIGHT].astype(np.int32),
    }


def _described(slots: Longs, members: Longs, names: Names) -> dict[str, Column]:
    rows = len(slots)
    known = slots[:, at.P_VENUES] & _KNOWN
    venues, which = np.unique(known, return_inverse=True)
    letters = [venue_letters(v) for v in venues.tolist()]
    listed, ids = _identities(slots, members, names)
    return {
        "seq": np.zeros(rows, np.int64),
        "version": np.ones(rows, np.int32),
        "status": np.zeros(rows, np.int32),
        "average_price": average_prices(slots[:, at.P_DOLLARS], slots[:, at.P_REST], slots[:, at.P_SIZE]),
        "venue_count": np.array([v.bit_count() for v in venues.tolist()], np.int32)[which],
        "venues": pa.array([letters[w] for w in which.tolist()], pa.string()),
        "members": pa.array(listed, pa.string()),
        "packet_id": pa.array(ids, pa.string()),
    }


def _identities(slots: Longs, members: Longs, names: Names) -> tuple[list[str], list[str]]:
    """Return the JSON list of members and the packet id of each row.

    The id takes the listed members, how many there are and the last: a first member belongs to one packet.
    """
    contracts, which = np.unique(slots[:, at.P_CONTRACT], return_inverse=True)
    roots = names.facts(contracts)[:, UNDERLYING].tolist()
    series = [
        SEPARATOR.join(("options.prints", names.underlyings[u], names.contracts[c], ""))
        for u, c in zip(roots, contracts.tolist(), strict=True)
    ]
    listed, ids = [], []
    counts, lasts = slots[:, at.P_PRINTS].tolist(), slots[:, at.P_LAST_SEQ].tolist()
    heads = members[:, :_FEW].tolist()
    for row, number in enumerate(which.tolist()):
        count, head = counts[row], heads[row]
        if count > _FEW:
            head = members[row, : at.MEMBERS].tolist()
        seqs = ",".join(map(str, head[:count])) if count > 1 else str(head[0])
        more = f',{{"more":{count - at.MEMBERS}}}' if count > at.MEMBERS else ""
        listed.append(f"[{seqs}{more}]")
        ids.append(hashed(f"{series[number]}{seqs}{SEPARATOR}{count}{SEPARATOR}{lasts[row]}"))
    return listed, ids
