"""The equity market of one world: its books, agents and buffers, block by block and second by second.

Owns the state of a block and what it is seeded from: profile, seed, parameters, day and block alone. Orders
that the option market needs come in with the block. Refuses publication: times are exact, reporting delays
are a column.
"""

from math import sqrt
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from synthetic.activity import activity
from synthetic.agents_equity import RATE_OF_NORMAL, auctions, kind_shares, noise, size_scale
from synthetic.equity_book import open_books
from synthetic.equity_engine import run_second
from synthetic.equity_layout import CELL, DESK, REST_COLUMNS, VENUES, Book
from synthetic.equity_parents import Schedule
from synthetic.layout import (
    BLOCK_NS,
    BLOCK_SECONDS,
    DAY_BLOCKS,
    EQUITY_VENUES,
    HIDDEN_COLUMNS,
    MAKER_EQUITY,
    MILLISECOND_NS,
    NASDAQ_OWN,
    O_SYMBOL,
    O_TS,
    ORDER_COLUMNS,
    P_TS,
    PRINT_COLUMNS,
    Q_TS,
    QUOTE_COLUMNS,
    SECOND_NS,
    Buffer,
    Matrix,
    first_id,
    no_rows,
)
from synthetic.params import Params, Profile
from synthetic.paths import STEP_NS
from synthetic.rng import stream
from synthetic.sessions import Day
from synthetic.universe import Floats, Universe

Records = npt.NDArray[Any]

KEY_BOOK: Final = 203
LOOKS: Final = 1.5  # looks of makers for each quote of the profile
QUOTES_OF_NORMAL: Final = 4000.0
LOOKS_EVENLY: Final = 0.35  # part of the looks that is spread evenly over symbols
EXTENDED_SPREAD: Final = 3.0
EXTENDED_PACE: Final = 0.12
VENUE_SHARES: Final = (0.10, 0.19, 0.14, 0.12, 0.13, 0.07, 0.08, 0.05, 0.05, 0.07)  # in order of the letters
OWN_LISTING_SHARE: Final = 1.9
NOISE_SPARE: Final = 4.0
RESTING_SPARE: Final = 4096
MAKER_ORDERS: Final = 1 << 31  # market makers' own orders count from here
BLOCK_ORDERS: Final = 1 << 28  # children and auctions of a block count from here


