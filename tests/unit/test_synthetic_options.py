"""The option market of the synthetic world: what must hold of its series, books, packages and positions."""

import hashlib
import math
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from schemas.symbology import parse_contract
from synthetic.contracts import expiry_on, monthlies
from synthetic.layout import (
    DOLLAR,
    O_CONTRACT,
    O_TS,
    P_AGGRESSOR,
    P_CODE,
    P_CONTRACT,
    P_CUSTOMER,
    P_OPEN_BUY,
    P_OPEN_SELL,
    P_ORDER,
    P_PACKAGE,
    P_PARENT,
    P_PRICE,
    P_RESTING,
    P_SIZE,
    P_TS,
    P_VENUE,
    Q_ASK,
    Q_ASK_SIZE,
    Q_BID,
    Q_BID_SIZE,
    Q_CONTRACT,
    Q_TS,
    Matrix,
    Package,
)
from synthetic.option_market import OptionMarket
from synthetic.packages import FORMS
from synthetic.params import PROFILES, Params, Region, draw
from synthetic.paths import block_paths
from synthetic.sessions import day_of
from synthetic.surface import RATE, value, worth
from synthetic.universe import everything

ROOT = Path(__file__).parents[2]
SEED = 7
BLOCK = 90
MULTI_LEG = tuple(ord(c) for c in "fghijlmknopqrs")
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Played:
    """A block that was run to its end."""

    market: OptionMarket
    prints: Matrix
    quotes: Matrix
    orders: Matrix
    net: Matrix
    packages: tuple[Package, ...]


def play(market: OptionMarket, block: int, day: int = 0, seconds: int = 300) -> Played:
    params, universe = market.params, market.universe
    paths = block_paths(market.seed, day, block, universe, params)
    market.start_block(day_of(day), block, paths)
    made = [market.run_second(k) for k in range(seconds)]
    orders = market._orders
    assert orders is not None
    prints, quotes = (np.concatenate(rows) for rows in zip(*made, strict=True))
    return Played(market, prints, quotes, orders.orders, orders.net, market.truth().packages)


def quiet_market(params: Params | None = None, seed: int = SEED) -> OptionMarket:
    return OptionMarket(PROFILES["quiet"], seed, params or draw("middle", seed), everything())


@cache
def quiet() -> Played:
    return play(quiet_market(), BLOCK)


def digest(played: Played) -> str:
    rows = (played.prints, played.quotes, played.orders)
    return hashlib.sha256(b"".join(np.ascontiguousarray(r).tobytes() for r in rows)).hexdigest()


