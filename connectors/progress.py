"""How far the process that reads a feed has come, for the one that shows it.

Owns a small file that is replaced at most twice a second: the part of the input that was read, the rows
so far, the topics of the feed. Only news: nothing depends on it, and what cannot be written or read is
as if there were none.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from connectors.feed import Feed
from connectors.publish import PublishSummary

INTERVAL_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Reached:
    """`share` is 0 to 1, or -1 where the feed cannot tell; `rows` are those read, refused ones included."""

    share: float
    rows: int
    inputs: tuple[str, ...]


def reporter(path: Path | None, feed: Feed) -> Callable[[PublishSummary], None] | None:
    """Return what `publish` calls after each chunk, or None where nothing is to be told."""
    if path is None:
        return None
    last = [0.0]

    def report(summary: PublishSummary) -> None:
        if summary.is_complete or time.monotonic() - last[0] >= INTERVAL_S:
            last[0] = time.monotonic()
            write(path, Reached(_share(feed), sum(summary.read.values()), feed.inputs))

    write(path, Reached(0.0, 0, feed.inputs))
    return report


def _share(feed: Feed) -> float:
    return float(getattr(feed, "share_done", -1.0))


def write(path: Path, reached: Reached) -> None:
    """Replace the file."""
    with suppress(OSError):
        part = path.with_suffix(".part")
        part.write_text(json.dumps(asdict(reached)), encoding="utf-8")
        part.replace(path)


def read(path: Path) -> Reached | None:
    """Return what was written last, or None."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Reached(float(found["share"]), int(found["rows"]), tuple(found["inputs"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