class EquityMarket:
    """Venue books and the orders that meet in them."""

    def __init__(self, profile: Profile, seed: int, params: Params, universe: Universe) -> None:
        assert len(VENUE_SHARES) == VENUES
        self.profile, self.seed, self.params, self.universe = profile, seed, params, universe
        self.schedule = Schedule(profile, seed, params, universe)
        self.rate, self.kinds = kind_shares(params)
        self._buffers = Buffer(PRINT_COLUMNS, 16_384), Buffer(QUOTE_COLUMNS, 32_768)
        self._noise = np.empty((8192, ORDER_COLUMNS), np.int64)
        self._letters = _letters(universe)

    def start_block(self, day: Day, block: int, paths: Floats, injected: Matrix) -> None:
        """Seed the books of a block and gather its planned orders; `injected` are the option market's."""
        self.day, self.number, self.prices = day, block, paths
        self.world_block = day.index * DAY_BLOCKS + block
        self.scale = size_scale(self.universe, paths[:, 0])
        self.factors = activity(self.profile, self.seed, day, block)
        self.planned = self._plan(injected)
        self.desk, self.cells = self._desk(), self._cells()
        self.book = self._book()
        self._next_order = first_id(day.index, block, MAKER_EQUITY)
        open_books(self.book, self.cells, self.desk[0], paths)

    def _desk(self) -> Records:
        """Return the block's rules and counters."""
        rows = np.zeros(1, DESK)
        rows["latency_ns"] = self.params.maker_latency_ms * MILLISECOND_NS
        rows["trf_delay_ns"] = self.params.trf_delay_ms * MILLISECOND_NS
        rows["improvement"] = self.params.improvement_scale
        rows["start_ns"] = self.day.block_ts(self.number)
        rows["end_ns"] = rows["start_ns"] + BLOCK_NS
        rows["step_ns"] = STEP_NS
        rows["is_regular"] = self.day.is_regular(self.number)
        rows["pace"] = self._pace(0)
        rows["identity"] = first_id(self.day.index, self.number, MAKER_EQUITY) + MAKER_ORDERS
        return rows

    def _cells(self) -> Records:
        """Return the records of the symbols, with the block's facts."""
        u, start = self.universe, self.prices[:, 0]
        wide = (1.0 if self.day.is_regular(self.number) else EXTENDED_SPREAD) * self.params.spread_scale
        deep = np.sqrt(u.daily_shares / 1e6) * np.where(u.spread_class == 0, 1.6, 0.55)
        even = LOOKS_EVENLY / len(u) + (1.0 - LOOKS_EVENLY) * u.equity_weight
        rows = np.zeros(len(u), CELL)
        rows["symbol"] = np.arange(len(u))
        rows["half"] = 100.0 * u.half_spread * wide * (start / u.price)
        rows["usual"] = np.clip(deep * 100.0 / u.round_lot * np.sqrt(50.0 / start), 0.4, 60.0)
        rows["lot"] = u.round_lot
        # The more often makers look, the fewer of their looks change a quote.
        often = sqrt(sqrt(self.profile.equity_quotes / QUOTES_OF_NORMAL))
        rows["rate"] = self.profile.equity_quotes * LOOKS * often * even
        rows["listing"] = [_venue_of(letter) for letter in u.listing.tolist()]
        rows["venue_share"] = _venue_shares(rows["listing"])
        rows["letters"] = self._letters
        return rows

    def _book(self) -> Book:
        resting = len(self.planned) + RESTING_SPARE
        return Book(
            rest=np.zeros((resting, REST_COLUMNS), np.int64),
            hidden=np.zeros((resting, HIDDEN_COLUMNS), np.int64),
            prints=self._buffers[0].rows,
            quotes=self._buffers[1].rows,
            stream=stream(self.seed, KEY_BOOK, self.world_block),
        )

    def _plan(self, injected: Matrix) -> Matrix:
        """Return the block's known orders in order of time."""
        first = first_id(self.day.index, self.number, MAKER_EQUITY) + BLOCK_ORDERS
        parts = [injected, self.schedule.children(self.day, self.number, first)]
        for is_open, at in ((True, self.day.open_block), (False, self.day.close_block)):
            if self.number == at:
                shares = self.universe.daily_shares * (self.profile.equity_prints / RATE_OF_NORMAL)
                slow = self.universe.listing == ord("N")
                start = self.day.block_ts(at)
                ids = first + BLOCK_ORDERS + int(is_open) * len(self.universe)
                parts.append(auctions(self.seed, self.day.index, is_open, start, shares, slow, ids))
        rows = np.concatenate(parts)
        return rows[np.argsort(rows[:, O_TS], kind="stable")]

    def _pace(self, second: int) -> float:
        """Return how often makers look: half of it follows the day's activity."""
        if not self.day.is_regular(self.number):
            return EXTENDED_PACE
        return 0.5 + 0.5 * float(self.factors[second])

    def run_second(self, second: int) -> tuple[Matrix, Matrix]:
        """Run one second of the block; return prints and quotes in order of time, the caller's to keep."""
        assert 0 <= second < BLOCK_SECONDS, second
        desk = self.desk[0]
        start = int(desk["start_ns"]) + second * SECOND_NS
        orders = self._orders(second, start)
        self._reserve_resting(len(orders))
        desk["prints"], desk["quotes"], desk["second_end"] = 0, 0, start + SECOND_NS
        desk["pace"] = self._pace(second)
        state = np.zeros(2, np.int64)
        while not run_second(self.book, self.cells, desk, self.prices, orders, state):
            self._grow()
        prints, quotes = self.book.prints[: int(desk["prints"])], self.book.quotes[: int(desk["quotes"])]
        return _by_time(prints, P_TS), _by_time(quotes, Q_TS)

    def _orders(self, second: int, start: int) -> Matrix:
        """Return all orders of a second, sorted by symbol and time."""
        mean = self.profile.equity_prints * self.rate * float(self.factors[second])
        means = self.universe.equity_weight * mean
        if NOISE_SPARE * mean + 1024 > len(self._noise):
            self._noise = np.empty((int(NOISE_SPARE * mean) + 2048, ORDER_COLUMNS), np.int64)
        key = np.array([self.seed, self.world_block, second, start, self._next_order], np.int64)
        tail = self.params.size_tail
        lots, prices = self.universe.round_lot, self.prices[:, 0].copy()
        count = noise(key, means, self.kinds, prices, self.scale, lots, tail, self._noise)
        assert count < len(self._noise), "orders of a second exceed the room for them"
        self._next_order += count
        low, high = np.searchsorted(self.planned[:, O_TS], [start, start + SECOND_NS])
        rows = np.concatenate([self._noise[:count], self.planned[low:high]])
        order = np.argsort(rows[:, O_SYMBOL] * (2 * SECOND_NS) + (rows[:, O_TS] - start), kind="stable")
        return rows[order]

    def _reserve_resting(self, more: int) -> None:
        used, room = int(self.desk[0]["rests"]), len(self.book.rest)
        if used + more <= room:
            return
        rest, hidden = Buffer(REST_COLUMNS, 2 * room + more), Buffer(HIDDEN_COLUMNS, 2 * room + more)
        rest.rows[:used], hidden.rows[:used] = self.book.rest[:used], self.book.hidden[:used]
        self.book = self.book._replace(rest=rest.rows, hidden=hidden.rows)

    def _grow(self) -> None:
        """Double what is nearly full; the engine goes on where it stopped."""
        prints, quotes = self._buffers
        prints.count, quotes.count = (int(self.desk[0][c]) for c in ("prints", "quotes"))
        prints.reserve(len(prints.rows))
        quotes.reserve(len(quotes.rows))
        self.book = self.book._replace(prints=prints.rows, quotes=quotes.rows)

    def parents(self) -> Matrix:
        """Return the parents that start in this block, columns as in the layout."""
        return self.schedule.parents(self.day, self.number)

    def hidden(self) -> Matrix:
        """Return the hidden inventory that rested in this block; complete once its last second has run."""
        return self.book.hidden[: int(self.desk[0]["hidden"])].copy()


