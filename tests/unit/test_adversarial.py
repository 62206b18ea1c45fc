"""Baits and twins: each pair differs in what its case hides and in nothing that a tape would show."""

from functools import cache
from typing import Final

import numpy as np
import pytest

from synthetic.adversarial import CASES, PAIRS_PER_CASE, Injected, inject, tag_of
from synthetic.contracts import Contracts, list_contracts
from synthetic.layout import (
    BLOCK_NS,
    O_CONTRACT,
    O_CUSTOMER,
    O_OPEN,
    O_ORDER,
    O_PACKAGE,
    O_PARENT,
    O_PURPOSE,
    O_RATIO,
    O_SIDE,
    O_SIZE,
    O_STYLE,
    O_TS,
    PURPOSE,
    T_ID,
    T_PURPOSE,
    T_SIZE,
    Matrix,
    first_id,
)
from synthetic.option_layout import X_CODE, X_CONTRA_OPEN, X_DELAY, X_LEGS, X_PLACE
from synthetic.sessions import day_of
from synthetic.universe import everything

SEED, DAY, BLOCK = 5, 0, 90
START: Final = day_of(DAY).block_ts(BLOCK)
# Columns of which a tape shows nothing: identities, purpose, and how legs are joined.
NEVER_SHOWN: Final = {O_ORDER, O_PARENT, O_PACKAGE, O_PURPOSE, O_RATIO, X_LEGS}
# What else a case may change; times are compared apart.
CHANGES: Final = {
    "coincident_orders": set(),
    "coincident_packages": set(),
    "opening": {O_OPEN, X_CONTRA_OPEN},
    "passive_customer": {O_CUSTOMER},
    "auction_cluster": set(),
    "stock_hedge": set(),
    "dark_midpoints": {O_SIDE},
    "crossed_block": {O_SIDE, X_PLACE},
    "block_taken": {O_STYLE, X_CODE},
    "roll": {O_OPEN, X_CONTRA_OPEN},
    "late_floor": {X_DELAY},
}
NAMES: Final = [case.name for case in CASES]


@cache
def market() -> tuple[Contracts, np.ndarray]:
    universe = everything().only(("SPY", "TSLA", "NVDA", "AAPL", "AMD"))
    opens = universe.price.reshape(-1, 1)
    return list_contracts(SEED, [day_of(DAY)], opens, universe), universe.price


@cache
def injected(seed: int = SEED, block: int = BLOCK) -> Injected:
    return inject(seed, DAY, block, day_of(DAY).block_ts(block), market())


def rows_of(table: Matrix, pair: int, is_twin: bool) -> Matrix:
    tags = [tag_of(int(row[O_PARENT])) for row in table]
    keep = [t is not None and t.pair == pair and t.is_twin == is_twin for t in tags]
    return table[np.array(keep, np.bool_)] if len(table) else table


def pairs(name: str) -> list[int]:
    return [n for n in range(PAIRS_PER_CASE * len(CASES)) if NAMES[n % len(NAMES)] == name]


def test_the_same_arguments_give_the_same_orders_and_others_do_not() -> None:
    again = inject(SEED, DAY, BLOCK, START, market())
    assert all(np.array_equal(a, b) for a, b in zip(injected()[:3], again[:3], strict=True))
    assert injected().packages == again.packages
    assert not np.array_equal(injected(SEED + 1).options[:5], again.options[:5])
    assert not np.array_equal(injected(SEED, BLOCK + 1).options[:5, 1:6], again.options[:5, 1:6])


@pytest.mark.parametrize("name", NAMES)
def test_bait_and_twin_differ_only_in_what_is_hidden(name: str) -> None:
    allowed = NEVER_SHOWN | CHANGES[name]
    for number in pairs(name):
        for table in (injected().options, injected().equities):
            bait, twin = rows_of(table, number, False), rows_of(table, number, True)
            assert len(bait) == len(twin)
            shown = [c for c in range(table.shape[1]) if c not in allowed and c != O_TS]
            assert np.array_equal(bait[:, shown], twin[:, shown])


