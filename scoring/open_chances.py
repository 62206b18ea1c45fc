"""`score opening`, the chances: of packets that get a chance to have opened, how much of them did.

Owns the truth of a packet, the share of its contracts that whoever is on its side opened, and the calibration
of `p_open` and its skill over one chance for all. Refuses to mix proofs and chances, and packets whose prints
are not all listed: what those opened is not known.
"""

from typing import Final

import numpy as np
import polars as pl

from schemas.kinds import OPEN_METHOD, SIDE
from scoring.claims import OPTIONS, PRODUCT, members, standing
from scoring.intervals import Floats, wilson
from scoring.metrics import CALIBRATION_BUCKETS, CALIBRATION_N_MIN, Measures, share
from scoring.run import Frames
from scoring.truth import ARE_FILLS, Truth

PACKETS: Final = "flow.packets"
NEEDED: Final = ("packet_id", "version", "status", "side", "size", "members", "print_count")
CLAIMED: Final = ("p_open", "open_method")
TABLE: Final = OPEN_METHOD.index("table")


def with_opened(packets: pl.DataFrame, truth: Truth) -> pl.DataFrame:
    """Return standing packets with `t_open`, the share opened on their side; null where it is not known.

    It is not known without a side, and of packets that count prints which they do not list.
    """
    fills = truth.fills.filter(pl.col("topic") == OPTIONS, pl.col("report").is_in(ARE_FILLS))
    rows = standing(packets, "packet_id").with_columns(pl.col("partition").cast(pl.Int64))
    opened = (
        members(rows)
        .select("partition", "packet_id", "print_seq")
        .join(fills, left_on=["partition", "print_seq"], right_on=["partition", "seq"], how="inner")
        .group_by("packet_id")
        .agg(pl.col("open_buy").sum(), pl.col("open_sell").sum(), pl.len().alias("listed"))
    )
    joined = rows.join(opened, on="packet_id", how="left", maintain_order="left")
    side = {SIDE.index("buy"): pl.col("open_buy"), SIDE.index("sell"): pl.col("open_sell")}
    mine = pl.coalesce(pl.when(pl.col("side") == code).then(column) for code, column in side.items())
    is_whole = pl.col("listed") == pl.col("print_count")
    opened_share = (mine / pl.col("size")).clip(0.0, 1.0)
    return joined.with_columns(pl.when(is_whole).then(opened_share).alias("t_open")).drop(
        "open_buy", "open_sell", "listed"
    )


def rows_of(outputs: Frames, truth: Truth, seed: int) -> pl.DataFrame | None:
    """Return p_open, its method and the truth of packets of one run; None where they were not asked for."""
    packets = outputs.get(PACKETS)
    if packets is None or not {*NEEDED, *CLAIMED} <= set(packets.columns):
        return None
    known = with_opened(packets, truth).filter(pl.col("t_open").is_not_null())
    return known.select(*CLAIMED, "t_open", pl.lit(seed, pl.Int64).alias("seed"))


def score(runs: list[pl.DataFrame]) -> list[Measures]:
    """Return the score of the chances over packets with a side whose truth is known."""
    if not runs or not sum(map(len, runs)):
        return []
    rows = pl.concat(runs)
    claimed = rows.filter(pl.col("open_method") == TABLE)
    proven = rows.filter(pl.col("open_method") == OPEN_METHOD.index("proven"))
    p, opened = claimed["p_open"].to_numpy(), claimed["t_open"].to_numpy()
    buckets = calibration(p, opened)
    return [
        {
            "topic": PACKETS,
            "target": "p_open",
            "method": PRODUCT,
            "n": len(rows),
            "coverage": share(len(claimed) + len(proven), len(rows)),
            "proven": len(proven),
            "proven_opened": share(float(proven["t_open"].sum()), len(proven)),
            "opened": share(float(rows["t_open"].sum()), len(rows)),
            "calibration": buckets,
            "calibration_worst": max((abs(b["claimed"] - b["observed"]) for b in buckets), default=None),
            "brier_skill_where_claimed": _skill(p, opened),
            "closing": int((p <= 1 - CLOSED).sum()),
            "least": float(p.min()) if len(p) else None,
        }
    ]


CLOSED: Final = 0.7  # the default of `closing_position`


def calibration(p: Floats, opened: Floats) -> list[Measures]:
    """Return claimed and observed shares by tenths of the claim; only buckets of 2,000 packets and more."""
    bucket = np.minimum((p * CALIBRATION_BUCKETS).astype(np.int64), CALIBRATION_BUCKETS - 1)
    found = []
    for k in range(CALIBRATION_BUCKETS):
        rows = bucket == k
        n, total = int(rows.sum()), float(opened[rows].sum())
        if n >= CALIBRATION_N_MIN:
            claimed = float(p[rows].mean())
            found.append(
                {"n": n, "claimed": claimed, "observed": total / n, "observed_wilson": wilson(total, n)}
            )
    return found


def _skill(p: Floats, opened: Floats) -> float | None:
    """Return 1 - Brier / Brier of the mean share said of all; 0 says no more than that mean."""
    plain = float(((opened.mean() - opened) ** 2).sum()) if len(p) else 0.0
    return None if plain <= 0 else 1 - float(((p - opened) ** 2).sum()) / plain
