"""The plain rules against PyPI `tclf` (constant strategy), row for row: random columns and recorded tapes.

tclf compares with a tolerance and in floats; the rules depend on differences alone. So it is given whole
numbers of the smallest unit, less the bid of the row: there its tolerance is below one unit and its middle
and its bands are exact.
"""

from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tclf.classical_classifier import ClassicalClassifier

from connectors.feeds.lean import LeanFeed
from connectors.memory_log import raw_log
from dataflows.analytics.shard import Shard
from dataflows.analytics.side import STACKS, Columns, Longs, Quote, no_quote, stack
from dataflows.analytics.side_ticks import last_different, new_ticks, ticks
from schemas.columns import Batch, concat
from schemas.kinds import PRINT_STATUS

DATA: Final = Path(__file__).parents[3] / "shared" / "data"
REACH: Final = 90_000  # units beyond which the relative tolerance of tclf (1e-5) would be a unit
SIZE: Final = "trade_size"
THEIRS: Final[dict[str, list[tuple[str, str]]]] = {
    "quote": [("quote", "best")],
    "tick": [("tick", "all")],
    "reverse_tick": [("rev_tick", "all")],
    "lee_ready": [("lr", "best")],
    "reverse_lee_ready": [("rev_lr", "best")],
    "emo": [("emo", "best")],
    "reverse_emo": [("rev_emo", "best")],
    "clnv": [("clnv", "best")],
    "reverse_clnv": [("rev_clnv", "best")],
    "trade_size": [(SIZE, "best")],
    "trade_size_venue": [(SIZE, "ex")],
    "depth": [("depth", "best")],
    "gsu_small": [("quote", "best"), ("quote", "ex"), ("rev_tick", "all")],
    "gsu_small_live": [("quote", "best"), ("quote", "ex")],
    "gsu_large": [
        (SIZE, "ex"),
        ("quote", "best"),
        ("quote", "ex"),
        ("depth", "best"),
        ("depth", "ex"),
        ("rev_tick", "all"),
    ],
    "gsu_large_live": [
        (SIZE, "ex"),
        ("quote", "best"),
        ("quote", "ex"),
        ("depth", "best"),
        ("depth", "ex"),
    ],
    "size_best": [(SIZE, "best"), ("quote", "best"), ("depth", "best")],
}


def theirs(columns: Columns, layers: list[tuple[str, str]]) -> Any:
    """Return what tclf says of the same columns, absent values as NaN, unclassified as 0."""
    has_bid = columns.best.bid >= 0
    shift = np.where(has_bid, columns.best.bid, columns.price)

    def price(values: Longs) -> Any:
        return np.where(values >= 0, values - shift, np.nan)

    def size(values: Longs) -> Any:
        return np.where(values >= 0, values, np.nan)

    named = {"trade_price": price(columns.price), "trade_size": size(columns.size)}
    for subset, q in (("best", columns.best), ("ex", columns.venue)):
        named |= {f"bid_{subset}": price(q.bid), f"ask_{subset}": price(q.ask)}
        named |= {f"bid_size_{subset}": size(q.bid_size), f"ask_size_{subset}": size(q.ask_size)}
    for subset in ("all", "best"):
        named[f"price_{subset}_lag"] = price(columns.last_price)
        named[f"price_{subset}_lead"] = price(columns.next_price)
    table = np.column_stack(list(named.values()))
    classifier = ClassicalClassifier(layers=layers, features=list(named), strategy="const")
    return classifier.fit(table).predict(table).astype(np.int8)


def compare(columns: Columns) -> None:
    """Compare every stack on every row."""
    assert THEIRS.keys() == STACKS.keys()
    for name, layers in THEIRS.items():
        ours, other = stack(STACKS[name], columns).side, theirs(columns, layers)
        wrong = np.flatnonzero(ours != other)
        assert not len(wrong), (name, [[c[i] for c in columns[:2]] for i in wrong[:3]], ours[wrong[:3]])


PRICES = st.integers(-1, 14)
SIZES = st.integers(-1, 4)
ROW = st.tuples(st.integers(0, 14), st.integers(0, 4), *[PRICES, PRICES, SIZES, SIZES] * 2, PRICES, PRICES)


@settings(max_examples=40, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=60))
def test_every_stack_equals_tclf_on_random_rows(rows: list[tuple[int, ...]]) -> None:
    compare(columns_of(np.array(rows, np.int64)))


def columns_of(t: Longs) -> Columns:
    best, venue = (Quote(*(t[:, k].copy() for k in range(j, j + 4))) for j in (2, 6))
    return Columns(t[:, 0].copy(), t[:, 1].copy(), best, venue, t[:, 10].copy(), t[:, 11].copy())


