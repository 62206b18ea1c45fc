"""The runs of a data directory: what was fed into which namespace, and how it ended.

Owns `runs/<namespace>/run.json` and the lock that keeps two processes out of one namespace.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from cli.stack.record import now_s
from connectors.errors import UserError


@dataclass(frozen=True, slots=True)
class Run:
    """One namespace: its feed, the arguments, the state (running, stopped, done, failed) and the summary."""

    namespace: str
    feed: str
    spec: dict[str, Any]
    identity: dict[str, Any]
    started_s: float
    state: str = "running"
    summary: dict[str, Any] = field(default_factory=dict)


def namespace_of(feed: str, identity: Mapping[str, Any]) -> str:
    """Derive the namespace from what is fed: the same input again is the same namespace."""
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True, default=str).encode()).hexdigest()
    return f"{feed}_{digest[:10]}"


def folder(data_dir: Path, namespace: str) -> Path:
    return data_dir / "runs" / namespace


def write(data_dir: Path, run: Run) -> None:
    """Write run.json atomically."""
    path = folder(data_dir, run.namespace) / "run.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(asdict(run), indent=1, default=str) + "\n", encoding="utf-8")
    part.replace(path)


def read(data_dir: Path, namespace: str) -> Run | None:
    """Return the record of a namespace, or None."""
    try:
        data = json.loads((folder(data_dir, namespace) / "run.json").read_text(encoding="utf-8"))
        return Run(**data)
    except (OSError, ValueError, TypeError):
        return None


def all_runs(data_dir: Path) -> list[Run]:
    """Return every run of the data directory, the latest last."""
    found = [read(data_dir, p.parent.name) for p in sorted((data_dir / "runs").glob("*/run.json"))]
    return sorted((r for r in found if r is not None), key=lambda r: r.started_s)


def choose(data_dir: Path, namespace: str | None) -> str:
    """Return the namespace asked for, else the latest one."""
    runs = all_runs(data_dir)
    names = [r.namespace for r in runs]
    if namespace is not None:
        if namespace not in names:
            known = ", ".join(names) or "none yet"
            raise UserError(f"there is no namespace {namespace!r} in this data directory; known: {known}")
        return namespace
    if not names:
        raise UserError(
            "nothing was stored in this data directory yet; start with `islandflow run` or `demo`"
        )
    return names[-1]


def start(data_dir: Path, namespace: str, feed: str, spec: dict[str, Any], identity: dict[str, Any]) -> Run:
    """Begin or continue a run; refuse other input under a name that is taken."""
    before = read(data_dir, namespace)
    identity = json.loads(json.dumps(identity, default=str))
    if before is not None and before.identity != identity:
        raise UserError(
            f"namespace {namespace!r} holds another input ({before.feed}); choose another --namespace, "
            "or leave it out to have one derived from the input"
        )
    run = Run(namespace, feed, spec, identity, now_s())
    write(data_dir, run)
    return run


def finish(data_dir: Path, run: Run, state: str, summary: dict[str, Any] | None = None) -> None:
    """Note how a run ended."""
    write(data_dir, replace(run, state=state, summary=summary or {}))


@contextmanager
def exclusive(data_dir: Path, namespace: str) -> Iterator[None]:
    """Hold a namespace; a second process is told so."""
    path = folder(data_dir, namespace)
    path.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path / "run.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(
            f"namespace {namespace!r} is being written by another process; "
            "wait for it, or choose another --namespace"
        ) from None
    try:
        yield
    finally:
        lock.release()
