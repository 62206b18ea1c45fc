"""The synthetic equity market: deterministic, conserving, and near the facts it is made after."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from synthetic.equity_market import EquityMarket
from synthetic.equity_parents import X_CHILD, X_CHILDREN, Schedule
from synthetic.layout import (
    D_END,
    D_PARENT,
    D_PRICE,
    D_START,
    EQUITY_CODE,
    FLAG_HIDDEN,
    FLAG_MIDPOINT,
    FLAG_OFF_EXCHANGE,
    MAKER_OPTION,
    O_CANCEL_TS,
    O_CONTRACT,
    O_CUSTOMER,
    O_LIMIT,
    O_ORDER,
    O_PACKAGE,
    O_PARENT,
    O_PURPOSE,
    O_SIDE,
    O_SIZE,
    O_STYLE,
    O_SYMBOL,
    O_TS,
    ORDER_COLUMNS,
    P_AGGRESSOR,
    P_CODE,
    P_CUSTOMER,
    P_DELAY,
    P_FLAGS,
    P_ORDER,
    P_PACKAGE,
    P_PRICE,
    P_PURPOSE,
    P_RESTING,
    P_RESTING_PARENT,
    P_SIZE,
    P_SYMBOL,
    P_TS,
    P_VENUE,
    PURPOSE,
    Q_ASK,
    Q_ASK_SIZE,
    Q_BID,
    Q_BID_SIZE,
    Q_SYMBOL,
    Q_TS,
    SECOND_NS,
    SHARE,
    STYLE,
    T_ID,
    T_SIZE,
    Matrix,
    first_id,
    no_rows,
)
from synthetic.params import PROFILES, draw
from synthetic.paths import block_paths
from synthetic.sessions import day_of
from synthetic.universe import everything
from synthetic.world import Events, World

MIDDLE = draw("middle", 1)
NOON = 100
SECONDS = 30
# Of the first seconds below; the same on every machine, so a change here is a change of the world.
DIGEST = "376361dbcff2b8a32b03c65abce1652a63fce3c33f1f1d9a701b6558f7f5f554"


class Sample(NamedTuple):
    """Some seconds of a block, with what is known of them."""

    prints: Matrix
    quotes: Matrix
    market: EquityMarket
    spanned: float  # seconds of average activity


def events(block: int, seconds: int, profile: str = "normal") -> Iterator[Events]:
    """Yield the first seconds of a block of a world of its own."""
    return islice(World(PROFILES[profile], 11, MIDDLE).block(0, block), seconds)


def digest(block: int, seconds: int, profile: str = "normal") -> str:
    """Return a hash of what a world says in the first seconds of a block."""
    found = hashlib.sha256()
    for second in events(block, seconds, profile):
        found.update(second.equity_prints.tobytes())
        found.update(second.equity_quotes.tobytes())
    return found.hexdigest()


@cache
def sample(block: int = NOON, seconds: int = SECONDS) -> Sample:
    world = World(PROFILES["normal"], 11, MIDDLE)
    parts = list(islice(world.block(0, block), seconds))
    prints = np.concatenate([p.equity_prints for p in parts])
    quotes = np.concatenate([p.equity_quotes for p in parts])
    return Sample(prints, quotes, world.equities, float(world.equities.factors[:seconds].sum()))


def standing(prints: Matrix, quotes: Matrix) -> tuple[Matrix, Matrix]:
    """Return bid and ask strictly before each print; -1 where no quote was written yet."""
    order = np.lexsort((np.arange(len(quotes)), quotes[:, Q_TS], quotes[:, Q_SYMBOL]))
    sorted_quotes = quotes[order]
    start = min(int(prints[0, P_TS]), int(quotes[0, Q_TS]))
    key = sorted_quotes[:, Q_SYMBOL] * (400 * SECOND_NS) + sorted_quotes[:, Q_TS] - start
    wanted = prints[:, P_SYMBOL] * (400 * SECOND_NS) + prints[:, P_TS] - start
    at = np.searchsorted(key, wanted, side="left") - 1
    has_quote = (at >= 0) & (sorted_quotes[at, Q_SYMBOL] == prints[:, P_SYMBOL])
    return (
        np.where(has_quote, sorted_quotes[at, Q_BID], -1),
        np.where(has_quote, sorted_quotes[at, Q_ASK], -1),
    )


def test_same_seed_same_bytes() -> None:
    assert digest(NOON, 3) == DIGEST


def test_a_block_needs_none_before_it() -> None:
    world = World(PROFILES["quiet"], 4, MIDDLE)
    for _ in world.block(0, NOON - 1):
        pass
    after = [e.equity_prints.tobytes() for e in islice(world.block(0, NOON), 4)]
    alone = [e.equity_prints.tobytes() for e in islice(World(PROFILES["quiet"], 4, MIDDLE).block(0, NOON), 4)]
    assert after == alone and any(alone)


def test_small_buffers_change_nothing() -> None:
    def of(market: EquityMarket) -> list[bytes]:
        day = day_of(0)
        paths = block_paths(2, 0, NOON, everything(), MIDDLE)
        market.start_block(day, NOON, paths, no_rows(ORDER_COLUMNS))
        return [matrix.tobytes() for second in range(3) for matrix in market.run_second(second)]

    plain, small = (EquityMarket(PROFILES["normal"], 2, MIDDLE, everything()) for _ in range(2))
    for buffer in small._buffers:
        buffer.rows = buffer.rows[:128].copy()
    assert of(plain) == of(small)
    assert len(small._buffers[0].rows) > 128


@pytest.mark.slow
def test_another_processor_says_the_same() -> None:
    code = "import sys; sys.path[:0] = sys.argv[1:]\n"
    code += "import test_synthetic_equities as here; print(here.digest(100, 3))"
    here = Path(__file__).parent
    found = subprocess.run(
        [sys.executable, "-c", code, str(here), str(here.parents[1])],
        env={**os.environ, "NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert found.stdout.strip() == DIGEST


def test_times_stand_in_their_second() -> None:
    for second in events(NOON, 5):
        for rows, column in ((second.equity_prints, P_TS), (second.equity_quotes, Q_TS)):
            times = rows[:, column]
            assert (np.diff(times) >= 0).all()
            assert times[0] >= second.start_ts and times[-1] < second.start_ts + SECOND_NS


def test_prints_are_whole() -> None:
    prints = sample().prints
    assert (prints[:, P_PRICE] > 0).all() and (prints[:, P_SIZE] > 0).all()
    off = (prints[:, P_FLAGS] & FLAG_OFF_EXCHANGE) > 0
    assert ((prints[:, P_VENUE] == ord("D")) == off).all()
    assert (prints[off, P_DELAY] > 0).all() and (prints[~off, P_SIZE] % SHARE == 0).all()
    assert set(map(chr, np.unique(prints[~off, P_VENUE]))) <= set("NTQPZKJYBVU")
    tape_c = everything().is_tape_c[prints[:, P_SYMBOL]]
    assert not (tape_c & (prints[:, P_VENUE] == ord("T"))).any()
    assert not (~tape_c & (prints[:, P_VENUE] == ord("Q"))).any()
    assert set(np.unique(prints[:, P_AGGRESSOR])) == {-1, 0, 1} == set(np.unique(prints[:, P_CUSTOMER]))


def test_quotes_are_whole() -> None:
    quotes = sample().quotes
    assert (
        (quotes[:, Q_BID] > 0).all()
        and (quotes[:, Q_BID_SIZE] > 0).all()
        and (quotes[:, Q_ASK_SIZE] > 0).all()
    )
    width = quotes[:, Q_ASK] - quotes[:, Q_BID]
    assert (width < 0).mean() < 0.001 and (width == 0).mean() < 0.01
    changed = np.flatnonzero(np.diff(quotes[:, Q_SYMBOL]) == 0)
    assert (quotes[changed, Q_BID:] != quotes[changed + 1, Q_BID:]).any(axis=1).all()


def test_rates_are_those_of_the_profile() -> None:
    found = sample()
    assert len(found.prints) / found.spanned == pytest.approx(1000, rel=0.15)
    assert len(found.quotes) / found.spanned == pytest.approx(4000, rel=0.15)


def test_shares_of_venues_and_sizes_are_near_the_facts() -> None:
    """FINRA 2023 (28 % of trades), Rosenblatt 2025 (44-52 % of shares), LEAN's tape (60 % of lit sweep)."""
    prints = sample(NOON, 120).prints
    off = (prints[:, P_FLAGS] & FLAG_OFF_EXCHANGE) > 0
    size = prints[:, P_SIZE] / SHARE
    assert 0.24 < off.mean() < 0.33
    assert 0.40 < size[off].sum() / size.sum() < 0.58  # one negotiated block is a per cent of it
    assert 0.52 < ((prints[~off, P_CODE] & EQUITY_CODE["iso"]) > 0).mean() < 0.70
    assert 0.35 < ((prints[:, P_CODE] & EQUITY_CODE["odd_lot"]) > 0).mean() < 0.62


