"""LOBSTER message and order book files as a feed: Nasdaq's executions, and the best quote of its book.

Owns pairing the two files of a symbol and day by their names, and what may be said from them: whoever
took is known from the resting order, of hidden ones only before 14 July 2014. Refuses an order book
without its messages (it has no times), and pairs of unequal length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Final

from connectors.errors import UserError
from connectors.feeds.lobster_rows import MESSAGE, PRINTS, QUOTES, Reading, aligned, block_of
from connectors.feeds.lobster_rows import book_layout as layout_of_book
from connectors.feeds.lobster_rows import message_layout as layout_of_messages
from connectors.recorded import RecordedFeed, Recording
from connectors.recorded_merge import Source
from connectors.recorded_rows import Block, Ints
from connectors.sessions import midnight
from connectors.table_feed import InputFile, Wanted, hashes_of, refuse_options
from connectors.tabular import count_lines, header_of, read_pieces
from schemas.roots import equity_underlying

NAME: Final = "lobster"
HIDDEN_SIGNED_UNTIL: Final = date(2014, 7, 14)
_FILE: Final = re.compile(
    r"(?P<stem>(?P<symbol>[A-Za-z][A-Za-z0-9.\-]{0,9})_(?P<day>\d{4}-\d{2}-\d{2})_\d+_\d+)"
    r"_(?P<kind>message|orderbook)_(?P<levels>\d{1,3})\.csv(?:\.gz|\.zst)?"
)


@dataclass(frozen=True, slots=True)
class Pair:
    """The files of one symbol and day; the order book may be missing."""

    symbol: str
    day: date
    levels: int
    messages: InputFile
    book: InputFile | None


def open_feed(files: Sequence[InputFile], wanted: Wanted | None = None) -> RecordedFeed:
    """Open message and order book files as one feed."""
    wanted = wanted or Wanted()
    refuse_options(wanted, "LOBSTER files")
    hashes = hashes_of(files)
    pairs = pairs_of(files)
    for pair in pairs:
        _check(pair)
    has_books = any(p.book is not None for p in pairs)
    recording = Recording(
        name=NAME,
        files=hashes,
        sources=tuple(_source(p) for p in pairs),
        inputs=(PRINTS, QUOTES) if has_books else (PRINTS,),
        symbols=tuple(sorted({p.symbol for p in pairs})),
        capabilities=capabilities(pairs),
        selection=wanted.selection,
        options=wanted.options,
    )
    return RecordedFeed(recording)


def pairs_of(files: Sequence[InputFile]) -> list[Pair]:
    """Return the files by symbol and day, in the order of day and symbol.

    Raises:
        UserError: a name that is none of the vendor's, two files for one place, or a lone order book.
    """
    found: dict[str, dict[str, tuple[re.Match[str], InputFile]]] = {}
    for file in files:
        name = _FILE.fullmatch(file.place.rpartition("/")[2])
        if name is None:
            raise UserError(
                f"{file.place}: is not named as LOBSTER names its files, "
                "as in IBM_2012-06-21_34200000_57600000_message_10.csv"
            )
        sides = found.setdefault(name["stem"], {})
        if name["kind"] in sides:
            raise UserError(f"{file.place}: is the second {name['kind']} file of {name['stem']}")
        sides[name["kind"]] = (name, file)
    pairs = [_pair(sides) for sides in found.values()]
    return sorted(pairs, key=lambda p: (p.day, p.symbol, p.messages.place))


def _pair(sides: dict[str, tuple[re.Match[str], InputFile]]) -> Pair:
    if "message" not in sides:
        raise UserError(f"{sides['orderbook'][1].place}: its message file is missing, which has the times")
    name, messages = sides["message"]
    _, book = sides.get("orderbook", (None, None))
    if book is not None and sides["orderbook"][0]["levels"] != name["levels"]:
        raise UserError(f"{book.place}: has another number of levels than {messages.place}")
    try:
        day = date.fromisoformat(name["day"])
    except ValueError:
        raise UserError(f"{messages.place}: {name['day']} is no date") from None
    return Pair(equity_underlying(name["symbol"].upper()), day, max(1, int(name["levels"])), messages, book)


def _check(pair: Pair) -> None:
    """Refuse a pair whose files have other columns than their names say, or unequal lengths."""
    found = len(header_of(pair.messages.path, pair.messages.place))
    if found < len(MESSAGE):
        raise UserError(f"{pair.messages.place}: has {found} columns where {len(MESSAGE)} are expected")
    if pair.book is None:
        return
    columns = len(header_of(pair.book.path, pair.book.place))
    if columns != 4 * pair.levels:
        raise UserError(f"{pair.book.place}: has {columns} columns where {4 * pair.levels} are expected")
    lengths = [count_lines(f.path, f.place) for f in (pair.messages, pair.book)]
    if lengths[0] != lengths[1]:
        raise UserError(
            f"{pair.messages.place} has {lengths[0]} lines and {pair.book.place} {lengths[1]}; "
            "they belong line by line"
        )


def _source(pair: Pair) -> Source:
    size = pair.messages.path.stat().st_size
    return Source(pair.messages.place, partial(_blocks, pair), midnight(pair.day), size)


def _blocks(pair: Pair) -> Iterator[Block]:
    reading = Reading(pair.symbol, midnight(pair.day), pair.day < HIDDEN_SIGNED_UNTIL)
    messages, book = pair.messages, pair.book
    layout = layout_of_messages(len(header_of(messages.path, messages.place)))
    total = count_lines(messages.path, messages.place)
    pieces = read_pieces(messages.path, messages.place, layout)
    if book is None:
        for piece in pieces:
            yield _shared(block_of(reading, piece, None), piece.line, total)
        return
    books = read_pieces(book.path, book.place, layout_of_book(pair.levels))
    for piece, upper in aligned(pieces, books):
        yield _shared(block_of(reading, piece, upper), piece.line, total)


def _shared(block: Block, lines: Ints, total: int) -> Block:
    """Return the block with how much of its file was read up to it."""
    return replace(block, share=int(lines[-1]) / max(1, total)) if len(lines) else block


def capabilities(pairs: Sequence[Pair]) -> dict[str, object]:
    """Return what the files can carry: one venue's book, the taker known from the resting order."""
    has_books = any(p.book is not None for p in pairs)
    return {
        "conditions": False,
        "cancels": False,
        "sequence": False,
        "participant_times": False,
        "venue_quotes": has_books,
        "quote_scope": "venue" if has_books else "none",
        "true_side": "resting-derived",
        "is_hidden_signed": all(p.day < HIDDEN_SIGNED_UNTIL for p in pairs),
        "is_sampled": False,
        "bars": False,
        "price_rounded": False,
        "block_times": False,
        "complete_volume": False,
        "trade_ids": False,
        "clock_ns": 1,
        "option_bars": False,
        "option_conditions": False,
        "option_volume_complete": False,
    }
