"""The store's errors in ClickHouse's words: code, name, HTTP status. Owns the mapping only."""

from __future__ import annotations

import re

_CODE = re.compile(r"Code: (\d+)\. (.*)", re.DOTALL)
_STATUS = {
    **dict.fromkeys((60, 81, 46, 115, 16), 404),
    **dict.fromkeys((6, 26, 27, 36, 38, 41, 42, 43, 47, 53, 62, 72, 117, 456, 457), 400),
    **dict.fromkeys((164, 344, 497), 403),
    159: 408,
    202: 503,
    48: 501,
}
TOO_LARGE = 307


class StoreError(Exception):
    """One refused or failed statement."""

    def __init__(self, code: int, name: str, text: str) -> None:
        super().__init__(f"Code: {code}. DB::Exception: {text}. ({name})")
        self.code = code

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return status_of(self.code)


def status_of(code: int) -> int:
    """The HTTP status of an engine code; 500 where nothing closer is known."""
    return 413 if code == TOO_LARGE else _STATUS.get(code, 500)


def describe(error: Exception, version: str) -> tuple[int, str]:
    """(engine code, the message a ClickHouse server would send)."""
    found = _CODE.search(str(error))
    code = int(found.group(1)) if found else 1000
    text = found.group(0) if found else f"Code: 1000. DB::Exception: {error}. (UNKNOWN)"
    return code, text if "(version " in text else f"{text} (version {version})\n"
