"""Receipts for the gateway: processes that compute an alert again, bounded in number and time.

Owns the queue before them and the limits. The gateway does not know how a receipt is made: it starts the
module it was told of, which prints JSON, or one sentence and exit code 2 for a wrong question. Refuses to
wait for ever: a full queue and a spent limit are 503.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import structlog

from api.errors import ApiError, not_found

AT_ONCE: Final = 1  # it computes on one core; the others are for the tape
WAITING_MAX: Final = 4
SHALLOW_S: Final = 30.0
DEEP_S: Final = 120.0
STARTING_S: Final = 10.0  # the process loads its kernels before its own limit begins
WRONG_QUESTION: Final = 2

log = structlog.get_logger()


@dataclass(slots=True)
class Explainer:
    """Starts `module` for the alerts of one namespace. Without a module there is nothing to start."""

    module: str | None
    namespace: str
    _waiting: int = 0
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def explain(self, alert_id: str, is_deep: bool) -> dict[str, Any]:
        """Return the receipt of an alert. Raises ApiError."""
        if self.module is None:
            raise ApiError(501, "this gateway was started without --explain, so it computes nothing again")
        if self._waiting >= WAITING_MAX:
            raise ApiError(503, "other alerts are being computed again; ask later", {"Retry-After": "5"})
        self._waiting += 1
        try:
            async with self._turns:
                return await self._run(alert_id, is_deep)
        finally:
            self._waiting -= 1

    async def _run(self, alert_id: str, is_deep: bool) -> dict[str, Any]:
        limit_s = DEEP_S if is_deep else SHALLOW_S
        assert self.module is not None
        argv = [sys.executable, "-m", self.module, "--namespace", self.namespace, "--alert", alert_id]
        argv += ["--seconds", str(limit_s), *(["--deep"] if is_deep else [])]
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*argv, stdout=pipe, stderr=pipe)
        try:
            out, err = await asyncio.wait_for(process.communicate(), limit_s + STARTING_S)
        except TimeoutError:
            raise ApiError(503, f"computing it again took longer than {limit_s:.0f} s") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return _answer(alert_id, process.returncode, out, err)


def _answer(alert_id: str, code: int | None, out: bytes, err: bytes) -> dict[str, Any]:
    """Return what the process printed, or raise what its exit code means."""
    if code == 0:
        found: dict[str, Any] = orjson.loads(out)
        return found
    lines = err.decode(errors="replace").strip().splitlines()
    sentence = lines[-1] if lines else "no reason given"
    if code == WRONG_QUESTION:
        raise not_found(sentence)
    log.error("an alert could not be computed again", alert_id=alert_id, code=code, said=sentence)
    raise ApiError(503, f"it could not be computed again: {sentence}", {"Retry-After": "2"})