@pytest.mark.parametrize("name", NAMES)
def test_reports_of_both_follow_each_other_alike(name: str) -> None:
    for number in pairs(name):
        for table, delay in ((injected().options, X_DELAY), (injected().equities, None)):
            bait, twin = (rows_of(table, number, is_twin) for is_twin in (False, True))
            if len(bait) < 2:
                continue
            gaps = [np.diff(rows[:, O_TS] + (rows[:, delay] if delay else 0)) for rows in (bait, twin)]
            tolerance = 200_000 if name == "coincident_packages" else 0
            assert (np.abs(gaps[0] - gaps[1]) <= tolerance).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_hidden_variable_does_differ(name: str) -> None:
    for number in pairs(name):
        both = [
            np.concatenate([rows_of(t, number, is_twin)[:, : O_PURPOSE + 1] for t in injected()[:2]])
            for is_twin in (False, True)
        ]
        parents = [len(np.unique(rows[:, O_PARENT])) for rows in both]
        options = [rows_of(injected().options, number, is_twin) for is_twin in (False, True)]
        if name in ("coincident_orders", "auction_cluster", "stock_hedge", "dark_midpoints"):
            assert parents[0] > 1 == parents[1]
        elif name == "coincident_packages":
            assert [len(np.unique(rows[:, O_PACKAGE])) for rows in options] == [2, 1]
        elif name == "passive_customer":
            assert [rows[:, O_CUSTOMER].tolist() for rows in options] == [[1, 0], [0, 1]]
        elif name == "crossed_block":
            assert [rows[0, O_SIDE] for rows in options] == [-1, 1]
        elif name == "late_floor":
            assert options[0][0, X_DELAY] > 1_000 * options[1][0, X_DELAY] > 0
        elif name == "block_taken":
            assert [chr(rows[0, X_CODE]) for rows in options] == ["c", "I"]
        else:
            assert options[0][:, O_OPEN].tolist() != options[1][:, O_OPEN].tolist()


def test_every_case_says_what_it_hides_and_has_its_pairs() -> None:
    assert set(NAMES) == set(CHANGES) and all(c.hidden and c.shows for c in CASES)
    tags = {tag_of(int(row[T_ID])) for row in injected().parents}
    assert {(t.case, t.is_twin) for t in tags if t} == {(n, b) for n in NAMES for b in (False, True)}


def test_orders_come_in_time_and_legs_of_a_package_together() -> None:
    for table in (injected().options, injected().equities):
        assert (np.diff(table[:, O_TS]) >= 0).all()
        assert (table[:, O_TS] >= START).all() and (table[:, O_TS] < START + BLOCK_NS).all()
    table = injected().options
    heads = np.flatnonzero(table[:, X_LEGS] > 0)
    assert len(heads) == len(injected().packages) > 0
    for head in heads:
        legs = table[head : head + table[head, X_LEGS]]
        assert len(np.unique(legs[:, O_PACKAGE])) == 1
        package = next(p for p in injected().packages if p.package_id == legs[0, O_PACKAGE])
        bought = legs[:, [O_CONTRACT, O_RATIO]] * (1, package.side)
        assert package.legs == tuple(map(tuple, bought.tolist()))
        assert (np.sign(legs[:, O_RATIO]) == legs[:, O_SIDE]).all()
        assert (legs[:, O_SIZE] == package.size * np.abs(legs[:, O_RATIO])).all()


def test_identities_are_this_makers_own_and_never_mean_two_things() -> None:
    found = injected()
    orders = np.concatenate([found.options[:, O_ORDER], found.equities[:, O_ORDER]])
    names = [*orders, *found.parents[:, T_ID], *(p.package_id for p in found.packages)]
    assert len(set(names)) == len(names)
    assert all(tag_of(int(n)) is not None for n in names)
    assert tag_of(-1) is None and tag_of(first_id(DAY, BLOCK, 1) + 7) is None


def test_parents_wanted_what_their_orders_ask_for() -> None:
    found = injected()
    for row in found.parents:
        mine = [t[t[:, O_PARENT] == row[T_ID]] for t in (found.options, found.equities)]
        packaged = sum(p.size for p in found.packages if p.package_id in set(mine[0][:, O_PACKAGE].tolist()))
        single = sum(int(t[t[:, O_PACKAGE] < 0, O_SIZE].sum()) for t in mine)
        assert row[T_SIZE] == packaged + single > 0
        tag = tag_of(int(row[T_ID]))
        assert tag is not None and row[T_PURPOSE] == PURPOSE["twin" if tag.is_twin else "bait"]


def test_neither_comes_first_more_often() -> None:
    first = []
    for block in range(70, 140):
        table = injected(SEED, block).options
        for number in pairs("opening"):
            bait, twin = (rows_of(table, number, is_twin) for is_twin in (False, True))
            if len(bait):
                first.append(bait[0, O_TS] < twin[0, O_TS])
    assert len(first) > 100 and 0.35 < np.mean(first) < 0.65


def test_a_market_without_liquid_chains_gives_nothing() -> None:
    universe = everything().only(("BRK.A",))
    contracts = list_contracts(SEED, [day_of(DAY)], universe.price.reshape(-1, 1), universe)
    found = inject(SEED, DAY, BLOCK, START, (contracts, universe.price))
    assert len(found.options) == len(found.equities) == len(found.parents) == len(found.packages) == 0
