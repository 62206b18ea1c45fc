"""A session of the synthetic market as chunks, with the truth of every row beside them.

Owns the hours (ten seconds before the open, five minutes after the close), the cut of seconds into chunks
and what stands beside the tape in each. Refuses to number records: truth is in the order of the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from connectors.feed import Chunk, Late, Note, SessionStart
from connectors.feeds import synthetic_notes as notes
from connectors.feeds import synthetic_rows as records
from connectors.feeds.synthetic_notes import Listing
from connectors.feeds.synthetic_throttle import Throttle
from connectors.feeds.synthetic_world import Made, Settings, listing_of
from schemas.columns import Batch
from synthetic.layout import (
    BLOCK_NS,
    BLOCK_SECONDS,
    D_START,
    D_SYMBOL,
    MILLISECOND_NS,
    P_SYMBOL,
    Q_SYMBOL,
    SECOND_NS,
    T_START,
    T_SYMBOL,
    Matrix,
)
from synthetic.sessions import actions, day_of
from synthetic.tape import Published, Tape
from synthetic.tape_incidents import plan
from synthetic.tape_layout import S_AT, TAPE_COLUMNS, Z_SOURCE
from synthetic.tape_market import DayMarket
from synthetic.tape_params import tape_of
from synthetic.world import Truth

INPUTS: Final = ("options.prints", "options.nbbo", "equities.prints", "equities.quotes")
PREOPEN_S: Final = 10
AFTER_S: Final = 300
TRF_WINDOW_NS: Final = 10 * SECOND_NS
CARRIED: Final = ("carried_bid", "carried_ask", "carried_bid_size", "carried_ask_size")

Flags = npt.NDArray[np.bool_]
Matrices = dict[str, Matrix]


@dataclass(frozen=True, slots=True)
class Labels:
    """The truth of a chunk: of its print topics the rows as the tape made them, those in time first.

    Where a block ends with it, also its number and what its options' and equities' parties wanted.
    """

    day: int
    rows: Mapping[str, Matrix]
    listing: Listing
    block: int = -1
    wanted: tuple[Truth, ...] = ()


@dataclass(slots=True)
class _Second:
    """A second of the tape after choosing: rows by topic, held ones apart, and quotes carried by prints."""

    start_ts: int
    rows: Matrices
    late: Matrices = field(default_factory=dict)
    carried: Matrices = field(default_factory=dict)


def session_seconds(day: int) -> tuple[int, int]:
    """Return the minutes of a day's regular session, and the seconds its tape has in all."""
    on = day_of(day)
    minutes = (on.close_block - on.open_block) * BLOCK_SECONDS // 60
    return minutes, PREOPEN_S + 60 * minutes + AFTER_S


