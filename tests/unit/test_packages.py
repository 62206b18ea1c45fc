"""Packages: each named form, both rights, missing legs, company in an auction, signs, stock, cuts."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.analytics import packages_layout as at
from dataflows.analytics.options_book import SOURCE_JOINED
from dataflows.analytics.options_layout import Placed, Prints
from dataflows.analytics.options_names import Names
from dataflows.analytics.packages import Packages
from dataflows.analytics.packages_layout import LegTurn
from dataflows.analytics.packages_restated import reclassify
from dataflows.analytics.packages_stock import WAIT_NS
from dataflows.analytics.quotes import placement, quote_state
from dataflows.analytics.release import ROW_PRINT, ROW_SESSION, Release
from dataflows.analytics.stock import TIED, Stock
from schemas.columns import Batch, complete, empty, from_rows, to_rows
from schemas.flow_fields import NO_MONEY, NO_RATIO
from schemas.opra import FAMILY
from schemas.topics import TOPIC

T = 1_736_436_600_000_000_000  # 9 January 2025, 15:30 UTC
CENT = 10_000_000
US = 1_000
MS = 1_000_000
NEAR, FAR = "250117", "250221"
DUE = 5 * MS


@dataclass(frozen=True)
class Leg:
    """One print: microseconds after T, right and strike in dollars, price and quote in cents."""

    after_us: int
    name: str
    price: int = 100
    size: int = 1
    bid: int = 90
    ask: int = 110
    code: str = "f"
    venue: int = 2
    expiry: str = NEAR
    root: str = "IBM"
    late_us: int = 1_000

    @property
    def contract(self) -> str:
        return f"{self.root:<6}{self.expiry}{self.name[0]}{int(self.name[1:]) * 1000:08}"

    @property
    def ts(self) -> int:
        return T + self.after_us * US


def leg(after_us: int, name: str, **changes: Any) -> Leg:
    return replace(Leg(after_us, name), **changes)


def release_of(times: list[int], kinds: list[int], watermark: int) -> Release:
    nothing, flags = empty(TOPIC["options.prints"]), np.zeros(0, np.bool_)
    rows, at_ts = np.zeros(len(kinds), np.int64), np.array(times, np.int64)
    return Release(watermark, (), nothing, nothing, flags, flags, np.array(kinds, np.int8), rows, at_ts)


def turn_of(
    legs: list[tuple[int, Leg]], names: Names, watermark: int, sessions: list[int], stock: Stock | None
) -> LegTurn:
    """Return a turn of numbered legs, each applied `late_us` after its event."""
    given = [one for _, one in legs]
    contract = names.intern(
        pa.array(["SPX" if g.root == "SPXW" else g.root for g in given], pa.string()),
        pa.array([g.contract for g in given], pa.string()),
    )

    def whole(values: list[int]) -> Any:
        return np.array(values, np.int64)

    prices, sizes = whole([g.price * CENT for g in given]), whole([g.size for g in given])
    columns: dict[str, Any] = {name: np.zeros(len(given), np.int64) for name in Prints._fields}
    applied = whole([g.ts + g.late_us * US for g in given])
    columns |= {
        "contract": contract,
        "seq": whole([n for n, _ in legs]),
        "event_ts": whole([g.ts for g in given]),
        "source_ts": applied,
        "price": prices,
        "size": sizes,
        "premium": prices // 100_000 * sizes * 100,
        "family": whole([FAMILY[ord(g.code)] for g in given]),
        "venue": whole([g.venue for g in given]),
        "open_interest": np.full(len(given), 1000, np.int64),
    }
    quotes = [(g.ts - MS, n, g.bid * CENT, g.ask * CENT, 9, 9) for n, g in legs]
    state = np.array([quote_state(q[2], q[3], True) for q in quotes], np.int32)
    place = [placement(g.price * CENT, q[2], q[3], s) for g, q, s in zip(given, quotes, state, strict=True)]
    fields: dict[str, Any] = {name: np.zeros(len(given), np.int64) for name in Placed._fields}
    fields |= {
        "quote": np.array(quotes, np.int64).reshape(-1, 6),
        "state": state,
        "placement": np.array(place, np.int32),
        "is_stable": np.ones(len(given), np.bool_),
        "source": np.full(len(given), SOURCE_JOINED, np.int32),
    }
    code = np.array([ord(g.code) for g in given], np.uint8)
    times = [*sessions, *applied.tolist()]
    kinds = [ROW_SESSION] * len(sessions) + [ROW_PRINT] * len(given)
    release = release_of(times, kinds, watermark)
    order = np.arange(len(given), dtype=np.int64)
    return LegTurn(
        Prints(**columns), Placed(**fields), code, order, applied, release, watermark, stock, names
    )


def rows_of(columns: dict[str, Any]) -> list[dict[str, Any]]:
    return to_rows(complete(Batch(TOPIC["flow.packets"], columns))) if columns else []


def packets(*legs: Leg, sessions: tuple[int, ...] = (), stock: Stock | None = None) -> list[dict[str, Any]]:
    """Return the rows that legs become, numbered in the order given, once everything is over."""
    numbered = sorted(enumerate(legs), key=lambda n: (n[1].ts + n[1].late_us * US, n[0]))
    turn = turn_of(numbered, Names(), 2**62, list(sessions), stock)
    return rows_of(Packages().apply(turn))


def one(*legs: Leg, **changes: Any) -> dict[str, Any]:
    (found,) = packets(*legs, **changes)
    return found


def form_of(*written: str, **changes: Any) -> dict[str, Any]:
    """Return the package of legs such as `C100 x2 F`: right and strike, ratio, the far expiry."""
    legs = []
    for k, text in enumerate(written):
        name, *more = text.split()
        size = next((int(m[1:]) for m in more if m[0] == "x"), 1)
        legs.append(leg(10 * k, name, size=5 * size, expiry=FAR if "F" in more else NEAR, **changes))
    return one(*legs)


FORMS = [
    ("vertical", "vertical", ("C100", "C105")),
    ("ratio", "ratio", ("C100", "C105 x2")),
    ("butterfly", "butterfly", ("C100", "C105 x2", "C110")),
    ("broken_wing", "broken_wing", ("C100", "C105 x2", "C115")),
    ("condor", "condor", ("C100", "C105", "C110", "C115")),
    ("ladder", "ladder", ("C100", "C105", "C110")),
    ("iron_fly", "iron_fly", ("P95", "P100", "C100", "C105")),
    ("iron_condor", "iron_condor", ("P90", "P95", "C105", "C110")),
    ("calendar", "calendar", ("C100", "C100 F")),
    ("diagonal", "diagonal", ("C100", "C105 F")),
    ("box", "box_or_jelly", ("C100", "P100", "C105", "P105")),
    ("jelly_roll", "box_or_jelly", ("C100", "P100", "C100 F", "P100 F")),
]


@pytest.mark.parametrize("is_mirrored", [False, True])
@pytest.mark.parametrize(("kind", "geometry", "legs"), FORMS)
def test_forms_whose_signs_their_shape_tells(
    kind: str, geometry: str, legs: tuple[str, ...], is_mirrored: bool
) -> None:
    """Mirrored, calls are puts and strikes lie on the other side of 100."""
    if is_mirrored:
        legs = tuple(_mirrored(text) for text in legs)
    found = form_of(*legs)
    assert (found["kind"], found["geometry"], found["package_class"]) == ("package", geometry, kind)
    assert found["units"] == 5 and found["grouping_p"] > 0.9 and found["sign_p"] > 0.85
    assert len(orjson.loads(found["legs"])) == len(legs)
    assert found["size"] == sum(found_leg["size"] for found_leg in orjson.loads(found["legs"]))


def _mirrored(text: str) -> str:
    name, *more = text.split()
    return " ".join([f"{'P' if name[0] == 'C' else 'C'}{200 - int(name[1:])}", *more])


PAIRS = [
    ("straddle_or_risk_reversal", ("C100", "P100"), "f"),
    ("strangle_or_collar", ("C105", "P95"), "f"),
]


@pytest.mark.parametrize(("geometry", "legs", "code"), PAIRS)
def test_signs_that_prices_do_not_tell_are_not_claimed(
    geometry: str, legs: tuple[str, ...], code: str
) -> None:
    found = form_of(*legs, code=code, bid=98, ask=102)
    assert (found["geometry"], found["package_class"]) == (geometry, "unnamed")
    assert found["direction"] == "unknown" and found["net_premium"] == NO_MONEY
    assert 0.4 < found["sign_p"] < 0.9
    assert orjson.loads(found["package_evidence"])["runner_up"] != "unnamed"


TOUCHED = [
    ("straddle", "C100", "P100", (110, 110), ("neutral", "long")),
    ("straddle", "C100", "P100", (90, 90), ("neutral", "short")),
    ("synthetic", "C100", "P100", (110, 90), ("bullish", "none")),
    ("synthetic", "C100", "P100", (90, 110), ("bearish", "none")),
    ("strangle", "C105", "P95", (110, 110), ("neutral", "long")),
    ("risk_reversal", "C105", "P95", (110, 90), ("bullish", "none")),
    ("risk_reversal", "C105", "P95", (90, 110), ("bearish", "none")),
    ("vertical", "C100", "C105", (110, 90), ("bullish", "none")),
    ("vertical", "C100", "C105", (90, 110), ("bearish", "none")),
    ("vertical", "P100", "P95", (110, 90), ("bearish", "none")),
    ("vertical", "P100", "P95", (90, 110), ("bullish", "none")),
]


@pytest.mark.parametrize(("kind", "first", "second", "prices", "directions"), TOUCHED)
def test_legs_that_met_single_orders_tell_signs_and_direction(
    kind: str, first: str, second: str, prices: tuple[int, int], directions: tuple[str, str]
) -> None:
    found = one(leg(0, first, price=prices[0], code="j"), leg(9, second, price=prices[1], code="j"))
    assert found["package_class"] == kind and found["direction_p"] > 0.9
    assert (found["direction"], found["volatility_direction"]) == directions
    signs = {x["contract"][12:].strip("0"): x["ratio"] for x in orjson.loads(found["legs"])}
    assert sorted(signs.values()) == sorted(1 if p == 110 else -1 for p in prices)
    paid = sum((1 if p == 110 else -1) * p for p in prices)
    assert found["net_premium"] == paid * 10_000


def test_stock_codes_name_what_only_stock_tells_apart() -> None:
    prices = {"price": 100, "bid": 90, "ask": 110}
    conversion = one(leg(0, "C100", code="n", **prices), leg(9, "P100", code="n", **prices))
    collar = one(leg(0, "C105", code="n", **prices), leg(9, "P95", code="n", **prices))
    alone = one(leg(0, "C105", code="n", **prices))
    assert [p["package_class"] for p in (conversion, collar, alone)] == ["conversion", "collar", "stock_tied"]
    assert conversion["direction"] == "neutral" and alone["kind"] == "package"


@pytest.mark.parametrize(("price", "direction"), [(108, "bullish"), (92, "bearish"), (100, "unknown")])
def test_a_net_away_from_the_middle_names_who_paid(price: int, direction: str) -> None:
    found = one(leg(0, "C100", price=price, size=3), leg(9, "C105", price=200 - price, size=3))
    assert found["package_class"] == "vertical" and found["direction"] == direction


def test_three_legs_of_both_rights_are_three_way() -> None:
    legs = [leg(10 * k, name, size=40, code="i") for k, name in enumerate(("C105", "C110", "P95"))]
    assert one(*legs)["geometry"] == "three_way"


def test_calendars_and_diagonals_have_a_chance_of_being_a_roll() -> None:
    assert 0.0 < form_of("C100", "C100 F")["roll_p"] < 0.6
    too_large = one(leg(0, "C100", size=2000), leg(9, "C105", size=2000, expiry=FAR))
    assert 0.0 <= too_large["roll_p"] < 0.05, "more trades than was open"
    assert form_of("C100", "C105")["roll_p"] == -1.0


def test_a_leg_alone_is_a_leg() -> None:
    found = one(leg(0, "C100", size=7))
    assert (found["kind"], found["package_class"], found["geometry"]) == ("leg", "none", "")
    assert (found["size"], found["leg_size"], found["package_members"]) == (7, 7, "[0]")
    assert (found["grouping_p"], found["sign_p"], found["package_delta"]) == (-1.0, -1.0, NO_RATIO)
    assert found["emit_ts"] == T + MS + DUE


def test_a_butterfly_without_its_last_leg_is_no_butterfly() -> None:
    assert form_of("C100", "C105 x2")["package_class"] == "ratio"


APART = [
    {"venue": 3},
    {"code": "g"},
    {"root": "AIG"},
    {"after_us": 5_001 + 20},
]


@pytest.mark.parametrize("changes", APART)
def test_other_venues_codes_roots_and_times_are_other_orders(changes: dict[str, Any]) -> None:
    found = packets(leg(0, "C100"), replace(leg(20, "C105"), **changes))
    assert [p["kind"] for p in found] == ["leg", "leg"]


def test_spx_and_spxw_are_one_root() -> None:
    found = one(leg(0, "C100", root="SPX"), leg(9, "C105", root="SPXW"))
    assert found["package_class"] == "vertical" and found["underlying"] == "SPX"


def test_legs_reported_seconds_late_belong_by_their_own_time() -> None:
    """Floor legs come late, and of equal lateness; what counts is when they traded."""
    found = packets(leg(0, "C100", code="i", late_us=9_000_000), leg(9, "C105", code="i", late_us=9_000_100))
    assert [p["package_class"] for p in found] == ["vertical"]
    assert found[0]["end_ts"] == T + 9 * US


def test_rounds_of_one_order_are_one_package() -> None:
    rounds = [(0, 5), (700, 6), (1500, 6)]
    legs = [leg(t + k * 10, name, size=n) for t, n in rounds for k, name in enumerate(("C100", "C105"))]
    found = one(*legs)
    assert (found["units"], found["print_count"], found["taker_event_count"]) == (17, 6, 6)
    assert found["package_members"] == "[0,1,2,3,4,5]"


def test_packages_that_meet_in_one_auction_are_kept_apart() -> None:
    condor = [leg(20 * k, n, size=8, code="g") for k, n in enumerate(("P90", "P95", "C105", "C110"))]
    vertical = [leg(30, "C120", size=3, code="g"), leg(45, "C125", size=3, code="g")]
    found = packets(*condor, *vertical)
    assert sorted(p["package_class"] for p in found) == ["iron_condor", "vertical"]
    assert sorted(p["package_members"] for p in found) == ["[0,1,2,3]", "[4,5]"]


def test_one_series_at_two_prices_is_two_orders() -> None:
    first = [leg(0, "C100", price=100), leg(9, "C105", price=100)]
    again = [leg(900, "C100", price=101), leg(915, "C105", price=100)]
    assert sorted(p["package_members"] for p in packets(*first, *again)) == ["[0,1]", "[2,3]"]


def test_a_session_closes_what_is_open() -> None:
    start = T + 2 * MS
    found = one(leg(0, "C100"), leg(9, "C105"), sessions=(start,))
    assert found["emit_ts"] == start


def stock_with(ts: int, shares: int) -> Stock:
    """Return a stock at 100 that printed some shares tied to options at `ts`."""
    head = {"kind": "data", "event_ts": T, "underlying": "IBM"}
    quote = head | {"seq": 0, "source_ts": T - MS, "bid": 9_999 * CENT, "ask": 10_001 * CENT, "bid_size": 1}
    row = head | {"seq": 77, "source_ts": ts, "price": 100 * CENT, "size": shares * 10**6, "venue": "D"}
    row |= {"off_exchange": True, "conditions": "", "condition_bits": TIED, "has_event_ts": False}
    prints = from_rows(TOPIC["equities.prints"], [row])
    quotes = from_rows(TOPIC["equities.quotes"], [quote | {"ask_size": 1}])
    flags = np.zeros(1, np.bool_)
    stock = Stock()
    order = np.array([2, ROW_PRINT], np.int8)
    stock.take(
        Release(2**62, (), prints, quotes, flags, flags, order, np.zeros(2, np.int64), np.array([T - MS, ts]))
    )  # fmt: skip
    return stock


@pytest.mark.parametrize(
    ("after", "shares", "seq"), [(MS, 1000, 77), (MS, 1300, -1), (WAIT_NS * 2, 1000, -1)]
)
def test_stock_of_the_size_that_the_legs_need_is_tied(after: int, shares: int, seq: int) -> None:
    legs = [leg(0, "C100", code="n", size=10), leg(9, "P100", code="n", size=10)]
    found = one(*legs, stock=stock_with(T + after, shares))
    assert found["stock_print_seq"] == seq
    assert (found["stock_tie_p"] > 0.9) == (seq >= 0)
    assert found["emit_ts"] == T + 9 * US + MS + DUE + WAIT_NS, "it waits whether the print is found or not"


def test_delta_comes_from_the_legs_mids() -> None:
    legs = [leg(0, "C100", price=110, code="j"), leg(9, "P100", price=90, code="j")]
    found = one(*legs, stock=stock_with(T, 1))
    assert found["package_delta"] == pytest.approx(1.0, abs=1e-4), "a synthetic moves as the stock"


def codes(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with enums as codes, as a restatement reads it."""
    fields = {f.name: f for f in TOPIC["flow.packets"].fields}
    return {n: fields[n].symbols.index(v) if fields[n].is_enum else v for n, v in row.items()}


