"""`score adversarial`: what baits lead the claims to say, and whether their true twins are found.

Owns two targets over the pairs of the profile `adversarial`, which look alike and differ in one hidden
variable. *Events*: of each case, the share of baits and of twins that one packet, or a packet with those that
it repeats, holds for the most part, and that a rule or an alert named; options only, but midpoints, which
dark events name. *Claims*: whatever
was said of these prints with a probability is held against the truth; a claim made at p may be denied in a
share 1 - p of cases, within its interval, and a certain one never. Refuses to count silence as a denial.
"""

from collections.abc import Iterator
from math import lgamma
from typing import Any, Final

import numpy as np
import polars as pl

from dataflows.analytics.alerts_score import REPEATS
from scoring.alerts import alerted, prints_of
from scoring.claims import EQUITIES, OPTIONS, TRADES, standing
from scoring.metrics import Measures, share
from scoring.run import Frames
from scoring.truth import Truth, beside
from synthetic.adversarial import CASES, tag_of
from synthetic.adversarial_script import TWIN_IDS

EVENT, CLAIM = "event", "claim"
PRODUCT: Final = "product"
BINS: Final = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
TAIL: Final = 0.025  # of the chance of as many denials; below it they are more than was granted
FOUND: Final = 0.5  # of the contracts of an event in one packet
COLUMNS: Final = {
    "what": pl.String, "name": pl.String, "is_twin": pl.Boolean, "p": pl.Float64, "is_denied": pl.Boolean,
    "is_found": pl.Boolean, "is_hit": pl.Boolean, "is_alerted": pl.Boolean,
}  # fmt: skip
PLACED: Final = ("p_aggressor_buy", "p_customer_buy", "opened_min_buy", "opened_min_sell")
PACKETS: Final = (
    "grouping_p", "roll_p", "p_open", "stock_print_seq", "stock_tie_p", "package_members", "repeat_count",
    "repeat_size",
)  # fmt: skip


def rows_of(outputs: Frames, truth: Truth, number: int) -> pl.DataFrame:
    """Return one row an event of a pair and one a claim about its prints."""
    placed = outputs["options.placed"].filter(pl.col("status").is_in(TRADES))
    fills = _tagged(beside(placed, truth, OPTIONS).rows)
    packets = standing(outputs["flow.packets"], "packet_id").with_columns(pl.col("partition").cast(pl.Int64))
    prints = prints_of(packets).join(fills, on=["partition", "print_seq"], how="inner")
    said = packets.join(
        prints.group_by("packet_id").agg(
            pl.col("case", "is_twin").first(),
            pl.col("t_parent_id").first(),
            pl.col("t_package_id").n_unique().alias("packages"),
        ),
        on="packet_id",
    )
    parts = [
        _events(outputs, fills, prints),
        _dark_events(outputs, truth),
        *_side_claims(fills),
        *_packet_claims(said, truth),
    ]
    kept = [part.select(_filled(part)) for part in parts if len(part)]
    return pl.concat(kept) if kept else pl.DataFrame(schema=COLUMNS)


def _filled(part: pl.DataFrame) -> Iterator[pl.Expr]:
    for name, kind in COLUMNS.items():
        yield pl.col(name).cast(kind) if name in part.columns else pl.lit(None, kind).alias(name)


