"""Settings come from the environment alone, and wrong ones are one clear sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.errors import UserError
from connectors.settings import load_settings


def test_addresses_are_read_without_a_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "broker:9092")
    monkeypatch.setenv("REDIS_URL", "")
    found = load_settings()
    assert found.kafka_bootstrap_servers == "broker:9092"
    assert found.redis_url is None


def test_command_line_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISLANDFLOW_DATA_DIR", "from-environment")
    assert load_settings().data_path == Path.cwd() / "from-environment"
    assert load_settings(Path("given")).data_path == Path.cwd() / "given"


def test_home_is_followed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ISLANDFLOW_DATA_DIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_settings().data_path == tmp_path / ".local/share/islandflow"


@pytest.mark.parametrize("value", ["letters", "-1", "65536"])
def test_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("ISLANDFLOW_STORE_PORT", value)
    with pytest.raises(UserError, match=f"ISLANDFLOW_STORE_PORT is '{value}'"):
        load_settings()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        load_settings().broker_port = 1
