"""Planted orders: each print agrees with its truth and with the recorded quote that it met."""

from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pytest

from schemas.columns import Batch, constant
from schemas.kinds import SIDE
from schemas.topics import TOPIC
from scoring.join_lag import AT_ASK, AT_BID, INSIDE, MID, PLACES, Quotes, Standing, curve, placed
from scoring.planted import LIT_VENUES, STYLES, Displayed, Params, Planted, plant
from scoring.planted_tape import LOT_SHARES, Tape, displayed, equity_tape, option_tape

CENT: Final = 10_000_000
SPAN: Final = (10**15, 10**15 + 3_600 * 10**9)
SERIES: Final = "XYZ   261218C00150000"


def quotes(count: int = 20_000) -> Displayed:
    """Return a walk of quotes, two to five cents wide, with gaps of milliseconds to seconds."""
    dice = np.random.default_rng(7)
    ts = SPAN[0] - 10**9 + np.sort(dice.integers(0, SPAN[1] - SPAN[0], count))
    mid = 15_000 * CENT + np.cumsum(dice.integers(-1, 2, count)) * CENT
    half = dice.integers(1, 3, count) * CENT
    lots = dice.integers(1, 9, (2, count))
    return Displayed(ts, mid - half, mid + half + CENT * (dice.random(count) < 0.5), lots[0], lots[1])


def planted(seed: int = 1, params: Params | None = None) -> Planted:
    return plant(quotes(), SPAN, seed, params or Params())


def named(found: Planted, style: str) -> np.ndarray:
    return np.flatnonzero(found.style == STYLES.index(style))


def batch_of(shown: Displayed) -> Batch:
    count = len(shown.ts)
    given = {
        "kind": np.zeros(count, np.int32),
        "seq": np.arange(count),
        "source_ts": shown.ts,
        "event_ts": shown.ts,
        "underlying": pa.array(["XYZ"] * count, pa.string()),
        "bid": shown.bid,
        "ask": shown.ask,
        "bid_size": shown.bid_lots * LOT_SHARES,
        "ask_size": shown.ask_lots * LOT_SHARES,
    }
    topic = TOPIC["equities.quotes"]
    return Batch(
        topic, {f.name: given[f.name] if f.name in given else constant(f, count) for f in topic.fields}
    )


def test_the_same_seed_plants_the_same_orders_and_another_others() -> None:
    again = planted()
    assert all(np.array_equal(a, b) for a, b in zip(planted(), again, strict=True))
    assert not np.array_equal(planted(2).price[:100], again.price[:100])


def test_the_quote_met_is_the_last_one_strictly_before_the_order() -> None:
    shown, found = quotes(), planted()
    assert (shown.ts[found.quote] < found.exact_ts).all()
    after = shown.ts[np.minimum(found.quote + 1, len(shown.ts) - 1)]
    assert ((after >= found.exact_ts) | (found.quote == len(shown.ts) - 1)).all()


def test_each_style_prints_where_it_says() -> None:
    shown, found = quotes(), planted()
    bid, ask = shown.bid[found.quote], shown.ask[found.quote]
    taker_touch = np.where(found.aggressor > 0, ask, bid)
    for style in ("single", "sweep", "split", "passive"):
        rows = named(found, style)
        assert len(rows) > 100 and (found.price[rows] == taker_touch[rows]).all(), style
    rows = named(found, "inside")
    gain = (taker_touch - found.price)[rows] * found.aggressor[rows]
    assert (gain > 0).all() and (2 * gain < (ask - bid)[rows]).all()
    rows = named(found, "midpoint")
    assert (2 * found.price[rows] == (bid + ask)[rows]).all() and (found.aggressor[rows] == 0).all()


def test_a_passive_customer_is_hit_by_the_other_side() -> None:
    found = planted()
    rows = named(found, "passive")
    assert (found.customer[rows] == -found.aggressor[rows]).all()
    others = np.flatnonzero((found.style != STYLES.index("passive")) & (found.aggressor != 0))
    assert (found.customer[others] == found.aggressor[others]).all()


def test_no_print_is_larger_than_what_was_shown() -> None:
    shown, found = quotes(), planted()
    size = np.where(found.aggressor > 0, shown.ask_lots[found.quote], shown.bid_lots[found.quote])
    sided = found.aggressor != 0
    assert (found.lots[sided] <= size[sided]).all() and (found.lots > 0).all()
    assert (found.lots[sided] == size[sided]).mean() > 0.1  # some orders were larger and were cut


def test_the_pieces_of_a_sweep_print_on_venues_of_their_own_within_a_millisecond() -> None:
    found = planted()
    rows = named(found, "sweep")
    for parent in np.unique(found.parent[rows])[:50]:
        mine = rows[found.parent[rows] == parent]
        assert len(np.unique(found.venue[mine])) == len(mine) and len(np.unique(found.order[mine])) == 1
        assert np.ptp(found.exact_ts[mine]) < 1_000_000 * 3


