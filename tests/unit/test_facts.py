"""Facts: each measure on tapes small enough to count by hand, the verdict, and figures of recordings."""

import io
import math
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from rich.console import Console

from cli import facts as command
from connectors.errors import UserError
from schemas.columns import Batch, from_rows
from schemas.conditions import BIT
from schemas.topics import TOPIC
from scoring import facts_easy as easy
from scoring import facts_side as rules
from scoring import facts_tape as tape
from scoring.facts import INSIDE, OUTSIDE, UNMEASURED, Curves, Measured, Report, as_json, distance, measure
from scoring.facts_parity import parity_violations
from scoring.facts_plot import draw
from scoring.facts_recorded import recorded_samples
from scoring.facts_sample import Sample, Truth, equity_side, option_side
from scoring.facts_table import RATES, Fact, facts_of
from scoring.facts_world import world_sample
from scoring.join_lag import (
    AT_ASK,
    AT_BID,
    LAGS_MS,
    Quotes,
    Standing,
    best_at_quote_ms,
    curve,
    least_outside_ms,
    places,
    shares,
)
from scoring.join_lag import (
    OUTSIDE as OUT,
)

S: Final = 10**9
CENT: Final = 10_000_000
OPEN: Final = 1_790_000_000 * S
SESSION: Final = (OPEN, OPEN + 23_400 * S)
CALL: Final = "XYZ   261218C00150000"
PUT: Final = "XYZ   261218P00150000"


def head(at: int) -> dict[str, Any]:
    return {"kind": "data", "seq": 0, "source_ts": OPEN + at, "event_ts": OPEN + at, "underlying": "XYZ"}


def stock_print(at: int, cents: float, size: int, venue: str = "N", bits: int = 1) -> dict[str, Any]:
    return head(at) | {
        "price": round(cents * CENT),
        "size": size * tape.SHARE,
        "venue": venue,
        "off_exchange": venue == "D",
        "conditions": "",
        "condition_bits": bits,
        "has_event_ts": False,
    }


def stock_quote(at: int, bid: int, ask: int) -> dict[str, Any]:
    prices = {"bid": bid * CENT, "ask": ask * CENT}
    return head(at) | prices | {"bid_size": 100 * tape.SHARE, "ask_size": 100 * tape.SHARE}


def option_print(at: int, cents: int, size: int, code: str = "I", contract: str = CALL) -> dict[str, Any]:
    return head(at) | {
        "contract": contract,
        "price": cents * CENT,
        "size": size,
        "multiplier": 100,
        "venue": "C",
        "condition": code,
        "is_bar": False,
    }


def option_quote(at: int, bid: int, ask: int, contract: str = CALL) -> dict[str, Any]:
    prices = {"bid": bid * CENT, "ask": ask * CENT, "bid_size": 3, "ask_size": 8}
    return head(at) | prices | {"contract": contract}


def batch(topic: str, rows: list[dict[str, Any]]) -> Batch:
    return from_rows(TOPIC[topic], sorted(rows, key=lambda r: r["source_ts"]))


def truth(count: int, **given: list[int]) -> Truth:
    nothing = np.full(count, -1, np.int64)
    columns = {
        "aggressor": np.zeros(count, np.int64),
        "customer": np.zeros(count, np.int64),
        "open_buy": nothing,
        "open_sell": nothing,
        "order": nothing,
        "parent": nothing,
        "package": nothing,
        "purpose": np.array(["noise"] * count),
        "original": np.ones(count, np.bool_),
    }
    return Truth(**(columns | {name: np.array(values) for name, values in given.items()}))


def sample(
    stock: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], []),
    option: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], []),
    option_truth: Truth | None = None,
    windows: tuple[tuple[int, int], ...] = (SESSION,),
) -> Sample:
    stocks = (batch("equities.prints", stock[0]), batch("equities.quotes", stock[1]))
    options = (batch("options.prints", option[0]), batch("options.nbbo", option[1]))
    sides = option_side(options, option_truth, SESSION, windows), equity_side(stocks, None, SESSION, windows)
    return Sample(*sides, windows, SESSION)


