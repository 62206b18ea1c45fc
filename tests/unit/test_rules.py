"""Rules of option packets: every condition at its bound and beyond, mirrors, abstention, and hits."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from dataflows.analytics.context import direction_columns, with_columns
from dataflows.analytics.rules.evaluate import evaluate, margins, part_values, strength
from dataflows.analytics.rules.hits import hit_row, packet_rows
from dataflows.analytics.rules.model import Condition, Rule
from dataflows.analytics.rules.sentences import sentence
from dataflows.analytics.rules.table import RULES
from schemas.columns import Batch, from_rows
from schemas.flow_fields import NO_MONEY, NO_RATIO
from schemas.kinds import DIRECTION, RULE_ID, VOLATILITY_DIRECTION
from schemas.topics import TOPIC

Row = dict[str, Any]
Change = Callable[[Row, float], Row]

USD = 10_000
BY_ID = {rule.rule_id: rule for rule in RULES}
STORED = Path(__file__).parents[1] / "golden/data/rules.json"
CASES: dict[str, Any] = orjson.loads(STORED.read_bytes())
SIZE = 10_000  # of the packets below: a step of a share of it is one contract


def side_p(row: Row, value: float) -> Row:
    return {"p_aggressor_buy": value if row["side"] == "buy" else round(1.0 - value, 4)}


def claimed_p(row: Row, value: float) -> Row:
    return {"direction_p": value} if row["kind"] == "package" else side_p(row, value)


def quote_move(row: Row, value: float) -> Row:
    moved = round(value * 50_000_000)  # the spread on arrival is 0.1 USD
    return {"after_bid": row["bid"] + moved, "after_ask": row["ask"] + moved}


def stock_move(row: Row, value: float) -> Row:
    price = 200_000_000_000
    after = price + round(value * price / 10_000)
    before = {"underlying_bid": price, "underlying_ask": price}
    return before | {"after_underlying_bid": after, "after_underlying_ask": after}


# How to give each quantity that a threshold bounds a value, by label.
GIVEN: dict[str, Change] = {
    "premium_usd": lambda row, v: {"premium": round(v * USD)},
    "side_p": side_p,
    "claimed_p": claimed_p,
    "venues": lambda row, v: {"venue_count": int(v)},
    "z": lambda row, v: {"premium_z": v, "size_z": v - 1.0, "baseline": "contract"},
    "baseline_count": lambda row, v: {"baseline_count": int(v)},
    "opened_share": lambda row, v: {"opening_basis": "proven", "opened_min": round(v * SIZE), "p_open": -1.0},
    "closed_share": lambda row, v: {"p_open": round(1.0 - v, 4), "opened_min": 0},
    "interest_cover": lambda row, v: {"open_interest": round(v * SIZE)},
    "trading_days": lambda row, v: {"trading_days": int(v)},
    "days_to_expiry": lambda row, v: {"days_to_expiry": int(v)},
    "from_money": lambda row, v: {"moneyness": -v},
    "grouping_p": lambda row, v: {"grouping_p": v},
    "sign_p": lambda row, v: {"sign_p": v},
    "direction_p": lambda row, v: {"direction_p": v},
    "roll_p": lambda row, v: {"roll_p": v},
    "net_share": lambda row, v: {"net_premium": -round(v * row["premium"])},
    "ladder_strikes": lambda row, v: {"ladder_strikes": int(v)},
    "ladder_premium_usd": lambda row, v: {"ladder_premium": round(v * USD), "premium": round(v * USD / 2)},
    "rest_share": lambda row, v: {"premium": round((1.0 - v) * row["ladder_premium"])},
    "displayed_times": lambda row, v: {"displayed_size": SIZE, "size": round(v * SIZE)},
    "quote_move": quote_move,
    "stock_move_bp": stock_move,
}
# What makes each fact that a rule asks for untrue, by label.
BROKEN: dict[str, tuple[Row, ...]] = {
    "standing": ({"status": "retracted"},),
    "plain_series": ({"contract": "IBM1  250221C00230000"}, {"opening_basis": "adjusted"}),
    "alone": ({"kind": "leg"}, {"kind": "package"}),
    "no_leg": ({"kind": "leg"},),
    "unpaired": ({"code_family": "cross"}, {"code_family": "floor"}, {"kind": "cross"}, {"kind": "floor"}),
    "package": ({"kind": "leg"}, {"kind": "single"}),
    "open_code": (
        *({"code_family": f} for f in ("auction", "cross", "floor", "multi_leg", "stock_option", "other")),
        *({"kind": k} for k in ("auction", "cross", "floor")),
    ),
    "open_code_or_package": ({"code_family": "auction"}, {"kind": "leg", "code_family": "multi_leg"}),
    "sweep": ({"kind": "split"}, {"kind": "iso_single"}),
    "call": ({"right": "P"},),
    "put": ({"right": "C"},),
    "bought": ({"side": "sell", "p_aggressor_buy": 0.1}, {"side": "none"}),
    "sold": ({"side": "buy", "p_aggressor_buy": 0.9}, {"side": "none"}),
    "straddle_class": ({"package_class": "risk_reversal"}, {"package_class": "unnamed"}),
    "vertical_class": ({"package_class": "ratio"},),
    "roll_class": ({"package_class": "vertical"},),
    "volatility_claimed": ({"volatility_direction": "unknown"}, {"volatility_direction": "none"}),
}
# What makes each quantity unknown; a rule that needs it abstains.
UNKNOWN: dict[str, tuple[Row, ...]] = {
    "side_p": ({"p_aggressor_buy": -1.0}, {"side": "none"}),
    "claimed_p": ({"p_aggressor_buy": -1.0, "direction_p": -1.0},),
    "z": ({"baseline": "none", "premium_z": 0.0, "size_z": 0.0},),
    "opened_share": ({"opening_basis": "no_open_interest", "p_open": -1.0},),
    "closed_share": ({"p_open": -1.0},),
    "interest_cover": ({"open_interest": -1},),
    "trading_days": ({"trading_days": -1},),
    "days_to_expiry": ({"days_to_expiry": -1},),
    "from_money": ({"moneyness": NO_RATIO},),
    "grouping_p": ({"grouping_p": -1.0},),
    "sign_p": ({"sign_p": -1.0},),
    "direction_p": ({"direction_p": -1.0},),
    "roll_p": ({"roll_p": -1.0},),
    "net_share": ({"net_premium": NO_MONEY},),
    "rest_share": ({"ladder_premium": 0},),
    "displayed_times": ({"displayed_size": -1}, {"displayed_size": 0}),
    "quote_move": ({"after_bid": -1, "after_ask": -1}, {"bid": -1}, {"bid": 6_000_000_000}),
    "stock_move_bp": ({"underlying_bid": -1}, {"after_underlying_ask": -1}),
}
FACTS = [(r, c) for r in RULES for c in r.conditions if c.sense == "is"]
BOUNDS = [(r, c) for r in RULES for c in r.conditions if c.sense != "is"]


def name_of(pair: tuple[Rule, Condition]) -> str:
    return f"{pair[0].rule_id}-{pair[1].label}"


def batch(*rows: Row) -> Batch:
    found = from_rows(TOPIC["flow.packets"], rows)
    return with_columns(found, direction_columns(found))


def held(*rows: Row) -> list[str]:
    return [RULES[h.rule_index].rule_id for h in evaluate(batch(*rows), RULES)]


def at_bounds(rule: Rule) -> Row:
    """The stored packet of a rule with every quantity that a condition bounds exactly at its bound."""
    row: Row = dict(CASES[rule.rule_id]["packet"]) | {"size": SIZE, "at_ask_size": 0, "at_bid_size": 0}
    for condition in rule.conditions:
        if condition.sense != "is":
            row |= GIVEN[condition.label](row, condition.bound_in(rule.thresholds))
    return row


def beyond(rule: Rule, condition: Condition) -> Row:
    """That packet with one quantity one step on the wrong side."""
    row, step = at_bounds(rule), condition.quantity.step
    bound = condition.bound_in(rule.thresholds)
    value = bound - step if condition.sense == "at_least" else bound + step
    return row | GIVEN[condition.label](row, round(value, 6))


@pytest.mark.parametrize("rule", RULES, ids=lambda r: str(r.rule_id))
def test_a_rule_holds_where_everything_is_just_enough(rule: Rule) -> None:
    assert rule.rule_id in held(at_bounds(rule))
    assert all(m.holds for m in margins(batch(at_bounds(rule)), rule))


@pytest.mark.parametrize("pair", BOUNDS, ids=name_of)
def test_a_near_miss_on_every_threshold(pair: tuple[Rule, Condition]) -> None:
    rule, condition = pair
    missed = beyond(rule, condition)
    assert rule.rule_id not in held(missed)
    assert [m.label for m in margins(batch(missed), rule) if not m.holds] == [condition.label]


@pytest.mark.parametrize("pair", FACTS, ids=name_of)
def test_a_rule_needs_each_of_its_facts(pair: tuple[Rule, Condition]) -> None:
    rule, condition = pair
    for change in BROKEN[condition.label]:
        row = at_bounds(rule) | change
        assert rule.rule_id not in held(row), change
        assert condition.label in [m.label for m in margins(batch(row), rule) if not m.holds]


@pytest.mark.parametrize("pair", [p for p in BOUNDS if p[1].label in UNKNOWN], ids=name_of)
def test_a_rule_abstains_where_a_quantity_is_not_known(pair: tuple[Rule, Condition]) -> None:
    rule, condition = pair
    for change in UNKNOWN[condition.label]:
        row = at_bounds(rule) | change
        assert rule.rule_id not in held(row), change
        (found,) = [m for m in margins(batch(row), rule) if m.label == condition.label]
        assert found.value is None and found.change is None and not found.holds


def test_every_quantity_that_can_be_unknown_is_tried() -> None:
    always_known = {"premium_usd", "venues", "baseline_count", "ladder_strikes", "ladder_premium_usd"}
    assert {c.label for _, c in BOUNDS} == always_known | set(UNKNOWN)


MIRROR_OF_RIGHT = {"call_sweep": "put_sweep", "call_sell": "put_sell"}
MIRROR_OF_RIGHT |= {b: a for a, b in MIRROR_OF_RIGHT.items()}
SINGLES = [rule_id for rule_id in RULE_ID if CASES[rule_id]["packet"]["kind"] != "package"]
OPPOSITE = {"bullish": "bearish", "bearish": "bullish", "long": "short", "short": "long"}


def full(rule_id: str) -> Row:
    """The stored packet of a rule with its usual columns: well inside every bound."""
    row = dict(CASES[rule_id]["packet"])
    usual = {"net_premium": 600_000 * USD, "ladder_premium": 6_000_000 * USD}
    more = {name: value for name, value in usual.items() if name in row}
    return row | more | {"premium": 1_900_000 * USD}


def other_right(row: Row) -> Row:
    right = "P" if row["right"] == "C" else "C"
    contract = row["contract"].replace(f"{row['right']}00", f"{right}00")
    return row | {"right": right, "contract": contract}


def other_side(row: Row) -> Row:
    side = "sell" if row["side"] == "buy" else "buy"
    swapped = {"at_ask_size": row["at_bid_size"], "at_bid_size": row["at_ask_size"]}
    return row | swapped | {"side": side, "p_aggressor_buy": round(1.0 - row["p_aggressor_buy"], 4)}


def hit(rule_id: str, row: Row) -> Row:
    """The hit of a rule on one packet, directions by name."""
    packet = batch(row)
    (found,) = [h for h in evaluate(packet, RULES) if RULES[h.rule_index].rule_id == rule_id]
    made = hit_row(packet_rows(packet)[0], BY_ID[rule_id], found.strength)
    made["direction"] = DIRECTION[made["direction"]]
    made["volatility_direction"] = VOLATILITY_DIRECTION[made["volatility_direction"]]
    return made


@pytest.mark.parametrize("rule_id", SINGLES)
def test_puts_mirror_calls(rule_id: str) -> None:
    mirrored = MIRROR_OF_RIGHT.get(rule_id, rule_id)
    one, two = hit(rule_id, full(rule_id)), hit(mirrored, other_right(full(rule_id)))
    assert two["score"] == one["score"]
    assert two["direction"] == OPPOSITE[one["direction"]]
    assert two["volatility_direction"] == one["volatility_direction"]
    assert mirrored == rule_id or rule_id not in held(other_right(full(rule_id)))


@pytest.mark.parametrize("rule_id", [r for r in SINGLES if r not in MIRROR_OF_RIGHT])
def test_sells_mirror_buys(rule_id: str) -> None:
    one, two = hit(rule_id, full(rule_id)), hit(rule_id, other_side(full(rule_id)))
    assert two["score"] == one["score"]
    assert two["direction"] == OPPOSITE[one["direction"]]
    assert two["volatility_direction"] == OPPOSITE[one["volatility_direction"]]


def test_a_sweep_sold_is_a_sale_and_no_sweep_of_the_other_direction() -> None:
    for right, rule_id in (("C", "call_sell"), ("P", "put_sell")):
        sweep = full("call_sweep") if right == "C" else full("put_sweep")
        assert held(other_side(sweep)) == [rule_id]


@pytest.mark.parametrize("rule_id", [r for r in RULE_ID if r not in SINGLES])
def test_a_package_keeps_the_direction_it_claims(rule_id: str) -> None:
    for delta, volatility in (("bullish", "long"), ("bearish", "short")):
        claimed = full(rule_id) | {"direction": delta, "volatility_direction": volatility}
        found = hit(rule_id, claimed)
        assert (found["direction"], found["volatility_direction"]) == (delta, volatility)


@pytest.mark.parametrize("rule_id", [r for r in RULE_ID if r not in SINGLES])
def test_a_package_of_puts_is_judged_like_one_of_calls(rule_id: str) -> None:
    puts = other_right(full(rule_id)) | {"direction": "bearish"}
    one, two = hit(rule_id, full(rule_id)), hit(rule_id, puts)
    assert two["score"] == one["score"]
    assert two["direction"] == "bearish"


def test_a_ladder_may_be_a_package() -> None:
    legs = orjson.dumps([{"strike": k} for k in (1, 2, 3)]).decode()
    package = full("vertical_spread") | {"package_class": "ladder", "legs": legs, "direction_p": 0.9}
    assert held(package) == ["strike_ladder"]
    assert held(package | {"legs": "[{},{}]"}) == []
    assert held(package | {"direction_p": 0.5}) == []


def test_a_premium_large_in_every_series_needs_no_baseline() -> None:
    rule = BY_ID["contract_spike"]
    large = round(rule.thresholds["large_premium_usd"] * USD)
    blind = full("contract_spike") | {
        "baseline": "none",
        "premium_z": 0.0,
        "size_z": 0.0,
        "baseline_count": 0,
    }
    assert "contract_spike" in held(blind | {"premium": large})
    assert "contract_spike" not in held(blind | {"premium": large - 1})
    by_label = {m.label: m for m in margins(batch(blind | {"premium": large}), rule)}
    assert "z" not in by_label  # it holds by the premium alone, and that is what would turn it
    assert by_label["premium_usd"].holds
    both = [m for m in margins(batch(full("contract_spike") | {"premium": large}), rule) if m.label == "z"]
    assert both[0].holds and both[0].change is None and both[0].limit is None
    assert "no baseline" in sentence(rule, packet_rows(batch(blind))[0])


def test_opening_is_the_greater_of_proof_and_chance() -> None:
    proven = full("new_position")
    assert "new_position" in held(proven)
    assert "new_position" not in held(proven | {"opening_basis": "incomplete_volume"})
    assert "new_position" in held(proven | {"opening_basis": "incomplete_volume", "p_open": 0.9})
    assert "closing_position" not in held(proven | {"p_open": 0.1, "open_interest": 9_000})


@pytest.mark.parametrize("rule", RULES, ids=lambda r: str(r.rule_id))
def test_margins_say_the_smallest_change_that_turns_a_condition(rule: Rule) -> None:
    row = at_bounds(rule)
    for condition, found in zip(rule.conditions, margins(batch(row), rule), strict=True):
        if condition.sense == "is":
            assert found.limit is None and found.change is None
            continue
        assert found.value is not None and found.limit is not None and found.change is not None
        turned = row | GIVEN[condition.label](row, found.limit)
        assert rule.rule_id not in held(turned)
        assert found.change == pytest.approx(found.limit - found.value, abs=1e-8)
        assert (found.threshold == "") == (not isinstance(condition.bound, str))


@pytest.mark.parametrize("pair", BOUNDS, ids=name_of)
def test_a_missed_condition_turns_at_its_limit(pair: tuple[Rule, Condition]) -> None:
    rule, condition = pair
    missed = beyond(rule, condition)
    (found,) = [m for m in margins(batch(missed), rule) if not m.holds]
    assert found.limit is not None
    assert rule.rule_id in held(missed | GIVEN[condition.label](missed, found.limit))


def test_parts_add_up_to_the_strength() -> None:
    for rule in RULES:
        packet = batch(full(rule.rule_id))
        parts = part_values(packet, rule)
        assert sum(p.weight for p in rule.parts) == pytest.approx(1.0)
        assert sum(value for _, value in parts) == pytest.approx(strength(packet, rule)[0], abs=1e-4)


def test_held_rules_come_by_row_and_then_by_place_in_the_table() -> None:
    rows = [full("closing_position"), full("straddle_strangle"), full("far_dated"), full("call_sweep")]
    found = evaluate(batch(*rows), RULES)
    assert [(h.row, h.rule_index) for h in found] == sorted((h.row, h.rule_index) for h in found)
    assert {h.row for h in found} == {0, 1, 2, 3}
    alone = [h.strength for row in rows for h in evaluate(batch(row), RULES)]
    assert [h.strength for h in found] == alone
    assert evaluate(batch(), RULES) == []


def test_sentences_hedge_and_name_the_facts() -> None:
    row = full("call_sweep")
    text = sentence(BY_ID["call_sweep"], packet_rows(batch(row))[0])
    for part in ("Consistent with", "200 contracts", "1,900,000 USD", "3 venues", "30 ms", "100%"):
        assert part in text
    assert "chance 0.82, uncalibrated" in text and "bullish and long volatility" in text
    blind = row | {"side": "none", "p_aggressor_buy": -1.0, "code_family": "unknown", "open_interest": -1}
    blind |= {"opening_basis": "no_open_interest"}
    text = sentence(BY_ID["contract_spike"], packet_rows(batch(blind))[0])
    for part in ("Side unknown", "No direction follows", "No sale code", "Open interest is not known"):
        assert part in text
    assert "bought" not in text


def test_no_sentence_calls_a_chance_certain() -> None:
    sure = full("call_sweep") | {"p_aggressor_buy": 0.9999, "p_open": 0.001, "opening_basis": "late"}
    text = sentence(BY_ID["call_sweep"], packet_rows(batch(sure))[0])
    assert "chance over 0.99" in text and "chance of under 0.01" in text
    assert "1.00" not in text and "0.00" not in text


@pytest.mark.parametrize("rule", RULES, ids=lambda r: str(r.rule_id))
def test_no_sentence_claims_a_motive(rule: Rule) -> None:
    text = sentence(rule, packet_rows(batch(full(rule.rule_id)))[0])
    assert "onsistent with" in text or text.startswith("Size in")
    for word in ("smart", "institution", "guarantee", "insider", "intend", "whale", "nan", "-9", "None"):
        assert word not in text


def test_hits_follow_the_version_of_their_packet() -> None:
    packet = packet_rows(batch(full("no_follow_through") | {"version": 4}))[0]
    row = hit_row(packet, BY_ID["no_follow_through"], 0.5)
    assert (row["version"], row["packet_version"]) == (4, 4)
    assert row["hit_id"] == hit_row(packet | {"version": 1}, BY_ID["no_follow_through"], 0.1)["hit_id"]


def test_the_table_is_whole() -> None:
    columns = set(TOPIC["flow.packets"].field_names)
    assert tuple(r.rule_id for r in RULES) == RULE_ID
    for rule in RULES:
        assert set(rule.inputs) <= columns
        named = {c.bound for c in rule.conditions} | {e for p in rule.parts for e in (p.start, p.full)}
        assert {n for n in named if isinstance(n, str)} == {s.name for s in rule.settings}
        assert all(s.low <= s.default <= s.high and s.doc for s in rule.settings)
        assert all(c.sense in ("at_least", "at_most", "is") for c in rule.conditions)
    quantities = {q.label: q for r in RULES for q in (c.quantity for c in r.conditions)}
    for rule in RULES:
        for q in (*(c.quantity for c in rule.conditions), *(p.quantity for p in rule.parts)):
            assert quantities.setdefault(q.label, q) is q, "labels name one quantity"


def test_strengths_stay_between_nothing_and_everything() -> None:
    rows = batch(*(full(rule_id) for rule_id in RULE_ID))
    for rule in RULES:
        found = strength(rows, rule)
        assert ((found >= 0.0) & (found <= 1.0)).all()
        assert np.allclose(found * 10_000, np.round(found * 10_000))
