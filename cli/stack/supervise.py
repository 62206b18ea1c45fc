"""The running stack: starts the parts it needs, watches and restarts them, stops them in order.

Owns the data directory while it is open. Parts whose address the environment gives are not
started. Nothing here prints: steps go to a `Progress`.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Protocol

from cli.stack import broker, column, jars, keyvalue, record
from cli.stack.process import Child, Spawner, Spec, bound_log, tail
from cli.stack.progress import Progress, Step, silent
from cli.stack.record import Endpoints, Record
from connectors.errors import ServiceError, UserError
from connectors.settings import Settings, load_settings

MAX_RESTARTS = 10
RESTART_WINDOW_S = 600.0
MAX_BACKOFF_S = 30.0


class Part(Protocol):
    """One service that can be started: its command, its port, its readiness."""

    @property
    def port(self) -> int:
        """The port it listens on."""

    @property
    def address(self) -> str:
        """What clients are given."""

    def spec(self) -> Spec:
        """The command."""

    def await_ready(self, child: Child) -> None:
        """Wait until it answers."""


@dataclass(frozen=True)
class _Kind:
    """How one part is laid out: at the start (port None) and again at a restart (its port)."""

    name: str
    stop_wait_s: float
    layout: Callable[[int | None], Part]


class Stack:
    """An open stack. Made by `open_stack`; its methods may be called from one thread at a time."""

    def __init__(self, settings: Settings, progress: Progress) -> None:
        self.data_dir = settings.data_path
        self._settings = settings
        self._progress = progress
        self._spawner = Spawner()
        self._parts: dict[str, Part] = {}
        self._children: dict[str, Child] = {}
        self._kinds: dict[str, _Kind] = {}
        self._restarted: dict[str, list[float]] = {}
        self._restarts: dict[str, int] = {}
        self._started_s = record.now_s()
        self._is_kept = False
        self._guard = threading.Lock()

    @property
    def endpoints(self) -> Endpoints:
        """The addresses of all services; empty for a part that has not been started yet."""
        given = self._settings

        def address(name: str, external: str | None) -> str:
            part = self._parts.get(name)
            return external or (part.address if part else "")

        return Endpoints(
            kafka=address("broker", given.kafka_bootstrap_servers),
            clickhouse=address("store", given.clickhouse_url),
            redis=address("redis", given.redis_url),
            schema_registry=given.schema_registry_url,
            embedded=tuple(self._parts),
        )

    @property
    def processes(self) -> dict[str, int]:
        """The process id of each embedded part."""
        return {name: child.pid for name, child in self._children.items()}

    def env(self) -> dict[str, str]:
        """The variables through which a child process finds the services."""
        return self.endpoints.env()

    def dead(self) -> list[str]:
        """The embedded parts that have ended; also keeps the logs within their bound."""
        for child in self._children.values():
            bound_log(child.spec.log)
        return [n for n, child in self._children.items() if child.exit_code() is not None]

    def check(self) -> None:
        """Raise ServiceError, with the end of its log, if an embedded part has ended."""
        for name in self.dead():
            child = self._children[name]
            log = child.spec.log
            raise ServiceError(f"the {name} ended with code {child.exit_code()}; {log}: {tail(log)}")

    def restart(self, name: str) -> None:
        """Start a part again on its port and its data, ending it first if it still runs.

        Raises:
            ServiceError: it does not start.
        """
        self._children[name].stop(self._kinds[name].stop_wait_s)
        self._restarts[name] = self._restarts.get(name, 0) + 1
        self._start(self._kinds[name], self._parts[name].port)

    def heal(self) -> list[str]:
        """Restart what has ended, waiting longer each time; returns the names.

        Raises:
            ServiceError: a part ended MAX_RESTARTS times within RESTART_WINDOW_S.
        """
        names = self.dead()
        for name in names:
            recent = self._recent_restarts(name)
            if len(recent) >= MAX_RESTARTS:
                raise ServiceError(
                    f"the {name} ended {MAX_RESTARTS} times in {RESTART_WINDOW_S / 60:.0f} "
                    f"minutes; see {self._children[name].spec.log}"
                )
            time.sleep(min(MAX_BACKOFF_S, 0.25 * 2 ** len(recent)) if recent else 0)
            recent.append(time.monotonic())
            self.restart(name)
        return names

    def start(self) -> None:
        """Start every part that has no external address, side by side."""
        self._kinds = {kind.name: kind for kind in _needed(self._settings, self._progress)}
        if not self._kinds:
            return
        with ThreadPoolExecutor(len(self._kinds), thread_name_prefix="start") as pool:
            futures = [pool.submit(self._start, kind, None) for kind in self._kinds.values()]
        for future in futures:
            future.result()

    def stop(self) -> None:
        """Stop every part, the broker last; SIGKILL for one that does not leave in time."""
        for name in ("store", "redis", "broker"):
            child = self._children.get(name)
            if child is not None:
                self._progress(Step(f"stop {name}", "started"))
                child.stop(self._kinds[name].stop_wait_s)
                self._progress(Step(f"stop {name}", "done"))
        self._spawner.close()

    def write_record(self) -> None:
        """Write `stack.json` for `attach`, `down` and `status`."""
        with self._guard:
            parts = {n: record.process_of(pid) for n, pid in self.processes.items()}
            owner = record.process_of(os.getpid())
            restarts = dict(self._restarts)
            found = Record(owner, self.endpoints, self._started_s, parts, restarts, self._is_kept)
            record.write(self.data_dir, found)

    def keep(self) -> None:
        """Tell others that this stack stays until it is stopped, so that they may write with it."""
        self._is_kept = True
        self.write_record()

    def _recent_restarts(self, name: str) -> list[float]:
        oldest = time.monotonic() - RESTART_WINDOW_S
        kept = [at for at in self._restarted.get(name, []) if at > oldest]
        self._restarted[name] = kept
        return kept

    def _start(self, kind: _Kind, port: int | None) -> None:
        self._progress(Step(kind.name, "started"))
        try:
            part = kind.layout(port)
            child = self._spawner.start(part.spec())
            with self._guard:
                self._parts[kind.name] = part
                self._children[kind.name] = child
            # Known at once: the next owner waits for parts that outlive a killed one.
            self.write_record()
            part.await_ready(child)
        except BaseException:
            self._progress(Step(kind.name, "failed"))
            raise
        self._progress(Step(kind.name, "done", 1.0, part.address))


def _needed(settings: Settings, progress: Progress) -> list[_Kind]:
    def layout_broker(port: int | None) -> Part:
        return broker.plan(settings, jars.ensure_jars(settings, progress), port)

    kinds = []
    if not settings.kafka_bootstrap_servers:
        kinds.append(_Kind("broker", broker.STOP_WAIT_S, layout_broker))
    if not settings.clickhouse_url:
        kinds.append(_Kind("store", column.STOP_WAIT_S, lambda p: column.plan(settings, p)))
    if not settings.redis_url:
        kinds.append(_Kind("redis", keyvalue.STOP_WAIT_S, lambda p: keyvalue.plan(settings, p)))
    return kinds


@contextmanager
def open_stack(
    data_dir: Path | None = None, progress: Progress = silent, settings: Settings | None = None
) -> Iterator[Stack]:
    """Start the stack of a data directory, hold it, stop it on the way out.

    In the main thread SIGTERM ends the block like Ctrl-C does (as SystemExit 143).

    Raises:
        UserError: the folder is in use or cannot be written, no disk, a chosen port in use.
        ServiceError: a part does not start, or its files cannot be fetched.
    """
    found = load_settings(data_dir) if settings is None else settings
    if settings is not None and data_dir is not None:
        found = settings.model_copy(update={"data_dir": data_dir})
    with ExitStack() as closing:
        closing.enter_context(_stop_on_sigterm())
        closing.enter_context(record.exclusive(found.data_path))
        check_disk(found)
        record.end_leftovers(found.data_path)
        stack = Stack(found, progress)
        closing.callback(record.clear, found.data_path)
        closing.callback(stack.stop)
        stack.write_record()
        stack.start()
        yield stack


def attach(data_dir: Path | None = None, must_stay: bool = False) -> Endpoints | None:
    """The endpoints of the stack that runs on a data directory, or None unless all answer.

    Raises:
        UserError: with `must_stay`, the stack belongs to a command and would end with it.
    """
    folder = load_settings(data_dir).data_path
    found = record.read(folder)
    if found is None or found.owner.handle() is None:
        return None
    ends = found.endpoints
    if not all(state(ends).values()):
        return None
    if must_stay and not found.is_kept:
        raise UserError(
            f"data directory {folder} is in use by process {found.owner.pid}; wait until that ends, use "
            "another one with --data-dir, or start with `islandflow up`, which serves several commands"
        )
    return ends


def state(ends: Endpoints) -> dict[str, bool]:
    """Whether each service answers at its address."""
    return {
        "broker": bool(ends.kafka) and broker.answers(ends.kafka),
        "store": bool(ends.clickhouse) and column.answers(ends.clickhouse),
        "redis": bool(ends.redis) and keyvalue.answers(ends.redis),
    }


def check_disk(settings: Settings) -> None:
    """Raise UserError if the data directory's disk has less than the required room."""
    free = shutil.disk_usage(settings.data_path).free
    if free < settings.min_free_disk_bytes:
        raise UserError(
            f"data directory {settings.data_path} has {free / 1e9:.2f} GB free and needs "
            f"{settings.min_free_disk_bytes / 1e9:.2f} GB; free some or use --data-dir"
        )


@contextmanager
def _stop_on_sigterm() -> Iterator[None]:
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def leave(number: int, frame: FrameType | None) -> None:
        # A second signal must not cut the clean stop short.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
