"""The flows: wiring that reads like the picture, over a pure core.

Owns where compiled kernels are kept. Numba keys its cache by the file of the caller alone, so a change
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
_CORE = _HERE / "analytics"
_IMPORT = re.compile(r"^from ((?:dataflows\.analytics|schemas)[\w.]*) import (\([^)]*\)|.*)$", re.MULTILINE)
_NAME = re.compile(r"\w+")


def _source(module: str) -> Path:
    return _HERE.parent.joinpath(*module.split(".")).with_suffix(".py")


def _imported(text: str) -> set[str]:
    """Return the modules of the core and of schemas that a source names, modules out of packages too."""
    found = set()
    for package, names in _IMPORT.findall(text):
        inside = {f"{package}.{name}" for name in _NAME.findall(names)}
        found |= {m for m in (package, *inside) if _source(m).is_file()}
    return found


@cache
def _needed(module: str) -> frozenset[str]:
    """Return the modules that one needs, itself included."""
    found, open_ends = {module}, [module]
    while open_ends:
        fresh = _imported(_source(open_ends.pop()).read_text(encoding="utf-8")) - found
        found |= fresh
        open_ends += sorted(fresh)
    return frozenset(found)


@cache
def _stamp(module: str) -> str:
    digest = hashlib.sha256(numba.__version__.encode())
    for name in sorted(_needed(module)):
        digest.update(_source(name).read_bytes())
    return digest.hexdigest()


@cache
def _folder() -> Path:
    """Return where kernels are kept: in the environment, else where one can write."""
    user = Path(tempfile.gettempdir()) / f"islandflow-{Path.home().name}"
    for root in (Path(sys.prefix) / "var" / "islandflow", Path("~/.cache/islandflow").expanduser(), user):
        try:
            (root / "core").mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=root / "core").close()
        except OSError:
            continue
        return root / "core"
    return user


class _Kernels(caching.UserProvidedCacheLocator):
    """Numba's cache for the modules of the core, and for no other."""

    def __init__(self, py_func: Any, py_file: str) -> None:
        super().__init__(py_func, py_file)  # type: ignore[no-untyped-call]
        inner = Path(py_file).relative_to(_HERE.parent).with_suffix("")
        self._module = ".".join(inner.parts)
        self._cache_path = str(_folder())

    def get_source_stamp(self) -> str:
        return _stamp(self._module)

    def get_disambiguator(self) -> str:
        # In the name of the file: an index of other sources may hold types that no longer exist.
        return f"{self._lineno}-{_stamp(self._module)[:16]}"

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Any:
        return cls(py_func, py_file) if _CORE in Path(py_file).parents else None


caching.CacheImpl._locator_classes.insert(0, _Kernels)
