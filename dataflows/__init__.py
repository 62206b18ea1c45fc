"""The flows: wiring that reads like the picture, over a pure core.

Owns where compiled kernels are kept. Numba keys its cache by the file of the caller alone, so a change
in a callee would run old code; the folder is therefore named by a hash of all sources of the core.
"""

import hashlib
import os
import sys
import tempfile
from pathlib import Path

import numba


def _cache_folder() -> Path:
    """Return a folder for this state of the sources: in the environment, else where one can write."""
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted((Path(__file__).parent / "analytics").rglob("*.py")):
        digest.update(source.read_bytes())
    name = f"kernels-{digest.hexdigest()[:16]}"
    user = Path(tempfile.gettempdir()) / f"islandflow-{os.getuid()}"
    for root in (
        Path(sys.prefix) / "var" / "islandflow",
        Path("~/.cache/islandflow").expanduser(),
        user,
    ):
        try:
            (root / name).mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(root / name, os.W_OK):
            return root / name
    return user


if "NUMBA_CACHE_DIR" not in os.environ:
    setattr(numba.config, "CACHE_DIR", str(_cache_folder()))  # noqa: B010 (numba makes it at import)
