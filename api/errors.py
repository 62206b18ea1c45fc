"""What a request is told when it cannot be served: a status and one sentence, never a traceback."""

from __future__ import annotations


class ApiError(Exception):
    """A request that is refused. `status` is the HTTP status, `sentence` what is shown."""

    def __init__(self, status: int, sentence: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = headers or {}


def bad_request(sentence: str) -> ApiError:
    """The request itself is wrong (400)."""
    return ApiError(400, sentence)


def not_found(sentence: str) -> ApiError:
    """There is no such thing (404)."""
    return ApiError(404, sentence)
