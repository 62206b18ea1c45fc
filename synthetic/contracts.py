"""The option series that exist on a day: expiries, strikes around the stock, venues and ticks.

Owns the day's table of contracts, sorted by underlying, expiry, strike and right, so that a chain is one run
of rows: contract = first row + 2 * strike number + right (0 call, 1 put). Strikes once listed stay listed;
adjusted series (a root with a digit, another number of shares) stand at the end. Refuses prices.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Final

import numpy as np

from schemas.symbology import format_osi
from synthetic.layout import DOLLAR, REGULAR_CLOSE_BLOCK, SECOND_NS
from synthetic.option_layout import ALL_VENUES, OPTION_VENUES, Floats, Matrix
from synthetic.rng import below, stream, uniform
from synthetic.sessions import EPOCH, Day, is_business_day, utc_offset_hours
from synthetic.universe import Universe

MULTIPLIER: Final = 100
CLOSE_HOUR: Final = 16
HEAVY_WEIGHT: Final = 0.004
SEVERAL_A_WEEK_WEIGHT: Final = 0.02
WING_STEP: Final = 5
ADJUSTED_SYMBOLS: Final = 3
ADJUSTED_UNITS: Final = 1.5  # shares of a 3 for 2 split of the past
KEY_VENUES: Final = 651
KEY_ADJUSTED: Final = 652
# By tier (daily expiries, heavy, weekly, quiet): strikes each side, far strikes each side (every fifth
# step), quoted size, width, venues.
TIERS: Final = ((20, 4, 60.0, 0.25, 16), (9, 2, 30.0, 0.5, 16), (3, 1, 18.0, 1.0, 12), (2, 1, 10.0, 2.0, 9))
SIDE: Final = 0
WINGS: Final = 1
DEPTH: Final = 2
WIDTH: Final = 3
VENUE_COUNT: Final = 4


@dataclass(frozen=True)
class Contracts:
    """Columns by contract of one day, and its chains (runs of one root and expiry)."""

    roots: tuple[str, ...]  # by chain
    symbol: Matrix
    chain: Matrix
    expiry: Matrix  # YYYYMMDD
    expiry_ns: Matrix
    strike: Matrix  # 1e-9 USD
    right: Matrix
    units: Floats  # shares delivered / 100; prices and strikes are those of one share
    is_new: Matrix  # 1 where the series is listed for the first time on this day
    tier: Matrix
    tick_class: Matrix
    venues: Matrix  # bit set over OPTION_VENUES
    chain_first: Matrix  # [chains + 1] first row of a chain
    chain_symbol: Matrix
    chain_days: Matrix  # calendar days to the expiry
    symbol_first: Matrix  # [symbols + 1] first chain of a symbol; adjusted chains come after the last

    def __len__(self) -> int:
        return len(self.symbol)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the OSI symbols."""
        rows = zip(
            self.chain.tolist(), self.expiry.tolist(), self.right.tolist(), self.strike.tolist(), strict=True
        )
        return tuple(format_osi(self.roots[c], e, r, k) for c, e, r, k in rows)


def expiry_on(wanted: date) -> date:
    """Return the expiry meant by a date: the last business day up to it."""
    while not is_business_day(wanted):
        wanted -= timedelta(days=1)
    return wanted


def _third_friday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(4 - first.weekday()) % 7 + 14)


def monthlies(on: date, count: int) -> list[date]:
    """Return the next monthly expiries from a day on."""
    found: list[date] = []
    year, month = on.year, on.month
    while len(found) < count:
        expiry = expiry_on(_third_friday(year, month))
        if expiry >= on:
            found.append(expiry)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found


def _weekdays(on: date, days: tuple[int, ...], within: int) -> list[date]:
    ahead = (on + timedelta(days=k) for k in range(within))
    found = (expiry_on(d) for d in ahead if d.weekday() in days)
    return [d for d in found if d >= on]


