"""Two recorded days through the equities core: published counts of placements, and candles by group-by."""

import io
import zipfile
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from dataflows.analytics.equities import EquitiesCore
from dataflows.analytics.merge import EQUITIES, Applied, Merged, market
from dataflows.analytics.release import Session
from schemas.columns import Batch, complete, concat
from schemas.conditions import lean_bits
from schemas.kinds import PLACEMENT, PRINT_STATUS, QUOTE_STATE
from schemas.topics import TOPIC

FOLDER: Final = Path(__file__).parents[3] / "shared" / "data" / "lean" / "equity" / "usa" / "tick"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the recorded LEAN ticks are not here")

MS: Final = 1_000_000
DAY: Final = "20131007"
MIDNIGHT: Final = int(datetime(2013, 10, 7, tzinfo=ZoneInfo("America/New_York")).timestamp()) * 1000 * MS
OPEN_MS, CLOSE_MS = 34_200_000, 57_600_000
TRADE: Final = ("ms", "price", "size", "venue", "conditions", "suspicious")
QUOTE: Final = ("ms", "bid", "bid_size", "ask", "ask_size", "venue", "conditions", "suspicious")


def read(symbol: str, kind: str, names: tuple[str, ...]) -> pl.DataFrame:
    archive = zipfile.ZipFile(FOLDER / symbol / f"{DAY}_{kind}.zip")
    texts = [io.BytesIO(archive.read(name)) for name in archive.namelist()]
    frames = [pl.read_csv(t, has_header=False, new_columns=list(names), infer_schema=False) for t in texts]
    return pl.concat(frames).with_row_index("seq")


def number(name: str, scale: int) -> pl.Expr:
    return (pl.col(name).cast(pl.Float64) * scale).round().cast(pl.Int64).alias(name)


def head(frame: pl.DataFrame, symbol: str) -> dict[str, Any]:
    ts = MIDNIGHT + frame["ms"].cast(pl.Float64).cast(pl.Int64).to_numpy() * MS
    kind = np.zeros(len(frame), np.int32)
    seq = frame["seq"].cast(pl.Int64).to_numpy()
    names = pa.array([symbol.upper()] * len(frame), pa.string())
    return {"kind": kind, "seq": seq, "source_ts": ts, "event_ts": ts, "underlying": names}


@cache
def prints(symbol: str) -> Batch:
    frame = read(symbol, "trade", TRADE).with_columns(number("price", 10**5), number("size", 10**6))
    text = frame["conditions"].to_arrow().cast(pa.string())
    columns = head(frame, symbol) | {
        "price": frame["price"].to_numpy(),
        "size": frame["size"].to_numpy(),
        "venue": frame["venue"].to_arrow().cast(pa.string()),
        "off_exchange": (frame["venue"] == "D").to_numpy(),
        "conditions": text,
        "condition_bits": lean_bits(text),
        "has_event_ts": np.zeros(len(frame), np.bool_),
    }
    return complete(Batch(TOPIC["equities.prints"], columns))


@cache
def quotes(symbol: str) -> Batch:
    """Each row speaks of one side; the other side is what the last row that spoke of it said."""
    frame = read(symbol, "quote", QUOTE).with_columns(
        *(number(c, 10**5) for c in ("bid", "ask")),
        *(number(c, 10**6) for c in ("bid_size", "ask_size")),
    )
    columns = head(frame, symbol)
    for side in ("bid", "ask"):
        for name, absent in ((side, -1), (f"{side}_size", 0)):
            said = pl.when(pl.col(side) > 0).then(pl.col(name)).forward_fill().fill_null(absent)
            columns[name] = frame.select(said.alias(name))[name].to_numpy()
    return complete(Batch(TOPIC["equities.quotes"], columns))


@cache
def run(symbol: str, pieces: int) -> dict[str, Batch]:
    core, parts, after = EquitiesCore(), [], 0
    span = np.linspace(4 * 3600, 20 * 3600, pieces)[1:-1] * 1000 * MS
    for until in [*(MIDNIGHT + span.astype(np.int64)).tolist(), 2**62]:
        applied = {}
        for name, batch in zip(EQUITIES, (prints(symbol), quotes(symbol)), strict=True):
            index = np.flatnonzero((batch["source_ts"] > after) & (batch["source_ts"] <= until))
            late = np.zeros(len(index), np.bool_)
            applied[name] = Applied(batch.take(index), batch["source_ts"][index], late)
        day = Session(DAY, MIDNIGHT, 0, 0, 30_000 * MS, {"capabilities": {"price_rounded": True}})
        sessions = ((MIDNIGHT, day),) if after < MIDNIGHT else ()
        release = market(Merged(until, sessions, (), (), applied, ()), *EQUITIES)
        assert release is not None
        parts.append(core.apply(release))
        after = until
        core = EquitiesCore.restore(core.snapshot())
    return {name: concat([p[name] for p in parts]) for name in parts[0]}


