"""What facts are measured on: a tape in some windows of one session, and its truth where there is one.

Owns the join of prints with the quotes that stood strictly before them, made once and read by every
fact. Refuses prints outside the regular session, reports that are no trade, and cancelled ones.

Truth is in the rows of the prints: signs +1, -1 and 0, identities -1 where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from dataflows.analytics.side import Columns, Quote, no_quote
from dataflows.analytics.side_ticks import ticks
from schemas.columns import Batch, integers
from schemas.conditions import is_no_trade
from schemas.kinds import PRINT_REPORT
from schemas.opra import IS_CANCEL, code_bytes
from scoring.join_lag import Floats, Longs, Mask, Quotes, Standing, places

NS_PER_S: Final = 1_000_000_000
Windows: TypeAlias = tuple[tuple[int, int], ...]
_TRADE: Final = PRINT_REPORT.index("trade")


class Truth(NamedTuple):
    """What only the maker of a tape knows of each print; `purpose` is text, `original` a plain report."""

    aggressor: Longs
    customer: Longs
    open_buy: Longs
    open_sell: Longs
    order: Longs
    parent: Longs
    package: Longs
    purpose: Any
    original: Mask


@dataclass(frozen=True)
class Side:
    """Prints and quotes of one asset class.

    A group is an instrument in a window: window x `instruments` + number of the instrument, so that no
    quote of one window stands in the next.
    """

    prints: Batch
    quotes: Batch
    truth: Truth | None
    group: Longs
    quote_group: Longs
    instruments: int
    curves: dict[bool, Floats] = field(default_factory=dict, compare=False)  # see `facts_tape.lag_curve`

    @cached_property
    def standing(self) -> Standing:
        q = self.quotes
        return Standing(
            Quotes(self.quote_group, q["source_ts"], q["bid"], q["ask"], q["bid_size"], q["ask_size"])
        )

    @cached_property
    def ts(self) -> Longs:
        """The time that chooses the quote: the participant's where it is known, never after publication."""
        published = self.prints["source_ts"]
        stated = np.minimum(self.prints["event_ts"], published)
        return np.asarray(np.where(self.prints["has_event_ts"], stated, published), np.int64)

    @cached_property
    def row(self) -> Longs:
        return self.standing.before(self.group, self.ts)

    @cached_property
    def quote(self) -> Quote:
        """The quote strictly before each print; -1 where none stood."""
        if len(self.standing.quotes.ts) == 0:
            return no_quote(len(self.prints))
        q, known = self.standing.quotes, self.row >= 0
        return Quote(*(np.where(known, c[self.row], -1) for c in (q.bid, q.ask, q.bid_size, q.ask_size)))

    @cached_property
    def place(self) -> Longs:
        """Where each print lies, an index of `join_lag.PLACES`, -1 where it cannot be said."""
        return places(self.prints["price"], self.quote.bid, self.quote.ask)

    @cached_property
    def columns(self) -> Columns:
        """What the rules of `dataflows.analytics.side` read."""
        price = self.prints["price"]
        last, following = ticks(self.group, price)
        size = self.prints["size"]
        return Columns(price, size, self.quote, no_quote(len(price)), last, following)

    def pick(self, good: Mask) -> Side:
        """Return the prints where `good` holds, beside all quotes."""
        rows = np.flatnonzero(good)
        truth = None if self.truth is None else Truth._make(c[rows] for c in self.truth)
        prints, group = self.prints.take(rows), self.group[rows]
        return Side(prints, self.quotes, truth, group, self.quote_group, self.instruments)


@dataclass(frozen=True)
class Sample:
    """A tape in windows (from, to) of a session, all ns; `detail` says which seed, or which recording."""

    options: Side
    equities: Side
    windows: Windows
    session: tuple[int, int]
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return sum(end - start for start, end in self.windows) / NS_PER_S


def _grouped(tape: tuple[Batch, Batch], name: str, truth: Truth | None, windows: Windows) -> Side:
    """Number the instruments of prints and quotes alike, apart in each window."""
    prints, quotes = tape
    both = pa.concat_arrays([prints[name], quotes[name]]).dictionary_encode()
    codes: Longs = integers(both.indices).astype(np.int64)
    ends = np.array([end for _, end in windows], np.int64)
    count = max(len(both.dictionary), 1)
    number, quoted = codes[: len(prints)], codes[len(prints) :]
    group, quote_group = (
        code + count * np.searchsorted(ends, batch["source_ts"], side="right")
        for code, batch in ((number, prints), (quoted, quotes))
    )
    return Side(prints, quotes, truth, group, quote_group, count)


def option_side(
    tape: tuple[Batch, Batch], truth: Truth | None, session: tuple[int, int], windows: Windows = ()
) -> Side:
    """Return option prints of the regular session that are trades, beside their quotes."""
    made = _grouped(tape, "contract", truth, windows)
    prints = made.prints
    code = code_bytes(prints["condition"])
    good = _is_regular(prints, session) & ~np.asarray(IS_CANCEL[code]) & ~prints["is_bar"]
    return made.pick(good & _is_original(prints, truth))


def equity_side(
    tape: tuple[Batch, Batch], truth: Truth | None, session: tuple[int, int], windows: Windows = ()
) -> Side:
    """Return stock prints of the regular session that are trades, beside their quotes."""
    made = _grouped(tape, "underlying", truth, windows)
    prints = made.prints
    good = _is_regular(prints, session) & ~is_no_trade(prints["condition_bits"])
    return made.pick(good & _is_original(prints, truth))


def _is_regular(prints: Batch, session: tuple[int, int]) -> Mask:
    ts = prints["source_ts"]
    found: Mask = (ts >= session[0]) & (ts < session[1]) & (prints["report"] == _TRADE)
    return found


def _is_original(prints: Batch, truth: Truth | None) -> Mask:
    return np.ones(len(prints), np.bool_) if truth is None else truth.original
