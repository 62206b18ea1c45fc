"""Rules of option packets: thresholds, directions, monotone scores and hedged sentences."""

from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.analytics.options_config import OptionsConfig
from dataflows.analytics.rules.claims import claims
from dataflows.analytics.rules.model import Rule
from dataflows.analytics.rules.table import RULES
from schemas.columns import Batch, complete, numpy_type
from schemas.kinds import (
    BASELINE,
    CODE_FAMILY,
    DIRECTION,
    PACKET_KIND,
    RIGHT,
    RULE_ID,
    SEVERITY,
    SIDE,
    VOLATILITY_DIRECTION,
)
from schemas.topics import TOPIC

USD = 10_000
BY_ID = {rule.rule_id: rule for rule in RULES}


def packets(*changes: dict[str, Any]) -> Batch:
    """Packets like a call sweep bought for 60,000 USD, each with its changes."""
    topic = TOPIC["flow.packets"]
    usual: dict[str, Any] = {f.name: 0 for f in topic.fields if not f.since}
    usual |= {
        "underlying": "IBM",
        "contract": "IBM   250117C00150000",
        "packet_id": "ab",
        "members": "[4,5]",
    }
    usual |= {
        "kind": PACKET_KIND.index("sweep"),
        "right": RIGHT.index("C"),
        "side": SIDE.index("buy"),
    }
    usual |= {"premium": 60_000 * USD, "size": 200, "venue_count": 2, "venues": "AC", "version": 1}
    usual |= {"at_ask_size": 200, "iso_size": 200, "end_ts": 30_000_000, "emit_ts": 80_000_000}
    usual |= {"code_family": CODE_FAMILY.index("iso")}
    columns: dict[str, Any] = {}
    for name in dict.fromkeys(n for c in changes for n in (*usual, *c)):
        values, kind = [(usual | c)[name] for c in changes], numpy_type(topic, name)
        columns[name] = pa.array(values, pa.string()) if kind is None else np.array(values, kind)
    return complete(Batch(topic, columns))


def hits(*changes: dict[str, Any]) -> Batch:
    return claims(packets(*changes), RULES, 0.5)["flow.hits"]


def held(*changes: dict[str, Any]) -> list[str]:
    return [RULE_ID[c] for c in hits(*changes)["rule_id"].tolist()]


def test_sweep_rules_follow_the_right() -> None:
    assert held({}, {"right": RIGHT.index("P")}) == ["call_sweep", "put_sweep"]


@pytest.mark.parametrize(
    "change",
    [
        {"premium": 50_000 * USD - 1},
        {"venue_count": 1},
        {"kind": PACKET_KIND.index("split")},
        {"kind": PACKET_KIND.index("iso_single")},
    ],
)
def test_a_sweep_needs_premium_venues_and_kind(change: dict[str, Any]) -> None:
    assert held(change) == []
    assert held({"premium": 50_000 * USD}) == ["call_sweep"]


def test_a_spike_needs_a_baseline_four_scales_and_premium() -> None:
    spike = {
        "kind": 0,
        "baseline": BASELINE.index("contract"),
        "premium_z": 4.0,
        "premium": 25_000 * USD,
    }
    assert held(spike) == ["contract_spike"]
    assert held(spike | {"premium_z": 0.0, "size_z": 4.0}) == ["contract_spike"]
    assert held(spike | {"premium_z": 3.9999}) == []
    assert held(spike | {"baseline": 0}) == []
    assert held(spike | {"premium": 25_000 * USD - 1}) == []


@pytest.mark.parametrize(
    ("right", "side", "delta", "volatility"),
    [
        ("C", "buy", "bullish", "long"),
        ("C", "sell", "bearish", "short"),
        ("P", "buy", "bearish", "long"),
        ("P", "sell", "bullish", "short"),
        ("C", "none", "unknown", "unknown"),
        ("P", "none", "unknown", "unknown"),
    ],
)
def test_directions_follow_right_and_side(right: str, side: str, delta: str, volatility: str) -> None:
    found = hits({"right": RIGHT.index(right), "side": SIDE.index(side)})
    assert DIRECTION[found["direction"][0]] == delta
    assert VOLATILITY_DIRECTION[found["volatility_direction"][0]] == volatility


