"""Rows of flow.packets: closed parents, in the order in which they leave, with their scores.

Owns the identity and text of a packet and the order (emit time, contract, side, first member). Refuses to
leave seq for the caller in any other state than 0.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from dataflows.analytics import options_layout as at
from dataflows.analytics.baselines import Baselines, Doubles, PacketColumns, Scores, buckets
from dataflows.analytics.ids import SEPARATOR, hashed
from dataflows.analytics.options_codes import venue_letters
from dataflows.analytics.options_layout import VENUE_UNKNOWN, Parents
from dataflows.analytics.options_money import average_prices
from dataflows.analytics.options_names import EXPIRY, RIGHT, STRIKE, UNDERLYING, Names
from dataflows.analytics.quotes import STATE_NORMAL
from dataflows.analytics.release import Longs
from schemas.columns import Batch, Column, complete, empty
from schemas.topics import TOPIC

_KNOWN = (1 << VENUE_UNKNOWN) - 1
_FEW = 4  # members of most packets
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
}
_CODED = {
    "kind": at.P_KIND,
    "side": at.P_SIDE,
    "code_family": at.P_FAMILY,
    "quote_state": at.P_STATE,
    "placement": at.P_PLACEMENT,
}


class Closed(NamedTuple):
    """Parents that have left: their numbers (rows, PARENT_FIELDS) and members (rows, MEMBERS)."""

    slots: Longs
    members: Longs


def take_closed(parents: Parents) -> Closed:
    """Read the closed parents and free their slots."""
    count, free = int(parents.counts[at.C_CLOSED]), int(parents.counts[at.C_FREE])
    closed = parents.closed[:count]
    taken = Closed(parents.slots[closed], parents.members[closed])
    parents.slots[closed, at.P_STAGE] = at.STAGE_FREE
    parents.free[free : free + count] = closed
    parents.counts[at.C_FREE] += count
    parents.counts[at.C_CLOSED] = 0
    return taken


def packets_batch(closed: Closed, names: Names, baselines: Baselines) -> Batch:
    """Return a row per closed parent in the order of emission, scored against the baselines."""
    topic = TOPIC["flow.packets"]
    if not len(closed.slots):
        return empty(topic)
    order = _emission_order(closed.slots, names)
    slots, members = closed.slots[order], closed.members[order]
    facts = names.facts(slots[:, at.P_CONTRACT])
    scores = baselines.score(_scored(slots, facts))
    columns: dict[str, Column] = {name: slots[:, field].copy() for name, field in _PLAIN.items()}
    columns |= {name: slots[:, field].astype(np.int32) for name, field in _CODED.items()}
    columns |= _described(slots, members, names) | _series(slots, facts, names)
    columns |= _z_columns(scores)
    return complete(Batch(topic, columns))


def _emission_order(slots: Longs, names: Names) -> Longs:
    contracts, which = np.unique(slots[:, at.P_CONTRACT], return_inverse=True)
    texts = [names.contracts[c] for c in contracts.tolist()]
    rank = np.zeros(len(texts), np.int64)
    rank[np.array(sorted(range(len(texts)), key=texts.__getitem__), np.int64)] = np.arange(len(texts))
    keys = (slots[:, at.P_FIRST_SEQ], slots[:, at.P_SIDE], rank[which], slots[:, at.P_EMIT])
    return np.asarray(np.lexsort(keys))


def _scored(slots: Longs, facts: Longs) -> PacketColumns:
    return PacketColumns(
        slots[:, at.P_CONTRACT].copy(),
        facts[:, UNDERLYING].copy(),
        buckets(slots[:, at.P_EMIT], slots[:, at.P_OPEN_TS]),
        slots[:, at.P_PREMIUM].copy(),
        slots[:, at.P_SIZE].copy(),
        _relative_spread(slots),
    )


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


def _z_columns(scores: Scores) -> dict[str, Column]:
    return {
        "baseline": scores.baseline,
        "baseline_count": scores.packets,
        "premium_z": scores.z[0].copy(),
        "size_z": scores.z[1].copy(),
        "spread_z": scores.z[2].copy(),
    }