class Session:
    """One session of the feed; the tape of its first `left_out_s` seconds after the open is left out."""

    def __init__(
        self,
        made: Made,
        settings: Settings,
        day: int,
        capabilities: Mapping[str, object],
        left_out_s: int = 0,
    ) -> None:
        world = made.world
        self._world, self._settings, self._capabilities = world, settings, capabilities
        self._day, self._left_out_s = day_of(day), left_out_s
        self._open_ts = self._day.block_ts(self._day.open_block)
        self._start_ts = self._open_ts - PREOPEN_S * SECOND_NS
        self._listing = listing_of(made, day)
        self._chosen = np.isin(world.universe.symbols, settings.symbols)
        self._is_whole = bool(self._chosen.all())
        params = tape_of(settings.profile, world.params)
        known = world.universe
        shown = int(np.argmax(np.where(known.is_fund, 0.0, known.equity_weight)))
        self._incidents = plan(world.seed, self._day, len(known), shown, params)
        self._market = DayMarket(world, day, self._listing.symbol)
        self._tape = Tape(self._market, params, self._incidents)
        self._notes = [n for n in self._all_notes() if not n.underlying or n.underlying in settings.symbols]
        self._gaps = notes.gaps(self._incidents)

    def chunks(self, start: int, count: int, slices: int) -> Iterator[tuple[Chunk, Labels]]:
        """Yield the chunks from number `start` to `count` of the session, `slices` to a second."""
        first, part = divmod(start, slices)
        last = count // slices - 1
        for second, found in self._seconds(first, count // slices):
            for number in range(part, slices):
                is_end = number == slices - 1 and (second == last or self._ends_block(second))
                opening = self._opening() if second == 0 and number == 0 else None
                yield (
                    self._chunk(found, (number, slices), opening),
                    self._labels(found, (number, slices), second if is_end else -1),
                )
            part = 0

    def _seconds(self, first: int, stop: int) -> Iterator[tuple[int, _Second]]:
        for second in range(first, min(PREOPEN_S, stop)):
            yield second, _Second(self._start_ts + second * SECOND_NS, {})
        begin = max(first, PREOPEN_S)
        if begin >= stop:
            return
        choose = self._chooser()
        tape_ts = self._start_ts + self._left_out_s * SECOND_NS
        begin_ts, stop_ts = (tape_ts + s * SECOND_NS for s in (begin, stop))
        if self._settings.throttle_ms:  # what was kept is known from the start of the block before on
            block_ts = begin_ts - (begin_ts - self._open_ts) % BLOCK_NS
            begin_ts = max(block_ts - BLOCK_NS, self._open_ts)
        for found in self._tape.seconds(begin_ts, stop_ts):
            chosen = choose(found)
            second = (found.start_ts - tape_ts) // SECOND_NS
            if second >= begin:
                yield second, chosen

    def _chooser(self) -> Callable[[Published], _Second]:
        interval_ns = self._settings.throttle_ms * MILLISECOND_NS
        if not interval_ns:
            return self._select
        counts = (len(self._listing.symbol), len(self._chosen))
        options, equities = (Throttle(n, interval_ns, is_option=k == 0) for k, n in enumerate(counts))

        def thin(found: Published) -> _Second:
            chosen = self._select(found)
            block_ts = found.start_ts - (found.start_ts - self._open_ts) % BLOCK_NS
            for throttle, prints, quotes in ((options, *INPUTS[:2]), (equities, *INPUTS[2:])):
                if found.start_ts == block_ts:
                    throttle.open_block()
                rows = chosen.rows
                rows[prints], chosen.carried[prints], rows[quotes] = throttle.keep(
                    rows[prints], rows[quotes], found.start_ts, block_ts
                )
            chosen.late = {}
            return chosen

        return thin

    def _select(self, found: Published) -> _Second:
        """Take the wanted symbols."""
        rows = (found.option_prints, found.option_quotes, found.equity_prints, found.equity_quotes)
        late = (found.late_option_prints, found.late_equity_prints)
        if not self._is_whole:
            columns = (P_SYMBOL, Q_SYMBOL, P_SYMBOL, Q_SYMBOL)
            rows = tuple(r[self._chosen[r[:, c]]] for r, c in zip(rows, columns, strict=True))  # type: ignore[assignment]
            late = tuple(r[self._chosen[r[:, P_SYMBOL]]] for r in late)  # type: ignore[assignment]
        prints = (INPUTS[0], INPUTS[2])
        return _Second(
            found.start_ts, dict(zip(INPUTS, rows, strict=True)), dict(zip(prints, late, strict=True))
        )

    def _chunk(self, found: _Second, place: tuple[int, int], opening: SessionStart | None) -> Chunk:
        begin, end = _bounds(found.start_ts, place)
        is_resumed = begin == self._open_ts + self._left_out_s * SECOND_NS
        since = self._open_ts if is_resumed else begin  # what was said meanwhile still holds
        batches: dict[str, Batch] = {}
        held: list[Late] = []
        for topic in INPUTS:
            rows, carried = _cut(found, topic, begin, end)
            batches[topic] = self._batch(topic, rows, carried)
            late = _late(found, topic, begin, end)
            if len(late):
                held += _one_by_one(self._batch(topic, late, None), late[:, S_AT])
        read = {t: len(b) for t, b in batches.items()}
        for item in held:
            read[item.batch.topic.name] += len(item.batch)
        return Chunk(
            opening,
            batches,
            (),
            read,
            end - 1,
            tuple(n for n in self._notes if since <= n.source_ts < end),
            tuple(g for g in self._gaps if begin <= g.source_ts < end),
            tuple(held),
        )

    def _batch(self, topic: str, rows: Matrix, carried: Matrix | None) -> Batch:
        builders: dict[str, Callable[[records.Names, Matrix], Batch]] = {
            "options.prints": records.option_prints,
            "options.nbbo": records.option_quotes,
            "equities.prints": records.equity_prints,
            "equities.quotes": records.equity_quotes,
        }
        batch = builders[topic](self._listing.names, rows)
        if carried is None:
            return batch
        more: dict[str, Any] = {n: np.ascontiguousarray(carried[:, k]) for k, n in enumerate(CARRIED)}
        return Batch(batch.topic, {**batch.columns, **more})

    def _labels(self, found: _Second, place: tuple[int, int], ends_at: int) -> Labels:
        begin, end = _bounds(found.start_ts, place)
        rows = {
            topic: np.concatenate([_cut(found, topic, begin, end)[0], _late(found, topic, begin, end)])
            for topic in (INPUTS[0], INPUTS[2])
        }
        if ends_at < PREOPEN_S:
            return Labels(self._day.index, rows, self._listing)
        block = self._day.open_block + (self._left_out_s + ends_at - PREOPEN_S) // BLOCK_SECONDS
        wanted = tuple(self._wanted(of, end) for of in self._market.truth())
        return Labels(self._day.index, rows, self._listing, block, wanted)

    def _wanted(self, of: Truth, end_ts: int) -> Truth:
        """Return what was wanted of the chosen symbols before the tape ends."""
        parents, hidden = of.parents, of.hidden
        return Truth(
            parents[self._chosen[parents[:, T_SYMBOL]] & (parents[:, T_START] < end_ts)],
            hidden[self._chosen[hidden[:, D_SYMBOL]] & (hidden[:, D_START] < end_ts)],
            tuple(p for p in of.packages if self._chosen[p.symbol] and p.start_ts < end_ts),
        )

    def _ends_block(self, second: int) -> bool:
        of_tape = self._left_out_s + second - PREOPEN_S
        return second >= PREOPEN_S and (of_tape + 1) % BLOCK_SECONDS == 0

    def _opening(self) -> SessionStart:
        series = self._listing.names.series
        expiries = sorted({f"20{n[6:8]}-{n[8:10]}-{n[10:12]}" for n in series.to_pylist()})
        return SessionStart(
            name=self._day.date.isoformat(),
            start_ts=self._start_ts,
            open_ts=self._open_ts,
            close_ts=self._day.block_ts(self._day.close_block),
            trf_window_ns=TRF_WINDOW_NS,
            detail={"expiries": expiries},
        )

    def _all_notes(self) -> list[Note]:
        known, at_ts = self._world.universe, self._start_ts
        companies = actions(self._world.seed, self._day.index, known)
        return [
            Note("capabilities", "", at_ts, self._capabilities),
            *notes.definitions(known, self._listing, at_ts),
            *notes.open_interest(known, self._listing, at_ts),
            *notes.corporate_actions(known, companies, self._day, at_ts),
            *notes.halts(known, self._incidents),
        ]


def _bounds(start_ts: int, place: tuple[int, int]) -> tuple[int, int]:
    number, slices = place
    width = SECOND_NS // slices
    return start_ts + number * width, start_ts + (number + 1) * width


def _cut(found: _Second, topic: str, begin: int, end: int) -> tuple[Matrix, Matrix | None]:
    """Return the rows of a topic in a stretch of a second, and what prints carry."""
    if topic not in found.rows:
        return np.empty((0, TAPE_COLUMNS), np.int64), None
    rows, carried = found.rows[topic], found.carried.get(topic)
    column = Z_SOURCE if topic in (INPUTS[1], INPUTS[3]) else S_AT
    first, last = np.searchsorted(rows[:, column], (begin, end))
    return rows[first:last], None if carried is None else carried[first:last]


def _late(found: _Second, topic: str, begin: int, end: int) -> Matrix:
    rows = found.late.get(topic)
    if rows is None:
        return np.empty((0, TAPE_COLUMNS), np.int64)
    return rows[(rows[:, S_AT] >= begin) & (rows[:, S_AT] < end)]


def _one_by_one(batch: Batch, at: npt.NDArray[np.int64]) -> list[Late]:
    return [Late(ts, batch.slice(n, n + 1)) for n, ts in enumerate(at.tolist())]
