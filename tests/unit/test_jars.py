"""The broker's files: fetched once, verified, never half there; clear words without a network."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cli.stack import jars
from cli.stack.jars import Jar
from cli.stack.progress import Step
from connectors.errors import ServiceError
from connectors.settings import Settings, load_settings

CONTENT = {f"part{number}-1.jar": bytes([number]) * 300_000 for number in range(12)}


class Repository(BaseHTTPRequestHandler):
    """Serves CONTENT and counts the requests."""

    asked: list[str]

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT[name])))
        self.end_headers()
        self.wfile.write(CONTENT[name])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[type[Repository]]:
    """A repository on loopback, a lock that names its files, no shared cache."""
    handler = type("Counting", (Repository,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    monkeypatch.setattr(jars, "MAVEN_CENTRAL_URL", f"http://127.0.0.1:{server.server_port}")
    blocker = tmp_path / "file"
    blocker.touch()
    # A folder below a file cannot be made, as in an environment that is read-only.
    monkeypatch.setattr(jars, "shared_cache", lambda: blocker / "share")
    use_lock(monkeypatch, {name: hashlib.sha256(data).hexdigest() for name, data in CONTENT.items()})
    yield handler
    server.shutdown()
    server.server_close()
    thread.join()


def use_lock(monkeypatch: pytest.MonkeyPatch, sums: dict[str, str]) -> None:
    found = tuple(
        Jar(f"org.example:{name[:-6]}:1", name, digest, len(CONTENT[name])) for name, digest in sums.items()
    )
    monkeypatch.setattr(jars, "lock", lambda: ("1", found))


def settings_for(folder: Path) -> Settings:
    return load_settings(folder / "data dir")


def test_files_are_fetched_once(repository: type[Repository], tmp_path: Path) -> None:
    steps: list[Step] = []
    folder = jars.ensure_jars(settings_for(tmp_path), steps.append)
    assert {path.name: path.read_bytes() for path in folder.glob("*.jar")} == CONTENT
    assert "/org/example/part0/1/part0-1.jar" in repository.asked
    assert len(repository.asked) == len(CONTENT)
    fractions = [step.fraction for step in steps if step.fraction is not None]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    assert (steps[0].state, steps[-1].state) == ("started", "done")
    assert jars.ensure_jars(settings_for(tmp_path)) == folder
    assert len(repository.asked) == len(CONTENT)


def test_wrong_checksum_is_refused(
    repository: type[Repository], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in CONTENT.items()}
    use_lock(monkeypatch, {**sums, "part3-1.jar": "0" * 64})
    with pytest.raises(ServiceError, match=r"part3-1\.jar .*checksum differs"):
        jars.ensure_jars(settings_for(tmp_path))
    folder = jars.user_cache(settings_for(tmp_path))
    assert not (folder / "part3-1.jar").exists()
    assert not list(folder.glob("*.part"))


def test_missing_network_says_what_to_do(
    repository: type[Repository], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jars, "MAVEN_CENTRAL_URL", "http://127.0.0.1:9")
    with pytest.raises(ServiceError, match="set KAFKA_BOOTSTRAP_SERVERS to use an external broker"):
        jars.ensure_jars(settings_for(tmp_path))


def test_interrupted_fetch_goes_on(repository: type[Repository], tmp_path: Path) -> None:
    folder = jars.user_cache(settings_for(tmp_path))
    folder.mkdir(parents=True)
    (folder / "part1-1.jar").write_bytes(CONTENT["part1-1.jar"])
    (folder / "part2-1.jar").write_bytes(b"half")
    (folder / "part4-1.jar.part").write_bytes(b"half")
    jars.ensure_jars(settings_for(tmp_path))
    assert (folder / "part2-1.jar").read_bytes() == CONTENT["part2-1.jar"]
    assert len(repository.asked) == len(CONTENT) - 1


def test_committed_lock_is_whole() -> None:
    version, found = jars.lock()
    assert len({jar.file for jar in found}) == len(found) == 46
    assert f"kafka_2.13-{version}.jar" in {jar.file for jar in found}
    assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in found)
