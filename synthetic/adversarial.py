"""Baits and their true twins: pairs of events that differ in one hidden variable and look alike.

Owns the cases and how a pair is made: one script is played twice with the same draws (instruments, sides,
sizes, gaps, codes), once as bait and once as twin, and only the hidden variable depends on which it is.
What happens to the orders is the markets' affair. Refuses to tell a bait from a twin in anything a tape
shows; where the mechanism itself must show something, the case says what.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from synthetic.adversarial_script import (
    PAIR_IDS,
    TWIN_IDS,
    Ask,
    Scene,
    Script,
    eligible_chains,
    scene_of,
)
from synthetic.contracts import Contracts
from synthetic.layout import (
    BLOCK_SECONDS,
    MAKER_ADVERSARIAL,
    MILLISECOND_NS,
    ORDER_COLUMNS,
    PARENT_COLUMNS,
    SECOND_NS,
    Matrix,
    Package,
    first_id,
    no_rows,
)
from synthetic.option_layout import OPTION_ORDER_COLUMNS, Floats
from synthetic.option_orders import BlockOrders
from synthetic.rng import below, stream, uniform

KEY_ADVERSARIAL: Final = 901
PAIRS_PER_CASE: Final = 2  # in a block
MARGIN_S: Final = 70  # a script lasts at most a minute


class Injected(NamedTuple):
    """Orders to be played in a block beside those of the agents, and what they were."""

    options: Matrix  # OPTION_ORDER_COLUMNS, sorted by time; rows of a package follow each other
    equities: Matrix  # ORDER_COLUMNS, sorted by time
    parents: Matrix
    packages: tuple[Package, ...]


class Tag(NamedTuple):
    """What an identity of this maker stands for; a pair is a bait and a twin of one case and number."""

    case: str
    pair: int
    is_twin: bool


Play = Callable[[Script, bool], None]


@dataclass(frozen=True)
class Case:
    """A kind of pair: what is hidden, what the tape shows of it ("nothing" mostly), and its script."""

    name: str
    hidden: str
    shows: str
    play: Play


def _coincidence(script: Script, is_twin: bool) -> None:
    """Orders for one series within 50 ms, at whichever venues are best: of strangers, or of one parent."""
    side, count = script.side(), 3 + script.below(4)
    code = "S" if script.uniform() < 0.5 else "I"
    for k in range(count):
        size = 25 + script.below(60)
        style = "sweep" if code == "S" else "route_best"
        ask = Ask(script.scene.near, side, size, style, code)
        script.option(ask, parent=0 if is_twin else k)
        script.wait(1 + script.below(9 * MILLISECOND_NS))


def _two_packages(script: Script, is_twin: bool) -> None:
    """Four legs on one venue in one millisecond: two verticals of strangers, or one condor."""
    side, units, venue = script.side(), 2 + script.below(18), script.complex_venue()
    place = 350 + script.below(400)
    legs = [(c, r) for c, r in zip(script.scene.ladder, (1, -1, -1, 1), strict=True)]
    if is_twin:
        script.package("condor", legs, (side, units, place, venue))
        return
    script.package("vertical", legs[:2], (side, units, place, venue), parent=0)
    script.wait(200_000)
    script.package("vertical", [(c, -r) for c, r in legs[2:]], (-side, units, place, venue), parent=1)


def _opening(script: Script, is_twin: bool) -> None:
    """One order: it closes a position, or it opens one."""
    ask = Ask(script.scene.near, script.side(), 20 + script.below(180), "sweep", "S", is_opening=is_twin)
    script.option(ask)


def _passive(script: Script, is_twin: bool) -> None:
    """A better offer is shown and taken at once: by a professional from a customer, or the reverse."""
    side, size = script.side(), 5 + script.below(40)
    resting = Ask(script.scene.near, -side, size, "post", "I", place=250, is_customer=not is_twin)
    script.option(resting, parent=0)
    script.wait(5 * MILLISECOND_NS + script.below(20 * MILLISECOND_NS))
    script.option(Ask(script.scene.near, side, size, "route_best", "I", is_customer=is_twin), parent=1)


def _auctions(script: Script, is_twin: bool) -> None:
    """Small orders of one series and side in price improvement auctions: retail, or slices of one parent."""
    side, count, typical = script.side(), 4 + script.below(4), 4 + script.below(8)
    for k in range(count):
        size = max(1, typical + script.below(3) - 1)
        ask = Ask(script.scene.near, side, size, "auction", "a", place=700 + script.below(300))
        script.option(ask, parent=0 if is_twin else k)
        script.wait(300 * MILLISECOND_NS + script.below(3 * SECOND_NS))


def _hedge(script: Script, is_twin: bool) -> None:
    """A large stock report and an option trade a second later: strangers, or a holder who hedges it."""
    size, side = 50 + script.below(150), script.side()
    shares = max(100, int(50 * size) // 100 * 100)
    script.stock(side, shares, "negotiated", parent=0)
    script.wait(400 * MILLISECOND_NS + script.below(SECOND_NS))
    # Bought stock is hedged with bought puts, sold stock with bought calls.
    series = script.scene.near_put if side > 0 else script.scene.near_call
    script.option(Ask(series, 1, size, "sweep", "S"), parent=0 if is_twin else 1)


def _midpoints(script: Script, is_twin: bool) -> None:
    """Stock at the midpoint in the dark, again and again: strangers of either side, or one parent."""
    side, count = script.side(), 8 + script.below(5)
    for k in range(count):
        shares, other = 100 * (3 + script.below(6)), script.side()
        mine = side if is_twin else other
        script.stock(mine, shares, "midpoint", parent=0 if is_twin else k)
        script.wait(SECOND_NS + script.below(3 * SECOND_NS))


def _cross(script: Script, is_twin: bool) -> None:
    """A crossed block at the offer: the customer sold it there, or bought it there."""
    side, size = (1 if is_twin else -1), 400 + script.below(900)
    place = 1000 if is_twin else 0  # both are the offer, seen from the customer's side
    script.option(Ask(script.scene.near, side, size, "qcc", "c", place=place))


def _block(script: Script, is_twin: bool) -> None:
    """A block printed whole at the far side: agreed beforehand and crossed, or taken from one contra."""
    size, side = 400 + script.below(900), script.side()
    style, code = ("floor", "I") if is_twin else ("qcc", "c")
    script.option(Ask(script.scene.near, side, size, style, code, place=1000))


def _roll(script: Script, is_twin: bool) -> None:
    """A calendar: opened anew, or the move of a position to the later expiry."""
    side, units, venue = script.side(), 5 + script.below(45), script.complex_venue()
    place = 350 + script.below(400)
    legs = [(script.scene.near, -1), (script.scene.far, 1)]
    closes = frozenset({script.scene.near}) if is_twin else frozenset()
    script.package("roll" if is_twin else "calendar", legs, (side, units, place, venue), closes=closes)


def _late(script: Script, is_twin: bool) -> None:
    """A floor trade: agreed half a minute before its report, or just now."""
    side, size = script.side(), 100 + script.below(400)
    delay_ns = 20 * SECOND_NS + script.below(15 * SECOND_NS)
    ask = Ask(script.scene.near, side, size, "floor", "e", place=900)
    if not is_twin:
        script.option(ask._replace(delay_ns=delay_ns))
        return
    script.wait(delay_ns - MILLISECOND_NS)
    script.option(ask._replace(delay_ns=MILLISECOND_NS))


CASES: Final = (
    Case("coincident_orders", "whether the orders are one parent's", "nothing", _coincidence),
    Case("coincident_packages", "whether the legs are one package", "nothing", _two_packages),
    Case("opening", "whether the customer opens", "nothing", _opening),
    Case("passive_customer", "which party is the customer", "nothing", _passive),
    Case("auction_cluster", "whether the orders are one parent's", "nothing", _auctions),
    Case("stock_hedge", "whether stock and option are one holder's", "nothing", _hedge),
    Case("dark_midpoints", "whether one parent accumulates", "nothing", _midpoints),
    Case("crossed_block", "the customer's side", "nothing", _cross),
    Case("block_taken", "whether the block met the market", "the sale code", _block),
    Case("roll", "whether the near leg closes", "nothing", _roll),
    Case("late_floor", "when the trade was agreed", "nothing", _late),
)


def inject(seed: int, day: int, block: int, start_ts: int, market: tuple[Contracts, Floats]) -> Injected:
    """Return the pairs of a block; `market` are the day's contracts and stock prices in USD by symbol.

    A pure function. A market without a liquid chain near the money gives nothing.
    """
    contracts, spot = market
    chains = eligible_chains(contracts)
    if not chains:
        return Injected(no_rows(OPTION_ORDER_COLUMNS), no_rows(ORDER_COLUMNS), no_rows(PARENT_COLUMNS), ())
    base, played = first_id(day, block, MAKER_ADVERSARIAL), []
    for pair in range(PAIRS_PER_CASE * len(CASES)):
        s = stream(seed, KEY_ADVERSARIAL, day, block, pair)
        scene = scene_of(contracts, spot, chains[below(s, len(chains))])
        if scene is not None:
            played += _pair(pair, scene, (start_ts, base), (seed, day, block))
    return _collect(played)


def _pair(pair: int, scene: Scene, where: tuple[int, int], key: tuple[int, int, int]) -> list[Script]:
    """Play a case twice in a block, a minute and more apart; which comes first is drawn."""
    start_ts, base = where
    s = stream(key[0], KEY_ADVERSARIAL, *key[1:], pair, 1)
    half_s = (BLOCK_SECONDS - MARGIN_S) // 2
    at = start_ts + int(uniform(s) * (half_s - 5) * SECOND_NS) + 3 * SECOND_NS
    is_twin_first = uniform(s) < 0.5
    scripts = []
    for is_twin in (False, True):
        shift = 0 if is_twin == is_twin_first else half_s + MARGIN_S // 2
        draws = stream(key[0], KEY_ADVERSARIAL, *key[1:], pair, 2)
        identity = base + pair * PAIR_IDS + is_twin * TWIN_IDS
        script = Script(scene, at + shift * SECOND_NS, identity, draws, is_twin)
        CASES[pair % len(CASES)].play(script, is_twin)
        scripts.append(script)
    return scripts


def join(
    written: BlockOrders, seed: int, at: tuple[int, int, int], market: tuple[Contracts, Floats]
) -> tuple[BlockOrders, tuple[Package, ...]]:
    """Return the orders of a block with its pairs among them, and the packages of those.

    `at` is (day, block, start in ns). Open interest stays as it was: whoever meets an order of a pair opens
    where it closes, and closes where it opens.
    """
    added = inject(seed, *at, market)
    orders = np.concatenate([written.orders, added.options])
    stock = np.concatenate([written.stock, added.equities])
    return written._replace(
        orders=orders[np.argsort(orders[:, 0], kind="stable")],
        stock=stock[np.argsort(stock[:, 0], kind="stable")],
        parents=np.concatenate([written.parents, added.parents]),
    ), added.packages


def _collect(played: list[Script]) -> Injected:
    options = [row for script in played for row in script.options]
    stocks = [row for script in played for row in script.stocks]
    parents = [row for script in played for row in script.parent_rows()]
    return Injected(
        _sorted(options, OPTION_ORDER_COLUMNS),
        _sorted(stocks, ORDER_COLUMNS),
        np.array(parents, np.int64).reshape(-1, PARENT_COLUMNS),
        tuple(p for script in played for p in script.packages),
    )


def _sorted(rows: list[Matrix], columns: int) -> Matrix:
    """Return rows in order of time; those of one time, as the legs of a package have it, stay together."""
    if not rows:
        return no_rows(columns)
    table = np.stack(rows)
    return table[np.argsort(table[:, 0], kind="stable")]


def tag_of(identity: int) -> Tag | None:
    """Return the pair that an order, parent or package belongs to, None where another maker made it."""
    if identity < 0 or identity >> 32 & 15 != MAKER_ADVERSARIAL:
        return None
    pair = (identity & 0xFFFF_FFFF) // PAIR_IDS
    return Tag(CASES[pair % len(CASES)].name, pair, bool(identity % PAIR_IDS >= TWIN_IDS))