def test_a_split_is_several_orders_of_one_parent_and_side() -> None:
    found = planted()
    rows = named(found, "split")
    for parent in np.unique(found.parent[rows])[:50]:
        mine = rows[found.parent[rows] == parent]
        assert len(np.unique(found.order[mine])) == len(mine) and len(np.unique(found.customer[mine])) == 1


def test_reports_come_in_order_and_after_the_trade() -> None:
    found = planted()
    assert (np.diff(found.report_ts) >= 0).all() and (found.report_ts >= found.exact_ts).all()
    is_off = found.venue == len(LIT_VENUES)
    delay = found.report_ts - found.exact_ts
    assert np.median(delay[is_off]) > 10 * np.median(delay[~is_off])


def test_quotes_without_two_sides_or_a_spread_are_not_met() -> None:
    shown = quotes()
    locked, one_sided = shown.ts % 3 == 0, shown.ts % 3 == 1
    ask = np.where(locked, shown.bid, np.where(one_sided, -1, shown.ask))
    found = plant(shown._replace(ask=ask), SPAN, 1, Params())
    assert len(found.price) > 100
    assert (shown.ts[found.quote] % 3 == 2).all()


def test_the_tape_of_a_stock_holds_what_was_planted_and_no_truth() -> None:
    found = planted()
    tape = equity_tape(found, batch_of(quotes()))
    assert np.array_equal(tape.prints["price"], found.price)
    assert (tape.prints["aggressor"] == SIDE.index("none")).all()
    check_truth(tape, found)
    assert displayed(tape.quotes).ask_lots.tolist() == quotes().ask_lots.tolist()
    assert set(tape.prints["venue"].to_pylist()) == {*LIT_VENUES, "D"}
    assert ((tape.prints["off_exchange"]) == np.isin(found.style, (4, 5))).all()


def test_the_same_orders_as_an_option_series() -> None:
    found = planted()
    tape = option_tape(found, batch_of(quotes()), SERIES)
    check_truth(tape, found)
    assert tape.prints["size"].tolist() == found.lots.tolist()
    assert set(tape.prints["contract"].to_pylist()) == {SERIES}
    assert tape.quotes.topic.name == "options.nbbo" and len(tape.quotes) == len(quotes().ts)


def check_truth(tape: Tape, found: Planted) -> None:
    names = {1: "buy", -1: "sell", 0: "none"}
    assert [SIDE[c] for c in tape.truth["customer"]] == [names[c] for c in found.customer.tolist()]
    assert [SIDE[c] for c in tape.truth["aggressor"]] == [names[c] for c in found.aggressor.tolist()]
    assert all(len(column) == len(tape.prints) for column in tape.truth.values())


def standing() -> Standing:
    shown = quotes()
    return Standing(Quotes(np.zeros(len(shown.ts), np.int64), *shown))


def test_at_the_exact_time_every_planted_print_lies_where_its_style_says() -> None:
    found = planted()
    where = placed(standing(), np.zeros(len(found.price), np.int64), found.exact_ts, found.price)
    at_quote = np.isin(found.style, [STYLES.index(s) for s in ("single", "sweep", "split", "passive")])
    assert set(where[at_quote & (found.aggressor > 0)]) == {AT_ASK}
    assert set(where[at_quote & (found.aggressor < 0)]) == {AT_BID}
    assert set(where[named(found, "inside")]) == {INSIDE} and set(where[named(found, "midpoint")]) == {MID}


def test_the_curve_of_planted_prints_decays_with_the_lag() -> None:
    found = planted(params=Params(parent_count=5_000))
    rows = curve(standing(), np.zeros(len(found.price), np.int64), found.exact_ts, found.price)
    assert rows.shape == (11, len(PLACES)) and np.allclose(rows.sum(axis=1), 1)
    assert rows[0, PLACES.index("outside")] == 0 < rows[-1, PLACES.index("outside")]


TICKS: Final = Path(__file__).parents[3] / "shared" / "data" / "lean"


@pytest.mark.skipif(not TICKS.is_dir(), reason="the recorded LEAN ticks are not here")
@pytest.mark.parametrize("symbol", ["IBM", "AIG"])
def test_orders_planted_into_a_recorded_day(symbol: str) -> None:
    from connectors.feeds.lean import LeanFeed
    from schemas.columns import concat

    feed = LeanFeed(TICKS, [symbol], ["2013-10-07"])
    chunks = list(feed.chunks())
    session = chunks[0].session
    assert session is not None
    recorded = concat([c.batches["equities.quotes"] for c in chunks])
    found = plant(displayed(recorded), (session.open_ts, session.close_ts), 3, Params())
    tape = equity_tape(found, recorded)
    assert len(tape.prints) > 2_000
    shown = Quotes(np.zeros(len(recorded), np.int64), *displayed(recorded))
    where = placed(Standing(shown), np.zeros(len(found.price), np.int64), found.exact_ts, found.price)
    assert set(where[named(found, "single")]) <= {AT_BID, AT_ASK}
