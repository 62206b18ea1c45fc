"""Equity prints of a release in merged order, with what their conditions let them do.

Owns the status of a print and the columns of `equities.joins`. Refuses to let an official price, which is
no trade, or the cancel or correction of a trade count as one; it stays in the table with its status.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dataflows.analytics import equities_joins as joins
from dataflows.analytics.equities_state import Names
from dataflows.analytics.release import ROW_PRINT, Flags, Longs, Release
from schemas import conditions
from schemas.columns import Batch, Column
from schemas.kinds import PRINT_REPORT, PRINT_STATUS
from schemas.topics import TOPIC

STATUS_OK: Final = PRINT_STATUS.index("ok")
STATUS_LATE: Final = PRINT_STATUS.index("late")
STATUS_REPORT_LATE: Final = PRINT_STATUS.index("report_late")
STATUS_NO_TRADE: Final = PRINT_STATUS.index("no_trade")
STATUS_CANCELLED: Final = PRINT_STATUS.index("cancelled")
REPORT_TRADE: Final = PRINT_REPORT.index("trade")

_PASSED: Final = (
    "underlying",
    "source_ts",
    "event_ts",
    "price",
    "size",
    "venue",
    "off_exchange",
    "conditions",
    "condition_bits",
)
_LONGS: Final = {
    "notional": joins.MONEY,
    "quote_ts": joins.QUOTE_TS,
    "quote_seq": joins.QUOTE_SEQ,
    "bid": joins.J_BID,
    "ask": joins.J_ASK,
    "bid_size": joins.J_BID_SIZE,
    "ask_size": joins.J_ASK_SIZE,
    "quote_age_ns": joins.AGE,
}
_CODES: Final = {"quote_state": joins.STATE, "placement": joins.PLACE, "quote_source": joins.SOURCE}


@dataclass(frozen=True, slots=True)
class Eligible:
    """Which figures a print may update; all false for what is no trade."""

    volume: Flags
    high_low: Flags
    last: Flags


@dataclass(frozen=True, slots=True)
class View:
    """The prints of a release in merged order and their derived columns."""

    rows: Batch
    uid: Longs
    effective_ts: Longs
    is_late: Flags
    status: npt.NDArray[np.int32]
    eligible: Eligible
    is_candidate: Flags


def view_prints(release: Release, names: Names) -> View:
    """Return the prints of a release in merged order."""
    is_print = release.row_kind == ROW_PRINT
    index = release.row[is_print]
    rows, late = release.prints, release.prints_late
    if (index != np.arange(len(rows))).any():
        rows, late = rows.take(index), late[index]
    bits = rows["condition_bits"]
    status = _status(bits, late)
    status[rows["report"] != REPORT_TRADE] = STATUS_CANCELLED
    may_be_block = rows["off_exchange"] & (status == STATUS_OK) & ~conditions.is_price_not_current(bits)
    return View(
        rows,
        names.ids(rows["underlying"]),
        release.effective_ts[is_print],
        late,
        status,
        _eligible(bits, status),
        may_be_block,
    )


def _status(bits: Longs, late: Flags) -> npt.NDArray[np.int32]:
    """No trade outweighs late at the log, which outweighs reported late."""
    status = np.where(conditions.is_report_late(bits), STATUS_REPORT_LATE, STATUS_OK)
    status = np.where(late, STATUS_LATE, status)
    return np.where(conditions.is_no_trade(bits), STATUS_NO_TRADE, status).astype(np.int32)


def _eligible(bits: Longs, status: npt.NDArray[np.int32]) -> Eligible:
    is_trade = (status != STATUS_NO_TRADE) & (status != STATUS_CANCELLED)
    return Eligible(
        conditions.updates_volume(bits) & is_trade,
        conditions.updates_high_low(bits) & is_trade,
        conditions.updates_last(bits) & is_trade,
    )


def join_batch(view: View, out: Longs) -> Batch:
    """Return the rows of `equities.joins`: what passes through, and what the walk wrote."""
    p = view.rows
    columns: dict[str, Column] = {name: p[name] for name in _PASSED}
    columns |= {name: np.ascontiguousarray(out[:, field]) for name, field in _LONGS.items()}
    columns |= {name: out[:, field].astype(np.int32) for name, field in _CODES.items()}
    columns |= _flags(view, out)
    columns["seq"] = np.zeros(len(p), np.int64)
    columns["emit_ts"] = view.effective_ts
    columns["print_seq"] = p["seq"]
    columns["status"] = view.status
    topic = TOPIC["equities.joins"]
    return Batch(topic, {name: columns[name] for name in topic.field_names})


def _flags(view: View, out: Longs) -> dict[str, Any]:
    return {
        "updates_volume": view.eligible.volume,
        "updates_high_low": view.eligible.high_low,
        "updates_last": view.eligible.last,
        "is_placement_stable": out[:, joins.STABLE].astype(np.bool_),
    }
