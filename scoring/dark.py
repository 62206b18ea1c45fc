"""`score dark`: do dark events stand on prints of accumulation, distribution or hidden liquidity?

Owns what counts as right: the print that a claim stands on was filled by a parent of one of those purposes,
as taker or as the resting party. Recall is of parents, not of prints: one claim finds a parent. Prints on
exchanges count too, since hidden liquidity rests there. Refuses a null that moves a lit print's truth off
the exchanges or back: they would differ by that alone.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.kinds import DARK_KIND
from scoring.claims import EQUITIES, TRADES, standing
from scoring.intervals import BLOCK_NS, Blocks, wilson
from scoring.metrics import Measures, share
from scoring.nulls import HOW, dealt
from scoring.run import Frames
from scoring.truth import Truth, beside

PRODUCT, BASELINE = "product", "largest_off_exchange"
CLASSES: Final = ("accumulate", "distribute", "hidden_liquidity")
NS_PER_DAY: Final = 86_400_000_000_000
PARENTS_MAX: Final = 1_000_000_000  # of one run: runs are kept apart by it


def rows_of(outputs: Frames, truth: Truth, seed: int) -> pl.DataFrame:
    """Return one row an equity print of one run: claims, and the purpose and parent behind it."""
    joins = outputs["equities.joins"].filter(pl.col("status").is_in(TRADES))
    events = standing(outputs["dark.events"], "dark_id")
    claims = events.select(
        pl.col("partition").cast(pl.Int64), "print_seq", pl.col("kind").cast(pl.Int64).alias("kind")
    )
    rows = beside(joins, truth, EQUITIES).rows
    joined = rows.join(claims.unique(["partition", "print_seq"]), on=["partition", "print_seq"], how="left")
    purposes = truth.parents.select(
        pl.col("parent_id").alias("t_resting_parent_id"), pl.col("purpose").alias("resting_purpose")
    )
    behind = joined.join(purposes, on="t_resting_parent_id", how="left")
    is_taker = pl.col("t_purpose").is_in(CLASSES)
    is_resting = pl.col("resting_purpose").is_in(CLASSES).fill_null(False)
    purpose = (
        pl.when(is_taker).then("t_purpose").when(is_resting).then("resting_purpose").otherwise(pl.lit(""))
    )
    parent = pl.when(is_taker).then("t_parent_id").when(is_resting).then("t_resting_parent_id").otherwise(-1)
    return behind.with_columns(
        purpose.alias("truth"),
        (parent.rank("dense").cast(pl.Int64) + seed * PARENTS_MAX).alias("found"),
        pl.lit(seed, pl.Int64).alias("seed"),
        (pl.lit(seed, pl.Int64) * 1_000_000 + pl.col("source_ts") // NS_PER_DAY).alias("session"),
    )


def score(runs: list[pl.DataFrame]) -> list[Measures]:
    """Return a score for the product and for as many of the largest prints as it has claims."""
    if not runs or not sum(map(len, runs)):
        return []
    rows = pl.concat(runs)
    is_claimed = rows["kind"].is_not_null().to_numpy()
    biggest = np.zeros(len(rows), np.bool_)
    off = np.where(rows["off_exchange"].to_numpy(), rows["notional"].to_numpy(), -1)
    biggest[np.argsort(-off, kind="stable")[: int(is_claimed.sum())]] = True
    session = rows["session"].to_numpy() * 2 + rows["off_exchange"].to_numpy()  # lit and off apart
    columns = (session, rows["source_ts"].to_numpy(), rows["venue"].to_numpy())
    deals = {how: dealt(how, *columns) for how in HOW}
    base = _measures(rows, biggest, None)
    found = []
    for method, claimed in ((PRODUCT, is_claimed), (BASELINE, biggest)):
        dealt_out = {how: _precision(rows, claimed, order) for how, order in deals.items()}
        found.append(
            {
                "topic": "dark.events",
                "target": "parent",
                "method": method,
                **_measures(rows, claimed, None),
                "classes": {name: _measures(rows, claimed, name) for name in CLASSES},
                "kinds": _kinds(rows) if method == PRODUCT else {},
                "baseline": {"name": BASELINE, **{k: base[k] for k in ("precision", "recall")}},
                "null": {"base_rate": base_rate(rows, claimed), **dealt_out},
            }
        )
    return found


def _measures(rows: pl.DataFrame, claimed: np.ndarray, name: str | None) -> Measures:
    """Return n (parents), coverage (prints claimed), precision by claims, recall by parents."""
    truth, parent = rows["truth"].to_numpy(), rows["found"].to_numpy()
    is_true = truth != "" if name is None else truth == name
    right, claims = int((is_true & claimed).sum()), int(claimed.sum())
    parents = len(np.unique(parent[is_true]))
    blocks = Blocks(rows["seed"].to_numpy() * 100_000_000 + rows["source_ts"].to_numpy() // BLOCK_NS)
    return {
        "n": parents,
        "claims": claims,
        "coverage": share(claims, len(rows)),
        "precision": share(right, claims),
        "recall": share(len(np.unique(parent[is_true & claimed])), parents),
        "precision_wilson": wilson(right, claims),
        "precision_blocks": blocks.interval(is_true & claimed, claimed) if claims else None,
    }


def base_rate(rows: pl.DataFrame, claimed: npt.NDArray[np.bool_]) -> float | None:
    """Return the precision that claims would have on prints taken at random where they were made."""
    is_true, off = rows["truth"].to_numpy() != "", rows["off_exchange"].to_numpy()
    found = 0.0
    for place in (off, ~off):
        if place.any():
            found += float(is_true[place].mean()) * int(claimed[place].sum())
    return share(found, int(claimed.sum()))


def _precision(rows: pl.DataFrame, claimed: np.ndarray, order: np.ndarray) -> float | None:
    is_true = (rows["truth"].to_numpy() != "")[order]
    return share(int((is_true & claimed).sum()), int(claimed.sum()))


def _kinds(rows: pl.DataFrame) -> dict[str, Measures]:
    kinds = rows["kind"].fill_null(-1).to_numpy()
    return {
        name: _measures(rows, kinds == code, None)
        for code, name in enumerate(DARK_KIND)
        if (kinds == code).any()
    }
