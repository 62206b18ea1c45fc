"""LOBSTER message and order book lines, as typed columns of prints, quotes and trading halts.

Owns what the columns mean. The direction of a message is that of the resting order, so whoever took is
on the other side. Pure: pieces of both tables in, a block out. Refuses lines that say nothing of their
kind. Source: the vendor's description of its output, with its notes on event types 6 and 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from connectors.cells import SHARE_SCALE, Cells
from connectors.feed import Note, Reject
from connectors.recorded_rows import UNKNOWN_TS, Block, Flags, Ints, batch
from connectors.tabular import Layout, Piece
from schemas.columns import Batch
from schemas.conditions import BIT
from schemas.fields import NO_PRICE
from schemas.kinds import SIDE, VENUE_LETTER

VENUE: Final = "Q"  # the vendor rebuilds the book of Nasdaq
PRICE_SCALE: Final = 100_000  # dollars x 10,000 there, 1e-9 dollars here
NO_LEVEL: Final = 9_999_999_999  # stands, with either sign, where a level is empty
SECOND_NS: Final = 1_000_000_000
DAY_NS: Final = 86_400 * SECOND_NS
VISIBLE, HIDDEN, CROSS, HALT = 4, 5, 6, 7
FIRST_TYPE, LAST_TYPE = 1, 7
CROSS_ORDERS: Final = {-1: "opening", -2: "closing"}  # what the number of the pseudo order stands for
# What the price of a message of type 7 says: the action, and whether there is trading and quoting.
HALT_WORDS: Final = {
    "-1": ("halt", False, False),
    "0": ("quoting", False, True),
    "1": ("trading", True, True),
}
MESSAGE: Final = ("time", "type", "order_id", "size", "price", "direction")
TOP: Final = ("ask_price_1", "ask_size_1", "bid_price_1", "bid_size_1")
PRINTS, QUOTES = "equities.prints", "equities.quotes"


def message_layout(columns: int) -> Layout:
    """Return the layout of a message file; some have more columns than the six that count."""
    extra = tuple(f"more_{n}" for n in range(columns - len(MESSAGE)))
    return Layout("a LOBSTER message file", MESSAGE, fixed=(*MESSAGE, *extra))


def book_layout(levels: int) -> Layout:
    """Return the layout of an order book file with so many levels."""
    sides = ("ask_price", "ask_size", "bid_price", "bid_size")
    names = tuple(f"{side}_{level}" for level in range(1, levels + 1) for side in sides)
    return Layout("a LOBSTER order book file", TOP, fixed=names)


@dataclass(slots=True)
class Reading:
    """How far two files have been read: latest time and latest best quote."""

    underlying: str
    midnight_ts: int
    is_hidden_signed: bool
    last_ts: int = UNKNOWN_TS
    top: tuple[int, ...] = (0, 0, 0, 0)


def aligned(messages: Iterator[Piece], books: Iterator[Piece]) -> Iterator[tuple[Piece, Piece | None]]:
    """Yield the pieces of both tables cut at the same lines; where the book ends first there is none."""
    book = next(books, None)
    for whole in messages:
        rest: Piece | None = whole
        while rest is not None:
            if book is None:
                yield rest, None
                break
            end = min(_last_line(rest), _last_line(book))
            head, rest = _cut(rest, end)
            upper, book = _cut(book, end)
            yield head, upper
            book = next(books, None) if book is None else book


def _last_line(piece: Piece) -> int:
    last: int = max([*piece.line[-1:].tolist(), *(b.line for b in piece.bad[-1:])])
    return last


def _cut(piece: Piece, end: int) -> tuple[Piece, Piece | None]:
    """Return the lines up to `end` and those after it, None where there are none."""
    if end >= _last_line(piece):
        return piece, None
    at = int(np.searchsorted(piece.line, end, side="right"))
    above, below = (tuple(b for b in piece.bad if (b.line <= end) == upper) for upper in (True, False))
    head = replace(piece, frame=piece.frame[:at], line=piece.line[:at], bad=above)
    return head, replace(piece, frame=piece.frame[at:], line=piece.line[at:], bad=below)


def block_of(reading: Reading, messages: Piece, book: Piece | None) -> Block:
    """Return executions, changes of the best quote and halts of some lines; `book` has the same lines."""
    cells = Cells(messages, reading.last_ts)
    times = cells.scaled("time", SECOND_NS) + reading.midnight_ts
    kind = cells.whole("type")
    cells.refuse((kind < FIRST_TYPE) | (kind > LAST_TYPE), "the type is none of 1 to 7")
    cells.refuse(times < reading.midnight_ts, "the time is negative")
    cells.refuse(times >= reading.midnight_ts + DAY_NS, "the time lies after the end of the day")
    before, reading.last_ts = reading.last_ts, cells.forward(times, reading.last_ts)
    lines, known = messages.line[cells.good], times[cells.good]
    notes = _halts(reading, cells, times, kind)
    prints, rejects = _prints(reading, cells, times, kind)
    batches, read = {PRINTS: prints}, {PRINTS: len(prints) + len(rejects)}
    if book is not None:
        quotes, refused = _quotes(reading, Cells(book, before), lines, known)
        batches[QUOTES], read[QUOTES] = quotes, len(quotes) + len(refused)
        rejects += refused
    return Block(batches, rejects, notes, read=read, upto_ts=reading.last_ts)


def _prints(reading: Reading, cells: Cells, times: Ints, kind: Ints) -> tuple[Batch, tuple[Reject, ...]]:
    """Return the executions; lines of other types are no prints, and unreadable ones are refused here."""
    cells.skip(cells.good & ((kind < VISIBLE) | (kind > CROSS)))
    price, size = cells.scaled("price", PRICE_SCALE), cells.scaled("size", SHARE_SCALE)
    direction, order = cells.whole("direction"), cells.whole("order_id")
    cells.refuse(price <= 0, "the price of an execution is not above zero")
    cells.refuse(size <= 0, "the size of an execution is not above zero")
    cells.refuse((np.abs(direction) != 1) & (kind != CROSS), "the direction is neither 1 nor -1")
    is_signed = (kind == VISIBLE) | ((kind == HIDDEN) & reading.is_hidden_signed)
    # A resting buy order (1) was hit by a seller.
    taker = np.where(direction == 1, SIDE.index("sell"), SIDE.index("buy"))
    bits = np.where(kind == CROSS, BIT["cross"], BIT["regular"])
    for number, more in CROSS_ORDERS.items():
        bits |= np.where((kind == CROSS) & (order == number), BIT[more], 0)
    columns = {
        "source_ts": times,
        "underlying": reading.underlying,
        "price": price,
        "size": size,
        "venue": VENUE,
        "condition_bits": bits,
        "is_hidden": kind == HIDDEN,
        "aggressor": np.where(is_signed, taker, SIDE.index("none")).astype(np.int32),
        "vendor_seq": cells.piece.line,
    }
    rows = batch(PRINTS, cells.kept(columns), int(cells.good.sum()))
    return rows, cells.rejects(PRINTS, reading.underlying, rows["source_ts"])


def _quotes(reading: Reading, cells: Cells, lines: Ints, times: Ints) -> tuple[Batch, tuple[Reject, ...]]:
    """Return the lines that change the best quote; `lines` and `times` are those of the good messages."""
    place = np.searchsorted(lines, cells.piece.line)
    place = np.minimum(place, max(len(lines) - 1, 0))
    has_time = lines[place] == cells.piece.line if len(lines) else np.zeros(len(place), np.bool_)
    cells.refuse(~has_time, "the message of this line has no time that can be used")
    columns: dict[str, Any] = {"source_ts": times[place] if len(times) else np.zeros(len(place), np.int64)}
    for side in ("bid", "ask"):
        price, size = cells.whole(f"{side}_price_1"), cells.scaled(f"{side}_size_1", SHARE_SCALE)
        is_empty = (np.abs(price) == NO_LEVEL) | (size == 0)
        cells.refuse(~is_empty & (price <= 0), f"the price of the {side} is not above zero")
        cells.refuse(size < 0, f"the size of the {side} is negative")
        columns[side] = np.where(is_empty, NO_PRICE, price * PRICE_SCALE)
        columns[f"{side}_size"] = np.where(is_empty, 0, size)
    cells.skip(cells.good & ~_is_change(reading, cells, columns))
    code = np.int32(VENUE_LETTER.index(VENUE))
    columns |= {f"{s}_venue": np.where(columns[s] == NO_PRICE, np.int32(0), code) for s in ("bid", "ask")}
    rows = batch(QUOTES, cells.kept({**columns, "underlying": reading.underlying}), int(cells.good.sum()))
    return rows, cells.rejects(QUOTES, reading.underlying, rows["source_ts"])


def _is_change(reading: Reading, cells: Cells, columns: Mapping[str, Any]) -> Flags:
    """Tell which good lines have another best quote than the good line before them."""
    index = np.flatnonzero(cells.good)
    tops = np.stack([columns[n][index] for n in ("bid", "bid_size", "ask", "ask_size")], axis=1)
    found = np.zeros(len(cells.good), np.bool_)
    if len(index):
        before = np.vstack([np.array([reading.top], np.int64), tops[:-1]])
        found[index] = (tops != before).any(axis=1)
        reading.top = tuple(tops[-1].tolist())
    return found


def _halts(reading: Reading, cells: Cells, times: Ints, kind: Ints) -> tuple[Note, ...]:
    """Return what messages of type 7 say; their price is a word and no price."""
    price = cells.text("price")
    out = []
    for row in np.flatnonzero(cells.good & (kind == HALT)).tolist():
        said = HALT_WORDS.get(price[row])
        action, is_trading, is_quoting = said or ("unknown", None, None)
        detail = {"symbol": reading.underlying, "action": action, "venue": VENUE}
        flags = {"is_trading": is_trading, "is_quoting": is_quoting}
        out.append(Note("status", reading.underlying, int(times[row]), {**detail, **flags}))
    return tuple(out)
