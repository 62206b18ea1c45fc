"""The tape: seconds of published rows, made from the exact events of the blocks they fall in.

Owns the order of publication and what is carried from second to second. A second of the tape depends on its
own block and the one before it: nothing is published later than that, so reading can begin anywhere.
Refuses to build records: rows stay matrices, truth included, until the adapter and `truth` part them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from synthetic.layout import BLOCK_NS, BLOCK_SECONDS, P_TS, QUOTE_COLUMNS, SECOND_NS, Matrix
from synthetic.sessions import Day
from synthetic.tape_incidents import EQUITIES, OPTIONS, Incidents
from synthetic.tape_layout import ROW_SHIFT, S_AT, S_SOURCE, S_TIE, TAPE_COLUMNS, TAPE_QUOTE_COLUMNS, Z_SOURCE
from synthetic.tape_noise import Vector, key_of
from synthetic.tape_params import TapeParams
from synthetic.tape_prints import Floor, Place, Rule, Told, bring_out, report, shuffled
from synthetic.tape_quotes import NEVER, Board, QuoteRule, halted_quotes, show, stamp_all

VENDOR_NUMBERS: Final = 100_000_000  # the vendor's sequence starts anew here in every block
PENDING_MAX: Final = 4_000_000  # rows waiting to be published; more is a fault of the market
LETTERS: Final = 256
SALT_PRINTS, SALT_TRADES, SALT_QUOTES, SALT_QUOTED, SALT_WAY = 81, 82, 83, 84, 85


class Events(Protocol):
    """What happened in one second of the market: matrices of layout.P_* and Q_* in the order of time."""

    @property
    def option_prints(self) -> Matrix: ...
    @property
    def option_quotes(self) -> Matrix: ...
    @property
    def equity_prints(self) -> Matrix: ...
    @property
    def equity_quotes(self) -> Matrix: ...


class Market(Protocol):
    """What the tape needs of a world on one day."""

    @property
    def seed(self) -> int: ...
    @property
    def day(self) -> Day: ...
    @property
    def symbol_count(self) -> int: ...
    @property
    def series_symbols(self) -> Vector: ...  # the symbol of each contract

    def block(self, block: int) -> Iterator[Events]:
        """Yield BLOCK_SECONDS seconds, the same whenever the block is asked for."""
        ...


@dataclass(frozen=True, slots=True)
class Published:
    """One second of the tape: rows whose S_AT or Z_SOURCE lies in [start_ts, stop_ts), in that order.

    `late` rows come out of the log behind younger ones: their S_SOURCE lies before their S_AT.
    """

    start_ts: int
    stop_ts: int
    option_prints: Matrix
    option_quotes: Matrix
    equity_prints: Matrix
    equity_quotes: Matrix
    late_option_prints: Matrix
    late_equity_prints: Matrix


def _nothing(columns: int) -> Matrix:
    return np.empty((0, columns), np.int64)


class _Prints:
    """The reports of one market on their way from the fill to the tape."""

    def __init__(self, market: Market, params: TapeParams, incidents: Incidents, *, is_option: bool) -> None:
        self._rule = _print_rule(market, params, is_option)
        count = len(market.series_symbols) if is_option else market.symbol_count
        self._floor = Floor(
            np.zeros(LETTERS, np.int64),
            np.zeros(count, np.int64),
            np.full(count, -1, np.int64),
            incidents.halt_start,
            incidents.halt_stop,
        )
        none, zero, one = np.full(count, -1, np.int64), np.zeros(count, np.int64), np.zeros(1, np.int64)
        self._told = Told(none, none.copy(), none.copy(), zero, zero.copy(), none.copy(), one)
        self._opening = market.day.open_block
        self._waiting = [_nothing(TAPE_COLUMNS)]
        self._held = _nothing(TAPE_COLUMNS)
        self._rows = 0

    def open_block(self, block: int) -> None:
        """Start the counts that a block starts."""
        self._floor.numbers[:] = 0
        self._floor.seen[:] = 0
        self._told.vendor[0] = block * VENDOR_NUMBERS
        self._rows = 0

    def add(self, prints: Matrix, block: int) -> None:
        """Take the fills of a second of a block."""
        if not len(prints):
            return
        out = np.empty((2 * len(prints), TAPE_COLUMNS), np.int64)
        place = Place(block, self._rows, block == self._opening)
        self._rows += len(prints)
        order = np.lexsort((shuffled(self._rule.key, place, prints), prints[:, P_TS]))
        self._waiting.append(out[: report(self._rule, place, prints[order], self._floor, out)])

    def publish(self, stop_ts: int) -> tuple[Matrix, Matrix]:
        """Return the rows that come out before `stop_ts`: those in time, and those that were held."""
        waiting = np.concatenate(self._waiting)
        assert len(waiting) <= PENDING_MAX, f"{len(waiting)} reports wait to be published"
        is_due = waiting[:, S_SOURCE] < stop_ts
        self._waiting = [waiting[~is_due]]
        due = waiting[is_due]
        due = due[np.lexsort((due[:, S_TIE], due[:, S_SOURCE]))]
        out = np.empty((2 * len(due), TAPE_COLUMNS), np.int64)
        out = out[: bring_out(self._rule, self._opening, due, self._told, out)]
        is_held = out[:, S_AT] > out[:, S_SOURCE]
        held = np.concatenate([self._held, out[is_held]])
        is_free = held[:, S_AT] < stop_ts
        self._held = held[~is_free]
        late = held[is_free]
        return out[~is_held], late[np.lexsort((late[:, S_TIE], late[:, S_AT]))]


class _Quotes:
    """The quotes of one market on their way to the tape."""

    def __init__(self, market: Market, params: TapeParams, incidents: Incidents, *, is_option: bool) -> None:
        self._rule = _quote_rule(market, params, is_option)
        symbols = market.series_symbols if is_option else np.arange(market.symbol_count)
        standing = np.full((len(symbols), QUOTE_COLUMNS), -1, np.int64)
        spare = np.full(len(symbols), NEVER, np.int64)
        self._board = Board(standing, incidents.halt_start, incidents.halt_stop, spare)
        mine = OPTIONS if is_option else EQUITIES
        self._outages = [o for o in incidents.outages if o.market == mine]
        self._keys = {s: np.flatnonzero(symbols == s).astype(np.int64) for s in incidents.halted}
        self._edges = sorted(
            [(int(incidents.halt_start[s]), s, False) for s in incidents.halted]
            + [(int(incidents.halt_stop[s]), s, True) for s in incidents.halted]
        )
        self._waiting = [_nothing(TAPE_QUOTE_COLUMNS)]
        self._rows = 0

    def open_block(self) -> None:
        """Start the count that a block starts."""
        self._rows = 0

    def add(self, quotes: Matrix, block: int, second: tuple[int, int]) -> None:
        """Take the quotes of a second of a block, and what halts do in it."""
        edges = [e for e in self._edges if second[0] <= e[0] < second[1]]
        # What stands is known from the block before on, wherever reading began.
        since = second[0] - second[0] % SECOND_NS - BLOCK_NS
        taken = [self._turn(at, symbol, since, is_over) for at, symbol, is_over in edges if not is_over]
        if len(quotes):
            out = np.empty((2 * len(quotes), TAPE_QUOTE_COLUMNS), np.int64)
            first = block << ROW_SHIFT | self._rows
            self._rows += len(quotes)
            taken.append(out[: show(self._rule, first, second[1], quotes, self._board, out)])
        taken += [self._turn(at, symbol, since, is_over) for at, symbol, is_over in edges if is_over]
        self._waiting += taken

    def _turn(self, at_ts: int, symbol: int, since_ts: int, is_over: bool) -> Matrix:
        rows = halted_quotes(self._board, self._keys[symbol], at_ts, since_ts, is_over=is_over)
        stamp_all(self._rule, rows)
        return rows

    def publish(self, stop_ts: int) -> Matrix:
        """Return the quotes that come out before `stop_ts`; a series' own keep their order."""
        waiting = np.concatenate(self._waiting)
        assert len(waiting) <= PENDING_MAX, f"{len(waiting)} quotes wait to be published"
        is_due = waiting[:, Z_SOURCE] < stop_ts
        self._waiting = [waiting[~is_due]]
        due = waiting[is_due]
        due = due[np.argsort(due[:, Z_SOURCE], kind="stable")]
        for outage in self._outages:
            source = due[:, Z_SOURCE]
            due = due[(source < outage.start_ts) | (source >= outage.stop_ts)]
        return due


