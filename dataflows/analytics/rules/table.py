"""The rules of option packets, as one table in the order of RULE_ID.

Owns which rules there are, and what their thresholds must not say together. Refuses to hold a threshold of
its own: each stands with its rule, and a person's configuration is laid over it here.
"""

from collections.abc import Mapping
from typing import Any, Final

from dataflows.analytics.rules.context import (
    CLOSING_POSITION,
    CONTRACT_SPIKE,
    NEW_POSITION,
    NO_FOLLOW_THROUGH,
    STRIKE_LADDER,
)
from dataflows.analytics.rules.directional import (
    CALL_SELL,
    CALL_SWEEP,
    FAR_DATED,
    PUT_SELL,
    PUT_SWEEP,
    ZERO_DTE_PUNCH,
)
from dataflows.analytics.rules.model import Rule
from dataflows.analytics.rules.packages import ROLL, STRADDLE_STRANGLE, VERTICAL_SPREAD
from dataflows.analytics.rules.settings import check_names

RULES: Final[tuple[Rule, ...]] = (
    CALL_SWEEP,
    PUT_SWEEP,
    CONTRACT_SPIKE,
    CALL_SELL,
    PUT_SELL,
    NEW_POSITION,
    CLOSING_POSITION,
    ZERO_DTE_PUNCH,
    FAR_DATED,
    STRADDLE_STRANGLE,
    VERTICAL_SPREAD,
    ROLL,
    STRIKE_LADDER,
    NO_FOLLOW_THROUGH,
)


def tuned(given: Any) -> tuple[Rule, ...]:
    """Return the table with a person's thresholds over the defaults: a table of rules, each of thresholds.

    Raises:
        ValueError: an unknown rule or threshold, a wrong type, out of range, or a contradiction.
    """
    check_names("options.rules", given, tuple(r.rule_id for r in RULES))
    assert isinstance(given, Mapping)
    return tuple(rule.tuned(given.get(rule.rule_id, {})) for rule in RULES)
