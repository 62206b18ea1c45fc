"""The splits of a score: where in the spread, how wide, which series, code, venue, visible or hidden.

Owns the buckets, as text columns `s_*` beside each claim, so that every score is told for those prints
alone. The bounds follow the published tables of option trade classification; a bucket is a fact of the
print and its quote, never of the truth, save visible and hidden.
"""

from typing import Final

import polars as pl

from schemas.kinds import CODE_FAMILY, PLACEMENT

AT: Final = {"at_ask": "at quote", "at_bid": "at quote", "inside_ask": "inside", "inside_bid": "inside"}
BEYOND: Final = {"mid": "mid", "above_ask": "outside", "below_bid": "outside", "at_lock": "locked"}
WHERE: Final = {PLACEMENT.index(k): v for k, v in {**AT, **BEYOND, "none": "no quote"}.items()}
OPTION_SPREADS: Final = ((0.02, "to 2 %"), (0.05, "2 to 5 %"), (0.10, "5 to 10 %"), (0.20, "10 to 20 %"))
EQUITY_SPREADS: Final = ((1, "1 cent"), (2, "2 cents"), (5, "3 to 5 cents"))
MONEYNESS: Final = (
    (-0.10, "out by over 10 %"), (-0.03, "out by 3 to 10 %"), (0.03, "within 3 %"), (0.10, "in by 3 to 10 %"),
)  # fmt: skip
DAYS: Final = (
    (0, "today"), (7, "1 to 7"), (30, "8 to 30"), (90, "31 to 90"), (365, "91 to 365"),
)  # fmt: skip
OPTION_SIZES: Final = ((1, "1"), (10, "2 to 10"), (99, "11 to 99"))
EQUITY_SIZES: Final = (
    (99_999_999, "odd lot"),
    (999_999_999, "100 to 999"),
    (9_999_999_999, "1,000 to 9,999"),
)
NO_QUOTE: Final = "no quote"
CENT: Final = 10_000_000
NS_PER_DAY: Final = 86_400_000_000_000
MAX_CODES: Final = 24  # the commonest codes; the rest are one bucket


def _buckets(value: pl.Expr, bounds: tuple[tuple[float, str], ...], beyond: str) -> pl.Expr:
    """Return the name of the first bound that a value does not exceed."""
    found: pl.Expr = pl.lit(beyond)
    for bound, name in reversed(bounds):
        found = pl.when(value <= bound).then(pl.lit(name)).otherwise(found)
    return pl.when(value.is_null()).then(pl.lit("unknown")).otherwise(found)


def _place() -> pl.Expr:
    return pl.col("placement").replace_strict(WHERE, return_dtype=pl.String).alias("s_place")


def _visible() -> pl.Expr:
    shown = pl.when("t_is_hidden").then(pl.lit("hidden")).otherwise(pl.lit("visible"))
    return shown.alias("s_visibility")


def _is_two_sided() -> pl.Expr:
    return (pl.col("bid") > 0) & (pl.col("ask") >= pl.col("bid"))


def option_splits(rows: pl.DataFrame, spot: pl.DataFrame) -> pl.DataFrame:
    """Return option rows with their buckets; `spot` has underlying, source_ts and price of equity prints."""
    middle, width = (pl.col("bid") + pl.col("ask")) / 2, pl.col("ask") - pl.col("bid")
    relative = pl.when(_is_two_sided()).then(width / middle)
    traded = pl.from_epoch(pl.col("source_ts") // NS_PER_DAY, "d")
    expiry = pl.col("expiry").cast(pl.String).str.to_date("%Y%m%d")
    above = pl.col("spot") / pl.col("strike") - 1
    in_money = pl.when(pl.col("right") == 0).then(above).otherwise(-above)
    family = pl.col("code_family").replace_strict(dict(enumerate(CODE_FAMILY)), return_dtype=pl.String)
    return with_spot(rows, spot).with_columns(
        _place(),
        _visible(),
        _buckets(relative, OPTION_SPREADS, "over 20 %").alias("s_spread"),
        _buckets(in_money, MONEYNESS, "in by over 10 %").alias("s_moneyness"),
        _buckets((expiry - traded).dt.total_days(), DAYS, "over 365").alias("s_days"),
        _buckets(pl.col("size"), OPTION_SIZES, "100 and more").alias("s_size"),
        (pl.col("condition") + pl.lit(" ") + family).str.strip_chars().alias("s_code"),
        pl.col("venue").alias("s_venue"),
    )


def with_spot(rows: pl.DataFrame, spot: pl.DataFrame) -> pl.DataFrame:
    """Return rows in their order with `spot`, the last print of the underlying strictly before each."""
    known = spot.select("underlying", "source_ts", pl.col("price").alias("spot")).sort("source_ts")
    numbered = rows.with_row_index("_row").sort("source_ts")
    joined = numbered.join_asof(
        known,
        on="source_ts",
        by="underlying",
        strategy="backward",
        allow_exact_matches=False,
        check_sortedness=False,
    )
    return joined.sort("_row").drop("_row")


def equity_splits(rows: pl.DataFrame) -> pl.DataFrame:
    """Return equity rows with their buckets."""
    cents = pl.when(_is_two_sided()).then((pl.col("ask") - pl.col("bid") + CENT - 1) // CENT)
    common = rows["conditions"].value_counts(sort=True)["conditions"].head(MAX_CODES).to_list()
    code = pl.when(pl.col("conditions").is_in(common)).then("conditions").otherwise(pl.lit("other"))
    return rows.with_columns(
        _place(),
        _visible(),
        _buckets(cents, EQUITY_SPREADS, "over 5 cents").alias("s_spread"),
        _buckets(pl.col("size"), EQUITY_SIZES, "10,000 and more").alias("s_size"),
        pl.when("off_exchange").then(pl.lit("off")).otherwise(pl.lit("lit")).alias("s_where"),
        code.alias("s_code"),
        pl.col("venue").alias("s_venue"),
    )


def dimensions(rows: pl.DataFrame) -> list[str]:
    """Return the names of the split columns, without their prefix."""
    return [name[2:] for name in rows.columns if name.startswith("s_")]
