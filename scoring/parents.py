"""`score parents`: do packets and bursts hold prints of one order, one burst of a parent, one parent?

Owns three targets, from narrow to wide: the taker's order, a burst of its parent (children no more than
500 ms apart) and the whole parent over hours, which no rule that looks at milliseconds can hold. All are
judged inside a series: a package holds prints of several, and within one they are claimed to be one order.
Beside the whole stand the thirds of the series by activity, with their rate of collisions, and the bursts at
other gaps: there the truth's gap, ours and the baseline's are all scaled alike. Refuses members that a
packet does not list: they are counted as `unlisted`.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from dataflows.analytics.series import ALIKE, NOT_COUNTED
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
SCALES: Final = (0.25, 0.5, 1.0, 2.0, 4.0)
THIRDS: Final = ("quiet", "middle", "busy")
BASELINE: Final = "same_contract_500ms"
PRODUCT: Final = "product"
BURSTS: Final = "product_bursts"
METHODS: Final = (PRODUCT, BURSTS, BASELINE)
NS_PER_DAY: Final = 86_400_000_000_000
_SHOWN: Final = ("precision", "recall", "f1")
_SERIES: Final = ("partition", "contract")


def rows_of(outputs: Frames, truth: Truth, seed: int) -> pl.DataFrame:
    """Return one row a print of one run: groups claimed (c_*), the true ones (g_*) and the packet kind."""
    placed = outputs["options.placed"].filter(pl.col("status").is_in(TRADES))
    listed = members(standing(outputs["flow.packets"], "packet_id"))
    packets = listed.select(
        "partition",
        "print_seq",
        "packet_id",
        "kind",
        pl.col("side").alias("packet_side"),
        *(["burst_first_seq"] if "burst_first_seq" in listed.columns else []),
    ).unique(["partition", "print_seq"])
    claimed = placed.join(packets, on=["partition", "print_seq"], how="left")
    rows = _alike(beside(claimed, truth, OPTIONS).rows)
    return rows.with_columns(
        pl.when(pl.col("packet_id").is_null()).then(ALONE).otherwise("packet").alias(f"c_{PRODUCT}"),
        _number(_burst_key(rows)).alias(f"c_{BURSTS}"),
        _number(pl.struct(*_SERIES, "t_order_id")).alias("g_order"),
        _number(pl.struct(*_SERIES, _parent())).alias("g_parent"),
        *_at_gaps(rows),
        pl.lit(seed, pl.Int64).alias("seed"),
        (pl.lit(seed, pl.Int64) * 1_000_000 + pl.col("source_ts") // NS_PER_DAY).alias("session"),
        (pl.lit(seed, pl.Int64) * 100_000_000 + pl.col("source_ts") // BLOCK_NS).alias("block"),
    ).with_columns(
        pl.col(_scaled(f"c_{BASELINE}", 1.0)).alias(f"c_{BASELINE}"),
        pl.col(_scaled("g_burst", 1.0)).alias("g_burst"),
        _is_collision(rows).alias("is_collision"),
    )


def _scaled(name: str, scale: float) -> str:
    return f"{name}_x{scale:g}"


def _alike(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `packet`, a number of the packet within its series (of a print in none, of it alone), and `alike`,
    the side in which the packet is alike others: its own, or that of its first print's placement."""
    first = (
        rows.filter(pl.col("packet_id").is_not_null())
        .sort("print_seq")
        .unique("packet_id", keep="first", maintain_order=True)
    )
    by_place = ALIKE[first["quote_state"].to_numpy(), first["placement"].to_numpy()]
    side = first["packet_side"].to_numpy()
    named = first.select("packet_id").with_columns(alike=pl.Series(np.where(side != 0, side, by_place)))
    print_alone = pl.when(pl.col("packet_id").is_null()).then("print_seq").otherwise(ALONE)
    return rows.join(named, on="packet_id", how="left", maintain_order="left").with_columns(
        _number(pl.struct(*_SERIES, "packet_id", print_alone.alias("alone"))).alias("packet")
    )


def _burst_key(rows: pl.DataFrame) -> pl.Expr:
    """Name the burst that the flow claims of each print; where it claims none, the packet."""
    burst = pl.col("burst_first_seq") if "burst_first_seq" in rows.columns else pl.lit(ALONE)
    is_claimed = burst.fill_null(ALONE) >= 0
    packet = pl.when(is_claimed).then(ALONE).otherwise("packet")
    return pl.struct(*_SERIES, burst.fill_null(ALONE).alias("burst"), packet.alias("lone"))


def _at_gaps(rows: pl.DataFrame) -> Iterator[pl.Series]:
    """Yield bursts by our rule, runs of the baseline and true bursts with every gap scaled alike."""
    may_join = pl.col("packet_id").is_not_null() & ~pl.col("kind").is_in(NOT_COUNTED)
    ours = pl.struct(
        *_SERIES,
        pl.when(may_join).then("alike").otherwise(ALONE).alias("alike"),
        pl.when(may_join).then(ALONE).otherwise("packet").alias("lone"),
    )
    parent = pl.struct(*_SERIES, _parent())
    for scale in SCALES:
        gap = int(GAP_NS * scale)
        ts, exact = pl.col("source_ts"), pl.col("t_exact_ts")
        yield _runs(rows, ours, ts, gap).alias(_scaled(f"c_{BURSTS}", scale))
        yield _runs(rows, pl.struct(*_SERIES), ts, gap).alias(_scaled(f"c_{BASELINE}", scale))
        yield _runs(rows, parent, exact, gap).alias(_scaled("g_burst", scale))