def test_a_quote_of_the_same_time_is_not_before_and_the_last_of_a_time_stands() -> None:
    group = np.array([0, 0, 0, 1])
    prices = np.array([10, 11, 12, 90])
    quotes = Quotes(group, np.array([5, 5, 9, 1]), prices, prices + 1, prices, prices)
    standing = Standing(quotes)
    found = standing.before(np.array([0, 0, 0, 1, 1, 2]), np.array([5, 6, 10, 1, 7, 100]))
    bids = [int(standing.quotes.bid[r]) if r >= 0 else None for r in found]
    assert bids == [None, 11, 12, None, 90, None]


def test_no_quote_of_one_window_stands_in_the_next() -> None:
    windows = ((OPEN, OPEN + 10 * S), (OPEN + 100 * S, OPEN + 110 * S))
    prints = [stock_print(at * S, 1_000, 100) for at in (5, 105)]
    found = sample((prints, [stock_quote(1 * S, 1_000, 1_002)]), windows=windows).equities
    assert found.place.tolist() == [AT_BID, -1]


def test_places_are_said_only_against_two_sides_with_a_spread() -> None:
    price = np.array([10, 14, 12, 11, 15, 9, 12, 12, 12])
    bid = np.array([10, 10, 10, 10, 10, 10, -1, 12, 13])
    ask = np.array([14, 14, 14, 14, 14, 14, 14, 12, 12])
    assert places(price, bid, ask).tolist() == [0, 1, 2, 3, 4, 4, -1, -1, -1]
    assert shares(np.array([0, 0, 1, -1])).tolist() == pytest.approx([2 / 3, 1 / 3, 0, 0, 0])


def test_a_curve_finds_the_delay_of_the_reports() -> None:
    dice = np.random.default_rng(1)
    ts = np.arange(3_000) * 40 * 10**6
    bid = 1_000 + np.cumsum(dice.integers(-2, 3, 3_000))
    quotes = Quotes(np.zeros(3_000, np.int64), ts, bid, bid + 1, bid, bid)
    made = ts[100:] + 10**6  # the trade, a millisecond after its quote
    price = bid[100:] + 1
    group = np.zeros(len(made), np.int64)
    at_once = curve(Standing(quotes), group, made, price)
    late = curve(Standing(quotes), group, made + 200 * 10**6, price)
    assert best_at_quote_ms(at_once) == 0 and at_once[0, AT_ASK] == 1
    assert least_outside_ms(late) == 200 and late[LAGS_MS.index(200), OUT] == 0 < late[0, OUT]


def test_accuracy_counts_what_is_left_open_as_half_and_leaves_undefined_sides_out() -> None:
    side, known = np.array([1, -1, 0, 1], np.int8), np.array([1, 1, -1, 0])
    assert rules.accuracy(side, known) == pytest.approx((1 + 0 + 0.5) / 3)
    assert math.isnan(rules.accuracy(side, np.zeros(4, np.int64)))


def test_the_quote_rule_on_customers_of_a_small_tape() -> None:
    quotes = [option_quote(0, 100, 110)]
    prints = [option_print(k * S, c, 1) for k, c in enumerate((110, 100, 105, 109), 1)]
    found = sample(option=(prints, quotes), option_truth=truth(4, customer=[1, 1, 1, -1]))
    assert rules.customer_accuracy(found, "quote") == pytest.approx((1 + 0 + 0.5 + 0) / 4)
    assert rules.customer_accuracy_at(found, "quote", "quotes") == pytest.approx(0.5)
    assert rules.coverage(found.options, "quote") == pytest.approx(0.75)


