"""What really happened, as columns beside the records of the tape.

Owns the shape of the truth and its join with claims by (topic, partition, seq), which no flow can read.
Cancels, corrections and repeats on the tape are not fills and are left out, counted. Refuses truth that
lacks a fill for a print that claims were made of: a score over a part would be of another population.
"""

from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from schemas.kinds import SIDE

KEY: Final = ("topic", "partition", "seq")
SIDES: Final = {"none": 0, "buy": 1, "sell": -1}
FILLS: Final[dict[str, pl.DataType]] = {
    "topic": pl.String(),
    "partition": pl.Int64(),
    "seq": pl.Int64(),
    "aggressor": pl.Int8(),
    "customer": pl.Int8(),
    "open_buy": pl.Int64(),
    "open_sell": pl.Int64(),
    "order_id": pl.Int64(),
    "resting_id": pl.Int64(),
    "parent_id": pl.Int64(),
    "resting_parent_id": pl.Int64(),
    "package_id": pl.Int64(),
    "purpose": pl.String(),
    "is_hidden": pl.Boolean(),
    "is_midpoint": pl.Boolean(),
    "report": pl.String(),
    "exact_ts": pl.Int64(),
}
PARENTS: Final[dict[str, pl.DataType]] = {
    "parent_id": pl.Int64(),
    "underlying": pl.String(),
    "side": pl.Int8(),
    "purpose": pl.String(),
    "size_ordered": pl.Int64(),
    "start_ts": pl.Int64(),
    "end_ts": pl.Int64(),
    "style": pl.String(),
    "package_id": pl.Int64(),
}
PACKAGES: Final[dict[str, pl.DataType]] = {
    "package_id": pl.Int64(),
    "underlying": pl.String(),
    "class": pl.String(),
    "start_ts": pl.Int64(),
    "purpose": pl.String(),
    "side": pl.Int8(),
    "legs": pl.String(),
}
UNTOLD: Final[dict[str, Any]] = {"side": 0, "legs": "[]"}  # what a table of packages may leave out
ARE_FILLS: Final = ("original", "cancelled", "corrected")
NOTHING: Final[dict[str, Any]] = {
    "open_buy": 0, "open_sell": 0, "order_id": -1, "resting_id": -1, "parent_id": -1,
    "resting_parent_id": -1, "package_id": -1, "purpose": "", "is_hidden": False, "is_midpoint": False,
    "report": "original", "customer": 0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Truth:
    """Fills by record of the tape, and the parents and packages they belong to."""

    fills: pl.DataFrame
    parents: pl.DataFrame
    packages: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Beside:
    """Claims with the truth in `t_*` columns, and how many records were left out because of what they are."""

    rows: pl.DataFrame
    left_out: dict[str, int]


def truth_of(tables: dict[str, Any]) -> Truth:
    """Return the truth from the tables `fills`, `parents` and `packages` (Arrow or polars).

    Sides may be words (buy, sell, none) or +1, -1, 0; columns beyond the known ones are dropped.
    """
    kinds = {"fills": FILLS, "parents": PARENTS, "packages": PACKAGES}
    found = {name: _typed(tables.get(name), columns) for name, columns in kinds.items()}
    return Truth(**found)


def of_recording(prints: pl.DataFrame, topic: str) -> Truth:
    """Return the truth that a recording states itself: the aggressor of its prints, visible or hidden.

    `prints` has partition, seq, aggressor (code in SIDE), is_hidden and source_ts of the raw topic.
    """
    codes = {SIDE.index(name): value for name, value in SIDES.items()}
    known = prints.select(
        pl.lit(topic).alias("topic"),
        pl.col("partition", "seq"),
        pl.col("aggressor").replace_strict(codes, return_dtype=pl.Int8),
        pl.col("is_hidden"),
        pl.col("source_ts").alias("exact_ts"),
    )
    rest = [pl.lit(value).alias(name) for name, value in NOTHING.items() if name not in known.columns]
    return truth_of({"fills": known.with_columns(rest)})


def beside(claims: pl.DataFrame, truth: Truth, topic: str, seq: str = "print_seq") -> Beside:
    """Join claims with the truth of their records.

    Raises:
        ValueError: a claim is about a record that the truth does not know.
    """
    fills = truth.fills.filter(pl.col("topic") == topic).drop("topic")
    named = fills.rename({c: f"t_{c}" for c in fills.columns if c not in KEY})
    keyed = claims.with_columns(pl.col("partition").cast(pl.Int64))
    rows = keyed.join(named, left_on=["partition", seq], right_on=["partition", "seq"], how="left")
    unknown = rows["t_report"].null_count()
    if unknown:
        raise ValueError(f"{topic}: the truth knows nothing of {unknown} of {len(rows)} prints")
    counted = rows.group_by("t_report").len().rows()
    left_out = {str(report): int(n) for report, n in counted if report not in ARE_FILLS}
    return Beside(rows.filter(pl.col("t_report").is_in(ARE_FILLS)), left_out)


def _typed(table: Any, columns: dict[str, pl.DataType]) -> pl.DataFrame:
    """Return the known columns in their types; an absent table is an empty one."""
    if table is None:
        return pl.DataFrame(schema=columns)
    frame = table if isinstance(table, pl.DataFrame) else pl.DataFrame(pl.from_arrow(table))
    untold = {name: value for name, value in UNTOLD.items() if name in columns}
    frame = frame.with_columns(pl.lit(v).alias(n) for n, v in untold.items() if n not in frame.columns)
    missing = sorted(set(columns) - set(frame.columns))
    assert not missing, f"truth lacks {missing}"
    return frame.select(_cast(frame, name, kind) for name, kind in columns.items())


def _cast(frame: pl.DataFrame, name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    is_word = not frame.schema[name].is_numeric()
    if kind == pl.Int8() and is_word:
        return column.cast(pl.String).replace_strict(SIDES, return_dtype=pl.Int8)
    return column.cast(kind)
