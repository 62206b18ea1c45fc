"""Precision and recall of a grouping, by pairs: which two contracts of different prints belong together.

Owns the count of pairs that claims and truth put together, weighted by contracts: a pair of prints counts
the product of their sizes, so that one large order weighs what it traded. Sums are kept by block of time
for the bootstrap. Refuses pairs inside one print: nobody needs to claim those.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from scoring.intervals import Blocks, Longs
from scoring.metrics import Measures, share

ALONE: Final = -1  # in no claim


def pair_scores(claim: Longs, truth: Longs, weight: npt.ArrayLike, block: Longs) -> Measures:
    """Return precision and recall of the pairs that `claim` puts together, by contracts and by prints.

    `claim` and `truth` name the group of each print; a claim of ALONE is in no group. `block` names the five
    minutes of each print, the pairs of a group being of its first. `n` are prints, `coverage` the share of
    them that stands in a claim of two prints and more.
    """
    rows = pl.DataFrame({"claim": claim, "truth": truth, "w": np.asarray(weight, np.float64), "block": block})
    claimed = rows.filter(pl.col("claim") != ALONE)
    both, mine = _groups(claimed, ["claim", "truth"]), _groups(claimed, ["claim"])
    true = _groups(rows, ["truth"])
    found: Measures = {"n": len(rows), "coverage": share(_grouped(mine), len(rows))}
    for suffix, column in (("", "pairs"), ("_by_prints", "print_pairs")):
        agreed = float(both[column].sum())
        found["precision" + suffix] = share(agreed, float(mine[column].sum()))
        found["recall" + suffix] = share(agreed, float(true[column].sum()))
    found["precision_blocks"] = _interval(both, mine)
    found["recall_blocks"] = _interval(both, true)
    return found


def base_precision(truth: Longs) -> float | None:
    """Return the share of all pairs of prints that belong together: what guessing would get."""
    n, sizes = len(truth), np.unique(truth, return_counts=True)[1].astype(np.float64)
    return share(float((sizes * (sizes - 1)).sum()), n * (n - 1))


def _groups(rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Return for each group its pairs, by contracts and by prints, its prints and its block of time."""
    w = pl.col("w")
    return rows.group_by(by, maintain_order=True).agg(
        ((w.sum() ** 2 - (w**2).sum()) / 2).alias("pairs"),
        (pl.len() * (pl.len().cast(pl.Float64) - 1) / 2).alias("print_pairs"),
        pl.len().alias("prints"),
        pl.col("block").min(),
    )


def _grouped(groups: pl.DataFrame) -> int:
    return int(groups.filter(pl.col("prints") > 1)["prints"].sum())


def _interval(upper: pl.DataFrame, lower: pl.DataFrame) -> tuple[float, float] | None:
    blocks = Blocks(np.concatenate([upper["block"].to_numpy(), lower["block"].to_numpy()]))
    above = np.concatenate([upper["pairs"].to_numpy(), np.zeros(len(lower))])
    below = np.concatenate([np.zeros(len(upper)), lower["pairs"].to_numpy()])
    return blocks.interval(above, below)
