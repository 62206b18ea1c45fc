"""`score alerts`: do stories stand on orders that somebody worked, and how many are there an hour?

Owns what counts as planted: parents of the purposes below whose fills on the tape cost at least the premium
floor. A packet is right when most of its contracts belong to one of them, a story when one of its packets is;
of the adversarial pairs the twin is planted and the bait is not. Refuses to count alerts alone where users
see stories: both are given, and what the budget of delivery would have shown.

The floor is where the tape itself has as many planted parents as a person can read in an hour. On the tuning
region (530 underlyings, seeds 1 to 4, 26 minutes around noon) planted parents of 2.5 million USD come at 44
an hour; of 2 million at 58, of 3 million at 32. At 2.5 million a fifth of false stories still leaves most
hours below 60; the first minutes of a session have two to three times as many. Alerts have the same floor by
default.
"""

from typing import Final

import numpy as np
import polars as pl

from schemas.kinds import RULE_ID
from scoring.claims import OPTIONS, TRADES, standing
from scoring.intervals import wilson, worst_decile
from scoring.metrics import Measures, share
from scoring.nulls import HOW, dealt
from scoring.run import Frames
from scoring.truth import Truth, beside

PRODUCT, BASELINE = "product", "largest_premium"
PLANTED: Final = (
    "institution",
    "zero_dte",
    "hedge",
    "roll",
    "package",
    "accumulate",
    "distribute",
    "twin",
)
PREMIUM_FLOOR: Final = 2_500_000 * 10_000  # USD in the unit of money
NS_PER_DAY: Final = 86_400_000_000_000
PARENTS_MAX: Final = 1_000_000_000  # of one run: runs are kept apart by it
SAID: Final = ("alert_id", "story_id", "rule_id", "is_delivered")
LISTED: Final = r",?\s*\{[^}]*\}"  # an object that counts what a list leaves out


