"""OPRA sale codes for kernels: the dated tables as arrays of 256 entries, indexed by the byte of a code.

Owns the choice of table by date and the arrays. Codes are case sensitive: `a` is an auction, `A` a cancel.
Refuses to guess: a code that is not in the table of its date, or none at all (byte 0), is of family
`unknown`, which is counted and never refused; no flag is set for it, and `SAYS` answers "not known".
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.columns import integers
from schemas.kinds import CODE_FAMILY
from schemas.opra_codes import CANCELS, CURRENT, MARKS, TABLES, CodeTable, SaleCode

__all__ = ["CODES", "SaleCode"]
Flags: TypeAlias = npt.NDArray[np.bool_]
Codes: TypeAlias = npt.NDArray[np.int8]

CODES: Final = CURRENT
NO_CODE: Final = 0
NOT_A_CODE: Final = 255  # what text of other than one ASCII character is looked up as
SIZE: Final = 256
NOT_KNOWN: Final = -1  # in SAYS: neither yes (1) nor no (0)


class Tables(NamedTuple):
    """Arrays (tables, 256), the rows of the dated tables in the order of `TABLES`.

    `family` indexes CODE_FAMILY, `cancels` indexes CANCELS. `marks` holds a flag array for each of MARKS;
    `says` the same as 1, 0 or NOT_KNOWN: no code, an unknown one, or a table that does not tell.
    """

    family: npt.NDArray[np.int32]
    cancels: Codes
    is_known: Flags
    marks: Mapping[str, Flags]
    says: Mapping[str, Codes]


def _tables() -> Tables:
    marks = {mark: np.array([_marked(t, mark) for t in TABLES]) for mark in MARKS}
    known = np.array([_marked(t, "") for t in TABLES])
    says = {mark: np.where(known, marks[mark], NOT_KNOWN).astype(np.int8) for mark in MARKS}
    for number, table in enumerate(TABLES):
        for mark in {"auction", "cross", "floor", "iso"} - set(table.tells):
            says[mark][number] = np.where(marks[mark][number], 1, NOT_KNOWN)
    family = np.full((len(TABLES), SIZE), CODE_FAMILY.index("unknown"), np.int32)
    cancels = np.zeros((len(TABLES), SIZE), np.int8)
    for number, table in enumerate(TABLES):
        for row in table.codes:
            family[number, ord(row.code)] = CODE_FAMILY.index(row.family)
            cancels[number, ord(row.code)] = CANCELS.index(row.cancels)
    arrays: tuple[npt.NDArray[Any], ...] = (family, cancels, known, *marks.values(), *says.values())
    for array in arrays:
        array.setflags(write=False)
    return Tables(family, cancels, known, marks, says)


def _marked(table: CodeTable, mark: str) -> Flags:
    """Return which codes of a table carry a mark; with none, which codes it holds."""
    flags = np.zeros(SIZE, np.bool_)
    flags[[ord(row.code) for row in table.codes if mark in ("", *row.marks)]] = True
    return flags


DATED: Final = _tables()
NOW: Final = len(TABLES) - 1
FAMILY: Final = DATED.family[NOW]
CANCEL_MEANING: Final = DATED.cancels[NOW]
IS_CANCEL: Final = CANCEL_MEANING > 0
IS_REPORT_LATE: Final = DATED.marks["late"][NOW]
IS_VOLUME_ONLY: Final = DATED.marks["volume_only"][NOW]  # any price; neither high, low nor last
IS_FLOOR: Final = DATED.marks["floor"][NOW]
IS_AUCTION: Final = DATED.marks["auction"][NOW]
IS_CROSS: Final = DATED.marks["cross"][NOW]
IS_ISO: Final = DATED.marks["iso"][NOW]
IS_SIDE_ELIGIBLE: Final = DATED.marks["side"][NOW]
IS_AGAINST_SINGLE_LEGS: Final = DATED.marks["single_legs"][NOW]


def table_number(date: int | npt.NDArray[np.int64] | None) -> int | npt.NDArray[np.int64]:
    """Return the table of a date (YYYYMMDD) or of an array of dates; without one, or for 0, the newest."""
    if date is None:
        return NOW
    starts = np.array([table.since for table in TABLES], np.int64)
    found = np.clip(np.searchsorted(starts, date, side="right") - 1, 0, NOW)
    number = np.where(np.asarray(date) > 0, found, NOW)
    return int(number) if np.ndim(number) == 0 else np.asarray(number, np.int64)


def code_bytes(codes: pa.StringArray) -> npt.NDArray[np.uint8]:
    """Return the index of each code into the tables; NO_CODE where the text is empty."""
    encoded = codes.dictionary_encode()
    distinct = [_code_byte(c) for c in encoded.dictionary.to_pylist()]
    found: npt.NDArray[np.uint8] = np.array(distinct, np.uint8)[integers(encoded.indices)]
    return found


def _code_byte(code: str) -> int:
    if code == "":
        return NO_CODE
    return ord(code) if len(code) == 1 and code.isascii() else NOT_A_CODE
