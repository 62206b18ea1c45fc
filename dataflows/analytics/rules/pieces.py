"""What several rules share: settings, groups of conditions and short names for conditions.

Owns the defaults that are the same in several rules, with the reason for each. Refuses a rule of its own.
"""

from typing import Final

from dataflows.analytics.rules import quantities as q
from dataflows.analytics.rules.model import Condition, Quantity
from dataflows.analytics.rules.settings import Setting

PREMIUM_USD: Final = 100_000.0
PREMIUM_LOW, PREMIUM_HIGH = 1_000.0, 1_000_000_000.0


def premium(doc: str = "below it one order of a liquid name is nothing unusual") -> Setting:
    """Return the threshold of premium in USD of the whole packet: price x size x multiplier."""
    return Setting("premium_usd", PREMIUM_USD, PREMIUM_LOW, PREMIUM_HIGH, "USD", doc)


def confidence(name: str, default: float, doc: str, low: float = 0.5) -> Setting:
    """Return a threshold of a chance or a confidence; below one half it would say the opposite."""
    return Setting(name, default, low, 1.0, "", doc)


SIDE_P: Final = confidence("side_p", 0.6, "below it published accuracy is too near a coin to be said")


def at_least(quantity: Quantity, bound: str | float, unless: Condition | None = None) -> Condition:
    """Return the condition that a quantity reaches a threshold, or that `unless` holds."""
    return Condition(quantity, "at_least", bound, unless)


def at_most(quantity: Quantity, bound: str | float) -> Condition:
    """Return the condition that a quantity does not exceed a threshold."""
    return Condition(quantity, "at_most", bound)


def holds(quantity: Quantity) -> Condition:
    """Return the condition that a fact is so."""
    return Condition(quantity, "is", 1.0)


# Every rule: a packet that was taken back claims nothing, and an adjusted series delivers something else.
ALWAYS: Final = (holds(q.STANDING), holds(q.PLAIN_SERIES))
# A single series that traded in the open, with a side that is likely enough to be said.
SIDED: Final = (*ALWAYS, holds(q.ALONE), holds(q.OPEN_CODE), at_least(q.SIDE_P, "side_p"))
PACKAGED: Final = (*ALWAYS, holds(q.PACKAGE), at_least(q.GROUPING_P, "grouping_p"))
GROUPING_P: Final = confidence("grouping_p", 0.9, "a package that may be several orders says nothing")
