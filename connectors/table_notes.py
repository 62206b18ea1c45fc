"""Tables whose rows are facts beside the tape: each row becomes part of a note, or is refused.

Owns reading such a file whole (they hold one day), the order of its notes, and from when on a daily
figure is known: the start of the session after its date. Refuses rows, never files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from operator import attrgetter
from typing import Final, TypeAlias

import numpy as np

from connectors.cells import Cells
from connectors.errors import UserError
from connectors.feed import Note, Reject
from connectors.recorded import Recording
from connectors.recorded_merge import Source
from connectors.recorded_rows import Block
from connectors.sessions import FIRST_YEAR, LAST_YEAR, is_trading_day, midnight
from connectors.table_feed import InputFile, Wanted
from connectors.tabular import Layout, read_pieces

REFERENCE: Final = "reference"
BLOCK_NOTES: Final = 5_000
NOTES_MAX: Final = 4_000_000
_DAY: Final = re.compile(r"(?<![0-9])([12][0-9]{3})-?([01][0-9])-?([0-3][0-9])(?![0-9])")

ReadNotes: TypeAlias = Callable[[Cells], Sequence[Note]]


@dataclass(frozen=True, slots=True)
class Facts:
    """The notes of one file in the order of time, and its refused rows."""

    file: InputFile
    notes: tuple[Note, ...]
    rejects: tuple[Reject, ...]

    @property
    def symbols(self) -> set[str]:
        """The underlyings of the notes."""
        return {n.underlying for n in self.notes}


def read_facts(file: InputFile, layout: Layout, read: ReadNotes) -> Facts:
    """Read a whole file; `read` judges the rows of a piece and returns their notes."""
    notes: list[Note] = []
    rejects: list[Reject] = []
    for piece in read_pieces(file.path, file.place, layout):
        cells = Cells(piece)
        notes += read(cells)
        rejects += cells.rejects(REFERENCE, "", np.full(int(cells.good.sum()), cells.last_ts))
        if len(notes) > NOTES_MAX:
            raise UserError(f"{file.place}: holds more than {NOTES_MAX:,} facts; import it in parts")
    return Facts(file, tuple(sorted(notes, key=attrgetter("source_ts", "underlying"))), tuple(rejects))


def facts_recording(
    names: tuple[str, str],
    hashes: Mapping[str, str],
    facts: Sequence[Facts],
    capabilities: Mapping[str, object],
    wanted: Wanted,
) -> Recording:
    """Return the recording of files of facts; `names` are those of the format and of its only input.

    The input has no rows: the facts stand in `reference`.
    """
    return Recording(
        name=names[0],
        files=hashes,
        sources=tuple(
            Source(f.file.place, partial(_blocks, f), _first(f), f.file.path.stat().st_size) for f in facts
        ),
        inputs=(names[1],),
        symbols=tuple(sorted({s for f in facts for s in f.symbols})),
        capabilities=capabilities,
        selection=wanted.selection,
        options=wanted.options,
    )


def _first(facts: Facts) -> int:
    return facts.notes[0].source_ts if facts.notes else 0


def _blocks(facts: Facts) -> Iterator[Block]:
    """Yield the notes some thousand at a time, what was refused with the first."""
    edges = [*range(0, max(len(facts.notes), 1), BLOCK_NOTES), len(facts.notes)]
    for begin, end in pairwise(edges):
        rejects = facts.rejects if begin == 0 else ()
        part = facts.notes[begin:end]
        yield Block({}, rejects, part, upto_ts=part[-1].source_ts if part else -1)


def dates(cells: Cells, name: str) -> list[date | None]:
    """Return dates written YYYYMMDD, YYYY-MM-DD or MM/DD/YYYY; refuses what is none or no day of trading."""
    text = cells.text(name)
    known = {value: parse_day(value) for value in text.unique().to_list()}
    found = [known[value] for value in text.to_list()]
    cells.refuse_shown(
        np.array([d is None for d in found], np.bool_), f"{name} is {{}} where a date is expected", text
    )
    closed = np.array([d is not None and not is_trading_day(d) for d in found], np.bool_)
    cells.refuse_shown(closed, f"{name} is {{}}, when the New York Stock Exchange did not trade", text)
    return found


def parse_day(text: str) -> date | None:
    """Return a date in one of the spellings of such files, None where it is none."""
    digits = re.sub(r"[-/]", "", text)
    if not re.fullmatch(r"[0-9]{8}", digits):
        return None
    if re.fullmatch(r"[0-9]{2}/[0-9]{2}/[0-9]{4}", text):
        digits = digits[4:] + digits[:4]
    try:
        found = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None


def day_of_name(place: str) -> date | None:
    """Return the day that a file is named for, or None."""
    found = _DAY.search(place.rpartition("/")[2])
    return None if found is None else parse_day("".join(found.groups()))


def known_from(day: date) -> int:
    """Return the start of the session after a date, when a figure of that date is known for certain."""
    later = day + timedelta(days=1)
    while not is_trading_day(later):
        later += timedelta(days=1)
    return midnight(later)


CAPABILITIES: Final[Mapping[str, object]] = {
    "conditions": False,
    "cancels": False,
    "sequence": False,
    "participant_times": False,
    "venue_quotes": False,
    "quote_scope": "none",
    "true_side": "none",
    "is_sampled": False,
    "bars": False,
    "price_rounded": False,
    "block_times": False,
    "complete_volume": False,
    "trade_ids": False,
    "clock_ns": 86_400_000_000_000,
    "option_bars": False,
    "option_conditions": False,
    "option_volume_complete": False,
}
