"""Functions of a real number by addition, multiplication and division alone, and tables of them.

Owns exp, log, the normal distribution and its quantile, computed here in plain float64 arithmetic so that
they are the same on every machine, and rounded to 9 decimals where they are tables; and the curve of
activity over the day. Refuses the platform's own exp and log, whose last digits differ between machines.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

Table = npt.NDArray[np.float64]

LN2: Final = 0.693147180559945
INVERSE_ROOT_2PI: Final = 0.398942280401433
DIGITS: Final = 9
NORMAL_OCTAVES: Final = 40
NORMAL_PIECES: Final = 64
LOG_PIECES: Final = 256


@njit(cache=True)
def exp(x: float) -> float:
    """Return e**x for |x| <= 700 to about 1e-14, by halving and a series."""
    x = min(max(x, -700.0), 700.0)
    whole = int(x / LN2 + (0.5 if x >= 0 else -0.5))
    rest = (x - whole * LN2) / 16.0
    term, total = 1.0, 1.0
    for k in range(1, 12):
        term *= rest / k
        total += term
    for _ in range(4):
        total *= total
    for _ in range(abs(whole)):
        total *= 2.0 if whole > 0 else 0.5
    return total


@njit(cache=True)
def log(x: float) -> float:
    """Return the natural logarithm of x > 0 to about 1e-14, by octaves and the series of artanh."""
    octaves = 0
    while x > 1.5:
        x *= 0.5
        octaves += 1
    while x < 0.75:
        x *= 2.0
        octaves -= 1
    ratio = (x - 1.0) / (x + 1.0)
    square, power, total = ratio * ratio, ratio, 0.0
    for k in range(20):
        total += power / (2 * k + 1)
        power *= square
    return 2.0 * total + octaves * LN2


@njit(cache=True)
def normal_cdf(x: float) -> float:
    """Return the standard normal distribution function, by series inside 6 and by fraction outside."""
    away = abs(x)
    density = INVERSE_ROOT_2PI * exp(-0.5 * away * away)
    if away < 4.0:
        term, total = away, away
        for k in range(1, 60):
            term *= away * away / (2 * k + 1)
            total += term
        upper = 0.5 - density * total
    else:
        fraction = away
        for k in range(40, 0, -1):
            fraction = away + k / fraction
        upper = density / fraction
    return upper if x < 0 else 1.0 - upper


@njit(cache=True)
def normal_upper_quantile(tail: float) -> float:
    """Return x with P(Z > x) = tail for tail in (0, 0.5], by bisection."""
    low, high = 0.0, 9.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        if normal_cdf(-middle) > tail:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@njit(cache=True)
def _normal_tail() -> Table:
    """Return quantiles [octave, piece]: octave k holds tails between 2**-(k+2) and 2**-(k+1)."""
    table = np.empty((NORMAL_OCTAVES, NORMAL_PIECES + 1))
    scale = 1.0
    for octave in range(NORMAL_OCTAVES):
        for piece in range(NORMAL_PIECES + 1):
            table[octave, piece] = normal_upper_quantile(scale * (0.25 + 0.25 * piece / NORMAL_PIECES))
        scale *= 0.5
    return table


@njit(cache=True)
def _unit_log() -> Table:
    """Return log over [0.5, 1] in LOG_PIECES equal pieces."""
    table = np.empty(LOG_PIECES + 1)
    for piece in range(LOG_PIECES + 1):
        table[piece] = log(0.5 + 0.5 * piece / LOG_PIECES)
    return table


NORMAL_TAIL: Final[Table] = np.round(_normal_tail(), DIGITS)
UNIT_LOG: Final[Table] = np.round(_unit_log(), DIGITS)


def day_curve(open_minute: int, close_minute: int, day_minutes: int) -> Table:
    """Return activity by minute of the day, 1 on average over the regular session.

    `open_minute` and `close_minute` bound the regular session in minutes after 04:00. The shape is the
    known U: a steep open, a quiet noon, a rise to the close; outside it about a tenth of the volume.
    """
    minute = np.arange(day_minutes, dtype=np.float64)
    since, left = minute - open_minute, close_minute - minute
    regular = (since >= 0) & (left > 0)
    rise = 2.0 / (1.0 + np.abs(since) / 10.0) + 1.3 / (1.0 + np.abs(left) / 14.0) + 0.62
    early = 0.16 / (1.0 + np.abs(since) / 25.0) + 0.01
    late = 0.20 / (1.0 + np.abs(left) / 12.0) + 0.008
    curve = np.where(regular, rise, np.where(since < 0, early, late))
    total = 0.0
    for value in curve[regular].tolist():
        total += value
    scaled = np.round(curve * (float(np.count_nonzero(regular)) / total), DIGITS)
    return np.asarray(scaled, np.float64)
