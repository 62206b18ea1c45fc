"""Which underlying an option root or an equity spelling stands for.

Owns the dated table of roots that differ from their underlying, and the spellings of share
classes. Refuses to guess: a name that is not in a table is its own underlying, but for the digits
that an adjusted series carries at the end of its root.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import pyarrow as pa

OSI_FIRST_DAY: Final = 20100212  # five-letter option symbols ended; roots mean what they say since
NO_LAST_DAY: Final = 99991231
CACHED_NAMES_MAX: Final = 65_536


@dataclass(frozen=True, slots=True)
class Root:
    """A root and its underlying, for series that expire from `first_day` to `last_day`."""

    root: str
    underlying: str
    first_day: int = OSI_FIRST_DAY
    last_day: int = NO_LAST_DAY


ROOTS: Final = (
    Root("SPXW", "SPX"),
    Root("SPXPM", "SPX"),
    Root("NDXP", "NDX"),
    Root("RUTW", "RUT"),
    Root("VIXW", "VIX"),
    Root("BRKB", "BRK.B"),
    Root("BFB", "BF.B"),
)
# Index series that settle on the opening prices of their last day and trade until the day before (Cboe and
# Nasdaq product specifications); their weekly kin (SPXW, NDXP, RUTW) settle on the close.
AM_SETTLED: Final = frozenset({"SPX", "NDX", "RUT", "DJX", "VIX", "VIXW", "XEO", "MXEA", "MXEF"})
SHARE_CLASSES: Final = {
    f"{name}{separator}{letter}": f"{name}.{letter}"
    for name, letter in (("BRK", "A"), ("BRK", "B"), ("BF", "A"), ("BF", "B"))
    for separator in ("", ".", "-", "/", " ")
}


def underlying_of(root: str, expiry: int) -> str:
    """Return the underlying of an option root for a series of that expiry (YYYYMMDD)."""
    plain = root.rstrip("0123456789") or root
    for entry in ROOTS:
        if entry.root == plain and entry.first_day <= expiry <= entry.last_day:
            return entry.underlying
    return plain


def is_adjusted(root: str) -> bool:
    """Tell whether a root ends with the digit of an adjusted series, whose deliverable is not standard."""
    return root[-1:].isdigit()


@lru_cache(maxsize=CACHED_NAMES_MAX)
def equity_underlying(symbol: str) -> str:
    """Return the one spelling we key an equity by."""
    return SHARE_CLASSES.get(symbol, symbol)


def equity_underlyings(symbols: pa.StringArray) -> pa.StringArray:
    """Return the one spelling of each symbol; distinct symbols are looked up once."""
    encoded = symbols.dictionary_encode()
    names = [equity_underlying(s) for s in encoded.dictionary.to_pylist()]
    return pa.array(names, pa.string()).take(encoded.indices)
