"""What a running stack leaves in its data directory: `stack.json` and `stack.lock`.

Owns both files. A process is the recorded one only if its id and its start time agree.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from connectors.errors import UserError

LEFTOVER_WAIT_S = 15.0
# The system derives start times from its boot time, which a clock correction moves.
SAME_START_S = 2.0


@dataclass(frozen=True)
class Endpoints:
    """Where the services are; `embedded` names the ones this stack runs itself."""

    kafka: str
    clickhouse: str
    redis: str
    schema_registry: str | None = None
    embedded: tuple[str, ...] = ()

    def env(self) -> dict[str, str]:
        """The variables through which a child process finds the services."""
        found = {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka,
            "CLICKHOUSE_URL": self.clickhouse,
            "REDIS_URL": self.redis,
        }
        if self.schema_registry:
            found["SCHEMA_REGISTRY_URL"] = self.schema_registry
        return found


@dataclass(frozen=True)
class Process:
    """A process by id and start time (seconds since the epoch), so that a reused id is seen."""

    pid: int
    started_s: float

    def handle(self) -> psutil.Process | None:
        """The running process, or None."""
        try:
            found = psutil.Process(self.pid)
            is_same = abs(found.create_time() - self.started_s) < SAME_START_S
            return found if is_same and found.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None


@dataclass(frozen=True)
class Record:
    """The content of `stack.json`."""

    owner: Process
    endpoints: Endpoints
    started_s: float
    parts: dict[str, Process] = field(default_factory=dict)
    restarts: dict[str, int] = field(default_factory=dict)
    is_kept: bool = False  # runs until it is told to stop, and not for the length of one command


def process_of(pid: int) -> Process:
    """Identify a process; one that has just ended gets a start time that no process has."""
    try:
        return Process(pid, psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return Process(pid, 0.0)


def write(data_dir: Path, record: Record) -> None:
    """Write `stack.json` atomically."""
    path = data_dir / "stack.json"
    part = path.with_suffix(".part")
    part.write_text(json.dumps(asdict(record), indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def read(data_dir: Path) -> Record | None:
    """The last record, or None if there is none that can be read."""
    try:
        data = json.loads((data_dir / "stack.json").read_text(encoding="utf-8"))
        ends = data["endpoints"]
        return Record(
            owner=Process(**data["owner"]),
            endpoints=Endpoints(**{**ends, "embedded": tuple(ends["embedded"])}),
            started_s=data["started_s"],
            parts={name: Process(**part) for name, part in data["parts"].items()},
            restarts=data["restarts"],
            is_kept=bool(data["is_kept"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def clear(data_dir: Path) -> None:
    """Remove `stack.json`."""
    (data_dir / "stack.json").unlink(missing_ok=True)


@contextmanager
def exclusive(data_dir: Path) -> Iterator[None]:
    """Hold the data directory; the kernel lets go when this process ends.

    Raises:
        UserError: another process holds it, or the folder cannot be written.
    """
    lock = FileLock(data_dir / "stack.lock")
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        found = read(data_dir)
        is_owner = found is not None and found.owner.handle() is not None
        who = f"process {found.owner.pid}" if found and is_owner else "another process"
        raise UserError(
            f"data directory {data_dir} is in use by {who}; "
            "use another one with --data-dir, or stop it with `islandflow down`"
        ) from None
    except OSError as error:
        raise UserError(
            f"data directory {data_dir} cannot be written ({error.strerror}); "
            "choose another one with --data-dir"
        ) from None
    try:
        yield
    finally:
        lock.release()


def end_leftovers(data_dir: Path) -> None:
    """Wait for the parts of a killed owner to leave (they got SIGTERM), then kill them."""
    found = read(data_dir)
    if found is None:
        return
    handles = [handle for part in found.parts.values() if (handle := part.handle())]
    for handle in handles:
        with suppress(psutil.Error):
            handle.terminate()
    _, alive = psutil.wait_procs(handles, LEFTOVER_WAIT_S)
    for handle in alive:
        with suppress(psutil.Error):
            handle.kill()
    psutil.wait_procs(alive, LEFTOVER_WAIT_S)
    clear(data_dir)


def now_s() -> float:
    """Seconds since the epoch."""
    return time.time()
