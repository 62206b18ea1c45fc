"""Rate limits in Redis, shared by every gateway process; a local one stands in when it is down.

Owns the token bucket. Nothing of the flow is kept here, so losing it loses nothing. Refuses to wait
for Redis: after a failure it is left alone for RETRY_S seconds.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

WAIT_S: Final = 0.25
PING_WAIT_S: Final = 1.0
RETRY_S: Final = 5.0
LOCAL_BUCKETS: Final = 10_000

# Refill by the server's own clock, so that processes need not agree on the time.
_TAKE: Final = """
local now = redis.call('TIME')
local t = tonumber(now[1]) + tonumber(now[2]) / 1e6
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local held = redis.call('HMGET', KEYS[1], 'n', 't')
local n = math.min(burst, (tonumber(held[1]) or burst) + (t - (tonumber(held[2]) or t)) * rate)
local wait = 0
if n >= 1 then n = n - 1 else wait = (1 - n) / rate end
redis.call('HSET', KEYS[1], 'n', n, 't', t)
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000)
return tostring(wait)
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket of `burst` tokens that refills by `per_s` a second."""

    per_s: float
    burst: int


class LocalBuckets:
    """Token buckets of this process; at most `limit` are kept, the least used go."""

    def __init__(self, limit: int = LOCAL_BUCKETS) -> None:
        self._limit = limit
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, rate: Rate, now_s: float) -> float:
        """Take a token; returns 0, or the seconds until there is one."""
        tokens, at_s = self._held.pop(key, (float(rate.burst), now_s))
        tokens = min(rate.burst, tokens + max(0.0, now_s - at_s) * rate.per_s)
        wait_s = 0.0 if tokens >= 1 else (1 - tokens) / rate.per_s
        self._held[key] = (tokens - 1 if tokens >= 1 else tokens, now_s)
        if len(self._held) > self._limit:
            self._held.popitem(last=False)
        return wait_s


class RateLimiter:
    """Token buckets in Redis under `prefix`, local ones while it cannot be reached."""

    def __init__(self, url: str | None, prefix: str, rate: Rate) -> None:
        self._prefix = prefix
        self._rate = rate
        self._local = LocalBuckets()
        self._away_until_s = 0.0
        self._redis: Any = url and Redis.from_url(
            url, socket_timeout=WAIT_S, socket_connect_timeout=WAIT_S, max_connections=16
        )

    async def take(self, key: str) -> float:
        """Take a token of a key; returns 0, or the seconds until there is one."""
        now_s = time.monotonic()
        if self._redis and now_s >= self._away_until_s:
            try:
                name = f"{self._prefix}:rate:{key}"
                wait = await self._redis.eval(_TAKE, 1, name, self._rate.per_s, self._rate.burst)
                return float(wait)
            except (RedisError, OSError):
                self._away_until_s = time.monotonic() + RETRY_S
        return self._local.take(key, self._rate, now_s)

    async def ping(self) -> bool:
        """Whether Redis answers. Raises RedisError or OSError where it cannot be reached."""
        return bool(self._redis and await self._redis.ping())

    async def close(self) -> None:
        """Let go of the connections."""
        if self._redis:
            await self._redis.aclose()
