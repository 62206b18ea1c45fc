"""The table of rules as plain data, for people and programs that ask what a rule is.

Owns the JSON form of a rule with its effective thresholds. Refuses to leave out a condition.
"""

from collections.abc import Sequence
from typing import Any

from dataflows.analytics.rules.model import Condition, Part, Rule
from dataflows.analytics.rules.settings import Setting

Plain = dict[str, Any]
_SIGNS = {"at_least": ">=", "at_most": "<=", "is": "="}


def described(rules: Sequence[Rule]) -> list[Plain]:
    """Return each rule as JSON-able data: conditions, parts of the strength, thresholds and their ranges."""
    return [described_rule(rule) for rule in rules]


def described_rule(rule: Rule) -> Plain:
    """Return one rule as JSON-able data."""
    values = rule.thresholds
    return {
        "rule_id": rule.rule_id,
        "version": rule.version,
        "name": rule.name,
        "claim": rule.claim,
        "source": rule.source,
        "inputs": list(rule.inputs),
        "conditions": [_condition(c, values) for c in rule.conditions],
        "strength": [_part(p, values) for p in rule.parts],
        "thresholds": [_setting(s, values[s.name]) for s in rule.settings],
        "relations": [r.asked() for r in rule.relations],
    }


def _condition(condition: Condition, values: dict[str, float]) -> Plain:
    quantity = condition.quantity
    return {
        "label": quantity.label,
        "words": quantity.words,
        "unit": quantity.unit,
        "sense": condition.sense,
        "sign": _SIGNS[condition.sense],
        "threshold": condition.bound if isinstance(condition.bound, str) else None,
        "bound": condition.bound_in(values),
        "columns": list(quantity.columns),
        "unless": None if condition.unless is None else _condition(condition.unless, values),
    }


def _part(part: Part, values: dict[str, float]) -> Plain:
    start, full = (values[v] if isinstance(v, str) else v for v in (part.start, part.full))
    named = {"label": part.quantity.label, "words": part.quantity.words}
    return {**named, "weight": part.weight, "start": start, "full": full}


def _setting(setting: Setting, value: float) -> Plain:
    return {
        "name": setting.name,
        "value": value,
        "default": setting.default,
        "low": setting.low,
        "high": setting.high,
        "unit": setting.unit,
        "is_whole": setting.is_whole,
        "why": setting.doc,
    }
