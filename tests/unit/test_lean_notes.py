"""LEAN open interest and universes: what they say, and that nothing is known before its time."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from connectors.feed import Chunk, Note, Reject
from connectors.feeds.lean import LeanFeed, session_before
from connectors.feeds.lean_files import parse_dates
from connectors.sessions import midnight

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "data" / "lean"
needs_recordings = pytest.mark.skipif(not RECORDED.is_dir(), reason="no recordings beside the project")
S = 1_000_000_000
DAYS = ("2015-12-23", "2015-12-24")
STEM = "20151224_goog_minute_{}_american_call_7400000_20151231.csv"
CALL = "GOOG  151231C00740000"
UNIVERSE = "#expiry,strike,right,open,high,low,close,volume,open_interest,implied_volatility,delta"


def make_folder(root: Path, interest: Mapping[str, str], universe: str, day: str = "20151223") -> Path:
    folder = root / "option" / "usa" / "minute" / "goog"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "20151224_trade_american.zip", "w") as archive:
        archive.writestr(STEM.format("trade"), "34200000,100000,120000,95000,110000,7\n")
    with zipfile.ZipFile(folder / "20151224_openinterest_american.zip", "w") as archive:
        for name, text in interest.items():
            archive.writestr(name, text)
    (root / "option" / "usa" / "universes" / "goog").mkdir(parents=True)
    (root / "option" / "usa" / "universes" / "goog" / f"{day}.csv").write_text(universe)
    return root


def read(root: Path, *dates: str) -> tuple[list[Chunk], list[Note], list[Reject]]:
    chunks = list(LeanFeed(root, ["GOOG"], dates or ["2015-12-24"]).chunks())
    for chunk in chunks:
        start = chunk.session.start_ts if chunk.session else 0
        times = [n.source_ts for n in chunk.notes] + [r.source_ts for r in chunk.rejects]
        assert all(start <= at <= chunk.upto_ts for at in times)
    return chunks, [n for c in chunks for n in c.notes], [r for c in chunks for r in c.rejects]


def test_open_interest_is_known_at_its_stamp_and_is_of_the_session_before(tmp_path: Path) -> None:
    root = make_folder(tmp_path, {STEM.format("openinterest"): "23520000,15\n"}, UNIVERSE + "\n")
    chunks, (note,), rejects = read(root)
    assert note == Note(
        "open_interest",
        "GOOG",
        midnight(parse_dates(["2015-12-24"])[0]) + 23_520 * S,
        {"date": "2015-12-23", "contracts": {CALL: 15}},
    )
    assert not rejects
    assert sum(len(c.batches["options.prints"]) for c in chunks) == 1


def test_a_universe_is_known_from_the_following_session(tmp_path: Path) -> None:
    rows = (",,,749.55,749.99,748.54,748.54,11492,,,", "20151231,740,C,98,98,98,98.5,12,15,0.3025,0.5",
            "20151231,742.5,P,1,1,1,1.25,0,,,")  # fmt: skip
    root = make_folder(tmp_path, {}, "\n".join([UNIVERSE, *rows, ""]))
    _, (note,), rejects = read(root)
    assert (note.name, note.source_ts) == ("universe", midnight(parse_dates(["2015-12-24"])[0]))
    assert note.detail["date"] == "2015-12-23"
    assert note.detail["underlying_close"] == 748_540_000_000
    contracts: Any = note.detail["contracts"]
    assert contracts == {
        CALL: {"close": 98_500_000_000, "volume": 12, "open_interest": 15, "implied_volatility": 0.3025},
        "GOOG  151231P00742500": {
            "close": 1_250_000_000,
            "volume": 0,
            "open_interest": None,
            "implied_volatility": None,
        },
    }
    assert not rejects


def test_the_universe_of_the_day_itself_is_not_read(tmp_path: Path) -> None:
    root = make_folder(tmp_path, {}, UNIVERSE + "\n20151231,740,C,98,98,98,98,12,15,0,0\n", day="20151224")
    assert read(root)[1] == []
    assert not any("universes" in place for place in _files(root))


def _files(root: Path) -> list[str]:
    files: Any = LeanFeed(root, ["GOOG"], ["2015-12-24"]).identity["files"]
    return list(files)


def test_the_session_before_skips_weekends_and_holidays() -> None:
    for day, before in (
        ("2015-12-28", "2015-12-24"),
        ("2015-12-24", "2015-12-23"),
        ("2026-04-06", "2026-04-02"),
    ):
        assert str(session_before(parse_dates([day])[0])) == before


@pytest.mark.parametrize("text", ["23520000,-1", "23520000,x", "x,1", "99999999,1", "1"])
def test_a_bad_row_of_open_interest_is_refused(tmp_path: Path, text: str) -> None:
    name = STEM.format("openinterest")
    root = make_folder(tmp_path, {name: f"23520000,5\n{text}\n", "readme.txt": "1,1\n"}, UNIVERSE + "\n")
    _, notes, rejects = read(root)
    assert [n.detail["contracts"] for n in notes] == [{CALL: 5}]
    assert {r.topic for r in rejects} == {"reference"}
    assert [r.source.rpartition("/")[2] for r in rejects] == [
        "20151224_openinterest_american.zip:readme.txt:1",
        f"20151224_openinterest_american.zip:{name}:2",
    ]


@pytest.mark.parametrize(
    "row",
    [
        "20151231,nan,C,1,1,1,1,1,1,0,0",
        "20151231,740,X,1,1,1,1,1,1,0,0",
        "20151399,740,C,1,1,1,1,1,1,0,0",
        "20151231,740,C,1,1,1,inf,1,1,0,0",
        "a,b",
    ],
)
def test_a_bad_row_of_a_universe_is_refused(tmp_path: Path, row: str) -> None:
    good = "20151231,740,C,98,98,98,98.5,12,15,0.3025,0.5"
    _, notes, rejects = read(make_folder(tmp_path, {}, "\n".join([UNIVERSE, row, good, ""])))
    assert [list(dict(n.detail["contracts"])) for n in notes] == [[CALL]]  # type: ignore[call-overload]
    assert [(r.topic, r.source.rpartition(":")[2], r.raw) for r in rejects] == [
        ("reference", "2", row.encode())
    ]


def test_equities_alone_bring_no_facts_and_keep_their_identity(tmp_path: Path) -> None:
    root = make_folder(tmp_path, {STEM.format("openinterest"): "23520000,5\n"}, UNIVERSE + "\n")
    folder = root / "equity" / "usa" / "tick" / "goog"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "20151224_trade.zip", "w") as archive:
        archive.writestr("20151224_goog_trade.csv", "34200000,7400000,100,P,1,0\n")
    feed = LeanFeed(root, ["GOOG"], ["2015-12-24"], "equity")
    assert list(feed.identity["files"]) == ["equity/usa/tick/goog/20151224_trade.zip"]  # type: ignore[call-overload]
    assert not any(c.notes for c in feed.chunks())


@needs_recordings
def test_recorded_facts_are_all_read_and_add_up() -> None:
    _, notes, rejects = read(RECORDED, *DAYS)
    assert not rejects
    for name, column, folder in (("universe", 8, "universes/goog"), ("open_interest", 1, "minute/goog")):
        of: dict[str, Any] = {}
        for note in notes:
            if note.name == name and note.detail["date"] == "2015-12-23":
                of.update(dict(note.detail["contracts"]))  # type: ignore[call-overload]
        place = RECORDED / "option/usa" / folder
        if name == "universe":
            with (place / "20151223.csv").open() as stream:
                plain = [r for r in csv.reader(stream) if r[0] and not r[0].startswith("#")]
            counts = [v["open_interest"] for v in of.values()]
        else:
            with zipfile.ZipFile(place / "20151224_openinterest_american.zip") as archive:
                plain = [archive.read(n).decode().strip().split(",") for n in archive.namelist()]
            counts = list(of.values())
        assert len(of) == len(plain)
        assert sum(c or 0 for c in counts) == sum(int(float(r[column] or 0)) for r in plain)
        assert sum(c is None for c in counts) == sum(not r[column] for r in plain)