def test_prints_lie_at_the_quote_as_they_do() -> None:
    prints, quotes, *_ = sample(NOON, 120)
    bid, ask = standing(prints, quotes)
    off = (prints[:, P_FLAGS] & FLAG_OFF_EXCHANGE) > 0
    has = (bid > 0) & (ask > bid)
    price = prints[:, P_PRICE]
    at_quote, at_mid = (price == bid) | (price == ask), 2 * price == bid + ask
    weight = np.minimum(prints[:, P_SIZE], 5_000 * SHARE) / SHARE  # a few blocks would decide it else
    lit, dark = has & ~off, has & off
    assert at_quote[lit].mean() > 0.8 and 0.03 < at_mid[lit].mean() < 0.15
    assert 0.30 < weight[dark & at_quote].sum() / weight[dark].sum() < 0.46
    assert 0.14 < weight[dark & at_mid].sum() / weight[dark].sum() < 0.28
    said = (prints[:, P_FLAGS] & FLAG_MIDPOINT) > 0
    assert at_mid[has & said].mean() > 0.95
    # The quote a print met is the one that stood at its time, not a second later or earlier.
    early = prints.copy()
    early[:, P_TS] -= SECOND_NS
    early_bid, early_ask = standing(early, quotes)
    assert ((price == early_bid) | (price == early_ask))[lit].mean() < at_quote[lit].mean() - 0.2


