"""What earlier sessions knew, as a file, and a feed that tells it at the start of each later session.

Owns the form of the file, its checks, and the notes (`baseline`, `story_rates`) that stand in `reference`
right after the record of a session. The file is part of what the feed is: its hash stands in the identity.
Refuses a file for a session that is not strictly later than every session it was made of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import orjson

from connectors.errors import UserError
from connectors.feed import Chunk, Feed, Note, SessionStart

FORMAT: Final = "islandflow warm start"
VERSION: Final = 1
BYTES_MAX: Final = 512 * 1024 * 1024
ROWS_IN_A_NOTE: Final = 1_000  # a record of the log stays small, however many series there are
KEY: Final = "warm"
KEYS: Final = frozenset({"format", "version", "made_of", "sessions", "baselines", "story_rates"})


@dataclass(frozen=True, slots=True)
class WarmStart:
    """A file that was read: its place, its hash, the last session it was made of, and what it says."""

    place: str
    sha256: str
    last_session: str
    baselines: Mapping[str, list[Any]]
    story_rates: Mapping[str, Any]

    def check(self, session: str) -> None:
        """Refuse a session that the file may know something of, with UserError."""
        if session <= self.last_session:
            raise UserError(
                f"--warm {self.place}: was made of sessions up to {self.last_session}, so it cannot serve "
                f"the session {session}; only later ones may know what it says"
            )

    def notes(self, session: SessionStart, symbols: frozenset[str]) -> tuple[Note, ...]:
        """Return the notes of a session about these underlyings, in the order of their names."""
        at = session.start_ts
        notes = []
        for name in sorted(symbols & self.baselines.keys()):
            rows = self.baselines[name]
            for start in range(0, len(rows), ROWS_IN_A_NOTE):
                part = {"underlying": name, "rows": rows[start : start + ROWS_IN_A_NOTE]}
                notes.append(Note("baseline", name, at, part))
        if self.story_rates:
            notes.append(Note("story_rates", "", at, dict(self.story_rates)))
        return tuple(notes)


def read_warm(path: Path) -> WarmStart:
    """Read and check a file.

    Raises:
        UserError: it cannot be read, is no such file, or says what cannot be so.
    """
    data = _bytes_of(path)
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise UserError(f"--warm {path}: is no JSON ({error})") from None
    fault = _fault(found)
    if fault:
        raise UserError(f"--warm {path}: {fault}; a file of `islandflow warm export` is expected")
    digest = hashlib.sha256(data).hexdigest()
    return WarmStart(str(path), digest, max(found["sessions"]), found["baselines"], found["story_rates"])


def _bytes_of(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > BYTES_MAX:
            raise UserError(f"--warm {path}: is {size:,} bytes; at most {BYTES_MAX:,} are allowed")
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"--warm {path}: cannot be read ({error.strerror})") from None


def _fault(found: Any) -> str:
    """Return what is wrong with the content of a file, nothing where it is sound."""
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        return "is no warm start"
    if found.get("version") != VERSION:
        return f"is of version {found.get('version')!r}, and {VERSION} is read here"
    lacking = sorted(KEYS - found.keys())
    if lacking:
        return f"lacks {lacking[0]}"
    sessions, baselines, rates = found["sessions"], found["baselines"], found["story_rates"]
    if not isinstance(sessions, list) or not sessions or not all(map(_is_date, sessions)):
        return "names no sessions as dates"
    if not isinstance(baselines, dict) or not all(isinstance(rows, list) for rows in baselines.values()):
        return "its baselines are no rows by underlying"
    return _rates_fault(rates)


def _rates_fault(rates: Any) -> str:
    if not isinstance(rates, dict):
        return "its story_rates are no object"
    if not rates:
        return ""
    scores, per_day = rates.get("scores"), rates.get("per_day")
    is_table = isinstance(scores, list) and isinstance(per_day, list) and len(scores) == len(per_day)
    if not is_table or not all(isinstance(v, int | float) for v in (scores or []) + (per_day or [])):
        return "its story_rates are no two lists of numbers of one length"
    return "" if isinstance(rates.get("sessions"), int) else "its story_rates count no sessions"


def _is_date(text: Any) -> bool:
    try:
        return isinstance(text, str) and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


class Warmed:
    """A feed that says at the start of each session what earlier ones knew; its records are the same."""

    def __init__(self, feed: Feed, warm: WarmStart) -> None:
        self._feed, self._warm = feed, warm
        self._symbols = frozenset(feed.symbols)
        self.name = feed.name
        self.is_synthetic, self.is_paced_live = feed.is_synthetic, feed.is_paced_live

    @property
    def identity(self) -> Mapping[str, object]:
        """The identity of the feed and the hash of the file."""
        return {**self._feed.identity, KEY: self._warm.sha256}

    @property
    def inputs(self) -> tuple[str, ...]:
        """The raw topics of the feed."""
        return self._feed.inputs

    @property
    def symbols(self) -> tuple[str, ...]:
        """The underlyings of the feed."""
        return self._feed.symbols

    @property
    def heartbeat_ns(self) -> int:
        """The heartbeat of the feed."""
        return self._feed.heartbeat_ns

    @property
    def capabilities(self) -> Mapping[str, object]:
        """The capabilities of the feed."""
        return self._feed.capabilities

    @property
    def share_done(self) -> float:
        """How much of its input the feed has read, -1 where it cannot tell."""
        return float(getattr(self._feed, "share_done", -1.0))

    def check(self) -> None:
        """Refuse, with UserError, a feed whose first session is not later than what the file knows."""
        first = next(iter(self._feed.chunks()), None)
        if first is not None and first.session is not None:
            self._warm.check(first.session.name)

    def chunks(self, start: int = 0) -> Iterator[Chunk]:
        """Yield the chunks of the feed, with the notes in the first one of each session."""
        for chunk in self._feed.chunks(start):
            if chunk.session is None:
                yield chunk
            else:
                self._warm.check(chunk.session.name)
                told = self._warm.notes(chunk.session, self._symbols)
                yield replace(chunk, notes=(*told, *chunk.notes))


def warmed(feed: Feed, path: str | None) -> Feed:
    """Return the feed itself without a file, else the feed with what the file says."""
    return Warmed(feed, read_warm(Path(path))) if path else feed
