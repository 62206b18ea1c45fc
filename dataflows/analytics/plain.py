"""Arrays as plain data and back, for snapshots.

Owns the form (type, shape, bytes). Refuses object arrays: a snapshot holds nothing that runs.
"""

from typing import Any

import numpy as np

Plain = tuple[str, tuple[int, ...], bytes]


def to_plain(array: Any) -> Plain:
    """Return an array as its type, shape and little-endian bytes in C order."""
    assert array.dtype.kind in "iufb", array.dtype
    return array.dtype.str, tuple(array.shape), array.tobytes()


def from_plain(plain: Plain) -> Any:
    """Return a writable copy of the array that `to_plain` wrote."""
    kind, shape, data = plain
    return np.frombuffer(data, np.dtype(kind)).reshape(shape).copy()
