"""The stock beside its options: strictly before, ended by sessions, the same however the log is cut."""

from typing import Any

import numpy as np
import pytest

from dataflows.analytics.release import ROW_PRINT, ROW_QUOTE, ROW_SESSION, Release, Session
from dataflows.analytics.stock import MARKED, TIED, Stock
from schemas.columns import from_rows
from schemas.topics import TOPIC

HEAD = {"kind": "data", "event_ts": 1}


def release(steps: list[tuple[int, int, dict[str, Any]]], watermark: int) -> Release:
    """Return a release of (time, row kind, values), sessions being given without values."""
    steps = sorted(steps, key=lambda s: (s[0], s[1]))
    of = {k: [s for s in steps if s[1] == k] for k in (ROW_SESSION, ROW_PRINT, ROW_QUOTE)}
    seen = dict.fromkeys(of, 0)
    rows = []
    for _, kind, _ in steps:
        rows.append(seen[kind])
        seen[kind] += 1
    quotes = [
        HEAD | {"seq": n, "source_ts": t, "underlying": v["u"], "bid": v["bid"], "ask": v["bid"] + 1}
        | {"bid_size": 1, "ask_size": 1}
        for n, (t, _, v) in enumerate(of[ROW_QUOTE])
    ]  # fmt: skip
    prints = [
        HEAD | {"seq": v["seq"], "source_ts": t, "underlying": v["u"], "price": 5, "size": 7, "venue": "D"}
        | {"off_exchange": True, "conditions": "", "condition_bits": v["bits"], "has_event_ts": False}
        for t, _, v in of[ROW_PRINT]
    ]  # fmt: skip
    no = np.zeros(max(len(prints), len(quotes), 1), np.bool_)
    return Release(
        watermark,
        tuple(Session("s", t, t, t + 10**12, 0, {}) for t, _, _ in of[ROW_SESSION]),
        from_rows(TOPIC["equities.prints"], prints),
        from_rows(TOPIC["equities.quotes"], quotes),
        no[: len(prints)],
        no[: len(quotes)],
        np.array([k for _, k, _ in steps], np.int8),
        np.array(rows, np.int64),
        np.array([t for t, _, _ in steps], np.int64),
    )


def quote(ts: int, underlying: str, bid: int) -> tuple[int, int, dict[str, Any]]:
    return ts, ROW_QUOTE, {"u": underlying, "bid": bid}


STEPS = [
    quote(10, "A", 100),
    quote(20, "A", 200),
    quote(20, "B", 900),
    (25, ROW_SESSION, {}),
    quote(30, "A", 300),
]


@pytest.mark.parametrize("cuts", [(40,), (15, 40), (10, 20, 25, 29, 40)])
def test_quotes_before_a_time_do_not_depend_on_the_cut(cuts: tuple[int, ...]) -> None:
    asked = {11: 100, 20: 100, 21: 200, 25: -1, 28: -1, 30: -1, 31: 300, 40: 300}
    stock, done = Stock(), 0
    found: dict[int, int] = {}
    for cut in cuts:
        stock = Stock.restore(stock.snapshot())
        stock.take(release([s for s in STEPS if done < s[0] <= cut], cut))
        mine = [t for t in asked if done < t <= cut]
        bids = stock.quote_before(["A"] * len(mine), np.array(mine, np.int64)).bid.tolist()
        found |= dict(zip(mine, bids, strict=True))
        stock.end_release()
        done = cut
    assert found == asked


def test_rows_of_several_underlyings_are_answered_in_their_order() -> None:
    stock = Stock()
    stock.take(release(STEPS[:3], 24))
    found = stock.quote_before(["B", "A", "none", "B"], np.array([21, 21, 21, 20], np.int64))
    assert found.bid.tolist() == [900, 200, -1, -1]
    assert found.ts.tolist() == [20, 20, -1, -1]


def test_only_tied_prints_are_marked_and_the_oldest_make_room() -> None:
    stock = Stock()
    steps = [(t, ROW_PRINT, {"u": "A", "seq": t, "bits": TIED if t % 2 else 0}) for t in range(1, 301)]
    stock.take(release(steps, 300))
    assert stock.marked("A", 100, 105).seq.tolist() == [101, 103, 105]
    stock.end_release()
    kept = stock.marked("A", 0, 300).seq.tolist()
    assert len(kept) == MARKED and kept[-1] == 299
