"""Truth beside the tape: each published print has its own, in memory and in files that can be resumed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from connectors.errors import UserError
from connectors.feeds.synthetic import SyntheticFeed
from connectors.memory_log import Logs, raw_log
from connectors.truth_files import labelled, read_truth, write_truth
from schemas.codec import decode
from schemas.columns import is_text
from schemas.kinds import KIND
from schemas.topics import TOPIC
from synthetic.truth import SCHEMAS

PRINTS = ("options.prints", "equities.prints")
SYMBOLS = ["SPY", "NVDA", "TSLA", "KO"]


CHUNKS = 32  # ten seconds before the open, and some of the busiest ones


def feed() -> SyntheticFeed:
    return SyntheticFeed("normal", 7, 1, SYMBOLS)


def quiet() -> SyntheticFeed:
    return SyntheticFeed("quiet", 7, 1)


@cache
def made(is_quiet: bool = False) -> tuple[Logs, dict[str, pl.DataFrame]]:
    logs, tables = labelled(quiet(), 10**6) if is_quiet else labelled(feed(), CHUNKS)
    return logs, {name: pl.DataFrame(pl.from_arrow(table)) for name, table in tables.items()}


def data_rows(logs: Logs, topic: str) -> pl.DataFrame:
    """The data records of a topic with their partition."""
    parts = []
    for (name, part), values in logs.items():
        if name == topic and values:
            batch = decode(TOPIC[topic], values).batch
            columns = {n: c.to_pylist() if is_text(c) else c for n, c in batch.columns.items()}
            parts.append(pl.DataFrame({**columns, "partition": np.full(len(batch), part, np.int32)}))
    return pl.concat(parts).filter(pl.col("kind") == KIND.index("data"))


def test_the_log_is_the_one_that_is_published() -> None:
    assert made()[0] == raw_log(feed(), CHUNKS)


@pytest.mark.parametrize("topic", PRINTS)
def test_each_print_has_its_own_truth(topic: str) -> None:
    logs, tables = made()
    fills = tables["fills"].with_columns(pl.col(pl.Categorical).cast(pl.String)).filter(topic=topic)
    rows = data_rows(logs, topic)
    both = rows.join(fills, on=["partition", "seq"], suffix="_true")
    assert both.height == rows.height == fills.height > 500
    timed = both.filter(pl.col("has_event_ts"))
    assert (timed["event_ts"] - timed["exact_ts"]).abs().max() <= 150_000  # type: ignore[operator]
    assert (both["source_ts"] > both["exact_ts"]).all()
    named = {"cancel": 1, "correction": 2}
    reports = both["report_true"].replace_strict(named, default=0, return_dtype=pl.Int64)
    assert reports.to_list() == both["report"].to_list()


def test_a_repeat_has_the_truth_of_what_it_repeats() -> None:
    many = SyntheticFeed("adversarial", 3, 1, SYMBOLS)
    logs, tables = labelled(many, CHUNKS)
    fills = pl.DataFrame(pl.from_arrow(tables["fills"])).with_columns(pl.col(pl.Categorical).cast(pl.String))
    rows = pl.concat(
        [data_rows(logs, t).select("partition", "seq", "trade_id", topic=pl.lit(t)) for t in PRINTS]
    )
    both = fills.join(rows, on=["topic", "partition", "seq"])
    repeats = both.filter(report="duplicate")
    assert repeats.height > 0
    first = both.filter(pl.col("report") != "duplicate")
    pairs = repeats.join(first, on=["topic", "trade_id"], suffix="_first")
    assert pairs.height == repeats.height
    for name in ("order_id", "parent_id", "exact_ts", "aggressor", "partition"):
        assert pairs[name].to_list() == pairs[f"{name}_first"].to_list()


def test_fills_belong_to_parents_and_packages_that_are_listed() -> None:
    tables = made(is_quiet=True)[1]
    fills = tables["fills"]
    parents, packages = set(tables["parents"]["parent_id"]), set(tables["packages"]["package_id"])
    packaged = fills.filter(pl.col("package_id") >= 0)
    assert packaged.height > 50
    assert set(packaged["package_id"]) <= packages
    worked = fills.filter((pl.col("parent_id") >= 0) & (pl.col("package_id") < 0))
    assert worked["parent_id"].is_in(list(parents)).mean() > 0.95  # type: ignore[operator]
    assert fills["aggressor"].cast(pl.String).is_in(["buy", "sell", "none"]).all()


def test_columns_are_those_of_the_schema() -> None:
    for name, table in labelled(feed(), 12)[1].items():
        assert table.schema.names == SCHEMAS[name].names


@pytest.mark.slow
def test_parts_taken_up_again_are_the_same_bytes(tmp_path: Path) -> None:
    two_blocks = SyntheticFeed("quiet", 5, 6, SYMBOLS)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    counts = write_truth(two_blocks, whole)
    write_truth(two_blocks, broken, 350)
    assert len(list(broken.glob("*.parquet"))) == 4  # one block has ended
    write_truth(two_blocks, broken)
    names = sorted(p.name for p in whole.iterdir())
    assert names == sorted(p.name for p in broken.iterdir())
    assert all((whole / n).read_bytes() == (broken / n).read_bytes() for n in names)
    tables = read_truth(whole)
    assert {n: len(t) for n, t in tables.items()} == counts
    keys = pl.DataFrame(pl.from_arrow(tables["fills"])).select("topic", "partition", "seq")
    assert keys.is_unique().all()
    assert write_truth(two_blocks, whole) == dict.fromkeys(counts, 0)
    with pytest.raises(UserError, match="truth of another input"):
        write_truth(SyntheticFeed("quiet", 6, 6, SYMBOLS), whole)


def test_truth_in_files_is_the_truth_in_memory(tmp_path: Path) -> None:
    write_truth(quiet(), tmp_path)
    kept = {n: pl.DataFrame(pl.from_arrow(t)) for n, t in read_truth(tmp_path).items()}
    for name, table in made(is_quiet=True)[1].items():
        text = pl.col(pl.Categorical).cast(pl.String)
        assert kept[name].with_columns(text).equals(table.with_columns(text)), name
