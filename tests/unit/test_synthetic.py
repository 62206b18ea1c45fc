"""The synthetic market: same seed, same records; rates, sessions, quotes before prints and bursts."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import cache
from itertools import islice

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from connectors.errors import UserError
from connectors.feed import MAX_CHUNK_ROWS, Chunk
from connectors.feeds.synthetic import INPUTS, PROFILES, SyntheticFeed
from connectors.feeds.synthetic_calendar import days
from connectors.feeds.synthetic_day import Maker
from connectors.feeds.synthetic_world import NAMES, build
from schemas.columns import Batch, concat, is_text, numpy_type
from schemas.topics import TOPIC

GOLDEN = {
    "normal": "c5964565d746a2445ad9935331716e6db6d1313f9fb271d77014beef2cb5d178",
    "stress": "a3570903bdf8e156561ace85066bcc7276353dd4f62a736e20298d21d1cd0fc5",
}
OPEN_S = 10
SECOND = 1_000_000_000
USD = 1_000_000_000
I64 = npt.NDArray[np.int64]


def digest(chunks: list[Chunk]) -> str:
    """SHA-256 over every column of every chunk, the same on any machine."""
    found = hashlib.sha256()
    for chunk in chunks:
        found.update(str(chunk.upto_ts).encode())
        for topic in INPUTS:
            for name, column in chunk.batches[topic].columns.items():
                found.update(name.encode())
                found.update(
                    "\n".join(column.to_pylist()).encode()
                    if is_text(column)
                    else column.astype(column.dtype.newbyteorder("<")).tobytes()
                )
    return found.hexdigest()


def first(profile: str, seed: int, count: int, start: int = 0) -> list[Chunk]:
    return list(islice(SyntheticFeed(profile, seed).chunks(start), count))


@cache
def minute() -> dict[str, Batch]:
    """The ten seconds before the open and the minute after it."""
    chunks = first("normal", 7, OPEN_S + 60)
    return {t: concat([c.batches[t] for c in chunks]) for t in INPUTS}


def codes_of(*batches: Batch, name: str) -> list[I64]:
    """Number the texts of a column alike in several batches."""
    texts = [b[name].to_pylist() for b in batches]
    number = {text: n for n, text in enumerate(sorted({t for part in texts for t in part}))}
    return [np.array([number[t] for t in part], np.int64) for part in texts]


def standing(prints: Batch, quotes: Batch, name: str) -> tuple[I64, I64]:
    """Bid and ask strictly before each print's event time, found by a join of another library."""
    keys = codes_of(prints, quotes, name=name)
    left = pl.DataFrame({"key": keys[0], "time": prints["event_ts"], "row": np.arange(len(prints))})
    sides = {"bid": quotes["bid"], "ask": quotes["ask"]}
    right = pl.DataFrame({"key": keys[1], "time": quotes["source_ts"] + 1, **sides})
    joined = left.sort("time").join_asof(right, on="time", by="key", check_sortedness=False).sort("row")
    assert joined["bid"].null_count() == 0, "a print without a quote before it"
    return joined["bid"].to_numpy(), joined["ask"].to_numpy()


@pytest.mark.parametrize(("profile", "count"), [("normal", 14), ("stress", 55)])
def test_first_records_are_those_written_down(profile: str, count: int) -> None:
    assert digest(first(profile, 7, count)) == GOLDEN[profile]


def test_another_seed_gives_other_records() -> None:
    assert digest(first("quiet", 7, 12)) != digest(first("quiet", 8, 12))


@pytest.mark.parametrize("profile", PROFILES)
def test_chunks_hold_what_the_protocol_promises(profile: str) -> None:
    feed = SyntheticFeed(profile, 3)
    before = 0
    for number, chunk in enumerate(islice(feed.chunks(), 13 * PROFILES[profile].slices)):
        assert (chunk.session is not None) == (number == 0)
        assert (chunk.upto_ts + 1) % feed.heartbeat_ns == 0
        assert sum(chunk.read.values()) <= MAX_CHUNK_ROWS
        for topic, batch in chunk.batches.items():
            assert chunk.read[topic] == len(batch)
            assert np.all(np.diff(batch["source_ts"]) >= 0)
            assert np.all((batch["source_ts"] > before) & (batch["source_ts"] <= chunk.upto_ts))
            assert np.all(batch["event_ts"] <= batch["source_ts"])
            assert tuple(batch.columns) == TOPIC[topic].field_names
            for name, column in batch.columns.items():
                assert is_text(column) or column.dtype == numpy_type(TOPIC[topic], name), name
        before = chunk.upto_ts


