"""A second world: known orders planted into recorded quotes.

Owns how an order meets a recorded quote: at the touch, inside, at the midpoint or as a resting order
that somebody else hits, never for more than was displayed, and reported with a delay. The quotes are
what they were: planted orders move nothing, so impact is not to be learnt here. It shares no code
with the synthetic market, so that a score which holds on both does not hang on one author's mechanism.

Times are int64 ns, prices int64 in 1e-9 USD, sizes whole lots.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from scoring.join_lag import Floats, Longs, Mask

BUY, SELL, NEITHER = 1, -1, 0
STYLES: Final = ("single", "sweep", "split", "passive", "inside", "midpoint")
SINGLE, SWEEP, SPLIT, PASSIVE, INSIDE, MIDPOINT = range(6)
NS_PER_MS: Final = 1_000_000
PRICE_STEP: Final = 100_000  # a hundredth of a cent, the grid of reports off the exchanges
LIT_VENUES: Final = "NPQZKYB"
OFF_VENUE: Final = "D"
MAX_CHILDREN: Final = 64


class Displayed(NamedTuple):
    """One instrument's recorded quotes in the order of time; sizes in lots, an absent price is -1."""

    ts: Longs
    bid: Longs
    ask: Longs
    bid_lots: Longs
    ask_lots: Longs


@dataclass(frozen=True, slots=True)
class Params:
    """How many orders and of which manner; shares are of parents and need not sum to one.

    What `sweep`, `split`, `passive`, `inside` and `midpoint` leave over are single orders at the touch.
    """

    parent_count: int = 2_000
    sweep: float = 0.10
    split: float = 0.10
    passive: float = 0.20
    inside: float = 0.15
    midpoint: float = 0.10
    lots_mean: float = 4.0
    sweep_venues: int = 3
    split_children: int = 6
    split_gap_ms: float = 150.0
    lit_delay_ms: float = 0.4
    off_delay_ms: float = 25.0
    late_share: float = 0.02  # reports off the exchanges that take seconds


class Planted(NamedTuple):
    """Prints in the order of their reports, each with its truth in the same row.

    `aggressor` and `customer` are +1, -1 or 0; `quote` is the row of the quote that was met.
    """

    report_ts: Longs
    exact_ts: Longs
    price: Longs
    lots: Longs
    venue: Longs
    aggressor: Longs
    customer: Longs
    parent: Longs
    order: Longs
    style: Longs
    quote: Longs


def plant(quotes: Displayed, span: tuple[int, int], seed: int, params: Params) -> Planted:
    """Return the prints of orders planted between two times of recorded quotes, a pure function.

    Orders that find no quote with two sides and a spread trade nothing.
    """
    assert len(quotes.ts) and (np.diff(quotes.ts) >= 0).all(), "quotes must come in the order of time"
    dice = np.random.Generator(np.random.PCG64(seed))
    children = _children(dice, span, params)
    met = np.searchsorted(quotes.ts, children.ts, side="left") - 1
    good = (met >= 0) & (quotes.bid[met] > 0) & (quotes.ask[met] > quotes.bid[met])
    good &= (quotes.bid_lots[met] > 0) & (quotes.ask_lots[met] > 0) & (children.ts < span[1])
    kept = _Children(*(column[good] for column in children))
    return _execute(dice, quotes, kept, met[good], params)


class _Children(NamedTuple):
    ts: Longs
    side: Longs
    lots: Longs
    parent: Longs
    order: Longs
    style: Longs


