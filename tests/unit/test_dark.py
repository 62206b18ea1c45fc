"""The absorbed-block rule: what may wait, what the wait asks, and what the event says."""

import json
from typing import Any, Final

import numpy as np
import pytest

from dataflows.analytics.equities import EquitiesCore
from dataflows.analytics.merge import EQUITIES, Applied, Merged, market
from dataflows.analytics.release import Session
from schemas.columns import Batch, from_rows
from schemas.conditions import BIT
from schemas.topics import TOPIC

MS: Final = 1_000_000
S: Final = 1000
T0: Final = 1_600_000_000_000 * MS
CENT: Final = 10_000_000
AT: Final = 20 * S  # the block prints here, its reporting window reaches back 10 s
SHARE: Final = 10**6


def quote(at: int, bid: int, ask: int, name: str = "IBM") -> tuple[str, int, dict[str, Any]]:
    sides = {"bid": bid * CENT, "ask": ask * CENT, "bid_size": 1, "ask_size": 1}
    return "equities.quotes", at, {"underlying": name, **sides}


def block(at: int = AT, price: float = 10_001, shares: int = 25_000, **more: Any) -> tuple[str, int, Any]:
    row = {"underlying": "IBM", "price": round(price * CENT), "size": shares * SHARE, "venue": "D"}
    row |= {"off_exchange": True, "conditions": "", "condition_bits": 0, "has_event_ts": False}
    return "equities.prints", at, row | more


class Run:
    """A core fed with rows of (topic, milliseconds, values); `late` rows are applied when they came."""

    def __init__(self, config: dict[str, Any] | None = None, is_rounded: bool = False) -> None:
        self.core, self.after, self.is_rounded = EquitiesCore(config), T0 - 1, is_rounded

    def feed(self, rows: list[tuple[str, int, dict[str, Any]]], until: int, is_late: bool = False) -> Batch:
        applied = {}
        for topic in EQUITIES:
            mine = sorted((r for r in rows if r[0] == topic), key=lambda r: r[1])
            full = [
                {
                    "kind": "data",
                    "seq": i,
                    "source_ts": T0 + at * MS,
                    "event_ts": T0 + at * MS,
                    **row,
                }
                for i, (_, at, row) in enumerate(mine)
            ]
            batch = from_rows(TOPIC[topic], full)
            late = np.full(len(mine), is_late)
            times = np.maximum(batch["source_ts"], self.after + 1)
            applied[topic] = Applied(batch, times, late)
        detail = {"capabilities": {"price_rounded": self.is_rounded}}
        day = (T0, Session("day", T0, T0, T0, 10_000 * MS, detail))
        sessions = (day,) if self.after < T0 else ()
        self.after = T0 + until * MS
        release = market(Merged(self.after, sessions, (), (), applied, ()), *EQUITIES)
        assert release is not None
        return self.core.apply(release)["dark.events"]


STANDING: Final = quote(0, 10_000, 10_002)


def test_a_block_is_judged_when_its_wait_is_over() -> None:
    run = Run()
    assert len(run.feed([STANDING, block()], AT + 30 * S - 1)) == 0
    event = run.feed([], AT + 30 * S)
    assert event["emit_ts"].tolist() == [T0 + (AT + 30 * S) * MS]
    assert (event["bid"][0], event["settled_ask"][0]) == (10_000 * CENT, 10_002 * CENT)
    assert event["sentence"][0].as_py() == (
        "Off-exchange block of 25,000 shares at the midpoint; after 30 s the middle of the quote was "
        "within one spread of where it had been: consistent with absorbed supply or demand; neither "
        "side nor intent can be said."
    )
    assert run.core.counters["dark_moved"] == 0


