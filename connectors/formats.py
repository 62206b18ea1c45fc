"""Which format recorded files are in, and the feed that reads them.

Owns the table of formats, the walk through folders, and the sentences about files that are in none, in
several, or in another than was named. A format is told by its first bytes; that the whole file keeps to
it is the reader's to check. Refuses to guess between formats.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeAlias

from connectors import formats_sniff as sniff
from connectors.errors import UserError
from connectors.formats_lean import is_lean, lean_spec
from connectors.formats_probe import Probe, probe
from connectors.recorded import RecordedFeed, Selection, with_facts
from connectors.recorded_files import checked, places

FILES_MAX: Final = 10_000
FACTS: Final[tuple[str, ...]] = (
    "finra",
    "occ",
)  # formats that may stand beside another one: facts about its underlyings
SIDECAR: Final = ".schema.json"  # what `export` writes beside CSV
LEAN: Final = "lean"


Open: TypeAlias = Callable[[Sequence[Path], Selection, Mapping[str, object]], RecordedFeed]


@dataclass(frozen=True, slots=True)
class Format:
    """A format of recorded files: its name on the command line, what it is, how it is told, its reader.

    `is_of_use` tells whether a file found in a folder has anything for the pipeline; one that was named
    is read whatever it holds, so that the reader says what is wrong with it.
    """

    name: str
    title: str
    is_it: Callable[[Probe], bool]
    open: Open
    is_of_use: Callable[[Path], bool] = lambda _: True


def _reader(module: str) -> Open:
    """Return the opener of a module of `connectors.feeds`, which is loaded when it is needed."""

    def run(paths: Sequence[Path], selection: Selection, options: Mapping[str, object]) -> RecordedFeed:
        from connectors.table_feed import InputFile, Wanted

        files = [InputFile(path, place) for path, place in places(paths).items()]
        found = importlib.import_module(f"connectors.feeds.{module}")
        feed: RecordedFeed = found.open_feed(files, Wanted(selection, dict(options)))
        return feed

    return run


def _dbn(paths: Sequence[Path], selection: Selection, options: Mapping[str, object]) -> RecordedFeed:
    from connectors.feeds.dbn import DbnFeed

    _refuse_options(options, "DBN files")
    return DbnFeed(paths, selection)


def _is_dbn_of_use(path: Path) -> bool:
    """Tell whether a DBN file is of a schema and market that is taken: folders hold bars and futures too."""
    from connectors.feeds.dbn_header import read_header
    from connectors.feeds.dbn_schemas import is_taken

    return is_taken(read_header(path, str(path)))


def _alpaca(paths: Sequence[Path], selection: Selection, options: Mapping[str, object]) -> RecordedFeed:
    from connectors.feeds.vendor_json import AlpacaJsonFeed

    _refuse_options(options, "Alpaca answers")
    return AlpacaJsonFeed(paths, selection)


def _polygon(paths: Sequence[Path], selection: Selection, options: Mapping[str, object]) -> RecordedFeed:
    from connectors.feeds.vendor_json import PolygonJsonFeed

    _refuse_options(options, "Polygon answers")
    return PolygonJsonFeed(paths, selection)


def _refuse_options(options: Mapping[str, object], what: str) -> None:
    if options:
        raise UserError(f"--option {min(options)}: {what} have no options")


FORMATS: Final[tuple[Format, ...]] = (
    Format("dbn", "Databento DBN, raw or in zstd", sniff.is_dbn, _dbn, _is_dbn_of_use),
    Format("polygon_flat", "Polygon flat files", sniff.is_polygon_flat, _reader("polygon_flat")),
    Format("polygon_json", "Polygon REST answers", sniff.is_polygon_json, _polygon),
    Format("alpaca_json", "Alpaca REST answers", sniff.is_alpaca_json, _alpaca),
    Format("taq", "NYSE TAQ tables", sniff.is_taq, _reader("taq")),
    Format("lobster", "LOBSTER messages and order books", sniff.is_lobster, _reader("lobster")),
    Format("finra", "FINRA daily short volume", sniff.is_finra, _reader("finra")),
    Format("occ", "open interest as of OCC", sniff.is_occ, _reader("occ")),
    Format("plain", "plain CSV or Parquet", sniff.is_plain, _reader("plain")),
)
BY_NAME: Final[Mapping[str, Format]] = {f.name: f for f in FORMATS}
NAMES: Final = (*BY_NAME, LEAN)


@dataclass(frozen=True, slots=True)
class Found:
    """What some paths hold: the format and its files; files of the folders that are not taken.

    `facts` are files of other formats that go with them, by format.
    """

    format: str
    files: tuple[Path, ...]
    skipped: tuple[Path, ...]
    lean_root: Path | None = None
    facts: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)

    @property
    def all_files(self) -> tuple[Path, ...]:
        """The files of the format, then those that go with them."""
        return (*self.files, *(p for paths in self.facts.values() for p in paths))


def recognise(paths: Sequence[Path], name: str | None = None) -> Found:
    """Return the one format of files and folders; folders are walked through, hidden files left out.

    `name` is the format that was named; files of folders in other formats are then left out.

    Raises:
        UserError: a path is missing or given twice, nothing or several formats were recognised, or a
            file is not in the format named.
    """
    if name is not None and name not in NAMES:
        raise UserError(f"--format {name!r}: {', '.join(NAMES)} are allowed")
    if not paths:
        raise UserError("no file or folder was given")
    for path in paths:
        if not path.exists():
            raise UserError(f"{path}: no such file or folder")
    root = is_lean(paths)
    if root is not None and name in (None, LEAN):
        return Found(LEAN, tuple(p.absolute() for p in paths), (), root)
    if name == LEAN:
        raise UserError(f"{paths[0]}: is no LEAN data folder and no zip of one")
    named = checked([p for p in paths if p.is_file()]) if any(p.is_file() for p in paths) else ()
    walked = _walk([p for p in paths if p.is_dir()])
    twice = sorted(set(named) & set(walked))
    if twice:
        raise UserError(f"{twice[0]}: was given twice, by itself and with its folder")
    judged = {p: _judge(probe(p), p in named) for p in (*named, *walked)}
    return _choose(judged, set(named), name)


def _judge(found: Probe, is_named: bool) -> str | None:
    """Return the name of a file's format, or None where it has none or is of no use."""
    if found.is_packed and found.kind == "empty":
        raise UserError(f"{found.path}: is cut short inside its compression")
    known = next((f for f in FORMATS if f.is_it(found)), None)
    if known is None or not (is_named or known.is_of_use(found.path)):
        return None
    return known.name


