"""The synthetic market at any start: equal chunks and truth; put and call that agree inside the spread."""

from __future__ import annotations

from functools import cache
from itertools import islice

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.feeds.synthetic import Labelled, SyntheticFeed
from connectors.feeds.synthetic_session import INPUTS, PREOPEN_S
from schemas.columns import Batch, is_text
from schemas.symbology import parse_contract

SHOWN_S = 312  # into the second block of five minutes
USD = 1_000_000_000
SYMBOLS = ["SPY", "NVDA", "AAPL", "KO"]


def feed(throttle_ms: int = 0) -> SyntheticFeed:
    return SyntheticFeed("quiet", 21, symbols=SYMBOLS, throttle_ms=throttle_ms)


@cache
def from_the_start(throttle_ms: int) -> tuple[Labelled, ...]:
    return tuple(islice(feed(throttle_ms).labelled_chunks(), PREOPEN_S + SHOWN_S))


def is_equal(one: Batch, other: Batch) -> bool:
    pairs = ((one[name], other[name]) for name in one.columns)
    return all(a.equals(b) if is_text(a) else np.array_equal(a, b) for a, b in pairs)


@settings(max_examples=5, deadline=None)
@given(
    start=st.integers(0, 40) | st.integers(PREOPEN_S + 295, PREOPEN_S + SHOWN_S - 3),
    throttle_ms=st.sampled_from([0, 700]),
)
def test_a_chunk_is_the_same_wherever_reading_began(start: int, throttle_ms: int) -> None:
    whole = from_the_start(throttle_ms)
    for one, other in zip(whole[start:], islice(feed(throttle_ms).labelled_chunks(start), 3), strict=False):
        assert one.chunk.upto_ts == other.chunk.upto_ts
        assert one.chunk.session == other.chunk.session
        assert one.chunk.notes == other.chunk.notes and one.chunk.gaps == other.chunk.gaps
        assert all(is_equal(one.chunk.batches[t], other.chunk.batches[t]) for t in INPUTS)
        assert all(np.array_equal(one.labels.rows[t], other.labels.rows[t]) for t in one.labels.rows)


@pytest.fixture(scope="module")
def standing() -> pl.DataFrame:
    """The last quote of each series after five minutes, with the stock's: middles and spreads in USD."""
    chunks = [labelled.chunk for labelled in from_the_start(0)]
    series = _last([c.batches["options.nbbo"] for c in chunks], "contract")
    stocks = _last([c.batches["equities.quotes"] for c in chunks], "underlying").rename(
        {"underlying": "root", "middle": "stock", "spread": "stock_spread"}
    )
    parsed = [parse_contract(name) for name in series["contract"].to_list()]
    named = series.with_columns(
        root=pl.Series([p.underlying for p in parsed]),
        expiry=pl.Series([p.expiry for p in parsed]),
        strike=pl.Series([p.strike / USD for p in parsed]),
        right=pl.Series([p.right for p in parsed]),
        is_adjusted=pl.Series([p.is_adjusted_suspected for p in parsed]),
    )
    return named.filter(~pl.col("is_adjusted")).join(stocks, on="root")


def _last(batches: list[Batch], key: str) -> pl.DataFrame:
    parts = [
        pl.DataFrame({key: b[key].to_pylist(), "bid": b["bid"] / USD, "ask": b["ask"] / USD})
        for b in batches
        if len(b)
    ]
    good = pl.concat(parts).filter((pl.col("bid") > 0) & (pl.col("ask") > pl.col("bid")))
    last = good.unique(key, keep="last", maintain_order=True)
    middle, spread = (pl.col("bid") + pl.col("ask")) / 2, pl.col("ask") - pl.col("bid")
    return last.select(key, middle=middle, spread=spread)


def test_call_minus_put_is_stock_minus_strike_inside_the_spreads(standing: pl.DataFrame) -> None:
    calls = standing.filter(pl.col("right") == 0)
    puts = standing.filter(pl.col("right") == 1).select(
        "root", "expiry", "strike", put="middle", put_spread="spread"
    )
    both = calls.join(puts, on=["root", "expiry", "strike"]).filter(pl.col("expiry") < 20260401)
    gap = (pl.col("middle") - pl.col("put") - pl.col("stock") + pl.col("strike")).abs()
    # Quotes stand since different moments, and carry of a month is about 0.4 % of the stock.
    room = pl.col("spread") + pl.col("put_spread") + pl.col("stock_spread") + 0.006 * pl.col("stock")
    judged = both.select(is_inside=gap <= room, gap=gap, spread="spread")
    assert judged.height > 30
    assert judged["is_inside"].mean() > 0.97  # type: ignore[operator]


def test_every_symbol_asked_for_is_quoted(standing: pl.DataFrame) -> None:
    assert set(standing["root"].to_list()) == set(SYMBOLS)
