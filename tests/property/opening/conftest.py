"""Drawn option tapes with a true order of fills, and the releases made of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from dataflows.analytics.opening import Opened, Opening
from dataflows.analytics.options_names import Names
from dataflows.analytics.release import ROW_NOTE, ROW_PRINT, ROW_SESSION, Note, Release, Session
from schemas.columns import Batch, complete, empty
from schemas.kinds import PRINT_STATUS
from schemas.topics import TOPIC

MS = 1_000_000
START = 1_700_000_000 * 10**9
SERIES = ("IBM   250117C00150000", "IBM   250117P00150000")
CAPABLE = {"capabilities": {"option_volume_complete": True, "option_conditions": True}}


@dataclass(frozen=True)
class Fill:
    """One fill: when made and when shown, how many buyers and sellers opened, and how it is reported."""

    made: int
    shown: int
    series: int
    size: int
    open_buy: int = 0
    open_sell: int = 0
    status: str = "ok"
    has_event: bool = True


@dataclass(frozen=True)
class Step:
    """One step of a release: a fill, a note or a session."""

    what: int
    ts: int
    value: Any


def steps_of(fills: list[Fill], interest: dict[str, int], halt_at: int | None = None) -> list[Step]:
    """Return a session, the open interest of its series, and the fills in the order shown."""
    session = Session("day", START, START + MS, START + 10**15, 0, {**CAPABLE, "is_synthetic": True})
    note = Note(START, START, "open_interest", "IBM", {"contracts": interest})
    steps = [Step(ROW_SESSION, START, session), Step(ROW_NOTE, START, note)]
    if halt_at is not None:
        steps.append(Step(ROW_NOTE, halt_at, Note(halt_at, halt_at, "status", "IBM", {"is_trading": False})))
    order = {ROW_SESSION: 0, ROW_NOTE: 1, ROW_PRINT: 2}
    steps += [Step(ROW_PRINT, fill.shown, (n, fill)) for n, fill in enumerate(fills)]
    return sorted(steps, key=lambda s: (s.ts, order[s.what]))


def release_of(steps: list[Step], watermark: int) -> Release:
    """Return steps as a release; `seq` of a print is its place among all fills."""
    fills = [s.value for s in steps if s.what == ROW_PRINT]
    counts = dict.fromkeys((ROW_SESSION, ROW_NOTE, ROW_PRINT), 0)
    index = []
    for step in steps:
        index.append(counts[step.what])
        counts[step.what] += 1
    shown = np.array([f.shown for _, f in fills], np.int64)
    event = np.array([f.made if f.has_event else f.shown for _, f in fills], np.int64)
    columns = {
        "kind": np.zeros(len(fills), np.int32),
        "seq": np.array([n for n, _ in fills], np.int64),
        "source_ts": shown,
        "event_ts": event,
        "underlying": pa.array(["IBM"] * len(fills), pa.string()),
        "contract": pa.array([SERIES[f.series] for _, f in fills], pa.string()),
        "price": np.full(len(fills), 10**9, np.int64),
        "price_low": np.full(len(fills), -1, np.int64),
        "price_high": np.full(len(fills), -1, np.int64),
        "size": np.array([f.size for _, f in fills], np.int64),
        "multiplier": np.full(len(fills), 100, np.int32),
        "venue": pa.array(["A"] * len(fills), pa.string()),
        "condition": pa.array(["I"] * len(fills), pa.string()),
        "is_bar": np.zeros(len(fills), np.bool_),
        "has_event_ts": np.array([f.has_event for _, f in fills], np.bool_),
    }
    none = np.zeros(0, np.bool_)
    return Release(
        watermark,
        tuple(s.value for s in steps if s.what == ROW_SESSION),
        complete(Batch(TOPIC["options.prints"], columns)),
        empty(TOPIC["options.nbbo"]),
        np.array([f.status == "late" for _, f in fills], np.bool_),
        none,
        np.array([s.what for s in steps], np.int8),
        np.array(index, np.int64),
        np.array([s.ts for s in steps], np.int64),
        tuple(s.value for s in steps if s.what == ROW_NOTE),
    )


def run(stage: Opening, names: Names, steps: list[Step]) -> Opened:
    """Apply steps as one release."""
    release = release_of(steps, steps[-1].ts if steps else START)
    contracts = names.intern(release.prints["underlying"], release.prints["contract"])
    fills = [s.value[1] for s in steps if s.what == ROW_PRINT]
    status = np.array([PRINT_STATUS.index(f.status) for f in fills], np.int8)
    return stage.apply(release, contracts, status, names)


def standing(found: Opened, seqs: list[int]) -> dict[int, int]:
    """Return what still stands of each bound at the end, by print."""
    left = dict(zip(seqs, found.opened_min.tolist(), strict=True))
    weak = found.weakened
    left.update(zip(weak.print_seq.tolist(), weak.opened_min.tolist(), strict=True))
    return left


@st.composite
def markets(draw: st.DrawFn) -> tuple[list[Fill], dict[str, int]]:
    """Draw fills that a market could make: nobody closes more than is open; some are shown late."""
    interest = [draw(st.integers(0, 30)) for _ in SERIES]
    longs, shorts = list(interest), list(interest)
    at, fills = START + 2 * MS, []
    for _ in range(draw(st.integers(1, 25))):
        at += draw(st.sampled_from((0, 2, 300, 2_000, 60_000))) * MS
        series, size = draw(st.integers(0, 1)), draw(st.integers(1, 60))
        buyer_closes = draw(st.integers(0, min(size, shorts[series])))
        seller_closes = draw(st.integers(0, min(size, longs[series])))
        shorts[series] += size - seller_closes - buyer_closes
        longs[series] += size - buyer_closes - seller_closes
        how = draw(st.sampled_from(("prompt", "prompt", "prompt", "floor", "report_late", "late")))
        delay = 1 if how == "prompt" else draw(st.sampled_from((600, 5_000, 90_000)))
        status = "ok" if how in ("prompt", "floor") else how
        fills.append(
            Fill(
                at,
                at + delay * MS,
                series,
                size,
                size - buyer_closes,
                size - seller_closes,
                status,
                has_event=how != "report_late",
            )
        )
    return fills, dict(zip(SERIES, interest, strict=True))
