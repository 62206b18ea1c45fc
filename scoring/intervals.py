"""How sure a share is: Wilson intervals, and a bootstrap over blocks of five minutes.

Owns both intervals, 95 %. Prints of one moment are alike, so that counting each as an independent trial
(Wilson) is too sure of itself; the bootstrap draws whole blocks of event time. Refuses an interval from
fewer than BLOCKS_MIN blocks: so few say nothing of how blocks differ.
"""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Longs: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Interval: TypeAlias = tuple[float, float]

BOOTSTRAP_SEED: Final = 20_130_714
RESAMPLES: Final = 500
BLOCKS_MIN: Final = 5
BLOCK_NS: Final = 300_000_000_000
_Z: Final = 1.959964  # 97.5th percentile of the normal distribution


def wilson(successes: float, trials: float) -> Interval | None:
    """Return the Wilson score interval of a share, None without trials."""
    if trials <= 0:
        return None
    share, z2 = successes / trials, _Z * _Z
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = _Z * float(np.sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))) / (1 + z2 / trials)
    return max(0.0, middle - half), min(1.0, middle + half)


class Blocks:
    """Resamples of the blocks of a score; the same for every share of it, drawn from a stated seed."""

    def __init__(self, block: Longs, seed: int = BOOTSTRAP_SEED) -> None:
        """`block` names the block of each row by any number."""
        self.names, self.of_row = np.unique(block, return_inverse=True)
        count = len(self.names)
        self._times: Floats = np.zeros((0, count))
        if count >= BLOCKS_MIN:
            rng = np.random.default_rng(seed)
            self._times = rng.multinomial(count, np.full(count, 1 / count), RESAMPLES).astype(np.float64)

    def sums(self, values: npt.ArrayLike) -> Floats:
        """Return the sum of a value of each row over every block."""
        weights = np.asarray(values, np.float64)
        return np.bincount(self.of_row, weights, len(self.names)).astype(np.float64)

    def interval(self, upper: npt.ArrayLike, lower: npt.ArrayLike) -> Interval | None:
        """Return the interval of sum(upper) / sum(lower), both given by row; None from too few blocks."""
        if not len(self._times):
            return None
        above, below = self._times @ self.sums(upper), self._times @ self.sums(lower)
        found = above[below > 0] / below[below > 0]
        if not len(found):
            return None
        low, high = np.quantile(found, [0.025, 0.975])
        return float(low), float(high)


def worst_decile(values: Floats, is_higher_better: bool = True) -> float | None:
    """Return the mean of the worst tenth of the values, at least one of them; None without values."""
    kept = np.sort(values[~np.isnan(values)])
    if not len(kept):
        return None
    ordered = kept if is_higher_better else kept[::-1]
    return float(ordered[: max(1, len(kept) // 10)].mean())
