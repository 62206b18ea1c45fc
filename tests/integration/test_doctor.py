"""What the machine checks report, with and without a running stack, and when things are missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli import doctor
from cli.stack import broker, jars
from cli.stack.supervise import Stack


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """No external services."""
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "CLICKHOUSE_URL", "REDIS_URL", "SCHEMA_REGISTRY_URL"):
        monkeypatch.delenv(name, raising=False)


def by_name(found: list[doctor.Check]) -> dict[str, doctor.Check]:
    names = {check.name: check for check in found}
    assert len(names) == len(found)
    return names


def test_running_stack_is_seen(stack: Stack) -> None:
    found = by_name(doctor.checks(stack.data_dir))
    assert [check for check in found.values() if check.state == "fail"] == []
    assert {"running broker", "running store", "running redis"} <= found.keys()
    assert "chDB 26" in found["store engine"].detail
    assert stack.endpoints.kafka in found["running broker"].detail


def test_nothing_is_created(tmp_path: Path) -> None:
    folder = tmp_path / "not there"
    found = by_name(doctor.checks(folder))
    assert not folder.exists()
    assert not any(name.startswith("running") for name in found)


def test_dead_external_service_is_named_without_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://:secret@127.0.0.1:9/0")
    monkeypatch.setenv("CLICKHOUSE_URL", "not an address")
    found = by_name(doctor.checks(tmp_path))
    for name, variable in (("redis", "REDIS_URL"), ("store", "CLICKHOUSE_URL")):
        check = found[f"external {name}"]
        assert (check.state, variable in check.advice) == ("fail", True)
    assert "secret" not in str(found)


def test_missing_parts_are_advised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "shared_cache", lambda: tmp_path / "none")
    monkeypatch.setattr(broker, "JAVA", tmp_path / "no-java")
    monkeypatch.setenv("ISLANDFLOW_MIN_FREE_DISK_BYTES", str(1 << 60))
    found = by_name(doctor.checks(tmp_path))
    assert (found["broker files"].state, found["java"].state) == ("warn", "fail")
    assert found["disk"].state == "fail"
    assert all(found[name].advice for name in ("broker files", "java", "disk"))
