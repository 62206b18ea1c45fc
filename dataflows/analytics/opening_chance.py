"""The chance that a contract of a packet opened a position, for whoever is on the packet's side.

Owns `p_open`, `open_method` and `open_label` of packets, a function of their own columns alone: 1 where the
accounting of open interest proves all of it (`proven`), else the share that opened in its cell of a fitted
table (`table`). A packet and its mirror image (bought at the ask, sold at the bid) have the same chance.
Refuses a chance without a side or without open interest, for packages and legs, for series and reports whose
open interest or time says nothing (adjusted, late, no trade), and for makes that the tuning tapes hardly ever
show: the table has no cell of a make seen fewer than 300 times.

The table is fitted on a synthetic market. On its tapes the chance is labelled synthetic, on all others
uncalibrated: how often customers open there is not known, and nothing here says it.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa

from dataflows.analytics import opening_chance_table
from dataflows.analytics.release import Flags, Longs
from dataflows.analytics.sides_cells import BASE
from dataflows.analytics.sides_lookup import UNIT, UNKNOWN, Chances, parsed, spread
from dataflows.analytics.sides_packets import relative
from schemas.columns import Batch, Column
from schemas.kinds import (
    CODE_FAMILY,
    OPEN_METHOD,
    OPENING_BASIS,
    PACKET_KIND,
    PLACEMENT,
    SIDE,
    SIDE_LABEL,
    VERSION_STATUS,
)

ABSENT: Final = -1.0
METHOD_PROVEN: Final = OPEN_METHOD.index("proven")
METHOD_TABLE: Final = OPEN_METHOD.index("table")
LABEL_SYNTHETIC: Final = SIDE_LABEL.index("synthetic")
LABEL_UNCALIBRATED: Final = SIDE_LABEL.index("uncalibrated")
READ: Final = (
    "status", "kind", "side", "size", "code_family", "placement", "displayed_size", "open_interest",
    "volume_before", "opened_min", "opening_basis", "days_to_expiry",
)  # fmt: skip
_PROVEN: Final = OPENING_BASIS.index("proven")
_BASES: Final = [OPENING_BASIS.index(name) for name in ("proven", "incomplete_volume")]
_RETRACTED: Final = VERSION_STATUS.index("retracted")
_PACKAGED: Final = [PACKET_KIND.index(name) for name in ("package", "leg")]

# The digits of a cell, from the coarse to the fine.
MAKE_SINGLE, MAKE_AUCTION, MAKE_SWEEP, MAKE_WORKED, MAKE_CROSS, MAKE_FLOOR = range(6)
_BY_KIND: Final = {
    "sweep": MAKE_SWEEP, "iso_single": MAKE_SWEEP, "split": MAKE_WORKED, "repeat": MAKE_WORKED,
    "block": MAKE_WORKED, "auction": MAKE_AUCTION, "cross": MAKE_CROSS, "floor": MAKE_FLOOR,
}  # fmt: skip
_BY_FAMILY: Final = {"auction": MAKE_AUCTION, "cross": MAKE_CROSS, "floor": MAKE_FLOOR}
_MAKE_OF_KIND: Final = np.array([_BY_KIND.get(name, MAKE_SINGLE) for name in PACKET_KIND], np.int64)
_MAKE_OF_FAMILY: Final = np.array([_BY_FAMILY.get(name, MAKE_SINGLE) for name in CODE_FAMILY], np.int64)
PLACE_TOUCH, PLACE_INSIDE, PLACE_OTHER = range(3)
_PLACES: Final = {
    "above_ask": PLACE_TOUCH, "at_ask": PLACE_TOUCH, "at_bid": PLACE_TOUCH, "below_bid": PLACE_TOUCH,
    "inside_ask": PLACE_INSIDE, "inside_bid": PLACE_INSIDE,
}  # fmt: skip
_PLACE_OF: Final = np.array([_PLACES.get(name, PLACE_OTHER) for name in PLACEMENT], np.int64)
SIZE_BOUNDS: Final = (1, 4, 19, 99, 499)  # contracts; what is larger than the last has the digit 5
# Contracts over those that could close at most: open interest and what traded in the session before.
COVER_BOUNDS: Final = (0.002, 0.01, 0.05, 0.2, 0.5, 1.0)
DAY_BOUNDS: Final = (-1, 0, 7, 31, 92)  # calendar days; not known comes first


def chances(packets: Batch, is_synthetic: bool = False) -> dict[str, Column]:
    """Return p_open (in steps of 1e-4, -1 abstains), open_method and open_label of packets."""
    rows = {name: _longs(packets[name]) for name in READ}
    cell = cells(rows)
    found = np.where(is_judged(rows), _fitted()[cell], UNKNOWN)
    is_proven = is_all_opened(rows)
    method = np.where(is_proven, METHOD_PROVEN, np.where(found >= 0, METHOD_TABLE, 0))
    label = LABEL_SYNTHETIC if is_synthetic else LABEL_UNCALIBRATED
    return {
        "p_open": np.where(is_proven, 1.0, np.where(found >= 0, found / UNIT, ABSENT)),
        "open_method": method.astype(np.int32),
        "open_label": np.where(method == METHOD_TABLE, label, 0).astype(np.int32),
    }


def is_all_opened(rows: Mapping[str, Longs]) -> Flags:
    """Tell which packets are proven to have opened with all of their contracts, whatever their side."""
    is_proof = (rows["opening_basis"] == _PROVEN) & (rows["opened_min"] >= rows["size"])
    return np.asarray(is_proof & _is_alone(rows))


def is_judged(rows: Mapping[str, Longs]) -> Flags:
    """Tell which packets may have a chance from a table."""
    has_side = rows["side"] != SIDE.index("none")
    has_interest = (rows["open_interest"] >= 0) & np.isin(rows["opening_basis"], _BASES)
    return np.asarray(has_side & has_interest & _is_alone(rows))


def cells(rows: Mapping[str, Longs]) -> Longs:
    """Return the cell of each packet, six digits of base eight; `rows` has the columns of `READ`."""
    size = rows["size"]
    most = np.maximum(rows["open_interest"], 0) + np.maximum(rows["volume_before"], 0)
    digits = (
        np.maximum(_MAKE_OF_KIND[rows["kind"]], _MAKE_OF_FAMILY[rows["code_family"]]),
        relative(size, rows["displayed_size"]),
        np.searchsorted(COVER_BOUNDS, size / np.maximum(most, 0.5)),
        np.searchsorted(SIZE_BOUNDS, size),
        _PLACE_OF[rows["placement"]],
        np.searchsorted(DAY_BOUNDS, rows["days_to_expiry"]),
    )
    cell = np.zeros(len(size), np.int64)
    for digit in digits:
        cell = cell * BASE + digit
    return cell


def _is_alone(rows: Mapping[str, Longs]) -> Flags:
    """Tell which packets stand, with contracts of one series that are no leg of anything known."""
    is_packaged = np.isin(rows["kind"], _PACKAGED)
    return np.asarray(~is_packaged & (rows["size"] > 0) & (rows["status"] != _RETRACTED))


@lru_cache(maxsize=1)
def _fitted() -> Chances:
    """Return the chance of every cell in 1e-4, UNKNOWN where the table has no prefix of it."""
    return spread(parsed(opening_chance_table.TABLE))


def _longs(column: Column) -> Longs:
    assert not isinstance(column, pa.Array)
    return np.asarray(column, np.int64)