def test_facilities_report_late() -> None:
    prints = sample(NOON, 120).prints
    delay = prints[(prints[:, P_FLAGS] & FLAG_OFF_EXCHANGE) > 0, P_DELAY] / 1e6
    counts, edges = np.histogram(delay, bins=np.arange(0, 1000, 50))
    assert 100 <= edges[counts.argmax()] <= 250
    assert 0.0002 < (delay > 10_000).mean() < 0.01


def test_lit_takers_pay_the_spread_and_move_the_price() -> None:
    prints, quotes, *_ = sample(NOON, 120)
    bid, ask = standing(prints, quotes)
    lit = ((prints[:, P_FLAGS] & FLAG_OFF_EXCHANGE) == 0) & (bid > 0) & (ask > bid)
    above = np.sign(2 * prints[:, P_PRICE] - bid - ask)
    told = lit & (above != 0)
    assert (above[told] == prints[told, P_AGGRESSOR]).mean() > 0.85
    later = prints[prints[:, P_TS] < prints[-1, P_TS] - SECOND_NS].copy()
    lit = lit[: len(later)]
    later[:, P_TS] += SECOND_NS
    after_bid, after_ask = standing(later, quotes)
    drift = (after_bid + after_ask - bid[: len(later)] - ask[: len(later)]) * later[:, P_AGGRESSOR]
    assert (drift[lit] > 0).mean() > (drift[lit] < 0).mean() + 0.05


