"""The side of a packet, from its own columns: cells of a parent, and the chances read from them.

Owns which packets carry a claim and the cells of those that do: six digits of base eight for code group,
place of the first price in the arrival quote, prints and venues, size against the displayed one, displayed
size, size. Packets are turned to point to a buy, as prints are (`sides_cells`). Refuses packages and legs,
crosses and floor trades, quotes that are not normal, and packets whose prints had no stable placement.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa

from dataflows.analytics.options_layout import Ints
from dataflows.analytics.quotes import PLACE_MID, STATE_NORMAL
from dataflows.analytics.release import Flags, Longs
from dataflows.analytics.sides_cells import (
    BASE,
    GROUP_OF,
    PLACE_BEYOND,
    PLACE_INNER,
    PLACE_OUTER,
    PLACE_TOUCH,
    REL_EQUAL,
    REL_LESS,
    REL_MORE,
    REL_UNKNOWN,
    SHOWN_BOUNDS,
    SIZE_BOUNDS,
    Cells,
)
from dataflows.analytics.sides_cells import PLACE_MID as CELL_MID
from dataflows.analytics.sides_lookup import UNKNOWN, chances, ratios
from dataflows.analytics.sides_tables import Tables
from schemas.columns import Column
from schemas.kinds import CODE_FAMILY, PACKET_KIND, SIDE, SIDE_METHOD

METHOD_PARENT: Final = SIDE_METHOD.index("parent")
_NO_KINDS: Final = [PACKET_KIND.index(name) for name in ("package", "leg", "cross", "floor")]
_FAMILIES: Final = [CODE_FAMILY.index(name) for name in ("unknown", "electronic", "iso", "auction", "other")]
_NO_SIDE: Final = SIDE.index("none")
MAKE_ONE, MAKE_ONE_VENUE, MAKE_VENUES = range(3)


def judged_packets(
    rows: Mapping[str, Column], tables: Tables, has_customer: bool, label: int
) -> dict[str, Column]:
    """Return p_aggressor_buy, p_customer_buy, their methods and the label of packets."""
    columns = {name: _longs(rows[name]) for name in READ}
    cells, is_judged = packet_cells(columns), is_open(columns)
    claimed: dict[str, Column] = {}
    has_any = np.zeros(len(is_judged), np.bool_)
    chosen = (
        ("aggressor", tables.aggressor_packet, tables.aggressor_floor, is_judged),
        ("customer", tables.customer_packet, tables.customer_floor, is_judged & has_customer),
    )
    for target, table, floor, is_claimed in chosen:
        found = chances(table, cells, floor)
        found[~is_claimed] = UNKNOWN
        claimed[f"p_{target}_buy"] = ratios(found)
        claimed[f"{target}_method"] = np.where(found >= 0, METHOD_PARENT, 0).astype(np.int32)
        has_any |= found >= 0
    claimed["side_label"] = np.where(has_any, label, 0).astype(np.int32)
    return claimed


READ: Final = (
    "kind",
    "side",
    "code_family",
    "quote_state",
    "placement",
    "bid",
    "ask",
    "first_price",
    "size",
    "displayed_size",
    "print_count",
    "venue_count",
)


def is_open(columns: Mapping[str, Longs]) -> Flags:
    """Tell which packets may carry a claim: a side of their own, or a price in the middle."""
    has_side = (columns["side"] != _NO_SIDE) | (columns["placement"] == PLACE_MID)
    is_single = np.isin(columns["code_family"], _FAMILIES) & ~np.isin(columns["kind"], _NO_KINDS)
    return np.asarray(is_single & has_side & (columns["quote_state"] == STATE_NORMAL))


def packet_cells(columns: Mapping[str, Longs]) -> Cells:
    """Return the cell and way of each packet; of one without a two-sided quote they mean nothing."""
    bid, ask, price = columns["bid"], columns["ask"], columns["first_price"]
    way = np.sign((price - bid) - (ask - price)).astype(np.int8)
    beyond = np.where(way >= 0, price - ask, bid - price)
    place = np.select(
        [way == 0, beyond > 0, beyond == 0, -4 * beyond < ask - bid],
        [CELL_MID, PLACE_BEYOND, PLACE_TOUCH, PLACE_OUTER],
        PLACE_INNER,
    )
    digits = (
        GROUP_OF[columns["code_family"]].astype(np.int64),
        place,
        _make(columns["print_count"], columns["venue_count"]),
        relative(columns["size"], columns["displayed_size"]),
        np.searchsorted(SHOWN_BOUNDS, columns["displayed_size"]),
        np.searchsorted(SIZE_BOUNDS, columns["size"]),
    )
    cell = np.zeros(len(price), np.int64)
    for digit in digits:
        cell = cell * BASE + digit
    return Cells(_ints(cell), way)


def _make(prints: Longs, venues: Longs) -> Longs:
    return np.where(prints <= 1, MAKE_ONE, np.where(venues <= 1, MAKE_ONE_VENUE, MAKE_VENUES))


def relative(size: Longs, displayed: Longs) -> Longs:
    """Return the digit of a size against the one displayed at the touch taken."""
    known = np.where(size < displayed, REL_LESS, np.where(size == displayed, REL_EQUAL, REL_MORE))
    return np.where(displayed <= 0, REL_UNKNOWN, known)


def _longs(column: Column) -> Longs:
    assert not isinstance(column, pa.Array)
    return np.asarray(column, np.int64)


def _ints(values: Longs) -> Ints:
    return np.asarray(values, np.int32)
