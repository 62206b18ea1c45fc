"""The pulse of the stream: the last heartbeat, the session, and how many rows each channel carries.

Owns what the status message says. Fed by the reader thread; read by anyone, as plain values.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import orjson

from api.channels import CHANNELS
from schemas.columns import Batch
from schemas.kinds import KIND

STALE_S: Final = 3.0
_HEARTBEAT: Final = KIND.index("heartbeat")
_SESSION: Final = KIND.index("session")
_END: Final = KIND.index("end")


@dataclass(slots=True)
class Pulse:
    """Times in ns: `ingest_ns` is the wall time on the last heartbeat, `event_ns` its own."""

    ingest_ns: int | None = None
    event_ns: int | None = None
    has_ended: bool = False
    session: dict[str, Any] = field(default_factory=dict)
    session_ns: int = -1
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CHANNELS, 0))

    def count(self, channel: str, rows: int) -> None:
        """Count rows of a channel for its rate."""
        self.counts[channel] += rows

    def observe(self, reference: Batch) -> None:
        """Take the control records of a batch of `reference`."""
        kind = reference["kind"]
        beats = np.flatnonzero(kind == _HEARTBEAT)
        if len(beats):
            self.ingest_ns = max(self.ingest_ns or 0, int(reference["ingest_ts"][beats].max()))
            self.event_ns = max(self.event_ns or 0, int(reference["source_ts"][beats].max()))
        self.has_ended = self.has_ended or bool((kind == _END).any())
        for row in np.flatnonzero(kind == _SESSION).tolist():
            stamp = int(reference["source_ts"][row])
            if stamp > self.session_ns:
                self.learn(stamp, reference["detail"][row].as_py())

    def learn(self, session_ns: int, detail: str) -> None:
        """Take a session record, unless a newer one is known or it is no JSON object."""
        if session_ns < self.session_ns:
            return
        try:
            content = orjson.loads(detail)
        except orjson.JSONDecodeError:
            return
        if isinstance(content, dict):
            self.session, self.session_ns = content, session_ns

    def lag_ms(self, now_ns: int) -> float | None:
        """Wall time since the last heartbeat was written; None before the first."""
        return None if self.ingest_ns is None else max(0.0, (now_ns - self.ingest_ns) / 1e6)

    def is_stale(self, now_ns: int) -> bool:
        """Whether no heartbeat was written for STALE_S, or there was none at all."""
        lag = self.lag_ms(now_ns)
        return lag is None or lag > STALE_S * 1000

    def status(self, now_s: float, rates: Mapping[str, float]) -> dict[str, Any]:
        """The status message; `now_s` is wall time since 1970."""
        now_ns = int(now_s * 1e9)
        lag = self.lag_ms(now_ns)
        return {
            "type": "status",
            "feed_lag_ms": None if lag is None else round(lag, 1),
            "event_ts": None if self.event_ns is None else str(self.event_ns),
            "is_stale": self.is_stale(now_ns),
            "has_ended": self.has_ended,
            "rates": dict(rates),
        }


class RateMeter:
    """Rows a second of each channel between two readings."""

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse
        self._counts = dict(pulse.counts)
        self._at_s = time.monotonic()

    def read(self) -> dict[str, float]:
        """Rates since the last reading, one decimal; channels without rows are 0."""
        counts, now_s = dict(self._pulse.counts), time.monotonic()
        elapsed_s = max(1e-3, now_s - self._at_s)
        rates = {n: round((counts[n] - self._counts[n]) / elapsed_s, 1) for n in counts}
        self._counts, self._at_s = counts, now_s
        return rates
