"""`score packages`: are the legs of one package put together, and do its claims hold?

Owns the interface of package claims: a frame with `partition`, `print_seq`, `claim` (the same number on
every leg of one claim) and `class` (a word of CLASSES, "" for none); the pairs of all legs, and of those
whose packages overlap in time, venue and root. Owns too a plain rule and a baseline to compare with. Refuses
to invent claims: where the flow makes none, coverage is 0.
"""

from typing import Final

import polars as pl

from schemas.kinds import CODE_FAMILY
from schemas.topics import TOPIC
from scoring.claims import OPTIONS, TRADES, standing
from scoring.intervals import BLOCK_NS, wilson, worst_decile
from scoring.metrics import Measures, share
from scoring.nulls import HOW, dealt
from scoring.packages_claims import (
    FIELDS,
    NO_CLAIM,
    SCHEMA,
    claim_rows,
    class_words,
    grouping_calibration,
    judged_scores,
    spread_words,
)
from scoring.pairs import ALONE, base_precision, pair_scores
from scoring.run import Frames
from scoring.truth import Truth, beside

CLASSES: Final = (
    "vertical", "ratio", "butterfly", "broken_wing", "condor", "iron_fly", "iron_condor", "straddle",
    "strangle", "risk_reversal", "collar", "synthetic", "calendar", "diagonal", "roll", "box", "conversion",
    "jelly_roll", "ladder", "stock_tied",
)  # fmt: skip
# The baseline asks for no code and no venue; the plain rule is what a definition of packages starts from.
PRODUCT, PLAIN, BASELINE = "product", "same_venue_5ms", "same_underlying_500ms"
METHODS: Final = (PRODUCT, PLAIN, BASELINE)
PLAIN_GAP_NS: Final = 5_000_000
BASELINE_GAP_NS: Final = 500_000_000
NS_PER_DAY: Final = 86_400_000_000_000
LEGS: Final = tuple(CODE_FAMILY.index(name) for name in ("multi_leg", "stock_option"))
CLAIM_FIELDS: Final = FIELDS  # what flow.packets carries once it makes them
_NEEDED: Final = ("package_members", "package_class")
OVERLAPPING: Final = "legs of packages that overlap"


def product_claims(packets: pl.DataFrame) -> pl.DataFrame:
    """Return the claims of flow.packets: one row a leg print; empty while the flow makes none.

    A packet that claims a package has `package_class` and, in `package_members`, a JSON list of prints.
    """
    schema = {"partition": pl.Int64, "print_seq": pl.Int64, "claim": pl.Int64, "class": pl.String}
    if not set(_NEEDED) <= set(packets.columns):
        return pl.DataFrame(schema=schema)
    named = _claimed(packets).rename({"package_members": "print_seq", "package_class": "class"})
    unsigned = pl.when(pl.col("class").is_in(NO_CLAIM)).then(pl.lit("")).otherwise("class").alias("class")
    return (
        named.explode("print_seq").with_columns(unsigned).select(pl.col(c).cast(t) for c, t in schema.items())
    )


def _claimed(packets: pl.DataFrame) -> pl.DataFrame:
    """Return the packages that stand, numbered in `claim`, their members as lists; lone legs are none."""
    words = class_words(packets)
    if {"version", "status", "packet_id"} <= set(words.columns):
        words = standing(words, "packet_id")
    claimed = words.filter(~pl.col("package_class").is_in(["", "none"])).with_row_index("claim")
    listed = claimed.with_columns(pl.col("package_members").str.json_decode(pl.List(pl.Int64)))
    return listed.with_columns(pl.col("claim").cast(pl.Int64))


def has_claims() -> bool:
    """Tell whether the flow's packets can carry package claims at all."""
    return set(_NEEDED) <= set(TOPIC["flow.packets"].field_names)


