"""Evaluation of a table of rules over packet columns.

Owns where rules hold, how well, and what would turn each condition. Each quantity is computed once for all
rules. Refuses to order by anything but the packet's row and the rule's place in the table.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from dataflows.analytics.rules.model import (
    Condition,
    Doubles,
    Held,
    Margin,
    Mask,
    Part,
    Quantity,
    Rule,
    Thresholds,
    quantised,
)
from schemas.columns import Batch

ROUNDED: Final = 9  # digits of a margin: beyond them a difference of two floats says nothing

Cache = dict[str, Doubles]


def evaluate(packets: Batch, rules: Sequence[Rule]) -> list[Held]:
    """Return every rule that holds on a row of flow.packets, by row and then by place in the table."""
    if not len(packets):
        return []
    cache: Cache = {}
    found: list[Held] = []
    for number, rule in enumerate(rules):
        rows = np.flatnonzero(_mask(packets, rule, cache))
        if not len(rows):
            continue
        strength = _strength(packets, rule, cache)[rows]
        found += [Held(r, number, s) for r, s in zip(rows.tolist(), strength.tolist(), strict=True)]
    found.sort(key=lambda held: held[:2])
    return found


def strength(packets: Batch, rule: Rule) -> Doubles:
    """Return how well each packet fits the rule, 0 to 1 in steps of 1e-4, whether or not it holds."""
    return _strength(packets, rule, {})


def margins(packets: Batch, rule: Rule, row: int = 0) -> list[Margin]:
    """Return each condition of the rule on one packet, in the order of the rule.

    The smallest change that turns the rule off is any one margin that holds; one that does not hold turns
    on at its limit, and the rule only when all do.
    """
    one, thresholds = packets.slice(row, row + 1), rule.thresholds
    return [_margin_or(c, one, thresholds) for c in rule.conditions]


def part_values(packets: Batch, rule: Rule, row: int = 0) -> list[tuple[str, float]]:
    """Return the label of each part of the strength and what it adds on one packet."""
    one, thresholds = packets.slice(row, row + 1), rule.thresholds
    found = [(p.quantity.label, _term(p, p.quantity.value(one), thresholds)) for p in rule.parts]
    return [(label, round(float(term[0]), ROUNDED)) for label, term in found]


def _mask(packets: Batch, rule: Rule, cache: Cache) -> Mask:
    mask, thresholds = np.ones(len(packets), np.bool_), rule.thresholds
    for condition in rule.conditions:
        mask &= _holds(packets, condition, thresholds, cache)
        if not mask.any():
            break
    return mask


def _holds(packets: Batch, condition: Condition, thresholds: Thresholds, cache: Cache) -> Mask:
    mask = condition.holds(_values(packets, condition.quantity, cache), thresholds)
    other = condition.unless
    return mask if other is None else mask | _holds(packets, other, thresholds, cache)


def _strength(packets: Batch, rule: Rule, cache: Cache) -> Doubles:
    total, thresholds = np.zeros(len(packets), np.float64), rule.thresholds
    for part in rule.parts:
        total += _term(part, _values(packets, part.quantity, cache), thresholds)
    return quantised(total)


def _values(packets: Batch, quantity: Quantity, cache: Cache) -> Doubles:
    values = cache.get(quantity.label)
    if values is None:
        values = cache[quantity.label] = quantity.value(packets)
    return values


def _term(part: Part, values: Doubles, thresholds: Thresholds) -> Doubles:
    start, full = (thresholds[v] if isinstance(v, str) else v for v in (part.start, part.full))
    if start == full:
        reached = (values >= full).astype(np.float64)
    else:
        reached = np.clip((values - start) / (full - start), 0.0, 1.0)
    return np.asarray(part.weight * np.where(np.isnan(values), 0.0, reached))


def _margin_or(condition: Condition, one: Batch, thresholds: Thresholds) -> Margin:
    """Return the margin of a condition, or of the alternative that it holds by."""
    margin = _margin(condition, float(condition.quantity.value(one)[0]), thresholds)
    if condition.unless is None:
        return margin
    other = _margin_or(condition.unless, one, thresholds)
    if margin.holds and other.holds:
        return margin._replace(limit=None, change=None)
    return other if other.holds else margin


def _margin(condition: Condition, value: float, thresholds: Thresholds) -> Margin:
    quantity, bound = condition.quantity, condition.bound_in(thresholds)
    is_known = not np.isnan(value)
    holds = bool(condition.holds(np.array([value]), thresholds)[0])
    step = {"at_least": -quantity.step, "at_most": quantity.step}.get(condition.sense, 0.0)
    limit = None if condition.sense == "is" else round(bound + (step if holds else 0.0), ROUNDED)
    return Margin(
        quantity.label,
        quantity.words,
        quantity.unit,
        condition.sense,
        condition.bound if isinstance(condition.bound, str) else "",
        bound,
        round(value, ROUNDED) if is_known else None,
        holds,
        limit,
        round(limit - value, ROUNDED) if is_known and limit is not None else None,
    )