def test_the_evidence_names_thresholds_quotes_and_the_missing_test() -> None:
    lit = block(AT + S, 10_001, 300, off_exchange=False, venue="N")
    rows = [
        STANDING,
        block(),
        lit,
        block(AT + 2 * S, 10_001, 40),
        quote(AT + 5 * S, 10_001, 10_003),
    ]
    (event,) = [json.loads(e) for e in Run().feed(rows, 60 * S)["evidence"].to_pylist()]
    assert event == {
        "rule": "absorbed_block",
        "test": "none",
        "thresholds": {
            "block_shares": "10000",
            "block_notional_usd": "200000",
            "wait_s": "30",
            "move_max_usd": "0.02",
        },
        "arrival": {"bid_usd": "100", "ask_usd": "100.02"},
        "settled": {"bid_usd": "100.01", "ask_usd": "100.03"},
        "middle_moved_usd": "0.01",
        "meanwhile": {"lit_shares": "300", "off_exchange_shares": "40"},
        "price_rounded": False,
    }


@pytest.mark.parametrize(
    ("later", "events"),
    [
        ((10_000, 10_002), 1),
        ((10_002, 10_004), 1),  # one arrival spread
        ((10_003, 10_005), 0),
        ((9_997, 9_999), 0),
        ((10_001, 10_001), 1),  # locked is two-sided
        ((10_003, 10_001), 0),  # crossed
        ((-1, 10_002), 0),
    ],
)
def test_the_middle_may_move_by_one_spread(later: tuple[int, int], events: int) -> None:
    run = Run()
    assert len(run.feed([STANDING, block(), quote(AT + 29 * S, *later)], 60 * S)) == events
    assert run.core.counters["dark_moved"] == 1 - events


def test_a_quote_at_the_end_of_the_wait_is_too_late_to_count() -> None:
    assert len(Run().feed([STANDING, block(), quote(AT + 30 * S, 10_100, 10_102)], 60 * S)) == 1


@pytest.mark.parametrize("changed", [{}, {"condition_bits": BIT["intermarket_sweep"]}, {"shares": 10_000}])
def test_blocks_that_count(changed: dict[str, Any]) -> None:
    assert len(Run().feed([STANDING, block(**changed)], 60 * S)) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"off_exchange": False},
        {"shares": 1_999},  # 199,919.99 USD
        {"price": 10_003},
        {"price": 9_999},
        *({"condition_bits": BIT[n]} for n in ("average_price", "contingent", "derivatively_priced")),
        *({"condition_bits": BIT[n]} for n in ("prior_reference_price", "sold_out_of_sequence")),
        {"condition_bits": BIT["official_close"]},
    ],
)
def test_prints_that_are_no_current_block(changed: dict[str, Any]) -> None:
    assert len(Run().feed([STANDING, block(**changed)], 60 * S)) == 0


def test_an_unstable_placement_is_no_block() -> None:
    assert (
        len(
            Run().feed(
                [STANDING, quote(AT - S, 9_000, 9_002), quote(AT - 1, 10_000, 10_002), block()],
                60 * S,
            )
        )
        == 0
    )


def test_a_block_that_comes_late_is_no_block() -> None:
    run = Run()
    run.feed([STANDING], 21 * S)
    assert len(run.feed([block()], 60 * S, is_late=True)) == 0


def test_the_newest_block_is_refused_where_too_many_wait() -> None:
    run = Run({"dark_waiting_max": 2})
    events = run.feed([STANDING, block(AT), block(AT + 1), block(AT + 2)], 60 * S)
    assert events["print_seq"].tolist() == [0, 1]
    assert run.core.counters["dark_refused"] == 1
    assert len(run.feed([block(61 * S)], 100 * S)) == 1


def test_events_of_one_time_leave_by_name() -> None:
    rows = [quote(0, 10_000, 10_002, n) for n in ("Z", "A", "É")] + [
        block(underlying=n) for n in ("É", "Z", "A")
    ]
    assert Run().feed(rows, 60 * S)["underlying"].to_pylist() == ["A", "Z", "É"]


def test_prices_rounded_by_the_source_carry_no_midpoint() -> None:
    (sentence,) = Run(is_rounded=True).feed([STANDING, block()], 60 * S)["sentence"].to_pylist()
    assert "at or inside the quote to the nearest cent" in sentence
    assert "midpoint" not in sentence
