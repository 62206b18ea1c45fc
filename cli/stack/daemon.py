"""The stack in the background: `up`, `down`, `status`, and the process that keeps it running.

Owns the words between that process and the one that starts it: JSON lines until it is ready.
The keeper restarts parts that end, within the limits of `Stack.heal`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Literal

import psutil

from cli.stack import record, supervise
from cli.stack.process import bound_log, python_path, rotate_log, tail
from cli.stack.progress import Progress, Step, silent
from cli.stack.record import Endpoints
from connectors.errors import ServiceError, UserError
from connectors.settings import load_settings

WATCH_S = 0.5
DOWN_WAIT_S = 60.0
NAMES = ("broker", "store", "redis")
# A keeper outlives its starter on purpose: its handle must not be collected before that.
_keepers: list[subprocess.Popen[str]] = []


@dataclass(frozen=True)
class PartStatus:
    """One service as `status` sees it; `memory_bytes` is resident memory of an embedded part."""

    name: str
    address: str
    state: Literal["running", "down", "external"]
    is_answering: bool
    pid: int | None = None
    memory_bytes: int = 0
    restarts: int = 0


def up(data_dir: Path | None = None, progress: Progress = silent) -> Endpoints:
    """Start the stack in the background, or find it running; returns once every part answers.

    Raises:
        UserError, ServiceError: as `open_stack` in the background process said.
    """
    settings = load_settings(data_dir)
    running = supervise.attach(settings.data_path, must_stay=True)
    if running is not None:
        return running
    log = settings.data_path / "logs" / "keeper.log"
    keeper = _start_keeper(settings.data_path, log)
    _keepers.append(keeper)
    assert keeper.stdout is not None
    with keeper.stdout as lines:
        _follow(lines, progress, log)
    found = record.read(settings.data_path)
    if found is None:
        raise ServiceError(f"the stack ended right after its start; {log}: {tail(log)}")
    return found.endpoints


def down(data_dir: Path | None = None) -> bool:
    """Stop the stack of a data directory and what is left of it; False if nothing ran."""
    folder = load_settings(data_dir).data_path
    found = record.read(folder)
    if found is None:
        return False
    owner = found.owner.handle()
    if owner is None:
        had_parts = any(part.handle() for part in found.parts.values())
        record.end_leftovers(folder)
        return had_parts
    with contextlib.suppress(psutil.NoSuchProcess):
        owner.terminate()
        _, alive = psutil.wait_procs([owner], DOWN_WAIT_S)
        for process in alive:
            process.kill()
    record.end_leftovers(folder)
    for keeper in _keepers:
        keeper.poll()
    return True


def status(data_dir: Path | None = None) -> list[PartStatus]:
    """The services of a data directory's stack; an empty list if none runs."""
    found = record.read(load_settings(data_dir).data_path)
    if found is None or found.owner.handle() is None:
        return []
    ends = found.endpoints
    addresses = dict(zip(NAMES, (ends.kafka, ends.clickhouse, ends.redis), strict=True))
    answering = supervise.state(ends)
    return [_part(found, name, addresses[name], answering[name]) for name in NAMES]


def _part(found: record.Record, name: str, address: str, is_answering: bool) -> PartStatus:
    known = found.parts.get(name)
    if known is None:
        is_ours = name in found.endpoints.embedded
        return PartStatus(name, address, "down" if is_ours else "external", is_answering)
    process = known.handle()
    memory = 0
    if process is not None:
        with contextlib.suppress(psutil.Error):
            memory = int(process.memory_info().rss)
    restarts = found.restarts.get(name, 0)
    if process is None:
        return PartStatus(name, address, "down", is_answering, None, 0, restarts)
    return PartStatus(name, address, "running", is_answering, known.pid, memory, restarts)


def _start_keeper(data_dir: Path, log: Path) -> subprocess.Popen[str]:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        rotate_log(log)
        out = log.open("ab")
    except OSError as error:
        raise UserError(
            f"data directory {data_dir} cannot be written ({error.strerror}); "
            "choose another one with --data-dir"
        ) from None
    with out:
        try:
            return subprocess.Popen(
                [sys.executable, "-m", "cli.stack.daemon", "--data-dir", str(data_dir)],
                env={**os.environ, "PYTHONPATH": python_path()},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=out,
                text=True,
                start_new_session=True,
            )
        except OSError as error:
            raise ServiceError(f"cannot start {sys.executable}: {error.strerror}") from None


def _follow(lines: IO[str], progress: Progress, log: Path) -> None:
    """Pass the keeper's steps on until it is ready. Raises what it reports."""
    for line in lines:
        word: dict[str, Any] = json.loads(line)
        if "step" in word:
            progress(Step(**word["step"]))
        elif "error" in word:
            kind = UserError if word["error"] == "user" else ServiceError
            raise kind(word["message"])
        else:
            return
    raise ServiceError(f"the stack did not start; {log}: {tail(log)}")


class _Teller:
    """Writes JSON lines to the starter; once it is gone, nothing."""

    def __init__(self) -> None:
        self._out: IO[str] | None = sys.stdout
        self._guard = threading.Lock()

    def tell(self, word: dict[str, object]) -> None:
        """Send one line."""
        with self._guard:
            if self._out is None:
                return
            try:
                print(json.dumps(word), file=self._out, flush=True)
            except BrokenPipeError:
                self._out = None

    def step(self, step: Step) -> None:
        """A `Progress` that sends the step."""
        self.tell({"step": asdict(step)})

    def end(self) -> None:
        """Say that all is ready and let go of the pipe."""
        self.tell({"ready": True})
        with self._guard:
            self._out = None
            os.dup2(2, 1)


def keep(data_dir: Path) -> int:
    """Run the stack until SIGTERM, restarting parts that end; the exit code."""
    teller = _Teller()
    log = data_dir / "logs" / "keeper.log"
    try:
        with supervise.open_stack(data_dir, teller.step) as stack:
            stack.keep()
            teller.end()
            pause = threading.Event()
            while True:
                pause.wait(WATCH_S)
                bound_log(log)
                for name in stack.heal():
                    print(f"restarted the {name}", file=sys.stderr, flush=True)
    except (UserError, ServiceError) as error:
        kind = "user" if isinstance(error, UserError) else "service"
        print(error, file=sys.stderr, flush=True)
        teller.tell({"error": kind, "message": str(error)})
        return error.exit_code


def main(argv: list[str] | None = None) -> int:
    """The background process."""
    parser = argparse.ArgumentParser(prog="python -m cli.stack.daemon", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    return keep(parser.parse_args(argv).data_dir)


if __name__ == "__main__":
    sys.exit(main())
