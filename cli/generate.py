"""`python -m cli.generate [--check]`: write what is derived from the tables of the code, or compare it.

Owns the disk side of `schemas.generate` and of the references that the core's tables make. Refuses to leave
a stale or an orphaned generated file.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cli.methods import methods_reference
from dataflows.analytics.rules.reference import classifier_reference
from schemas.generate import GENERATED_FOLDERS, generated_files

ROOT: Final = Path(__file__).resolve().parent.parent
REFERENCES: Final[dict[str, Callable[[], str]]] = {
    "docs/classifiers.md": classifier_reference,
    "docs/methods.md": methods_reference,
}


def all_files() -> dict[str, str]:
    """Return the content of every generated file by its path below the project's root."""
    return generated_files() | {name: text() for name, text in REFERENCES.items()}


def stale_files(root: Path = ROOT) -> list[str]:
    """Return the generated files that are missing, differ, or that nothing generates."""
    files = all_files()
    stale = [name for name, text in files.items() if not _holds(root / name, text)]
    return sorted(stale + orphans(root))


def orphans(root: Path = ROOT) -> list[str]:
    """Return the files in generated folders that nothing generates."""
    known = set(all_files())
    present = (p for folder in GENERATED_FOLDERS for p in sorted((root / folder).glob("*")))
    return [name for p in present if (name := p.relative_to(root).as_posix()) not in known]


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def write_files(root: Path = ROOT) -> list[str]:
    """Write the generated files, remove orphans, and return the names that changed."""
    changed = stale_files(root)
    for name in orphans(root):
        (root / name).unlink()
    for name, text in all_files().items():
        path = root / name
        if not _holds(path, text):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return changed


def main() -> int:
    """Run the command; 0 when all is in order, 1 when --check found a stale file."""
    parser = argparse.ArgumentParser(prog="python -m cli.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    is_check = parser.parse_args().check
    changed = stale_files() if is_check else write_files()
    for name in changed:
        print(f"{'stale' if is_check else 'written'}: {name}")
    return 1 if is_check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
