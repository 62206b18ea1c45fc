"""`score opening`: is what a claim calls proven ever more than what was opened?

Owns the interface of opening claims: `opened_min_buy` and `opened_min_sell`, contracts that the buyers and
the sellers of a print opened at least, 0 where nothing is provable. One violated bound is one too many: it
is no estimate. Refuses to score a probability as a bound.
"""

import json
from typing import Final

import numpy as np
import polars as pl

from connectors.memory_log import Logs
from schemas.kinds import REFERENCE_NAME
from scoring.claims import OPTIONS, TRADES
from scoring.intervals import wilson
from scoring.metrics import Measures, share
from scoring.nulls import HOW, dealt
from scoring.run import Frames, raw
from scoring.truth import Truth, beside

# The identity: contracts beyond open interest and the volume of the day so far. The badge forgets the volume.
PRODUCT, IDENTITY, BADGE, BASELINE = "product", "identity", "size_over_oi", "all_of_it_opened"
METHODS: Final = (PRODUCT, IDENTITY, BADGE, BASELINE)
SIDES: Final = ("buy", "sell")
CLAIM_FIELDS: Final = ("opened_min_buy", "opened_min_sell")
OPEN_INTEREST: Final = REFERENCE_NAME.index("open_interest")
NS_PER_DAY: Final = 86_400_000_000_000


def rows_of(
    outputs: Frames, truth: Truth, seed: int, open_interest: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return one row a print of one run with the bounds of each method, b_<method>_<side>.

    The product's are `opened_min_buy` and `opened_min_sell` of options.placed; 0 while it makes none.
    `open_interest` has contract and contracts open before the session; where a series is not in it, or no
    table is given, identity and badge claim nothing. The last method says that all was opened by both.
    """
    placed = outputs["options.placed"].filter(pl.col("status").is_in(TRADES))
    known = _known_interest(placed, open_interest)
    rows = beside(known, truth, OPTIONS).rows
    size, interest = pl.col("size"), pl.col("open_interest")
    plain = {
        IDENTITY: (size - interest - pl.col("earlier")).clip(0).fill_null(0),
        BADGE: pl.when(size > interest).then(size).otherwise(0),
        BASELINE: size,
    }
    bounds = []
    for side, field in zip(SIDES, CLAIM_FIELDS, strict=True):
        claimed = pl.col(field).clip(0) if field in rows.columns else pl.lit(0, pl.Int64)
        bounds.append(claimed.alias(f"b_{PRODUCT}_{side}"))
        bounds += [bound.alias(f"b_{method}_{side}") for method, bound in plain.items()]
    session = (pl.lit(seed, pl.Int64) * 1_000_000 + pl.col("source_ts") // NS_PER_DAY).alias("session")
    return rows.with_columns(*bounds, session)


def _known_interest(placed: pl.DataFrame, open_interest: pl.DataFrame | None) -> pl.DataFrame:
    """Add open interest and the contracts of a series that printed before; a repeat counts as volume too."""
    series = ("partition", "contract")
    earlier = (pl.col("size").cum_sum().over(series) - pl.col("size")).alias("earlier")
    if open_interest is None:
        return placed.with_columns(earlier, pl.lit(None, pl.Int64).alias("open_interest"))
    return placed.with_columns(earlier).join(open_interest, on="contract", how="left", maintain_order="left")


def open_interest(logs: Logs) -> pl.DataFrame:
    """Return contract and open_interest as the notes of a log give them, the first for each series."""
    notes = raw(logs, "reference", ("name", "detail")).filter(pl.col("name") == OPEN_INTEREST)
    found: dict[str, int] = {}
    for detail in notes["detail"].to_list():
        for contract, count in json.loads(detail)["contracts"].items():
            found.setdefault(contract, int(count))
    return pl.DataFrame(
        {"contract": list(found), "open_interest": list(found.values())},
        schema={"contract": pl.String, "open_interest": pl.Int64},
    )


def score(runs: list[pl.DataFrame]) -> list[Measures]:
    """Return a score for each method over both sides of every print."""
    if not runs or not sum(map(len, runs)):
        return []
    rows = pl.concat(runs)
    columns = (rows["session"].to_numpy(), rows["source_ts"].to_numpy(), rows["venue"].to_numpy())
    deals = {how: dealt(how, *columns) for how in HOW}
    base = _measures(rows, BADGE, SIDES)
    found = []
    for method in METHODS:
        dealt_out = {how: _measures(rows, method, SIDES, o)["precision"] for how, o in deals.items()}
        found.append(
            {
                "topic": OPTIONS,
                "target": "opened",
                "method": method,
                **_measures(rows, method, SIDES),
                "classes": {side: _measures(rows, method, (side,)) for side in SIDES},
                "baseline": {"name": BADGE, **{k: base[k] for k in ("precision", "recall")}},
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