SHAPES = st.fixed_dictionaries(
    {
        "side": st.integers(0, 2),
        "venue_count": st.integers(2, 12),
        "size": st.just(100),
        "at_ask_size": st.integers(0, 100),
        "at_bid_size": st.integers(0, 100),
        "iso_size": st.integers(0, 100),
        "size_z": st.floats(-1000, 1000),
        "baseline": st.integers(1, 2),
        "right": st.integers(0, 1),
    }
)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: str(r.rule_id))
@settings(deadline=None)
@given(
    shape=SHAPES,
    premiums=st.lists(st.integers(1, 10**14), min_size=2, max_size=6).map(sorted),
    zs=st.lists(st.floats(-1000, 1000), min_size=6, max_size=6).map(sorted),
)
def test_more_premium_never_lowers_a_score(
    rule: Rule, shape: dict[str, Any], premiums: list[int], zs: list[float]
) -> None:
    rising = [shape | {"premium": p, "premium_z": z} for p, z in zip(premiums, zs, strict=False)]
    mask, score = rule.judge(packets(*rising), rule.thresholds)
    assert ((score >= 0) & (score <= 1)).all()
    assert (np.diff(score) >= 0).all()
    assert (np.diff(mask.astype(np.int8)) >= 0).all()


def test_hits_become_alerts_from_the_alert_score() -> None:
    said = claims(packets({}, {"side": 0, "at_ask_size": 0, "iso_size": 0}), RULES, 0.5)
    assert len(said["flow.hits"]) == 2
    alerts = said["flow.alerts"]
    assert alerts["score"].tolist() == [s for s in said["flow.hits"]["score"].tolist() if s >= 0.5]
    assert len(alerts) == 1
    assert SEVERITY[alerts["severity"][0]] == "unrated"
    assert alerts["emit_ts"].tolist() == [80_000_000]


def test_sentences_hedge_and_name_the_facts() -> None:
    bought, unknown = hits({}, {"side": 0})["sentence"].to_pylist()
    facts = ("200 contracts", "60,000 USD", "2 venues", "30 ms", "100%")
    for part in ("Consistent with", *facts, "uncalibrated"):
        assert part in bought
    assert "bought" not in unknown
    assert "Side unknown" in unknown
    package = hits({"kind": 0, "baseline": 1, "size_z": 9.0, "code_family": CODE_FAMILY.index("multi_leg")})
    assert "leg of a multi-leg order" in package["sentence"].to_pylist()[0]


def test_evidence_leads_back_to_prints_and_quote() -> None:
    alerts = claims(packets({"first_print_seq": 4, "last_print_seq": 5, "quote_seq": 9}), RULES, 0.5)
    evidence = orjson.loads(alerts["flow.alerts"]["evidence"].to_pylist()[0])
    assert evidence["prints"] == [4, 5]
    assert evidence["members"] == [4, 5]
    assert evidence["quote"]["quote_seq"] == 9
    assert evidence["inputs"]["thresholds"] == dict(BY_ID["call_sweep"].thresholds)


def test_ids_depend_on_rule_and_packet() -> None:
    said = claims(packets({}, {"packet_id": "cd"}), RULES, 0.0)
    ids = said["flow.hits"]["hit_id"].to_pylist() + said["flow.alerts"]["alert_id"].to_pylist()
    assert len(set(ids)) == 4
    assert all(len(i) == 16 for i in ids)


def test_thresholds_can_be_tuned_and_unknown_names_are_refused() -> None:
    config = OptionsConfig.read({"rules": {"call_sweep": {"premium_usd": 70_000}}})
    assert len(claims(packets({}), config.rules, 0.5)["flow.hits"]) == 0
    wrongs: tuple[dict[str, Any], ...] = (
        {"rules": {"call_sweep": {"premum": 1}}},
        {"rules": {"calls": {}}},
        {"parents": {"sweep_gap": 1}},
        {"parents": {"sweep_gap_ms": 0}},
        {"alert_score": 1.5},
        {"alerts": 1},
    )
    for wrong in wrongs:
        with pytest.raises(ValueError, match=r"options|rule"):
            OptionsConfig.read(wrong)


def test_every_rule_is_in_the_vocabulary_and_reads_packet_columns() -> None:
    names = set(TOPIC["flow.packets"].field_names)
    assert [r.rule_id for r in RULES] == list(RULE_ID)
    assert all(set(r.inputs) <= names for r in RULES)
