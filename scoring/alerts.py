"""`score alerts`: do alerts stand on orders that somebody worked on purpose, and how many stories an hour?

Owns what counts as planted: parents of the purposes below whose fills cost at least a premium floor. An
alert is right when most contracts of its packet belong to one of them; of the adversarial pairs the twin is
one and the bait is not. Refuses to count alerts alone where users see stories: both are given.
"""

from typing import Final

import numpy as np
import polars as pl

from schemas.kinds import RULE_ID
from scoring.claims import OPTIONS, TRADES, members, standing
from scoring.intervals import wilson
from scoring.metrics import Measures, share
from scoring.nulls import HOW, dealt
from scoring.run import Frames
from scoring.truth import Truth, beside

PRODUCT, BASELINE = "product", "largest_premium"
PLANTED: Final = ("institution", "zero_dte", "hedge", "roll", "package", "twin")
PREMIUM_FLOOR: Final = 100_000 * 10_000  # USD in the unit of money
STORY_GAP_NS: Final = 1_800_000_000_000
NS_PER_DAY: Final = 86_400_000_000_000
PARENTS_MAX: Final = 1_000_000_000  # of one run: runs are kept apart by it


def rows_of(outputs: Frames, truth: Truth, seed: int) -> pl.DataFrame:
    """Return one row a packet of one run: its truth, whether it was alerted and by which rule."""
    placed = outputs["options.placed"].filter(pl.col("status").is_in(TRADES))
    fills = beside(placed, truth, OPTIONS).rows
    planted = planted_parents(fills)
    packets = standing(outputs["flow.packets"], "packet_id").with_columns(pl.col("partition").cast(pl.Int64))
    prints = members(packets).select("partition", "packet_id", "print_seq")
    owned = prints.join(fills, on=["partition", "print_seq"], how="inner").join(
        planted, left_on="t_parent_id", right_on="parent_id", how="left"
    )
    main = (
        owned.group_by("packet_id", "t_parent_id", "purpose").agg(pl.col("size").sum().alias("of_parent"))
        .sort("of_parent", "t_parent_id").unique("packet_id", keep="last")
    )  # fmt: skip
    alerts = standing(outputs["flow.alerts"], "alert_id").select(
        "packet_id", "rule_id", "score", "direction", "volatility_direction"
    )
    joined = packets.join(main, on="packet_id", how="left").join(
        alerts.sort("score").unique("packet_id", keep="last"), on="packet_id", how="left"
    )
    is_true = (pl.col("of_parent") * 2 > pl.col("size")) & pl.col("purpose").is_not_null()
    return joined.with_columns(
        pl.when(is_true.fill_null(False)).then("purpose").otherwise(pl.lit("")).alias("truth"),
        (pl.col("t_parent_id").rank("dense").fill_null(0).cast(pl.Int64) + seed * PARENTS_MAX).alias("found"),
        pl.lit(len(planted)).alias("planted"),
        pl.lit(seed, pl.Int64).alias("seed"),
        (pl.lit(seed, pl.Int64) * 1_000_000 + pl.col("start_ts") // NS_PER_DAY).alias("session"),
    )


def planted_parents(fills: pl.DataFrame) -> pl.DataFrame:
    """Return parent_id and purpose of the parents that count, by what their fills cost on this tape."""
    worked = fills.filter(pl.col("t_purpose").is_in(PLANTED) & (pl.col("t_parent_id") >= 0))
    cost = worked.group_by("t_parent_id", "t_purpose").agg(pl.col("premium").sum())
    return cost.filter(pl.col("premium") >= PREMIUM_FLOOR).select(
        pl.col("t_parent_id").alias("parent_id"), pl.col("t_purpose").alias("purpose")
    )


def stories(outputs: Frames) -> int:
    """Return how many stories the alerts make: one underlying and direction with gaps of at most 30 min."""
    alerts = standing(outputs["flow.alerts"], "alert_id")
    key = pl.struct("underlying", "direction", "volatility_direction").rank("dense")
    ordered = alerts.with_columns(key.alias("k")).sort("k", "emit_ts")
    is_new = (pl.col("k").diff() != 0) | (pl.col("emit_ts").diff() > STORY_GAP_NS)
    return int(ordered.select(is_new.fill_null(True).sum()).item()) if len(ordered) else 0


def score(runs: list[pl.DataFrame], story_count: int, hours: float) -> list[Measures]:
    """Return a score for the product and for as many packets of the largest premium as it alerted."""
    if not runs or not sum(map(len, runs)):
        return []
    rows = pl.concat(runs)
    planted = sum(int(r["planted"][0]) for r in runs if len(r))
    is_claimed = rows["rule_id"].is_not_null().to_numpy()
    biggest = np.zeros(len(rows), np.bool_)
    biggest[np.argsort(-rows["premium"].to_numpy(), kind="stable")[: int(is_claimed.sum())]] = True
    columns = (rows["session"].to_numpy(), rows["start_ts"].to_numpy(), rows["venues"].to_numpy())
    deals = {how: dealt(how, *columns) for how in HOW}
    base = _measures(rows, biggest, planted)
    found = []
    for method, claimed in ((PRODUCT, is_claimed), (BASELINE, biggest)):
        is_true = rows["truth"].to_numpy() != ""
        dealt_out = {
            h: share(int((is_true[o] & claimed).sum()), int(claimed.sum())) for h, o in deals.items()
        }
        measures = _measures(rows, claimed, planted)
        if method == PRODUCT:
            measures |= {"stories": story_count, "stories_per_hour": share(story_count, hours)}
        found.append(
            {
                "topic": "flow.alerts",
                "target": "planted",
                "method": method,
                **measures,
                "classes": _by_rule(rows, planted) if method == PRODUCT else {},
                "baseline": {"name": BASELINE, **{k: base[k] for k in ("precision", "recall")}},
                "null": {"base_rate": share(int(is_true.sum()), len(rows)), **dealt_out},
            }
        )
    return found


def _measures(rows: pl.DataFrame, claimed: np.ndarray, planted: int) -> Measures:
    """Return n (planted parents), coverage (packets alerted), precision by alerts, recall by parents."""
    is_true, parent = rows["truth"].to_numpy() != "", rows["found"].to_numpy()
    right, claims = int((is_true & claimed).sum()), int(claimed.sum())
    return {
        "n": planted,
        "claims": claims,
        "coverage": share(claims, len(rows)),
        "precision": share(right, claims),
        "recall": share(len(np.unique(parent[is_true & claimed])), planted),
        "precision_wilson": wilson(right, claims),
        "premium_floor_usd": PREMIUM_FLOOR / 10_000,
    }


def _by_rule(rows: pl.DataFrame, planted: int) -> dict[str, Measures]:
    rules = rows["rule_id"].fill_null(-1).to_numpy()
    return {
        name: _measures(rows, rules == code, planted)
        for code, name in enumerate(RULE_ID)
        if (rules == code).any()
    }
