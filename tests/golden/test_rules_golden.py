"""Each rule on a stored packet gives the stored hit: row, sentence, and what it saw."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from dataflows.analytics.rules.evaluate import evaluate
from dataflows.analytics.rules.hits import hit_row, packet_rows
from dataflows.analytics.rules.model import Rule
from dataflows.analytics.rules.table import RULES
from schemas.columns import Batch, from_rows, to_rows
from schemas.kinds import RULE_ID
from schemas.topics import TOPIC

CASES: dict[str, Any] = orjson.loads((Path(__file__).parent / "data/rules.json").read_bytes())
HITS = TOPIC["flow.hits"]


def stored(rule: Rule) -> Rule:
    """The rule with the thresholds that its case was written with: defaults may be tuned since."""
    return rule.tuned(CASES[rule.rule_id]["hit"]["inputs"]["thresholds"])


TABLE = tuple(stored(rule) for rule in RULES)


def packet_of(rule_id: str) -> Batch:
    return from_rows(TOPIC["flow.packets"], [CASES[rule_id]["packet"]])


def test_every_rule_has_a_case() -> None:
    assert tuple(CASES) == RULE_ID


@pytest.mark.parametrize("rule_id", RULE_ID)
def test_the_stored_packet_gives_the_stored_hit(rule_id: str) -> None:
    packet, case = packet_of(rule_id), CASES[rule_id]
    held = {TABLE[h.rule_index].rule_id: h for h in evaluate(packet, TABLE)}
    assert list(held) == case["held"]
    found = held[rule_id]
    row = hit_row(packet_rows(packet)[found.row], TABLE[found.rule_index], found.strength)
    row["inputs"] = orjson.loads(row["inputs"])
    for name in ("rule_id", "direction", "volatility_direction"):
        row[name] = HITS.field(name).symbols[row[name]]
    assert row == case["hit"]


@pytest.mark.parametrize("rule_id", RULE_ID)
def test_a_hit_fits_its_topic(rule_id: str) -> None:
    packet = packet_of(rule_id)
    rule = TABLE[RULE_ID.index(rule_id)]
    row = hit_row(packet_rows(packet)[0], rule, 0.5)
    row |= {n: HITS.field(n).symbols[row[n]] for n in HITS.field_names if HITS.field(n).is_enum}
    (back,) = to_rows(from_rows(HITS, [row]))
    assert back == row