def _choose(judged: Mapping[Path, str | None], named: set[Path], name: str | None) -> Found:
    """Return the one format of all files, or the named one."""
    for path in sorted(named):
        got = judged[path]
        if name is not None and got not in (None, name):
            raise UserError(f"{path}: is {_article(str(got))}, not {name} as --format says")
        if got is None and name is None:
            raise UserError(f"{path}: is in no known format, it holds {probe(path).describe()}; {_known()}")
    present = {got: path for path, got in sorted(judged.items(), reverse=True) if got is not None}
    tapes = [got for got in present if got not in FACTS] or list(present)
    if name is None and len(tapes) > 1:
        (one, path), (other, second) = sorted((got, present[got]) for got in tapes)[:2]
        raise UserError(
            f"{path} is {_article(one)} and {second} is {_article(other)}; import one format at a time, "
            "or name it with --format"
        )
    chosen = name or next(iter(tapes), None)
    files = tuple(sorted(p for p, got in judged.items() if got == chosen or (got is None and p in named)))
    if chosen is None or not files:
        what = "in a known format" if name is None else f"in the format {name}"
        raise UserError(f"no file of {len(judged):,} is {what}; {_known()}")
    beside = [f for f in FACTS if f in present and f != chosen] if name is None else []
    facts = {f: tuple(sorted(p for p, got in judged.items() if got == f)) for f in beside}
    found = Found(chosen, files, (), None, facts)
    return replace(found, skipped=tuple(sorted(set(judged) - set(found.all_files))))


def _article(name: str) -> str:
    return f"{name} ({BY_NAME[name].title})" if name in BY_NAME else name


def _known() -> str:
    return f"known are {', '.join(NAMES)}"


def _walk(folders: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files below some folders, sorted, but for hidden ones and what stands beside exports."""
    found: list[Path] = []
    for folder in folders:
        for path in sorted(folder.absolute().rglob("*")):
            parts = path.relative_to(folder.absolute()).parts
            is_hidden = any(p.startswith(".") for p in parts)
            if is_hidden or path.name.endswith(SIDECAR) or not path.is_file():
                continue
            found.append(path)
            if len(found) > FILES_MAX:
                raise UserError(f"{folder}: holds more than {FILES_MAX:,} files; import it in parts")
    twice = sorted({p for p in found if found.count(p) > 1}) if len(folders) > 1 else []
    if twice:
        raise UserError(f"{twice[0]}: was given twice, with two of the folders")
    return tuple(found)


def spec_of(found: Found, selection: Selection) -> dict[str, Any]:
    """Return the specification of the feed that reads what was found; JSON-able, for `build_feed`."""
    if found.lean_root is not None:
        return lean_spec(found.lean_root, found.files, selection)
    facts = {name: [str(p) for p in paths] for name, paths in found.facts.items()}
    return {
        "feed": found.format,
        "paths": [str(p) for p in found.files],
        **({"facts": facts} if facts else {}),
        "symbols": None if selection.symbols is None else list(selection.symbols),
        "start_ts": selection.start_ts,
        "end_ts": selection.end_ts,
    }


def open_recorded(spec: Mapping[str, Any]) -> RecordedFeed:
    """Return the feed of a specification as `spec_of` makes it; `feed` is one of FORMATS.

    `options`, if there, holds arguments of the format that change its records; `facts` the files of
    other formats that go with it.
    """
    symbols = spec.get("symbols")
    selection = Selection(
        None if symbols is None else tuple(symbols), spec.get("start_ts"), spec.get("end_ts")
    )
    feed = _open(spec["feed"], spec["paths"], selection, spec.get("options") or {})
    facts: Mapping[str, Sequence[str]] = spec.get("facts") or {}
    if not facts:
        return feed
    times = replace(selection, symbols=None)
    return with_facts(feed, [_open(name, paths, times, {}) for name, paths in sorted(facts.items())])


def _open(
    name: str, paths: Sequence[str], selection: Selection, options: Mapping[str, object]
) -> RecordedFeed:
    chosen = BY_NAME[name]
    try:
        return chosen.open(checked([Path(p) for p in paths]), selection, options)
    except ModuleNotFoundError as error:
        if str(error.name).startswith("connectors"):
            raise
        raise UserError(f"{chosen.title} need the package {error.name}, which is not installed") from None
