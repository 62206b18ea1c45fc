"""Rows of NYSE TAQ tables, as typed columns: consolidated trades, venue quotes and NBBO.

Owns the layouts (the short column names DT, EX, SYMBOL ... of research extracts, and those of the Daily
TAQ files) and what the columns mean. Pure: a piece of a table in, columns out. Refuses rows without a
positive price and size, and times that are none. Source: the Daily TAQ client specification.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import polars as pl

from connectors.cells import SHARE_SCALE, Cells, arrow, quote_columns
from connectors.recorded_rows import Ints
from connectors.tabular import Layout
from schemas.conditions import BIT, sip_bit
from schemas.kinds import PRINT_REPORT, VENUE_LETTER

FINRA: Final = "D"
SHARES_FROM_TS: Final = 1_762_146_000_000_000_000  # 3 November 2025 in New York: sizes in shares since
ROUND_LOT: Final = 100
NS_PER_US: Final = 1_000
DAY_NS: Final = 86_400_000_000_000
CLOCK_DIGITS: Final = 15  # HHMMSS and nine decimals; older files have three or six
TRAILER: Final = r"END[|,].*"

# 0 is a trade. 1, 7 and 8 mark originals that were corrected, in error or taken back later: at their time
# they were trades. 10 takes one back, 11 says one was an error, 12 is the record with the corrected data.
REPORT: Final = {
    **dict.fromkeys(("", "0", "1", "7", "8"), "trade"),
    "10": "cancel",
    "11": "cancel",
    "12": "correction",
}

TRADES: Final = Layout(
    "a TAQ table of trades", ("dt", "ex", "symbol", "cond", "size", "price", "corr"), trailer=TRAILER
)
QUOTES: Final = Layout(
    "a TAQ table of quotes", ("dt", "ex", "bid", "bidsiz", "ofr", "ofrsiz", "symbol"), trailer=TRAILER
)
_DAILY: Final = ("time", "exchange", "symbol")
DAILY_TRADES: Final = Layout(
    "a Daily TAQ file of trades",
    (*_DAILY, "sale_condition", "trade_volume", "trade_price"),
    (
        "trade_correction_indicator",
        "sequence_number",
        "trade_id",
        "source_of_trade",
        "participant_timestamp",
    ),
    trailer=TRAILER,
)
DAILY_QUOTES: Final = Layout(
    "a Daily TAQ file of quotes",
    (*_DAILY, "bid_price", "bid_size", "offer_price", "offer_size"),
    ("sequence_number", "participant_timestamp"),
    trailer=TRAILER,
)
DAILY_NBBO: Final = Layout(
    "a Daily TAQ file of the NBBO",
    ("time", "symbol", "best_bid_price", "best_bid_size", "best_offer_price", "best_offer_size"),
    ("best_bid_exchange", "best_offer_exchange", "participant_timestamp"),
    trailer=TRAILER,
)


def trades(cells: Cells) -> dict[str, Any]:
    """Read trades with the short names. DT is UTC; its noise below a microsecond is rounded away."""
    at = _microseconds(cells.time("dt"))
    return {"source_ts": at, **_trade(cells, "ex", ("cond", "size", "price", "corr"))}


def quotes(cells: Cells) -> dict[str, Any]:
    """Read venue quotes with the short names."""
    at = _microseconds(cells.time("dt"))
    sides = quote_columns(cells, ("bid", "bidsiz", "ofr", "ofrsiz"), lots(at), False)
    return {"source_ts": at, "underlying": cells.equities("symbol"), **sides, **_venue(cells, "ex")}


def daily_trades(cells: Cells, midnight_ts: int) -> dict[str, Any]:
    """Read a Daily TAQ file of trades. Its times are New York clock times of the day of the file."""
    names = ("sale_condition", "trade_volume", "trade_price", "trade_correction_indicator")
    times = _clock(cells, midnight_ts)
    return {
        **times,
        "has_event_ts": times["event_ts"] != times["source_ts"],
        **_trade(cells, "exchange", names),
        "vendor_seq": cells.whole("sequence_number", -1),
        "trade_id": arrow(cells.text("trade_id")),
    }


def daily_quotes(cells: Cells, midnight_ts: int) -> dict[str, Any]:
    """Read a Daily TAQ file of venue quotes."""
    times = _clock(cells, midnight_ts)
    names = ("bid_price", "bid_size", "offer_price", "offer_size")
    sides = quote_columns(cells, names, lots(times["source_ts"]), False)
    return {**times, "underlying": cells.equities("symbol"), **sides, **_venue(cells, "exchange")}


def daily_nbbo(cells: Cells, midnight_ts: int) -> dict[str, Any]:
    """Read a Daily TAQ file of the NBBO."""
    times = _clock(cells, midnight_ts)
    names = ("best_bid_price", "best_bid_size", "best_offer_price", "best_offer_size")
    sides = quote_columns(cells, names, lots(times["source_ts"]), False)
    venues = {
        "bid_venue": venue_codes(cells.text("best_bid_exchange")),
        "ask_venue": venue_codes(cells.text("best_offer_exchange")),
    }
    return {**times, "underlying": cells.equities("symbol"), **sides, **venues}


def lots(times: Ints) -> Ints:
    """Return what the size of a quote counts, in our shares: round lots, and shares since November 2025."""
    return np.where(times < SHARES_FROM_TS, ROUND_LOT, 1) * SHARE_SCALE


def venue_codes(letters: pl.Series) -> Any:
    """Return the code of each venue letter; what is none has the code of `none`."""
    known = {letter: code for code, letter in enumerate(VENUE_LETTER) if len(letter) == 1}
    return letters.replace_strict(known, default=0, return_dtype=pl.Int32).to_numpy()


def _venue(cells: Cells, name: str) -> dict[str, Any]:
    """Return the venue whose quote a row is, also for a side on which it has none."""
    codes = venue_codes(cells.text(name))
    return {"bid_venue": codes, "ask_venue": codes}


def _trade(cells: Cells, venue: str, names: tuple[str, str, str, str]) -> dict[str, Any]:
    conditions, size, price, corr = names
    exchange, letters = cells.text(venue), cells.series(conditions).cast(pl.String).fill_null("")
    columns = {
        "underlying": cells.equities("symbol"),
        "price": cells.price(price),
        "size": cells.scaled(size, SHARE_SCALE),
        "venue": arrow(exchange),
        "off_exchange": (exchange == FINRA).to_numpy(),
        "conditions": arrow(letters),
    }
    cells.above_zero(columns["price"], "price of a trade")
    cells.above_zero(columns["size"], "size of a trade")
    marks = cells.text(corr).str.strip_chars_start("0")
    codes = {mark: PRINT_REPORT.index(report) for mark, report in REPORT.items()}
    is_known = marks.is_in(list(codes)).to_numpy()
    columns["report"] = marks.replace_strict(codes, default=0, return_dtype=pl.Int32).to_numpy()
    bits = _bits(letters, (cells.text("source_of_trade") == "N").to_numpy())
    columns["condition_bits"] = np.where(is_known, bits, bits | BIT["unknown"])
    return columns


def _bits(letters: pl.Series, is_utp: Any) -> Ints:
    """Return our bits of sale conditions: those of the UTP tape where the row says so, or has an @."""
    distinct = letters.unique()
    texts = distinct.to_list()
    tapes = [["UTP" if "@" in t else "CTA" for t in texts], ["UTP"] * len(texts)]
    found = [
        letters.replace_strict(
            distinct,
            [sip_bit(t, "UTP" if tape == "UTP" else "CTA") for t, tape in zip(texts, of, strict=True)],
            return_dtype=pl.Int64,
        ).to_numpy()
        for of in tapes
    ]
    return np.where(is_utp, found[1], found[0])


def _microseconds(times: Ints) -> Ints:
    return (times + NS_PER_US // 2) // NS_PER_US * NS_PER_US


def _clock(cells: Cells, midnight_ts: int) -> dict[str, Any]:
    """Return publication and participant time of rows that carry the clock of New York."""
    at = _since_midnight(cells, "time") + midnight_ts
    if not cells.has("participant_timestamp"):
        return {"source_ts": at, "event_ts": at}
    own = cells.text("participant_timestamp")
    since = _digits(own)
    is_told = (since.is_not_null() & (since > 0)).to_numpy()
    return {"source_ts": at, "event_ts": np.where(is_told, since.fill_null(0).to_numpy() + midnight_ts, at)}


def _since_midnight(cells: Cells, name: str) -> Ints:
    text = cells.text(name)
    since = _digits(text)
    cells.refuse_shown(
        since.is_null().to_numpy(), f"{name} is {{}} where HHMMSS and decimals are expected", text
    )
    return np.asarray(since.fill_null(0).to_numpy(), np.int64)


def _digits(text: pl.Series) -> pl.Series:
    """Return ns since midnight of HHMMSSxxx, xxxxxx or xxxxxxxxx; null where a text is none."""
    length = text.str.len_chars()
    odd = text.filter(~length.is_in([9, 12, CLOCK_DIGITS]))
    full = text.str.pad_end(CLOCK_DIGITS, "0").cast(pl.Int64, strict=False)
    if len(odd):
        full = pl.select(pl.when(length.is_in([9, 12, CLOCK_DIGITS])).then(full)).to_series()
    clock, rest = full // 10**9, full % 10**9
    seconds = clock // 10_000 * 3600 + clock // 100 % 100 * 60 + clock % 100
    is_clock = (clock % 100 < 60) & (clock // 100 % 100 < 60) & (full >= 0)
    since = pl.select(pl.when(is_clock).then(seconds * 10**9 + rest)).to_series()
    return pl.select(pl.when(since < DAY_NS).then(since)).to_series()
