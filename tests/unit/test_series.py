"""Bursts, repeats and ladders: their edges, their end with a session, any cut, and a plain reference."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.analytics.options_names import Names
from dataflows.analytics.series import Series
from dataflows.analytics.series_look import LADDER, RING
from schemas.columns import Batch
from schemas.kinds import PACKET_KIND, PLACEMENT, QUOTE_STATE, SIDE
from schemas.topics import TOPIC

S = 10**9
T = 1_700_000_000 * S
USUAL = 10_000


@dataclass(frozen=True)
class Packet:
    """One packet: its start in seconds after T, strike in dollars and what else matters here."""

    at: float
    size: int = 10
    strike: int = 150
    side: str = "buy"
    kind: str = "single"
    root: str = "IBM"
    right: str = "C"
    expiry: str = "250117"
    lasts: float = 0.0
    place: str = "none"

    @property
    def ts(self) -> int:
        return T + round(self.at * S)

    @property
    def contract(self) -> str:
        return f"{self.root:<6}{self.expiry}{self.right}{self.strike * 1000:08d}"


def batch(packets: list[Packet]) -> Batch:
    columns: dict[str, Any] = {
        "underlying": pa.array([p.root for p in packets], pa.string()),
        "contract": pa.array([p.contract for p in packets], pa.string()),
        "kind": np.array([PACKET_KIND.index(p.kind) for p in packets], np.int32),
        "side": np.array([SIDE.index(p.side) for p in packets], np.int32),
        "quote_state": np.full(len(packets), QUOTE_STATE.index("normal"), np.int32),
        "placement": np.array([PLACEMENT.index(p.place) for p in packets], np.int32),
        "start_ts": np.array([p.ts for p in packets], np.int64),
        "end_ts": np.array([p.ts + round(p.lasts * S) for p in packets], np.int64),
        "first_print_seq": np.array([p.ts - T for p in packets], np.int64),
        "strike": np.array([p.strike * S for p in packets], np.int64),
        "size": np.array([p.size for p in packets], np.int64),
        "premium": np.array([p.size * USUAL for p in packets], np.int64),
    }
    return Batch(TOPIC["flow.packets"], columns)


def look(packets: list[Packet], sessions: tuple[float, ...] = ()) -> list[dict[str, int]]:
    marks = np.array([T + round(s * S) for s in sessions], np.int64)
    return rows_of(Series().apply(batch(packets), Names(), marks))


def rows_of(columns: dict[str, Any]) -> list[dict[str, int]]:
    lists = {name: column.tolist() for name, column in columns.items()}
    return [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]


def last_kind(packets: list[Packet]) -> str:
    return PACKET_KIND[look(packets)[-1]["kind"]]


def test_the_fourth_of_similar_size_after_ten_seconds_is_a_repeat() -> None:
    packets = [Packet(i * 10 / 3) for i in range(3)]
    found = look([*packets, Packet(10)])
    assert [PACKET_KIND[r["kind"]] for r in found] == ["single"] * 3 + ["repeat"]
    assert found[-1] == {
        "kind": PACKET_KIND.index("repeat"),
        "burst_first_seq": 10 * S,
        "repeat_count": 4,
        "repeat_size": 40,
        "repeat_start_ts": T,
        "ladder_strikes": 1,
        "ladder_premium": 40 * USUAL,
    }
    assert last_kind([*packets, Packet(9.999_999_999)]) == "single"


def test_three_are_no_repeat() -> None:
    assert last_kind([Packet(i * 20) for i in range(3)]) == "single"


def test_half_an_hour_is_the_longest_look_back() -> None:
    later = [Packet(60), Packet(120), Packet(1800)]
    assert last_kind([Packet(0), *later]) == "repeat"
    assert last_kind([Packet(-0.000_000_001), *later]) == "single"


def test_sizes_within_a_quarter_are_similar() -> None:
    def kind(size: int) -> str:
        return last_kind([*(Packet(i * 10, size=size) for i in range(3)), Packet(30, size=100)])

    assert [kind(size) for size in (74, 75, 125, 126)] == ["single", "repeat", "repeat", "single"]


def test_only_packets_of_one_print_become_repeats() -> None:
    before = [Packet(i * 10, kind="sweep") for i in range(3)]
    assert last_kind([*before, Packet(30, kind="iso_single")]) == "repeat"
    for kind in ("sweep", "split", "block", "auction"):
        assert last_kind([*before, Packet(30, kind=kind)]) == kind


def test_other_sides_series_and_packages_do_not_count() -> None:
    others = (
        Packet(0, side="sell"),
        Packet(0, side="none"),
        Packet(0, strike=155),
        Packet(0, right="P"),
        Packet(0, root="AIG"),
        Packet(0, kind="leg"),
    )
    for other in others:
        assert look([other, Packet(10)])[-1]["repeat_count"] == 1
    assert look([Packet(0), Packet(10, side="none")])[-1] == {
        "kind": 0,
        "burst_first_seq": 10 * S,
        "repeat_count": 0,
        "repeat_size": 0,
        "repeat_start_ts": -1,
        "ladder_strikes": 0,
        "ladder_premium": 0,
    }


def test_a_session_ends_both_memories() -> None:
    packets = [Packet(i * 10, strike=150 + (i == 2) * 5) for i in range(4)]
    assert [r["repeat_count"] for r in look(packets)] == [1, 2, 1, 3]
    assert [r["repeat_count"] for r in look(packets, sessions=(15,))] == [1, 2, 1, 1]
    assert [r["ladder_strikes"] for r in look(packets, sessions=(15,))] == [1, 1, 1, 2]


def test_a_ladder_counts_strikes_of_the_last_minute() -> None:
    packets = [Packet(0), Packet(1, strike=155), Packet(2, strike=155), Packet(60, strike=160)]
    found = look(packets)
    assert [r["ladder_strikes"] for r in found] == [1, 2, 2, 3]
    assert found[-1]["ladder_premium"] == 40 * USUAL
    assert look([*packets, Packet(60.5, strike=165)])[-1]["ladder_strikes"] == 3
    apart = [Packet(0, strike=1), Packet(0, strike=2, side="sell"), Packet(0, strike=3, expiry="250221")]
    assert [r["ladder_strikes"] for r in look(apart)] == [1, 1, 1]


def bursts(packets: list[Packet], sessions: tuple[float, ...] = ()) -> list[float]:
    """Start of the packet that names the burst of each, in seconds."""
    return [r["burst_first_seq"] / S for r in look(packets, sessions)]


def test_packets_no_more_than_half_a_second_apart_are_a_burst() -> None:
    assert bursts([Packet(0), Packet(0.5), Packet(1)]) == [0, 0, 0]
    assert bursts([Packet(0), Packet(0.500_000_001)]) == [0, 0.500_000_001]
    assert bursts([Packet(0, lasts=1), Packet(1.5)]) == [0, 0]
    assert bursts([Packet(0, lasts=1), Packet(0.5)]) == [0, 0]


def test_a_packet_that_left_late_joins_the_burst_before_which_it_began() -> None:
    assert bursts([Packet(2), Packet(1.5), Packet(1)]) == [2, 2, 2]
    assert bursts([Packet(2), Packet(1.499_999_999), Packet(2.5)]) == [2, 1.499_999_999, 2]


def test_bursts_are_alike_in_side_or_in_what_an_unstable_placement_says() -> None:
    def together(one: Packet, other: Packet) -> bool:
        return bursts([one, other]) == [0, 0]

    unstable = Packet(0.1, side="none", place="at_ask")
    assert together(Packet(0), unstable)
    assert not together(Packet(0, side="sell"), unstable)
    assert not together(Packet(0), Packet(0.1, side="none", place="mid"))
    assert together(Packet(0, side="none", place="mid"), Packet(0.1, side="none"))
    assert not together(Packet(0), Packet(0.1, strike=155))


def test_packages_crosses_and_floor_trades_are_in_no_burst() -> None:
    for kind in ("package", "leg", "cross", "floor"):
        assert look([Packet(0, kind=kind)])[0]["burst_first_seq"] == -1


def test_a_session_ends_a_burst() -> None:
    assert bursts([Packet(0), Packet(0.4)], sessions=(0.2,)) == [0, 0.4]


def test_a_longer_past_is_forgotten() -> None:
    found = look([Packet(i * 60) for i in range(RING + 5)])
    assert found[-1]["repeat_count"] == RING + 1
    many = look([Packet(i, strike=100 + i) for i in range(LADDER + 5)])
    assert many[-1]["ladder_strikes"] == LADDER + 1


PACKETS = st.builds(
    Packet,
    at=st.tuples(st.integers(0, 400), st.sampled_from((0.0, 0.3, 0.5, 1.0))).map(lambda n: n[0] * 5.0 + n[1]),
    size=st.sampled_from((7, 10, 12, 13, 40)),
    strike=st.sampled_from((150, 155)),
    side=st.sampled_from(("none", "buy", "buy", "sell")),
    kind=st.sampled_from(("single", "iso_single", "sweep", "package")),
    root=st.sampled_from(("IBM", "AIG")),
)
LOGS = st.lists(PACKETS, max_size=40).map(lambda ps: sorted(ps, key=lambda p: p.at))


def reference(packets: list[Packet], session: float) -> list[tuple[int, int, int, int]]:
    """Count by looking at all packets before, the rings' lengths respected."""
    found = []
    for n, one in enumerate(packets):
        if one.side == "none" or one.kind == "package":
            found.append((0, 0, 0, 0))
            continue
        past = [p for p in packets[:n] if p.side == one.side and p.kind != "package" and p.root == one.root]
        own = [p for p in past if p.strike == one.strike][-RING:]
        since = session if one.at >= session else -1e9
        alike = [
            p for p in own if p.at >= max(since, one.at - 1800) and 4 * abs(p.size - one.size) <= one.size
        ]
        steps = [p for p in past[-LADDER:] if p.at >= max(since, one.at - 60)]
        found.append(
            (
                1 + len(alike),
                one.size + sum(p.size for p in alike),
                len({p.strike for p in steps} | {one.strike}),
                USUAL * (one.size + sum(p.size for p in steps)),
            )
        )
    return found


