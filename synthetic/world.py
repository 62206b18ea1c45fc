"""One world: its days, its blocks, and in each block second after second of what happened.

Owns how the parts meet: efficient prices first, then the option market, which may ask for stock, then the
equity market. A block is a pure function of profile, seed, parameters, day and block. Refuses delays and
noise: times are exact here, and the tape publishes them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from synthetic.equity_market import EquityMarket
from synthetic.layout import (
    BLOCK_SECONDS,
    DAY_BLOCKS,
    HIDDEN_COLUMNS,
    ORDER_COLUMNS,
    PARENT_COLUMNS,
    PRINT_COLUMNS,
    QUOTE_COLUMNS,
    SECOND_NS,
    Matrix,
    Package,
    no_rows,
)
from synthetic.params import Params, Profile
from synthetic.paths import block_paths
from synthetic.sessions import Day, day_of
from synthetic.universe import Floats, Universe, everything


@dataclass(frozen=True)
class Events:
    """What happened in one second, each matrix in order of exact time; columns as in `layout`."""

    start_ts: int
    option_prints: Matrix
    option_quotes: Matrix
    equity_prints: Matrix
    equity_quotes: Matrix


@dataclass(frozen=True)
class Truth:
    """What parties of a block wanted: parents that started in it, packages, hidden inventory."""

    parents: Matrix
    hidden: Matrix
    packages: tuple[Package, ...] = ()


class OptionSide(Protocol):
    """What the world asks of the option market."""

    def start_block(self, day: Day, block: int, paths: Floats) -> Matrix:
        """Seed the books of a block; return the equity orders it needs there, in order of time."""

    def run_second(self, second: int) -> tuple[Matrix, Matrix]:
        """Run one second of the block; return prints and quotes in order of time, the caller's to keep."""

    def truth(self) -> Truth:
        """Return what the parties of this block wanted; complete once its last second has run."""


class NoOptions:
    """A world without options."""

    def start_block(self, day: Day, block: int, paths: Floats) -> Matrix:
        """Ask for nothing."""
        return no_rows(ORDER_COLUMNS)

    def run_second(self, second: int) -> tuple[Matrix, Matrix]:
        """Return no prints and no quotes."""
        return no_rows(PRINT_COLUMNS), no_rows(QUOTE_COLUMNS)

    def truth(self) -> Truth:
        """Return nothing wanted."""
        return Truth(no_rows(PARENT_COLUMNS), no_rows(HIDDEN_COLUMNS))


class World:
    """A market of one profile, seed and set of parameters; not to be iterated twice at once."""

    def __init__(
        self,
        profile: Profile,
        seed: int,
        params: Params,
        universe: Universe | None = None,
        options: OptionSide | None = None,
    ) -> None:
        self.profile, self.seed, self.params = profile, seed, params
        self.universe = universe or everything()
        self.options: OptionSide = options or NoOptions()
        self.equities = EquityMarket(profile, seed, params, self.universe)

    def day(self, index: int) -> Day:
        """Return a day; AssertionError beyond the world's last one."""
        return day_of(index)

    def block(self, day: int, block: int) -> Iterator[Events]:
        """Yield the seconds of a block, in order."""
        assert 0 <= block < DAY_BLOCKS, block
        on = day_of(day)
        paths = block_paths(self.seed, day, block, self.universe, self.params)
        stock = self.options.start_block(on, block, paths)
        self.equities.start_block(on, block, paths, stock)
        for second in range(BLOCK_SECONDS):
            option_prints, option_quotes = self.options.run_second(second)
            equity_prints, equity_quotes = self.equities.run_second(second)
            start = on.block_ts(block) + second * SECOND_NS
            yield Events(start, option_prints, option_quotes, equity_prints, equity_quotes)

    def truth(self) -> tuple[Truth, Truth]:
        """Return the truth of the options and of the equities for the block iterated last, once it ended."""
        equities = Truth(self.equities.parents(), self.equities.hidden())
        return self.options.truth(), equities
