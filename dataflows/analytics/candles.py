"""Candles of four intervals, closed by event time and restated by late prints: the kernels.

Owns bars, their closing order and the held bars that a late print may still change. Refuses to change a
bar beyond the restatement horizon: such a print is counted and changes nothing.

Eligibility: volume, notional and counts take prints that update volume; open and close take prints that
update the last price; high and low take prints that update high and low *or* the last price, so that
low <= open, close <= high always holds. Open is the earliest, close the latest by (source time, arrival):
a late print changes a bar to what it would have been, had the print come in time.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit

from dataflows.analytics.equities_dark import FOREVER, NEVER
from dataflows.analytics.equities_money import MONEY_MAX
from dataflows.analytics.release import Codes, Flags, Longs
from schemas.fields import NO_PRICE

INTERVALS_S: Final = (1, 5, 60, 300)
INTERVALS_NS: Final = np.array(INTERVALS_S, np.int64) * 1_000_000_000
INTERVALS: Final = len(INTERVALS_S)
HAS_VOLUME, HAS_HIGH_LOW, HAS_LAST, IS_OFF = 1, 2, 4, 8

START, END, OPEN, HIGH, LOW, CLOSE, VOLUME, OFF_VOLUME, MONEY, COUNT, OPEN_TS, CLOSE_TS, VERSION = range(13)
BAR_FIELDS: Final = 13
KEY, PREVIOUS, INSERTED = range(13, 16)  # a held bar also knows its chain and when it was held
HELD_FIELDS: Final = 16
UID, INTERVAL, EMIT_TS, STATUS = range(13, 17)  # an emitted bar also says whose and when
EMITTED_FIELDS: Final = 17
FINAL, RESTATED = 0, 1  # indices in schemas.kinds.VERSION_STATUS

HEAD, TAIL, DROPPED_UNTIL, NEXT_END, BEYOND, DROPPED, NOT_HELD = range(7)
SCALARS: Final = 7


class Trades(NamedTuple):
    """Prints in merged order; `flags` says what each may update and whether it is off exchange."""

    uid: Longs
    source_ts: Longs
    effective_ts: Longs
    price: Longs
    size: Longs
    money: Longs
    flags: Codes
    is_late: Flags


class Sample(NamedTuple):
    """One print of `Trades`, as numbers."""

    flags: int
    ts: int
    price: int
    size: int
    money: int


class Book(NamedTuple):
    """State. All open bars of one interval share one bucket, `ends`; `active` lists their underlyings.

    `held` is a ring of closed bars, numbered without end from TAIL to HEAD; `last` is the newest number
    of each (underlying, interval), from which PREVIOUS leads back. Full: the oldest is dropped.
    """

    bars: Longs
    active: Longs
    active_count: Longs
    ends: Longs
    held: Longs
    last: Longs
    scalars: Longs


class Limits(NamedTuple):
    """How long (ns) and how many closed bars are held."""

    horizon_ns: int
    held_max: int


class Emitted(NamedTuple):
    """Rows to publish (capacity, EMITTED_FIELDS) and, in `used[0]`, how many there are."""

    rows: Longs
    used: Longs


@njit(cache=True)
def run(book: Book, trades: Trades, ranks: Longs, rest: tuple[int, int, Limits, Emitted]) -> int:
    """Apply trades from `start` on, then close up to `watermark`; `rest` = (start, watermark, ...).

    Returns the trade to continue with after the caller has enlarged `held`, or the number of trades
    plus one when all is done. Enlarging never changes a result.
    """
    start, watermark, limits, out = rest
    total = trades.uid.shape[0]
    for i in range(start, total):
        now = trades.effective_ts[i]
        if trades.is_late[i] or now >= book.scalars[NEXT_END]:
            if needs_room(book, limits):
                return i
            advance(book, now, ranks, (limits, out))
        sample = Sample(
            trades.flags[i], trades.source_ts[i], trades.price[i], trades.size[i], trades.money[i]
        )
        if trades.is_late[i]:
            restate(book, (trades.uid[i], now), sample, (limits, out))
        elif sample.flags & (HAS_VOLUME | HAS_HIGH_LOW | HAS_LAST):
            add_to_open(book, trades.uid[i], sample)
    if needs_room(book, limits):
        return int(total)
    advance(book, watermark, ranks, (limits, out))
    return int(total + 1)


@njit(cache=True)
def add_to_open(book: Book, uid: int, sample: Sample) -> None:
    """Add a print to the open bar of every interval, opening those that are not."""
    bars = book.bars
    for k in range(INTERVALS):
        if bars[uid, k, START] == NEVER:
            open_bar(book, uid, k, sample.ts)
        add(bars[uid, k], sample)


@njit(cache=True)
def needs_room(book: Book, limits: Limits) -> bool:
    """Tell whether the next step could need more held bars than the ring has rows, below the limit."""
    size = book.held.shape[0]
    wanted = book.scalars[HEAD] - book.scalars[TAIL] + book.active_count.sum() + INTERVALS
    return bool(size < limits.held_max and wanted > size)


@njit(cache=True)
def advance(book: Book, ts: int, ranks: Longs, rest: tuple[Limits, Emitted]) -> None:
    """Close every bar that ends at or before `ts`, by (end, interval, underlying text)."""
    while book.scalars[NEXT_END] <= ts:
        k = -1
        for j in range(INTERVALS):
            if book.active_count[j] and (k < 0 or book.ends[j] < book.ends[k]):
                k = j
        close_bucket(book, k, ranks, rest)
        book.scalars[NEXT_END] = next_end(book)


@njit(cache=True)
def next_end(book: Book) -> int:
    """Return the earliest end of an open bar, or the end of time."""
    earliest = FOREVER
    for k in range(INTERVALS):
        if book.active_count[k]:
            earliest = min(earliest, book.ends[k])
    return int(earliest)


@njit(cache=True)
def close_bucket(book: Book, k: int, ranks: Longs, rest: tuple[Limits, Emitted]) -> None:
    """Publish and hold the open bars of an interval, in the order of their underlyings' text."""
    limits, out = rest
    uids = book.active[k, : book.active_count[k]].copy()
    book.active_count[k] = 0
    for position in np.argsort(ranks[uids]):
        uid = uids[position]
        bar = book.bars[uid, k]
        emit(out, bar, (uid, k, book.ends[k], FINAL))
        hold(book, bar, (uid * INTERVALS + k, book.ends[k]), limits)
        bar[START] = NEVER


