"""The rules of option packets, as a table.

Owns each rule's thresholds and score. A threshold of premium is where a packet is large for one order of a
liquid name; the z of contract_spike asks for four robust scales. Refuses to name a direction by the rule:
that follows from right and side.
"""

from typing import Final

import numpy as np

from dataflows.analytics.rules.model import (
    CALL,
    PUT,
    Doubles,
    Mask,
    Rule,
    Thresholds,
    aggressor_share,
    decades_above,
    direction,
    premium_usd,
    quantised,
    share,
    volatility_direction,
)
from schemas.columns import Batch
from schemas.kinds import PACKET_KIND

_SWEEP: Final = PACKET_KIND.index("sweep")
_SWEEP_INPUTS: Final = (
    "kind",
    "right",
    "side",
    "premium",
    "size",
    "venue_count",
    "iso_size",
    "at_ask_size",
    "at_bid_size",
)
_SPIKE_INPUTS: Final = (
    "premium",
    "premium_z",
    "size_z",
    "baseline",
    "baseline_count",
    "side",
    "right",
)


def _sweep(packets: Batch, thresholds: Thresholds, right: int) -> tuple[Mask, Doubles]:
    least, venues = thresholds["premium_usd"], packets["venue_count"]
    mask = (packets["kind"] == _SWEEP) & (packets["right"] == right)
    mask &= (premium_usd(packets) >= least) & (venues >= thresholds["venue_count"])
    score = np.where(packets["side"] == 0, 0.25, 0.4)
    score += 0.3 * decades_above(premium_usd(packets), least, 2.0)
    score += 0.1 * np.minimum((venues - 1) / 5.0, 1.0)
    score += 0.1 * aggressor_share(packets)
    score += 0.1 * share(packets["iso_size"], packets["size"])
    return mask, quantised(score)


def _call_sweep(packets: Batch, thresholds: Thresholds) -> tuple[Mask, Doubles]:
    return _sweep(packets, thresholds, CALL)


def _put_sweep(packets: Batch, thresholds: Thresholds) -> tuple[Mask, Doubles]:
    return _sweep(packets, thresholds, PUT)


def _contract_spike(packets: Batch, thresholds: Thresholds) -> tuple[Mask, Doubles]:
    least_z, least = thresholds["z"], thresholds["premium_usd"]
    z = np.maximum(packets["premium_z"], packets["size_z"])
    mask = (packets["baseline"] != 0) & (z >= least_z) & (premium_usd(packets) >= least)
    score = 0.3 + 0.4 * np.clip((z - least_z) / 8.0, 0.0, 1.0)
    score += 0.3 * decades_above(premium_usd(packets), least, 2.0)
    return mask, quantised(score)


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "call_sweep",
        1,
        _SWEEP_INPUTS,
        {"premium_usd": 50_000, "venue_count": 2},
        _call_sweep,
        direction,
        volatility_direction,
        "Consistent with one order sweeping calls across venues",
    ),
    Rule(
        "put_sweep",
        1,
        _SWEEP_INPUTS,
        {"premium_usd": 50_000, "venue_count": 2},
        _put_sweep,
        direction,
        volatility_direction,
        "Consistent with one order sweeping puts across venues",
    ),
    Rule(
        "contract_spike",
        1,
        _SPIKE_INPUTS,
        {"premium_usd": 25_000, "z": 4},
        _contract_spike,
        direction,
        volatility_direction,
        "Consistent with unusual size in this series",
    ),
)
