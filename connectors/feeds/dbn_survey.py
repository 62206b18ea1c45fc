"""A first look through a recorded live stream: its symbols, and which kind of record tells of what.

Owns the choice where several subscriptions tell of the same trade or quote: of each instrument one
kind of record gives the prints and one the quotes, else each trade would count twice. Reads the whole
file once. Refuses to remember more than INSTRUMENTS_MAX instruments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from connectors.errors import UserError
from connectors.feeds import dbn_records as kinds
from connectors.feeds.dbn_header import Header, Ids, Index
from connectors.feeds.dbn_records import Records, RecordStream, Table

Flags: TypeAlias = npt.NDArray[np.bool_]

INSTRUMENTS_MAX: Final = 4_000_000
PRINT_KINDS: Final = (kinds.TCBBO, kinds.MBP_1, kinds.CMBP_1, kinds.MBP_10, kinds.MBO, kinds.TRADE)
QUOTE_KINDS: Final = (
    kinds.CMBP_1,
    kinds.MBP_1,
    kinds.MBP_10,
    kinds.MBO,
    kinds.CBBO_1S,
    kinds.BBO_1S,
    kinds.CBBO_1M,
    kinds.BBO_1M,
)
TRADED: Final = ord("T")


@dataclass(slots=True)
class Survey:
    """What a file tells: the names in it, and by instrument the best kind for prints and for quotes."""

    names: dict[str, None] = field(default_factory=dict)
    prints: dict[int, int] = field(default_factory=dict)
    quotes: dict[int, int] = field(default_factory=dict)

    def chooses(self, records: Records, ids: Ids, is_print: bool) -> Flags:
        """Tell of each id whether this kind of record is the one that gives its prints or quotes."""
        order, chosen = (PRINT_KINDS, self.prints) if is_print else (QUOTE_KINDS, self.quotes)
        rank = order.index(records.rtype)
        distinct, places = np.unique(ids, return_inverse=True)
        hits = np.array([chosen.get(i, rank) == rank for i in distinct.tolist()], np.bool_)
        found: Flags = hits[places]
        return found


def survey(path: Path, name: str, header: Header) -> Survey:
    """Look through a file once."""
    found = Survey()
    for piece in RecordStream(path, name, header).pieces():
        for records in piece.groups:
            if not records.problem:
                _look(found, records)
        if len(found.names) + len(found.prints) + len(found.quotes) > INSTRUMENTS_MAX:
            raise UserError(f"{name}: more than {INSTRUMENTS_MAX:,} instruments; record it in parts")
    return found


def _look(found: Survey, records: Records) -> None:
    found.names.update(dict.fromkeys(said[2] for said in symbols_said(records)))
    table, ids = records.table, records.table["instrument_id"]
    if records.rtype in PRINT_KINDS:
        _note(found.prints, ids[_is_trade(table)], PRINT_KINDS.index(records.rtype))
    if records.rtype in QUOTE_KINDS:
        _note(found.quotes, ids[~_is_trade(table)], QUOTE_KINDS.index(records.rtype))


def _is_trade(table: Table) -> Flags:
    assert table.dtype.names is not None
    if "action" not in table.dtype.names:
        return np.zeros(len(table), np.bool_)
    found: Flags = table["action"] == TRADED
    return found


def _note(best: dict[int, int], ids: Ids, rank: int) -> None:
    for number in np.unique(ids).tolist():
        best[number] = min(rank, best.get(number, rank))


def symbols_said(records: Records) -> Iterator[tuple[int, int, str]]:
    """Yield (id, record number, symbol) of the records that say what an id stands for."""
    if records.problem or records.rtype not in (kinds.MAPPING, kinds.DEFINITION):
        return
    table = records.table
    fields = ("raw_symbol",) if records.rtype == kinds.DEFINITION else ("stype_out_symbol", "stype_in_symbol")
    columns = [table[f].tolist() for f in fields]
    ids, ordinals = table["instrument_id"].tolist(), records.ordinals.tolist()
    for number, ordinal, *texts in zip(ids, ordinals, *columns, strict=True):
        symbol = _symbol_of(texts)
        if symbol:
            yield number, ordinal, symbol


def _symbol_of(texts: Sequence[bytes]) -> str:
    """Return the first text that is no number: a mapping may name the instrument on either side."""
    words = [t.decode("utf-8", "replace") for t in texts]
    return next((w for w in words if w and not w.isdecimal()), "")


def as_columns(said: Sequence[tuple[int, int, str]]) -> tuple[Ids, Index, list[str]]:
    """Return what was said as columns."""
    ids, ordinals, names = zip(*said, strict=True) if said else ((), (), ())
    return np.array(ids, np.uint32), np.array(ordinals, np.int64), list(names)
