"""Scores of packets against the baselines, as columns of flow.packets.

Owns what a baseline is asked of a packet: premium, size and the relative spread of the arrival quote, at its
place in the session. Refuses to count a packet before it is scored, and to compare a package with one series.
"""

from collections.abc import Sequence

import numpy as np

from dataflows.analytics.baselines import Baselines, Doubles, PacketColumns, buckets
from dataflows.analytics.context import PACKAGED, Sessions
from dataflows.analytics.options_names import UNDERLYING, Names
from dataflows.analytics.quotes import STATE_NORMAL
from dataflows.analytics.release import Note
from schemas.columns import Batch, Column


def scores_of(
    fresh: Batch, names: Names, baselines: Baselines, sessions: Sessions, notes: Sequence[Note]
) -> dict[str, Column]:
    """Return the baseline columns of packets in emission order, counted after they are scored."""
    contracts = names.intern(fresh["underlying"], fresh["contract"])
    is_package = np.isin(fresh["kind"], PACKAGED)
    scores = baselines.score(
        PacketColumns(
            np.where(is_package, -1, contracts),
            np.ascontiguousarray(names.facts(contracts)[:, UNDERLYING]),
            buckets(fresh["emit_ts"], sessions.open_ts(fresh["emit_ts"])),
            fresh["premium"],
            fresh["size"],
            relative_spread(fresh),
            fresh["moneyness"],
            fresh["days_to_expiry"].astype(np.int64),
            fresh["right"].astype(np.int64),
            fresh["emit_ts"],
        ),
        notes,
        names,
    )
    premium, size, spread = (z.copy() for z in scores.z)
    return {
        "baseline": scores.baseline,
        "baseline_count": scores.packets,
        "baseline_weights": scores.weights,
        "premium_z": premium,
        "size_z": size,
        "spread_z": spread,
    }


def relative_spread(packets: Batch) -> Doubles:
    """Return spread over middle of the arrival quote; NaN where that quote was not a normal one."""
    is_normal = packets["quote_state"] == STATE_NORMAL
    bid, ask = packets["bid"].astype(np.float64), packets["ask"].astype(np.float64)
    spread = np.full(len(packets), np.nan)
    np.divide(2.0 * (ask - bid), ask + bid, out=spread, where=is_normal)
    return spread
