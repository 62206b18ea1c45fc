"""OPRA sale codes as data: one row a code, in two dated tables, with what each says of its print.

Owns the rows and nothing else. `CURRENT` holds the codes that tell auctions, crosses, floors and packages
apart; `EARLIER` the ones before them, whose upper-case letters meant other things and which tell none of
auction, cross or floor. Refuses to mix the two: a letter is read by the table of its date.

Sources: the meanings restate the OPRA data recipient specification (message types of category `a`), the
earlier ones its version 2.x; vendors' columns are in `schemas.opra_policy`. A row that rests on a single
secondary source is marked `is_verified=False`.
"""

from dataclasses import dataclass
from typing import Final

CANCELS: Final = ("none", "other", "last", "first", "only")
LEGS: Final = ("none", "multi_leg", "stock_option")


@dataclass(frozen=True, slots=True)
class SaleCode:
    """One code: OPRA's short name, our family, what the name stands for, and what it says of the print.

    `marks` are words of MARKS; `cancels` is one of CANCELS: which trade of the series it takes back.
    """

    code: str
    name: str
    family: str
    meaning: str
    marks: tuple[str, ...] = ()
    cancels: str = "none"
    is_verified: bool = True

    @property
    def legs(self) -> str:
        """Return whether the print is a leg of a package: one of LEGS."""
        return self.family if self.family in LEGS else "none"


# side: the quote rule may speak of its aggressor. The others say how the trade was made or reported.
MARKS: Final = ("side", "auction", "cross", "floor", "iso", "single_legs", "late", "volume_only", "extended")


def _row(code: str, name: str, family: str, marks: str, meaning: str) -> SaleCode:
    return SaleCode(code, name, family, meaning, tuple(marks.split()))


def _cancel(code: str, name: str, cancels: str, meaning: str) -> SaleCode:
    return SaleCode(code, name, "cancel", meaning, (), cancels)


_REPORTS: Final = (
    _cancel("A", "CANC", "other", "cancels a trade that was neither last nor opening"),
    _row("B", "OSEQ", "late", "late", "late and out of sequence"),
    _cancel("C", "CNCL", "last", "cancels the last reported trade"),
    _row("D", "LATE", "late", "late", "late, in sequence"),
    _cancel("E", "CNCO", "first", "cancels the opening trade"),
    _row("F", "OPEN", "late", "late", "late report of the opening trade, out of sequence"),
    _cancel("G", "CNOL", "only", "cancels the only trade of the day"),
    _row("H", "OPNL", "late", "late", "late report of the opening trade, in sequence"),
)
CURRENT: Final = (
    _row(" ", "REGULAR", "electronic", "side", "regular trade"),
    *_REPORTS,
    _row("I", "AUTO", "electronic", "side", "electronic"),
    _row("J", "REOP", "other", "", "reopening after a halt"),
    _row("S", "ISOI", "iso", "side iso", "intermarket sweep order"),
    _row("a", "SLAN", "auction", "side auction", "single-leg auction"),
    _row("b", "SLAI", "auction", "side auction iso", "single-leg auction, intermarket sweep"),
    _row("c", "SLCN", "cross", "cross", "single-leg cross"),
    _row("d", "SLCI", "cross", "cross iso", "single-leg cross, intermarket sweep"),
    _row("e", "SLFT", "floor", "floor", "single-leg floor trade"),
    _row("f", "MLET", "multi_leg", "", "multi-leg electronic"),
    _row("g", "MLAT", "multi_leg", "auction", "multi-leg auction"),
    _row("h", "MLCT", "multi_leg", "cross", "multi-leg cross"),
    _row("i", "MLFT", "multi_leg", "floor", "multi-leg floor trade"),
    _row("j", "MESL", "multi_leg", "single_legs", "multi-leg electronic against single legs"),
    _row("k", "TLAT", "stock_option", "auction", "stock-option auction"),
    _row("l", "MASL", "multi_leg", "auction single_legs", "multi-leg auction against single legs"),
    _row("m", "MFSL", "multi_leg", "floor single_legs", "multi-leg floor trade against single legs"),
    _row("n", "TLET", "stock_option", "", "stock-option electronic"),
    _row("o", "TLCT", "stock_option", "cross", "stock-option cross"),
    _row("p", "TLFT", "stock_option", "floor", "stock-option floor trade"),
    _row("q", "TESL", "stock_option", "single_legs", "stock-option electronic against single legs"),
    _row("r", "TASL", "stock_option", "auction single_legs", "stock-option auction against single legs"),
    _row("s", "TFSL", "stock_option", "floor single_legs", "stock-option floor trade against single legs"),
    _row("t", "CBMO", "multi_leg", "floor volume_only", "floor trade of three legs or more, any price"),
    _row("u", "MCTP", "other", "volume_only", "multilateral compression at a derived price"),
    _row("v", "EXHT", "other", "extended", "extended hours"),
)
_BENCHMARK: Final = SaleCode("T", "BNMT", "other", "benchmark trade", is_verified=False)
_EXEMPT: Final = SaleCode("X", "XMPT", "other", "exempt from trade-through protection", is_verified=False)
_STOPPED_BACK: Final = SaleCode("O", "CSTP", "cancel", "cancels a stopped trade", (), "other", False)
EARLIER: Final = (
    _row(" ", "REGULAR", "electronic", "side", "regular trade"),
    *_REPORTS,
    _row("I", "AUTO", "electronic", "side", "electronic"),
    _row("J", "REOP", "other", "", "reopening after a halt"),
    _row("K", "AJST", "other", "", "contract whose terms were adjusted"),
    _row("L", "SPRD", "multi_leg", "", "spread: two series of a class, one bought and one sold"),
    _row("M", "STDL", "multi_leg", "", "straddle: a call and a put, both bought or both sold"),
    _row("N", "STPD", "other", "", "at a price agreed before, reported behind a trade at that price"),
    _STOPPED_BACK,
    _row("P", "BWRT", "stock_option", "", "option part of an order for one series and stock"),
    _row("Q", "CMBO", "multi_leg", "", "combination: a call bought and a put sold, or the other way"),
    _row("R", "SPIM", "other", "", "stopped at a price that traded through no other market then"),
    _row("S", "ISOI", "iso", "side iso", "intermarket sweep order"),
    _BENCHMARK,
    _EXEMPT,
)


@dataclass(frozen=True, slots=True)
class CodeTable:
    """The codes of an era. `since` and `until` are dates (YYYYMMDD), `until` exclusive.

    `tells` are the ways of trading that the absence of a code rules out; of any other way a plain code
    says nothing, so what it was is not known.
    """

    name: str
    since: int
    until: int
    codes: tuple[SaleCode, ...]
    tells: tuple[str, ...]


# The single-leg and multi-leg types came with 4 November 2019; before it, I and blank may hold auctions.
SINGLE_LEG_TYPES_DATE: Final = 2019_11_04
TABLES: Final = (
    CodeTable("earlier", 0, SINGLE_LEG_TYPES_DATE, EARLIER, ("iso",)),
    CodeTable("current", SINGLE_LEG_TYPES_DATE, 9999_12_31, CURRENT, ("iso", "auction", "cross", "floor")),
)
