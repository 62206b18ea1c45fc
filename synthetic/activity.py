"""How busy each second of a block is: the curve of the day and the bursts of a profile.

Owns one factor per second, shared by the option and the equity market, 1 on average over the regular
session of a profile without bursts. Refuses to know what the factor multiplies.
"""

from typing import Final

import numpy as np
from numba import njit

from synthetic.layout import BLOCK_SECONDS, DAY_BLOCKS
from synthetic.params import Profile
from synthetic.rng import below, stream, uniform
from synthetic.sessions import Day
from synthetic.tables import Table, day_curve

KEY_BURST: Final = 601
BURST_SECONDS_MAX: Final = 4
BUSIEST: Final = 5.0  # times the usual activity at most, at the open too: more the venues cannot carry
BLOCK_MINUTES: Final = BLOCK_SECONDS // 60
BLOCKS_PER_HOUR: Final = 12


def activity(profile: Profile, seed: int, day: Day, block: int) -> Table:
    """Return the factor of each second of a block: float64[BLOCK_SECONDS]."""
    curve = day_curve(
        day.open_block * BLOCK_MINUTES, day.close_block * BLOCK_MINUTES, DAY_BLOCKS * BLOCK_MINUTES
    )
    minutes = curve[block * BLOCK_MINUTES : (block + 1) * BLOCK_MINUTES]
    factors = np.repeat(minutes, BLOCK_SECONDS // BLOCK_MINUTES)
    if profile.bursts_per_hour > 0 and day.is_regular(block):
        chance = profile.bursts_per_hour / BLOCKS_PER_HOUR / BLOCK_SECONDS
        factors *= _bursts(seed, day.index * DAY_BLOCKS + block, chance, profile.burst_scale)
        factors = np.minimum(factors, BUSIEST)
    return np.asarray(factors, np.float64)


@njit(cache=True)
def _bursts(seed: int, block: int, chance: float, scale: float) -> Table:
    """Return 1 or `scale` by second; a burst is short and halves every second."""
    s = stream(seed, KEY_BURST, block)
    factors = np.ones(BLOCK_SECONDS)
    for second in range(BLOCK_SECONDS):
        if uniform(s) < chance:
            height = scale * (0.5 + uniform(s))
            for after in range(min(1 + below(s, BURST_SECONDS_MAX), BLOCK_SECONDS - second)):
                factors[second + after] = max(factors[second + after], height)
                height = max(0.5 * height, 1.0)
    return factors
