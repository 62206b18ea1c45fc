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
OWN_SHARE: Final = 0.1  # of the quote channel's own delay, that the trade channel has
REACH_NS: Final = BLOCK_NS - 20 * SECOND_NS  # what is published later than this after its match is cut to it
# Points of a delay's distribution: the least, then what half, 90 %, 99 % and all of the draws stay below.
Points = tuple[int, int, int, int, int]


def _microseconds(*points: int) -> Points:
    least, half, most, nearly, longest = (p * MICROSECOND_NS for p in points)
    return least, half, most, nearly, longest


def _milliseconds(*points: int) -> Points:
    return _microseconds(*(1000 * p for p in points))


_OPTION_WAY: Final = _microseconds(180, 420, 1_200, 6_000, 25_000)
_EQUITY_WAY: Final = _microseconds(160, 300, 800, 3_000, 12_000)
_TRADES: Final = _microseconds(20, 50, 150, 600, 4_000)
_QUOTES: Final = _microseconds(150, 400, 1_100, 4_000, 15_000)
_FACILITY: Final = _milliseconds(8, 160, 900, 4_000, 10_000)
_LATE: Final = _milliseconds(11_000, 40_000, 120_000, 220_000, 270_000)
_CANCELLING: Final = _milliseconds(800, 6_000, 60_000, 200_000, 270_000)
_STUCK: Final = _milliseconds(250, 700, 2_000, 5_000, 9_000)
_FLICKER: Final = _milliseconds(1, 4, 25, 120, 400)


@dataclass(frozen=True, slots=True)
class TapeParams:
    """Delays in ns and shares of rows. `showcase` puts one of each incident into the first minute.

    Records of a tape share a way; behind it the trade and the quote channel are delayed apart, quotes more:
    on recordings lit prints lie best against the quote just before them. Halts and outages are per day.
    """

    option_way: Points = _OPTION_WAY
    equity_way: Points = _EQUITY_WAY
    trades: Points = _TRADES
    quotes: Points = _QUOTES
    # Off-exchange reports where the mechanism names no delay: most within a second, the rule allows ten.
    facility: Points = _FACILITY
    late: Points = _LATE
    cancelling: Points = _CANCELLING
    stuck: Points = _STUCK  # how long a log-late record was held
    flicker: Points = _FLICKER  # how long a locked or crossed quote stands
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
        for name in ("option_way", "equity_way", "trades", "quotes"):
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
        option_way=_channel(1.2 * world.trade_channel_ms),
        equity_way=_channel(world.trade_channel_ms),
        trades=_channel(OWN_SHARE * world.quote_channel_ms),
        quotes=_channel(world.quote_channel_ms),
        facility=(usual // 20, usual, 4 * usual, 15 * usual, 10 * SECOND_NS),
        skew_ns=int(world.clock_skew_us * MICROSECOND_NS),
    )
