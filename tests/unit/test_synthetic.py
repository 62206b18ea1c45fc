"""The synthetic market as a feed: same seed, same bytes; sessions, symbols, notes, throttle; nothing told."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from connectors.errors import UserError
from connectors.feed import MAX_CHUNK_ROWS, Chunk
from connectors.feeds import synthetic_notes as notes
from connectors.feeds.synthetic import SLICES, SyntheticFeed
from connectors.feeds.synthetic_rows import _spelled
from connectors.feeds.synthetic_session import INPUTS, session_seconds
from connectors.feeds.synthetic_world import most_active, universe
from schemas.columns import Batch, complete, concat, is_text, numpy_type
from schemas.conditions import names_of
from schemas.kinds import PRINT_REPORT, REFERENCE_NAME
from schemas.symbology import parse_contract
from schemas.topics import TOPIC
from synthetic.layout import EQUITY_CODE, EQUITY_CODES
from synthetic.params import PROFILES
from synthetic.sessions import Action, day_of
from synthetic.tape_incidents import plan
from synthetic.tape_params import CLEAN, ROUGH

GOLDEN = {
    ("normal", "SPY,NVDA,IBM"): "4290648fed4b4dc940dd995a4dcb61fbdcef288f205168b2356ba82d439ad7b2",
    ("quiet", ""): "0a32515dec10ddd5f382b027c0fad0db765a570d1ffd6648c26632a1af7336d3",
}
OPEN_S = 10
SECOND = 1_000_000_000
HIDDEN_FROM_RECORDS = {"aggressor", "is_hidden"}  # columns a tape of this kind leaves empty
I64 = npt.NDArray[np.int64]


def digest(chunks: list[Chunk]) -> str:
    """SHA-256 over every column of every chunk, the same on any machine."""
    found = hashlib.sha256()
    for chunk in chunks:
        found.update(str(chunk.upto_ts).encode())
        batches = [*(chunk.batches[t] for t in INPUTS), *(late.batch for late in chunk.late)]
        for batch in map(complete, batches):
            for name, column in batch.columns.items():
                found.update(name.encode())
                found.update(
                    "\n".join(column.to_pylist()).encode()
                    if is_text(column)
                    else column.astype(column.dtype.newbyteorder("<")).tobytes()
                )
        for note in chunk.notes:
            found.update(f"{note.name} {note.underlying} {note.source_ts}".encode())
            found.update(json.dumps(dict(note.detail), sort_keys=True).encode())
    return found.hexdigest()


def first(profile: str, seed: int, count: int, start: int = 0, symbols: str = "") -> list[Chunk]:
    feed = SyntheticFeed(profile, seed, symbols=symbols.split(",") if symbols else None)
    return list(islice(feed.chunks(start), count))


def golden_digest(profile: str, symbols: str) -> str:
    return digest(first(profile, 7, OPEN_S + 25, symbols=symbols))


@cache
def minute() -> tuple[Chunk, ...]:
    """The ten seconds before the open and the minute after it."""
    return tuple(first("normal", 7, OPEN_S + 60))


def rows(topic: str) -> Batch:
    return concat([c.batches[topic] for c in minute()])


def is_equal(one: Batch, other: Batch) -> bool:
    pairs = ((one[name], other[name]) for name in one.columns)
    return all(a.equals(b) if is_text(a) else np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize(("profile", "symbols"), list(GOLDEN))
def test_first_records_are_those_written_down(profile: str, symbols: str) -> None:
    assert golden_digest(profile, symbols) == GOLDEN[profile, symbols]


@pytest.mark.slow  # it compiles every kernel for another processor
def test_records_are_the_same_on_a_plain_processor() -> None:
    here, root = Path(__file__), Path(__file__).parents[2]
    code = (
        f"import sys; sys.path.insert(0, {str(root)!r})\n"
        "from importlib.util import module_from_spec, spec_from_file_location\n"
        f"spec = spec_from_file_location('made', {str(here)!r}); made = module_from_spec(spec)\n"
        "sys.modules['made'] = made; spec.loader.exec_module(made)\n"
        "print(made.golden_digest('normal', 'SPY,NVDA,IBM'))"
    )
    plain = {**os.environ, "NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    run = subprocess.run([sys.executable, "-c", code], env=plain, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == golden_digest("normal", "SPY,NVDA,IBM")


def test_another_seed_gives_other_records() -> None:
    assert digest(first("quiet", 7, 13)) != digest(first("quiet", 8, 13))


@pytest.mark.parametrize("profile", PROFILES)
def test_chunks_hold_what_the_protocol_promises(profile: str) -> None:
    feed = SyntheticFeed(profile, 3)
    before = 0
    for number, chunk in enumerate(islice(feed.chunks(), 14 * SLICES.get(profile, 1))):
        assert (chunk.session is not None) == (number == 0)
        assert (chunk.upto_ts + 1) % feed.heartbeat_ns == 0
        assert sum(chunk.read.values()) <= MAX_CHUNK_ROWS
        late = Counter(item.batch.topic.name for item in chunk.late for _ in range(len(item.batch)))
        for topic, batch in chunk.batches.items():
            assert chunk.read[topic] == len(batch) + late[topic]
            assert np.all(np.diff(batch["source_ts"]) >= 0)
            assert np.all((batch["source_ts"] > before) & (batch["source_ts"] <= chunk.upto_ts))
            assert np.all(batch["event_ts"] <= batch["source_ts"])
            for name, column in complete(batch).columns.items():
                assert is_text(column) or column.dtype == numpy_type(TOPIC[topic], name), name
        for item in chunk.late:
            assert before < item.at_ts <= chunk.upto_ts
            assert np.all(item.batch["source_ts"] < item.at_ts)
        for note in chunk.notes:
            assert before < note.source_ts <= chunk.upto_ts
            assert note.name in REFERENCE_NAME
        before = chunk.upto_ts


def test_minutes_end_the_run_and_sessions_follow_each_other() -> None:
    feed = SyntheticFeed("quiet", 1, minutes=391)
    whole_day = OPEN_S + 390 * 60 + 300
    opening = next(feed.chunks(whole_day))
    assert opening.session is not None
    assert opening.session.name == "2026-03-03"
    assert opening.session.open_ts == 1_772_548_200 * SECOND  # 09:30 in New York
    assert opening.session.start_ts == opening.session.open_ts - OPEN_S * SECOND
    assert opening.session.close_ts == opening.session.open_ts + 390 * 60 * SECOND
    last = list(feed.chunks(whole_day + OPEN_S + 58))
    assert len(last) == 2
    assert last[-1].upto_ts == opening.session.open_ts + 60 * SECOND - 1


def test_symbols_keep_the_records_they_have_in_the_whole_market() -> None:
    whole = first("quiet", 5, 3, start=40)
    some = first("quiet", 5, 3, start=40, symbols="SPY,NVDA")
    for a, b in zip(whole, some, strict=True):
        for topic in INPUTS:
            names = a.batches[topic]["underlying"].to_pylist()
            kept = a.batches[topic].take(np.flatnonzero(np.isin(names, ["SPY", "NVDA"])).astype(np.int64))
            assert is_equal(kept, b.batches[topic])
        assert [n for n in a.notes if n.underlying in ("SPY", "NVDA", "")] == list(b.notes)
    assert sum(len(c.batches[t]) for c in some for t in INPUTS) > 0


def test_a_number_of_symbols_means_the_most_active() -> None:
    feed = SyntheticFeed("quiet", 5, symbols=["20"])
    assert feed.symbols == most_active(20)
    assert {"SPY", "NVDA", "TSLA"} <= set(feed.symbols)
    assert len(universe().symbols) >= 500


@pytest.mark.parametrize(
    ("profile", "seed", "minutes", "symbols", "words"),
    [
        ("loud", 1, None, None, "quiet, normal, stress, adversarial"),
        ("quiet", -1, None, None, "seed -1"),
        ("quiet", 1, 0, None, "0 minutes"),
        ("quiet", 1, 1, ["SPY", "ZZZ"], "no ZZZ"),
        ("quiet", 1, 1, ["0"], "0 symbols"),
        ("quiet", 1, 1, ["9999999"], "not in 1"),
    ],
)
def test_wrong_arguments_are_one_sentence(
    profile: str, seed: int, minutes: int | None, symbols: list[str] | None, words: str
) -> None:
    with pytest.raises(UserError, match=words):
        SyntheticFeed(profile, seed, minutes, symbols)


def test_a_wrong_throttle_or_region_is_one_sentence() -> None:
    with pytest.raises(UserError, match=r"-1 ms is not in 0\.\.60000"):
        SyntheticFeed("quiet", 1, throttle_ms=-1)
    with pytest.raises(UserError, match="middle, tuning, scoring"):
        SyntheticFeed("quiet", 1, region="elsewhere")  # type: ignore[arg-type]


def test_records_say_what_a_tape_says_and_no_more() -> None:
    for topic in INPUTS:
        batch = complete(rows(topic))
        for name in HIDDEN_FROM_RECORDS & set(batch.columns):
            assert not batch[name].any(), name
    options, equities = rows("options.prints"), rows("equities.prints")
    assert set(options["venue"].to_pylist()) <= set("ABCDEHIJMNPQTWXZ")
    off = np.array(equities["venue"].to_pylist()) == "D"
    assert np.array_equal(off, equities["off_exchange"])
    assert 0.2 < off.mean() < 0.5
    for name in sorted(set(options["contract"].to_pylist()))[:50]:
        assert parse_contract(name).contract == name


def test_series_belong_to_the_underlying_they_are_keyed_by() -> None:
    for topic in INPUTS[:2]:
        batch = rows(topic)
        pairs = set(zip(batch["contract"].to_pylist(), batch["underlying"].to_pylist(), strict=True))
        assert all(parse_contract(contract).underlying == underlying for contract, underlying in pairs)
        assert len({underlying for _, underlying in pairs}) > 100


def test_names_of_trades_are_unlike_but_for_repeats() -> None:
    for topic in ("options.prints", "equities.prints"):
        batch = rows(topic)
        table = pl.DataFrame(
            {n: batch[n].to_pylist() if is_text(batch[n]) else batch[n] for n in batch.columns}
        )
        named = table.filter((pl.col("trade_id") != "") & (pl.col("report") == 0))
        repeated = named.filter(pl.col("trade_id").is_duplicated())
        assert repeated.drop("kind", "seq").unique().height == repeated["trade_id"].n_unique()
        assert 0 < repeated.height < 0.01 * named.height


def test_cancels_and_corrections_refer_to_trades_before_them() -> None:
    seen: set[tuple[str, str]] = set()
    counted: Counter[str] = Counter()
    for chunk in minute():
        for topic in ("options.prints", "equities.prints"):
            batches = [chunk.batches[topic], *(x.batch for x in chunk.late if x.batch.topic.name == topic)]
            for batch in batches:
                names, refers = batch["trade_id"].to_pylist(), batch["refers_to"].to_pylist()
                for name, about, report in zip(names, refers, batch["report"].tolist(), strict=True):
                    counted[f"{topic} {PRINT_REPORT[report]}"] += 1
                    seen.add((topic, name))
                    assert bool(about) == (report > 0)
                    assert not about or (topic, about) in seen or chunk.late
    assert counted["options.prints cancel"] and counted["equities.prints cancel"]
    assert counted["equities.prints correction"] and not counted["options.prints correction"]


def test_the_first_minute_shows_every_kind_of_event() -> None:
    chunks = minute()
    named = Counter(note.name for chunk in chunks for note in chunk.notes)
    assert {"definition", "open_interest", "corporate_action", "status", "capabilities"} <= set(named)
    assert sum(len(chunk.gaps) for chunk in chunks) == 2
    assert sum(len(chunk.late) for chunk in chunks) > 5
    codes = Counter(rows("options.prints")["condition"].to_pylist())
    assert {"I", "S", "a", "f", "B"} <= set(codes) and set(codes) & set("ACEG")
    texts = Counter(rows("equities.prints")["conditions"].to_pylist())
    letters = set("".join(texts))
    assert {"F", "I", "Z", "5"} <= letters
    for topic in ("options.nbbo", "equities.quotes"):
        quotes = rows(topic)
        bid, ask = quotes["bid"], quotes["ask"]
        assert np.any((bid > ask) & (ask > 0)) and np.any((bid == ask) & (ask > 0))
        assert np.any((bid == -1) & (ask == -1))
    equities = rows("equities.prints")
    assert 0.02 < 1 - equities["has_event_ts"][equities["off_exchange"]].mean() < 0.12


def test_open_interest_is_told_once_for_every_series() -> None:
    found = [n for n in minute()[0].notes if n.name == "open_interest"]
    told = [(n.underlying, dict(n.detail["contracts"])) for n in found]  # type: ignore[call-overload]
    listed = {contract: underlying for underlying, of in told for contract in of}
    traded = set(rows("options.prints")["contract"].to_pylist())
    assert traded <= set(listed)
    assert all(parse_contract(c).underlying == u for c, u in list(listed.items())[::97])
    assert sum(sum(of.values()) for _, of in told) > 1_000_000


def test_adjusted_series_have_their_own_multiplier() -> None:
    adjusted = [n for n in minute()[0].notes if n.name == "definition" and n.detail["adjusted"]]
    assert adjusted
    options = rows("options.prints")
    named = {c: m for n in adjusted for c, m in n.detail["adjusted"].items()}  # type: ignore[attr-defined]
    pairs = zip(options["contract"].to_pylist(), options["multiplier"].tolist(), strict=True)
    assert all(multiplier == named.get(contract, 100) for contract, multiplier in pairs)


@pytest.mark.parametrize("is_tape_c", [False, True])
def test_letters_of_conditions_mean_what_the_market_means(is_tape_c: bool) -> None:
    ours = {
        "iso": "intermarket_sweep",
        "out_of_sequence": "sold_out_of_sequence",
        "prior_reference": "prior_reference_price",
        "extended_out_of_sequence": "extended_hours_sold",
    }
    for name, _, _ in EQUITY_CODES:
        _, bits = _spelled(EQUITY_CODE[name], is_tape_c)
        assert names_of(bits) == (ours.get(name, name.replace("qualified_cont", "qualified_cont")),), name
    text, bits = _spelled(EQUITY_CODE["iso"] | EQUITY_CODE["odd_lot"], is_tape_c)
    assert (text, set(names_of(bits))) == ("FI", {"intermarket_sweep", "odd_lot"})


def test_throttled_prints_are_fewer_and_carry_their_quotes() -> None:
    feed = SyntheticFeed("normal", 7, throttle_ms=1000)
    found = list(islice(feed.chunks(), OPEN_S + 20))
    whole = minute()[: OPEN_S + 20]
    for topic, key in (("options.prints", "contract"), ("equities.prints", "underlying")):
        few = concat([complete(c.batches[topic]) for c in found])
        many = concat([complete(c.batches[topic]) for c in whole])
        assert 0 < len(few) < 0.95 * len(many)
        plain = few["report"] == 0
        names = np.array(few[key].to_pylist())[plain]
        slots = Counter(zip(names.tolist(), (few["source_ts"][plain] // SECOND).tolist(), strict=True))
        assert np.mean(np.array(list(slots.values())) == 1) > 0.99  # a cancelled trade stays besides
        assert np.mean(few["carried_ask"] > 0) > 0.8
    assert feed.identity["throttle_ms"] == 1000
    assert feed.capabilities["complete_volume"] is False


def test_dividends_splits_and_halts_are_told_in_notes() -> None:
    market, day = universe(), day_of(3)
    made = (Action("dividend", 3, 4, 0.25), Action("split", 3, 40, 5.0))
    told = notes.corporate_actions(market, made, day, day.start_ts)
    assert [(n.name, n.underlying) for n in told] == [
        ("corporate_action", market.symbols[4]),
        ("corporate_action", market.symbols[40]),
    ]
    assert told[0].detail == {"kind": "dividend", "date": "2026-03-05", "usd_per_share": 0.25}
    assert told[1].detail["new_per_old"] == 5.0
    incidents = plan(1, day, len(market), 0, ROUGH)
    states = notes.halts(market, incidents)
    assert len(states) == 2 * len(incidents.halted) > 0
    assert np.all(np.diff([n.source_ts for n in states]) >= 0)
    assert sum(not n.detail["is_trading"] for n in states) == len(incidents.halted)
    assert [g.source_ts for g in notes.gaps(incidents)] == [o.stop_ts for o in incidents.outages]


def test_a_half_day_ends_at_one() -> None:
    half = next(n for n in range(400) if day_of(n).is_half)
    assert session_seconds(half) == (210, OPEN_S + 210 * 60 + 300)
    assert session_seconds(0) == (390, OPEN_S + 390 * 60 + 300)


@pytest.mark.parametrize("day", [0, 1, 7])
def test_incidents_of_a_day_follow_from_the_seed(day: int) -> None:
    on = day_of(day)
    one, same, other = (plan(seed, on, 500, 3, ROUGH) for seed in (1, 1, 2))
    assert one.outages == same.outages and np.array_equal(one.halt_start, same.halt_start)
    assert not np.array_equal(one.halt_start, other.halt_start)
    assert (one.halt_start[3] == on.block_ts(on.open_block) + 20 * SECOND) == (day == 0)
    halted = one.halted
    assert np.all(one.halt_stop[halted] > one.halt_start[halted])
    assert plan(1, on, 500, 3, CLEAN).halted == []
