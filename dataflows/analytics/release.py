"""A release: what one shard may apply now, merged into one order.

Owns the shape handed to the kernels. Rows arrive in the order (effective time, topic rank, log position):
sessions before notes before prints before quotes, so the last applied quote is strictly older than the print.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import orjson

from schemas.columns import Batch

Longs: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Codes: TypeAlias = npt.NDArray[np.int8]

ROW_SESSION: Final = 0
ROW_PRINT: Final = 1
ROW_QUOTE: Final = 2
ROW_NOTE: Final = 3


@dataclass(frozen=True, slots=True)
class Session:
    """A trading session as the log states it; it drops standing quotes, volumes and bounds.

    Times in ns. `trf_window_ns` is how late a FINRA facility could report on that date.
    """

    name: str
    start_ts: int
    open_ts: int
    close_ts: int
    trf_window_ns: int
    detail: Mapping[str, Any]

    def to_plain(self) -> tuple[Any, ...]:
        """Return plain data for a snapshot; the detail as the JSON it came from."""
        times = (self.start_ts, self.open_ts, self.close_ts, self.trf_window_ns)
        return (self.name, *times, orjson.dumps(self.detail, option=orjson.OPT_SORT_KEYS).decode())

    @classmethod
    def from_plain(cls, plain: tuple[Any, ...]) -> "Session":
        """Return the session that `to_plain` wrote."""
        name, start_ts, open_ts, close_ts, trf_window_ns, detail = plain
        return cls(name, start_ts, open_ts, close_ts, trf_window_ns, orjson.loads(detail))


@dataclass(frozen=True, slots=True)
class Note:
    """A fact beside the tape: a record of `reference` that event time has reached at `at` (ns).

    `name` is one of schemas.kinds.REFERENCE_NAME; an empty `underlying` is about every one.
    """

    at: int
    source_ts: int
    name: str
    underlying: str
    detail: Mapping[str, Any]


def halts_quotes(note: Note) -> bool:
    """Tell whether a note says that nobody quotes its underlying any more."""
    return note.name == "status" and not note.detail.get("is_quoting", True)


@dataclass(frozen=True, slots=True)
class Release:
    """Prints and quotes of one market (options or equities) that a shard applies up to `watermark`.

    `row_kind` and `row` walk the merged order: a ROW_ constant and the index into sessions, prints,
    quotes or notes. `effective_ts` is the time of each step and never decreases; all are <= watermark and
    greater than the watermark of the release before. Rows that were at or below the frontier at their
    log position are flagged late and stand at that frontier + 1.
    """

    watermark: int
    sessions: tuple[Session, ...]
    prints: Batch
    quotes: Batch
    prints_late: Flags
    quotes_late: Flags
    row_kind: Codes
    row: Longs
    effective_ts: Longs
    notes: tuple[Note, ...] = ()
