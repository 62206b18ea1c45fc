"""Plain tables: the documented columns, defaults, any order, and that what was exported comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.errors import UserError
from connectors.export import Target, table_of
from connectors.feed import Chunk, Reject
from connectors.feeds import plain
from connectors.recorded import RecordedFeed
from connectors.recorded_rows import batch
from connectors.table_feed import InputFile, Wanted
from schemas.arrow import to_clickhouse
from schemas.columns import Batch, concat, to_rows
from schemas.conditions import BIT, names_of

S = 1_000_000_000
OPEN = 1_775_050_200 * S  # 1 April 2026, 9:30 in New York
CALL = "NVDA  260417C00180000"
OPTION_PRINT = "source_ts,contract,price,size"
EQUITY_PRINT = "source_ts,underlying,price,size"
QUOTE = "source_ts,underlying,bid,ask,bid_size,ask_size"


def write(folder: Path, name: str, header: str, *rows: str) -> InputFile:
    (folder / name).write_text("\n".join([header, *rows, ""]))
    return InputFile(folder / name, name)


def read(*files: InputFile, **options: object) -> tuple[list[Chunk], RecordedFeed]:
    feed = plain.open_feed(files, Wanted(options=options))
    return list(feed.chunks()), feed


def rows_of(chunks: list[Chunk], topic: str) -> Batch:
    return concat([c.batches[topic] for c in chunks])


def rejects_of(chunks: list[Chunk]) -> list[Reject]:
    return [r for c in chunks for r in c.rejects]


def test_four_columns_are_enough_and_the_rest_has_defaults(tmp_path: Path) -> None:
    chunks, feed = read(write(tmp_path, "o.csv", OPTION_PRINT, f"{OPEN},NVDA260417C00180000,11.82,2"))
    (row,) = to_rows(rows_of(chunks, "options.prints"))
    assert row == row | {
        "source_ts": OPEN,
        "event_ts": OPEN,
        "underlying": "NVDA",
        "contract": CALL,
        "price": 11_820_000_000,
        "price_low": -1,
        "size": 2,
        "multiplier": 100,
        "venue": "",
        "condition": "",
        "report": "trade",
        "aggressor": "none",
        "has_event_ts": False,
        "carried_bid": -1,
        "vendor_seq": -1,
    }
    assert [feed.capabilities[n] for n in ("conditions", "cancels", "true_side", "quote_scope")] == [
        False,
        False,
        "none",
        "none",
    ]


@pytest.mark.parametrize(
    "time",
    [
        str(OPEN),
        "2026-04-01T13:30:00Z",
        "2026-04-01 13:30:00",
        "2026-04-01T13:30:00.000000000",
        "2026-04-01T09:30:00-04:00",
        "2026-04-01 15:30:00.000+02:00",
    ],
)
def test_times_are_ns_or_iso_8601(tmp_path: Path, time: str) -> None:
    rows = [f"{time},A,1.5,1", "2026-04-01T13:30:01.000000001Z,A,1.5,1", f"{OPEN + 2 * S},A,1.5,1"]
    chunks, _ = read(write(tmp_path, "e.csv", EQUITY_PRINT, *rows))
    assert rows_of(chunks, "equities.prints")["source_ts"].tolist() == [OPEN, OPEN + S + 1, OPEN + 2 * S]


def test_optional_columns_are_read_by_the_names_of_the_fields(tmp_path: Path) -> None:
    header = (
        EQUITY_PRINT
        + ",event_ts,venue,conditions,tape,trade_id,vendor_seq,report,refers_to,aggressor,is_hidden,"
        "carried_bid,carried_ask,carried_bid_size,carried_ask_size,colour"
    )
    rows = (
        f"{OPEN},BRK/B,512.3475,0.5,{OPEN - 7},D,4 B,A,77,5,trade,,buy,true,512.34,512.35,100,200,red",
        f"{OPEN + 1},A,3,1,,N,@ B,C,78,6,cancel,77,sell,0,,,,,blue",
    )
    chunks, feed = read(write(tmp_path, "e.csv", header, *rows))
    one, two = to_rows(rows_of(chunks, "equities.prints"))
    assert (one["underlying"], one["price"], one["size"]) == ("BRK.B", 512_347_500_000, 500_000)
    assert (one["event_ts"], one["has_event_ts"], one["off_exchange"]) == (OPEN - 7, True, True)
    assert names_of(one["condition_bits"]) == ("derivatively_priced", "average_price")
    assert (one["aggressor"], one["is_hidden"], one["trade_id"]) == ("buy", True, "77")
    assert (one["carried_bid"], one["carried_ask_size"]) == (512_340_000_000, 200)
    assert (two["report"], two["refers_to"], two["off_exchange"]) == ("cancel", "77", False)
    assert names_of(two["condition_bits"]) == ("regular", "bunched")  # B of the other tape
    assert [feed.capabilities[n] for n in ("conditions", "cancels", "true_side", "participant_times")] == [
        True,
        True,
        "aggressor",
        True,
    ]


def test_quotes_have_blanks_for_what_is_absent(tmp_path: Path) -> None:
    rows = (f"{OPEN},A,10.01,10.02,100,300.5", f"{OPEN + 1},A,,10.02,,300", f"{OPEN + 2},A,,,,")
    header = QUOTE + ",bid_venue"
    chunks, feed = read(write(tmp_path, "q.csv", header, *(f"{r},N" for r in rows)))
    found = [
        (r["bid"], r["bid_size"], r["ask"], r["ask_size"])
        for r in to_rows(rows_of(chunks, "equities.quotes"))
    ]
    assert found == [
        (10_010_000_000, 100_000_000, 10_020_000_000, 300_500_000),
        (-1, 0, 10_020_000_000, 300_000_000),
        (-1, 0, -1, 0),
    ]
    assert feed.capabilities["quote_scope"] == "nbbo"


def test_an_option_may_have_a_bid_of_zero_and_a_code_that_is_a_blank(tmp_path: Path) -> None:
    quote = write(
        tmp_path, "q.csv", "source_ts,contract,bid,ask,bid_size,ask_size", f"{OPEN},{CALL},0,0.05,0,10"
    )
    print_ = write(
        tmp_path, "p.csv", OPTION_PRINT + ",condition", f"{OPEN},{CALL},1,1, ", f"{OPEN},{CALL},1,1,a"
    )
    chunks, _ = read(quote, print_)
    (row,) = to_rows(rows_of(chunks, "options.nbbo"))
    assert (row["bid"], row["ask"], row["ask_size"]) == (0, 50_000_000, 10)
    assert [r["condition"] for r in to_rows(rows_of(chunks, "options.prints"))] == [" ", "a"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"{OPEN},A,nan,1,,,", "price is 'nan'"),
        (f"{OPEN},A,0,1,,,", "the price is not above zero"),
        (f"{OPEN},A,1,-1,,,", "the size is not above zero"),
        (f"{OPEN},A,1,,,,", "size is ''"),
        (f"{OPEN},,1,1,,,", "is no symbol"),
        (",A,1,1,,,", "source_ts is ''"),
        ("noon,A,1,1,,,", "source_ts is 'noon'"),
        (f"{OPEN // S},A,1,1,,,", "outside the years"),
        (f"{OPEN},A,1,1,maybe,,", "is_hidden is 'maybe'"),
        (f"{OPEN},A,1,1,,undo,", "report is 'undo' where trade, cancel, correction"),
        (f"{OPEN},A,1,1,,,-5", "bits that stand for nothing"),
        (f"{OPEN},A,1,1,,", "6 columns where 7"),
        (f"{OPEN + 3 * 86_400 * S},A,1,1,,,", "did not trade"),
    ],
)
def test_a_bad_row_is_refused_and_its_neighbours_stay(tmp_path: Path, row: str, reason: str) -> None:
    header = EQUITY_PRINT + ",is_hidden,report,condition_bits"
    good = [f"{OPEN + k},A,1.5,1,,," for k in (0, 1)]
    chunks, _ = read(write(tmp_path, "e.csv", header, good[0], row, good[1]))
    assert len(rows_of(chunks, "equities.prints")) == 2
    (refused,) = rejects_of(chunks)
    assert reason in refused.reason
    assert sum(c.read["equities.prints"] for c in chunks) == 3


def test_rows_may_stand_in_any_order(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    times = OPEN + rng.integers(0, 3600 * S, 500)
    rows = [f"{t},S{k % 7},{k + 1}.25,{k + 1}" for k, t in enumerate(times.tolist())]
    chunks, feed = read(write(tmp_path, "e.csv", EQUITY_PRINT, *rows))
    found = rows_of(chunks, "equities.prints")
    order = np.argsort(times, kind="stable")
    assert found["source_ts"].tolist() == times[order].tolist()
    assert found["size"].tolist() == [(k + 1) * 10**6 for k in order.tolist()]
    assert feed.symbols == tuple(f"S{k}" for k in range(7))


def exported(topic: str) -> Batch:
    """Rows with a value of their own in every column."""
    count = 6
    n = np.arange(count, dtype=np.int64)
    columns: dict[str, Any] = {
        "source_ts": OPEN + n * S,
        "event_ts": OPEN + n * S - 5,
        "underlying": "NVDA",
    }
    if topic.startswith("options."):
        columns["contract"] = CALL
    scale = 1 if topic.startswith("options.") else 10**6
    if topic.endswith(".prints"):
        columns |= {
            "price": 12_345_678_901 + n,
            "size": (n + 1) * scale,
            "venue": "D",
            "trade_id": pa.array([f"t{k}" for k in range(count)]),
            "vendor_seq": n - 1,
            "report": np.array([0, 1, 2, 0, 1, 2], np.int32),
            "refers_to": pa.array([f"r{k}" for k in range(count)]),
            "aggressor": np.array([0, 1, 2, 2, 1, 0], np.int32),
            "is_time_doubtful": n % 2 == 0,
            "has_event_ts": True,
            "carried_bid": np.where(n > 2, n, -1),
            "carried_ask": np.where(n > 2, n + 7, -1),
            "carried_bid_size": np.where(n > 2, n * scale, -1),
            "carried_ask_size": np.where(n > 2, n * scale, -1),
        }
        if scale == 1:
            columns |= {
                "condition": pa.array([" ", "a", "", "S", "A", "f"]),
                "multiplier": np.full(count, 10, np.int32),
                "is_bar": n == 4,
                "price_low": np.where(n == 4, 5, -1),
                "price_high": np.where(n == 4, 9, -1),
            }
        else:
            columns |= {
                "conditions": pa.array(["", "F I", "12,37", "20002020", "@", " 4 B"]),
                "condition_bits": np.full(count, BIT["odd_lot"] | BIT["unknown"]),
                "off_exchange": n % 3 == 0,
                "is_hidden": n == 1,
            }
    else:
        columns |= {
            "bid": np.where(n == 1, -1, n * 10**9 + 10**9),
            "ask": np.where(n == 2, -1, n * 10**9 + 2 * 10**9),
            "bid_size": np.where(n == 1, 0, (n + 1) * scale),
            "ask_size": np.where(n == 2, 0, (n + 1) * scale),
            "bid_venue": np.array([0, 1, 2, 26, 4, 5], np.int32),
        }
    return batch(topic, columns, count)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("topic", ["options.prints", "options.nbbo", "equities.prints", "equities.quotes"])
def test_an_exported_topic_comes_back_as_it_was(tmp_path: Path, topic: str, kind: str) -> None:
    given = exported(topic)
    path = tmp_path / f"{topic}.{kind}"
    with Target(path, kind, False) as out:
        out.write(table_of(given))
    chunks, _ = read(InputFile(path, path.name))
    assert [r.reason for r in rejects_of(chunks)] == []
    assert to_rows(rows_of(chunks, topic)) == to_rows(given)


def test_control_records_of_an_exported_topic_are_left_out(tmp_path: Path) -> None:
    rows = [f"data,{OPEN},A,1.5,1", f"heartbeat,{OPEN},,,", f"end,{OPEN},,,", f"what,{OPEN},A,1,1"]
    chunks, _ = read(write(tmp_path, "e.csv", "kind," + EQUITY_PRINT, *rows))
    assert len(rows_of(chunks, "equities.prints")) == 1
    assert [r.reason for r in rejects_of(chunks)] == ["kind is 'what', which is none"]


def test_parquet_with_numbers_of_any_kind(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "source_ts": pl.Series([OPEN, OPEN + 1, OPEN + 2]).cast(pl.Datetime("ns", "UTC")),
            "underlying": ["A", None, "A"],
            "price": [10.01, 10.02, float("nan")],
            "size": pl.Series([100, 200, 300], dtype=pl.Int32),
        }
    )
    frame.write_parquet(tmp_path / "e.parquet")
    chunks, _ = read(InputFile(tmp_path / "e.parquet", "e.parquet"))
    (row,) = to_rows(rows_of(chunks, "equities.prints"))
    assert (row["price"], row["size"], row["source_ts"]) == (10_010_000_000, 100_000_000, OPEN)
    assert [(r.source, r.reason.split(" ")[0]) for r in rejects_of(chunks)] == [
        ("e.parquet:2", "underlying"),
        ("e.parquet:3", "price"),
    ]
    assert b'"size":200' in rejects_of(chunks)[0].raw


def test_half_written_parquet_is_a_user_error(tmp_path: Path) -> None:
    path = tmp_path / "e.parquet"
    pq.write_table(to_clickhouse(exported("equities.prints")), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match=r"e\.parquet: begins as Parquet"):
        read(InputFile(path, path.name))


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("source_ts,underlying,price", "has no column 'size'"),
        ("source_ts,price,size", "has no column"),
        ("source_ts,underlying,price,size,emit_ts", "derived topic"),
        ("source_ts,underlying,price,size,price", "more than once"),
    ],
)
def test_other_columns_are_said_in_one_sentence(tmp_path: Path, header: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        read(write(tmp_path, "e.csv", header))


def test_what_no_column_says_can_be_declared(tmp_path: Path) -> None:
    file = write(tmp_path, "q.csv", QUOTE, f"{OPEN},A,1,2,1,1")
    _, feed = read(file, quote_scope="venue", sample_s="60", price_rounded="true", complete_volume="true")
    assert [feed.capabilities[n] for n in ("quote_scope", "venue_quotes", "is_sampled", "price_rounded")] == [
        "venue",
        True,
        60,
        True,
    ]
    assert feed.identity != read(file)[1].identity
    for options, words in (
        ({"quote_scope": "all"}, "nbbo or venue is allowed"),
        ({"sample_s": "0"}, "whole seconds"),
        ({"price_rounded": "maybe"}, "true or false"),
        ({"colour": "red"}, "--option colour: quote_scope, .* are allowed for plain tables"),
    ):
        with pytest.raises(UserError, match=words):
            read(file, **options)