def test_every_stack_equals_tclf_on_every_small_case() -> None:
    """All of price, bid and ask in a small range: absent, zero, locked, crossed and one-sided quotes."""
    price, bid, ask, near = np.meshgrid(np.arange(12), np.arange(-1, 12), np.arange(-1, 12), np.arange(-1, 3))
    n, rng = price.size, np.random.default_rng(5)
    sizes = rng.integers(-1, 3, (4, n))
    other = rng.integers(-1, 12, (4, n))
    best = Quote(bid.ravel(), ask.ravel(), sizes[0], sizes[1])
    venue = Quote(other[0], other[1], sizes[2], sizes[3])
    compare(Columns(price.ravel(), near.ravel() + 1, best, venue, other[2], other[3]))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=40), st.integers(0, 40))
def test_last_and_next_different_price(prints: list[tuple[int, int]], cut: int) -> None:
    """As a search backwards and forwards finds them, and over a cut with the state carried."""
    instrument = np.array([p[0] for p in prints], np.int64)
    price = np.array([p[1] for p in prints], np.int64)
    before, after = ticks(instrument, price)
    for i, (k, p) in enumerate(prints):
        earlier = [q for j, q in reversed(prints[:i]) if j == k and q != p]
        later = [q for j, q in prints[i + 1 :] if j == k and q != p]
        assert before[i] == (earlier[0] if earlier else -1)
        assert after[i] == (later[0] if later else -1)
    state, again = new_ticks(4), np.empty(len(prints), np.int64)
    last_different(state, instrument[:cut], price[:cut], again[:cut])
    last_different(state, instrument[cut:], price[cut:], again[cut:])
    np.testing.assert_array_equal(again, before)


@cache
def ibm_joins() -> Batch:
    """The first hours of a recorded day, through the core: each print beside its quote."""
    logs = raw_log(LeanFeed(DATA / "lean", ["IBM"], ["2013-10-07"]), 3)
    shard = Shard(
        next(k for (topic, k), rows in logs.items() if topic == "equities.prints" and len(rows) > 99)
    )
    for (topic, k), rows in logs.items():
        if k == shard.partition:
            shard.take(topic, rows, np.arange(len(rows), dtype=np.int64))
    found = []
    while not shard.is_ended:
        found += [b for t, b in shard.advance().items() if t == "equities.joins"]
    joins = concat(found)
    return joins.take(np.flatnonzero(joins["status"] == PRINT_STATUS.index("ok")))


def test_every_stack_equals_tclf_on_recorded_ticks() -> None:
    if not (DATA / "lean").is_dir():
        pytest.skip("the LEAN recordings are not beside the repository")
    rows = ibm_joins()
    cent = 10**7
    price = rows["price"] // cent
    assert (rows["price"] % cent == 0).all() and len(price) > 5_000
    best = Quote(*(np.where(rows[n] > 0, rows[n] // cent, -1) for n in ("bid", "ask")), *sizes_of(rows))
    kept = Columns(price, rows["size"] // 10**6, best, no_quote(len(price)), *ticks(price * 0, price))
    compare(kept)
    assert 0.2 < np.mean(stack(STACKS["quote"], kept).side == 1) < 0.6


def sizes_of(rows: Batch) -> list[Longs]:
    return [np.where(rows[n] >= 0, rows[n] // 10**6, -1) for n in ("bid_size", "ask_size")]


def test_every_stack_equals_tclf_on_recorded_taq() -> None:
    """Sub-penny prints against the listing exchange's own quotes, strictly before."""
    if not (DATA / "taq").is_dir():
        pytest.skip("the TAQ recording is not beside the repository")
    trades = pl.read_parquet(DATA / "taq" / "sampleTDataRaw.parquet").with_row_index("row").sort("DT", "row")
    quotes = pl.read_parquet(DATA / "taq" / "sampleQDataRaw.parquet").filter(pl.col("EX") == "N").sort("DT")
    joined = trades.join_asof(
        quotes.select("DT", "BID", "OFR", "BIDSIZ", "OFRSIZ"),
        on="DT",
        strategy="backward",
        allow_exact_matches=False,
    )

    def whole(name: str, scale: int) -> Longs:
        scaled = (joined[name].cast(pl.Float64) * scale).round().fill_null(-1)
        return scaled.cast(pl.Int64).to_numpy().copy()

    bid, ask = (np.where(v > 0, v, -1) for v in (whole("BID", 10**4), whole("OFR", 10**4)))
    best = Quote(bid, ask, whole("BIDSIZ", 100), whole("OFRSIZ", 100))
    price = whole("PRICE", 10**4)
    last, later = ticks(np.zeros(len(price), np.int64), price)
    columns = Columns(price, whole("SIZE", 1), best, no_quote(len(price)), last, later)
    spread = np.where((bid >= 0) & (ask >= 0), np.abs(ask - bid), 0)
    assert spread.max() < REACH and len(price) > 70_000
    compare(columns)
    assert len(np.unique(stack(STACKS["lee_ready"], columns).side)) == 3
