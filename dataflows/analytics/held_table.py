"""Columns of numbers that grow at the end and lose rows that are no longer wanted.

Owns capacity and the plain form. Refuses text, and any order but that of appending.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dataflows.analytics.plain import from_plain, to_plain
from dataflows.analytics.release import Flags

FIRST_ROWS: Final = 256


class Table:
    """Rows of named columns; `columns` maps each name to its numpy type."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._columns = {name: np.zeros(FIRST_ROWS, kind) for name, kind in columns.items()}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """Return the rows of one column; what is written into it stays."""
        return self._columns[name][: self._count]

    @property
    def row_bytes(self) -> int:
        """Return the bytes of one row."""
        return sum(column.itemsize for column in self._columns.values())

    def append(self, values: Mapping[str, Any]) -> None:
        """Add rows: one array a column, all of one length; columns left out are 0."""
        count = len(next(iter(values.values())))
        self._reserve(self._count + count)
        for name, column in self._columns.items():
            column[self._count : self._count + count] = values.get(name, 0)
        self._count += count

    def retain(self, is_wanted: Flags) -> None:
        """Drop the rows that are not wanted."""
        kept = np.flatnonzero(is_wanted)
        for column in self._columns.values():
            column[: len(kept)] = column[kept]
        self._count = len(kept)

    def row(self, number: int) -> dict[str, int]:
        """Return one row as Python's integers."""
        return {name: int(column[number]) for name, column in self._columns.items()}

    def snapshot(self) -> dict[str, Any]:
        """Return the rows as plain data."""
        return {name: to_plain(self[name]) for name in self._columns}

    def load(self, plain: Mapping[str, Any]) -> None:
        """Take the rows that `snapshot` wrote instead of the own ones."""
        self._count = 0
        self.append({name: from_plain(column) for name, column in plain.items()})

    def _reserve(self, rows: int) -> None:
        capacity = len(next(iter(self._columns.values())))
        if rows <= capacity:
            return
        for name, column in self._columns.items():
            wider = np.zeros(max(rows, 2 * capacity), column.dtype)
            wider[: self._count] = column[: self._count]
            self._columns[name] = wider
