"""The equities core over random logs: any cut and any restart give the same bytes, and the joins agree
with a model that keeps every quote in a list."""

import bisect
from typing import Any, Final, NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.analytics.equities import EquitiesCore
from dataflows.analytics.equities_money import MONEY_MAX, notional
from dataflows.analytics.merge import EQUITIES, Applied, Merged, market
from dataflows.analytics.quotes import placement, quote_state
from dataflows.analytics.release import Release, Session
from schemas.columns import Batch, concat, from_rows
from schemas.conditions import BIT
from schemas.topics import TOPIC

MS: Final = 1_000_000
SECOND: Final = 1000 * MS
OPEN: Final = 1_600_000_000 * SECOND
TRF_WINDOW: Final = 20 * MS
CONFIG: Final = {"dark_waiting_max": 3, "dark_wait_s": 1, "block_shares": 300}
CONDITIONS: Final = [
    0,
    0,
    0,
    *(BIT[n] for n in ("odd_lot", "official_open", "average_price", "sold_last")),
]
Table = dict[str, Batch]


class Log(NamedTuple):
    """Rows as the merge hands them over: by topic (effective time, late, record); session starts."""

    prints: list[tuple[int, bool, dict[str, Any]]]
    quotes: list[tuple[int, bool, dict[str, Any]]]
    sessions: list[int]


@st.composite
def logs(draw: st.DrawFn) -> Log:
    log = Log([], [], [OPEN])
    now = OPEN
    for _ in range(draw(st.integers(1, 60))):
        now += draw(st.sampled_from([0, 0, 1, MS, 7 * MS, 60 * MS, 700 * MS, 3 * SECOND, 400 * SECOND]))
        what = draw(st.integers(0, 40))
        if what == 0:
            log.sessions.append(now)
            continue
        late = draw(st.sampled_from([0, 0, 0, 0, 5 * MS, 2 * SECOND, 2000 * SECOND]))
        head = {"kind": "data", "source_ts": now - late, "event_ts": now - late}
        head["underlying"] = draw(st.sampled_from(["B", "A", "É"]))
        effective = now if not late else now + 1
        topic = log.prints if what % 2 else log.quotes
        body = draw(prints(now - late) if what % 2 else quotes())
        topic.append((effective, late > 0, head | body | {"seq": len(topic)}))
    log.prints.sort(key=lambda row: row[0])
    log.quotes.sort(key=lambda row: row[0])
    return log


@st.composite
def prints(draw: st.DrawFn, source_ts: int) -> dict[str, Any]:
    row = {
        "price": draw(st.integers(98, 106)) * 5_000_000,
        "size": draw(st.sampled_from([1, 100, 400])) * 10**6,
        "venue": draw(st.sampled_from("DNQ")),
        "conditions": "",
        "condition_bits": draw(st.sampled_from(CONDITIONS)),
        "has_event_ts": draw(st.booleans()),
    }
    row["off_exchange"] = row["venue"] == "D"
    if row["has_event_ts"]:
        row["event_ts"] = source_ts - draw(st.sampled_from([-MS, 0, MS, 30 * MS, SECOND]))
    return row


@st.composite
def quotes(draw: st.DrawFn) -> dict[str, Any]:
    bid = draw(st.sampled_from([-1, 100, 100, 100, 101, 102]))
    ask = draw(st.sampled_from([-1, 100, 102, 104, 104, 104]))
    sides = {"bid": bid * 5_000_000 if bid > 0 else bid, "ask": ask * 5_000_000 if ask > 0 else ask}
    return sides | {"bid_size": draw(st.integers(0, 9)), "ask_size": 7}


def release(log: Log, after: int, until: int) -> Release:
    """The rows with an effective time in (after, until] as the merge would release them."""
    applied = {}
    for name, rows in zip(EQUITIES, (log.prints, log.quotes), strict=True):
        kept = [r for r in rows if after < r[0] <= until]
        batch = from_rows(TOPIC[name], [r[2] for r in kept])
        times, late = (
            np.array([r[0] for r in kept], np.int64),
            np.array([r[1] for r in kept], np.bool_),
        )
        applied[name] = Applied(batch, times, late)
    sessions = [(t, session(t)) for t in log.sessions if after < t <= until]
    found = market(Merged(until, tuple(sessions), (), (), applied, ()), *EQUITIES)
    assert found is not None
    return found


def session(start_ts: int) -> Session:
    return Session("day", start_ts, start_ts, start_ts + 10**15, TRF_WINDOW, {})


def run(log: Log, cuts: list[int], restart: bool = False) -> Table:
    core = EquitiesCore(CONFIG)
    after, parts = 0, []
    for until in [*sorted(cuts), 2**62]:
        parts.append(core.apply(release(log, after, until)))
        for batch in parts[-1].values():
            assert ((batch["emit_ts"] > after) & (batch["emit_ts"] <= until)).all()
            assert (np.diff(batch["emit_ts"]) >= 0).all()
        after = until
        if restart:
            core = EquitiesCore.restore(core.snapshot())
    return {name: concat([p[name] for p in parts]) for name in parts[0]}


