"""Recorded sessions from a LEAN data folder: equity ticks and option minute bars.

Owns the order in which files become chunks. Open interest and the option chain come as notes, where
the folder has them. Refuses dates that are no trading day. Daily and equity minute files are not read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from connectors.errors import UserError
from connectors.feed import Chunk, Note, Reject, SessionStart, cut_points
from connectors.feeds import lean_equity, lean_notes, lean_option
from connectors.feeds.lean_files import KINDS, LeanFolder, parse_dates, parse_symbols
from connectors.feeds.lean_rows import Day, Origin, Rows, merge
from connectors.feeds.lean_table import Ints
from connectors.sessions import NS_PER_S, is_trading_day, midnight, session_of
from schemas.columns import Batch
from schemas.roots import equity_underlying, underlying_of

HEARTBEAT_NS: Final = NS_PER_S
Parse: TypeAlias = Callable[[Mapping[str, bytes], Origin, Day], Rows]


def _joined(parse: Callable[[bytes, Origin, Day], Rows]) -> Parse:
    def run(texts: Mapping[str, bytes], origin: Origin, day: Day) -> Rows:
        if len(texts) != 1:
            raise UserError(f"{origin.path}: holds {len(texts)} files where one is expected")
        return parse(next(iter(texts.values())), origin, day)

    return run


PARSERS: Final[Mapping[str, Parse]] = {
    "equities.prints": _joined(lean_equity.parse_trades),
    "equities.quotes": _joined(lean_equity.parse_quotes),
    "options.prints": lean_option.parse_trades,
    "options.nbbo": lean_option.parse_quotes,
}


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known on a day beside its tape, in the order of time, and what was refused of it."""

    notes: tuple[Note, ...]
    rejects: tuple[Reject, ...]


class LeanFeed:
    """Sessions of some symbols on some dates. Rows of a time stand in the order of the symbols."""

    name: str = "lean"
    is_synthetic: bool = False
    is_paced_live: bool = False
    heartbeat_ns: int = HEARTBEAT_NS

    def __init__(self, root: Path, symbols: Iterable[str], dates: Iterable[str], kind: str = "auto") -> None:
        self._folder = LeanFolder(root, kind)
        self._roots = parse_symbols(symbols)
        self._dates = parse_dates(dates)
        wanted = [(d, s) for d in self._dates for s in self._roots]
        self._files = {(d, s): self._folder.require(s, d) for d, s in wanted}
        self._sessions = {d: session_of(d) for d in self._dates}
        has_options = {(d, s) for (d, s), f in self._files.items() if any(t.startswith("opt") for t in f)}
        self._facts = {(d, s): self._folder.beside(s, d, session_before(d)) for d, s in sorted(has_options)}
        topics = {t for files in self._files.values() for t in files}
        named = {_underlying(t, s, d) for (d, s), files in self._files.items() for t in files}
        self.symbols: tuple[str, ...] = tuple(sorted(named))
        self.inputs: tuple[str, ...] = tuple(t for t in KINDS["auto"] if t in topics)
        self.identity: Mapping[str, object] = self._identify()

    @property
    def capabilities(self) -> Mapping[str, object]:
        """What the recordings can carry; whatever is missing here must not be claimed from them."""
        has_options = "options.prints" in self.inputs or "options.nbbo" in self.inputs
        has_quotes = bool({"options.nbbo", "equities.quotes"} & set(self.inputs))
        return {
            "conditions": "equities.prints" in self.inputs,
            "cancels": False,
            "sequence": False,
            "participant_times": False,
            "venue_quotes": False,
            "quote_scope": "nbbo" if has_quotes else "none",
            "true_side": "none",
            "is_sampled": lean_option.BAR_MS // 1000 if "options.nbbo" in self.inputs else False,
            "bars": has_options,
            "price_rounded": True,
            "block_times": False,
            "complete_volume": not has_options,
            "trade_ids": False,
            "clock_ns": 1_000_000,
            "option_bars": has_options,
            "option_volume_complete": False,
            "option_conditions": False,
        }

    def _identify(self) -> dict[str, object]:
        every = (*self._files.values(), *self._facts.values())
        paths = sorted({p for files in every for p in files.values()})
        return {
            "feed": self.name,
            "symbols": list(self._roots),
            "dates": [str(d) for d in self._dates],
            "heartbeat_ns": self.heartbeat_ns,
            "files": {path: self._folder.sha256(path) for path in paths},
        }

    def chunks(self, start: int = 0) -> Iterator[Chunk]:
        """Yield the chunks from number `start` on; days before it are read to be counted."""
        number = 0
        for day in self._dates:
            beside = self._beside(day)
            for chunk in _chunks_of(self._sessions[day], self._load(day), beside, self.heartbeat_ns):
                if number >= start:
                    yield chunk
                number += 1

    def _load(self, day: date) -> dict[str, Rows]:
        span = self._span(day)
        parts: dict[str, list[Rows]] = {t: [] for t in self.inputs}
        for symbol in self._roots:
            for topic, path in self._files[day, symbol].items():
                texts = self._folder.read(path)
                underlying, root = _underlying(topic, symbol, day), symbol.replace(".", "")
                origin = Origin(topic, underlying, root, path, tuple(texts))
                parts[topic].append(PARSERS[topic](texts, origin, span))
        return {topic: merge(rows, topic) for topic, rows in parts.items()}

    def _span(self, day: date) -> Day:
        session = self._sessions[day]
        length_ms = (midnight(day + timedelta(days=1)) - session.start_ts) // 1_000_000
        return Day(session.name, session.start_ts, length_ms)

    def _beside(self, day: date) -> Beside:
        """Read the facts that are known on a day."""
        notes: list[Note] = []
        rejects: list[Reject] = []
        span, before = self._span(day), session_before(day)
        for symbol in self._roots:
            for kind, path in self._facts.get((day, symbol), {}).items():
                texts = self._folder.read(path) if kind == "open_interest" else {}
                root = symbol.replace(".", "")
                underlying = _underlying("options.prints", symbol, day)
                origin = Origin(lean_notes.REFERENCE, underlying, root, path, tuple(texts))
                if kind == "open_interest":
                    found = lean_notes.open_interest(texts, origin, span, str(before))
                else:
                    known = self._folder.root / path
                    found = lean_notes.universe(known, origin, str(before), span.midnight_ts)
                notes += found[0]
                rejects += found[1]
        return Beside(tuple(sorted(notes, key=lambda n: n.source_ts)), tuple(rejects))


