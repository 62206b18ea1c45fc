"""The live sockets: one a client, many channels on it, a sender and a receiver task for each.

Owns their number, their pace and their end: a client whose queue keeps overflowing, or that takes
nothing for SEND_WAIT_S, is closed with 4408. Nothing is sent from the reader's side: it only fills
queues and wakes senders.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from api.fanout import ClientQueue
from api.hub import Hub
from api.pulse import RateMeter
from api.session import Sessions
from api.wire import MessageRefused, encode, error_message, parse_message

MAX_CLIENTS: Final = 64
STATUS_INTERVAL_S: Final = 1.0
SEND_WAIT_S: Final = 15.0
CLOSE_WAIT_S: Final = 10.0
MESSAGES_PER_S: Final = 5.0
MESSAGES_BURST: Final = 20
CLOSE_SLOW: Final = 4408
CLOSE_FULL: Final = 1013
CLOSE_FLOOD: Final = 4429
CLOSE_RESTART: Final = 1012


class Mail:
    """A client's queue and the event that wakes its sender."""

    def __init__(self) -> None:
        self.queue = ClientQueue()
        self.event = asyncio.Event()


class Sockets:
    """The clients of this process. Its methods run on the event loop, except `wake`."""

    def __init__(self) -> None:
        self._clients: dict[int, Mail] = {}
        self._ids = itertools.count(1)
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Belong to a loop from now on."""
        self._loop = loop

    def wake(self, client_ids: list[int]) -> None:
        """Wake the senders of clients that have mail. From any thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is left to wake
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._ring, client_ids)

    def _ring(self, client_ids: list[int]) -> None:
        for client_id in client_ids:
            if client_id in self._clients:
                self._clients[client_id].event.set()

    async def send_status(self, hub: Hub, sessions: Sessions) -> None:
        """Tell every client the pulse each second, and a new session first, until cancelled."""
        meter, told_ns = RateMeter(hub.pulse), sessions.stamp_ns
        while True:
            await asyncio.sleep(STATUS_INTERVAL_S)
            if self._clients:
                await asyncio.to_thread(sessions.refresh)
            if sessions.stamp_ns != told_ns:
                told_ns = sessions.stamp_ns
                self._tell(hub, encode(sessions.hello()))
            self._tell(hub, encode(hub.pulse.status(time.time(), meter.read())))

    def _tell(self, hub: Hub, text: str) -> None:
        for mail in self._clients.values():
            hub.notify(mail.queue, text)
            mail.event.set()

    async def serve(self, socket: WebSocket, hub: Hub, sessions: Sessions) -> None:
        """Run one client until it leaves or is given up."""
        await socket.accept()
        if len(self._clients) >= MAX_CLIENTS:
            await socket.close(CLOSE_FULL, f"at most {MAX_CLIENTS} clients are served")
            return
        client_id, mail = next(self._ids), Mail()
        self._clients[client_id] = mail
        hub.join(client_id, mail.queue)
        mail.queue.notify(encode(sessions.hello()))
        mail.event.set()
        try:
            await _first_of(_send(socket, hub, mail), _receive(socket, hub, client_id, mail))
        finally:
            hub.leave(client_id)
            del self._clients[client_id]


async def _first_of(*tasks: Any) -> None:
    """Run both until one ends, then cancel the other; errors of the network are an end."""
    running = [asyncio.ensure_future(t) for t in tasks]
    try:
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    for task in done:
        error = task.exception()
        if error is not None and not isinstance(error, (WebSocketDisconnect, OSError)):
            raise error


async def _send(socket: WebSocket, hub: Hub, mail: Mail) -> None:
    while True:
        await mail.event.wait()
        mail.event.clear()
        while (text := hub.pop(mail.queue)) is not None:
            try:
                await asyncio.wait_for(socket.send_text(text), SEND_WAIT_S)
            except TimeoutError:
                await _close(socket, CLOSE_SLOW, "the client takes nothing")
                return
            if mail.queue.is_hopeless(time.monotonic()):
                await _close(socket, CLOSE_SLOW, "the client is too slow")
                return


async def _receive(socket: WebSocket, hub: Hub, client_id: int, mail: Mail) -> None:
    tokens, at_s = float(MESSAGES_BURST), time.monotonic()
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        now_s = time.monotonic()
        tokens = min(MESSAGES_BURST, tokens + (now_s - at_s) * MESSAGES_PER_S) - 1
        at_s = now_s
        if tokens < 0:
            await _close(socket, CLOSE_FLOOD, "too many messages")
            return
        try:
            wanted = parse_message(message.get("text") or "")
            hub.subscribe(client_id, mail.queue, wanted)
        except MessageRefused as refused:
            hub.notify(mail.queue, error_message(str(refused)))
        mail.event.set()


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    """Say why and end. A client that takes nothing cannot be told; its connection just ends."""
    with contextlib.suppress(RuntimeError, OSError):
        if socket.client_state == WebSocketState.CONNECTED:
            await asyncio.wait_for(socket.close(code, reason), CLOSE_WAIT_S)
