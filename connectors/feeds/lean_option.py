"""LEAN option minute bars: trade and quote bars of all series of an underlying and day, as columns.

Owns what those files mean: a trade bar is one record marked as a bar, a quote row one NBBO record of
its closes, both stamped at the bar's end, when they are first known. Pure: bytes in, columns out.
Refuses bars whose close lies outside their range, and entries whose name is no option series.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa

from connectors.feeds.lean_rows import NS_PER_MS, PRICE_SCALE, Day, Origin, Rows, Verdicts, finish
from connectors.feeds.lean_table import Grammar, Ints, Table, read_table
from schemas.columns import Batch
from schemas.fields import NO_PRICE
from schemas.symbology import Unreadable, parse_contract

BAR_MS: Final = 60_000
MULTIPLIER: Final = 100
_SIDES: Final = ("open", "high", "low", "close")
TRADE: Final = Grammar((("time", "whole"), *((s, "number") for s in _SIDES), ("volume", "whole")))
QUOTE: Final = Grammar(
    (
        ("time", "whole"),
        *((f"bid_{s}", "number?") for s in _SIDES),
        ("bid_size", "whole?"),
        *((f"ask_{s}", "number?") for s in _SIDES),
        ("ask_size", "whole?"),
    )
)
_ENTRY: Final = re.compile(
    r"[0-9]{8}_[a-z0-9.]+_minute_(?:trade|quote)_(?:american|european)_(call|put)_([0-9]{1,11})_(20[0-9]{6})\.csv"
)


def contract_of(entry: str, root: str) -> str | None:
    """Return the 21 characters of the series an entry is named for, or None where it names none."""
    found = _ENTRY.fullmatch(entry)
    if found is None:
        return None
    right, strike_e4, expiry = found[1], int(found[2]), found[3]
    letter = "C" if right == "call" else "P"
    if strike_e4 % 10:
        return None
    try:
        return parse_contract(f"{root:<6}{expiry[2:]}{letter}{strike_e4 // 10:08}").contract
    except Unreadable:
        return None


def parse_trades(texts: Mapping[str, bytes], origin: Origin, day: Day) -> Rows:
    """Read the trade bars of all entries (name to text) into `options.prints`."""
    table, verdicts, ms, contracts = _open(texts, origin, TRADE, day)
    opened, high, low, close = (table.column(s, PRICE_SCALE) for s in _SIDES)
    volume = table.column("volume")
    verdicts.refuse(low <= 0, "a price of a trade bar is not above zero")
    verdicts.refuse(volume <= 0, "the volume of a trade bar is not above zero")
    outside = (np.minimum(opened, close) < low) | (np.maximum(opened, close) > high)
    verdicts.refuse(outside, "open or close lies outside the range of the bar")
    columns = {
        "source_ts": day.midnight_ts + (ms + BAR_MS) * NS_PER_MS,
        "contract": contracts,
        "price": close,
        "price_low": low,
        "price_high": high,
        "size": volume,
        "multiplier": MULTIPLIER,
        "venue": "",
        "condition": "",
        "is_bar": True,
    }
    return _by_time(finish(origin, verdicts, columns, day.midnight_ts))


def parse_quotes(texts: Mapping[str, bytes], origin: Origin, day: Day) -> Rows:
    """Read the quote bars of all entries (name to text) into `options.nbbo`."""
    table, verdicts, ms, contracts = _open(texts, origin, QUOTE, day)
    columns = {
        "source_ts": day.midnight_ts + (ms + BAR_MS) * NS_PER_MS,
        "contract": contracts,
        **_side(table, verdicts, "bid"),
        **_side(table, verdicts, "ask"),
    }
    return _by_time(finish(origin, verdicts, columns, day.midnight_ts))


def _open(
    texts: Mapping[str, bytes], origin: Origin, grammar: Grammar, day: Day
) -> tuple[Table, Verdicts, Ints, pa.StringArray]:
    table = read_table(list(texts.values()), grammar)
    verdicts = Verdicts(table)
    names = [contract_of(entry, origin.root) for entry in texts]
    is_series = np.array([name is not None for name in names], np.bool_)
    verdicts.refuse(~is_series[table.entry], "the name of the file entry is no option series")
    ms = table.column("time")
    # A bar is known at its end, which has to lie in the same day as its start.
    verdicts.judge_time(ms, day.length_ms - BAR_MS)
    contracts = pa.array([name or "" for name in names], pa.string()).take(pa.array(table.entry))
    return table, verdicts, ms, contracts


def _side(table: Table, verdicts: Verdicts, side: str) -> dict[str, Ints]:
    names = [f"{side}_{s}" for s in _SIDES]
    blanks = np.sum([table.is_blank(n) for n in names], axis=0)
    verdicts.refuse((blanks != 0) & (blanks != len(names)), f"the {side} has some prices only")
    is_absent = blanks != 0
    opened, high, low, close = (table.column(n, PRICE_SCALE) for n in names)
    size = table.column(f"{side}_size")
    verdicts.refuse(~is_absent & (low < 0), f"the {side} is negative")
    verdicts.refuse(~is_absent & (size < 0), f"the size of the {side} is negative or missing")
    outside = (np.minimum(opened, close) < low) | (np.maximum(opened, close) > high)
    verdicts.refuse(~is_absent & outside, f"open or close of the {side} lies outside its range")
    return {
        side: np.where(is_absent, np.int64(NO_PRICE), close),
        f"{side}_size": np.where(is_absent, np.int64(0), size),
    }


def _by_time(rows: Rows) -> Rows:
    """Order the rows of all series by time, then by contract; ties keep the order of the file."""
    batch: Batch = rows.batch
    codes = _codes(batch["contract"])
    order = np.lexsort((codes, batch["source_ts"]))
    return replace(rows, batch=batch.take(order))


def _codes(texts: pa.StringArray) -> Ints:
    """Return the rank of each text among the distinct ones."""
    coded = texts.dictionary_encode()
    names: Sequence[str] = coded.dictionary.to_pylist()
    rank = np.empty(len(names), np.int64)
    rank[np.argsort(np.array(names, dtype=np.str_), kind="stable")] = np.arange(len(names))
    return rank[coded.indices.to_numpy()] if len(names) else np.empty(0, np.int64)
