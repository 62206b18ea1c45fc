"""Which tables the chances of a side are read from: those fitted here, or those of a user's own truth.

Owns the choice and the form of a user's tables: a mapping of `aggressor`, `customer` and, for packets,
`aggressor_packet` and `customer_packet` to keys (prefixes of a cell in octal digits, see `sides_cells` and
`sides_packets`) and chances from 0 to 1. A table that is left out makes its claims abstain. Refuses, with
ValueError and one sentence, unknown tables, keys that are no prefix and chances outside 0 to 1.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from dataflows.analytics import sides_table
from dataflows.analytics.sides_lookup import UNIT, Chances, parsed, spread

NAMES: Final = ("aggressor", "customer", "aggressor_packet", "customer_packet")
FLOOR: Final = 6_000  # in 1e-4; a chance nearer to even than this is not claimed
# Between the tapes of the tuning region the customer's middling chances move by more than the three points
# that a claim may be off, whatever table is fitted; those from here on move by less than two.
FITTED_CUSTOMER_FLOOR: Final = 8_000


class Tables(NamedTuple):
    """A chance in 1e-4 for every cell, by target, of prints and of packets; and the floor of each target."""

    aggressor: Chances
    customer: Chances
    aggressor_packet: Chances
    customer_packet: Chances
    is_own: bool
    aggressor_floor: int
    customer_floor: int


@lru_cache(maxsize=1)
def fitted() -> Tables:
    """Return the tables fitted on the tuning region of the synthetic market."""
    return _tables({name: parsed(text) for name, text in sides_table.TABLES.items()}, False)


def read_tables(given: Mapping[str, Any] | None) -> Tables:
    """Return a user's tables, or the fitted ones where none is given."""
    if given is None:
        return fitted()
    unknown = sorted(set(given) - set(NAMES))
    if unknown:
        raise ValueError(f"side_table: no table {unknown[0]!r}; allowed are {', '.join(NAMES)}")
    return _tables({name: _in_steps(name, given.get(name, {})) for name in NAMES}, True)


def _tables(cells: Mapping[str, Mapping[str, int]], is_own: bool) -> Tables:
    aggressor, customer, of_packet, of_packets_customer = (spread(cells[name]) for name in NAMES)
    floor = FLOOR if is_own else FITTED_CUSTOMER_FLOOR
    return Tables(aggressor, customer, of_packet, of_packets_customer, is_own, FLOOR, floor)


def _in_steps(name: str, cells: Any) -> dict[str, int]:
    """Return chances in 1e-4."""
    if not isinstance(cells, Mapping):
        raise ValueError(f"side_table.{name} must be a mapping of keys to chances from 0 to 1")
    for key, chance in cells.items():
        if isinstance(chance, bool) or not isinstance(chance, int | float) or not 0 <= chance <= 1:
            raise ValueError(f"side_table.{name}: {key} has the chance {chance!r}; 0 to 1 is allowed")
    return {str(key): round(chance * UNIT) for key, chance in cells.items()}
