"""The files of a recording: which they are, their hashes, and how they are called in sentences.

Owns the sentences about files that are missing, empty or given twice. Refuses two files with the same
bytes: their rows would count twice.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from connectors.errors import UserError


def checked(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the files in the order of their paths, links followed.

    Raises:
        UserError: none is given, or one is missing, no file, empty, unreadable or given twice.
    """
    found = sorted(p.absolute() for p in paths)
    if not found:
        raise UserError("no file was given")
    seen: dict[Path, Path] = {}
    for path in found:
        real = path.resolve()
        if not path.exists():
            raise UserError(f"{path}: no such file")
        if not path.is_file():
            raise UserError(f"{path}: is no file")
        if real in seen:
            raise UserError(f"{path}: was given twice" + _also(path, seen[real]))
        if path.stat().st_size == 0:
            raise UserError(f"{path}: is empty")
        if not os.access(path, os.R_OK):
            raise UserError(f"{path}: may not be read; check its permissions")
        seen[real] = path
    return tuple(found)


def _also(path: Path, other: Path) -> str:
    return "" if path == other else f", as {other} too"


def places(paths: Sequence[Path]) -> dict[Path, str]:
    """Return what each file is called below the folder that holds them all."""
    parents = [str(p.absolute().parent) for p in paths]
    root = Path(os.path.commonpath(parents)) if parents else Path()
    return {p: p.absolute().relative_to(root).as_posix() for p in paths}


def digests(paths: Sequence[Path]) -> Mapping[str, str]:
    """Return the SHA-256 of each file by its place below the common folder.

    Raises:
        UserError: two files hold the same bytes, or one cannot be read.
    """
    found: dict[str, str] = {}
    owner: dict[str, str] = {}
    for path, place in places(paths).items():
        try:
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise UserError(f"{path}: cannot be read ({error.strerror})") from None
        if digest in owner:
            raise UserError(f"{place} and {owner[digest]} hold the same bytes; give one of them")
        found[place], owner[digest] = digest, place
    return found