class Tape:
    """The tape of one day, from its open on. Any stretch may be asked for; its rows are always the same."""

    def __init__(self, market: Market, params: TapeParams, incidents: Incidents) -> None:
        self._market, self._params, self._incidents = market, params, incidents

    def seconds(self, start_ts: int, stop_ts: int) -> Iterator[Published]:
        """Yield the seconds of the tape in [start_ts, stop_ts), whole seconds after a block's start."""
        day = self._market.day
        assert (start_ts - day.start_ts) % SECOND_NS == 0 and start_ts >= day.block_ts(day.open_block)
        made = [
            _Prints(self._market, self._params, self._incidents, is_option=is_option)
            for is_option in (True, False)
        ]
        quoted = [
            _Quotes(self._market, self._params, self._incidents, is_option=is_option)
            for is_option in (True, False)
        ]
        first = max((start_ts - day.start_ts) // BLOCK_NS - 1, day.open_block)
        last = -(-(stop_ts - day.start_ts) // BLOCK_NS)
        for block in range(first, last):
            for prints in made:
                prints.open_block(block)
            for quotes in quoted:
                quotes.open_block()
            begin = day.block_ts(block)
            for number, events in enumerate(self._market.block(block)):
                assert number < BLOCK_SECONDS, f"block {block} has more than {BLOCK_SECONDS} seconds"
                second = (begin + number * SECOND_NS, begin + (number + 1) * SECOND_NS)
                if second[0] >= stop_ts:
                    return
                made[0].add(events.option_prints, block)
                made[1].add(events.equity_prints, block)
                quoted[0].add(events.option_quotes, block, second)
                quoted[1].add(events.equity_quotes, block, second)
                found = _publish(made, quoted, second)
                if second[0] >= start_ts:
                    yield found


def _publish(made: list[_Prints], quoted: list[_Quotes], second: tuple[int, int]) -> Published:
    (options, late_options), (equities, late_equities) = (m.publish(second[1]) for m in made)
    option_quotes, equity_quotes = (q.publish(second[1]) for q in quoted)
    return Published(*second, options, option_quotes, equities, equity_quotes, late_options, late_equities)


def _print_rule(market: Market, params: TapeParams, is_option: bool) -> Rule:
    seed, day = market.seed, market.day.index
    way = params.option_way if is_option else params.equity_way
    points = [way, params.trades, params.facility, params.late, params.cancelling, params.stuck]
    late = params.option_late if is_option else params.equity_late
    cancel = params.option_cancel if is_option else params.equity_cancel
    correct = 0.0 if is_option else params.equity_correct
    rates = [late, cancel, correct, params.duplicate, params.log_late, params.untimed]
    return Rule(
        is_option,
        np.array(points, np.int64),
        np.array(rates),
        params.skew_ns,
        key_of(seed, day, SALT_PRINTS, int(is_option)),
        (key_of(seed, day, SALT_WAY, int(is_option)), key_of(seed, day, SALT_TRADES, int(is_option))),
    )


def _quote_rule(market: Market, params: TapeParams, is_option: bool) -> QuoteRule:
    seed, day = market.seed, market.day.index
    return QuoteRule(
        is_option,
        np.array([params.option_way if is_option else params.equity_way, params.quotes], np.int64),
        np.array(params.flicker, np.int64),
        params.locked,
        params.crossed,
        params.skew_ns,
        key_of(seed, day, SALT_QUOTES, int(is_option)),
        (key_of(seed, day, SALT_WAY, int(is_option)), key_of(seed, day, SALT_QUOTED, int(is_option))),
    )
