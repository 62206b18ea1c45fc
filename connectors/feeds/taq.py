"""NYSE TAQ tables as a feed, in CSV (also with bars, packed or not) or Parquet.

Owns which tables it takes and what may be said from them. Quotes of single venues are given out as such
(quote_scope "venue"), or as the best over venues that the user declares dense (`nbbo_venues`). Refuses
tables with other columns, and tables of clock times whose name has no date.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any, Final

import numpy as np

from connectors.cells import Cells
from connectors.errors import UserError
from connectors.feeds import taq_rows
from connectors.feeds.taq_nbbo import BestQuotes
from connectors.recorded import RecordedFeed
from connectors.sessions import midnight
from connectors.table_feed import (
    InputFile,
    Kind,
    Parse,
    Through,
    Wanted,
    hashes_of,
    recording_of,
    refuse_options,
    require_kind,
    spooled,
)
from schemas.kinds import VENUE_LETTER

NAME: Final = "taq"
NBBO_VENUES: Final = "nbbo_venues"
PRINTS, QUOTES = "equities.prints", "equities.quotes"
_DAILY: Final = {
    "daily trades": (taq_rows.DAILY_TRADES, PRINTS, taq_rows.daily_trades),
    "daily NBBO": (taq_rows.DAILY_NBBO, QUOTES, taq_rows.daily_nbbo),
    "daily quotes": (taq_rows.DAILY_QUOTES, QUOTES, taq_rows.daily_quotes),
}
_KINDS: Final = (
    Kind("trades", taq_rows.TRADES, PRINTS, taq_rows.trades),
    Kind("quotes", taq_rows.QUOTES, QUOTES, taq_rows.quotes),
    *(Kind(title, spec[0], spec[1], partial(spec[2], midnight_ts=0)) for title, spec in _DAILY.items()),
)
_VENUE_KINDS: Final = ("quotes", "daily quotes")
_DAY: Final = re.compile(r"(?<![0-9])([12][0-9]{3})-?([01][0-9])-?([0-3][0-9])(?![0-9])")


def open_feed(files: Sequence[InputFile], wanted: Wanted | None = None) -> RecordedFeed:
    """Open TAQ tables as one feed; each is read once now, to be sorted.

    The option `nbbo_venues` (letters) asks for the best quote over these venues instead of each
    venue's own; quotes of other venues are then not read.
    """
    wanted = wanted or Wanted()
    refuse_options(wanted, "TAQ tables", (NBBO_VENUES,))
    letters = venues_of(wanted)
    hashes = hashes_of(files)
    kinds = [require_kind(f, _KINDS) for f in files]
    spools = []
    for file, kind in zip(files, kinds, strict=True):
        is_venue = kind.title in _VENUE_KINDS and bool(letters)
        parse = _dated(file, kind)
        through: Through | None = partial(BestQuotes, letters) if is_venue else None
        used = replace(kind, parse=_only(parse, letters) if is_venue else parse)
        spools.append((file, spooled(file, used, wanted.selection), through))
    return RecordedFeed(recording_of(NAME, hashes, spools, capabilities(kinds, letters), wanted))


def venues_of(wanted: Wanted) -> tuple[str, ...]:
    """Return the venues named by the option, each once, in their order.

    Raises:
        UserError: one of them is no venue letter.
    """
    text = str(wanted.options.get(NBBO_VENUES) or "").upper()
    letters = tuple(dict.fromkeys(c for c in text if c not in ", "))
    wrong = [c for c in letters if c not in VENUE_LETTER]
    if wrong:
        raise UserError(f"{NBBO_VENUES} {wrong[0]!r}: letters of venues are allowed, as in N or NPZ")
    return letters


def capabilities(kinds: Sequence[Kind], letters: Sequence[str] = ()) -> dict[str, object]:
    """Return what such tables can carry."""
    titles = {k.title for k in kinds}
    is_daily = bool(titles) and all(t.startswith("daily") for t in titles)
    is_venue = bool(titles & set(_VENUE_KINDS)) and not letters
    scope = "venue" if is_venue else "nbbo" if any(k.topic == QUOTES for k in kinds) else "none"
    return {
        "conditions": True,
        "cancels": True,
        "sequence": is_daily,
        "participant_times": is_daily,
        "venue_quotes": is_venue,
        "quote_scope": scope,
        "nbbo_venues": "".join(letters),
        "true_side": "none",
        "is_sampled": False,
        "bars": False,
        "price_rounded": False,
        "block_times": False,
        "complete_volume": True,
        "trade_ids": is_daily,
        "clock_ns": 1 if is_daily else taq_rows.NS_PER_US,
        "option_bars": False,
        "option_conditions": False,
        "option_volume_complete": False,
    }


def _dated(file: InputFile, kind: Kind) -> Parse:
    """Return how a file is read; the times of a Daily TAQ file need the day in its name."""
    if kind.title not in _DAILY:
        return kind.parse
    found = _DAY.findall(file.place.rpartition("/")[2])
    try:
        day = date(*(int(part) for part in found[0]))
    except (IndexError, ValueError):
        raise UserError(f"{file.place}: its name has no day, as in EQY_US_ALL_TRADE_20240131.gz") from None
    return partial(_DAILY[kind.title][2], midnight_ts=midnight(day))


def _only(parse: Parse, letters: Sequence[str]) -> Parse:
    """Return how the quotes of some venues are read; those of others are neither rows nor refused."""
    codes = [VENUE_LETTER.index(letter) for letter in letters]

    def run(cells: Cells) -> dict[str, Any]:
        columns = parse(cells)
        cells.skip(~np.isin(columns["bid_venue"], codes))
        return columns

    return run
