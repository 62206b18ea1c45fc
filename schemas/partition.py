"""Which partition a key belongs to: murmur2 over UTF-8, as the Java client's default partitioner.

Owns that one function, for one key and for a column of keys. Refuses other hashes: a producer of
another kind that keys by the same text must land in the same shard.
"""

from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa

from schemas.columns import Index, integers
from schemas.topics import PARTITION_COUNT

SEED: Final = 0x9747B28C
MULTIPLIER: Final = 0x5BD1E995
SHIFT: Final = 24
WORD: Final = 0xFFFFFFFF
POSITIVE: Final = 0x7FFFFFFF
CACHED_KEYS_MAX: Final = 65_536  # more underlyings than exist; the least recently used goes first


def murmur2(data: bytes) -> int:
    """Return the signed 32-bit murmur2 of some bytes."""
    state = SEED ^ len(data)
    whole = len(data) & ~3
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little") * MULTIPLIER & WORD
        word = (word ^ (word >> SHIFT)) * MULTIPLIER & WORD
        state = (state * MULTIPLIER & WORD) ^ word
    if whole < len(data):
        state = (state ^ int.from_bytes(data[whole:], "little")) * MULTIPLIER & WORD
    state = (state ^ (state >> 13)) * MULTIPLIER & WORD
    state ^= state >> 15
    return state - (1 << 32) if state > POSITIVE else state


@lru_cache(maxsize=CACHED_KEYS_MAX)
def partition(key: str) -> int:
    """Return the partition of one key, 0 to PARTITION_COUNT - 1."""
    return (murmur2(key.encode()) & POSITIVE) % PARTITION_COUNT


def partitions(keys: pa.StringArray) -> Index:
    """Return the partition of each key as int64; hashed once per distinct key."""
    assert keys.null_count == 0, "a key is missing"
    if len(keys) == 0:
        return np.empty(0, np.int64)
    encoded = keys.dictionary_encode()
    of_distinct = np.array([partition(k) for k in encoded.dictionary.to_pylist()], np.int64)
    found: Index = of_distinct[integers(encoded.indices)]
    return found
