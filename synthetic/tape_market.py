"""One day of a world as the tape reads it.

Owns nothing but the day: a world has many, a tape is of one. Refuses to be read by two at once, as the
world does.
"""

from __future__ import annotations

from collections.abc import Iterator

from synthetic.sessions import Day
from synthetic.tape_noise import Vector
from synthetic.world import Events, Truth, World


class DayMarket:
    """A day of a world, with the symbol of each of its series."""

    def __init__(self, world: World, day: int, series_symbols: Vector) -> None:
        self._world, self._index = world, day
        self.series_symbols = series_symbols

    @property
    def seed(self) -> int:
        return self._world.seed

    @property
    def day(self) -> Day:
        return self._world.day(self._index)

    @property
    def symbol_count(self) -> int:
        return len(self._world.universe)

    def block(self, block: int) -> Iterator[Events]:
        """Yield the seconds of a block."""
        return self._world.block(self._index, block)

    def truth(self) -> tuple[Truth, Truth]:
        """Return options' and equities' truth of the block read last, as far as it has been read."""
        return self._world.truth()
