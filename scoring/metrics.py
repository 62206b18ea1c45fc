"""What a side claim is worth: accuracy, coverage, precision, recall, Brier score, calibration.

Owns the arithmetic over columns of claims and truth: a claim is +1 buy, -1 sell or 0 abstains and carries a
probability of a buy; a truth is +1 or -1. Refuses rows whose truth is undefined: who calls leaves them out
and counts them. A share of nothing is None, never 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from scoring.intervals import Blocks, Floats, Interval, Longs, wilson

Sides: TypeAlias = npt.NDArray[np.int8]
Mask: TypeAlias = npt.NDArray[np.bool_]
Measures: TypeAlias = dict[str, Any]

AT_COVERAGES: Final = (0.5, 0.7, 0.9)
CALIBRATION_N_MIN: Final = 2_000
CALIBRATION_BUCKETS: Final = 10
CLASSES: Final = (("buy", 1), ("sell", -1))


@dataclass(frozen=True, slots=True)
class Claims:
    """Claims of one method beside the truth, one row a print; `block` names its five minutes."""

    side: Sides
    p_buy: Floats
    truth: Sides
    block: Longs

    def __len__(self) -> int:
        return len(self.side)

    def where(self, mask: Mask) -> "Claims":
        """Return the rows that `mask` marks."""
        return Claims(self.side[mask], self.p_buy[mask], self.truth[mask], self.block[mask])


def hard(side: Sides, truth: Sides, block: Longs) -> Claims:
    """Return claims of a rule that knows no doubt: probability 1, 0, or a half where it abstains."""
    return Claims(side, (side.astype(np.float64) + 1) / 2, truth, block)


def share(part: float, whole: float) -> float | None:
    """Return part / whole, None where there is no whole."""
    return float(part / whole) if whole > 0 else None


def counts(claims: Claims) -> Measures:
    """Return n, coverage, accuracy of what was decided, and of all with a coin where it abstains."""
    decided = claims.side != 0
    right = np.count_nonzero(decided & (claims.side == claims.truth))
    return shares(len(claims), int(np.count_nonzero(decided)), int(right))


def shares(n: int, decided: int, right: int) -> Measures:
    """Return what `counts` returns of n prints, of which some were decided and some of those rightly."""
    return {
        "n": n,
        "coverage": share(decided, n),
        "accuracy": share(right, decided),
        "accuracy_with_coin": share(right + (n - decided) / 2, n),
        "accuracy_wilson": wilson(right, decided),
    }


def per_class(claims: Claims) -> dict[str, Measures]:
    """Return for buys and sells: true ones (n), and precision and recall of the claim."""
    found: dict[str, Measures] = {}
    for name, side in CLASSES:
        is_true, is_claimed = claims.truth == side, claims.side == side
        both = int(np.count_nonzero(is_true & is_claimed))
        true, claimed = int(np.count_nonzero(is_true)), int(np.count_nonzero(is_claimed))
        decided = int(np.count_nonzero(is_true & (claims.side != 0)))
        found[name] = {
            "n": true,
            "coverage": share(decided, true),
            "precision": share(both, claimed),
            "recall": share(both, true),
            "precision_wilson": wilson(both, claimed),
        }
    return found


def measure(claims: Claims, blocks: Blocks | None = None) -> Measures:
    """Return every measure of a method over its rows; blocks are drawn anew where none are handed in."""
    blocks = blocks or Blocks(claims.block)
    decided = claims.side != 0
    right = decided & (claims.side == claims.truth)
    return {
        **counts(claims),
        "accuracy_blocks": blocks.interval(right, decided),
        "brier": brier(claims),
        "accuracy_at_coverage": dict(
            zip([f"{c:.0%}" for c in AT_COVERAGES], accuracy_at(claims, AT_COVERAGES), strict=True)
        ),
        "calibration": calibration(claims),
    }


def brier(claims: Claims) -> float | None:
    """Return the mean squared distance of the probability from what happened."""
    if not len(claims):
        return None
    return float(np.mean((claims.p_buy - (claims.truth > 0)) ** 2))


def brier_skill(claims: Claims, reference: Claims) -> float | None:
    """Return 1 - Brier / Brier of a reference on the same rows; 0 is as good, 1 perfect."""
    mine, other = brier(claims), brier(reference)
    return None if mine is None or not other else 1 - mine / other


def accuracy_at(claims: Claims, coverages: Sequence[float]) -> list[float | None]:
    """Return the accuracy over the most confident part of all rows, for each such part.

    Rows of equal confidence are taken in equal parts, and one without a side counts as half right, so that
    a rule which answers less often than asked is filled up with coins.
    """
    n = len(claims)
    if not n:
        return [None] * len(coverages)
    right = np.where(claims.side == 0, 0.5, claims.side == claims.truth)
    levels, of_row = np.unique(-np.abs(claims.p_buy - 0.5), return_inverse=True)
    size = np.bincount(of_row, minlength=len(levels)).astype(np.float64)
    mean = np.bincount(of_row, right, len(levels)) / size
    before = np.cumsum(size) - size
    return [float((np.clip(c * n - before, 0, size) * mean).sum() / (c * n)) for c in coverages]


def calibration(claims: Claims) -> list[Measures]:
    """Return claimed and observed shares of buys by tenths of the claim; only buckets of 2,000 and more."""
    decided = claims.side != 0
    p, is_buy = claims.p_buy[decided], claims.truth[decided] > 0
    bucket = np.minimum((p * CALIBRATION_BUCKETS).astype(np.int64), CALIBRATION_BUCKETS - 1)
    found = []
    for k in range(CALIBRATION_BUCKETS):
        rows = bucket == k
        n, buys = int(rows.sum()), int(is_buy[rows].sum())
        if n >= CALIBRATION_N_MIN:
            claimed = float(p[rows].mean())
            interval: Interval | None = wilson(buys, n)
            found.append({"n": n, "claimed": claimed, "observed": buys / n, "observed_wilson": interval})
    return found


def base_rate(claims: Claims) -> float | None:
    """Return the accuracy that the same claims would have if the truth knew nothing of them."""
    decided = claims.side != 0
    if not decided.any():
        return None
    buys_claimed = float((claims.side[decided] > 0).mean())
    buys_true = float((claims.truth > 0).mean())
    return buys_claimed * buys_true + (1 - buys_claimed) * (1 - buys_true)