def standing(played: Played) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return the row of the quote strictly before each print, and whether there is one."""
    prints, quotes = played.prints, played.quotes
    start, wide = int(quotes[0, Q_TS]) - 1, 10**13
    order = np.lexsort((quotes[:, Q_TS], quotes[:, Q_CONTRACT]))
    keys = (quotes[:, Q_CONTRACT] * wide + quotes[:, Q_TS] - start)[order]
    wanted = prints[:, P_CONTRACT] * wide + prints[:, P_TS] - start
    at = np.searchsorted(keys, wanted, side="left") - 1
    rows = order[np.maximum(at, 0)]
    return rows, (at >= 0) & (quotes[rows, Q_CONTRACT] == prints[:, P_CONTRACT])


@dataclass(frozen=True)
class Rules:
    """What the plain rules say of each print: +1, -1 or 0."""

    quote: Ints
    emo: Ints
    gsu: Ints


def last_change(prints: Matrix) -> Ints:
    """Return the tick rule by contract: the sign of the last change of price."""
    found = np.zeros(len(prints), np.int64)
    seen: dict[int, tuple[int, int]] = {}
    for row, (contract, price) in enumerate(prints[:, [P_CONTRACT, P_PRICE]].tolist()):
        before, sign = seen.get(contract, (price, 0))
        sign = (price > before) - (price < before) or sign
        seen[contract] = (price, sign)
        found[row] = sign
    return found


def rules(played: Played) -> Rules:
    rows, known = standing(played)
    quotes, price, size = played.quotes[rows], played.prints[:, P_PRICE], played.prints[:, P_SIZE]
    bid, ask, bids, asks = (quotes[:, c] for c in (Q_BID, Q_ASK, Q_BID_SIZE, Q_ASK_SIZE))
    is_normal = known & (bid > 0) & (ask > bid)
    quote = np.where(is_normal, np.sign(2 * price - bid - ask), 0)
    tick = last_change(played.prints)
    emo = np.where(is_normal & (price == ask), 1, np.where(is_normal & (price == bid), -1, tick))
    by_size = np.where((size == bids) & (size != asks), 1, np.where((size == asks) & (size != bids), -1, 0))
    depth = np.where(is_normal & (2 * price == bid + ask), np.sign(asks - bids), 0)
    gsu = np.where(known & (by_size != 0), by_size, np.where(quote != 0, quote, depth))
    return Rules(quote, emo, gsu)


def accuracy(said: Ints, truth: Ints) -> float:
    """Return the share that is right; a coin is thrown where nothing is said."""
    has_truth = truth != 0
    right = (said == truth)[has_truth] + 0.5 * (said == 0)[has_truth]
    return float(right.mean())


def test_prices_follow_put_call_parity() -> None:
    for strike in (80.0, 100.0, 125.0):
        for tau in (0.002, 0.1, 0.8):
            carry, spot, iv = RATE - 0.01, 100.0, 0.3
            call = worth(spot, strike, 0, tau, iv, carry)
            put = worth(spot, strike, 1, tau, iv, carry)
            forward = spot * (1 + carry * tau)
            fair = (forward - strike) / (1 + RATE * tau)
            is_floored = call == spot - strike or put == strike - spot
            assert is_floored or call - put == pytest.approx(fair, abs=1e-6)
            assert call >= max(spot - strike, 0) and put >= max(strike - spot, 0)


def test_price_and_delta_agree_with_small_steps() -> None:
    price, delta, vega = value(100.0, 105.0, 0, 0.25, 0.3, RATE)
    up, down = worth(100.1, 105.0, 0, 0.25, 0.3, RATE), worth(99.9, 105.0, 0, 0.25, 0.3, RATE)
    assert delta == pytest.approx((up - down) / 0.2, abs=5e-3)
    higher = worth(100.0, 105.0, 0, 0.25, 0.31, RATE)
    assert higher - price == pytest.approx(0.01 * vega, rel=0.02)
    forward, spread = 100.0 * (1 + RATE * 0.25), 0.3 * 0.5
    d1 = math.log(forward / 105.0) / spread + spread / 2
    exact = forward * _normal(d1) - 105.0 * _normal(d1 - spread)
    assert price == pytest.approx(exact / (1 + RATE * 0.25), abs=1e-4)


def _normal(x: float) -> float:
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


def test_expiries_are_business_days_and_monthlies_third_fridays() -> None:
    assert expiry_on(date(2026, 4, 3)) == date(2026, 4, 2)  # Good Friday
    assert monthlies(date(2026, 3, 2), 2) == [date(2026, 3, 20), date(2026, 4, 17)]
    assert monthlies(date(2026, 6, 1), 1) == [date(2026, 6, 18)]  # the third Friday is a holiday


def test_series_have_names_that_read_back() -> None:
    table = quiet_market().contracts(0)
    assert 20_000 <= len(table) <= 40_000
    assert len(set(table.names)) == len(table)
    for k in range(0, len(table), 397):
        series = parse_contract(table.names[k])
        assert (series.expiry, series.strike, series.right) == (
            table.expiry[k],
            table.strike[k],
            table.right[k],
        )
        assert series.is_adjusted_suspected == (table.units[k] != 1.0)


def test_strikes_stay_listed_and_new_ones_have_no_open_interest() -> None:
    market = quiet_market()
    first, later = market.contracts(0), market.contracts(5)
    kept = {n for n, e in zip(first.names, first.expiry, strict=True) if e >= 20260309}
    assert kept <= set(later.names)
    days = market.open_interest(5)
    assert later.is_new.any() and not days[later.is_new == 1].any()
    assert (days >= 0).all() and days.any()


def test_blocks_do_not_depend_on_each_other() -> None:
    market = quiet_market()
    play(market, BLOCK - 1, seconds=20)
    assert digest(play(market, BLOCK)) == digest(quiet())


def test_another_seed_gives_other_bytes() -> None:
    assert digest(play(quiet_market(seed=8), BLOCK, seconds=30)) != digest(quiet())


@pytest.mark.slow
def test_bytes_are_the_same_on_a_generic_processor() -> None:
    code = (
        "import importlib.util as u, sys; sys.path.insert(0, '.');"
        f"s = u.spec_from_file_location('t', {str(Path(__file__).relative_to(ROOT))!r});"
        "m = u.module_from_spec(s); sys.modules['t'] = m; s.loader.exec_module(m); print(m.digest(m.quiet()))"
    )
    env = os.environ | {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == digest(quiet())


def test_times_are_in_order_and_inside_the_block() -> None:
    played, start = quiet(), day_of(0).block_ts(BLOCK)
    for rows in (played.prints[:, P_TS], played.quotes[:, Q_TS]):
        assert (np.diff(rows) >= 0).all()
        assert rows[0] >= start and rows[-1] < start + 300 * 10**9
    apart = played.quotes[np.lexsort((played.quotes[:, Q_TS], played.quotes[:, Q_CONTRACT]))]
    same = np.diff(apart[:, Q_CONTRACT]) == 0
    gaps, later = np.diff(apart[:, Q_TS])[same], apart[1:, Q_TS][same]
    assert (gaps >= 0).all() and (gaps == 0).mean() < 0.001
    assert (later[gaps == 0] % 10**9 == 10**9 - 1).all()  # what a second cuts off shares its last instant


def test_every_print_has_a_quote_before_it_and_few_are_outside() -> None:
    played = quiet()
    rows, known = standing(played)
    assert known.all()
    quotes, price = played.quotes[rows], played.prints[:, P_PRICE]
    high = np.maximum(quotes[:, Q_ASK], quotes[:, Q_BID])
    outside = (price > high) | (price < np.minimum(quotes[:, Q_BID], high))
    assert outside.mean() < 0.04
    assert (played.prints[:, P_SIZE] > 0).all() and (price > 0).all()


def test_who_meets_a_resting_customer_is_told_with_the_side() -> None:
    prints = quiet().prints
    waited = prints[prints[:, P_RESTING] > 0]
    assert len(waited) > 0.1 * len(prints)
    by_maker = waited[waited[:, P_CUSTOMER] != 0]
    assert (by_maker[:, P_CUSTOMER] == -by_maker[:, P_AGGRESSOR]).all()
    crosses = prints[np.isin(prints[:, P_CODE], [ord(c) for c in "abcdgh"])]
    assert not crosses[:, P_AGGRESSOR].any()


def test_open_interest_moves_by_what_was_ordered() -> None:
    played = quiet()
    prints = played.prints
    moved = prints[:, P_OPEN_BUY] + prints[:, P_OPEN_SELL] - prints[:, P_SIZE]
    net = np.zeros(len(played.net), np.int64)
    np.add.at(net, prints[:, P_CONTRACT], moved)
    assert (net == played.net).all()


def test_nobody_closes_more_than_is_open() -> None:
    played = quiet()
    opened = played.market.open_interest(0)
    prints, count = played.prints, len(opened)
    for mine, theirs in ((P_OPEN_BUY, P_OPEN_SELL), (P_OPEN_SELL, P_OPEN_BUY)):
        left = opened.copy()
        np.add.at(left, prints[:, P_CONTRACT], prints[:, mine])
        np.subtract.at(left, prints[:, P_CONTRACT], prints[:, P_SIZE] - prints[:, theirs])
        assert len(left) == count and (left >= 0).all()


def test_the_next_day_starts_with_what_the_orders_left() -> None:
    universe = everything().only(("SPY", "AAPL", "XOM"))
    market = OptionMarket(PROFILES["quiet"], SEED, draw("middle", SEED), universe)
    day = day_of(0)
    before, after = market.contracts(0), market.contracts(1)
    net = np.zeros(len(before), np.int64)
    for block in range(day.open_block, day.close_block):
        net += play(market, block, seconds=0 + 1).net
    known = dict(zip(after.names, market.open_interest(1).tolist(), strict=True))
    start = market.open_interest(0)
    kept = [k for k, name in enumerate(before.names) if name in known]
    due = {a for a in range(len(universe)) if a in market._day(0).dividends}
    plain = [k for k in kept if before.symbol[k] not in due]
    assert len(plain) > 1000 and net[plain].any()
    assert all(known[before.names[k]] == start[k] + net[k] for k in plain)


def test_a_package_trades_on_one_venue_at_once_inside_its_markets() -> None:
    played = quiet()
    rows, known = standing(played)
    packages = {p.package_id: p for p in played.packages}
    coded = np.isin(played.prints[:, P_CODE], MULTI_LEG) & (played.prints[:, P_PACKAGE] > 0)
    assert coded.sum() > 0.15 * len(played.prints)
    for name in np.unique(played.prints[coded, P_PACKAGE]).tolist():
        mine = coded & (played.prints[:, P_PACKAGE] == name)
        prints, package = played.prints[mine], packages[name]
        assert len(np.unique(prints[:, P_VENUE])) == 1 and len(np.unique(prints[:, P_CODE])) == 1
        assert prints[-1, P_TS] - prints[0, P_TS] <= 5_000_000
        net = 0
        for contract, ratio in package.legs:
            leg = prints[prints[:, P_CONTRACT] == contract]
            assert leg[:, P_SIZE].sum() == abs(ratio) * package.size
            assert len(np.unique(leg[:, P_PRICE])) == 1
            net += ratio * int(leg[0, P_PRICE])
        assert net == package.net_price
        first = mine & known
        quotes, price = played.quotes[rows[first]], played.prints[first, P_PRICE]
        high = np.maximum(quotes[:, Q_BID], quotes[:, Q_ASK])
        assert ((price >= np.minimum(quotes[:, Q_BID], high)) & (price <= high)).mean() > 0.5


def test_most_legs_print_inside_the_market_that_stood() -> None:
    played = quiet()
    rows, known = standing(played)
    coded = np.isin(played.prints[:, P_CODE], MULTI_LEG) & known
    quotes, price = played.quotes[rows[coded]], played.prints[coded, P_PRICE]
    assert ((price >= quotes[:, Q_BID]) & (price <= quotes[:, Q_ASK])).mean() > 0.97


def test_legs_of_a_form_stand_as_its_class_says() -> None:
    played = quiet()
    table = played.market.contracts(0)
    seen = set()
    for package in played.packages:
        seen.add(package.kind)
        rows = [contract for contract, _ in package.legs]
        assert len(set(rows)) == len(rows)
        dates, strikes = {int(table.expiry[r]) for r in rows}, [int(table.strike[r]) for r in rows]
        rights = {int(table.right[r]) for r in rows}
        ratios = [ratio for _, ratio in package.legs]
        if package.kind == "butterfly":
            assert strikes[1] - strikes[0] == strikes[2] - strikes[1] > 0 and ratios == [1, -2, 1]
        if package.kind in ("vertical", "ratio", "butterfly", "condor", "straddle", "iron_condor", "box"):
            assert len(dates) == 1
        if package.kind in ("calendar", "diagonal", "roll"):
            assert len(dates) == 2 and len(rights) == 1
        if package.kind == "calendar":
            assert len(set(strikes)) == 1
        if package.kind == "straddle":
            assert len(set(strikes)) == 1 and rights == {0, 1}
    assert seen <= {form.kind for form in FORMS} and len(seen) >= 15


def test_sweeps_and_splits_emerge_from_orders() -> None:
    prints = quiet().prints
    iso = prints[prints[:, P_CODE] == ord("S")]
    orders, at, counts = np.unique(iso[:, P_ORDER], return_index=True, return_counts=True)
    venues = [len(np.unique(iso[iso[:, P_ORDER] == o, P_VENUE])) for o in orders[counts > 1][:50].tolist()]
    assert len(at) and max(venues) >= 2
    parents = prints[prints[:, P_PARENT] > 0]
    assert len(np.unique(parents[:, P_ORDER])) > len(np.unique(parents[:, P_PARENT]))


@pytest.mark.parametrize("region", ["middle", "tuning", "scoring"])
def test_plain_rules_do_about_as_well_as_published(region: Region) -> None:
    played = play(quiet_market(draw(region, 11), 11), BLOCK)
    said, customer = rules(played), played.prints[:, P_CUSTOMER]
    quote, emo, gsu = (accuracy(r, customer) for r in (said.quote, said.emo, said.gsu))
    assert 0.57 < quote < 0.67
    assert emo < quote
    assert 0.64 < gsu < 0.79


def test_volume_is_mixed_about_as_published() -> None:
    blocks = [play(quiet_market(), b, seconds=300).prints for b in (80, 95, 110, 125)]
    prints = np.concatenate([*blocks, quiet().prints])
    size, total = prints[:, P_SIZE], prints[:, P_SIZE].sum()

    def share(codes: str) -> float:
        return float(size[np.isin(prints[:, P_CODE], [ord(c) for c in codes])].sum() / total)

    assert 0.24 < share("fghijklmnopqrs") < 0.42
    assert 0.12 < share("ab") < 0.27
    assert 0.04 < share("eimps") < 0.22
    assert share("cd") < 0.15
    assert share("knopqrs") < 0.04
    assert 7 < size.mean() < 15


def test_quotes_and_prints_come_at_the_rate_of_the_profile() -> None:
    played = quiet()
    assert len(played.prints) / 300 == pytest.approx(25 * 0.87, rel=0.15)
    assert len(played.quotes) / 300 == pytest.approx(250 * 0.87, rel=0.2)


def test_orders_are_sorted_and_name_listed_series() -> None:
    played = quiet()
    assert (np.diff(played.orders[:, O_TS]) >= 0).all()
    assert (played.orders[:, O_CONTRACT] < len(played.market.contracts(0))).all()


def test_options_rest_outside_the_session() -> None:
    market, universe = quiet_market(), everything()
    for block in (60, 150):
        paths = np.full((len(universe), 2), 100.0)
        assert len(market.start_block(day_of(0), block, paths)) == 0
        prints, quotes = market.run_second(0)
        assert len(prints) == 0 and len(quotes) == 0


def test_quotes_stay_near_the_value_of_the_stock() -> None:
    """A deep call's market holds what exercise brings, within the width of the market and its delay."""
    played = quiet()
    table = played.market.contracts(0)
    last = played.quotes[np.unique(played.quotes[::-1, Q_CONTRACT], return_index=True)[1] * -1 - 1]
    paths = block_paths(SEED, 0, BLOCK, everything(), played.market.params)
    spot = paths[table.symbol[last[:, Q_CONTRACT]], -1]
    strike, right = table.strike[last[:, Q_CONTRACT]] / DOLLAR, table.right[last[:, Q_CONTRACT]]
    intrinsic = np.maximum(np.where(right == 0, spot - strike, strike - spot), 0.0)
    ask = last[:, Q_ASK] / DOLLAR
    assert (ask > intrinsic - 0.012 * spot).mean() > 0.99
