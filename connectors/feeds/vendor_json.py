"""Recorded REST answers of Alpaca and of Polygon (Massive) as feeds, named alpaca_json and polygon_json.

Owns telling the two vendors' answers apart and what may be said from them. The files are read whole when
the feed is made: pages come in any order of time, and repeat each other. Refuses files of another vendor,
and a recording of contracts alone, which have no time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from connectors.errors import UserError
from connectors.feeds import vendor_json_alpaca, vendor_json_polygon
from connectors.feeds.vendor_json_pages import Json, Page, read_pages
from connectors.feeds.vendor_json_shelf import Shelf
from connectors.recorded import EVERYTHING, RecordedFeed, Recording, Selection
from connectors.recorded_files import checked, digests, places
from connectors.recorded_merge import Source
from schemas.kinds import VENUE_LETTER

ALPACA: Final = "alpaca_json"
POLYGON: Final = "polygon_json"
TOTAL_BYTES_MAX: Final = 256 << 20
IEX: Final = VENUE_LETTER.index("V")


@dataclass(frozen=True, slots=True)
class Vendor:
    """How the answers of one vendor are known and read."""

    name: str
    title: str
    is_page: Callable[[Json], bool]
    read_page: Callable[[Page, Shelf], None]


VENDORS: Final = {
    ALPACA: Vendor(ALPACA, "Alpaca", vendor_json_alpaca.is_page, vendor_json_alpaca.read_page),
    POLYGON: Vendor(POLYGON, "Polygon", vendor_json_polygon.is_page, vendor_json_polygon.read_page),
}


def _read(vendor: Vendor, files: Mapping[Path, str]) -> Shelf:
    total = sum(path.stat().st_size for path in files)
    if total > TOTAL_BYTES_MAX:
        most = f"up to {TOTAL_BYTES_MAX:,} at a time are allowed"
        raise UserError(f"{len(files)} files hold {total:,} bytes of recorded answers; {most}")
    shelf = Shelf()
    for path, place in files.items():
        pages = read_pages(path, place)
        taken = [p for p in pages if vendor.is_page(p.body)]
        if not taken and any(p.body for p in pages):
            raise UserError(f"{place}: holds no answers of {vendor.title}")
        for page in taken:
            vendor.read_page(page, shelf)
    _file_timeless(shelf, files)
    return shelf


def _file_timeless(shelf: Shelf, files: Mapping[Path, str]) -> None:
    """Let facts without a time count from the first time in the recording; without any there is none."""
    first, names = shelf.first_ts(), ", ".join(sorted(files.values())[:3])
    if first is None and not shelf.timeless and not shelf.rejects:
        raise UserError(f"{names}: no trade, quote or contract; bars and lists of codes are not imported")
    if first is None and shelf.timeless:
        raise UserError(f"{names}: contracts alone have no time; give them with trades or quotes")
    if first is not None:
        shelf.notes += [replace(n, source_ts=first) for n in shelf.timeless]


class _JsonFeed(RecordedFeed):
    def __init__(self, vendor: Vendor, paths: Iterable[Path], selection: Selection) -> None:
        found = checked(paths)
        named = places(found)
        shelf = _read(vendor, named)
        size = sum(path.stat().st_size for path in found)
        super().__init__(
            Recording(
                name=vendor.name,
                files=digests(found),
                sources=(Source(vendor.name, shelf.blocks, shelf.first_ts() or 0, size),),
                inputs=shelf.topics(),
                symbols=shelf.underlyings(),
                capabilities=_capabilities(vendor.name, shelf),
                selection=selection,
            )
        )


class AlpacaJsonFeed(_JsonFeed):
    """Recorded answers of Alpaca's historical data."""

    def __init__(self, paths: Iterable[Path], selection: Selection = EVERYTHING) -> None:
        super().__init__(VENDORS[ALPACA], paths, selection)


class PolygonJsonFeed(_JsonFeed):
    """Recorded answers of Polygon's (Massive's) REST interface."""

    def __init__(self, paths: Iterable[Path], selection: Selection = EVERYTHING) -> None:
        super().__init__(VENDORS[POLYGON], paths, selection)


def _capabilities(name: str, shelf: Shelf) -> dict[str, object]:
    """Return what the answers carry; pages are parts of a day, so volume is never complete."""
    is_polygon = name == POLYGON
    prints = ("options.prints", "equities.prints")
    return {
        "conditions": True,
        "cancels": is_polygon,
        "sequence": is_polygon and _all(shelf, prints, "vendor_seq", lambda v: v >= 0),
        "participant_times": is_polygon and _all(shelf, prints, "has_event_ts", bool),
        "venue_quotes": False,
        "quote_scope": _scope(shelf),
        "true_side": "none",
        "is_sampled": False,
        "bars": False,
        "price_rounded": False,
        "block_times": False,
        "complete_volume": False,
        "trade_ids": _all(shelf, prints, "trade_id", bool),
        "clock_ns": 1,
        "option_bars": False,
        "option_conditions": "options.prints" in shelf.rows,
        "option_volume_complete": False,
    }


def _all(shelf: Shelf, topics: Sequence[str], name: str, holds: Callable[[Any], bool]) -> bool:
    values = [v for t in topics for v in shelf.column(t, name)]
    return bool(values) and all(holds(v) for v in values)


def _scope(shelf: Shelf) -> str:
    """Quotes that are all of IEX come from the vendor's free feed of that one venue."""
    topics = ("options.nbbo", "equities.quotes")
    venues = {v for t in topics for side in ("bid_venue", "ask_venue") for v in shelf.column(t, side)}
    if not any(t in shelf.rows for t in topics):
        return "none"
    return "venue" if venues == {IEX} else "nbbo"
