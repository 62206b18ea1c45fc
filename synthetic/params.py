"""What a world may differ in: its nuisance parameters, the two regions they are drawn from, its profiles.

Owns ranges and rates. `tuning` and `scoring` are boxes that meet in no coordinate, so that nothing fitted
on one has seen the other. Refuses to know what any product of the tape does with it.
"""

from dataclasses import dataclass, fields
from typing import Final, Literal

from synthetic.rng import stream, uniform

Region = Literal["tuning", "scoring", "middle"]
KEY_PARAMS: Final = 401
REGION_SHARE: Final = 0.46  # of each range; what lies between the two regions is in neither


@dataclass(frozen=True)
class Params:
    """Nuisance parameters of one world; the defaults are the middle of the ranges."""

    trade_channel_ms: float = 0.8  # median delay of the trade channel
    quote_channel_ms: float = 0.6  # median delay of the quote channel
    trf_delay_ms: float = 200.0  # most likely delay of a trade-facility report
    clock_skew_us: float = 80.0  # spread of the venues' clocks
    maker_latency_ms: float = 6.0  # how stale a maker's view of the equity is
    option_latency_ms: float = 15.0  # how stale an option maker's view is
    passive_customers: float = 0.38  # share of option customers that rest and wait
    spread_scale: float = 1.0  # of equity spreads
    option_spread_scale: float = 1.0
    institution_share: float = 0.35  # of lit taker volume that belongs to parents
    retail_share: float = 0.55  # of off-exchange reports that come from wholesalers
    midpoint_share: float = 0.48  # of dark-pool matches that are at the midpoint
    improvement_scale: float = 1.0  # of what wholesalers improve on the quote
    complex_share: float = 0.33  # of option volume
    gap_scale: float = 1.0  # of the waits between the children of a parent
    size_tail: float = 1.0  # weight of large sizes
    informed_share: float = 0.15  # of parents that know where the price goes
    volatility_scale: float = 1.0
    jump_rate: float = 0.05  # news per symbol and day


RANGES: Final[dict[str, tuple[float, float]]] = {
    "trade_channel_ms": (0.3, 1.3),
    "quote_channel_ms": (0.2, 1.0),
    "trf_delay_ms": (150.0, 250.0),
    "clock_skew_us": (10.0, 150.0),
    "maker_latency_ms": (2.0, 10.0),
    "option_latency_ms": (5.0, 25.0),
    "passive_customers": (0.33, 0.43),
    "spread_scale": (0.85, 1.15),
    "option_spread_scale": (0.8, 1.2),
    "institution_share": (0.25, 0.45),
    "retail_share": (0.47, 0.63),
    "midpoint_share": (0.40, 0.56),
    "improvement_scale": (0.7, 1.3),
    "complex_share": (0.31, 0.36),
    "gap_scale": (0.6, 1.4),
    "size_tail": (0.8, 1.2),
    "informed_share": (0.05, 0.25),
    "volatility_scale": (0.75, 1.25),
    "jump_rate": (0.02, 0.08),
}


def bounds(region: Region, name: str) -> tuple[float, float]:
    """Return the range of one parameter in a region. Low and high ends alternate between the two regions."""
    low, high = RANGES[name]
    width = (high - low) * REGION_SHARE
    is_low = (list(RANGES).index(name) % 2 == 0) == (region == "tuning")
    if region == "middle":
        return 0.5 * (low + high), 0.5 * (low + high)
    return (low, low + width) if is_low else (high - width, high)


def draw(region: Region, seed: int) -> Params:
    """Return parameters drawn evenly from a region; `middle` is one point, the same for every seed."""
    assert set(RANGES) == {f.name for f in fields(Params)}
    s = stream(seed, KEY_PARAMS)
    values = {}
    for name in RANGES:
        low, high = bounds(region, name)
        values[name] = low + (high - low) * float(uniform(s))
    return Params(**values)


@dataclass(frozen=True)
class Profile:
    """Rates per second on average over the regular session, for the whole universe."""

    name: str
    option_prints: float
    option_quotes: float
    equity_prints: float
    equity_quotes: float
    bursts_per_hour: float = 0.0  # of a second or a few in which prints come `burst_scale` times as fast
    burst_scale: float = 1.0
    is_adversarial: bool = False


PROFILES: Final[dict[str, Profile]] = {
    p.name: p
    for p in (
        Profile("quiet", 25, 250, 100, 400),
        Profile("normal", 250, 2500, 1000, 4000),
        Profile("stress", 1000, 25_000, 4000, 40_000, bursts_per_hour=40.0, burst_scale=8.0),
        Profile("adversarial", 250, 2500, 1000, 4000, is_adversarial=True),
    )
}
