"""Candles over random tapes with late prints: the highest versions are a group-by of all prints in
time, and no share is lost."""

from collections import defaultdict
from typing import Any, Final

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.analytics.candles import (
    HAS_HIGH_LOW,
    HAS_LAST,
    HAS_VOLUME,
    INTERVALS_S,
    IS_OFF,
    Limits,
    Trades,
)
from dataflows.analytics.equities_candles import Candles
from dataflows.analytics.equities_state import Names

SECOND: Final = 1_000_000_000
T0: Final = 1_600_000_000 * SECOND
LIMITS: Final = Limits(1800 * SECOND, 100_000)
FLAGS: Final = [
    HAS_VOLUME,
    HAS_VOLUME | HAS_HIGH_LOW,
    HAS_VOLUME | HAS_HIGH_LOW | HAS_LAST,
    0,
    HAS_LAST,
]
Tick = dict[str, Any]


@st.composite
def tapes(draw: st.DrawFn) -> list[Tick]:
    """Ticks in order of effective time; a late one traded up to the horizon before."""
    now, ticks = T0, []
    for _ in range(draw(st.integers(1, 50))):
        now += draw(st.sampled_from([0, SECOND // 3, SECOND, 4 * SECOND, 250 * SECOND]))
        late = draw(st.sampled_from([0, 0, 0, SECOND // 2, 3 * SECOND, 200 * SECOND, 1800 * SECOND]))
        tick = {
            "effective": now,
            "ts": now - late,
            "late": late > 0,
            "price": draw(st.integers(1, 9)),
        }
        tick |= {"size": draw(st.integers(1, 5)), "flags": draw(st.sampled_from(FLAGS))}
        tick["flags"] |= draw(st.sampled_from([0, IS_OFF]))
        ticks.append(tick | {"name": draw(st.sampled_from("BA"))})
    return ticks


def published(ticks: list[Tick], cuts: list[int]) -> list[Tick]:
    names, candles, rows, after = Names(), Candles(LIMITS), [], 0
    for until in [*sorted(cuts), 2**62]:
        mine = [t for t in ticks if after < t["effective"] <= until]
        batch = candles.apply(trades(mine, names), names, until)
        table = {
            n: c.to_pylist() if isinstance(c, pa.Array) else c.tolist() for n, c in batch.columns.items()
        }
        rows += [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]
        after = until
        candles = Candles.restore(LIMITS, candles.snapshot(len(names)))
    return rows


def trades(ticks: list[Tick], names: Names) -> Trades:
    def column(name: str) -> Any:
        return np.array([t[name] for t in ticks], np.int64)

    money = column("price") * column("size")
    flags, late = column("flags").astype(np.int8), column("late").astype(np.bool_)
    uid = names.ids(pa.array([t["name"] for t in ticks], pa.string()))
    return Trades(uid, column("ts"), column("effective"), column("price"), column("size"), money, flags, late)


def grouped(ticks: list[Tick]) -> dict[tuple[str, int, int], Tick]:
    """The bars by definition: every eligible print of the bucket, in order of its own time."""
    buckets: dict[tuple[str, int, int], list[Tick]] = defaultdict(list)
    for tick in sorted(ticks, key=lambda t: t["ts"]):
        for interval in INTERVALS_S if tick["flags"] & ~IS_OFF else ():
            start = tick["ts"] // (interval * SECOND) * interval * SECOND
            buckets[tick["name"], interval, start].append(tick)
    return {key: bar_of(members) for key, members in buckets.items()}


def bar_of(members: list[Tick]) -> Tick:
    counted = [t for t in members if t["flags"] & HAS_VOLUME]
    lasts = [t["price"] for t in members if t["flags"] & HAS_LAST]
    ranged = [t["price"] for t in members if t["flags"] & (HAS_LAST | HAS_HIGH_LOW)]
    return {
        "open": lasts[0] if lasts else -1,
        "high": max(ranged, default=-1),
        "low": min(ranged, default=-1),
        "close": lasts[-1] if lasts else -1,
        "volume": sum(t["size"] for t in counted),
        "off_exchange_volume": sum(t["size"] for t in counted if t["flags"] & IS_OFF),
        "notional": sum(t["size"] * t["price"] for t in counted),
        "trade_count": len(counted),
    }


@settings(max_examples=150, deadline=None)
@given(tapes(), st.lists(st.integers(0, 3000), max_size=5))
def test_the_highest_versions_are_a_group_by(ticks: list[Tick], cuts: list[int]) -> None:
    latest: dict[tuple[str, int, int], Tick] = {}
    for row in published(ticks, [T0 + c * SECOND for c in cuts]):
        key = row["underlying"], row["interval_s"], row["start_ts"]
        assert row["version"] == (latest[key]["version"] + 1 if key in latest else 1)
        assert row["end_ts"] <= row["emit_ts"]
        if row["open"] >= 0:
            assert (
                row["low"] <= min(row["open"], row["close"]) <= max(row["open"], row["close"]) <= row["high"]
            )
        latest[key] = row
    expected = grouped(ticks)
    assert {k: {n: r[n] for n in expected[k]} for k, r in latest.items()} == expected


@settings(max_examples=50, deadline=None)
@given(tapes())
def test_every_interval_holds_every_share(ticks: list[Tick]) -> None:
    latest = {(r["underlying"], r["interval_s"], r["start_ts"]): r["volume"] for r in published(ticks, [])}
    total = sum(t["size"] for t in ticks if t["flags"] & HAS_VOLUME)
    for interval in INTERVALS_S:
        assert sum(v for k, v in latest.items() if k[1] == interval) == total
