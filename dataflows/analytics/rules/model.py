"""What a rule is: an identity, thresholds, a mask with a score over packet columns, and directions.

Owns the types and the pieces rules share. Refuses state: a rule sees one packet at a time through columns,
and scores are orders among claims, never probabilities. More premium never lowers a score.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from schemas.columns import Batch
from schemas.kinds import DIRECTION, RIGHT, SIDE, VOLATILITY_DIRECTION

Doubles = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Codes32 = npt.NDArray[np.int32]
Thresholds = Mapping[str, float]
Judgement = Callable[[Batch, Thresholds], tuple[Mask, Doubles]]
Direction = Callable[[Batch], Codes32]

MONEY_PER_USD: Final = 10_000
CALL: Final = RIGHT.index("C")
PUT: Final = RIGHT.index("P")
BUY: Final = SIDE.index("buy")
SELL: Final = SIDE.index("sell")
_STEP: Final = 10_000.0  # published scores are multiples of 1e-4


@dataclass(frozen=True, slots=True)
class Rule:
    """A named claim. `inputs` are the packet columns it reads; `claim` opens its sentence."""

    rule_id: str
    version: int
    inputs: tuple[str, ...]
    thresholds: Thresholds
    judge: Judgement
    delta: Direction
    volatility: Direction
    claim: str

    def tuned(self, thresholds: Mapping[str, Any]) -> "Rule":
        """Return the rule with some thresholds replaced; an unknown name raises ValueError."""
        unknown = sorted(set(thresholds) - set(self.thresholds))
        if unknown:
            allowed = ", ".join(sorted(self.thresholds))
            raise ValueError(f"rule {self.rule_id}: no threshold {unknown[0]!r}; allowed are {allowed}")
        both = {**self.thresholds, **thresholds}
        return Rule(
            self.rule_id,
            self.version,
            self.inputs,
            both,
            self.judge,
            self.delta,
            self.volatility,
            self.claim,
        )


def quantised(score: Doubles) -> Doubles:
    """Clip scores to [0, 1] and round them to 1e-4."""
    return np.asarray(np.floor(np.clip(score, 0.0, 1.0) * _STEP + 0.5) / _STEP)


def premium_usd(packets: Batch) -> Doubles:
    """Return the premium in USD."""
    return np.asarray(packets["premium"] / MONEY_PER_USD)


def decades_above(value: Doubles, least: float, decades: float) -> Doubles:
    """Return 0 at `least` rising with the logarithm to 1 at `decades` powers of ten above it."""
    ratio = np.maximum(value, least) / least
    return np.asarray(np.minimum(np.log10(ratio) / decades, 1.0))


def share(part: Any, whole: Any) -> Doubles:
    """Return part of whole, 0 where there is no whole."""
    return np.asarray(np.where(whole > 0, part / np.maximum(whole, 1), 0.0))


def aggressor_share(packets: Batch) -> Doubles:
    """Return the share of contracts at or beyond the quote of the packet's side; 0 without a side."""
    side = packets["side"]
    at_quote = np.where(side == BUY, packets["at_ask_size"], packets["at_bid_size"])
    return np.where(side == 0, 0.0, share(at_quote, packets["size"]))


def direction(packets: Batch) -> Codes32:
    """Calls bought and puts sold lean up, calls sold and puts bought lean down, no side says nothing."""
    bullish, bearish = DIRECTION.index("bullish"), DIRECTION.index("bearish")
    is_up = (packets["right"] == CALL) == (packets["side"] == BUY)
    return np.where(packets["side"] == 0, 0, np.where(is_up, bullish, bearish)).astype(np.int32)


def volatility_direction(packets: Batch) -> Codes32:
    """Options bought are long volatility, options sold short, no side says nothing."""
    long, short = VOLATILITY_DIRECTION.index("long"), VOLATILITY_DIRECTION.index("short")
    codes = np.array([0, long, short], np.int32)
    return np.asarray(codes[packets["side"]])
