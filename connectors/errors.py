"""The two failures a person sees as one sentence. Owns no handling: the command line does that."""

from __future__ import annotations


class UserError(Exception):
    """What was asked for cannot be done: says what, where and what is allowed (exit code 2)."""

    exit_code = 2


class ServiceError(Exception):
    """A service failed or cannot be reached: says which one and what to do (exit code 1)."""

    exit_code = 1
