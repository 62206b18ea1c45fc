"""From the cells of a foreign table to typed columns, with a verdict on every row.

Owns how numbers, prices, times and symbols written by others are read, and how a piece of a table
becomes a block. Refuses rows, never files: each row ends as a record or as a reject.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa

from connectors.feed import Reject, reject
from connectors.recorded_rows import UNKNOWN_TS, Block, Flags, Judge, batch
from connectors.tabular import Ints, Piece
from schemas.columns import take
from schemas.fields import NO_PRICE
from schemas.roots import equity_underlyings
from schemas.symbology import parse_contracts

PRICE_SCALE: Final = 1_000_000_000
SHARE_SCALE: Final = 1_000_000
EXACT_LIMIT: Final = 2e15  # up to here a scaled double is off by less than half a unit
TS_FIRST: Final = 631_152_000_000_000_000  # 1990-01-01
TS_LAST: Final = 4_102_444_800_000_000_000  # 2100-01-01
SHOWN: Final = 40
SYMBOL: Final = r"^[A-Za-z][A-Za-z0-9./\- ]{0,15}$"


class Cells(Judge):
    """The columns of a piece of a table; `good` holds for the rows that nothing spoke against so far."""

    def __init__(self, piece: Piece, last_ts: int = UNKNOWN_TS) -> None:
        super().__init__(piece.frame.height)
        self.piece = piece
        self.last_ts = last_ts  # of the last good row before the piece

    def has(self, name: str) -> bool:
        """Tell whether the block has a column."""
        return name in self.piece.frame.columns

    def refuse_shown(self, wrong: Flags, reason: str, shown: pl.Series) -> None:
        """Refuse the rows where `wrong` holds; `{}` in the reason becomes what stood there."""
        index = np.flatnonzero(wrong & self.good)
        if len(index):
            self.good[index] = False
            for row, value in zip(index.tolist(), shown.gather(index).to_list(), strict=True):
                text = "" if value is None else str(value)
                self.reasons[row] = reason.replace("{}", repr(text[:SHOWN]))

    def series(self, name: str) -> pl.Series:
        """Return a column as it was read; one that the table lacks is all blank."""
        if not self.has(name):
            return pl.Series(name, [None] * self.piece.frame.height, pl.String)
        return self.piece.frame.get_column(name)

    def text(self, name: str) -> pl.Series:
        """Return a column as text, blanks as empty text, without blanks around it."""
        found = self.series(name)
        if found.dtype != pl.String:
            found = found.cast(pl.String)
        return found.fill_null("").str.strip_chars()

    def whole(self, name: str, blank: int | None = None) -> Ints:
        """Return whole numbers (3.0 is one); a blank becomes `blank`, or is refused if that is None."""
        found = self.series(name)
        values = found.str.strip_chars() if found.dtype == pl.String else found
        if not values.dtype.is_float():
            values = values.cast(pl.Int64, strict=False)
        if values.dtype.is_float() or values.null_count() > found.null_count():
            decimal = found.cast(pl.Float64, strict=False)
            is_whole = decimal.is_finite() & (decimal.abs() < EXACT_LIMIT) & (decimal == decimal.round())
            exact = pl.select(pl.when(is_whole).then(decimal)).to_series().cast(pl.Int64)
            values = exact if values.dtype.is_float() else values.fill_null(exact)
        return self._known(found, values, f"{name} is {{}} where a whole number is expected", blank)

    def scaled(self, name: str, scale: int, blank: int | None = None) -> Ints:
        """Return decimal numbers times `scale`, rounded; refuses what is no finite number or too large."""
        found = self.series(name)
        values = found
        if found.dtype == pl.String:
            values = found.str.strip_chars().cast(pl.Float64, strict=False)
        elif found.dtype != pl.Float64:
            values = found.cast(pl.Float64, strict=False)
        limit = EXACT_LIMIT / scale
        fits = values.is_finite() & (values.abs() < limit)
        values = pl.select(pl.when(fits).then((values * scale).round())).to_series().cast(pl.Int64)
        return self._known(
            found, values, f"{name} is {{}} where a number below {limit:.0f} is expected", blank
        )

    def price(self, name: str, blank: int | None = None) -> Ints:
        """Return prices in 1e-9 USD from dollars."""
        return self.scaled(name, PRICE_SCALE, blank)

    def _known(self, found: pl.Series, values: pl.Series, reason: str, blank: int | None) -> Ints:
        missing = values.is_null()
        if missing.any():
            is_blank = _is_blank(found)
            wrong = missing if blank is None else missing & ~is_blank
            self.refuse_shown(wrong.to_numpy(), reason, found)
            values = values.fill_null(0 if blank is None else blank)
        return np.asarray(values.to_numpy(), np.int64)

    def time(self, name: str, blank: int | None = None) -> Ints:
        """Return times in ns since 1970 UTC: whole ns, or ISO-8601 with a zone (without one it is UTC)."""
        found = self.series(name)
        if found.dtype == pl.String:
            values = found.str.strip_chars().cast(pl.Int64, strict=False)
            if values.null_count() > found.null_count():
                values = values.fill_null(_iso(found))
        elif isinstance(found.dtype, pl.Datetime):
            values = found.dt.timestamp("ns")
        else:
            values = found.cast(pl.Int64, strict=False)
        at = self._known(found, values, f"{name} is {{}} where a time is expected", blank)
        outside = ((at < TS_FIRST) | (at >= TS_LAST)) & (at != (TS_FIRST if blank is None else blank))
        self.refuse_shown(outside, f"{name} is {{}}, outside the years 1990 to 2099", found)
        return at

    def equities(self, name: str) -> pa.StringArray:
        """Return the underlying of each symbol in its one spelling; refuses what is no symbol."""
        text = self.text(name)
        self.refuse_shown((~text.str.contains(SYMBOL)).to_numpy(), f"{name} {{}} is no symbol", text)
        return equity_underlyings(arrow(text))

    def contracts(self, name: str, prefix: str = "") -> tuple[pa.StringArray, pa.StringArray]:
        """Return series and underlying of each option symbol; refuses those that name no series."""
        text = self.text(name).str.strip_prefix(prefix) if prefix else self.text(name)
        found = parse_contracts(arrow(text))
        if not found.is_read.all():
            for reason in set(found.reason.to_pylist()) - {""}:
                wrong = np.array([r == reason for r in found.reason.to_pylist()])
                self.refuse_shown(wrong, f"{name} {{}}: {reason}", text)
        return found.contract, found.underlying

    def skip(self, unwanted: Flags) -> None:
        """Leave out rows that were not asked for: they are no records and not refused."""
        self.good &= ~unwanted
        for row in np.flatnonzero(unwanted).tolist():
            self.reasons.pop(row, None)

    def above_zero(self, values: Ints, what: str) -> None:
        """Refuse rows where a value is not above zero."""
        self.refuse(values <= 0, f"the {what} is not above zero")

    def forward(self, times: Ints, before: int) -> int:
        """Refuse times that run backwards in the file; returns the latest time so far."""
        at = times[self.good]
        if not len(at):
            return before
        latest = np.maximum.accumulate(np.maximum(at, before))
        back = np.zeros(len(times), np.bool_)
        back[np.flatnonzero(self.good)] = latest > at
        self.refuse(back, "the time runs backwards")
        return int(latest[-1])

    def block(self, topic: str, columns: Mapping[str, Any]) -> Block:
        """Build the block: good rows as records in the order of the table, the others as rejects.

        `columns` holds a value per row or a scalar, at least source_ts and underlying. A refused row is
        filed at the time of the last good row before it.
        """
        found = self.kept(columns)
        rows = batch(topic, found, int(self.good.sum()))
        rejects = self.rejects(topic, columns["underlying"], rows["source_ts"])
        return Block({topic: rows}, rejects, read={topic: self.count})

    def kept(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of the good rows; scalars stay scalars."""
        rows = np.flatnonzero(self.good)
        return {name: pick(column, rows) for name, column in columns.items()}

    @property
    def count(self) -> int:
        """How many rows of the source the piece stands for."""
        return self.piece.frame.height + len(self.piece.bad)

    def rejects(self, topic: str, underlying: Any, times: Ints) -> tuple[Reject, ...]:
        """Describe refused rows and lines in the order of the file; `times` are those of the good rows."""
        if not self.reasons and not self.piece.bad:
            return ()
        rows = np.array(sorted(self.reasons), np.int64)
        names = pick(underlying, rows)
        names = names.to_pylist() if isinstance(names, pa.Array) else [names] * len(rows)
        numbers, raws = self.piece.line[rows].tolist(), self.piece.raws(rows)
        reasons = [self.reasons[r] for r in rows.tolist()]
        found = list(zip(numbers, names, reasons, raws, strict=True))
        found += [(bad.line, "", bad.reason, bad.raw) for bad in self.piece.bad]
        good_lines = self.piece.line[self.good]
        out = []
        for line, name, reason, raw in sorted(found, key=lambda f: int(f[0])):
            before = int(np.searchsorted(good_lines, line)) - 1
            at = int(times[before]) if before >= 0 else self.last_ts
            out.append(reject(topic, name or "", f"{self.piece.source}:{line}", reason, at, raw))
        return tuple(out)


