"""Measuring the table of facts over several seeds, and the verdict on each.

Owns what a verdict is: of the seeds the worst decile must lie in the band, not the average. Refuses to
pass a fact that could not be measured.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scoring.facts_sample import Sample
from scoring.facts_table import Fact, facts_of

INSIDE, OUTSIDE, UNMEASURED = "inside", "outside", "not measured"
WORST_DECILE: Final = 0.9
_NEEDS: Final = {
    "equities": lambda s: len(s.equities.prints) > 0,
    "options": lambda s: len(s.options.prints) > 0,
    "truth": lambda s: s.options.truth is not None,
    "rates": lambda s: not s.detail.get("recorded"),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """A fact, its value in each seed, and what recordings say of the same measure."""

    fact: Fact
    values: tuple[float, ...]
    recorded: Mapping[str, float]

    @property
    def median(self) -> float:
        """Return the middle value of the seeds, NaN where none could be measured."""
        known = sorted(v for v in self.values if not math.isnan(v))
        if not known:
            return math.nan
        half = len(known) // 2
        return known[half] if len(known) % 2 else (known[half - 1] + known[half]) / 2

    @property
    def worst(self) -> float:
        """Return the value that only a tenth of the seeds exceed in their distance from the band."""
        known = [v for v in self.values if not math.isnan(v)]
        if not known:
            return math.nan
        ranked = sorted(known, key=lambda v: distance(self.fact, v))
        return ranked[min(len(ranked) - 1, math.ceil(WORST_DECILE * len(ranked)) - 1)]

    @property
    def verdict(self) -> str:
        """Return whether the worst decile lies in the band; a seed without a value is not measured."""
        if any(math.isnan(v) for v in self.values) or not self.values:
            return UNMEASURED
        return INSIDE if distance(self.fact, self.worst) <= 0 else OUTSIDE


def distance(fact: Fact, value: float) -> float:
    """Return how far a value lies outside the band, in widths of the band; negative inside."""
    width = fact.high - fact.low
    return max(fact.low - value, value - fact.high) / width


def measure(profile: str, samples: Iterable[Sample], recorded: Iterable[Sample] = ()) -> tuple[Measured, ...]:
    """Return every fact of a profile over its samples, which are taken one at a time."""
    facts = facts_of(profile)
    by_seed = [_values(facts, sample) for sample in samples]
    beside = {str(s.detail["name"]): _values(facts, s) for s in recorded}
    return tuple(
        Measured(
            fact,
            tuple(row[fact.name] for row in by_seed),
            {name: row[fact.name] for name, row in beside.items() if not math.isnan(row[fact.name])},
        )
        for fact in facts
    )


def _values(facts: Sequence[Fact], sample: Sample) -> dict[str, float]:
    return {f.name: f.measure(sample) if _NEEDS[f.needs](sample) else math.nan for f in facts}


def is_met(found: Iterable[Measured]) -> bool:
    """Tell whether every fact lies in its band."""
    return all(m.verdict == INSIDE for m in found)


def as_json(found: Iterable[Measured]) -> list[dict[str, Any]]:
    """Return the table as JSON-able rows; a value that could not be taken is None."""
    return [
        {
            "fact": m.fact.name,
            "low": m.fact.low,
            "high": m.fact.high,
            "unit": m.fact.unit,
            "source": m.fact.source,
            "median": _plain(m.median),
            "worst_decile": _plain(m.worst),
            "values": [_plain(v) for v in m.values],
            "recorded": dict(m.recorded),
            "verdict": m.verdict,
        }
        for m in found
    ]


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else value
