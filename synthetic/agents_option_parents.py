"""Parents of options that work for minutes to hours: a schedule known in advance, child after child.

Owns the day's list of long parents (institutions, accumulators, distributors) and the children of each that
fall into a block. A child depends on the seed, the day, its parent and its number alone, so that blocks need
not know each other. Some parents know where the stock goes.
"""

from typing import Final

import numpy as np
from numba import njit

from synthetic.agents_option import electronic, improvement, some_side
from synthetic.agents_option_scene import (
    Desk,
    Scene,
    cancel_time,
    draw_contract,
    large_size,
    put_order,
    search,
)
from synthetic.layout import (
    BLOCK_NS,
    MAKER_OPTION,
    MILLISECOND_NS,
    O_CANCEL_TS,
    O_OPEN,
    O_PARENT,
    O_VENUE,
    PARENT_COLUMNS,
    PURPOSE,
    SECOND_NS,
    STYLE,
    T_END,
    T_ID,
    T_PACKAGE,
    T_PURPOSE,
    T_SIDE,
    T_SIZE,
    T_START,
    T_STYLE,
    T_SYMBOL,
    WHOLE_DAY,
    first_id,
)
from synthetic.option_layout import VENUE_LETTER, VENUES, X_CONTRA_OPEN, X_PLACE, Floats, Matrix
from synthetic.rng import below, stream, uniform

KEY_PARENT: Final = 661
KEY_CHILD: Final = 662
PARENTS_PER_PRINT: Final = 3.0  # a day, for each option print a second of the profile
SHORTEST_NS: Final = 600 * SECOND_NS
LONGEST_NS: Final = 14_000 * SECOND_NS
# Columns behind those of a parent.
L_CONTRACT: Final = PARENT_COLUMNS
L_CHILDREN: Final = PARENT_COLUMNS + 1
L_OPEN: Final = PARENT_COLUMNS + 2
L_VENUE: Final = PARENT_COLUMNS + 3
LONG_COLUMNS: Final = PARENT_COLUMNS + 4
S_SWEEP: Final = STYLE["sweep"]
S_ROUTE: Final = STYLE["route_best"]
S_POST: Final = STYLE["post"]
S_AUCTION: Final = STYLE["auction"]
P_INSTITUTION: Final = PURPOSE["institution"]
P_ACCUMULATE: Final = PURPOSE["accumulate"]
P_DISTRIBUTE: Final = PURPOSE["distribute"]
CODE_ISO: Final = ord("S")
CODE_AUCTION: Final = ord("a")


@njit(cache=True)
def _plan(
    seed: int,
    day: int,
    rows: Matrix,
    scene: Scene,
    coarse: Floats,
    span: tuple[int, int, int],
    informed: float,
) -> None:
    """Fill the parents of a day; the arguments are those of `plan_parents`."""
    first_block, start, end = span
    for k in range(len(rows)):
        s = stream(seed, KEY_PARENT, day, k)
        cumulated = scene.symbol_cum
        symbol = search(cumulated, uniform(s) * cumulated[-1], 0, len(cumulated))
        contract = draw_contract(scene, symbol, s)
        side, children, u = some_side(s), 6 + below(s, 50), uniform(s)
        length = SHORTEST_NS + int((LONGEST_NS - SHORTEST_NS) * uniform(s) * uniform(s))
        begin = start + int((end - start) * uniform(s) * 0.9)
        length = min(length, end - begin - SECOND_NS)
        if uniform(s) < informed:
            at = first_block + (begin - start) // BLOCK_NS
            last = first_block + (end - start) // BLOCK_NS
            is_up = coarse[symbol, last] > coarse[symbol, at]
            side = 1 if is_up == (scene.delta[contract] > 0) else -1
        is_patient = u > 0.6
        row = rows[k]
        row[T_SYMBOL], row[T_SIDE], row[T_SIZE] = symbol, side, max(large_size(scene, s) * 3, 2 * children)
        row[T_START], row[T_END], row[T_PACKAGE] = begin, begin + length, -1
        row[T_STYLE] = (
            S_POST if is_patient else (S_SWEEP if u < 0.2 else (S_ROUTE if u < 0.45 else S_AUCTION))
        )
        row[T_PURPOSE] = (P_ACCUMULATE if side > 0 else P_DISTRIBUTE) if is_patient else P_INSTITUTION
        row[L_CONTRACT], row[L_CHILDREN], row[L_OPEN] = contract, children, uniform(s) < 0.8
        row[L_VENUE] = VENUE_LETTER[below(s, VENUES)] if uniform(s) < 0.3 else 0


def plan_parents(
    seed: int, day: int, wanted: tuple[int, float], scene: Scene, coarse: Floats, span: tuple[int, int, int]
) -> Matrix:
    """Return the long parents of a day, [row, LONG_COLUMNS].

    `wanted` is how many and which share of them knows where the stock goes; the scene is the one of the open,
    `coarse` are stock prices by block, `span` the session's first block, its start and its end in ns.
    """
    count, informed = wanted
    rows = np.zeros((count, LONG_COLUMNS), np.int64)
    _plan(seed, day, rows, scene, coarse, span, informed)
    rows[:, T_ID] = first_id(day, WHOLE_DAY, MAKER_OPTION) + np.arange(count)
    return rows


@njit(cache=True)
def work_parents(seed: int, day: int, desk: Desk, scene: Scene, parents: Matrix, improve: float) -> None:
    """Write the children of long parents that fall into the scene's block."""
    start, end = scene.start_ns, scene.start_ns + BLOCK_NS
    for k in range(len(parents)):
        row = parents[k]
        length, children = row[T_END] - row[T_START], row[L_CHILDREN]
        if row[T_START] >= end or row[T_END] < start or length <= 0:
            continue
        first = max((start - row[T_START]) * children // length - 1, 0)
        last = min((end - row[T_START]) * children // length + 1, children)
        for child in range(first, last):
            s = stream(seed, KEY_CHILD, day, k, child)
            ts = row[T_START] + int((child + uniform(s)) / children * length)
            if ts < start or ts >= end - MILLISECOND_NS:
                continue
            style = row[T_STYLE]
            size = max(int(row[T_SIZE] / children * (0.85 + 0.3 * uniform(s))), 1)
            code = CODE_ISO if style == S_SWEEP else (CODE_AUCTION if style == S_AUCTION else electronic(s))
            order = put_order(
                desk, ts, row[T_SYMBOL], row[L_CONTRACT], row[T_SIDE], size, style, row[T_PURPOSE], code
            )
            order[O_PARENT], order[O_OPEN], order[X_CONTRA_OPEN] = row[T_ID], row[L_OPEN], uniform(s) < 0.6
            order[O_VENUE] = row[L_VENUE]
            if style == S_POST:
                order[X_PLACE] = 0 if uniform(s) < 0.5 else 200 + below(s, 400)
                order[O_CANCEL_TS] = cancel_time(scene, ts + 90 * SECOND_NS)
            elif style == S_AUCTION:
                order[X_PLACE] = improvement(improve, s)
