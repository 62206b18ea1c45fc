"""What can be seen of a print against its quote, as one small number, and the way it points.

Owns the cells: each print is turned so that it points to a buy, its facts are read in that turn, and the
turn is kept beside them. A print and its mirror image (bid and ask, their sizes and makers changed over)
share a cell and point opposite ways, so whatever a table says of one it says of the other, reversed.
Refuses to know what a cell is worth, and the future: the tick is against the last different price.

A cell is six digits of base eight from the coarse to the fine: group, place, venue, size against the
displayed one, displayed size, size. Prices are in 1e-9 USD, sizes in contracts, -1 where absent.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit

from dataflows.analytics.options_layout import Ints
from dataflows.analytics.release import Codes, Flags, Longs
from dataflows.analytics.side_ticks import Ticks
from schemas.kinds import CODE_FAMILY

BASE: Final = 8
DIGITS: Final = 6
CELLS: Final = BASE**DIGITS
GROUP_UNCODED, GROUP_ELECTRONIC, GROUP_ISO, GROUP_AUCTION = range(4)
PLACE_MID, PLACE_INNER, PLACE_OUTER, PLACE_TOUCH, PLACE_BEYOND = range(5)
VENUE_UNNAMED, VENUE_NEITHER, VENUE_OWN, VENUE_OTHER, VENUE_BOTH = range(5)
REL_UNKNOWN, REL_LESS, REL_EQUAL, REL_MORE, REL_EQUALS_OTHER = range(5)
SHOWN_BOUNDS: Final = (1, 5, 12, 40)
SIZE_BOUNDS: Final = (1, 5, 10, 20, 50)
_GROUP: Final = {
    "electronic": GROUP_ELECTRONIC,
    "other": GROUP_ELECTRONIC,
    "iso": GROUP_ISO,
    "auction": GROUP_AUCTION,
}
GROUP_OF: Final = np.array([_GROUP.get(name, GROUP_UNCODED) for name in CODE_FAMILY], np.int8)


class Seen(NamedTuple):
    """Prints beside their quotes. `venue`, `bid_venue` and `ask_venue` are codes of VENUE_LETTER, 0 none.

    `group` is one of GROUP_*; `is_tick` marks prints whose price later ones are compared with.
    """

    contract: Longs
    is_tick: Flags
    price: Longs
    size: Longs
    group: Codes
    venue: Longs
    bid: Longs
    ask: Longs
    bid_size: Longs
    ask_size: Longs
    bid_venue: Longs
    ask_venue: Longs


class Cells(NamedTuple):
    """The cell of each print, and whether it points to a buy (1), a sell (-1) or nowhere (0)."""

    cell: Ints
    way: Codes


def describe(ticks: Ticks, seen: Seen, order: Longs) -> Cells:
    """Return the cells of prints, walked in `order` of application; the state of ticks moves on.

    A print without a two-sided quote has the cell of a print that points nowhere; it is not to be judged.
    """
    found = Cells(np.zeros(len(seen.price), np.int32), np.zeros(len(seen.price), np.int8))
    # Views and slices would each be a signature of their own, compiled when first met.
    alike = Seen._make(np.require(column, requirements=("C", "W")) for column in seen)
    _describe(ticks, alike, np.require(order, requirements=("C", "W")), found)
    return found


@njit(cache=True)
def _describe(ticks: Ticks, seen: Seen, order: Longs, found: Cells) -> None:
    current, before = ticks.prices[:, 0], ticks.prices[:, 1]
    for step in range(len(order)):
        row = order[step]
        contract, price = seen.contract[row], seen.price[row]
        # The last different price: what this print would make of the two prices known so far.
        last = before[contract] if current[contract] == price else current[contract]
        if seen.is_tick[row] and current[contract] != price:
            before[contract], current[contract] = current[contract], price
        if seen.bid[row] < 0 or seen.ask[row] <= seen.bid[row]:
            continue
        way = _way(seen, row, last)
        found.way[row] = way
        found.cell[row] = _cell(seen, row, way if way != 0 else 1)


@njit(cache=True)
def _sign(value: int) -> int:
    return 1 if value > 0 else -1 if value < 0 else 0


@njit(cache=True)
def _way(seen: Seen, row: int, last: int) -> int:
    """Return where a print points: by its quote, else tick, else trade size, else depth."""
    price, size = seen.price[row], seen.size[row]
    way = _sign((price - seen.bid[row]) - (seen.ask[row] - price))
    if way == 0 and last >= 0:
        way = _sign(price - last)
    bid_size, ask_size = seen.bid_size[row], seen.ask_size[row]
    if way == 0 and bid_size != ask_size:
        way = 1 if size == bid_size else -1 if size == ask_size else _sign(ask_size - bid_size)
    return way


@njit(cache=True)
def _cell(seen: Seen, row: int, way: int) -> int:
    """Return the six digits of a print turned to point to a buy."""
    is_up = way > 0
    own, other = (
        (seen.ask_size[row], seen.bid_size[row]) if is_up else (seen.bid_size[row], seen.ask_size[row])
    )
    cell = seen.group[row] * BASE + _place(seen, row, way)
    cell = cell * BASE + _venue(seen, row, is_up)
    cell = cell * BASE + _relative(seen.size[row], own, other)
    cell = cell * BASE + _bucket(own, SHOWN_BOUNDS)
    return int(cell * BASE + _bucket(seen.size[row], SIZE_BOUNDS))


@njit(cache=True)
def _place(seen: Seen, row: int, way: int) -> int:
    """Return where the price lies, seen from the touch the print points to."""
    bid, ask, price = seen.bid[row], seen.ask[row], seen.price[row]
    touch = ask if way > 0 else bid
    beyond = (price - touch) * way
    if beyond > 0:
        return PLACE_BEYOND
    if beyond == 0:
        return PLACE_TOUCH
    if price - bid == ask - price:
        return PLACE_MID
    return PLACE_OUTER if -4 * beyond < ask - bid else PLACE_INNER


@njit(cache=True)
def _venue(seen: Seen, row: int, is_up: bool) -> int:
    """Return which sides of the quote the executing venue made."""
    bid, ask, venue = seen.bid_venue[row], seen.ask_venue[row], seen.venue[row]
    if venue <= 0 or (bid <= 0 and ask <= 0):
        return VENUE_UNNAMED
    own, other = (ask, bid) if is_up else (bid, ask)
    if own == venue:
        return VENUE_BOTH if other == venue else VENUE_OWN
    return VENUE_OTHER if other == venue else VENUE_NEITHER


@njit(cache=True)
def _relative(size: int, own: int, other: int) -> int:
    """Return the size against what was displayed on the side the print points to."""
    if size == other and other != own:
        return REL_EQUALS_OTHER
    if own <= 0:
        return REL_UNKNOWN
    return REL_LESS if size < own else REL_EQUAL if size == own else REL_MORE


@njit(cache=True)
def _bucket(value: int, bounds: tuple[int, ...]) -> int:
    """Return how many bounds lie below a value."""
    found = 0
    for bound in bounds:
        if value > bound:
            found += 1
    return found
