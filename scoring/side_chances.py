"""The chances of a side as claims: how they are judged beside the rules, and what they abstain from.

Owns the way from `p_aggressor_buy` and `p_customer_buy` to claims, the calibration of one claim in a table,
the share of each reason to abstain, and packets beside the true side of most of their contracts. Refuses to
call a fact a claim: the placement's side stands beside the chances as a rule of its own.
"""

from typing import Final

import numpy as np
import polars as pl

from schemas.kinds import ABSTENTION, CODE_FAMILY, PACKET_KIND, SIDE
from scoring.claims import PRODUCT, standing
from scoring.intervals import worst_decile
from scoring.metrics import Claims, Measures, Sides, brier_skill, share
from scoring.run import Frames
from scoring.sides_rows import with_packet_truth

PACKETS: Final = "flow.packets"
PLACED: Final = "placed_side"  # the side that the placement alone says
PRINT_CLAIMS: Final = ("p_aggressor_buy", "p_customer_buy", "abstention")
PACKET_CLAIMS: Final = (
    "packet_id", "version", "status", "kind", "underlying", "contract", "side", "start_ts", "size",
    "premium", "members", "venues", "code_family", "placement", "quote_state", "at_ask_size", "at_bid_size",
    "displayed_size", "print_count", "venue_count", "p_aggressor_buy", "p_customer_buy",
)  # fmt: skip
PACKET_FACTS: Final = ("m_quote", "placement", "code_family", "kind")
MOST_SIZES: Final = ((1, "1"), (10, "2 to 10"), (99, "11 to 99"))


def packet_rows(outputs: Frames, prints: pl.DataFrame) -> pl.DataFrame | None:
    """Return packets of single-leg prints beside their truth, with their splits; None where not asked for.

    `prints` are the rows of options.placed beside the truth.
    """
    packets = outputs.get(PACKETS)
    if packets is None or not set(PACKET_CLAIMS) <= set(packets.columns):
        return None
    whole = [PACKET_KIND.index(name) for name in ("package", "leg")]
    found = standing(packets, "packet_id").filter(~pl.col("kind").is_in(whole))
    side = pl.col("side").replace_strict(_SIDES, return_dtype=pl.Int8)
    size = pl.lit("100 and more")
    for bound, name in reversed(MOST_SIZES):
        size = pl.when(pl.col("size") <= bound).then(pl.lit(name)).otherwise(size)
    return with_packet_truth(found, prints).select(
        *(c for c in PACKET_CLAIMS if c not in ("members", "status", "version")),
        "partition",
        "t_aggressor",
        "t_customer",
        pl.col("start_ts").alias("source_ts"),
        pl.col("venues").alias("venue"),
        side.alias(f"m_{PRODUCT}"),
        side.alias("m_quote"),
        _named("kind", PACKET_KIND),
        _named("code_family", CODE_FAMILY),
        size.alias("s_size"),
    )


_SIDES: Final = {SIDE.index("none"): 0, SIDE.index("buy"): 1, SIDE.index("sell"): -1}


def _named(name: str, values: tuple[str, ...]) -> pl.Expr:
    return pl.col(name).replace_strict(dict(enumerate(values)), return_dtype=pl.String).alias(f"s_{name}")


def with_chances(methods: dict[str, Claims], rows: pl.DataFrame, target: str) -> dict[str, Claims]:
    """Return the methods with the chances of a target as the product; what stood there is the placement's."""
    name = f"p_{target}_buy"
    if name not in rows.columns:
        return methods
    placed = methods[PRODUCT]
    others = {k: v for k, v in methods.items() if k != PRODUCT}
    return {PRODUCT: claimed(rows[name].to_numpy(), placed), PLACED: placed, **others}


def claimed(p_buy: np.ndarray, like: Claims) -> Claims:
    """Return chances as claims over the rows of others: a half where one abstains."""
    p = np.where(p_buy < 0, 0.5, p_buy)
    side: Sides = np.sign(p - 0.5).astype(np.int8)
    return Claims(side, p, like.truth, like.block)


def beyond(claims: Claims, reference: Claims, rows: pl.DataFrame, calibration: list[Measures]) -> Measures:
    """Return what only chances have: skill where they claim, the worst bucket, the reasons of the rest."""
    decided = claims.side != 0
    found: Measures = {
        "brier_skill_where_claimed": brier_skill(claims.where(decided), reference.where(decided)),
        "calibration_worst": max((abs(b["claimed"] - b["observed"]) for b in calibration), default=None),
        "coverage_seeds": _coverages(decided, rows["seed"].to_numpy()),
    }
    if "abstention" in rows.columns:
        reasons = rows.filter(pl.Series(~decided))["abstention"].value_counts(sort=True)
        found["abstentions"] = {ABSTENTION[code]: int(n) for code, n in reasons.iter_rows()}
    return found


def _coverages(decided: np.ndarray, seed: np.ndarray) -> Measures:
    """Return the coverage of the worst tenth of the runs and of all."""
    each = np.array([decided[seed == s].mean() for s in np.unique(seed)], np.float64)
    return {"mean": share(float(each.sum()), len(each)), "worst_decile": worst_decile(each)}
