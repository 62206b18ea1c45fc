"""Which world a synthetic feed shows, and the names of what trades in it.

Owns how a profile, a seed and a region become a world, and the series listed on its days. Refuses to make
less of the world where fewer symbols are wanted: the others move prices and counts too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from connectors.feeds.synthetic_notes import Listing
from connectors.feeds.synthetic_rows import Names
from synthetic.option_market import OptionMarket
from synthetic.params import PROFILES, Region, draw
from synthetic.universe import Universe, everything
from synthetic.world import World

SHARES_A_CONTRACT = 100


@dataclass(frozen=True, slots=True)
class Settings:
    """What a synthetic feed was asked for."""

    profile: str
    seed: int
    region: Region
    symbols: tuple[str, ...]
    throttle_ms: int


@dataclass(frozen=True, slots=True)
class Made:
    """A world and the option market in it."""

    world: World
    options: OptionMarket


def universe() -> Universe:
    """Return everything that trades."""
    return everything()


@cache
def most_active(count: int) -> tuple[str, ...]:
    """Return the names with the most trades in stock and options, in the order of the universe."""
    known = everything()
    weight = known.equity_weight + known.option_weight
    rows = sorted(np.argsort(-weight, kind="stable")[:count].tolist())
    return tuple(known.symbols[row] for row in rows)


def build_world(settings: Settings) -> Made:
    """Return the world of some settings."""
    profile, params = PROFILES[settings.profile], draw(settings.region, settings.seed)
    options = OptionMarket(profile, settings.seed, params, everything())
    return Made(World(profile, settings.seed, params, options=options), options)


def listing_of(made: Made, day: int) -> Listing:
    """Return the series of a day and their open interest at its start."""
    known, table = made.world.universe, made.options.contracts(day)
    multiplier = np.round(table.units * SHARES_A_CONTRACT).astype(np.int32)
    names = Names(
        pa.array(known.symbols, pa.string()),
        np.asarray(known.is_tape_c),
        pa.array(table.names, pa.string()),
        multiplier,
    )
    return Listing(names, table.symbol, made.options.open_interest(day))
