"""The synthetic market as samples: about a minute of every half hour of a day, for each seed of a region.

Owns which days, blocks and seconds are looked at. Each block is made without the ones before it, so a day
is sampled without being made whole. Refuses to sample outside the regular session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, get_args

import numpy as np
import pyarrow as pa

from connectors.feeds import synthetic_rows as rows_of
from schemas.columns import Batch, concat, constant, empty
from schemas.topics import TOPIC
from scoring.facts_sample import Sample, Truth, equity_side, option_side
from scoring.join_lag import Longs
from synthetic.contracts import MULTIPLIER
from synthetic.layout import (
    P_AGGRESSOR,
    P_CUSTOMER,
    P_OPEN_BUY,
    P_OPEN_SELL,
    P_ORDER,
    P_PACKAGE,
    P_PARENT,
    P_PURPOSE,
    PURPOSES,
    SECOND_NS,
    Matrix,
)
from synthetic.option_market import OptionMarket
from synthetic.params import PROFILES, Region, draw
from synthetic.sessions import Day
from synthetic.tape import Published, Tape
from synthetic.tape_incidents import Incidents, plan
from synthetic.tape_layout import ORIGINAL, S_STATE
from synthetic.tape_market import DayMarket
from synthetic.tape_params import TapeParams, tape_of
from synthetic.universe import everything
from synthetic.world import Events, World

REGIONS: Final[tuple[str, ...]] = get_args(Region)
BLOCK_STEP: Final = 3  # two blocks of each half hour, its second and its fifth
FIRST_BLOCK: Final = 1
WARM_UP_S: Final = 10  # books seeded anew settle, and reports of before are missing
WINDOW_S: Final = {"quiet": 120, "stress": 10}  # fewer records need more seconds
USUAL_WINDOW_S: Final = 30
DAYS: Final = 5
TOPICS: Final = ("options.prints", "options.nbbo", "equities.prints", "equities.quotes")
NAMES: Final = ("option prints", "option quotes", "equity prints", "equity quotes")


def profiles() -> tuple[str, ...]:
    """Return the profiles that can be measured."""
    return tuple(PROFILES)


def world_samples(
    profile: str, seeds: int, region: str, told: Callable[[int], None] = lambda done: None
) -> Iterator[Sample]:
    """Yield a sample for each of some seeds, and tell after each how many are done."""
    for seed in range(1, seeds + 1):
        yield world_sample(profile, seed, region)
        told(seed)


def world_sample(profile: str, seed: int, region: str, window_s: int = 0) -> Sample:
    """Return twice `window_s` seconds (0: as the profile needs) of each half hour of one day of a world."""
    assert region in REGIONS, region
    window_s = window_s or WINDOW_S.get(profile, USUAL_WINDOW_S)
    params, universe = draw(region, seed), everything()  # type: ignore[arg-type]
    options = OptionMarket(PROFILES[profile], seed, params, universe)
    world = World(PROFILES[profile], seed, params, universe, options)
    index = seed % DAYS
    contracts = options.contracts(index)
    market = DayMarket(world, index, contracts.symbol)
    names = rows_of.Names(
        pa.array(universe.symbols, pa.string()),
        universe.is_tape_c,
        pa.array(contracts.names, pa.string()),
        np.full(len(contracts), MULTIPLIER, np.int32),
    )
    noise = tape_of(profile, params)
    incidents = plan(seed, market.day, market.symbol_count, 0, noise)
    made = _Made(names, [])
    for block in _blocks(market.day):
        made.add(_window(market, block, (noise, incidents), window_s))
    return made.sample(market.day, {"name": f"seed {seed}", "seed": seed, "region": region})


def _blocks(day: Day) -> range:
    return range(day.open_block + FIRST_BLOCK, day.close_block, BLOCK_STEP)


@dataclass(frozen=True)
class _OneBlock:
    """A day of which only one block is played: the tape would ask for the one before it too."""

    market: DayMarket
    only: int

    @property
    def seed(self) -> int:
        return self.market.seed

    @property
    def day(self) -> Day:
        return self.market.day

    @property
    def symbol_count(self) -> int:
        return self.market.symbol_count

    @property
    def series_symbols(self) -> Longs:
        return self.market.series_symbols

    def block(self, block: int) -> Iterator[Events]:
        return self.market.block(block) if block == self.only else iter(())


@dataclass(frozen=True)
class _Window:
    """The tape from a block's start; what lies before `start_ts` only says what stands then."""

    start_ts: int
    stop_ts: int
    published: list[Published]


