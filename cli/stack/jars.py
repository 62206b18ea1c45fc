"""The broker's jars: a committed lock, fetched once, verified by SHA-256.

Owns the cache folder. Refuses any file whose checksum differs from the lock, and writes no
address of its own: the repository is the one that `jgo` names.
"""

from __future__ import annotations

import hashlib
import json
import os
import ssl
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from filelock import FileLock
from jgo.constants import MAVEN_CENTRAL_URL

from cli.stack.progress import Progress, Step, silent
from connectors.errors import ServiceError
from connectors.settings import Settings

THREADS = 8
TIMEOUT_S = 30.0
ATTEMPTS = 3
LOCK_WAIT_S = 600.0
CHUNK_BYTES = 1 << 17


@dataclass(frozen=True)
class Jar:
    """One locked file: Maven coordinates, file name, checksum and size in bytes."""

    gav: str
    file: str
    sha256: str
    size: int

    def url(self, repository: str) -> str:
        """Where the file lies in a Maven repository."""
        group, artifact, version = self.gav.split(":")
        return f"{repository}/{group.replace('.', '/')}/{artifact}/{version}/{self.file}"


@cache
def lock() -> tuple[str, tuple[Jar, ...]]:
    """The Kafka version and its jars, as committed beside this module."""
    text = resources.files("cli.stack").joinpath("kafka-jars.json").read_text(encoding="utf-8")
    data = json.loads(text)
    return str(data["kafka"]), tuple(Jar(**jar) for jar in data["jars"])


def shared_cache() -> Path:
    """The cache inside the environment, filled by the installation."""
    return Path(sys.prefix) / "share" / "islandflow" / f"kafka-{lock()[0]}"


def user_cache(settings: Settings) -> Path:
    """The cache inside the data directory, used where the environment is read-only."""
    return settings.data_path / "cache" / f"kafka-{lock()[0]}"


def is_complete(folder: Path) -> bool:
    """Whether every locked jar lies there with its locked size (checksums are verified once)."""
    sizes = {jar.file: jar.size for jar in lock()[1]}
    return all(_size(folder / name) == size for name, size in sizes.items())


def find_jars(settings: Settings) -> Path | None:
    """The first complete cache folder, or None."""
    folders = (shared_cache(), user_cache(settings))
    return next((folder for folder in folders if is_complete(folder)), None)


def ensure_jars(settings: Settings, progress: Progress = silent) -> Path:
    """The folder that holds every jar, fetching what is missing.

    Raises:
        ServiceError: no network, a refused request, or a checksum that does not match.
    """
    found = find_jars(settings)
    if found is not None:
        return found
    folder = _writable_folder(settings)
    with FileLock(folder / ".lock", timeout=LOCK_WAIT_S):
        _fetch_missing(folder, settings, progress)
    return folder


def classpath(folder: Path) -> str:
    """Every jar in the lock's order; the order is part of the start-up cache's identity."""
    return os.pathsep.join(str(folder / jar.file) for jar in lock()[1])


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _writable_folder(settings: Settings) -> Path:
    for folder in (shared_cache(), user_cache(settings)):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".write-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError:
            continue
        return folder
    raise ServiceError(
        f"cannot write the broker's files to {user_cache(settings)}: choose a writable folder with --data-dir"
    )


class _Meter:
    """Adds up bytes over the threads and reports the share that is done."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._total = total
        self._done = 0
        self._progress = progress
        self._guard = threading.Lock()

    def add(self, count: int) -> None:
        with self._guard:
            self._done += count
            done = self._done
            detail = f"{done / 1e6:.0f} of {self._total / 1e6:.0f} MB"
            fraction = min(1.0, done / self._total)
            self._progress(Step("broker files", "advanced", fraction, detail))


def _fetch_missing(folder: Path, settings: Settings, progress: Progress) -> None:
    missing = [jar for jar in lock()[1] if _size(folder / jar.file) != jar.size]
    if not missing:
        return
    total = sum(jar.size for jar in missing)
    progress(Step("broker files", "started", 0.0, f"{total / 1e6:.0f} MB"))
    meter = _Meter(total, progress)
    context = _tls_context(settings)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="jars") as pool:
        futures = [pool.submit(_fetch_one, jar, folder, context, meter.add) for jar in missing]
        try:
            for future in futures:
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            progress(Step("broker files", "failed"))
            raise
    progress(Step("broker files", "done", 1.0, f"{total / 1e6:.0f} MB"))


def _tls_context(settings: Settings) -> ssl.SSLContext:
    # The default context already reads SSL_CERT_FILE and SSL_CERT_DIR.
    context = ssl.create_default_context()
    bundle = settings.requests_ca_bundle
    if bundle is not None and bundle.exists():
        context.load_verify_locations(
            cafile=str(bundle) if bundle.is_file() else None,
            capath=str(bundle) if bundle.is_dir() else None,
        )
    return context


def _fetch_one(jar: Jar, folder: Path, context: ssl.SSLContext, on_bytes: Callable[[int], None]) -> None:
    part = folder / f"{jar.file}.part"
    reason = ""
    for _ in range(ATTEMPTS):
        try:
            digest = _download(jar, part, context, on_bytes)
        except (OSError, urllib.error.URLError) as error:
            reason = str(getattr(error, "reason", error))
            continue
        if digest == jar.sha256:
            part.replace(folder / jar.file)
            return
        reason = f"the checksum differs from the locked one (got {digest[:12]}…)"
    part.unlink(missing_ok=True)
    raise ServiceError(
        f"could not fetch {jar.file} for the embedded broker: {reason}. "
        "Check the network or proxy and run the command again, "
        "or set KAFKA_BOOTSTRAP_SERVERS to use an external broker"
    )


def _download(jar: Jar, part: Path, context: ssl.SSLContext, on_bytes: Callable[[int], None]) -> str:
    """Stream one file to `part` and return its SHA-256; proxies come from the environment."""
    digest = hashlib.sha256()
    request = urllib.request.Request(jar.url(MAVEN_CENTRAL_URL), headers={"User-Agent": "islandflow"})
    left = jar.size
    with (
        urllib.request.urlopen(request, timeout=TIMEOUT_S, context=context) as reply,
        part.open("wb") as out,
    ):
        while left >= 0 and (chunk := reply.read(CHUNK_BYTES)):
            left -= len(chunk)
            digest.update(chunk)
            out.write(chunk)
            on_bytes(len(chunk))
    return digest.hexdigest()
