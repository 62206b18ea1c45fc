"""Open interest by option series as a feed of notes, from a table such as those made of OCC's reports.

Owns which columns name a series, a date and a count, under the usual names. Open interest of a date is
computed overnight: it is known from the start of the session after it. Refuses a series that a file
gives twice for one date, and counts that are negative.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import groupby, islice
from operator import itemgetter
from typing import Final

import numpy as np
import polars as pl

from connectors.cells import Cells, arrow
from connectors.errors import UserError
from connectors.feed import Note
from connectors.recorded import RecordedFeed
from connectors.table_feed import InputFile, Wanted, hashes_of, refuse_options
from connectors.table_notes import (
    CAPABILITIES,
    dates,
    day_of_name,
    facts_recording,
    known_from,
    parse_day,
    read_facts,
)
from connectors.tabular import Layout, header_of
from schemas.symbology import Contracts, parse_contracts

NAME: Final = "occ"
SERIES_IN_A_NOTE: Final = 1_000  # a record of the log stays small, however many series there are
ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "open_interest": ("open_interest", "openinterest", "oi", "open_int"),
    "contract": ("contract", "option_symbol", "contract_symbol", "occ_symbol", "osi"),
    "date": ("date", "business_date", "report_date", "trade_date", "activity_date"),
    "root": ("root", "option_root", "symbol", "underlying"),
    "expiry": ("expiry", "expiration", "expiration_date", "expiry_date"),
    "strike": ("strike", "strike_price"),
    "right": ("right", "call_put", "put_call", "cp", "option_type", "type"),
}
_PARTS: Final = ("root", "expiry", "strike", "right")
_RIGHTS: Final = {"c": "C", "call": "C", "p": "P", "put": "P"}


def open_feed(files: Sequence[InputFile], wanted: Wanted | None = None) -> RecordedFeed:
    """Open tables of open interest as one feed."""
    wanted = wanted or Wanted()
    refuse_options(wanted, "tables of open interest")
    hashes = hashes_of(files)
    facts = []
    for file in files:
        columns = columns_of(file)
        layout = Layout("a table of open interest", tuple(columns.values()))
        facts.append(read_facts(file, layout, partial(notes_of, columns, day_of_name(file.place), {})))
    return RecordedFeed(facts_recording((NAME, "options.prints"), hashes, facts, CAPABILITIES, wanted))


def columns_of(file: InputFile) -> dict[str, str]:
    """Return what the columns of a file are called, by what they mean.

    Raises:
        UserError: there is no count, no series, or neither a column nor a file name with the date.
    """
    names = header_of(file.path, file.place)
    found = {meaning: next((n for n in known if n in names), "") for meaning, known in ALIASES.items()}
    if not found["open_interest"]:
        raise UserError(f"{file.place}: has no column with the open interest; open_interest is expected")
    if found["contract"]:
        kept: tuple[str, ...] = ("contract",)
    elif all(found[part] for part in _PARTS):
        kept = _PARTS
    else:
        raise UserError(
            f"{file.place}: its columns name no option series; contract, or root, expiry, strike and right "
            "are expected"
        )
    if not found["date"] and day_of_name(file.place) is None:
        raise UserError(f"{file.place}: has no column date, and its name has no day as in oi_20240131.csv")
    wanted = (*kept, *(("date",) if found["date"] else ()), "open_interest")
    return {meaning: found[meaning] for meaning in wanted}


def notes_of(
    columns: Mapping[str, str], day: date | None, seen: dict[tuple[date, str], int], cells: Cells
) -> list[Note]:
    """Return notes by date and underlying, each with the open interest of at most a thousand series.

    `seen` remembers the series of the pieces before.
    """
    count = cells.whole(columns["open_interest"])
    cells.refuse(count < 0, "the open interest is negative")
    days = dates(cells, columns["date"]) if "date" in columns else [day] * len(count)
    series = _series(columns, cells)
    names, underlyings = series.contract.to_pylist(), series.underlying.to_pylist()
    rows: list[tuple[date, str, str, int]] = []
    for row in np.flatnonzero(cells.good).tolist():
        on = days[row]
        assert on is not None
        if seen.setdefault((on, names[row]), cells.piece.line[row]) != cells.piece.line[row]:
            cells.good[row] = False
            cells.reasons[row] = f"the series stands in line {seen[on, names[row]]} already"
        else:
            rows.append((on, underlyings[row], names[row], int(count[row])))
    return list(_grouped(sorted(rows)))


def _grouped(rows: Sequence[tuple[date, str, str, int]]) -> Iterator[Note]:
    for (on, underlying), group in groupby(rows, key=itemgetter(0, 1)):
        while part := list(islice(group, SERIES_IN_A_NOTE)):
            contracts = {name: count for _, _, name, count in part}
            detail = {"date": on.isoformat(), "contracts": contracts}
            yield Note("open_interest", underlying, known_from(on), detail)


def _series(columns: Mapping[str, str], cells: Cells) -> Contracts:
    """Return the series of each row; refuses rows that name none."""
    if "contract" in columns:
        text = cells.text(columns["contract"])
    else:
        root, expiry, strike, right = (cells.text(columns[part]) for part in _PARTS)
        known = {e: day.isoformat() for e in expiry.unique().to_list() if (day := parse_day(e)) is not None}
        on = expiry.replace_strict(known, default="no date")
        letter = right.str.to_lowercase().replace_strict(_RIGHTS, default="?")
        strike = strike.str.replace(r"(\.[0-9]*?)0+$", "${1}").str.strip_suffix(".")
        text = pl.select(pl.concat_str([root, on, strike, letter], separator="-")).to_series()
    found = parse_contracts(arrow(text))
    reasons = pl.Series(found.reason.to_pylist(), dtype=pl.String)
    for reason in reasons.unique().to_list():
        if reason:
            cells.refuse_shown((reasons == reason).to_numpy(), f"the series {{}}: {reason}", text)
    return found