def test_no_order_trades_more_than_it_asked_for() -> None:
    found = sample()
    planned = {int(row[O_ORDER]): int(row[O_SIZE]) for row in found.market.planned}
    for column in (P_ORDER, P_RESTING):
        ids, where = np.unique(found.prints[:, column], return_inverse=True)
        filled = np.bincount(where, found.prints[:, P_SIZE].astype(np.float64))
        known = [(planned[i], f) for i, f in zip(ids.tolist(), filled.tolist(), strict=True) if i in planned]
        assert known and all(f <= asked for asked, f in known)


def test_parents_are_the_sum_of_their_children() -> None:
    day = day_of(0)
    schedule = Schedule(PROFILES["quiet"], 6, MIDDLE, everything())
    wanted = schedule.of_day(day)
    assert (wanted[:, T_SIZE] == wanted[:, X_CHILDREN] * wanted[:, X_CHILD] * SHARE).all()
    orders = np.concatenate([schedule.children(day, b, 0) for b in range(day.open_block, day.close_block)])
    parent = orders[:, O_PARENT] - wanted[0, T_ID]
    count = np.bincount(parent, minlength=len(wanted))
    size = np.bincount(parent, orders[:, O_SIZE] / SHARE, minlength=len(wanted))
    whole = count == wanted[:, X_CHILDREN]
    assert whole.mean() > 0.95  # a child of the last instant may fall on the close
    assert (size[whole] * SHARE == wanted[whole, T_SIZE]).all()
    started = [schedule.parents(day, b) for b in range(day.open_block, day.close_block)]
    assert sum(map(len, started)) == len(wanted)


def test_hidden_inventory_is_told_and_trades_while_it_rests() -> None:
    found = sample(NOON, 120)
    hidden = found.market.hidden()
    assert len(hidden) > 50 and (hidden[:, D_END] > hidden[:, D_START]).all()
    resting = found.prints[found.prints[:, P_RESTING_PARENT] >= 0]
    unseen = resting[(resting[:, P_FLAGS] & (FLAG_HIDDEN | FLAG_OFF_EXCHANGE)) > 0]
    assert len(unseen) > 100
    for row in unseen[:200]:
        mine = hidden[hidden[:, D_PARENT] == row[P_RESTING_PARENT]]
        is_then = (mine[:, D_START] <= row[P_TS]) & (row[P_TS] <= mine[:, D_END])
        assert (is_then & ((mine[:, D_PRICE] < 0) | (mine[:, D_PRICE] == row[P_PRICE]))).any()


def injected(style: str, side: int, shares: int, limit: int, **more: int) -> Matrix:
    """Return one order for SPY, five seconds into the noon block."""
    row = np.zeros((1, ORDER_COLUMNS), np.int64)
    row[0, [O_CONTRACT, O_PARENT, O_PACKAGE]] = -1
    row[0, O_TS] = day_of(0).block_ts(NOON) + 5 * SECOND_NS
    row[0, [O_SIDE, O_SIZE, O_LIMIT, O_STYLE, O_CUSTOMER]] = side, shares * SHARE, limit, STYLE[style], 1
    row[0, O_ORDER] = first_id(0, NOON, MAKER_OPTION) + 77
    for name, value in more.items():
        row[
            0, {"parent": O_PARENT, "package": O_PACKAGE, "purpose": O_PURPOSE, "cancel": O_CANCEL_TS}[name]
        ] = value
    row[0, O_SYMBOL] = everything().index_of("SPY")
    return row


