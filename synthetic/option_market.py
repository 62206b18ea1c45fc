"""The option market of one world, as the world runs it: block by block, second by second.

Owns what a day brings (series, volatilities, open interest), the orders of a block and the engine that runs
them, and the truth of what the parties wanted. A block is a function of seed, profile, parameters, day and
block; options trade in the regular session only.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from synthetic.adversarial import join
from synthetic.agents_option_parents import LONG_COLUMNS, PARENTS_PER_PRINT, plan_parents
from synthetic.agents_option_scene import (
    C_PARENTS,
    K_FIRST_LEG,
    K_FORM,
    K_ID,
    K_IS_LEGGED,
    K_LEGS,
    K_PURPOSE,
    K_SIDE,
    K_START,
    K_SYMBOL,
    K_UNITS,
    Scene,
)
from synthetic.contracts import Contracts, list_contracts
from synthetic.layout import (
    BLOCK_SECONDS,
    DAY_BLOCKS,
    FLAG_PROMPT,
    HIDDEN_COLUMNS,
    MAKER_OPTION,
    ORDER_COLUMNS,
    P_AGGRESSOR,
    P_PACKAGE,
    P_PRICE,
    P_SIZE,
    PARENT_COLUMNS,
    PRINT_COLUMNS,
    QUOTE_COLUMNS,
    SECOND_NS,
    Matrix,
    Package,
    first_id,
    no_rows,
)
from synthetic.open_interest import LITTLE_OPEN, at_start, exercise, next_day, settle, share_of_block
from synthetic.option_block import (
    QUOTES_PER_CLOCK,
    QUOTES_PER_ORDER,
    burst_symbols,
    carry_of,
    chain_wish,
    counts_of,
    cumulated,
    empty_series,
    habits_of,
    levels,
    quote_weights,
    scene_of,
    seconds_of,
    trades_options,
    value_series,
)
from synthetic.option_engine import Engine, Work, new_book
from synthetic.option_layout import G_NET, G_PACKAGE, S_PROMPT, Floats, Series, Spots
from synthetic.option_orders import BlockOrders, Known, looks_before, write_orders
from synthetic.packages import FORMS
from synthetic.params import Params, Profile
from synthetic.paths import STEP_NS, coarse_prices
from synthetic.rng import stream
from synthetic.sessions import DAYS_MAX, Day, actions, day_of, split_factors
from synthetic.universe import Universe
from synthetic.world import Truth

KEY_ENGINE: Final = 631
MAKER_IDENTITIES: Final = 1 << 31  # market makers' own orders count from here within a block
DAYS_CACHED: Final = 3
NETS_CACHED: Final = 2 * DAY_BLOCKS
WEEK_DAYS: Final = 5
QUIETEST: Final = 1e-3  # quotes a second by the clock
QUOTES_MIN: Final = 0.1  # of a profile's quotes, that come by the clock whatever orders bring


@dataclass(frozen=True)
class DayFacts:
    """What stays the same over a day."""

    table: Contracts
    wish: Floats
    level: Floats
    skew: Floats
    open_interest: Matrix
    dividends: Matrix  # symbols that go without a dividend the next day
    coarse: Floats  # stock prices at the block boundaries
    parents: Matrix  # that work for long, [row, LONG_COLUMNS]


class OptionMarket:
    """Books of all option venues and the orders that meet in them."""

    def __init__(self, profile: Profile, seed: int, params: Params, universe: Universe) -> None:
        self.profile, self.seed, self.params, self.universe = profile, seed, params, universe
        self._tables: dict[int, Contracts] = {}
        self._facts: dict[int, DayFacts] = {}
        self._nets: dict[tuple[int, int], Matrix] = {}
        self._engine: Engine | None = None
        self._orders: BlockOrders | None = None
        self._start = 0
        self._by_hand: Matrix = np.zeros(0, np.int64)  # packages whose legs are single orders
        self._legged: list[Matrix] = []  # and their prints
        self._pairs: tuple[Package, ...] = ()  # packages of baits and twins

    def contracts(self, day: int) -> Contracts:
        """Return the series listed on a day; P_CONTRACT and Q_CONTRACT are its rows."""
        if day not in self._tables:
            while len(self._tables) >= DAYS_CACHED:
                del self._tables[min(self._tables)]
            days = [day_of(d) for d in range(day + 1)]
            now = split_factors(self.seed, day, self.universe)
            opens = np.empty((len(self.universe), day + 1))
            for d, one in enumerate(days):
                then = split_factors(self.seed, d, self.universe)
                opens[:, d] = self._coarse(d)[:, one.open_block] * then / now
            self._tables[day] = list_contracts(self.seed, days, opens, self.universe)
        return self._tables[day]

    def open_interest(self, day: int) -> Matrix:
        """Return the open interest by contract at the start of a day."""
        return self._day(day).open_interest

    def _coarse(self, day: int) -> Floats:
        return coarse_prices(self.seed, day, self.universe, self.params)

    def _day(self, day: int) -> DayFacts:
        if day not in self._facts:
            while len(self._facts) >= DAYS_CACHED:
                del self._facts[min(self._facts)]
            table = self.contracts(day)
            level, skew = levels(self.seed, day, self.universe, self.params)
            due = [a.symbol for a in actions(self.seed, day + 1, self.universe) if a.kind == "dividend"]
            facts = DayFacts(
                table, chain_wish(table), level, skew, self._positions(day), np.array(due, np.int64),
                self._coarse(day), np.zeros((0, LONG_COLUMNS), np.int64),
            )  # fmt: skip
            self._facts[day] = replace(facts, parents=self._parents(day_of(day), facts))
        return self._facts[day]

    def _parents(self, day: Day, facts: DayFacts) -> Matrix:
        """Return the day's parents that work for long, as they are planned at the open."""
        scene = self._scene(day, day.open_block, facts)
        span = (day.open_block, day.block_ts(day.open_block), day.block_ts(day.close_block))
        wanted = (int(PARENTS_PER_PRINT * self.profile.option_prints), self.params.informed_share)
        return plan_parents(self.seed, day.index, wanted, scene, facts.coarse, span)

    def _positions(self, day: int) -> Matrix:
        """Return a day's open interest: what the orders of the day before left of that day's.

        Every WEEK_DAYS days positions are those that a series' own name gives, as on the first day, so that
        no day asks for more than a week of orders.
        """
        table, on = self.contracts(day), day_of(day)
        fresh = at_start(self.seed, table, self.universe, self._coarse(day)[:, on.open_block])
        if day % WEEK_DAYS == 0:
            return fresh
        before = self._day(day - 1)
        net = np.zeros(len(before.table), np.int64)
        yesterday = day_of(day - 1)
        for block in filter(partial(trades_options, yesterday), range(DAY_BLOCKS)):
            net += self._net(yesterday, block, before)
        left = before.open_interest + net
        closing = before.coarse[:, yesterday.close_block]
        gone = exercise(before.table, left, closing, before.dividends)
        return next_day(before.table, left, table, fresh, gone)

    def _net(self, day: Day, block: int, facts: DayFacts) -> Matrix:
        """Return how a block's orders change open interest; blocks that were run are remembered."""
        if (day.index, block) not in self._nets:
            self._block_orders(day, block, facts)
        return self._nets[day.index, block]

    def _series(self, day: Day, block: int, facts: DayFacts) -> tuple[Series, Floats]:
        """Return a block's series and their deltas."""
        series = empty_series(facts.table)
        deltas = value_series(
            series, facts.table.tier, facts.coarse[:, block], facts.level, facts.skew,
            carry_of(self.universe), day.block_ts(block), self.params.option_spread_scale,
        )  # fmt: skip
        return series, deltas

    def _scene(self, day: Day, block: int, facts: DayFacts) -> Scene:
        """Return what the agents of a block choose by."""
        seconds = seconds_of(day, block, self.profile, self.seed)
        about = burst_symbols(self.seed, day, block, seconds, cumulated(self.universe.option_weight))
        _, deltas = self._series(day, block, facts)
        scene = scene_of(facts.table, facts.wish, (seconds, about), self.universe, self.params)
        return scene._replace(spot=facts.coarse[:, block].copy(), delta=deltas, start_ns=day.block_ts(block))

    def _block_orders(self, day: Day, block: int, facts: DayFacts) -> BlockOrders:
        """Return what agents order in a block, with what opens and closes settled."""
        scene = self._scene(day, block, facts)
        seconds = seconds_of(day, block, self.profile, self.seed)
        counts = counts_of(self.profile, self.params, seconds, len(facts.dividends) > 0)
        known = Known(facts.parents, facts.dividends)
        written = write_orders(self.seed, (day.index, block), scene, counts, self.params, known)
        share = _share_of_day(day, block)
        budget = share_of_block(facts.open_interest, *share)
        settle(written.orders, budget, budget.copy(), written.net)
        while len(self._nets) >= NETS_CACHED:
            del self._nets[min(self._nets)]
        self._nets[day.index, block] = written.net
        return written

    def start_block(self, day: Day, block: int, paths: Floats) -> Matrix:
        """Seed the books of a block; return the equity orders it needs there, in order of time."""
        self._engine, self._orders, self._start = None, None, day.block_ts(block)
        if not trades_options(day, block):
            return no_rows(ORDER_COLUMNS)
        facts = self._day(day.index)
        written, self._pairs = self._block_orders(day, block, facts), ()
        if self.profile.is_adversarial and day.is_regular(block):
            place, market = (day.index, block, self._start), (facts.table, facts.coarse[:, block])
            written, self._pairs = join(written, self.seed, place, market)
        series, _ = self._series(day, block, facts)
        series.whole[:, S_PROMPT] = np.where(facts.open_interest < LITTLE_OPEN, FLAG_PROMPT, 0)
        weight = quote_weights(
            series, facts.coarse[:, block], facts.wish, facts.table.chain, self.universe.option_weight
        )
        looks = looks_before(self.seed, (day.index, block), written.orders, self._start)
        rates = self._clock(seconds_of(day, block, self.profile, self.seed), len(looks) / BLOCK_SECONDS)
        identity = first_id(day.index, block, MAKER_OPTION) + MAKER_IDENTITIES
        spots = Spots(np.ascontiguousarray(paths), carry_of(self.universe), self._start, STEP_NS)
        self._orders, self._legged = written, []
        self._by_hand = written.packages[written.packages[:, K_IS_LEGGED] == 1, K_ID]
        self._engine = Engine(
            new_book(len(facts.table), self._start, identity), series, spots, habits_of(self.params),
            Work(written.orders, looks, weight, rates, self._start),
            stream(self.seed, KEY_ENGINE, day.index, block),
        )  # fmt: skip
        return written.stock

    def _clock(self, seconds: Floats, looks: float) -> Floats:
        """Return the mean time between quotes by the clock, ns, by second: what orders do not bring."""
        wanted = self.profile.option_quotes * seconds
        left = np.maximum(wanted - QUOTES_PER_ORDER * looks, QUOTES_MIN * wanted) / QUOTES_PER_CLOCK
        return np.asarray(SECOND_NS / np.maximum(left, QUIETEST), np.float64)

    def run_second(self, second: int) -> tuple[Matrix, Matrix]:
        """Run one second of the block; return prints and quotes in order of time, the caller's to keep."""
        if self._engine is None:
            return no_rows(PRINT_COLUMNS), no_rows(QUOTE_COLUMNS)
        prints, quotes = self._engine.second(self._start + (second + 1) * SECOND_NS)
        if len(self._by_hand):
            self._legged.append(prints[np.isin(prints[:, P_PACKAGE], self._by_hand)])
        return prints, quotes

    def truth(self) -> Truth:
        """Return what the parties of this block wanted; what packages cost is complete after its last second.

        There is no hidden inventory: option books show what they hold.
        """
        parents = no_rows(PARENT_COLUMNS) if self._orders is None else self._orders.parents
        return Truth(parents, no_rows(HIDDEN_COLUMNS), self._packages())

    def _packages(self) -> tuple[Package, ...]:
        """Return the packages of this block with what they cost, as far as it has run."""
        if self._orders is None or self._engine is None:
            return ()
        groups = self._engine.groups()
        costs = dict(zip(groups[:, G_PACKAGE].tolist(), groups[:, G_NET].tolist(), strict=True))
        units = {row[K_ID]: row[K_UNITS] for row in self._orders.packages.tolist()}
        for fill in (row for part in self._legged for row in part.tolist()):
            paid = fill[P_AGGRESSOR] * fill[P_PRICE] * fill[P_SIZE] // units[fill[P_PACKAGE]]
            costs[fill[P_PACKAGE]] = costs.get(fill[P_PACKAGE], 0) + paid
        pairs = tuple(p._replace(net_price=p.side * costs.get(p.package_id, 0)) for p in self._pairs)
        return tuple(_package(row, costs) for row in self._orders.packages.tolist()) + pairs


def _package(row: list[int], costs: dict[int, int]) -> Package:
    legs = tuple((row[K_FIRST_LEG + 2 * k], row[K_FIRST_LEG + 2 * k + 1]) for k in range(row[K_LEGS]))
    net = row[K_SIDE] * costs.get(row[K_ID], 0)
    kind = FORMS[row[K_FORM]].kind
    return Package(
        row[K_ID], row[K_SYMBOL], kind, legs, row[K_SIDE], row[K_UNITS], net, row[K_START], row[K_PURPOSE]
    )


def _share_of_day(day: Day, block: int) -> tuple[float, float]:
    """Return which part of the regular session has passed before and after a block."""
    length = day.close_block - day.open_block
    return (block - day.open_block) / length, min((block + 1 - day.open_block) / length, 1.0)


assert DAYS_MAX < 1 << 18 and C_PARENTS == 2 and DAY_BLOCKS < 255
