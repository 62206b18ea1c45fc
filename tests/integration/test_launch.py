"""No child outlives its parent, by the kernel's signal or, where it has none, by a pipe."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from cli.stack.process import Spawner, Spec, child_environment, tail
from cli.stack.record import Process
from connectors.errors import ServiceError

ROOT = Path(__file__).resolve().parents[2]
PARENT = """
import pathlib, sys, time
from cli.stack.process import Spawner, Spec
folder, mode = pathlib.Path(sys.argv[1]), sys.argv[2]
child = Spawner(mode).start(Spec("nap", ("/bin/sleep", "600"), folder, folder / "nap.log"))
print(child.pid, flush=True)
time.sleep(600)
"""


def family(pid: int) -> list[Process]:
    """A process and its children, once the program itself runs."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = [psutil.Process(pid), *psutil.Process(pid).children()]
        if any(process.name() == "sleep" for process in found):
            return [Process(process.pid, process.create_time()) for process in found]
        time.sleep(0.05)
    raise AssertionError("the child did not start")


@pytest.mark.parametrize("mode", ["pipe", pytest.param("prctl", marks=pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux signals the death of a parent"))])  # fmt: skip
def test_killed_parent_ends_its_child(tmp_path: Path, mode: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), mode],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        children = family(int(parent.stdout.readline()))
        assert len(children) == (2 if mode == "pipe" else 1)
        parent.kill()
    deadline = time.monotonic() + 10
    while any(child.handle() for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(child.handle() for child in children)


@pytest.mark.parametrize("mode", [None, "pipe"])
def test_stop_ends_a_child(tmp_path: Path, mode: str | None) -> None:
    spawner = Spawner(mode)
    child = spawner.start(Spec("nap", ("/bin/sleep", "600"), tmp_path, tmp_path / "nap.log"))
    children = family(child.pid)
    assert child.exit_code() is None
    assert child.stop(10)
    spawner.close()
    assert not any(process.handle() for process in children)
    with pytest.raises(ServiceError, match="the stack is stopping"):
        spawner.start(child.spec)


def test_stubborn_child_is_killed(tmp_path: Path) -> None:
    code = "trap '' TERM; echo ready; while :; do sleep 0.1; done"
    spawner = Spawner()
    child = spawner.start(Spec("mule", ("/bin/sh", "-c", code), tmp_path, tmp_path / "mule.log"))
    deadline = time.monotonic() + 10
    while "ready" not in tail(child.spec.log) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not child.stop(0.3)
    assert child.exit_code() == -9
    spawner.close()


def test_missing_program_is_named(tmp_path: Path) -> None:
    spawner = Spawner()
    with pytest.raises(ServiceError, match=r"cannot start ghost \(/nowhere/ghost\)"):
        spawner.start(Spec("ghost", ("/nowhere/ghost",), tmp_path, tmp_path / "ghost.log"))
    spawner.close()


def test_children_get_a_small_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VENDOR_SECRET", "x")
    found = child_environment({"EXTRA": "1"})
    assert "VENDOR_SECRET" not in found
    assert found["EXTRA"] == "1"
    assert found["LC_ALL"] == "C.UTF-8"
