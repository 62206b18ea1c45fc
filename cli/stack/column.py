"""The embedded column store as a child: its command, its folder `store/`, its readiness."""

from __future__ import annotations

import http.client
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cli.stack.process import LOOPBACK, Child, Spec, await_ready, choose_port
from connectors.settings import Settings

START_WAIT_S = 90.0
STOP_WAIT_S = 15.0
PROJECT = Path(__file__).resolve().parents[2]


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
        env = {"PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"}
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
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=wait_s)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
