"""The reference of the classifiers in Markdown: every rule, condition, threshold and source.

Owns the text of docs/classifiers.md. Refuses anything that is not in the tables it is made from.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from dataflows.analytics.alerts_config import SETTINGS as ALERTS
from dataflows.analytics.alerts_config import WHERE as ALERTS_WHERE
from dataflows.analytics.options_config import PARENT_RELATIONS, PARENTS, WHERE
from dataflows.analytics.rules.model import Condition, Part, Rule
from dataflows.analytics.rules.original import ANALYTICS, PLATFORM, Variable
from dataflows.analytics.rules.settings import Relation, Setting, plain
from dataflows.analytics.rules.table import RULES

HEAD: Final = """# Classifiers

Generated from `dataflows/analytics/rules` by `python -m cli.generate`; do not edit.

A rule is a claim about one packet of `flow.packets`. It holds where **all** of its conditions hold, and then
it is a row of `flow.hits`, always. How well the packet fits it, 0 to 1, is the strength: the sum of its
parts, each 0 at its start, its weight at its full value and straight between; it is the part `structure` of
the score of an alert. What is not known meets no condition: without a quote, a side, open interest, a
baseline or a later look the rules that need it abstain, and what is unknown adds nothing to a strength.

No rule sets a direction. Delta and volatility direction are columns of the packet, made once from right and
side, or from what a package claims; so the claims about one packet never disagree.

Premium is in real USD: price x contracts x multiplier of the series. Chances of a side on a real tape are
uncalibrated: no truth exists there. Codes of auctions, crosses and floors bar a rule that needs a side; where
a feed has no codes the sentence says so. Legs of packages are judged as their package and never alone. Series
that a corporate action adjusted (a root that ends with a digit) are left out: what they deliver is not in the
symbol.

`islandflow classifiers [--json] [--config FILE]` prints this table with the thresholds in force.
"""
CONFIGURE: Final = """## Configuration

`--config FILE` of `run`, `import` and `demo` lays a TOML file over the defaults:

```toml
[options.rules.call_sweep]
premium_usd = 100000
venue_count = 3

[options.alerts]
score = 0.6
```

It is written into the record of each session, so that the log alone says what was claimed and why, and it is
part of the identity of the run: another configuration is another namespace. A name that no setting has, a
value of another type or out of its range, and values that contradict each other are refused with one
sentence and exit code 2.
"""
ORIGINAL: Final = """## Environment variables of the TypeScript original

Premiums there were price x contracts without the multiplier, a hundredth of USD; here they are USD.
"""
_SIGNS: Final = {"at_least": "at least", "at_most": "at most"}


def classifier_reference() -> str:
    """Return the text of docs/classifiers.md."""
    index = [f"- [{r.rule_id}](#{r.rule_id}): {r.name.lower()}\n" for r in RULES]
    parts = [HEAD, "".join(index), *(_rule(r) for r in RULES), CONFIGURE]
    parts.append(f"### Parents, `{WHERE}.parents`\n\n{_settings(PARENTS, PARENT_RELATIONS)}")
    parts.append(f"### Alerts, `{ALERTS_WHERE}`\n\n{_settings(ALERTS, ())}")
    parts += [ORIGINAL, _variables("Analytics", ANALYTICS), _variables("Platform", PLATFORM)]
    return "\n".join(parts)


def _rule(rule: Rule) -> str:
    conditions = "".join(_condition(c, rule) for c in rule.conditions)
    terms = "".join(_part(p, rule) for p in rule.parts)
    columns = ", ".join(f"`{name}`" for name in rule.inputs)
    return (
        f"## {rule.rule_id}\n\n{rule.name}, version {rule.version}. Its sentence opens: “{rule.claim}”. "
        f"Source: {rule.source}.\n\n"
        f"| condition | asks for | columns |\n|---|---|---|\n{conditions}\n"
        f"| part of the strength | weight | 0 at | full at |\n|---|---|---|---|\n{terms}\n"
        f"{_settings(rule.settings, rule.relations)}\n"
        f"Columns it reads: {columns}.\n"
    )


def _condition(condition: Condition, rule: Rule) -> str:
    quantity = condition.quantity
    columns = ", ".join(f"`{name}`" for name in quantity.columns)
    return f"| {quantity.words} | {_asked(condition, rule)} | {columns} |\n"


def _asked(condition: Condition, rule: Rule) -> str:
    if condition.sense == "is":
        return "so"
    named = f" (`{condition.bound}`)" if isinstance(condition.bound, str) else ""
    bound = plain(condition.bound_in(rule.thresholds))
    asked = f"{_SIGNS[condition.sense]} {bound} {condition.quantity.unit}".rstrip() + named
    other = condition.unless
    return asked if other is None else f"{asked}; or {other.words} {_asked(other, rule)}"


def _part(part: Part, rule: Rule) -> str:
    ends = [plain(rule.thresholds[v] if isinstance(v, str) else v) for v in (part.start, part.full)]
    return f"| {part.quantity.words} | {plain(part.weight)} | {ends[0]} | {ends[1]} |\n"


def _settings(settings: Sequence[Setting], relations: Sequence[Relation]) -> str:
    rows = "".join(f"| `{s.name}` | {plain(s.default)} | {s.allowed()} | {s.doc} |\n" for s in settings)
    asked = "".join(f"`{r.lesser}` {r.asked().removeprefix(r.lesser).strip()}. " for r in relations).strip()
    table = f"| threshold | default | allowed | why |\n|---|---|---|---|\n{rows}"
    return f"{table}\n{asked}\n" if asked else table


def _variables(title: str, variables: Iterable[Variable]) -> str:
    rows = "".join(_variable(v) for v in variables)
    return f"### {title}\n\n| variable | default there | fate | now | why |\n|---|---|---|---|---|\n{rows}"


def _variable(variable: Variable) -> str:
    names = ", ".join(f"`{n}`" for n in variable.names)
    now = f"`{variable.now}`" if variable.now else ""
    return f"| {names} | {variable.default} | {variable.fate} | {now} | {variable.why} |\n"
