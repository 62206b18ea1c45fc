"""How often the plain rules name the right side on a sample, as the published tables count it.

Owns accuracy with a coin flip for what a rule leaves open, coverage, and what a rule that looks at no
quote at all would reach. Refuses prints without a defined side: both parties customers, or none.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dataflows.analytics.side import STACKS, Columns, Quote, Sides, stack
from scoring.facts_sample import Sample, Side
from scoring.join_lag import AT_ASK, AT_BID, INSIDE, MID, Longs, Mask

TARGET_CUSTOMER: Final = 0.74  # the best published model, ISE and CBOE test years
TARGET_SHARE: Final = 0.95  # a baseline that reaches this part of a target makes the world too easy
PLACES_OF: Final = {"quotes": (AT_BID, AT_ASK), "inside": (INSIDE,), "mid": (MID,)}


def accuracy(side: Sides, truth: Longs) -> float:
    """Return the share of right sides where the truth is defined, an open side counted half; NaN if none."""
    defined = truth != 0
    if not defined.any():
        return float("nan")
    said, known = side[defined], truth[defined]
    return float(((said == known) + 0.5 * (said == 0)).mean())


def _sides(side: Side, stack_name: str) -> Sides:
    return stack(STACKS[stack_name], side.columns).side


def customer_accuracy(sample: Sample, rule: str) -> float:
    """Return the accuracy of a named stack on the customers of option prints."""
    assert sample.options.truth is not None
    return accuracy(_sides(sample.options, rule), sample.options.truth.customer)


def customer_accuracy_at(sample: Sample, rule: str, place: str) -> float:
    """Return the same among the prints of one of PLACES_OF."""
    options = sample.options
    assert options.truth is not None
    there = np.isin(options.place, PLACES_OF[place])
    return accuracy(_sides(options, rule)[there], options.truth.customer[there])


def aggressor_accuracy(side: Side, rule: str) -> float:
    """Return the accuracy of a named stack on true aggressors, where there is one."""
    assert side.truth is not None
    return accuracy(_sides(side, rule), side.truth.aggressor)


def coverage(side: Side, rule: str) -> float:
    """Return the share of prints to which a named stack gives a side."""
    found = _sides(side, rule)
    return float((found != 0).mean()) if len(found) else float("nan")


def dumb_customer(sample: Sample) -> float:
    """Return the most that a rule which looks at no quote reaches on customers.

    They are: always one side, the tick rule, the side opposite to it, and calls bought, puts sold.
    """
    options = sample.options
    assert options.truth is not None
    truth = options.truth.customer
    rows = len(truth)
    ticks = _sides(options, "tick")
    rights = np.array([text[12:13] == "C" for text in options.prints["contract"].to_pylist()], np.bool_)
    by_right = np.where(rights, 1, -1).astype(np.int8)
    guesses = [np.ones(rows, np.int8), ticks, by_right]
    found = [accuracy(g, truth) for g in guesses]
    return max(*found, *(1 - a for a in found))


def with_random_quotes(columns: Columns, seed: int) -> Columns:
    """Return the columns with every quote given to another print, which destroys what a quote tells."""
    order = np.random.Generator(np.random.PCG64(seed)).permutation(len(columns.price))
    return columns._replace(best=Quote(*(c[order] for c in columns.best)))


def defined_share(truth: Longs, size: Longs | None = None) -> float:
    """Return the share of prints, or of their size, whose side is defined."""
    is_defined: Mask = truth != 0
    return float(np.average(is_defined, weights=size)) if len(truth) else float("nan")
