"""A receipt as data: the alert, its rule, packets, prints with their quotes, and the verdict.

Owns the shape that `--json` prints and the gateway serves. Refuses to say anything that is not in the
records: a part that is not stored is null.
"""

from typing import Any, Final

import orjson

from cli.receipts.collect import Copy, Gathered, Source
from cli.receipts.compare import Verdict
from cli.receipts.rejudge import Setting, margins_of, setting_of
from cli.receipts.words import (
    code_meaning,
    date_of,
    history,
    margin_json,
    score_margin,
    score_parts,
)

_BASELINE: Final = ("baseline", "baseline_count", "premium_z", "size_z", "spread_z")
_STORY: Final = (
    "story_id",
    "story_alert_count",
    "story_premium",
    "story_score",
    "expiry_bucket",
    "is_delivered",
    "held_back_count",
)
_CLAIM: Final = (
    "sentence",
    "status",
    "reason",
    "version",
    "underlying",
    "contract",
    "kind",
    "side",
    "size",
    "premium",
    "severity",
    "direction",
    "volatility_direction",
)
_PLACED: Final = (
    "status",
    "quote_state",
    "placement",
    "is_placement_stable",
    "quote_source",
    "side",
    "p_aggressor_buy",
    "aggressor_method",
    "p_customer_buy",
    "customer_method",
    "side_label",
    "abstention",
)
_PACKAGE: Final = (
    "package_class",
    "geometry",
    "units",
    "net_premium",
    "grouping_p",
    "geometry_p",
    "sign_p",
    "direction_p",
    "roll_p",
)
Plain = dict[str, Any]


def receipt(found: Gathered, verdict: Verdict, how: Plain) -> Plain:
    """Return a receipt. `how` says in what way and from where it was computed again."""
    alert = found.alert.row
    setting = setting_of(found.marks, alert["underlying"]) if found.marks else None
    return {
        "alert_id": alert["alert_id"],
        **how,
        "reproduced": verdict.is_reproduced,
        "verdict": verdict.sentence(),
        "checks": [c.to_json() for c in verdict.checks],
        "claim": _picked(alert, _CLAIM),
        "rule": _rule(found, setting),
        "score": {"score": alert["score"], "parts": score_parts(alert)},
        "story": _picked(alert, _STORY),
        "benign": _parsed(alert["benign"]),
        "would_turn_it_off": _turns(found, setting),
        "baseline": _picked(found.packet.row, _BASELINE) if found.packet else None,
        "packets": [_packet(p) for p in found.packets],
        "prints": [_print(found, s) for s in _prints(found)],
        "prints_not_listed": found.unlisted,
        "stock_prints": [_source(s) for (topic, _), s in found.sources.items() if topic == "equities.prints"],
        "history": history([a.row for a in found.alerts]),
    }


def _picked(row: Plain, names: tuple[str, ...]) -> Plain:
    return {name: row[name] for name in names}


def _parsed(text: str) -> Any:
    return orjson.loads(text) if text else None


def _rule(found: Gathered, setting: Setting | None) -> Plain:
    alert, hit = found.alert.row, found.hit
    rule = setting.rule(alert["rule_id"]) if setting else None
    inputs = orjson.loads(hit.row["inputs"]) if hit else {}
    return {
        "rule_id": alert["rule_id"],
        "version": alert["rule_version"],
        "name": rule.name if rule else None,
        "source": rule.source if rule else None,
        "thresholds": inputs.get("thresholds", {}),
        "seen": inputs.get("seen", {}),
        "hit_id": hit.row["hit_id"] if hit else None,
        "strength": hit.row["score"] if hit else None,
    }


def _turns(found: Gathered, setting: Setting | None) -> list[Plain]:
    """Return each condition of the rule, and the least score, with the change that turns it."""
    if setting is None or found.packet is None:
        return []
    alert = found.alert.row
    margins = margins_of(found.packet.batch, alert["rule_id"], setting)
    least = score_margin(float(alert["score"]), setting.alerts.score / 10_000)
    return [*(margin_json(m) for m in margins), least]


def _packet(copy: Copy) -> Plain:
    row = copy.row
    parsed = {name: _parsed(row[name]) for name in ("members", "package_members", "legs", "package_evidence")}
    place = {"partition": copy.stored.partition, "offset": copy.stored.offset}
    is_package = row["package_class"] != "none"
    claims = _picked(row, _PACKAGE) if is_package else None
    return {**place, "claims": claims, "row": {**row, **parsed}}


def _prints(found: Gathered) -> list[Source]:
    return [s for (topic, _), s in sorted(found.sources.items()) if topic == "options.prints"]


def _source(source: Source) -> Plain:
    names = ("source_ts", "event_ts", "price", "size", "venue")
    return {**_identity(source), **{n: source.row.get(n) for n in names}}


def _identity(source: Source) -> Plain:
    return {
        "topic": source.topic,
        "partition": source.partition,
        "seq": source.seq,
        "offset": source.offset,
        "sha256": source.sha256,
    }


def _print(found: Gathered, source: Source) -> Plain:
    row, placed = source.row, found.placed.get(source.seq)
    return {
        **_source(source),
        "contract": row["contract"],
        "condition": row["condition"],
        "code": code_meaning(row["condition"], date_of(int(row["source_ts"]))),
        "is_member": placed is not None,
        "read_as": _picked(placed.row, _PLACED) if placed else None,
        "quote": _quote(found, placed.row) if placed else None,
    }


def _quote(found: Gathered, placed: Plain) -> Plain | None:
    """Return the quote that a print was read against; one that it carried has no record of its own."""
    if placed["quote_source"] == "none":
        return None
    names = ("bid", "ask", "bid_size", "ask_size", "quote_ts", "quote_age_ns", "quote_source")
    seq = placed["quote_seq"]
    source = found.sources.get(("options.nbbo", int(seq))) if seq is not None else None
    return {**(_identity(source) if source else {}), **_picked(placed, names)}
