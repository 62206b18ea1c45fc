"""Flat files of Polygon (Massive) as a feed: gzipped CSV, one day and one kind a file, sorted by ticker.

Owns which files it takes and what may be said from them. The files stand in the order of the ticker, so
they go through a spool into the order of publication. Refuses tables with other columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from connectors.feeds.polygon_flat_rows import KINDS
from connectors.recorded import RecordedFeed
from connectors.table_feed import (
    InputFile,
    Kind,
    Wanted,
    hashes_of,
    recording_of,
    refuse_options,
    require_kind,
    spooled,
)

NAME: Final = "polygon_flat"
_KINDS: Final = tuple(Kind(title, *spec[:2], spec[2]) for title, spec in KINDS.items())
_DAY: Final = re.compile(r"(?<![0-9])([12][0-9]{3})-([01][0-9])-([0-3][0-9])(?![0-9])")


def open_feed(files: Sequence[InputFile], wanted: Wanted | None = None) -> RecordedFeed:
    """Open flat files as one feed; each is read once now, to be sorted."""
    wanted = wanted or Wanted()
    refuse_options(wanted, "flat files")
    hashes = hashes_of(files)
    kinds = [require_kind(f, _KINDS) for f in files]
    spools = [
        (f, spooled(f, k, wanted.selection, day_of_name(f.place)), None)
        for f, k in zip(files, kinds, strict=True)
    ]
    return RecordedFeed(recording_of(NAME, hashes, spools, capabilities(kinds), wanted))


def capabilities(kinds: Sequence[Kind]) -> dict[str, object]:
    """Return what such files can carry. Option trades have no participant time; stock rows do."""
    topics = {k.topic for k in kinds}
    has_stocks = any(t.startswith("equities.") for t in topics)
    has_quotes = bool(topics & {"equities.quotes", "options.nbbo"})
    return {
        "conditions": True,
        "cancels": True,
        "sequence": has_stocks,
        "participant_times": has_stocks,
        "venue_quotes": False,
        "quote_scope": "nbbo" if has_quotes else "none",
        "true_side": "none",
        "is_sampled": False,
        "bars": False,
        "price_rounded": False,
        "block_times": False,
        "complete_volume": True,
        "trade_ids": has_stocks,
        "clock_ns": 1,
        "option_bars": False,
        "option_conditions": "options.prints" in topics,
        "option_volume_complete": "options.prints" in topics,
    }


def day_of_name(place: str) -> date | None:
    """Return the day that a file is named for, or None where its name has none."""
    found = _DAY.findall(place.rpartition("/")[2])
    try:
        return date(*(int(part) for part in found[0])) if found else None
    except ValueError:
        return None
