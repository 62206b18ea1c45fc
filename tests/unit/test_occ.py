"""Open interest by series: known from the following session, however its columns are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import UserError
from connectors.feed import Chunk, Note, Reject
from connectors.feeds import occ
from connectors.recorded import RecordedFeed
from connectors.sessions import midnight
from connectors.table_feed import InputFile
from connectors.table_notes import day_of_name, known_from, parse_day

CALL, PUT = "NVDA  260417C00180000", "NVDA  260417P00180000"


def write(folder: Path, header: str, *rows: str, name: str = "oi.csv") -> InputFile:
    (folder / name).write_text("\n".join([header, *rows, ""]))
    return InputFile(folder / name, name)


def read(*files: InputFile) -> tuple[list[Chunk], RecordedFeed]:
    feed = occ.open_feed(files)
    return list(feed.chunks()), feed


def notes_of(chunks: list[Chunk]) -> list[Note]:
    return [n for c in chunks for n in c.notes]


def rejects_of(chunks: list[Chunk]) -> list[Reject]:
    return [r for c in chunks for r in c.rejects]


def test_open_interest_is_known_from_the_start_of_the_following_session(tmp_path: Path) -> None:
    rows = [f"2026-04-02,{CALL},120", f"2026-04-02,{PUT},0", "2026-04-02,SPXW260417C05000000,7"]
    chunks, feed = read(write(tmp_path, "date,contract,open_interest", *rows))
    nvda, spx = notes_of(chunks)
    assert nvda.detail == {"date": "2026-04-02", "contracts": {CALL: 120, PUT: 0}}
    assert (nvda.underlying, spx.underlying, feed.symbols) == ("NVDA", "SPX", ("NVDA", "SPX"))
    monday = parse_day("20260406")
    assert monday is not None
    assert nvda.source_ts == spx.source_ts == midnight(monday)
    assert chunks[0].session is not None and chunks[0].session.name == "2026-04-06"


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("report_date,symbol,expiration,strike,put_call,oi", "04/01/2026,NVDA,2026-04-17,180,C,120"),
        ("Root,Expiry,Strike,Right,OpenInterest,Date", "NVDA,20260417,180.0000,call,120,20260401"),
        ("date|osi|Open Int", "20260401|NVDA260417C00180000|120.0"),
    ],
)
def test_the_usual_names_and_spellings_mean_the_same(tmp_path: Path, header: str, row: str) -> None:
    (note,) = notes_of(read(write(tmp_path, header, row))[0])
    assert note.detail == {"date": "2026-04-01", "contracts": {CALL: 120}}


def test_the_name_of_the_file_may_have_the_date(tmp_path: Path) -> None:
    (note,) = notes_of(read(write(tmp_path, "contract,oi", f"{CALL},5", name="oi_20260401.csv"))[0])
    assert note.detail["date"] == "2026-04-01"
    assert day_of_name("oi_2026-04-01.csv.gz") == day_of_name("x/20260401_oi.csv")
    assert day_of_name("oi_20261399.csv") is None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"2026-04-01,{CALL},-1", "negative"),
        (f"2026-04-01,{CALL},1.5", "open_interest is '1.5'"),
        (f"2026-04-01,{CALL},nan", "open_interest is 'nan'"),
        (f"2026-04-01,{CALL},", "open_interest is ''"),
        (f"2026-02-30,{CALL},1", "where a date is expected"),
        (f"2026-04-04,{CALL},1", "did not trade"),
        ("2026-04-01,NVDA,1", "neither OSI"),
        (f"2026-04-01,{PUT},9", "stands in line 2 already"),
        (f"2026-04-01,{PUT}", "2 columns where 3"),
    ],
)
def test_a_bad_row_is_refused_and_its_neighbours_stay(tmp_path: Path, row: str, reason: str) -> None:
    rows = [f"2026-04-01,{PUT},1", row, "2026-04-01,NVDA260417C00185000,3"]
    chunks, _ = read(write(tmp_path, "date,contract,open_interest", *rows))
    (note,) = notes_of(chunks)
    assert note.detail["contracts"] == {"NVDA  260417C00185000": 3, PUT: 1}
    (refused,) = rejects_of(chunks)
    assert reason in refused.reason
    assert (refused.topic, refused.source, refused.raw) == ("reference", "oi.csv:3", row.encode())


def test_many_series_are_given_in_several_notes_and_add_up(tmp_path: Path) -> None:
    rows = [
        f"2026-04-01,SPY260417{right}{strike:05}000,{strike}" for strike in range(1, 1500) for right in "CP"
    ]
    notes = notes_of(read(write(tmp_path, "date,contract,open_interest", *rows))[0])
    counts = [dict(n.detail["contracts"]) for n in notes]  # type: ignore[call-overload]
    assert max(map(len, counts)) == occ.SERIES_IN_A_NOTE
    assert sum(map(len, counts)) == len(rows)
    assert sum(sum(c.values()) for c in counts) == 2 * sum(range(1, 1500))


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("date,contract,volume", "no column with the open interest"),
        ("date,root,strike,oi", "name no option series"),
        ("contract,oi", "its name has no day"),
    ],
)
def test_other_columns_are_said_in_one_sentence(tmp_path: Path, header: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        read(write(tmp_path, header))


def test_a_date_is_known_from_the_session_after_it() -> None:
    for day, next_session in (("20151223", "20151224"), ("20151224", "20151228"), ("20260402", "20260406")):
        on, later = parse_day(day), parse_day(next_session)
        assert on is not None and later is not None
        assert known_from(on) == midnight(later)