def expiries(on: date, tier: int, weight: float) -> list[date]:
    """Return the expiries of a tier's symbols that are listed on a day, in order."""
    next_january = expiry_on(_third_friday(on.year + 1, 1))
    if tier == 0:
        found = (
            _weekdays(on, (0, 1, 2, 3, 4), 9) + _weekdays(on, (4,), 30) + monthlies(on, 4) + [next_january]
        )
    elif tier == 1:
        found = _weekdays(on, (4,), 28) + monthlies(on, 3) + [next_january]
        found += _weekdays(on, (0, 2), 8) if weight >= SEVERAL_A_WEEK_WEIGHT else []
    elif tier == 2:
        found = _weekdays(on, (4,), 14) + monthlies(on, 2)
    else:
        found = monthlies(on, 3)[:2]
    return sorted({*found})


def strike_step(price: float, tier: int) -> float:
    """Return the distance of strikes in USD at a price: finer where more is traded."""
    if tier == 0:
        return 1.0
    for limit, fine, coarse in (
        (12, 0.5, 0.5),
        (30, 0.5, 1.0),
        (75, 1.0, 2.5),
        (200, 2.5, 5.0),
        (500, 5.0, 10.0),
    ):
        if price < limit:
            return fine if tier == 1 else coarse
    return 10.0 if price < 1500 else 50.0


def _strike_numbers(spots: list[float], step: float, tier: int, is_far: bool) -> list[int]:
    """Return strikes as multiples of the step: all near any day's price, and the wings."""
    numbers: set[int] = set()
    side, wings = int(TIERS[tier][SIDE]), int(TIERS[tier][WINGS])
    stride = WING_STEP if is_far else 1
    for spot in spots:
        middle = int(spot / step + 0.5) // stride * stride
        numbers.update(middle + stride * k for k in range(-side, side + 1))
        edge = middle // WING_STEP * WING_STEP
        beyond = side * stride // WING_STEP * WING_STEP
        numbers.update(edge + s * (beyond + WING_STEP * k) for k in range(1, wings + 1) for s in (-1, 1))
    return sorted(n for n in numbers if n > 0)


def tier_of(universe: Universe, symbol: int) -> int:
    """Return 0 (expiries every day) to 3 (monthly only)."""
    if universe.has_daily_expiries[symbol]:
        return 0
    weight = float(universe.option_weight[symbol])
    return 1 if weight >= HEAVY_WEIGHT else 2 if universe.has_weeklies[symbol] else 3


def expiry_instant(expiry: date) -> int:
    """Return 16:00 New York of a date in ns since 1970 UTC."""
    hours = (expiry - EPOCH).days * 24 + utc_offset_hours(expiry) + CLOSE_HOUR
    return hours * 3600 * SECOND_NS


class _Table:
    """Chains as they are listed, one after the other."""

    def __init__(self, on: date) -> None:
        self.on = on
        self.roots: list[str] = []
        self.rows: list[list[tuple[int, ...]]] = []
        self.units: list[float] = []
        self.chain_symbol: list[int] = []
        self.chain_days: list[int] = []

    def add(
        self, root: str, symbol: int, expiry: date, strikes: list[tuple[int, int]], facts: tuple[int, ...]
    ) -> None:
        """Add a chain; strikes are (price, 1 where new), facts are tier, ticks and venues."""
        chain, number = len(self.roots), expiry.year * 10_000 + expiry.month * 100 + expiry.day
        head = (symbol, chain, number, expiry_instant(expiry))
        self.rows.append([(*head, k, right, new, *facts) for k, new in strikes for right in (0, 1)])
        self.roots.append(root)
        self.units.append(1.0)
        self.chain_symbol.append(symbol)
        self.chain_days.append((expiry - self.on).days)

    def finish(self, symbol_first: list[int]) -> Contracts:
        """Return the table."""
        flat = np.array([row for chain in self.rows for row in chain], np.int64).reshape(-1, 10)
        lengths = [len(chain) for chain in self.rows]
        first = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths, out=first[1:])
        columns = [np.ascontiguousarray(flat[:, k]) for k in range(10)]
        symbol, chain, expiry, expiry_ns, strike, right, new, tier, ticks, venues = columns
        return Contracts(
            tuple(self.roots), symbol, chain, expiry, expiry_ns, strike, right,
            np.array(self.units, np.float64)[chain], new, tier, ticks, venues, first,
            np.array(self.chain_symbol, np.int64), np.array(self.chain_days, np.int64),
            np.array(symbol_first, np.int64),
        )  # fmt: skip


