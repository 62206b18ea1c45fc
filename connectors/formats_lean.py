"""LEAN data given as paths: the folder itself, a folder above it, or zips inside it.

Owns finding the root of a LEAN data folder and which symbols and dates of it were meant. Refuses to
choose for the user where symbols have files of different dates.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from connectors.errors import UserError
from connectors.feeds.lean_files import LeanFolder
from connectors.recorded import Selection
from connectors.sessions import day_of, midnight
from schemas.roots import equity_underlying

MARKS: Final = ("equity/usa", "option/usa")
PARTS: Final = ("equity", "option")


def is_lean(paths: Sequence[Path]) -> Path | None:
    """Return the root of the LEAN folder in which all paths lie, or None where that is no such folder."""
    roots = {_root(p.absolute()) for p in paths}
    if None in roots or len(roots) != 1:
        return None
    return roots.pop()


def _root(path: Path) -> Path | None:
    if path.is_dir() and any((path / m).is_dir() for m in MARKS):
        return path
    above = [path, *path.parents]
    for folder in above:
        is_market = folder.name == "usa" and folder.parent.name in PARTS
        if is_market and (path.is_dir() or path.suffix == ".zip"):
            return folder.parent.parent
    return None


def lean_spec(root: Path, paths: Sequence[Path], selection: Selection) -> dict[str, Any]:
    """Return the specification of the LEAN feed for what was asked for.

    Raises:
        UserError: a time inside a day, nothing left, or symbols that do not share their dates.
    """
    folder = LeanFolder(root)
    symbols, dates = _meant(folder, root, paths)
    if selection.symbols is not None:
        asked = {equity_underlying(s) for s in selection.symbols}
        missing = sorted(asked - symbols)
        if missing:
            raise UserError(f"{root}: no data of symbol {missing[0]}; there are {', '.join(sorted(symbols))}")
        symbols = asked
    days = {s: {d for d in folder.days(s) if _is_inside(d, selection)} for s in symbols}
    if dates:
        days = {s: found & dates for s, found in days.items()}
    days = {s: found for s, found in days.items() if found}
    if not days:
        raise UserError(f"{root}: nothing is left to import for these symbols and times")
    every = set.union(*days.values())
    for symbol, found in sorted(days.items()):
        if found != every:
            example = min(every - found)
            raise UserError(
                f"{root}: {symbol} has no data on {example} and other symbols have; choose what belongs "
                "together with --symbols, --start and --end"
            )
    return {"feed": "lean", "root": str(root), "symbols": sorted(days), "dates": sorted(every)}


def _meant(folder: LeanFolder, root: Path, paths: Sequence[Path]) -> tuple[set[str], set[str]]:
    """Return the symbols and dates that the paths name; no dates stand for all of them."""
    symbols: set[str] = set()
    dates: set[str] = set()
    for path in paths:
        parts = path.relative_to(root).parts  # equity, usa, tick, ibm, 20131007_trade.zip
        if len(parts) <= 3:
            symbols |= set(folder.symbols())
            continue
        symbols.add(parts[3].upper())
        if len(parts) > 4:
            stamp = parts[4][:8]
            dates.add(f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:]}")
    return symbols, dates


def _is_inside(day: str, selection: Selection) -> bool:
    for ts in (selection.start_ts, selection.end_ts):
        if ts is not None and midnight(day_of(ts)) != ts:
            raise UserError("--start and --end of LEAN data are dates: its files hold whole days")
    begin = midnight(date.fromisoformat(day))
    return selection.begin <= begin < selection.end
