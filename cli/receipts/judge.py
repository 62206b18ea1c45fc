"""The checks of a receipt: the archive against the log, and what comes out when it is computed again.

Owns which columns the referenced records alone can give, and which hang on the whole session before them.
Refuses to call a column checked that was not computed.
"""

from typing import Any, Final

from cli.receipts.collect import Copy, Gathered
from cli.receipts.compare import Check, Row, compare, compare_bytes
from cli.receipts.excerpt import outputs_of
from cli.receipts.rejudge import Setting, rejudge, setting_of
from cli.receipts.replay import Replayed
from schemas.codec import BUILT_IN, SchemaIds
from schemas.columns import Batch, to_json_rows
from schemas.framing import HEADER_BYTES

# What a packet owes to the prints around it and the session before it: its place in the topic and when it
# left, what is usual, what was open, what looked alike.
PACKET_SESSION: Final = frozenset(
    (
        "seq",
        "emit_ts",
        "roll_p",
        "baseline",
        "baseline_count",
        "baseline_weights",
        "burst_first_seq",
        "premium_z",
        "size_z",
        "spread_z",
        "open_interest",
        "volume_before",
        "opened_min",
        "opening_basis",
        "p_open",
        "open_method",
        "open_label",
        "repeat_count",
        "repeat_size",
        "repeat_start_ts",
        "ladder_strikes",
        "ladder_premium",
        "stock_print_seq",
        "stock_tie_p",
    )
)
# A repeat is one by the packets before it.
REPEAT_SESSION: Final = PACKET_SESSION | {"kind"}
PRINT_SESSION: Final = (PACKET_SESSION - {"emit_ts"}) | {"opened_min_buy", "opened_min_sell"}
HIT_SESSION: Final = frozenset(("seq", "emit_ts", "version", "status", "reason"))
IDENTITY: Final = {"flow.packets": "packet_id", "flow.hits": "hit_id", "flow.alerts": "alert_id"}


def archive_checks(found: Gathered) -> list[Check]:
    """Compare each row of the archive with the record in the log that it is a copy of."""
    copies = (*found.alerts, *found.packets, *found.hits)
    return [compare(f"{_name(c)} as archived", c.stored.row, c.row) for c in copies]


def shallow_checks(found: Gathered, ids: SchemaIds = BUILT_IN) -> list[Check]:
    """Build the packet again from its records, and evaluate rule and score again on it."""
    packet = found.packet
    if packet is None:
        return [Check("packet", problem="the archive does not hold the packet yet")]
    try:
        said = outputs_of(found.excerpt, found.partition, int(packet.row["emit_ts"]), ids)
    except ValueError as problem:
        return [Check("packet", problem=str(problem))]
    again = _same(said.get("flow.packets"), packet.row)
    left_out = REPEAT_SESSION if packet.row["kind"] == "repeat" else PACKET_SESSION
    checks = [compare(f"{_name(packet)} from its prints", packet.row, again, left_out)]
    checks += _placed_checks(found, said.get("options.placed"))
    return checks + rule_checks(found, packet)


def deep_checks(found: Gathered, replayed: Replayed) -> list[Check]:
    """Compare every version of alert, packets and hits byte for byte with what the replay said."""
    checks = []
    for copy in (*found.alerts, *found.packets, *found.hits):
        row = copy.row
        key = (copy.topic, row[IDENTITY[copy.topic]], row["version"])
        again = replayed.records.get(key)
        checks.append(compare_bytes(f"{_name(copy)} from the whole log", copy.value, again, HEADER_BYTES))
    return checks


def _placed_checks(found: Gathered, said: Batch | None) -> list[Check]:
    """Compare each member print's reading with the one made again."""
    rows = {r["print_seq"]: r for r in to_json_rows(said)} if said is not None else {}
    return [
        compare(f"print {seq} beside its quote", copy.row, rows.get(seq), PRINT_SESSION)
        for seq, copy in sorted(found.placed.items())
    ]


def rule_checks(found: Gathered, packet: Copy) -> list[Check]:
    """Evaluate the rule, its innocent readings and the score again on the packet as recorded."""
    alert = found.alert.row
    setting = setting_of(found.marks, alert["underlying"])
    again = rejudge(packet.batch, alert["rule_id"], setting, float(alert["score_novelty"]))
    left_out = frozenset(alert) - frozenset(again.alert or alert)
    checks = [compare(f"{_name(found.alert)} from its packet", alert, again.alert, left_out)]
    hit = found.hit
    if hit is not None:
        checks.append(compare(f"{_name(hit)} from its packet", hit.row, again.hit, HIT_SESSION))
    checks.append(sum_check(alert))
    if alert["status"] == "retracted":
        checks.append(_retraction_check(found, setting))
    return checks


def _retraction_check(found: Gathered, setting: Setting) -> Check:
    """Check that the rule no longer makes an alert of the packet as it stands now."""
    alert = found.alert.row
    newest = [p for p in found.packets if p.row["packet_id"] == alert["packet_id"]][-1]
    again = rejudge(newest.batch, alert["rule_id"], setting, float(alert["score_novelty"]))
    is_standing = again.alert is not None and again.score >= setting.alerts.score / 10_000
    moved = again.alert is not None and any(
        again.alert[c] != alert[c] for c in ("direction", "volatility_direction", "expiry_bucket")
    )
    stands = {"stands": is_standing and not moved}
    return compare(f"retraction after {_name(newest)}", {"stands": False}, stands)


def sum_check(alert: Row) -> Check:
    """Check that the parts of a score, less what is taken off, add up to it."""
    names = ("score_premium", "score_side", "score_z", "score_structure", "score_novelty")
    total = round(sum(float(alert[n]) for n in names) - float(alert["score_noise"]), 4)
    return compare("parts of the score", {"score": round(float(alert["score"]), 4)}, {"score": total})


def _same(batch: Batch | None, row: dict[str, Any]) -> dict[str, Any] | None:
    """Return the version of a packet that was made again, else another version, so that it can be shown."""
    rows = [r for r in to_json_rows(batch) if r["packet_id"] == row["packet_id"]] if batch is not None else []
    exact = [r for r in rows if r["version"] == row["version"]]
    return next(iter(exact or rows), None)


def _name(copy: Copy) -> str:
    row = copy.row
    return f"{copy.topic.split('.')[1].rstrip('s')} {row[IDENTITY[copy.topic]]} version {row['version']}"