def test_a_dumb_rule_is_as_good_as_its_opposite_is_bad() -> None:
    prints = [option_print(k * S, 100, 1, contract=c) for k, c in enumerate((CALL, PUT, CALL, PUT), 1)]
    found = sample(option=(prints, []), option_truth=truth(4, customer=[-1, 1, -1, 1]))
    assert rules.dumb_customer(found) == 1.0


def test_shares_off_the_exchanges_by_trades_by_shares_and_by_place() -> None:
    quotes = [stock_quote(0, 1_000, 1_002)]
    prints = [
        stock_print(1 * S, 1_002, 100),
        stock_print(2 * S, 1_001, 300, "D"),
        stock_print(3 * S, 1_002, 100, "D"),
        stock_print(4 * S, 1_001.5, 100, "D"),
    ]
    found = sample((prints, quotes))
    assert tape.off_share(found, "trades") == pytest.approx(3 / 4)
    assert tape.off_share(found, "shares") == pytest.approx(5 / 6)
    assert tape.off_at(found, "mid") == pytest.approx(3 / 5)
    assert tape.off_at(found, "quote") == pytest.approx(1 / 5)
    assert tape.subpenny_share(found, True) == pytest.approx(1 / 3)
    assert tape.lit_at(found, AT_ASK) == 1 and tape.lit_at(found, AT_BID) == 0


def test_official_prices_cancelled_trades_and_other_hours_are_no_trades() -> None:
    prints = [
        stock_print(1 * S, 1_000, 100),
        stock_print(2 * S, 1_000, 100, bits=BIT["official_open"]),
        stock_print(-5 * S, 1_000, 100),
        stock_print(3 * S, 1_000, 100) | {"report": "cancel"},
    ]
    assert len(sample((prints, [])).equities.prints) == 1
    options = [option_print(1 * S, 100, 1), option_print(2 * S, 100, 1, "A")]
    assert len(sample(option=(options, [])).options.prints) == 1


def test_blocks_leave_auctions_out() -> None:
    prints = [
        stock_print(1 * S, 1_000, 30_000),
        stock_print(2 * S, 1_000, 60_000, bits=BIT["closing"]),
        stock_print(3 * S, 1_000, 10_000),
    ]
    assert tape.block_share(sample((prints, []))) == pytest.approx(0.4)


def test_sweep_conditions_and_those_over_several_venues() -> None:
    iso = BIT["intermarket_sweep"]
    prints = [
        stock_print(1 * S, 1_000, 100, "N", iso),
        stock_print(1 * S + 100, 1_000, 100, "Z", iso),
        stock_print(2 * S, 1_000, 100, "N", iso),
        stock_print(2 * S + 100, 1_000, 100, "N", iso),
        stock_print(3 * S, 1_000, 100),
        stock_print(3 * S, 1_000, 100, "D", iso),
    ]
    found = sample((prints, []))
    assert tape.iso_share(found) == pytest.approx(4 / 5)
    assert tape.iso_grouped_share(found) == pytest.approx(0.5)


def test_option_volume_by_code_and_size() -> None:
    codes = [("f", 30), ("I", 50), ("a", 10), ("e", 5), ("n", 5)]
    prints = [option_print(k * S, 100, size, code) for k, (code, size) in enumerate(codes, 1)]
    found = sample(option=(prints, []))
    shares_of = {kind: tape.coded_share(found, kind) for kind in tape.CODES}
    assert shares_of == pytest.approx(
        {"multi_leg": 0.35, "auction": 0.10, "floor": 0.05, "cross": 0, "stock_tied": 0.05, "electronic": 0.5}
    )
    assert tape.option_size(found, "mean") == 20 and tape.option_size(found, "median") == 10


def test_lifetimes_and_time_locked_or_crossed() -> None:
    rows = [
        (0, 1_000, 1_002),
        (10, 1_000, 1_002),
        (30, 1_002, 1_002),
        (50, 1_003, 1_002),
        (100, 1_000, 1_002),
    ]
    side = sample(([], [stock_quote(ms * 10**6, bid, ask) for ms, bid, ask in rows])).equities
    assert tape.lifetimes_ms(side).tolist() == [30, 20, 50]
    assert tape.crossed_share(side, "locked") == pytest.approx(0.2)
    assert tape.crossed_share(side, "crossed") == pytest.approx(0.5)


