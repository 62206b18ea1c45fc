"""Sale codes and venues of a release as numbers.

Owns how a print was taken (its status), the family of its code and the bit of its venue. Each distinct
text is judged once. Refuses nothing: a code that the table does not hold is the family `unknown`.
"""

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from dataflows.analytics.options_layout import VENUE_OTHER, VENUE_UNKNOWN
from dataflows.analytics.release import Codes, Flags
from schemas.columns import Batch, integers
from schemas.kinds import PRINT_REPORT, PRINT_STATUS
from schemas.opra import FAMILY, IS_CANCEL, IS_FLOOR, IS_REPORT_LATE, code_bytes

_OK: Final = PRINT_STATUS.index("ok")
_LATE: Final = PRINT_STATUS.index("late")
_REPORT_LATE: Final = PRINT_STATUS.index("report_late")
_CANCELLED: Final = PRINT_STATUS.index("cancelled")
_BAR: Final = PRINT_STATUS.index("bar")
_TRADE: Final = PRINT_REPORT.index("trade")


class CodeColumns(NamedTuple):
    """Per print: codes in CODE_FAMILY and PRINT_STATUS, venue bit, and whether it came from a floor."""

    family: Codes
    status: Codes
    venue: Codes
    is_floor: Flags


def read_codes(prints: Batch, is_late: Flags) -> CodeColumns:
    """Judge the sale code and venue of each print."""
    code = code_bytes(prints["condition"])
    status = np.where(is_late, _LATE, _OK).astype(np.int8)
    status[IS_REPORT_LATE[code]] = _REPORT_LATE
    status[IS_CANCEL[code] | (prints["report"] != _TRADE)] = _CANCELLED
    status[prints["is_bar"]] = _BAR
    family = FAMILY[code].astype(np.int8)
    return CodeColumns(family, status, _venues(prints["venue"]), np.asarray(IS_FLOOR[code]))


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
