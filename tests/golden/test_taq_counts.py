"""Two recorded days of TAQ through the feed, against polars and the published counts."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
import pytest

from connectors.feed import Chunk
from connectors.feeds import taq
from connectors.table_feed import InputFile, Wanted
from schemas.columns import Batch, concat, to_rows
from schemas.conditions import BIT, names_of

FOLDER: Final = Path(__file__).resolve().parents[3] / "shared" / "data" / "taq"
TRADES, QUOTES = "sampleTDataRaw.parquet", "sampleQDataRaw.parquet"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the recorded TAQ tables are not here")
CENT: Final = 10_000_000


@cache
def chunks(venues: str = "") -> tuple[Chunk, ...]:
    files = [InputFile(FOLDER / name, name) for name in (TRADES, QUOTES)]
    feed = taq.open_feed(files, Wanted(options={"nbbo_venues": venues}))
    return tuple(feed.chunks())


def rows(topic: str, venues: str = "") -> Batch:
    return concat([c.batches[topic] for c in chunks(venues)])


def table(name: str) -> pl.DataFrame:
    return pl.read_parquet(FOLDER / name)


def test_every_trade_is_there_with_its_sums() -> None:
    found, raw = rows("equities.prints"), table(TRADES)
    assert len(found) == raw.height == 77_263
    assert int(found["off_exchange"].sum()) == raw.filter(pl.col("EX") == "D").height == 23_697
    assert int(found["size"].sum()) == int(raw["SIZE"].sum()) * 10**6
    cents = raw.select((pl.col("PRICE") * 1e9).round().cast(pl.Int64).sum()).item()
    assert int(found["price"].sum()) == cents
    assert not any(c.rejects for c in chunks())
    assert sum(c.read["equities.prints"] for c in chunks()) == raw.height


def test_every_venue_quote_is_there_with_its_sums() -> None:
    found, raw = rows("equities.quotes"), table(QUOTES)
    assert len(found) == raw.height == 131_401
    for side, price, size in (("bid", "BID", "BIDSIZ"), ("ask", "OFR", "OFRSIZ")):
        quoted = raw.filter((pl.col(price) > 0) & (pl.col(size) > 0))
        assert int((found[side] > 0).sum()) == quoted.height
        assert int((found[side] < 0).sum()) == raw.height - quoted.height
        assert int(found[f"{side}_size"].sum()) == int(quoted[size].sum()) * 100 * 10**6
        total = quoted.select((pl.col(price) * 1e9).round().cast(pl.Int64).sum()).item()
        assert int(found[side][found[side] > 0].sum()) == total


@pytest.mark.parametrize(("topic", "name"), [("equities.prints", TRADES), ("equities.quotes", QUOTES)])
def test_times_are_those_of_the_file_to_the_microsecond(topic: str, name: str) -> None:
    found, raw = rows(topic), table(name)["DT"].to_physical().to_numpy()
    assert np.abs(found["source_ts"] - np.sort(raw)).max() < 500
    assert not (found["source_ts"] % 1000).any()


def test_a_cancel_is_a_cancel_and_its_original_was_a_trade() -> None:
    found = rows("equities.prints")
    (cancel,) = to_rows(found.take(np.flatnonzero(found["report"] != 0)))
    assert (cancel["report"], cancel["size"], cancel["price"]) == ("cancel", 127_300 * 10**6, 157_040_000_000)
    twin = (found["size"] == cancel["size"]) & (found["price"] == cancel["price"]) & (found["report"] == 0)
    original, again = to_rows(found.take(np.flatnonzero(twin)))
    assert original["source_ts"] < cancel["source_ts"] < again["source_ts"]
    assert "extended_hours_sold" in names_of(again["condition_bits"])
    assert names_of(original["condition_bits"]) == ("extended_hours", "average_price")


def test_sub_penny_prints_are_as_many_as_published() -> None:
    found = rows("equities.prints")
    fraction = found["price"] % CENT
    off = found["off_exchange"]
    assert int(((fraction != 0) & off).sum()) == 12_746
    assert int(((fraction != 0) & ~off).sum()) == 1_717
    assert int(((fraction == CENT // 2) & off).sum()) == 3_408


def test_every_condition_letter_has_a_bit() -> None:
    found = rows("equities.prints")
    names = {n for bits in np.unique(found["condition_bits"]).tolist() for n in names_of(bits)}
    assert "unknown" not in names
    raw = table(TRADES)
    for letter, name in (("F", "intermarket_sweep"), ("I", "odd_lot"), ("7", "qualified_contingent")):
        expected = raw.filter(pl.col("COND").str.contains(letter, literal=True)).height
        assert int((found["condition_bits"] & BIT[name] != 0).sum()) == expected, letter


def test_the_best_quote_of_the_dense_venue_is_its_own_quote() -> None:
    found = rows("equities.quotes", "N")
    raw = table(QUOTES).filter(pl.col("EX") == "N").sort("DT", maintain_order=True)
    assert len(found) == raw.height == 94_422
    bid = raw.select(pl.when(pl.col("BIDSIZ") > 0).then((pl.col("BID") * 1e9).round()).otherwise(-1))
    assert found["bid"].tolist() == bid.to_series().cast(pl.Int64).to_list()
    both = (found["bid"] > 0) & (found["ask"] > 0)
    assert not ((found["bid"] >= found["ask"]) & both).any()


def test_the_best_quote_over_all_venues_is_locked_or_crossed_most_of_the_time() -> None:
    found = rows("equities.quotes", "".join(chr(c) for c in range(ord("A"), ord("Z") + 1)))
    both = (found["bid"] > 0) & (found["ask"] > 0)
    assert 0.6 < ((found["bid"] >= found["ask"]) & both).sum() / both.sum() < 0.7
