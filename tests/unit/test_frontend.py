"""The page's own checks, run by its own tools."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cli.page import find_node
from connectors.errors import ServiceError

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
WAIT_S = 120


@pytest.mark.parametrize("script", ["lint", "test"])
def test_the_page_passes(script: str) -> None:
    if not (FRONTEND / "node_modules" / ".bin").is_dir():
        pytest.skip("the page's packages are not installed; `make install` does that")
    try:
        found = find_node()
    except ServiceError as missing:
        pytest.skip(str(missing))
    command = [*found.npm, "run", "--silent", script]
    done = subprocess.run(
        command,
        cwd=FRONTEND,
        env=found.environment | {"CI": "1"},
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