def _is_collision(rows: pl.DataFrame) -> pl.Series:
    """Tell of each print whether the one before it in its series, within the gap, is of another parent."""
    ordered = (
        rows.select(
            _number(pl.struct(*_SERIES)).alias("series"),
            _number(pl.struct(*_SERIES, _parent())).alias("parent"),
            "source_ts",
        )
        .with_row_index("row")
        .sort("series", "source_ts", "row")
    )
    is_near = (pl.col("series").diff() == 0) & (pl.col("source_ts").diff() <= GAP_NS)
    found = ordered.with_columns(found=(is_near & (pl.col("parent").diff() != 0)).fill_null(False))
    return found.sort("row")["found"]


def _parent() -> pl.Expr:
    """The parent of a fill; an order without one is its own."""
    own = -2 - pl.col("t_order_id")
    return pl.when(pl.col("t_parent_id") >= 0).then("t_parent_id").otherwise(own).alias("parent")


def _number(key: pl.Expr) -> pl.Expr:
    return key.rank("dense").cast(pl.Int64)


def _runs(rows: pl.DataFrame, group: pl.Expr, ts: pl.Expr, gap_ns: int) -> pl.Series:
    """Return the number of each print's run: prints of one group with gaps of at most `gap_ns`."""
    ordered = rows.select(_number(group).alias("k"), ts.alias("ts")).with_row_index("row").sort("k", "ts")
    is_new = (pl.col("k").diff() != 0) | (pl.col("ts").diff() > gap_ns)
    runs = ordered.with_columns(is_new.fill_null(True).cum_sum().cast(pl.Int64).alias("run"))
    return runs.sort("row")["run"]


def unlisted(outputs: Frames) -> int:
    """Return how many member prints the packets count and do not list."""
    packets = standing(outputs["flow.packets"], "packet_id")
    return int(packets["print_count"].sum()) - len(members(packets))


def score(runs: list[pl.DataFrame]) -> list[Measures]:
    """Return a score for each target and method; runs are kept apart when numbers are pooled."""
    rows = _pooled(runs)
    if not len(rows):
        return []
    columns = (rows["session"].to_numpy(), rows["source_ts"].to_numpy(), rows["venue"].to_numpy())
    deals = {how: dealt(how, *columns) for how in HOW}
    found = []
    for target in TARGETS:
        true = rows[f"g_{target}"].to_numpy()
        beside_it = _pairs(rows, rows[f"c_{BASELINE}"].to_numpy(), true)
        for method in METHODS:
            claim = rows[f"c_{method}"].to_numpy()
            dealt_out = {how: _pairs(rows, claim, true[order])["precision"] for how, order in deals.items()}
            found.append(
                {
                    "topic": OPTIONS,
                    "target": target,
                    "method": method,
                    **_pairs(rows, claim, true),
                    "classes": dict(_classes(rows, target, method)),
                    "baseline": {"name": BASELINE, **{k: beside_it[k] for k in _SHOWN}},
                    "null": {"base_rate": base_precision(true), **dealt_out},
                    "seeds": _by_seed(rows, claim, true),
                }
            )
    return found


def _pooled(runs: list[pl.DataFrame]) -> pl.DataFrame:
    """Join runs with group numbers that never meet."""
    apart, moved = [], 0
    for rows in runs:
        groups = [c for c in rows.columns if c.startswith(("c_", "g_"))]
        shifted = [
            pl.when(pl.col(c) == ALONE).then(ALONE).otherwise(pl.col(c) + moved).alias(c) for c in groups
        ]
        apart.append(rows.with_columns(shifted))
        moved += len(rows) + 1
    return pl.concat(apart)


def _pairs(rows: pl.DataFrame, claim: Longs, truth: Longs) -> Measures:
    found = pair_scores(claim, truth, rows["size"].to_numpy(), rows["block"].to_numpy())
    precision, recall = found["precision"], found["recall"]
    both = (precision or 0.0) + (recall or 0.0)
    return {**found, "f1": 2.0 * (precision or 0.0) * (recall or 0.0) / both if both else None}


def _classes(rows: pl.DataFrame, target: str, method: str) -> Iterator[tuple[str, Measures]]:
    """Yield the score by kind of packet, by third of the series, and of bursts by scale of the gaps."""
    if method == PRODUCT:
        yield from _by_kind(rows, rows[f"g_{target}"].to_numpy()).items()
    for name, part in _thirds(rows):
        found = _pairs(part, part[f"c_{method}"].to_numpy(), part[f"g_{target}"].to_numpy())
        collisions = share(int(part["is_collision"].sum()), len(part))
        said = f"{name} third of the series, {100 * (collisions or 0.0):.1f} % collide"
        yield said, {**found, "collisions": collisions}
    if target == "burst" and method != PRODUCT:
        for scale in SCALES:
            claim, true = rows[_scaled(f"c_{method}", scale)], rows[_scaled("g_burst", scale)]
            yield f"gaps x{scale:g}", _pairs(rows, claim.to_numpy(), true.to_numpy())


def _thirds(rows: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield the prints of the series that trade least, more and most, about as many prints in each."""
    prints = pl.len().over("seed", *_SERIES).alias("prints")
    ranked = rows.with_columns(prints).with_columns(
        ((pl.col("prints").rank("min") - 1) * len(THIRDS) // len(rows)).alias("third")
    )
    for number, name in enumerate(THIRDS):
        part = ranked.filter(pl.col("third") == number)
        if len(part):
            yield name, part


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
