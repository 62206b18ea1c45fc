"""`score opening`: is what a claim calls proven ever more than what was opened?

Owns the interface of opening claims: `opened_min_buy` and `opened_min_sell`, contracts that the buyers and
the sellers of a print opened at least, 0 where nothing is provable. One violated bound is one too many: it
is no estimate. Refuses to score a probability as a bound.
"""

from typing import Final

import numpy as np
import polars as pl

from scoring.claims import OPTIONS, TRADES
from scoring.intervals import wilson
from scoring.metrics import Measures, share
from scoring.nulls import HOW, dealt
from scoring.run import Frames
from scoring.truth import Truth, beside

PRODUCT, BASELINE = "product", "all_of_it_opened"
SIDES: Final = ("buy", "sell")
CLAIM_FIELDS: Final = ("opened_min_buy", "opened_min_sell")
NS_PER_DAY: Final = 86_400_000_000_000


def rows_of(outputs: Frames, truth: Truth, seed: int) -> pl.DataFrame:
    """Return one row a print of one run with the bounds of each method, b_<method>_<side>.

    The product's are `opened_min_buy` and `opened_min_sell` of options.placed; 0 while it makes none. The
    baseline says that every contract was opened by both.
    """
    placed = outputs["options.placed"].filter(pl.col("status").is_in(TRADES))
    rows = beside(placed, truth, OPTIONS).rows
    bounds = []
    for side, field in zip(SIDES, CLAIM_FIELDS, strict=True):
        claimed = pl.col(field).clip(0) if field in rows.columns else pl.lit(0, pl.Int64)
        bounds += [claimed.alias(f"b_{PRODUCT}_{side}"), pl.col("size").alias(f"b_{BASELINE}_{side}")]
    session = (pl.lit(seed, pl.Int64) * 1_000_000 + pl.col("source_ts") // NS_PER_DAY).alias("session")
    return rows.with_columns(*bounds, session)


def score(runs: list[pl.DataFrame]) -> list[Measures]:
    """Return a score for each method over both sides of every print."""
    if not runs or not sum(map(len, runs)):
        return []
    rows = pl.concat(runs)
    columns = (rows["session"].to_numpy(), rows["source_ts"].to_numpy(), rows["venue"].to_numpy())
    deals = {how: dealt(how, *columns) for how in HOW}
    base = _measures(rows, BASELINE, SIDES)
    found = []
    for method in (PRODUCT, BASELINE):
        dealt_out = {how: _measures(rows, method, SIDES, o)["precision"] for how, o in deals.items()}
        found.append(
            {
                "topic": OPTIONS,
                "target": "opened",
                "method": method,
                **_measures(rows, method, SIDES),
                "classes": {side: _measures(rows, method, (side,)) for side in SIDES},
                "baseline": {"name": BASELINE, **{k: base[k] for k in ("precision", "recall")}},
                "null": {"base_rate": base_rate(rows, method), **dealt_out},
            }
        )
    return found


def base_rate(rows: pl.DataFrame, method: str) -> float | None:
    """Return the share of bounds that would hold against the openings of a print taken at random."""
    held, claimed = 0.0, 0
    for side in SIDES:
        bound = rows[f"b_{method}_{side}"].to_numpy()
        opened = np.sort(rows[f"t_open_{side}"].to_numpy())
        asked = bound[bound > 0]
        held += float((1 - np.searchsorted(opened, asked) / max(1, len(opened))).sum())
        claimed += len(asked)
    return share(held, claimed)


def _measures(
    rows: pl.DataFrame, method: str, sides: tuple[str, ...], order: np.ndarray | None = None
) -> Measures:
    """Return n, coverage, violated bounds, precision (bounds that hold) and recall (contracts proven)."""
    bound = np.concatenate([rows[f"b_{method}_{side}"].to_numpy() for side in sides])
    truths = [rows[f"t_open_{side}"].to_numpy() for side in sides]
    opened = np.concatenate([t if order is None else t[order] for t in truths])
    is_claimed = bound > 0
    held, claimed = int((is_claimed & (bound <= opened)).sum()), int(is_claimed.sum())
    return {
        "n": len(bound),
        "coverage": share(claimed, len(bound)),
        "violated": claimed - held,
        "precision": share(held, claimed),
        "recall": share(int(np.minimum(bound, opened).sum()), int(opened.sum())),
        "precision_wilson": wilson(held, claimed),
    }
