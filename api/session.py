"""What is being shown: the namespace, its feed, and whether its data are made up.

Owns the reading of the session record, from the stream or, where the stream began later, from the
store. Refuses to guess: what the record does not say is null, and unmarked data are not called
synthetic.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Final

from api.channels import CHANNELS
from api.pulse import Pulse
from api.sql import select_session
from connectors.clickhouse_read import NothingStored, QueryTooSlow, ReadStore
from connectors.errors import ServiceError

ASK_STORE_S: Final = 5.0


class Sessions:
    """The newest session record known to this process."""

    def __init__(self, namespace: str, pulse: Pulse, store: ReadStore) -> None:
        self._namespace = namespace
        self._pulse = pulse
        self._store = store
        self._lock = threading.Lock()
        self._asked_s = float("-inf")

    def refresh(self) -> None:
        """Ask the store when the stream has said nothing, every ASK_STORE_S at most. Blocks."""
        with self._lock:
            if self._pulse.session or time.monotonic() - self._asked_s < ASK_STORE_S:
                return
            self._asked_s = time.monotonic()
        try:
            found = self._store.columns(select_session())
        except (NothingStored, QueryTooSlow, ServiceError):
            return
        for stamp, detail in zip(found["source_ts"], found["detail"], strict=True):
            self._pulse.learn(int(stamp), detail)

    def hello(self) -> dict[str, Any]:
        """The first message of a socket, sent again when the session changes."""
        about = self.describe()
        kept = {name: about[name] for name in ("namespace", "feed", "is_synthetic", "session")}
        return {"type": "hello", **kept, "channels": list(CHANNELS)}

    @property
    def stamp_ns(self) -> int:
        """The time of the session record that is shown; -1 before one is known."""
        return self._pulse.session_ns

    def describe(self) -> dict[str, Any]:
        """The session in the form of `/api/session`."""
        record = self._pulse.session
        feed = record.get("feed")
        return {
            "namespace": self._namespace,
            "feed": feed,
            "is_synthetic": bool(record.get("is_synthetic", feed == "synthetic")),
            "inputs": record.get("inputs", []),
            "session": record.get("session", record.get("name")),
            "session_ts": str(self._pulse.session_ns) if record else None,
            "capabilities": record.get("capabilities", {}),
            "detail": record,
        }
