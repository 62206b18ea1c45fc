"""Loads the compiled kernels of the core, compiling those that have changed.

Owns one release of some prints and quotes through both cores and one record through the log, so that a
process waits for machine code before its first record and not at it. Every kernel of a stage runs here.
"""

from typing import Any

import numpy as np

from dataflows.analytics.equities import EquitiesCore
from dataflows.analytics.log import classify
from dataflows.analytics.options import OptionsCore
from dataflows.analytics.release import ROW_NOTE, ROW_PRINT, ROW_QUOTE, ROW_SESSION, Note, Release, Session
from schemas.columns import Batch, from_rows
from schemas.topics import TOPIC

START = 1_000_000_000_000_000_000
SERIES = ("X     300118C00100000", "X     300118C00110000", "X     300118P00100000")


def _rows(topic: str, rows: list[dict[str, Any]]) -> Batch:
    head = {"kind": "data", "source_ts": START, "event_ts": START, "underlying": "X"}
    return from_rows(TOPIC[topic], [head | {"seq": n} | row for n, row in enumerate(rows)])


def _release(prints: Batch, quotes: Batch) -> Release:
    """Return a session, a note, then every quote and every print."""
    late = np.zeros(max(len(prints), len(quotes)), np.bool_)
    counts = [1, 1, len(quotes), len(prints)]
    order = np.repeat(np.array([ROW_SESSION, ROW_NOTE, ROW_QUOTE, ROW_PRINT], np.int8), counts)
    rows = np.concatenate([np.arange(n) for n in counts])
    detail: dict[str, Any] = {"inputs": [], "is_synthetic": True, "capabilities": {"complete_volume": True}}
    session = Session("2001-09-09", START, START, START, 0, detail)
    interest = Note(START, START, "open_interest", "X", {"contracts": dict.fromkeys(SERIES, 1)})
    at = np.full(len(order), START, np.int64)
    marks = late[: len(prints)], late[: len(quotes)]
    return Release(START + 10**12, (session,), prints, quotes, *marks, order, rows, at, (interest,))


def _option_prints() -> Batch:
    """Return a sweep, a split, a package and a leg alone, a cancel, and a print that it takes back."""
    plain = {"price": 10**9, "price_low": -1, "price_high": -1, "size": 5, "multiplier": 100, "is_bar": False}
    made = [(0, "C", "I"), (0, "A", "S"), (0, "C", "I"), (1, "C", "f"), (2, "C", "f"), (2, "A", "j")]
    made += [(1, "C", "a"), (1, "C", "c"), (1, "C", "e"), (2, "C", "I"), (2, "C", "C")]
    rows = [plain | {"contract": SERIES[n], "venue": v, "condition": c} for n, v, c in made]
    return _rows("options.prints", rows)


def load_kernels() -> None:
    """Run some prints and quotes through each core and one record through the log."""
    sides = {"bid": 10**9, "ask": 2 * 10**9}
    quotes = _rows("options.nbbo", [sides | {"contract": c, "bid_size": 1, "ask_size": 1} for c in SERIES])
    OptionsCore().apply(_release(_option_prints(), quotes))
    quotes = _rows("equities.quotes", [sides | {"bid_size": 10**6, "ask_size": 10**6}])
    print_ = {"price": 10**9, "size": 10**6, "venue": "N", "off_exchange": False, "conditions": ""}
    prints = _rows("equities.prints", [print_ | {"condition_bits": 0, "has_event_ts": False}])
    EquitiesCore().apply(_release(prints, quotes))
    for is_view in (True, False):  # a poll of one schema decodes to read-only views
        kind, column = np.zeros(1, np.int32), np.zeros(1, np.int64)
        column.flags.writeable = not is_view
        codes, longs = np.zeros(1, np.int8), np.zeros(4, np.int64)
        one = longs[:1].copy()
        classify(one, kind, column, column, codes, longs, codes, one, one, one)