def test_the_volume_curve_weighs_half_hours_by_what_was_seen() -> None:
    half_hour = 1_800 * S
    starts = [k * half_hour for k in range(13)]
    windows = tuple((OPEN + s, OPEN + s + 60 * S) for s in starts)
    volume = [400, *([100] * 11), 300]
    prints = [stock_print(s + S, 1_000, v) for s, v in zip(starts, volume, strict=True)]
    found = sample((prints, []), windows=windows)
    assert tape.by_half_hour(found) == pytest.approx(np.array(volume) / 60)
    assert tape.u_shape(found, "open") == pytest.approx(4) and tape.u_shape(found, "close") == pytest.approx(
        3
    )


def test_parity_holds_breaks_and_needs_all_quotes() -> None:
    windows = ((OPEN, OPEN + 10 * S),)
    stock: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [stock_quote(0, 15_000, 15_002)])
    fair = [option_quote(0, 500, 510), option_quote(0, 420, 430, PUT)]
    dear = [option_quote(0, 2_500, 2_510), option_quote(0, 420, 430, PUT)]
    assert parity_violations(sample(stock, ([], fair), windows=windows)) == 0
    assert parity_violations(sample(stock, ([], dear), windows=windows)) == 1
    assert math.isnan(parity_violations(sample(stock, ([], fair[:1]), windows=windows)))


def test_groups_must_be_found_row_for_row() -> None:
    true = np.array([1, 1, 2, 2, 3, -1, 4, 4])
    claimed = np.array([9, 9, 8, 7, 6, 6, 5, 5])
    assert easy.exact_share(claimed, true) == pytest.approx(2 / 3)
    assert easy.exact_share(np.array([9, 9, 8, 7, 6, 6, 5, 5]) * 0, true) == 0
    assert math.isnan(easy.exact_share(claimed, np.full(8, -1)))
    gaps = easy.gap_groups(np.array([0, 0, 1, 0]), np.array([0, 50, 60, 101]), 50)
    assert gaps[0] == gaps[1] != gaps[3] != gaps[2]


def test_baselines_without_thought_on_parents_packages_and_opening() -> None:
    prints = [option_print(k * 20 * 10**6 + S, 100, 1, contract=c) for k, c in enumerate((CALL, CALL, PUT))]
    prints += [option_print(9 * S, 100, 1, "f", c) for c in (CALL, PUT)]
    given = truth(
        5,
        parent=[1, 1, 2, 3, 4],
        package=[-1, -1, -1, 7, 7],
        customer=[1, 1, 1, -1, -1],
        open_buy=[5, 0, 5, 0, 0],
        open_sell=[0, 0, 0, 5, 5],
    )
    found = sample(option=(prints, []), option_truth=given)
    assert easy.dumb_parents(found) == 1 and easy.dumb_packages(found) == 1
    assert easy.dumb_opening(found) == pytest.approx(0.8)


def fact(low: float, high: float) -> Fact:
    return Fact("a fact", low, high, "share", "a source", lambda s: 0.0)


def test_the_worst_decile_decides_and_not_the_average() -> None:
    good = Measured(fact(0.4, 0.6), (0.5,) * 9 + (0.9,), {})
    assert good.verdict == INSIDE and good.worst == 0.5  # one seed in ten may stray
    bad = Measured(fact(0.4, 0.6), (0.5,) * 8 + (0.9, 0.9), {})
    assert bad.verdict == OUTSIDE and bad.worst == 0.9 and bad.median == 0.5
    few = Measured(fact(0.4, 0.6), (0.5, 0.5, 0.61), {})
    assert few.verdict == OUTSIDE


