"""Claims as columns: what the flow put out, one row a print, with every plain rule beside it.

Owns how outputs of the flow become columns of claims. Side claims are +1 buy, -1 sell, 0 abstains in `m_*`
columns. Refuses records that are no trade (bars, official prices, cancels): nobody took in them.
"""

from typing import Final

import numpy as np
import polars as pl

from dataflows.analytics.side import STACKS, Columns, Longs, Quote, Sides, no_quote, stack, uses_future
from dataflows.analytics.side_ticks import ticks
from schemas.kinds import PRINT_STATUS, SIDE, VERSION_STATUS

OPTIONS, EQUITIES = "options.prints", "equities.prints"
TRADES: Final = tuple(PRINT_STATUS.index(name) for name in ("ok", "late", "report_late"))
PRODUCT: Final = "product"
FUTURE: Final = frozenset(name for name, layers in STACKS.items() if uses_future(layers))


def option_sides(placed: pl.DataFrame, quotes: pl.DataFrame | None) -> pl.DataFrame:
    """Return options.placed with `m_product` and a column for each stack of rules.

    `quotes` (partition, seq, bid_venue, ask_venue of options.nbbo) lets the rules see the executing
    venue's own quote where that venue made the national one; without it they abstain on it.
    """
    rows = placed.filter(pl.col("status").is_in(TRADES))
    with_venues = (
        rows
        if quotes is None
        else rows.join(
            quotes.rename({"seq": "quote_seq"}),
            on=["partition", "quote_seq"],
            how="left",
            maintain_order="left",
        )
    )
    product = np.array([0, 1, -1], np.int8)[rows["side"].to_numpy()]
    assert SIDE == ("none", "buy", "sell")
    named = {f"m_{PRODUCT}": product, **_stacks(columns_of(with_venues, "contract", 1))}
    return rows.with_columns(pl.Series(name, side) for name, side in named.items())


def equity_sides(joins: pl.DataFrame) -> pl.DataFrame:
    """Return equities.joins with a column for each stack of rules; a zero bid is no bid of a stock."""
    rows = joins.filter(pl.col("status").is_in(TRADES))
    named = _stacks(columns_of(rows, "underlying", 0))
    return rows.with_columns(pl.Series(name, side) for name, side in named.items())


def columns_of(rows: pl.DataFrame, instrument: str, zero_bids: int) -> Columns:
    """Return what the rules read; rows are in the order in which the flow applied them.

    `zero_bids` is 1 where a bid of zero is a quote (options), 0 where it is none.
    """
    price = rows["price"].to_numpy()
    least = 0 if zero_bids else 1
    bid = np.where(rows["bid"].to_numpy() >= least, rows["bid"].to_numpy(), -1)
    ask = np.where(rows["ask"].to_numpy() > 0, rows["ask"].to_numpy(), -1)
    best = Quote(bid, ask, rows["bid_size"].to_numpy(), rows["ask_size"].to_numpy())
    number = rows.select(pl.struct("partition", instrument).rank("dense") - 1).to_series()
    last, later = ticks(number.cast(pl.Int64).to_numpy(), price)
    return Columns(price, rows["size"].to_numpy(), best, _venue_quote(rows, best), last, later)


def _venue_quote(rows: pl.DataFrame, best: Quote) -> Quote:
    """Return the sides of the national quote that the executing venue made itself."""
    if "bid_venue" not in rows.columns:
        return no_quote(len(rows))
    is_bid = (rows["bid_venue"] == rows["venue"]).fill_null(False).to_numpy()
    is_ask = (rows["ask_venue"] == rows["venue"]).fill_null(False).to_numpy()

    def kept(values: Longs, mask: Longs) -> Longs:
        return np.where(mask, values, -1)

    return Quote(
        kept(best.bid, is_bid),
        kept(best.ask, is_ask),
        kept(best.bid_size, is_bid),
        kept(best.ask_size, is_ask),
    )


def _stacks(columns: Columns) -> dict[str, Sides]:
    return {f"m_{name}": stack(layers, columns).side for name, layers in STACKS.items()}


def standing(rows: pl.DataFrame, identity: str) -> pl.DataFrame:
    """Return the highest version of each versioned claim, retracted ones left out."""
    last = rows.sort("version").unique(identity, keep="last", maintain_order=True)
    return last.filter(pl.col("status") != VERSION_STATUS.index("retracted"))


def members(packets: pl.DataFrame) -> pl.DataFrame:
    """Return one row per listed member of each packet, with `print_seq` for `members`.

    A packet lists at most 64 members and says how many more it has; those cannot be scored.
    """
    listed = pl.col("members").str.replace(r",\{.*\}", "").str.json_decode(pl.List(pl.Int64))
    return packets.with_columns(listed).explode("members").rename({"members": "print_seq"})