def quote_columns(cells: Cells, names: Sequence[str], scale: Any, has_zero_bids: bool) -> dict[str, Ints]:
    """Return bid, ask and their sizes from the columns (bid, bid size, ask, ask size).

    A side without a price, or with a size of 0, has no quote: price -1, size 0. A price of 0 is none
    either, except for the bid of an option, where it says that nobody bids (`has_zero_bids`). `scale`
    multiplies sizes: a number, or one a row.
    """
    out: dict[str, Ints] = {}
    for side, price_name, size_name in (("bid", *names[:2]), ("ask", *names[2:])):
        price, size = cells.price(price_name, NO_PRICE), cells.scaled(size_name, 1, 0) * scale
        cells.refuse(price < NO_PRICE, f"the price of the {side} is negative")
        cells.refuse(size < 0, f"the size of the {side} is negative")
        is_there = (price > 0) & (size > 0)
        empty = np.where(price == 0, 0, NO_PRICE) if has_zero_bids and side == "bid" else NO_PRICE
        out[side] = np.where(is_there, price, empty).astype(np.int64)
        out[f"{side}_size"] = np.where(is_there, size, 0).astype(np.int64)
    return out


def arrow(series: pl.Series) -> pa.StringArray:
    """Return a column of text as an Arrow string array without nulls."""
    return series.cast(pl.String).fill_null("").to_arrow().cast(pa.string())


def pick(value: Any, rows: Ints) -> Any:
    """Return the values at some rows; a scalar stays one."""
    if isinstance(value, pl.Series):
        value = arrow(value) if value.dtype == pl.String else value.to_numpy()
    return take(value, rows) if isinstance(value, pa.Array | np.ndarray) else value


def _is_blank(found: pl.Series) -> pl.Series:
    blank = found.is_null()
    return blank | (found.str.strip_chars() == "") if found.dtype == pl.String else blank


def _iso(found: pl.Series) -> pl.Series:
    """Return ns of ISO-8601 texts, null where one is none; an offset or Z is heeded."""
    text = found.str.strip_chars()
    zoned = text.str.contains(r"(?:Z|[+-]\d{2}:?\d{2})$")
    plain = text.filter(~zoned.fill_null(False)).len() == text.len()
    if plain:
        at = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="ns", strict=False)
        return at.fill_null(
            text.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="ns", strict=False)
        ).dt.timestamp("ns")
    full = pl.select(
        pl.when(zoned).then(text.str.replace(r"Z$", "+00:00")).otherwise(text + "+00:00")
    ).to_series()
    full = full.str.replace(" ", "T", literal=True)
    at = full.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="ns", strict=False)
    return at.dt.timestamp("ns")
