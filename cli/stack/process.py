"""Child processes: start, watch, stop. Owns the rule that no child outlives its parent.

Each child has its own session (a terminal's Ctrl-C reaches the parent only), a log file, and a
death signal. That signal is tied to the *thread* that starts the child, so one thread that
lives as long as the stack starts all of them.
"""

from __future__ import annotations

import contextlib
import os
import queue
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from connectors.errors import ServiceError, UserError

LOOPBACK = "127.0.0.1"
PROJECT = Path(__file__).resolve().parents[2]
LAUNCHER = Path(__file__).with_name("launch.py")
KEEP_LOG_BYTES = 16 << 20
MAX_LOG_BYTES = 64 << 20
TAIL_LINES = 5
# Below the range from which systems give client sockets their ports: a client that reconnects
# to a dead service could otherwise take its port.
FREE_PORTS = range(20_000, 32_000)
PORT_TRIES = 200
# Only what the services need: settings of ours must not leak into them.
PASSED_VARIABLES = ("PATH", "HOME", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")

_ports_guard = threading.Lock()
_given_ports: set[int] = set()


@dataclass(frozen=True)
class Spec:
    """What to run: a name, a command, its working folder, its log file, further variables."""

    name: str
    argv: tuple[str, ...]
    cwd: Path
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)


class Child:
    """One started process. Not thread-safe beyond `poll`."""

    def __init__(self, spec: Spec, process: subprocess.Popen[bytes], watch_fd: int) -> None:
        self.spec = spec
        self._process = process
        self._watch_fd = watch_fd

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def stop(self, wait_s: float) -> bool:
        """SIGTERM, wait, SIGKILL after `wait_s`; True if it left by itself."""
        clean = True
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(wait_s)
        except subprocess.TimeoutExpired:
            clean = False
            self._process.kill()
            self._process.wait()
        self._close_pipe()
        return clean

    def kill(self) -> None:
        """SIGKILL: nothing that it still holds is sent."""
        self._process.kill()
        self._process.wait()
        self._close_pipe()

    def _close_pipe(self) -> None:
        if self._watch_fd >= 0:
            os.close(self._watch_fd)
            self._watch_fd = -1


class Spawner:
    """The long-lived thread that starts children."""

    def __init__(self, mode: str | None = None) -> None:
        self._mode = mode or ("prctl" if sys.platform == "linux" else "pipe")
        self._queue: queue.SimpleQueue[tuple[Spec, Future[Child]] | None] = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._is_closed = False
        self._thread = threading.Thread(target=self._serve, name="spawner", daemon=True)
        self._thread.start()

    def start(self, spec: Spec) -> Child:
        """Start a child. Raises ServiceError if it cannot be run, or after `close`."""
        future: Future[Child] = Future()
        with self._guard:
            if self._is_closed:
                raise ServiceError(f"{spec.name} is not started: the stack is stopping")
            self._queue.put((spec, future))
        return future.result()

    def close(self) -> None:
        """End the thread; children still running then get SIGTERM from the kernel."""
        with self._guard:
            self._is_closed = True
            self._queue.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while (item := self._queue.get()) is not None:
            spec, future = item
            try:
                future.set_result(self._start(spec))
            except OSError as error:
                future.set_exception(
                    ServiceError(f"cannot start {spec.name} ({spec.argv[0]}): {error.strerror}")
                )

    def _start(self, spec: Spec) -> Child:
        spec.cwd.mkdir(parents=True, exist_ok=True)
        spec.log.parent.mkdir(parents=True, exist_ok=True)
        rotate_log(spec.log)
        if not os.access(spec.argv[0], os.X_OK):
            raise FileNotFoundError(2, "no such program")
        read_fd, write_fd = os.pipe()
        # -I -S keep the launcher light; it then becomes the program itself.
        head = [sys.executable, "-I", "-S", str(LAUNCHER)]
        head += [self._mode, str(os.getpid()), str(read_fd)]
        try:
            with spec.log.open("ab") as log:
                process = subprocess.Popen(
                    [*head, *spec.argv],
                    cwd=spec.cwd,
                    env=child_environment(spec.env),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=(read_fd,),
                )
        except BaseException:
            os.close(write_fd)
            raise
        finally:
            os.close(read_fd)
        return Child(spec, process, write_fd)


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """A small environment with a UTF-8 locale, so that any path can be opened."""
    kept = {name: os.environ[name] for name in PASSED_VARIABLES if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", **extra}


def python_path() -> str:
    """PYTHONPATH for a child that runs a module of this project, installed or not."""
    return os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH"))))


def rotate_log(path: Path) -> None:
    """Keep one older log once the current one is large."""
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > KEEP_LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))


def bound_log(path: Path) -> None:
    """Empty a running child's log beyond the limit; it is opened for appending."""
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > MAX_LOG_BYTES:
            os.truncate(path, 0)


def tail(path: Path, lines: int = TAIL_LINES) -> str:
    """The last non-empty lines of a log, joined for one message."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - 8192))
            text = log.read().decode("utf-8", "replace")
    except OSError:
        return "(no log)"
    found = [line.strip() for line in text.splitlines() if line.strip()]
    return " | ".join(found[-lines:]) or "(empty log)"


def choose_port(chosen: int, service: str) -> int:
    """The chosen loopback port if it is free, or any free one for 0.

    Raises:
        UserError: the chosen port is in use.
    """
    if chosen:
        reason = _refusal(chosen)
        if reason:
            raise UserError(
                f"port {chosen} for the {service} cannot be used ({reason}); set "
                f"ISLANDFLOW_{service.upper()}_PORT to a free port, or to 0 for any free one"
            )
        return chosen
    with _ports_guard:
        for _ in range(PORT_TRIES):
            port = random.choice(FREE_PORTS)
            if port not in _given_ports and not _refusal(port):
                _given_ports.add(port)
                return port
    raise UserError(f"no free port for the {service} between {FREE_PORTS[0]} and {FREE_PORTS[-1]}")


def _refusal(port: int) -> str:
    """Why a loopback port cannot be bound, or nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            return error.strerror or str(error)
    return ""


def await_ready(child: Child, is_ready: Callable[[], bool], wait_s: float, poll_s: float = 0.05) -> None:
    """Wait until a child answers.

    Raises:
        ServiceError: it ended, or did not answer within `wait_s`; with the end of its log.
    """
    deadline = time.monotonic() + wait_s
    while not is_ready():
        code = child.exit_code()
        if code is not None or time.monotonic() > deadline:
            what = f"ended with code {code}" if code is not None else f"no answer in {wait_s:.0f} s"
            log = child.spec.log
            raise ServiceError(f"{child.spec.name} did not start: {what}; {log}: {tail(log)}")
        time.sleep(poll_s)
