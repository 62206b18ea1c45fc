"""Receipts without servers: comparing, wording, sweeps of offsets, and what the terminal shows."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from cli.receipts.collect import members_of, packet_ids
from cli.receipts.compare import Check, Verdict, compare, compare_bytes
from cli.receipts.judge import sum_check
from cli.receipts.raw import sweeps
from cli.receipts.rejudge import rejudge, setting_of
from cli.receipts.render import show
from cli.receipts.words import code_meaning, margin_sentence, moment, score_margin, score_parts
from dataflows.analytics.rules.evaluate import margins
from dataflows.analytics.rules.model import Margin
from dataflows.analytics.rules.table import RULES
from schemas.columns import from_rows
from schemas.topics import TOPIC

SCORED = {
    "score": 0.55,
    "score_premium": 0.2,
    "score_side": 0.1,
    "score_z": 0.0,
    "score_structure": 0.2,
    "score_novelty": 0.1,
    "score_noise": 0.05,
}


def test_equal_rows_agree_and_columns_left_out_are_named() -> None:
    check = compare("packet", {"a": 1, "b": "x", "seq": 7}, {"a": 1, "b": "x", "seq": 9}, {"seq"})
    assert check.is_passed
    assert (check.same, check.left_out) == (2, ("seq",))


def test_a_difference_says_where_and_both_values() -> None:
    check = compare("packet", {"a": 1, "b": 2.5}, {"a": 1, "b": 2.4999})
    assert not check.is_passed
    assert [(d.column, d.recorded, d.recomputed) for d in check.differences] == [("b", 2.5, 2.4999)]
    assert Verdict((check,)).sentence() == "not reproduced: packet differs in b"


@pytest.mark.parametrize("recorded, recomputed", [(None, {"a": 1}), ({"a": 1}, None)])
def test_a_missing_row_is_a_problem(recorded: Any, recomputed: Any) -> None:
    verdict = Verdict((compare("packet", recorded, recomputed),))
    assert not verdict.is_reproduced
    assert verdict.sentence().startswith("not reproduced: packet: ")


def test_nothing_compared_is_nothing_reproduced() -> None:
    assert not Verdict(()).is_reproduced
    assert Verdict((Check("one", 3),)).is_reproduced


def test_records_are_compared_behind_their_frame() -> None:
    assert compare_bytes("alert", b"\0aaaaXYZ", b"\0bbbbXYZ", 5).is_passed
    check = compare_bytes("alert", b"\0aaaaXYZ", b"\0aaaaXyZ", 5)
    assert [d.column for d in check.differences] == ["byte 1"]
    shorter = compare_bytes("alert", b"\0aaaaXYZ", b"\0aaaaXY", 5)
    assert [d.column for d in shorter.differences] == ["byte 2"]
    assert not compare_bytes("alert", b"x", None, 5).is_passed


def test_offsets_close_together_are_read_in_one_sweep() -> None:
    assert list(sweeps([])) == []
    assert list(sweeps([5, 3, 4, 5])) == [(3, 5)]
    assert list(sweeps([1, 2, 100, 104], near=10)) == [(1, 2), (100, 104)]


def test_parts_must_add_up() -> None:
    assert sum_check(SCORED).is_passed
    assert not sum_check({**SCORED, "score_side": 0.2}).is_passed
    parts = score_parts(SCORED)
    assert sum(p["value"] for p in parts) == pytest.approx(0.55)
    assert parts[-1] == {"part": "noise", "value": -0.05}


def test_members_are_those_of_the_legs_too_and_the_rest_is_counted() -> None:
    packet = {"members": '[4,2,{"more":3}]', "package_members": "[2,9]"}
    assert members_of(packet) == ([2, 4, 9], 3)
    assert packet_ids({"packet_id": "b", "packet_ids": '["b","c",{"more":2}]'}) == ["b", "c"]


def test_codes_are_read_by_the_table_of_their_date() -> None:
    assert code_meaning("a", 2025_12_08)["family"] == "auction"
    assert code_meaning("A", 2025_12_08)["family"] == "cancel"
    assert code_meaning("a", 2013_10_07)["family"] != "auction"
    assert code_meaning("", 2025_12_08)["meaning"] == "the feed gave no sale code"
    assert code_meaning("%", 2025_12_08)["family"] == "unknown"


def test_times_keep_all_nine_digits() -> None:
    assert moment("1381152600000000001") == "2013-10-07 13:30:00.000000001"
    assert moment(None) == "–"


def test_a_margin_says_what_turns_it() -> None:
    held = Margin("premium_usd", "premium", "USD", "at_least", "premium_usd", 50_000.0, 60_000.0, True,
                  49_999.9999, -10_000.0001)  # fmt: skip
    assert margin_sentence(held) == (
        "premium: 60,000 USD, at least 50,000 is asked; off at 49,999.9999 (−10,000.0001)"
    )
    unknown = held._replace(value=None, holds=False, limit=None, change=None)
    assert margin_sentence(unknown) == "premium: not known, so the condition does not hold"
    twice = held._replace(limit=None, change=None)
    assert margin_sentence(twice).endswith("so both would have to change")
    fact = Margin("sweep", "it is a sweep", "", "is", "", 1.0, 1.0, True, None, None)
    assert margin_sentence(fact).endswith("it would have to be otherwise")
    assert score_margin(0.58, 0.5)["change"] == pytest.approx(-0.0801)


def test_every_condition_of_every_rule_has_a_sentence() -> None:
    names = {f.name: f for f in TOPIC["flow.packets"].fields}
    zeros: dict[str, Any] = {"seq": 0, "emit_ts": 0}
    for name, field in names.items():
        if field.absent is None and field.default is None:
            zeros[name] = field.symbols[0] if field.is_enum else "" if field.logical in _TEXTS else 0
    packet = from_rows(TOPIC["flow.packets"], [{**zeros, "premium_z": 0.0, "size_z": 0.0, "spread_z": 0.0}])
    for rule in RULES:
        said = [margin_sentence(m) for m in margins(packet, rule)]
        assert len(said) == len(rule.conditions) and all(said), rule.rule_id


_TEXTS = ("id", "label", "text", "json")


CLAIM = {
    "sentence": "Consistent with [one] order",
    "status": "opened",
    "version": 1,
    "direction": "bullish",
    "volatility_direction": "long",
    "severity": "unrated",
    "kind": "sweep",
    "side": "buy",
    "size": 10,
    "premium": 1300.0,
    "contract": "IBM   131019C00185000",
}
RULE = {"rule_id": "call_sweep", "version": 1, "name": "call sweep", "thresholds": {"premium_usd": 1000.0}}
BASELINE = {"baseline": "none", "baseline_count": 0, "premium_z": 0.0, "size_z": 0.0, "spread_z": 0.0}
VERSION = {
    "version": 1,
    "status": "opened",
    "reason": "none",
    "emit_ts": "1381152600000000000",
    "score": 0.55,
    "packet_id": "p",
    "packet_version": 1,
}


def receipt(is_same: bool) -> dict[str, Any]:
    """A receipt of one print, as `cli.receipts.report` shapes it."""
    check = compare("packet p from its prints", {"size": 10}, {"size": 10 if is_same else 11})
    quote = {
        "topic": "options.nbbo", "partition": 3, "seq": 6, "offset": 8, "sha256": "cd" * 32, "bid": 1.2,
        "ask": 1.3, "bid_size": 5, "ask_size": 6, "quote_ts": "1381152599999000000",
        "quote_age_ns": 1_000_000, "quote_source": "joined",
    }  # fmt: skip
    printed = {
        "topic": "options.prints", "partition": 3, "seq": 7, "offset": 9, "sha256": "ab" * 32,
        "source_ts": "1381152600000000000", "event_ts": "1381152600000000000", "price": 1.3, "size": 10,
        "venue": "X", "contract": "IBM   131019C00185000", "condition": "I",
        "code": code_meaning("I", 2025_01_02), "is_member": True,
        "read_as": {"placement": "at_ask", "is_placement_stable": True}, "quote": quote,
    }  # fmt: skip
    verdict = Verdict((check,))
    return {
        "alert_id": "a1", "namespace": "n", "mode": "shallow", "reproduced": verdict.is_reproduced,
        "verdict": verdict.sentence(), "checks": [check.to_json()], "claim": CLAIM, "rule": RULE,
        "score": {"score": 0.55, "parts": score_parts(SCORED)},
        "story": {"story_id": "s", "story_alert_count": 1, "story_premium": 1300.0, "is_delivered": True},
        "benign": [{"reading": "roll", "weight": 0.4, "evidence": "two expiries"}],
        "would_turn_it_off": [score_margin(0.55, 0.5)], "baseline": BASELINE, "packets": [],
        "prints": [printed], "prints_not_listed": 0, "stock_prints": [], "history": [VERSION],
    }  # fmt: skip


@pytest.mark.parametrize("is_same", [True, False])
def test_the_terminal_shows_the_verdict_the_records_and_the_differences(is_same: bool) -> None:
    console = Console(width=150, file=StringIO(), color_system=None)
    show(receipt(is_same), console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert text.count("NOT REPRODUCED") == (0 if is_same else 1)
    for part in ("[one] order", "ab" * 32, "cd" * 32, "premium_usd 1,000", "two expiries", "+0.2000"):
        assert part in text, part
    assert ("Where it differs" in text) is not is_same


def sweep(**more: Any) -> Any:
    """One packet on which call_sweep holds."""
    row: dict[str, Any] = {"seq": 0, "emit_ts": 10**18}
    for field in TOPIC["flow.packets"].fields:
        if field.absent is None and field.default is None and field.name not in row:
            row[field.name] = field.symbols[0] if field.is_enum else "" if field.logical in _TEXTS else 0
    row |= {
        "packet_id": "p", "underlying": "IBM", "contract": "IBM   131019C00185000", "kind": "sweep",
        "right": "C", "side": "buy", "size": 5_000, "premium": 5_000_000 * 10_000, "venue_count": 4,
        "venues": "ACNX", "quote_state": "normal", "code_family": "iso", "at_ask_size": 5_000,
        "p_aggressor_buy": 0.97, "direction": "bullish", "volatility_direction": "long", "version": 1,
        "status": "final", "members": "[1,2]", "premium_z": 0.0, "size_z": 0.0, "spread_z": 0.0,
        "electronic_size": 5_000,
    }  # fmt: skip
    return from_rows(TOPIC["flow.packets"], [row | more])


MARKS = [
    {
        "kind": "session",
        "name": "control",
        "underlying": "",
        "detail": '{"session":"2013-10-07","close_ts":"9"}',
    },
    {
        "kind": "data",
        "name": "corporate_action",
        "underlying": "IBM",
        "detail": '{"kind":"dividend","date":"2013-10-09"}',
    },
]


def test_what_was_in_force_is_read_from_the_log() -> None:
    setting = setting_of(MARKS, "IBM")
    assert setting.known == ("2013-10-07", 9, "2013-10-09")
    assert setting_of(MARKS, "GE").known.ex_date == ""


def test_a_rule_is_judged_again_with_parts_that_add_up() -> None:
    again = rejudge(sweep(), "call_sweep", setting_of(MARKS, "IBM"), novelty=0.05)
    assert again.alert is not None and again.hit is not None
    assert again.alert["direction"] == "bullish" and again.alert["score"] == again.score
    assert sum_check(again.alert).is_passed
    assert again.hit["packet_id"] == "p"


def test_a_packet_taken_back_or_too_small_carries_no_alert() -> None:
    setting = setting_of(MARKS, "IBM")
    for changed in ({"status": "retracted"}, {"premium": 10_000}, {"venue_count": 1}, {"side": "sell"}):
        again = rejudge(sweep(**changed), "call_sweep", setting, novelty=0.0)
        assert again.alert is None and again.hit is None, changed
