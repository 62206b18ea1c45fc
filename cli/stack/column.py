"""The embedded column store as a child: its command, its folder `store/`, its readiness."""

from __future__ import annotations

import http.client
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cli.stack.process import LOOPBACK, Child, Spec, await_ready, choose_port, python_path
from connectors.settings import Settings

START_WAIT_S = 90.0
STOP_WAIT_S = 15.0


@dataclass(frozen=True)
class Column:
    """One store's folder and port."""

    folder: Path
    log: Path
    port: int

    @property
    def address(self) -> str:
        """The URL clients use."""
        return f"http://{LOOPBACK}:{self.port}"

    def spec(self) -> Spec:
        """The command that owns the engine."""
        argv = [sys.executable, "-m", "cli.stack.store", "--path", str(self.folder / "data")]
        argv += ["--port", str(self.port)]
        env = {"PYTHONPATH": python_path(), "PYTHONUNBUFFERED": "1"}
        return Spec("store", tuple(argv), cwd=self.folder, log=self.log, env=env)

    def await_ready(self, child: Child) -> None:
        """Wait until it answers a ping. Raises ServiceError."""
        await_ready(child, lambda: answers(self.address), START_WAIT_S)


def plan(settings: Settings, port: int | None = None) -> Column:
    """Lay out the embedded store of a data directory. Raises UserError for a port in use."""
    return Column(
        folder=settings.data_path / "store",
        log=settings.data_path / "logs" / "store.log",
        port=choose_port(settings.store_port if port is None else port, "store"),
    )


def answers(url: str, wait_s: float = 2.0) -> bool:
    """Whether a ClickHouse at `url` answers `/ping` within `wait_s`."""
    return _status(url, "/ping", wait_s) == 200


def is_http(url: str, wait_s: float = 2.0) -> bool:
    """Whether an HTTP server at `url` answers at all within `wait_s`."""
    return _status(url, "/", wait_s) is not None


def _status(url: str, path: str, wait_s: float) -> int | None:
    try:
        parts = urlsplit(url)
        kind: type[http.client.HTTPConnection] = http.client.HTTPConnection
        if parts.scheme == "https":
            kind = http.client.HTTPSConnection
        connection = kind(parts.hostname or "", parts.port, timeout=wait_s)
    except ValueError:
        return None
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