def test_what_could_not_be_measured_does_not_pass() -> None:
    gap = Measured(fact(0, 1), (0.5, math.nan), {})
    report = Report("normal", (gap,), ())
    assert gap.verdict == UNMEASURED and not report.is_met
    assert as_json(report)["facts"][0]["values"] == [0.5, None]
    assert math.isnan(Measured(fact(0, 1), (), {}).median)


def test_the_ends_of_a_band_are_inside() -> None:
    assert distance(fact(0.4, 0.6), 0.4) == 0 and distance(fact(0.4, 0.6), 0.6) == 0
    assert distance(fact(0.4, 0.6), 0.7) == pytest.approx(0.5)


def test_every_profile_has_its_facts_and_only_some_state_rates() -> None:
    names = [f.name for f in facts_of("normal")]
    assert len(names) == len(set(names)) and set(RATES) < set(names)
    assert not set(RATES) & {f.name for f in facts_of("adversarial")}
    assert all(f.low < f.high and f.source for f in facts_of("quiet"))


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (("loud", 1, "tuning"), "profile 'loud' is not known; allowed: quiet, normal"),
        (("normal", 0, "tuning"), "--seeds 0: from 1 to 100"),
        (("normal", 1, "north"), "region 'north' is not known; allowed: tuning, scoring"),
    ],
)
def test_the_command_refuses_what_it_cannot_measure(asked: tuple[str, int, str], sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        command.facts(*asked)
    assert str(caught.value).startswith(sentence)


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no recordings"):
        command.facts("normal", 1, "tuning", recorded=tmp_path)


def report_of(value: float) -> Report:
    curves = np.tile([0.3, 0.3, 0.1, 0.2, 0.1], (len(LAGS_MS), 1))
    seen = Curves("seed 1", False, curves, curves, np.arange(13.0))
    beside = Curves("IBM", True, curves, curves, np.full(13, math.nan))
    return Report("normal", (Measured(fact(0.4, 0.6), (value,), {"IBM": 0.45}),), (seen, beside))


def test_the_table_shows_target_source_measured_and_verdict() -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(command.table(report_of(0.7)))
    text = console.export_text()
    assert all(word in text for word in ("a fact", "0.400 - 0.600", "0.700", "0.450", "outside", "a source"))
    assert "0 of 1 facts inside" in text


def test_pictures_are_written(tmp_path: Path) -> None:
    paths = draw(report_of(0.5), tmp_path / "new")
    assert [p.name for p in paths] == ["join_lag.png", "volume_curve.png", "facts.png"]
    assert all(p.read_bytes().startswith(b"\x89PNG") and p.stat().st_size > 10_000 for p in paths)


RECORDINGS: Final = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.slow
@pytest.mark.skipif(not (RECORDINGS / "lean").is_dir(), reason="the recordings are not here")
def test_the_recordings_lie_in_the_bands_that_were_taken_from_them() -> None:
    found = measure("normal", (), recorded_samples(RECORDINGS))
    judged = [m for m in found.facts if m.fact.source.startswith("recorded")]
    assert len(judged) >= 15
    for m in judged:
        wanted = tuple(n for n in ("IBM", "AIG", "TAQ") if n in m.fact.source)
        names = [name for name in m.recorded if name.startswith(wanted)]
        assert len(names) >= 2, m.fact.name
        for name in names:
            assert distance(m.fact, m.recorded[name]) <= 0, (m.fact.name, name, m.recorded[name])


@pytest.mark.slow
def test_sides_in_the_synthetic_market_are_as_hard_as_published() -> None:
    report = measure("normal", [world_sample("normal", 1, "tuning", 10)])
    hard = [m for m in report.facts if m.fact.name.startswith(("customer side", "dumb", "quote rule"))]
    assert len(hard) == 13
    assert [(m.fact.name, m.median) for m in hard if m.verdict != INSIDE] == []
