"""What a block of the option market starts from: series as valued, the scene agents see, its rates.

Owns the volatility surface of a block, the widths of markets, which series are wanted and quoted, what a
burst is about, and how many agents of each kind act. All of it follows from seed,
profile, parameters, day and block. Refuses the matching.
"""

from typing import Final

import numpy as np
from numba import njit

from synthetic.activity import activity
from synthetic.agents_option import KINDS
from synthetic.agents_option_scene import Scene
from synthetic.contracts import DEPTH, TIERS, WIDTH, Contracts
from synthetic.layout import BLOCK_SECONDS, DOLLAR
from synthetic.option_layout import (
    REAL_COLUMNS,
    S_DEPTH,
    S_EXPIRY,
    S_HALF,
    S_IV,
    S_RIGHT,
    S_STRIKE,
    S_SYMBOL,
    S_TICKS,
    S_VENUES,
    WHOLE_COLUMNS,
    Floats,
    Habits,
    Matrix,
    Series,
)
from synthetic.params import Params, Profile
from synthetic.rng import normal, stream, uniform
from synthetic.sessions import Day
from synthetic.surface import RATE, half_width, smile, value, years_left
from synthetic.universe import Universe

KEY_LEVEL: Final = 611
KEY_BURST: Final = 612
TRADING_DAYS_ROOT: Final = 15.874507866
RISK_PREMIUM: Final = 1.06  # implied over efficient volatility
SKEW_FUND: Final = 0.10
SKEW_STOCK: Final = 0.05
SHORT_DAYS: Final = 6.0  # days after which a chain is wanted half as much as today's
BURST_MIN: Final = 1.5  # times the block's usual activity
# Orders for each print of the profile's rate, by kind of agent, before the parameters scale them.
ORDERS_PER_PRINT: Final = {
    "auction": 0.123,
    "lit": 0.052,
    "passive": 0.27,
    "zero_dte": 0.05,
    "professional": 0.02,
    "institution": 0.013,
    "floor": 0.0021,
    "qcc": 0.00034,
    "package": 0.094,
    "dividend": 0.0,
    "compression": 0.0,
    "day_trader": 0.016,
}
COMPRESSION_AFTER: Final = 3  # blocks after the close
COMPRESSIONS: Final = 1.2  # a day
DIVIDEND_PASSES: Final = 0.014  # of a dividend play in a block, for each print of the profile's rate
PASSIVE_MIDDLE: Final = 0.42
COMPLEX_MIDDLE: Final = 0.33
QUOTES_PER_ORDER: Final = 2.65  # best quotes that a look, its order and the refill after it write
QUOTES_PER_CLOCK: Final = 1.85  # and a quote by the clock


@njit(cache=True)
def value_series(
    series: Series,
    tiers: Matrix,
    spot: Floats,
    level: Floats,
    skew: Floats,
    carry: Floats,
    ts: int,
    scale: float,
) -> Floats:
    """Fill volatility and half widths of a block, and return each series' delta."""
    deltas = np.empty(len(series.whole))
    for k in range(len(series.whole)):
        symbol = series.whole[k, S_SYMBOL]
        here, strike = spot[symbol], series.real[k, S_STRIKE]
        tau = years_left(series.whole[k, S_EXPIRY], ts)
        forward = here * (1.0 + carry[symbol] * tau)
        series.real[k, S_IV] = smile(level[symbol], skew[symbol], strike, forward, tau)
        price, delta, vega = value(
            here, series.real[k, S_STRIKE], series.whole[k, S_RIGHT], tau, series.real[k, S_IV], carry[symbol]
        )
        deltas[k] = delta
        series.real[k, S_HALF] = 100.0 * half_width(price, delta, vega, here, scale * TIER_WIDTH[tiers[k]])
        away = abs(strike / here - 1.0) / (level[symbol] * np.sqrt(tau + 0.01))
        series.real[k, S_DEPTH] = TIER_DEPTH[tiers[k]] / (1.0 + 0.6 * away)
    return deltas


TIER_WIDTH: Final = np.array([tier[WIDTH] for tier in TIERS])
TIER_DEPTH: Final = np.array([tier[DEPTH] for tier in TIERS])


def levels(seed: int, day: int, universe: Universe, params: Params) -> tuple[Floats, Floats]:
    """Return the volatility at the money a year and the skew, by symbol, on a day."""
    noise = np.array([float(normal(stream(seed, KEY_LEVEL, day, k))) for k in range(len(universe))])
    level = universe.daily_vol * params.volatility_scale * (TRADING_DAYS_ROOT * RISK_PREMIUM)
    return level * (1.0 + 0.05 * noise), np.where(universe.is_fund, SKEW_FUND, SKEW_STOCK)


