"""LEAN files that are facts beside the tape: open interest of a morning, and the option chain of a day.

Owns what their columns mean and from when they are known. The open interest of a date is that of the
session before, stamped early on the date itself; a universe file holds values of its own day's end, so
it is known from the following session. Pure but for the universe, which is read as a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from connectors.cells import Cells, arrow
from connectors.feed import Note, Reject
from connectors.feeds.lean_option import contract_of
from connectors.feeds.lean_rows import NS_PER_MS, Day, Origin, Verdicts, describe
from connectors.feeds.lean_table import Grammar, read_table
from connectors.tabular import Layout, read_pieces
from schemas.symbology import parse_contracts

REFERENCE: Final = "reference"
SERIES_IN_A_NOTE: Final = 1_000  # a record of the log stays small, however many series there are
INTEREST: Final = Grammar((("time", "whole"), ("open_interest", "whole")))
UNIVERSE: Final = Layout(
    "a LEAN universe of options",
    ("expiry", "strike", "right", "close", "volume", "open_interest"),
    ("implied_volatility",),
)
_ENTRY_KIND: Final = re.compile(r"_openinterest_")


def open_interest(
    texts: Mapping[str, bytes], origin: Origin, day: Day, as_of: str
) -> tuple[list[Note], tuple[Reject, ...]]:
    """Return the open interest of all entries (series to text) as notes at the times they carry."""
    table = read_table(list(texts.values()), INTEREST)
    verdicts = Verdicts(table)
    names = [contract_of(_ENTRY_KIND.sub("_trade_", entry), origin.root) for entry in texts]
    is_series = np.array([name is not None for name in names], np.bool_)
    verdicts.refuse(~is_series[table.entry], "the name of the file entry is no option series")
    ms, count = table.column("time"), table.column("open_interest")
    verdicts.refuse(count < 0, "the open interest is negative")
    verdicts.judge_time(ms, day.length_ms)
    times = day.midnight_ts + ms * NS_PER_MS
    good = np.flatnonzero(verdicts.good).tolist()
    rows = [(int(times[r]), str(names[table.entry[r]]), int(count[r])) for r in good]
    notes = [
        Note("open_interest", origin.underlying, at, {"date": as_of, "contracts": dict(part)})
        for at, part in _grouped(rows)
    ]
    return notes, describe(origin, verdicts, times[verdicts.good], day.midnight_ts)


def _grouped(rows: Sequence[tuple[int, str, Any]]) -> Iterator[tuple[int, list[tuple[str, Any]]]]:
    """Yield rows (time, series, value) of one time together, at most a thousand series at once."""
    for at, group in groupby(sorted(rows, key=itemgetter(0, 1)), key=itemgetter(0)):
        while part := list(islice(group, SERIES_IN_A_NOTE)):
            yield at, [(name, value) for _, name, value in part]


def universe(path: Path, origin: Origin, as_of: str, known_ts: int) -> tuple[list[Note], tuple[Reject, ...]]:
    """Return the chain of a day: open interest, volume, close and implied volatility by series.

    The row without an expiry is the underlying's. Prices are 1e-9 USD; what the file leaves blank is
    null.
    """
    rows: list[tuple[int, str, Any]] = []
    rejects: list[Reject] = []
    close: int | None = None
    for piece in read_pieces(path, origin.path, UNIVERSE):
        cells = Cells(piece)
        is_underlying = (cells.text("expiry") == "").to_numpy()
        found, closes = _chain(cells, origin.root, is_underlying)
        rows += [(known_ts, name, values) for name, values in found]
        close = closes[0] if closes else close
        times = np.full(int(cells.good.sum()), known_ts)
        rejects += cells.rejects(REFERENCE, origin.underlying, times)
    head = {"date": as_of, "underlying_close": close}
    notes = [
        Note("universe", origin.underlying, at, {**head, "contracts": dict(part)})
        for at, part in _grouped(rows)
    ]
    return notes, tuple(replace(r, source_ts=known_ts) for r in rejects)


def _chain(cells: Cells, root: str, is_underlying: Any) -> tuple[list[tuple[str, Any]], list[int]]:
    close = cells.price("close", -1)
    counts = {name: cells.whole(name, -1) for name in ("open_interest", "volume")}
    volatility = cells.scaled("implied_volatility", 10**7, -1)
    expiry, strike, right = (cells.text(name) for name in ("expiry", "strike", "right"))
    date = expiry.str.slice(0, 4) + "-" + expiry.str.slice(4, 2) + "-" + expiry.str.slice(6)
    text = pl.select(pl.concat_str([pl.lit(root), date, strike, right], separator="-")).to_series()
    series = parse_contracts(arrow(text))
    reasons = pl.Series(series.reason.to_pylist(), dtype=pl.String)
    for reason in reasons.unique().to_list():
        wrong = (reasons == reason).to_numpy() & ~is_underlying
        if reason:
            cells.refuse_shown(wrong, f"the series {{}}: {reason}", text)
    names = series.contract.to_pylist()
    closes = [int(close[r]) for r in np.flatnonzero(cells.good & is_underlying).tolist()]
    found = [
        (
            names[r],
            {
                "close": _or_none(close[r]),
                "implied_volatility": None if volatility[r] < 0 else int(volatility[r]) / 10**7,
                **{name: _or_none(values[r]) for name, values in counts.items()},
            },
        )
        for r in np.flatnonzero(cells.good & ~is_underlying).tolist()
    ]
    return found, closes


def _or_none(value: Any) -> int | None:
    return None if value < 0 else int(value)
