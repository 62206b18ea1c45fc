"""A market whose whole truth is known: orders in, prints and quotes out, deterministic by seed.

Owns where its compiled kernels are kept. Numba keys its cache by the file of the caller alone, so a change
in a callee would run old code; a kernel here is therefore stamped with the sources it imports, all the way.
"""

import hashlib
import re
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import caching

_HERE = Path(__file__).parent
_IMPORT = re.compile(r"^from synthetic\.(\w+) import", re.MULTILINE)


@cache
def _needed(module: str) -> frozenset[str]:
    """Return the modules of this package that one needs, itself included."""
    found, open_ends = {module}, [module]
    while open_ends:
        source = _HERE / f"{open_ends.pop()}.py"
        text = source.read_text(encoding="utf-8") if source.is_file() else ""
        fresh = set(_IMPORT.findall(text)) - found
        found |= fresh
        open_ends += sorted(fresh)
    return frozenset(found)


@cache
def _stamp(module: str) -> str:
    digest = hashlib.sha256(numba.__version__.encode())
    for name in sorted(_needed(module)):
        source = _HERE / f"{name}.py"
        digest.update(source.read_bytes() if source.is_file() else name.encode())
    return digest.hexdigest()


@cache
def _folder() -> Path:
    """Return where kernels are kept: in the environment, else where one can write."""
    user = Path(tempfile.gettempdir()) / f"islandflow-{Path.home().name}"
    for root in (Path(sys.prefix) / "var" / "islandflow", Path("~/.cache/islandflow").expanduser(), user):
        try:
            (root / "synthetic").mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=root / "synthetic").close()
        except OSError:
            continue
        return root / "synthetic"
    return user


class _Kernels(caching.UserProvidedCacheLocator):
    """Numba's cache for the modules of this package, and for no other."""

    def __init__(self, py_func: Any, py_file: str) -> None:
        super().__init__(py_func, py_file)  # type: ignore[no-untyped-call]
        self._module = Path(py_file).stem
        self._cache_path = str(_folder())

    def get_source_stamp(self) -> str:
        return _stamp(self._module)

    def get_disambiguator(self) -> str:
        # In the name of the file: an index of other sources may hold types that no longer exist.
        return f"{self._lineno}-{_stamp(self._module)[:16]}"

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Any:
        return cls(py_func, py_file) if Path(py_file).parent == _HERE else None


caching.CacheImpl._locator_classes.insert(0, _Kernels)
