"""`python -m api.serve --namespace NS --port N`: the gateway on loopback until SIGTERM.

Owns the socket it listens on. A port in use is one sentence and exit code 2.
"""

from __future__ import annotations

import argparse
import ipaddress
import logging
import signal
import socket
import sys
from types import FrameType
from typing import Final

import uvicorn

from api.app import create_app
from connectors.errors import UserError
from connectors.settings import load_settings
from connectors.topics_admin import check_namespace

WS_MAX_BYTES: Final = 64 * 1024
WS_PING_S: Final = 20.0
STOP_WAIT_S: Final = 5
UNREAD_WAIT_MS: Final = 30_000
SEND_BUFFER_BYTES: Final = 256 * 1024
BACKLOG: Final = 128


def listen(host: str, port: int) -> socket.socket:
    """Take the port. Raises UserError when it is in use or the address is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sets TCP_NODELAY: else each small answer waits 40 ms.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # What waits for a slow page waits in its queue, where old rows give way to new ones.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # Connections inherit it: one whose peer takes nothing does not linger after its close.
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_WAIT_MS)
    try:
        bound.bind((host, port))
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        raise UserError(
            f"port {port} on {host} cannot be used ({error.strerror}): choose another with --port"
        ) from None
    return bound


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Read the arguments. Raises UserError."""
    parser = argparse.ArgumentParser(prog="python -m api.serve", description=__doc__)
    parser.add_argument("--namespace", required=True, help="the run that is shown")
    parser.add_argument("--port", type=int, default=8000, help="0 takes any free port")
    parser.add_argument("--host", default="127.0.0.1", help="an address; loopback by default")
    parser.add_argument("--allow-host", action="append", default=[], help="a further host name")
    parser.add_argument("--explain", help="the module that is started to compute an alert again")
    args = parser.parse_args(argv)
    check_namespace(args.namespace)
    if not 0 <= args.port <= 65535:
        raise UserError(f"port {args.port} must be between 0 and 65535")
    return args


def serve(args: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    hosts = [*args.allow_host, *_own_name(args.host)]
    app = create_app(load_settings(), args.namespace, hosts, args.explain)
    bound = listen(args.host, args.port)
    config = uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=WS_MAX_BYTES,
        ws_ping_interval=WS_PING_S,
        ws_ping_timeout=WS_PING_S,
        timeout_graceful_shutdown=STOP_WAIT_S,
        access_log=False,
        server_header=False,
        log_level="warning",
    )
    sys.stdout.write(f"gateway on http://{args.host}:{bound.getsockname()[1]}\n")
    sys.stdout.flush()
    # Having stopped, the server raises the signal again: being told to stop is no failure.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _noted)
    uvicorn.Server(config).run(sockets=[bound])


def _noted(number: int, frame: FrameType | None) -> None:
    """Do nothing more about a signal."""


def _own_name(host: str) -> list[str]:
    """The address we listen on may be asked by its own name, unless it means every address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return [host]
    if address.is_unspecified:
        return []
    return [f"[{address}]" if address.version == 6 else str(address)]


def main(argv: list[str] | None = None) -> int:
    """Run; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        serve(parse(argv))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
