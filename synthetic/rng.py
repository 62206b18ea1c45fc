"""Random numbers that are the same on every machine: a counter and a mixer, and nothing else.

Owns the stream: uint64 `[key, counter]`, whose n-th number depends on both alone (SplitMix64's finaliser,
Steele, Lea & Flood 2014, public domain). Uniform numbers carry 53 bits; normal and exponential ones come
from tables by octave and linear interpolation, so that no library function reaches the output.
"""

from math import sqrt
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from synthetic.tables import LN2, LOG_PIECES, NORMAL_OCTAVES, NORMAL_PIECES, NORMAL_TAIL, UNIT_LOG

Stream = npt.NDArray[np.uint64]

GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
MIX_A: Final = np.uint64(0xBF58476D1CE4E5B9)
MIX_B: Final = np.uint64(0x94D049BB133111EB)
ONE: Final = np.uint64(1)
S11: Final = np.uint64(11)
S27: Final = np.uint64(27)
S30: Final = np.uint64(30)
S31: Final = np.uint64(31)
S63: Final = np.uint64(63)
LOW_52: Final = np.uint64((1 << 52) - 1)
UNIT: Final = 1.0 / 9007199254740992.0


@njit(cache=True)
def mix(word: np.uint64) -> np.uint64:
    """Return 64 well mixed bits of 64 bits."""
    word = (word ^ (word >> S30)) * MIX_A
    word = (word ^ (word >> S27)) * MIX_B
    return word ^ (word >> S31)


@njit(cache=True)
def stream(seed: int, *keys: int) -> Stream:
    """Return a stream of its own for a seed and one or more integer keys: uint64 [key, counter]."""
    state = np.zeros(2, np.uint64)
    state[0] = mix(np.uint64(seed) + GOLDEN)
    for key in keys:
        state[0] = mix(state[0] * MIX_B + np.uint64(key) * GOLDEN + ONE)
    return state


@njit(cache=True)
def bits(s: Stream) -> np.uint64:
    """Return the next 64 bits."""
    s[1] += ONE
    return mix(s[0] + s[1] * GOLDEN)


@njit(cache=True)
def uniform(s: Stream) -> float:
    """Return a number in (0, 1) with 53 bits."""
    return (float(bits(s) >> S11) + 0.5) * UNIT


@njit(cache=True)
def below(s: Stream, n: int) -> int:
    """Return an integer in [0, n), n below 2**31; the bias is below 2**-22."""
    return int(uniform(s) * n)


@njit(cache=True)
def normal(s: Stream) -> float:
    """Return a standard normal number; beyond 2**-40 of probability the tail is cut."""
    word = bits(s)
    place = float((word >> S11) & LOW_52) + 0.5
    tail = place / 4503599627370496.0 * 0.5
    octave = 0
    while tail < 0.25 and octave < NORMAL_OCTAVES - 1:
        tail *= 2.0
        octave += 1
    at = (tail - 0.25) * 4.0 * NORMAL_PIECES
    at = at if at > 0.0 else 0.0
    piece = int(at)
    piece = piece if piece < NORMAL_PIECES else NORMAL_PIECES - 1
    low = float(NORMAL_TAIL[octave, piece])
    value = low + (float(NORMAL_TAIL[octave, piece + 1]) - low) * (at - piece)
    return value if (word >> S63) == ONE else -value


@njit(cache=True)
def exponential(s: Stream) -> float:
    """Return an exponential number of mean 1."""
    left = uniform(s)
    value = 0.0
    while left < 0.5:
        left *= 2.0
        value += LN2
    at = (left - 0.5) * 2.0 * LOG_PIECES
    piece = int(at)
    piece = piece if piece < LOG_PIECES else LOG_PIECES - 1
    low = float(UNIT_LOG[piece])
    return value - (low + (float(UNIT_LOG[piece + 1]) - low) * (at - piece))


@njit(cache=True)
def poisson(s: Stream, mean: float) -> int:
    """Return a Poisson count; above a mean of 40 a rounded normal of the same mean and variance."""
    if mean <= 0.0:
        return 0
    if mean > 40.0:
        found = int(mean + sqrt(mean) * normal(s) + 0.5)
        return found if found > 0 else 0
    count, at = 0, exponential(s)
    while at < mean:
        count += 1
        at += exponential(s)
    return count