def _window(market: DayMarket, block: int, tape: tuple[TapeParams, Incidents], window_s: int) -> _Window:
    begin = market.day.block_ts(block)
    start, stop = begin + WARM_UP_S * SECOND_NS, begin + (WARM_UP_S + window_s) * SECOND_NS
    found = Tape(_OneBlock(market, block), *tape).seconds(begin, stop)
    return _Window(start, stop, list(found))


class _Made:
    """Collects windows of one day and joins them to a sample."""

    def __init__(self, names: rows_of.Names, windows: list[_Window]) -> None:
        self._names, self._windows = names, windows
        self._batches: dict[str, list[Batch]] = {t: [] for t in TOPICS}
        self._truths: dict[str, list[Matrix]] = {t: [] for t in TOPICS}
        self._counts = dict.fromkeys(NAMES, 0)

    def add(self, window: _Window) -> None:
        """Take a window."""
        self._windows.append(window)
        parts = [
            [getattr(p, field) for p in window.published]
            for field in ("option_prints", "option_quotes", "equity_prints", "equity_quotes")
        ]
        makers = (rows_of.option_prints, rows_of.option_quotes, rows_of.equity_prints, rows_of.equity_quotes)
        for topic, name, maker, matrices in zip(TOPICS, NAMES, makers, parts, strict=True):
            rows = np.concatenate(matrices)
            batch = _whole(maker(self._names, rows))
            is_in = batch["source_ts"] >= window.start_ts
            self._counts[name] += int(is_in.sum())
            if topic.endswith("prints"):
                kept = np.flatnonzero(is_in)
                batch, rows = batch.take(kept), rows[kept]
            self._batches[topic].append(batch)
            self._truths[topic].append(rows)

    def sample(self, day: Day, detail: dict[str, Any]) -> Sample:
        """Return everything taken."""
        session = (day.block_ts(day.open_block), day.block_ts(day.close_block))
        found = {t: concat(batches) for t, batches in self._batches.items()}
        truths = {t: _truth(np.concatenate(m)) for t, m in self._truths.items() if t.endswith("prints")}
        options, equities = TOPICS[0], TOPICS[2]
        windows = tuple((w.start_ts, w.stop_ts) for w in self._windows)
        return Sample(
            option_side((found[options], found[TOPICS[1]]), truths[options], session, windows),
            equity_side((found[equities], found[TOPICS[3]]), truths[equities], session, windows),
            windows,
            session,
            detail | {"records": self._counts},
        )


def _whole(batch: Batch) -> Batch:
    """Fill up the columns that a feed may leave out."""
    topic, count = TOPIC[batch.topic.name], len(batch)
    kinds = empty(topic).columns
    columns = {}
    for field in topic.fields:
        if field.name in batch.columns:
            columns[field.name] = batch[field.name]
        elif field.default is None and field.absent is None:
            columns[field.name] = np.zeros(count, kinds[field.name].dtype)
        else:
            columns[field.name] = constant(field, count)
    return Batch(topic, columns)


def _truth(rows: Matrix) -> Truth:
    def column(number: int) -> Longs:
        return np.ascontiguousarray(rows[:, number])

    return Truth(
        aggressor=column(P_AGGRESSOR),
        customer=column(P_CUSTOMER),
        open_buy=column(P_OPEN_BUY),
        open_sell=column(P_OPEN_SELL),
        order=column(P_ORDER),
        parent=column(P_PARENT),
        package=column(P_PACKAGE),
        purpose=np.array(PURPOSES)[rows[:, P_PURPOSE]],
        original=rows[:, S_STATE] == ORIGINAL,
    )
