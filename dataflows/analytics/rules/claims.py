"""Hits and alerts: rows for each rule that holds on a packet.

Owns the evaluation of the table over packet columns and the rows of flow.hits and flow.alerts, in packet
order and then table order. Refuses to change a packet, and to alert below the alert score.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from dataflows.analytics.ids import evidence_id
from dataflows.analytics.rules.model import Rule
from dataflows.analytics.rules.sentences import sentence
from schemas.columns import Batch, complete, empty, is_text, numpy_type
from schemas.kinds import RULE_ID
from schemas.topics import TOPIC, Topic

Row = dict[str, Any]


def claims(packets: Batch, rules: Sequence[Rule], alert_score: float) -> dict[str, Batch]:
    """Return the rows of flow.hits and flow.alerts about these packets."""
    hits: list[Row] = []
    alerts: list[Row] = []
    held = _held(packets, rules)
    about = _rows(packets.take(np.array([row for row, _, _ in held], np.int64))) if held else []
    for packet, (_, rule, facts) in zip(about, held, strict=True):
        hit = _hit(packet, rule, facts)
        hits.append(hit)
        if hit["score"] >= alert_score:
            alerts.append(_alert(packet, rule, hit))
    return {
        "flow.hits": _batch(TOPIC["flow.hits"], hits),
        "flow.alerts": _batch(TOPIC["flow.alerts"], alerts),
    }


def _held(packets: Batch, rules: Sequence[Rule]) -> list[tuple[int, Rule, Row]]:
    """Return (packet row, rule, score and directions) where a rule holds, in order."""
    if not len(packets):
        return []
    found = []
    for number, rule in enumerate(rules):
        mask, score = rule.judge(packets, rule.thresholds)
        delta, volatility = rule.delta(packets), rule.volatility(packets)
        for row in np.flatnonzero(mask).tolist():
            facts = {
                "score": float(score[row]),
                "direction": int(delta[row]),
                "volatility_direction": int(volatility[row]),
            }
            found.append((row, number, facts))
    found.sort(key=lambda f: f[:2])
    return [(row, rules[number], facts) for row, number, facts in found]


def _rows(packets: Batch) -> list[Row]:
    """Return packets as dictionaries of plain values."""
    names = packets.topic.field_names
    columns = [packets[n].to_pylist() if is_text(packets[n]) else packets[n].tolist() for n in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _hit(packet: Row, rule: Rule, facts: Row) -> Row:
    seen = {name: packet[name] for name in rule.inputs}
    return {
        "seq": 0,
        "emit_ts": packet["emit_ts"],
        "underlying": packet["underlying"],
        "hit_id": evidence_id("hit", rule.rule_id, rule.version, packet["packet_id"]),
        "version": 1,
        "status": 0,
        "rule_id": RULE_ID.index(rule.rule_id),
        "rule_version": rule.version,
        "packet_id": packet["packet_id"],
        "packet_version": packet["version"],
        "contract": packet["contract"],
        **facts,
        "sentence": sentence(rule.claim, packet),
        "inputs": _json({"seen": seen, "thresholds": dict(rule.thresholds)}),
    }


def _alert(packet: Row, rule: Rule, hit: Row) -> Row:
    evidence = {
        "prints": [packet["first_print_seq"], packet["last_print_seq"]],
        "members": orjson.loads(packet["members"]),
        "quote": {n: packet[n] for n in ("quote_ts", "quote_seq", "bid", "ask")},
        "hit_id": hit["hit_id"],
        "inputs": orjson.loads(hit["inputs"]),
    }
    row = {name: hit[name] for name in hit if name not in ("hit_id", "inputs")}
    row |= {name: packet[name] for name in ("kind", "side", "size", "premium")}
    alert_id = evidence_id("alert", rule.rule_id, packet["packet_id"])
    return row | {"alert_id": alert_id, "severity": 0, "evidence": _json(evidence)}


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _batch(topic: Topic, rows: list[Row]) -> Batch:
    if not rows:
        return empty(topic)
    columns = {}
    for name in rows[0]:
        values, kind = [r[name] for r in rows], numpy_type(topic, name)
        columns[name] = pa.array(values, pa.string()) if kind is None else np.array(values, kind)
    return complete(Batch(topic, columns))
