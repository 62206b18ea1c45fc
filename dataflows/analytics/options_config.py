"""Configuration of the options core.

Owns the sections there are and the settings of parents. Refuses what no section knows, in one sentence that
names the key, the value and what is allowed. Durations are in ms, premiums in USD.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dataflows.analytics.alerts_config import AlertConfig
from dataflows.analytics.options_layout import MS, Limits
from dataflows.analytics.rules.model import MONEY_PER_USD, Rule
from dataflows.analytics.rules.settings import Relation, Setting, check_names, read_section
from dataflows.analytics.rules.table import tuned

WHERE: Final = "options"
PARENTS: Final = (
    Setting(
        "taker_event_ms", 1, 1, 1_000, "ms", "prints of one order against several contras lie so close", True
    ),
    Setting("sweep_gap_ms", 50, 1, 10_000, "ms", "a router reaches all venues within it", True),
    Setting("sweep_span_ms", 250, 1, 60_000, "ms", "the whole of a sweep", True),
    Setting("split_gap_ms", 500, 1, 60_000, "ms", "pieces of one order on one venue follow so close", True),
    Setting(
        "split_span_ms", 60_000, 1, 3_600_000, "ms", "a parent must leave some time on a busy venue", True
    ),
    Setting("split_taker_events", 3, 2, 1_000, "taker events", "two may be chance", True),
    Setting("block_contracts", 500, 1, 1_000_000, "contracts", "least size of a block", True),
    Setting("block_premium_usd", 50_000, 1, 1_000_000_000, "USD", "least premium of a block", True),
    Setting("open_parents", 65_536, 1, 1_048_576, "parents", "open at once, else the oldest closes", True),
)
PARENT_RELATIONS: Final = (
    Relation("taker_event_ms", "sweep_gap_ms", "at_most"),
    Relation("sweep_gap_ms", "sweep_span_ms", "at_most"),
    Relation("split_gap_ms", "split_span_ms", "at_most"),
)
SECTIONS: Final = ("alerts", "parents", "rules")


@dataclass(frozen=True, slots=True)
class OptionsConfig:
    """Thresholds of parents, the rules with theirs, and when a hit is an alert."""

    limits: Limits
    rules: tuple[Rule, ...]
    alerts: AlertConfig

    @classmethod
    def read(cls, given: Any) -> "OptionsConfig":
        """Return the defaults with `given` over them: sections parents, rules (by id), alerts.

        Raises:
            ValueError: one sentence on the first thing that is wrong.
        """
        check_names(WHERE, given, SECTIONS)
        parents = read_section(f"{WHERE}.parents", PARENTS, given.get("parents", {}), PARENT_RELATIONS)
        alerts = AlertConfig.read(given.get("alerts", {}))
        return cls(_limits(parents), tuned(given.get("rules", {})), alerts)

    @classmethod
    def of_session(cls, detail: Mapping[str, Any]) -> "OptionsConfig":
        """Return what the record of a session puts in force; without a configuration the defaults."""
        return cls.read(given_by(detail))


def given_by(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options section of the configuration in the record of a session: what `read` takes."""
    return dict((detail.get("configuration") or {}).get(WHERE) or {})


def _limits(parents: Mapping[str, float]) -> Limits:
    whole = {name: int(value) for name, value in parents.items()}
    return Limits(
        taker_ns=whole["taker_event_ms"] * MS,
        sweep_gap_ns=whole["sweep_gap_ms"] * MS,
        sweep_span_ns=whole["sweep_span_ms"] * MS,
        split_gap_ns=whole["split_gap_ms"] * MS,
        split_span_ns=whole["split_span_ms"] * MS,
        split_events=whole["split_taker_events"],
        block_contracts=whole["block_contracts"],
        block_premium=whole["block_premium_usd"] * MONEY_PER_USD,
        open_parents=whole["open_parents"],
    )
