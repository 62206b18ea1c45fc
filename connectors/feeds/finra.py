"""FINRA's daily short volume as a feed of notes: shares sold short off the exchanges, by symbol and day.

Owns the columns of these files and what they mean: regular hours, trades reported to a FINRA facility
and published; neither short interest nor the whole market. Volumes have decimals and the market column
may name several, whatever their description says. Refuses volumes that cannot be.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Final

import numpy as np

from connectors.cells import SHARE_SCALE, Cells
from connectors.feed import Note
from connectors.recorded import RecordedFeed
from connectors.table_feed import InputFile, Kind, Wanted, hashes_of, refuse_options, require_kind
from connectors.table_notes import CAPABILITIES, dates, facts_recording, known_from, read_facts
from connectors.tabular import Layout

NAME: Final = "finra"
LAYOUT: Final = Layout(
    "a FINRA file of daily short volume",
    ("date", "symbol", "shortvolume", "shortexemptvolume", "totalvolume", "market"),
    trailer=r"[0-9]+",
)
_KINDS: Final = (Kind("short volume", LAYOUT, "reference", lambda cells: {}),)
_PREFIX: Final = re.compile(r"([A-Z]{4})shvol", re.IGNORECASE)


def open_feed(files: Sequence[InputFile], wanted: Wanted | None = None) -> RecordedFeed:
    """Open files of daily short volume as one feed; each figure is known from the following session."""
    wanted = wanted or Wanted()
    refuse_options(wanted, "FINRA files")
    hashes = hashes_of(files)
    facts = []
    for file in files:
        require_kind(file, _KINDS)
        facts.append(read_facts(file, LAYOUT, partial(notes_of, facility_of(file.place))))
    return RecordedFeed(facts_recording((NAME, "equities.prints"), hashes, facts, CAPABILITIES, wanted))


def facility_of(place: str) -> str:
    """Return the prefix in the name of a file (CNMS is all facilities together), empty where it has none."""
    found = _PREFIX.match(place.rpartition("/")[2])
    return found[1].upper() if found else ""


def notes_of(facility: str, cells: Cells) -> list[Note]:
    """Return a note for each row: volumes in 1e-6 shares, the facilities' letters as a list."""
    days = dates(cells, "date")
    names = cells.equities("symbol")
    short, exempt, total = (
        cells.scaled(n, SHARE_SCALE) for n in ("shortvolume", "shortexemptvolume", "totalvolume")
    )
    cells.refuse((short < 0) | (exempt < 0) | (total < 0), "a volume is negative")
    cells.refuse(short > total, "more was sold short than was traded")
    markets = cells.text("market").to_list()
    underlyings = names.to_pylist()
    found = []
    for row in np.flatnonzero(cells.good).tolist():
        day = days[row]
        assert day is not None
        detail = {
            "date": day.isoformat(),
            "facility": facility,
            "markets": [m.strip() for m in markets[row].split(",") if m.strip()],
            "short_volume": int(short[row]),
            "short_exempt_volume": int(exempt[row]),
            "total_volume": int(total[row]),
            "unit": "1e-6 shares",
        }
        found.append(Note("short_volume", underlyings[row], known_from(day), detail))
    return found
