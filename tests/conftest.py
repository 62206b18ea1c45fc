"""Fixtures shared by every test: one embedded stack for the session, and the package guard."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.stack.supervise import Stack, open_stack
from connectors.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("schemas", "synthetic", "connectors", "dataflows", "api", "scoring", "cli")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Stop at once if a package would be imported from somewhere else than this tree."""
    for name in PACKAGES:
        if not (ROOT / name / "__init__.py").exists():
            continue
        found = Path(str(importlib.import_module(name).__file__)).resolve().parent
        if found != ROOT / name:
            pytest.exit(f"package {name} comes from {found}, not from {ROOT / name}", returncode=2)


def embedded_settings(folder: Path) -> Settings:
    """Settings that never lead to services or ports that the environment happens to name."""
    addresses = ("kafka_bootstrap_servers", "clickhouse_url", "redis_url", "schema_registry_url")
    ports = ("broker_port", "store_port", "redis_port")
    update = {**dict.fromkeys(addresses), **dict.fromkeys(ports, 0), "data_dir": folder}
    return load_settings().model_copy(update=update)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A real broker, store and cache in a temporary folder; addresses in `stack.endpoints`."""
    folder = tmp_path_factory.mktemp("stack")
    with open_stack(settings=embedded_settings(folder)) as running:
        yield running
