"""Small parts of a shard's equities state: interned names, growing arrays, plain snapshots.

Owns the mapping from underlying to a dense id and the one form in which arrays are stored. Refuses to let
an id influence any order: whoever sorts uses `ranks`, the order of the names as UTF-8 text.
"""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dataflows.analytics.release import Longs
from schemas.columns import integers

UNDERLYINGS_MAX: Final = 65_536  # of one shard; some 12,000 are listed, a sixteenth of them here
Packed: TypeAlias = tuple[bytes, str, tuple[int, ...]]


class Names:
    """Underlyings seen, in the order of first sight, each with a dense id."""

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        self.names = list(names)
        self._ids = {name: i for i, name in enumerate(names)}
        self.ranks = _ranks(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def ids(self, column: pa.StringArray) -> Longs:
        """Return the id of each row, giving new underlyings the next ids."""
        encoded = column.dictionary_encode()
        before = len(self.names)
        known = [self._id(name) for name in encoded.dictionary.to_pylist()]
        if len(self.names) != before:
            self.ranks = _ranks(self.names)
        result: Longs = np.array(known, np.int64)[integers(encoded.indices)]
        return result

    def text(self, ids: Longs) -> pa.StringArray:
        """Return the names of ids as a text column."""
        return pa.array(self.names, pa.string()).take(pa.array(ids))

    def _id(self, name: str) -> int:
        if name not in self._ids:
            assert len(self.names) < UNDERLYINGS_MAX, f"more than {UNDERLYINGS_MAX} underlyings in a shard"
            self._ids[name] = len(self.names)
            self.names.append(name)
        return self._ids[name]


def _ranks(names: list[str]) -> Longs:
    ranks = np.empty(len(names), np.int64)
    ranks[sorted(range(len(names)), key=lambda i: names[i].encode())] = np.arange(len(names))
    return ranks


def plain(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a column as contiguous writable memory, copied only where it is not.

    Kernels are compiled for one layout; read-only or strided columns would compile each of them again.
    """
    return np.require(column, requirements=["C", "W"])


def grown(array: Longs, size: int, fill: int) -> Longs:
    """Return the array with at least `size` rows, the new ones filled; doubling keeps growth cheap."""
    if len(array) >= size:
        return array
    larger = np.full((max(size, 2 * len(array)), *array.shape[1:]), fill, array.dtype)
    larger[: len(array)] = array
    return larger


def pack(array: npt.NDArray[Any]) -> Packed:
    """Return an array as plain data: bytes, type and shape."""
    return np.ascontiguousarray(array).tobytes(), array.dtype.str, array.shape


def unpack(packed: Packed) -> Longs:
    """Return the writable array that `pack` was given."""
    data, dtype, shape = packed
    return np.frombuffer(data, np.dtype(dtype)).reshape(shape).copy()
