"""The stage of a bait or twin: where it plays, what it draws, and the rows its steps become.

Owns rows of orders, parents and packages of one script, and the choice of chains liquid enough to play on.
Refuses what a script does not need: every order here is a customer's unless it says otherwise.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from synthetic.contracts import Contracts
from synthetic.layout import (
    O_CONTRACT,
    O_CUSTOMER,
    O_OPEN,
    O_ORDER,
    O_PACKAGE,
    O_PARENT,
    O_PURPOSE,
    O_RATIO,
    O_SIDE,
    O_SIZE,
    O_STYLE,
    O_SYMBOL,
    O_TS,
    O_VENUE,
    ORDER_COLUMNS,
    PURPOSE,
    SHARE,
    STYLE,
    Matrix,
    Package,
)
from synthetic.option_layout import (
    COMPLEX_VENUES,
    OPTION_ORDER_COLUMNS,
    VENUE_LETTER,
    X_CODE,
    X_CONTRA_OPEN,
    X_DELAY,
    X_LEGS,
    X_PLACE,
    Floats,
    Stream,
)
from synthetic.rng import below, uniform

PAIR_IDS: Final = 1024
TWIN_IDS: Final = 512  # identities of a twin follow those of its bait
ORDER_IDS: Final = 64  # of a script: parents first, then orders, then packages
PACKAGE_IDS: Final = 448
LIQUID_TIER: Final = 1  # chains of this tier and better
DAYS_MIN, DAYS_MAX = 4, 60
LADDER: Final = 4


class Ask(NamedTuple):
    """One option order: series, side, contracts, style, sale code; `place` is permille of the way across."""

    contract: int
    side: int
    size: int
    style: str
    code: str
    place: int = 500
    is_opening: bool = True
    is_customer: bool = True
    delay_ns: int = 0


class Scene(NamedTuple):
    """Where a script plays: a stock, a series near the money, its kin, and one of a later expiry."""

    symbol: int
    near: int
    near_call: int
    near_put: int
    far: int
    ladder: tuple[int, ...]


def eligible_chains(contracts: Contracts) -> list[int]:
    """Return the standard chains that are liquid, neither expiring nor far away, and have a later one."""
    found = []
    for chain in range(len(contracts.chain_symbol)):
        first = int(contracts.chain_first[chain])
        days = int(contracts.chain_days[chain])
        is_liquid = int(contracts.tier[first]) <= LIQUID_TIER and float(contracts.units[first]) == 1.0
        if is_liquid and DAYS_MIN <= days <= DAYS_MAX:
            found.append(chain)
    return found


def _strikes(contracts: Contracts, chain: int) -> Matrix:
    first, last = int(contracts.chain_first[chain]), int(contracts.chain_first[chain + 1])
    return contracts.strike[first:last:2]


def scene_of(contracts: Contracts, spot: Floats, chain: int) -> Scene | None:
    """Return the scene of a chain, None where it has no room around the money or no later expiry."""
    symbol, first = int(contracts.chain_symbol[chain]), int(contracts.chain_first[chain])
    strikes = _strikes(contracts, chain)
    middle = int(np.argmin(np.abs(strikes - np.int64(spot[symbol] * 1e9))))
    if middle < 1 or middle + LADDER - 1 > len(strikes):
        return None
    far = _same_strike(contracts, chain, int(strikes[middle]))
    if far < 0:
        return None
    call = first + 2 * middle
    ladder = tuple(first + 2 * (middle - 1 + k) for k in range(LADDER))
    return Scene(symbol, call, call, call + 1, far, ladder)


def _same_strike(contracts: Contracts, chain: int, strike: int) -> int:
    """Return the call of the same strike in the next later chain of the symbol that has it, -1 none."""
    symbol = contracts.chain_symbol[chain]
    for other in range(chain + 1, len(contracts.chain_symbol)):
        if contracts.chain_symbol[other] != symbol:
            return -1
        found = np.flatnonzero(_strikes(contracts, other) == strike)
        if len(found):
            return int(contracts.chain_first[other]) + 2 * int(found[0])
    return -1


class Script:
    """A bait or a twin as it is written: a clock, its draws and its rows."""

    def __init__(self, scene: Scene, start_ts: int, identity: int, draws: Stream, is_twin: bool) -> None:
        self.scene = scene
        self.options: list[Matrix] = []
        self.stocks: list[Matrix] = []
        self.packages: list[Package] = []
        self._ts, self._first_id, self._draws = start_ts, identity, draws
        self._purpose = "twin" if is_twin else "bait"
        self._parents: dict[int, list[int]] = {}
        self._orders = 0

    def below(self, n: int) -> int:
        """Draw an integer below `n`."""
        return below(self._draws, n)

    def uniform(self) -> float:
        """Draw a number between 0 and 1."""
        return uniform(self._draws)

    def side(self) -> int:
        """Draw a side."""
        return 1 if self.uniform() < 0.5 else -1

    def complex_venue(self) -> int:
        """Draw the letter of a venue that has a complex book."""
        return int(VENUE_LETTER[COMPLEX_VENUES[self.below(len(COMPLEX_VENUES))]])

    def wait(self, ns: int) -> None:
        """Move the clock on."""
        self._ts += ns

    def option(self, ask: Ask, parent: int = 0) -> None:
        """Write an option order of the script's n-th parent."""
        self.options.append(self._option_row(ask, self._parent(parent, ask.side, ask.size, ask.style)))

    def stock(self, side: int, shares: int, style: str, parent: int = 0) -> None:
        """Write a stock order of the script's n-th parent, in whole shares."""
        row = np.zeros(ORDER_COLUMNS, np.int64)
        row[O_CONTRACT], row[O_SIDE], row[O_SIZE] = -1, side, shares * SHARE
        row[O_STYLE], row[O_CUSTOMER] = STYLE[style], 1
        self._sign(row, self._parent(parent, side, shares * SHARE, style))
        self.stocks.append(row)

    def package(
        self,
        kind: str,
        legs: list[tuple[int, int]],
        terms: tuple[int, int, int, int],
        parent: int = 0,
        closes: frozenset[int] = frozenset(),
    ) -> None:
        """Write a package for the electronic complex book; legs are (contract, ratio of a bought unit).

        `terms` are side, units, place (permille) and venue; the legs in `closes` close a position.
        """
        side, units, place, venue = terms
        mine = self._parent(parent, side, units, "complex")
        identity = self._first_id + PACKAGE_IDS + len(self.packages)
        for k, (contract, ratio) in enumerate(legs):
            signed = ratio * side
            ask = Ask(contract, 1 if signed > 0 else -1, units * abs(ratio), "complex", "f", place)
            row = self._option_row(ask._replace(is_opening=contract not in closes), mine)
            row[O_PACKAGE], row[O_RATIO], row[O_VENUE] = identity, signed, venue
            row[X_LEGS] = len(legs) if k == 0 else 0
            self.options.append(row)
        purpose = PURPOSE[self._purpose]
        symbol, ts = self.scene.symbol, self._ts
        self.packages.append(Package(identity, symbol, kind, tuple(legs), side, units, 0, ts, purpose))

    def parent_rows(self) -> list[list[int]]:
        """Return the parents in the columns of the layout."""
        return list(self._parents.values())

    def _option_row(self, ask: Ask, parent: int) -> Matrix:
        row = np.zeros(OPTION_ORDER_COLUMNS, np.int64)
        row[O_CONTRACT], row[O_SIDE], row[O_SIZE] = ask.contract, ask.side, ask.size
        row[O_STYLE], row[O_CUSTOMER], row[O_OPEN] = STYLE[ask.style], ask.is_customer, ask.is_opening
        row[X_CODE], row[X_PLACE], row[X_DELAY] = ord(ask.code), ask.place, ask.delay_ns
        row[X_CONTRA_OPEN] = 0 if ask.is_opening else 1  # as market makers do: open interest stays
        row[O_RATIO] = ask.side
        self._sign(row, parent)
        return row

    def _sign(self, row: Matrix, parent: int) -> None:
        row[O_TS], row[O_SYMBOL], row[O_PARENT] = self._ts, self.scene.symbol, parent
        row[O_ORDER], row[O_PACKAGE] = self._first_id + ORDER_IDS + self._orders, -1
        row[O_PURPOSE] = PURPOSE[self._purpose]
        self._orders += 1
        assert self._orders <= PACKAGE_IDS - ORDER_IDS

    def _parent(self, number: int, side: int, size: int, style: str) -> int:
        """Return the identity of the script's n-th parent, and count the order in what it wanted."""
        assert number < ORDER_IDS, number
        identity = self._first_id + number
        row = self._parents.setdefault(
            number,
            [identity, self.scene.symbol, side, PURPOSE[self._purpose], 0, self._ts, 0, STYLE[style], -1],
        )
        row[4] += size
        row[6] = self._ts
        return identity
