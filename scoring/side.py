"""`score side`: every rule and the product's own side against who took, and against the customer.

Owns the two targets, which are never mixed: the aggressor (whose order removed liquidity) and the customer
(the one side that is no market maker). Prints without a defined target are left out and counted. Refuses
to fit anything: what is fitted comes in as tables made on the tuning region.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from scoring import baselines
from scoring.claims import EQUITIES, FUTURE, OPTIONS, PRODUCT, equity_sides, option_sides
from scoring.intervals import BLOCK_NS, Blocks, Longs, worst_decile
from scoring.metrics import (
    Claims,
    Measures,
    base_rate,
    brier_skill,
    counts,
    hard,
    measure,
    per_class,
    shares,
)
from scoring.nulls import HOW, dealt
from scoring.run import Frames
from scoring.side_chances import PACKET_FACTS, PACKETS, beyond, packet_rows, with_chances
from scoring.splits import dimensions, equity_splits, option_splits
from scoring.truth import Truth, beside

TARGETS: Final = ("aggressor", "customer")
TUNED: Final = "cells_tuned"
REFERENCE: Final = "quote"
FACTS: Final = {
    OPTIONS: baselines.OPTION_FACTS,
    EQUITIES: baselines.EQUITY_FACTS,
    PACKETS: PACKET_FACTS,
}
NS_PER_DAY: Final = 86_400_000_000_000
Tables = Mapping[tuple[str, str], baselines.CellTable]


def rows_of(outputs: Frames, venues: pl.DataFrame | None, truth: Truth, seed: int) -> Frames:
    """Return for each tape the claims beside the truth with their splits, of one run.

    `venues` are partition, seq, bid_venue and ask_venue of options.nbbo where the feed names them.
    """
    found: Frames = {}
    joins, placed = outputs.get("equities.joins"), outputs.get("options.placed")
    if placed is not None and len(placed):
        rows = beside(option_sides(placed, venues), truth, OPTIONS).rows
        spot = placed.select("underlying", "source_ts", "price").clear() if joins is None else joins
        found[OPTIONS] = _numbered(option_splits(rows, spot), seed)
        packets = packet_rows(outputs, rows)
        if packets is not None:
            found[PACKETS] = _numbered(packets, seed)
    if joins is not None and len(joins):
        found[EQUITIES] = _numbered(equity_splits(beside(equity_sides(joins), truth, EQUITIES).rows), seed)
    return found


def _numbered(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Add seed, session and block numbers, which say what may be dealt or drawn together."""
    day, block = pl.col("source_ts") // NS_PER_DAY, pl.col("source_ts") // BLOCK_NS
    return rows.with_columns(
        pl.lit(seed, pl.Int64).alias("seed"),
        (pl.lit(seed, pl.Int64) * 1_000_000 + day).alias("session"),
        (pl.lit(seed, pl.Int64) * 100_000_000 + block).alias("block"),
    )


def score(rows: Frames, tables: Tables) -> list[Measures]:
    """Return a score for each tape, target and method over the pooled rows of all runs."""
    found: list[Measures] = []
    for topic, frame in rows.items():
        for target in TARGETS:
            known = frame.filter(pl.col(f"t_{target}") != 0)
            if len(known):
                undefined = len(frame) - len(known)
                table = tables.get((topic, target))
                found += [{**s, "undefined": undefined} for s in _target(topic, target, known, table)]
    return found


