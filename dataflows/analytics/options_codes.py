"""Sale codes and venues of a release as numbers.

Owns how a print was taken (its status), the family of its code, what the code says of it, and the bit of its
venue. Each distinct text is judged once, by the code table of the session's date. Refuses nothing: a code
that the table does not hold is the family `unknown`, and what it would have said is not known.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dataflows.analytics.options_layout import VENUE_OTHER, VENUE_UNKNOWN
from dataflows.analytics.release import Codes, Flags, Longs
from schemas.columns import Batch, integers
from schemas.kinds import PRINT_REPORT, PRINT_STATUS
from schemas.opra import DATED, code_bytes, table_number
from schemas.opra_codes import CANCELS

_OK: Final = PRINT_STATUS.index("ok")
_LATE: Final = PRINT_STATUS.index("late")
_REPORT_LATE: Final = PRINT_STATUS.index("report_late")
_CANCELLED: Final = PRINT_STATUS.index("cancelled")
_BAR: Final = PRINT_STATUS.index("bar")
_TRADE: Final = PRINT_REPORT.index("trade")
_CANCEL: Final = PRINT_REPORT.index("cancel")
_CORRECTION: Final = PRINT_REPORT.index("correction")
CANCEL_NONE: Final = CANCELS.index("none")
CANCEL_OTHER: Final = CANCELS.index("other")
CANCEL_LAST: Final = CANCELS.index("last")
CANCEL_FIRST: Final = CANCELS.index("first")
CANCEL_ONLY: Final = CANCELS.index("only")
CANCEL_UNSAID: Final = len(CANCELS)  # a vendor's cancel record whose code has no meaning of its own
CORRECTS: Final = len(CANCELS) + 1  # a vendor's correction record: takes back, and reports anew


class CodeColumns(NamedTuple):
    """Per print: codes in CODE_FAMILY and PRINT_STATUS, venue bit, whether it came from a floor, what it
    takes back (CANCEL_ constants, CORRECTS), the byte of its code, and whether its table holds that code."""

    family: Codes
    status: Codes
    venue: Codes
    is_floor: Flags
    takes_back: Codes
    code: npt.NDArray[np.uint8]
    is_known: Flags


def read_codes(prints: Batch, is_late: Flags, date: int | Longs | None = None) -> CodeColumns:
    """Judge the sale code and venue of each print.

    `date` is that of the session (YYYYMMDD), one for all or one a print; without it the newest table counts.
    """
    code = code_bytes(prints["condition"])
    table = table_number(date)
    takes_back = _taken_back(DATED.cancels[table, code], prints)
    status = np.where(is_late, _LATE, _OK).astype(np.int8)
    status[DATED.marks["late"][table, code]] = _REPORT_LATE
    status[takes_back != CANCEL_NONE] = _CANCELLED
    status[prints["is_bar"]] = _BAR
    return CodeColumns(
        DATED.family[table, code].astype(np.int8),
        status,
        _venues(prints["venue"]),
        np.asarray(DATED.marks["floor"][table, code]),
        takes_back,
        code,
        np.asarray(DATED.is_known[table, code]),
    )


def _taken_back(meaning: Codes, prints: Batch) -> Codes:
    """Return what each record takes back: by the vendor's kind of record, else by the meaning of its code."""
    report = prints["report"]
    found = np.asarray(meaning, np.int8).copy()
    found[(report == _CANCEL) & (found == CANCEL_NONE)] = CANCEL_UNSAID
    found[report == _CORRECTION] = CORRECTS
    found[prints["is_bar"]] = CANCEL_NONE
    return found


def venue_bit(venue: str) -> int:
    """Return the bit of a participant letter; other names share one bit, and "" is not known."""
    if not venue:
        return VENUE_UNKNOWN
    if len(venue) == 1 and venue.isascii() and venue.isalpha():
        return ord(venue) - ord("A") if venue.isupper() else 26 + ord(venue) - ord("a")
    return VENUE_OTHER


def venue_letters(bits: int) -> str:
    """Return the sorted letters of a set of venues; "?" stands for names that are no letter."""
    upper = [chr(ord("A") + n) for n in range(26) if bits >> n & 1]
    lower = [chr(ord("a") + n) for n in range(26) if bits >> (26 + n) & 1]
    other = ["?"] if bits >> VENUE_OTHER & 1 else []
    return "".join(other + upper + lower)


def _venues(column: pa.StringArray) -> Codes:
    encoded = column.dictionary_encode()
    bits = np.array([venue_bit(text) for text in encoded.dictionary.to_pylist()], np.int8)
    return np.asarray(bits[integers(encoded.indices)])
