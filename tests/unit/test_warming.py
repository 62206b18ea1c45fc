"""What finished sessions tell later ones is what a run that had gone on would have known."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from cli import warming
from connectors.errors import UserError
from connectors.warm_file import read_warm
from dataflows.analytics.baselines import Baselines
from dataflows.analytics.baselines_warm import numbered, read_rows
from dataflows.analytics.options_names import Names
from dataflows.analytics.release import Note

DAY: Final = 86_400 * 10**9
START: Final = 1_772_461_790 * 10**9
SERIES: Final = ("IBM   260320C00100000", "IBM   260320P00100000")


class Stored(warming.Tables):
    """Tables that hold what they are given, by query."""

    def __init__(self, tables: dict[str, pa.Table]) -> None:
        super().__init__(None, "day_1")
        self._tables = tables

    def read(self, query: str, names: Sequence[str], **bounds: int) -> Iterator[pa.RecordBatch]:
        table = self._tables.get(query)
        if table is not None:
            assert table.column_names == list(names)
            yield from table.to_batches(max_chunksize=70)


def sessions(*days: int) -> pa.Table:
    opens = [{"session": f"2026-03-{2 + d:02}", "open_ts": str(START + d * DAY + 10**10)} for d in days]
    starts = [START + d * DAY for d in days]
    return pa.table({"start_ts": starts, "detail": [json.dumps(o) for o in opens]})


def packets(rows: int = 300) -> pa.Table:
    """Return packets of one session in two series, every ninth a package."""
    rng = np.random.default_rng(3)
    which = rng.integers(0, 2, rows)
    bid = rng.integers(1, 900, rows) * 10**7
    values = (
        START + 10**10 + np.arange(rows) * 10**10,
        ["IBM"] * rows,
        [SERIES[n] for n in which],
        (np.arange(rows) % 9 == 0).astype(np.int64),
        which,
        np.exp(rng.normal(12, 2, rows)).astype(np.int64),
        rng.integers(1, 300, rows),
        (rng.random(rows) < 0.9).astype(np.int64),
        bid,
        bid + 10**8,
        np.where(rng.random(rows) < 0.1, -9.0, rng.normal(0, 0.02, rows)),
        np.full(rows, 18),
    )
    return pa.table(dict(zip(warming.PACKET_NAMES, map(pa.array, values), strict=True)))


def stored(**more: Any) -> Stored:
    return Stored({warming.SESSIONS_SQL: sessions(0), warming.PACKETS_SQL: packets(), **more})


def test_a_later_log_knows_what_the_sessions_knew() -> None:
    content = warming.learn(stored(), is_done=True)
    assert content["sessions"] == ["2026-03-02"] and content["made_of"] == "day_1"
    names = Names()
    known = Baselines.empty()
    plan = warming._sessions(stored(), True)
    columns = warming._packet_columns(packets().combine_chunks().to_batches()[0], plan, names)
    known.grow(2, 1)
    known.score(columns)
    warm, later = Baselines.empty(), Names()
    numbered(later, "IBM", SERIES)
    warm.note(Note(0, 0, "baseline", "IBM", {"rows": content["baselines"]["IBM"]}), later)
    more = columns._replace(premium=columns.premium * 3)
    order = [later.contracts.index(names.contracts[n]) for n in range(2)]
    renumbered = np.where(columns.contract < 0, -1, np.array(order)[columns.contract])
    expected, found = known.score(more), warm.score(more._replace(contract=renumbered))
    assert np.array_equal(expected.z, found.z)
    assert (expected.baseline > 0).all()


def test_only_finished_sessions_count() -> None:
    open_still = {warming.SESSIONS_SQL: sessions(0, 1)}
    assert warming.learn(stored(**open_still), is_done=False)["sessions"] == ["2026-03-02"]
    assert warming.learn(stored(**open_still), is_done=True)["sessions"] == ["2026-03-02", "2026-03-03"]
    assert warming._sessions(stored(**open_still), False).end_ts == START + DAY
    for table in (sessions(0), None):
        with pytest.raises(UserError, match="day_1 holds no finished session yet"):
            warming.learn(Stored({warming.SESSIONS_SQL: table} if table else {}), is_done=False)


def test_no_more_than_the_last_twenty_sessions_count() -> None:
    many = {warming.SESSIONS_SQL: sessions(*range(25))}
    found = warming._sessions(stored(**many), True)
    assert (len(found.names), found.names[0]) == (20, "2026-03-07")


def test_block_sizes_are_those_of_series_alike() -> None:
    sizes = pa.table(
        {"contract": [SERIES[0]] * 3 + [SERIES[1]], "size": [1, 50, 700, 9], "prints": [900, 98, 2, 10]}
    )
    rows = warming.learn(stored(**{warming.PRINTS_SQL: sizes}), is_done=True)["baselines"]["IBM"]
    told = {r["key"]: r.get("print_size_995", 0) for r in rows if r["level"] == "contract"}
    assert told == {SERIES[0]: 50, SERIES[1]: 0}
    assert len(read_rows({"rows": rows})) == len(rows)


def test_story_rates_go_on_from_those_told_before() -> None:
    scores = {warming.STORIES_SQL: pa.table({"score": [0.3, 0.305, 0.9]})}
    first = warming.learn(stored(**scores), is_done=True)["story_rates"]
    at = dict(zip(first["scores"], first["per_day"], strict=True))
    assert first["sessions"] == 1
    assert (at[0.0], at[0.3], at[0.31], at[0.9], at[0.91]) == (3, 3, 1, 1, 0)
    assert pl.Series(first["per_day"]).is_sorted(descending=True)
    note = pa.table(
        {"at": [START], "name": ["story_rates"], "underlying": [""], "detail": [json.dumps(first)]}
    )
    second = warming.learn(stored(**{warming.NOTES_SQL: note}), is_done=True)["story_rates"]
    assert second["sessions"] == 2
    assert dict(zip(second["scores"], second["per_day"], strict=True))[0.3] == 1.5


def test_the_file_that_is_written_is_one_that_is_read(tmp_path: Path) -> None:
    content = warming.learn(stored(), is_done=True)
    size = warming.write_file(content, tmp_path / "warm.json")
    assert (tmp_path / "warm.json").stat().st_size == size
    assert [p.name for p in tmp_path.iterdir()] == ["warm.json"]
    found = read_warm(tmp_path / "warm.json")
    assert (found.last_session, dict(found.baselines)) == ("2026-03-02", content["baselines"])
