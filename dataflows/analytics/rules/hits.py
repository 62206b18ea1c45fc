"""Rows of flow.hits: one rule that held on one packet, with what it saw.

Owns the identity of a hit and the row it becomes. Refuses to set a direction: it is the packet's own.
"""

from typing import Any

import orjson

from dataflows.analytics.ids import evidence_id
from dataflows.analytics.rules.model import Rule
from dataflows.analytics.rules.sentences import sentence
from schemas.columns import Batch, is_text
from schemas.kinds import RULE_ID

Row = dict[str, Any]


def packet_rows(packets: Batch) -> list[Row]:
    """Return packets as dictionaries of plain values: enums as codes, all else as stored."""
    names = packets.topic.field_names
    columns = [packets[n].to_pylist() if is_text(packets[n]) else packets[n].tolist() for n in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def hit_id(rule: Rule, packet_id: str) -> str:
    """Return the identity of a hit: rule, its version and the packet."""
    return evidence_id("hit", rule.rule_id, rule.version, packet_id)


def hit_row(packet: Row, rule: Rule, strength: float) -> Row:
    """Return the row of flow.hits of a rule that holds on a packet (a row of `packet_rows`).

    Version and status are those of the packet: a packet that is said again is judged again.
    """
    return {
        "seq": 0,
        "emit_ts": packet["emit_ts"],
        "underlying": packet["underlying"],
        "hit_id": hit_id(rule, packet["packet_id"]),
        "version": packet["version"],
        "status": packet["status"],
        "rule_id": RULE_ID.index(rule.rule_id),
        "rule_version": rule.version,
        "packet_id": packet["packet_id"],
        "packet_version": packet["version"],
        "contract": packet["contract"],
        "score": strength,
        "direction": packet["direction"],
        "volatility_direction": packet["volatility_direction"],
        "sentence": sentence(rule, packet),
        "inputs": inputs_json(packet, rule),
        "reason": packet["reason"],
    }


def inputs_json(packet: Row, rule: Rule) -> str:
    """Return what the rule saw of the packet and its thresholds, as JSON with sorted keys."""
    seen = {name: packet[name] for name in rule.inputs}
    value = {"seen": seen, "thresholds": rule.thresholds}
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