def test_what_is_left_of_a_package_is_named_anew() -> None:
    fields = {f.name: f for f in TOPIC["flow.packets"].fields}
    condor = codes(form_of("C100", "C105", "C110", "C115"))
    assert reclassify(condor, {0, 1, 2, 3})["units"] == 5
    pair = reclassify(condor, {0, 1})
    assert fields["package_class"].symbols[pair["package_class"]] == "vertical"
    assert pair["geometry"] == "vertical" and pair["direction"] == 0
    alone = reclassify(condor, {2})
    assert fields["kind"].symbols[alone["kind"]] == "leg" and alone["geometry"] == ""
    assert alone["contract"][12:] == "C00110000"
    corrected = reclassify(condor, {0, 1, 2, 9})
    assert corrected["net_premium"] == NO_MONEY and "package_class" not in corrected


def test_a_package_that_lost_a_round_keeps_its_name() -> None:
    rounds = [
        leg(t, n, size=4, price=110 if n == "C100" else 90, code="j") for t, n in ((0, "C100"), (9, "C105"))
    ]
    again = [replace(x, after_us=x.after_us + 600) for x in rounds]
    row = codes(one(*rounds, *again))
    left = reclassify(row, {0, 1})
    assert left["units"] == 4 and left["net_premium"] == row["net_premium"] // 2
    assert "package_class" not in left


