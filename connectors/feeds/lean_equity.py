"""LEAN equity ticks: trades and quotes of one symbol and day, as columns.

Owns what the columns of those files mean. Pure: bytes in, columns out. Refuses rows without a
positive price and size, and quote rows that say nothing about either side.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from connectors.feeds.lean_rows import (
    NS_PER_MS,
    PRICE_SCALE,
    SHARE_SCALE,
    Day,
    Origin,
    Rows,
    Verdicts,
    finish,
)
from connectors.feeds.lean_table import Flags, Grammar, Ints, Table, read_table
from schemas.conditions import lean_bits
from schemas.fields import NO_PRICE

FINRA: Final = "D"
TRADE: Final = Grammar(
    (
        ("time", "whole"),
        ("price", "number"),
        ("size", "number"),
        ("exchange", "letters"),
        ("condition", "hex"),
        ("suspicious", "flag"),
    )
)
QUOTE: Final = Grammar(
    (
        ("time", "whole"),
        ("bid", "number"),
        ("bid_size", "number"),
        ("ask", "number"),
        ("ask_size", "number"),
        ("exchange", "letters"),
        ("condition", "hex"),
        ("suspicious", "flag"),
    )
)


def parse_trades(text: bytes, origin: Origin, day: Day) -> Rows:
    """Read the trades of a day. Official open and close prices are records like any other."""
    table = read_table([text], TRADE)
    verdicts = Verdicts(table)
    ms = table.column("time")
    price, size = table.column("price", PRICE_SCALE), table.column("size", SHARE_SCALE)
    verdicts.refuse(price <= 0, "the price of a trade is not above zero")
    verdicts.refuse(size <= 0, "the size of a trade is not above zero")
    verdicts.judge_time(ms, day.length_ms)
    venue = _text(table, "exchange")
    conditions = _text(table, "condition")
    columns = {
        "source_ts": day.midnight_ts + ms * NS_PER_MS,
        "price": price,
        "size": size,
        "venue": venue,
        "off_exchange": (table.frame.get_column("exchange") == FINRA).to_numpy(),
        "conditions": conditions,
        "condition_bits": lean_bits(conditions),
        "has_event_ts": False,
    }
    return finish(origin, verdicts, columns, day.midnight_ts)


def parse_quotes(text: bytes, origin: Origin, day: Day) -> Rows:
    """Read the quote rows of a day; each becomes the full NBBO after it.

    A row speaks of one side (the other stands as 0) or of both. A side that no row has spoken of
    is absent: price -1, size 0.
    """
    table = read_table([text], QUOTE)
    verdicts = Verdicts(table)
    ms = table.column("time")
    bid, ask = table.column("bid", PRICE_SCALE), table.column("ask", PRICE_SCALE)
    bid_size, ask_size = (
        table.column("bid_size", SHARE_SCALE),
        table.column("ask_size", SHARE_SCALE),
    )
    verdicts.refuse((bid < 0) | (ask < 0), "a price is negative")
    verdicts.refuse((bid_size < 0) | (ask_size < 0), "a size is negative")
    verdicts.refuse(
        ((bid == 0) & (bid_size > 0)) | ((ask == 0) & (ask_size > 0)),
        "a side has a size and no price",
    )
    verdicts.refuse((bid == 0) & (ask == 0), "neither side has a price")
    verdicts.judge_time(ms, day.length_ms)
    has_bid, has_ask = verdicts.good & (bid > 0), verdicts.good & (ask > 0)
    columns = {
        "source_ts": day.midnight_ts + ms * NS_PER_MS,
        "bid": fill_forward(bid, has_bid, NO_PRICE),
        "ask": fill_forward(ask, has_ask, NO_PRICE),
        "bid_size": fill_forward(bid_size, has_bid, 0),
        "ask_size": fill_forward(ask_size, has_ask, 0),
    }
    return finish(origin, verdicts, columns, day.midnight_ts)


def fill_forward(values: Ints, known: Flags, before: int) -> Ints:
    """Return the last known value at each row, `before` where there was none yet."""
    if len(values) == 0:
        return values
    last = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
    return np.where(last < 0, np.int64(before), values[last])


def _text(table: Table, name: str) -> pa.StringArray:
    return table.frame.get_column(name).cast(pl.String).to_arrow().cast(pa.string())
