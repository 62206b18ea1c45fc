"""Databento publishers: which venue stands behind each id, and what its records may be taken for.

Owns the table of ids (a publisher is a venue inside a dataset) and the letters of the venues. The
ids and market codes are those of the vendor's `Publisher` enumeration (databento 0.87, `publishers.py`;
github.com/databento/dbn, `publishers.rs`); option letters are those of OPRA's participants, equity
letters those of the consolidated tapes. Refuses futures, indices and foreign venues, and an
alternative trading system, which no tape letter names. A venue whose letter is not known has none.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.kinds import VENUE_LETTER

Flags: TypeAlias = npt.NDArray[np.bool_]
Codes: TypeAlias = npt.NDArray[np.int32]

SIZE: Final = 1024  # ids beyond are read as the last one, which no publisher has
OPTIONS: Final = "options"
EQUITIES: Final = "equities"
CONSOLIDATED: Final = frozenset({"OPRA", "EQUS", "DBEQ", "CTA", "UTP"})
FINRA: Final = frozenset({"FINN", "FINC", "FINY", "XADF"})


def _named(letters: str, venues: str) -> dict[str, str]:
    return dict(zip(venues.split(), letters, strict=True))


OPTION_LETTERS: Final = {
    **_named("ABCDEHIJM", "AMXO XBOX XCBO EMLD EDGO GMNI XISX MCRY XMIO"),
    **_named("NPQSTUWXZ", "ARCO MPRL XNDQ SPHR XBXO MXOP C2OX XPHL BATO"),
    **dict.fromkeys(("MXTO", "IEXO", "OPRA"), ""),
}
EQUITY_LETTERS: Final = {
    **_named("ABCHIJKLM", "XASE XBOS XCIS EPRL XISX EDGA EDGX LTSE XCHI"),
    **_named("NPQUVXYZ", "XNYS ARCX XNAS MEMX IEXG XPSX BATY BATS"),
    **dict.fromkeys(FINRA, "D"),
    **dict.fromkeys(("TXSE", "24EQ", *CONSOLIDATED), ""),
}

# Dataset, and its venues with their ids: a run of venues has ids that follow each other.
_RUNS: Final = (
    ("XNAS.ITCH", 2, "XNAS"),
    ("XBOS.ITCH", 3, "XBOS"),
    ("XPSX.ITCH", 4, "XPSX"),
    ("BATS.PITCH", 5, "BATS"),
    ("BATY.PITCH", 6, "BATY"),
    ("EDGA.PITCH", 7, "EDGA"),
    ("EDGX.PITCH", 8, "EDGX"),
    ("XNYS.PILLAR", 9, "XNYS"),
    ("XCIS.PILLAR", 10, "XCIS"),
    ("XASE.PILLAR", 11, "XASE"),
    ("XCHI.PILLAR", 12, "XCHI"),
    ("XCIS.BBO", 13, "XCIS"),
    ("XCIS.TRADES", 14, "XCIS"),
    ("MEMX.MEMOIR", 15, "MEMX"),
    ("EPRL.DOM", 16, "EPRL"),
    ("XNAS.NLS", 17, "FINN FINC"),
    ("XNYS.TRADES", 19, "FINY"),
    ("OPRA.PILLAR", 20, "AMXO XBOX XCBO EMLD EDGO GMNI XISX MCRY XMIO ARCO OPRA MPRL XNDQ XBXO C2OX"),
    ("OPRA.PILLAR", 35, "XPHL BATO MXOP"),
    ("IEXG.TOPS", 38, "IEXG"),
    ("DBEQ.BASIC", 39, "XCHI XCIS IEXG EPRL"),
    ("ARCX.PILLAR", 43, "ARCX"),
    ("XNYS.BBO", 44, "XNYS"),
    ("XNYS.TRADES", 45, "XNYS"),
    ("XNAS.QBBO", 46, "XNAS"),
    ("XNAS.NLS", 47, "XNAS"),
    ("EQUS.PLUS", 48, "XCHI XCIS IEXG EPRL XNAS XNYS FINN FINY FINC"),
    ("DBEQ.BASIC", 59, "DBEQ"),
    ("EQUS.PLUS", 60, "EQUS"),
    ("OPRA.PILLAR", 61, "SPHR"),
    ("EQUS.ALL", 62, "XCHI XCIS IEXG EPRL XNAS XNYS FINN FINY FINC BATS BATY EDGA EDGX XBOS XPSX MEMX"),
    ("EQUS.ALL", 78, "XASE ARCX LTSE"),
    ("XNAS.BASIC", 81, "XNAS FINN FINC"),
    ("XNAS.NLS", 86, "XBOS XPSX"),
    ("XNAS.BASIC", 88, "XBOS XPSX"),
    ("EQUS.SUMMARY", 90, "EQUS"),
    ("XCIS.TRADESBBO", 91, "XCIS"),
    ("XNYS.TRADESBBO", 92, "XNYS"),
    ("XNAS.BASIC", 93, "EQUS"),
    ("EQUS.ALL", 94, "EQUS"),
    ("EQUS.MINI", 95, "EQUS"),
    ("XNYS.TRADES", 96, "EQUS"),
    ("OPRA.PILLAR", 108, "MXTO IEXO"),
    ("EQUS.SIP", 111, "XASE XBOS XCIS TXSE 24EQ EPRL XISX EDGA EDGX LTSE XCHI XNYS ARCX XNAS MEMX IEXG"),
    ("EQUS.SIP", 127, "XPSX BATY BATS FINN FINY FINC XADF CTA UTP"),
)
PUBLISHERS: Final[dict[int, tuple[str, str]]] = {
    first + place: (dataset, venue)
    for dataset, first, venues in _RUNS
    for place, venue in enumerate(venues.split())
}
DATASETS: Final = tuple(sorted({dataset for dataset, _ in PUBLISHERS.values()}))


def market_of(dataset: str) -> str | None:
    """Return "options" or "equities", or None where a dataset is neither."""
    if dataset == "OPRA.PILLAR":
        return OPTIONS
    return EQUITIES if dataset in DATASETS else None


def _letter(dataset: str, venue: str) -> str:
    return (OPTION_LETTERS if market_of(dataset) == OPTIONS else EQUITY_LETTERS)[venue]


def _flags(names: frozenset[str]) -> Flags:
    table = np.zeros(SIZE, np.bool_)
    table[[number for number, (_, venue) in PUBLISHERS.items() if venue in names]] = True
    table.setflags(write=False)
    return table


def _market_flags(market: str) -> Flags:
    table = np.zeros(SIZE, np.bool_)
    table[[number for number, (dataset, _) in PUBLISHERS.items() if market_of(dataset) == market]] = True
    table.setflags(write=False)
    return table


def _codes() -> Codes:
    table = np.zeros(SIZE, np.int32)
    for number, (dataset, venue) in PUBLISHERS.items():
        table[number] = VENUE_LETTER.index(_letter(dataset, venue) or "none")
    table.setflags(write=False)
    return table


IS_OPTION: Final = _market_flags(OPTIONS)
IS_EQUITY: Final = _market_flags(EQUITIES)
IS_FINRA: Final = _flags(FINRA)
IS_CONSOLIDATED: Final = _flags(CONSOLIDATED)
VENUE_CODE: Final = _codes()  # index into schemas.kinds.VENUE_LETTER
_LETTERS: Final = pa.array(["", *VENUE_LETTER[1:]], pa.string())


def index(publishers: npt.NDArray[np.uint16]) -> npt.NDArray[np.int64]:
    """Return ids as indices of the tables above."""
    return np.minimum(publishers.astype(np.int64), SIZE - 1)


def letters(publishers: npt.NDArray[np.uint16]) -> pa.StringArray:
    """Return the letter of each publisher's venue; empty where it has none."""
    return _LETTERS.take(pa.array(VENUE_CODE[index(publishers)]))


def name_of(publisher: int) -> str:
    """Return how the vendor writes a publisher, as in OPRA.PILLAR.XCBO."""
    return ".".join(PUBLISHERS[publisher]) if publisher in PUBLISHERS else "not in the table"