def test_a_full_group_closes_and_is_counted() -> None:
    many = [leg(k, "C100", price=100 + k % 3) for k in range(at.GROUP_LEGS + 1)]
    stage = Packages()
    numbered = list(enumerate(many))
    stage.apply(turn_of(numbered, Names(), 2**62, [], None))
    assert stage.counters["package_groups_cut"] == 1


DRAWN = st.lists(
    st.builds(
        Leg,
        after_us=st.integers(0, 20_000),
        name=st.sampled_from(["C100", "C105", "P95", "P100"]),
        price=st.sampled_from([90, 100, 110]),
        size=st.integers(1, 6),
        code=st.sampled_from("fjn"),
        venue=st.sampled_from([2, 3]),
        late_us=st.sampled_from([1_000, 3_000]),
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=40, deadline=None)
@given(DRAWN, st.lists(st.integers(0, 40_000), max_size=4), st.booleans())
def test_the_cut_of_releases_and_a_restart_change_nothing(
    legs: list[Leg], cuts: list[int], has_session: bool
) -> None:
    sessions = [T + 9 * MS] if has_session else []
    numbered = sorted(enumerate(legs), key=lambda n: (n[1].ts + n[1].late_us * US, n[0]))
    whole = rows_of(Packages().apply(turn_of(numbered, Names(), 2**62, sessions, None)))
    stage, names, found, done = Packages(), Names(), [], 0
    for cut in [*sorted(T + c * US for c in cuts), 2**62]:
        mine = [n for n in numbered if done < n[1].ts + n[1].late_us * US <= cut]
        part = rows_of(stage.apply(turn_of(mine, names, cut, [s for s in sessions if done < s <= cut], None)))
        assert all(done < row["emit_ts"] <= cut for row in part)
        found += part
        stage, done = Packages.restore(stage.snapshot()), cut
    assert found == whole
    assert sorted(s for row in found for s in orjson.loads(row["package_members"])) == list(range(len(legs)))
