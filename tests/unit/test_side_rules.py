"""The plain rules by hand: what each says of a few prints, where it abstains, and which layer decided."""

import numpy as np
import pytest

from dataflows.analytics.side import (
    DEPTH,
    QUOTE,
    REVERSE_TICK,
    STACKS,
    TICK,
    TRADE_SIZE,
    Columns,
    Quote,
    no_quote,
    stack,
    uses_future,
)

Row = tuple[int, int, tuple[int, int, int, int], int, int]  # price, size, best quote, last and next price


def columns(*rows: Row) -> Columns:
    best = Quote(*(np.array([r[2][k] for r in rows], np.int64) for k in range(4)))
    price, size, last, later = (np.array([r[i] for r in rows], np.int64) for i in (0, 1, 3, 4))
    return Columns(price, size, best, no_quote(len(rows)), last, later)


QUOTED = (100, 110, 5, 7)


@pytest.mark.parametrize(
    ("name", "row", "side"),
    [
        ("quote", (106, 1, QUOTED, -1, -1), 1),
        ("quote", (104, 1, QUOTED, -1, -1), -1),
        ("quote", (105, 1, QUOTED, 104, 104), 0),
        ("quote", (120, 1, (110, 100, 5, 7), -1, -1), 0),  # crossed
        ("quote", (120, 1, (-1, 110, -1, 7), -1, -1), 0),  # one-sided
        ("quote", (101, 1, (100, 100, 5, 7), -1, -1), 1),  # locked
        ("quote", (3, 1, (0, 10, 0, 7), -1, -1), -1),  # a bid of zero is a bid
        ("tick", (105, 1, QUOTED, 104, -1), 1),
        ("tick", (105, 1, QUOTED, -1, 104), 0),
        ("reverse_tick", (105, 1, QUOTED, 104, 106), -1),
        ("lee_ready", (105, 1, QUOTED, 106, -1), -1),
        ("lee_ready", (106, 1, QUOTED, 107, -1), 1),
        ("emo", (110, 1, QUOTED, 120, -1), 1),
        ("emo", (109, 1, QUOTED, 120, -1), -1),  # inside: by tick
        ("emo", (110, 1, (-1, 110, -1, 7), 120, -1), 0),  # at a side of no quote: neither
        ("clnv", (107, 1, QUOTED, 120, -1), 1),  # the edge of the outer band belongs to it
        ("clnv", (106, 1, QUOTED, 120, -1), -1),
        ("clnv", (111, 1, QUOTED, 120, -1), -1),  # outside: by tick
        ("trade_size", (110, 5, QUOTED, -1, -1), 1),
        ("trade_size", (110, 7, QUOTED, -1, -1), -1),
        ("trade_size", (110, 5, (100, 110, 5, 5), -1, -1), 0),
        ("depth", (105, 1, QUOTED, -1, -1), 1),
        ("depth", (106, 1, QUOTED, -1, -1), 0),
        ("depth", (105, 1, (100, 110, 7, -1), -1, -1), 0),
        ("size_best", (110, 7, QUOTED, -1, -1), -1),
        ("gsu_large", (110, 7, QUOTED, -1, -1), 1),  # no quote of the venue: the size says nothing
        ("gsu_small", (105, 1, QUOTED, -1, 104), 1),
        ("gsu_small_live", (105, 1, QUOTED, -1, 104), 0),
    ],
)
def test_a_rule_says(name: str, row: Row, side: int) -> None:
    assert stack(STACKS[name], columns(row)).side.tolist() == [side]


def test_the_first_layer_that_answers_decides() -> None:
    rows = columns(
        (110, 7, QUOTED, -1, -1),
        (106, 1, QUOTED, -1, -1),
        (105, 1, QUOTED, -1, -1),
        (105, 1, (-1,) * 4, -1, -1),
    )
    found = stack((TRADE_SIZE, QUOTE, DEPTH), rows)
    assert found.side.tolist() == [-1, 1, 1, 0]
    assert found.layer.tolist() == [0, 1, 2, -1]


def test_reading_the_future_is_marked() -> None:
    assert uses_future((QUOTE, REVERSE_TICK)) and not uses_future((QUOTE, TICK))
    marked = {name for name, layers in STACKS.items() if uses_future(layers)}
    assert {"reverse_tick", "gsu_small", "gsu_large"} <= marked
    assert not marked & {name for name in STACKS if name.endswith("_live")}


@pytest.mark.parametrize("name", sorted(STACKS))
def test_a_stack_without_the_mark_ignores_the_future(name: str) -> None:
    rng = np.random.default_rng(3)
    n = 400
    best = Quote(*(rng.integers(-1, 9, n) for _ in range(4)))
    one = Columns(rng.integers(0, 9, n), rng.integers(0, 9, n), best, best, rng.integers(-1, 9, n), best.bid)
    changed = stack(STACKS[name], one._replace(next_price=rng.integers(-1, 9, n))).side
    is_same = bool((changed == stack(STACKS[name], one).side).all())
    assert is_same is not uses_future(STACKS[name])
