"""`score parents`: do packets hold prints of one order, one burst of a parent, one parent?

Owns three targets, from narrow to wide: the taker's order, a burst of its parent (children no more than
500 ms apart) and the whole parent over hours, which no rule that looks at milliseconds can hold. All are
judged inside a series. Refuses members that a packet does not list: they are counted as `unlisted`.
"""

from typing import Final

import numpy as np
import polars as pl

from schemas.kinds import PACKET_KIND
from scoring.claims import OPTIONS, TRADES, members, standing
from scoring.intervals import BLOCK_NS, Longs, worst_decile
from scoring.metrics import Measures, share
from scoring.nulls import HOW, dealt
from scoring.pairs import ALONE, base_precision, pair_scores
from scoring.run import Frames
from scoring.truth import Truth, beside

TARGETS: Final = ("order", "burst", "parent")
GAP_NS: Final = 500_000_000
BASELINE: Final = "same_contract_500ms"
PRODUCT: Final = "product"
NS_PER_DAY: Final = 86_400_000_000_000


def rows_of(outputs: Frames, truth: Truth, seed: int) -> pl.DataFrame:
    """Return one row a print of one run: groups claimed (c_*), the true ones (g_*) and the packet kind."""
    placed = outputs["options.placed"].filter(pl.col("status").is_in(TRADES))
    packets = standing(outputs["flow.packets"], "packet_id")
    listed = members(packets).select("partition", "print_seq", "packet_id", "kind")
    claimed = placed.join(
        listed.unique(["partition", "print_seq"]), on=["partition", "print_seq"], how="left"
    )
    rows = beside(claimed, truth, OPTIONS).rows
    series = pl.struct("partition", "contract")
    return rows.with_columns(
        pl.col("packet_id").rank("dense").fill_null(ALONE).cast(pl.Int64).alias(f"c_{PRODUCT}"),
        _number(_runs(rows, series, pl.col("source_ts"))).alias(f"c_{BASELINE}"),
        _number(pl.struct(series, "t_order_id")).alias("g_order"),
        _number(pl.struct(series, _parent())).alias("g_parent"),
        _number(_runs(rows, pl.struct(series, _parent()), pl.col("t_exact_ts"))).alias("g_burst"),
        pl.lit(seed, pl.Int64).alias("seed"),
        (pl.lit(seed, pl.Int64) * 1_000_000 + pl.col("source_ts") // NS_PER_DAY).alias("session"),
        (pl.lit(seed, pl.Int64) * 100_000_000 + pl.col("source_ts") // BLOCK_NS).alias("block"),
    )


def _parent() -> pl.Expr:
    """The parent of a fill; an order without one is its own."""
    return pl.when(pl.col("t_parent_id") >= 0).then("t_parent_id").otherwise(-2 - pl.col("t_order_id"))


def _number(key: pl.Expr | pl.Series) -> pl.Expr:
    expr = pl.lit(key) if isinstance(key, pl.Series) else key
    return expr.rank("dense").cast(pl.Int64)


def _runs(rows: pl.DataFrame, group: pl.Expr, ts: pl.Expr) -> pl.Series:
    """Return the number of each print's run: prints of one group with gaps of at most GAP_NS."""
    ordered = rows.select(_number(group).alias("k"), ts.alias("ts")).with_row_index("row").sort("k", "ts")
    is_new = (pl.col("k").diff() != 0) | (pl.col("ts").diff() > GAP_NS)
    return ordered.with_columns(is_new.fill_null(True).cum_sum().alias("run")).sort("row")["run"]


def unlisted(outputs: Frames) -> int:
    """Return how many member prints the packets count and do not list."""
    packets = standing(outputs["flow.packets"], "packet_id")
    return int(packets["print_count"].sum()) - len(members(packets))


def score(runs: list[pl.DataFrame]) -> list[Measures]:
    """Return a score for each target and method; runs are kept apart when numbers are pooled."""
    rows = _pooled(runs)
    if not len(rows):
        return []
    truths = {t: rows[f"g_{t}"].to_numpy() for t in TARGETS}
    claims = {m: rows[f"c_{m}"].to_numpy() for m in (PRODUCT, BASELINE)}
    columns = (rows["session"].to_numpy(), rows["source_ts"].to_numpy(), rows["venue"].to_numpy())
    deals = {how: dealt(how, *columns) for how in HOW}
    found = []
    for target, true in truths.items():
        beside_it = _pairs(rows, claims[BASELINE], true)
        for method, claim in claims.items():
            head = {"topic": OPTIONS, "target": target, "method": method}
            measures = _pairs(rows, claim, true)
            baseline = {"name": BASELINE, **{k: beside_it[k] for k in ("precision", "recall")}}
            dealt_out = {how: _pairs(rows, claim, true[order])["precision"] for how, order in deals.items()}
            found.append(
                {
                    **head,
                    **measures,
                    "classes": _by_kind(rows, true) if method == PRODUCT else {},
                    "baseline": baseline,
                    "null": {"base_rate": base_precision(true), **dealt_out},
                    "seeds": _by_seed(rows, claim, true),
                }
            )
    return found


def _pooled(runs: list[pl.DataFrame]) -> pl.DataFrame:
    """Join runs with group numbers that never meet."""
    groups = [f"c_{PRODUCT}", f"c_{BASELINE}", *(f"g_{t}" for t in TARGETS)]
    apart, moved = [], 0
    for rows in runs:
        shifted = [
            pl.when(pl.col(c) == ALONE).then(ALONE).otherwise(pl.col(c) + moved).alias(c) for c in groups
        ]
        apart.append(rows.with_columns(shifted))
        moved += len(rows) + 1
    return pl.concat(apart)


def _pairs(rows: pl.DataFrame, claim: Longs, truth: Longs) -> Measures:
    return pair_scores(claim, truth, rows["size"].to_numpy(), rows["block"].to_numpy())


def _by_kind(rows: pl.DataFrame, truth: Longs) -> dict[str, Measures]:
    """Return the score of each kind of packet: what its own pairs are worth, out of all true pairs."""
    claim, kind = rows[f"c_{PRODUCT}"].to_numpy(), rows["kind"].fill_null(-1).to_numpy()
    found = {}
    for code, name in enumerate(PACKET_KIND):
        is_kind = kind == code
        if is_kind.any():
            measures = _pairs(rows, np.where(is_kind, claim, ALONE), truth)
            found[name] = {
                **measures,
                "n": int(is_kind.sum()),
                "coverage": share(int(is_kind.sum()), len(rows)),
            }
    return found


def _by_seed(rows: pl.DataFrame, claim: Longs, truth: Longs) -> Measures:
    each: dict[int, float | None] = {}
    for seed in rows["seed"].unique().sort():
        mine = (rows["seed"] == seed).to_numpy()
        part = rows.filter(pl.col("seed") == seed)
        each[int(seed)] = _pairs(part, claim[mine], truth[mine])["precision"]
    values = np.array([np.nan if v is None else v for v in each.values()], np.float64)
    mean = float(np.nanmean(values)) if not np.isnan(values).all() else None
    return {"precision": each, "mean": mean, "worst_decile": worst_decile(values)}