def rows_of(outputs: Frames, truth: Truth, number: int, minutes: float = 60.0, at: int = 0) -> pl.DataFrame:
    """Return one row a packet of one run: its truth, and the alerts it belongs to.

    `number` tells the run from others, `minutes` is its length and `at` the minute it began.
    """
    fills = beside(outputs["options.placed"].filter(pl.col("status").is_in(TRADES)), truth, OPTIONS).rows
    planted = planted_parents(fills)
    packets = standing(outputs["flow.packets"], "packet_id").with_columns(pl.col("partition").cast(pl.Int64))
    joined = packets.join(owners(packets, fills), on="packet_id", how="left").join(
        planted, left_on="t_parent_id", right_on="parent_id", how="left"
    )
    is_true = (pl.col("of_parent") * 2 > pl.col("traded")) & pl.col("purpose").is_not_null()
    said = alerted(outputs).group_by("packet_id").agg(pl.struct(SAID).alias("alerts"))
    return joined.join(said, on="packet_id", how="left").with_columns(
        pl.when(is_true.fill_null(False)).then("purpose").otherwise(pl.lit("")).alias("truth"),
        (pl.col("t_parent_id").rank("dense").fill_null(0).cast(pl.Int64) + number * PARENTS_MAX).alias(
            "found"
        ),
        pl.lit(len(planted)).alias("planted"),
        pl.lit(number, pl.Int64).alias("run"),
        pl.lit(minutes, pl.Float64).alias("minutes"),
        pl.lit(at, pl.Int64).alias("at"),
        (pl.lit(number, pl.Int64) * 1_000_000 + pl.col("start_ts") // NS_PER_DAY).alias("session"),
    )


def prints_of(packets: pl.DataFrame) -> pl.DataFrame:
    """Return (partition, packet_id, print_seq) of every listed print of packets, those of all legs too."""
    lists = [pl.col("members")]
    if "package_members" in packets.columns:
        lists.append(pl.col("package_members"))
    parts = [
        packets.select(
            "partition",
            "packet_id",
            column.str.replace(LISTED, "").str.json_decode(pl.List(pl.Int64)).alias("print_seq"),
        ).explode("print_seq")
        for column in lists
    ]
    return pl.concat(parts).drop_nulls("print_seq").unique(maintain_order=True)


def owners(packets: pl.DataFrame, fills: pl.DataFrame) -> pl.DataFrame:
    """Return of each packet the parent that owns most of it: its contracts, and those of all its prints."""
    owned = prints_of(packets).join(fills, on=["partition", "print_seq"], how="inner")
    by_parent = owned.group_by("packet_id", "t_parent_id").agg(pl.col("size").sum().alias("of_parent"))
    traded = owned.group_by("packet_id").agg(pl.col("size").sum().alias("traded"))
    most = by_parent.filter(pl.col("t_parent_id") >= 0).sort("of_parent", "t_parent_id")
    return traded.join(most.unique("packet_id", keep="last"), on="packet_id", how="left")


def planted_parents(fills: pl.DataFrame) -> pl.DataFrame:
    """Return parent_id and purpose of the parents that count, by what their fills cost on this tape."""
    worked = fills.filter(pl.col("t_purpose").is_in(PLANTED) & (pl.col("t_parent_id") >= 0))
    cost = worked.group_by("t_parent_id", "t_purpose").agg(pl.col("premium").sum())
    return cost.filter(pl.col("premium") >= PREMIUM_FLOOR).select(
        pl.col("t_parent_id").alias("parent_id"), pl.col("t_purpose").alias("purpose")
    )


def alerted(outputs: Frames) -> pl.DataFrame:
    """Return one row for each alert that was not retracted and each packet it lists."""
    alerts = standing(outputs["flow.alerts"], "alert_id")
    listed = pl.col("packet_ids").str.replace(LISTED, "").str.json_decode(pl.List(pl.String))
    exploded = alerts.select(*SAID, listed.alias("packet_id")).explode("packet_id")
    return exploded.drop_nulls("packet_id")


def score(runs: list[pl.DataFrame]) -> list[Measures]:
    """Return a score for the product and for as many packets of the largest premium as it alerted."""
    if not runs or not sum(map(len, runs)):
        return []
    rows = pl.concat(runs)
    is_claimed = rows["alerts"].is_not_null().to_numpy()
    biggest = np.zeros(len(rows), np.bool_)
    biggest[np.argsort(-rows["premium"].to_numpy(), kind="stable")[: int(is_claimed.sum())]] = True
    columns = (rows["session"].to_numpy(), rows["start_ts"].to_numpy(), rows["venues"].to_numpy())
    deals = {how: dealt(how, *columns) for how in HOW}
    is_true = rows["truth"].to_numpy() != ""
    base, found = measures(rows, biggest), []
    for method, claimed in ((PRODUCT, is_claimed), (BASELINE, biggest)):
        dealt_out = {
            h: share(int((is_true[o] & claimed).sum()), int(claimed.sum())) for h, o in deals.items()
        }
        found.append(
            {
                "topic": "flow.alerts",
                "target": "planted",
                "method": method,
                **measures(rows, claimed),
                **(_stories(rows) if method == PRODUCT else {}),
                "classes": {**_by_rule(rows), **_by_minute(rows)} if method == PRODUCT else {},
                "baseline": {"name": BASELINE, **{k: base[k] for k in ("precision", "recall")}},
                "null": {"base_rate": share(int(is_true.sum()), len(rows)), **dealt_out},
                "seeds": _by_run(rows) if method == PRODUCT else {},
            }
        )
    return found


def measures(rows: pl.DataFrame, claimed: np.ndarray) -> Measures:
    """Return n (planted parents), coverage (packets alerted), precision by packets, recall by parents."""
    is_true, parent = rows["truth"].to_numpy() != "", rows["found"].to_numpy()
    planted = int(rows.group_by("run").agg(pl.col("planted").first())["planted"].sum())
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


def _told(rows: pl.DataFrame) -> pl.DataFrame:
    """Return one row an alert and packet, with the truth of the packet."""
    kept = rows.filter(pl.col("alerts").is_not_null()).select(
        "run", "minutes", "underlying", "truth", "found", "alerts"
    )
    return kept.explode("alerts").unnest("alerts")


def _stories(rows: pl.DataFrame) -> Measures:
    """Return how many stories there are an hour, how many of them are right, and what was delivered."""
    told = _told(rows)
    stories = told.group_by("run", "story_id").agg(
        pl.col("minutes").first(),
        pl.col("underlying").first(),
        (pl.col("truth") != "").any().alias("is_right"),
        pl.col("is_delivered").any(),
    )
    lengths = rows.group_by("run").agg(pl.col("minutes").first(), pl.col("planted").first())
    counted = lengths.join(stories.group_by("run").len("stories"), on="run", how="left").fill_null(0)
    hourly = counted["stories"] / (counted["minutes"] / 60)
    of_one = stories.group_by("run", "underlying").agg(pl.len(), pl.col("minutes").first())
    per_name = of_one["len"] / (of_one["minutes"] / 60).clip(lower_bound=1.0)
    shown = told.filter("is_delivered")
    return {
        "stories": len(stories),
        "stories_per_hour": hourly.median(),
        "stories_per_hour_most": hourly.max(),
        "stories_per_underlying": per_name.median(),
        "stories_per_underlying_most": per_name.max(),
        "story_precision": share(int(stories["is_right"].sum()), len(stories)),
        "story_precision_wilson": wilson(int(stories["is_right"].sum()), len(stories)),
        "stories_held_back": len(stories) - int(stories["is_delivered"].sum()),
        "recall_delivered": share(_parents(shown), int(lengths["planted"].sum())),
    }


def _parents(told: pl.DataFrame) -> int:
    return told.filter(pl.col("truth") != "")["found"].n_unique()


def _by_rule(rows: pl.DataFrame) -> dict[str, Measures]:
    named = rows["alerts"].list.eval(pl.element().struct.field("rule_id"))
    found = {}
    for code, name in enumerate(RULE_ID):
        claimed = named.list.contains(code).fill_null(False).to_numpy()
        if claimed.any():
            found[name] = measures(rows, claimed)
    return found


def _by_minute(rows: pl.DataFrame) -> dict[str, Measures]:
    """Return the scores by the minute of the session at which a tape begins, where there are several."""
    minutes = rows["at"].unique().sort().to_list()
    if len(minutes) < 2:
        return {}
    parts = ((at, rows.filter(pl.col("at") == at)) for at in minutes)
    return {f"from minute {at}": _whole(part) for at, part in parts}


def _whole(part: pl.DataFrame) -> Measures:
    return measures(part, part["alerts"].is_not_null().to_numpy()) | _stories(part)


def _by_run(rows: pl.DataFrame) -> Measures:
    """Return the worst decile over runs of precision by stories, and of recall."""
    parts = [_whole(part) for _, part in rows.group_by("run", maintain_order=True)]

    def worst(name: str) -> float | None:
        return worst_decile(np.array([np.nan if p[name] is None else p[name] for p in parts]))

    return {
        "worst_decile": worst("story_precision"),
        "worst_decile_recall": worst("recall"),
        "stories_per_hour": [p["stories_per_hour"] for p in parts],
    }