def empty_series(table: Contracts) -> Series:
    """Return the series of a day, still without volatilities."""
    whole = np.zeros((len(table), WHOLE_COLUMNS), np.int64)
    whole[:, S_SYMBOL], whole[:, S_RIGHT], whole[:, S_EXPIRY] = table.symbol, table.right, table.expiry_ns
    whole[:, S_TICKS], whole[:, S_VENUES] = table.tick_class, table.venues
    real = np.zeros((len(table), REAL_COLUMNS), np.float64)
    real[:, S_STRIKE] = table.strike / DOLLAR
    return Series(whole, real)


def chain_wish(table: Contracts) -> Floats:
    """Return how much each chain is wanted, cumulated: near expiries most, in proportion to no one else."""
    found, total = np.empty(len(table.roots)), 0.0
    for chain, days in enumerate(table.chain_days.tolist()):
        total += 1.0 / (1.0 + days / SHORT_DAYS)
        found[chain] = total
    return found


@njit(cache=True)
def quote_weights(series: Series, spot: Floats, wish: Floats, chain: Matrix, activity: Floats) -> Floats:
    """Return cumulated weights of series for quotes by the clock: active names, near the money, soon."""
    found, total = np.empty(len(series.whole)), 0.0
    for k in range(len(found)):
        here = spot[series.whole[k, S_SYMBOL]]
        away = (series.real[k, S_STRIKE] / here - 1.0) / (0.02 + 0.3 * series.real[k, S_IV] * 0.1)
        near = wish[chain[k]] - (wish[chain[k] - 1] if chain[k] > 0 else 0.0)
        total += (activity[series.whole[k, S_SYMBOL]] + 0.0002) * near / (0.5 + away * away)
        found[k] = total
    return found


def seconds_of(day: Day, block: int, profile: Profile, seed: int) -> Floats:
    """Return the activity of each second of a block; outside the session nobody quotes by the clock."""
    return activity(profile, seed, day, block) if day.is_regular(block) else np.zeros(BLOCK_SECONDS)


def trades_options(day: Day, block: int) -> bool:
    """Whether options trade in a block: the regular session, and the block of compressions after it."""
    return day.is_regular(block) or block == day.close_block + COMPRESSION_AFTER


def burst_symbols(seed: int, day: Day, block: int, seconds: Floats, wanted: Floats) -> Matrix:
    """Return by second the symbol that a burst is about, -1 where there is none.

    `seconds` is the block's activity and `wanted` the cumulated activity of symbols. One block has one cause.
    """
    about = int(np.searchsorted(wanted, uniform(stream(seed, KEY_BURST, day.index, block)) * wanted[-1]))
    usual = np.median(seconds)
    return np.where(seconds > BURST_MIN * usual, min(about, len(wanted) - 1), -1).astype(np.int64)


def cumulated(values: Floats) -> Floats:
    """Return running sums, added from left to right."""
    found, total = np.empty(len(values)), 0.0
    for k, value_ in enumerate(values.tolist()):
        total += value_
        found[k] = total
    return found


def habits_of(params: Params) -> Habits:
    """Return how the option market behaves under some parameters."""
    return Habits(
        slow_ns=params.option_latency_ms * 1e6,
        refill_ns=params.option_latency_ms * 4e6,
        hit_ns=6e9,
        hit_edge=1.0,
        impact=0.25,
        cross_share=0.0008,
        improve=params.improvement_scale,
        size_whole=0.72,
    )


def counts_of(profile: Profile, params: Params, seconds: Floats, has_dividend: bool) -> Floats:
    """Return how many agents of each kind (KINDS) are expected to act in a block.

    A block without activity is the one after the close, for compressions only.
    """
    total = 0.0
    for second in seconds.tolist():
        total += second
    prints = profile.option_prints * total
    share = ORDERS_PER_PRINT | {
        "passive": ORDERS_PER_PRINT["passive"] * params.passive_customers / PASSIVE_MIDDLE,
        "package": ORDERS_PER_PRINT["package"] * params.complex_share / COMPLEX_MIDDLE,
    }
    found = np.array([share[kind] * prints for kind in KINDS])
    passes = DIVIDEND_PASSES * profile.option_prints if total > 0 else 0.0
    found[KINDS.index("dividend")] = passes if has_dividend else 0.0
    found[KINDS.index("compression")] = COMPRESSIONS if total == 0 else 0.0
    return found


def scene_of(
    table: Contracts, wish: Floats, seconds: tuple[Floats, Matrix], universe: Universe, params: Params
) -> Scene:
    """Return the scene of a block, still without spot, deltas and its start."""
    activity = cumulated(universe.option_weight)
    daily = np.flatnonzero(universe.has_daily_expiries)
    return Scene(
        activity, table.symbol_first, table.chain_first, wish, table.chain_days, table.chain_symbol,
        table.strike, np.zeros(0),
        universe.daily_vol * params.volatility_scale, np.zeros(0), cumulated(seconds[0]), seconds[1],
        daily.astype(np.int64), 0, params.size_tail,
    )  # fmt: skip


def carry_of(universe: Universe) -> Floats:
    """Return rate less dividend yield, a year, by symbol."""
    return np.asarray(RATE - universe.dividend_yield, np.float64)
