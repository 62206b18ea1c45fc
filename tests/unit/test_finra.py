"""FINRA's daily short volume: notes that are known from the following session, and lines that are none."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from connectors.errors import UserError
from connectors.feed import Chunk, Note, Reject
from connectors.feeds import finra
from connectors.memory_log import raw_log
from connectors.publish_rows import Assembler, Progress
from connectors.recorded import RecordedFeed, Selection
from connectors.sessions import midnight, next_day
from connectors.table_feed import InputFile, Wanted
from connectors.table_notes import parse_day
from dataflows.operators import MarketShard
from schemas.kinds import REFERENCE_NAME
from schemas.topics import PARTITION_COUNT

HEADER = "Date|Symbol|ShortVolume|ShortExemptVolume|TotalVolume|Market"
ROWS = (
    "20260401|A|123456.5|78|345678.901234|B,Q,N",
    "20260401|BRK/B|10|0|20|Q",
    "20260401|ZVZZT|0|0|0|N",
)


def write(folder: Path, *rows: str, header: str = HEADER, name: str = "CNMSshvol20260401.txt") -> InputFile:
    (folder / name).write_text("\r\n".join([header, *rows, ""]))
    return InputFile(folder / name, name)


def read(*files: InputFile, wanted: Wanted | None = None) -> tuple[list[Chunk], RecordedFeed]:
    feed = finra.open_feed(files, wanted)
    return list(feed.chunks()), feed


def notes_of(chunks: list[Chunk]) -> list[Note]:
    return [n for c in chunks for n in c.notes]


def rejects_of(chunks: list[Chunk]) -> list[Reject]:
    return [r for c in chunks for r in c.rejects]


def test_each_row_is_a_note_known_from_the_following_session(tmp_path: Path) -> None:
    chunks, feed = read(write(tmp_path, *ROWS, "3"))
    notes = notes_of(chunks)
    day = parse_day("20260401")
    assert day is not None
    assert {n.source_ts for n in notes} == {midnight(next_day(day))}
    assert [n.underlying for n in notes] == ["A", "BRK.B", "ZVZZT"]
    assert notes[0].detail == {
        "date": "2026-04-01",
        "facility": "CNMS",
        "markets": ["B", "Q", "N"],
        "short_volume": 123_456_500_000,
        "short_exempt_volume": 78_000_000,
        "total_volume": 345_678_901_234,
        "unit": "1e-6 shares",
    }
    assert (feed.inputs, feed.symbols) == (("equities.prints",), ("A", "BRK.B", "ZVZZT"))
    assert chunks[0].session is not None and chunks[0].session.name == "2026-04-02"
    assert not rejects_of(chunks)


def test_a_friday_is_known_on_monday_and_holidays_are_skipped(tmp_path: Path) -> None:
    rows = [r.replace("20260401", "20260402") for r in ROWS]  # the 3rd is Good Friday
    chunks, _ = read(write(tmp_path, *rows))
    assert chunks[0].session is not None and chunks[0].session.name == "2026-04-06"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("20260401|A|NaN|0|5|Q", "shortvolume is 'NaN'"),
        ("20260401|A|-1|0|5|Q", "a volume is negative"),
        ("20260401|A|6|0|5|Q", "more was sold short than was traded"),
        ("20260401|A||0|5|Q", "shortvolume is ''"),
        ("20260401||1|0|5|Q", "is no symbol"),
        ("20261301|A|1|0|5|Q", "where a date is expected"),
        ("20260404|A|1|0|5|Q", "did not trade"),
        ("20260401|A|1|0|5", "5 columns where 6"),
        ("20260401|A|1", "3 columns where 6"),
    ],
)
def test_a_bad_row_is_refused_and_its_neighbours_stay(tmp_path: Path, row: str, reason: str) -> None:
    chunks, _ = read(write(tmp_path, ROWS[0], row, ROWS[1]))
    assert len(notes_of(chunks)) == 2
    (refused,) = rejects_of(chunks)
    assert reason in refused.reason
    assert (refused.topic, refused.source, refused.raw) == (
        "reference",
        "CNMSshvol20260401.txt:3",
        row.encode(),
    )


def test_sums_are_those_of_the_file(tmp_path: Path) -> None:
    rows = [
        f"20260401|S{chr(65 + k % 26)}{chr(65 + k // 26)}|{k}.25|{k % 3}|{k * 3}.5|Q,N" for k in range(600)
    ]
    file = write(tmp_path, *rows, "600")
    with file.path.open(newline="") as stream:
        plain = [r for r in csv.DictReader(stream, delimiter="|") if r["Symbol"]]
    notes = notes_of(read(file)[0])
    assert len(notes) == len(plain) == 600
    for name, column in (("short_volume", "ShortVolume"), ("total_volume", "TotalVolume")):
        assert sum(int(str(n.detail[name])) for n in notes) == sum(
            round(float(r[column]) * 1e6) for r in plain
        )


def test_notes_and_refusals_are_published(tmp_path: Path) -> None:
    chunks, feed = read(write(tmp_path, *ROWS, "20260401|A|6|0|5|Q"))
    out = Assembler(feed, Progress.fresh(feed.inputs))
    names = [n for c in chunks for n in out.assemble(c, -1)["reference"].batch["name"].tolist()]
    wanted = (REFERENCE_NAME.index("short_volume"), REFERENCE_NAME.index("reject"))
    assert [names.count(n) for n in wanted] == [3, 1]
    assert out.progress.totals["rejected"] == {"reference": 1, "equities.prints": 0}


def test_a_flow_over_facts_alone_comes_to_its_end(tmp_path: Path) -> None:
    _, feed = read(write(tmp_path, *ROWS))
    logs = raw_log(feed, 100)
    for part in range(PARTITION_COUNT):
        shard = MarketShard(part, None)
        for (topic, where), values in logs.items():
            if where == part:
                shard.take(topic, values, np.arange(len(values), dtype=np.int64))
        while not shard.is_ended:
            assert shard.advance(), "the shard waits for what will not come"


def test_only_wanted_symbols(tmp_path: Path) -> None:
    chunks, _ = read(write(tmp_path, *ROWS), wanted=Wanted(Selection(("BRKB",))))
    assert [n.underlying for n in notes_of(chunks)] == ["BRK.B"]


@pytest.mark.parametrize(
    ("header", "words"),
    [(HEADER.replace("Symbol|", ""), "no column 'symbol'"), ("a,b,c", "no column 'date'"), ("", "is empty")],
)
def test_other_columns_are_said_in_one_sentence(tmp_path: Path, header: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        read(write(tmp_path, header=header))


def test_an_option_that_nobody_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--option day: no options are allowed for FINRA files"):
        read(write(tmp_path, *ROWS), wanted=Wanted(options={"day": "1"}))


def test_a_file_without_rows_gives_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing is left"):
        read(write(tmp_path))
