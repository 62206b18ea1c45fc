"""Option symbols: the two spellings we read, the one we keep, and which underlying a root means.

Owns the canonical series name (OSI: root padded to 6, YYMMDD, C or P, strike in 1/1000 USD on 8
digits) and its parts. Reads OSI with and without padding, and `ROOT-YYYY-MM-DD-STRIKE-C|P`.
Refuses, with a reason a row, whatever is neither: lower case, impossible dates, strikes that are
zero, too great or finer than 1/1000 USD. Vendor prefixes are the feed's to take off.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.kinds import RIGHT
from schemas.roots import underlying_of

ROOT_LENGTH_MAX: Final = 6
TAIL_LENGTH: Final = 15  # YYMMDD, right and strike
OSI_LENGTH: Final = ROOT_LENGTH_MAX + TAIL_LENGTH
STRIKE_MILLS_MAX: Final = 99_999_999  # eight digits of 1/1000 USD
PRICE_PER_MILL: Final = 1_000_000  # prices are 1e-9 USD
STRIKE_DECIMALS_MAX: Final = 3
CACHED_SYMBOLS_MAX: Final = 262_144  # a whole day's series; the least recently used goes first
SYMBOL_LENGTH_MAX: Final = 64

_ROOT: Final = re.compile(r"(?=.*[A-Z])[A-Z0-9]{1,6}")
_TAIL: Final = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})(.)([0-9]{8})")
_DASHED: Final = re.compile(r"([^\n]+)-([0-9]{4})-([0-9]{2})-([0-9]{2})-(-?[0-9]+(?:\.[0-9]+)?)-([^-\n]+)")
_SEPARATORS: Final = str.maketrans("", "", ".-/ ")


class Contract(NamedTuple):
    """One option series. `expiry` is YYYYMMDD, `strike` 1e-9 USD, `right` a code of RIGHT."""

    contract: str
    root: str
    underlying: str
    expiry: int
    strike: int
    right: int
    is_adjusted_suspected: bool


@dataclass(frozen=True, slots=True)
class Contracts:
    """Series of a column of symbols; where `reason` is not empty the row has no values."""

    contract: pa.StringArray
    root: pa.StringArray
    underlying: pa.StringArray
    expiry: npt.NDArray[np.int32]
    strike: npt.NDArray[np.int64]
    right: npt.NDArray[np.int32]
    is_adjusted_suspected: npt.NDArray[np.bool_]
    reason: pa.StringArray

    @property
    def is_read(self) -> npt.NDArray[np.bool_]:
        """Which rows were understood."""
        found: npt.NDArray[np.bool_] = pc.equal(self.reason, "").to_numpy(zero_copy_only=False)
        return found


class Unreadable(ValueError):
    """A symbol that is no option series; the message says why."""


NOTHING: Final = Contract("", "", "", 0, 0, 0, False)


def parse_contract(symbol: str) -> Contract:
    """Return the series a symbol names; Unreadable says why it names none."""
    contract, reason = _parse(symbol)
    if reason:
        raise Unreadable(f"{symbol[:SYMBOL_LENGTH_MAX]!r}: {reason}")
    return contract


def parse_contracts(symbols: pa.StringArray) -> Contracts:
    """Return the series of each symbol; distinct symbols are parsed once and remembered."""
    encoded = symbols.dictionary_encode()
    parsed = [_parse(s) for s in encoded.dictionary.to_pylist()]
    parsed.append((NOTHING, "no symbol"))  # where a row is null
    rows = encoded.indices.fill_null(len(parsed) - 1).to_numpy()
    columns = list(zip(*(contract for contract, _ in parsed), strict=True))
    return Contracts(
        contract=_text(columns[0], rows),
        root=_text(columns[1], rows),
        underlying=_text(columns[2], rows),
        expiry=np.array(columns[3], np.int32)[rows],
        strike=np.array(columns[4], np.int64)[rows],
        right=np.array(columns[5], np.int32)[rows],
        is_adjusted_suspected=np.array(columns[6], np.bool_)[rows],
        reason=_text([reason for _, reason in parsed], rows),
    )


def _text(values: Any, rows: npt.NDArray[np.int32]) -> pa.StringArray:
    return pa.array(values, pa.string()).take(pa.array(rows))


def _parse(symbol: str) -> tuple[Contract, str]:
    """Return the series and an empty reason, or NOTHING and why."""
    if len(symbol) > SYMBOL_LENGTH_MAX:  # before the cache, which keeps what it is asked
        return NOTHING, f"longer than {SYMBOL_LENGTH_MAX} characters"
    return _parse_cached(symbol)


@lru_cache(maxsize=CACHED_SYMBOLS_MAX)
def _parse_cached(symbol: str) -> tuple[Contract, str]:
    try:
        return _read(symbol), ""
    except Unreadable as error:
        return NOTHING, str(error)


def _read(symbol: str) -> Contract:
    dashed = _DASHED.fullmatch(symbol)
    if dashed is not None:
        root, year, month, day, strike, right = dashed.groups()
        date = (int(year), int(month), int(day))
        return _contract(root.translate(_SEPARATORS), date, _mills(strike), right)
    tail = _TAIL.fullmatch(symbol[-TAIL_LENGTH:])
    if tail is None:
        raise Unreadable("neither OSI nor ROOT-YYYY-MM-DD-STRIKE-C|P")
    year, month, day, right, digits = tail.groups()
    date = (2000 + int(year), int(month), int(day))
    return _contract(_osi_root(symbol[:-TAIL_LENGTH]), date, int(digits), right)


def _osi_root(padded: str) -> str:
    if " " in padded and len(padded) != ROOT_LENGTH_MAX:
        raise Unreadable(f"spaces may only pad the root to {ROOT_LENGTH_MAX}")
    return padded.rstrip(" ")


def _mills(strike: str) -> int:
    dollars, _, decimals = strike.partition(".")
    if len(decimals) > STRIKE_DECIMALS_MAX:
        raise Unreadable(f"strike {strike} has more than {STRIKE_DECIMALS_MAX} decimals")
    return int(dollars + decimals.ljust(STRIKE_DECIMALS_MAX, "0"))


def _contract(root: str, date: tuple[int, int, int], mills: int, right: str) -> Contract:
    if _ROOT.fullmatch(root) is None:
        raise Unreadable(f"root {root!r} is not 1 to {ROOT_LENGTH_MAX} of A-Z and 0-9")
    if right not in RIGHT:
        raise Unreadable(f"right {right!r} is neither C nor P")
    if not 0 < mills <= STRIKE_MILLS_MAX:
        raise Unreadable(f"strike {mills}/1000 USD is not above 0 and at most 99999.999")
    expiry = _expiry(*date)
    code, strike = RIGHT.index(right), mills * PRICE_PER_MILL
    name, is_adjusted = format_osi(root, expiry, code, strike), root[-1].isdigit()
    underlying = underlying_of(root, expiry)
    return Contract(name, root, underlying, expiry, strike, code, is_adjusted)


def _expiry(year: int, month: int, day: int) -> int:
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = (31, 29 if is_leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    if not (1 <= month <= 12 and 1 <= day <= days[month - 1]):
        raise Unreadable(f"{year:04}-{month:02}-{day:02} is no date")
    if not 2000 <= year <= 2099:
        raise Unreadable(f"year {year} is outside 2000 to 2099")
    return year * 10_000 + month * 100 + day


def format_osi(root: str, expiry: int, right: int, strike: int) -> str:
    """Return the canonical 21 characters; strike in 1e-9 USD, whole thousandths of a dollar."""
    mills, rest = divmod(strike, PRICE_PER_MILL)
    assert rest == 0, f"strike {strike} is finer than 1/1000 USD"
    assert 0 < mills <= STRIKE_MILLS_MAX, f"strike {strike} does not fit eight digits"
    return f"{root:<{ROOT_LENGTH_MAX}}{expiry % 1_000_000:06}{RIGHT[right]}{mills:08}"


def format_dashed(contract: str) -> str:
    """Return ROOT-YYYY-MM-DD-STRIKE-C|P of a symbol, the strike without trailing zeros."""
    series = parse_contract(contract)
    date = f"{series.expiry // 10_000:04}-{series.expiry // 100 % 100:02}-{series.expiry % 100:02}"
    dollars, mills = divmod(series.strike // PRICE_PER_MILL, 1000)
    strike = f"{dollars}.{mills:03}".rstrip("0").rstrip(".")
    return f"{series.root}-{date}-{strike}-{RIGHT[series.right]}"
