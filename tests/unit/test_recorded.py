"""A recording as a feed: order, cuts, sessions, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from connectors.errors import UserError
from connectors.feed import MAX_CHUNK_ROWS, Chunk, Gap, Note, reject
from connectors.recorded import RecordedFeed, Recording, Selection
from connectors.recorded_files import checked, digests, places
from connectors.recorded_merge import Source, block_rows
from connectors.recorded_order import settled
from connectors.recorded_rows import Block, Ints, Judge, Origin, batch, block_of
from connectors.sessions import day_of, is_trading_day, is_trading_time, midnight, session_of
from schemas.columns import Batch, concat
from schemas.symbology import parse_contracts
from schemas.topics import TOPIC

FRIDAY, SATURDAY, MONDAY = date(2024, 3, 1), date(2024, 3, 2), date(2024, 3, 4)
OPEN = session_of(FRIDAY).open_ts
S = 1_000_000_000
TOPIC_NAME = "equities.prints"


def rows(times: Ints, symbol: str, labels: Sequence[str] | None = None) -> Batch:
    ids = pa.array(labels if labels is not None else [str(t) for t in times], pa.string())
    given = {"source_ts": times, "price": S, "size": 1_000_000, "underlying": symbol, "trade_id": ids}
    return batch(TOPIC_NAME, given, len(times))


def blocks(times: Ints, symbol: str, size: int) -> Iterator[Block]:
    labels = [f"{symbol}{i}" for i in range(len(times))]
    for i in range(0, len(times), size):
        part = rows(times[i : i + size], symbol, labels[i : i + size])
        yield Block({TOPIC_NAME: part}, read={TOPIC_NAME: len(part)}, share=(i + len(part)) / len(times))


def source(name: str, found: Sequence[Block], start_ts: int = 0, size: int = 1) -> Source:
    return Source(name, lambda: iter(found), start_ts, size)


def feed(*sources: Source, symbols: Sequence[str] = ("AA", "BB"), **other: Any) -> RecordedFeed:
    files = {s.name: "0" for s in sources}
    return RecordedFeed(Recording("test", files, sources, (TOPIC_NAME,), tuple(symbols), {}, **other))


def times_of(seed: int, count: int, day: date = FRIDAY) -> Ints:
    generator = np.random.default_rng(seed)
    start = session_of(day).open_ts
    return np.sort(start + generator.integers(0, 6 * 3600 * S, count))


def all_rows(chunks: Sequence[Chunk]) -> Batch:
    return concat([c.batches[TOPIC_NAME] for c in chunks])


def shape(chunks: Sequence[Chunk]) -> list[tuple[Any, ...]]:
    return [
        (c.session, c.upto_ts, c.rejects, c.notes, c.gaps, dict(c.read), *_cells(c.batches[TOPIC_NAME]))
        for c in chunks
    ]


def _cells(found: Batch) -> tuple[Any, ...]:
    return found["source_ts"].tolist(), found["trade_id"].to_pylist()


@pytest.mark.parametrize("size", [700, 65_536])
def test_chunks_do_not_depend_on_the_blocks(size: int) -> None:
    one, other = times_of(1, 90_000), times_of(2, 40_000)

    def made(block: int) -> RecordedFeed:
        return feed(
            Source("a", lambda: blocks(one, "AA", block)), Source("b", lambda: blocks(other, "BB", 997))
        )

    found, reference = list(made(size).chunks()), list(made(5_000).chunks())
    assert shape(found) == shape(reference)
    assert len(all_rows(found)) == 130_000
    assert shape(list(made(size).chunks(start=1))) == shape(reference)[1:]


def test_chunks_are_whole_heartbeats_and_hold_no_more_than_asked_for() -> None:
    found = list(feed(Source("a", lambda: blocks(times_of(1, 160_000), "AA", 9_000))).chunks())
    begin = session_of(FRIDAY).start_ts
    for chunk in found:
        times = chunk.batches[TOPIC_NAME]["source_ts"]
        assert (chunk.upto_ts + 1) % S == 0
        assert begin <= times[0] and times[-1] <= chunk.upto_ts and len(times) <= MAX_CHUNK_ROWS
        begin = chunk.upto_ts + 1
    assert [c.session.name for c in found if c.session] == ["2024-03-01"] and found[0].session


def test_ties_stand_in_the_order_of_the_sources() -> None:
    same = np.full(5, OPEN, np.int64)
    found = list(
        feed(Source("a", lambda: blocks(same, "BB", 2)), Source("b", lambda: blocks(same, "AA", 3))).chunks()
    )
    assert all_rows(found)["trade_id"].to_pylist() == [f"{s}{i}" for s in ("BB", "AA") for i in range(5)]


def test_one_long_interval_is_one_chunk() -> None:
    burst = np.concatenate([np.full(120_000, OPEN + 5, np.int64), [OPEN + S]])
    found = list(feed(Source("a", lambda: blocks(burst, "AA", 10_000))).chunks())
    assert [len(c.batches[TOPIC_NAME]) for c in found] == [0, 120_000, 1]


def test_an_interval_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.recorded.INTERVAL_ROWS_MAX", 100_000)
    burst = np.full(200_000, OPEN, np.int64)
    with pytest.raises(UserError, match="more than 100,000 records"):
        list(feed(Source("a", lambda: blocks(burst, "AA", 10_000))).chunks())


def test_a_weekend_between_sessions_is_refused_row_by_row() -> None:
    weekend = np.array([OPEN, OPEN + 24 * 3600 * S, session_of(MONDAY).open_ts], np.int64)
    found = list(feed(Source("a", lambda: blocks(weekend, "AA", 2))).chunks())
    rejects = [r for c in found for r in c.rejects]
    assert [c.session.name for c in found if c.session] == ["2024-03-01", "2024-03-04"]
    assert len(rejects) == 1 and "did not trade" in rejects[0].reason and b"trade_id" in rejects[0].raw
    assert sum(c.read[TOPIC_NAME] for c in found) == 3
    for chunk in found:
        assert all(r.source_ts <= chunk.upto_ts for r in chunk.rejects)


def test_refused_rows_at_both_ends_are_filed_inside_the_log() -> None:
    def bad(ts: int) -> Block:
        item = reject(TOPIC_NAME, "AA", "a:1", "no row", ts, b"x")
        return Block({}, (item,), read={TOPIC_NAME: 1})

    inside = list(blocks(np.array([OPEN + 5 * S], np.int64), "AA", 1))
    found = list(feed(source("a", [bad(-1), *inside, bad(-1), bad(OPEN + 24 * 3600 * S)])).chunks())
    ends = [c.upto_ts for c in found]
    assert ends == sorted(ends) and sum(c.read[TOPIC_NAME] for c in found) == 4
    begin = session_of(FRIDAY).start_ts
    for chunk in found:
        assert all(begin <= r.source_ts <= chunk.upto_ts for r in chunk.rejects)
        begin = chunk.upto_ts + 1
    assert sum(len(c.rejects) for c in found) == 3


def test_a_recording_of_a_weekend_is_one_sentence() -> None:
    saturday = np.array([midnight(SATURDAY) + S], np.int64)
    with pytest.raises(UserError, match=r"every row was refused .*did not trade"):
        list(feed(Source("a", lambda: blocks(saturday, "AA", 1))).chunks())


def test_a_file_of_another_format_ends_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.recorded_merge.REJECTS_MAX", 3)
    bad = [Block({}, (reject(TOPIC_NAME, "", f"a:{i}", "not a number", -1, b""),)) for i in range(9)]
    with pytest.raises(UserError, match="a: 3 rows in a row are no records, the first because not a number"):
        list(feed(source("a", bad)).chunks())


def test_facts_and_gaps_come_out_in_order_and_not_on_days_off() -> None:
    start = OPEN - 3 * 24 * 3600 * S  # a Tuesday
    notes = (Note("definition", "AA", start, {}), Note("open_interest", "AA", midnight(SATURDAY), {}))
    beside = Block({}, notes=notes, gaps=(Gap(OPEN + 7, "line was down"),))
    inside = list(blocks(np.array([OPEN, session_of(MONDAY).open_ts], np.int64), "AA", 1))
    found = list(feed(source("a", [beside]), source("b", inside)).chunks())
    assert [c.session.name for c in found if c.session] == ["2024-02-27", "2024-03-01", "2024-03-04"]
    assert [(n.name, n.source_ts) for c in found for n in c.notes] == [
        ("definition", start),
        ("open_interest", midnight(MONDAY)),
    ]
    assert [g.source_ts for c in found for g in c.gaps] == [OPEN + 7]


def test_selection_by_symbol_and_time() -> None:
    one, other = times_of(1, 900), times_of(2, 900)
    chosen = Selection(("BB",), OPEN + 3600 * S, OPEN + 2 * 3600 * S)
    sources = (Source("a", lambda: blocks(one, "AA", 50)), Source("b", lambda: blocks(other, "BB", 50)))
    picked = feed(*sources, selection=chosen)
    found = all_rows(list(picked.chunks()))
    wanted = other[(other >= OPEN + 3600 * S) & (other < OPEN + 2 * 3600 * S)]
    assert found["source_ts"].tolist() == wanted.tolist() and picked.symbols == ("BB",)
    assert picked.identity != feed(*sources).identity
    with pytest.raises(UserError, match="no data of symbol ZZ; there are AA, BB"):
        feed(*sources, selection=Selection(("ZZ",)))
    with pytest.raises(UserError, match="nothing is left to import for these symbols and times"):
        list(feed(*sources, selection=Selection(None, 5, 6)).chunks())


def test_sources_are_opened_when_their_time_has_come() -> None:
    opened: list[str] = []

    def day(name: str, at: date) -> Source:
        def run() -> Iterator[Block]:
            opened.append(name)
            yield from blocks(times_of(3, 2_000, at), "AA", 100)

        return Source(name, run, midnight(at))

    chunks = feed(day("monday", MONDAY), day("friday", FRIDAY)).chunks()
    first = next(chunks)
    assert first.session is not None and first.session.name == "2024-03-01"
    assert opened == ["friday"]
    assert len(all_rows([first, *chunks])) == 4_000 and opened == ["friday", "monday"]


def test_share_done_grows_to_one_by_bytes() -> None:
    made = feed(
        Source("a", lambda: blocks(times_of(1, 60_000), "AA", 500), size=300),
        Source("b", lambda: blocks(times_of(2, 60_000), "BB", 500), size=100),
    )
    seen = [made.share_done for _ in made.chunks()]
    assert seen == sorted(seen) and 0 < seen[0] < 1 and made.share_done == 1.0


def test_a_block_that_does_not_add_up_is_our_bug() -> None:
    part = rows(np.array([OPEN], np.int64), "AA")
    with pytest.raises(AssertionError, match=r"2 rows of equities\.prints were read, 1 came out"):
        list(feed(source("a", [Block({TOPIC_NAME: part}, read={TOPIC_NAME: 2})])).chunks())
    back = [*blocks(np.array([OPEN + 9], np.int64), "AA", 1), *blocks(np.array([OPEN], np.int64), "AA", 1)]
    with pytest.raises(AssertionError, match="not in the order of time"):
        list(feed(source("a", back)).chunks())


def test_judge_keeps_the_first_reason_and_files_rows_at_the_good_one_before() -> None:
    times = np.array([OPEN, OPEN + 5, OPEN + 3, 0, OPEN + 9], np.int64)
    judge = Judge(5)
    judge.refuse(np.array([True, False, False, False, False]), "price")
    judge.refuse_closed(times)
    judge.refuse_backwards(times)
    judge.refuse(np.array([True, False, True, True, False]), "other")
    given = {"source_ts": times, "price": np.arange(5), "size": 1, "venue": pa.array(list("NQDPT"))}
    found = block_of(TOPIC_NAME, judge, given, lambda i: Origin("AA", f"f:{i}", b"%d" % i))
    assert [(r.reason.split()[0], r.source_ts, r.raw) for r in found.rejects] == [
        ("price", -1, b"0"),
        ("the", OPEN + 5, b"2"),
        ("the", OPEN + 5, b"3"),
    ]
    assert "backwards" in found.rejects[1].reason and "did not trade" in found.rejects[2].reason
    assert found.batches[TOPIC_NAME]["venue"].to_pylist() == ["Q", "T"] and found.read == {TOPIC_NAME: 5}


def test_judge_takes_the_reasons_of_symbols() -> None:
    names = parse_contracts(pa.array(["SPY   240301C00500000", "nonsense"]))
    judge = Judge(2)
    judge.refuse_each(names.reason)
    assert judge.good.tolist() == [True, False] and "neither OSI" in judge.reasons[1]


def test_batch_fills_up_and_takes_names_of_enums() -> None:
    given = {"source_ts": np.array([1, 2], np.int64), "bid": 5, "ask": 6, "bid_size": 1, "ask_size": 1}
    made = batch("options.nbbo", {**given, "bid_venue": pa.array(["C", "none"]), "ask_venue": "A"}, 2)
    symbols = TOPIC["options.nbbo"].field("bid_venue").symbols
    assert [symbols[i] for i in made["bid_venue"]] == ["C", "none"]
    assert made["event_ts"].tolist() == [1, 2] and made["contract"].to_pylist() == ["", ""]
    with pytest.raises(AssertionError, match="no columns"):
        batch("options.nbbo", {**given, "bidd": 1}, 2)


def test_settled_puts_a_little_disorder_right_and_refuses_much() -> None:
    times = times_of(4, 5_000)
    shaken = times + np.random.default_rng(1).integers(0, S // 2, len(times))
    order = np.argsort(shaken, kind="stable")
    found = list(settled(blocks(times[order], "AA", 64), S, "a"))
    assert [t for b in found for t in b.batches[TOPIC_NAME]["source_ts"].tolist()] == times.tolist()
    assert sum(b.read[TOPIC_NAME] for b in found) == 5_000
    late = np.array([OPEN, OPEN + 90 * S, OPEN + 1], np.int64)
    refused = [r for b in settled(blocks(late, "AA", 1), S, "a") for r in b.rejects]
    assert [r.reason for r in refused] == ["the time runs back by more than 1 s"]
    assert (
        len(all_rows(list(feed(Source("a", lambda: settled(blocks(late, "AA", 1), S, "a"))).chunks()))) == 2
    )


def test_files_are_named_below_their_common_folder(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    paths = [tmp_path / "x" / "b.csv", tmp_path / "a.csv"]
    for i, path in enumerate(paths):
        path.write_text(str(i))
    found = checked(paths)
    assert list(places(found).values()) == ["a.csv", "x/b.csv"] and set(digests(found)) == {
        "a.csv",
        "x/b.csv",
    }
    paths[0].write_text("1")
    with pytest.raises(UserError, match=r"x/b.csv and a.csv hold the same bytes"):
        digests(found)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda p: [p / "no.csv"], "no.csv: no such file"),
        (lambda p: [p], "is no file"),
        (lambda p: [p / "a", p / "a"], "a: was given twice"),
        (lambda p: [p / "a", p / "link"], "link: was given twice, as"),
        (lambda p: [p / "empty"], "empty: is empty"),
        (lambda p: [], "no file was given"),
    ],
)
def test_wrong_files_are_one_sentence(tmp_path: Path, make: Any, sentence: str) -> None:
    (tmp_path / "a").write_text("x")
    (tmp_path / "empty").touch()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    with pytest.raises(UserError, match=sentence):
        checked(make(tmp_path))


def test_days() -> None:
    assert not is_trading_day(SATURDAY) and is_trading_day(MONDAY) and not is_trading_day(date(2024, 12, 25))
    assert not is_trading_day(date(2012, 10, 29)) and not is_trading_day(date(1970, 1, 2))
    late = midnight(MONDAY) - 1
    wild = [-(2**62), 0, late, late + 1, 2**62]
    assert is_trading_time(np.array(wild, np.int64)).tolist() == [False, False, False, True, False]
    assert day_of(late) == date(2024, 3, 3) and day_of(late + 1) == MONDAY


def test_blocks_shrink_with_the_number_of_sources() -> None:
    assert block_rows(1) == 65_536 and block_rows(64) == 16_384 and block_rows(10_000) == 1_024
