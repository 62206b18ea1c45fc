"""What a rule is, as data: quantities of a packet, conditions on them, thresholds, and how well it fits.

Owns the types. A rule holds where all of its conditions hold, so masks, receipts, reference and tests all
come from the same conditions. Refuses state, and directions: those are columns of the packet.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from dataflows.analytics.rules.settings import Relation, Setting, defaults, read_section
from schemas.columns import Batch

Doubles = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Thresholds = Mapping[str, float]
Values = Callable[[Batch], Doubles]

MONEY_PER_USD: Final = 10_000
SCORE_STEP: Final = 10_000.0  # published ratios are multiples of 1e-4
SENSES: Final = ("at_least", "at_most", "is")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number per packet: the columns it reads, its unit, and the least step by which it can differ.

    NaN says that it is not known; no condition holds on it.
    """

    label: str
    columns: tuple[str, ...]
    value: Values
    unit: str
    step: float
    words: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A quantity held against a bound: the name of a threshold, or a constant.

    `sense` is at_least, at_most, or is (a fact that is 1 where it holds and 0 where not). Where `unless`
    holds, this need not.
    """

    quantity: Quantity
    sense: str
    bound: str | float
    unless: "Condition | None" = None

    @property
    def label(self) -> str:
        return self.quantity.label

    @property
    def words(self) -> str:
        return self.quantity.words

    def bound_in(self, thresholds: Thresholds) -> float:
        """Return the bound as a number."""
        return float(thresholds[self.bound] if isinstance(self.bound, str) else self.bound)

    def holds(self, values: Doubles, thresholds: Thresholds) -> Mask:
        """Return where the condition holds; nowhere on NaN."""
        bound = self.bound_in(thresholds)
        if self.sense == "at_least":
            return np.asarray(values >= bound)
        return np.asarray(values <= bound if self.sense == "at_most" else values == bound)


@dataclass(frozen=True, slots=True)
class Part:
    """One term of how well a packet fits: 0 at `start`, `weight` at `full`, straight between them.

    `start` and `full` are thresholds by name, or constants; `full` may lie below `start`. Unknown is 0.
    """

    quantity: Quantity
    start: str | float
    full: str | float
    weight: float


@dataclass(frozen=True, slots=True)
class Rule:
    """A named claim about a packet. `claim` opens its sentence; `source` says where it comes from.

    `thresholds` are the effective values of `settings`. The weights of `parts` add up to 1.
    """

    rule_id: str
    version: int
    name: str
    claim: str
    source: str
    conditions: tuple[Condition, ...]
    parts: tuple[Part, ...]
    settings: tuple[Setting, ...]
    relations: tuple[Relation, ...] = ()
    values: tuple[float, ...] = ()

    @property
    def thresholds(self) -> dict[str, float]:
        """The effective thresholds by name."""
        if not self.values:
            return defaults(self.settings)
        return dict(zip((s.name for s in self.settings), self.values, strict=True))

    @property
    def inputs(self) -> tuple[str, ...]:
        """The packet columns it reads, in the order of first use."""
        others = [c.unless.quantity for c in self.conditions if c.unless is not None]
        quantities = [c.quantity for c in self.conditions] + others + [p.quantity for p in self.parts]
        return tuple(dict.fromkeys(name for q in quantities for name in q.columns))

    def tuned(self, given: Any) -> "Rule":
        """Return the rule with some thresholds replaced; ValueError says what is wrong with them."""
        where = f"options.rules.{self.rule_id}"
        values = read_section(where, self.settings, given, self.relations)
        return replace(self, values=tuple(values.values()))


class Held(NamedTuple):
    """A rule that holds: the row of the packet, the rule's place in the table, and how well it fits."""

    row: int
    rule_index: int
    strength: float


class Margin(NamedTuple):
    """One condition on one packet, and by how much its quantity must change for the condition to turn.

    `value` and `change` are None where the quantity is not known, `change` too where it is a fact: that
    turns whole. `limit` is the value at which the condition turns; change = limit - value. Where a condition
    holds by its alternative alone, the margin is that of the alternative; where it holds by both, no single
    change turns it, and limit and change are None.
    """

    label: str
    words: str
    unit: str
    sense: str
    threshold: str
    bound: float
    value: float | None
    holds: bool
    limit: float | None
    change: float | None


def quantised(score: Doubles) -> Doubles:
    """Clip scores to [0, 1] and round them to 1e-4."""
    return np.asarray(np.floor(np.clip(score, 0.0, 1.0) * SCORE_STEP + 0.5) / SCORE_STEP)
