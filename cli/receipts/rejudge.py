"""A rule, its innocent readings and its score once more, on one packet as it was recorded.

Owns the calls into the core's own functions and what they need of the session: its name, close, dividends
and configuration, all of which stand in the log. Refuses to guess what an alert owes to earlier alerts:
whether it was the first of its story is taken from the record.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dataflows.analytics.alerts_config import AlertConfig
from dataflows.analytics.alerts_rows import batch_of, claim_row
from dataflows.analytics.alerts_score import parts_of
from dataflows.analytics.alerts_stories import expiry_bucket
from dataflows.analytics.benign import Known, joined, readings
from dataflows.analytics.options_config import OptionsConfig
from dataflows.analytics.rules.evaluate import evaluate, margins, strength
from dataflows.analytics.rules.hits import hit_row, packet_rows
from dataflows.analytics.rules.model import Margin, Rule
from schemas.columns import Batch, to_json_rows
from schemas.kinds import VERSION_STATUS
from schemas.topics import TOPIC

Row = dict[str, Any]
_WITHDRAWN: Final = VERSION_STATUS.index("retracted")
# What a row must have and the claim alone does not say; never compared.
_HEAD: Final[Row] = {"seq": 0, "emit_ts": 0, "alert_id": "", "version": 1, "status": 0, "severity": 0}


@dataclass(frozen=True, slots=True)
class Setting:
    """What was in force: the rules, the configuration of alerts, and what is known beside the packet."""

    rules: tuple[Rule, ...]
    alerts: AlertConfig
    known: Known

    def rule(self, rule_id: str) -> Rule:
        """Return a rule with the thresholds in force."""
        return next(r for r in self.rules if r.rule_id == rule_id)


def setting_of(marks: Sequence[Mapping[str, Any]], underlying: str) -> Setting:
    """Return what was in force after these records of `reference` (in JSON form, in log order)."""
    session: Mapping[str, Any] = {}
    ex_date = ""
    for mark in marks:
        detail = json.loads(mark["detail"] or "{}")
        if mark["kind"] == "session":
            session = detail
        is_dividend = mark["name"] == "corporate_action" and detail.get("kind") == "dividend"
        if is_dividend and mark["underlying"] == underlying:
            ex_date = str(detail.get("date", ""))
    config = OptionsConfig.of_session(session)
    known = Known(str(session.get("session", "")), int(session.get("close_ts", 0)), ex_date)
    return Setting(config.rules, config.alerts, known)


@dataclass(frozen=True, slots=True)
class Rejudged:
    """Hit and alert of one rule on one packet, in JSON form; None where the rule does not hold.

    The alert has the columns that follow from packet, rule and session; those of its story are left out.
    """

    hit: Row | None
    alert: Row | None
    score: float


def rejudge(packet: Batch, rule_id: str, setting: Setting, novelty: float) -> Rejudged:
    """Evaluate a rule on a packet (one row) again; `novelty` is the recorded part of the score."""
    rule = setting.rule(rule_id)
    row = packet_rows(packet)[0]
    if row["status"] == _WITHDRAWN or not evaluate(packet, [rule]):
        return Rejudged(None, None, 0.0)
    fit = float(strength(packet, rule)[0])
    hit = hit_row(row, rule, fit)
    found = readings(row, setting.known, rule.rule_id)
    both = [parts_of(row, fit, joined(found), new, setting.alerts.premium_floor) for new in (True, False)]
    parts = min(both, key=lambda p: abs(p.columns()["score_novelty"] - novelty))
    claim = claim_row(row, hit, parts, found) | {
        "underlying": row["underlying"],
        "expiry_bucket": expiry_bucket(row["days_to_expiry"]),
    }
    return Rejudged(_json("flow.hits", hit), _json("flow.alerts", claim), parts.columns()["score"])


def _json(topic: str, row: Row) -> Row:
    """Return the given columns of a row in their JSON form."""
    head = {name: value for name, value in _HEAD.items() if name in TOPIC[topic].field_names}
    batch = batch_of(topic, [{**head, **row}])
    return {name: value for name, value in to_json_rows(batch)[0].items() if name in row}


def margins_of(packet: Batch, rule_id: str, setting: Setting) -> list[Margin]:
    """Return how far each condition of a rule is from turning on a packet (one row)."""
    return margins(packet, setting.rule(rule_id))
