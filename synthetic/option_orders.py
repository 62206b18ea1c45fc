"""The orders of a block, written by all agents together.

Owns how many agents of each kind act, the matrices they write to, their order by time, and the looks: market
makers quote a series anew shortly before somebody trades it, as they do because the same news moves both.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit

from synthetic.agents_option import (
    KINDS,
    compression,
    day_trader,
    dividend_play,
    floor,
    institution,
    professional,
    qcc,
    retail,
    zero_dte,
)
from synthetic.agents_option_packages import package
from synthetic.agents_option_parents import L_CHILDREN, work_parents
from synthetic.agents_option_scene import (
    C_IDENTITY,
    C_ORDERS,
    C_PACKAGES,
    C_PARENTS,
    C_STOCK,
    DESK_COUNTERS,
    PACKAGE_COLUMNS,
    Desk,
    Scene,
)
from synthetic.layout import (
    BLOCK_NS,
    MAKER_OPTION,
    O_CONTRACT,
    O_TS,
    ORDER_COLUMNS,
    PARENT_COLUMNS,
    ROWS_MAX,
    T_START,
    Matrix,
    first_id,
)
from synthetic.option_layout import OPTION_ORDER_COLUMNS, Floats, Stream
from synthetic.params import Params
from synthetic.rng import exponential, poisson, stream, uniform

KEY_ORDERS: Final = 641
KEY_LOOKS: Final = 642
ROWS_PER_AGENT: Final = 9  # that one agent can write at most
PACKAGES_TOGETHER: Final = 2  # further ones that a package brings at most, taken over a block
LOOK_NS: Final = 0.5e9
LOOK_MIN_NS: Final = 15_000_000
SECOND_LOOK: Final = 0.25  # share of orders with an earlier look as well


class BlockOrders(NamedTuple):
    """What agents want in a block: orders for options and stock by time, parents, packages.

    `net` is the change of open interest by contract.
    """

    orders: Matrix
    stock: Matrix
    parents: Matrix
    packages: Matrix
    net: Matrix


@njit(cache=True)
def _act(
    desk: Desk, scene: Scene, kind: int, gap_scale: float, improve: float, dividends: Matrix, s: Stream
) -> None:
    if kind <= 2:
        retail(desk, scene, kind, improve, s)
    elif kind == 3:
        zero_dte(desk, scene, improve, s)
    elif kind == 4:
        professional(desk, scene, s)
    elif kind == 5:
        institution(desk, scene, gap_scale, s)
    elif kind == 6:
        floor(desk, scene, s)
    elif kind == 7:
        qcc(desk, scene, s)
    elif kind == 8:
        package(desk, scene, s)
    elif kind == 9:
        dividend_play(desk, scene, dividends, s)
    elif kind == 10:
        compression(desk, scene, s)
    else:
        day_trader(desk, scene, improve, s)


@njit(cache=True)
def _act_all(
    desk: Desk, scene: Scene, counts: Matrix, gap_scale: float, improve: float, dividends: Matrix, s: Stream
) -> None:
    """Let every agent of the block act."""
    for kind in range(len(counts)):
        for _ in range(counts[kind]):
            _act(desk, scene, kind, gap_scale, improve, dividends, s)


class Known(NamedTuple):
    """What is known of a day before its blocks: long parents, and who goes without a dividend next."""

    parents: Matrix
    dividends: Matrix


def write_orders(
    seed: int, place: tuple[int, int], scene: Scene, means: Floats, params: Params, known: Known
) -> BlockOrders:
    """Return what the agents of a block (day, block) want, orders in order of time."""
    s = stream(seed, KEY_ORDERS, *place)
    counts = np.array([poisson(s, mean) for mean in means.tolist()], np.int64)
    if len(scene.daily_symbols) == 0:
        counts[[KINDS.index("zero_dte"), KINDS.index("compression")]] = 0
    children = 0 if len(known.parents) == 0 else int(known.parents[:, L_CHILDREN].sum())
    met = PACKAGES_TOGETHER * int(counts[KINDS.index("package")])
    room = ROWS_PER_AGENT * int(counts.sum() + met) + children + 16 * ROWS_PER_AGENT
    assert room <= ROWS_MAX, f"{room} rows asked for, {ROWS_MAX} are the limit"
    counters = np.zeros(DESK_COUNTERS, np.int64)
    counters[C_IDENTITY] = first_id(*place, MAKER_OPTION)
    desk = Desk(
        np.empty((room, OPTION_ORDER_COLUMNS), np.int64),
        np.empty((room, ORDER_COLUMNS), np.int64),
        np.empty((room, PARENT_COLUMNS), np.int64),
        np.empty((room, PACKAGE_COLUMNS), np.int64),
        counters,
    )
    _act_all(desk, scene, counts, params.gap_scale, params.improvement_scale, known.dividends, s)
    work_parents(seed, place[0], desk, scene, known.parents, params.improvement_scale)
    begun = known.parents[:, :PARENT_COLUMNS]
    begun = begun[(begun[:, T_START] >= scene.start_ns) & (begun[:, T_START] < scene.start_ns + BLOCK_NS)]
    return BlockOrders(
        by_time(desk.orders[: counters[C_ORDERS]]),
        by_time(desk.stock[: counters[C_STOCK]]),
        np.concatenate([begun, desk.parents[: counters[C_PARENTS]]]),
        desk.packages[: counters[C_PACKAGES]].copy(),
        np.zeros(len(scene.strike), np.int64),
    )


def by_time(rows: Matrix) -> Matrix:
    """Return rows in order of time; rows of one time keep theirs, so that legs stay together."""
    return rows[np.argsort(rows[:, O_TS], kind="stable")]


@njit(cache=True)
def _looks(orders: Matrix, start_ns: int, s: Stream) -> Matrix:
    found = np.empty((2 * len(orders), 2), np.int64)
    count = 0
    for row in range(len(orders)):
        ts = orders[row, O_TS]
        for _ in range(2 if uniform(s) < SECOND_LOOK else 1):
            ts -= LOOK_MIN_NS + np.int64(LOOK_NS * exponential(s))
            found[count, 0], found[count, 1] = max(ts, start_ns), orders[row, O_CONTRACT]
            count += 1
    return found[:count]


def looks_before(seed: int, place: tuple[int, int], orders: Matrix, start_ns: int) -> Matrix:
    """Return when market makers look at series about to trade: [row, (time, contract)] by time."""
    return by_time(_looks(orders, start_ns, stream(seed, KEY_LOOKS, *place)))
