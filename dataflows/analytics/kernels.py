"""Loads the compiled kernels of the core, compiling those that have changed.

Owns one release of one print and one quote through both cores and one record through the log, so that
a process waits for machine code before its first record and not at it.
"""

import numpy as np

from dataflows.analytics.equities import EquitiesCore
from dataflows.analytics.log import classify
from dataflows.analytics.options import OptionsCore
from dataflows.analytics.release import ROW_PRINT, ROW_QUOTE, ROW_SESSION, Release, Session
from schemas.columns import Batch, from_rows
from schemas.topics import TOPIC

START = 1_000_000_000_000_000_000


def _row(topic: str, **values: object) -> Batch:
    head = {"kind": "data", "seq": 0, "source_ts": START, "event_ts": START, "underlying": "X"}
    return from_rows(TOPIC[topic], [head | values])


def _release(prints: Batch, quotes: Batch) -> Release:
    late = np.zeros(1, np.bool_)
    order = np.array([ROW_SESSION, ROW_QUOTE, ROW_PRINT], np.int8)
    at = np.full(3, START, np.int64)
    session = Session("warm", START, START, START, 0, {"inputs": []})
    return Release(START + 10**12, (session,), prints, quotes, late, late, order, np.zeros(3, np.int64), at)


def load_kernels() -> None:
    """Run one print and one quote through each core and one record through the log."""
    contract = "X     300118C00100000"
    sides = {"bid": 10**9, "ask": 2 * 10**9}
    quotes = _row("options.nbbo", contract=contract, **sides, bid_size=1, ask_size=1)
    prints = _row(
        "options.prints", contract=contract, price=10**9, price_low=-1, price_high=-1, size=1,
        multiplier=100, venue="C", condition="I", is_bar=False,
    )  # fmt: skip
    OptionsCore().apply(_release(prints, quotes))
    quotes = _row("equities.quotes", **sides, bid_size=10**6, ask_size=10**6)
    prints = _row(
        "equities.prints", price=10**9, size=10**6, venue="N", off_exchange=False, conditions="",
        condition_bits=0, has_event_ts=False,
    )  # fmt: skip
    EquitiesCore().apply(_release(prints, quotes))
    for is_view in (True, False):  # a poll of one schema decodes to read-only views
        kind, column = np.zeros(1, np.int32), np.zeros(1, np.int64)
        column.flags.writeable = not is_view
        codes, longs = np.zeros(1, np.int8), np.zeros(4, np.int64)
        one = longs[:1].copy()
        classify(one, kind, column, column, codes, longs, codes, one, one, one)
