"""The columns of a packet's next version, from whoever belongs to it at a moment.

Owns the choice between adding up anew, taking off a difference, and asking what classifies packages. Refuses
to number versions: its caller knows what was published.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from dataflows.analytics.held_ledger import Ledger, Moment
from dataflows.analytics.held_packets import KIND_LEG, KIND_PACKAGE, HeldPackets
from dataflows.analytics.held_prints import HeldPrints
from dataflows.analytics.held_rows import row_values
from dataflows.analytics.held_totals import Print, nothing_left, recounted, shifted
from dataflows.analytics.options_layout import MEMBERS, Limits
from dataflows.analytics.options_names import Names
from schemas.columns import Batch
from schemas.kinds import PACKAGE_CLASS, VERSION_STATUS

FINAL: Final = VERSION_STATUS.index("final")
RESTATED: Final = VERSION_STATUS.index("restated")
RETRACTED: Final = VERSION_STATUS.index("retracted")
PACKAGE_TOTALS: Final = (
    "size",
    "premium",
    "print_count",
    "at_ask_size",
    "at_bid_size",
    "inside_size",
    "at_ask_premium",
    "at_bid_premium",
    "inside_premium",
    "average_price",
    "end_ts",
    "last_print_seq",
)
WHOLE_SIZES: Final = ("leg_size", "auction_size", "cross_size", "floor_size")  # one code for all legs
NO_CLASS: Final = PACKAGE_CLASS.index("none")
# From the columns of a package and the prints that remain in it: the columns that change.
Reclassify = Callable[[dict[str, Any], list[int]], Mapping[str, Any]]


class Stores(NamedTuple):
    """What one shard holds."""

    prints: HeldPrints
    packets: HeldPackets
    ledger: Ledger


class Change(NamedTuple):
    """What one event does to a packet: prints that left and joined, contracts that are no longer proven to
    have opened, and the moment of it."""

    packet: int
    upto: Moment
    left: tuple[int, ...]
    joined: tuple[int, ...]
    weaker: int = 0


def columns_after(
    row: Batch, change: Change, stores: Stores, limits: Limits, names: Names, reclassify: Reclassify | None
) -> dict[str, Any]:
    """Return the columns of a packet (its latest row) that a change alters.

    Where nothing is left they say so: `status` is RETRACTED.
    """
    if not change.left and not change.joined:
        return {"opened_min": max(0, int(row["opened_min"][0]) - change.weaker)}
    kind = int(row["kind"][0])
    at = stores.packets.find(change.packet)
    is_large = int(stores.packets.table["more"][at]) > 0
    found = [stores.prints.row_of(seq) for seq in _members(change, stores)]
    if not found and not is_large:
        return _retracted(kind)
    if kind in (KIND_PACKAGE, KIND_LEG):
        held = _in_order(stores, [at for at in found if at >= 0], change.upto)
        return _package(row, held, (limits, names), reclassify)
    if is_large or min(found) < 0:
        left, joined = (_held(stores, seqs, change.upto) for seqs in (change.left, change.joined))
        values = shifted(row, left, joined, (limits, names))
        values["opened_min"] -= change.weaker
        return values if values["size"] else _retracted(kind)
    return recounted(row, _in_order(stores, found, change.upto), limits, names)


def _members(change: Change, stores: Stores) -> list[int]:
    """Return the prints that stand in a packet at the moment of a change."""
    ledger, upto = stores.ledger, change.upto
    listed = [*stores.packets.members(change.packet), *ledger.joined_to(change.packet, upto)]
    return [seq for seq in (ledger.standing(s, upto) for s in listed) if seq >= 0]


def _held(stores: Stores, seqs: Sequence[int], upto: Moment) -> list[Print]:
    rows = [stores.prints.row_of(seq) for seq in seqs]
    return [_print(stores, row, upto) for row in rows if row >= 0]


def _print(stores: Stores, row: int, upto: Moment) -> Print:
    """Return a held print with what was proven at a moment to have opened."""
    held = stores.prints.table.row(row)
    return held | {"opened": stores.ledger.opened(held["seq"], upto, held["opened"])}


def _in_order(stores: Stores, rows: Sequence[int], upto: Moment) -> list[Print]:
    """Return held prints in the order of their trades."""
    prints = [_print(stores, row, upto) for row in rows]
    return sorted(prints, key=lambda held: (held["at"], held["index"]))


def _retracted(kind: int) -> dict[str, Any]:
    values = nothing_left() | {"status": RETRACTED}
    is_package = kind in (KIND_PACKAGE, KIND_LEG)
    return values | {"package_members": "[]", "leg_size": 0, "units": 0} if is_package else values


def _package(
    row: Batch, prints: Sequence[Print], scratch: tuple[Limits, Names], reclassify: Reclassify | None
) -> dict[str, Any]:
    """Return what is left of a package or a lone leg; the classifier of packages says what to call it."""
    if not prints:
        return _retracted(KIND_PACKAGE)
    before, added = row_values(row), recounted(row, prints, *scratch)
    seqs = sorted(held["seq"] for held in prints)
    values = {name: added[name] for name in PACKAGE_TOTALS}
    values |= {name: added["size"] if before[name] else 0 for name in WHOLE_SIZES}
    values |= {
        "taker_event_count": len({(held["contract"], held["at"]) for held in prints}),
        "members": orjson.dumps(seqs if len(seqs) <= MEMBERS else _cut(seqs)).decode(),
        "package_members": orjson.dumps(seqs).decode(),
    }
    if reclassify is not None:
        return {**values, **reclassify(before, seqs)}
    if len({held["contract"] for held in prints}) < 2:
        values |= {"kind": KIND_LEG, "package_class": NO_CLASS}
    return values


def _cut(seqs: list[int]) -> list[Any]:
    return [*seqs[:MEMBERS], {"more": len(seqs) - MEMBERS}]
