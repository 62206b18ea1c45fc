"""Baselines: what is usual for a contract, or for its underlying at this time of the session.

Owns streaming robust location and scale of log premium, log size and the relative arrival spread. A
deviation counts for at most CLIP scales, so that one outlier moves the location by less than 5 % of a
scale once a baseline is in use. A packet is scored first and counted after. Refuses to score against too
few packets: then the baseline is `none` and every z is 0. Sixty-four bytes a contract, no samples.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from dataflows.analytics.options_layout import Ints
from dataflows.analytics.plain import from_plain, to_plain
from dataflows.analytics.release import Longs
from schemas.kinds import BASELINE

Doubles = npt.NDArray[np.float64]

BUCKET_NS: Final = 30 * 60 * 1_000_000_000
BUCKETS: Final = 14  # half hours of a session; what lies outside belongs to the first or last
CONTRACT_COUNT: Final = 20
BUCKET_COUNT: Final = 50
USE_CONTRACT: Final = BASELINE.index("contract")
USE_BUCKET: Final = BASELINE.index("underlying_time")

CLIP: Final = 1.5
NORMAL: Final = 1.0 / 0.7393  # one over the mean of min(|Z|, CLIP) of a standard normal Z
RATE: Final = 0.02  # weight of a packet once CONTRACT_COUNT packets are in; before that 1 / count
METRICS: Final = 3  # log premium, log size, relative spread: each count, location, scale
N, LOCATION, SCALE = range(3)
WIDTH: Final = 8  # packets, then location and scale of each metric, then packets with a spread
SPREAD_N: Final = 7
FIRST_SCALE: Final = (1.0, 1.0, 0.1)
LEAST_SCALE: Final = (0.25, 0.25, 0.01)  # a constant past must not make every change astronomic
Z_BOUND: Final = 1000.0
STEP: Final = 10_000.0  # published values are multiples of 1e-4


class PacketColumns(NamedTuple):
    """Packets in emission order; `spread` is NaN where the arrival quote was not a normal one."""

    contract: Longs
    underlying: Longs
    bucket: Longs
    premium: Longs
    size: Longs
    spread: Doubles


class Scores(NamedTuple):
    """Per packet: the baseline used, its packets, and z of (premium, size, spread), quantised."""

    baseline: Ints
    packets: Longs
    z: Doubles


def buckets(emit_ts: Longs, open_ts: Longs) -> Longs:
    """Return the half hour of the session in which each packet left."""
    return np.asarray(np.clip((emit_ts - open_ts) // BUCKET_NS, 0, BUCKETS - 1))


@njit(cache=True)
def _update(state: Doubles, metric: int, seen: float, value: float) -> None:
    """Move location and scale towards one more value; `seen` values came before it."""
    at = 1 + 2 * metric
    if seen == 0:
        state[at], state[at + 1] = value, FIRST_SCALE[metric]
        return
    rate = RATE if seen >= CONTRACT_COUNT - 1 else 1.0 / (seen + 1.0)
    scale = state[at + 1]
    bound = CLIP * scale
    deviation = min(max(value - state[at], -bound), bound)
    state[at] += rate * deviation
    state[at + 1] = max(scale + rate * (abs(deviation) * NORMAL - scale), LEAST_SCALE[metric])


@njit(cache=True)
def _observe(state: Doubles, values: tuple[float, float, float]) -> None:
    _update(state, 0, state[0], values[0])
    _update(state, 1, state[0], values[1])
    state[0] += 1
    if not np.isnan(values[2]):
        _update(state, 2, state[SPREAD_N], values[2])
        state[SPREAD_N] += 1


@njit(cache=True)
def _z(state: Doubles, metric: int, value: float) -> float:
    at = 1 + 2 * metric
    z = min(max((value - state[at]) / state[at + 1], -Z_BOUND), Z_BOUND)
    return float(np.floor(z * STEP + 0.5) / STEP)


@njit(cache=True)
def _score(contracts: Doubles, by_time: Doubles, packets: PacketColumns, scores: Scores) -> None:
    """Score each packet against what came before it, then count it; in order."""
    for row in range(len(packets.contract)):
        own = contracts[packets.contract[row]]
        shared = by_time[packets.underlying[row], packets.bucket[row]]
        premium, size = max(packets.premium[row], 1), max(packets.size[row], 1)
        values = (np.log(float(premium)), np.log(float(size)), packets.spread[row])
        used, least, state = 0, 0, own
        if own[0] >= CONTRACT_COUNT:
            used, least = USE_CONTRACT, CONTRACT_COUNT
        elif shared[0] >= BUCKET_COUNT:
            used, least, state = USE_BUCKET, BUCKET_COUNT, shared
        if used != 0:
            scores.baseline[row], scores.packets[row] = used, int(state[0])
            scores.z[0, row], scores.z[1, row] = _z(state, 0, values[0]), _z(state, 1, values[1])
            if state[SPREAD_N] >= least and not np.isnan(values[2]):
                scores.z[2, row] = _z(state, 2, values[2])
        _observe(own, values)
        _observe(shared, values)


@dataclass(slots=True)
class Baselines:
    """Tables of baselines by contract and by (underlying, half hour); they outlive sessions."""

    contracts: Doubles
    by_time: Doubles

    @classmethod
    def empty(cls) -> "Baselines":
        return cls(np.zeros((0, WIDTH)), np.zeros((0, BUCKETS, WIDTH)))

    def grow(self, contracts: int, underlyings: int) -> None:
        """Make room for at least so many contracts and underlyings, doubling."""
        self.contracts = _grown(self.contracts, contracts)
        self.by_time = _grown(self.by_time, underlyings)

    def score(self, packets: PacketColumns) -> Scores:
        """Score packets in emission order and count them."""
        rows = len(packets.contract)
        scores = Scores(np.zeros(rows, np.int32), np.zeros(rows, np.int64), np.zeros((METRICS, rows)))
        _score(self.contracts, self.by_time, packets, scores)
        return scores

    def snapshot(self, contracts: int, underlyings: int) -> dict[str, Any]:
        """Return the used part of the tables as plain data."""
        return {
            "contracts": to_plain(self.contracts[:contracts]),
            "by_time": to_plain(self.by_time[:underlyings]),
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> "Baselines":
        return cls(from_plain(snapshot["contracts"]), from_plain(snapshot["by_time"]))


def _grown(table: Doubles, rows: int) -> Doubles:
    if rows <= len(table):
        return table
    larger = np.zeros((max(rows, 2 * len(table)), *table.shape[1:]))
    larger[: len(table)] = table
    return larger
