"""What would have turned an alert off, what a sale code means, and other sentences of a receipt.

Owns the words. Pure. Refuses to promise: a change is the smallest one that turns its own condition, all
else being equal.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from dataflows.analytics.rules.model import Margin
from schemas.opra_codes import TABLES

NS: Final = 1_000_000_000
SCORE_STEP: Final = 0.0001
PARTS: Final = (
    ("premium", "score_premium"),
    ("side", "score_side"),
    ("unusual", "score_z"),
    ("structure", "score_structure"),
    ("novelty", "score_novelty"),
)


def plain(value: float) -> str:
    """Return a number with separators and without digits that say nothing."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4f}".rstrip("0")


def margin_json(margin: Margin) -> dict[str, Any]:
    """Return a condition on a packet, and the smallest change that turns it, as JSON."""
    return {
        "condition": margin.label,
        "words": margin.words,
        "value": margin.value,
        "unit": margin.unit,
        "sense": margin.sense,
        "bound": margin.bound,
        "threshold": margin.threshold or None,
        "holds": margin.holds,
        "limit": margin.limit,
        "change": margin.change,
        "sentence": margin_sentence(margin),
    }


def margin_sentence(margin: Margin) -> str:
    """Say what a condition saw and what would have turned it."""
    unit = f" {margin.unit}" if margin.unit else ""
    if margin.value is None:
        return f"{margin.words}: not known, so the condition does not hold"
    if margin.sense == "is":
        state = "it is so" if margin.holds else "it is not so"
        turn = "it would have to be otherwise" if margin.holds else "it would have to be so"
        return f"{margin.words}: {state}; {turn}"
    sign = "at least" if margin.sense == "at_least" else "at most"
    seen = f"{margin.words}: {plain(margin.value)}{unit}, {sign} {plain(margin.bound)} is asked"
    if margin.limit is None or margin.change is None:
        return f"{seen}; another reading of it holds as well, so both would have to change"
    turned = "off" if margin.holds else "on"
    moved = f"{'+' if margin.change >= 0 else '−'}{plain(abs(margin.change))}"
    return f"{seen}; {turned} at {plain(margin.limit)} ({moved})"


def score_margin(score: float, least: float) -> dict[str, Any]:
    """Return the score against the least score of an alert, in the form of a condition."""
    holds = score >= least
    limit = round(least - SCORE_STEP, 4) if holds else least
    asked = Margin("alert_score", "score of the alert", "", "at_least", "score", least, score, holds, limit,
                   round(limit - score, 4))  # fmt: skip
    return margin_json(asked)


def code_meaning(code: str, date: int) -> dict[str, str]:
    """Return name, family and meaning of a sale code on a date (YYYYMMDD)."""
    if code == "":
        return {"name": "", "family": "unknown", "meaning": "the feed gave no sale code"}
    table = next((t for t in TABLES if t.since <= date < t.until), TABLES[-1])
    for row in table.codes:
        if row.code == code:
            return {"name": row.name, "family": row.family, "meaning": row.meaning}
    return {"name": "", "family": "unknown", "meaning": "not in the table of that date"}


def date_of(ns: int) -> int:
    """Return the UTC date of a time as YYYYMMDD."""
    day = datetime.fromtimestamp(ns // NS, UTC)
    return day.year * 10_000 + day.month * 100 + day.day


def moment(ns: str | int | None) -> str:
    """Return a time as UTC with all nine digits; a dash where there is none."""
    if ns is None:
        return "–"
    whole, rest = divmod(int(ns), NS)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%d %H:%M:%S}.{rest:09d}"


def score_parts(alert: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of a score in the order in which they are shown; noise counts against it."""
    parts = [{"part": name, "value": alert[column]} for name, column in PARTS]
    return [*parts, {"part": "noise", "value": -float(alert["score_noise"]) or 0.0}]


def history(alerts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the versions of an alert, oldest first, with what made each."""
    names = ("version", "status", "reason", "emit_ts", "score", "packet_id", "packet_version", "sentence")
    return [{name: a[name] for name in names} for a in alerts]