def _venues(seed: int, symbol: int, tier: int) -> int:
    """Return the venues that trade a symbol's options: all, or some of them and always the first exchange."""
    wanted, mask = TIERS[tier][VENUE_COUNT], 1 << OPTION_VENUES.index("C")
    if wanted >= len(OPTION_VENUES):
        return ALL_VENUES
    s = stream(seed, KEY_VENUES, symbol)
    while mask.bit_count() < wanted:
        mask |= 1 << int(below(s, len(OPTION_VENUES)))
    return mask


def _tick_class(seed: int, symbol: int, tier: int) -> int:
    if tier < 3:
        return min(tier, 1)
    return 1 if uniform(stream(seed, KEY_VENUES, symbol, 1)) < 0.3 else 2


def _chains(
    table: _Table, seed: int, days: list[Day], opens: Floats, universe: Universe, symbol: int
) -> None:
    """List the chains of a symbol; `opens` are its prices [day] up to this one, as quoted on this one."""
    tier, weight = tier_of(universe, symbol), float(universe.option_weight[symbol])
    spots = opens.tolist()
    step = strike_step(spots[0], tier)
    facts = (tier, _tick_class(seed, symbol, tier), _venues(seed, symbol, tier))
    before = {*expiries(days[-2].date, tier, weight)} if len(days) > 1 else set()
    for expiry in expiries(days[-1].date, tier, weight):
        is_far = tier < 2 and (expiry - days[-1].date).days > 60
        now = _strike_numbers(spots, step, tier, is_far)
        known = set(now)
        if len(days) > 1:
            known = {*_strike_numbers(spots[:-1], step, tier, is_far)} if expiry in before else set()
        strikes = [(int(n * step * 1000 + 0.5) * (DOLLAR // 1000), int(n not in known)) for n in now]
        table.add(universe.symbols[symbol].replace(".", ""), symbol, expiry, strikes, facts)


def _adjusted(table: _Table, seed: int, day: Day, opens: Floats, universe: Universe) -> None:
    """List a few adjusted series: names that split 3 for 2 before the world began, their strikes cut."""
    names = [i for i in range(len(universe)) if universe.has_options[i] and tier_of(universe, i) >= 2]
    s = stream(seed, KEY_ADJUSTED)
    for symbol in sorted({names[below(s, len(names))] for _ in range(ADJUSTED_SYMBOLS)} if names else ()):
        tier = tier_of(universe, symbol)
        step = strike_step(float(opens[symbol, 0]) * ADJUSTED_UNITS, tier)
        numbers = _strike_numbers([float(opens[symbol, 0]) * ADJUSTED_UNITS], step, tier, False)
        cut = step / ADJUSTED_UNITS
        strikes = [(int(n * cut * 1000 + 0.5) * (DOLLAR // 1000), 0) for n in numbers]
        facts = (tier, _tick_class(seed, symbol, tier), _venues(seed, symbol, tier))
        expiry = monthlies(day.date, 3)[-1]
        table.add(universe.symbols[symbol].replace(".", "")[:5] + "1", symbol, expiry, strikes, facts)
        table.units[-1] = ADJUSTED_UNITS


def list_contracts(seed: int, days: list[Day], opens: Floats, universe: Universe) -> Contracts:
    """Return the contracts of the last of `days` (day 0 up to it).

    `opens` [symbol, day] are stock prices in USD at the open of each, restated for splits to the last day.
    """
    table, symbol_first = _Table(days[-1].date), [0]
    for symbol in range(len(universe)):
        if universe.has_options[symbol]:
            _chains(table, seed, days, opens[symbol], universe, symbol)
        symbol_first.append(len(table.roots))
    _adjusted(table, seed, days[-1], opens, universe)
    return table.finish(symbol_first)


def is_last_block(day: Day, block: int) -> bool:
    """Whether a block ends with the regular session of a full day, when series of the day expire."""
    return block == min(day.close_block, REGULAR_CLOSE_BLOCK) - 1