def as_frame(batch: Batch) -> pl.DataFrame:
    return pl.DataFrame(
        {n: (pl.Series(c.to_pylist()) if isinstance(c, pa.Array) else c) for n, c in batch.columns.items()}
    )


COUNTS: Final = {
    "ibm": {
        "rows": 24_293,
        "off_exchange": 7_458,
        "lit": 16_667,
        "at_bid": 5_995,
        "at_ask": 6_081,
        "mid": 1_108,
        "inside": 3_857,
        "outside": 456,
        "locked": 207,
        "crossed": 71,
        "no_trade": 1,
    },
    "aig": {
        "rows": 25_351,
        "off_exchange": 6_262,
        "lit": 19_016,
        "at_bid": 8_752,
        "at_ask": 8_410,
        "mid": 184,
        "inside": 242,
        "outside": 230,
        "locked": 1_340,
        "crossed": 42,
        "no_trade": 2,
    },
}


@pytest.mark.parametrize("symbol", ["ibm", "aig"])
def test_placements_of_lit_trade_rows_in_regular_hours(symbol: str) -> None:
    """The published counts take in official prices, which have a placement but are no trades."""
    joins = as_frame(run(symbol, 2)["equities.joins"])
    since, until = (MIDNIGHT + ms * MS for ms in (OPEN_MS, CLOSE_MS))
    lit = joins.filter(
        ~pl.col("off_exchange")
        & (pl.col("source_ts") >= since)
        & (pl.col("source_ts") < until)
        & (pl.col("bid") >= 0)
        & (pl.col("ask") >= 0)
    )
    normal = lit.filter(pl.col("quote_state") == QUOTE_STATE.index("normal"))

    def placed(*names: str) -> int:
        return normal.filter(pl.col("placement").is_in([PLACEMENT.index(n) for n in names])).height

    def standing(name: str) -> int:
        return lit.filter(pl.col("quote_state") == QUOTE_STATE.index(name)).height

    assert COUNTS[symbol] == {
        "rows": joins.height,
        "off_exchange": joins["off_exchange"].sum(),
        "lit": lit.height,
        "at_bid": placed("at_bid"),
        "at_ask": placed("at_ask"),
        "mid": placed("mid"),
        "inside": placed("inside_bid", "mid", "inside_ask"),
        "outside": placed("below_bid", "above_ask"),
        "locked": standing("locked"),
        "crossed": standing("crossed"),
        "no_trade": lit.filter(pl.col("status") == PRINT_STATUS.index("no_trade")).height,
    }


@pytest.mark.parametrize("symbol", ["ibm", "aig"])
@pytest.mark.parametrize("interval_s", [1, 5, 60, 300])
def test_candles_are_a_group_by_of_the_prints(symbol: str, interval_s: int) -> None:
    candles = as_frame(run(symbol, 2)["equities.candles"])
    joins = as_frame(run(symbol, 2)["equities.joins"])
    length = interval_s * 1000 * MS
    trades = joins.filter(pl.any_horizontal("updates_volume", "updates_high_low", "updates_last")).sort(
        "source_ts", "print_seq"
    )
    volume, last = pl.col("updates_volume"), pl.col("updates_last")
    ranged = pl.col("updates_high_low") | last
    expected = (
        trades.group_by((pl.col("source_ts") // length * length).alias("start_ts"))
        .agg(
            pl.col("price").filter(last).first().fill_null(-1).alias("open"),
            pl.col("price").filter(ranged).max().fill_null(-1).alias("high"),
            pl.col("price").filter(ranged).min().fill_null(-1).alias("low"),
            pl.col("price").filter(last).last().fill_null(-1).alias("close"),
            pl.col("size").filter(volume).sum().alias("volume"),
            pl.col("size").filter(volume & pl.col("off_exchange")).sum().alias("off_exchange_volume"),
            pl.col("notional").filter(volume).sum().alias("notional"),
            volume.sum().cast(pl.Int64).alias("trade_count"),
        )
        .sort("start_ts")
    )
    mine = candles.filter(pl.col("interval_s") == interval_s).sort("start_ts")
    assert mine.select(expected.columns).equals(expected)
    assert (mine["emit_ts"] == mine["end_ts"]).all()
    assert (mine["version"] == 1).all()
    whole = mine.filter(pl.col("open") >= 0)
    assert whole.height > 0
    assert (whole["low"] <= whole["open"]).all() and (whole["close"] <= whole["high"]).all()


@pytest.mark.parametrize("symbol", ["ibm", "aig"])
def test_a_day_in_pieces_is_the_same_day(symbol: str) -> None:
    whole, pieces = run(symbol, 2), run(symbol, 40)
    for name, batch in whole.items():
        assert as_frame(pieces[name]).equals(as_frame(batch)), name