def _children(dice: np.random.Generator, span: tuple[int, int], params: Params) -> _Children:
    """Draw the parents and cut each into its child orders, in the order of time."""
    count = params.parent_count
    given = [params.sweep, params.split, params.passive, params.inside, params.midpoint]
    style = dice.choice(len(STYLES), count, p=[1 - sum(given), *given])
    start = np.sort(dice.integers(span[0], span[1], count))
    side = np.where(dice.random(count) < 0.5, BUY, SELL)
    lots = dice.geometric(1 / params.lots_mean, count)
    pieces = np.ones(count, np.int64)
    pieces[style == SWEEP] = params.sweep_venues
    is_split = style == SPLIT
    pieces[is_split] = np.minimum(2 + dice.poisson(params.split_children - 2, is_split.sum()), MAX_CHILDREN)
    parent = np.repeat(np.arange(count), pieces)
    gaps = dice.exponential(params.split_gap_ms, len(parent)) * NS_PER_MS * is_split[parent]
    # A parent's first child comes at its start; the pieces of a sweep differ by microseconds.
    gaps += (style[parent] == SWEEP) * dice.exponential(0.05, len(parent)) * NS_PER_MS
    firsts = np.cumsum(pieces) - pieces
    gaps[firsts] = 0
    total = np.cumsum(gaps)
    ts = start[parent] + (total - total[firsts][parent]).astype(np.int64)
    order = np.where(is_split[parent], np.arange(len(parent)), firsts[parent])
    found = _Children(ts, side[parent], lots[parent], parent, order, style[parent])
    by_time = np.argsort(found.ts, kind="stable")
    return _Children(*(column[by_time].astype(np.int64) for column in found))


def _execute(
    dice: np.random.Generator, quotes: Displayed, children: _Children, met: Longs, params: Params
) -> Planted:
    """Trade each child against the quote it met, and report it."""
    is_passive, is_mid = children.style == PASSIVE, children.style == MIDPOINT
    taker = np.where(is_passive, -children.side, children.side)
    price = _prices(dice, quotes, met, (taker, children.style))
    shown = np.where(taker == BUY, quotes.ask_lots[met], quotes.bid_lots[met])
    is_off = is_mid | (children.style == INSIDE)
    venue = np.where(is_off, len(LIT_VENUES), dice.integers(0, len(LIT_VENUES), len(met)))
    venue = _distinct_venues(venue, children)
    exact = children.ts
    report = exact + _delays(dice, is_off, params)
    order = np.argsort(report, kind="stable")
    made = Planted(
        report, exact, price, np.minimum(children.lots, shown), venue,
        np.where(is_mid, NEITHER, taker), children.side, children.parent, children.order,
        children.style, met,
    )  # fmt: skip
    return Planted(*(column[order] for column in made))


def _prices(dice: np.random.Generator, quotes: Displayed, met: Longs, how: tuple[Longs, Longs]) -> Longs:
    """Return the touch of the taker's side, improved by up to 0.4 of the spread inside, or the midpoint."""
    taker, style = how
    bid, ask = quotes.bid[met], quotes.ask[met]
    gain = ((0.05 + 0.35 * dice.random(len(met))) * (ask - bid) / PRICE_STEP).astype(np.int64) * PRICE_STEP
    price = np.where(taker == BUY, ask, bid) - taker * gain * (style == INSIDE)
    return np.where(style == MIDPOINT, (bid + ask) // 2, price)


def _distinct_venues(venue: Longs, children: _Children) -> Longs:
    """Send the pieces of a sweep to one exchange after another, for one exchange would fill them at once."""
    rows = np.flatnonzero(children.style == SWEEP)
    if len(rows) == 0:
        return venue
    by_parent = rows[np.argsort(children.parent[rows], kind="stable")]
    parent = children.parent[by_parent]
    firsts = np.r_[0, np.flatnonzero(np.diff(parent)) + 1]
    sizes = np.diff(np.r_[firsts, len(parent)])
    place = np.arange(len(parent)) - np.repeat(firsts, sizes)
    out = venue.copy()
    out[by_parent] = (np.repeat(venue[by_parent[firsts]], sizes) + place) % len(LIT_VENUES)
    return out


def _delays(dice: np.random.Generator, is_off: Mask, params: Params) -> Longs:
    """Return ns from trade to report: exchanges at once, others later, and some of those much later."""
    scale: Floats = np.where(is_off, params.off_delay_ms, params.lit_delay_ms)
    delay = scale * np.exp(0.8 * dice.standard_normal(len(is_off)))
    is_late = is_off & (dice.random(len(is_off)) < params.late_share)
    delay = np.where(is_late, 1_000 + 8_000 * dice.random(len(is_off)), delay)
    return (delay * NS_PER_MS).astype(np.int64)
