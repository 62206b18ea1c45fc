"""The synthetic market at any start: equal chunks, and put and call that agree inside the spread."""

from __future__ import annotations

from functools import cache
from itertools import islice

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.feed import Chunk
from connectors.feeds.synthetic import INPUTS, PROFILES, SyntheticFeed
from connectors.feeds.synthetic_calendar import days
from connectors.feeds.synthetic_day import Maker
from connectors.feeds.synthetic_world import Series, World, build
from schemas.columns import Batch, is_text
from schemas.symbology import parse_contract

SHOWN_S = 45  # past the ten seconds before the open and the whole wheel of quotes


@cache
def from_the_start(profile: str) -> tuple[Chunk, ...]:
    count = SHOWN_S * PROFILES[profile].slices if profile != "stress" else 16 * 5
    return tuple(islice(SyntheticFeed(profile, 21).chunks(), count))


@cache
def world(number: int) -> World:
    return build(next(islice(days(), number, None)), 4, 1000)


def is_equal(one: Batch, other: Batch) -> bool:
    pairs = ((one[name], other[name]) for name in one.columns)
    return all(a.equals(b) if is_text(a) else np.array_equal(a, b) for a, b in pairs)


@settings(max_examples=25, deadline=None)
@given(profile=st.sampled_from(sorted(PROFILES)), share=st.floats(0, 0.999))
def test_a_chunk_is_the_same_wherever_reading_began(profile: str, share: float) -> None:
    whole = from_the_start(profile)
    start = int(share * len(whole))
    for one, other in zip(whole[start:], islice(SyntheticFeed(profile, 21).chunks(start), 3), strict=False):
        assert one.upto_ts == other.upto_ts
        assert one.session == other.session
        assert all(is_equal(one.batches[t], other.batches[t]) for t in INPUTS)


@settings(max_examples=15, deadline=None)
@given(day=st.integers(0, 3), block=st.integers(0, 23_409))
def test_call_minus_put_is_spot_minus_strike_inside_the_spreads(day: int, block: int) -> None:
    market = world(day)
    second = Maker(market, PROFILES["normal"]).make(block)
    gaps, widths = synthetic_forwards(market.series, second["options.nbbo"])
    # Each series is judged at its own moment; the path moves between them inside one second.
    drift = np.abs(market.path[:, block + 1] - market.path[:, block])
    drift += np.abs(market.path[:, block] - market.path[:, max(block - 1, 0)])
    spot = market.path[:, block]
    for symbol, (low, high) in gaps.items():
        room = widths[symbol] + 2 * int(drift[symbol])
        assert low - room <= spot[symbol] <= high + room


def synthetic_forwards(series: Series, quotes: Batch) -> tuple[dict[int, tuple[int, int]], dict[int, int]]:
    """Least and greatest strike + call - put by symbol, from middles, and half the widest spreads."""
    row_of = {name: row for row, name in enumerate(series.contract.to_pylist())}
    middles: dict[int, tuple[int, int]] = {}
    sides = zip(quotes["contract"].to_pylist(), quotes["bid"].tolist(), quotes["ask"].tolist(), strict=True)
    for name, bid, ask in sides:
        if bid >= 0 and ask > bid:
            middles[row_of[name]] = ((bid + ask) // 2, ask - bid)
    gaps: dict[int, tuple[int, int]] = {}
    widths: dict[int, int] = {}
    for call, (value, spread) in middles.items():
        put = call + 1
        if not series.is_call[call] or put not in middles:
            continue
        symbol = int(series.symbol[call])
        forward = int(series.strike[call]) + value - middles[put][0]
        low, high = gaps.get(symbol, (forward, forward))
        gaps[symbol] = (min(low, forward), max(high, forward))
        widths[symbol] = max(widths.get(symbol, 0), (spread + middles[put][1]) // 2)
    assert gaps or not middles or len(middles) < 200
    return gaps, widths


@settings(max_examples=6, deadline=None)
@given(day=st.integers(0, 300))
def test_series_of_a_day_are_distinct_and_say_what_their_symbols_say(day: int) -> None:
    market = world(day)
    series = market.series
    names = series.contract.to_pylist()
    assert len(set(names)) == len(names) == len(series)
    for row in range(0, len(names), 37):
        read = parse_contract(names[row])
        assert read.strike == series.strike[row]
        assert (read.right == 0) == series.is_call[row]
        assert series.expiry_ts[row] >= market.day.close_ts
