"""Rows of flow.alerts, as dictionaries of stored values.

Owns what an alert says of the packet it stands on, its identity, and when two versions say the same. Refuses
to score or to remember: who calls hands in the parts of the score and the version.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa

from dataflows.analytics.alerts_score import Parts
from dataflows.analytics.ids import evidence_id
from dataflows.analytics.rules.model import Rule
from schemas.columns import Batch, complete, empty, numpy_type
from schemas.topics import TOPIC, Topic

Row = dict[str, Any]
PACKET_IDS: Final = 32  # listed in an alert; the rest is counted
_QUOTE: Final = ("quote_ts", "quote_seq", "bid", "ask")
_BASELINE: Final = ("baseline", "baseline_count", "premium_z", "size_z", "spread_z")
_PACKET: Final = ("packet_id", "contract", "kind", "side", "size", "premium")
_DIRECTIONS: Final = ("direction", "volatility_direction")


def alert_id(rule: Rule, packet_id: str) -> str:
    """Return the identity of the alert that a rule opens on a packet."""
    return evidence_id("alert", rule.rule_id, packet_id)


def said(packet: Mapping[str, Any], rule: Rule, hit: Row) -> str:
    """Return a short hash of what a hit says, equal where a later version of the packet changes nothing.

    That the packet was said again is no change of what was said.
    """
    seen = (f"{name}={packet[name]}" for name in rule.inputs if name != "status")
    return evidence_id(str(hit["score"]), hit["sentence"], *(hit[name] for name in _DIRECTIONS), *seen)


def claim_row(packet: Mapping[str, Any], hit: Row, parts: Parts, benign: Sequence[Row]) -> Row:
    """Return the columns of an alert that follow from one packet and one rule alone."""
    evidence = {
        "prints": [packet["first_print_seq"], packet["last_print_seq"]],
        "members": orjson.loads(packet["members"]),
        "package_members": orjson.loads(packet["package_members"]),
        "quote": {name: packet[name] for name in _QUOTE},
        "baseline": {name: packet[name] for name in _BASELINE},
        "hit_id": hit["hit_id"],
        "inputs": orjson.loads(hit["inputs"]),
    }
    return {
        **{name: packet[name] for name in _PACKET},
        "packet_version": packet["version"],
        "rule_id": hit["rule_id"],
        "rule_version": hit["rule_version"],
        **parts.columns(),
        **{name: packet[name] for name in _DIRECTIONS},
        "sentence": hit["sentence"],
        "evidence": _json(evidence),
        "benign": _json(list(benign)),
    }


def packet_list(packet_ids: Sequence[str], more: int) -> str:
    """Return the JSON list of an alert's packets; what is not listed is counted."""
    return _json([*packet_ids, {"more": more}] if more else list(packet_ids))


def batch_of(topic: str, rows: Sequence[Row]) -> Batch:
    """Return the rows as a batch with every column of the topic."""
    named: Topic = TOPIC[topic]
    if not rows:
        return empty(named)
    columns: dict[str, Any] = {}
    for name in rows[0]:
        values, kind = [row[name] for row in rows], numpy_type(named, name)
        columns[name] = pa.array(values, pa.string()) if kind is None else np.array(values, kind)
    return complete(Batch(named, columns))


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
