"""What the tape does to exact events: delays, clocks and the share of records that go wrong.

Owns the numbers, by profile. A delay is given by five points of its distribution. Refuses delays that vary by
more than the grid they are drawn on: a channel would overtake itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from synthetic.layout import BLOCK_NS, MILLISECOND_NS, SECOND_NS
from synthetic.params import Params

MICROSECOND_NS: Final = 1_000
GRID_NS: Final = 100 * MILLISECOND_NS  # a channel's delay is drawn at these times and straight between them
REACH_NS: Final = BLOCK_NS - 20 * SECOND_NS  # what is published later than this after its match is cut to it
# Points of a delay's distribution: the least, then what half, 90 %, 99 % and all of the draws stay below.
Points = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class TapeParams:
    """Delays in ns and shares of rows. `showcase` puts one of each incident into the first minute.

    The trade and the quote channel of a tape are delayed apart. Rates of halts and outages are per day.
    """

    # ns
    option_trades: Points = (180_000, 420_000, 1_200_000, 6_000_000, 25_000_000)
    option_quotes: Points = (200_000, 500_000, 1_500_000, 8_000_000, 30_000_000)
    equity_trades: Points = (160_000, 300_000, 800_000, 3_000_000, 12_000_000)
    equity_quotes: Points = (180_000, 420_000, 1_100_000, 4_000_000, 15_000_000)
    # Off-exchange reports where the mechanism names no delay: most within a second, the rule allows ten.
    facility: Points = (8_000_000, 160_000_000, 900_000_000, 4_000_000_000, 10_000_000_000)
    late: Points = (11_000_000_000, 40_000_000_000, 120_000_000_000, 220_000_000_000, 270_000_000_000)
    cancelling: Points = (800_000_000, 6_000_000_000, 60_000_000_000, 200_000_000_000, 270_000_000_000)
    stuck: Points = (
        250_000_000,
        700_000_000,
        2_000_000_000,
        5_000_000_000,
        9_000_000_000,
    )  # how long a log-late record was held
    flicker: Points = (
        1_000_000,
        4_000_000,
        25_000_000,
        120_000_000,
        400_000_000,
    )  # how long a locked or crossed quote stands
    skew_ns: int = 60 * MICROSECOND_NS  # clocks of venues differ by up to this from the true time
    option_late: float = 0.0008
    option_cancel: float = 0.0006
    equity_late: float = 0.0006
    equity_cancel: float = 0.0002
    equity_correct: float = 0.0002
    duplicate: float = 0.0004
    log_late: float = 0.0003
    untimed: float = 0.06  # off-exchange reports without a participant time
    locked: float = 0.002
    crossed: float = 0.001
    halts: float = 3.0
    outages: float = 2.0
    showcase: bool = True

    def __post_init__(self) -> None:
        for name in ("option_trades", "option_quotes", "equity_trades", "equity_quotes"):
            points = getattr(self, name)
            assert points[0] > 0 and points[-1] - points[0] < GRID_NS, f"{name}: {points}"
        for name in ("facility", "late", "cancelling", "stuck", "flicker"):
            points = getattr(self, name)
            assert list(points) == sorted(points) and points[0] >= 0, f"{name}: {points}"


CLEAN: Final = TapeParams(
    option_late=0.0,
    option_cancel=0.0,
    equity_late=0.0,
    equity_cancel=0.0,
    equity_correct=0.0,
    duplicate=0.0,
    log_late=0.0,
    untimed=0.0,
    locked=0.0,
    crossed=0.0,
    halts=0.0,
    outages=0.0,
    showcase=False,
)
NORMAL: Final = TapeParams()
ROUGH: Final = replace(
    NORMAL,
    option_late=0.002,
    option_cancel=0.002,
    equity_late=0.002,
    equity_cancel=0.001,
    equity_correct=0.001,
    duplicate=0.002,
    log_late=0.002,
    locked=0.005,
    crossed=0.003,
    halts=12.0,
    outages=8.0,
)
_TAPES: Final = {"quiet": CLEAN, "normal": NORMAL, "stress": NORMAL, "adversarial": ROUGH}


def _channel(median_ms: float) -> Points:
    """Return a channel's delay with this median: a long tail, as where messages queue up."""
    median = int(median_ms * MILLISECOND_NS)
    return 4 * median // 10, median, 5 * median // 2, 9 * median, 30 * median


def tape_of(profile: str, world: Params) -> TapeParams:
    """Return what the tape does in a profile to a world with these nuisance parameters."""
    usual = int(world.trf_delay_ms * MILLISECOND_NS)
    return replace(
        _TAPES[profile],
        option_trades=_channel(1.2 * world.trade_channel_ms),
        option_quotes=_channel(1.2 * world.quote_channel_ms),
        equity_trades=_channel(world.trade_channel_ms),
        equity_quotes=_channel(world.quote_channel_ms),
        facility=(usual // 20, usual, 4 * usual, 15 * usual, 10 * SECOND_NS),
        skew_ns=int(world.clock_skew_us * MICROSECOND_NS),
    )
