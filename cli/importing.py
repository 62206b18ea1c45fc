"""An import: recorded files of any known format, through the whole pipeline.

Owns the plan (format, files, selection, namespace) and what is shown on the way. The
namespace is derived from the files and the selection: the same import again goes on where it broke off,
or says that there is nothing to do. Refuses to add files to a namespace that holds another set: a log is
written in the order of time from one input, so a further file makes another namespace (of all files).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from cli import runs
from cli.console import Steps, err, out
from cli.session import Plan, run_to_end
from cli.stack.progress import Step
from cli.summary import tables
from connectors import progress
from connectors.errors import UserError
from connectors.feed import Chunk, Feed
from connectors.formats import LEAN, Found, recognise, spec_of
from connectors.ingest import build_feed
from connectors.recorded import Selection
from connectors.recorded_files import digests
from connectors.settings import load_settings
from connectors.topics_admin import check_namespace

SKIPPED_SHOWN: Final = 5
MB: Final = 1_000_000
OPENED_FIRST_BYTES: Final = 16 * MB  # so much is opened before any service starts, to say what is wrong


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for."""

    paths: tuple[Path, ...]
    format: str | None = None
    selection: Selection = field(default_factory=Selection)
    options: Mapping[str, str] = field(default_factory=dict)
    namespace: str | None = None
    data_dir: Path | None = None
    workers: int = 1
    configuration: Mapping[str, Any] = field(default_factory=dict)


class Awaited:
    """The feed of an import, opened only when its own process does: opening may sort gigabytes."""

    is_synthetic = False
    is_paced_live = False

    def __init__(self, spec: dict[str, Any], identity: Mapping[str, object], told: Path) -> None:
        self._spec, self._told = spec, told
        self.name: str = spec["feed"]
        self.identity = identity

    @cached_property
    def _opened(self) -> Feed:
        return build_feed(self._spec)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The raw topics, as the process that read the feed told them."""
        reached = progress.read(self._told)
        return reached.inputs if reached is not None else self._opened.inputs

    @property
    def symbols(self) -> tuple[str, ...]:
        """The underlyings of the feed."""
        return self._opened.symbols

    @property
    def heartbeat_ns(self) -> int:
        """The heartbeat of the feed."""
        return self._opened.heartbeat_ns

    @property
    def capabilities(self) -> Mapping[str, object]:
        """The capabilities of the feed."""
        return self._opened.capabilities

    def chunks(self, start: int = 0) -> Iterator[Chunk]:
        """Yield the chunks of the feed."""
        return self._opened.chunks(start)


class ImportSteps(Steps):
    """Steps that say of the feed how much is read and how long it may still take."""

    def __init__(self, shown: Steps, told: Path, byte_count: int) -> None:
        super().__init__(shown.progress)
        self._told, self._bytes = told, byte_count
        self._begun: tuple[float, float] | None = None

    def note(self, name: str, detail: str) -> None:
        """Say where an endless step stands; of the feed, with the share that is done."""
        reached = progress.read(self._told) if name == "feed" else None
        if reached is None or reached.share < 0:
            super().note(name, "opening the files" if name == "feed" and reached is None else detail)
            return
        total = self._bytes / MB
        read = f"{reached.share * total:,.1f} of {total:,.1f} MB, {reached.rows:,} rows"
        text = read + self._left(reached.share)
        self(Step(name, "advanced", reached.share, text))

    def _left(self, share: float) -> str:
        now = time.monotonic()
        if self._begun is None or share < self._begun[1]:
            self._begun = (now, share)
        since, before = self._begun
        if share <= before or share >= 1.0:
            return ""
        return f", about {duration((1.0 - share) * (now - since) / (share - before))} left"


def duration(seconds: float) -> str:
    """Return a length of time in words that fit its size."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def run_import(request: Request, shown: Steps) -> dict[str, Any]:
    """Import what was asked for and return the summary; `is_new` tells whether anything had to be done.

    Raises:
        UserError: wrong paths, formats, selection or namespace.
    """
    found = recognise(request.paths, request.format)
    spec = spec_of(found, request.selection)
    if request.options:
        if found.format == LEAN:
            raise UserError("--option: LEAN data has none")
        spec["options"] = dict(request.options)
    if request.configuration:
        spec["configuration"] = dict(request.configuration)
    _tell_skipped(found)
    shown(Step("hash", "started"))
    identity = _identity(found, spec)
    shown(Step("hash", "done", None, f"{found.format}, {_count(found)}"))
    namespace = request.namespace and check_namespace(request.namespace)
    namespace = namespace or runs.namespace_of(found.format, identity)
    path = load_settings(request.data_dir).data_path
    before = runs.read(path, namespace)
    if before is not None and before.state == "done" and before.identity == identity and before.summary:
        return {**before.summary, "is_new": False}
    size = sum(p.stat().st_size for p in found.all_files if p.is_file())
    if size <= OPENED_FIRST_BYTES:
        build_feed(spec)
    told = runs.folder(path, namespace) / "progress.json"
    told.unlink(missing_ok=True)
    spec["progress"] = str(told)
    plan = Plan(Awaited(spec, identity, told), spec, path, namespace, request.workers)
    return {**run_to_end(plan, ImportSteps(shown, told, size)), "is_new": True}


def _identity(found: Found, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the namespace is derived from: contents and selection, never where the files lie."""
    if found.format == LEAN:
        identity = dict(build_feed(spec).identity)
    else:
        chosen = {k: v for k, v in spec.items() if k not in ("paths", "facts")}
        identity = {**chosen, "files": dict(digests(found.all_files))}
    plain: dict[str, Any] = json.loads(json.dumps(identity, default=str))
    return plain


def _count(found: Found) -> str:
    count = len(found.all_files)
    facts = f", {' and '.join(found.facts)} beside" if found.facts else ""
    return ("1 file" if count == 1 else f"{count:,} files") + facts


def _tell_skipped(found: Found) -> None:
    if not found.skipped:
        return
    names = ", ".join(p.name for p in found.skipped[:SKIPPED_SHOWN])
    more = len(found.skipped) - SKIPPED_SHOWN
    err.print(f"left out, nothing in them to import: {names}" + (f" and {more} more" if more > 0 else ""))


def show(summary: Mapping[str, Any], as_json: bool) -> None:
    """Print what an import did."""
    if as_json:
        print(json.dumps(summary, indent=1))
        return
    if not summary["is_new"]:
        out.print(
            f"{summary['namespace']} holds exactly this import already: {summary['events']:,} events; "
            "there is nothing to do"
        )
        return
    for table in tables(dict(summary)):
        out.print(table)
    verdict = "everything is accounted for" if summary["conserved"] else "[red]not all is accounted for[/]"
    out.print(
        f"{summary['events']:,} events in {summary['elapsed_s']:.1f} s into {summary['namespace']}; {verdict}"
    )


def parse_options(given: Sequence[str]) -> dict[str, str]:
    """Return KEY=VALUE texts as a mapping."""
    found: dict[str, str] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name.isidentifier():
            raise UserError(f"--option {text!r}: NAME=VALUE is expected, as in nbbo_venues=N")
        if name in found:
            raise UserError(f"--option {name} was given twice")
        found[name] = value
    return found
