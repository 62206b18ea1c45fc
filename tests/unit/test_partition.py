"""The partition hash against the values Kafka's own suite states, and the vectorised form."""

import numpy as np
import pyarrow as pa
import pytest

from schemas.partition import murmur2, partition, partitions
from schemas.topics import PARTITION_COUNT

GOLDEN = {
    "21": -973932308,
    "foobar": -790332482,
    "a-little-bit-long-string": -985981536,
    "a-little-bit-longer-string": -1486304829,
    "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    "abc": 479470107,
}


@pytest.mark.parametrize(("key", "expected"), GOLDEN.items())
def test_murmur2_equals_the_java_client(key: str, expected: int) -> None:
    assert murmur2(key.encode()) == expected


def test_a_negative_hash_is_masked_and_not_negated() -> None:
    # The Java client clears the sign bit, which differs from the absolute value.
    assert partition("foobar") == (-790332482 & 0x7FFFFFFF) % 16
    assert partition("foobar") != 790332482 % 16


def test_keys_are_hashed_as_utf8() -> None:
    assert partition("Ä") == (murmur2(b"\xc3\x84") & 0x7FFFFFFF) % PARTITION_COUNT


def test_a_column_of_keys_equals_key_by_key() -> None:
    names = ["SPY", "", "BRK.B", "SPY", "Ä", "IBM"]
    found = partitions(pa.array(names))
    assert found.dtype == np.int64
    assert found.tolist() == [partition(n) for n in names]
    assert partitions(pa.array(["X", *names]).slice(1)).tolist() == found.tolist()
    assert len(partitions(pa.array([], pa.string()))) == 0


def test_common_underlyings_spread_over_the_partitions() -> None:
    names = [f"{a}{b}{c}" for a in "ABCDEFGH" for b in "AEIOU" for c in "KLMNP"]
    counts = np.bincount(partitions(pa.array(names)), minlength=PARTITION_COUNT)
    assert counts.min() > 0
    assert counts.max() < 3 * len(names) / PARTITION_COUNT
