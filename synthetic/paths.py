"""Efficient prices: what each stock is worth at every instant, known in advance from the seed.

Owns the coarse path over days and blocks (a common factor, idiosyncratic noise, news that jumps) and the
bridge inside a block on a grid of 100 ms. Any block can be made without the ones before it. Refuses to
move with the orders: trades follow these prices, and makers follow them with a delay.
"""

from functools import lru_cache
from math import sqrt
from typing import Final

import numpy as np
from numba import njit

from synthetic.layout import BLOCK_SECONDS, DAY_BLOCKS, REGULAR_CLOSE_BLOCK, REGULAR_OPEN_BLOCK
from synthetic.params import Params
from synthetic.rng import Stream, below, normal, stream, uniform
from synthetic.sessions import split_factors
from synthetic.tables import day_curve, exp
from synthetic.universe import Floats, Universe

STEPS_PER_SECOND: Final = 10
STEPS: Final = BLOCK_SECONDS * STEPS_PER_SECOND
STEP_NS: Final = 1_000_000_000 // STEPS_PER_SECOND
BLOCK_MINUTES: Final = BLOCK_SECONDS // 60
MARKET_DAILY_VOL: Final = 0.0088
NIGHT_SHARE: Final = 0.2  # of a day's variance
JUMP_VOL: Final = 1.4  # size of news in daily volatilities
MOVE_MAX: Final = 0.25  # of log price between two blocks; a safeguard, not a halt
KEY_DAY: Final = 101
KEY_BLOCK: Final = 102
KEY_JUMP: Final = 103
KEY_FINE: Final = 104
COARSE_CACHED_MAX: Final = 4


@njit(cache=True)
def _night_levels(seed: int, day: int, symbols: int, whole: float) -> Floats:
    """Return standard scores summed over earlier days: row `symbols` is the common factor's."""
    levels = np.zeros(symbols + 1)
    for row in range(symbols + 1):
        for earlier in range(day + 1):
            s = stream(seed, KEY_DAY, row, earlier)
            night = normal(s)
            session = normal(s)
            levels[row] += sqrt(whole) * night
            if earlier < day:
                levels[row] += sqrt(1.0 - whole) * session
    return levels


@njit(cache=True)
def _session_moves(seed: int, day: int, symbols: int, variance: Floats) -> Floats:
    """Return scores at the block boundaries [row, block], bridged to the day's own session score."""
    moves = np.zeros((symbols + 1, len(variance) + 1))
    for row in range(symbols + 1):
        s = stream(seed, KEY_DAY, row, day)
        normal(s)
        target = normal(s)
        s = stream(seed, KEY_BLOCK, row, day)
        passed = 0.0
        for block in range(len(variance)):
            left = 1.0 - passed
            share = variance[block] / left if left > 1e-9 else 1.0
            share = min(share, 1.0)
            here = moves[row, block]
            spread = variance[block] * (1.0 - share)
            step = share * (target - here) + sqrt(max(spread, 0.0)) * normal(s)
            moves[row, block + 1] = here + step
            passed += variance[block]
    return moves


@njit(cache=True)
def _jumps(seed: int, day: int, symbols: int, rate: float) -> Floats:
    """Return news as rows [symbol, step of the day, score]; each symbol has at most one a day."""
    found = np.empty((symbols, 3))
    count = 0
    for symbol in range(symbols):
        s = stream(seed, KEY_JUMP, symbol, day)
        if uniform(s) < rate:
            found[count, 0] = symbol
            found[count, 1] = below(s, DAY_BLOCKS * STEPS)
            found[count, 2] = JUMP_VOL * normal(s)
            count += 1
    return found[:count]


def block_variances() -> Floats:
    """Return each block's share of a session's variance: activity to the power one, smoothed at night."""
    minutes = day_curve(REGULAR_OPEN_BLOCK * 5, REGULAR_CLOSE_BLOCK * 5, DAY_BLOCKS * 5)
    share = minutes.reshape(DAY_BLOCKS, BLOCK_MINUTES)
    summed = [float(row[0] + row[1] + row[2] + row[3] + row[4]) for row in share]
    total = 0.0
    for value in summed:
        total += value
    return np.array([value / total for value in summed])


@lru_cache(maxsize=COARSE_CACHED_MAX)
def _scores(seed: int, day: int, symbols: int) -> tuple[Floats, Floats]:
    night = _night_levels(seed, day, symbols, NIGHT_SHARE)
    moves = _session_moves(seed, day, symbols, block_variances())
    return night, moves * sqrt(1.0 - NIGHT_SHARE)


