"""`score opening`: is what a claim calls proven ever more than what was opened?

Owns the interface of opening claims: `opened_min_buy` and `opened_min_sell`, contracts that the buyers and
the sellers of a print opened at least, 0 where nothing is provable, and `weakens`, by which a later print
takes earlier bounds back in part. One violated bound is one too many: it is no estimate. What could be proven
is counted beside it: the identity in the true order of fills, but for underlyings whose trading was halted
before (fills that the tape never showed make the identity itself say what is not so). Refuses to score a
probability as a bound.
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
BOUND_FIELDS: Final = ("opened_min_buy", "opened_min_sell")
CLAIM_FIELDS: Final = (*BOUND_FIELDS, "weakens")
OPEN_INTEREST, STATUS = (REFERENCE_NAME.index(name) for name in ("open_interest", "status"))
NEVER: Final = 2**62
SEED_STEP: Final = 1_000_000  # days of a seed; a session is named by seed and day
NS_PER_DAY: Final = 86_400_000_000_000


def rows_of(
    outputs: Frames, truth: Truth, seed: int, open_interest: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return one row a print of one run with the bounds of each method, b_<method>_<side>.

    The product's are `opened_min_buy` and `opened_min_sell` of options.placed; 0 while it makes none.
    `open_interest` has contract, contracts open before the session, and where it is known the time of the
    first halt; where a series is not in it, or no table is given, identity and badge claim nothing. The last
    method says that all was opened by both. `s_<side>` are the product's bounds as they were said at first.
    """
    shown = outputs["options.placed"]
    placed = shown.filter(pl.col("status").is_in(TRADES))
    known = _known_interest(placed, open_interest)
    if "weakens" in shown.columns:
        known = known.join(_weakened(shown), on=("partition", "print_seq"), how="left", maintain_order="left")
    rows = _provable(beside(known, truth, OPTIONS).rows)
    size, interest = pl.col("size"), pl.col("open_interest")
    plain = {
        IDENTITY: (size - interest - pl.col("earlier")).clip(0).fill_null(0),
        BADGE: pl.when(size > interest).then(size).otherwise(0),
        BASELINE: size,
    }
    bounds = []
    for side, field in zip(SIDES, BOUND_FIELDS, strict=True):
        said = pl.col(field).clip(0) if field in rows.columns else pl.lit(0, pl.Int64)
        left = pl.min_horizontal(said, pl.col("left")) if "left" in rows.columns else said
        bounds += [said.alias(f"s_{side}"), left.alias(f"b_{PRODUCT}_{side}")]
        bounds += [bound.alias(f"b_{method}_{side}") for method, bound in plain.items()]
    session = (pl.lit(seed, pl.Int64) * SEED_STEP + pl.col("source_ts") // NS_PER_DAY).alias("session")
    return rows.with_columns(*bounds, session)


def _known_interest(placed: pl.DataFrame, open_interest: pl.DataFrame | None) -> pl.DataFrame:
    """Add open interest and the contracts of a series that printed before; a repeat counts as volume too."""
    series = ("partition", "contract")
    earlier = (pl.col("size").cum_sum().over(series) - pl.col("size")).alias("earlier")
    if open_interest is None:
        return placed.with_columns(earlier, pl.lit(None, pl.Int64).alias("open_interest"))
    told = placed.drop("open_interest", strict=False).with_columns(earlier)
    return told.join(open_interest, on="contract", how="left", maintain_order="left")


def _weakened(placed: pl.DataFrame) -> pl.DataFrame:
    """Return partition, print_seq and what is `left` of bounds that later prints took back in part."""
    pairs = placed.filter(pl.col("weakens") != "[]").select(
        "partition", pl.col("weakens").str.json_decode(pl.List(pl.List(pl.Int64))).alias("pair")
    )
    each = pairs.explode("pair").select(
        "partition", pl.col("pair").list.get(0).alias("print_seq"), pl.col("pair").list.get(1).alias("left")
    )
    return each.group_by("partition", "print_seq").agg(pl.col("left").min())


def _provable(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `provable`: contracts that open interest and the volume truly before a fill prove for each side."""
    halted = pl.col("halt_ts") if "halt_ts" in rows.columns else pl.lit(NEVER, pl.Int64)
    before = pl.col("size").cum_sum().over(("partition", "contract")) - pl.col("size")
    proven = (pl.col("size") - pl.col("open_interest") - before).clip(0).fill_null(0)
    in_order = rows.with_row_index("row").sort("t_exact_ts", "print_seq", maintain_order=True)
    found = in_order.with_columns(
        pl.when(pl.col("t_exact_ts") < halted).then(proven).otherwise(0).alias("provable")
    )
    return found.sort("row").drop("row")


def open_interest(logs: Logs) -> pl.DataFrame:
    """Return contract and open_interest as the notes of a log give them, the first for each series, and
    when its underlying was first halted."""
    notes = raw(logs, "reference", ("name", "underlying", "source_ts", "detail"))
    found: dict[str, tuple[int, str]] = {}
    halts: dict[str, int] = {}
    for name, underlying, ts, text in notes.select("name", "underlying", "source_ts", "detail").rows():
        if name == OPEN_INTEREST:
            for contract, count in json.loads(text)["contracts"].items():
                found.setdefault(contract, (int(count), underlying))
        elif name == STATUS and json.loads(text).get("is_trading") is False:
            halts[underlying] = min(ts, halts.get(underlying, NEVER))
    return pl.DataFrame(
        [(contract, count, halts.get(of, NEVER)) for contract, (count, of) in found.items()],
        schema={"contract": pl.String, "open_interest": pl.Int64, "halt_ts": pl.Int64},
        orient="row",
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
                **(_of_product(rows) if method == PRODUCT else {}),
                "classes": {side: _measures(rows, method, (side,)) for side in SIDES},
                "baseline": {"name": BADGE, **{k: base[k] for k in ("precision", "recall")}},
                "null": {"base_rate": base_rate(rows, method), **dealt_out},
            }
        )
    return found


def _of_product(rows: pl.DataFrame) -> Measures:
    """Return what only the product has: how much of what is provable it proves, violations by seed, and how
    many of them stand where the truth itself breaks the accounting of open interest."""
    provable = np.concatenate([rows["provable"].to_numpy()] * len(SIDES))
    claimed = np.concatenate([rows[f"b_{PRODUCT}_{side}"].to_numpy() for side in SIDES])
    seeds = rows["session"] // SEED_STEP
    said = sum(int((rows[f"s_{side}"] > rows[f"t_open_{side}"]).sum()) for side in SIDES)
    standing = [rows[f"b_{PRODUCT}_{side}"] > rows[f"t_open_{side}"] for side in SIDES]
    impossible = [rows["provable"] > rows[f"t_open_{side}"] for side in SIDES]
    return {
        "provable_contracts": int(provable.sum()),
        "provable_claimed": share(int(np.minimum(claimed, provable).sum()), int(provable.sum())),
        "violated_when_said": said,
        # More was closed there than was open: the truth, and not the claim, is what cannot be so.
        "violated_by_the_truth": sum(int((a & b).sum()) for a, b in zip(standing, impossible, strict=True)),
        "violated_by_seed": {
            str(seed): sum(int((mask & (seeds == seed)).sum()) for mask in standing)
            for seed in seeds.unique().sort().to_list()
        },
    }


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
