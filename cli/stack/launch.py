"""Starts one child so that it does not outlive its parent. Runs alone: imports nothing of ours.

`launch.py MODE PARENT WATCH_FD PROGRAM ARG...`: with MODE `prctl` the kernel sends SIGTERM when
the parent's thread ends; with MODE `pipe` this process stays and watches a pipe instead.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from types import FrameType

PR_SET_PDEATHSIG = 1
STOP_WAIT_S = 20.0
POLL_S = 0.2


def die_with_parent(parent: int) -> bool:
    """Ask the kernel for SIGTERM at the parent's death; False where it has no such call."""
    import ctypes

    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0) != 0:
            return False
    except (OSError, AttributeError):
        return False
    if os.getppid() != parent:  # it died before the call
        sys.exit(0)
    return True


def watch(argv: list[str], watch_fd: int) -> int:
    """Run `argv`, stop it when the other end of the pipe closes, pass SIGTERM on."""
    child = subprocess.Popen(argv)

    def stop(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(number)

    signal.signal(signal.SIGTERM, stop)
    while child.poll() is None:
        readable, _, _ = select.select([watch_fd], [], [], POLL_S)
        if readable and not os.read(watch_fd, 1):
            return _end(child)
    return child.returncode


def _end(child: subprocess.Popen[bytes]) -> int:
    child.terminate()
    deadline = time.monotonic() + STOP_WAIT_S
    while child.poll() is None:
        if time.monotonic() > deadline:
            child.kill()
        time.sleep(POLL_S)
    return child.returncode


def main(args: list[str]) -> int:
    """Become, or guard, the given program."""
    mode, parent, watch_fd, argv = args[0], int(args[1]), int(args[2]), args[3:]
    if mode == "prctl" and die_with_parent(parent):
        os.close(watch_fd)
        os.execv(argv[0], argv)
    return watch(argv, watch_fd)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