def _volatilities(universe: Universe, params: Params) -> tuple[float, Floats]:
    """Return the factor's daily volatility and what is each symbol's own."""
    factor = MARKET_DAILY_VOL * params.volatility_scale
    common = universe.beta * factor
    own = np.square(universe.daily_vol * params.volatility_scale) - np.square(common)
    return factor, np.sqrt(np.maximum(own, np.square(0.1 * universe.daily_vol)))


def coarse_prices(world_seed: int, day: int, universe: Universe, params: Params) -> Floats:
    """Return efficient prices in USD at the block boundaries: float64 [symbol, DAY_BLOCKS + 1].

    Prices are as quoted on that day: splits up to and with it are in them.
    """
    logs = _coarse_logs(world_seed, day, universe, params)
    start = universe.price / split_factors(world_seed, day, universe)
    return _prices(start, logs)


@njit(cache=True)
def _prices(start: Floats, logs: Floats) -> Floats:
    found = np.empty_like(logs)
    for row in range(logs.shape[0]):
        for column in range(logs.shape[1]):
            found[row, column] = start[row] * exp(logs[row, column])
    return found


def _coarse_logs(seed: int, day: int, universe: Universe, params: Params) -> Floats:
    night, moves = _scores(seed, day, len(universe))
    factor, own = _volatilities(universe, params)
    score = night[:, None] + moves
    logs = universe.beta[:, None] * (factor * score[-1])[None, :] + own[:, None] * score[:-1]
    for symbol, step, size in _jumps(seed, day, len(universe), params.jump_rate):
        after = int(step) // STEPS + 1
        logs[int(symbol), after:] += size * universe.daily_vol[int(symbol)] * params.volatility_scale
    return np.asarray(logs, np.float64)


def block_paths(world_seed: int, day: int, block: int, universe: Universe, params: Params) -> Floats:
    """Return efficient prices in USD inside a block: float64 [symbol, STEPS + 1], one per 100 ms.

    Column k is the price k * STEP_NS after the block's start; between columns interpolate linearly. The
    last column equals the first one of the next block.
    """
    assert 0 <= block < DAY_BLOCKS, block
    coarse = coarse_prices(world_seed, day, universe, params)
    factor, own = _volatilities(universe, params)
    share = (1.0 - NIGHT_SHARE) * float(block_variances()[block])
    jumps = _jumps(world_seed, day, len(universe), params.jump_rate).copy()
    jumps = jumps[(jumps[:, 1] >= block * STEPS) & (jumps[:, 1] < (block + 1) * STEPS)]
    jumps[:, 1] -= block * STEPS
    jumps[:, 2] *= universe.daily_vol[jumps[:, 0].astype(np.int64)] * params.volatility_scale
    scale = np.stack([universe.beta * factor, own]) * sqrt(share)
    return _bridge(world_seed, day * DAY_BLOCKS + block, coarse[:, block : block + 2], scale, jumps)


@njit(cache=True)
def _bridge_scores(s: Stream, scores: Floats) -> None:
    """Fill a standard Brownian bridge from 0 to 0 over [0, 1] into `scores`."""
    count = len(scores) - 1
    step = 1.0 / sqrt(float(count))
    scores[0] = 0.0
    for k in range(1, count + 1):
        scores[k] = scores[k - 1] + step * normal(s)
    end = scores[count]
    for k in range(count + 1):
        scores[k] -= end * k / count


@njit(cache=True)
def _bridge(seed: int, block: int, ends: Floats, scale: Floats, jumps: Floats) -> Floats:
    """Return prices between two boundaries; a move is small, so 1 + x + x*x/2 stands for e**x."""
    symbols = ends.shape[0]
    common, own = np.empty(STEPS + 1), np.empty(STEPS + 1)
    _bridge_scores(stream(seed, KEY_FINE, symbols, block), common)
    prices = np.empty((symbols, STEPS + 1))
    jump_step, jump_log = np.full(symbols, -1), np.zeros(symbols)
    for k in range(len(jumps)):
        jump_step[int(jumps[k, 0])] = int(jumps[k, 1])
        jump_log[int(jumps[k, 0])] = jumps[k, 2]
    for row in range(symbols):
        _bridge_scores(stream(seed, KEY_FINE, row, block), own)
        start = ends[row, 0]
        growth = ends[row, 1] / start / exp(jump_log[row]) - 1.0
        after = exp(jump_log[row])
        for k in range(STEPS + 1):
            x = scale[0, row] * common[k] + scale[1, row] * own[k]
            level = start * (1.0 + growth * k / STEPS) * (1.0 + x + 0.5 * x * x)
            is_after = jump_step[row] >= 0 and k > jump_step[row]
            prices[row, k] = level * after if is_after else level
    return prices