def plain_claims(placed: pl.DataFrame) -> pl.DataFrame:
    """Group prints with a multi-leg code of one underlying on one venue with gaps of at most 5 ms."""
    legs = placed.filter(pl.col("code_family").is_in(LEGS) & pl.col("status").is_in(TRADES))
    return _runs(legs, ["partition", "underlying", "venue"], PLAIN_GAP_NS)


def baseline_claims(placed: pl.DataFrame) -> pl.DataFrame:
    """Group prints of one underlying with gaps of at most half a second."""
    return _runs(placed.filter(pl.col("status").is_in(TRADES)), ["partition", "underlying"], BASELINE_GAP_NS)


def _runs(prints: pl.DataFrame, group: list[str], gap_ns: int) -> pl.DataFrame:
    key = pl.struct(group).rank("dense").alias("k")
    ordered = prints.with_columns(key).sort("k", "source_ts")
    is_new = (pl.col("k").diff() != 0) | (pl.col("source_ts").diff() > gap_ns)
    numbered = ordered.with_columns(
        is_new.fill_null(True).cum_sum().alias("claim"), pl.lit("").alias("class")
    )
    return numbered.select(
        pl.col("partition", "print_seq").cast(pl.Int64), pl.col("claim").cast(pl.Int64), "class"
    )