def _by_time(rows: Matrix, column: int) -> Matrix:
    return rows[np.argsort(rows[:, column], kind="stable")] if len(rows) else no_rows(rows.shape[1])


def _venue_of(letter: int) -> int:
    """Return the index of a listing venue's letter; Nasdaq's own one stands for T, unknown ones for Arca."""
    text = "T" if letter == NASDAQ_OWN else chr(letter)
    return EQUITY_VENUES.index(text if text in EQUITY_VENUES else "P")


def _letters(universe: Universe) -> Matrix:
    """Return the letters under which venues report, [symbol, venue]."""
    letters = np.tile(np.array([ord(v) for v in EQUITY_VENUES], np.int64), (len(universe), 1))
    letters[universe.is_tape_c, EQUITY_VENUES.index("T")] = NASDAQ_OWN
    return letters


def _venue_shares(listing: Matrix) -> Floats:
    """Return running shares of the venues, [symbol, venue]; the listing venue has more than elsewhere."""
    table = np.empty((VENUES, VENUES))
    for home in range(VENUES):
        weights = [w * (OWN_LISTING_SHARE if v == home else 1.0) for v, w in enumerate(VENUE_SHARES)]
        total = 0.0
        for weight in weights:
            total += weight
        running = 0.0
        for venue, weight in enumerate(weights):
            running += weight / total
            table[home, venue] = running
    return np.asarray(table[listing], np.float64)
