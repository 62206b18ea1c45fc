"""Counter-based random integers and the small tables drawn from them.

Owns the one source of chance of the synthetic market: word i of stream s in block b is a function of
(seed, s, b, i) and of nothing drawn before, so any block can be made on its own. Refuses hidden state
and functions whose last bit differs between machines: integers only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

I64: TypeAlias = npt.NDArray[np.int64]
Words: TypeAlias = npt.NDArray[np.uint64]
Flags: TypeAlias = npt.NDArray[np.bool_]

GOLDEN: Final = 0x9E37_79B9_7F4A_7C15
MIX_1: Final = 0xBF58_476D_1CE4_E5B9
MIX_2: Final = 0x94D0_49BB_1331_11EB
MASK: Final = (1 << 64) - 1
LANE_BITS: Final = 16
TABLE_SIZE: Final = 1 << LANE_BITS


def mix_int(value: int) -> int:
    """Finalise one 64-bit value (splitmix64)."""
    value &= MASK
    value = ((value ^ (value >> 30)) * MIX_1) & MASK
    value = ((value ^ (value >> 27)) * MIX_2) & MASK
    return value ^ (value >> 31)


def mix_words(values: Words) -> Words:
    """Finalise an array of 64-bit values in place and return it."""
    values ^= values >> np.uint64(30)
    values *= np.uint64(MIX_1)
    values ^= values >> np.uint64(27)
    values *= np.uint64(MIX_2)
    values ^= values >> np.uint64(31)
    return values


class Stream:
    """All random words of one seed."""

    def __init__(self, seed: int) -> None:
        self._root = mix_int(seed * GOLDEN + 1)

    def word(self, stream: int, block: int) -> int:
        """Return the one word of a block."""
        return mix_int(mix_int(self._root + stream * MIX_1) + block * MIX_2)

    def at(self, stream: int, block: int, index: I64) -> Words:
        """Return the words of a block at `index` (not negative)."""
        words = index.astype(np.uint64)
        words += np.uint64(1)
        words *= np.uint64(GOLDEN)
        words += np.uint64(self.word(stream, block))
        return mix_words(words)

    def words(self, stream: int, block: int, count: int) -> Words:
        """Return the first `count` words of a block."""
        return self.at(stream, block, np.arange(count, dtype=np.int64))


def lane(words: Words, number: int) -> I64:
    """Return 16 bits of each word: lane 0, 1, 2 or 3."""
    return ((words >> np.uint64(LANE_BITS * number)) & np.uint64(0xFFFF)).astype(np.int64)


def below(words: Words, number: int, bound: int | I64) -> I64:
    """Return integers in 0..bound-1 from one lane; bound is at most 65536."""
    return (lane(words, number) * bound) >> LANE_BITS


def moment_ns(words: Words) -> I64:
    """Return a time inside a second, in ns, from the upper 30 bits."""
    return ((words >> np.uint64(34)).astype(np.int64) * 1_000_000_000) >> 30


def weighted(weights: Sequence[int] | I64, size: int = TABLE_SIZE) -> I64:
    """Spread indices over `size` slots in proportion to integer weights: a lane looks up a draw."""
    bounds = np.cumsum(np.asarray(weights, np.int64))
    slots = np.arange(size, dtype=np.int64) * int(bounds[-1])
    return np.searchsorted(bounds * size, slots, side="right").astype(np.int64)


def pick(table: I64, words: Words, number: int) -> I64:
    """Draw from a table of 65536 slots with one lane of the words."""
    return table[lane(words, number)]


def day_curve(minutes: int) -> list[int]:
    """Return activity per minute of a session in 1/1000: high at both ends, 1000 on average."""
    raw = [7 * (minutes - 1) ** 4 + 15 * (2 * m - minutes + 1) ** 4 for m in range(minutes)]
    total = sum(raw)
    return [value * 1000 * minutes // total for value in raw]
