"""Hits and alerts: rows for each rule that holds on a packet.

Owns the evaluation of the table over packet columns and the rows of flow.hits and flow.alerts, in packet
order and then table order. Refuses to change a packet, and to alert below the alert score.
"""

from collections.abc import Sequence

import numpy as np
import orjson
import pyarrow as pa

from dataflows.analytics.ids import evidence_id
from dataflows.analytics.rules.evaluate import evaluate
from dataflows.analytics.rules.hits import Row, hit_row, packet_rows
from dataflows.analytics.rules.model import Rule
from schemas.columns import Batch, complete, empty, numpy_type
from schemas.topics import TOPIC, Topic


def claims(packets: Batch, rules: Sequence[Rule], alert_score: float) -> dict[str, Batch]:
    """Return the rows of flow.hits and flow.alerts about these packets."""
    hits: list[Row] = []
    alerts: list[Row] = []
    held = evaluate(packets, rules)
    about = packet_rows(packets.take(np.array([h.row for h in held], np.int64))) if held else []
    for packet, (_, number, strength) in zip(about, held, strict=True):
        hit = hit_row(packet, rules[number], strength)
        hits.append(hit)
        if strength >= alert_score:
            alerts.append(_alert(packet, rules[number], hit))
    return {
        "flow.hits": _batch(TOPIC["flow.hits"], hits),
        "flow.alerts": _batch(TOPIC["flow.alerts"], alerts),
    }


def _alert(packet: Row, rule: Rule, hit: Row) -> Row:
    evidence = {
        "prints": [packet["first_print_seq"], packet["last_print_seq"]],
        "members": orjson.loads(packet["members"]),
        "quote": {n: packet[n] for n in ("quote_ts", "quote_seq", "bid", "ask")},
        "hit_id": hit["hit_id"],
        "inputs": orjson.loads(hit["inputs"]),
    }
    row = {name: hit[name] for name in hit if name not in ("hit_id", "inputs", "status")}
    row |= {name: packet[name] for name in ("kind", "side", "size", "premium")}
    alert_id = evidence_id("alert", rule.rule_id, packet["packet_id"])
    evidence_text = orjson.dumps(evidence, option=orjson.OPT_SORT_KEYS).decode()
    return row | {"alert_id": alert_id, "status": 0, "severity": 0, "evidence": evidence_text}


def _batch(topic: Topic, rows: list[Row]) -> Batch:
    if not rows:
        return empty(topic)
    columns = {}
    for name in rows[0]:
        values, kind = [r[name] for r in rows], numpy_type(topic, name)
        columns[name] = pa.array(values, pa.string()) if kind is None else np.array(values, kind)
    return complete(Batch(topic, columns))
