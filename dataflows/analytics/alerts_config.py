"""Configuration of alerts and stories.

Owns their settings, defaults and ranges; `stories_per_hour` limits what is delivered, nothing else. Refuses
unknown names and values out of range, in one sentence.
"""

from dataclasses import dataclass
from typing import Any, Final

from dataflows.analytics.rules.settings import Setting, read_section

SECOND_NS: Final = 1_000_000_000
STORY_GAP_NS: Final = 1_800 * SECOND_NS  # what a story is, and no setting
MONEY_PER_USD: Final = 10_000
WHERE: Final = "options.alerts"
SETTINGS: Final = (
    Setting("score", 0.4, 0.0, 1.0, "", "A hit of at least this score is an alert."),
    Setting(
        "cooldown_s",
        60,
        0,
        1_800,
        "s",
        "A further hit of a rule in a story joins the alert that was opened at most so long ago.",
        True,
    ),
    Setting(
        "stories_per_hour",
        3,
        0,
        1_000_000,
        "stories",
        "Stories of one underlying that are delivered in an hour of the session; the rest is held back.",
        True,
    ),
    Setting(
        "premium_floor_usd",
        2_500_000,
        1,
        1e12,
        "USD",
        "Premium without which a score is hardly ever high enough; lower it where fewer names are watched.",
    ),
    Setting("standing_hits", 65_536, 1, 1_048_576, "packets", "Packets whose hits can be restated.", True),
    Setting("standing_alerts", 8_192, 1, 1_048_576, "alerts", "Alerts that can be restated.", True),
)


@dataclass(frozen=True, slots=True)
class AlertConfig:
    """When a hit is an alert, when another one joins it, and how many stories are delivered.

    `score` is in ten-thousandths, `premium_floor` in 1e-4 USD.
    """

    score: int
    cooldown_ns: int
    stories_per_hour: int
    premium_floor: float
    standing_hits: int
    standing_alerts: int

    @classmethod
    def read(cls, given: Any = None) -> "AlertConfig":
        """Return the defaults with the section `given` over them; ValueError says what is wrong."""
        values = read_section(WHERE, SETTINGS, {} if given is None else given)
        return cls(
            int(values["score"] * 10_000 + 0.5),
            int(values["cooldown_s"]) * SECOND_NS,
            int(values["stories_per_hour"]),
            values["premium_floor_usd"] * MONEY_PER_USD,
            int(values["standing_hits"]),
            int(values["standing_alerts"]),
        )
