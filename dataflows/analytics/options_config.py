"""Configuration of the options core.

Owns the names, defaults and checks of every threshold. Refuses unknown names and values that are no
positive numbers, in one sentence. Durations are in ms, premiums in USD.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dataflows.analytics.options_layout import MS, Limits
from dataflows.analytics.rules.model import MONEY_PER_USD, Rule
from dataflows.analytics.rules.table import tuned

PARENT_DEFAULTS: Final[dict[str, int]] = {
    "taker_event_ms": 1,
    "sweep_gap_ms": 50,
    "sweep_span_ms": 250,
    "split_gap_ms": 500,
    "split_span_ms": 60_000,  # a parent must leave some time, however busy its venue
    "split_taker_events": 3,
    "block_contracts": 500,
    "block_premium_usd": 50_000,
    "open_parents": 65_536,
}
ALERT_SCORE: Final = 0.5
_SECTIONS: Final = ("alert_score", "parents", "rules")


@dataclass(frozen=True, slots=True)
class OptionsConfig:
    """Thresholds of parents, the rules with theirs, and the score from which a hit is an alert."""

    limits: Limits
    rules: tuple[Rule, ...]
    alert_score: float

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "OptionsConfig":
        """Return the defaults with `given` over them: sections parents, rules (by id), alert_score."""
        _check_names("options", given, _SECTIONS)
        parents = given.get("parents", {})
        _check_names("options.parents", parents, tuple(PARENT_DEFAULTS))
        alert_score = float(given.get("alert_score", ALERT_SCORE))
        if not 0.0 <= alert_score <= 1.0:
            raise ValueError(f"options.alert_score is {alert_score}; it must lie between 0 and 1")
        rules = tuned(given.get("rules", {}))
        return cls(_limits({**PARENT_DEFAULTS, **parents}), rules, alert_score)


def _limits(parents: Mapping[str, Any]) -> Limits:
    for name, value in parents.items():
        if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
            raise ValueError(f"options.parents.{name} is {value!r}; it must be a positive whole number")
    return Limits(
        taker_ns=parents["taker_event_ms"] * MS,
        sweep_gap_ns=parents["sweep_gap_ms"] * MS,
        sweep_span_ns=parents["sweep_span_ms"] * MS,
        split_gap_ns=parents["split_gap_ms"] * MS,
        split_span_ns=parents["split_span_ms"] * MS,
        split_events=parents["split_taker_events"],
        block_contracts=parents["block_contracts"],
        block_premium=parents["block_premium_usd"] * MONEY_PER_USD,
        open_parents=parents["open_parents"],
    )


def _check_names(where: str, given: Mapping[str, Any], allowed: tuple[str, ...]) -> None:
    unknown = sorted(set(given) - set(allowed))
    if unknown:
        raise ValueError(f"{where}: no setting {unknown[0]!r}; allowed are {', '.join(sorted(allowed))}")