def run_with(order: Matrix, seconds: int) -> tuple[Matrix, Matrix]:
    market = EquityMarket(PROFILES["normal"], 5, MIDDLE, everything())
    market.start_block(day_of(0), NOON, block_paths(5, 0, NOON, everything(), MIDDLE), order)
    parts = [market.run_second(second) for second in range(seconds)]
    prints, quotes = (np.concatenate([p[i] for p in parts]) for i in range(2))
    return prints, quotes


def test_the_stock_of_a_package_prints_once_at_its_price() -> None:
    price = 559_123_400_000
    order = injected("stock_tied", -1, 12_300, price, package=99, purpose=PURPOSE["stock_tied"])
    prints, _ = run_with(order, 7)
    mine = prints[prints[:, P_ORDER] == order[0, O_ORDER]]
    assert len(mine) == 1
    assert mine[0, P_PRICE] == price and mine[0, P_SIZE] == 12_300 * SHARE and mine[0, P_PACKAGE] == 99
    assert mine[0, P_CODE] & (EQUITY_CODE["qualified_contingent"] | EQUITY_CODE["contingent"])
    assert mine[0, P_VENUE] == ord("D") and mine[0, P_AGGRESSOR] == 0
    assert mine[0, P_PURPOSE] == PURPOSE["stock_tied"]


def test_a_great_hidden_order_absorbs_without_a_move() -> None:
    _, quotes = run_with(injected("sweep", 1, 1, 0), 6)
    spy = quotes[(quotes[:, Q_SYMBOL] == everything().index_of("SPY"))]
    order = injected("hidden", 1, 50_000, 0, parent=4242)
    price = int(spy[spy[:, Q_TS] < order[0, O_TS]][-1, Q_BID])
    order[0, O_LIMIT] = price
    sale = injected("sweep", -1, 30_000, 0)
    sale[0, O_TS] += 400_000
    sale[0, O_ORDER] += 1
    prints, _ = run_with(np.concatenate([order, sale]), 7)
    sold = prints[prints[:, P_ORDER] == sale[0, O_ORDER]]
    assert sold[:, P_SIZE].sum() == 30_000 * SHARE
    assert sold[:, P_PRICE].min() == price  # and nobody shows that much at a price
    mine = sold[sold[:, P_RESTING] == order[0, O_ORDER]]
    assert mine[:, P_SIZE].sum() > 10_000 * SHARE and (mine[:, P_CUSTOMER] == 0).all()
    assert ((mine[:, P_FLAGS] & FLAG_HIDDEN) > 0).all() and (mine[:, P_RESTING_PARENT] == 4242).all()


def test_sweeps_emerge_from_one_order() -> None:
    prints, _ = run_with(injected("sweep", 1, 20_000, 0, parent=31), 7)
    mine = prints[prints[:, P_ORDER] == first_id(0, NOON, MAKER_OPTION) + 77]
    assert len(set(mine[:, P_VENUE].tolist())) >= 4 and len(set(mine[:, P_PRICE].tolist())) >= 1
    assert (np.diff(mine[:, P_PRICE]) >= 0).all()
    assert mine[-1, P_TS] - mine[0, P_TS] < 5_000_000
    assert ((mine[:, P_CODE] & EQUITY_CODE["iso"]) > 0).all()


@pytest.mark.parametrize(("block", "code"), [(66, "opening"), (144, "closing")])
def test_each_stock_has_its_auction(block: int, code: str) -> None:
    prints = np.concatenate([e.equity_prints for e in events(block, 60, "quiet")])
    found = prints[(prints[:, P_CODE] & EQUITY_CODE[code]) > 0]
    assert len(set(found[:, P_SYMBOL].tolist())) == len(found) >= len(everything()) - 2
    assert (found[:, P_AGGRESSOR] == 0).all()
    extended = (prints[:, P_CODE] & EQUITY_CODE["extended_hours"]) > 0
    is_cross = (prints[:, P_CODE] & EQUITY_CODE[code]) > 0
    assert (extended == ((block == 144) & ~is_cross)).all()
