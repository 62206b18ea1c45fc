"""What a packet is once members have left or joined: its totals anew, by the functions that made them first.

Owns which columns change. Identity, first print, side, arrival quote and time, scores and everything that
looked at the market then stay as they were published. Refuses packages: what classifies them tells them.

A packet that lists all its members is added up again from them. One of more members than it lists, or whose
members are no longer all held, has the difference taken off, and keeps its kind, range and venues.
"""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from dataflows.analytics import options_layout as at
from dataflows.analytics.held_rows import row_values
from dataflows.analytics.options_layout import MEMBERS, Limits, Trade, new_parents
from dataflows.analytics.options_members import add_member, kind_of, start_parent
from dataflows.analytics.options_names import Names
from dataflows.analytics.options_packets import Closed, packets_batch
from dataflows.analytics.options_parents import group_of
from dataflows.analytics.release import Longs
from schemas.columns import Batch
from schemas.fields import ABSENT

SUMS: Final = (
    "size",
    "premium",
    "print_count",
    "iso_size",
    "at_ask_size",
    "at_bid_size",
    "inside_size",
    "at_ask_premium",
    "at_bid_premium",
    "inside_premium",
    "electronic_size",
    "auction_size",
    "cross_size",
    "floor_size",
    "opened_min",
)
PRICES: Final = ("first_price", "last_price", "low_price", "high_price")
RECOUNTED: Final = (
    *SUMS,
    *PRICES,
    "average_price",
    "taker_event_count",
    "venue_count",
    "venues",
    "code_family",
    "end_ts",
    "last_print_seq",
    "members",
    "kind",
    "touch_distance",
)
Print = dict[str, int]  # one row of the held prints


def nothing_left() -> dict[str, Any]:
    """Return the columns of a packet that has lost every member."""
    zeros: dict[str, Any] = dict.fromkeys((*SUMS, "taker_event_count", "venue_count"), 0)
    return zeros | dict.fromkeys(PRICES, ABSENT) | {"average_price": 0, "venues": "", "members": "[]"}


def recounted(row: Batch, prints: Sequence[Print], limits: Limits, names: Names) -> dict[str, Any]:
    """Return the columns of a packet (one row) that holds exactly these prints, in their order."""
    slot, members = _added_up(row_values(row), prints, limits)
    batch, _ = packets_batch(Closed(slot[None], members[None]), names)
    values = row_values(batch)
    return {name: values[name] for name in RECOUNTED}


def shifted(
    row: Batch, left: Sequence[Print], joined: Sequence[Print], scratch: tuple[Limits, Names]
) -> dict[str, Any]:
    """Return the columns of a packet (one row) that some prints have left and others have joined."""
    before, limits, names = row_values(row), *scratch
    values = {name: before[name] for name in SUMS}
    dollars = before["average_price"] * before["size"]
    for prints, sign in ((left, -1), (joined, 1)):
        if prints:
            change = recounted(row, prints, limits, names)
            values = {name: values[name] + sign * change[name] for name in SUMS}
        dollars += sign * sum(p["price"] * p["size"] for p in prints)
    listed = _relisted(before["members"], left, joined)
    if values["print_count"] <= 0 or values["size"] <= 0:
        return nothing_left()
    return values | {"average_price": dollars // values["size"], "members": listed}


def _relisted(text: str, left: Sequence[Print], joined: Sequence[Print]) -> str:
    """Return the list of members without some and with others; unlisted ones are counted."""
    items = orjson.loads(text)
    more = items.pop()["more"] if items and isinstance(items[-1], dict) else 0
    gone = {p["seq"] for p in left}
    kept = [seq for seq in items if seq not in gone]
    more -= len(gone) - (len(items) - len(kept))
    kept += [p["seq"] for p in joined]
    more += max(0, len(kept) - MEMBERS)
    kept = kept[:MEMBERS]
    return orjson.dumps([*kept, {"more": more}] if more > 0 else kept).decode()


def _added_up(row: dict[str, Any], prints: Sequence[Print], limits: Limits) -> tuple[Longs, Longs]:
    """Return the numbers and members of a parent that holds these prints."""
    parents = new_parents(1, 1)
    key = (int(row["side"]), int(group_of(prints[0]["family"])))
    start_parent(parents, 0, _trade(row, prints[0]), key)
    for held in prints:
        add_member(parents, limits, 0, _trade(row, held))
    slot = parents.slots[0]
    slot[at.P_START] = row["start_ts"]
    slot[at.P_EMIT] = row["emit_ts"]
    slot[at.P_KIND] = kind_of(slot, limits)
    return slot, parents.members[0]


def _trade(row: dict[str, Any], held: Print) -> Trade:
    """Return a held print as the kernel takes it, with the arrival quote of its packet."""
    known = {
        "ts": held["at"],
        "block_contracts": held["block"],
        "is_stable": bool(held["is_stable"]),
        "state": int(row["quote_state"]),
        "bid_size": 0,
        "ask_size": 0,
        "basis": int(row["opening_basis"]),
    }
    arrival = ("quote_ts", "quote_seq", "bid", "ask", "open_interest", "volume_before")
    known |= {name: int(row[name]) for name in arrival}
    values: Any = (known[name] if name in known else held[name] for name in Trade._fields)
    return Trade(*values)