def _target(topic: str, target: str, rows: pl.DataFrame, table: baselines.CellTable | None) -> list[Measures]:
    truth = rows[f"t_{target}"].to_numpy()
    block = rows["block"].to_numpy()
    blocks = Blocks(block)
    methods = {c[2:]: hard(rows[c].to_numpy(), truth, block) for c in rows.columns if c.startswith("m_")}
    if table is not None:
        methods[TUNED] = Claims(*table.claim(rows), truth, block)
    methods = with_chances(methods, rows, target)
    shared = {
        "baseline": baselines.majority(truth),
        "ceiling": baselines.ceiling(rows, truth, FACTS[topic], block),
    }
    deals = _deals(rows)
    groups = _groups(rows)
    found = []
    for name, claims in methods.items():
        measures = measure(claims, blocks)
        has_chances = name == PRODUCT and f"p_{target}_buy" in rows.columns
        more = beyond(claims, methods[REFERENCE], rows, measures["calibration"]) if has_chances else {}
        head = {"topic": topic, "target": target, "method": name, "uses_future": name in FUTURE}
        found.append(
            {
                **head,
                **measures,
                **more,
                "brier_skill": brier_skill(claims, methods[REFERENCE]),
                "classes": per_class(claims),
                **shared,
                "splits": _splits(claims, groups),
                "null": null(claims, deals),
                "seeds": _by_seed(claims, rows["seed"].to_numpy()),
            }
        )
    return found


def _deals(rows: pl.DataFrame) -> dict[str, Longs]:
    columns = (rows["session"].to_numpy(), rows["source_ts"].to_numpy(), rows["venue"].to_numpy())
    return {how: dealt(how, *columns) for how in HOW}


def null(claims: Claims, deals: Mapping[str, Longs]) -> Measures:
    """Return the accuracy with the truth dealt to other prints, beside the base rate it must fall to."""
    found: Measures = {"base_rate": base_rate(claims)}
    for how, order in deals.items():
        found[how] = counts(hard(claims.side, claims.truth[order], claims.block))["accuracy"]
    return found


def _groups(rows: pl.DataFrame) -> dict[str, tuple[list[str], Longs]]:
    """Return for each split its bucket names and the bucket of each row."""
    found = {}
    for name in dimensions(rows):
        buckets = rows[f"s_{name}"].fill_null("unknown")
        values = buckets.unique().sort().to_list()
        of_row = buckets.replace_strict({v: k for k, v in enumerate(values)}, return_dtype=pl.Int64)
        found[name] = (values, of_row.to_numpy())
    return found


def _splits(claims: Claims, groups: Mapping[str, tuple[list[str], Longs]]) -> Measures:
    """Return the counts of each bucket of each split, one pass over the rows a split."""
    decided = claims.side != 0
    right = decided & (claims.side == claims.truth)
    found: Measures = {}
    for name, (values, of_row) in groups.items():
        n, some, good = (np.bincount(of_row, w, len(values)) for w in (None, decided, right))
        cells = zip(n.astype(int).tolist(), some.astype(int).tolist(), good.astype(int).tolist(), strict=True)
        found[name] = {bucket: shares(*cell) for bucket, cell in zip(values, cells, strict=True)}
    return found


def _by_seed(claims: Claims, seed: Longs) -> Measures:
    """Return the accuracy of each run, their mean and the mean of their worst tenth."""
    each = {int(s): counts(claims.where(seed == s))["accuracy"] for s in np.unique(seed)}
    values = np.array([np.nan if v is None else v for v in each.values()], np.float64)
    mean = float(np.nanmean(values)) if not np.isnan(values).all() else None
    return {"accuracy": each, "mean": mean, "worst_decile": worst_decile(values)}


def fitted(rows: Frames) -> dict[tuple[str, str], baselines.CellTable]:
    """Fit the cell tables; `rows` are of the tuning region."""
    tables = {}
    for topic, frame in rows.items():
        for target in TARGETS:
            known = frame.filter(pl.col(f"t_{target}") != 0)
            if len(known):
                truth = known[f"t_{target}"].to_numpy()
                tables[topic, target] = baselines.fit(known, truth, FACTS[topic])
    return tables


def headline(scores: Sequence[Measures]) -> list[tuple[str, Any]]:
    """Return (title, score) pairs of the methods a table shows: the product first, future-using ones last."""
    shown = sorted(scores, key=lambda s: (s["topic"], s["target"], s["method"] != PRODUCT, s["uses_future"]))
    return [(f"{s['topic']} {s['target']}", s) for s in shown]
