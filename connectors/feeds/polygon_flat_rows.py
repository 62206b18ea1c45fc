"""Rows of Polygon (Massive) flat files: option and stock trades and quotes, as typed columns.

Owns the four layouts and what their columns mean. Pure: a piece of a table in, columns out. Refuses
rows without a positive price and size, symbols that name nothing, and times outside their session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import numpy as np
import polars as pl

from connectors.cells import SHARE_SCALE, Cells, arrow, quote_columns
from connectors.feeds.polygon_flat_codes import (
    CANCELS,
    EQUITY_VENUE,
    FINRA_ID,
    OPTION_VENUE,
    REPORT,
    equity_bits,
    option_code,
)
from connectors.recorded_rows import Ints
from connectors.tabular import Layout
from schemas.kinds import PRINT_REPORT, VENUE_LETTER

Columns: TypeAlias = dict[str, Any]
Parse: TypeAlias = Callable[[Cells], Columns]

SHARES_FROM_TS: Final = 1_762_146_000_000_000_000  # 3 November 2025 in New York: sizes in shares since
ROUND_LOT: Final = 100
TRADE_COLUMNS: Final = ("ticker", "conditions", "correction", "exchange", "price", "sip_timestamp", "size")
SIDE_COLUMNS: Final = ("ask_exchange", "ask_price", "ask_size", "bid_exchange", "bid_price", "bid_size")
OPTION_TRADES: Final = Layout(
    "a Polygon flat file of option trades", TRADE_COLUMNS, ("participant_timestamp", "sequence_number")
)
OPTION_QUOTES: Final = Layout(
    "a Polygon flat file of option quotes", ("ticker", *SIDE_COLUMNS, "sequence_number", "sip_timestamp")
)
STOCK_TRADES: Final = Layout(
    "a Polygon flat file of stock trades",
    (*TRADE_COLUMNS, "id", "participant_timestamp", "sequence_number", "tape", "trf_id", "trf_timestamp"),
)
STOCK_QUOTES: Final = Layout(
    "a Polygon flat file of stock quotes",
    ("ticker", *SIDE_COLUMNS, "participant_timestamp", "sequence_number", "sip_timestamp", "tape"),
    ("conditions", "indicators", "trf_timestamp"),
)


def option_trades(cells: Cells) -> Columns:
    """Read option trades. OPRA codes that cancel make the record a cancel, like correction numbers do."""
    contract, underlying = cells.contracts("ticker", "O:")
    price, size = _price_and_size(cells, 1)
    code = looked_up(cells.text("conditions"), option_code)
    is_cancel = code.is_in(list(CANCELS)).to_numpy()
    report = _report(cells)
    return {
        **_times(cells),
        "underlying": underlying,
        "contract": contract,
        "price": price,
        "size": size,
        "venue": arrow(cells.text("exchange").replace_strict(OPTION_VENUE, default="")),
        "condition": arrow(code),
        "report": np.where(is_cancel, np.int32(PRINT_REPORT.index("cancel")), report),
        "vendor_seq": cells.whole("sequence_number", -1),
    }


def option_quotes(cells: Cells) -> Columns:
    """Read option quotes: the NBBO after each change, a bid of 0 where nobody bids."""
    contract, underlying = cells.contracts("ticker", "O:")
    return {
        **_times(cells),
        "underlying": underlying,
        "contract": contract,
        **quote_columns(cells, ("bid_price", "bid_size", "ask_price", "ask_size"), 1, True),
        **_quote_venues(cells, OPTION_VENUE),
    }


def stock_trades(cells: Cells) -> Columns:
    """Read stock trades; exchange 4 is FINRA's facilities, where trades off the exchanges are reported."""
    price, size = _price_and_size(cells, SHARE_SCALE)
    conditions = cells.text("conditions")
    exchange = cells.text("exchange")
    return {
        **_times(cells),
        "underlying": cells.equities("ticker"),
        "price": price,
        "size": size,
        "venue": arrow(exchange.replace_strict(EQUITY_VENUE, default="")),
        "off_exchange": (exchange == str(FINRA_ID)).to_numpy(),
        "conditions": arrow(conditions),
        "condition_bits": looked_up(conditions, equity_bits).to_numpy(),
        "trade_id": arrow(cells.text("id")),
        "report": _report(cells),
        "vendor_seq": cells.whole("sequence_number", -1),
    }


def stock_quotes(cells: Cells) -> Columns:
    """Read stock quotes. Sizes count round lots of 100 before 3 November 2025, and shares since."""
    times = _times(cells)
    lots = np.where(times["source_ts"] < SHARES_FROM_TS, ROUND_LOT, 1) * SHARE_SCALE
    return {
        "source_ts": times["source_ts"],
        "event_ts": times["event_ts"],
        "underlying": cells.equities("ticker"),
        **quote_columns(cells, ("bid_price", "bid_size", "ask_price", "ask_size"), lots, False),
        **_quote_venues(cells, EQUITY_VENUE),
    }


KINDS: Final[Mapping[str, tuple[Layout, str, Parse]]] = {
    "stock trades": (STOCK_TRADES, "equities.prints", stock_trades),
    "stock quotes": (STOCK_QUOTES, "equities.quotes", stock_quotes),
    "option quotes": (OPTION_QUOTES, "options.nbbo", option_quotes),
    "option trades": (OPTION_TRADES, "options.prints", option_trades),
}


def looked_up(texts: pl.Series, of: Callable[[str], Any]) -> pl.Series:
    """Return what each text stands for; distinct texts are looked up once."""
    distinct = texts.unique()
    return texts.replace_strict(distinct, [of(t) for t in distinct.to_list()])


def _times(cells: Cells) -> Columns:
    """Return publication and participant time; without a participant time the two are one."""
    at = cells.time("sip_timestamp")
    own = cells.time("participant_timestamp", 0)
    found: Columns = {"source_ts": at, "event_ts": np.where(own > 0, own, at)}
    if cells.has("price"):
        found["has_event_ts"] = own > 0
    return found


def _price_and_size(cells: Cells, scale: int) -> tuple[Ints, Ints]:
    price = cells.price("price")
    size = cells.whole("size") if scale == 1 else cells.scaled("size", scale)
    cells.above_zero(price, "price of a trade")
    cells.above_zero(size, "size of a trade")
    return price, size


def _report(cells: Cells) -> Any:
    names = cells.text("correction").str.strip_suffix(".0").replace_strict(REPORT, default="trade")
    codes = names.replace_strict(list(PRINT_REPORT), list(range(len(PRINT_REPORT))), return_dtype=pl.Int32)
    return codes.to_numpy()


def _quote_venues(cells: Cells, table: Mapping[str, str]) -> Columns:
    codes = {number: VENUE_LETTER.index(letter) for number, letter in table.items()}
    return {
        f"{side}_venue": cells.text(f"{side}_exchange")
        .replace_strict(codes, default=0, return_dtype=pl.Int32)
        .to_numpy()
        for side in ("bid", "ask")
    }