def session_before(day: date) -> date:
    """Return the last trading day before a date."""
    before = day - timedelta(days=1)
    while not is_trading_day(before):
        before -= timedelta(days=1)
    return before


def _underlying(topic: str, symbol: str, day: date) -> str:
    if topic.startswith("options."):
        return underlying_of(symbol.replace(".", ""), int(f"{day:%Y%m%d}"))
    return equity_underlying(symbol)


def _chunks_of(
    session: SessionStart, rows: Mapping[str, Rows], beside: Beside, heartbeat_ns: int
) -> Iterator[Chunk]:
    refused = [*beside.rejects, *(r for part in rows.values() for r in part.rejects)]
    rejects = sorted(refused, key=lambda r: r.source_ts)
    rejected = np.array([r.source_ts for r in rejects], np.int64)
    noted = np.array([n.source_ts for n in beside.notes], np.int64)
    each = (p.batch["source_ts"] for p in rows.values())
    times = np.concatenate([[session.start_ts], rejected, noted, *each])
    begin = session.start_ts
    for end in cut_points(np.sort(times), heartbeat_ns):
        first, last = np.searchsorted(rejected, (begin, end))
        part = tuple(rejects[first:last])
        batches = {t: _between(p.batch, begin, end) for t, p in rows.items()}
        opening = session if begin == session.start_ts else None
        notes = beside.notes[slice(*np.searchsorted(noted, (begin, end)))]
        yield Chunk(opening, batches, part, _count(batches, part), end - 1, notes)
        begin = end


def _between(batch: Batch, begin: int, end: int) -> Batch:
    times: Ints = batch["source_ts"]
    first, last = np.searchsorted(times, (begin, end))
    return batch.slice(int(first), int(last))


def _count(batches: Mapping[str, Batch], rejects: tuple[Reject, ...]) -> dict[str, int]:
    read = {topic: len(batch) for topic, batch in batches.items()}
    for item in rejects:
        if item.topic in read:
            read[item.topic] += 1
    return read
