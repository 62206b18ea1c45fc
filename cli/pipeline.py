"""The processes of a run: feed, flow, archive and gateway, watched together.

Owns starting, restarting and stopping them. The processes of one group live and die together: when one
fails, the others get SIGTERM and all start again. Refuses to restart for ever: after `RESTARTS_MAX`
failures within ten minutes the run fails with the end of the log.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cli.services import Services
from cli.stack.process import Child, Spawner, Spec, choose_port, tail
from connectors.errors import ServiceError, UserError

RESTARTS_MAX: Final = 5
RESTART_WINDOW_SECONDS: Final = 600.0
STOP_SECONDS: Final = 30.0
USER_ERROR_CODE: Final = 2
SENDERS: Final = ("feed", "flow")


@dataclass(slots=True)
class Group:
    """Processes that are started, restarted and stopped together."""

    name: str
    specs: tuple[Spec, ...]
    is_endless: bool = False
    is_halted: bool = False
    children: list[Child] = field(default_factory=list)
    failures: list[float] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        return bool(self.children) and all(c.exit_code() == 0 for c in self.children)

    def failed(self) -> Child | None:
        """Return a process that ended badly, or any that ended though it should not."""
        for child in self.children:
            code = child.exit_code()
            if code is not None and (code != 0 or self.is_endless):
                return child
        return None


class Pipeline:
    """The groups of one run. `tick` is called often; it restarts what failed."""

    def __init__(self, data_dir: Path, namespace: str, env: dict[str, str]) -> None:
        self.namespace, self.env = namespace, env
        self.folder = data_dir / "runs" / namespace
        self.spawner = Spawner()
        self.groups: dict[str, Group] = {}

    def add(self, name: str, argvs: Sequence[Sequence[str]], is_endless: bool = False) -> None:
        """Start a group of Python processes; logs go to the run's folder."""
        specs = tuple(
            Spec(
                f"{name} {i}" if len(argvs) > 1 else name,
                (sys.executable, "-m", *argv),
                self.folder,
                self.folder / f"{name}{i if len(argvs) > 1 else ''}.log",
                self.env,
            )
            for i, argv in enumerate(argvs)
        )
        group = self.groups[name] = Group(name, specs, is_endless)
        self._start(group)

    def add_flow(self, workers: int, epoch_seconds: float) -> None:
        """Start the market flow as `workers` processes that form one cluster."""
        ports = [choose_port(0, "flow") for _ in range(workers)]
        addresses = ";".join(f"127.0.0.1:{p}" for p in ports)
        self.add(
            "flow",
            [
                (
                    "dataflows.market", "--namespace", self.namespace,
                    "--recovery", str(self.folder / "recovery"),
                    "--addresses", addresses, "--process-id", str(i), "--epoch-seconds", str(epoch_seconds),
                )
                for i in range(workers)
            ],
        )  # fmt: skip

    def tick(self) -> None:
        """Restart the groups of which a process failed, and those that were halted."""
        for group in self.groups.values():
            if group.is_halted:
                group.is_halted = False
                self._start(group)
            child = group.failed()
            if child is not None:
                self._restart(group, child)

    def halt_senders(self) -> None:
        """Kill what writes to the broker, for `tick` to start again once the broker is back.

        A broker that crashed has forgotten its senders where their records carry old stamps, and would
        store what they send again a second time. A new process looks at the log first.
        """
        for name in SENDERS:
            group = self.groups.get(name)
            if group is None or group.is_done or group.is_halted:
                continue
            for child in group.children:
                child.kill()
            group.is_halted = True

    def keep_alive(self, found: Services) -> None:
        """Look after services and processes once: call it often."""
        if found.has_lost_broker():
            self.halt_senders()
        found.heal()
        if not found.has_lost_broker():
            self.tick()

    def _restart(self, group: Group, child: Child) -> None:
        code, log = child.exit_code(), child.spec.log
        if code == USER_ERROR_CODE:
            raise UserError(tail(log, 1))
        now = time.monotonic()
        group.failures = [t for t in group.failures if now - t < RESTART_WINDOW_SECONDS] + [now]
        if len(group.failures) > RESTARTS_MAX:
            raise ServiceError(f"the {child.spec.name} keeps failing (code {code}); {log}: {tail(log)}")
        for other in group.children:
            other.stop(STOP_SECONDS)
        time.sleep(min(5.0, 0.2 * 2 ** len(group.failures)))
        self._start(group)

    def _start(self, group: Group) -> None:
        group.children = [self.spawner.start(spec) for spec in group.specs]

    def is_done(self, name: str) -> bool:
        return self.groups[name].is_done

    def stop(self) -> None:
        """SIGTERM to all, feed first, so that what was read is also written."""
        for name in ("gateway", "feed", "flow", "archive"):
            group = self.groups.get(name)
            for child in group.children if group else ():
                child.stop(STOP_SECONDS)
        self.spawner.close()