NAMES = ("repeat_count", "repeat_size", "ladder_strikes", "ladder_premium")


@settings(max_examples=150, deadline=None)
@given(LOGS, st.integers(0, 2000), st.lists(st.integers(0, 2000), max_size=4))
def test_any_cut_and_resumption_equal_the_reference(
    packets: list[Packet], session: int, cuts: list[int]
) -> None:
    series, names, found, since = Series(), Names(), [], -1.0
    for cut in [*sorted(cuts), 10_000]:
        part = [p for p in packets if since < p.at <= cut]
        marks = [T + session * S] if since < session <= cut else []
        series = Series.restore(series.snapshot())
        found += rows_of(series.apply(batch(part), names, np.array(marks, np.int64)))
        since = float(cut)
    assert [tuple(row[n] for n in NAMES) for row in found] == reference(packets, session)
    every = np.array([T + session * S], np.int64)
    assert found == rows_of(Series().apply(batch(packets), Names(), every))


def test_state_is_measured_and_dropped_with_a_session() -> None:
    series, names, none = Series(), Names(), np.zeros(0, np.int64)
    series.apply(batch([Packet(i, strike=100 + i) for i in range(10)]), names, none)
    before = series.state_bytes
    series.apply(batch([Packet(100)]), names, np.array([T + 50 * S]))
    assert series.state_bytes < before
    assert before >= 10 * (16 + RING * 12)
