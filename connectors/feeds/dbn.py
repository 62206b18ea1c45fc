"""Databento DBN files as a feed: historical ones of any schema, and recorded live streams.

Owns opening files together: which of several gives the prints and quotes, their symbols, their hashes.
Refuses files that would count a trade or a quote twice and cannot be told apart: the same schema of one
instrument twice over one time, files that overlap in part, and datasets that hold each other's trades.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Final

from connectors.errors import UserError
from connectors.feeds import dbn_schemas as schemas
from connectors.feeds.dbn_header import Header, read_header
from connectors.feeds.dbn_publishers import CONSOLIDATED, PUBLISHERS, market_of
from connectors.feeds.dbn_reader import Reader, Role, learned
from connectors.feeds.dbn_rows import LAST_TS, NS_PER_DAY
from connectors.feeds.dbn_survey import Survey, survey
from connectors.recorded import EVERYTHING, RecordedFeed, Recording, Selection
from connectors.recorded_files import checked, digests, places
from connectors.recorded_merge import Source
from connectors.recorded_rows import Block

NAME: Final = "dbn"


@dataclass(frozen=True, slots=True)
class DbnFile:
    """An opened file: its header and the underlyings in it."""

    path: Path
    place: str
    header: Header
    survey: Survey | None
    underlyings: tuple[str, ...]

    @property
    def end(self) -> int:
        return self.header.end or LAST_TS


class DbnFeed(RecordedFeed):
    """The feed of some DBN files; `selection` says which underlyings and times are wanted."""

    def __init__(self, paths: Iterable[Path], selection: Selection = EVERYTHING) -> None:
        found = checked(paths)
        files = [_open(path, place) for path, place in places(found).items()]
        roles = roles_of(files)
        headers = [f.header for f in files]
        sources = tuple(_source(f, r) for f, r in zip(files, roles, strict=True))
        prints = [h for h, r in zip(headers, roles, strict=True) if r.has_prints]
        quotes = [h for h, r in zip(headers, roles, strict=True) if r.has_quotes]
        super().__init__(
            Recording(
                name=NAME,
                files=digests(found),
                sources=sources,
                inputs=schemas.topics_of(headers),
                symbols=tuple(sorted({u for f in files for u in f.underlyings})),
                capabilities=schemas.capabilities(prints, quotes),
                selection=selection,
                options={"gives": {f.place: _words(r) for f, r in zip(files, roles, strict=True)}},
            )
        )


def _words(role: Role) -> list[str]:
    return [word for word, is_so in (("prints", role.has_prints), ("quotes", role.has_quotes)) if is_so]


def _open(path: Path, place: str) -> DbnFile:
    header = read_header(path, place)
    schemas.require_taken(header, place)
    looked = survey(path, place, header) if not header.schema or not header.intervals.names else None
    names = list(looked.names) if looked else []
    found = learned(header, names, place).underlyings()
    return DbnFile(path, place, header, looked, found)


def _source(file: DbnFile, role: Role) -> Source:
    start = max(0, file.header.start - NS_PER_DAY) if file.header.schema else 0
    return Source(file.place, partial(_blocks, file, role), start, file.path.stat().st_size)


def _blocks(file: DbnFile, role: Role) -> Iterator[Block]:
    return Reader(file.path, file.place, file.header, role).blocks()


def roles_of(files: Sequence[DbnFile]) -> list[Role]:
    """Return what each file gives, so that nothing is given twice.

    Raises:
        UserError: two files tell of the same trades or quotes and neither covers the other.
    """
    prints = [schemas.has_prints(f.header.schema) for f in files]
    quotes = [schemas.has_quotes(f.header.schema) for f in files]
    for a, b in combinations(range(len(files)), 2):
        if not _do_meet(files[a], files[b]):
            continue
        for gives, order in ((prints, schemas.PRINT_SCHEMAS), (quotes, schemas.QUOTE_SCHEMAS)):
            if gives[a] and gives[b]:
                spare = _lesser(files, (a, b), order)
                if spare is not None:
                    gives[spare] = False
    return [Role(p, q, f.survey) for p, q, f in zip(prints, quotes, files, strict=True)]


def _do_meet(one: DbnFile, other: DbnFile) -> bool:
    """Tell whether two files may tell of the same; the times of a live stream are not known before."""
    if not one.header.schema or not other.header.schema:
        return False
    if market_of(one.header.dataset) != market_of(other.header.dataset):
        return False
    is_one_time = one.header.start < other.end and other.header.start < one.end
    names = frozenset(one.header.intervals.names)
    return is_one_time and not names.isdisjoint(other.header.intervals.names)


def _lesser(files: Sequence[DbnFile], pair: tuple[int, int], order: Sequence[str]) -> int | None:
    """Return which of two files that tell of the same is not needed; None where both are."""
    first, second = sorted(pair, key=lambda i: order.index(files[i].header.schema))
    best, less = files[first], files[second]
    a, b = best.header, less.header
    what = f"{best.place} ({a.schema} of {a.dataset}) and {less.place} ({b.schema} of {b.dataset})"
    if a.dataset != b.dataset:
        if order is schemas.PRINT_SCHEMAS and _are_apart(a.dataset, b.dataset):
            return None
        raise UserError(f"{what} both tell of {_shared(best, less)} at one time; read them one by one")
    covers = a.start <= b.start and less.end <= best.end
    covers &= frozenset(a.intervals.names) >= frozenset(b.intervals.names)
    if a.schema == b.schema or not covers:
        raise UserError(f"{what} overlap in part, at {_shared(best, less)}; read them one by one")
    return second


def _are_apart(one: str, other: str) -> bool:
    """Tell whether two datasets hold trades of different venues."""
    venues = [frozenset(v for d, v in PUBLISHERS.values() if d == dataset) for dataset in (one, other)]
    return venues[0].isdisjoint(venues[1]) and not CONSOLIDATED & (venues[0] | venues[1])


def _shared(one: DbnFile, other: DbnFile) -> str:
    names = sorted(frozenset(one.header.intervals.names) & frozenset(other.header.intervals.names))
    return names[0]
