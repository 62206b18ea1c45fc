"""`/health`: each dependency asked with a short wait, and one word for the whole.

Owns the word: `down` without broker or store (nothing can be shown), `degraded` when the cache,
the archive or the stream is behind, else `ok`. Answers are kept for a second, so that asking often
costs nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec
from redis.exceptions import RedisError

from api.deps import Gateway
from api.sql import select_counts
from connectors.clickhouse_read import NothingStored, QueryTooSlow
from connectors.errors import ServiceError
from connectors.kafka import admin_client
from schemas.topics import TOPIC, physical_name

CHECK_WAIT_S: Final = 2.0
KEPT_S: Final = 1.0
ARCHIVE_BEHIND_ROWS: Final = 100_000
VITAL: Final = ("broker", "store")

Check = Callable[[], Awaitable[str]]


class Unwell(Exception):
    """A check that failed; the text says what was seen."""


@dataclass(slots=True)
class Health:
    """The checks of one gateway."""

    gateway: Gateway
    _admin: AdminClient | None = None
    _kept: dict[str, Any] | None = None
    _kept_until_s: float = 0.0

    async def report(self) -> dict[str, Any]:
        """Run every check at once; a second's repeats get the same answer."""
        if self._kept is None or time.monotonic() >= self._kept_until_s:
            checks: dict[str, Check] = {
                "broker": self._broker,
                "store": self._store,
                "cache": self._cache,
                "archive": self._archive,
                "stream": self._stream,
            }
            results = await asyncio.gather(*(_measure(c) for c in checks.values()))
            found = dict(zip(checks, results, strict=True))
            self._kept = {"status": _word(found), "checks": found}
            self._kept_until_s = time.monotonic() + KEPT_S
        return self._kept

    async def _broker(self) -> str:
        topics = await asyncio.to_thread(self._metadata)
        prefix = f"{self.gateway.namespace}."
        return f"{sum(t.startswith(prefix) for t in topics)} topics of the namespace"

    def _metadata(self) -> list[str]:
        return list(self._client().list_topics(timeout=CHECK_WAIT_S - 0.5).topics)

    def _client(self) -> AdminClient:
        if self._admin is None:
            self._admin = admin_client(self.gateway.bootstrap)
        return self._admin

    async def _store(self) -> str:
        await asyncio.to_thread(self.gateway.store.ping)
        return "answers"

    async def _cache(self) -> str:
        if not await self.gateway.limiter.ping():
            raise Unwell("no address is set; rate limits are kept in this process")
        return "answers"

    async def _archive(self) -> str:
        behind = await asyncio.to_thread(self._rows_behind)
        if behind > ARCHIVE_BEHIND_ROWS:
            raise Unwell(f"{behind} log records are not in the store yet")
        return f"{behind} log records behind"

    def _rows_behind(self) -> int:
        """Records in the log less rows in the tables, over all topics; two cheap questions."""
        counted = self.gateway.store.columns(select_counts())
        rows = dict(zip(counted["topic"], counted["rows"], strict=True))
        physical = {physical_name(self.gateway.namespace, name): name for name in TOPIC}
        found = self._client().list_topics(timeout=CHECK_WAIT_S - 0.5).topics
        latest = OffsetSpec.latest()
        wanted = {
            TopicPartition(topic, partition): latest
            for topic in physical
            if topic in found
            for partition in found[topic].partitions
        }
        ends = dict.fromkeys(TOPIC, 0)
        if wanted:
            answers = self._client().list_offsets(wanted, request_timeout=CHECK_WAIT_S - 0.5)
            for at, future in answers.items():
                ends[physical[at.topic]] += int(future.result().offset)
        return sum(max(0, ends[name] - int(rows.get(name, 0))) for name in TOPIC)

    async def _stream(self) -> str:
        pulse, reader = self.gateway.hub.pulse, self.gateway.reader
        if not reader.is_alive or reader.error:
            raise Unwell(f"the reader is not reading: {reader.error or 'its thread has ended'}")
        lag_ms = pulse.lag_ms(time.time_ns())
        if pulse.has_ended:
            return "the session has ended"
        if lag_ms is None:
            raise Unwell("no heartbeat has been seen")
        if pulse.is_stale(time.time_ns()):
            raise Unwell(f"the last heartbeat is {lag_ms / 1000:.1f} s old")
        return f"the last heartbeat is {lag_ms:.0f} ms old"


async def _measure(check: Check) -> dict[str, Any]:
    start_s = time.monotonic()
    try:
        detail, is_ok = await asyncio.wait_for(check(), CHECK_WAIT_S), True
    except TimeoutError:
        detail, is_ok = f"no answer within {CHECK_WAIT_S:.0f} s", False
    except Unwell as unwell:
        detail, is_ok = str(unwell), False
    except NothingStored:
        detail, is_ok = "nothing of this namespace is stored yet", False
    except (KafkaException, RedisError, ServiceError, QueryTooSlow, OSError) as error:
        detail, is_ok = f"cannot be reached ({type(error).__name__})", False
    return {
        "ok": is_ok,
        "detail": detail,
        "latency_ms": round((time.monotonic() - start_s) * 1e3, 1),
    }


def _word(checks: dict[str, dict[str, Any]]) -> str:
    if not all(checks[name]["ok"] for name in VITAL):
        return "down"
    return "ok" if all(c["ok"] for c in checks.values()) else "degraded"