def _tagged(rows: pl.DataFrame) -> pl.DataFrame:
    """Keep the prints of pairs, with their case, whether they are of a twin, and their event."""
    mine = pl.when(pl.col("t_parent_id") >= 0).then("t_parent_id").otherwise("t_resting_parent_id")
    named = rows.with_columns(mine.alias("identity"))
    tags = {i: tag_of(i) for i in named["identity"].unique().to_list()}
    known = {i: t for i, t in tags.items() if t is not None}
    table = pl.DataFrame(
        {
            "identity": list(known),
            "case": [t.case for t in known.values()],
            "is_twin": [t.is_twin for t in known.values()],
            "event": [i // TWIN_IDS for i in known],
        },
        schema={"identity": pl.Int64, "case": pl.String, "is_twin": pl.Boolean, "event": pl.Int64},
    )
    return named.join(table, on="identity", how="inner")


def _events(outputs: Frames, fills: pl.DataFrame, prints: pl.DataFrame) -> pl.DataFrame:
    """Return each event of options: whether one packet holds most of it, and whether a rule or alert did."""
    hits = standing(outputs["flow.hits"], "hit_id")["packet_id"].unique()
    alerts = alerted(outputs)["packet_id"].unique()
    traded = fills.group_by("event", "case", "is_twin").agg(pl.col("size").sum().alias("traded"))
    named = prints.join(_repeats(outputs), on="packet_id", how="left")
    by_packet = named.group_by("event", "packet_id").agg(
        pl.max_horizontal(pl.col("size").sum(), pl.col("repeated").first()).alias("held")
    )
    most = by_packet.group_by("event").agg(
        pl.col("held").max(),
        pl.col("packet_id").is_in(hits.implode()).any().alias("is_hit"),
        pl.col("packet_id").is_in(alerts.implode()).any().alias("is_alerted"),
    )
    found = traded.join(most, on="event", how="left")
    return found.with_columns(
        pl.lit(EVENT).alias("what"),
        pl.col("case").alias("name"),
        (pl.col("held").fill_null(0) >= FOUND * pl.col("traded")).alias("is_found"),
        pl.col("is_hit", "is_alerted").fill_null(False),
    )


def _repeats(outputs: Frames) -> pl.DataFrame:
    """Return the contracts that each packet repeats, itself included; 0 where it repeats nothing."""
    size = pl.when(pl.col("repeat_count") >= REPEATS).then("repeat_size").otherwise(0)
    return standing(outputs["flow.packets"], "packet_id").select("packet_id", size.alias("repeated"))


def _dark_events(outputs: Frames, truth: Truth) -> pl.DataFrame:
    """Return each event of midpoints: whether a dark event names one of its prints."""
    joins = outputs["equities.joins"].filter(pl.col("status").is_in(TRADES))
    fills = _tagged(beside(joins, truth, EQUITIES).rows).filter(pl.col("case") == "dark_midpoints")
    named = standing(outputs["dark.events"], "dark_id").select("partition", "print_seq")
    marked = named.with_columns(pl.col("partition").cast(pl.Int64), pl.lit(True).alias("is_hit"))
    found = fills.join(marked, on=["partition", "print_seq"], how="left")
    by_event = found.group_by("event", "case", "is_twin").agg(pl.col("is_hit").fill_null(False).any())
    return by_event.with_columns(
        pl.lit(EVENT).alias("what"), pl.col("case").alias("name"), pl.col("is_hit").alias("is_found")
    )


def _side_claims(fills: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield the claims of a side where the truth has one, and the bounds on what opened."""
    for name in ("aggressor", "customer"):
        p, side = pl.col(f"p_{name}_buy"), pl.col(f"t_{name}")
        rows = fills.filter((p >= 0) & (side != 0))
        yield _claims(rows, name, p, (p >= 0.5) != (side > 0))
    bounded = fills.filter((pl.col("opened_min_buy") > 0) | (pl.col("opened_min_sell") > 0))
    is_above = (pl.col("opened_min_buy") > pl.col("t_open_buy")) | (
        pl.col("opened_min_sell") > pl.col("t_open_sell")
    )
    yield _claims(bounded, "opened at least", pl.lit(1.0), is_above)


def _packet_claims(said: pl.DataFrame, truth: Truth) -> Iterator[pl.DataFrame]:
    """Yield the claims of packets: legs together, a roll, an opening order, a stock print of one hand."""
    grouped = said.filter(pl.col("grouping_p") >= 0)
    yield _claims(
        grouped, "legs of one package", pl.col("grouping_p"), pl.col("packages") > 1, two_sided=False
    )
    for name, case, column in (("roll", "roll", "roll_p"), ("opening order", "opening", "p_open")):
        p = pl.col(column)
        rows = said.filter((pl.col("case") == case) & (p >= 0))
        yield _claims(rows, name, p, (p >= 0.5) != pl.col("is_twin"))
    stock = truth.fills.filter(pl.col("topic") == EQUITIES).select(
        "partition", pl.col("seq").alias("stock_print_seq"), pl.col("parent_id").alias("stock_parent")
    )
    tied = said.filter(pl.col("stock_print_seq") >= 0).join(
        stock, on=["partition", "stock_print_seq"], how="left"
    )
    is_other = (pl.col("stock_parent") != pl.col("t_parent_id")).fill_null(True)
    yield _claims(tied, "tied stock print", pl.col("stock_tie_p"), is_other, two_sided=False)


def _claims(
    rows: pl.DataFrame, name: str, p: pl.Expr, denied: pl.Expr, *, two_sided: bool = True
) -> pl.DataFrame:
    """Return claims with how sure they were; a chance below one half claims the opposite."""
    sure = pl.max_horizontal(p, 1.0 - p) if two_sided else p
    return rows.select(
        pl.lit(CLAIM).alias("what"),
        pl.lit(name).alias("name"),
        "is_twin",
        sure.cast(pl.Float64).alias("p"),
        denied.alias("is_denied"),
    )


def score(runs: list[pl.DataFrame]) -> list[Measures]:
    """Return a score of the events and one of the claims."""
    rows = pl.concat(runs) if runs else pl.DataFrame(schema=COLUMNS)
    if not len(rows):
        return []
    events, claims = (rows.filter(pl.col("what") == what) for what in (EVENT, CLAIM))
    common: dict[str, Any] = {"method": PRODUCT, "null": {}, "topic": "flow.packets"}
    by_case = {c.name: part for c in CASES if len(part := events.filter(pl.col("name") == c.name))}
    return [
        common
        | {"target": "events"}
        | _found(events)
        | {"classes": {n: _found(p) for n, p in by_case.items()}},
        common | {"target": "claims"} | denials(claims) | {"classes": dict(_by_claim(claims))},
    ]


def _found(events: pl.DataFrame) -> Measures:
    """Return n (twins), recall (twins found), and what befell baits and twins."""
    twins, baits = events.filter("is_twin"), events.filter(~pl.col("is_twin"))
    named = {
        f"{who}_{what}": share(int(part[column].fill_null(False).sum()), len(part))
        for who, part in (("baits", baits), ("twins", twins))
        for what, column in (("found", "is_found"), ("hit", "is_hit"), ("alerted", "is_alerted"))
    }
    return {
        "n": len(twins),
        "coverage": named["baits_found"],
        "precision": None,
        "recall": named["twins_found"],
        **named,
    }


def denials(claims: pl.DataFrame) -> Measures:
    """Return n, how sure the claims were, the share denied, and whether that is no more than was granted."""
    n, denied = len(claims), int(claims["is_denied"].sum())
    sure = float(claims["p"].to_numpy().mean()) if n else None
    is_within = None if sure is None else tail(n, denied, 1.0 - sure) >= TAIL
    return {
        "n": n,
        "coverage": None,
        "precision": None if not n else 1.0 - denied / n,
        "recall": None,
        "claimed": sure,
        "denied": denied,
        "is_within": is_within,
    }


def tail(n: int, denied: int, rate: float) -> float:
    """Return the chance of so many denials or more among n claims that each grant them at a rate.

    Exact binomial: Wilson's interval, made for shares in the middle, is too narrow for one denial of few.
    A certain claim grants none.
    """
    if denied == 0:
        return 1.0
    if rate <= 0.0:
        return 0.0
    k = np.arange(denied)
    ways = np.array([lgamma(n + 1) - lgamma(j + 1) - lgamma(n - j + 1) for j in range(denied)])
    fewer = np.exp(ways + k * np.log(rate) + (n - k) * np.log1p(-rate))
    return max(1.0 - float(fewer.sum()), 0.0)


def _by_claim(claims: pl.DataFrame) -> Iterator[tuple[str, Measures]]:
    """Yield each kind of claim, and its parts by how sure it was; the name says what was denied."""
    for name in claims["name"].unique(maintain_order=True).to_list():
        rows = claims.filter(pl.col("name") == name)
        yield _worded(name, denials(rows))
        place = np.clip(np.digitize(rows["p"].to_numpy(), BINS) - 1, 0, len(BINS) - 1)
        for k in np.unique(place).tolist():
            text = "certain" if BINS[k] == 1.0 else f"at {BINS[k]:.0%} and more"
            yield _worded(f"{name} {text}", denials(rows.filter(pl.Series(place == k))))


def _worded(name: str, found: Measures) -> tuple[str, Measures]:
    allowed = "within what was granted" if found["is_within"] else "MORE than was granted"
    return f"{name}: claimed {found['claimed']:.3f}, {found['denied']} denied, {allowed}", found
