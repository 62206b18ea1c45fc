"""Where rows of recorded answers gather: by topic, put in order of time, what came twice left out once.

Owns the rule about repeats: answers overlap (a page asked for again, a latest trade that a page holds
too), so a row that an earlier answer had as often is the same one; inside one answer equal rows are
two. Refuses rows, with their place, never answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
import orjson
import pyarrow as pa

from connectors.feed import Note, Reject, reject
from connectors.feeds.vendor_json_pages import FIRST_TS, Json, Page, Unusable, price_of, size_of
from connectors.recorded_rows import UNKNOWN_TS, Block, batch
from schemas.columns import Batch, field_type, take
from schemas.fields import NO_PRICE
from schemas.roots import equity_underlying
from schemas.symbology import Unreadable, parse_contract
from schemas.topics import TOPIC

Row: TypeAlias = dict[str, Any]
Values: TypeAlias = tuple[Any, ...]

SHARE_SCALE: Final = 1_000_000
ROUND_LOT: Final = 100
SHARES_FROM_TS: Final = 1_762_146_000_000_000_000  # 3 November 2025 in New York: quotes in shares since
SYMBOL_MAX: Final = 16
BLOCK_ROWS: Final = 50_000
ORDER: Final = "order"  # beside the columns of a row: what comes first of rows of one time
PRINTS: Final = {True: "options.prints", False: "equities.prints"}
QUOTES: Final = {True: "options.nbbo", False: "equities.quotes"}


@dataclass(frozen=True, slots=True)
class Named:
    """What a vendor's symbol names: an option series, or a stock where `contract` is empty."""

    underlying: str
    contract: str

    @property
    def is_option(self) -> bool:
        return bool(self.contract)

    def columns(self) -> Row:
        """Return the columns that say so."""
        plain = {"underlying": self.underlying}
        return {**plain, "contract": self.contract} if self.contract else plain


def named(symbol: str) -> Named:
    """Read a symbol: an option series with or without the prefix `O:`, else a stock.

    Raises:
        Unusable: it is neither.
    """
    plain = symbol.removeprefix("O:")
    if plain != symbol or (len(plain) > 15 and plain[-8:].isdecimal()):
        try:
            found = parse_contract(plain)
        except Unreadable as error:
            raise Unusable(str(error)) from None
        return Named(found.underlying, found.contract)
    if not 0 < len(plain) <= SYMBOL_MAX or not plain.isascii() or not plain[0].isalnum():
        raise Unusable(f"{plain[:24]!r} is no symbol")
    return Named(equity_underlying(plain), "")


