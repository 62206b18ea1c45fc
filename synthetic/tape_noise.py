"""Draws of the tape: a number for a row or a moment that depends on nothing but the seed and that.

Owns delays of channels and clocks of venues as functions of time alone, so that any stretch of the tape can
be made by itself. Refuses streams with a state: a record left out would move every one behind it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from synthetic.layout import Matrix
from synthetic.rng import GOLDEN, MIX_B, S11, UNIT, mix
from synthetic.tape_params import GRID_NS

Words = npt.NDArray[np.uint64]
Vector = npt.NDArray[np.int64]
Keys = tuple[np.uint64, np.uint64]

WORD: Final = (1 << 64) - 1
LINES: Final = 24  # parallel lines of a channel; a symbol has its own for good
SKEW_GRID_NS: Final = 10_000_000_000


def key_of(seed: int, *parts: int) -> np.uint64:
    """Return a key of its own for a seed and small integers."""
    state = _mix((seed + int(GOLDEN)) & WORD)
    for part in parts:
        state = _mix((state * int(MIX_B) + part * int(GOLDEN) + 1) & WORD)
    return np.uint64(state)


def _mix(word: int) -> int:
    """Return what rng.mix gives, in Python's own integers."""
    word = ((word ^ word >> 30) * 0xBF58476D1CE4E5B9) & WORD
    word = ((word ^ word >> 27) * 0x94D049BB133111EB) & WORD
    return word ^ word >> 31


def share_of(key: np.uint64, number: int) -> float:
    """Return a number in (0, 1) for a key and a count, outside kernels."""
    word = _mix((int(key) + number * int(GOLDEN)) & WORD)
    return ((word >> 11) + 0.5) * UNIT


@njit(cache=True)
def word_at(key: np.uint64, number: int, salt: int) -> np.uint64:
    """Return 64 bits for a row or moment `number`; `salt` tells the draws of one row apart."""
    return mix(key + np.uint64(number) * GOLDEN + np.uint64(salt) * MIX_B)


@njit(cache=True)
def uniform_at(key: np.uint64, number: int, salt: int) -> float:
    """Return a number in (0, 1) for a row or moment."""
    return (np.float64(np.int64(word_at(key, number, salt) >> S11)) + 0.5) * UNIT


@njit(cache=True)
def quantile(points: Vector, share: float) -> int:
    """Return the delay below which `share` of the draws lie, straight between the five points."""
    if share < 0.5:
        low, high, part = points[0], points[1], share / 0.5
    elif share < 0.9:
        low, high, part = points[1], points[2], (share - 0.5) / 0.4
    elif share < 0.99:
        low, high, part = points[2], points[3], (share - 0.9) / 0.09
    else:
        low, high, part = points[3], points[4], (share - 0.99) / 0.01
    return int(low + np.int64((high - low) * part))


@njit(cache=True)
def published(points: Vector, key: np.uint64, line: int, at_ts: int) -> int:
    """Return when a channel's line brings out what reached it at `at_ts`; order is kept on a line."""
    cell = at_ts // GRID_NS
    first = quantile(points, uniform_at(key, cell, line))
    second = quantile(points, uniform_at(key, cell + 1, line))
    return at_ts + first + (second - first) * (at_ts - cell * GRID_NS) // GRID_NS


@njit(cache=True)
def carried(points: Matrix, keys: Keys, line: int, at_ts: int) -> int:
    """Return when a tape shows what happened at `at_ts`: over the way all its records take, then its own.

    `points` and `keys` are those of the common way and of the channel (trades, quotes) behind it.
    """
    return published(points[1], keys[1], line, published(points[0], keys[0], line, at_ts))


@njit(cache=True)
def clock_error(limit_ns: int, key: np.uint64, venue: int, at_ts: int) -> int:
    """Return how far a venue's clock is off: a constant of the venue and a slow drift of a tenth of it."""
    cell = at_ts // SKEW_GRID_NS
    first = uniform_at(key, cell, 1000 + venue)
    second = uniform_at(key, cell + 1, 1000 + venue)
    drift = first + (second - first) * ((at_ts - cell * SKEW_GRID_NS) / SKEW_GRID_NS)
    steady = uniform_at(key, venue, 5000) * 2.0 - 1.0
    return int(limit_ns * (0.9 * steady + 0.1 * (drift * 2.0 - 1.0)))
