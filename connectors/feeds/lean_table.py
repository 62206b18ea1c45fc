"""Rows of headerless CSV text as columns, with every row that is none told apart.

Owns how a LEAN file is read: one fast pass over all entries of a zip, and, where that pass stumbles,
a strict second one that judges line by line. Refuses nothing silently: every line of the text is
either a row of the table or an entry of `bad`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

Ints: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]
FieldKind: TypeAlias = Literal["whole", "whole?", "number", "number?", "letters", "hex", "flag"]

NUMBER_LIMIT: Final = 10**10  # ten digits and five decimals are exact in a double
SHOWN: Final = 40
_PATTERN: Final[dict[str, bytes]] = {
    "whole": rb"-?[0-9]{1,10}",
    "whole?": rb"(?:-?[0-9]{1,10})?",
    "number": rb"-?[0-9]{1,10}(?:\.[0-9]{1,5})?",
    "number?": rb"(?:-?[0-9]{1,10}(?:\.[0-9]{1,5})?)?",
    "letters": rb"[A-Za-z]{1,8}",
    "hex": rb"[0-9A-Fa-f]{1,8}",
    "flag": rb"[01]",
}
_EXPECTED: Final = {
    "whole": "a whole number of at most ten digits",
    "whole?": "a whole number of at most ten digits, or nothing",
    "number": "a number of at most ten digits and five decimals",
    "number?": "a number of at most ten digits and five decimals, or nothing",
    "letters": "an exchange letter",
    "hex": "a hexadecimal number of at most eight digits",
    "flag": "0 or 1",
}
_NUMERIC: Final = frozenset({"whole", "whole?", "number", "number?"})


@dataclass(frozen=True, slots=True)
class Grammar:
    """The columns of a file, in order: name and what may stand there."""

    fields: tuple[tuple[str, FieldKind], ...]

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.fields]

    def line(self) -> re.Pattern[bytes]:
        """Return the pattern that a whole line has to match."""
        return re.compile(b",".join(_PATTERN[kind] for _, kind in self.fields))

    def explain(self, line: bytes) -> str:
        """Say what is wrong with a line that does not match."""
        cells = line.split(b",")
        if len(cells) != len(self.fields):
            return f"{len(cells)} columns where {len(self.fields)} are expected"
        for cell, (name, kind) in zip(cells, self.fields, strict=True):
            if not re.fullmatch(_PATTERN[kind], cell):
                shown = cell[:SHOWN].decode("ascii", "replace")
                return f"{name} is {shown!r} where {_EXPECTED[kind]} is expected"
        return "not a row"


@dataclass(frozen=True, slots=True)
class Table:
    """Well-formed rows of several entries. `row` counts the lines of all entries from 0."""

    frame: pl.DataFrame
    row: Ints
    entry: Ints
    entry_starts: Ints
    line_count: int
    text: bytes
    bad: dict[int, str] = field(default_factory=dict)

    def column(self, name: str, scale: int = 1) -> Ints:
        """Return a numeric column times `scale`; a blank is -1."""
        series = self.frame.get_column(name)
        blank = series.is_null().to_numpy()
        values = series.fill_null(0).to_numpy()
        scaled = np.rint(values * scale).astype(np.int64)
        return np.where(blank, np.int64(-1), scaled) if blank.any() else scaled

    def is_blank(self, name: str) -> Flags:
        """Tell which rows have nothing in a column."""
        return np.asarray(self.frame.get_column(name).is_null().to_numpy(), dtype=np.bool_)


def read_table(texts: Sequence[bytes], grammar: Grammar) -> Table:
    """Read the entries of a file in order. Never raises on content."""
    clean = [_normalise(text) for text in texts]
    counts = np.array([text.count(b"\n") for text in clean], np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    text = b"".join(clean)
    frame = _read_fast(text, grammar, int(starts[-1]))
    bad: dict[int, str] = {}
    row = np.arange(starts[-1], dtype=np.int64)
    if frame is None:
        frame, row, bad = _read_strict(text, grammar)
    entry = np.searchsorted(starts, row, side="right") - 1
    return Table(frame, row, entry.astype(np.int64), starts, int(starts[-1]), text, bad)


def _normalise(text: bytes) -> bytes:
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    return text if not text or text.endswith(b"\n") else text + b"\n"


def _parse(text: bytes, grammar: Grammar, number: type[pl.Int64] | type[pl.Float64]) -> pl.DataFrame:
    schema = {n: number if k in _NUMERIC else pl.String for n, k in grammar.fields}
    if not text:
        return pl.DataFrame(schema=schema)
    return pl.read_csv(text, has_header=False, schema=schema, quote_char=None)


def _read_fast(text: bytes, grammar: Grammar, line_count: int) -> pl.DataFrame | None:
    """Parse everything at once, or return None where any row needs a closer look."""
    try:
        frame = _parse(text, grammar, pl.Int64)
    except (pl.exceptions.PolarsError, ValueError):
        return None
    if frame.height != line_count:
        return None
    for name, kind in grammar.fields:
        column = frame.get_column(name)
        if not kind.endswith("?") and column.null_count():
            return None
        if not (_in_range(column) if kind in _NUMERIC else _matches(column, kind)):
            return None
    return frame


def _in_range(column: pl.Series) -> bool:
    low, high = column.min(), column.max()
    if not isinstance(low, int) or not isinstance(high, int):
        return True  # no value at all
    return low > -NUMBER_LIMIT and high < NUMBER_LIMIT


def _matches(column: pl.Series, kind: FieldKind) -> bool:
    pattern = re.compile(_PATTERN[kind].decode("ascii"))
    return all(pattern.fullmatch(value) for value in column.unique().to_list())


def _read_strict(text: bytes, grammar: Grammar) -> tuple[pl.DataFrame, Ints, dict[int, str]]:
    pattern = grammar.line()
    lines = text.split(b"\n")[:-1]
    good = [i for i, line in enumerate(lines) if pattern.fullmatch(line)]
    kept = set(good)
    bad = {i: grammar.explain(line) for i, line in enumerate(lines) if i not in kept}
    body = b"".join(lines[i] + b"\n" for i in good)
    return _parse(body, grammar, pl.Float64), np.array(good, np.int64), bad


def raw_lines(text: bytes, rows: Sequence[int]) -> dict[int, bytes]:
    """Return the bytes of the lines with these numbers, without their line ends."""
    if not rows:
        return {}
    lines = text.split(b"\n")
    return {row: lines[row] for row in rows}