@dataclass(slots=True)
class Shelf:
    """Rows, refusals and notes of a set of pages."""

    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rows: dict[str, list[Values]] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    timeless: list[Note] = field(default_factory=list)  # facts without a time of their own
    _seen: Counter[tuple[str, Values]] = field(default_factory=Counter)
    _here: Counter[tuple[str, Values]] = field(default_factory=Counter)

    def open_page(self) -> None:
        """Begin with the next page."""
        for key, count in self._here.items():
            self._seen[key] = max(self._seen[key], count)
        self._here.clear()

    def put(self, topic: str, item: Any, where: tuple[Page, str], read: Callable[[Json], Row]) -> None:
        """Add the row that `read` makes of one item of a page, or refuse it."""
        try:
            if not isinstance(item, Mapping):
                raise Unusable("it is no JSON object")
            row = read(item)
            _require_text(row)
        except Unusable as error:
            self.refuse(topic, item, where, str(error))
            return
        names, values = tuple(row), tuple(row.values())
        assert names == self.names.setdefault(topic, names), f"{topic}: rows of different columns"
        key = (topic, values)
        self._here[key] += 1
        if self._here[key] > self._seen[key]:
            self.rows.setdefault(topic, []).append(values)

    def refuse(self, topic: str, item: Any, where: tuple[Page, str], reason: str) -> None:
        """Refuse one item of a page."""
        source = f"{where[0].place}:{where[1]}"
        self.rejects.append(reject(topic, "", source, reason, UNKNOWN_TS, _bytes(item)))

    def first_ts(self) -> int | None:
        """Return the earliest time of all."""
        times = [ts for topic in self.rows for ts in self.column(topic, "source_ts")]
        return min([*times, *(n.source_ts for n in self.notes)], default=None)

    def column(self, topic: str, name: str) -> list[Any]:
        """Return the values of one column, in the order in which the rows came."""
        if topic not in self.rows:
            return []
        at = self.names[topic].index(name)
        return [row[at] for row in self.rows[topic]]

    def topics(self) -> tuple[str, ...]:
        """Return the topics with rows or refusals, in the order of the topics."""
        refused = {r.topic for r in self.rejects}
        return tuple(t for t in TOPIC if t in self.rows or t in refused)

    def underlyings(self) -> tuple[str, ...]:
        """Return all underlyings."""
        found = {name for topic in self.rows for name in self.column(topic, "underlying")}
        return tuple(sorted(found | {n.underlying for n in (*self.notes, *self.timeless) if n.underlying}))

    def blocks(self) -> Iterator[Block]:
        """Yield everything in the order of time."""
        whole = {topic: self._batch(topic) for topic in self.rows}
        notes = sorted(self.notes, key=lambda n: n.source_ts)
        times = np.sort(np.concatenate([np.empty(0, np.int64), *(b["source_ts"] for b in whole.values())]))
        ends = [int(t) for t in times[BLOCK_ROWS::BLOCK_ROWS]]
        begin = 0
        for number, end in enumerate([*ends, np.iinfo(np.int64).max]):
            inside = {t: _between(b, begin, end) for t, b in whole.items()}
            due = tuple(n for n in notes if begin <= n.source_ts < end)
            refused = tuple(self.rejects) if number == 0 else ()
            yield Block(inside, refused, due, share=(number + 1) / (len(ends) + 1))
            begin = end

    def _batch(self, topic: str) -> Batch:
        """Return the rows of a topic in the order of time, ties by their own order where they have one."""
        times = np.array(self.column(topic, "source_ts"), np.int64)
        names = self.names[topic]
        ranks = self.column(topic, ORDER) if ORDER in names else np.zeros(len(times))
        order = np.lexsort((np.array(ranks, np.int64), times))
        columns: Row = {}
        for name in names:
            if name != ORDER:
                kind = field_type(TOPIC[topic].field(name))
                values = self.column(topic, name)
                found = pa.array(values, pa.string()) if kind is None else np.array(values, kind)
                columns[name] = take(found, order)
        return batch(topic, columns, len(times))


def _require_text(row: Row) -> None:
    """Refuse halves of characters, which JSON may hold and a text may not."""
    if not all(v.isascii() or v.isprintable() for v in row.values() if isinstance(v, str)):
        raise Unusable("a text in it holds what is no character")


def _bytes(item: Any) -> bytes:
    try:
        return orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
    except (TypeError, orjson.JSONEncodeError):
        return ascii(item).encode()


def _between(rows: Batch, begin: int, end: int) -> Batch:
    first, last = np.searchsorted(rows["source_ts"], (begin, end))
    return rows.slice(int(first), int(last))


def trade_size(row: Json, name: str, of: Named) -> int:
    """Return the size of a trade, contracts or 1e-6 shares.

    Raises:
        Unusable: it is missing or not above zero.
    """
    found = size_of(row, name, 1 if of.is_option else SHARE_SCALE)
    if found is None or found <= 0:
        raise Unusable("the size of a trade is not above zero")
    return found


def trade_price(row: Json, name: str) -> int:
    """Return the price of a trade.

    Raises:
        Unusable: it is missing or not above zero.
    """
    found = price_of(row, name)
    if found is None or found <= 0:
        raise Unusable("the price of a trade is not above zero")
    return found


def quote_side(row: Json, names: tuple[str, str], of: Named, ts: int, is_bid: bool) -> tuple[int, int]:
    """Return price and size of a side of a quote; NO_PRICE and 0 where nobody quotes.

    Equity sizes count round lots of 100 before 3 November 2025 and shares since. A bid of 0 for an option
    is a quote of no value, not an absent one.
    """
    lot = 1 if of.is_option else SHARE_SCALE * (ROUND_LOT if FIRST_TS <= ts < SHARES_FROM_TS else 1)
    price, size = price_of(row, names[0]), size_of(row, names[1], lot) or 0
    if (price is not None and price < 0) or size < 0:
        raise Unusable("a price or size of a quote is negative")
    if price is None or (price == 0 and not (of.is_option and is_bid)):
        return NO_PRICE, 0
    return price, size