def rows_of(outputs: Frames, truth: Truth, seed: int) -> pl.DataFrame:
    """Return one row a print of one run: c_* and k_* (class) of each method, g (truth) and its class."""
    placed = outputs["options.placed"].filter(pl.col("status").is_in(TRADES))
    rows = placed.with_columns(pl.col("partition").cast(pl.Int64))
    for method, claims in (
        (PRODUCT, product_claims(outputs["flow.packets"])),
        (PLAIN, plain_claims(placed)),
        (BASELINE, baseline_claims(placed)),
    ):
        named = claims.unique(["partition", "print_seq"]).rename(
            {"claim": f"c_{method}", "class": f"k_{method}"}
        )
        rows = rows.join(named, on=["partition", "print_seq"], how="left").with_columns(
            pl.col(f"c_{method}").fill_null(ALONE), pl.col(f"k_{method}").fill_null("")
        )
    found = beside(rows, truth, OPTIONS).rows
    known = spread_words(truth.packages).select("package_id", pl.col("t_named").alias("t_class"))
    joined = found.join(known, left_on="t_package_id", right_on="package_id", how="left")
    alone = -2 - pl.int_range(pl.len(), dtype=pl.Int64)
    group = pl.when(pl.col("t_package_id") >= 0).then("t_package_id").otherwise(alone)
    judged = _with_claims(joined, outputs["flow.packets"], truth)
    return judged.with_columns(
        group.rank("dense").cast(pl.Int64).alias("g"),
        pl.col("t_class").fill_null(""),
        pl.lit(seed, pl.Int64).alias("seed"),
        (pl.lit(seed, pl.Int64) * 1_000_000 + pl.col("source_ts") // NS_PER_DAY).alias("session"),
        (pl.lit(seed, pl.Int64) * 100_000_000 + pl.col("source_ts") // BLOCK_NS).alias("block"),
    )  # fmt: skip


def _with_claims(rows: pl.DataFrame, packets: pl.DataFrame, truth: Truth) -> pl.DataFrame:
    """Add, on the first print of each claim of the product, what was claimed and whether it holds (`j_*`)."""
    names = {name: f"j_{name}" for name in SCHEMA}
    if set(FIELDS) <= set(packets.columns):
        mine = rows.filter((pl.col("c_product") != ALONE) & (pl.col("t_package_id") >= 0))
        legs = mine.select(
            pl.col("c_product").alias("claim"), "contract", "condition", "t_package_id", "t_aggressor"
        )
        found = claim_rows(_claimed(packets), legs, truth.packages)
    else:
        found = pl.DataFrame(schema=SCHEMA)
    first = rows.with_row_index("row").group_by("c_product").agg(pl.col("row").min())
    placed = found.join(first, left_on="claim", right_on="c_product").rename(names)
    return rows.with_row_index("row").join(placed, on="row", how="left").drop("row")


def overlapping(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the leg prints of packages that traded within 5 ms of another on their venue and root."""
    legs = rows.filter(pl.col("code_family").is_in(LEGS) & (pl.col("t_package_id") >= 0))
    place = ["seed", "partition", "underlying", "venue"]
    ts = pl.min_horizontal("source_ts", "event_ts")
    spans = legs.group_by(*place, "t_package_id").agg(ts.min().alias("a"), ts.max().alias("b"))
    ordered = spans.sort(*place, "a", "t_package_id")
    before = pl.col("b").cum_max().shift(1).over(place)
    near = (pl.col("a") - before <= PLAIN_GAP_NS).fill_null(False).alias("near")
    meets = ordered.with_columns(near).with_columns(
        pl.col("near").shift(-1).over(place).fill_null(False).alias("next")
    )
    chosen = meets.filter(pl.col("near") | pl.col("next")).select("seed", "t_package_id")
    return legs.join(chosen, on=["seed", "t_package_id"], how="semi")


def score(runs: list[pl.DataFrame]) -> list[Measures]:
    """Return scores: of each method over all prints and over packages that overlap, then of the claims."""
    rows = _pooled(runs)
    if not len(rows):
        return []
    return [*_grouping(rows), *_where_overlapping(rows), *_of_claims(rows)]


def _where_overlapping(rows: pl.DataFrame) -> list[Measures]:
    """Return the pairs of each method among legs of packages that overlap, with the worst tenth of runs."""
    legs = overlapping(rows)
    if not len(legs):
        return []
    block, size = legs["block"].to_numpy(), legs["size"].to_numpy()
    truth = legs["g"].to_numpy()
    measured = {m: pair_scores(legs[f"c_{m}"].to_numpy(), truth, size, block) for m in METHODS}
    shared = {"baseline": {"name": BASELINE, **_both(measured[BASELINE])}, "null": {"base_rate": None}}
    found = []
    for method, measures in measured.items():
        each = [_pairs_of(run, method)["precision"] for _, run in legs.group_by("seed", maintain_order=True)]
        worst = worst_decile(pl.Series(each, dtype=pl.Float64).to_numpy())
        seeds = {"precision": each, "worst_decile": worst}
        head = {"topic": OPTIONS, "target": OVERLAPPING, "method": method}
        found.append({**head, **measures, "seeds": seeds, **shared})
    return found


def _pairs_of(rows: pl.DataFrame, method: str) -> Measures:
    columns = (rows[name].to_numpy() for name in (f"c_{method}", "g", "size", "block"))
    return pair_scores(*columns)


def _of_claims(rows: pl.DataFrame) -> list[Measures]:
    """Return the scores of what the product claims about the packages that it found."""
    judged = rows.filter(pl.col("j_claim").is_not_null())
    if not len(judged):
        return []
    packages = rows.filter((pl.col("t_package_id") >= 0) & pl.col("code_family").is_in(LEGS))["g"].n_unique()
    claims = judged.select("seed", *(pl.col(f"j_{name}").alias(name) for name in SCHEMA))
    head = {
        "topic": OPTIONS,
        "method": PRODUCT,
        "recall": None,
        "null": {"base_rate": None},
        "baseline": None,
    }
    found = [{**head, "target": target, **m} for target, m in judged_scores(claims, packages)]
    found[0]["grouping_calibration"] = grouping_calibration(_alone(rows))
    return found


def _alone(rows: pl.DataFrame) -> list[tuple[float, bool]]:
    """Return for each claim its confidence in the grouping, and whether it holds one package only."""
    claimed = rows.filter(pl.col("c_product") != ALONE)
    pure = claimed.group_by("c_product").agg(pl.col("g").n_unique() == 1, pl.col("j_grouping_p").max())
    return pure.filter(pl.col("j_grouping_p") >= 0).select("j_grouping_p", "g").rows()


def _grouping(rows: pl.DataFrame) -> list[Measures]:
    """Return a score for each method over all prints, a package being a group of its legs."""
    truth = rows["g"].to_numpy()
    columns = (rows["session"].to_numpy(), rows["source_ts"].to_numpy(), rows["venue"].to_numpy())
    deals = {how: dealt(how, *columns) for how in HOW}
    size, block = rows["size"].to_numpy(), rows["block"].to_numpy()
    measured = {m: pair_scores(rows[f"c_{m}"].to_numpy(), truth, size, block) for m in METHODS}
    found = []
    for method, measures in measured.items():
        claim = rows[f"c_{method}"].to_numpy()
        dealt_out = {how: pair_scores(claim, truth[o], size, block)["precision"] for how, o in deals.items()}
        classes, right = by_class(rows, method)
        found.append(
            {
                "topic": OPTIONS,
                "target": "package",
                "method": method,
                **measures,
                "coverage": _leg_coverage(rows, method),
                "class_accuracy": right,
                "classes": classes,
                "baseline": {"name": BASELINE, **_both(measured[BASELINE])},
                "null": {"base_rate": base_precision(truth), **dealt_out},
            }
        )
    return found


def _both(measures: Measures) -> Measures:
    return {k: measures[k] for k in ("precision", "recall")}


def _leg_coverage(rows: pl.DataFrame, method: str) -> float | None:
    """Return the share of true leg prints that stand in any claim."""
    legs = rows.filter(pl.col("t_package_id") >= 0)
    return share(int((legs[f"c_{method}"] != ALONE).sum()), len(legs))


def by_class(rows: pl.DataFrame, method: str) -> tuple[dict[str, Measures], float | None]:
    """Return per true class n, coverage, precision and recall of the class named, and its accuracy.

    A claim is about the package that most of its prints belong to. `coverage` is the share of packages that
    a claim of two of their prints is about.
    """
    legs = rows.filter((pl.col(f"c_{method}") != ALONE) & (pl.col("t_package_id") >= 0))
    about = (
        legs.group_by(f"c_{method}", "g", "t_class", f"k_{method}").len().filter(pl.col("len") >= 2)
        .sort("len", "g").unique(f"c_{method}", keep="last")
    )  # fmt: skip
    packages = rows.filter(pl.col("t_package_id") >= 0).unique("g").select("g", "t_class")
    named = about.filter(pl.col(f"k_{method}") != "")
    is_right = named[f"k_{method}"] == named["t_class"]
    found: dict[str, Measures] = {}
    for name in sorted(set(packages["t_class"].to_list()) | set(named[f"k_{method}"].to_list())):
        n = int((packages["t_class"] == name).sum())
        covered = about.filter(pl.col("t_class") == name)["g"].n_unique()
        claimed = named.filter(pl.col(f"k_{method}") == name)
        right = claimed.filter(pl.col("t_class") == name)["g"].n_unique()
        found[name] = {
            "n": n,
            "coverage": share(covered, n),
            "precision": share(right, len(claimed)),
            "recall": share(right, n),
            "precision_wilson": wilson(right, len(claimed)),
        }
    return found, share(int(is_right.sum()), len(named))


def _pooled(runs: list[pl.DataFrame]) -> pl.DataFrame:
    apart, moved = [], 0
    for rows in runs:
        claims = [f"c_{m}" for m in METHODS]
        shifted = [
            pl.when(pl.col(c) == ALONE).then(ALONE).otherwise(pl.col(c) + moved).alias(c) for c in claims
        ]
        apart.append(rows.with_columns(*shifted, (pl.col("g") + moved).alias("g")))
        moved += 2 * len(rows) + 2
    return pl.concat(apart) if apart else pl.DataFrame()
