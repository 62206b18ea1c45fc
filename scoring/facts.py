"""Measuring the table of facts over several seeds, and the verdict on each.

Owns what a verdict is: of the seeds the worst decile must lie in the band, not the average. Refuses to
pass a fact that could not be measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scoring import facts_tape as tape
from scoring.facts_sample import Sample
from scoring.facts_table import Fact, facts_of
from scoring.join_lag import Floats

INSIDE, OUTSIDE, UNMEASURED = "inside", "outside", "not measured"
WORST_DECILE: Final = 0.9
_NEEDS: Final[Mapping[str, Callable[[Sample], bool]]] = {
    "equities": lambda s: len(s.equities.prints) > 0,
    "nbbo": lambda s: len(s.equities.prints) > 0 and bool(s.detail.get("has_nbbo", True)),
    "fractions": lambda s: len(s.equities.prints) > 0 and not s.detail.get("is_rounded"),
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


@dataclass(frozen=True, slots=True)
class Curves:
    """What is drawn of one sample: join-lag curves (see `join_lag`) and shares a second by half hour."""

    name: str
    is_recorded: bool
    lit: Floats
    off: Floats
    volume: Floats


@dataclass(frozen=True, slots=True)
class Report:
    """The facts of a profile, and the curves of every sample that was looked at."""

    profile: str
    facts: tuple[Measured, ...]
    curves: tuple[Curves, ...]

    @property
    def is_met(self) -> bool:
        """Tell whether every fact lies in its band."""
        return all(m.verdict == INSIDE for m in self.facts)


def measure(profile: str, samples: Iterable[Sample], recorded: Iterable[Sample] = ()) -> Report:
    """Return every fact of a profile over its samples, which are taken one at a time."""
    facts = facts_of(profile)
    by_seed: list[dict[str, float]] = []
    beside: dict[str, dict[str, float]] = {}
    curves: list[Curves] = []
    for sample in samples:
        by_seed.append(_values(facts, sample))
        curves.append(_curves(sample))
    for sample in recorded:
        beside[str(sample.detail["name"])] = _values(facts, sample)
        curves.append(_curves(sample))
    measured = [
        Measured(
            fact,
            tuple(row[fact.name] for row in by_seed),
            {name: row[fact.name] for name, row in beside.items() if not math.isnan(row[fact.name])},
        )
        for fact in facts
    ]
    return Report(profile, tuple(measured), tuple(curves))


def _curves(sample: Sample) -> Curves:
    side, detail = sample.equities, sample.detail
    lit, off = (tape.lag_curve(side, is_off) for is_off in (False, True))
    return Curves(str(detail["name"]), bool(detail.get("recorded")), lit, off, tape.by_half_hour(sample))


def _values(facts: Sequence[Fact], sample: Sample) -> dict[str, float]:
    return {f.name: f.measure(sample) if _NEEDS[f.needs](sample) else math.nan for f in facts}


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON-able values; what could not be taken is None."""
    rows = [
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
        for m in report.facts
    ]
    return {"profile": report.profile, "is_met": report.is_met, "facts": rows}


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else value
