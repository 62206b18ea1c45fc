"""A warm start is checked before it is used, and told only to sessions that are later than what it knows."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.errors import UserError
from connectors.feed import Chunk, Feed, Note, SessionStart
from connectors.ingest import build_feed
from connectors.publish_rows import identity_of
from connectors.warm_file import ROWS_IN_A_NOTE, Warmed, read_warm, warmed

START = 1_772_461_790 * 10**9
ROW = {"level": "underlying_time", "key": "3", "packets": 40, "spread_packets": 0}
GOOD: dict[str, Any] = {
    "format": "islandflow warm start",
    "version": 1,
    "made_of": "synthetic_1",
    "sessions": ["2026-02-27", "2026-03-02"],
    "baselines": {"IBM": [ROW] * (ROWS_IN_A_NOTE + 1), "SPY": [ROW], "XYZ": [ROW]},
    "story_rates": {"sessions": 5, "scores": [0.0, 0.5], "per_day": [80.0, 4.5]},
}


class Two:
    """A feed of two chunks, the first of which opens a session."""

    name = "two"
    is_synthetic, is_paced_live = True, False
    identity: Mapping[str, object] = {"feed": "two"}
    inputs = ("options.prints",)
    symbols = ("SPY", "IBM", "ABC")
    heartbeat_ns = 10**9
    capabilities: Mapping[str, object] = {}

    def __init__(self, session: str) -> None:
        self._session = session

    def chunks(self, start: int = 0) -> Iterator[Chunk]:
        begun = SessionStart(self._session, START, START, START + 10**13, 0)
        own = Note("capabilities", "", START, {})
        chunks = (
            Chunk(begun, {}, (), {}, START + 10**9 - 1, (own,)),
            Chunk(None, {}, (), {}, START + 2 * 10**9 - 1),
        )
        yield from chunks[start:]


def written(path: Path, content: object) -> Path:
    file = path / "warm.json"
    file.write_bytes(content if isinstance(content, bytes) else orjson.dumps(content))
    return file


def test_the_notes_stand_in_the_first_chunk_of_the_session(tmp_path: Path) -> None:
    feed: Feed = warmed(Two("2026-03-03"), str(written(tmp_path, GOOD)))
    first, second = feed.chunks()
    told = [(n.name, n.underlying, len(n.detail.get("rows", ()))) for n in first.notes]  # type: ignore[arg-type]
    assert told == [
        ("baseline", "IBM", ROWS_IN_A_NOTE),
        ("baseline", "IBM", 1),
        ("baseline", "SPY", 1),
        ("story_rates", "", 0),
        ("capabilities", "", 0),
    ]
    assert all(n.source_ts == START for n in first.notes)
    assert first.notes[3].detail == GOOD["story_rates"]
    assert not second.notes
    assert list(feed.chunks(1)) == [second]


def test_the_file_is_part_of_what_the_feed_is(tmp_path: Path) -> None:
    plain = Two("2026-03-03")
    one = warmed(plain, str(written(tmp_path, GOOD)))
    other = warmed(plain, str(written(tmp_path, GOOD | {"made_of": "another"})))
    assert len({identity_of(f) for f in (plain, one, other)}) == 3
    assert warmed(plain, None) is plain


@pytest.mark.parametrize("session", ["2026-03-02", "2026-02-27", "2025-12-31"])
def test_a_session_that_is_not_later_is_refused(tmp_path: Path, session: str) -> None:
    feed = warmed(Two(session), str(written(tmp_path, GOOD)))
    assert isinstance(feed, Warmed)
    for use in (feed.check, lambda: next(iter(feed.chunks()))):
        with pytest.raises(UserError, match=f"up to 2026-03-02, so it cannot serve the session {session}"):
            use()
    later = warmed(Two("2026-03-03"), str(written(tmp_path, GOOD)))
    assert isinstance(later, Warmed)
    later.check()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "is no JSON"),
        (b"[]", "is no warm start"),
        ({"format": "other"}, "is no warm start"),
        (GOOD | {"version": 9}, "is of version 9, and 1 is read here"),
        ({k: v for k, v in GOOD.items() if k != "story_rates"}, "lacks story_rates"),
        (GOOD | {"sessions": []}, "names no sessions as dates"),
        (GOOD | {"sessions": ["yesterday"]}, "names no sessions as dates"),
        (GOOD | {"sessions": ["20260302"]}, "names no sessions as dates"),
        (GOOD | {"baselines": {"IBM": 3}}, "its baselines are no rows by underlying"),
        (GOOD | {"story_rates": []}, "its story_rates are no object"),
        (GOOD | {"story_rates": {"sessions": 1, "scores": [1], "per_day": []}}, "no two lists of numbers"),
        (GOOD | {"story_rates": {"sessions": 1, "scores": ["a"], "per_day": [1]}}, "no two lists of numbers"),
        (GOOD | {"story_rates": {"scores": [1], "per_day": [1]}}, "count no sessions"),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(tmp_path: Path, content: object, says: str) -> None:
    with pytest.raises(UserError, match=says) as refused:
        read_warm(written(tmp_path, content))
    assert str(tmp_path / "warm.json") in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_or_a_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(UserError, match="cannot be read"):
            read_warm(path)


def test_a_specification_may_name_a_warm_start(tmp_path: Path) -> None:
    spec = {"feed": "synthetic", "profile": "quiet", "seed": 1, "minutes": 1, "symbols": ["IBM"]}
    assert isinstance(build_feed({**spec, "warm": str(written(tmp_path, GOOD))}), Warmed)
    assert not isinstance(build_feed({**spec, "warm": None}), Warmed)
    with pytest.raises(UserError, match="cannot be read"):
        build_feed({**spec, "warm": str(tmp_path / "none.json")})
