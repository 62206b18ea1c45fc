"""OPRA sale codes: which family a code belongs to and what it says of the print.

Owns the code table as arrays of 256 entries, indexed by the byte of the code, for use in kernels.
Codes are case sensitive: `a` is an auction, `A` a cancel. Refuses to guess: a code that is not in
the table, or none at all (byte 0), is of family `unknown`, which is counted and never refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.columns import integers
from schemas.kinds import CODE_FAMILY

Flags: TypeAlias = npt.NDArray[np.bool_]

NO_CODE: Final = 0
NOT_A_CODE: Final = 255  # what text of other than one ASCII character is looked up as
SIZE: Final = 256


@dataclass(frozen=True, slots=True)
class SaleCode:
    """One code: OPRA's short name, our family and what the name stands for."""

    code: str
    name: str
    family: str
    meaning: str


CODES: Final = (
    SaleCode(" ", "REGULAR", "electronic", "regular trade"),
    SaleCode("A", "CANC", "cancel", "cancels a trade that was neither last nor opening"),
    SaleCode("B", "OSEQ", "late", "late and out of sequence"),
    SaleCode("C", "CNCL", "cancel", "cancels the last reported trade"),
    SaleCode("D", "LATE", "late", "late, in sequence"),
    SaleCode("E", "CNCO", "cancel", "cancels the opening trade"),
    SaleCode("F", "OPEN", "late", "late report of the opening trade, out of sequence"),
    SaleCode("G", "CNOL", "cancel", "cancels the only trade of the day"),
    SaleCode("H", "OPNL", "late", "late report of the opening trade, in sequence"),
    SaleCode("I", "AUTO", "electronic", "electronic"),
    SaleCode("J", "REOP", "other", "reopening after a halt"),
    SaleCode("S", "ISOI", "iso", "intermarket sweep order"),
    SaleCode("a", "SLAN", "auction", "single-leg auction"),
    SaleCode("b", "SLAI", "auction", "single-leg auction, intermarket sweep"),
    SaleCode("c", "SLCN", "cross", "single-leg cross"),
    SaleCode("d", "SLCI", "cross", "single-leg cross, intermarket sweep"),
    SaleCode("e", "SLFT", "floor", "single-leg floor trade"),
    SaleCode("f", "MLET", "multi_leg", "multi-leg electronic"),
    SaleCode("g", "MLAT", "multi_leg", "multi-leg auction"),
    SaleCode("h", "MLCT", "multi_leg", "multi-leg cross"),
    SaleCode("i", "MLFT", "multi_leg", "multi-leg floor trade"),
    SaleCode("j", "MESL", "multi_leg", "multi-leg electronic against single legs"),
    SaleCode("k", "TLAT", "stock_option", "stock-option auction"),
    SaleCode("l", "MASL", "multi_leg", "multi-leg auction against single legs"),
    SaleCode("m", "MFSL", "multi_leg", "multi-leg floor trade against single legs"),
    SaleCode("n", "TLET", "stock_option", "stock-option electronic"),
    SaleCode("o", "TLCT", "stock_option", "stock-option cross"),
    SaleCode("p", "TLFT", "stock_option", "stock-option floor trade"),
    SaleCode("q", "TESL", "stock_option", "stock-option electronic against single legs"),
    SaleCode("r", "TASL", "stock_option", "stock-option auction against single legs"),
    SaleCode("s", "TFSL", "stock_option", "stock-option floor trade against single legs"),
    SaleCode("t", "CBMO", "multi_leg", "floor trade of three legs or more, any price"),
    SaleCode("u", "MCTP", "other", "multilateral compression at a derived price"),
    SaleCode("v", "EXHT", "other", "extended hours"),
)


def _family_table() -> npt.NDArray[np.int32]:
    table = np.full(SIZE, CODE_FAMILY.index("unknown"), np.int32)
    for code in CODES:
        table[ord(code.code)] = CODE_FAMILY.index(code.family)
    table.setflags(write=False)
    return table


def _flag_table(codes: Iterable[str]) -> Flags:
    table = np.zeros(SIZE, np.bool_)
    table[[ord(c) for c in codes]] = True
    table.setflags(write=False)
    return table


FAMILY: Final = _family_table()
IS_CANCEL: Final = _flag_table("ACEG")
IS_REPORT_LATE: Final = _flag_table("BDFH")
IS_VOLUME_ONLY: Final = _flag_table("tu")  # may print at any price; neither high, low nor last
IS_FLOOR: Final = _flag_table("eimpst")
IS_AUCTION: Final = _flag_table("abgklr")
IS_CROSS: Final = _flag_table("cdho")
IS_AGAINST_SINGLE_LEGS: Final = _flag_table("jlmqrs")


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
