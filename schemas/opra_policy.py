"""What a trade of each OPRA sale code may update, vendor by vendor: vendors disagree, so it is a table.

Owns three versioned policies: `ours`, `alpaca` and `nxcore`. For each code: whether it opens the day, sets
its last price, sets high and low, counts in volume; for bars of a day and, where they differ, of a minute.
Refuses to fill gaps: what a vendor says nothing about is marked as taken over from ours (`is_stated`).

`ours` is active: reports that are late count in volume alone, and so do prints that may stand at any price;
a cancel updates nothing itself and takes its trade out of everything. An unknown code and no code at all
count in volume, and may set no price.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from schemas.opra import SIZE
from schemas.opra_codes import CURRENT, TABLES, SaleCode

Flags: TypeAlias = npt.NDArray[np.bool_]

ACTIVE: Final = "ours"
UPDATES: Final = ("open", "last", "high_low", "volume")
VENDORS: Final = ("ours", "alpaca", "nxcore")


class Updates(NamedTuple):
    """What one code may update; `is_stated` tells whether the vendor itself says so."""

    opens: bool
    last: bool
    high_low: bool
    volume: bool
    is_stated: bool = True


class Eligible(NamedTuple):
    """Flag arrays of 256 entries by the byte of a code."""

    opens: Flags
    last: Flags
    high_low: Flags
    volume: Flags


@dataclass(frozen=True, slots=True)
class Policy:
    """A vendor's policy for bars of a day and of a minute, by code; `source` says where it stands."""

    vendor: str
    version: int
    source: str
    day: dict[str, Updates]
    minute: dict[str, Updates]

    def eligible(self, is_minute: bool = False) -> Eligible:
        """Return the policy as arrays; codes that it does not hold count in volume alone."""
        table = np.zeros((len(UPDATES), SIZE), np.bool_)
        table[UPDATES.index("volume")] = True
        for code, updates in (self.minute if is_minute else self.day).items():
            table[:, ord(code)] = updates[: len(UPDATES)]
        table.setflags(write=False)
        return Eligible(*table)


_ALL: Final = Updates(True, True, True, True)
_VOLUME: Final = Updates(False, False, False, True)
_NOTHING: Final = Updates(False, False, False, False)
_RANGE: Final = Updates(False, False, True, True)


def _ours(row: SaleCode) -> Updates:
    if row.family == "cancel":
        return _NOTHING
    return _VOLUME if {"late", "volume_only", "extended"} & set(row.marks) else _ALL


def _every_code() -> dict[str, SaleCode]:
    """Return the rows of all tables by code, those of the newest winning."""
    return {row.code: row for table in TABLES for row in table.codes}


_OURS: Final = {code: _ours(row) for code, row in _every_code().items()}


def _with(stated: dict[str, Updates]) -> dict[str, Updates]:
    """Return ours, marked as not stated, with what a vendor states on top."""
    assumed = {code: updates._replace(is_stated=False) for code, updates in _OURS.items()}
    return assumed | stated


# Alpaca's bars leave out every report of A to G, late ones from volume too; H counts as a trade.
_ALPACA: Final = _with(
    {row.code: _ALL for row in CURRENT if row.code != " "}
    | dict.fromkeys("ABCDEFG", _NOTHING)
    | dict.fromkeys("tuv", _VOLUME)
)
# NxCore sets high and low from late reports, and last only if a late report is the only trade of the day.
_NXCORE: Final = _with(
    {" ": _ALL, "I": _ALL, "J": _ALL, "H": _ALL}
    | dict.fromkeys("ACEG", _NOTHING)
    | dict.fromkeys("BDF", _RANGE)
)
_MINUTE_EXTENDED: Final = {"v": _ALL}
_POLICIES: Final = {
    "ours": Policy("ours", 1, "docs/sale_codes.md", _OURS, _OURS | _MINUTE_EXTENDED),
    "alpaca": Policy("alpaca", 1, "its option bar rules", _ALPACA, _ALPACA | _MINUTE_EXTENDED),
    "nxcore": Policy("nxcore", 1, "ThetaData's table, of NxCore's", _NXCORE, _NXCORE),
}


def policy(vendor: str = ACTIVE) -> Policy:
    """Return the policy of one of VENDORS; another name is a ValueError that says which there are."""
    if vendor not in _POLICIES:
        raise ValueError(f"no policy of sale codes for {vendor!r}: there are {', '.join(VENDORS)}")
    return _POLICIES[vendor]
