"""The last rows of a channel, as columns, under positions that only grow.

Owns the bound: at most `limit` rows are kept, the oldest go first. A position is the number of
rows ever appended; a cursor is a position. Pure.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from schemas.columns import Batch, concat

MAX_PIECES: Final = 64


class Ring:
    """Rows `start` to `position` of one channel. Not safe for threads by itself."""

    def __init__(self, limit: int) -> None:
        assert limit > 0
        self._limit = limit
        self._pieces: deque[Batch] = deque()
        self._rows = 0
        self.position = 0

    @property
    def start(self) -> int:
        """The position before the oldest row that is kept."""
        return self.position - self._rows

    def append(self, batch: Batch) -> None:
        """Add rows at the end and let the oldest beyond the limit go."""
        count = len(batch)
        if count == 0:
            return
        self.position += count
        self._pieces.append(batch.slice(max(0, count - self._limit), count))
        self._rows += min(count, self._limit)
        self._trim()

    def _trim(self) -> None:
        excess = self._rows - self._limit
        while excess > 0:
            head = self._pieces.popleft()
            if len(head) > excess:
                self._pieces.appendleft(head.slice(excess, len(head)))
            removed = min(len(head), excess)
            self._rows -= removed
            excess -= removed
        if len(self._pieces) > MAX_PIECES:
            # A copy also lets go of the large buffers that small slices keep alive.
            self._pieces = deque([concat(tuple(self._pieces))])

    def since(self, position: int) -> Batch | None:
        """Return the kept rows after `position`, or None where there are none."""
        wanted = self.position - max(position, self.start)
        if wanted <= 0:
            return None
        rows = concat(tuple(self._pieces))
        self._pieces = deque([rows])
        return rows.slice(len(rows) - wanted, len(rows))

    def clear(self) -> None:
        """Forget the rows; positions go on."""
        self._pieces.clear()
        self._rows = 0