@njit(cache=True)
def open_bar(book: Book, uid: int, k: int, ts: int) -> None:
    """Open the bar of the bucket that `ts` and the present are both in."""
    bar = book.bars[uid, k]
    clear(bar, ts // INTERVALS_NS[k] * INTERVALS_NS[k], INTERVALS_NS[k])
    book.ends[k] = bar[END]
    book.active[k, book.active_count[k]] = uid
    book.active_count[k] += 1
    book.scalars[NEXT_END] = min(book.scalars[NEXT_END], bar[END])


@njit(cache=True)
def clear(bar: Longs, start: int, length_ns: int) -> None:
    """Make a bar an empty first version."""
    bar[:BAR_FIELDS] = 0
    bar[START], bar[END] = start, start + length_ns
    bar[OPEN : CLOSE + 1] = NO_PRICE
    bar[VERSION] = 1


@njit(cache=True)
def add(bar: Longs, sample: Sample) -> None:
    """Let a print change what it is eligible for."""
    flags, price, ts = sample.flags, sample.price, sample.ts
    if flags & HAS_VOLUME:
        bar[VOLUME] += sample.size
        bar[MONEY] = min(bar[MONEY] + sample.money, MONEY_MAX)
        bar[COUNT] += 1
        if flags & IS_OFF:
            bar[OFF_VOLUME] += sample.size
    if flags & (HAS_HIGH_LOW | HAS_LAST):
        bar[HIGH] = max(bar[HIGH], price)
        bar[LOW] = price if bar[LOW] == NO_PRICE else min(bar[LOW], price)
    if flags & HAS_LAST:
        if bar[OPEN] == NO_PRICE or ts < bar[OPEN_TS]:
            bar[OPEN], bar[OPEN_TS] = price, ts
        if bar[CLOSE] == NO_PRICE or ts >= bar[CLOSE_TS]:
            bar[CLOSE], bar[CLOSE_TS] = price, ts


@njit(cache=True)
def restate(book: Book, at: tuple[int, int], sample: Sample, rest: tuple[Limits, Emitted]) -> None:
    """Add a late print of (underlying, effective time) to the bars of its own time.

    An open bar takes it silently, a held one as a new version; a bucket that had none gets its first.
    """
    limits, out = rest
    uid, now = at
    if not sample.flags & (HAS_VOLUME | HAS_HIGH_LOW | HAS_LAST):
        return
    if now - sample.ts > limits.horizon_ns:
        book.scalars[BEYOND] += 1
        return
    for k in range(INTERVALS):
        start = sample.ts // INTERVALS_NS[k] * INTERVALS_NS[k]
        if start + INTERVALS_NS[k] > now:
            if book.bars[uid, k, START] == NEVER:
                open_bar(book, uid, k, sample.ts)
            add(book.bars[uid, k], sample)
            continue
        number = restated_number(book, (uid * INTERVALS + k, now), (start, k), limits)
        if number >= 0:
            bar = book.held[number % book.held.shape[0]]
            add(bar, sample)
            emit(out, bar, (uid, k, now, RESTATED))


@njit(cache=True)
def restated_number(book: Book, at: tuple[int, int], bucket: tuple[int, int], limits: Limits) -> int:
    """Return the held bar of (key, now) in (start, interval index) as a new version, or -1, counted."""
    key, now = at
    start, k = bucket
    end = start + INTERVALS_NS[k]
    number = held_number(book, key, start, end)
    if number >= 0:
        book.held[number % book.held.shape[0], VERSION] += 1
        return number
    if end <= book.scalars[DROPPED_UNTIL]:
        book.scalars[NOT_HELD] += 1
        return -1
    fresh = np.empty(BAR_FIELDS, np.int64)
    clear(fresh, start, INTERVALS_NS[k])
    return hold(book, fresh, (key, now), limits)


@njit(cache=True)
def held_number(book: Book, key: int, start: int, end: int) -> int:
    """Return the number of the held bar of (key, start), or -1 where none is held.

    The chain runs back in the order of holding; a bar is held at its end or later, so the search stops
    at the first one held before `end`.
    """
    number = book.last[key]
    while number >= book.scalars[TAIL]:
        bar = book.held[number % book.held.shape[0]]
        if bar[START] == start:
            return int(number)
        if bar[INSERTED] < end:
            return -1
        number = bar[PREVIOUS]
    return -1


@njit(cache=True)
def hold(book: Book, bar: Longs, at: tuple[int, int], limits: Limits) -> int:
    """Append a bar of (key, time) to the ring and return its number; make room by horizon, then by age."""
    key, now = at
    scalars, size = book.scalars, book.held.shape[0]
    while scalars[TAIL] < scalars[HEAD]:
        oldest_end = book.held[scalars[TAIL] % size, END]
        is_full = scalars[HEAD] - scalars[TAIL] >= limits.held_max
        if oldest_end + limits.horizon_ns >= now and not is_full:
            break
        if oldest_end + limits.horizon_ns >= now:
            scalars[DROPPED] += 1
            scalars[DROPPED_UNTIL] = max(scalars[DROPPED_UNTIL], oldest_end)
        scalars[TAIL] += 1
    number = scalars[HEAD]
    scalars[HEAD] += 1
    kept = book.held[number % size]
    kept[:BAR_FIELDS] = bar[:BAR_FIELDS]
    kept[KEY], kept[PREVIOUS], kept[INSERTED] = key, book.last[key], now
    book.last[key] = number
    return int(number)


@njit(cache=True)
def emit(out: Emitted, bar: Longs, whose: tuple[int, int, int, int]) -> None:
    """Write a version of a bar: (underlying, interval index, emit time, status)."""
    row = out.rows[out.used[0]]
    row[:BAR_FIELDS] = bar[:BAR_FIELDS]
    row[UID], row[INTERVAL], row[EMIT_TS], row[STATUS] = whose
    out.used[0] += 1
