"""Streaming robust location and scale, and how those of three levels are blended.

Owns the update of one level and the weight of each. A deviation counts for at most CLIP scales, so that one
outlier moves the location by less than 5 % of a scale once a level is in use. The finer level is believed by
n / (n + k) of its packets (empirical Bayes: k is the variance within a level over that between levels of its
kind), the rest goes to the coarser one. Refuses samples: a level is nine numbers.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from dataflows.analytics.options_layout import Ints
from dataflows.analytics.release import Longs
from schemas.kinds import BASELINE

Doubles = npt.NDArray[np.float64]

USE_CONTRACT, USE_TIME, USE_BUCKET, USE_BLEND = (
    BASELINE.index(name) for name in ("contract", "underlying_time", "moneyness_expiry", "blend")
)
CLIP: Final = 1.5
NORMAL: Final = 1.0 / 0.7393  # one over the mean of min(|Z|, CLIP) of a standard normal Z
RATE: Final = 0.02  # weight of a packet once LEAST_PACKETS are in; before that 1 / count
MEMORY: Final = 2.0 / RATE - 1.0  # packets that such a mean is worth; more are not believed more
# k by metric, fitted on the tuning region by the least mean of log(scale) + |z| one step ahead. What a print
# costs is its contract's own matter, how many contracts it has hardly is; a spread is taken like a price.
CONTRACT_K: Final = (2.0, 32.0, 2.0)
BUCKET_K: Final = (20.0, 50.0, 20.0)
LEAST_PACKETS: Final = 20.0  # by weight; with fewer no z is said

PREMIUM, SIZE, SPREAD = range(3)  # log premium, log size, relative spread
METRICS: Final = 3
WIDTH: Final = 9  # packets, location and scale of each metric, packets with a spread, block size
SPREAD_N: Final = 7
BLOCK: Final = 8
CONTRACT, BUCKET, TIME = range(3)  # levels, from the fine to the coarse
FIRST_SCALE: Final = (1.0, 1.0, 0.1)
LEAST_SCALE: Final = (0.25, 0.25, 0.01)  # a constant past must not make every change astronomic
Z_BOUND: Final = 1000.0
STEP: Final = 10_000.0  # published values are multiples of 1e-4


class Levels(NamedTuple):
    """Rows of the three tables, and which row holds the bucket of an underlying (-1: none yet)."""

    contracts: Doubles
    by_time: Doubles
    buckets: Doubles
    bucket_row: Ints
    used: Longs


class Packets(NamedTuple):
    """Packets in emission order as numbers; a contract or bucket of -1 is none, a spread of NaN too."""

    contract: Longs
    underlying: Longs
    half_hour: Longs
    bucket: Longs
    premium: Longs
    size: Longs
    spread: Doubles


class Scored(NamedTuple):
    """Per packet: code of the baseline, packets in it by weight; (rows, 3) of z, weights and counts.

    The weights are those behind the z of premium; size and spread weigh the same packets by their own k.
    """

    baseline: Ints
    packets: Longs
    z: Doubles
    weights: Doubles
    counts: Longs


@njit(cache=True)
def _update(state: Doubles, metric: int, seen: float, value: float) -> None:
    """Move location and scale towards one more value; `seen` values came before it."""
    at = 1 + 2 * metric
    if seen == 0:
        state[at], state[at + 1] = value, FIRST_SCALE[metric]
        return
    rate = RATE if seen >= LEAST_PACKETS - 1 else 1.0 / (seen + 1.0)
    scale = state[at + 1]
    bound = CLIP * scale
    deviation = min(max(value - state[at], -bound), bound)
    state[at] += rate * deviation
    state[at + 1] = max(scale + rate * (abs(deviation) * NORMAL - scale), LEAST_SCALE[metric])


@njit(cache=True)
def observe(state: Doubles, values: tuple[float, float, float]) -> None:
    """Count one packet into a level."""
    _update(state, 0, state[0], values[0])
    _update(state, 1, state[0], values[1])
    state[0] += 1
    if not np.isnan(values[2]):
        _update(state, 2, state[SPREAD_N], values[2])
        state[SPREAD_N] += 1


@njit(cache=True)
def _weigh(levels: Doubles, metric: int, weights: Doubles) -> float:
    """Write the weight of each level, fine to coarse, for a metric; return the packets by weight."""
    left = 1.0
    count_at = SPREAD_N if metric == SPREAD else 0
    for level in range(3):
        seen = min(levels[level, count_at], MEMORY)
        if level == TIME:
            share = 1.0 if seen > 0 else 0.0
        else:
            share = seen / (seen + (CONTRACT_K[metric] if level == CONTRACT else BUCKET_K[metric]))
        weights[level] = left * share
        left *= 1.0 - share
    total = weights.sum()
    if total == 0.0:
        return 0.0
    packets = 0.0
    for level in range(3):
        weights[level] /= total
        packets += weights[level] * levels[level, count_at]
    return packets


@njit(cache=True)
def _z(levels: Doubles, weights: Doubles, metric: int, value: float) -> float:
    at = 1 + 2 * metric
    location, scale = 0.0, 0.0
    for level in range(3):
        location += weights[level] * levels[level, at]
        scale += weights[level] * levels[level, at + 1]
    z = min(max((value - location) / scale, -Z_BOUND), Z_BOUND)
    return float(np.floor(z * STEP + 0.5) / STEP)


@njit(cache=True)
def _named(weights: Doubles) -> int:
    """Return the code of what a blend consists of: a level by its name where it is the only one."""
    if weights[CONTRACT] == 1.0:
        return USE_CONTRACT
    if weights[BUCKET] == 1.0:
        return USE_BUCKET
    return USE_TIME if weights[TIME] == 1.0 else USE_BLEND


@njit(cache=True)
def _bucket_row(tables: Levels, underlying: int, bucket: int) -> int:
    """Return the row of a bucket, the next free one where it has none; -1 where the packet has no bucket."""
    if bucket < 0:
        return -1
    row = int(tables.bucket_row[underlying, bucket])
    if row < 0:
        row = int(tables.used[0])
        tables.bucket_row[underlying, bucket] = row
        tables.used[0] += 1
    return row


@njit(cache=True)
def score_packets(tables: Levels, packets: Packets, out: Scored) -> None:
    """Score each packet against what came before it, then count it; in order.

    `tables.buckets` has room for a new row with every packet.
    """
    found = np.zeros((3, WIDTH))
    weights = np.zeros(3)
    for row in range(len(packets.contract)):
        contract, underlying = packets.contract[row], packets.underlying[row]
        shared = tables.by_time[underlying, packets.half_hour[row]]
        bucket = _bucket_row(tables, underlying, packets.bucket[row]) if contract >= 0 else -1
        found[:] = 0.0
        found[TIME] = shared
        if contract >= 0:
            found[CONTRACT] = tables.contracts[contract]
        if bucket >= 0:
            found[BUCKET] = tables.buckets[bucket]
        premium, size = max(packets.premium[row], 1), max(packets.size[row], 1)
        values = (np.log(float(premium)), np.log(float(size)), packets.spread[row])
        seen = _weigh(found, PREMIUM, weights)
        if seen >= LEAST_PACKETS:
            out.baseline[row], out.packets[row] = _named(weights), int(seen)
            for level in range(3):
                out.weights[row, level] = np.floor(weights[level] * STEP + 0.5) / STEP
                out.counts[row, level] = int(found[level, 0])
            for metric in range(METRICS):
                is_there = not np.isnan(values[metric])
                if is_there and (_weigh(found, metric, weights) >= LEAST_PACKETS or metric != SPREAD):
                    out.z[row, metric] = _z(found, weights, metric, values[metric])
        observe(shared, values)
        if contract >= 0:
            observe(tables.contracts[contract], values)
        if bucket >= 0:
            observe(tables.buckets[bucket], values)
