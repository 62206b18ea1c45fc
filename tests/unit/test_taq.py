"""TAQ tables: both spellings of the columns, dated units, corrections, and quotes over declared venues."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import UserError
from connectors.feed import Chunk, Reject
from connectors.feeds import taq
from connectors.feeds.taq_nbbo import BestQuotes
from connectors.recorded import RecordedFeed
from connectors.recorded_rows import Block, batch
from connectors.table_feed import InputFile, Wanted
from schemas.columns import Batch, concat, to_rows
from schemas.conditions import names_of
from schemas.kinds import VENUE_LETTER

S = 1_000_000_000
MIDNIGHT = 1_514_869_200 * S  # 2 January 2018 in New York
NEW_MIDNIGHT = 1_775_016_000 * S  # 1 April 2026 in New York
TRADE = "DT,EX,SYMBOL,COND,SIZE,PRICE,CORR"
QUOTE = "DT,EX,BID,BIDSIZ,OFR,OFRSIZ,SYMBOL"
DAILY_TRADE = (
    "Time|Exchange|Symbol|Sale Condition|Trade Volume|Trade Price|Trade Stop Stock Indicator|"
    "Trade Correction Indicator|Sequence Number|Trade Id|Source of Trade|Trade Reporting Facility|"
    "Participant Timestamp|Trade Reporting Facility TRF Timestamp|Trade Through Exempt Indicator"
)
DAILY_QUOTE = (
    "Time|Exchange|Symbol|Bid_Price|Bid_Size|Offer_Price|Offer_Size|Quote_Condition|Sequence_Number|"
    "National_BBO_Ind|Participant_Timestamp"
)


def write(folder: Path, name: str, header: str, *rows: str) -> InputFile:
    path = folder / name
    text = "\n".join([header, *rows, ""]).encode()
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return InputFile(path, name)


def read(*files: InputFile, venues: str = "") -> tuple[list[Chunk], RecordedFeed]:
    feed = taq.open_feed(files, Wanted(options={"nbbo_venues": venues}))
    return list(feed.chunks()), feed


def rows_of(chunks: list[Chunk], topic: str) -> Batch:
    return concat([c.batches[topic] for c in chunks])


def rejects_of(chunks: list[Chunk]) -> list[Reject]:
    return [r for c in chunks for r in c.rejects]


def test_short_names_are_utc_with_the_noise_rounded_away(tmp_path: Path) -> None:
    rows = (
        "2018-01-02 10:01:21.479000092,P,XXX,FTI,2,157.8,0",
        "2018-01-02T15:23:50.188999891,D,XXX,,3,157.8125,0",
    )
    chunks, feed = read(write(tmp_path, "t.csv", TRADE, *rows))
    first, second = to_rows(rows_of(chunks, "equities.prints"))
    assert first["source_ts"] == MIDNIGHT + (5 * 3600 + 81) * S + 479_000_000
    assert second["source_ts"] % S == 189_000_000
    assert names_of(first["condition_bits"]) == ("intermarket_sweep", "extended_hours", "odd_lot")
    assert names_of(second["condition_bits"]) == ("regular",)
    assert (second["price"], second["size"], second["off_exchange"]) == (157_812_500_000, 3_000_000, True)
    assert feed.capabilities["clock_ns"] == 1000
    assert feed.capabilities["quote_scope"] == "none"


def test_daily_trades_carry_the_clock_of_new_york_and_both_tapes(tmp_path: Path) -> None:
    rows = (
        "093000417837000|Z|A|@|300|45.88|N|00|1231|52983|N||093000417230000||0",
        "093001004985000|N|BRK A| O  |10017|45.91|N|00|1329||C||093001003301000||0",
        "093002099950123|D|A| 4 B|100|45.91|N|10|1655||C|N|093002000000000||1",
        "093002099950|D|A| 4 W|100|45.91|N|12|1656||N|N|||1",
        "END|20260401|4|||||||||||||",
    )
    chunks, feed = read(write(tmp_path, "EQY_US_ALL_TRADE_20260401.gz", DAILY_TRADE, *rows))
    one, two, four, three = to_rows(rows_of(chunks, "equities.prints"))
    assert one["source_ts"] == NEW_MIDNIGHT + 34_200 * S + 417_837_000
    assert (one["event_ts"], one["has_event_ts"]) == (NEW_MIDNIGHT + 34_200 * S + 417_230_000, True)
    assert (one["vendor_seq"], one["trade_id"], names_of(one["condition_bits"])) == (
        1231,
        "52983",
        ("regular",),
    )
    assert (two["underlying"], two["conditions"]) == ("BRK.A", " O  ")
    assert (three["report"], three["off_exchange"]) == ("cancel", True)
    assert names_of(three["condition_bits"]) == ("derivatively_priced", "average_price")
    assert (four["report"], four["has_event_ts"]) == ("correction", False)
    assert names_of(four["condition_bits"]) == ("derivatively_priced", "average_price")
    assert not rejects_of(chunks)
    assert feed.capabilities["participant_times"] is True


@pytest.mark.parametrize(("name", "size"), [("Q_20180102.csv", 200_000_000), ("Q_20260401.csv", 2_000_000)])
def test_quote_sizes_are_lots_before_november_2025_and_shares_since(
    tmp_path: Path, name: str, size: int
) -> None:
    row = "093000417837000|N|A|45.80|2|45.90|3|R|77|1|093000417230000"
    chunks, feed = read(write(tmp_path, name, DAILY_QUOTE, row))
    (quote,) = to_rows(rows_of(chunks, "equities.quotes"))
    assert (quote["bid"], quote["bid_size"], quote["ask_size"]) == (45_800_000_000, size, size // 2 * 3)
    assert (quote["bid_venue"], quote["ask_venue"]) == ("N", "N")
    assert (feed.capabilities["quote_scope"], feed.capabilities["venue_quotes"]) == ("venue", True)


def test_the_nbbo_file_is_the_nbbo(tmp_path: Path) -> None:
    header = (
        "Time|Exchange|Symbol|Bid_Price|Bid_Size|Offer_Price|Offer_Size|Best_Bid_Price|Best_Bid_Size|"
        "Best_Bid_Exchange|Best_Offer_Price|Best_Offer_Size|Best_Offer_Exchange"
    )
    row = "093000417837000|N|A|45.80|2|45.90|3|45.85|200|P|45.88|300|Z"
    chunks, feed = read(write(tmp_path, "NBBO_20260401.csv", header, row))
    (quote,) = to_rows(rows_of(chunks, "equities.quotes"))
    assert (quote["bid"], quote["bid_venue"], quote["ask"], quote["ask_venue"]) == (
        45_850_000_000,
        "P",
        45_880_000_000,
        "Z",
    )
    assert feed.capabilities["quote_scope"] == "nbbo"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2018-01-02T15:00:00,P,XXX,F,2,NaN,0", "price is 'NaN'"),
        ("2018-01-02T15:00:00,P,XXX,F,2,0,0", "price of a trade"),
        ("2018-01-02T15:00:00,P,XXX,F,-2,1,0", "size of a trade"),
        ("2018-01-02T15:00:00,P,XXX,F,2,inf,0", "price is 'inf'"),
        ("2018-13-02T15:00:00,P,XXX,F,2,1,0", "DT is '2018-13"),
        ("yesterday,P,XXX,F,2,1,0", "'yesterday' where a time"),
        ("2018-01-02T15:00:00,P,,F,2,1,0", "is no symbol"),
        ("2018-01-02T15:00:00,P,XXX,F,2,1", "6 columns"),
        ("2018-01-06T15:00:00,P,XXX,F,2,1,0", "did not trade"),
    ],
)
def test_a_bad_row_is_refused_and_its_neighbours_stay(tmp_path: Path, row: str, reason: str) -> None:
    good = [f"2018-01-02T15:00:0{k}.5,P,XXX,F,2,157.8,0" for k in (0, 1)]
    chunks, _ = read(write(tmp_path, "t.csv", TRADE, good[0], row, good[1]))
    assert len(rows_of(chunks, "equities.prints")) == 2
    (refused,) = rejects_of(chunks)
    assert reason.lower() in refused.reason.lower()
    assert sum(c.read["equities.prints"] for c in chunks) == 3


@pytest.mark.parametrize("time", ["0930", "099900417837000", "abc000417837000", "250000000000000", ""])
def test_a_clock_that_is_none_is_refused(tmp_path: Path, time: str) -> None:
    rows = [f"{t}|Z|A|@|300|45.88|N|00|1231||C||||0" for t in ("093000417837000", time)]
    chunks, _ = read(write(tmp_path, "T_20260401.csv", DAILY_TRADE, *rows))
    assert len(rows_of(chunks, "equities.prints")) == 1
    assert "HHMMSS" in rejects_of(chunks)[0].reason


def test_letters_and_marks_that_nobody_knows_are_counted_and_kept(tmp_path: Path) -> None:
    rows = ("2018-01-02T15:00:00,!,XXX,F8?,2,157.8,0", "2018-01-02T15:00:01,P,XXX,F,2,157.8,77")
    chunks, _ = read(write(tmp_path, "t.csv", TRADE, *rows))
    first, second = to_rows(rows_of(chunks, "equities.prints"))
    assert (first["venue"], names_of(first["condition_bits"])) == ("!", ("intermarket_sweep", "unknown"))
    assert (second["report"], names_of(second["condition_bits"])) == (
        "trade",
        ("intermarket_sweep", "unknown"),
    )


def test_a_daily_file_without_a_day_in_its_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="its name has no day"):
        read(write(tmp_path, "trades.csv", DAILY_TRADE))
    with pytest.raises(UserError, match="its name has no day"):
        read(write(tmp_path, "trades_20261399.csv", DAILY_TRADE))


def test_a_venue_that_is_no_letter_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, "q.csv", QUOTE)
    with pytest.raises(UserError, match="nbbo_venues '1'"):
        read(file, venues="N1")
    with pytest.raises(UserError, match="--option venues: nbbo_venues is allowed for TAQ tables"):
        taq.open_feed([file], Wanted(options={"venues": "N"}))


def test_the_best_quote_follows_the_declared_venues_only(tmp_path: Path) -> None:
    rows = (
        "2018-01-02T15:00:00,N,10.00,1,10.05,1,XXX",
        "2018-01-02T15:00:01,P,10.02,2,10.06,1,XXX",
        "2018-01-02T15:00:02,K,10.09,9,10.10,9,XXX",
        "2018-01-02T15:00:03,N,10.02,4,10.05,1,XXX",
        "2018-01-02T15:00:04,P,0,0,0,0,XXX",
        "2018-01-02T15:00:05,N,0,0,10.07,1,XXX",
    )
    chunks, feed = read(write(tmp_path, "q.csv", QUOTE, *rows), venues="N,P")
    found = to_rows(rows_of(chunks, "equities.quotes"))
    shown = [(r["bid"] // 10**7, r["bid_size"] // 10**6, r["bid_venue"], r["ask"] // 10**7) for r in found]
    assert shown == [(1000, 100, "N", 1005), (1002, 200, "P", 1005), (1002, 600, "N", 1005),
                     (1002, 400, "N", 1005), (-1, 0, "none", 1007)]  # fmt: skip
    assert (feed.capabilities["quote_scope"], feed.capabilities["nbbo_venues"]) == ("nbbo", "NP")
    assert sum(c.read["equities.quotes"] for c in chunks) == 5
    other = taq.open_feed([InputFile(tmp_path / "q.csv", "q.csv")], Wanted(options={"nbbo_venues": "N"}))
    assert other.identity != feed.identity


Quote = tuple[str, str, int, int]
QUOTES = st.lists(
    st.tuples(st.sampled_from("AB"), st.sampled_from("NPZ"), st.integers(-1, 5), st.integers(-1, 5)),
    max_size=30,
)


def block_of(quotes: list[Quote]) -> Block:
    import pyarrow as pa

    codes = np.array([VENUE_LETTER.index(v) for _, v, _, _ in quotes], np.int32)
    bid, ask = (np.array([q[i] or -1 for q in quotes], np.int64) for i in (2, 3))
    columns = {
        "source_ts": np.arange(len(quotes), dtype=np.int64),
        "underlying": pa.array([q[0] for q in quotes], pa.string()),
        "bid": bid,
        "ask": ask,
        "bid_size": np.where(bid > 0, 7, 0),
        "ask_size": np.where(ask > 0, 7, 0),
        "bid_venue": codes,
        "ask_venue": codes,
    }
    return Block({"equities.quotes": batch("equities.quotes", columns, len(quotes))})


@settings(max_examples=60, deadline=None)
@given(QUOTES, st.integers(0, 30))
def test_the_best_quote_is_that_of_a_book_kept_by_hand(quotes: list[Quote], cut: int) -> None:
    best = BestQuotes("NPZ")
    found = [
        r
        for part in (quotes[:cut], quotes[cut:])
        for r in to_rows(best(block_of(part)).batches["equities.quotes"])
    ]
    book: dict[tuple[str, str], tuple[int, int]] = {}
    for (symbol, venue, bid, ask), row in zip(quotes, found, strict=True):
        book[symbol, venue] = (bid, ask)
        bids = [b for (s, _), (b, _) in book.items() if s == symbol and b > 0]
        asks = [a for (s, _), (_, a) in book.items() if s == symbol and a > 0]
        assert row["bid"] == max(bids, default=-1)
        assert row["ask"] == min(asks, default=-1)
        assert row["bid_size"] == 7 * bids.count(row["bid"])
        assert row["ask_size"] == 7 * asks.count(row["ask"])