def test_minutes_end_the_run_and_days_follow_each_other() -> None:
    feed = SyntheticFeed("quiet", 1, minutes=391)
    sessions = 23_410
    day = next(feed.chunks(sessions))
    assert day.session is not None
    assert day.session.name == "2026-01-06"
    assert day.session.open_ts == 1_767_709_800 * SECOND
    assert day.session.start_ts == day.session.open_ts - OPEN_S * SECOND
    last = list(feed.chunks(sessions + OPEN_S + 58))
    assert len(last) == 2
    assert last[-1].upto_ts == day.session.open_ts + 60 * SECOND - 1


def test_sessions_keep_holidays_half_days_and_summer_time() -> None:
    found = {day.when.isoformat(): day for day in days()}
    assert "2026-04-03" not in found  # Good Friday
    opens = {n: datetime.fromtimestamp(found[n].open_ts // SECOND, UTC).hour for n in found}
    assert (opens["2026-01-05"], opens["2026-07-01"]) == (14, 13)
    assert found["2026-11-27"].minutes == 210
    assert all(len({when for when, _ in day.expiries}) == 5 for day in found.values())


def test_symbols_keep_the_records_they_have_in_the_whole_market() -> None:
    whole = first("quiet", 5, 3, start=40)
    some = list(islice(SyntheticFeed("quiet", 5, symbols=["SPY", "IBM"]).chunks(40), 3))
    for a, b in zip(whole, some, strict=True):
        for topic in INPUTS:
            rows = [
                n for n, s in enumerate(a.batches[topic]["underlying"].to_pylist()) if s in ("SPY", "IBM")
            ]
            kept = a.batches[topic].take(np.array(rows, np.int64))
            assert b.read[topic] == len(kept) > 0
            assert np.array_equal(kept["source_ts"], b.batches[topic]["source_ts"])
            assert kept["underlying"].equals(b.batches[topic]["underlying"])


@pytest.mark.parametrize(
    ("profile", "seed", "minutes", "symbols", "words"),
    [
        ("loud", 1, None, None, "quiet, normal, stress"),
        ("quiet", -1, None, None, "seed -1"),
        ("quiet", 1, 0, None, "0 minutes"),
        ("quiet", 1, 1, ["SPY", "ZZZ"], "no ZZZ"),
    ],
)
def test_wrong_arguments_are_one_sentence(
    profile: str, seed: int, minutes: int | None, symbols: list[str] | None, words: str
) -> None:
    with pytest.raises(UserError, match=words):
        SyntheticFeed(profile, seed, minutes, symbols)


@pytest.mark.parametrize(("profile", "scale"), [("quiet", 0.1), ("normal", 1.0), ("stress", 4.0)])
def test_rates_average_to_the_stated_ones_over_a_session(profile: str, scale: float) -> None:
    world = build(next(days()), 11, PROFILES[profile].ordinary)
    counts = dict.fromkeys(INPUTS, 0)
    blocks = range(OPEN_S + 150, OPEN_S + 23_400, 390)
    for block in blocks:
        maker = Maker(world, PROFILES[profile])
        for topic, batch in maker.make(block).items():
            counts[topic] += len(batch)
    stated = {
        "options.prints": 250,
        "options.nbbo": 2500,
        "equities.prints": 1000,
        "equities.quotes": 4000,
    }
    spread = 0.25 if profile == "stress" else 0.08  # one second in eight is three times as busy
    for topic, rate in stated.items():
        assert counts[topic] / len(blocks) == pytest.approx(rate * scale, rel=spread), topic


def test_option_prints_lie_where_their_standing_quotes_say() -> None:
    prints, quotes = minute()["options.prints"], minute()["options.nbbo"]
    bid, ask = standing(prints, quotes, "contract")
    price = prints["price"]
    normal = (bid > 0) & (ask > bid)
    assert normal.mean() > 0.95
    nickel = 5 * USD // 100
    assert np.all(price >= np.minimum(bid, ask) - nickel)
    assert np.all(price <= np.maximum(bid, ask) + nickel)
    shares = [np.mean(price[normal] == side[normal]) for side in (ask, bid)]
    assert all(0.28 < share < 0.48 for share in shares)
    assert 0.03 < np.mean((price > ask) | (price < bid)) < 0.08


def test_off_exchange_prints_lie_as_off_exchange_prints_do() -> None:
    prints, quotes = minute()["equities.prints"], minute()["equities.quotes"]
    bid, ask = standing(prints, quotes, "underlying")
    price, size = prints["price"], prints["size"]
    is_off = prints["off_exchange"] & (ask > bid) & (bid > 0)
    at_quote = np.mean((price == bid)[is_off] | (price == ask)[is_off])
    assert 0.35 < at_quote < 0.45
    assert 0.14 < np.mean((2 * price == bid + ask)[is_off]) < 0.23
    assert np.mean((price > ask)[is_off] | (price < bid)[is_off]) < 0.06
    assert 0.25 < prints["off_exchange"].mean() < 0.31
    assert 0.38 < size[prints["off_exchange"]].sum() / size.sum() < 0.52
    assert np.array_equal(prints["off_exchange"], np.array(prints["venue"].to_pylist()) == "D")
    delay = (prints["source_ts"] - prints["event_ts"])[prints["off_exchange"]]
    assert delay.max() <= 2 * SECOND
    assert np.quantile(delay, 0.9) > SECOND // 10


def test_quotes_hold_a_little_dirt() -> None:
    quotes = minute()["options.nbbo"]
    bid, ask = quotes["bid"], quotes["ask"]
    for odd in (bid == ask, bid > ask, bid == -1, bid == 0):
        assert 0 < odd.mean() < 0.05
    assert np.all(quotes["bid_size"][bid <= 0] == 0)


def test_some_prints_are_repeated_with_equal_content() -> None:
    prints = minute()["options.prints"]
    names = prints["contract"].to_pylist()
    times = prints["source_ts"].tolist()
    pairs = list(zip(names, times, prints["price"].tolist(), prints["size"].tolist(), strict=True))
    assert 0.0005 < 1 - len(set(pairs)) / len(pairs) < 0.006


def runs(keys: list[I64], time: I64, widest_ns: int) -> list[I64]:
    """Rows of equal keys whose neighbours are at most `widest_ns` apart."""
    order = np.lexsort((time, *reversed(keys)))
    parted = np.diff(time[order]) > widest_ns
    for key in keys:
        parted |= np.diff(key[order]) != 0
    return [part for part in np.split(order, np.flatnonzero(parted) + 1) if len(part) > 1]


def test_bursts_of_options_come_within_a_minute() -> None:
    prints, quotes = minute()["options.prints"], minute()["options.nbbo"]
    bid, ask = standing(prints, quotes, "contract")
    (contract,), (venue,) = codes_of(prints, name="contract"), codes_of(prints, name="venue")
    code = np.array(prints["condition"].to_pylist())
    time, size, price = prints["event_ts"], prints["size"], prints["price"]
    side = np.where(price == ask, 1, np.where(price == bid, 2, 0))
    iso = np.where(code == "S", 1, 0)
    sweeps = [r for r in runs([contract, side, iso], time, 50_000_000) if iso[r[0]] and side[r[0]]]
    assert sum(len(np.unique(venue[r])) == len(r) for r in sweeps) > 30
    assert max(len(np.unique(venue[r])) for r in sweeps) >= 5
    electronic = np.where(code == "I", 1, 0)
    chains = runs([contract, venue, side, electronic], time, 400_000_000)
    splits = [r for r in chains if len(r) >= 3 and np.diff(time[r]).min() > 100_000_000]
    assert len(splits) > 10
    blocks = (size >= 500) & (price * size // 10 >= 50_000 * USD // 1000)
    assert blocks.sum() > 10
    spikes = price * size // 10 >= 250_000 * USD // 1000
    assert spikes.sum() > 10


def test_verticals_come_within_a_minute() -> None:
    prints = minute()["options.prints"]
    names = prints["contract"].to_pylist()
    (venue,) = codes_of(prints, name="venue")
    expiry = {text: n for n, text in enumerate(sorted({n[:13] for n in names}))}
    leg = np.array([expiry[n[:13]] for n in names], np.int64)
    coded = np.where(np.array(prints["condition"].to_pylist()) == "f", 1, 0)
    found = [r for r in runs([leg, venue, coded], prints["event_ts"], 2_000_000) if coded[r[0]]]
    pairs = [r for r in found if len(r) == 2 and names[r[0]] != names[r[1]]]
    assert sum(prints["size"][r[0]] == prints["size"][r[1]] for r in pairs) > 30


def test_quote_stays_after_an_absorbed_block() -> None:
    chunks = first("normal", 7, OPEN_S + 95)
    prints = concat([c.batches["equities.prints"] for c in chunks])
    quotes = concat([c.batches["equities.quotes"] for c in chunks])
    is_block = (prints["size"] >= 10_000 * 1_000_000) & (prints["event_ts"] < chunks[OPEN_S + 60].upto_ts)
    prints = prints.take(np.flatnonzero(is_block))
    bid, ask = standing(prints, quotes, "underlying")
    rows = np.flatnonzero((bid > 0) & (ask > bid))
    assert len(rows) >= 3
    name, quoted = codes_of(prints, quotes, name="underlying")
    for row in rows.tolist():
        assert prints["off_exchange"][row]
        assert 2 * prints["price"][row] == bid[row] + ask[row]
        waited = quotes["source_ts"] - prints["event_ts"][row]
        rest = (quoted == name[row]) & (waited > 0) & (waited < 30 * SECOND) & (quotes["bid"] > 0)
        middle = quotes["bid"][rest] + quotes["ask"][rest]
        assert np.all(np.abs(middle - bid[row] - ask[row]) <= 2 * (ask[row] - bid[row]))


def test_every_underlying_trades_and_is_quoted() -> None:
    for topic in INPUTS:
        assert set(minute()[topic]["underlying"].to_pylist()) == set(NAMES)