def plain(table: Table) -> dict[str, dict[str, list[Any]]]:
    return {n: {c: v.tolist() for c, v in b.columns.items()} for n, b in table.items()}


def cuts_of(log: Log, fractions: list[float]) -> list[int]:
    span = log.prints[-1][0] - OPEN + 600 * SECOND if log.prints else SECOND
    return [OPEN + int(span * f) for f in fractions]


FRACTIONS: Final = st.lists(st.floats(0, 1), max_size=8)


@settings(max_examples=60, deadline=None)
@given(logs(), FRACTIONS, st.booleans())
def test_cuts_and_restarts_change_nothing(log: Log, fractions: list[float], restart: bool) -> None:
    assert plain(run(log, cuts_of(log, fractions), restart)) == plain(run(log, []))


@settings(max_examples=20, deadline=None)
@given(logs())
def test_a_restart_after_every_record_changes_nothing(log: Log) -> None:
    cuts = sorted({r[0] for r in log.prints + log.quotes})
    assert plain(run(log, cuts, restart=True)) == plain(run(log, []))


@settings(max_examples=40, deadline=None)
@given(logs())
def test_an_underlying_does_not_depend_on_its_neighbours(log: Log) -> None:
    together, alone = run(log, []), {}
    for name in ("A", "B", "É"):
        own = [[r for r in rows if r[2]["underlying"] == name] for rows in (log.prints, log.quotes)]
        alone[name] = run(Log(own[0], own[1], log.sessions), [])
    for topic in ("equities.joins", "equities.candles"):
        for name, table in alone.items():
            mask = np.array([u == name for u in together[topic]["underlying"].to_pylist()], np.bool_)
            mine = together[topic].take(np.flatnonzero(mask))
            assert plain({topic: mine}) == plain({topic: table[topic]})


@settings(max_examples=60, deadline=None)
@given(logs())
def test_joins_agree_with_a_list_of_quotes(log: Log) -> None:
    joins = run(log, [])["equities.joins"]
    for i, expected in enumerate(model(log)):
        got = {c: joins[c][i].item() for c in expected}
        assert got == expected


def model(log: Log) -> list[dict[str, Any]]:
    """Joins by definition: sessions, then prints, then quotes of a time, and lists of quotes."""
    steps: list[tuple[int, int, int, Any]] = [(t, 0, 0, None) for t in log.sessions]
    steps += [(r[0], 1, i, r[2]) for i, r in enumerate(log.prints)]
    steps += [(r[0], 2, i, r[2]) for i, r in enumerate(log.quotes)]
    stood: dict[str, list[dict[str, Any]]] = {}
    began, rows = 0, []
    for at, rank, _, row in sorted(steps, key=lambda s: s[:3]):
        if rank == 0:
            stood, began = {}, at
        elif rank == 1:
            rows.append(joined(row, stood.get(row["underlying"], [])))
        else:
            mine = stood.setdefault(row["underlying"], [])
            if row["source_ts"] >= (mine[-1]["source_ts"] if mine else began):
                mine.append(row)
    return rows


def joined(row: dict[str, Any], stood: list[dict[str, Any]]) -> dict[str, Any]:
    claimed = row["event_ts"] if row["has_event_ts"] else row["source_ts"]
    before = min(claimed, row["source_ts"])
    quote = last_before(stood, before)
    place = placed(row["price"], quote)
    is_whole = quote is not None and quote is stood[-1]
    expected = {
        "placement": place,
        "quote_source": 0 if quote is None else (1 if is_whole else 2),
        "bid": quote["bid"] if quote else -1,
        "ask": quote["ask"] if quote else -1,
        "bid_size": quote["bid_size"] if quote and is_whole else -1,
        "notional": (row["price"] * row["size"] * 2 + 10**11) // (2 * 10**11),
    }
    if row["off_exchange"] and not row["has_event_ts"]:
        seen = [q for q in stood if before - TRF_WINDOW <= q["source_ts"] < before]
        seen.append(last_before(stood, before - TRF_WINDOW) or {})
    else:
        seen = [last_before(stood, before - lag * MS) or {} for lag in (1, 10, 50)]
    expected["is_placement_stable"] = place != 0 and all(q and placed(row["price"], q) == place for q in seen)
    return expected


def last_before(stood: list[dict[str, Any]], before: int) -> dict[str, Any] | None:
    count = bisect.bisect_left([q["source_ts"] for q in stood], before)
    return stood[count - 1] if count else None


def placed(price: int, quote: dict[str, Any] | None) -> int:
    if quote is None:
        return 0
    state = quote_state(quote["bid"], quote["ask"], False)
    return int(placement(price, quote["bid"], quote["ask"], state))


@settings(deadline=None)
@given(st.integers(0, 10**18), st.integers(0, 10**18))
def test_notional_is_exact(price: int, size: int) -> None:
    assert notional(price, size) == min((price * size * 2 + 10**11) // (2 * 10**11), MONEY_MAX)
