"""A fitted table of cells: chances by prefix, spread over all cells, read by one look-up.

Owns the text form of a table and its check. A key is a prefix of a cell in octal digits; the longest prefix
a table holds decides, so a cell that was too rare to be told apart has the chance of its coarser one.
Refuses, with ValueError, a key that is no prefix and a chance outside 0 to 1.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from dataflows.analytics.sides_cells import BASE, DIGITS, Cells

Chances: TypeAlias = npt.NDArray[np.int16]
Doubles: TypeAlias = npt.NDArray[np.float64]

UNIT: Final = 10_000  # chances are multiples of 1e-4, so that a mirrored one is exact
EVEN: Final = UNIT // 2
UNKNOWN: Final = -1  # no prefix of the cell is in the table
DOUBTFUL: Final = -2  # what is known is nearer to even than the floor


def parsed(text: str) -> dict[str, int]:
    """Return the cells of a table written as `key chance` pairs, chances in 1e-4."""
    words = text.split()
    return {key: int(chance) for key, chance in zip(words[::2], words[1::2], strict=True)}


def spread(cells: Mapping[str, int]) -> Chances:
    """Return the chance of every cell, UNKNOWN where no prefix of it is given.

    Raises:
        ValueError: a key is no octal prefix of 1 to 6 digits, or a chance is not within 0 to 10,000.
    """
    found: Chances = np.full(1, UNKNOWN, np.int16)
    _check(cells)
    for length in range(1, DIGITS + 1):
        found = np.repeat(found, BASE)
        for key, chance in cells.items():
            if len(key) == length:
                found[int(key, BASE)] = chance
    return found


def _check(cells: Mapping[str, int]) -> None:
    for key, chance in cells.items():
        if not 1 <= len(key) <= DIGITS or not set(key) <= set("01234567"):
            raise ValueError(f"side table: {key!r} is no key; 1 to {DIGITS} octal digits are expected")
        if not isinstance(chance, int) or not 0 <= chance <= UNIT:
            raise ValueError(f"side table: {key} has the chance {chance!r}; 0 to {UNIT} is allowed")


def chances(table: Chances, cells: Cells, floor: int) -> Chances:
    """Return the chance of a buy in 1e-4.

    It is UNKNOWN where the table knows nothing of the cell, DOUBTFUL where neither side is as likely as
    `floor` (1e-4), or where a print points nowhere: then nothing tells one side from the other.
    """
    toward = table[cells.cell]
    turned = np.where(cells.way > 0, toward, UNIT - toward)
    is_doubtful = (np.abs(toward - EVEN) < floor - EVEN) | (cells.way == 0)
    return np.asarray(np.where(toward == UNKNOWN, UNKNOWN, np.where(is_doubtful, DOUBTFUL, turned)), np.int16)


def ratios(found: Chances) -> Doubles:
    """Return chances as ratios, -1 where there is none."""
    return np.where(found < 0, -1.0, found.astype(np.float64) / UNIT)
