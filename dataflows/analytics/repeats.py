"""Trades that a vendor sent twice, told by the vendor's own name of the trade.

Owns the names of the last `WINDOW` prints of one topic and shard. Only equal names of one series or stock,
venue and day are a repeat; equal content never is. Refuses to remember more: a repeat that comes later than
that many prints is taken for a trade.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dataflows.analytics.release import Flags, Longs
from schemas.columns import Batch
from schemas.kinds import PRINT_REPORT

WINDOW: Final = 8192
DAY_NS: Final = 86_400_000_000_000
_TRADE: Final = PRINT_REPORT.index("trade")


class Repeats:
    """The names of the newest prints, in the order in which event time released them."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        self._order = deque(names, WINDOW)
        self._known = set(names)

    def snapshot(self) -> tuple[str, ...]:
        """Return plain data from which another one continues."""
        return tuple(self._order)

    def find(self, prints: Batch) -> Flags:
        """Tell which prints repeat an earlier one, and remember the others. Unnamed prints never do."""
        found: npt.NDArray[np.bool_] = np.zeros(len(prints), np.bool_)
        order, known = self._order, self._known
        for row, name in _names(prints):
            if name in known:
                found[row] = True
                continue
            if len(order) == WINDOW:
                known.discard(order[0])
            order.append(name)
            known.add(name)
        return found


def _names(prints: Batch) -> Any:
    """Return (row, name) pairs of the trades that have a name, in the order of the rows."""
    named = pc.not_equal(prints["trade_id"], "").to_numpy(zero_copy_only=False)
    rows: Longs = np.flatnonzero(named & (prints["report"] == _TRADE))
    if not len(rows):
        return ()
    series = prints["contract" if "contract" in prints.columns else "underlying"]
    days = pa.array(prints["source_ts"][rows] // DAY_NS).cast(pa.string())
    index = pa.array(rows)
    parts = (prints["trade_id"].take(index), prints["venue"].take(index), series.take(index), days)
    joined = pc.binary_join_element_wise(*parts, "\x1f")
    return zip(rows.tolist(), joined.to_pylist(), strict=True)
