"""From files of tables to a recording: which kind each file is, its rows in the order of time, its hash.

Owns what all feeds of tables share: recognising a file by its header, reading it through a spool into
the order of time, and refusing one file given twice. Knows no vendor: a feed hands in its kinds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeAlias

import pyarrow.compute as pc

from connectors.cells import Cells
from connectors.errors import UserError
from connectors.recorded import EVERYTHING, Recording, Selection
from connectors.recorded_merge import Source
from connectors.recorded_rows import UNKNOWN_TS, Block, is_any
from connectors.sessions import midnight, next_day
from connectors.spool import Spool
from connectors.tabular import Layout, header_of, read_pieces
from schemas.roots import equity_underlying

Parse: TypeAlias = Callable[[Cells], dict[str, Any]]
Through: TypeAlias = Callable[[], Callable[[Block], Block]]
TOPICS: Final = ("options.prints", "options.nbbo", "equities.prints", "equities.quotes")


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read: where it is, and what it is called below the root (in every message and identity)."""

    path: Path
    place: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of table of a format: its columns, the topic of its rows, and how they are read."""

    title: str
    layout: Layout
    topic: str
    parse: Parse


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read and how: the selection, and the arguments that change records."""

    selection: Selection = EVERYTHING
    options: Mapping[str, object] = field(default_factory=dict)


def refuse_options(wanted: Wanted, what: str, allowed: Sequence[str] = ()) -> None:
    """Refuse arguments that a format does not have.

    Raises:
        UserError: there is one.
    """
    unknown = sorted(set(wanted.options) - set(allowed))
    if unknown:
        known = (
            f"{', '.join(allowed)} {'is' if len(allowed) == 1 else 'are'} allowed for" if allowed else "no"
        )
        tail = what if allowed else f"options are allowed for {what}"
        raise UserError(f"--option {unknown[0]}: {known} {tail}")


def sha256_of(path: Path) -> str:
    """Return the hash of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hashes_of(files: Sequence[InputFile]) -> dict[str, str]:
    """Return place to hash of files.

    Raises:
        UserError: no file, one that is not there, or two with the same content or place.
    """
    if not files:
        raise UserError("no file was given: name at least one")
    found: dict[str, str] = {}
    for file in files:
        if not file.path.is_file():
            raise UserError(f"{file.place}: no such file")
        digest = sha256_of(file.path)
        twin = next((place for place, known in found.items() if known == digest), None)
        if twin is not None or file.place in found:
            raise UserError(f"{file.place}: has the same content as {twin or file.place}; give it once")
        found[file.place] = digest
    return found


def kind_of(file: InputFile, kinds: Sequence[Kind]) -> Kind | None:
    """Return the first kind whose columns a file has, or None."""
    names = header_of(file.path, file.place)
    return next((k for k in kinds if k.layout.fits(names)), None)


def require_kind(file: InputFile, kinds: Sequence[Kind]) -> Kind:
    """Return the kind of a file; a UserError says which columns were expected."""
    kind = kind_of(file, kinds)
    if kind is not None:
        return kind
    names = header_of(file.path, file.place)
    if not any(names):
        raise UserError(f"{file.place}: is empty")
    closest = max(kinds, key=lambda k: len(set(k.layout.required) & set(names)))
    closest.layout.check(names, file.place)
    raise AssertionError("a table with all columns of a kind is of that kind")


def spooled(file: InputFile, kind: Kind, wanted: Selection, day: date | None = None) -> Spool:
    """Read a whole file into a spool; rows that do not lie on `day` in New York are refused."""
    spool = Spool(kind.topic, file.place)
    last_ts = UNKNOWN_TS
    for piece in read_pieces(file.path, file.place, kind.layout):
        cells = Cells(piece, last_ts)
        columns = kind.parse(cells)
        if day is not None:
            refuse_other_days(cells, columns["source_ts"], day)
        times = columns["source_ts"][cells.good]
        rejects = cells.rejects(kind.topic, columns["underlying"], times)
        last_ts = int(times[-1]) if len(times) else last_ts
        spool.see(pc.unique(cells.kept({"": columns["underlying"]})[""]).to_pylist())
        cells.good &= selected(columns, wanted)
        spool.add(cells.kept(columns), int(cells.good.sum()), rejects)
    spool.close()
    return spool


def refuse_other_days(cells: Cells, times: Any, day: date) -> None:
    """Refuse rows that lie on another day than the file is named for."""
    begin, end = midnight(day), midnight(next_day(day))
    cells.refuse(
        (times < begin) | (times >= end), f"the time lies outside {day} in New York, the day of the file"
    )


def selected(columns: Mapping[str, Any], wanted: Selection) -> Any:
    """Tell which rows are asked for, so that others need not be kept."""
    times = columns["source_ts"]
    mask = (times >= wanted.begin) & (times < wanted.end)
    if wanted.symbols is not None:
        mask &= is_any(columns["underlying"], [equity_underlying(s) for s in wanted.symbols])
    return mask


def spool_source(spool: Spool, size: int, through: Through | None = None) -> Source:
    """Return a spool as a source of a recording; `through` makes what changes each block on its way."""

    def run() -> Iterator[Block]:
        change = None if through is None else through()
        for block in spool.blocks():
            yield block if change is None else change(block)

    return Source(spool.name, run, spool.first_ts, size)


def recording_of(
    name: str,
    hashes: Mapping[str, str],
    spools: Sequence[tuple[InputFile, Spool, Through | None]],
    capabilities: Mapping[str, object],
    wanted: Wanted,
) -> Recording:
    """Return the recording of spooled files with these hashes, each with what changes its blocks."""
    return Recording(
        name=name,
        files=hashes,
        sources=tuple(spool_source(spool, f.path.stat().st_size, through) for f, spool, through in spools),
        inputs=tuple(t for t in TOPICS if t in {s.topic for _, s, _ in spools}),
        symbols=tuple(sorted({n for _, s, _ in spools for n in s.symbols})),
        capabilities=capabilities,
        selection=wanted.selection,
        options=wanted.options,
    )
