"""How a long step reports itself. Owns the words; refuses to draw them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

State = Literal["started", "advanced", "done", "failed"]


@dataclass(frozen=True)
class Step:
    """One report of one named step; `fraction` is 0.0 to 1.0, or None where it is unknown."""

    name: str
    state: State
    fraction: float | None = None
    detail: str = ""


Progress = Callable[[Step], None]


def silent(step: Step) -> None:
    """A receiver that ignores every report."""
