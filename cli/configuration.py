"""A person's configuration of parents, rules and alerts: a TOML file, read and checked.

Owns the one sentence on what is wrong with a file. Refuses a file that is not wholly understood: a threshold
that is misspelt would else be a default that nobody asked for.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

from connectors.errors import UserError
from dataflows.analytics.options_config import OptionsConfig
from dataflows.analytics.rules.settings import check_names

BYTES_MAX: Final = 1_000_000
SECTIONS: Final = ("options",)


def read_configuration(path: Path | None) -> dict[str, Any]:
    """Return what a file configures, empty without a file.

    Raises:
        UserError: the file cannot be read, is no TOML, or holds an unknown, wrong or contradicting setting.
    """
    if path is None:
        return {}
    given = _toml(path)
    try:
        check_names("the configuration", given, SECTIONS)
        OptionsConfig.read(given.get("options", {}))
    except ValueError as error:
        raise UserError(f"--config {path}: {error}") from None
    return given


def options_config(given: dict[str, Any]) -> OptionsConfig:
    """Return the effective configuration of the options core under a configuration that was read."""
    return OptionsConfig.read(given.get("options", {}))


def _toml(path: Path) -> dict[str, Any]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"--config {path}: cannot be read ({error.strerror})") from None
    if len(raw) > BYTES_MAX:
        raise UserError(f"--config {path}: is {len(raw):,} bytes; at most {BYTES_MAX:,} are allowed")
    try:
        return tomllib.loads(raw.decode())
    except UnicodeDecodeError:
        raise UserError(f"--config {path}: is no text in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"--config {path}: is no TOML: {error}") from None
