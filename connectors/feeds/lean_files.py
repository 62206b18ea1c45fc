"""Where the files of a LEAN data folder lie, and reading them whole.

Owns the folder layout, the sentences about what is missing, and the limits on what is unpacked.
Refuses a folder, symbol or date that is not there, and a zip that cannot be read to its end.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Final

from connectors.errors import UserError

MAX_UNPACKED_BYTES: Final = 2 << 30  # a day of one symbol is some 40 MB
MAX_SHOWN: Final = 12
_STYLES: Final = ("american", "european")
LAYOUT: Final = {
    "equities.prints": ("equity/usa/tick", ("trade",)),
    "equities.quotes": ("equity/usa/tick", ("quote",)),
    "options.prints": ("option/usa/minute", tuple(f"trade_{s}" for s in _STYLES)),
    "options.nbbo": ("option/usa/minute", tuple(f"quote_{s}" for s in _STYLES)),
}
KINDS: Final = {
    "auto": tuple(LAYOUT),
    "equity": ("equities.prints", "equities.quotes"),
    "option": ("options.prints", "options.nbbo"),
}
_SYMBOL: Final = re.compile(r"[A-Za-z][A-Za-z0-9.]{0,9}")


def parse_symbols(symbols: Iterable[str]) -> tuple[str, ...]:
    """Return the symbols in capitals, sorted, each once."""
    names = sorted({s.strip().upper() for s in symbols})
    wrong = [n for n in names if not _SYMBOL.fullmatch(n)]
    if wrong:
        raise UserError(f"symbol {wrong[0]!r}: a letter and up to nine letters, digits or dots are allowed")
    if not names:
        raise UserError("no symbol was given: name at least one, as in IBM or IBM,AIG")
    return tuple(names)


def parse_dates(dates: Iterable[str]) -> tuple[date, ...]:
    """Return the dates in order, each once."""
    found = sorted({_parse_date(d.strip()) for d in dates})
    if not found:
        raise UserError("no date was given: name at least one, as in 2013-10-07")
    return tuple(found)


def _parse_date(text: str) -> date:
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise UserError(f"date {text!r}: a day of the calendar written YYYY-MM-DD is expected") from None


class LeanFolder:
    """A LEAN data folder. All paths it gives out are relative to it."""

    def __init__(self, root: Path, kind: str = "auto") -> None:
        if kind not in KINDS:
            raise UserError(f"kind {kind!r}: {', '.join(KINDS)} are allowed")
        if not root.is_dir():
            raise UserError(f"{root}: no such folder; the root of a LEAN data folder is expected")
        self.root = root
        self.topics = KINDS[kind]
        self._folders = tuple(dict.fromkeys(LAYOUT[t][0] for t in self.topics))
        if not any((root / f).is_dir() for f in self._folders):
            raise UserError(f"{root}: is no LEAN data folder, none of {', '.join(self._folders)} is in it")

    def find(self, topic: str, symbol: str, day: date) -> str | None:
        """Return the file with the rows of a topic, or None where there is none."""
        folder, endings = LAYOUT[topic]
        for ending in endings:
            path = f"{folder}/{symbol.lower()}/{day:%Y%m%d}_{ending}.zip"
            if (self.root / path).is_file():
                return path
        return None

    def beside(self, symbol: str, day: date, before: date) -> dict[str, str]:
        """Return the files of facts known on a day: `open_interest` of that morning, `universe` of `before`.

        Empty where the folder was opened for equities only.
        """
        if "options.prints" not in self.topics:
            return {}
        found: dict[str, str] = {}
        for style in _STYLES:
            path = f"option/usa/minute/{symbol.lower()}/{day:%Y%m%d}_openinterest_{style}.zip"
            if (self.root / path).is_file():
                found.setdefault("open_interest", path)
        path = f"option/usa/universes/{symbol.lower()}/{before:%Y%m%d}.csv"
        if (self.root / path).is_file():
            found["universe"] = path
        return found

    def require(self, symbol: str, day: date) -> dict[str, str]:
        """Return topic to file of a symbol and day, at least one of them."""
        found = {t: path for t in self.topics if (path := self.find(t, symbol, day)) is not None}
        if found:
            return found
        symbols, days = self.symbols(), self.days(symbol)
        if symbol not in symbols:
            raise UserError(f"{self.root}: no data of symbol {symbol}; there are {_listed(symbols)}")
        raise UserError(f"{self.root}: no data of {symbol} on {day}; there are {_listed(days)}")

    def symbols(self) -> list[str]:
        """Return the symbols that have a folder."""
        folders = [self.root / f for f in self._folders]
        return sorted({p.name.upper() for f in folders if f.is_dir() for p in f.iterdir() if p.is_dir()})

    def days(self, symbol: str) -> list[str]:
        """Return the dates for which a symbol has any file that can be read here."""
        found: set[str] = set()
        for topic in self.topics:
            folder, endings = LAYOUT[topic]
            for path in (self.root / folder / symbol.lower()).glob("*.zip"):
                stamp, _, ending = path.stem.partition("_")
                if ending in endings and re.fullmatch(r"[0-9]{8}", stamp):
                    found.add(f"{datetime.strptime(stamp, '%Y%m%d'):%Y-%m-%d}")
        return sorted(found)

    def sha256(self, path: str) -> str:
        """Return the hash of a file; of a zip after checking that its directory is intact."""
        if path.endswith(".zip"):
            _names(self.root / path)
        with (self.root / path).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def read(self, path: str) -> dict[str, bytes]:
        """Return entry name to text, in the order of the names."""
        full = self.root / path
        names = _names(full)
        try:
            with zipfile.ZipFile(full) as archive:
                return {name: archive.read(name) for name in names}
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            NotImplementedError,
            RuntimeError,
        ) as e:
            raise UserError(f"{full}: the zip is damaged ({e}); fetch it again") from None


def _names(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [i for i in archive.infolist() if not i.is_dir()]
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError) as e:
        raise UserError(
            f"{path}: not a readable zip, perhaps cut short ({e}); fetch the file again"
        ) from None
    size = sum(i.file_size for i in entries)
    if size > MAX_UNPACKED_BYTES:
        raise UserError(f"{path}: unpacks to {size} bytes, at most {MAX_UNPACKED_BYTES} are allowed")
    return sorted(i.filename for i in entries)


def _listed(values: list[str]) -> str:
    if not values:
        return "none"
    more = len(values) - MAX_SHOWN
    return ", ".join(values[:MAX_SHOWN]) + (f" and {more} more" if more > 0 else "")
