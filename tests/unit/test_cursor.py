"""A cursor comes back as it was given, and nothing else is taken for one."""

from __future__ import annotations

import base64

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.cursor import CursorRefused, Position, decode_cursor, encode_cursor, question_digest

INT63 = st.integers(0, 2**63 - 1)
DIGEST = question_digest(["options.placed", True])


@settings(deadline=None)
@given(INT63, st.integers(0, 2**16 - 1), INT63)
def test_a_cursor_returns_its_position(time_ns: int, partition: int, offset: int) -> None:
    position = Position(time_ns, partition, offset)
    assert decode_cursor(encode_cursor(position, DIGEST), DIGEST) == position


def test_a_cursor_of_another_question_is_refused() -> None:
    cursor = encode_cursor(Position(1, 2, 3), question_digest(["flow.packets"]))
    with pytest.raises(CursorRefused, match="another question"):
        decode_cursor(cursor, DIGEST)


@settings(deadline=None)
@given(st.text(max_size=300))
def test_arbitrary_text_is_refused(text: str) -> None:
    with pytest.raises(CursorRefused):
        decode_cursor(text, DIGEST)


@pytest.mark.parametrize(
    "fields",
    [
        [1, 1, 1, 1],
        [2, 1, 1, 1, DIGEST],
        [1, "1", 1, 1, DIGEST],
        [1, 1.5, 1, 1, DIGEST],
        [1, True, 1, 1, DIGEST],
        [1, 2**63, 1, 1, DIGEST],
        [1, 1, 1, -1, DIGEST],
        [1, 1, 2**16, 1, DIGEST],
        [1, 1, 1, None, DIGEST],
        [1, 1, 1, 1, [DIGEST]],
        {"v": 1},
    ],
)
def test_forged_fields_are_refused(fields: object) -> None:
    forged = base64.urlsafe_b64encode(orjson.dumps(fields)).decode()
    with pytest.raises(CursorRefused):
        decode_cursor(forged, DIGEST)
