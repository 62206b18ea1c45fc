"""The equity market of one world."""

from synthetic.layout import (
    HIDDEN_COLUMNS,
    PARENT_COLUMNS,
    PRINT_COLUMNS,
    QUOTE_COLUMNS,
    Matrix,
    no_rows,
)
from synthetic.params import Params, Profile
from synthetic.sessions import Day
from synthetic.universe import Floats, Universe


class EquityMarket:
    """Venue books and the orders that meet in them, block by block."""

    def __init__(self, profile: Profile, seed: int, params: Params, universe: Universe) -> None:
        self.profile, self.seed, self.params, self.universe = profile, seed, params, universe

    def start_block(self, day: Day, block: int, paths: Floats, injected: Matrix) -> None:
        """Seed the books."""

    def run_second(self, second: int) -> tuple[Matrix, Matrix]:
        """Run one second; return prints and quotes in order of time."""
        return no_rows(PRINT_COLUMNS), no_rows(QUOTE_COLUMNS)

    def parents(self) -> Matrix:
        """Return parents that started in this block."""
        return no_rows(PARENT_COLUMNS)

    def hidden(self) -> Matrix:
        """Return hidden inventory of this block."""
        return no_rows(HIDDEN_COLUMNS)
