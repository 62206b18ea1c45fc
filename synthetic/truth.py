"""What really happened, as tables: fills in the order of published rows, parents, packages, hidden inventory.

Owns their columns and words. Refuses to know where a row stands in a log: whoever numbered the rows adds
topic, partition and seq.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from synthetic.layout import (
    D_CONTRACT,
    D_END,
    D_PARENT,
    D_PRICE,
    D_SIDE,
    D_SIZE,
    D_START,
    D_SYMBOL,
    D_VENUE,
    FLAG_HIDDEN,
    FLAG_MIDPOINT,
    P_AGGRESSOR,
    P_CUSTOMER,
    P_FLAGS,
    P_OPEN_BUY,
    P_OPEN_SELL,
    P_ORDER,
    P_PACKAGE,
    P_PARENT,
    P_PURPOSE,
    P_RESTING,
    P_RESTING_PARENT,
    P_TS,
    PURPOSES,
    STYLES,
    T_END,
    T_ID,
    T_PACKAGE,
    T_PURPOSE,
    T_SIDE,
    T_SIZE,
    T_START,
    T_STYLE,
    T_SYMBOL,
    Matrix,
    Package,
)
from synthetic.tape_layout import S_STATE, STATES
from synthetic.tape_noise import Vector

WORD: Final = pa.dictionary(pa.int32(), pa.string())
SIDES: Final = ("sell", "none", "buy")  # by sign + 1
FILL_KEYS: Final = pa.schema([("topic", WORD), ("partition", pa.int32()), ("seq", pa.int64())])
FILLS: Final = pa.schema(
    [
        *FILL_KEYS,
        ("aggressor", WORD),
        ("customer", WORD),
        ("open_buy", pa.int64()),
        ("open_sell", pa.int64()),
        ("order_id", pa.int64()),
        ("resting_id", pa.int64()),
        ("parent_id", pa.int64()),
        ("resting_parent_id", pa.int64()),
        ("package_id", pa.int64()),
        ("purpose", WORD),
        ("is_hidden", pa.bool_()),
        ("is_midpoint", pa.bool_()),
        ("report", WORD),
        ("exact_ts", pa.int64()),
    ]
)
PARENTS: Final = pa.schema(
    [
        ("parent_id", pa.int64()),
        ("underlying", WORD),
        ("side", WORD),
        ("purpose", WORD),
        ("size_ordered", pa.int64()),
        ("start_ts", pa.int64()),
        ("end_ts", pa.int64()),
        ("style", WORD),
        ("package_id", pa.int64()),
    ]
)
PACKAGES: Final = pa.schema(
    [
        ("package_id", pa.int64()),
        ("underlying", WORD),
        ("class", pa.string()),
        ("legs", pa.string()),
        ("side", WORD),
        ("size", pa.int64()),
        ("net_price", pa.int64()),
        ("start_ts", pa.int64()),
        ("purpose", WORD),
    ]
)
HIDDEN: Final = pa.schema(
    [
        ("underlying", WORD),
        ("contract", WORD),
        ("side", WORD),
        ("venue", pa.string()),
        ("price", pa.int64()),
        ("size", pa.int64()),
        ("start_ts", pa.int64()),
        ("end_ts", pa.int64()),
        ("parent_id", pa.int64()),
    ]
)
SCHEMAS: Final = {"fills": FILLS, "parents": PARENTS, "packages": PACKAGES, "hidden": HIDDEN}


def fills(topic: str, partition: Vector, seq: Vector, rows: Matrix) -> pa.Table:
    """Return the truth of published prints that stand at (topic, partition, seq), in their order.

    Ids are -1 where there is none. `exact_ts` is the time of the match; a cancel, correction or repeat has
    the truth of the fill it is about, and `report` says what it is.
    """
    flags = rows[:, P_FLAGS]
    columns = [
        _words((topic,), np.zeros(len(rows), np.int64)),
        pa.array(partition.astype(np.int32)),
        pa.array(seq),
        _words(SIDES, rows[:, P_AGGRESSOR] + 1),
        _words(SIDES, rows[:, P_CUSTOMER] + 1),
        *(
            _plain(rows, column)
            for column in (
                P_OPEN_BUY,
                P_OPEN_SELL,
                P_ORDER,
                P_RESTING,
                P_PARENT,
                P_RESTING_PARENT,
                P_PACKAGE,
            )
        ),
        _words(PURPOSES, rows[:, P_PURPOSE]),
        pa.array(flags & FLAG_HIDDEN > 0),
        pa.array(flags & FLAG_MIDPOINT > 0),
        _words(STATES, rows[:, S_STATE]),
        _plain(rows, P_TS),
    ]
    return pa.Table.from_arrays(columns, schema=FILLS)


def parents(rows: Matrix, symbols: Sequence[str]) -> pa.Table:
    """Return what was wanted: sizes in contracts, or 1e-6 shares where a stock was wanted."""
    columns = [
        _plain(rows, T_ID),
        _words(symbols, rows[:, T_SYMBOL]),
        _words(SIDES, rows[:, T_SIDE] + 1),
        _words(PURPOSES, rows[:, T_PURPOSE]),
        _plain(rows, T_SIZE),
        _plain(rows, T_START),
        _plain(rows, T_END),
        _words(STYLES, rows[:, T_STYLE]),
        _plain(rows, T_PACKAGE),
    ]
    return pa.Table.from_arrays(columns, schema=PARENTS)


def packages(found: Sequence[Package], symbols: Sequence[str], series: Sequence[str]) -> pa.Table:
    """Return packages with their legs as JSON: pairs of series and signed ratio."""
    columns = [
        pa.array([p.package_id for p in found], pa.int64()),
        _words(symbols, np.array([p.symbol for p in found], np.int64)),
        pa.array([p.kind for p in found], pa.string()),
        pa.array([_legs(p, series) for p in found], pa.string()),
        _words(SIDES, np.array([p.side + 1 for p in found], np.int64)),
        pa.array([p.size for p in found], pa.int64()),
        pa.array([p.net_price for p in found], pa.int64()),
        pa.array([p.start_ts for p in found], pa.int64()),
        _words(PURPOSES, np.array([p.purpose for p in found], np.int64)),
    ]
    return pa.Table.from_arrays(columns, schema=PACKAGES)


def hidden(rows: Matrix, symbols: Sequence[str], series: Sequence[str]) -> pa.Table:
    """Return inventory that rests and does not show; `contract` is empty for a stock."""
    venues = [chr(v) if v > 0 else "" for v in rows[:, D_VENUE].tolist()]
    columns = [
        _words(symbols, rows[:, D_SYMBOL]),
        _words(("", *series), rows[:, D_CONTRACT] + 1),
        _words(SIDES, rows[:, D_SIDE] + 1),
        pa.array(venues, pa.string()),
        *(_plain(rows, column) for column in (D_PRICE, D_SIZE, D_START, D_END, D_PARENT)),
    ]
    return pa.Table.from_arrays(columns, schema=HIDDEN)


def _plain(rows: Matrix, column: int) -> pa.Array:
    return pa.array(np.ascontiguousarray(rows[:, column]))


def _words(words: Sequence[str], index: Vector) -> pa.DictionaryArray:
    """Return words by number; only those that occur are listed, in the order of their numbers."""
    distinct, place = np.unique(index, return_inverse=True)
    listed = pa.array([words[n] for n in distinct.tolist()], pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(place.astype(np.int32)), listed)


def _legs(package: Package, series: Sequence[str]) -> str:
    """Return JSON; names of series are letters, digits and spaces, which need no escapes."""
    legs = (f'["{series[contract]}",{ratio}]' for contract, ratio in package.legs)
    return f"[{','.join(legs)}]"
